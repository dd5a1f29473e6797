package io.jenkins.plugins.lambdanode.engine;

import io.jenkins.plugins.lambdanode.engine.aws.client.AwsSession;
import io.jenkins.plugins.lambdanode.engine.aws.lambda.AliasRouting;
import io.jenkins.plugins.lambdanode.engine.aws.lambda.AliasState;
import io.jenkins.plugins.lambdanode.engine.aws.lambda.FunctionName;
import io.jenkins.plugins.lambdanode.engine.aws.lambda.FunctionReader;
import io.jenkins.plugins.lambdanode.engine.aws.lambda.FunctionReleases;
import io.jenkins.plugins.lambdanode.engine.aws.lambda.FunctionState;
import io.jenkins.plugins.lambdanode.engine.base.DeployException;
import io.jenkins.plugins.lambdanode.engine.base.Progress;
import io.jenkins.plugins.lambdanode.engine.report.AliasHistory;
import io.jenkins.plugins.lambdanode.engine.report.AliasMove;
import io.jenkins.plugins.lambdanode.engine.report.DeployResult.Deployed;
import io.jenkins.plugins.lambdanode.engine.report.DeployResult.Outcome;
import io.jenkins.plugins.lambdanode.engine.report.Origin;
import io.jenkins.plugins.lambdanode.engine.request.RollbackRequest;
import java.io.IOException;
import java.time.Duration;
import java.util.List;
import java.util.Optional;

/**
 * Moves an alias back to a version that it had before. It installs, packages and sends nothing, and may be run again: it ends in
 * the same state.
 */
public final class Rollback {

    /** What is recorded of the alias, for a rollback that names no version. */
    public interface Records {

        /**
         * The moves that are known, oldest first.
         *
         * @param functionArn the function's ARN without a qualifier
         */
        List<AliasMove> of(String functionArn, String alias) throws DeployException;

        /** The move whose version the alias goes back to, where one is named; empty for the version before the present one. */
        default Optional<AliasMove> named(String functionArn, String alias) throws DeployException {
            return Optional.empty();
        }

        /** The records as a message names them: {@code the last 200 builds of this job}. */
        String name();

        /** For a rollback that names its version. */
        Records NONE = new Records() {
            @Override
            public List<AliasMove> of(String functionArn, String alias) {
                return List.of();
            }

            @Override
            public String name() {
                return "none";
            }
        };
    }

    /**
     * What a rollback has set out to do.
     *
     * @param from the version that the alias pointed to
     * @param to the version that it goes back to
     */
    public record Plan(String from, String to) {}

    /** Keeps the plan where a rollback is run again after its process has ended: by then the alias may have moved. */
    public interface Journal {

        Optional<Plan> plan();

        /** Called before the alias is moved. */
        void begin(Plan plan) throws InterruptedException;

        /** For a rollback that is not run again. */
        Journal NONE = new Journal() {
            @Override
            public Optional<Plan> plan() {
                return Optional.empty();
            }

            @Override
            public void begin(Plan plan) {}
        };
    }

    private final RollbackRequest request;
    private final AwsSession session;
    private final Records records;
    private final Journal journal;
    private final DeploymentLocks locks;
    private final Origin origin;
    private final Progress progress;
    private final FunctionReader functions;
    private final FunctionReleases releases;

    public Rollback(
            RollbackRequest request,
            AwsSession session,
            Records records,
            Journal journal,
            DeploymentLocks locks,
            Origin origin,
            Progress progress) {
        this.request = request;
        this.session = session;
        this.records = records;
        this.journal = journal;
        this.locks = locks;
        this.origin = origin;
        this.progress = progress;
        this.functions = new FunctionReader(session, progress);
        this.releases = new FunctionReleases(session, progress, Duration.ofMinutes(1));
    }

    /**
     * Rolls back.
     *
     * @return the version as Lambda describes it, with the function's ARN, and the alias
     * @throws DeployException if there is no such function, alias or version, if the records do not know what was before, or
     *     if somebody's gradual release is in progress; the message says what to do
     */
    public Deployed run() throws IOException, InterruptedException {
        FunctionName name = request.function();
        try (DeploymentLocks.Lock lock = locks.await(List.of(name), progress)) {
            FunctionState function = find(name);
            AliasRouting alias = releases.findAlias(name, request.alias()).orElseThrow(this::noAlias);
            if (!request.force()) {
                FunctionReleases.requireNotSplit(
                        name,
                        alias,
                        "Nothing was changed. Roll back when that release has ended, or turn on force to end it now.");
            }
            AliasHistory history = new AliasHistory(records.of(function.functionArn(), request.alias()));
            Plan plan = plan(function, alias, history);
            Optional<AliasMove> released =
                    records.named(function.functionArn(), request.alias()).or(() -> history.latestTo(plan.to()));
            FunctionState version = version(function, plan.to(), released);
            journal.begin(plan);
            AliasState moved = releases.moveAlias(
                    name, request.alias(), plan.to(), request.force(), seen -> requireSame(alias, seen));
            releases.awaitAlias(name, request.alias(), plan.to());
            return done(version.withArn(function.functionArn()), alias, moved, plan, released, history);
        }
    }

    private FunctionState find(FunctionName name) throws DeployException, InterruptedException {
        Optional<FunctionState> function = Optional.empty();
        try {
            function = functions.find(name);
        } finally {
            progress.log(origin.lineOfRollback(
                    request.alias(),
                    name.name(),
                    session.region(),
                    function.flatMap(FunctionState::account),
                    session.caller()));
            session.endpointNotice().ifPresent(progress::log);
        }
        return function.orElseThrow(() -> new DeployException("There is no function " + name.name() + " in "
                + session.region() + ".\nCheck its name, the region and the account of the credentials."));
    }

    private DeployException noAlias() {
        return new DeployException("Function " + request.function().name() + " has no alias " + request.alias()
                + ", so there is nothing to roll back.\nCheck the alias's name.");
    }

    /** Of a gradual release, which force ends, the way back is the version that the alias points to. */
    private Plan plan(FunctionState function, AliasRouting alias, AliasHistory history) throws DeployException {
        String now = alias.version();
        if (journal.plan().isPresent()) {
            return journal.plan().get();
        }
        if (request.version().isPresent()) {
            return new Plan(now, request.version().get());
        }
        Optional<AliasMove> named = records.named(function.functionArn(), request.alias());
        if (named.isPresent() || alias.isSplit()) {
            return new Plan(now, named.map(AliasMove::version).orElse(now));
        }
        history.last()
                .filter(last -> !last.equals(now))
                .ifPresent(last -> progress.warning("Alias " + request.alias() + " points to version " + now
                        + "; the last record left it at version " + last + ". Someone has changed it since."));
        return new Plan(
                now,
                history.before(now)
                        .orElseThrow(() -> new DeployException("No record says which version alias " + request.alias()
                                + " of function " + request.function().name() + " had before version " + now
                                + " (read: " + records.name() + ").\nName the version to go back to: version."
                                + " aws lambda list-versions-by-function shows those that there are.")));
    }

    /** A version's code never changes, so another CodeSha256 is another function's that had the same name. */
    private FunctionState version(FunctionState function, String number, Optional<AliasMove> released)
            throws DeployException, InterruptedException {
        String what = "Version " + number + " of function " + function.functionName();
        String unchanged = "\nAlias " + request.alias() + " was not changed. Name the version to go back to: version."
                + " aws lambda list-versions-by-function shows those that there are.";
        Optional<AliasMove> recorded = request.version().isPresent() ? Optional.empty() : released;
        FunctionState version = functions
                .findVersion(request.function(), number)
                .orElseThrow(() -> new DeployException(what
                        + recorded.map(move -> ", which " + move.by() + " released, does not exist any more.")
                                .orElse(" does not exist.")
                        + unchanged));
        if (version.state().equals("Failed")) {
            throw new DeployException(what + " is in state Failed: " + version.stateReason() + unchanged);
        }
        Optional<String> digest =
                recorded.flatMap(AliasMove::codeSha256).filter(code -> !code.equals(version.codeSha256()));
        if (digest.isPresent()) {
            throw new DeployException(what + " has CodeSha256 " + version.codeSha256() + ", and the record says "
                    + digest.get() + ": the function was deleted and created again since." + unchanged);
        }
        return version;
    }

    private void requireSame(AliasRouting alias, Optional<String> seen) throws DeployException {
        if (!seen.equals(Optional.of(alias.version()))) {
            throw new DeployException(
                    "Alias " + request.alias() + " was changed by someone else at this moment: it pointed"
                            + " to version " + alias.version() + " and now "
                            + seen.map(version -> "points to " + version).orElse("is gone")
                            + ".\nNothing was changed. Look at what it is, and roll back again if that is still wanted.");
        }
    }

    private Deployed done(
            FunctionState version,
            AliasRouting before,
            AliasState moved,
            Plan plan,
            Optional<AliasMove> released,
            AliasHistory history) {
        boolean changed = moved.changed() || !plan.from().equals(plan.to());
        progress.log("Alias " + request.alias() + " of " + version.functionName()
                + (changed
                        ? ": " + (before.isSplit() ? before.shares() : plan.from()) + " -> " + plan.to()
                                + released.map(move -> ", which " + move.by() + " released")
                                        .orElse("")
                        : " points to version " + plan.to() + " already")
                + ", CodeSha256 " + version.codeSha256());
        return new Deployed(
                version,
                changed ? Outcome.ROLLED_BACK : Outcome.UNCHANGED,
                Optional.of(plan.to()),
                Optional.of(moved),
                Optional.empty(),
                Optional.of(plan.from()),
                history.latestTo(plan.from()).flatMap(AliasMove::codeSha256),
                List.of(),
                false);
    }
}
