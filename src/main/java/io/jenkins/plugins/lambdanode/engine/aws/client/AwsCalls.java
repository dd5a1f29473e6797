package io.jenkins.plugins.lambdanode.engine.aws.client;

import io.jenkins.plugins.lambdanode.engine.base.DeployException;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.FutureTask;
import java.util.function.Supplier;
import software.amazon.awssdk.core.exception.AbortedException;
import software.amazon.awssdk.core.exception.SdkException;

/** Calls the AWS SDK. */
public final class AwsCalls {

    private AwsCalls() {}

    /**
     * Calls AWS.
     *
     * @throws DeployException if it refuses or cannot be reached
     * @throws InterruptedException if the thread is interrupted
     */
    public static <T> T call(AwsOperation operation, Supplier<T> request) throws DeployException, InterruptedException {
        try {
            return interruptible(request);
        } catch (SdkException e) {
            throw AwsErrors.exception(operation, AwsFailure.of(e), e);
        }
    }

    /**
     * Calls the SDK in a thread of its own: an interrupt does not end its wait for a server that is silent. That thread ends when
     * the session is closed.
     */
    public static <T> T interruptible(Supplier<T> request) throws InterruptedException {
        FutureTask<T> call = new FutureTask<>(() -> renewingCredentials(request));
        Thread thread = new Thread(call, "AWS call");
        thread.setDaemon(true);
        thread.start();
        try {
            return call.get();
        } catch (InterruptedException e) {
            call.cancel(true);
            throw e;
        } catch (ExecutionException e) {
            if (e.getCause() instanceof AbortedException aborted) {
                throw new InterruptedException(aborted.getMessage());
            }
            if (e.getCause() instanceof RuntimeException failure) {
                throw failure;
            }
            throw new IllegalStateException(e.getCause());
        }
    }

    /**
     * Calls the SDK, once more where the credentials have expired: it asks their provider, who may have new ones, once for a
     * call and not for its retries.
     */
    public static <T> T renewingCredentials(Supplier<T> request) {
        try {
            return request.get();
        } catch (SdkException e) {
            if (AwsFailure.of(e).mayBeExpired()) {
                return request.get();
            }
            throw e;
        }
    }
}
