package io.jenkins.plugins.lambdanode.engine.aws.client;

import java.util.Optional;
import software.amazon.awssdk.core.interceptor.Context;
import software.amazon.awssdk.core.interceptor.ExecutionAttributes;
import software.amazon.awssdk.core.interceptor.ExecutionInterceptor;
import software.amazon.awssdk.http.SdkHttpRequest;
import software.amazon.awssdk.services.s3.model.S3Request;

/**
 * Tells S3 with each request whose the bucket must be, those that the workspace sends included: S3 refuses it where a bucket of
 * this name has become somebody else's (S3 User Guide, "Verifying bucket ownership with bucket owner condition").
 */
final class BucketOwner implements ExecutionInterceptor {

    private volatile Optional<String> account = Optional.empty();

    void expect(Optional<String> account) {
        this.account = account;
    }

    @Override
    public SdkHttpRequest modifyHttpRequest(Context.ModifyHttpRequest context, ExecutionAttributes attributes) {
        Optional<String> owner = account;
        return context.request() instanceof S3Request && owner.isPresent()
                ? context.httpRequest().copy(http -> http.putHeader("x-amz-expected-bucket-owner", owner.get()))
                : context.httpRequest();
    }
}
