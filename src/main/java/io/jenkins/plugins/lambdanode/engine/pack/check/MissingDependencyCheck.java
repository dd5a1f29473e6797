package io.jenkins.plugins.lambdanode.engine.pack.check;

import io.jenkins.plugins.lambdanode.engine.base.SafeText;
import io.jenkins.plugins.lambdanode.engine.pack.api.Finding;
import io.jenkins.plugins.lambdanode.engine.pack.api.Finding.Severity;
import io.jenkins.plugins.lambdanode.engine.pack.select.NpmPackage;
import java.io.IOException;
import java.util.List;
import java.util.stream.Collectors;

/**
 * Production dependencies that are not in the package. Not asked where there is no node_modules (the code is bundled), where a
 * layer could hold them, or where the project has them and an exclude leaves them out.
 */
final class MissingDependencyCheck implements Check {
    private static final int SHOWN = 5;

    @Override
    public List<Finding> check(CheckedPackage files) throws IOException {
        boolean layers = files.functions().stream().anyMatch(function -> function.layerBytes() > 0);
        if (layers || !files.has(NpmPackage.NODE_MODULES)) {
            return List.of();
        }
        List<DependencyTree.Missing> missing = files.dependencies().missing().stream()
                .filter(one ->
                        !one.name().startsWith("@aws-sdk/") && !one.name().equals("aws-sdk"))
                .filter(one -> !isLeftOut(one, files))
                .toList();
        if (missing.isEmpty()) {
            return List.of();
        }
        String shown = missing.stream()
                .limit(SHOWN)
                .map(one -> SafeText.name(one.name())
                        + (one.dependent().isEmpty() ? "" : " (which " + SafeText.name(one.dependent()) + " needs)"))
                .collect(Collectors.joining(", "));
        return List.of(new Finding(
                Severity.WARNING,
                "missing-dependency",
                "Production dependencies are not in the package: " + shown
                        + (missing.size() > SHOWN ? " and " + (missing.size() - SHOWN) + " more" : "")
                        + ". Code that loads them fails. Install all dependencies, or remove from package.json what is not needed.",
                "package.json"));
    }

    private static boolean isLeftOut(DependencyTree.Missing missing, CheckedPackage files) {
        return files.isInProject(missing.dependent() + NpmPackage.NODE_MODULES + missing.name())
                || files.isInProject(NpmPackage.NODE_MODULES + missing.name());
    }
}
