package io.jenkins.plugins.lambdanode.engine.steps;

import io.jenkins.plugins.lambdanode.engine.aws.lambda.CodeSource;
import io.jenkins.plugins.lambdanode.engine.aws.lambda.CreateOptions;
import io.jenkins.plugins.lambdanode.engine.aws.lambda.FunctionReader;
import io.jenkins.plugins.lambdanode.engine.aws.lambda.FunctionState;
import io.jenkins.plugins.lambdanode.engine.aws.lambda.FunctionUpdater;
import io.jenkins.plugins.lambdanode.engine.aws.lambda.UpdateOptions;
import io.jenkins.plugins.lambdanode.engine.aws.s3.StagedObject;
import io.jenkins.plugins.lambdanode.engine.base.DeployException;
import io.jenkins.plugins.lambdanode.engine.base.Progress;
import io.jenkins.plugins.lambdanode.engine.pack.api.PackReport;
import io.jenkins.plugins.lambdanode.engine.report.Baseline.Before;
import io.jenkins.plugins.lambdanode.engine.report.DeployResult.Deployed;
import io.jenkins.plugins.lambdanode.engine.report.DeployResult.Outcome;
import io.jenkins.plugins.lambdanode.engine.report.Phase;
import io.jenkins.plugins.lambdanode.engine.report.Timings;
import io.jenkins.plugins.lambdanode.engine.request.DeployRequest;
import java.io.IOException;
import java.util.List;
import java.util.Optional;

/** Gives a function its code and its layers, and waits until they are in force. */
public final class UpdateStep {

    private final DeployRequest request;
    private final FunctionReader functions;
    private final FunctionUpdater updater;
    private final BuildHistory history;
    private final Timings timings;
    private final Progress progress;
    private final FunctionLayers layers;

    public UpdateStep(
            DeployRequest request,
            FunctionReader functions,
            FunctionUpdater updater,
            BuildHistory history,
            Timings timings,
            Progress progress) {
        this.request = request;
        this.functions = functions;
        this.updater = updater;
        this.history = history;
        this.timings = timings;
        this.progress = progress;
        this.layers = new FunctionLayers(request);
    }

    /** Whether the function has not got this code, as far as preflight saw. */
    private boolean needsCode(Target target, PackReport packaged) {
        return request.force()
                || !target.exists()
                || target.hasFailed()
                || !target.state().get().codeSha256().equals(packaged.codeSha256())
                || !(request.update().architectures().isEmpty()
                        || request.update()
                                .architectures()
                                .equals(target.state().get().architectures()));
    }

    /** Whether the package will be sent for a function: Lambda checks no creation in a dry run. */
    public boolean sendsCode(List<Target> targets, PackReport packaged) {
        return targets.stream()
                .anyMatch(target -> needsCode(target, packaged) && (target.exists() || !request.dryRun()));
    }

    public Deployed run(Target target, DesiredCode desired) throws IOException, InterruptedException {
        if (!target.exists()) {
            return request.dryRun() ? wouldCreate(target, desired) : create(target, desired);
        }
        boolean code = needsCode(target, desired.packaged());
        if (!code && (request.dryRun() || !layers.differ(target.state().get(), desired.layer()))) {
            return unchanged(target, desired);
        }
        return request.dryRun() ? validate(target, desired) : update(target, desired);
    }

    private Deployed wouldCreate(Target target, DesiredCode desired) {
        progress.log("Dry run: " + target.name().value() + " does not exist and would be created.");
        return validated(target, FunctionState.absent(target.name()), desired);
    }

    private Deployed create(Target target, DesiredCode desired) throws IOException, InterruptedException {
        progress.log("Creating the function " + target.name().value());
        history.begin(target);
        countDirect(desired);
        CreateOptions create = request.create().orElseThrow();
        history.created(updater.create(
                target.name(),
                source(desired),
                desired.layer().map(ours -> create.with(ours.layerVersionArn())).orElse(create),
                desired.packaged().codeSha256()));
        return done(target, awaitCode(target, desired), Outcome.CREATED, desired);
    }

    private Deployed validate(Target target, DesiredCode desired) throws IOException, InterruptedException {
        progress.log("Dry run of updating " + target.name().value());
        countDirect(desired);
        FunctionState response = updater.update(
                target.name(),
                source(desired),
                request.update(),
                desired.packaged().codeSha256());
        return validated(target, response, desired);
    }

    /**
     * The layer comes first: code whose node_modules is not there would fail, and code that has its own takes no notice of a layer.
     * For the same reason a layer that is not needed any more goes last.
     */
    private Deployed update(Target target, DesiredCode desired) throws IOException, InterruptedException {
        FunctionState state = target.state().orElseThrow();
        progress.log("Updating " + target.name().value());
        history.begin(target);
        UpdateOptions options = request.update();
        if (desired.layer().isPresent() && layers.differ(state, desired.layer())) {
            state = updateLayers(target, state, desired, options);
            options = options.after(state.revisionId());
        }
        if (needsCode(target, desired.packaged())) {
            countDirect(desired);
            updater.update(
                    target.name(), source(desired), options, desired.packaged().codeSha256());
            state = awaitCode(target, desired);
            options = options.after(state.revisionId());
        }
        if (desired.layer().isEmpty() && layers.differ(state, desired.layer())) {
            state = updateLayers(target, state, desired, options);
        }
        return done(target, state, Outcome.UPDATED, desired);
    }

    private Deployed unchanged(Target target, DesiredCode desired) throws IOException, InterruptedException {
        FunctionState state = target.state().orElseThrow();
        progress.log(target.name().value() + " has this code already (CodeSha256 " + state.codeSha256()
                + "): nothing to upload.");
        request.update()
                .sourceKmsKeyArn()
                .ifPresent(key -> progress.log("The key " + key
                        + " (sourceKmsKeyArn) encrypts code that is uploaded: the code that is there stays encrypted as it is. Turn on"
                        + " force to upload it with this key."));
        return request.dryRun()
                ? validated(target, state, desired)
                : done(target, state, Outcome.UNCHANGED, Optional.empty());
    }

    private FunctionState updateLayers(Target target, FunctionState state, DesiredCode desired, UpdateOptions options)
            throws IOException, InterruptedException {
        updater.updateLayers(
                target.name(), state, arns -> layers.desired(state, arns, desired.layer()), options.revisionId());
        FunctionState now = functions.awaitReady(target.name(), request.waitTimeout());
        if (layers.differ(now, desired.layer())) {
            throw new DeployException(
                    "The function " + target.name().value() + " has the layers " + now.layerArns() + ", not the one"
                            + " with its dependencies that was just put there: someone else has replaced them meanwhile, such as a tool"
                            + " that keeps the function's configuration. Let it leave the layers alone, and run the deployment again.");
        }
        return now;
    }

    private FunctionState awaitCode(Target target, DesiredCode desired) throws IOException, InterruptedException {
        FunctionState state =
                functions.awaitUpdate(target.name(), desired.packaged().codeSha256(), request.waitTimeout());
        if (!state.codeSha256().equals(desired.packaged().codeSha256())) {
            throw new DeployException("The function " + target.name().value() + " has the CodeSha256 "
                    + state.codeSha256() + ", not " + desired.packaged().codeSha256()
                    + " that was just deployed: another deployment has replaced it meanwhile."
                    + " Let one job at a time deploy a function, and run again if yours is the one that should stay.");
        }
        return state;
    }

    private static CodeSource source(DesiredCode desired) {
        return desired.staged()
                .<CodeSource>map(CodeSource.Staged::new)
                .orElseGet(() -> new CodeSource.Direct(desired.packaged()));
    }

    private void countDirect(DesiredCode desired) {
        if (desired.staged().isEmpty()) {
            timings.bytes(Phase.UPDATE, desired.packaged().zippedBytes());
        }
    }

    private Deployed done(Target target, FunctionState state, Outcome outcome, DesiredCode desired) {
        return done(target, state, outcome, desired.staged());
    }

    private Deployed done(Target target, FunctionState state, Outcome outcome, Optional<StagedObject> staged) {
        Before before = history.before(target);
        Outcome ofTheBuild = history.ofTheBuild(outcome, target, state);
        return new Deployed(
                state,
                ofTheBuild,
                Optional.empty(),
                Optional.empty(),
                staged,
                Optional.empty(),
                before.exists() ? Optional.of(before.codeSha256()) : Optional.empty(),
                List.of(),
                outcome == Outcome.UNCHANGED && ofTheBuild != Outcome.UNCHANGED);
    }

    private static Deployed validated(Target target, FunctionState state, DesiredCode desired) {
        return new Deployed(
                state,
                Outcome.VALIDATED,
                Optional.empty(),
                Optional.empty(),
                desired.staged(),
                Optional.empty(),
                target.state().map(FunctionState::codeSha256),
                List.of(),
                false);
    }
}
