package io.jenkins.plugins.lambdanode.engine.aws.s3;

import io.jenkins.plugins.lambdanode.engine.base.Sha256;
import io.jenkins.plugins.lambdanode.engine.http.Body;
import io.jenkins.plugins.lambdanode.engine.pack.api.PackReport;
import io.jenkins.plugins.lambdanode.engine.workspace.Workspace;
import java.io.IOException;
import java.security.MessageDigest;
import java.util.ArrayList;
import java.util.Base64;
import java.util.List;
import java.util.regex.Pattern;
import software.amazon.awssdk.services.s3.model.HeadObjectResponse;

/**
 * The bytes that an object is to have.
 *
 * @param parts in their order; one where the package goes in one request
 * @param bytes how many in all
 * @param codeSha256 SHA-256 of all in base64
 * @param checksum S3's checksum of the object: that SHA-256, or for parts the SHA-256 over the parts' SHA-256, and how many
 *     they are
 */
record StagedContent(List<UploadPart> parts, long bytes, String codeSha256, String checksum) {

    /** The end of a checksum over parts: how many they are. Base64 has no hyphen. */
    private static final Pattern PART_COUNT = Pattern.compile("-\\d+$");

    static StagedContent of(PackReport report, Workspace workspace) throws IOException, InterruptedException {
        if (report.zippedBytes() < Staging.MULTIPART_BYTES) {
            Body whole = Body.part(report.file(), 0, report.zippedBytes());
            List<UploadPart> one = List.of(new UploadPart(1, whole, report.codeSha256()));
            return new StagedContent(one, report.zippedBytes(), report.codeSha256(), report.codeSha256());
        }
        List<Body> bodies = new ArrayList<>();
        for (long offset = 0; offset < report.zippedBytes(); offset += Staging.PART_BYTES) {
            bodies.add(Body.part(report.file(), offset, Math.min(Staging.PART_BYTES, report.zippedBytes() - offset)));
        }
        List<byte[]> digests = workspace.digest(bodies);
        List<UploadPart> parts = new ArrayList<>();
        MessageDigest overParts = Sha256.sha256();
        for (int i = 0; i < bodies.size(); i++) {
            parts.add(new UploadPart(i + 1, bodies.get(i), Base64.getEncoder().encodeToString(digests.get(i))));
            overParts.update(digests.get(i));
        }
        String checksum = Base64.getEncoder().encodeToString(overParts.digest()) + "-" + parts.size();
        return new StagedContent(parts, report.zippedBytes(), report.codeSha256(), checksum);
    }

    boolean isInParts() {
        return parts.size() > 1;
    }

    /** Whether an object has these bytes. */
    boolean isIn(HeadObjectResponse object) {
        return object.contentLength() != null
                && object.contentLength() == bytes
                && (sameDigest(object.checksumSHA256(), checksum) || sameDigest(object.checksumSHA256(), codeSha256));
    }

    /**
     * Whether an object can have a package's bytes, of which only the SHA-256 is known: S3's checksum of an object that was sent
     * in parts is over the parts'. Lambda says the CodeSha256 of what it got.
     */
    static boolean mayBeIn(HeadObjectResponse object, PackReport report) {
        String checksum = object.checksumSHA256();
        return object.contentLength() != null
                && object.contentLength() == report.zippedBytes()
                && checksum != null
                && (report.zippedBytes() >= Staging.MULTIPART_BYTES || sameDigest(checksum, report.codeSha256()));
    }

    /** Whether two checksums are of the same bytes; not every server says how many parts there were. */
    static boolean sameDigest(String theirs, String ours) {
        return theirs != null
                && PART_COUNT
                        .matcher(theirs)
                        .replaceFirst("")
                        .equals(PART_COUNT.matcher(ours).replaceFirst(""));
    }
}
