package io.jenkins.plugins.lambdanode.engine.aws.s3;

import io.jenkins.plugins.lambdanode.engine.aws.client.AwsErrors;
import io.jenkins.plugins.lambdanode.engine.aws.client.AwsSession;
import io.jenkins.plugins.lambdanode.engine.aws.client.AwsOperation;
import io.jenkins.plugins.lambdanode.engine.aws.client.AwsFailure;
import io.jenkins.plugins.lambdanode.engine.aws.client.SigningClock;
import io.jenkins.plugins.lambdanode.engine.aws.lambda.IdempotentRequests;
import io.jenkins.plugins.lambdanode.engine.base.DeployException;
import io.jenkins.plugins.lambdanode.engine.base.Backoff;
import io.jenkins.plugins.lambdanode.engine.base.Progress;
import io.jenkins.plugins.lambdanode.engine.base.SafeText;
import io.jenkins.plugins.lambdanode.engine.http.Body;
import io.jenkins.plugins.lambdanode.engine.http.SendReply;
import io.jenkins.plugins.lambdanode.engine.http.SendRequest;
import io.jenkins.plugins.lambdanode.engine.pack.api.PackReport;
import io.jenkins.plugins.lambdanode.engine.workspace.Workspace;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.security.MessageDigest;
import java.security.NoSuchAlgorithmException;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.Base64;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Optional;
import java.util.TreeMap;
import java.util.function.Supplier;
import java.util.regex.Pattern;
import software.amazon.awssdk.auth.credentials.AwsCredentials;
import software.amazon.awssdk.awscore.presigner.PresignedRequest;
import software.amazon.awssdk.core.exception.SdkException;
import software.amazon.awssdk.services.s3.model.ChecksumAlgorithm;
import software.amazon.awssdk.services.s3.model.ChecksumMode;
import software.amazon.awssdk.services.s3.model.CompleteMultipartUploadResponse;
import software.amazon.awssdk.services.s3.model.CompletedPart;
import software.amazon.awssdk.services.s3.model.HeadBucketResponse;
import software.amazon.awssdk.services.s3.model.HeadObjectResponse;

/**
 * Puts deployment packages into an S3 bucket. The workspace sends the bytes itself, by URLs that are valid for
 * {@value #URL_MINUTES} minutes, for one object, with one SHA-256 that S3 checks. A package that is in the bucket already is
 * not sent again.
 *
 * <p>Packages below {@value #MULTIPART_BYTES} bytes go in one request, larger ones in parts of {@value #PART_BYTES} bytes, a
 * few at a time. Whatever happens, an upload in parts is either completed or aborted. Objects are encrypted as the bucket's
 * default says, and none is removed: that is for a lifecycle rule of the bucket.
 */
public final class Staging {

    /** From this size on a package is sent in parts. */
    public static final long MULTIPART_BYTES = 16L * 1024 * 1024;

    /** The size of a part; S3's least is 5 MiB. */
    public static final long PART_BYTES = 8L * 1024 * 1024;

    private static final int URL_MINUTES = 15;

    /** So many parts are signed and handed to the workspace at a time. */
    private static final int BATCH = 16;

    /** How much a bucket's clock may be behind when uploads are told apart by the time of their beginning. */
    private static final Duration CLOCKS_DIFFER = Duration.ofMinutes(1);

    /** An upload is given up after so many rounds in which no part got through. */
    private static final int FRUITLESS_ROUNDS = 6;

    /** S3's limit for a key, in bytes of UTF-8. */
    private static final int LONGEST_KEY = 1024;

    private static final Pattern BUCKET =
            Pattern.compile("[a-zA-Z0-9][a-zA-Z0-9._-]{1,253}|arn:aws[a-z-]*:s3[a-z0-9:/._-]+");

    /** The end of a checksum over parts: how many they are. Base64 has no hyphen. */
    private static final Pattern PARTS = Pattern.compile("-\\d+$");

    private final AwsSession session;
    private final Workspace workspace;
    private final OpenUpload.Memory memory;
    private final Progress progress;
    private final Backoff pacing;
    private final UrlSigner urls;

    public Staging(AwsSession session, Workspace workspace, Progress progress) {
        this(session, workspace, progress, Backoff.REAL);
    }

    /** @param memory remembers an upload in parts while it is open */
    public Staging(AwsSession session, Workspace workspace, OpenUpload.Memory memory, Progress progress) {
        this(session, workspace, memory, progress, Backoff.REAL);
    }

    Staging(AwsSession session, Workspace workspace, Progress progress, Backoff pacing) {
        this(session, workspace, OpenUpload.Memory.NONE, progress, pacing);
    }

    Staging(
            AwsSession session, Workspace workspace, OpenUpload.Memory memory, Progress progress, Backoff pacing) {
        this.session = session;
        this.workspace = workspace;
        this.memory = memory;
        this.progress = progress;
        this.pacing = pacing;
        this.urls = new UrlSigner(session.region());
    }

    /**
     * Checks that a bucket can be used.
     *
     * @throws DeployException if it does not exist, may not be used, cannot be reached, or is in another region than the
     *     function, which Lambda refuses
     */
    public void checkBucket(String bucket) throws DeployException, InterruptedException {
        AwsOperation call = bucketCall(bucket);
        if (!BUCKET.matcher(bucket).matches()) {
            throw new DeployException("\"" + SafeText.oneLine(bucket, 100)
                    + "\" is not the name of an S3 bucket.\nName the bucket alone, without s3:// and without a path.");
        }
        String region;
        AwsFailure refusal = null;
        try {
            HeadBucketResponse answer = AwsErrors.interruptible(() -> session.s3().headBucket(r -> r.bucket(bucket)));
            region = Optional.ofNullable(answer.bucketRegion()).orElse("");
        } catch (SdkException e) {
            refusal = AwsFailure.of(e);
            region = refusal.bucketRegion().orElse("");
        }
        // S3 names the region of a bucket that is elsewhere whatever else it answers: 200, 301, 400 or 403.
        if (!region.isEmpty() && !region.equals(session.region())) {
            throw AwsErrors.explained(
                    call,
                    new AwsFailure(
                            301,
                            "PermanentRedirect",
                            "the bucket's region is " + region + ", the function's " + session.region(),
                            Duration.ZERO,
                            Optional.empty(),
                            Optional.of(region),
                            ""));
        }
        if (refusal != null) {
            throw AwsErrors.explained(call, refusal);
        }
    }

    /** Aborts the upload that this deployment had begun when its process ended, if there is one. */
    public void abortLeft() {
        memory.left().ifPresent(left -> {
            ObjectKey place = new ObjectKey(left.bucket(), left.key());
            if (left.id().isEmpty()) {
                abortUnheardOf(place, "", left.begun());
            } else {
                abort(place, left.id());
            }
        });
    }

    /**
     * Stages a package under {@code <prefix><name>/<sha256>.zip}.
     *
     * @param prefix the beginning of the key, used as it is; can be empty
     * @param name of the function or layer that it is for
     * @throws DeployException if S3 refuses, or what arrives is not what was packaged
     */
    public StagedObject stage(PackReport report, String bucket, String prefix, String name)
            throws IOException, InterruptedException {
        ObjectKey place = new ObjectKey(bucket, key(prefix, name, report));
        try {
            return stage(report, place);
        } catch (UploadGone e) {
            progress.log("Someone else has aborted the upload to " + place.display() + ": beginning again");
            return stage(report, place);
        }
    }

    /** An upload in parts that S3 no longer knows: a lifecycle rule can abort one, or another deployment of the same package. */
    private static final class UploadGone extends DeployException {
        private static final long serialVersionUID = 1L;

        UploadGone(DeployException explained) {
            super(explained.getMessage(), explained);
        }
    }

    /** Stages a package as settings say that name a bucket. */
    public StagedObject stage(PackReport report, StagingSettings to, String name) throws IOException, InterruptedException {
        return stage(report, to.bucket().orElseThrow(), to.prefix(), name);
    }

    private StagedObject stage(PackReport report, ObjectKey place) throws IOException, InterruptedException {
        List<UploadPart> pieces = pieces(report);
        boolean inParts = pieces.size() > 1;
        String checksum = inParts ? composite(pieces) : report.codeSha256();

        Optional<HeadObjectResponse> there = head(place, false).filter(object -> matches(object, report, checksum));
        if (there.isPresent()) {
            progress.log("Already staged: " + place.display());
            return new StagedObject(place.bucket(), place.key(), version(there.get().versionId()), true, 0);
        }
        progress.log("Staging " + report.zippedBytes() + " bytes to " + place.display()
                + (inParts ? " in " + pieces.size() + " parts" : ""));
        return inParts ? inParts(place, report, pieces, checksum) : inOne(place, pieces.get(0));
    }

    private static String key(String prefix, String name, PackReport report) throws DeployException {
        String key = prefix + name + "/" + report.sha256() + ".zip";
        if (key.codePoints().anyMatch(Character::isISOControl)
                || key.getBytes(StandardCharsets.UTF_8).length > LONGEST_KEY) {
            throw new DeployException("The S3 prefix \"" + SafeText.oneLine(prefix, 100)
                    + "\" cannot begin a key: it holds control characters or is too long (a key has at most "
                    + LONGEST_KEY + " bytes).\nChoose another prefix.");
        }
        return key;
    }

    private List<UploadPart> pieces(PackReport report) throws IOException, InterruptedException {
        if (report.zippedBytes() < MULTIPART_BYTES) {
            Body whole = Body.part(report.file(), 0, report.zippedBytes());
            return List.of(new UploadPart(1, whole, report.codeSha256()));
        }
        List<Body> bodies = new ArrayList<>();
        for (long offset = 0; offset < report.zippedBytes(); offset += PART_BYTES) {
            bodies.add(Body.part(report.file(), offset, Math.min(PART_BYTES, report.zippedBytes() - offset)));
        }
        List<byte[]> digests = workspace.digest(bodies);
        List<UploadPart> pieces = new ArrayList<>();
        for (int i = 0; i < bodies.size(); i++) {
            pieces.add(new UploadPart(i + 1, bodies.get(i), Base64.getEncoder().encodeToString(digests.get(i))));
        }
        return pieces;
    }

    /** S3's checksum of an object that was sent in parts: the SHA-256 over the parts' SHA-256, and how many they are. */
    private static String composite(List<UploadPart> pieces) {
        try {
            MessageDigest digest = MessageDigest.getInstance("SHA-256");
            pieces.forEach(piece -> digest.update(Base64.getDecoder().decode(piece.sha256())));
            return Base64.getEncoder().encodeToString(digest.digest()) + "-" + pieces.size();
        } catch (NoSuchAlgorithmException e) {
            throw new IllegalStateException("Every JDK has SHA-256", e);
        }
    }

    private StagedObject inOne(ObjectKey place, UploadPart piece) throws IOException, InterruptedException {
        Sent sent = sendAll(place, List.of(piece), whole -> session.presigner()
                .presignPutObject(p -> p.signatureDuration(Duration.ofMinutes(URL_MINUTES))
                        .putObjectRequest(r -> r.bucket(place.bucket())
                                .key(place.key())
                                .checksumAlgorithm(ChecksumAlgorithm.SHA256)
                                .checksumSHA256(whole.sha256()))));
        SendReply reply = sent.replies().get(piece.number());
        return new StagedObject(
                place.bucket(), place.key(), version(reply.header("x-amz-version-id").orElse(null)), false, sent.bytes());
    }

    private StagedObject inParts(ObjectKey place, PackReport report, List<UploadPart> pieces, String checksum)
            throws IOException, InterruptedException {
        Instant begun = pacing.clock().instant();
        memory.opened(new OpenUpload(place.bucket(), place.key(), "", begun));
        Begun beginning = begin(place, begun);
        String upload = beginning.upload();
        OpenUpload open = new OpenUpload(place.bucket(), place.key(), upload, begun);
        boolean completed = false;
        try {
            memory.opened(open);
            Sent sent = sendAll(place, pieces, piece -> session.presigner()
                    .presignUploadPart(p -> p.signatureDuration(Duration.ofMinutes(URL_MINUTES))
                            .uploadPartRequest(r -> r.bucket(place.bucket())
                                    .key(place.key())
                                    .uploadId(upload)
                                    .partNumber(piece.number())
                                    .checksumAlgorithm(ChecksumAlgorithm.SHA256)
                                    .checksumSHA256(piece.sha256()))));
            Optional<String> version = complete(place, report, pieces, checksum, upload, sent);
            completed = true;
            return new StagedObject(place.bucket(), place.key(), version, false, sent.bytes());
        } finally {
            if (!completed) {
                abort(place, upload);
            }
            if (beginning.unheardOf()) {
                abortUnheardOf(place, upload, begun);
            }
            memory.closed(open);
        }
    }

    /**
     * An upload in parts that has been begun.
     *
     * @param unheardOf whether there can be others, of a request whose answer did not come
     */
    private record Begun(String upload, boolean unheardOf) {}

    /** The SDK's own retries would not say whether an upload was begun whose ID nobody has heard of. */
    private Begun begin(ObjectKey place, Instant begun) throws DeployException, InterruptedException {
        boolean unheardOf = false;
        boolean heardOf = false;
        try {
            for (int failures = 1; ; failures++) {
                try {
                    String upload = AwsErrors.interruptible(() -> session.s3Once()
                                    .createMultipartUpload(r -> r.bucket(place.bucket())
                                            .key(place.key())
                                            .checksumAlgorithm(ChecksumAlgorithm.SHA256)))
                            .uploadId();
                    if (upload == null) {
                        unheardOf = true;
                        throw AwsErrors.explained(objectCall(place, "s3:PutObject"), AwsFailure.notOfAws("it has no UploadId"));
                    }
                    heardOf = true;
                    return new Begun(upload, unheardOf);
                } catch (SdkException e) {
                    AwsFailure refusal = AwsFailure.of(e);
                    // The SDK puts its clock right for the next call, where there is one.
                    boolean passes = refusal.inDoubt() || refusal.throttled() || refusal.timeRefused() && failures == 1;
                    unheardOf |= refusal.inDoubt();
                    if (!passes || failures == IdempotentRequests.ATTEMPTS) {
                        throw AwsErrors.explained(objectCall(place, "s3:PutObject"), refusal, e);
                    }
                    pacing.backOff(failures, refusal.retryAfter());
                }
            }
        } catch (InterruptedException e) {
            unheardOf = true;
            throw e;
        } finally {
            if (unheardOf && !heardOf) {
                abortUnheardOf(place, "", begun);
            }
        }
    }

    /**
     * Aborts uploads of this object that were begun since this one's first request. S3 rounds the time to seconds, and its
     * clock may go a little differently; the key holds the package's digest, so who else is at work on it has the same bytes.
     */
    private void abortUnheardOf(ObjectKey place, String known, Instant begun) {
        boolean interrupted = Thread.interrupted();
        try {
            Instant since = begun.minus(CLOCKS_DIFFER);
            AwsErrors.renewing(() -> session.s3()
                            .listMultipartUploads(r -> r.bucket(place.bucket()).prefix(place.key())))
                    .uploads()
                    .stream()
                    .filter(upload -> upload.key().equals(place.key())
                            && !upload.uploadId().equals(known)
                            && !upload.initiated().isBefore(since))
                    .forEach(upload -> abort(place, upload.uploadId()));
        } catch (SdkException e) {
            AwsFailure refusal = AwsFailure.of(e);
            progress.log("An upload in parts to " + place.display() + " may have been left open, since the answer to its"
                    + " beginning was lost, and could not be looked for ("
                    + SafeText.oneLine(refusal.code() + " " + refusal.message(), 200).strip()
                    + "; permission s3:ListBucketMultipartUploads)."
                    + " A lifecycle rule of the bucket can abort such uploads (AbortIncompleteMultipartUpload).");
        } finally {
            if (interrupted) {
                Thread.currentThread().interrupt();
            }
        }
    }

    private Optional<String> complete(
            ObjectKey place, PackReport report, List<UploadPart> pieces, String checksum, String upload, Sent sent)
            throws DeployException, InterruptedException {
        List<CompletedPart> parts = pieces.stream()
                .map(piece -> CompletedPart.builder()
                        .partNumber(piece.number())
                        .eTag(sent.replies().get(piece.number()).header("etag").orElse(""))
                        .checksumSHA256(piece.sha256())
                        .build())
                .toList();
        AwsOperation call = objectCall(place, "s3:PutObject");
        try {
            CompleteMultipartUploadResponse answer = AwsErrors.interruptible(() -> session.s3()
                    .completeMultipartUpload(r -> r.bucket(place.bucket())
                            .key(place.key())
                            .uploadId(upload)
                            .multipartUpload(m -> m.parts(parts))));
            if (sameDigest(answer.checksumSHA256(), checksum)) {
                return version(answer.versionId());
            }
        } catch (SdkException e) {
            AwsFailure refusal = AwsFailure.of(e);
            // A completion whose answer was lost and that was repeated.
            if (!refusal.is("NoSuchUpload") && !refusal.inDoubt()) {
                throw AwsErrors.explained(call, refusal, e);
            }
            Optional<HeadObjectResponse> there = head(place, false).filter(o -> matches(o, report, checksum));
            if (there.isEmpty() && refusal.is("NoSuchUpload")) {
                throw new UploadGone(AwsErrors.explained(call, refusal, e));
            }
            return version(there.orElseThrow(() -> AwsErrors.explained(call, refusal, e)).versionId());
        }
        HeadObjectResponse object = head(place, true).orElseThrow();
        if (!matches(object, report, checksum)) {
            throw new DeployException("What S3 put together at " + place.display() + " is not the package: "
                    + object.contentLength() + " bytes with SHA-256 " + object.checksumSHA256() + " in place of "
                    + report.zippedBytes() + " with " + checksum + ".\nRun the deployment again: it is staged again.");
        }
        return version(object.versionId());
    }

    /** Also in an interrupted thread, whose interrupt the SDK would take for its own. */
    private void abort(ObjectKey place, String upload) {
        boolean interrupted = Thread.interrupted();
        try {
            AwsErrors.renewing(() -> session.s3()
                    .abortMultipartUpload(
                            r -> r.bucket(place.bucket()).key(place.key()).uploadId(upload)));
        } catch (SdkException e) {
            AwsFailure refusal = AwsFailure.of(e);
            if (!refusal.is("NoSuchUpload") && refusal.status() != 404) {
                progress.log("The unfinished upload to " + place.display() + " could not be aborted ("
                        + SafeText.oneLine(refusal.code() + " " + refusal.message(), 200).strip()
                        + "); abort it with: aws s3api abort-multipart-upload --bucket " + place.bucket() + " --key "
                        + place.key() + " --upload-id " + upload + " (permission s3:AbortMultipartUpload)");
            }
        } finally {
            if (interrupted) {
                Thread.currentThread().interrupt();
            }
        }
    }

    /** Makes the URL by which one piece is sent. */
    private interface Signing {
        PresignedRequest sign(UploadPart piece);
    }

    /** Sends pieces until all are in S3; those that fail are signed anew and sent again, and only those. */
    private Sent sendAll(ObjectKey place, List<UploadPart> pieces, Signing signing) throws IOException, InterruptedException {
        Map<Integer, SendReply> replies = new TreeMap<>();
        List<UploadPart> left = new ArrayList<>(pieces);
        long bytes = 0;
        int fruitless = 0;
        while (!left.isEmpty()) {
            List<UploadPart> batch = left.subList(0, Math.min(BATCH, left.size()));
            // Not lazily in the loop below: an expired credential must fail here, in words.
            AwsCredentials credentials = session.resolvedCredentials();
            List<SendRequest> requests = batch.stream()
                    .map(piece -> request(signing.sign(piece), credentials, piece.body()))
                    .toList();
            List<SendReply> answers = workspace.send(requests);
            List<UploadPart> arrived = new ArrayList<>();
            Optional<AwsFailure> failure = Optional.empty();
            for (int i = 0; i < answers.size(); i++) {
                UploadPart piece = batch.get(i);
                SendReply reply = answers.get(i);
                bytes += reply.answered() ? piece.body().length() : 0;
                if (arrived(reply, piece)) {
                    replies.put(piece.number(), reply);
                    arrived.add(piece);
                } else {
                    if (reply.fileFailed()) {
                        throw AwsErrors.unreadable(objectCall(place, "s3:PutObject"), reply.failure());
                    }
                    failure = Optional.of(refusal(reply));
                    if (failure.get().is("NoSuchUpload")) {
                        throw new UploadGone(AwsErrors.explained(objectCall(place, "s3:PutObject"), failure.get()));
                    }
                    boolean clockPutRight = putClockRight(failure.get());
                    if (!clockPutRight && !worthRepeating(failure.get())) {
                        throw AwsErrors.explained(objectCall(place, "s3:PutObject"), failure.get());
                    }
                    progress.log("Sending again: " + requests.get(i) + " ("
                            + SafeText.oneLine(failure.get().status() + " " + failure.get().code() + " "
                                    + failure.get().message(), 200).strip() + ")");
                }
            }
            left.removeAll(arrived);
            fruitless = arrived.isEmpty() ? fruitless + 1 : 0;
            if (failure.isPresent()) {
                if (fruitless == FRUITLESS_ROUNDS) {
                    throw AwsErrors.explained(objectCall(place, "s3:PutObject"), failure.get());
                }
                pacing.backOff(Math.max(1, fruitless), failure.get().retryAfter());
            }
        }
        return new Sent(replies, bytes);
    }

    /** A URL that was signed with a wrong time is refused as one that has run out or is not valid yet. */
    private boolean putClockRight(AwsFailure refusal) {
        Optional<Duration> difference = session.signingClock().learn(refusal, pacing.clock());
        difference.ifPresent(ahead -> progress.log("This machine's clock differs from S3's by " + ahead.toSeconds()
                + " seconds; signing with S3's time"));
        return difference.isPresent();
    }

    private SendRequest request(PresignedRequest presigned, AwsCredentials credentials, Body body) {
        Map<String, String> headers = new LinkedHashMap<>();
        presigned.signedHeaders().forEach((name, values) -> {
            if (!name.toLowerCase(Locale.ROOT).equals("host")) {
                headers.put(name, String.join(",", values));
            }
        });
        SigningClock clock = session.signingClock();
        String url = clock.isMachines()
                ? presigned.url().toString()
                : urls.signedAt(
                                clock.over(pacing.clock()), presigned, credentials, Duration.ofMinutes(URL_MINUTES))
                        .getUri()
                        .toString();
        return new SendRequest("PUT", url, headers, body, URL_MINUTES * 60);
    }

    private static boolean arrived(SendReply reply, UploadPart piece) {
        return reply.successful()
                && reply.header("etag").isPresent()
                && reply.header("x-amz-checksum-sha256").orElse(piece.sha256()).equals(piece.sha256());
    }

    private static AwsFailure refusal(SendReply reply) {
        if (reply.successful() && reply.header("etag").isEmpty()) {
            return AwsFailure.notOfAws("it has no ETag: " + reply.body());
        }
        return reply.successful()
                ? new AwsFailure(
                        reply.status(),
                        "BadDigest",
                        "S3 answered with another SHA-256 than the one sent",
                        Duration.ZERO,
                        Optional.empty(),
                        Optional.empty(),
                        "")
                : AwsFailure.of(reply);
    }

    private static boolean worthRepeating(AwsFailure refusal) {
        return refusal.inDoubt()
                || refusal.throttled()
                || refusal.credentialsExpired()
                || refusal.message().contains("has expired")
                || refusal.is("RequestTimeout", "BadDigest", "XAmzContentSHA256Mismatch", "XAmzContentChecksumMismatch",
                        "IncompleteBody", "OperationAborted");
    }

    /**
     * The object at a place. S3 answers 403 in place of 404 to those who may not list the bucket, so that says nothing unless
     * the object is known to be there.
     */
    private Optional<HeadObjectResponse> head(ObjectKey place, boolean known) throws DeployException, InterruptedException {
        Supplier<HeadObjectResponse> request = () -> session.s3()
                .headObject(r -> r.bucket(place.bucket()).key(place.key()).checksumMode(ChecksumMode.ENABLED));
        try {
            return Optional.of(AwsErrors.interruptible(request));
        } catch (SdkException e) {
            AwsFailure refusal = AwsFailure.of(e);
            boolean forbidden = refusal.status() == 403 && !refusal.credentialsExpired() && !refusal.timeRefused();
            if (!known && (refusal.status() == 404 && !refusal.is("NoSuchBucket") || forbidden)) {
                return Optional.empty();
            }
            throw AwsErrors.explained(objectCall(place, "s3:GetObject"), refusal, e);
        }
    }

    private static boolean matches(HeadObjectResponse object, PackReport report, String checksum) {
        return object.contentLength() != null
                && object.contentLength() == report.zippedBytes()
                && (sameDigest(object.checksumSHA256(), checksum)
                        || sameDigest(object.checksumSHA256(), report.codeSha256()));
    }

    /** Whether two checksums are of the same bytes; not every server says how many parts there were. */
    private static boolean sameDigest(String theirs, String ours) {
        return theirs != null && PARTS.matcher(theirs).replaceFirst("").equals(PARTS.matcher(ours).replaceFirst(""));
    }

    private static Optional<String> version(String id) {
        return Optional.ofNullable(id).filter(text -> !text.isEmpty() && !text.equals("null"));
    }

    private AwsOperation bucketCall(String bucket) {
        return new AwsOperation(
                "The staging bucket " + SafeText.oneLine(bucket, 100) + " cannot be used",
                "s3:ListBucket",
                "arn:" + session.partition() + ":s3:::" + bucket,
                "bucket " + bucket,
                session.place("s3"));
    }

    private AwsOperation objectCall(ObjectKey place, String action) {
        return new AwsOperation(
                "The package could not be staged at " + place.display(),
                action,
                "arn:" + session.partition() + ":s3:::" + place.bucket() + "/" + place.key(),
                "bucket " + place.bucket(),
                session.place("s3"));
    }

    /** Where an object is. */
    private record ObjectKey(String bucket, String key) {
        String display() {
            return "s3://" + bucket + "/" + key;
        }
    }

    /**
     * What one request sends.
     *
     * @param number the part's number, from 1
     * @param sha256 the body's SHA-256 in base64
     */
    private record UploadPart(int number, Body body, String sha256) {}

    /**
     * What has been sent.
     *
     * @param replies S3's answers by the pieces' numbers
     * @param bytes bytes of bodies that went out with an answer
     */
    private record Sent(Map<Integer, SendReply> replies, long bytes) {}
}
