package io.jenkins.plugins.lambdanode.cli;

import io.jenkins.plugins.lambdanode.engine.Deployment;
import io.jenkins.plugins.lambdanode.engine.DeploymentContext;
import io.jenkins.plugins.lambdanode.engine.aws.client.AwsSession;
import io.jenkins.plugins.lambdanode.engine.http.ProxySettings;
import io.jenkins.plugins.lambdanode.engine.report.DeployResult;
import io.jenkins.plugins.lambdanode.engine.report.DeploymentJson;
import io.jenkins.plugins.lambdanode.engine.report.Summary;
import io.jenkins.plugins.lambdanode.engine.request.DeployRequest;
import io.jenkins.plugins.lambdanode.engine.workspace.Workspace;
import java.util.Optional;
import java.util.concurrent.Callable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Spec;

@Command(
        name = "deploy",
        description = "Takes a project's folder to a running function and says what it deployed.",
        mixinStandardHelpOptions = true,
        sortOptions = false,
        abbreviateSynopsis = true,
        versionProvider = Main.Version.class)
final class DeployCommand implements Callable<Integer> {

    @Spec
    private CommandSpec spec;

    @Mixin
    private DeployOptions options;

    @Mixin
    private ResultOption result;

    @Override
    public Integer call() throws Exception {
        DeployRequest request = ProjectOptions.read(spec, options::request);
        Optional<ProxySettings> proxy = ProjectOptions.read(spec, options.aws()::connection);
        result.check(spec);
        options.project().checkFiles(request.from().isEmpty() && request.zipFile().isEmpty());
        try (TerminalProgress progress = ProjectOptions.progress(spec);
                Workspace workspace = options.project().workspace(progress, proxy, result.file());
                AwsSession session = options.aws().open(request.functions().get(0), proxy)) {
            DeploymentContext context = DeploymentContext.NONE.locking(new FolderLocks()).from(options.origin());
            DeployResult deployed = new Deployment(request, workspace, session, context, progress).run();
            if (options.project().isVerbose()) {
                Summary.heaviest(deployed.packaged()).forEach(progress::log);
            }
            Summary.deployed(deployed).forEach(progress::log);
            options.project()
                    .write(
                            request.functions().get(0).name() + ".zip",
                            deployed.packaged(),
                            deployed.layerSha256(),
                            request.pack());
            result.write(spec, DeploymentJson.text(deployed));
        }
        return 0;
    }
}
