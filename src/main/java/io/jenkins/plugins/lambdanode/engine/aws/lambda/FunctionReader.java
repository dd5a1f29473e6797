package io.jenkins.plugins.lambdanode.engine.aws.lambda;

import io.jenkins.plugins.lambdanode.engine.aws.client.AwsCalls;
import io.jenkins.plugins.lambdanode.engine.aws.client.AwsErrors;
import io.jenkins.plugins.lambdanode.engine.aws.client.AwsFailure;
import io.jenkins.plugins.lambdanode.engine.aws.client.AwsOperation;
import io.jenkins.plugins.lambdanode.engine.aws.client.AwsSession;
import io.jenkins.plugins.lambdanode.engine.base.Backoff;
import io.jenkins.plugins.lambdanode.engine.base.DeployException;
import io.jenkins.plugins.lambdanode.engine.base.Progress;
import io.jenkins.plugins.lambdanode.engine.base.SafeText;
import java.time.Duration;
import java.time.Instant;
import java.util.Optional;
import java.util.function.Predicate;
import software.amazon.awssdk.services.lambda.model.GetFunctionConfigurationRequest;
import software.amazon.awssdk.services.lambda.model.ResourceNotFoundException;

/** Reads functions and waits for them. */
public final class FunctionReader {

    private static final Duration FIRST_POLL = Duration.ofMillis(200);
    private static final Duration MAX_POLL = Duration.ofSeconds(5);

    /** Lambda's reads can be older than an own change for some seconds (terraform-provider-aws #25440, #14578). */
    private static final Duration STALE_READS = Duration.ofSeconds(20);

    private final AwsSession session;
    private final Progress progress;
    private final Backoff backoff;
    private final LambdaOperations operations;

    public FunctionReader(AwsSession session, Progress progress) {
        this(session, progress, Backoff.REAL);
    }

    FunctionReader(AwsSession session, Progress progress, Backoff backoff) {
        this.session = session;
        this.progress = progress;
        this.backoff = backoff;
        this.operations = new LambdaOperations(session);
    }

    /**
     * The function as it is now; empty where it does not exist.
     *
     * @throws DeployException if Lambda cannot be asked, or the name is of another region than the session's
     */
    public Optional<FunctionState> find(FunctionName function) throws DeployException, InterruptedException {
        if (function.region().isPresent() && !function.region().get().equals(session.region())) {
            throw new DeployException("The function " + function + " is in region "
                    + function.region().get() + ", and the deployment is for " + session.region()
                    + ".\nSet the function's own region.");
        }
        return describe(
                operations.onFunction("Lambda did not describe", "GetFunctionConfiguration", function),
                GetFunctionConfigurationRequest.builder()
                        .functionName(function.value())
                        .build());
    }

    /** A version as it is now; empty where there is none. */
    public Optional<FunctionState> findVersion(FunctionName function, String version)
            throws DeployException, InterruptedException {
        return describe(
                operations.onVersion("Lambda did not describe", "GetFunctionConfiguration", function, version),
                GetFunctionConfigurationRequest.builder()
                        .functionName(function.value())
                        .qualifier(version)
                        .build());
    }

    /**
     * A URL to get a function's package by, valid for ten minutes (Lambda API reference, GetFunction, Code.Location).
     *
     * @param functionArn without a qualifier
     * @param version empty for what the function has now
     */
    public String codeLocation(String functionArn, Optional<String> version)
            throws DeployException, InterruptedException {
        FunctionName function = FunctionName.parse(functionArn);
        AwsOperation operation = version.isPresent()
                ? operations.onVersion("Lambda did not give the package of", "GetFunction", function, version.get())
                : operations.onFunction("Lambda did not give the package of", "GetFunction", function);
        return AwsCalls.call(
                operation,
                () -> session.lambda()
                        .getFunction(
                                request -> request.functionName(functionArn).qualifier(version.orElse(null)))
                        .code()
                        .location());
    }

    private Optional<FunctionState> describe(AwsOperation operation, GetFunctionConfigurationRequest request)
            throws DeployException, InterruptedException {
        Optional<FunctionState> state = AwsCalls.call(operation, () -> {
            try {
                return Optional.of(FunctionState.from(session.lambda().getFunctionConfiguration(request)));
            } catch (ResourceNotFoundException e) {
                return Optional.empty();
            }
        });
        return state.isPresent() ? Optional.of(state.get().requireLambdaResponse()) : state;
    }

    /**
     * Waits until the function is neither being created nor updated.
     *
     * @throws DeployException if its creation or last update failed, in Lambda's words; if it is not ready in time; if there
     *     is no such function
     */
    public FunctionState awaitReady(FunctionName function, Duration within)
            throws DeployException, InterruptedException {
        return requireNotFailed(function, awaitSettled(function, within));
    }

    /**
     * The same after a change of the code: a response that is older than the change, which Lambda can give for some seconds, is
     * not taken for the function's state.
     *
     * @param codeSha256 what the function has after the change; the result has another one where someone else has changed it since
     */
    public FunctionState awaitUpdate(FunctionName function, String codeSha256, Duration within)
            throws DeployException, InterruptedException {
        Predicate<FunctionState> upToDate =
                state -> state.settled() && state.codeSha256().equals(codeSha256);
        return requireNotFailed(
                function,
                await("Function " + function.name(), () -> find(function), upToDate, within)
                        .orElseThrow(() -> missing(function)));
    }

    private static FunctionState requireNotFailed(FunctionName function, FunctionState state) throws DeployException {
        if (state.lastUpdateStatus().equals("Failed")) {
            throw new DeployException(
                    "The update of function " + function.name() + " failed in Lambda: "
                            + reason(state.lastUpdateStatusReason(), state.lastUpdateStatusReasonCode())
                            + "\nThe function still runs its previous code. Fix what Lambda names and run the deployment again.");
        }
        if (state.state().equals("Failed")) {
            throw new DeployException("Function " + function.name() + " is in state Failed: "
                    + reason(state.stateReason(), state.stateReasonCode())
                    + "\nFix what Lambda names and run the deployment again.");
        }
        return state;
    }

    /** Waits until no creation or update is in progress, whatever came of it. */
    public FunctionState awaitSettled(FunctionName function, Duration within)
            throws DeployException, InterruptedException {
        return await("Function " + function.name(), () -> find(function), FunctionState::settled, within)
                .orElseThrow(() -> missing(function));
    }

    /**
     * Checks, before anything is built or sent, that a deployment to the function can succeed.
     *
     * @param revisionId what the function's revision must be; empty for any
     * @throws DeployException if it is being deleted, or has another revision
     */
    public void requireDeployable(FunctionState state, Optional<String> revisionId) throws DeployException {
        if (state.state().equals("Deleting")) {
            throw new DeployException(
                    "Function " + state.functionName() + " is being deleted.\nRun the deployment again when it"
                            + " is gone, with create, or deploy to another function.");
        }
        if (state.state().equals("Failed")) {
            progress.warning("Function " + state.functionName() + " is in state Failed: "
                    + reason(state.stateReason(), state.stateReasonCode())
                    + ". Where Lambda refuses to update it, delete it and have it created again.");
        }
        if (revisionId.isPresent() && !revisionId.get().equals(state.revisionId())) {
            throw new DeployException("Function " + state.functionName() + " has the RevisionId " + state.revisionId()
                    + ", and the deployment is for " + revisionId.get()
                    + ": the function was changed after that was read.\nRead the"
                    + " RevisionId again (aws lambda get-function-configuration), or deploy without one.");
        }
    }

    /**
     * Waits until a published version can be invoked. An alias that moves to one that cannot, yet or ever, is refused, or fails
     * its callers (terraform-provider-aws #49904).
     *
     * @throws DeployException if it failed, in Lambda's words, or is not active in time
     */
    public void awaitVersion(FunctionName function, String version, Duration within)
            throws DeployException, InterruptedException {
        String name = "Version " + version + " of function " + function.name();
        FunctionState state = await(name, () -> findVersion(function, version), FunctionState::settled, within)
                .orElseThrow(() ->
                        new DeployException(name + " does not exist: someone else has deleted it.\nRun the deployment"
                                + " again: it publishes another one."));
        if (state.state().equals("Failed")) {
            throw new DeployException(
                    name + " is in state Failed: " + reason(state.stateReason(), state.stateReasonCode())
                            + "\nNo alias was moved to it. Fix what Lambda names and run the deployment again.");
        }
    }

    private interface Read {
        Optional<FunctionState> now() throws DeployException, InterruptedException;
    }

    /** A settled state that is not the expected one, and a missing function, are believed when they stay for a while. */
    private Optional<FunctionState> await(String name, Read read, Predicate<FunctionState> expected, Duration within)
            throws DeployException, InterruptedException {
        Instant start = backoff.clock().instant();
        Duration pause = FIRST_POLL;
        for (boolean logged = false; ; ) {
            Optional<FunctionState> state = read.now();
            if (state.isPresent() && expected.test(state.get())) {
                return state;
            }
            boolean settled = state.isEmpty() || state.get().settled();
            Duration limit = settled && STALE_READS.compareTo(within) < 0 ? STALE_READS : within;
            if (!backoff.clock().instant().plus(pause).isBefore(start.plus(limit))) {
                if (settled) {
                    return state;
                }
                throw new DeployException(name + " was not ready after " + within.toSeconds() + " seconds: "
                        + describe(state.get())
                        + "\nThe operation continues in AWS. Run the deployment again to see how it ended,"
                        + " or set a longer timeout.");
            }
            if (!settled && !logged) {
                progress.log("Waiting for " + name.substring(0, 1).toLowerCase() + name.substring(1) + ": "
                        + describe(state.get()));
                logged = true;
            }
            backoff.sleeper().sleep(pause);
            pause = pause.multipliedBy(3).dividedBy(2);
            pause = pause.compareTo(MAX_POLL) < 0 ? pause : MAX_POLL;
        }
    }

    private static String describe(FunctionState state) {
        String reason = state.state().equals("Pending") ? state.stateReason() : state.lastUpdateStatusReason();
        return "State " + state.state()
                + (state.lastUpdateStatus().isEmpty() ? "" : ", LastUpdateStatus " + state.lastUpdateStatus())
                + (reason.isEmpty() ? "" : " (" + SafeText.oneLine(reason, 500) + ")");
    }

    private static String reason(String reason, String code) {
        String words = SafeText.oneLine(reason, 1000);
        return words.isEmpty()
                ? (code.isEmpty() ? "no reason given" : code)
                : words + (code.isEmpty() ? "" : " (" + code + ")");
    }

    /** The error for a function that does not exist, with the hint how to have it created. */
    public DeployException missing(FunctionName function) {
        return AwsErrors.exception(
                operations.onFunction("Lambda did not find", "GetFunctionConfiguration", function),
                AwsFailure.of(404, "ResourceNotFoundException", ""));
    }

    /** The function's ARN, as Lambda gave it; the account is {@code *} where neither Lambda nor the name says it. */
    public String arn(FunctionName function, Optional<FunctionState> state) {
        return state.map(FunctionState::functionArn).orElseGet(() -> operations.arn(function));
    }
}
