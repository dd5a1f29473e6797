package io.jenkins.plugins.lambdanode.build;

import hudson.EnvVars;
import hudson.FilePath;
import hudson.Util;
import io.jenkins.plugins.lambdanode.access.AwsAccess;
import io.jenkins.plugins.lambdanode.engine.base.DeployException;
import io.jenkins.plugins.lambdanode.engine.base.SafeText;
import io.jenkins.plugins.lambdanode.engine.project.InstallMode;
import io.jenkins.plugins.lambdanode.engine.request.DeployRequest;
import io.jenkins.plugins.lambdanode.engine.request.DeployRequestBuilder;
import io.jenkins.plugins.lambdanode.engine.request.SettingRules;
import java.io.FileNotFoundException;
import java.io.IOException;
import java.nio.file.NoSuchFileException;
import java.util.Optional;

/** The settings of a deployment as a build has them: with its variables put in, and JSON also from a file in the workspace. */
final class BuildSettings {

    private final DeploymentSettings settings;
    private final DeploymentSettings.Defaults defaults;
    private final EnvVars variables;
    private final FilePath workspace;
    private final boolean isUnix;

    /** @param isUnix whether commands are run by a shell that puts variables in itself */
    BuildSettings(DeploymentSettings settings, EnvVars variables, FilePath workspace, boolean isUnix) {
        this.settings = settings;
        this.defaults = settings.defaults();
        this.variables = variables;
        this.workspace = workspace;
        this.isUnix = isUnix;
    }

    AwsAccess access() {
        return new AwsAccess(settings, variables, defaults);
    }

    /** What the engine is asked for. */
    DeployRequest request() throws IOException, InterruptedException {
        DeployRequestBuilder request = DeployRequest.builder()
                .s3Bucket(defaultBucket())
                .s3Prefix(defaults.getS3Prefix())
                .install(install())
                .build(build());
        settings.addTo(request, variables);
        request.from(json("from", settings.getFrom()));
        for (DeploymentSettings.Test test : settings.getSmokeTest()) {
            request.smokeTest(json("smokeTest", test.getPayload()), json("smokeTest", test.getExpect()));
        }
        return request.build();
    }

    /** The names as they were given; empty where they were not. */
    Optional<String> functions() {
        return text(settings.getFunctionName()).or(() -> text(settings.getFunctionNames()));
    }

    /** The project's folder in the workspace. */
    String dir() {
        return text(settings.getDir()).orElse(".");
    }

    boolean unstableOnWarning() throws DeployException {
        return SettingRules.unstableOnWarning(text(settings.getUnstableOn()).orElse("never"));
    }

    /** What is deployed, for the log, where it is not the project; empty where it is. */
    Optional<String> readyPackage() {
        return text(settings.getFrom()).map(record -> "a package").or(() -> text(settings.getZipFile()));
    }

    /** JSON as it is, or that of a file in the workspace; empty where it is not set. */
    private String json(String name, String setting) throws IOException, InterruptedException {
        String text = text(setting).orElse("");
        if (text.isEmpty() || SettingRules.isJson(text)) {
            return text;
        }
        FilePath file = workspace.child(text);
        try {
            if (!file.isDirectory() && file.length() > 0 && file.length() <= SettingRules.MAX_PAYLOAD) {
                return file.readToString();
            }
        } catch (NoSuchFileException | FileNotFoundException e) {
            // Removed meanwhile.
        }
        throw new DeployException(name + " names " + SafeText.oneLine(text, 200)
                + ", which is no file in the workspace of 1 to " + SettingRules.MAX_PAYLOAD
                + " bytes.\nGive JSON, or the name of a file with it.");
    }

    /** The bucket for all jobs, in which {@code ${AWS_REGION}} is the region of the deployment. */
    private String defaultBucket() throws DeployException {
        String bucket = Util.fixNull(defaults.getS3Bucket());
        Optional<String> function = functions();
        if (!bucket.contains("$") || function.isEmpty()) {
            return bucket;
        }
        EnvVars withRegion = new EnvVars(variables);
        withRegion.put(
                "AWS_REGION",
                access().region(SettingRules.functionNames(function.get()).get(0)));
        return withRegion.expand(bucket);
    }

    /**
     * A shell gets a command as it was written and puts the variables in itself: a value could end the command, and an error
     * that shows the command would show a secret.
     */
    private String install() throws DeployException {
        String expanded = text(settings.getInstall()).orElse("auto");
        return SettingRules.install(expanded).mode() == InstallMode.COMMAND && isUnix
                ? settings.getInstall()
                : expanded;
    }

    /** As {@link #install}. */
    private String build() {
        return isUnix ? settings.getBuild() : variables.expand(settings.getBuild());
    }

    private Optional<String> text(String setting) {
        return Optional.ofNullable(Util.fixEmptyAndTrim(variables.expand(setting)));
    }
}
