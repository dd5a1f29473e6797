package io.jenkins.plugins.lambdanode.engine.aws.s3;

import io.jenkins.plugins.lambdanode.engine.aws.client.AwsCalls;
import io.jenkins.plugins.lambdanode.engine.aws.client.AwsErrors;
import io.jenkins.plugins.lambdanode.engine.aws.client.AwsFailure;
import io.jenkins.plugins.lambdanode.engine.aws.client.AwsOperation;
import io.jenkins.plugins.lambdanode.engine.aws.client.AwsSession;
import io.jenkins.plugins.lambdanode.engine.base.DeployException;
import java.time.Duration;
import java.util.Optional;
import software.amazon.awssdk.core.exception.SdkException;

/**
 * The bucket that packages are staged in.
 *
 * @param name its name
 */
public record StagingBucket(AwsSession session, String name) {

    /**
     * Checks that the bucket can be used. Where it is of the functions' account, all that follows requires that it stays so.
     *
     * @param account the functions' account, 12 digits; empty where it is not known
     * @return whether it is of another account than the functions, which is legitimate
     * @throws DeployException if it does not exist, may not be used, cannot be reached, or is in another region than the
     *     function, which Lambda refuses
     */
    public boolean check(Optional<String> account) throws DeployException, InterruptedException {
        AwsOperation operation = new AwsOperation(
                "The staging bucket " + name + " cannot be used",
                "s3:ListBucket",
                "arn:" + session.partition() + ":s3:::" + name,
                "bucket " + name,
                session.place("s3"));
        session.expectBucketOwner(account);
        Head head = head();
        boolean denied = account.isPresent()
                && head.failure().filter(failure -> failure.status() == 403).isPresent();
        if (denied) {
            session.expectBucketOwner(Optional.empty());
            head = head();
        }
        Optional<String> region = head.region();
        // S3 names the region of a bucket that is elsewhere whatever its status is: 200, 301, 400 or 403.
        if (region.isPresent() && !region.get().isEmpty() && !region.get().equals(session.region())) {
            throw AwsErrors.exception(
                    operation,
                    new AwsFailure(
                            301,
                            "PermanentRedirect",
                            "the bucket's region is " + region.get() + ", the function's " + session.region(),
                            Duration.ZERO,
                            Optional.empty(),
                            region,
                            ""));
        }
        if (head.failure().isPresent()) {
            throw AwsErrors.exception(operation, head.failure().get());
        }
        return denied;
    }

    private record Head(Optional<String> region, Optional<AwsFailure> failure) {}

    private Head head() throws InterruptedException {
        try {
            return new Head(
                    Optional.ofNullable(
                            AwsCalls.interruptible(() -> session.s3().headBucket(r -> r.bucket(name)))
                                    .bucketRegion()),
                    Optional.empty());
        } catch (SdkException e) {
            AwsFailure failure = AwsFailure.of(e);
            return new Head(failure.bucketRegion(), Optional.of(failure));
        }
    }
}
