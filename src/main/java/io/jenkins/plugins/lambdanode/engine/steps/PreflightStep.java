package io.jenkins.plugins.lambdanode.engine.steps;

import io.jenkins.plugins.lambdanode.engine.aws.client.AwsSession;
import io.jenkins.plugins.lambdanode.engine.aws.lambda.AliasRouting;
import io.jenkins.plugins.lambdanode.engine.aws.lambda.FunctionName;
import io.jenkins.plugins.lambdanode.engine.aws.lambda.FunctionReader;
import io.jenkins.plugins.lambdanode.engine.aws.lambda.FunctionReleases;
import io.jenkins.plugins.lambdanode.engine.aws.lambda.FunctionState;
import io.jenkins.plugins.lambdanode.engine.base.DeployException;
import io.jenkins.plugins.lambdanode.engine.base.Progress;
import io.jenkins.plugins.lambdanode.engine.report.Origin;
import io.jenkins.plugins.lambdanode.engine.report.Phase;
import io.jenkins.plugins.lambdanode.engine.report.Timings;
import io.jenkins.plugins.lambdanode.engine.request.DeployRequest;
import java.io.IOException;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;

/** Asks AWS for the functions: a deployment that can't succeed ends here, before anything costly. */
public final class PreflightStep {

    /**
     * What preflight saw of the functions is not asked for again within this time. Whoever deploys without the locks can
     * come just after it as well; Lambda refuses a version that is not of the deployed code.
     */
    private static final Duration VALID_FOR = Duration.ofMinutes(1);

    private final DeployRequest request;
    private final AwsSession session;
    private final FunctionReader functions;
    private final FunctionReleases releases;
    private final ShiftStep shift;
    private final FunctionLayers layers;
    private final Origin origin;
    private final Timings timings;
    private final Progress progress;
    private long seen;
    private Optional<String> current = Optional.empty();

    public PreflightStep(
            DeployRequest request,
            AwsSession session,
            FunctionReader functions,
            FunctionReleases releases,
            ShiftStep shift,
            Origin origin,
            Timings timings,
            Progress progress) {
        this.request = request;
        this.session = session;
        this.functions = functions;
        this.releases = releases;
        this.shift = shift;
        this.layers = new FunctionLayers(request);
        this.origin = origin;
        this.timings = timings;
        this.progress = progress;
    }

    /**
     * Says what goes where, whether it succeeds or not.
     *
     * @return each function once, in the request's order
     */
    public List<Target> run() throws DeployException, InterruptedException {
        List<Target> targets = List.of();
        try {
            targets = find();
            shift.check();
            return targets;
        } finally {
            progress.log(origin.line(
                    request.from()
                            .map(from -> "the package of " + from.functionName())
                            .or(request::zipFile),
                    request.functions().stream()
                            .map(FunctionName::name)
                            .distinct()
                            .toList(),
                    session.region(),
                    account(targets),
                    session.caller(),
                    request.dryRun()));
            session.endpointNotice().ifPresent(progress::log);
            session.signingClock().notice().ifPresent(progress::warning);
        }
    }

    /**
     * The functions as they are now, just before anything is sent. Operations on them that are in progress are waited for:
     * Lambda refuses a change meanwhile, and they can change what has to be sent.
     *
     * @param changed whether the functions may have changed since
     */
    public List<Target> refresh(List<Target> targets, boolean changed) throws IOException, InterruptedException {
        boolean valid = !changed && System.nanoTime() - seen <= VALID_FOR.toNanos();
        return valid && targets.stream().allMatch(Target::isSettled)
                ? targets
                : timings.time(Phase.PREFLIGHT, () -> awaitOthers(valid ? targets : find()));
    }

    private List<Target> awaitOthers(List<Target> targets) throws DeployException, InterruptedException {
        if (targets.stream().allMatch(Target::isSettled)) {
            return targets;
        }
        for (Target target : targets) {
            if (!target.isSettled()) {
                current = Optional.of(target.name().name());
                functions.awaitSettled(target.name(), request.waitTimeout());
            }
        }
        return find();
    }

    private List<Target> find() throws DeployException, InterruptedException {
        List<Target> targets = new ArrayList<>();
        for (FunctionName name : request.functions()) {
            current = Optional.of(name.name());
            Target target = new Target(name, functions.find(name));
            if (!target.exists() && request.create().isEmpty()) {
                throw functions.missing(name);
            }
            if (target.exists()) {
                requireZip(target.state().get());
                functions.requireDeployable(
                        target.state().get(), request.update().revisionId());
                if (request.alias().isPresent()
                        && !request.force()
                        && !shift.isUnderWay(
                                target.state().get().functionArn(),
                                request.alias().get())) {
                    requireNotSplit(name, request.alias().get());
                }
            }
            layers.requireRoom(target);
            if (targets.stream().noneMatch(target::isSameAs)) {
                targets.add(target);
            }
        }
        current = Optional.empty();
        seen = System.nanoTime();
        return targets;
    }

    private void requireNotSplit(FunctionName name, String alias) throws DeployException, InterruptedException {
        Optional<AliasRouting> now = releases.findAlias(name, alias);
        if (now.isPresent()) {
            FunctionReleases.requireNotSplit(
                    name,
                    now.get(),
                    "Nothing was changed. Run the deployment again when that release has ended, or turn on force to end it"
                            + " and give all traffic to the new version.");
        }
    }

    private Optional<String> account(List<Target> targets) {
        return targets.stream()
                .flatMap(target -> target.account().stream())
                .findFirst()
                .or(() -> request.functions().stream()
                        .flatMap(name -> name.account().stream())
                        .findFirst());
    }

    /** The function that is looked at, or that the step has failed for. */
    public Optional<String> current() {
        return current;
    }

    private static void requireZip(FunctionState state) throws DeployException {
        if (!state.packageType().isEmpty() && !state.packageType().equals("Zip")) {
            throw new DeployException("The function " + state.functionName()
                    + " is made from a container image (PackageType " + state.packageType()
                    + "), which can't be updated with a deployment package. Deploy to a function of package type Zip.");
        }
    }
}
