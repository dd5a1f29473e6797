package io.jenkins.plugins.lambdanode.engine.aws.client;

import io.jenkins.plugins.lambdanode.engine.http.ProxySettings;
import java.net.URI;
import java.util.Optional;
import software.amazon.awssdk.auth.credentials.AwsCredentialsProvider;

/**
 * Where AWS is and whose credentials are used.
 *
 * @param region the region of the function and of the staging bucket, for instance {@code eu-west-1}
 * @param endpoint an endpoint for every service; empty for what the SDK finds: {@code AWS_ENDPOINT_URL_LAMBDA} and the like,
 *     the profile's {@code endpoint_url}, FIPS and dual-stack settings, or else AWS's own
 * @param credentials whose credentials, also for assuming the role
 * @param role a role to assume; empty for none
 * @param proxy the HTTP proxy between the controller and AWS; empty for the JVM's own settings
 */
public record AwsSettings(
        String region,
        Optional<URI> endpoint,
        AwsCredentialsProvider credentials,
        Optional<AssumeRole> role,
        Optional<ProxySettings> proxy) {

    /** The endpoints that the SDK finds, no role, no proxy. */
    public static AwsSettings of(String region, AwsCredentialsProvider credentials) {
        return new AwsSettings(region, Optional.empty(), credentials, Optional.empty(), Optional.empty());
    }

    /**
     * A role to assume.
     *
     * @param roleArn the role's ARN, also of another account
     * @param externalId the external id that the role's trust policy asks for; empty for none
     * @param sessionName the session's name, which CloudTrail shows
     */
    public record AssumeRole(String roleArn, Optional<String> externalId, String sessionName) {}
}
