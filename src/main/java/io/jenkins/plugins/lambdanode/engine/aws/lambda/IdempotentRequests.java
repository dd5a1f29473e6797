package io.jenkins.plugins.lambdanode.engine.aws.lambda;

import io.jenkins.plugins.lambdanode.engine.aws.client.AwsErrors;
import io.jenkins.plugins.lambdanode.engine.aws.client.AwsSession;
import io.jenkins.plugins.lambdanode.engine.aws.client.AwsOperation;
import io.jenkins.plugins.lambdanode.engine.aws.client.AwsFailure;
import io.jenkins.plugins.lambdanode.engine.base.DeployException;
import io.jenkins.plugins.lambdanode.engine.base.Backoff;
import io.jenkins.plugins.lambdanode.engine.base.Progress;
import io.jenkins.plugins.lambdanode.engine.base.SafeText;
import io.jenkins.plugins.lambdanode.engine.http.SendReply;
import io.jenkins.plugins.lambdanode.engine.http.SendRequest;
import io.jenkins.plugins.lambdanode.engine.workspace.Workspace;
import java.io.IOException;
import java.net.URI;
import java.time.Duration;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.function.Supplier;
import software.amazon.awssdk.core.exception.SdkException;

/**
 * Sends changes to Lambda, by the workspace or by the SDK, each until it is known to have been carried out or to be refused. A
 * change whose answer is lost is not sent again before it is known that it was not carried out.
 */
public final class IdempotentRequests {

    public static final int ATTEMPTS = 8;

    private final AwsSession session;
    private final Workspace workspace;
    private final Progress progress;
    private final Backoff pacing;
    private final LambdaSigner signer;

    IdempotentRequests(AwsSession session, Workspace workspace, Progress progress, Backoff pacing) {
        this.session = session;
        this.workspace = workspace;
        this.progress = progress;
        this.pacing = pacing;
        this.signer = new LambdaSigner(session.region());
    }

    /**
     * A change.
     *
     * @param <T> what Lambda answers
     */
    interface Change<T> {

        AwsOperation call();

        Outcome<T> send() throws IOException, InterruptedException;

        /** The answer, where it says that the change is the one that was meant. */
        T checked(T answer) throws DeployException;

        /** What the change would have answered, where it has been carried out all the same: after a conflict, or when in doubt. */
        Optional<T> already(AwsFailure refusal) throws DeployException, InterruptedException;

        /** Whether a refusal goes away when the change is sent again. */
        default boolean passes(AwsFailure refusal) throws DeployException, InterruptedException {
            return false;
        }
    }

    /** One way of sending a change. */
    interface Attempt<T> {
        Outcome<T> send() throws IOException, InterruptedException;
    }

    /** What became of an attempt: the answer, or why not. */
    record Outcome<T>(Optional<T> done, Optional<AwsFailure> refused) {}

    /** Reads an answer's JSON. */
    interface Reading<T> {
        T read(String json) throws DeployException;
    }

    /** Sent by the SDK, with the client that sends each request once. */
    static <T> Outcome<T> bySdk(Supplier<T> request) throws InterruptedException {
        try {
            return new Outcome<>(Optional.of(AwsErrors.interruptible(request)), Optional.empty());
        } catch (SdkException e) {
            return new Outcome<>(Optional.empty(), Optional.of(AwsFailure.of(e)));
        }
    }

    /** Sent by the workspace, where the package is, under a signature for exactly this body. */
    <T> Attempt<T> direct(AwsOperation call, CodeRequest request, Reading<T> reading) throws IOException, InterruptedException {
        byte[] digest = workspace.digest(List.of(request.body())).get(0);
        String endpoint = session.lambdaEndpoint().toString().replaceFirst("/+$", "");
        URI url = URI.create(endpoint + request.path());
        return () -> {
            SendRequest signed = signer.sign(
                    request.method(),
                    url,
                    Map.of("Content-Type", "application/json"),
                    request.body(),
                    digest,
                    session.resolvedCredentials(),
                    session.signingClock().over(pacing.clock()));
            SendReply reply = workspace.send(List.of(signed)).get(0);
            if (reply.fileFailed()) {
                throw AwsErrors.unreadable(call, reply.failure());
            }
            return reply.successful()
                    ? new Outcome<>(Optional.of(reading.read(reply.body())), Optional.empty())
                    : new Outcome<>(Optional.empty(), Optional.of(AwsFailure.of(reply)));
        };
    }

    /**
     * Sends a change until it has been carried out.
     *
     * @throws DeployException if Lambda refuses it, or has carried out another one than was meant
     */
    <T> T carriedOut(Change<T> change) throws IOException, InterruptedException {
        boolean signedAnew = false;
        for (int failures = 1; ; failures++) {
            Outcome<T> outcome = change.send();
            if (outcome.done().isPresent()) {
                return change.checked(outcome.done().get());
            }
            AwsFailure refusal = outcome.refused().orElseThrow();
            Optional<T> already = Optional.empty();
            if (refusal.is("ResourceConflictException") || refusal.inDoubt()) {
                already = change.already(refusal);
            } else if (!refusal.throttled() && !change.passes(refusal)) {
                if (signedAnew || !signableAnew(refusal)) {
                    throw AwsErrors.explained(change.call(), refusal);
                }
                signedAnew = true;
            }
            if (already.isPresent()) {
                progress.log("Asked again about " + change.call().subject() + ": the change has been carried out");
                return already.get();
            }
            if (failures == ATTEMPTS) {
                throw AwsErrors.explained(change.call(), refusal);
            }
            progress.log("Trying again (" + failures + " of " + (ATTEMPTS - 1) + "): "
                    + SafeText.oneLine(refusal.code() + " " + refusal.message(), 200).strip());
            pacing.backOff(failures, refusal.retryAfter());
        }
    }

    /**
     * Credentials that have run out, a clock that is wrong, and bytes that changed on the way, which Lambda tells by a
     * signature that does not match, are put right once.
     */
    private boolean signableAnew(AwsFailure refusal) {
        Optional<Duration> difference = session.signingClock().learn(refusal, pacing.clock());
        difference.ifPresent(ahead -> progress.log("This machine's clock differs from AWS's by " + ahead.toSeconds()
                + " seconds; signing with AWS's time"));
        return difference.isPresent() || refusal.credentialsExpired() || refusal.signatureMismatch();
    }
}
