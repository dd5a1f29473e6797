package io.jenkins.plugins.lambdanode.access;

import com.cloudbees.jenkins.plugins.awscredentials.AmazonWebServicesCredentials;
import com.cloudbees.plugins.credentials.CredentialsMatchers;
import com.cloudbees.plugins.credentials.CredentialsProvider;
import hudson.EnvVars;
import hudson.FilePath;
import hudson.model.Item;
import hudson.model.Run;
import hudson.security.ACL;
import io.jenkins.plugins.lambdanode.LambdaNodeConfiguration;
import io.jenkins.plugins.lambdanode.LambdaNodeDeployStep;
import io.jenkins.plugins.lambdanode.agent.AgentIdentity;
import io.jenkins.plugins.lambdanode.agent.JenkinsProxy;
import io.jenkins.plugins.lambdanode.engine.aws.client.AwsSettings;
import io.jenkins.plugins.lambdanode.engine.aws.lambda.FunctionName;
import io.jenkins.plugins.lambdanode.engine.base.DeployException;
import java.net.URI;
import java.net.URISyntaxException;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.function.Function;
import software.amazon.awssdk.auth.credentials.AwsBasicCredentials;
import software.amazon.awssdk.auth.credentials.AwsCredentialsProvider;
import software.amazon.awssdk.auth.credentials.AwsSessionCredentials;
import software.amazon.awssdk.auth.credentials.DefaultCredentialsProvider;
import software.amazon.awssdk.auth.credentials.StaticCredentialsProvider;

/** Where AWS is for a job, and with whose credentials it is asked. They stay on the controller. */
public final class AwsAccess {

    private static final String CONTROLLER = "the controller's AWS identity";

    private final LambdaNodeDeployStep settings;
    private final Function<String, Optional<String>> text;
    private final LambdaNodeConfiguration global;

    /** @param text reads a setting: with the build's variables put in, where there is a build */
    public AwsAccess(LambdaNodeDeployStep settings, Function<String, Optional<String>> text, LambdaNodeConfiguration global) {
        this.settings = settings;
        this.text = text;
        this.global = global;
    }

    /**
     * Credentials, and the region that comes with them.
     *
     * @param origin where they are from, for a log: for instance {@code credentials aws-deploy}
     */
    public record Identity(AwsCredentialsProvider credentials, Optional<String> region, String origin) {}

    /** The settings of the SDK for a function. */
    public AwsSettings settings(FunctionName function, Identity identity) throws DeployException {
        String region = text.apply(settings.getRegion())
                .or(function::region)
                .or(identity::region)
                .or(() -> Optional.ofNullable(global.getRegion()))
                .orElseThrow(() -> new DeployException("No AWS region is known. Set region, or name the function by its ARN,"
                        + " or set a default region in Manage Jenkins > System > AWS Lambda Node.js Deploy."));
        return new AwsSettings(
                region,
                endpoint(),
                identity.credentials(),
                text.apply(settings.getRoleArn())
                        .map(role -> new AwsSettings.AssumeRole(
                                role,
                                text.apply(settings.getExternalId()),
                                text.apply(settings.getRoleSessionName()).orElse("jenkins-lambda-node-deploy"))),
                JenkinsProxy.settings());
    }

    private Optional<URI> endpoint() throws DeployException {
        Optional<String> address =
                text.apply(settings.getEndpointUrl()).or(() -> Optional.ofNullable(global.getEndpointUrl()));
        if (address.isEmpty()) {
            return Optional.empty();
        }
        try {
            URI uri = new URI(address.get());
            if (uri.getHost() != null && ("http".equals(uri.getScheme()) || "https".equals(uri.getScheme()))) {
                return Optional.of(uri);
            }
        } catch (URISyntaxException e) {
            throw noAddress(address.get());
        }
        throw noAddress(address.get());
    }

    private static DeployException noAddress(String text) {
        return new DeployException("endpointUrl is '" + text
                + "'. Use the address of an AWS endpoint, such as https://vpce-0123.lambda.eu-west-1.vpce.amazonaws.com");
    }

    /** Whose credentials a build uses, by the order of the documentation. */
    public Identity ofBuild(Run<?, ?> run, EnvVars env, FilePath workspace) throws DeployException {
        Optional<String> region = Optional.ofNullable(env.get("AWS_REGION", env.get("AWS_DEFAULT_REGION")))
                .filter(value -> !value.isBlank());
        Optional<String> id = text.apply(settings.getCredentialsId());
        if (id.isPresent()) {
            AmazonWebServicesCredentials found =
                    CredentialsProvider.findCredentialById(id.get(), AmazonWebServicesCredentials.class, run, List.of());
            if (found == null) {
                throw noSuchCredentials(id.get());
            }
            CredentialsProvider.track(run, found);
            return new Identity(found, region, "credentials " + id.get());
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
                    region,
                    "the AWS_* variables around the step");
        }
        if (settings.isAgentIdentity()) {
            return new Identity(new AgentIdentity(workspace), region, "the agent's role");
        }
        if (global.isControllerIdentityAllowed()) {
            return new Identity(DefaultCredentialsProvider.builder().build(), region, CONTROLLER);
        }
        throw new DeployException("No AWS credentials. Give the step one of these: credentialsId, an AWS Credentials entry;"
                + " AWS_* variables around it (withCredentials, withAWS); agentIdentity: true, the agent's own role;"
                + " or let an administrator allow the controller's AWS identity"
                + " (Manage Jenkins > System > AWS Lambda Node.js Deploy).");
    }

    /** Whose credentials a form uses: none are borrowed from a build. */
    public Identity ofForm(Item item) throws DeployException {
        Optional<String> id = text.apply(settings.getCredentialsId());
        if (id.isPresent()) {
            AmazonWebServicesCredentials found = CredentialsMatchers.firstOrNull(
                    CredentialsProvider.lookupCredentialsInItem(
                            AmazonWebServicesCredentials.class, item, ACL.SYSTEM2, List.of()),
                    CredentialsMatchers.withId(id.get()));
            if (found == null) {
                throw noSuchCredentials(id.get());
            }
            return new Identity(found, Optional.empty(), "credentials " + id.get());
        }
        if (global.isControllerIdentityAllowed()) {
            return new Identity(DefaultCredentialsProvider.builder().build(), Optional.empty(), CONTROLLER);
        }
        throw new DeployException("Choose credentials first: without them only a build can reach AWS"
                + " (by its AWS_* variables or its agent's identity).");
    }

    private static DeployException noSuchCredentials(String id) {
        return new DeployException("There are no AWS credentials with the ID '" + id
                + "' that this job may use. Check the ID and the folder that they are in (Credentials > AWS Credentials).");
    }
}
