package io.jenkins.plugins.lambdanode.engine.aws.s3;

import io.jenkins.plugins.lambdanode.engine.aws.client.AwsCalls;
import io.jenkins.plugins.lambdanode.engine.aws.client.AwsErrors;
import io.jenkins.plugins.lambdanode.engine.aws.client.AwsFailure;
import io.jenkins.plugins.lambdanode.engine.aws.client.AwsSession;
import io.jenkins.plugins.lambdanode.engine.base.DeployException;
import java.util.Optional;
import software.amazon.awssdk.core.exception.SdkException;
import software.amazon.awssdk.services.s3.model.ChecksumMode;
import software.amazon.awssdk.services.s3.model.HeadObjectResponse;

/** Looks for objects in a bucket. */
record StagedObjects(AwsSession session) {

    /**
     * The object with this key. S3 responds with 403 instead of 404 to those who may not list the bucket, so that counts as
     * none.
     */
    Optional<HeadObjectResponse> find(ObjectKey key) throws DeployException, InterruptedException {
        try {
            return Optional.of(head(key));
        } catch (SdkException e) {
            AwsFailure failure = AwsFailure.of(e);
            boolean forbidden = failure.status() == 403 && !failure.credentialsExpired() && !failure.signatureRefused();
            if (failure.status() == 404 && !failure.is("NoSuchBucket") || forbidden) {
                return Optional.empty();
            }
            throw exception(key, failure, e);
        }
    }

    /** The object, in a bucket of this region that may be read; otherwise empty. */
    Optional<HeadObjectResponse> findReadable(ObjectKey key) throws InterruptedException {
        try {
            return Optional.of(head(key));
        } catch (SdkException e) {
            return Optional.empty();
        }
    }

    /** The object that is known to be there. */
    HeadObjectResponse require(ObjectKey key) throws DeployException, InterruptedException {
        try {
            return head(key);
        } catch (SdkException e) {
            throw exception(key, AwsFailure.of(e), e);
        }
    }

    private HeadObjectResponse head(ObjectKey key) throws InterruptedException {
        return AwsCalls.interruptible(() -> session.s3()
                .headObject(
                        request -> request.bucket(key.bucket()).key(key.key()).checksumMode(ChecksumMode.ENABLED)));
    }

    private DeployException exception(ObjectKey key, AwsFailure failure, SdkException cause) {
        return AwsErrors.exception(key.operation(session, "s3:GetObject"), failure, cause);
    }

    /** A version's ID; empty in a bucket without versions. */
    static Optional<String> version(String id) {
        return Optional.ofNullable(id).filter(text -> !text.isEmpty() && !text.equals("null"));
    }
}
