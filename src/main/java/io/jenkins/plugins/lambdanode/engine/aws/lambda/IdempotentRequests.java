package io.jenkins.plugins.lambdanode.engine.aws.lambda;

import io.jenkins.plugins.lambdanode.engine.aws.client.AwsCalls;
import io.jenkins.plugins.lambdanode.engine.aws.client.AwsErrors;
import io.jenkins.plugins.lambdanode.engine.aws.client.AwsFailure;
import io.jenkins.plugins.lambdanode.engine.aws.client.AwsOperation;
import io.jenkins.plugins.lambdanode.engine.aws.client.AwsSession;
import io.jenkins.plugins.lambdanode.engine.aws.client.OfflineClient;
import io.jenkins.plugins.lambdanode.engine.base.Backoff;
import io.jenkins.plugins.lambdanode.engine.base.DeployException;
import io.jenkins.plugins.lambdanode.engine.base.Progress;
import io.jenkins.plugins.lambdanode.engine.base.Retry;
import io.jenkins.plugins.lambdanode.engine.base.SafeText;
import io.jenkins.plugins.lambdanode.engine.http.Body;
import io.jenkins.plugins.lambdanode.engine.http.SendReply;
import io.jenkins.plugins.lambdanode.engine.http.SendRequest;
import io.jenkins.plugins.lambdanode.engine.pack.api.PackReport;
import io.jenkins.plugins.lambdanode.engine.workspace.Workspace;
import java.io.IOException;
import java.time.Duration;
import java.util.Base64;
import java.util.List;
import java.util.Optional;
import java.util.function.Function;
import java.util.function.Supplier;
import software.amazon.awssdk.core.exception.SdkException;
import software.amazon.awssdk.http.SdkHttpRequest;
import software.amazon.awssdk.services.lambda.LambdaClient;

/**
 * Sends changes to Lambda, by the workspace or by the SDK, each until it is known to have been applied or to be refused. A
 * change whose response is lost is not sent again before it is known that it was not applied.
 */
final class IdempotentRequests {

    static final int ATTEMPTS = 8;

    private final AwsSession session;
    private final Workspace workspace;
    private final Progress progress;
    private final Backoff backoff;
    private final LambdaSigner signer;

    IdempotentRequests(AwsSession session, Workspace workspace, Progress progress, Backoff backoff) {
        this.session = session;
        this.workspace = workspace;
        this.progress = progress;
        this.backoff = backoff;
        this.signer = new LambdaSigner(session.region());
    }

    /**
     * A change.
     *
     * @param <T> what Lambda responds with
     */
    interface Change<T> {

        AwsOperation operation();

        Response<T> send() throws IOException, InterruptedException;

        /** The response, where it says that the change is the one that was meant. */
        T verify(T response) throws DeployException;

        /** What the response would have been, where the change has been applied all the same: after a conflict, or when in doubt. */
        Optional<T> findApplied(AwsFailure failure) throws DeployException, InterruptedException;

        /** Whether a refusal can be over when the change is sent again. */
        default boolean isTransient(AwsFailure failure) throws DeployException, InterruptedException {
            return false;
        }

        /** What is added to the error where the account's code storage is full: lines that say what holds it; can be empty. */
        default String codeStorage() throws InterruptedException {
            return "";
        }

        /** The pause before the change is sent again after a refusal with a limit of its own; empty where it has none, or no more. */
        default Optional<Duration> pauseBeforeRetry(AwsFailure failure) {
            return Optional.empty();
        }
    }

    /** One way of sending a change. */
    interface Attempt<T> {
        Response<T> send() throws IOException, InterruptedException;
    }

    /** What Lambda responded: the result, or why not. */
    record Response<T>(Optional<T> result, Optional<AwsFailure> failure) {
        static <T> Response<T> failed(AwsFailure failure) {
            return new Response<>(Optional.empty(), Optional.of(failure));
        }
    }

    /** Sent by the SDK, with the client that sends each request once. */
    static <T> Response<T> bySdk(Supplier<T> request) throws InterruptedException {
        return response(() -> AwsCalls.interruptible(request));
    }

    private interface SdkCall<T> {
        T run() throws InterruptedException;
    }

    private static <T> Response<T> response(SdkCall<T> call) throws InterruptedException {
        try {
            return new Response<>(Optional.of(call.run()), Optional.empty());
        } catch (SdkException e) {
            return Response.failed(AwsFailure.of(e));
        }
    }

    /**
     * How a request with code is sent: by the workspace where the package goes along, or else by the SDK.
     *
     * @param request the call of one operation, whose code is {@link CodeRequests#PACKAGE} or in S3
     */
    <T> Attempt<T> attempt(AwsOperation operation, CodeSource source, Function<LambdaClient, T> request)
            throws IOException, InterruptedException {
        return source instanceof CodeSource.Direct direct
                ? byWorkspace(operation, direct.report(), request)
                : () -> bySdk(() -> request.apply(session.lambdaOnce()));
    }

    /** Sent by the workspace, where the package is, under a signature for exactly this body. */
    private <T> Attempt<T> byWorkspace(AwsOperation operation, PackReport report, Function<LambdaClient, T> request)
            throws IOException, InterruptedException {
        OfflineClient.Written written = session.lambdaOffline().write(request::apply);
        SdkHttpRequest.Builder http = written.http().toBuilder().clearHeaders();
        written.http().firstMatchingHeader("Content-Type").ifPresent(type -> http.putHeader("Content-Type", type));
        Body body = around(written.body(), report);
        byte[] digest = workspace.digest(List.of(body)).get(0);
        return () -> {
            SendRequest signed = signer.sign(
                    http.build(),
                    body,
                    digest,
                    session.resolvedCredentials(),
                    session.signingClock().over(backoff.clock()));
            SendReply reply = workspace.send(List.of(signed)).get(0);
            if (reply.fileFailed()) {
                throw AwsErrors.unreadable(operation, reply.failure());
            }
            return reply.successful()
                    ? response(() -> session.lambdaOffline().read(request, reply))
                    : Response.failed(AwsFailure.of(reply));
        };
    }

    /** The request's JSON with the package in place of what stands for it. */
    static Body around(String json, PackReport report) {
        String standIn = Base64.getEncoder().encodeToString(CodeRequests.PACKAGE.asByteArray());
        int at = json.indexOf(standIn);
        return Body.base64InJson(
                report.file(), report.zippedBytes(), json.substring(0, at), json.substring(at + standIn.length()));
    }

    /**
     * Sends a change until it has been applied.
     *
     * @throws DeployException if Lambda refuses it, or has applied another one than was meant
     */
    <T> T execute(Change<T> change) throws IOException, InterruptedException {
        boolean[] signedAgain = {false};
        return new Retry(backoff, ATTEMPTS).run(failures -> {
            Response<T> response = change.send();
            if (response.result().isPresent()) {
                return new Retry.Done<>(change.verify(response.result().get()));
            }
            AwsFailure failure = response.failure().orElseThrow();
            Optional<Duration> pause = change.pauseBeforeRetry(failure);
            if (failure.is("ResourceConflictException") || failure.inDoubt()) {
                Optional<T> applied = change.findApplied(failure);
                if (applied.isPresent()) {
                    progress.log("Lambda did not confirm the change of "
                            + change.operation().subject() + ", but has applied it");
                    return new Retry.Done<>(applied.get());
                }
            } else if (!failure.throttled() && pause.isEmpty() && !change.isTransient(failure)) {
                if (signedAgain[0] || !canBeSignedAgain(failure)) {
                    DeployException refused = AwsErrors.exception(change.operation(), failure);
                    throw failure.is("CodeStorageExceededException")
                            ? new DeployException(refused.getMessage() + change.codeStorage())
                            : refused;
                }
                signedAgain[0] = true;
            }
            progress.log("Trying again"
                    + (pause.isPresent() || failures + 1 == ATTEMPTS
                            ? ""
                            : " (" + (failures + 1) + " of " + (ATTEMPTS - 1) + ")")
                    + ": "
                    + SafeText.oneLine(failure.code() + " " + failure.message(), 200)
                            .strip());
            return pause.<Retry.Outcome<T>>map(Retry.Continue::new)
                    .orElseGet(() ->
                            new Retry.Failed<>(AwsErrors.exception(change.operation(), failure), failure.retryAfter()));
        });
    }

    /**
     * Credentials that have expired, a clock that is wrong, and bytes that changed on the way, which Lambda reports as a
     * signature that does not match, are worth one more signature.
     */
    private boolean canBeSignedAgain(AwsFailure failure) {
        Optional<Duration> difference = session.signingClock().learn(failure, backoff.clock());
        difference.ifPresent(ahead -> progress.log("This machine's clock differs from AWS's by " + ahead.toSeconds()
                + " seconds; signing with AWS's time"));
        return difference.isPresent() || failure.credentialsExpired() || failure.signatureMismatch();
    }
}
