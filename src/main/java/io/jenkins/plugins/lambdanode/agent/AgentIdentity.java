package io.jenkins.plugins.lambdanode.agent;

import hudson.FilePath;
import java.io.IOException;
import java.time.Duration;
import java.time.Instant;
import software.amazon.awssdk.auth.credentials.AwsCredentials;
import software.amazon.awssdk.auth.credentials.AwsCredentialsProvider;
import software.amazon.awssdk.auth.credentials.AwsSessionCredentials;
import software.amazon.awssdk.core.exception.SdkClientException;

/**
 * The role of the machine or container that an agent runs on. The agent asks its metadata service with the JDK alone and the
 * controller uses the temporary credentials that it gets.
 */
public final class AgentIdentity implements AwsCredentialsProvider {

    /** Temporary credentials are asked for anew this long before they end. */
    private static final Duration RENEW_BEFORE = Duration.ofMinutes(5);

    private final FilePath workspace;
    private AwsSessionCredentials credentials;
    private Instant renewAt = Instant.MIN;

    public AgentIdentity(FilePath workspace) {
        this.workspace = workspace;
    }

    @Override
    public synchronized AwsCredentials resolveCredentials() {
        if (Instant.now().isBefore(renewAt)) {
            return credentials;
        }
        try {
            AgentRole.Temporary found = workspace.act(new AgentRole());
            credentials = AwsSessionCredentials.create(found.accessKeyId(), found.secretAccessKey(), found.token());
            renewAt = Instant.parse(found.expiration()).minus(RENEW_BEFORE);
            return credentials;
        } catch (IOException e) {
            throw SdkClientException.create(
                    "The agent has no AWS role of its own (agentIdentity): " + e.getMessage(), e);
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
            throw SdkClientException.create("Stopped while asking the agent for its AWS role", e);
        }
    }
}
