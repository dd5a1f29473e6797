package io.jenkins.plugins.lambdanode.engine;

import io.jenkins.plugins.lambdanode.engine.aws.client.AwsSession;
import io.jenkins.plugins.lambdanode.engine.aws.lambda.AliasState;
import io.jenkins.plugins.lambdanode.engine.aws.lambda.CodeSource;
import io.jenkins.plugins.lambdanode.engine.aws.lambda.CreateOptions;
import io.jenkins.plugins.lambdanode.engine.aws.lambda.DependencyLayer;
import io.jenkins.plugins.lambdanode.engine.aws.lambda.FunctionName;
import io.jenkins.plugins.lambdanode.engine.aws.lambda.FunctionState;
import io.jenkins.plugins.lambdanode.engine.aws.lambda.FunctionReader;
import io.jenkins.plugins.lambdanode.engine.aws.lambda.FunctionReleases;
import io.jenkins.plugins.lambdanode.engine.aws.lambda.FunctionUpdater;
import io.jenkins.plugins.lambdanode.engine.aws.lambda.LayerState;
import io.jenkins.plugins.lambdanode.engine.aws.lambda.UpdateOptions;
import io.jenkins.plugins.lambdanode.engine.aws.s3.UploadJournal;
import io.jenkins.plugins.lambdanode.engine.aws.s3.StagedObject;
import io.jenkins.plugins.lambdanode.engine.aws.s3.Staging;
import io.jenkins.plugins.lambdanode.engine.aws.s3.StagingBucket;
import io.jenkins.plugins.lambdanode.engine.base.DeployException;
import io.jenkins.plugins.lambdanode.engine.base.Progress;
import io.jenkins.plugins.lambdanode.engine.pack.api.TargetFunction;
import io.jenkins.plugins.lambdanode.engine.pack.api.PackReport;
import io.jenkins.plugins.lambdanode.engine.pack.api.PackRequest;
import io.jenkins.plugins.lambdanode.engine.report.Baseline;
import io.jenkins.plugins.lambdanode.engine.report.Baseline.Before;
import io.jenkins.plugins.lambdanode.engine.report.DeployResult;
import io.jenkins.plugins.lambdanode.engine.report.DeployResult.Deployed;
import io.jenkins.plugins.lambdanode.engine.report.DeployResult.Outcome;
import io.jenkins.plugins.lambdanode.engine.report.DeploymentFailure;
import io.jenkins.plugins.lambdanode.engine.report.Phase;
import io.jenkins.plugins.lambdanode.engine.report.Summary;
import io.jenkins.plugins.lambdanode.engine.report.Timings;
import io.jenkins.plugins.lambdanode.engine.request.LayerSettings;
import io.jenkins.plugins.lambdanode.engine.request.DeployRequest;
import io.jenkins.plugins.lambdanode.engine.steps.InstallStep;
import io.jenkins.plugins.lambdanode.engine.workspace.Workspace;
import java.io.IOException;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.OptionalInt;
import java.util.Set;
import java.util.stream.Collectors;

/**
 * The way of a deployment from a project's folder to a running function. Every phase can be run again, so a deployment that
 * was cut off is carried on by running it again.
 */
public final class Deployment {

    private final DeployRequest request;
    private final Workspace workspace;
    private final AwsSession session;
    private final FunctionReader functions;
    private final FunctionUpdater updater;
    private final FunctionReleases releases;
    private final Staging staging;
    private final Optional<DependencyLayer> layer;
    private final DeploymentLocks turns;
    private final Baseline baseline;
    private final Progress progress;
    private final Timings timings = new Timings();
    private final List<Deployed> done = new ArrayList<>();
    private Optional<String> current = Optional.empty();
    private Optional<PackReport> report = Optional.empty();
    private Optional<LayerState> layerState = Optional.empty();
    private boolean bucketChecked;

    /**
     * What preflight saw of the functions is not asked for again within this time. Whoever deploys without taking turns can
     * come just after it as well; Lambda refuses a version that is not of the deployed code.
     */
    private static final Duration CURRENT = Duration.ofMinutes(1);

    /** @param workspace where the project is; closing it is the caller's */
    public Deployment(DeployRequest request, Workspace workspace, AwsSession session, Progress progress) {
        this(request, workspace, session, DeploymentLocks.NONE, UploadJournal.NONE, Baseline.NONE, progress);
    }

    /**
     * @param turns lets it take turns with other deployments of the same function
     * @param uploads remembers an upload for when the deployment is run again after its process has ended
     * @param baseline what the functions were before the build
     */
    public Deployment(
            DeployRequest request,
            Workspace workspace,
            AwsSession session,
            DeploymentLocks turns,
            UploadJournal uploads,
            Baseline baseline,
            Progress progress) {
        this.request = request;
        this.workspace = workspace;
        this.turns = turns;
        this.baseline = baseline;
        this.session = session;
        this.functions = new FunctionReader(session, progress);
        this.updater = new FunctionUpdater(session, workspace, progress, request.waitTimeout());
        this.releases = new FunctionReleases(session, progress, request.waitTimeout());
        this.staging = new Staging(session, workspace, uploads, progress);
        this.layer = request.layerName().map(name -> new DependencyLayer(name, session, workspace, progress));
        this.progress = progress;
    }

    /**
     * Deploys.
     *
     * @throws DeploymentFailure if it can't go on; the message says what to do. What has been done by then is complete in
     *     itself, and a second run does the rest.
     */
    public DeployResult run() throws IOException, InterruptedException {
        try {
            return deploy();
        } catch (DeployException e) {
            throw new DeploymentFailure(e, timings.latest(), current, deployed());
        }
    }

    /** The functions that are done, also after a failure, an interrupt or the loss of the workspace; empty where none is. */
    public Optional<DeployResult> deployed() {
        return done.isEmpty() ? Optional.empty() : Optional.of(result());
    }

    private DeployResult result() {
        return new DeployResult(done, report.orElseThrow(), layerState, timings.list(), timings.sentBytes());
    }

    private DeployResult deploy() throws IOException, InterruptedException {
        session.endpointNotice().ifPresent(progress::log);
        staging.abortPending();
        long asked = System.nanoTime();
        List<Target> targets = timings.time(Phase.PREFLIGHT, this::targets);
        PackReport packaged = packaged(targets);
        timings.bytes(Phase.PACKAGE, packaged.zippedBytesInAll());
        try (DeploymentLocks.Lock turn = turns.await(request.functions(), progress)) {
            boolean outOfDate = turn.waited() || System.nanoTime() - asked > CURRENT.toNanos();
            return deploy(outOfDate ? timings.time(Phase.PREFLIGHT, this::targets) : targets, packaged);
        }
    }

    private PackReport packaged(List<Target> targets) throws IOException, InterruptedException {
        try (DeploymentLocks.Lock folder = turns.awaitFolder(progress)) {
            timings.time(Phase.INSTALL, this::install);
            report = Optional.of(timings.time(Phase.PACKAGE, () -> pack(targets)));
            return report.get();
        }
    }

    private DeployResult deploy(List<Target> targets, PackReport packaged) throws IOException, InterruptedException {
        layerState = dependencies(targets, packaged);
        DesiredCode wanted = new DesiredCode(packaged, layerState);
        List<Target> changed = targets.stream().filter(target -> needsCode(target, packaged)).toList();
        boolean sent = changed.stream().anyMatch(target -> target.state().isPresent() || !request.update().dryRun());
        Optional<StagedObject> staged = !sent || !request.stages(packaged.zippedBytes())
                ? Optional.empty()
                : Optional.of(timings.time(Phase.STAGE, () -> stage(packaged, request.functions().get(0).name(), Phase.STAGE)));
        for (Target target : targets) {
            current = Optional.of(target.name().name());
            try {
                done.add(changed.contains(target) || needsLayers(target, wanted)
                        ? release(target, timings.time(Phase.UPDATE, () -> update(target, wanted, staged)), packaged)
                        : release(target, unchanged(target), packaged));
            } catch (DeployException e) {
                throw done.isEmpty() || request.update().dryRun() ? e : halfDone(done, e);
            }
        }
        current = Optional.empty();
        prune(done, wanted);
        return result();
    }

    private static DeployException halfDone(List<Deployed> deployed, DeployException failure) {
        return new DeployException(
                failure.getMessage() + "\nThis code is deployed already to "
                        + deployed.stream()
                                .map(function -> function.state().functionName()
                                        + function.version().map(version -> " (version " + version + ")").orElse(""))
                                .collect(Collectors.joining(", "))
                        + "; running the deployment again does the rest.",
                failure);
    }

    /** A deployment that can't use its bucket ends before npm runs; one that does nothing costly before staging, at staging. */
    private void checkBucket() throws IOException, InterruptedException {
        if (request.staging().bucket().isPresent() && !bucketChecked) {
            new StagingBucket(session, request.staging().bucket().get()).check();
            bucketChecked = true;
        }
    }

    /** What AWS can say of the functions before npm runs: a deployment that can't succeed ends here. */
    private List<Target> targets() throws IOException, InterruptedException {
        List<Target> targets = new ArrayList<>();
        for (FunctionName name : request.functions()) {
            Optional<FunctionState> state = functions.find(name);
            if (state.isEmpty() && request.create().isEmpty()) {
                throw functions.missing(name);
            }
            if (state.isPresent()) {
                requireZip(state.get());
            }
            if (state.isPresent()) {
                functions.requireDeployable(state.get(), request.update().revisionId());
            }
            requireRoomForLayer(name, state);
            Target target = new Target(name, state);
            if (targets.stream().noneMatch(target::isSameAs)) {
                targets.add(target);
            }
        }
        return targets;
    }

    private static void requireZip(FunctionState state) throws DeployException {
        if (!state.packageType().isEmpty() && !state.packageType().equals("Zip")) {
            throw new DeployException("The function " + state.functionName()
                    + " is made from a container image (PackageType " + state.packageType()
                    + "), which can't be updated with a deployment package. Deploy to a function of package type Zip.");
        }
    }

    private void requireRoomForLayer(FunctionName name, Optional<FunctionState> state) throws DeployException {
        if (request.dependencyLayer().isEmpty()) {
            return;
        }
        List<String> others = state.isPresent()
                ? state.get().layerArns().stream().filter(arn -> !isOurs(state.get(), arn)).toList()
                : request.create().map(CreateOptions::layers).orElse(List.of());
        if (others.size() >= LayerSettings.MAX_LAYERS) {
            throw new DeployException("The function " + name.value() + " has " + others.size() + " layers, and Lambda takes "
                    + LayerSettings.MAX_LAYERS + ": there is no room for one with its dependencies. Take one off, or keep the"
                    + " dependencies in the package (dependencies: 'package').");
        }
    }

    /** Whether a layer version of a function is one of the layer that this deployment keeps dependencies in. */
    private boolean isOurs(FunctionState state, String layerVersionArn) {
        return request.dependencyLayer().isPresent()
                && state.isVersionOf(request.layerName().get(), layerVersionArn);
    }

    private Void install() throws IOException, InterruptedException {
        new InstallStep(workspace, progress).run(request.install(), this::checkBucket);
        return null;
    }

    private PackReport pack(List<Target> targets) throws IOException, InterruptedException {
        List<TargetFunction> traits = targets.stream().map(this::traits).toList();
        PackRequest pack = PackRequest.of(
                request.pack(), traits, request.staging().bucket().isPresent(), "", layer.isPresent());
        PackReport packaged = workspace.pack(pack);
        Summary.packaged(packaged).forEach(progress::log);
        return packaged;
    }

    /** What the function will be when the update is in force: the request's architecture wins over the present one. */
    private TargetFunction traits(Target target) {
        List<String> asked = request.update().architectures();
        if (target.state().isPresent()) {
            FunctionState state = target.state().get();
            return new TargetFunction(
                    state.handler(), state.runtime(), one(asked, state.architectures()),
                    state.layerBytes(arn -> !isOurs(state, arn)));
        }
        return request.create()
                .map(create -> new TargetFunction(
                        create.handler(), create.runtime(), one(asked, create.architectures()), 0))
                .orElse(TargetFunction.UNKNOWN);
    }

    private static String one(List<String> asked, List<String> present) {
        List<String> architectures = asked.isEmpty() ? present : asked;
        return architectures.size() == 1 ? architectures.get(0) : "x86_64";
    }

    /** What functions are to have: a package, and where dependencies are apart the layer version that holds them. */
    private record DesiredCode(PackReport packaged, Optional<LayerState> layer) {}

    /** The layer version with the dependencies: the one that holds them already, or a new one. */
    private Optional<LayerState> dependencies(List<Target> targets, PackReport packaged)
            throws IOException, InterruptedException {
        if (layer.isEmpty() || packaged.layer().isEmpty()) {
            return Optional.empty();
        }
        return timings.time(Phase.LAYER, () -> {
            PackReport modules = packaged.layer().get();
            Set<String> inUse = targets.stream()
                    .flatMap(target -> target.state().stream())
                    .flatMap(state -> state.layerArns().stream().filter(arn -> isOurs(state, arn)))
                    .collect(Collectors.toSet());
            Optional<LayerState> there = layer.get().find(modules, inUse);
            if (there.isPresent() || request.update().dryRun()) {
                progress.log(there.map(found -> "Layer " + found.name() + " has these dependencies already (version "
                                + found.version() + "): nothing to upload.")
                        .orElse("Dry run: the dependencies would be published as a version of a layer."));
                return there;
            }
            return Optional.of(publish(targets, modules));
        });
    }

    private LayerState publish(List<Target> targets, PackReport modules) throws IOException, InterruptedException {
        String name = request.layerName().orElseThrow();
        progress.log("Publishing the dependencies as a version of layer " + name);
        CodeSource source = new CodeSource.Direct(modules);
        if (request.stages(modules.zippedBytes())) {
            source = new CodeSource.Staged(stage(modules, name, Phase.LAYER));
        } else {
            timings.bytes(Phase.LAYER, modules.zippedBytes());
        }
        List<TargetFunction> functions = targets.stream().map(this::traits).toList();
        return layer.orElseThrow()
                .publish(
                        source,
                        modules,
                        functions.stream().map(TargetFunction::runtime).filter(text -> !text.isEmpty()).distinct().toList(),
                        functions.stream().map(TargetFunction::architecture).distinct().toList());
    }

    /** Old versions go when functions have the new one. */
    private void prune(List<Deployed> deployed, DesiredCode wanted) throws IOException, InterruptedException {
        OptionalInt keep = request.dependencyLayer().map(LayerSettings::keepVersions).orElse(OptionalInt.empty());
        if (keep.isEmpty() || wanted.layer().isEmpty() || request.update().dryRun()) {
            return;
        }
        Set<String> inUse = deployed.stream()
                .flatMap(function -> function.state().layerArns().stream())
                .collect(Collectors.toSet());
        timings.time(Phase.LAYER, () -> {
            layer.orElseThrow().prune(keep.getAsInt(), inUse);
            return null;
        });
    }

    /** What a function's layers are to be: ours in its present place or after the others, or gone where nothing is in it. */
    private List<String> layers(FunctionState state, List<String> arns, Optional<LayerState> ours) {
        List<String> wanted = new ArrayList<>();
        for (String arn : arns) {
            if (!isOurs(state, arn)) {
                wanted.add(arn);
            } else if (ours.isPresent() && !wanted.contains(ours.get().layerVersionArn())) {
                wanted.add(ours.get().layerVersionArn());
            }
        }
        ours.map(LayerState::layerVersionArn).filter(arn -> !wanted.contains(arn)).ifPresent(wanted::add);
        return wanted;
    }

    private boolean needsLayers(Target target, DesiredCode wanted) {
        return !request.update().dryRun()
                && target.state().isPresent()
                && needsLayers(target.state().get(), wanted);
    }

    private boolean needsLayers(FunctionState state, DesiredCode wanted) {
        return !layers(state, state.layerArns(), wanted.layer()).equals(state.layerArns());
    }

    private boolean needsCode(Target target, PackReport packaged) {
        return request.force()
                || target.state().isEmpty()
                || hasFailed(target.state().get())
                || !target.state().get().codeSha256().equals(packaged.codeSha256())
                || !(request.update().architectures().isEmpty()
                        || request.update().architectures().equals(target.state().get().architectures()));
    }

    /** Lambda names the new code's CodeSha256 also after an update that failed: the function runs its former code. */
    private static boolean hasFailed(FunctionState state) {
        return state.lastUpdateStatus().equals("Failed") || state.state().equals("Failed");
    }

    private StagedObject stage(PackReport packaged, String name, Phase phase) throws IOException, InterruptedException {
        checkBucket();
        StagedObject staged =
                staging.stage(packaged, request.staging(), name);
        timings.bytes(phase, staged.sentBytes());
        return staged;
    }

    /**
     * The layer comes first: code whose node_modules is not there would fail, and code that has its own takes no notice of a layer.
     * For the same reason a layer that is not needed any more goes last.
     */
    private Deployed update(Target target, DesiredCode wanted, Optional<StagedObject> staged)
            throws IOException, InterruptedException {
        if (target.state().isEmpty()) {
            return create(target, wanted, staged);
        }
        FunctionState state = target.state().get().settled()
                ? target.state().get()
                : functions.awaitSettled(target.name(), request.waitTimeout());
        UpdateOptions options = request.update();
        if (options.dryRun()) {
            progress.log("Dry run of updating " + target.name().value());
            countDirect(wanted.packaged(), staged);
            FunctionState answer = updater.update(
                    target.name(), source(wanted, staged), options, wanted.packaged().codeSha256());
            return validated(target, answer, staged);
        }
        progress.log("Updating " + target.name().value());
        remember(target);
        if (wanted.layer().isPresent() && needsLayers(state, wanted)) {
            state = updateLayers(target, state, wanted, options);
            options = options.after(state.revisionId());
        }
        if (needsCode(target, wanted.packaged())) {
            countDirect(wanted.packaged(), staged);
            updater.update(target.name(), source(wanted, staged), options, wanted.packaged().codeSha256());
            state = inForce(target, wanted);
            options = options.after(state.revisionId());
        }
        if (wanted.layer().isEmpty() && needsLayers(state, wanted)) {
            state = updateLayers(target, state, wanted, options);
        }
        return changed(target, state, Outcome.UPDATED, staged);
    }

    private Deployed create(Target target, DesiredCode wanted, Optional<StagedObject> staged)
            throws IOException, InterruptedException {
        if (request.update().dryRun()) {
            progress.log("Dry run: " + target.name().value() + " does not exist and would be created.");
            return validated(target, FunctionState.absent(target.name()), staged);
        }
        progress.log("Creating the function " + target.name().value());
        remember(target);
        countDirect(wanted.packaged(), staged);
        CreateOptions create = request.create().orElseThrow();
        updater.create(
                target.name(),
                source(wanted, staged),
                wanted.layer().map(ours -> create.with(ours.layerVersionArn())).orElse(create),
                wanted.packaged().codeSha256());
        return changed(target, inForce(target, wanted), Outcome.CREATED, staged);
    }

    private static CodeSource source(DesiredCode wanted, Optional<StagedObject> staged) {
        return staged.<CodeSource>map(CodeSource.Staged::new)
                .orElseGet(() -> new CodeSource.Direct(wanted.packaged()));
    }

    private FunctionState updateLayers(Target target, FunctionState state, DesiredCode wanted, UpdateOptions options)
            throws IOException, InterruptedException {
        updater.updateLayers(
                target.name(), state, arns -> layers(state, arns, wanted.layer()), options.revisionId());
        FunctionState now = functions.awaitReady(target.name(), request.waitTimeout());
        if (needsLayers(now, wanted)) {
            throw new DeployException("The function " + target.name().value() + " has the layers " + now.layerArns() + ", not the one"
                    + " with its dependencies that was just put there: someone else has replaced them meanwhile, such as a tool"
                    + " that keeps the function's configuration. Let it leave the layers alone, and run the deployment again.");
        }
        return now;
    }

    private void countDirect(PackReport packaged, Optional<StagedObject> staged) {
        if (staged.isEmpty()) {
            timings.bytes(Phase.UPDATE, packaged.zippedBytes());
        }
    }

    private FunctionState inForce(Target target, DesiredCode wanted) throws IOException, InterruptedException {
        FunctionState state = functions.awaitUpdate(target.name(), wanted.packaged().codeSha256(), request.waitTimeout());
        if (!state.codeSha256().equals(wanted.packaged().codeSha256())) {
            throw new DeployException("The function " + target.name().value() + " has the CodeSha256 "
                    + state.codeSha256() + ", not " + wanted.packaged().codeSha256()
                    + " that was just deployed: another deployment has replaced it meanwhile."
                    + " Let one job at a time deploy a function, and run again if yours is the one that should stay.");
        }
        return state;
    }

    private Deployed unchanged(Target target) throws IOException, InterruptedException {
        FunctionState state = target.state().orElseThrow();
        progress.log(target.name().value() + " has this code already (CodeSha256 " + state.codeSha256()
                + "): nothing to upload.");
        FunctionState settled =
                state.settled() ? state : functions.awaitReady(target.name(), request.waitTimeout());
        return changed(target, settled, Outcome.UNCHANGED, Optional.empty());
    }

    private static Deployed validated(Target target, FunctionState state, Optional<StagedObject> staged) {
        return new Deployed(
                state,
                Outcome.VALIDATED,
                Optional.empty(),
                Optional.empty(),
                staged,
                Optional.empty(),
                target.state().map(FunctionState::codeSha256));
    }

    /** @param outcome what this deployment did; an earlier attempt of the build may have done more */
    private Deployed changed(Target target, FunctionState state, Outcome outcome, Optional<StagedObject> staged) {
        Before before = before(target);
        return new Deployed(
                state,
                ofTheBuild(outcome, before, state),
                Optional.empty(),
                Optional.empty(),
                staged,
                Optional.empty(),
                before.exists() ? Optional.of(before.codeSha256()) : Optional.empty());
    }

    private static Outcome ofTheBuild(Outcome outcome, Before before, FunctionState now) {
        if (!before.exists()) {
            return Outcome.CREATED;
        }
        boolean differs = !before.codeSha256().equals(now.codeSha256()) || !before.layerArns().equals(now.layerArns());
        return outcome == Outcome.UNCHANGED && differs ? Outcome.UPDATED : outcome;
    }

    private Before before(Target target) {
        return baseline.recall(functions.arn(target.name(), target.state()))
                .or(() -> baseline.recall(functions.arn(target.name(), Optional.empty()))
                        .filter(before -> !before.exists()))
                .orElseGet(() -> seen(target));
    }

    private static Before seen(Target target) {
        return target.state()
                .map(state -> new Before(true, state.codeSha256(), state.layerArns(), ""))
                .orElse(Before.ABSENT);
    }

    private void remember(Target target) throws DeployException, InterruptedException {
        String arn = functions.arn(target.name(), target.state());
        if (baseline.recall(arn).isEmpty()) {
            baseline.remember(arn, before(target));
        }
    }

    /** Where the alias was before the build: what is seen now, unless an earlier attempt has moved it. */
    private Optional<String> aliasBefore(String arn, Optional<String> seen)
            throws DeployException, InterruptedException {
        Optional<Before> remembered = baseline.recall(arn);
        if (remembered.isEmpty()) {
            baseline.remember(arn, seen.map(version -> new Before(true, "", List.of(), version)).orElse(Before.ABSENT));
        }
        return remembered.map(before -> before.exists() ? Optional.of(before.version()) : Optional.<String>empty())
                .orElse(seen);
    }

    private Deployed release(Target target, Deployed deployed, PackReport packaged) throws IOException, InterruptedException {
        if (!request.publishes() || deployed.outcome() == Outcome.VALIDATED || request.update().dryRun()) {
            return deployed;
        }
        return timings.time(Phase.RELEASE, () -> {
            FunctionName name = FunctionName.parse(deployed.state().functionArn());
            String version = releases.publish(name, packaged.codeSha256(), Optional.empty(), "");
            progress.log("Version " + version + " of " + deployed.state().functionName() + " is this code");
            if (request.alias().isEmpty()) {
                return new Deployed(
                        deployed.state(), deployed.outcome(), Optional.of(version), Optional.empty(), deployed.staged(),
                        Optional.empty(), deployed.previousCodeSha256());
            }
            String arn = deployed.state().functionArn() + ":" + request.alias().get();
            AliasState moved =
                    releases.moveAlias(name, request.alias().get(), version, request.force(), seen -> aliasBefore(arn, seen));
            Optional<String> before = aliasBefore(arn, moved.previousVersion());
            progress.log("Alias " + moved.name() + (moved.changed() ? " now" : " already") + " points to version "
                    + version);
            boolean released = moved.changed() || !before.equals(Optional.of(version));
            return new Deployed(
                    deployed.state(),
                    deployed.outcome() == Outcome.UNCHANGED && released ? Outcome.RELEASED : deployed.outcome(),
                    Optional.of(version),
                    Optional.of(moved),
                    deployed.staged(),
                    before,
                    deployed.previousCodeSha256());
        });
    }

    /** A function to deploy to, and what it was before. */
    private record Target(FunctionName name, Optional<FunctionState> state) {

        /** A function can be named twice, by its name and by its ARN: a second update would find what the first has changed. */
        boolean isSameAs(Target other) {
            return state.isPresent() && other.state.isPresent()
                    ? state.get().functionArn().equals(other.state.get().functionArn())
                    : name.name().equals(other.name.name()) && name.account().equals(other.name.account());
        }
    }
}
