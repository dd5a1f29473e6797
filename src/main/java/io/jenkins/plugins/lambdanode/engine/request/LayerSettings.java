package io.jenkins.plugins.lambdanode.engine.request;

import io.jenkins.plugins.lambdanode.engine.aws.lambda.FunctionName;
import io.jenkins.plugins.lambdanode.engine.base.DeployException;
import java.util.List;
import java.util.Optional;
import java.util.OptionalInt;
import java.util.regex.Pattern;

/**
 * That node_modules goes into a layer of its own, and which.
 *
 * @param layerName the layer's name; empty for the first function's with {@code -dependencies} after it
 * @param keepVersions how many versions of the layer are kept, of those that were published so; empty for all
 */
public record LayerSettings(Optional<String> layerName, OptionalInt keepVersions) {

    /** A function has at most five layers (AWS Lambda quotas). */
    public static final int MAX_LAYERS = 5;

    /** Lambda API reference, PublishLayerVersion, LayerName; an ARN is left out, since its account and region are the function's. */
    private static final Pattern NAME = Pattern.compile("[a-zA-Z0-9-_]{1,140}");

    /** What leaves all dependencies out of the package, for the setting {@code dependencies: none}. */
    public static final String NO_DEPENDENCIES = "**/node_modules/**";

    /**
     * Reads the settings {@code dependencies}, {@code layerName} and {@code keepLayerVersions}.
     *
     * @param dependencies {@code layer}; {@code package} or {@code none} for no layer
     * @throws DeployException if one of them can't be used
     */
    public static Optional<LayerSettings> parse(String dependencies, Optional<String> layerName, OptionalInt keepVersions)
            throws DeployException {
        if (dependencies.equals("package") || dependencies.equals("none")) {
            return Optional.empty();
        }
        if (!dependencies.equals("layer")) {
            throw new DeployException("dependencies is '" + dependencies + "'. Use package, layer or none.");
        }
        if (layerName.isPresent() && !NAME.matcher(layerName.get()).matches()) {
            throw new DeployException("\"" + layerName.get() + "\" is not the name of a layer: letters, digits, - and _, at most"
                    + " 140. It is made in the function's account and region.");
        }
        if (keepVersions.isPresent() && keepVersions.getAsInt() < 1) {
            throw new DeployException("keepLayerVersions is " + keepVersions.getAsInt() + ". Keep 1 version of the layer or more.");
        }
        return Optional.of(new LayerSettings(layerName, keepVersions));
    }

    /** The layer's name in a deployment to these functions. */
    public String layerFor(List<FunctionName> functions) {
        return layerName.orElse(functions.get(0).name() + "-dependencies");
    }
}
