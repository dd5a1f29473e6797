package io.jenkins.plugins.lambdanode.engine;

import io.jenkins.plugins.lambdanode.engine.aws.client.AwsSession;
import io.jenkins.plugins.lambdanode.engine.aws.lambda.DependencyLayer;
import io.jenkins.plugins.lambdanode.engine.aws.lambda.FunctionInvoker;
import io.jenkins.plugins.lambdanode.engine.aws.lambda.FunctionName;
import io.jenkins.plugins.lambdanode.engine.aws.lambda.FunctionReader;
import io.jenkins.plugins.lambdanode.engine.aws.lambda.FunctionReleases;
import io.jenkins.plugins.lambdanode.engine.aws.lambda.FunctionState;
import io.jenkins.plugins.lambdanode.engine.aws.lambda.FunctionUpdater;
import io.jenkins.plugins.lambdanode.engine.aws.lambda.VersionPruning;
import io.jenkins.plugins.lambdanode.engine.aws.s3.Staging;
import io.jenkins.plugins.lambdanode.engine.base.Backoff;
import io.jenkins.plugins.lambdanode.engine.base.DeployException;
import io.jenkins.plugins.lambdanode.engine.base.Progress;
import io.jenkins.plugins.lambdanode.engine.pack.api.PackReport;
import io.jenkins.plugins.lambdanode.engine.report.DeployResult;
import io.jenkins.plugins.lambdanode.engine.report.DeployResult.Deployed;
import io.jenkins.plugins.lambdanode.engine.report.DeploymentFailure;
import io.jenkins.plugins.lambdanode.engine.report.DeploymentRecord;
import io.jenkins.plugins.lambdanode.engine.report.Phase;
import io.jenkins.plugins.lambdanode.engine.report.Timings;
import io.jenkins.plugins.lambdanode.engine.request.DeployRequest;
import io.jenkins.plugins.lambdanode.engine.steps.BuildHistory;
import io.jenkins.plugins.lambdanode.engine.steps.BuildStep;
import io.jenkins.plugins.lambdanode.engine.steps.DesiredCode;
import io.jenkins.plugins.lambdanode.engine.steps.InstallStep;
import io.jenkins.plugins.lambdanode.engine.steps.LayerStep;
import io.jenkins.plugins.lambdanode.engine.steps.PackageStep;
import io.jenkins.plugins.lambdanode.engine.steps.PreflightStep;
import io.jenkins.plugins.lambdanode.engine.steps.PromoteStep;
import io.jenkins.plugins.lambdanode.engine.steps.RecordStep;
import io.jenkins.plugins.lambdanode.engine.steps.ReleaseStep;
import io.jenkins.plugins.lambdanode.engine.steps.ShiftJournal;
import io.jenkins.plugins.lambdanode.engine.steps.ShiftStep;
import io.jenkins.plugins.lambdanode.engine.steps.StageStep;
import io.jenkins.plugins.lambdanode.engine.steps.Target;
import io.jenkins.plugins.lambdanode.engine.steps.UpdateStep;
import io.jenkins.plugins.lambdanode.engine.steps.VerifyStep;
import io.jenkins.plugins.lambdanode.engine.workspace.Workspace;
import java.io.IOException;
import java.util.List;
import java.util.Optional;

/**
 * The order of a deployment, from a project's folder to a running function: preflight, then the package (install, build, package; or
 * one that is there), then what it needs in AWS (layer, stage), then each function (update, publish, verify, shift of traffic, move of
 * the alias), then what is old (prune). Every step can be run again and ends in the same state, so a deployment that was cut off is
 * carried on by running it again.
 */
public final class Deployment {

    private final DeployRequest request;
    private final DeploymentContext context;
    private final Progress progress;
    private final Timings timings;
    private final Staging uploads;
    private final BuildHistory history;
    private final PreflightStep preflight;
    private final InstallStep install;
    private final BuildStep build;
    private final PackageStep packaging;
    private final PromoteStep promote;
    private final StageStep stage;
    private final LayerStep layer;
    private final UpdateStep update;
    private final VerifyStep verify;
    private final ShiftStep shift;
    private final ReleaseStep release;
    private final RecordStep record;

    /** @param workspace where the project is; closing it is the caller's */
    public Deployment(
            DeployRequest request,
            Workspace workspace,
            AwsSession session,
            DeploymentContext context,
            Progress progress) {
        this(request, workspace, session, context, progress, Backoff.REAL);
    }

    /** @param time for a shift of traffic, which can take hours */
    Deployment(
            DeployRequest request,
            Workspace workspace,
            AwsSession session,
            DeploymentContext context,
            Progress progress,
            Backoff time) {
        this.request = request;
        this.context = context;
        this.progress = progress;
        this.timings =
                new Timings(request.functions().stream().map(FunctionName::name).toList());
        FunctionReader functions = new FunctionReader(session, progress);
        FunctionUpdater updater = new FunctionUpdater(session, workspace, progress, request.waitTimeout());
        FunctionReleases releases = new FunctionReleases(session, progress, request.waitTimeout());
        Optional<DependencyLayer> dependencies =
                request.layerName().map(name -> new DependencyLayer(name, session, workspace, progress));
        this.uploads = new Staging(session, workspace, context.uploads(), progress);
        this.history = new BuildHistory(context.baseline(), functions);
        this.shift = new ShiftStep(
                request, session, history, context.shifts().orElseGet(ShiftJournal::inMemory), time, timings, progress);
        this.preflight =
                new PreflightStep(request, session, functions, releases, shift, context.origin(), timings, progress);
        this.install = new InstallStep(workspace, progress);
        this.build = new BuildStep(workspace, timings, progress);
        this.packaging = new PackageStep(request, workspace, progress);
        this.promote = new PromoteStep(session, workspace, uploads, packaging, progress);
        this.stage = new StageStep(request, session, uploads, timings, progress);
        this.layer = new LayerStep(request, dependencies, stage, packaging, timings, progress);
        this.update = new UpdateStep(request, functions, updater, history, timings, progress);
        this.verify = new VerifyStep(
                request, new FunctionInvoker(session, functions, request.waitTimeout()), releases, timings, progress);
        this.release = new ReleaseStep(
                request, releases, new VersionPruning(session, progress), context.origin(), history, timings, progress);
        this.record = new RecordStep(request, history, timings, progress);
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
            List<Target> targets = timings.time(Phase.PREFLIGHT, this::preflight);
            PackReport packaged = packaged(targets);
            try (DeploymentLocks.Lock functions = context.locks().await(request.functions(), progress)) {
                deploy(preflight.refresh(targets, functions.waited()), packaged);
            }
            return record.result();
        } catch (DeployException e) {
            throw record.failure(shift.takeBack(e), preflight.current());
        } catch (InterruptedException e) {
            shift.takeBack().ifPresent(progress::log);
            record.stopped();
            throw e;
        } catch (IOException | RuntimeException e) {
            shift.takeBack().ifPresent(progress::log);
            throw e;
        }
    }

    private List<Target> preflight() throws IOException, InterruptedException {
        List<Target> targets = preflight.run();
        history.resume(targets);
        stage.deployTo(targets);
        stage.checkEarly(context.stagedLastTime());
        return targets;
    }

    private PackReport packaged(List<Target> targets) throws IOException, InterruptedException {
        if (request.from().isPresent()) {
            DeploymentRecord from = request.from().get();
            from.layer().ifPresent(layer::use);
            return timings.time(
                    Phase.PACKAGE, () -> promote.run(from, targets, update.sendsCode(targets, from.packaged())));
        }
        if (request.zipFile().isPresent()) {
            return timings.time(
                    Phase.PACKAGE,
                    () -> packaging.ready(targets, request.zipFile().get()));
        }
        return packagedProject(targets);
    }

    /** Nothing is installed and built where a layer is known to have what would be. */
    private PackReport packagedProject(List<Target> targets) throws IOException, InterruptedException {
        PackReport packaged;
        String root = timings.time(Phase.INSTALL, install::folder);
        try (DeploymentLocks.Lock folder = context.locks().awaitFolder(root, progress)) {
            boolean known = layer.isKnown(install, targets);
            if (!known) {
                timings.run(Phase.INSTALL, () -> install.run(request.install(), packaging.described(targets)));
                build.run(request.build());
            }
            packaged = timings.time(Phase.PACKAGE, () -> packaging.run(targets, known, install));
        }
        timings.bytes(Phase.PACKAGE, packaged.zippedBytesInAll());
        return packaged;
    }

    private void deploy(List<Target> targets, PackReport packaged) throws IOException, InterruptedException {
        DesiredCode desired = send(targets, packaged);
        record.begin(desired);
        for (Target target : targets) {
            record.begin(target);
            Deployed updated = timings.time(Phase.UPDATE, () -> update.run(target, desired));
            Deployed published = release.publish(target, updated, packaged.codeSha256());
            Deployed verified = verify.run(published);
            record.done(release.moveAlias(target, verified, shift.run(target, verified)));
        }
        layer.prune(record.result().functions(), desired);
        for (Deployed function : record.result().functions()) {
            record.deleted(function, release.prune(function));
        }
    }

    /** Nothing that runs is changed by this: a layer version and a staged package are new, or were there. */
    private DesiredCode send(List<Target> targets, PackReport packaged) throws IOException, InterruptedException {
        boolean sent = update.sendsCode(targets, packaged);
        if (promote.staged().isPresent()) {
            return new DesiredCode(packaged, layer.run(targets, packaged), promote.staged());
        }
        stage.check(packaged, sent);
        return new DesiredCode(packaged, layer.run(targets, packaged), stage.run(packaged, sent));
    }

    /** After an interrupt, a line for each function that is not done: whether it was changed. */
    public List<String> stopped() {
        return record.linesOfStop();
    }

    /** The functions that it has created, as Lambda answered, also those that are not done after a failure or an interrupt. */
    public List<FunctionState> created() {
        return history.created();
    }

    /** The phase that was begun last. */
    public Phase phase() {
        return timings.latest();
    }

    /** The functions that are done, also after a failure, an interrupt or the loss of the workspace; empty where none is. */
    public Optional<DeployResult> deployed() {
        return record.deployed();
    }
}
