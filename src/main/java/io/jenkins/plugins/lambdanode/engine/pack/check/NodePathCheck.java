package io.jenkins.plugins.lambdanode.engine.pack.check;

import io.jenkins.plugins.lambdanode.engine.base.SafeText;
import io.jenkins.plugins.lambdanode.engine.pack.api.Finding;
import io.jenkins.plugins.lambdanode.engine.pack.api.Finding.Severity;
import io.jenkins.plugins.lambdanode.engine.pack.api.TargetFunction;
import java.util.List;

/**
 * Dependencies in a layer, for a function with NODE_PATH of its own: Lambda's runtime names the layers' folders in NODE_PATH only where
 * the function has none.
 */
final class NodePathCheck implements Check {

    private static final String MODULES = "/opt/nodejs/node_modules";

    @Override
    public List<Finding> check(CheckedPackage files) {
        if (!files.dependencyLayer()) {
            return List.of();
        }
        return files.functions().stream()
                .map(TargetFunction::nodePath)
                .filter(path -> !path.isEmpty()
                        && !List.of(path.replaceAll("/+(?=:|$)", "").split(":")).contains(MODULES))
                .map(path -> new Finding(
                        Severity.WARNING,
                        "node-path",
                        "The function's environment variable NODE_PATH is " + SafeText.name(path)
                                + ", and Node.js then does not look for"
                                + " modules in layers, where the dependencies go. Add " + MODULES
                                + " to NODE_PATH, remove NODE_PATH"
                                + " from the function's environment, or set dependencies to 'package'.",
                        ""))
                .toList();
    }
}
