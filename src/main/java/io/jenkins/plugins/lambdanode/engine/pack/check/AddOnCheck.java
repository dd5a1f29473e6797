package io.jenkins.plugins.lambdanode.engine.pack.check;

import io.jenkins.plugins.lambdanode.engine.base.SafeText;
import io.jenkins.plugins.lambdanode.engine.pack.api.Finding;
import io.jenkins.plugins.lambdanode.engine.pack.api.Finding.Severity;
import io.jenkins.plugins.lambdanode.engine.pack.api.NodeRuntime;
import io.jenkins.plugins.lambdanode.engine.pack.api.TargetFunction;
import io.jenkins.plugins.lambdanode.engine.pack.select.NpmPackage;
import io.jenkins.plugins.lambdanode.engine.pack.select.SourceEntry;
import io.jenkins.plugins.lambdanode.engine.pack.zip.PackedContent;
import java.io.IOException;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.TreeMap;

/**
 * Node.js add-ons ({@code .node}) that the function cannot load: another system or architecture, musl, another Node.js. A package
 * with one that fits may carry others. Many packages catch the failure and do without their add-on (ssh2, bufferutil), and what
 * is installed as optional may be missing: it is an error only where the handler's file loads a package that cannot go on, and never where only
 * the version of Node.js differs: the number is read from compiled code, where nothing vouches for it.
 */
final class AddOnCheck implements Check {

    @Override
    public List<Finding> check(CheckedPackage files) throws IOException {
        Map<String, List<SourceEntry>> byPackage = new TreeMap<>();
        for (SourceEntry entry : files.entries()) {
            if (entry.isFile()
                    && entry.name().endsWith(".node")
                    && !entry.name().contains(PrismaCheck.ENGINE)) {
                byPackage
                        .computeIfAbsent(NpmPackage.folderOf(entry.name()), name -> new ArrayList<>())
                        .add(entry);
            }
        }
        List<Finding> findings = new ArrayList<>();
        for (TargetFunction function : files.functions()) {
            for (Map.Entry<String, List<SourceEntry>> addOns : byPackage.entrySet()) {
                if (!isOptional(addOns.getKey(), files)) {
                    check(addOns.getKey(), addOns.getValue(), files, function).ifPresent(findings::add);
                }
            }
        }
        return findings;
    }

    /** A package for one platform is asked for by another, which has a check of its own. */
    private static boolean isOptional(String folder, CheckedPackage files) throws IOException {
        PackageJson json = files.manifest(folder);
        return !folder.isEmpty()
                && (json.has("os")
                        || json.has("cpu")
                        || new PlatformPath(folder).isComplete()
                        || files.dependencies().isOptional(folder));
    }

    private static Optional<Finding> check(
            String folder, List<SourceEntry> addOns, CheckedPackage files, TargetFunction function) throws IOException {
        String problem = "";
        SourceEntry first = null;
        boolean otherLibraryFits = false;
        for (SourceEntry addOn : addOns) {
            Optional<NativeProgram> program = NativeProgram.of(files.head(addOn, PackedContent.HEAD_BYTES));
            if (program.isEmpty()) {
                continue;
            }
            String found = problem(addOn, program.get(), files, function);
            if (found.isEmpty() && !files.addOn(addOn).registers()) {
                // Such as better-sqlite3's test_extension.node, an extension of SQLite.
                otherLibraryFits = true;
                continue;
            }
            if (found.isEmpty()) {
                return Optional.empty();
            }
            boolean forThisPlatform = first != null
                    && PlatformPath.isForAnother(first.name(), function.architecture())
                    && !PlatformPath.isForAnother(addOn.name(), function.architecture());
            if (first == null || forThisPlatform) {
                first = addOn;
                problem = found;
            }
        }
        boolean isFitting = otherLibraryFits && !problem.contains("Node.js");
        if (first == null || isFitting || AddOnLoader.of(folder, files).isCaught()) {
            return Optional.empty();
        }
        boolean otherNode = problem.contains("Node.js");
        boolean needed = !otherNode && new HandlerImports(files, function).needAddOnOf(folder);
        boolean prebuilt = new PlatformPath(first.name()).isComplete();
        return Optional.of(new Finding(
                needed ? Severity.ERROR : Severity.WARNING,
                otherNode ? "native-other-node" : "native-other-platform",
                "It is built for " + problem + ". No add-on of "
                        + (folder.isEmpty() ? "the project" : SafeText.name(folder)) + " fits. "
                        + (prebuilt ? PlatformAdvice.prebuilt(function) : PlatformAdvice.compiled(function)),
                first.name()));
    }

    /** What an add-on is built for, and what the function is; empty where they fit. */
    private static String problem(
            SourceEntry addOn, NativeProgram program, CheckedPackage files, TargetFunction function)
            throws IOException {
        boolean sameSystem = program.system().equals("linux");
        if (!program.runsOn(function.architecture())) {
            return function.architecture().isEmpty() && sameSystem
                    ? ""
                    : program.display() + ", and the function is linux " + function.architecture();
        }
        AddOn compiled = files.addOn(addOn);
        if (compiled.musl()) {
            return "musl (Alpine Linux), and the function has glibc";
        }
        int abi = NodeRuntime.of(function.runtime()).map(NodeRuntime::abi).orElse(0);
        if (compiled.abi() != 0 && abi != 0 && compiled.abi() != abi) {
            return NodeRuntime.ofAbi(compiled.abi())
                            .map(node -> "Node.js " + node.major())
                            .orElse("another Node.js") + " (ABI " + compiled.abi() + "), and the function runs "
                    + function.runtime() + " (ABI " + abi + ")";
        }
        return "";
    }
}
