package io.jenkins.plugins.lambdanode.engine.pack.check;

import java.time.LocalDate;
import java.util.Map;
import java.util.Optional;

/**
 * What is known of a Node.js runtime of Lambda by its identifier.
 *
 * <p>Deprecation dates: AWS Lambda Developer Guide, "Lambda runtimes", tables of supported and deprecated runtimes, and its
 * mirror at endoflife.date/aws-lambda.
 *
 * @param major Node.js's major version, for instance 24
 */
record NodeRuntime(int major) {
    private static final Map<Integer, LocalDate> DEPRECATED = Map.of(
            8, LocalDate.of(2020, 3, 6),
            10, LocalDate.of(2021, 7, 30),
            12, LocalDate.of(2023, 3, 31),
            14, LocalDate.of(2023, 12, 4),
            16, LocalDate.of(2024, 6, 12),
            18, LocalDate.of(2025, 9, 1),
            20, LocalDate.of(2026, 4, 30),
            22, LocalDate.of(2027, 4, 30),
            24, LocalDate.of(2028, 4, 30));

    /** @param identifier for instance {@code nodejs24.x}; empty for any other kind of runtime */
    static Optional<NodeRuntime> of(String identifier) {
        if (!identifier.matches("nodejs[0-9]{1,3}\\.x")) {
            return Optional.empty();
        }
        return Optional.of(new NodeRuntime(Integer.parseInt(identifier.substring(6, identifier.length() - 2))));
    }

    /** Since when AWS no longer looks after it, if that is so on the given day. */
    Optional<LocalDate> deprecated(LocalDate today) {
        return Optional.ofNullable(DEPRECATED.get(major)).filter(date -> !today.isBefore(date));
    }

    /** Whether it contains the AWS SDK for JavaScript v3, under {@code @aws-sdk} (nodejs18.x and later), and no v2. */
    boolean hasSdkV3() {
        return major >= 18;
    }

    /**
     * Whether ES modules find packages in layers with {@code import} (nodejs18.x and later): Lambda's own Node.js then looks into
     * the folders of NODE_PATH, which plain Node.js does for {@code require} only. AWS Compute Blog, "Node.js 18.x runtime now
     * available in AWS Lambda"; AWS Knowledge Center, "lambda-import-module-error-nodejs".
     */
    boolean importsFromLayers() {
        return major >= 18;
    }

    /** Whether a handler may still take a callback as its third parameter (before nodejs24.x). */
    boolean takesCallbacks() {
        return major < 24;
    }
}
