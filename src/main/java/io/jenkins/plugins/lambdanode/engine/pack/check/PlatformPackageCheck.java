package io.jenkins.plugins.lambdanode.engine.pack.check;

import io.jenkins.plugins.lambdanode.engine.base.SafeText;
import io.jenkins.plugins.lambdanode.engine.pack.api.Finding;
import io.jenkins.plugins.lambdanode.engine.pack.api.Finding.Severity;
import io.jenkins.plugins.lambdanode.engine.pack.api.TargetFunction;
import java.io.IOException;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.TreeSet;
import java.util.stream.Collectors;

/**
 * Packages that bring their native code in one package for each platform, named in optionalDependencies (sharp, swc, esbuild),
 * where the one for the function is not there. npm installs those for the machine that it runs on.
 */
final class PlatformPackageCheck implements Check {

    @Override
    public List<Finding> check(CheckedPackage files) throws IOException {
        List<Finding> findings = new ArrayList<>();
        for (TargetFunction function : files.functions()) {
            if (!function.architecture().isEmpty()) {
                for (String folder : new TreeSet<>(files.dependencies().production())) {
                    if (!files.dependencies().isOptional(folder)) {
                        check(folder, files, function, findings);
                    }
                }
            }
        }
        return findings;
    }

    /** Whether one of a package's optional dependencies brings native code for the function. */
    static boolean hasFitting(String folder, CheckedPackage files, TargetFunction function) throws IOException {
        DependencyTree dependencies = files.dependencies();
        return files.packageJson(folder).names("optionalDependencies").stream()
                .filter(name -> new PlatformPath(name).isFor(function.architecture()))
                .anyMatch(name -> dependencies.find(folder, name).isPresent());
    }

    private static void check(String folder, CheckedPackage files, TargetFunction function, List<Finding> findings)
            throws IOException {
        List<String> fitting = new ArrayList<>();
        List<String> others = new ArrayList<>();
        for (String name : files.manifest(folder).names("optionalDependencies")) {
            boolean isThere = files.dependencies().find(folder, name).isPresent();
            PlatformPath platform = new PlatformPath(name);
            if (platform.isFor(function.architecture())) {
                if (isThere) {
                    return;
                }
                fitting.add(name);
            } else if (isThere && platform.isComplete()) {
                others.add(SafeText.name(name) + " (" + platform.display() + ")");
            } else if (isThere && name.contains("wasm")) {
                return;
            }
        }
        if (!fitting.isEmpty()) {
            Optional<String> lockFile = files.npmLockFileWithout(fitting.get(0));
            findings.add(new Finding(
                    Severity.WARNING,
                    "native-other-platform",
                    "Its native code is in a package for each platform, and the one for the function (linux "
                            + function.architecture()
                            + ", glibc) is not there: "
                            + fitting.stream().map(SafeText::name).collect(Collectors.joining(", "))
                            + (others.isEmpty() ? "" : ", only " + String.join(", ", others)) + ". "
                            + (lockFile.isPresent()
                                    ? PlatformAdvice.notLocked(lockFile.get())
                                    : PlatformAdvice.prebuilt(function)),
                    folder.substring(0, folder.length() - 1)));
        }
    }
}
