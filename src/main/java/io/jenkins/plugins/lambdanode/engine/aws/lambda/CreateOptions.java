package io.jenkins.plugins.lambdanode.engine.aws.lambda;

import java.util.ArrayList;
import java.util.Collections;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.OptionalInt;

/**
 * What a function that does not exist is made with (Lambda API reference, CreateFunction).
 *
 * @param role ARN of its execution role
 * @param runtime for instance {@code nodejs24.x}
 * @param handler for instance {@code index.handler}
 * @param memorySize MB; empty for Lambda's default
 * @param timeout seconds; empty for Lambda's default
 * @param environment its environment variables
 * @param layers ARNs of layer versions, in their order
 * @param architectures {@code x86_64} or {@code arm64}; empty for Lambda's default
 * @param description can be empty
 * @param sourceKmsKeyArn the customer managed key that encrypts the package
 */
public record CreateOptions(
        String role,
        String runtime,
        String handler,
        OptionalInt memorySize,
        OptionalInt timeout,
        Map<String, String> environment,
        List<String> layers,
        List<String> architectures,
        String description,
        Optional<String> sourceKmsKeyArn) {

    public CreateOptions {
        environment = Collections.unmodifiableMap(new LinkedHashMap<>(environment));
        layers = List.copyOf(layers);
        architectures = List.copyOf(architectures);
    }

    /** Lambda's defaults for all that is not required. */
    public static CreateOptions of(String role, String runtime, String handler) {
        return new CreateOptions(
                role,
                runtime,
                handler,
                OptionalInt.empty(),
                OptionalInt.empty(),
                Map.of(),
                List.of(),
                List.of(),
                "",
                Optional.empty());
    }

    /** With one more layer, after the others. */
    public CreateOptions with(String layerVersionArn) {
        List<String> all = new ArrayList<>(layers);
        all.add(layerVersionArn);
        return new CreateOptions(
                role,
                runtime,
                handler,
                memorySize,
                timeout,
                environment,
                all,
                architectures,
                description,
                sourceKmsKeyArn);
    }

    /** Without the environment's values, which can be secrets. */
    @Override
    public String toString() {
        return "CreateOptions[role=" + role + ", runtime=" + runtime + ", handler=" + handler + ", environment="
                + environment.keySet() + "]";
    }
}
