package io.jenkins.plugins.lambdanode.engine.project.production;

import io.jenkins.plugins.lambdanode.engine.base.Json;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;

/**
 * Where functions run: Linux with glibc, on one architecture. Package managers read a package's {@code os}, {@code cpu} and {@code libc}
 * so (npm documentation, "package.json"): a name, a list of names, or of those that are not meant, each after {@code !}.
 */
record FunctionPlatform(String cpu) {

    private static final Map<String, String> CPUS = Map.of("x86_64", "x64", "arm64", "arm64");

    /** Runs everywhere. */
    private static final String WASM = "wasm32";

    /** Empty where it is not known, or functions of both architectures get the package. */
    static Optional<FunctionPlatform> of(Set<String> architectures) {
        return architectures.size() == 1
                ? Optional.ofNullable(CPUS.get(architectures.iterator().next())).map(FunctionPlatform::new)
                : Optional.empty();
    }

    /** Whether a package is for some platforms only. */
    static boolean isNamedBy(Map<String, Object> packageJson) {
        return packageJson.containsKey("os") || packageJson.containsKey("cpu") || packageJson.containsKey("libc");
    }

    boolean fits(Map<String, Object> packageJson) {
        return isMeant("linux", packageJson.get("os"))
                && (isMeant(cpu, packageJson.get("cpu"))
                        || Json.strings(packageJson.get("cpu")).contains(WASM))
                && isMeant("glibc", packageJson.get("libc"));
    }

    private static boolean isMeant(String name, Object field) {
        List<String> names = Json.strings(field);
        boolean negated = names.stream().allMatch(one -> one.startsWith("!"));
        return !names.contains("!" + name) && (negated || names.contains(name) || names.contains("any"));
    }
}
