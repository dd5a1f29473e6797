package io.jenkins.plugins.lambdanode.engine.steps;

import io.jenkins.plugins.lambdanode.engine.aws.lambda.CreateOptions;
import io.jenkins.plugins.lambdanode.engine.aws.lambda.FunctionState;
import io.jenkins.plugins.lambdanode.engine.aws.lambda.LayerState;
import io.jenkins.plugins.lambdanode.engine.base.DeployException;
import io.jenkins.plugins.lambdanode.engine.request.DeployRequest;
import io.jenkins.plugins.lambdanode.engine.request.LayerSettings;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;

/** Which of a function's layers is the one with its dependencies, and which layers it is to have. */
final class FunctionLayers {

    private final DeployRequest request;

    FunctionLayers(DeployRequest request) {
        this.request = request;
    }

    /** Whether a layer version of a function is one of the layer that this deployment keeps dependencies in. */
    boolean isOurs(FunctionState state, String layerVersionArn) {
        return request.layerName().isPresent()
                && state.isVersionOf(request.layerName().get(), layerVersionArn);
    }

    /** Ours in its present place or after the others, or gone where nothing is in it. */
    List<String> desired(FunctionState state, List<String> present, Optional<LayerState> ours) {
        List<String> desired = new ArrayList<>();
        for (String arn : present) {
            if (!isOurs(state, arn)) {
                desired.add(arn);
            } else if (ours.isPresent() && !desired.contains(ours.get().layerVersionArn())) {
                desired.add(ours.get().layerVersionArn());
            }
        }
        ours.map(LayerState::layerVersionArn)
                .filter(arn -> !desired.contains(arn))
                .ifPresent(desired::add);
        return desired;
    }

    boolean differ(FunctionState state, Optional<LayerState> ours) {
        return !desired(state, state.layerArns(), ours).equals(state.layerArns());
    }

    /** @throws DeployException if a function has no room for the layer */
    void requireRoom(Target target) throws DeployException {
        if (request.dependencyLayer().isEmpty()) {
            return;
        }
        List<String> others = target.state()
                .map(state -> state.layerArns().stream()
                        .filter(arn -> !isOurs(state, arn))
                        .toList())
                .orElseGet(() -> request.create().map(CreateOptions::layers).orElse(List.of()));
        if (others.size() >= LayerSettings.MAX_LAYERS) {
            throw new DeployException(
                    "The function " + target.name().value() + " has " + others.size() + " layers, and Lambda takes "
                            + LayerSettings.MAX_LAYERS
                            + ": there is no room for one with its dependencies. Remove one, or keep the"
                            + " dependencies in the package (dependencies: 'package').");
        }
    }
}
