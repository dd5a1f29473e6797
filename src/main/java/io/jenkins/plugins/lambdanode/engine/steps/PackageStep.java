package io.jenkins.plugins.lambdanode.engine.steps;

import io.jenkins.plugins.lambdanode.engine.aws.lambda.FunctionState;
import io.jenkins.plugins.lambdanode.engine.base.Progress;
import io.jenkins.plugins.lambdanode.engine.pack.api.PackReport;
import io.jenkins.plugins.lambdanode.engine.pack.api.PackRequest;
import io.jenkins.plugins.lambdanode.engine.pack.api.TargetFunction;
import io.jenkins.plugins.lambdanode.engine.report.Summary;
import io.jenkins.plugins.lambdanode.engine.request.DeployRequest;
import io.jenkins.plugins.lambdanode.engine.workspace.Workspace;
import java.io.IOException;
import java.util.List;
import java.util.function.Function;

/** Builds the deployment package, checked for the functions that get it. */
public final class PackageStep {

    private final DeployRequest request;
    private final Workspace workspace;
    private final Progress progress;
    private final FunctionLayers layers;

    public PackageStep(DeployRequest request, Workspace workspace, Progress progress) {
        this.request = request;
        this.workspace = workspace;
        this.progress = progress;
        this.layers = new FunctionLayers(request);
    }

    /**
     * @param knownLayer whether a layer version is known to hold the dependencies
     * @param install the project's, after it
     */
    public PackReport run(List<Target> targets, boolean knownLayer, InstallStep install)
            throws IOException, InterruptedException {
        PackRequest wanted = wanted(targets).withInstall(install.lockFile(), install.blockedScripts());
        return pack(knownLayer ? wanted.withKnownLayer() : wanted, Summary::packaged);
    }

    /** Looks at a package that is there. */
    public PackReport ready(List<Target> targets, String zipFile) throws IOException, InterruptedException {
        return pack(wanted(targets).ofZip(zipFile), Summary::ready);
    }

    private PackRequest wanted(List<Target> targets) {
        return PackRequest.of(
                request.pack(),
                described(targets),
                request.staging().bucket().isPresent(),
                "",
                request.dependencyLayer().isPresent());
    }

    private PackReport pack(PackRequest wanted, Function<PackReport, List<String>> summary)
            throws IOException, InterruptedException {
        boolean bucket = request.staging().bucket().isPresent();
        PackReport packaged = workspace.pack(wanted);
        summary.apply(packaged).forEach(progress::log);
        if (Summary.isNearLimit(packaged, bucket)) {
            Summary.heaviest(packaged).forEach(progress::log);
        }
        return packaged;
    }

    /** What the functions will be when the update is in force. */
    public List<TargetFunction> described(List<Target> targets) {
        return targets.stream().map(this::described).toList();
    }

    /** The request's architecture wins over the present one. */
    private TargetFunction described(Target target) {
        List<String> asked = request.update().architectures();
        if (target.exists()) {
            FunctionState state = target.state().get();
            return new TargetFunction(
                    state.handler(),
                    state.runtime(),
                    one(asked, state.architectures()),
                    state.layerBytes(arn -> !layers.isOurs(state, arn)),
                    state.nodePath());
        }
        return request.create()
                .map(create -> new TargetFunction(
                        create.handler(),
                        create.runtime(),
                        one(asked, create.architectures()),
                        0,
                        create.environment().getOrDefault("NODE_PATH", "")))
                .orElse(TargetFunction.UNKNOWN);
    }

    private static String one(List<String> asked, List<String> present) {
        List<String> architectures = asked.isEmpty() ? present : asked;
        return architectures.size() == 1 ? architectures.get(0) : "x86_64";
    }
}
