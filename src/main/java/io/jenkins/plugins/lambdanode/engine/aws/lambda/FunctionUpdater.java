package io.jenkins.plugins.lambdanode.engine.aws.lambda;

import io.jenkins.plugins.lambdanode.engine.aws.client.AwsFailure;
import io.jenkins.plugins.lambdanode.engine.aws.client.AwsOperation;
import io.jenkins.plugins.lambdanode.engine.aws.client.AwsSession;
import io.jenkins.plugins.lambdanode.engine.base.Backoff;
import io.jenkins.plugins.lambdanode.engine.base.DeployException;
import io.jenkins.plugins.lambdanode.engine.base.Progress;
import io.jenkins.plugins.lambdanode.engine.workspace.Workspace;
import java.io.IOException;
import java.time.Duration;
import java.time.Instant;
import java.util.List;
import java.util.Optional;
import java.util.function.UnaryOperator;

/** Changes functions: creates them, gives them code and layers. */
public final class FunctionUpdater {

    /** A role of seconds ago is refused with these words until IAM's change has reached Lambda and KMS. */
    private static final List<String> NEW_ROLE = List.of("cannot be assumed by Lambda", "is invalid for CreateGrant");

    private static final Duration NEW_ROLE_PAUSE = Duration.ofSeconds(5);

    private final AwsSession session;
    private final Progress progress;
    private final Duration timeout;
    private final Backoff backoff;
    private final FunctionReader reader;
    private final IdempotentRequests requests;
    private final LambdaOperations operations;

    /** @param timeout how long to wait for another operation on the same function, and for a new role */
    public FunctionUpdater(AwsSession session, Workspace workspace, Progress progress, Duration timeout) {
        this(session, workspace, progress, timeout, Backoff.REAL);
    }

    FunctionUpdater(AwsSession session, Workspace workspace, Progress progress, Duration timeout, Backoff backoff) {
        this.session = session;
        this.progress = progress;
        this.timeout = timeout;
        this.backoff = backoff;
        this.reader = new FunctionReader(session, progress, backoff);
        this.requests = new IdempotentRequests(session, workspace, progress, backoff);
        this.operations = new LambdaOperations(session);
    }

    /**
     * Gives the function new code. The update then still has to take effect: {@link FunctionReader#awaitUpdate}.
     *
     * @param expectedCodeSha256 the package's SHA-256 in base64, as {@link FunctionState#codeSha256()} must be afterwards
     * @return the function as Lambda responds; after a dry run, the function as it is
     * @throws DeployException if Lambda refuses, or has got other bytes than those that were packaged
     */
    public FunctionState update(
            FunctionName function, CodeSource source, UpdateOptions options, String expectedCodeSha256)
            throws IOException, InterruptedException {
        AwsOperation operation = source.fetched(
                operations.onFunction("Lambda did not update the code of", "UpdateFunctionCode", function),
                session.partition());
        var request = CodeRequests.update(function, source, options);
        IdempotentRequests.Attempt<FunctionState> attempt =
                requests.attempt(operation, source, lambda -> FunctionState.from(lambda.updateFunctionCode(request)));
        return requests.execute(new CodeChange(operation, function, attempt, expectedCodeSha256) {
            @Override
            boolean isVerified() {
                return !options.dryRun();
            }

            @Override
            boolean isApplied(FunctionState now) {
                return !options.dryRun()
                        && super.isApplied(now)
                        && (options.architectures().isEmpty()
                                || options.architectures().equals(now.architectures()));
            }

            @Override
            Optional<FunctionState> afterConflict() throws DeployException, InterruptedException {
                return Optional.of(awaitOther(function)).filter(this::isApplied);
            }
        });
    }

    /** The function when another operation on it has ended. */
    private FunctionState awaitOther(FunctionName function) throws DeployException, InterruptedException {
        progress.log("Another operation on function " + function.name() + " is in progress; waiting for its end");
        return reader.awaitSettled(function, timeout);
    }

    /**
     * Gives the function other layers. The update then still has to take effect: {@link FunctionReader#awaitReady}. Where someone
     * else has changed the function since it was read, it is read again, so that no layer of theirs is lost.
     *
     * @param known the function as it was last read
     * @param layers makes of the ARNs of the function's layers those that it is to have; of these it makes the same
     * @param revisionId update only if this is still the function's revision; empty for any
     * @return the function as Lambda responds
     * @throws DeployException if Lambda refuses
     */
    public FunctionState updateLayers(
            FunctionName function, FunctionState known, UnaryOperator<List<String>> layers, Optional<String> revisionId)
            throws IOException, InterruptedException {
        AwsOperation operation =
                operations.onFunction("Lambda did not update the layers of", "UpdateFunctionConfiguration", function);
        return requests.execute(new IdempotentRequests.Change<FunctionState>() {
            private FunctionState seen = known;

            @Override
            public AwsOperation operation() {
                return operation;
            }

            @Override
            public IdempotentRequests.Response<FunctionState> send() throws InterruptedException {
                String revision = revisionId.orElse(seen.revisionId());
                return IdempotentRequests.bySdk(() -> FunctionState.from(session.lambdaOnce()
                        .updateFunctionConfiguration(request -> request.functionName(function.value())
                                .layers(layers.apply(seen.layerArns()))
                                .revisionId(revision.isEmpty() ? null : revision))));
            }

            @Override
            public FunctionState verify(FunctionState response) throws DeployException {
                return response.requireLambdaResponse();
            }

            @Override
            public Optional<FunctionState> findApplied(AwsFailure failure)
                    throws DeployException, InterruptedException {
                Optional<FunctionState> now = failure.is("ResourceConflictException")
                        ? Optional.of(awaitOther(function))
                        : reader.find(function);
                return now.filter(state -> layers.apply(state.layerArns()).equals(state.layerArns()));
            }

            @Override
            public boolean isTransient(AwsFailure failure) throws DeployException, InterruptedException {
                if (!failure.is("PreconditionFailedException") || revisionId.isPresent()) {
                    return false;
                }
                seen = reader.awaitSettled(function, timeout);
                return true;
            }
        });
    }

    /**
     * Creates the function. It then still has to become active: {@link FunctionReader#awaitUpdate}.
     *
     * <p>A role that was created a moment ago is unknown to Lambda for some seconds, sometimes minutes; the creation is tried
     * again until the timeout.
     *
     * @throws DeployException if Lambda refuses, or has got other bytes than those that were packaged, or someone else has
     *     created the function in the meantime
     */
    public FunctionState create(
            FunctionName function, CodeSource source, CreateOptions options, String expectedCodeSha256)
            throws IOException, InterruptedException {
        AwsOperation operation = source.fetched(
                operations.onFunction("Lambda did not create", "CreateFunction", function), session.partition());
        var request = CodeRequests.create(function, source, options);
        IdempotentRequests.Attempt<FunctionState> attempt =
                requests.attempt(operation, source, lambda -> FunctionState.from(lambda.createFunction(request)));
        Instant end = backoff.clock().instant().plus(timeout);
        return requests.execute(new CodeChange(operation, function, attempt, expectedCodeSha256) {
            @Override
            Optional<FunctionState> afterConflict() throws DeployException, InterruptedException {
                Optional<FunctionState> there = reader.find(function);
                if (there.isPresent() && !isApplied(there.get())) {
                    throw new DeployException(
                            "Function " + function.name()
                                    + " was created by someone else while this deployment ran.\nRun it again: it then updates it.");
                }
                return there;
            }

            @Override
            public Optional<Duration> pauseBeforeRetry(AwsFailure failure) {
                boolean newRole = NEW_ROLE.stream().anyMatch(failure.message()::contains);
                return newRole && backoff.clock().instant().plus(NEW_ROLE_PAUSE).isBefore(end)
                        ? Optional.of(NEW_ROLE_PAUSE)
                        : Optional.empty();
            }
        });
    }

    /** A change of a function's code. */
    private abstract class CodeChange implements IdempotentRequests.Change<FunctionState> {
        private final AwsOperation operation;
        private final FunctionName function;
        private final IdempotentRequests.Attempt<FunctionState> attempt;
        private final String expected;

        CodeChange(
                AwsOperation operation,
                FunctionName function,
                IdempotentRequests.Attempt<FunctionState> attempt,
                String expected) {
            this.operation = operation;
            this.function = function;
            this.attempt = attempt;
            this.expected = expected;
        }

        @Override
        public AwsOperation operation() {
            return operation;
        }

        @Override
        public String codeStorage() throws InterruptedException {
            return new CodeStorage(session).ofFunction(function);
        }

        @Override
        public IdempotentRequests.Response<FunctionState> send() throws IOException, InterruptedException {
            return attempt.send();
        }

        @Override
        public FunctionState verify(FunctionState response) throws DeployException {
            if (isVerified() && !response.requireLambdaResponse().codeSha256().equals(expected)) {
                throw new DeployException(
                        "Function " + function.name() + " has other code than was packaged: CodeSha256 is "
                                + response.codeSha256() + ", the package's is " + expected
                                + "\nThe package was changed on its way or in the workspace. Run the deployment again.");
            }
            return response;
        }

        @Override
        public Optional<FunctionState> findApplied(AwsFailure failure) throws DeployException, InterruptedException {
            return failure.is("ResourceConflictException")
                    ? afterConflict()
                    : reader.find(function).filter(this::isApplied);
        }

        /** Whether the function is as this change makes it. */
        boolean isApplied(FunctionState now) {
            return now.codeSha256().equals(expected);
        }

        /** Whether the response's CodeSha256 is the new code's. */
        boolean isVerified() {
            return true;
        }

        /** The function where the change has been applied all the same; empty to try again. */
        abstract Optional<FunctionState> afterConflict() throws DeployException, InterruptedException;
    }
}
