package io.jenkins.plugins.lambdanode.cli;

import io.jenkins.plugins.lambdanode.engine.Deployment;
import io.jenkins.plugins.lambdanode.engine.aws.client.AwsSession;
import io.jenkins.plugins.lambdanode.engine.aws.client.AwsSettings;
import io.jenkins.plugins.lambdanode.engine.aws.lambda.CreateOptions;
import io.jenkins.plugins.lambdanode.engine.aws.lambda.FunctionName;
import io.jenkins.plugins.lambdanode.engine.aws.lambda.UpdateOptions;
import io.jenkins.plugins.lambdanode.engine.base.DeployException;
import io.jenkins.plugins.lambdanode.engine.http.ProxySettings;
import io.jenkins.plugins.lambdanode.engine.pack.api.NodeRuntime;
import io.jenkins.plugins.lambdanode.engine.report.DeploymentJson;
import io.jenkins.plugins.lambdanode.engine.report.DeployResult;
import io.jenkins.plugins.lambdanode.engine.report.Summary;
import io.jenkins.plugins.lambdanode.engine.request.LayerSettings;
import io.jenkins.plugins.lambdanode.engine.request.DeployRequest;
import io.jenkins.plugins.lambdanode.engine.workspace.Workspace;
import java.net.URI;
import java.net.URISyntaxException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.OptionalInt;
import java.util.OptionalLong;
import java.util.concurrent.Callable;
import picocli.CommandLine.ArgGroup;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.Spec;
import software.amazon.awssdk.auth.credentials.AwsCredentialsProvider;
import software.amazon.awssdk.auth.credentials.DefaultCredentialsProvider;
import software.amazon.awssdk.auth.credentials.ProfileCredentialsProvider;
import software.amazon.awssdk.core.exception.SdkClientException;
import software.amazon.awssdk.regions.providers.DefaultAwsRegionProviderChain;

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

    @Option(
            names = "--function-name",
            required = true,
            paramLabel = "NAME",
            description = "The function: name, partial ARN or ARN. Repeatable: all get the same package.")
    private List<String> functionNames;

    @Mixin
    private ProjectOptions project;

    @ArgGroup(validate = false, heading = "%nWhere, and as whom:%n")
    private AwsOptions aws = new AwsOptions();

    @ArgGroup(validate = false, heading = "%nDependencies:%n")
    private LayerOptions layer = new LayerOptions();

    @ArgGroup(validate = false, heading = "%nStaging in S3:%n")
    private StagingOptions staging = new StagingOptions();

    @ArgGroup(validate = false, heading = "%nUpdate and release:%n")
    private ReleaseOptions release = new ReleaseOptions();

    @ArgGroup(validate = false, heading = "%nCreating a function that does not exist:%n")
    private NewFunctionOptions create = new NewFunctionOptions();

    @Option(
            names = "--result",
            paramLabel = "FILE.json",
            description = "Write the record of the deployment here; '-' is standard output.")
    private String result;

    static final class AwsOptions {
        @Option(
                names = "--region",
                paramLabel = "R",
                description = "AWS region. Default: the one in the function's ARN, AWS_REGION, the profile.")
        String region = "";

        @Option(names = "--profile", paramLabel = "P", description = "Profile of the AWS configuration files; wins over AWS_ACCESS_KEY_ID.")
        String profile = "";

        @Option(names = "--role-arn", paramLabel = "ARN", description = "Role to assume for the deployment.")
        String roleArn = "";

        @Option(names = "--external-id", paramLabel = "ID", description = "External ID for that role.")
        String externalId = "";

        @Option(names = "--role-session-name", paramLabel = "NAME", description = "Session name for that role.")
        String roleSessionName = "";

        @Option(names = "--endpoint-url", paramLabel = "URL", description = "Another AWS endpoint (tests, VPC endpoints).")
        String endpointUrl = "";
    }

    static final class LayerOptions {
        @Option(
                names = "--dependencies",
                paramLabel = "WHERE",
                description = "Where node_modules goes: package; layer, one that is published and attached when its content"
                        + " changes; none, for bundled code. Default: package.")
        String dependencies = "package";

        @Option(
                names = "--layer-name",
                paramLabel = "NAME",
                description = "The layer's name. Default: the function's with -dependencies after it.")
        String name = "";

        @Option(
                names = "--keep-layer-versions",
                paramLabel = "N",
                description = "Delete older versions of the layer beyond so many, of those that were published so. Default: keep"
                        + " all.")
        Integer keepVersions;
    }

    static final class StagingOptions {
        @Option(names = "--s3-bucket", paramLabel = "B", description = "Bucket for large packages, in the function's region.")
        String bucket = "";

        @Option(names = "--s3-prefix", paramLabel = "P", description = "Put before the object's key, e.g. lambda/.")
        String prefix = "";

        @Option(
                names = "--s3-threshold",
                paramLabel = "BYTES",
                description = "Stage packages of at least this size. Default: 10485760 (10 MiB).")
        Long threshold;
    }

    static final class ReleaseOptions {
        @Option(names = "--publish", description = "Publish a version.")
        boolean publish;

        @Option(names = "--alias", paramLabel = "A", description = "Create the alias, or move it, to the published version.")
        String alias = "";

        @Option(names = "--architectures", paramLabel = "A", split = ",", description = "x86_64 or arm64.")
        List<String> architectures = new ArrayList<>();

        @Option(
                names = "--dry-run",
                description = "Go through everything and let Lambda check the update, but change no function. A large"
                        + " package of a function that exists is staged for that.")
        boolean dryRun;

        @Option(names = "--revision-id", paramLabel = "ID", description = "Update only if the function has this revision.")
        String revisionId = "";

        @Option(names = "--source-kms-key-arn", paramLabel = "ARN", description = "KMS key to encrypt the package with.")
        String sourceKmsKeyArn = "";

        @Option(names = "--force", description = "Update even where the function has the same CodeSha256.")
        boolean force;

        @Option(
                names = "--wait-timeout",
                paramLabel = "SECONDS",
                description = "How long to wait until the update is in force. Default: 600.")
        long waitSeconds = DeployRequest.DEFAULT_TIMEOUT.toSeconds();
    }

    static final class NewFunctionOptions {
        @Option(names = "--create", description = "Create the function where it does not exist; needs --role.")
        boolean create;

        @Option(names = "--role", paramLabel = "ARN", description = "Execution role.")
        String role = "";

        @Option(names = "--runtime", paramLabel = "R", description = "Default: " + NodeRuntime.DEFAULT + ".")
        String runtime = NodeRuntime.DEFAULT;

        @Option(names = "--handler", paramLabel = "H", description = "Default: index.handler.")
        String handler = "index.handler";

        @Option(names = "--memory-size", paramLabel = "MB", description = "Memory in MB. Default: AWS's (128).")
        Integer memorySize;

        @Option(names = "--timeout", paramLabel = "SECONDS", description = "The function's timeout. Default: AWS's (3).")
        Integer timeout;

        @Option(
                names = "--environment",
                paramLabel = "KEY=VALUE",
                description = "A variable of the function's environment. Repeatable.")
        Map<String, String> environment = new LinkedHashMap<>();

        @Option(names = "--layers", paramLabel = "ARN", split = ",", description = "Layer versions. Repeatable.")
        List<String> layers = new ArrayList<>();

        @Option(names = "--description", paramLabel = "TEXT", description = "Description of the function.")
        String description = "";
    }

    @Override
    public Integer call() throws Exception {
        DeployRequest request = request();
        Optional<ProxySettings> proxy = EnvironmentProxy.of(
                System.getenv(), given(aws.endpointUrl).map(url -> endpoint(url).getScheme()).orElse("https"));
        if (proxy.isPresent() && System.getProperty(TUNNEL_LOGINS) == null) {
            System.setProperty(TUNNEL_LOGINS, "");
        }
        try (TerminalProgress progress = ProjectOptions.progress(spec);
                Workspace workspace = project.workspace(progress, proxy);
                AwsSession session = AwsSession.open(settings(request.functions().get(0), proxy))) {
            DeployResult deployed = new Deployment(request, workspace, session, progress).run();
            Summary.deployed(deployed).forEach(progress::log);
            write(DeploymentJson.text(deployed));
        }
        return 0;
    }

    private DeployRequest request() {
        if (create.create && create.role.isEmpty()) {
            throw ProjectOptions.usage(spec, "--create needs --role: the ARN of the function's execution role.");
        }
        requireAtLeast(1, release.waitSeconds, "--wait-timeout", "seconds");
        requireAtLeast(0, staging.threshold, "--s3-threshold", "bytes");
        requireAtLeast(1, create.memorySize, "--memory-size", "MB");
        requireAtLeast(1, create.timeout, "--timeout", "seconds");
        given(aws.endpointUrl).ifPresent(this::endpoint);
        if (result != null && !result.equals("-")) {
            ProjectOptions.file(spec, "--result", Path.of(result));
        }
        List<FunctionName> functions = new ArrayList<>();
        for (String name : functionNames) {
            functions.add(ProjectOptions.read(spec, () -> FunctionName.parse(name)));
        }
        return new DeployRequest(
                functions,
                project.install(),
                project.packaging(layer.dependencies),
                ProjectOptions.read(
                        spec,
                        () -> LayerSettings.parse(
                                layer.dependencies,
                                given(layer.name),
                                layer.keepVersions == null ? OptionalInt.empty() : OptionalInt.of(layer.keepVersions))),
                new DeployRequest.Staging(
                        given(staging.bucket),
                        staging.prefix,
                        staging.threshold == null ? OptionalLong.empty() : OptionalLong.of(staging.threshold)),
                new UpdateOptions(
                        release.architectures, release.dryRun, given(release.revisionId), given(release.sourceKmsKeyArn)),
                create.create ? Optional.of(newFunction()) : Optional.empty(),
                release.publish,
                given(release.alias),
                release.force,
                Duration.ofSeconds(release.waitSeconds));
    }

    private void requireAtLeast(long least, Number given, String option, String unit) {
        if (given != null && given.longValue() < least) {
            throw ProjectOptions.usage(
                    spec, option + " is a number of " + unit + ", " + least + " or more, not " + given + ".");
        }
    }

    private CreateOptions newFunction() {
        return new CreateOptions(
                create.role,
                create.runtime,
                create.handler,
                create.memorySize == null ? OptionalInt.empty() : OptionalInt.of(create.memorySize),
                create.timeout == null ? OptionalInt.empty() : OptionalInt.of(create.timeout),
                create.environment,
                create.layers,
                release.architectures,
                create.description);
    }

    private AwsSettings settings(FunctionName function, Optional<ProxySettings> proxy) throws DeployException {
        return new AwsSettings(
                region(function),
                given(aws.endpointUrl).map(this::endpoint),
                credentials(),
                given(aws.roleArn).map(role -> new AwsSettings.AssumeRole(
                        role, given(aws.externalId), given(aws.roleSessionName).orElse("lambda-node-deploy"))),
                proxy);
    }

    /** As in the AWS CLI, a profile that is named wins over credentials in the environment. */
    private AwsCredentialsProvider credentials() {
        return given(aws.profile)
                .<AwsCredentialsProvider>map(ProfileCredentialsProvider::create)
                .orElseGet(() -> DefaultCredentialsProvider.builder().build());
    }

    private URI endpoint(String url) {
        try {
            URI endpoint = new URI(url);
            if (endpoint.getHost() != null && List.of("http", "https").contains(endpoint.getScheme())) {
                return endpoint;
            }
        } catch (URISyntaxException e) {
            // Said below.
        }
        throw ProjectOptions.usage(spec, "--endpoint-url is a URL such as http://localhost:4566, not " + url + ".");
    }

    private String region(FunctionName function) throws DeployException {
        Optional<String> named = given(aws.region).or(function::region);
        if (named.isPresent()) {
            return named.get();
        }
        DefaultAwsRegionProviderChain.Builder chain = DefaultAwsRegionProviderChain.builder();
        given(aws.profile).ifPresent(chain::profileName);
        try {
            return chain.build().getRegion().id();
        } catch (SdkClientException e) {
            throw new DeployException(
                    "No AWS region is known. Give --region, or set AWS_REGION, or name it in the profile.", e);
        }
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

    private static Optional<String> given(String text) {
        return text.isBlank() ? Optional.empty() : Optional.of(text.strip());
    }
}
