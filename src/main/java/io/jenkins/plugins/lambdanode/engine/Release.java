package io.jenkins.plugins.lambdanode.engine;

import io.jenkins.plugins.lambdanode.engine.aws.client.AwsSession;
import io.jenkins.plugins.lambdanode.engine.aws.lambda.AliasRouting;
import io.jenkins.plugins.lambdanode.engine.aws.lambda.FunctionInvoker;
import io.jenkins.plugins.lambdanode.engine.aws.lambda.FunctionName;
import io.jenkins.plugins.lambdanode.engine.aws.lambda.FunctionReader;
import io.jenkins.plugins.lambdanode.engine.aws.lambda.FunctionReleases;
import io.jenkins.plugins.lambdanode.engine.aws.lambda.FunctionState;
import io.jenkins.plugins.lambdanode.engine.aws.lambda.VersionPruning;
import io.jenkins.plugins.lambdanode.engine.base.Backoff;
import io.jenkins.plugins.lambdanode.engine.base.DeployException;
import io.jenkins.plugins.lambdanode.engine.base.Progress;
import io.jenkins.plugins.lambdanode.engine.report.Baseline;
import io.jenkins.plugins.lambdanode.engine.report.DeployResult.Deployed;
import io.jenkins.plugins.lambdanode.engine.report.DeployResult.Outcome;
import io.jenkins.plugins.lambdanode.engine.report.Origin;
import io.jenkins.plugins.lambdanode.engine.report.Phase;
import io.jenkins.plugins.lambdanode.engine.report.Timings;
import io.jenkins.plugins.lambdanode.engine.request.DeployRequest;
import io.jenkins.plugins.lambdanode.engine.steps.BuildHistory;
import io.jenkins.plugins.lambdanode.engine.steps.ReleaseStep;
import io.jenkins.plugins.lambdanode.engine.steps.ShiftJournal;
import io.jenkins.plugins.lambdanode.engine.steps.ShiftStep;
import io.jenkins.plugins.lambdanode.engine.steps.Target;
import io.jenkins.plugins.lambdanode.engine.steps.VerifyStep;
import java.io.IOException;
import java.time.Duration;
import java.util.List;
import java.util.Optional;

/**
 * The order of a release of a version that is there: it is tested and gets an alias's traffic. It needs no workspace, and its
 * caller waits between the steps of a shift, for which it need not keep a thread. What a process before this one has begun to shift is
 * carried on.
 */
public final class Release {

    private final DeployRequest request;
    private final String version;
    private final AwsSession session;
    private final Origin origin;
    private final Progress progress;
    private final FunctionReader functions;
    private final FunctionReleases releases;
    private final Timings timings;
    private final VerifyStep verify;
    private final ShiftStep shift;
    private final ReleaseStep release;
    private Target target;
    private Deployed deployed;

    /**
     * @param request one function, the alias, and how it is tested and shifted
     * @param version the version's number
     * @param journal remembers the shift
     */
    public Release(
            DeployRequest request,
            String version,
            AwsSession session,
            ShiftJournal journal,
            Baseline baseline,
            Origin origin,
            Progress progress) {
        this(request, version, session, journal, baseline, origin, progress, Backoff.REAL);
    }

    Release(
            DeployRequest request,
            String version,
            AwsSession session,
            ShiftJournal journal,
            Baseline baseline,
            Origin origin,
            Progress progress,
            Backoff time) {
        this.request = request;
        this.version = version;
        this.session = session;
        this.origin = origin;
        this.progress = progress;
        this.functions = new FunctionReader(session, progress);
        this.releases = new FunctionReleases(session, progress, request.waitTimeout());
        this.timings = new Timings(List.of(request.functions().get(0).name()));
        BuildHistory history = new BuildHistory(baseline, functions);
        this.verify = new VerifyStep(
                request, new FunctionInvoker(session, functions, request.waitTimeout()), releases, timings, progress);
        this.shift = new ShiftStep(request, session, history, journal, time, timings, progress);
        this.release = new ReleaseStep(
                request, releases, new VersionPruning(session, progress), origin, history, timings, progress);
    }

    /**
     * Does what is due.
     *
     * @return how long there is nothing to do; empty where the release is done
     * @throws DeployException if it can't go on: the alias is as it was before; the message says what to do
     */
    public Optional<Duration> advance() throws IOException, InterruptedException {
        try {
            if (target == null && !begin()) {
                deployed = release.moveAlias(target, deployed, Optional.empty());
                return Optional.empty();
            }
            Optional<Duration> pause = timings.time(Phase.SHIFT, shift::advance);
            if (pause.isEmpty()) {
                deployed = release.moveAlias(target, deployed, Optional.of(shift.moved()));
            }
            return pause;
        } catch (DeployException e) {
            throw shift.takeBack(e);
        } catch (IOException | RuntimeException e) {
            shift.takeBack().ifPresent(progress::log);
            throw e;
        }
    }

    /** Whether there is traffic to shift. */
    private boolean begin() throws IOException, InterruptedException {
        target = find();
        shift.check();
        FunctionState state = target.state().orElseThrow();
        String alias = request.alias().orElseThrow();
        boolean underWay = shift.isUnderWay(state.functionArn(), alias);
        Optional<AliasRouting> now = releases.findAlias(target.name(), alias);
        if (now.isPresent() && !underWay && !request.force()) {
            FunctionReleases.requireNotSplit(
                    target.name(),
                    now.get(),
                    "Nothing was changed. Release when that has ended, or turn on force to end it.");
        }
        deployed = new Deployed(
                state,
                Outcome.UNCHANGED,
                Optional.of(version),
                Optional.empty(),
                Optional.empty(),
                Optional.empty(),
                Optional.empty(),
                List.of(),
                false);
        if (!underWay) {
            deployed = verify.run(deployed);
        }
        return shift.begin(target, deployed);
    }

    /** The function with its version's code. */
    private Target find() throws DeployException, InterruptedException {
        FunctionName name = request.functions().get(0);
        Optional<FunctionState> function = Optional.empty();
        try {
            function = functions.find(name);
        } finally {
            progress.log(origin.lineOfRelease(
                    version,
                    request.alias().orElseThrow(),
                    name.name(),
                    session.region(),
                    function.flatMap(FunctionState::account),
                    session.caller()));
            session.endpointNotice().ifPresent(progress::log);
        }
        String arn = function.map(FunctionState::functionArn)
                .orElseThrow(() -> new DeployException("There is no function " + name.name() + " in " + session.region()
                        + ".\nCheck its name, the region and the account of the credentials."));
        FunctionState state = functions
                .findVersion(name, version)
                .orElseThrow(() -> new DeployException("Function " + name.name() + " has no version " + version
                        + ".\naws lambda list-versions-by-function shows those that there are."));
        return new Target(name, Optional.of(state.withArn(arn)));
    }

    /** Gives the traffic back, where a shift is under way: the release is stopped. */
    public Optional<String> takeBack() throws InterruptedException {
        return shift.takeBack();
    }

    /** What was released, when it is done. */
    public Deployed result() {
        return deployed;
    }

    /** The phase that was begun last. */
    public Phase phase() {
        return timings.latest();
    }
}
