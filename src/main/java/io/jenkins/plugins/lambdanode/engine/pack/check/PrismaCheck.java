package io.jenkins.plugins.lambdanode.engine.pack.check;

import io.jenkins.plugins.lambdanode.engine.pack.api.Finding;
import io.jenkins.plugins.lambdanode.engine.pack.api.Finding.Severity;
import io.jenkins.plugins.lambdanode.engine.pack.api.TargetFunction;
import io.jenkins.plugins.lambdanode.engine.pack.select.SourceEntry;
import java.util.ArrayList;
import java.util.List;

/**
 * Prisma's query engine, which {@code prisma generate} puts into the generated client for the targets of the schema, for instance
 * {@code libquery_engine-rhel-openssl-3.0.x.so.node}. Lambda needs rhel-openssl-3.0.x (nodejs20.x and later) or
 * rhel-openssl-1.0.x, on arm64 linux-arm64-openssl-3.0.x or -1.0.x (Prisma documentation, "Deploy to AWS Lambda").
 */
final class PrismaCheck implements Check {
    static final String ENGINE = "libquery_engine-";

    @Override
    public List<Finding> check(CheckedPackage files) {
        List<String> engines = files.entries().stream()
                .map(SourceEntry::name)
                .filter(name -> name.endsWith(".node")
                        && name.substring(name.lastIndexOf('/') + 1).startsWith(ENGINE))
                .toList();
        List<Finding> findings = new ArrayList<>();
        for (TargetFunction function : files.functions()) {
            String target = function.architecture().equals("arm64") ? "linux-arm64-openssl-" : "rhel-openssl-";
            if (!engines.isEmpty()
                    && !function.architecture().isEmpty()
                    && engines.stream().noneMatch(name -> name.contains(ENGINE + target))) {
                findings.add(new Finding(
                        Severity.WARNING,
                        "native-other-platform",
                        "Prisma's query engine for the function (linux " + function.architecture()
                                + ") is not in the package. Add" + " \"" + target
                                + "3.0.x\" to binaryTargets in schema.prisma, and run prisma generate.",
                        engines.get(0)));
            }
        }
        return findings;
    }
}
