package io.jenkins.plugins.lambdanode.engine.aws.s3;

import io.jenkins.plugins.lambdanode.engine.aws.client.AwsSession;
import io.jenkins.plugins.lambdanode.engine.aws.s3.PartSender.Sent;
import io.jenkins.plugins.lambdanode.engine.aws.s3.PartSender.UploadGone;
import io.jenkins.plugins.lambdanode.engine.base.Backoff;
import io.jenkins.plugins.lambdanode.engine.base.ByteSize;
import io.jenkins.plugins.lambdanode.engine.base.DeployException;
import io.jenkins.plugins.lambdanode.engine.base.Progress;
import io.jenkins.plugins.lambdanode.engine.base.SafeText;
import io.jenkins.plugins.lambdanode.engine.http.SendReply;
import io.jenkins.plugins.lambdanode.engine.pack.api.PackReport;
import io.jenkins.plugins.lambdanode.engine.workspace.Workspace;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.util.Optional;
import software.amazon.awssdk.core.sync.RequestBody;
import software.amazon.awssdk.services.s3.model.ChecksumAlgorithm;
import software.amazon.awssdk.services.s3.model.HeadObjectResponse;

/**
 * Puts deployment packages into an S3 bucket. The workspace sends the bytes itself, by URLs that are valid for some minutes,
 * for one object, with one SHA-256 that S3 checks. A package that is in the bucket already is not sent again.
 *
 * <p>Packages below {@value #MULTIPART_BYTES} bytes go in one request, larger ones in parts of {@value #PART_BYTES} bytes, a
 * few at a time. No object is removed: that is for a lifecycle rule of the bucket.
 */
public final class Staging {

    /** From this size on a package is sent in parts. */
    public static final long MULTIPART_BYTES = 16L * 1024 * 1024;

    /** The size of a part; S3's least is 5 MiB. */
    public static final long PART_BYTES = 8L * 1024 * 1024;

    /** S3's limit for a key, in bytes of UTF-8. */
    private static final int MAX_KEY_BYTES = 1024;

    private final AwsSession session;
    private final Workspace workspace;
    private final UploadJournal journal;
    private final Progress progress;
    private final Backoff backoff;
    private final PartSender sender;

    /** @param journal remembers an upload in parts while it is in progress */
    public Staging(AwsSession session, Workspace workspace, UploadJournal journal, Progress progress) {
        this(session, workspace, journal, progress, Backoff.REAL);
    }

    Staging(AwsSession session, Workspace workspace, UploadJournal journal, Progress progress, Backoff backoff) {
        this.session = session;
        this.workspace = workspace;
        this.journal = journal;
        this.progress = progress;
        this.backoff = backoff;
        this.sender = new PartSender(session, workspace, progress, backoff);
    }

    /** Aborts the upload that was in progress when this deployment's process ended, if there is one. */
    public void abortPending() {
        journal.pending().ifPresent(pending -> {
            MultipartUpload upload = multipartUpload(new ObjectKey(pending.bucket(), pending.key()));
            if (pending.id().isEmpty()) {
                upload.abortOrphaned("", pending.started());
            } else {
                upload.abort(pending.id());
            }
        });
    }

    /**
     * Stages a package under {@code <prefix><sha256>.zip}: by its content alone, so that stages share it.
     *
     * @param settings with a bucket; the prefix is used as it is
     * @throws DeployException if S3 refuses, or what arrives is not what was packaged
     */
    public StagedObject stage(PackReport report, StagingSettings settings) throws IOException, InterruptedException {
        ObjectKey key = new ObjectKey(settings.bucket().orElseThrow(), key(settings.prefix(), report));
        try {
            return stage(report, settings, key);
        } catch (UploadGone e) {
            progress.log("Someone else has aborted the upload to " + key.display() + ": starting again");
            return stage(report, settings, key);
        }
    }

    /**
     * A package that another deployment has staged; empty where it is not there, or a function in this session's region can't be
     * given it with this session's credentials.
     */
    public Optional<StagedObject> find(StagedObject staged, PackReport report) throws InterruptedException {
        return new StagedObjects(session)
                .findReadable(new ObjectKey(staged.bucket(), staged.key()))
                .filter(object -> StagedContent.mayBeIn(object, report))
                .map(object -> new StagedObject(
                        staged.bucket(), staged.key(), StagedObjects.version(object.versionId()), true, 0));
    }

    private StagedObject stage(PackReport report, StagingSettings settings, ObjectKey key)
            throws IOException, InterruptedException {
        StagedContent content = StagedContent.of(report, workspace);
        Optional<HeadObjectResponse> there =
                new StagedObjects(session).find(key).filter(content::isIn);
        if (there.isPresent()) {
            progress.log("Already staged: " + key.display());
            return new StagedObject(
                    key.bucket(), key.key(), StagedObjects.version(there.get().versionId()), true, 0);
        }
        progress.log("Staging " + ByteSize.of(content.bytes()) + " to " + key.display()
                + (content.isInParts() ? " in " + content.parts().size() + " parts" : ""));
        return content.isInParts() ? multipartUpload(key).run(content, settings) : put(key, content, settings);
    }

    private MultipartUpload multipartUpload(ObjectKey key) {
        return new MultipartUpload(session, sender, journal, progress, backoff, key);
    }

    private StagedObject put(ObjectKey key, StagedContent content, StagingSettings settings)
            throws IOException, InterruptedException {
        Sent sent = sender.send(
                key,
                content.parts(),
                (s3, whole) -> s3.putObject(
                        request -> request.bucket(key.bucket())
                                .key(key.key())
                                .serverSideEncryption(settings.sse().orElse(null))
                                .ssekmsKeyId(settings.kmsKeyId().orElse(null))
                                .checksumAlgorithm(ChecksumAlgorithm.SHA256)
                                .checksumSHA256(whole.sha256()),
                        RequestBody.empty()));
        SendReply reply = sent.replies().get(1);
        return new StagedObject(
                key.bucket(),
                key.key(),
                StagedObjects.version(reply.header("x-amz-version-id").orElse(null)),
                false,
                sent.bytes());
    }

    private static String key(String prefix, PackReport report) throws DeployException {
        String key = prefix + report.sha256() + ".zip";
        if (key.codePoints().anyMatch(Character::isISOControl)
                || key.getBytes(StandardCharsets.UTF_8).length > MAX_KEY_BYTES) {
            throw new DeployException("The S3 prefix \"" + SafeText.oneLine(prefix, 100)
                    + "\" cannot begin a key: it contains control characters or is too long (the limit for a key is "
                    + MAX_KEY_BYTES + " bytes).\nUse another prefix.");
        }
        return key;
    }
}
