package io.jenkins.plugins.lambdanode.engine.pack.check;

import io.jenkins.plugins.lambdanode.engine.base.SafeText;
import io.jenkins.plugins.lambdanode.engine.pack.api.Finding;
import io.jenkins.plugins.lambdanode.engine.pack.api.Finding.Severity;
import io.jenkins.plugins.lambdanode.engine.pack.api.NodeRuntime;
import io.jenkins.plugins.lambdanode.engine.pack.api.TargetFunction;
import io.jenkins.plugins.lambdanode.engine.pack.select.NpmPackage;
import io.jenkins.plugins.lambdanode.engine.pack.select.SourceEntry;
import java.io.IOException;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.Optional;
import java.util.Set;
import java.util.TreeSet;
import java.util.stream.Collectors;

/** The AWS SDK in the package, where the runtime has it. */
final class RuntimeSdkCheck implements Check {
    private static final int SHOWN = 3;

    @Override
    public List<Finding> check(CheckedPackage files) throws IOException {
        List<Finding> findings = new ArrayList<>();
        for (TargetFunction function : files.functions()) {
            Optional<NodeRuntime> runtime = NodeRuntime.of(function.runtime());
            String sdk =
                    runtime.isPresent() && runtime.get().hasSdkV3() ? "node_modules/@aws-sdk" : "node_modules/aws-sdk";
            boolean isThere =
                    files.entries().stream().anyMatch(entry -> entry.name().startsWith(sdk + "/"));
            // pnpm has links there, which lead to its store.
            long bytes = files.entries().stream()
                    .filter(entry -> entry.name().contains(sdk + "/"))
                    .mapToLong(SourceEntry::size)
                    .sum();
            if (runtime.isPresent() && isThere) {
                findings.add(new Finding(
                        Severity.INFO,
                        "sdk-in-runtime",
                        String.format(
                                Locale.ROOT,
                                "The runtime %s already has the AWS SDK; in the package it takes %.1f MB unzipped. %s",
                                function.runtime(),
                                bytes / 1e6,
                                advice(files, sdk)),
                        sdk));
            }
        }
        return findings;
    }

    /** What brings the SDK decides how it can be left out. */
    private static String advice(CheckedPackage files, String sdk) throws IOException {
        if (dependsOn(files.packageJson(""), sdk)) {
            return "Make it a development dependency, unless you need this version.";
        }
        Set<String> dependents = new TreeSet<>();
        for (String folder : files.dependencies().production()) {
            if (!folder.startsWith(sdk + "/") && dependsOn(files.manifest(folder), sdk)) {
                dependents.add(folder.substring(
                        folder.lastIndexOf(NpmPackage.NODE_MODULES) + NpmPackage.NODE_MODULES.length(),
                        folder.length() - 1));
            }
        }
        return (dependents.isEmpty()
                        ? ""
                        : dependents.stream()
                                .limit(SHOWN)
                                .map(SafeText::name)
                                .collect(Collectors.joining(", ", "It is there for ", ". ")))
                + "Exclude it (excludes: '" + sdk + "/**'), unless its version matters.";
    }

    private static boolean dependsOn(PackageJson json, String sdk) {
        return json.names("dependencies").stream()
                .map(NpmPackage.NODE_MODULES::concat)
                .anyMatch(path -> path.equals(sdk) || path.startsWith(sdk + "/"));
    }
}
