package io.jenkins.plugins.lambdanode.engine.aws.s3;

import io.jenkins.plugins.lambdanode.engine.aws.client.AwsCalls;
import io.jenkins.plugins.lambdanode.engine.aws.client.AwsErrors;
import io.jenkins.plugins.lambdanode.engine.aws.client.AwsFailure;
import io.jenkins.plugins.lambdanode.engine.aws.client.AwsOperation;
import io.jenkins.plugins.lambdanode.engine.aws.client.AwsSession;
import io.jenkins.plugins.lambdanode.engine.aws.s3.PartSender.Sent;
import io.jenkins.plugins.lambdanode.engine.aws.s3.PartSender.UploadGone;
import io.jenkins.plugins.lambdanode.engine.base.Backoff;
import io.jenkins.plugins.lambdanode.engine.base.DeployException;
import io.jenkins.plugins.lambdanode.engine.base.Progress;
import io.jenkins.plugins.lambdanode.engine.base.Retry;
import io.jenkins.plugins.lambdanode.engine.base.SafeText;
import java.io.IOException;
import java.time.Duration;
import java.time.Instant;
import java.util.List;
import java.util.Optional;
import software.amazon.awssdk.core.exception.SdkException;
import software.amazon.awssdk.core.sync.RequestBody;
import software.amazon.awssdk.services.s3.model.ChecksumAlgorithm;
import software.amazon.awssdk.services.s3.model.CompleteMultipartUploadResponse;
import software.amazon.awssdk.services.s3.model.CompletedPart;
import software.amazon.awssdk.services.s3.model.HeadObjectResponse;

/** An upload in parts of one object. Whatever happens, it is either completed or aborted. */
final class MultipartUpload {

    /** How far a bucket's clock may be behind when uploads are told apart by their start. */
    private static final Duration CLOCKS_DIFFER = Duration.ofMinutes(1);

    static final int ATTEMPTS = 8;

    private final AwsSession session;
    private final PartSender sender;
    private final UploadJournal journal;
    private final Progress progress;
    private final Backoff backoff;
    private final ObjectKey key;
    private final AwsOperation operation;

    MultipartUpload(
            AwsSession session,
            PartSender sender,
            UploadJournal journal,
            Progress progress,
            Backoff backoff,
            ObjectKey key) {
        this.session = session;
        this.sender = sender;
        this.journal = journal;
        this.progress = progress;
        this.backoff = backoff;
        this.key = key;
        this.operation = key.operation(session, "s3:PutObject");
    }

    /**
     * An upload in parts that S3 has started.
     *
     * @param orphaned whether there can be others, of a request whose response was lost
     */
    private record Started(String id, boolean orphaned) {}

    StagedObject run(StagedContent content, StagingSettings settings) throws IOException, InterruptedException {
        Instant start = backoff.clock().instant();
        journal.started(new UploadJournal.Upload(key.bucket(), key.key(), "", start));
        Started started = start(settings, start);
        UploadJournal.Upload upload = new UploadJournal.Upload(key.bucket(), key.key(), started.id(), start);
        boolean completed = false;
        try {
            journal.started(upload);
            Sent sent = sender.send(
                    key,
                    content.parts(),
                    (s3, part) -> s3.uploadPart(
                            request -> request.bucket(key.bucket())
                                    .key(key.key())
                                    .uploadId(started.id())
                                    .partNumber(part.number())
                                    .checksumAlgorithm(ChecksumAlgorithm.SHA256)
                                    .checksumSHA256(part.sha256()),
                            RequestBody.empty()));
            Optional<String> version = complete(content, started.id(), sent);
            completed = true;
            return new StagedObject(key.bucket(), key.key(), version, false, sent.bytes());
        } finally {
            if (!completed) {
                abort(started.id());
            }
            if (started.orphaned()) {
                abortOrphaned(started.id(), start);
            }
            journal.ended(upload);
        }
    }

    /** The SDK's own retries would not say whether an upload was started whose ID is not known. */
    private Started start(StagingSettings settings, Instant start) throws IOException, InterruptedException {
        boolean[] orphaned = {false};
        boolean started = false;
        try {
            Started result = new Retry(backoff, ATTEMPTS).run(failures -> {
                try {
                    String id = AwsCalls.interruptible(() -> session.s3Once()
                                    .createMultipartUpload(request -> request.bucket(key.bucket())
                                            .key(key.key())
                                            .serverSideEncryption(settings.sse().orElse(null))
                                            .ssekmsKeyId(settings.kmsKeyId().orElse(null))
                                            .checksumAlgorithm(ChecksumAlgorithm.SHA256)))
                            .uploadId();
                    if (id == null) {
                        orphaned[0] = true;
                        throw AwsErrors.exception(operation, AwsFailure.notFromAws("it has no UploadId"));
                    }
                    return new Retry.Done<>(new Started(id, orphaned[0]));
                } catch (SdkException e) {
                    AwsFailure failure = AwsFailure.of(e);
                    orphaned[0] |= failure.inDoubt();
                    DeployException exception = AwsErrors.exception(operation, failure, e);
                    // The SDK corrects its clock for the next call, where there is one.
                    if (!failure.inDoubt() && !failure.throttled() && !(failure.signatureRefused() && failures == 0)) {
                        throw exception;
                    }
                    return new Retry.Failed<>(exception, failure.retryAfter());
                }
            });
            started = true;
            return result;
        } catch (InterruptedException e) {
            orphaned[0] = true;
            throw e;
        } finally {
            if (orphaned[0] && !started) {
                abortOrphaned("", start);
            }
        }
    }

    private Optional<String> complete(StagedContent content, String id, Sent sent)
            throws DeployException, InterruptedException {
        List<CompletedPart> parts = content.parts().stream()
                .map(part -> CompletedPart.builder()
                        .partNumber(part.number())
                        .eTag(sent.replies().get(part.number()).header("etag").orElse(""))
                        .checksumSHA256(part.sha256())
                        .build())
                .toList();
        StagedObjects objects = new StagedObjects(session);
        try {
            CompleteMultipartUploadResponse response = AwsCalls.interruptible(() -> session.s3()
                    .completeMultipartUpload(request -> request.bucket(key.bucket())
                            .key(key.key())
                            .uploadId(id)
                            .multipartUpload(upload -> upload.parts(parts))));
            if (StagedContent.sameDigest(response.checksumSHA256(), content.checksum())) {
                return StagedObjects.version(response.versionId());
            }
        } catch (SdkException e) {
            AwsFailure failure = AwsFailure.of(e);
            // Also a completion whose response was lost and that was repeated.
            if (!failure.is("NoSuchUpload") && !failure.inDoubt()) {
                throw AwsErrors.exception(operation, failure, e);
            }
            Optional<HeadObjectResponse> there = objects.find(key).filter(content::isIn);
            if (there.isEmpty() && failure.is("NoSuchUpload")) {
                throw new UploadGone(AwsErrors.exception(operation, failure, e));
            }
            return StagedObjects.version(there.orElseThrow(() -> AwsErrors.exception(operation, failure, e))
                    .versionId());
        }
        HeadObjectResponse object = objects.require(key);
        if (!content.isIn(object)) {
            throw new DeployException("The object that S3 assembled at " + key.display() + " is not the package: "
                    + object.contentLength() + " bytes with SHA-256 " + object.checksumSHA256() + " instead of "
                    + content.bytes() + " with " + content.checksum()
                    + ".\nRun the deployment again: it is staged again.");
        }
        return StagedObjects.version(object.versionId());
    }

    /** Also in an interrupted thread, whose interrupt the SDK would take for its own. */
    void abort(String id) {
        boolean interrupted = Thread.interrupted();
        try {
            AwsCalls.renewingCredentials(() -> session.s3()
                    .abortMultipartUpload(request ->
                            request.bucket(key.bucket()).key(key.key()).uploadId(id)));
        } catch (SdkException e) {
            AwsFailure failure = AwsFailure.of(e);
            if (!failure.is("NoSuchUpload") && failure.status() != 404) {
                progress.log("The unfinished upload to " + key.display() + " could not be aborted ("
                        + SafeText.oneLine(failure.code() + " " + failure.message(), 200)
                                .strip()
                        + "); abort it with: aws s3api abort-multipart-upload --bucket " + key.bucket() + " --key "
                        + key.key() + " --upload-id " + id + " (permission s3:AbortMultipartUpload)");
            }
        } finally {
            if (interrupted) {
                Thread.currentThread().interrupt();
            }
        }
    }

    /**
     * Aborts uploads of this object that were started since this one's first request. S3 rounds the time to seconds, and its
     * clock may differ a little; the key holds the package's digest, so whoever else uploads to it has the same bytes.
     */
    void abortOrphaned(String known, Instant start) {
        boolean interrupted = Thread.interrupted();
        try {
            Instant since = start.minus(CLOCKS_DIFFER);
            AwsCalls.renewingCredentials(() -> session.s3()
                            .listMultipartUploads(
                                    request -> request.bucket(key.bucket()).prefix(key.key())))
                    .uploads()
                    .stream()
                    .filter(upload -> upload.key().equals(key.key())
                            && !upload.uploadId().equals(known)
                            && !upload.initiated().isBefore(since))
                    .forEach(upload -> abort(upload.uploadId()));
        } catch (SdkException e) {
            AwsFailure failure = AwsFailure.of(e);
            progress.log("An upload in parts to " + key.display() + " may be left unfinished, since the response to its"
                    + " start was lost, and unfinished uploads could not be listed ("
                    + SafeText.oneLine(failure.code() + " " + failure.message(), 200)
                            .strip()
                    + "; permission s3:ListBucketMultipartUploads)."
                    + " A lifecycle rule of the bucket can abort such uploads (AbortIncompleteMultipartUpload).");
        } finally {
            if (interrupted) {
                Thread.currentThread().interrupt();
            }
        }
    }
}
