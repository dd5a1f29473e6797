package io.jenkins.plugins.lambdanode.engine.pack.api;

import java.time.LocalDate;
import java.util.List;
import java.util.Optional;

/**
 * A Node.js runtime of Lambda. {@link #KNOWN} is the only table of them: a new Node.js is one row.
 *
 * <p>Deprecation dates: AWS Lambda Developer Guide, "Lambda runtimes", tables of supported and deprecated runtimes, and its
 * mirror at endoflife.date/aws-lambda. The number of an ABI: nodejs/node, {@code doc/abi_version_registry.json}.
 *
 * @param major Node.js's major version, for instance 24
 * @param abi the version of the ABI that add-ons are compiled for ({@code NODE_MODULE_VERSION}); 0 where it is not known
 * @param deprecation the first day on which AWS no longer patches it; {@link LocalDate#MAX} where AWS has named none
 */
public record NodeRuntime(int major, int abi, LocalDate deprecation) {

    private static final List<NodeRuntime> KNOWN = List.of(
            new NodeRuntime(26, 147, LocalDate.MAX),
            new NodeRuntime(24, 137, LocalDate.of(2028, 4, 30)),
            new NodeRuntime(22, 127, LocalDate.of(2027, 4, 30)),
            new NodeRuntime(20, 115, LocalDate.of(2026, 4, 30)),
            new NodeRuntime(18, 108, LocalDate.of(2025, 9, 1)),
            new NodeRuntime(16, 93, LocalDate.of(2024, 6, 12)),
            new NodeRuntime(14, 83, LocalDate.of(2023, 12, 4)),
            new NodeRuntime(12, 72, LocalDate.of(2023, 3, 31)),
            new NodeRuntime(10, 64, LocalDate.of(2021, 7, 30)),
            new NodeRuntime(8, 57, LocalDate.of(2020, 3, 6)));

    /** What a new function gets where nothing else is said. */
    public static final String DEFAULT = "nodejs24.x";

    /** @param identifier for instance {@code nodejs24.x}; empty for any other kind of runtime */
    public static Optional<NodeRuntime> of(String identifier) {
        if (!identifier.matches("nodejs[0-9]{1,3}\\.x")) {
            return Optional.empty();
        }
        int major = Integer.parseInt(identifier.substring(6, identifier.length() - 2));
        return Optional.of(KNOWN.stream()
                .filter(runtime -> runtime.major == major)
                .findFirst()
                .orElse(new NodeRuntime(major, 0, LocalDate.MAX)));
    }

    /** The Node.js with an ABI of this number, where it is known. */
    public static Optional<NodeRuntime> ofAbi(int abi) {
        return KNOWN.stream().filter(runtime -> runtime.abi == abi).findFirst();
    }

    /** The identifiers of the runtimes that a new function can have on this day, the newest first. */
    public static List<String> supported(LocalDate today) {
        return KNOWN.stream()
                .filter(runtime -> runtime.deprecated(today).isEmpty())
                .map(NodeRuntime::identifier)
                .toList();
    }

    /** For instance {@code nodejs24.x}. */
    public String identifier() {
        return "nodejs" + major + ".x";
    }

    /** Since when AWS no longer patches it, if that is so on the given day. */
    public Optional<LocalDate> deprecated(LocalDate today) {
        return today.isBefore(deprecation) || deprecation.equals(LocalDate.MAX)
                ? Optional.empty()
                : Optional.of(deprecation);
    }

    /** Whether it contains the AWS SDK for JavaScript v3, under {@code @aws-sdk} (nodejs18.x and later), and no v2. */
    public boolean hasSdkV3() {
        return major >= 18;
    }

    /**
     * Whether ES modules find packages in layers with {@code import} (nodejs18.x and later): Lambda's own Node.js then looks into
     * the folders of NODE_PATH, which plain Node.js does for {@code require} only. AWS Compute Blog, "Node.js 18.x runtime now
     * available in AWS Lambda"; AWS Knowledge Center, "lambda-import-module-error-nodejs".
     */
    public boolean importsFromLayers() {
        return major >= 18;
    }

    /** Whether a handler may take a callback as its third parameter (before nodejs24.x; aws-lambda-ric 4). */
    public boolean takesCallbacks() {
        return major < 24;
    }

    /**
     * Whether Node.js takes a {@code .js} file with {@code import} or {@code export} statements for an ES module where no package.json
     * says what it is (nodejs24.x and later). Lambda starts nodejs22.x without it ({@code --no-experimental-detect-module}), and
     * before that a handler is loaded by {@code require}.
     */
    public boolean detectsModules() {
        return major >= 24;
    }

    /** Whether {@code require} loads ES modules (nodejs24.x and later): Lambda starts Node.js 20 and 22 without ({@code --no-experimental-require-module}). */
    public boolean requiresModules() {
        return major >= 24;
    }

    /**
     * Whether the runtime loads a handler with {@code import()} and tries its name without an extension first (nodejs24.x and
     * later; aws-lambda-ric 4). Before, it does so for ES modules only (aws-lambda-ric 3).
     */
    public boolean importsHandler() {
        return major >= 24;
    }

    /** Whether an import may have its attributes after {@code assert} (before nodejs22.x; Node.js 22.0 release notes). */
    public boolean takesImportAssertions() {
        return major < 22;
    }

    /**
     * Whether Node.js can run TypeScript, outside of node_modules (nodejs22.x and later; Node.js documentation, "Modules: TypeScript").
     */
    public boolean runsTypeScript() {
        return major >= 22;
    }
}
