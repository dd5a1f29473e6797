package io.jenkins.plugins.lambdanode.engine.aws.lambda;

import io.jenkins.plugins.lambdanode.engine.aws.client.AwsErrors;
import io.jenkins.plugins.lambdanode.engine.aws.client.AwsSession;
import io.jenkins.plugins.lambdanode.engine.aws.client.AwsOperation;
import io.jenkins.plugins.lambdanode.engine.aws.client.AwsFailure;
import io.jenkins.plugins.lambdanode.engine.base.DeployException;
import io.jenkins.plugins.lambdanode.engine.base.Backoff;
import io.jenkins.plugins.lambdanode.engine.base.Progress;
import io.jenkins.plugins.lambdanode.engine.base.SafeText;
import io.jenkins.plugins.lambdanode.engine.workspace.Workspace;
import java.io.IOException;
import java.time.Duration;
import java.time.Instant;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.function.UnaryOperator;
import software.amazon.awssdk.core.exception.SdkException;
import software.amazon.awssdk.services.lambda.model.CreateAliasResponse;
import software.amazon.awssdk.services.lambda.model.GetAliasResponse;
import software.amazon.awssdk.services.lambda.model.PublishVersionResponse;
import software.amazon.awssdk.services.lambda.model.ResourceNotFoundException;
import software.amazon.awssdk.services.lambda.model.UpdateAliasResponse;

/**
 * Lambda functions: reads, creates, updates and releases them. Each method may be called again after a failure and then
 * ends in the same state.
 *
 * <p>An update whose answer is lost is not sent again before it is known that it was not carried out: the function's
 * {@code CodeSha256} says so. Where another operation is at work on the function, its end is waited for.
 */
public final class Functions {

    /** How long is waited for another deployment of the same function, and for a new role. */
    public static final Duration DEFAULT_TIMEOUT = Duration.ofMinutes(10);

    private static final Duration FIRST_POLL = Duration.ofMillis(200);
    private static final Duration LONGEST_POLL = Duration.ofSeconds(5);

    private static final int ATTEMPTS = IdempotentRequests.ATTEMPTS;

    private final AwsSession session;
    private final Progress progress;
    private final Duration timeout;
    private final Backoff pacing;
    private final IdempotentRequests changes;

    public Functions(AwsSession session, Workspace workspace, Progress progress) {
        this(session, workspace, progress, DEFAULT_TIMEOUT);
    }

    /** @param timeout how long to wait for another operation on the same function */
    public Functions(AwsSession session, Workspace workspace, Progress progress, Duration timeout) {
        this(session, workspace, progress, timeout, Backoff.REAL);
    }

    Functions(AwsSession session, Workspace workspace, Progress progress, Duration timeout, Backoff pacing) {
        this.session = session;
        this.progress = progress;
        this.timeout = timeout;
        this.pacing = pacing;
        this.changes = new IdempotentRequests(session, workspace, progress, pacing);
    }

    /**
     * The function as it is now; empty where there is none.
     *
     * @throws DeployException if Lambda cannot be asked, or the name is of another region than the session's
     */
    public Optional<FunctionState> find(FunctionName function) throws DeployException, InterruptedException {
        if (function.region().isPresent() && !function.region().get().equals(session.region())) {
            throw new DeployException("The function " + function + " is in region " + function.region().get()
                    + ", and the deployment is for " + session.region() + ".\nGive the function's own region.");
        }
        AwsOperation call = call("Lambda did not describe", "GetFunctionConfiguration", function);
        Optional<FunctionState> there = AwsErrors.asking(call, () -> {
            try {
                return Optional.of(FunctionState.from(
                        session.lambda().getFunctionConfiguration(r -> r.functionName(function.value()))));
            } catch (ResourceNotFoundException e) {
                return Optional.empty();
            }
        });
        return there.isPresent() ? Optional.of(there.get().told()) : there;
    }

    /**
     * Waits until the function is neither being created nor updated.
     *
     * @throws DeployException if its creation or last update failed, in Lambda's words; if it is not ready in time; if there
     *     is no such function
     */
    public FunctionState awaitReady(FunctionName function, Duration within) throws DeployException, InterruptedException {
        FunctionState state = settled(function, within);
        if (state.lastUpdateStatus().equals("Failed")) {
            throw new DeployException("The update of function " + function.name() + " failed in Lambda: "
                    + reason(state.lastUpdateStatusReason(), state.lastUpdateStatusReasonCode())
                    + "\nThe function still runs its former code. Put right what Lambda names and run the deployment again.");
        }
        if (state.state().equals("Failed")) {
            throw new DeployException("Function " + function.name() + " is in state Failed: "
                    + reason(state.stateReason(), state.stateReasonCode())
                    + "\nPut right what Lambda names and run the deployment again.");
        }
        return state;
    }

    private FunctionState settled(FunctionName function, Duration within) throws DeployException, InterruptedException {
        Instant end = pacing.clock().instant().plus(within);
        Duration pause = FIRST_POLL;
        for (boolean told = false; ; ) {
            FunctionState state = find(function).orElseThrow(() -> noSuchFunction(function));
            if (state.settled()) {
                return state;
            }
            if (!pacing.clock().instant().plus(pause).isBefore(end)) {
                throw new DeployException("Function " + function.name() + " was not ready after "
                        + within.toSeconds() + " seconds: " + describe(state)
                        + "\nThe operation goes on in AWS. Run the deployment again to see how it ended,"
                        + " or give it a longer timeout.");
            }
            if (!told) {
                progress.log("Waiting for function " + function.name() + ": " + describe(state));
                told = true;
            }
            pacing.sleeper().sleep(pause);
            pause = pause.multipliedBy(3).dividedBy(2);
            pause = pause.compareTo(LONGEST_POLL) < 0 ? pause : LONGEST_POLL;
        }
    }

    private static String describe(FunctionState state) {
        String reason = state.state().equals("Pending") ? state.stateReason() : state.lastUpdateStatusReason();
        return "State " + state.state() + ", LastUpdateStatus " + state.lastUpdateStatus()
                + (reason.isEmpty() ? "" : " (" + SafeText.oneLine(reason, 500) + ")");
    }

    private static String reason(String reason, String code) {
        String words = SafeText.oneLine(reason, 1000);
        return words.isEmpty() ? (code.isEmpty() ? "no reason given" : code) : words + (code.isEmpty() ? "" : " (" + code + ")");
    }

    /**
     * Gives the function new code. The update then still has to take effect: {@link #awaitReady}.
     *
     * @param expectedCodeSha256 the package's SHA-256 in base64, as {@link FunctionState#codeSha256()} must be afterwards
     * @return the function as Lambda answers; after a dry run, the function as it is
     * @throws DeployException if Lambda refuses, or has got other bytes than those that were packaged
     */
    public FunctionState update(
            FunctionName function, CodeSource source, UpdateOptions options, String expectedCodeSha256)
            throws IOException, InterruptedException {
        AwsOperation call = call("Lambda did not update the code of", "UpdateFunctionCode", function);
        IdempotentRequests.Attempt<FunctionState> attempt = source instanceof CodeSource.Direct direct
                ? changes.direct(call, CodeRequest.update(function, direct.report(), options), FunctionState::parse)
                : () -> IdempotentRequests.bySdk(() -> FunctionState.from(session.lambdaOnce()
                        .updateFunctionCode(CodeRequest.update(function, ((CodeSource.Staged) source).object(), options))));
        return changes.carriedOut(new CodeChange(call, function, attempt, expectedCodeSha256) {
            @Override
            boolean verified() {
                return !options.dryRun();
            }

            @Override
            boolean done(FunctionState now) {
                return !options.dryRun()
                        && super.done(now)
                        && (options.architectures().isEmpty()
                                || options.architectures().equals(now.architectures()));
            }

            @Override
            Optional<FunctionState> afterConflict(AwsFailure refusal) throws DeployException, InterruptedException {
                return afterOther(function).filter(this::done);
            }
        });
    }

    /** The function when another operation on it has ended. */
    private Optional<FunctionState> afterOther(FunctionName function) throws DeployException, InterruptedException {
        progress.log("Another operation is at work on function " + function.name() + "; waiting for its end");
        return Optional.of(settled(function, timeout));
    }

    /**
     * Gives the function other layers. The update then still has to take effect: {@link #awaitReady}. Where someone else has
     * changed the function since it was looked at, it is looked at again, so that no layer of theirs is lost.
     *
     * @param known the function as it was last seen
     * @param layers makes of the ARNs of the function's layers those that it is to have; of these it makes the same
     * @param revisionId update only if this is still the function's revision; empty for any
     * @return the function as Lambda answers
     * @throws DeployException if Lambda refuses
     */
    public FunctionState updateLayers(
            FunctionName function, FunctionState known, UnaryOperator<List<String>> layers, Optional<String> revisionId)
            throws IOException, InterruptedException {
        AwsOperation call = call("Lambda did not update the layers of", "UpdateFunctionConfiguration", function);
        return changes.carriedOut(new IdempotentRequests.Change<FunctionState>() {
            private FunctionState seen = known;

            @Override
            public AwsOperation call() {
                return call;
            }

            @Override
            public IdempotentRequests.Outcome<FunctionState> send() throws InterruptedException {
                String revision = revisionId.orElse(seen.revisionId());
                return IdempotentRequests.bySdk(() -> FunctionState.from(session.lambdaOnce()
                        .updateFunctionConfiguration(request -> request.functionName(function.value())
                                .layers(layers.apply(seen.layerArns()))
                                .revisionId(revision.isEmpty() ? null : revision))));
            }

            @Override
            public FunctionState checked(FunctionState answer) throws DeployException {
                return answer.told();
            }

            @Override
            public Optional<FunctionState> already(AwsFailure refusal) throws DeployException, InterruptedException {
                Optional<FunctionState> now =
                        refusal.is("ResourceConflictException") ? afterOther(function) : find(function);
                return now.filter(state -> layers.apply(state.layerArns()).equals(state.layerArns()));
            }

            @Override
            public boolean passes(AwsFailure refusal) throws DeployException, InterruptedException {
                if (!refusal.is("PreconditionFailedException") || revisionId.isPresent()) {
                    return false;
                }
                seen = settled(function, timeout);
                return true;
            }
        });
    }

    /**
     * Makes the function. It then still has to become active: {@link #awaitReady}.
     *
     * <p>A role that was made a moment ago can be unknown to Lambda for some seconds ("cannot be assumed by Lambda"); the
     * creation is tried again for about a minute.
     *
     * @throws DeployException if Lambda refuses, or has got other bytes than those that were packaged, or someone else has
     *     made the function in the meantime
     */
    public FunctionState create(
            FunctionName function, CodeSource source, CreateOptions options, String expectedCodeSha256)
            throws IOException, InterruptedException {
        AwsOperation call = call("Lambda did not create", "CreateFunction", function);
        IdempotentRequests.Attempt<FunctionState> attempt = source instanceof CodeSource.Direct direct
                ? changes.direct(call, CodeRequest.create(function, direct.report(), options), FunctionState::parse)
                : () -> IdempotentRequests.bySdk(() -> FunctionState.from(session.lambdaOnce()
                        .createFunction(CodeRequest.create(function, ((CodeSource.Staged) source).object(), options))));
        return changes.carriedOut(new CodeChange(call, function, attempt, expectedCodeSha256) {
            @Override
            Optional<FunctionState> afterConflict(AwsFailure refusal) throws DeployException, InterruptedException {
                Optional<FunctionState> there = find(function);
                if (there.isPresent() && !done(there.get())) {
                    throw new DeployException("Function " + function.name()
                            + " was created by someone else while this deployment ran.\nRun it again: it then updates it.");
                }
                return there;
            }

            @Override
            public boolean passes(AwsFailure refusal) {
                return refusal.message().contains("cannot be assumed by Lambda");
            }
        });
    }

    /** A change of a function's code. */
    private abstract class CodeChange implements IdempotentRequests.Change<FunctionState> {
        private final AwsOperation call;
        private final FunctionName function;
        private final IdempotentRequests.Attempt<FunctionState> attempt;
        private final String expected;

        CodeChange(AwsOperation call, FunctionName function, IdempotentRequests.Attempt<FunctionState> attempt, String expected) {
            this.call = call;
            this.function = function;
            this.attempt = attempt;
            this.expected = expected;
        }

        @Override
        public AwsOperation call() {
            return call;
        }

        @Override
        public IdempotentRequests.Outcome<FunctionState> send() throws IOException, InterruptedException {
            return attempt.send();
        }

        @Override
        public FunctionState checked(FunctionState answer) throws DeployException {
            if (verified() && !answer.told().codeSha256().equals(expected)) {
                throw new DeployException("Function " + function.name() + " has other code than was packaged: CodeSha256 is "
                        + answer.codeSha256() + ", the package's is " + expected
                        + "\nThe package was changed on its way or in the workspace. Run the deployment again.");
            }
            return answer;
        }

        @Override
        public Optional<FunctionState> already(AwsFailure refusal) throws DeployException, InterruptedException {
            return refusal.is("ResourceConflictException")
                    ? afterConflict(refusal)
                    : find(function).filter(this::done);
        }

        /** Whether the function is as this change makes it. */
        boolean done(FunctionState now) {
            return now.codeSha256().equals(expected);
        }

        /** Whether the answer's CodeSha256 is the new code's. */
        boolean verified() {
            return true;
        }

        /** The function where the change has been carried out all the same; empty to try again. */
        abstract Optional<FunctionState> afterConflict(AwsFailure refusal) throws DeployException, InterruptedException;
    }

    /**
     * Publishes the function's code as a version. Lambda makes none where nothing has changed since the last one, and
     * answers that one's number, so this may be repeated.
     *
     * @param codeSha256 what the function's code must be; Lambda refuses where someone else has changed it since
     * @param revisionId what the function's revision must be; empty for any
     * @param description the version's description; can be empty
     * @return the version's number
     */
    public String publish(FunctionName function, String codeSha256, Optional<String> revisionId, String description)
            throws DeployException, InterruptedException {
        AwsOperation call = call("Lambda did not publish a version of", "PublishVersion", function);
        for (int failures = 1; ; failures++) {
            try {
                PublishVersionResponse answer = AwsErrors.interruptible(() -> session.lambda()
                        .publishVersion(request -> request.functionName(function.value())
                                .codeSha256(codeSha256)
                                .revisionId(revisionId.orElse(null))
                                .description(description.isEmpty() ? null : description)));
                if (answer.version() == null) {
                    throw FunctionState.notFromLambda("{}", null);
                }
                if (!codeSha256.equals(answer.codeSha256())) {
                    throw changedSince(function, "version " + answer.version() + " has CodeSha256 " + answer.codeSha256());
                }
                return answer.version();
            } catch (SdkException e) {
                AwsFailure refusal = AwsFailure.of(e);
                if (refusal.message().contains("CodeSHA256") && refusal.is("InvalidParameterValueException")) {
                    throw changedSince(function, SafeText.oneLine(refusal.message(), 500));
                }
                if (!refusal.is("ResourceConflictException") || failures == ATTEMPTS) {
                    throw AwsErrors.explained(call, refusal, e);
                }
                settled(function, timeout);
                pacing.backOff(failures, refusal.retryAfter());
            }
        }
    }

    private static DeployException changedSince(FunctionName function, String words) {
        return new DeployException("No version of function " + function.name()
                + " was published with this deployment's code: someone else has changed the function since.\nAWS says: "
                + words + "\nRun the deployment again to deploy over that change.");
    }

    /** Told where an alias points, before it is moved. */
    public interface AliasObserver {
        /** @param version empty where there is no such alias */
        void seen(Optional<String> version) throws DeployException, InterruptedException;
    }

    public AliasState moveAlias(FunctionName function, String alias, String version)
            throws DeployException, InterruptedException {
        return moveAlias(function, alias, version, before -> {});
    }

    /**
     * Points an alias to a version, all of its traffic: makes the alias, moves it, or leaves it where it points there
     * already.
     *
     * @param observer told where the alias is, before it is changed
     * @throws DeployException if someone else moves it elsewhere at the same time
     */
    public AliasState moveAlias(FunctionName function, String alias, String version, AliasObserver observer)
            throws DeployException, InterruptedException {
        AwsOperation reading = aliasCall("Lambda did not describe", "GetAlias", function, alias);
        Optional<String> before = Optional.empty();
        for (int failures = 1; ; failures++) {
            Optional<GetAliasResponse> there = AwsErrors.asking(reading, () -> {
                try {
                    return Optional.of(session.lambda()
                            .getAlias(r -> r.functionName(function.value()).name(alias)));
                } catch (ResourceNotFoundException e) {
                    return Optional.empty();
                }
            });
            if (there.isPresent() && there.get().name() == null) {
                throw FunctionState.notFromLambda("{}", null);
            }
            if (failures == 1) {
                before = there.map(GetAliasResponse::functionVersion);
                observer.seen(before);
            }
            if (there.isPresent() && pointsTo(there.get(), version)) {
                return new AliasState(alias, version, there.get().aliasArn(), failures > 1, before);
            }
            try {
                AliasState released = AwsErrors.interruptible(() -> there.isPresent()
                        ? moved(function, there.get(), version)
                        : made(function, alias, version));
                if (released.version() == null) {
                    throw FunctionState.notFromLambda("{}", null);
                }
                return released;
            } catch (SdkException e) {
                AwsFailure refusal = AwsFailure.of(e);
                boolean busy = refusal.is("ResourceConflictException", "ConflictException")
                        || refusal.is("PreconditionFailedException");
                if (busy && there.isPresent() && refusal.is("PreconditionFailedException")) {
                    failUnlessAt(function, alias, version, there.get().functionVersion());
                }
                if (!busy || failures == ATTEMPTS) {
                    throw AwsErrors.explained(
                            aliasCall(
                                    there.isPresent() ? "Lambda did not move" : "Lambda did not create",
                                    there.isPresent() ? "UpdateAlias" : "CreateAlias",
                                    function,
                                    alias),
                            refusal,
                            e);
                }
                pacing.backOff(failures, refusal.retryAfter());
            }
        }
    }

    /** A repeated request of our own is refused in the same way as one that came after somebody else's. */
    private void failUnlessAt(FunctionName function, String alias, String version, String before)
            throws DeployException, InterruptedException {
        GetAliasResponse now = AwsErrors.asking(
                aliasCall("Lambda did not describe", "GetAlias", function, alias),
                () -> session.lambda().getAlias(r -> r.functionName(function.value()).name(alias)));
        if (!pointsTo(now, version)) {
            throw new DeployException("Alias " + alias + " of function " + function.name()
                    + " was changed by someone else while this deployment moved it: it pointed to version " + before
                    + " and now points to " + now.functionVersion() + ".\nVersion " + version
                    + " is published. Run the deployment again to move the alias to it.");
        }
    }

    private static boolean pointsTo(GetAliasResponse alias, String version) {
        boolean shared = alias.routingConfig() != null
                && alias.routingConfig().hasAdditionalVersionWeights()
                && !alias.routingConfig().additionalVersionWeights().isEmpty();
        return version.equals(alias.functionVersion()) && !shared;
    }

    private AliasState made(FunctionName function, String alias, String version) {
        CreateAliasResponse answer =
                session.lambda().createAlias(r -> r.functionName(function.value()).name(alias).functionVersion(version));
        return new AliasState(alias, answer.functionVersion(), answer.aliasArn(), true, Optional.empty());
    }

    private AliasState moved(FunctionName function, GetAliasResponse alias, String version) {
        UpdateAliasResponse answer = session.lambda()
                .updateAlias(r -> r.functionName(function.value())
                        .name(alias.name())
                        .functionVersion(version)
                        .revisionId(alias.revisionId())
                        .routingConfig(routing -> routing.additionalVersionWeights(Map.of())));
        return new AliasState(
                alias.name(), answer.functionVersion(), answer.aliasArn(), true, Optional.of(alias.functionVersion()));
    }

    private DeployException noSuchFunction(FunctionName function) {
        return AwsErrors.explained(
                call("Lambda did not find", "GetFunctionConfiguration", function),
                new AwsFailure(
                        404,
                        "ResourceNotFoundException",
                        "Function not found: " + arn(function),
                        Duration.ZERO,
                        Optional.empty(),
                        Optional.empty(),
                        ""));
    }

    /**
     * The error for a function that does not exist, with the hint how to have it made.
     *
     * @param function its name
     */
    public DeployException missing(FunctionName function) {
        return noSuchFunction(function);
    }

    private AwsOperation call(String failed, String operation, FunctionName function) {
        return new AwsOperation(
                failed + " function " + function.name(),
                "lambda:" + operation,
                arn(function),
                "function " + function.name(),
                session.place("lambda"));
    }

    private AwsOperation aliasCall(String failed, String operation, FunctionName function, String alias) {
        return new AwsOperation(
                failed + " alias " + alias + " of function " + function.name(),
                "lambda:" + operation,
                arn(function),
                "alias " + alias,
                session.place("lambda"));
    }

    /** The function's ARN, as Lambda told it; the account is * where neither Lambda nor the name says it. */
    public String arn(FunctionName function, Optional<FunctionState> state) {
        return state.map(FunctionState::functionArn).orElseGet(() -> arn(function));
    }

    private String arn(FunctionName function) {
        return "arn:" + session.partition() + ":lambda:" + session.region() + ":"
                + function.account().orElse("*") + ":function:" + function.name();
    }
}
