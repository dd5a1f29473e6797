package io.jenkins.plugins.lambdanode.engine.pack;

import io.jenkins.plugins.lambdanode.engine.base.DeployException;
import io.jenkins.plugins.lambdanode.engine.base.Progress;
import io.jenkins.plugins.lambdanode.engine.pack.api.PackReport;
import java.nio.file.Path;
import java.util.Optional;

/** Packages a project in a process of its own, to test what depends on user, locale, time zone and memory. */
public final class PackInChild {
    private PackInChild() {}

    /** Arguments: project, temporary folder; prints the package's SHA-256, or the error with exit status 3. */
    public static void main(String[] arguments) throws Exception {
        try {
            PackReport report = new Packager(
                            Path.of(arguments[0]), Path.of(arguments[1]), Optional.empty(), Progress.NONE)
                    .pack(Packs.request());
            System.out.println(report.sha256() + " " + report.file());
        } catch (DeployException e) {
            System.out.println(e.getMessage());
            System.exit(3);
        }
    }
}
