package io.jenkins.plugins.lambdanode.engine.aws.s3;

import java.util.Optional;
import java.util.OptionalLong;

/**
 * Where packages are staged and how S3 encrypts them there.
 *
 * @param bucket the S3 bucket, in the function's region; empty for no staging
 * @param prefix put before the key, for instance {@code lambda/}; may be empty
 * @param threshold packages of at least this many bytes are staged; empty for {@link #DEFAULT_THRESHOLD}
 * @param sse {@code AES256} or {@code aws:kms} (S3 API reference, x-amz-server-side-encryption); empty for the bucket's default
 * @param kmsKeyId the KMS key for {@code aws:kms}: ID, ARN or alias; empty for the account's own key
 */
public record StagingSettings(
        Optional<String> bucket,
        String prefix,
        OptionalLong threshold,
        Optional<String> sse,
        Optional<String> kmsKeyId) {

    /** 10 MiB: direct uploads above that break on slow links (travis-ci/dpl #409). */
    public static final long DEFAULT_THRESHOLD = 10L << 20;

    /** No staging: every package goes straight to Lambda. */
    public static final StagingSettings NONE =
            new StagingSettings(Optional.empty(), "", OptionalLong.empty(), Optional.empty(), Optional.empty());
}
