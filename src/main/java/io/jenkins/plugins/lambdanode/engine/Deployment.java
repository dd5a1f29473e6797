package io.jenkins.plugins.lambdanode.engine;

import io.jenkins.plugins.lambdanode.engine.aws.client.AwsSession;
import io.jenkins.plugins.lambdanode.engine.aws.lambda.DependencyLayer;
import io.jenkins.plugins.lambdanode.engine.aws.lambda.FunctionReader;
import io.jenkins.plugins.lambdanode.engine.aws.lambda.FunctionReleases;
import io.jenkins.plugins.lambdanode.engine.aws.lambda.FunctionUpdater;
import io.jenkins.plugins.lambdanode.engine.aws.lambda.LayerState;
import io.jenkins.plugins.lambdanode.engine.aws.s3.StagedObject;
import io.jenkins.plugins.lambdanode.engine.aws.s3.Staging;
import io.jenkins.plugins.lambdanode.engine.base.DeployException;
import io.jenkins.plugins.lambdanode.engine.base.Progress;
import io.jenkins.plugins.lambdanode.engine.pack.api.PackReport;
import io.jenkins.plugins.lambdanode.engine.report.DeployResult;
import io.jenkins.plugins.lambdanode.engine.report.DeployResult.Deployed;
import io.jenkins.plugins.lambdanode.engine.report.DeploymentFailure;
import io.jenkins.plugins.lambdanode.engine.report.Phase;
import io.jenkins.plugins.lambdanode.engine.report.Timings;
import io.jenkins.plugins.lambdanode.engine.request.DeployRequest;
import io.jenkins.plugins.lambdanode.engine.steps.BuildHistory;
import io.jenkins.plugins.lambdanode.engine.steps.BuildStep;
import io.jenkins.plugins.lambdanode.engine.steps.DesiredCode;
import io.jenkins.plugins.lambdanode.engine.steps.InstallStep;
import io.jenkins.plugins.lambdanode.engine.steps.LayerStep;
import io.jenkins.plugins.lambdanode.engine.steps.LogStep;
import io.jenkins.plugins.lambdanode.engine.steps.PackageStep;
import io.jenkins.plugins.lambdanode.engine.steps.PreflightStep;
import io.jenkins.plugins.lambdanode.engine.steps.ReleaseStep;
import io.jenkins.plugins.lambdanode.engine.steps.StageStep;
import io.jenkins.plugins.lambdanode.engine.steps.Target;
import io.jenkins.plugins.lambdanode.engine.steps.UpdateStep;
import io.jenkins.plugins.lambdanode.engine.workspace.Workspace;
import java.io.IOException;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;

/**
 * The order of a deployment, from a project's folder to a running function. Every step can be run again and ends in the same
 * state, so a deployment that was cut off is carried on by running it again.
 */
public final class Deployment {

    /**
     * What preflight saw of the functions is not asked for again within this time. Whoever deploys without the locks can
     * come just after it as well; Lambda refuses a version that is not of the deployed code.
     */
    private static final Duration PREFLIGHT_VALID_FOR = Duration.ofMinutes(1);

    private final DeployRequest request;
    private final DeploymentContext context;
    private final Progress progress;
    private final Timings timings = new Timings();
    private final Staging uploads;
    private final BuildHistory history;
    private final LogStep log;
    private final PreflightStep preflight;
    private final InstallStep install;
    private final BuildStep build;
    private final PackageStep packaging;
    private final StageStep stage;
    private final Optional<LayerStep> layer;
    private final UpdateStep update;
    private final ReleaseStep release;

    private final List<Deployed> done = new ArrayList<>();
    private Optional<String> current = Optional.empty();
    private Optional<PackReport> packaged = Optional.empty();
    private Optional<LayerState> dependencies = Optional.empty();

    /** @param workspace where the project is; closing it is the caller's */
    public Deployment(DeployRequest request, Workspace workspace, AwsSession session, Progress progress) {
        this(request, workspace, session, DeploymentContext.NONE, progress);
    }

    /** @param workspace where the project is; closing it is the caller's */
    public Deployment(
            DeployRequest request, Workspace workspace, AwsSession session, DeploymentContext context, Progress progress) {
        this.request = request;
        this.context = context;
        this.progress = progress;
        FunctionReader functions = new FunctionReader(session, progress);
        FunctionUpdater updater = new FunctionUpdater(session, workspace, progress, request.waitTimeout());
        FunctionReleases releases = new FunctionReleases(session, progress, request.waitTimeout());
        this.uploads = new Staging(session, workspace, context.uploads(), progress);
        this.history = new BuildHistory(context.baseline(), functions);
        this.log = new LogStep(request, session, context.origin(), progress);
        this.preflight = new PreflightStep(request, functions);
        this.install = new InstallStep(workspace, progress);
        this.build = new BuildStep(workspace, progress);
        this.packaging = new PackageStep(request, workspace, progress);
        this.stage = new StageStep(request, session, uploads, timings);
        this.layer = request.layerName()
                .map(name -> new DependencyLayer(name, session, workspace, progress))
                .map(versions -> new LayerStep(request, versions, stage, packaging, timings, progress));
        this.update = new UpdateStep(request, functions, updater, history, timings, progress);
        this.release = new ReleaseStep(request, releases, history, progress);
    }

    /**
     * Deploys.
     *
     * @throws DeploymentFailure if it can't go on; the message says what to do. What has been done by then is complete in
     *     itself, and a second run does the rest.
     */
    public DeployResult run() throws IOException, InterruptedException {
        try {
            uploads.abortPending();
            List<Target> targets = preflight();
            long seen = System.nanoTime();
            build(targets);
            try (DeploymentLocks.Lock functions = context.locks().await(request.functions(), progress)) {
                boolean outOfDate = functions.waited() || System.nanoTime() - seen > PREFLIGHT_VALID_FOR.toNanos();
                deploy(outOfDate ? timings.time(Phase.PREFLIGHT, preflight::run) : targets);
            }
            return result();
        } catch (DeployException e) {
            throw new DeploymentFailure(log.withDone(e, done), timings.latest(), current.or(preflight::current), deployed());
        } catch (InterruptedException e) {
            log.stopped(done, history.begun());
            throw e;
        }
    }

    private List<Target> preflight() throws IOException, InterruptedException {
        return timings.time(Phase.PREFLIGHT, () -> {
            List<Target> targets = log.heading(preflight::run);
            history.resume(targets);
            stage.checkEarly(context.stagedLastTime());
            return targets;
        });
    }

    private void build(List<Target> targets) throws IOException, InterruptedException {
        try (DeploymentLocks.Lock folder = context.locks().awaitFolder(progress)) {
            timings.run(Phase.INSTALL, () -> install.run(request.install()));
            if (request.build().isPresent()) {
                timings.run(Phase.BUILD, () -> build.run(request.build().get()));
            }
            packaged = Optional.of(timings.time(Phase.PACKAGE, () -> packaging.run(targets)));
        }
        timings.bytes(Phase.PACKAGE, packaged.get().zippedBytesInAll());
    }

    private void deploy(List<Target> targets) throws IOException, InterruptedException {
        DesiredCode desired = send(targets, packaged.orElseThrow());
        for (Target target : targets) {
            current = Optional.of(target.name().name());
            Deployed updated = timings.time(Phase.UPDATE, () -> update.run(target, desired));
            done.add(release.isWanted(updated)
                    ? timings.time(Phase.RELEASE, () -> release.run(target, updated, desired.packaged().codeSha256()))
                    : updated);
        }
        current = Optional.empty();
        if (layer.isPresent()) {
            timings.run(Phase.LAYER, () -> layer.get().prune(done, desired));
        }
    }

    /** Nothing that runs is changed by this: a layer version and a staged package are new, or were there. */
    private DesiredCode send(List<Target> targets, PackReport report) throws IOException, InterruptedException {
        boolean sent = targets.stream().anyMatch(target -> update.sendsCode(target, report));
        if (sent) {
            stage.checkFor(report);
        }
        if (layer.isPresent()) {
            dependencies = timings.time(Phase.LAYER, () -> layer.get().run(targets, report));
        }
        Optional<StagedObject> staged = sent && request.stages(report.zippedBytes())
                ? Optional.of(timings.time(
                        Phase.STAGE, () -> stage.run(report, request.functions().get(0).name(), Phase.STAGE)))
                : Optional.empty();
        return new DesiredCode(report, dependencies, staged);
    }

    /** The functions that are done, also after a failure, an interrupt or the loss of the workspace; empty where none is. */
    public Optional<DeployResult> deployed() {
        return done.isEmpty() ? Optional.empty() : Optional.of(result());
    }

    private DeployResult result() {
        return new DeployResult(done, packaged.orElseThrow(), dependencies, timings.list(), timings.sentBytes());
    }
}
