package io.jenkins.plugins.lambdanode.engine.steps;

import io.jenkins.plugins.lambdanode.engine.aws.lambda.FunctionName;
import io.jenkins.plugins.lambdanode.engine.aws.lambda.FunctionState;
import io.jenkins.plugins.lambdanode.engine.aws.lambda.FunctionReader;
import io.jenkins.plugins.lambdanode.engine.base.DeployException;
import io.jenkins.plugins.lambdanode.engine.request.DeployRequest;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;

/** Asks AWS for the functions: a deployment that can't succeed ends here, before anything costly. */
public final class PreflightStep {

    private final DeployRequest request;
    private final FunctionReader functions;
    private final FunctionLayers layers;
    private Optional<String> current = Optional.empty();

    public PreflightStep(DeployRequest request, FunctionReader functions) {
        this.request = request;
        this.functions = functions;
        this.layers = new FunctionLayers(request);
    }

    /** @return each function once, in the request's order */
    public List<Target> run() throws DeployException, InterruptedException {
        List<Target> targets = new ArrayList<>();
        for (FunctionName name : request.functions()) {
            current = Optional.of(name.name());
            Target target = new Target(name, functions.find(name));
            if (!target.exists() && request.create().isEmpty()) {
                throw functions.missing(name);
            }
            if (target.exists()) {
                requireZip(target.state().get());
                functions.requireDeployable(target.state().get(), request.update().revisionId());
            }
            layers.requireRoom(target);
            if (targets.stream().noneMatch(target::isSameAs)) {
                targets.add(target);
            }
        }
        current = Optional.empty();
        return targets;
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
