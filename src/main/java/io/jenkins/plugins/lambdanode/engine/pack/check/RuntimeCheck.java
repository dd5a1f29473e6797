package io.jenkins.plugins.lambdanode.engine.pack.check;

import io.jenkins.plugins.lambdanode.engine.pack.api.Finding;
import io.jenkins.plugins.lambdanode.engine.pack.api.Finding.Severity;
import io.jenkins.plugins.lambdanode.engine.pack.api.NodeRuntime;
import io.jenkins.plugins.lambdanode.engine.pack.api.TargetFunction;
import java.util.ArrayList;
import java.util.List;

/** Runtimes that AWS no longer patches. */
final class RuntimeCheck implements Check {

    @Override
    public List<Finding> check(CheckedPackage files) {
        List<Finding> findings = new ArrayList<>();
        for (TargetFunction function : files.functions()) {
            NodeRuntime.of(function.runtime())
                    .flatMap(runtime -> runtime.deprecated(files.today()))
                    .ifPresent(date -> findings.add(new Finding(
                            Severity.WARNING,
                            "runtime-deprecated",
                            "The function's runtime "
                                    + function.runtime() + " has been deprecated since " + date
                                    + ": AWS no longer patches it, and will"
                                    + " refuse updates later. Move the function to a newer Node.js.",
                            "")));
        }
        return findings;
    }
}
