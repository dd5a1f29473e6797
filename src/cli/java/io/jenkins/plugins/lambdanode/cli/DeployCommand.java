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
import java.net.URI;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Optional;
import java.util.concurrent.Callable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.Spec;

@Command(
        name = "deploy",
        description = "Takes a project's folder to a running function and says what it deployed.",
        mixinStandardHelpOptions = true,
        sortOptions = false,
        abbreviateSynopsis = true,
        versionProvider = Main.Version.class)
final class DeployCommand implements Callable<Integer> {

    /** The JDK's client does not log in to a proxy for HTTPS while this names Basic. It reads it when it is loaded. */
    private static final String TUNNEL_LOGINS = "jdk.http.auth.tunneling.disabledSchemes";

    @Spec
    private CommandSpec spec;

    @Mixin
    private DeployOptions options;

    @Option(
            names = "--result",
            paramLabel = "FILE.json",
            description = "Write the record of the deployment here; '-' is standard output.")
    private String result;

    @Override
    public Integer call() throws Exception {
        DeployRequest request = ProjectOptions.read(spec, options::request);
        Optional<URI> endpoint = ProjectOptions.read(spec, options.aws()::endpoint);
        if (result != null && !result.equals("-")) {
            ProjectOptions.file(spec, "--result", Path.of(result));
        }
        Optional<ProxySettings> proxy =
                EnvironmentProxy.of(System.getenv(), endpoint.map(URI::getScheme).orElse("https"));
        if (proxy.isPresent() && System.getProperty(TUNNEL_LOGINS) == null) {
            System.setProperty(TUNNEL_LOGINS, "");
        }
        try (TerminalProgress progress = ProjectOptions.progress(spec);
                Workspace workspace = options.project().workspace(progress, proxy);
                AwsSession session = AwsSession.open(options.aws().settings(request.functions().get(0), proxy))) {
            DeploymentContext context = DeploymentContext.NONE.locking(new FolderLocks()).from(options.origin());
            DeployResult deployed = new Deployment(request, workspace, session, context, progress).run();
            if (options.project().isVerbose()) {
                Summary.heaviest(deployed.packaged()).forEach(progress::log);
            }
            Summary.deployed(deployed).forEach(progress::log);
            write(DeploymentJson.text(deployed));
        }
        return 0;
    }

    private void write(String record) throws Exception {
        if (result == null) {
            return;
        }
        if (result.equals("-")) {
            spec.commandLine().getOut().print(record);
            spec.commandLine().getOut().flush();
            return;
        }
        Path file = Path.of(result).toAbsolutePath();
        Files.createDirectories(file.getParent());
        Files.writeString(file, record);
    }
}
