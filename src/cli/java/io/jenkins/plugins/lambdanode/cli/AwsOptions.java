package io.jenkins.plugins.lambdanode.cli;

import static software.amazon.awssdk.profiles.ProfileFileSystemSetting.AWS_PROFILE;

import io.jenkins.plugins.lambdanode.engine.aws.client.AwsSession;
import io.jenkins.plugins.lambdanode.engine.aws.client.AwsSettings;
import io.jenkins.plugins.lambdanode.engine.aws.lambda.FunctionName;
import io.jenkins.plugins.lambdanode.engine.base.DeployException;
import io.jenkins.plugins.lambdanode.engine.base.SafeText;
import io.jenkins.plugins.lambdanode.engine.http.ProxySettings;
import io.jenkins.plugins.lambdanode.engine.request.SettingRules;
import java.net.URI;
import java.util.Map;
import java.util.Objects;
import java.util.Optional;
import picocli.CommandLine.Option;
import software.amazon.awssdk.auth.credentials.AwsCredentialsProvider;
import software.amazon.awssdk.auth.credentials.DefaultCredentialsProvider;
import software.amazon.awssdk.auth.credentials.ProfileCredentialsProvider;
import software.amazon.awssdk.core.exception.SdkClientException;
import software.amazon.awssdk.profiles.Profile;
import software.amazon.awssdk.profiles.ProfileFile;
import software.amazon.awssdk.regions.providers.DefaultAwsRegionProviderChain;

/** The options about the account: where it is, and who deploys. */
final class AwsOptions {

    /** The JDK's client does not log in to a proxy for HTTPS while this names Basic. It reads it when it is loaded. */
    private static final String TUNNEL_LOGINS = "jdk.http.auth.tunneling.disabledSchemes";

    private static final String IGNORE_ENDPOINTS = "AWS_IGNORE_CONFIGURED_ENDPOINT_URLS";

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

    /**
     * Opens the SDK's clients.
     *
     * @throws DeployException if an option's value is wrong, no region is known, or there are no credentials
     */
    AwsSession open(FunctionName function, Optional<ProxySettings> proxy) throws DeployException, InterruptedException {
        AwsSession session = AwsSession.open(settings(function, proxy));
        try {
            requireEndpointsIgnored(session);
            return session;
        } catch (DeployException e) {
            session.close();
            throw e;
        }
    }

    private AwsSettings settings(FunctionName function, Optional<ProxySettings> proxy) throws DeployException {
        requireProfile();
        return new AwsSettings(
                region(function),
                endpoint(),
                credentials(),
                role(),
                proxy);
    }

    /** An endpoint in place of AWS's. */
    private Optional<URI> endpoint() throws DeployException {
        return endpointUrl.isBlank() ? Optional.empty() : Optional.of(SettingRules.endpoint(endpointUrl));
    }

    /**
     * How AWS is reached: the proxy of the environment's variables. What the SDK and the JDK read for the whole process is set here,
     * so this comes before everything else.
     */
    Optional<ProxySettings> connection() throws DeployException {
        // An empty variable is as none, which the SDK does not know.
        String name = profile.isBlank() ? AWS_PROFILE.getStringValueOrThrow() : profile;
        System.setProperty(AWS_PROFILE.property(), name.isBlank() ? "default" : name.strip());
        CaBundle.trust(System.getenv(), profile());
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

    private static Optional<Profile> profile() throws DeployException {
        try {
            return ProfileFile.defaultProfileFile().profile(AWS_PROFILE.getStringValueOrThrow());
        } catch (IllegalArgumentException e) {
            throw new DeployException(
                    "The AWS configuration files (AWS_CONFIG_FILE and AWS_SHARED_CREDENTIALS_FILE, or ~/.aws) can't be read: "
                            + SafeText.oneLine(String.valueOf(e.getMessage()), 300),
                    e);
        }
    }

    /** As in the AWS CLI, a profile that is named has to exist. */
    private void requireProfile() throws DeployException {
        String name = SafeText.oneLine(AWS_PROFILE.getStringValueOrThrow(), 100);
        if (!name.equals("default") && profile().isEmpty()) {
            throw new DeployException("There is no profile \"" + name + "\" in the AWS configuration files.\nName"
                    + " one that is there (aws configure list-profiles), or say where they are with AWS_CONFIG_FILE and"
                    + " AWS_SHARED_CREDENTIALS_FILE.");
        }
        boolean used = !profile.isBlank()
                || variable("AWS_ACCESS_KEY_ID").isEmpty()
                        && variable("AWS_WEB_IDENTITY_TOKEN_FILE").isEmpty();
        if (used && profile().map(Profile::properties).filter(AwsOptions::needsAwsCli).isPresent()) {
            throw new DeployException("Profile \"" + name + "\" logs in by aws login, or asks for a code (mfa_serial), which only the"
                    + " AWS CLI can do.\nLet it provide the credentials, and leave --profile out:\n  eval \"$(aws configure"
                    + " export-credentials --profile " + name + " --format env)\"");
        }
    }

    private static boolean needsAwsCli(Map<String, String> properties) {
        return properties.containsKey("login_session")
                || properties.containsKey("role_arn") && properties.containsKey("mfa_serial");
    }

    /** The AWS CLI would go to AWS itself. The SDK for Java does not know how to. */
    private void requireEndpointsIgnored(AwsSession session) throws DeployException {
        boolean ignored = variable(IGNORE_ENDPOINTS).equalsIgnoreCase("true")
                || profile()
                        .flatMap(is -> is.property("ignore_configured_endpoint_urls"))
                        .filter("true"::equalsIgnoreCase)
                        .isPresent();
        if (ignored && endpointUrl.isBlank() && !session.endpoints().isEmpty()) {
            throw new DeployException(IGNORE_ENDPOINTS + " is set, which the AWS SDK for Java does not know: requests would go to "
                    + session.endpoints().values().iterator().next()
                    + ".\nUnset AWS_ENDPOINT_URL and the like (of the profile: endpoint_url), or unset this.");
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
        try {
            return new DefaultAwsRegionProviderChain().getRegion().id();
        } catch (SdkClientException e) {
            throw new DeployException(
                    "No AWS region is known. Give --region, or set AWS_REGION, or name it in the profile.", e);
        }
    }

    private static String variable(String name) {
        return Objects.requireNonNullElse(System.getenv(name), "").strip();
    }
}
