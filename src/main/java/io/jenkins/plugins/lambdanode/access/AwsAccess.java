package io.jenkins.plugins.lambdanode.access;

import com.cloudbees.jenkins.plugins.awscredentials.AmazonWebServicesCredentials;
import com.cloudbees.plugins.credentials.CredentialsMatchers;
import com.cloudbees.plugins.credentials.CredentialsProvider;
import hudson.EnvVars;
import hudson.FilePath;
import hudson.Util;
import hudson.model.Item;
import hudson.model.Run;
import hudson.security.ACL;
import io.jenkins.plugins.lambdanode.agent.AgentIdentity;
import io.jenkins.plugins.lambdanode.agent.JenkinsProxy;
import io.jenkins.plugins.lambdanode.engine.aws.client.AwsSettings;
import io.jenkins.plugins.lambdanode.engine.aws.lambda.FunctionName;
import io.jenkins.plugins.lambdanode.engine.base.DeployException;
import io.jenkins.plugins.lambdanode.engine.request.SettingRules;
import java.util.List;
import java.util.Optional;
import software.amazon.awssdk.auth.credentials.AwsBasicCredentials;
import software.amazon.awssdk.auth.credentials.AwsCredentialsProvider;
import software.amazon.awssdk.auth.credentials.AwsSessionCredentials;
import software.amazon.awssdk.auth.credentials.DefaultCredentialsProvider;
import software.amazon.awssdk.auth.credentials.StaticCredentialsProvider;

/** Where AWS is for a job, and with whose credentials it is asked. They stay on the controller. */
public final class AwsAccess {

    private static final String CONTROLLER = "the controller's AWS identity";

    private final AccessSettings settings;
    private final EnvVars env;
    private final AccessSettings.Defaults defaults;

    /** @param env the environment of the step; empty for a form */
    public AwsAccess(AccessSettings settings, EnvVars env, AccessSettings.Defaults defaults) {
        this.settings = settings;
        this.env = env;
        this.defaults = defaults;
    }

    /**
     * Credentials.
     *
     * @param origin where they are from, for a log: for instance {@code credentials aws-deploy}
     * @param outlivesBuild whether they are there without the build
     */
    public record Identity(AwsCredentialsProvider credentials, String origin, boolean outlivesBuild) {}

    /** These settings, for what is done without the build later; empty where the credentials end with the build. */
    public Optional<SavedAccess> saved(Identity identity) {
        return identity.outlivesBuild() ? Optional.of(new SavedAccess(settings, env)) : Optional.empty();
    }

    /** The settings of the SDK for a function. */
    public AwsSettings settings(FunctionName function, Identity identity) throws DeployException {
        Optional<String> endpoint = text(settings.getEndpointUrl()).or(() -> text(defaults.getEndpointUrl()));
        Optional<String> role = text(settings.getRoleArn());
        return new AwsSettings(
                region(function),
                endpoint.isPresent() ? Optional.of(SettingRules.endpoint(endpoint.get())) : Optional.empty(),
                identity.credentials(),
                role.isPresent() ? Optional.of(assume(role.get())) : Optional.empty(),
                JenkinsProxy.settings());
    }

    private AwsSettings.AssumeRole assume(String role) throws DeployException {
        return new AwsSettings.AssumeRole(
                SettingRules.role("roleArn", role),
                text(settings.getExternalId()),
                SettingRules.roleSessionName(text(settings.getRoleSessionName()).orElse("jenkins-lambda-node-deploy")));
    }

    /** The region of a function. */
    public String region(FunctionName function) throws DeployException {
        return SettingRules.region(text(settings.getRegion())
                .or(function::region)
                .or(() -> text(env.get("AWS_REGION")))
                .or(() -> text(env.get("AWS_DEFAULT_REGION")))
                .or(() -> text(defaults.getRegion()))
                .orElseThrow(
                        () -> new DeployException("No AWS region is known. Set region, or name the function by its ARN,"
                                + " or set a default region in Manage Jenkins > System > AWS Lambda Node.js Deploy.")));
    }

    /** A setting with its variables expanded; empty where it is not set. */
    private Optional<String> text(String setting) {
        return Optional.ofNullable(Util.fixEmptyAndTrim(env.expand(setting)));
    }

    /**
     * Whose credentials a build uses, by the order of the documentation.
     *
     * @param workspace on the agent whose identity can be used; null where the step has no agent
     */
    public Identity ofBuild(Run<?, ?> run, FilePath workspace) throws DeployException {
        Optional<String> id = text(settings.getCredentialsId());
        if (id.isPresent()) {
            AmazonWebServicesCredentials found = CredentialsProvider.findCredentialById(
                    id.get(), AmazonWebServicesCredentials.class, run, List.of());
            if (found == null) {
                throw noSuchCredentials(id.get());
            }
            CredentialsProvider.track(run, found);
            return new Identity(found, "credentials " + id.get(), true);
        }
        String key = env.get("AWS_ACCESS_KEY_ID");
        String secret = env.get("AWS_SECRET_ACCESS_KEY");
        String token = env.get("AWS_SESSION_TOKEN");
        if (key != null && secret != null) {
            return new Identity(
                    StaticCredentialsProvider.create(
                            token == null || token.isEmpty()
                                    ? AwsBasicCredentials.create(key, secret)
                                    : AwsSessionCredentials.create(key, secret, token)),
                    "the AWS_* variables around the step",
                    false);
        }
        if (settings.isAgentIdentity()) {
            if (workspace == null) {
                throw new DeployException(
                        "agentIdentity is the role of an agent, and the step has none here.\nPut it into"
                                + " node { }, or give it credentialsId.");
            }
            return new Identity(new AgentIdentity(workspace), "the agent's role", false);
        }
        if (defaults.isControllerIdentityAllowed()) {
            return new Identity(DefaultCredentialsProvider.builder().build(), CONTROLLER, true);
        }
        throw new DeployException(
                "No AWS credentials. Give the step one of these: credentialsId, an AWS Credentials entry;"
                        + " AWS_* variables around it (withCredentials, withAWS); agentIdentity: true, the agent's own role;"
                        + " or let an administrator allow the controller's AWS identity"
                        + " (Manage Jenkins > System > AWS Lambda Node.js Deploy).");
    }

    /** Whose credentials a form uses: none are borrowed from a build. */
    public Identity ofForm(Item item) throws DeployException {
        Optional<String> id = text(settings.getCredentialsId());
        if (id.isPresent()) {
            AmazonWebServicesCredentials found = CredentialsMatchers.firstOrNull(
                    CredentialsProvider.lookupCredentialsInItem(
                            AmazonWebServicesCredentials.class, item, ACL.SYSTEM2, List.of()),
                    CredentialsMatchers.withId(id.get()));
            if (found == null) {
                throw noSuchCredentials(id.get());
            }
            return new Identity(found, "credentials " + id.get(), true);
        }
        if (defaults.isControllerIdentityAllowed()) {
            return new Identity(DefaultCredentialsProvider.builder().build(), CONTROLLER, true);
        }
        throw new DeployException("Choose credentials first: without them only a build can reach AWS"
                + " (by its AWS_* variables or its agent's identity).");
    }

    private static DeployException noSuchCredentials(String id) {
        return new DeployException(
                "There are no AWS credentials with the ID '" + id
                        + "' that this job may use. Check the ID and the folder that they are in (Credentials > AWS Credentials).");
    }
}
