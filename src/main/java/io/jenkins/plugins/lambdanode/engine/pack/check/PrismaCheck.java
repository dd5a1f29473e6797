package io.jenkins.plugins.lambdanode.engine.pack.check;

import io.jenkins.plugins.lambdanode.engine.pack.api.Finding;
import io.jenkins.plugins.lambdanode.engine.pack.api.Finding.Severity;
import io.jenkins.plugins.lambdanode.engine.pack.api.TargetFunction;
import io.jenkins.plugins.lambdanode.engine.pack.select.SourceEntry;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;

/**
 * Prisma's query engine, which {@code prisma generate} puts into the generated client for the targets of the schema, for instance
 * {@code libquery_engine-rhel-openssl-3.0.x.so.node}. Lambda needs rhel-openssl-3.0.x (nodejs20.x and later) or
 * rhel-openssl-1.0.x, on arm64 linux-arm64-openssl-3.0.x or -1.0.x (Prisma documentation, "Deploy to AWS Lambda").
 */
final class PrismaCheck implements Check {
    private static final String CLIENT = "@prisma/client";
    private static final int STUB_BYTES = 1 << 14;

    static final String ENGINE = "libquery_engine-";

    @Override
    public List<Finding> check(CheckedPackage files) throws IOException {
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
        for (TargetFunction function : files.functions()) {
            ungenerated(function, files).ifPresent(findings::add);
        }
        return findings;
    }

    /**
     * The client that the handler's file or one that it imports loads, where nothing has generated it: {@code @prisma/client} loads
     * {@code .prisma/client} beside it, and its install script puts a stub there.
     */
    private static Optional<Finding> ungenerated(TargetFunction function, CheckedPackage files) throws IOException {
        for (SourceEntry file : new HandlerImports(files, function).follow().loaded()) {
            Optional<JavaScriptText> script = files.script(file);
            boolean loads = script.isPresent()
                    && script.get().certainImports().stream()
                            .anyMatch(wanted -> wanted.name().equals(CLIENT));
            String folder = file.name().substring(0, file.name().lastIndexOf('/') + 1);
            Optional<String> client = loads ? files.dependencies().find(folder, CLIENT) : Optional.empty();
            if (client.isPresent()
                    && !isGenerated(client.get().replaceFirst(CLIENT + "/$", ".prisma/client/"), files)) {
                return Optional.of(new Finding(
                        Severity.WARNING,
                        "prisma-not-generated",
                        "It loads " + CLIENT
                                + ", whose client has not been generated (\"@prisma/client did not initialize yet\")."
                                + " Run prisma generate before the deployment, for instance as its build: build: 'npx prisma generate'.",
                        file.name()));
            }
        }
        return Optional.empty();
    }

    private static boolean isGenerated(String folder, CheckedPackage files) throws IOException {
        Optional<SourceEntry> main = files.entry(folder + "default.js").or(() -> files.entry(folder + "index.js"));
        return main.isPresent()
                && !new String(files.head(main.get(), STUB_BYTES), StandardCharsets.UTF_8)
                        .contains("did not initialize yet");
    }
}
