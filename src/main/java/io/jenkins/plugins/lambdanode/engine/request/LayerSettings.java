package io.jenkins.plugins.lambdanode.engine.request;

import io.jenkins.plugins.lambdanode.engine.aws.lambda.FunctionName;
import java.util.List;
import java.util.Optional;
import java.util.OptionalInt;

/**
 * The layer that node_modules goes into.
 *
 * @param layerName the layer's name; empty for the first function's with {@code -dependencies} after it
 * @param keepVersions how many versions of the layer are kept, of those that were published so; empty for all
 */
public record LayerSettings(Optional<String> layerName, OptionalInt keepVersions) {

    /** A function has at most five layers (AWS Lambda quotas). */
    public static final int MAX_LAYERS = 5;

    /** The layer's name in a deployment to these functions. */
    public String layerFor(List<FunctionName> functions) {
        return layerName.orElse(functions.get(0).name() + "-dependencies");
    }
}
