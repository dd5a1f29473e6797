package io.jenkins.plugins.lambdanode.engine;

import io.jenkins.plugins.lambdanode.engine.aws.client.AwsSession;
import io.jenkins.plugins.lambdanode.engine.aws.client.AwsSettings;
import io.jenkins.plugins.lambdanode.engine.base.Backoff;
import io.jenkins.plugins.lambdanode.engine.base.DeployException;
import io.jenkins.plugins.lambdanode.engine.base.Progress;
import io.jenkins.plugins.lambdanode.engine.http.HttpSender;
import io.jenkins.plugins.lambdanode.engine.report.DeployResult;
import io.jenkins.plugins.lambdanode.engine.request.DeployRequest;
import io.jenkins.plugins.lambdanode.engine.request.DeployRequestBuilder;
import io.jenkins.plugins.lambdanode.engine.workspace.LocalWorkspace;
import io.jenkins.plugins.lambdanode.testing.Account;
import java.io.IOException;
import java.net.URI;
import java.nio.file.Path;
import java.util.Map;
import java.util.Optional;
import software.amazon.awssdk.auth.credentials.AwsBasicCredentials;
import software.amazon.awssdk.auth.credentials.AwsCredentialsProvider;
import software.amazon.awssdk.auth.credentials.StaticCredentialsProvider;

/**
 * Deployments of one function that is made where it does not exist, released under the alias {@code live}.
 *
 * @param endpoint where AWS is
 * @param credentials who deploys
 */
record Orders(
        URI endpoint,
        String region,
        AwsCredentialsProvider credentials,
        String role,
        Optional<Path> cache,
        Progress log) {

    static Orders at(URI endpoint, String role, Progress log) {
        return new Orders(
                endpoint,
                Account.REGION,
                StaticCredentialsProvider.create(AwsBasicCredentials.create(Account.ACCESS_KEY, Account.SECRET_KEY)),
                role,
                Optional.empty(),
                log);
    }

    /** With earlier packages kept in a folder. */
    Orders caching(Path folder) {
        return new Orders(endpoint, region, credentials, role, Optional.of(folder), log);
    }

    Orders in(String otherRegion) {
        return new Orders(endpoint, otherRegion, credentials, role, cache, log);
    }

    /** What is deployed: straight to Lambda, the dependencies in the package. */
    DeployRequest direct(String... functions) throws DeployException {
        return request(functions).build();
    }

    /** Through a bucket from {@code threshold} bytes on. */
    DeployRequest staged(String function, String bucket, long threshold) throws DeployException {
        return request(function)
                .s3Bucket(bucket)
                .s3Prefix("pre/")
                .s3Threshold(threshold)
                .build();
    }

    /** Through a bucket, the dependencies in a layer of which one version is kept. */
    DeployRequest apart(String function, String bucket) throws DeployException {
        return request(function)
                .s3Bucket(bucket)
                .s3Prefix("pre/")
                .s3Threshold(0L)
                .dependencies("layer")
                .keepLayerVersions(1)
                .build();
    }

    /** What the others begin with. */
    DeployRequestBuilder request(String... functions) throws DeployException {
        return unreleased(functions).alias("live");
    }

    /** Straight to Lambda, without a version. */
    DeployRequestBuilder unreleased(String... functions) throws DeployException {
        return plain(functions).install("none");
    }

    /** As far as all deployments are alike, those of a package that is there too. */
    DeployRequestBuilder plain(String... functions) throws DeployException {
        return DeployRequest.builder()
                .functionNames(String.join(",", functions))
                .create(true)
                .role(role)
                .runtime("nodejs22.x")
                .waitTimeout(60);
    }

    AwsSettings settings() {
        return new AwsSettings(region, Optional.of(endpoint), credentials, Optional.empty(), Optional.empty());
    }

    DeployResult deploy(Path project, DeployRequest request) throws IOException, InterruptedException {
        return deploy(project, request, DeploymentContext.NONE);
    }

    /** As a part of a build. */
    DeployResult deploy(Path project, DeployRequest request, DeploymentContext context)
            throws IOException, InterruptedException {
        return deploy(project, request, System.getenv(), context, Backoff.REAL);
    }

    /** With another environment for the commands that are run. */
    DeployResult deploy(Path project, DeployRequest request, Map<String, String> environment)
            throws IOException, InterruptedException {
        return deploy(project, request, environment, DeploymentContext.NONE, Backoff.REAL);
    }

    /** In another time: for a shift of traffic. */
    DeployResult deploy(Path project, DeployRequest request, DeploymentContext context, Backoff time)
            throws IOException, InterruptedException {
        return deploy(project, request, System.getenv(), context, time);
    }

    private DeployResult deploy(
            Path project,
            DeployRequest request,
            Map<String, String> environment,
            DeploymentContext context,
            Backoff time)
            throws IOException, InterruptedException {
        try (LocalWorkspace workspace = new LocalWorkspace(project, cache, environment, new HttpSender(log), log);
                AwsSession session = AwsSession.open(settings())) {
            return new Deployment(request, workspace, session, context, log, time).run();
        }
    }
}
