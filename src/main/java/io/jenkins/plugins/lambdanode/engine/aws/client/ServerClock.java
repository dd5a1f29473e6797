package io.jenkins.plugins.lambdanode.engine.aws.client;

import software.amazon.awssdk.core.interceptor.Context;
import software.amazon.awssdk.core.interceptor.ExecutionAttributes;
import software.amazon.awssdk.core.interceptor.ExecutionInterceptor;
import software.amazon.awssdk.http.SdkHttpResponse;

/**
 * Takes the time from the responses to the SDK's own calls, so that a wrong clock is known before anything is signed for the
 * workspace to send. A response without AWS's request ID can be a proxy's.
 */
final class ServerClock implements ExecutionInterceptor {

    private final SigningClock signingClock;

    ServerClock(SigningClock signingClock) {
        this.signingClock = signingClock;
    }

    @Override
    public void afterTransmission(Context.AfterTransmission context, ExecutionAttributes attributes) {
        SdkHttpResponse response = context.httpResponse();
        boolean ofAws = response.firstMatchingHeader("x-amzn-RequestId").isPresent()
                || response.firstMatchingHeader("x-amz-request-id").isPresent();
        if (ofAws) {
            AwsFailure.date(response.firstMatchingHeader("Date")).ifPresent(signingClock::observe);
        }
    }
}
