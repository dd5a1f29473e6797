package io.jenkins.plugins.lambdanode.cli;

import io.jenkins.plugins.lambdanode.engine.base.DeployException;
import io.jenkins.plugins.lambdanode.engine.pack.api.NodeRuntime;
import io.jenkins.plugins.lambdanode.engine.report.Origin;
import io.jenkins.plugins.lambdanode.engine.request.DeployRequest;
import io.jenkins.plugins.lambdanode.engine.request.DeployRequestBuilder;
import io.jenkins.plugins.lambdanode.engine.request.SettingRules;
import java.io.IOException;
import java.nio.charset.CharacterCodingException;
import java.nio.file.Files;
import java.nio.file.InvalidPathException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import picocli.CommandLine.ArgGroup;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Option;

/** The options of a deployment, which make its request. */
final class DeployOptions {

    @Option(
            names = "--function-name",
            required = true,
            paramLabel = "NAME",
            description = "The function: name, partial ARN or ARN. Repeatable: all get the same package.")
    private List<String> functionNames;

    @Mixin
    private ProjectOptions project;

    @Option(
            names = "--from",
            paramLabel = "RECORD.json",
            description = "Deploy the package of this deployment again, by the record that --result wrote.")
    private String from;

    @Option(
            names = "--zip-file",
            paramLabel = "FILE.zip",
            description = "Deploy this package, relative to --dir, as it is: nothing is installed, built or packaged.")
    private String zipFile;

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

    @ArgGroup(exclusive = false, multiplicity = "0..*", heading = "%nTests before the alias moves, repeatable:%n")
    private List<SmokeTestOptions> smokeTests = new ArrayList<>();

    static final class SmokeTestOptions {
        @Option(
                names = "--smoke-test",
                paramLabel = "JSON|FILE",
                required = true,
                description = "Invoke the new version with this payload before the alias moves; an error ends the deployment.")
        String payload;

        @Option(
                names = "--expect",
                paramLabel = "JSON|FILE",
                description = "What its response must contain. Default: any response but an error will do.")
        String expect;
    }

    static final class LayerOptions {
        @Option(
                names = "--dependencies",
                paramLabel = "WHERE",
                description = "Where node_modules goes: package; layer, which is published and attached where its content has"
                        + " changed; or none, for code that has its dependencies bundled. Default: package.")
        String dependencies;

        // Scripts use this name of --dependencies: auto for layer, none for package.
        @Option(names = "--layer", hidden = true)
        String layer;

        @Option(
                names = "--layer-name",
                paramLabel = "NAME",
                description = "The layer's name. Default: the function's with -dependencies after it.")
        String name;

        @Option(
                names = "--keep-layer-versions",
                paramLabel = "N",
                description = "Delete older versions of the layer beyond so many, of those that were published so. Default: keep"
                        + " all.")
        Integer keepVersions;
    }

    static final class StagingOptions {
        @Option(names = "--s3-bucket", paramLabel = "B", description = "Bucket for large packages, in the function's region; none: no bucket.")
        String bucket;

        @Option(names = "--s3-prefix", paramLabel = "P", description = "Put before the object's key, e.g. lambda/.")
        String prefix;

        @Option(
                names = "--s3-threshold",
                paramLabel = "BYTES",
                description = "Stage packages of at least this size. Default: 10485760 (10 MiB).")
        Long threshold;

        @Option(
                names = "--s3-sse",
                paramLabel = "HOW",
                description = "How S3 encrypts what is staged: AES256 or aws:kms. Default: as the bucket's default says.")
        String sse;

        @Option(
                names = "--s3-kms-key-id",
                paramLabel = "KEY",
                description = "KMS key for aws:kms: ID, ARN or alias. Default: the account's own key for S3.")
        String kmsKeyId;
    }

    static final class ReleaseOptions {
        @Option(names = "--publish", description = "Publish a version.")
        boolean publish;

        @Option(names = "--alias", paramLabel = "A", description = "Create the alias, or move it, to the published version.")
        String alias;

        @Option(
                names = "--rollout",
                paramLabel = "HOW",
                description = "How the alias's traffic goes over to the version: a configuration of CodeDeploy's such as"
                        + " Canary10Percent5Minutes or Linear10PercentEvery1Minute, or for a fifth each 5 minutes"
                        + " percent=20,every=5. Default: AllAtOnce.")
        String rollout;

        @Option(
                names = {"--alarms", "--alarm"},
                paramLabel = "NAME",
                description = "A CloudWatch alarm that gives the traffic back if it goes off meanwhile. Repeatable. Default: the"
                        + " version's errors are compared with those of the version before.")
        List<String> alarms = new ArrayList<>();

        @Option(
                names = "--keep-versions",
                paramLabel = "N",
                description = "Delete older versions beyond so many, but for those that an alias, provisioned concurrency or a way"
                        + " back needs. Default: keep all.")
        Integer keepVersions;

        @Option(names = "--architectures", paramLabel = "A", description = "x86_64 or arm64.")
        String architectures;

        @Option(
                names = "--dry-run",
                description = "Go through everything and let Lambda check the update, but change no function. A large"
                        + " package of a function that exists is staged for that.")
        boolean dryRun;

        @Option(names = "--revision-id", paramLabel = "ID", description = "Update only if the function has this revision.")
        String revisionId;

        @Option(names = "--source-kms-key-arn", paramLabel = "ARN", description = "KMS key to encrypt the package with.")
        String sourceKmsKeyArn;

        @Option(names = "--force", description = "Update even where the function has the same CodeSha256, and end a gradual release of the alias.")
        boolean force;

        @Option(
                names = "--wait-timeout",
                paramLabel = "SECONDS",
                description = "How long to wait until the update is in force. Default: " + DeployRequestBuilder.DEFAULT_WAIT_TIMEOUT + ".")
        Integer waitTimeout;
    }

    static final class NewFunctionOptions {
        @Option(names = "--create", description = "Create the function where it does not exist; needs --role.")
        boolean create;

        @Option(names = "--role", paramLabel = "ARN", description = "Execution role.")
        String role;

        @Option(names = "--runtime", paramLabel = "R", description = "Default: " + NodeRuntime.DEFAULT + ".")
        String runtime;

        @Option(names = "--handler", paramLabel = "H", description = "Default: " + DeployRequestBuilder.DEFAULT_HANDLER + ".")
        String handler;

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
        String description;
    }

    /** JSON as it is, or that of a file. */
    private static String json(String option, String text) throws DeployException {
        return text == null || text.isBlank() || SettingRules.isJson(text) ? text : file(option, text);
    }

    private String record() throws DeployException {
        String given = given("--from", from);
        return given == null || given.strip().matches("(?s)[\\[{].*") ? given : given("--from", file("--from", given));
    }

    /** What is deployed hangs on it: where a script's variable or file is empty, the project is not deployed instead. */
    private static String given(String option, String text) throws DeployException {
        if (text != null && text.isBlank()) {
            throw new DeployException(
                    option + " is empty, and nothing else is deployed in its place.\nGive it, or leave it out to deploy the project.");
        }
        return text;
    }

    private static String file(String option, String text) throws DeployException {
        try {
            return Files.readString(Path.of(text));
        } catch (CharacterCodingException e) {
            throw new DeployException("The file " + text + " of " + option + " is not UTF-8 text.\nSave it as UTF-8.", e);
        } catch (IOException | InvalidPathException e) {
            throw new DeployException(
                    "The file " + text + " of " + option + " can't be read (" + e.getClass().getSimpleName()
                            + ").\nGive JSON, or the name of a file with it.",
                    e);
        }
    }

    ProjectOptions project() {
        return project;
    }

    AwsOptions aws() {
        return aws;
    }

    /** What goes where, for the log. Which commit a record's package was made of, the folder here does not say. */
    Origin origin() {
        return from == null ? project.origin(aws.credentialsName()) : new Origin("", "", "", "", aws.credentialsName());
    }

    /** @throws DeployException if an option's value is wrong, or one is missing */
    DeployRequest request() throws DeployException {
        DeployRequestBuilder request = project.addTo(DeployRequest.builder())
                .zipFile(given("--zip-file", zipFile))
                .from(record())
                .dependencies("auto".equals(layer.layer) ? "layer" : "none".equals(layer.layer) ? "package" : layer.layer)
                .dependencies(layer.dependencies)
                .layerName(layer.name)
                .keepLayerVersions(layer.keepVersions)
                .s3Bucket(staging.bucket)
                .s3Prefix(staging.prefix)
                .s3Threshold(staging.threshold)
                .s3Sse(staging.sse)
                .s3KmsKeyId(staging.kmsKeyId)
                .publish(release.publish)
                .alias(release.alias)
                .rollout(release.rollout)
                .alarms(String.join("\n", release.alarms))
                .keepVersions(release.keepVersions)
                .architectures(release.architectures)
                .dryRun(release.dryRun)
                .revisionId(release.revisionId)
                .sourceKmsKeyArn(release.sourceKmsKeyArn)
                .force(release.force)
                .waitTimeout(release.waitTimeout)
                .create(create.create)
                .role(create.role)
                .runtime(create.runtime)
                .handler(create.handler)
                .memorySize(create.memorySize)
                .timeout(create.timeout)
                .environment(create.environment)
                .layers(String.join(",", create.layers))
                .description(create.description);
        for (String name : functionNames) {
            request.functionName(name);
        }
        for (SmokeTestOptions test : smokeTests) {
            request.smokeTest(json("--smoke-test", test.payload), json("--smoke-test", test.expect));
        }
        return request.build();
    }
}
