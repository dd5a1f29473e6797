package io.jenkins.plugins.lambdanode.engine.aws.lambda;

import io.jenkins.plugins.lambdanode.engine.aws.client.AwsCalls;
import io.jenkins.plugins.lambdanode.engine.aws.client.AwsErrors;
import io.jenkins.plugins.lambdanode.engine.aws.client.AwsFailure;
import io.jenkins.plugins.lambdanode.engine.aws.client.AwsOperation;
import io.jenkins.plugins.lambdanode.engine.aws.client.AwsSession;
import io.jenkins.plugins.lambdanode.engine.base.Backoff;
import io.jenkins.plugins.lambdanode.engine.base.DeployException;
import io.jenkins.plugins.lambdanode.engine.base.Retry;
import io.jenkins.plugins.lambdanode.engine.base.SafeText;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.Base64;
import java.util.List;
import java.util.Optional;
import java.util.stream.Stream;
import software.amazon.awssdk.core.SdkBytes;
import software.amazon.awssdk.core.exception.SdkException;
import software.amazon.awssdk.services.lambda.LambdaClient;
import software.amazon.awssdk.services.lambda.model.InvokeResponse;
import software.amazon.awssdk.services.lambda.model.LogType;
import software.amazon.awssdk.services.lambda.model.TooManyRequestsException;

/** Invokes functions and waits for their response. */
public final class FunctionInvoker {

    private final AwsSession session;
    private final FunctionReader functions;
    private final Duration timeout;
    private final Retry retry;
    private final LambdaOperations operations;

    /** @param timeout how long to wait until a function that has been idle for weeks is ready */
    public FunctionInvoker(AwsSession session, FunctionReader functions, Duration timeout) {
        this.session = session;
        this.functions = functions;
        this.timeout = timeout;
        this.retry = new Retry(Backoff.REAL, IdempotentRequests.ATTEMPTS);
        this.operations = new LambdaOperations(session);
    }

    /**
     * Invokes a function once. Only what Lambda has refused for its load, or since the function is not ready, is asked again: it did
     * not run.
     *
     * @param version a version's number, or {@code $LATEST}
     * @param payload JSON
     * @throws DeployException if Lambda does not invoke it, or its response is lost; an error of the function is a result
     */
    public Invocation invoke(FunctionName function, String version, String payload)
            throws IOException, InterruptedException {
        AwsOperation operation = operations.onVersion("Lambda did not invoke", "InvokeFunction", function, version);
        try (LambdaClient lambda = session.lambdaForInvocations()) {
            return retry.run(failures -> {
                try {
                    return new Retry.Done<>(invocation(
                            AwsCalls.interruptible(() -> lambda.invoke(request -> request.functionName(function.value())
                                    .qualifier(version)
                                    .logType(LogType.TAIL)
                                    .payload(SdkBytes.fromUtf8String(payload))))));
                } catch (SdkException e) {
                    AwsFailure failure = AwsFailure.of(e);
                    if (failure.is("TooManyRequestsException")) {
                        return new Retry.Failed<>(busy(operation, failure, e), failure.retryAfter());
                    }
                    if (failure.is("ResourceNotReadyException", "ResourceConflictException")) {
                        awaitReady(function, version);
                        return new Retry.Failed<>(AwsErrors.exception(operation, failure, e), failure.retryAfter());
                    }
                    if (mayHaveRun(failure)) {
                        throw new DeployException(
                                "The response of version " + version + " of function " + function.name() + " was lost: "
                                        + SafeText.oneLine(e.getMessage(), 500)
                                        + "\nWhether it ran is not known, and it was not invoked again. Run the deployment again if"
                                        + " the function may run twice.",
                                e);
                    }
                    throw AwsErrors.exception(operation, failure, e);
                }
            });
        }
    }

    /** Lambda's refusals before it runs a function, 502 for those of its network or keys, have names (API reference, Invoke). */
    private static boolean mayHaveRun(AwsFailure failure) {
        return failure.inDoubt() && (failure.code().isEmpty() || failure.is("ServiceException", "InternalFailure"));
    }

    private void awaitReady(FunctionName function, String version) throws DeployException, InterruptedException {
        if (version.equals(FunctionReleases.UNPUBLISHED)) {
            functions.awaitReady(function, timeout);
        } else {
            functions.awaitVersion(function, version, timeout);
        }
    }

    private static DeployException busy(AwsOperation operation, AwsFailure failure, SdkException cause) {
        return cause instanceof TooManyRequestsException refused
                        && String.valueOf(refused.reasonAsString()).startsWith("ReservedFunction")
                ? new DeployException(
                        operation.failed()
                                + ": the function's reserved concurrency is 0, or in use.\nRaise it (aws lambda"
                                + " put-function-concurrency), or deploy without smokeTest.",
                        cause)
                : AwsErrors.exception(operation, failure, cause);
    }

    private static Invocation invocation(InvokeResponse response) throws DeployException {
        if (response.statusCode() == null && response.payload() == null) {
            throw FunctionState.notFromLambda("{}", null);
        }
        return new Invocation(
                response.payload() == null ? "" : response.payload().asUtf8String(),
                Optional.ofNullable(response.functionError()),
                lines(response.logResult()));
    }

    private static List<String> lines(String logResult) {
        if (logResult == null) {
            return List.of();
        }
        String text = new String(Base64.getDecoder().decode(logResult), StandardCharsets.UTF_8);
        return Stream.of(text.split("\\R")).filter(line -> !line.isBlank()).toList();
    }
}
