package io.jenkins.plugins.lambdanode.engine;

import io.jenkins.plugins.lambdanode.engine.DeployResult.Deployed;
import io.jenkins.plugins.lambdanode.engine.DeployResult.Outcome;
import io.jenkins.plugins.lambdanode.engine.aws.AliasState;
import io.jenkins.plugins.lambdanode.engine.aws.AwsSession;
import io.jenkins.plugins.lambdanode.engine.aws.CodeSource;
import io.jenkins.plugins.lambdanode.engine.aws.FunctionName;
import io.jenkins.plugins.lambdanode.engine.aws.FunctionState;
import io.jenkins.plugins.lambdanode.engine.aws.Functions;
import io.jenkins.plugins.lambdanode.engine.aws.OpenUpload;
import io.jenkins.plugins.lambdanode.engine.aws.StagedObject;
import io.jenkins.plugins.lambdanode.engine.aws.Staging;
import io.jenkins.plugins.lambdanode.engine.npm.NpmInstall;
import io.jenkins.plugins.lambdanode.engine.pack.FunctionTraits;
import io.jenkins.plugins.lambdanode.engine.pack.PackReport;
import io.jenkins.plugins.lambdanode.engine.pack.PackRequest;
import java.io.IOException;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;

/**
 * The way of a deployment from a project's folder to a running function. Every phase can be run again, so a deployment that
 * was cut off is carried on by running it again.
 */
public final class Deployment {

    private final DeployRequest request;
    private final Workspace workspace;
    private final Functions functions;
    private final Staging staging;
    private final Turns turns;
    private final Progress progress;
    private final Timings timings = new Timings();
    private boolean bucketChecked;

    /**
     * What preflight saw of the functions is not asked for again within this time. Whoever deploys without taking turns can
     * come just after it as well; Lambda refuses a version that is not of the deployed code.
     */
    private static final Duration CURRENT = Duration.ofMinutes(1);

    /** @param workspace where the project is; closing it is the caller's */
    public Deployment(DeployRequest request, Workspace workspace, AwsSession session, Progress progress) {
        this(request, workspace, session, Turns.NONE, OpenUpload.Memory.NONE, progress);
    }

    /**
     * @param turns lets it take turns with other deployments of the same function
     * @param uploads remembers an upload for when the deployment is run again after its process has ended
     */
    public Deployment(
            DeployRequest request,
            Workspace workspace,
            AwsSession session,
            Turns turns,
            OpenUpload.Memory uploads,
            Progress progress) {
        this.request = request;
        this.workspace = workspace;
        this.turns = turns;
        this.functions = new Functions(session, workspace, progress, request.timeout());
        this.staging = new Staging(session, workspace, uploads, progress);
        this.progress = progress;
    }

    /**
     * Deploys.
     *
     * @throws DeployException if it can't go on; the message says what to do. What has been done by then is complete in
     *     itself, and a second run does the rest.
     */
    public DeployResult run() throws IOException, InterruptedException {
        staging.abortLeft();
        long asked = System.nanoTime();
        List<Target> targets = timings.time(Phase.PREFLIGHT, this::targets);
        timings.time(Phase.INSTALL, this::install);
        PackReport packaged = timings.time(Phase.PACKAGE, () -> pack(targets));
        timings.bytes(Phase.PACKAGE, packaged.zippedBytes());
        try (Turns.Turn turn = turns.await(request.functions(), progress)) {
            boolean outOfDate = turn.waited() || System.nanoTime() - asked > CURRENT.toNanos();
            return deploy(outOfDate ? timings.time(Phase.PREFLIGHT, this::targets) : targets, packaged);
        }
    }

    private DeployResult deploy(List<Target> targets, PackReport packaged) throws IOException, InterruptedException {
        List<Target> changed = targets.stream().filter(target -> needsUpdate(target, packaged)).toList();
        boolean sent = changed.stream().anyMatch(target -> target.state().isPresent() || !request.update().dryRun());
        Optional<StagedObject> staged = !sent || !isStaged(packaged)
                ? Optional.empty()
                : Optional.of(timings.time(Phase.STAGE, () -> stage(packaged)));
        List<Deployed> deployed = new ArrayList<>();
        for (Target target : targets) {
            deployed.add(changed.contains(target)
                    ? release(timings.time(Phase.UPDATE, () -> update(target, packaged, staged)), packaged)
                    : release(unchanged(target), packaged));
        }
        return new DeployResult(deployed, packaged, timings.list(), timings.sentBytes());
    }

    /** A deployment that can't use its bucket ends before npm runs; one that does nothing costly before staging, at staging. */
    private void checkBucket() throws IOException, InterruptedException {
        if (request.staging().bucket().isPresent() && !bucketChecked) {
            staging.checkBucket(request.staging().bucket().get());
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
            targets.add(new Target(name, state));
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

    private Void install() throws IOException, InterruptedException {
        new NpmInstall(workspace, progress)
                .run(request.install(), request.packaging().cacheDir(), this::checkBucket);
        return null;
    }

    private PackReport pack(List<Target> targets) throws IOException, InterruptedException {
        List<FunctionTraits> traits = targets.stream().map(this::traits).toList();
        PackRequest pack = request.packaging().toRequest(traits, request.staging().bucket().isPresent(), "");
        PackReport packaged = workspace.pack(pack);
        Summary.packaged(packaged).forEach(progress::log);
        return packaged;
    }

    /** What the function will be when the update is in force: the request's architecture wins over the present one. */
    private FunctionTraits traits(Target target) {
        List<String> asked = request.update().architectures();
        if (target.state().isPresent()) {
            FunctionState state = target.state().get();
            return new FunctionTraits(
                    state.handler(), state.runtime(), one(asked, state.architectures()), state.layerBytes());
        }
        return request.create()
                .map(create -> new FunctionTraits(
                        create.handler(), create.runtime(), one(asked, create.architectures()), 0))
                .orElse(FunctionTraits.UNKNOWN);
    }

    private static String one(List<String> asked, List<String> present) {
        List<String> architectures = asked.isEmpty() ? present : asked;
        return architectures.size() == 1 ? architectures.get(0) : "x86_64";
    }

    private boolean needsUpdate(Target target, PackReport packaged) {
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

    private boolean isStaged(PackReport packaged) {
        DeployRequest.Staging staging = request.staging();
        return staging.bucket().isPresent()
                && packaged.zippedBytes()
                        >= Math.min(
                                staging.threshold().orElse(DeployRequest.Staging.DEFAULT_THRESHOLD),
                                PackRequest.MAX_DIRECT_BYTES + 1);
    }

    private StagedObject stage(PackReport packaged) throws IOException, InterruptedException {
        DeployRequest.Staging to = request.staging();
        checkBucket();
        StagedObject staged =
                staging.stage(packaged, to.bucket().orElseThrow(), to.prefix(), request.functions().get(0));
        timings.bytes(Phase.STAGE, staged.sentBytes());
        return staged;
    }

    private Deployed update(Target target, PackReport packaged, Optional<StagedObject> staged)
            throws IOException, InterruptedException {
        CodeSource source = staged.<CodeSource>map(CodeSource.Staged::new).orElseGet(() -> new CodeSource.Direct(packaged));
        if (target.state().isEmpty()) {
            if (request.update().dryRun()) {
                progress.log("Dry run: " + target.name().value() + " does not exist and would be created.");
                return new Deployed(
                        FunctionState.absent(target.name()), Outcome.VALIDATED, Optional.empty(), Optional.empty(), staged);
            }
            progress.log("Creating the function " + target.name().value());
            countDirect(packaged, staged);
            functions.create(target.name(), source, request.create().orElseThrow(), packaged.codeSha256());
            return inForce(target, Outcome.CREATED, packaged, staged);
        }
        progress.log((request.update().dryRun() ? "Dry run of updating " : "Updating ") + target.name().value());
        countDirect(packaged, staged);
        FunctionState answer = functions.update(target.name(), source, request.update(), packaged.codeSha256());
        if (request.update().dryRun()) {
            return new Deployed(answer, Outcome.VALIDATED, Optional.empty(), Optional.empty(), staged);
        }
        return inForce(target, Outcome.UPDATED, packaged, staged);
    }

    private void countDirect(PackReport packaged, Optional<StagedObject> staged) {
        if (staged.isEmpty()) {
            timings.bytes(Phase.UPDATE, packaged.zippedBytes());
        }
    }

    private Deployed inForce(Target target, Outcome outcome, PackReport packaged, Optional<StagedObject> staged)
            throws IOException, InterruptedException {
        FunctionState state = functions.awaitReady(target.name(), request.timeout());
        if (!state.codeSha256().equals(packaged.codeSha256())) {
            throw new DeployException("The function " + target.name().value() + " has the CodeSha256 "
                    + state.codeSha256() + ", not " + packaged.codeSha256()
                    + " that was just deployed: another deployment has replaced it meanwhile."
                    + " Let one job at a time deploy a function, and run again if yours is the one that should stay.");
        }
        return new Deployed(state, outcome, Optional.empty(), Optional.empty(), staged);
    }

    private Deployed unchanged(Target target) throws IOException, InterruptedException {
        FunctionState state = target.state().orElseThrow();
        progress.log(target.name().value() + " has this code already (CodeSha256 " + state.codeSha256()
                + "): nothing to upload.");
        FunctionState settled =
                state.settled() ? state : functions.awaitReady(target.name(), request.timeout());
        return new Deployed(settled, Outcome.UNCHANGED, Optional.empty(), Optional.empty(), Optional.empty());
    }

    private Deployed release(Deployed deployed, PackReport packaged) throws IOException, InterruptedException {
        if (!request.publishes() || deployed.outcome() == Outcome.VALIDATED || request.update().dryRun()) {
            return deployed;
        }
        return timings.time(Phase.RELEASE, () -> {
            FunctionName name = FunctionName.parse(deployed.state().functionArn());
            String version = functions.publish(name, packaged.codeSha256(), Optional.empty(), "");
            progress.log("Version " + version + " of " + deployed.state().functionName() + " is this code");
            Optional<AliasState> alias = Optional.empty();
            if (request.alias().isPresent()) {
                AliasState moved = functions.moveAlias(name, request.alias().get(), version);
                progress.log("Alias " + moved.name() + (moved.changed() ? " now" : " already") + " points to version "
                        + version);
                alias = Optional.of(moved);
            }
            return new Deployed(
                    deployed.state(), deployed.outcome(), Optional.of(version), alias, deployed.staged());
        });
    }

    /** A function to deploy to, and what it was before. */
    private record Target(FunctionName name, Optional<FunctionState> state) {}
}
