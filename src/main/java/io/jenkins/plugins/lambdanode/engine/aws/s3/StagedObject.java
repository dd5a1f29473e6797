package io.jenkins.plugins.lambdanode.engine.aws.s3;

import java.util.Optional;

/**
 * A deployment package in S3.
 *
 * @param bucket its bucket
 * @param key its key, {@code <prefix><sha256>.zip}
 * @param version its version id where the bucket is versioned
 * @param alreadyThere whether an earlier deployment had staged it, so that nothing was sent
 * @param sentBytes bytes of the package that were sent for it, repeated parts included
 */
public record StagedObject(String bucket, String key, Optional<String> version, boolean alreadyThere, long sentBytes) {

    /** For instance {@code s3://staging/lambda/6c01....zip}. */
    public String display() {
        return "s3://" + bucket + "/" + key;
    }
}
