package io.jenkins.plugins.lambdanode.cli;

import io.jenkins.plugins.lambdanode.engine.aws.client.AwsSettings;
import io.jenkins.plugins.lambdanode.engine.aws.lambda.FunctionName;
import io.jenkins.plugins.lambdanode.engine.base.DeployException;
import io.jenkins.plugins.lambdanode.engine.base.SafeText;
import io.jenkins.plugins.lambdanode.engine.http.ProxySettings;
import io.jenkins.plugins.lambdanode.engine.request.SettingRules;
import java.net.URI;
import java.util.Objects;
import java.util.Optional;
import picocli.CommandLine.Option;
import software.amazon.awssdk.auth.credentials.AwsCredentialsProvider;
import software.amazon.awssdk.auth.credentials.DefaultCredentialsProvider;
import software.amazon.awssdk.auth.credentials.ProfileCredentialsProvider;
import software.amazon.awssdk.core.exception.SdkClientException;
import software.amazon.awssdk.profiles.ProfileFile;
import software.amazon.awssdk.regions.providers.DefaultAwsRegionProviderChain;

/** The options about the account: where it is, and who deploys. */
final class AwsOptions {

    /** The JDK's client does not log in to a proxy for HTTPS while this names Basic. It reads it when it is loaded. */
    private static final String TUNNEL_LOGINS = "jdk.http.auth.tunneling.disabledSchemes";

    @Option(
            names = "--region",
            paramLabel = "R",
            description = "AWS region. Default: the one in the function's ARN, AWS_REGION, AWS_DEFAULT_REGION, the profile.")
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

    /** @throws DeployException if an option's value is wrong, or no region is known */
    AwsSettings settings(FunctionName function, Optional<ProxySettings> proxy) throws DeployException {
        requireProfile();
        return new AwsSettings(
                region(function),
                endpoint(),
                credentials(),
                role(),
                proxy,
                Optional.of(profile.strip()).filter(name -> !name.isEmpty()));
    }

    /** An endpoint in place of AWS's. */
    private Optional<URI> endpoint() throws DeployException {
        return endpointUrl.isBlank() ? Optional.empty() : Optional.of(SettingRules.endpoint(endpointUrl));
    }

    /** The proxy of the environment's variables. */
    Optional<ProxySettings> proxy() throws DeployException {
        Optional<ProxySettings> proxy =
                EnvironmentProxy.of(System.getenv(), endpoint().map(URI::getScheme).orElse("https"));
        if (proxy.isPresent() && System.getProperty(TUNNEL_LOGINS) == null) {
            System.setProperty(TUNNEL_LOGINS, "");
        }
        return proxy;
    }

    private Optional<AwsSettings.AssumeRole> role() throws DeployException {
        if (roleArn.isBlank()) {
            return Optional.empty();
        }
        return Optional.of(new AwsSettings.AssumeRole(
                SettingRules.role("roleArn", roleArn),
                externalId.isBlank() ? Optional.empty() : Optional.of(externalId.strip()),
                SettingRules.roleSessionName(roleSessionName.isBlank() ? "lambda-node-deploy" : roleSessionName)));
    }

    /** For the log; empty where the SDK's own chain finds them. */
    String credentialsName() {
        return profile.isBlank() ? "" : "profile " + profile.strip();
    }

    /** As in the AWS CLI, a profile that is named wins over credentials in the environment. */
    private AwsCredentialsProvider credentials() {
        return profile.isBlank()
                ? DefaultCredentialsProvider.builder().build()
                : ProfileCredentialsProvider.create(profile.strip());
    }

    /** As in the AWS CLI, a profile that is named has to exist. */
    private void requireProfile() throws DeployException {
        String name = profile.isBlank() ? variable("AWS_PROFILE") : profile.strip();
        if (!name.isEmpty() && !name.equals("default") && ProfileFile.defaultProfileFile().profile(name).isEmpty()) {
            throw new DeployException("There is no profile \"" + SafeText.oneLine(name, 100) + "\" in the AWS configuration files.\nName"
                    + " one that is there (aws configure list-profiles), or say where they are with AWS_CONFIG_FILE and"
                    + " AWS_SHARED_CREDENTIALS_FILE.");
        }
    }

    private String region(FunctionName function) throws DeployException {
        if (!region.isBlank()) {
            return SettingRules.region(region);
        }
        if (function.region().isPresent()) {
            return function.region().get();
        }
        // The AWS CLI reads it where there is no AWS_REGION, the SDK for Java does not.
        if (variable("AWS_REGION").isEmpty() && !variable("AWS_DEFAULT_REGION").isEmpty()) {
            return SettingRules.region(variable("AWS_DEFAULT_REGION"));
        }
        DefaultAwsRegionProviderChain.Builder chain = DefaultAwsRegionProviderChain.builder();
        if (!profile.isBlank()) {
            chain.profileName(profile.strip());
        }
        try {
            return chain.build().getRegion().id();
        } catch (SdkClientException e) {
            throw new DeployException(
                    "No AWS region is known. Give --region, or set AWS_REGION, or name it in the profile.", e);
        }
    }

    private static String variable(String name) {
        return Objects.requireNonNullElse(System.getenv(name), "").strip();
    }
}
