package io.jenkins.plugins.lambdanode.engine.aws.lambda;

import java.util.List;

/**
 * What a layer version is published with besides its content (Lambda API reference, PublishLayerVersion).
 *
 * @param name the layer's name
 * @param compatibleRuntimes for instance {@code nodejs24.x}; 15 at most
 * @param compatibleArchitectures {@code x86_64} or {@code arm64}, or both
 */
record LayerOptions(String name, List<String> compatibleRuntimes, List<String> compatibleArchitectures) {

    LayerOptions {
        compatibleRuntimes = List.copyOf(compatibleRuntimes);
        compatibleArchitectures = List.copyOf(compatibleArchitectures);
    }
}
