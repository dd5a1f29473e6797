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
     * Checks that the bucket can be used.
     *
     * @throws DeployException if it does not exist, may not be used, cannot be reached, or is in another region than the
     *     function, which Lambda refuses
     */
    public void check() throws DeployException, InterruptedException {
        AwsOperation operation = new AwsOperation(
                "The staging bucket " + name + " cannot be used",
                "s3:ListBucket",
                "arn:" + session.partition() + ":s3:::" + name,
                "bucket " + name,
                session.place("s3"));
        Optional<String> region;
        Optional<AwsFailure> failure = Optional.empty();
        try {
            region = Optional.ofNullable(
                    AwsCalls.interruptible(() -> session.s3().headBucket(r -> r.bucket(name))).bucketRegion());
        } catch (SdkException e) {
            failure = Optional.of(AwsFailure.of(e));
            region = failure.get().bucketRegion();
        }
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
        if (failure.isPresent()) {
            throw AwsErrors.exception(operation, failure.get());
        }
    }
}
