package io.jenkins.plugins.lambdanode.cli;

import io.jenkins.plugins.lambdanode.engine.DeploymentLocks;
import io.jenkins.plugins.lambdanode.engine.pack.api.TargetFunction;
import io.jenkins.plugins.lambdanode.engine.pack.api.PackReport;
import io.jenkins.plugins.lambdanode.engine.pack.api.PackRequest;
import io.jenkins.plugins.lambdanode.engine.report.DeploymentJson;
import io.jenkins.plugins.lambdanode.engine.report.Summary;
import io.jenkins.plugins.lambdanode.engine.report.Timings;
import io.jenkins.plugins.lambdanode.engine.request.DeployRequest;
import io.jenkins.plugins.lambdanode.engine.request.DeployRequestBuilder;
import io.jenkins.plugins.lambdanode.engine.steps.BuildStep;
import io.jenkins.plugins.lambdanode.engine.steps.InstallStep;
import io.jenkins.plugins.lambdanode.engine.workspace.Workspace;
import java.nio.file.Path;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.Callable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.Spec;

@Command(
        name = "package",
        description = "Builds a deployment package and talks to no AWS service.",
        mixinStandardHelpOptions = true,
        sortOptions = false,
        abbreviateSynopsis = true,
        versionProvider = Main.Version.class)
final class PackageCommand implements Callable<Integer> {

    @Spec
    private CommandSpec spec;

    @Mixin
    private ProjectOptions project;

    @Option(names = "--output", required = true, paramLabel = "FILE.zip", description = "Where the package goes.")
    private Path output;

    @Option(
            names = "--dependencies",
            paramLabel = "WHERE",
            description = "Where node_modules goes: package, or none for code that has its dependencies bundled. Default: package.")
    private String dependencies;

    @Option(names = "--handler", paramLabel = "H", description = "Checks that this handler's file is in the package.")
    private String handler = "";

    @Option(names = "--runtime", paramLabel = "R", description = "Checks the package for this runtime, for instance nodejs24.x.")
    private String runtime = "";

    @Option(names = "--architecture", paramLabel = "A", description = "Installs and checks native code for it: x86_64 or arm64.")
    private String architecture = "";

    @Option(names = "--json", description = "Write what is in the package to standard output as JSON.")
    private boolean json;

    @Override
    public Integer call() throws Exception {
        Path file = ProjectOptions.file(spec, "--output", output);
        project.checkFiles(true);
        DeployRequestBuilder settings = DeployRequest.builder();
        if ("layer".equals(dependencies)) {
            throw ProjectOptions.usage(spec, "A layer is made by a deployment: use --dependencies package or none here.");
        }
        ProjectOptions.read(spec, () -> project.addTo(settings).dependencies(dependencies));
        try (TerminalProgress progress = ProjectOptions.progress(spec);
                Workspace workspace = project.workspace(progress, Optional.empty(), Optional.empty())) {
            List<TargetFunction> functions = handler.isEmpty() && runtime.isEmpty() && architecture.isEmpty()
                    ? List.of()
                    : List.of(new TargetFunction(handler, runtime, architecture, 0, ""));
            InstallStep install = new InstallStep(workspace, progress);
            PackReport report;
            try (DeploymentLocks.Lock folder = new FolderLocks().awaitFolder(install.folder(), progress)) {
                install.run(settings.install(), functions);
                new BuildStep(workspace, new Timings(List.of()), progress).run(settings.buildCommand());
                report = workspace.pack(PackRequest.of(settings.pack(), functions, true, file.toString(), false)
                        .withInstall(install.lockFile(), install.blockedScripts()));
            }
            Summary.packaged(report).forEach(progress::log);
            if (project.isVerbose() || Summary.isNearLimit(report, true)) {
                Summary.heaviest(report).forEach(progress::log);
            }
            project.write(String.valueOf(file.getFileName()), report, Optional.empty(), settings.pack());
            if (json) {
                ProjectOptions.print(spec, DeploymentJson.text(DeploymentJson.packaged(report)));
            }
            return 0;
        }
    }
}
