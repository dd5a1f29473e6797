package io.jenkins.plugins.lambdanode.engine.pack.check;

import io.jenkins.plugins.lambdanode.engine.pack.api.Finding;
import io.jenkins.plugins.lambdanode.engine.pack.api.Finding.Severity;
import io.jenkins.plugins.lambdanode.engine.pack.api.NodeRuntime;
import io.jenkins.plugins.lambdanode.engine.pack.api.TargetFunction;
import io.jenkins.plugins.lambdanode.engine.pack.select.SourceEntry;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.Optional;

/** The AWS SDK in the package, where the runtime has it. */
final class RuntimeSdkCheck implements Check {

    @Override
    public List<Finding> check(CheckedPackage files) {
        List<Finding> findings = new ArrayList<>();
        for (TargetFunction function : files.functions()) {
            Optional<NodeRuntime> runtime = NodeRuntime.of(function.runtime());
            String sdk = runtime.isPresent() && runtime.get().hasSdkV3() ? "node_modules/@aws-sdk" : "node_modules/aws-sdk";
            long bytes = files.entries().stream()
                    .filter(entry -> entry.name().startsWith(sdk + "/"))
                    .mapToLong(SourceEntry::size)
                    .sum();
            if (runtime.isPresent() && bytes > 0) {
                findings.add(new Finding(Severity.INFO, "sdk-in-runtime", String.format(
                        Locale.ROOT,
                        "The runtime %s already has the AWS SDK; in the package it takes %.1f MB unzipped. Make it a development"
                                + " dependency, unless you need this version.",
                        function.runtime(),
                        bytes / 1e6), sdk));
            }
        }
        return findings;
    }
}
