package io.jenkins.plugins.lambdanode.engine;

import io.jenkins.plugins.lambdanode.engine.aws.client.AwsSession;
import io.jenkins.plugins.lambdanode.engine.aws.client.AwsSettings;
import io.jenkins.plugins.lambdanode.engine.aws.lambda.CreateOptions;
import io.jenkins.plugins.lambdanode.engine.aws.lambda.FunctionName;
import io.jenkins.plugins.lambdanode.engine.aws.lambda.UpdateOptions;
import io.jenkins.plugins.lambdanode.engine.base.DeployException;
import io.jenkins.plugins.lambdanode.engine.base.Progress;
import io.jenkins.plugins.lambdanode.engine.http.HttpSender;
import io.jenkins.plugins.lambdanode.engine.project.InstallSetting;
import io.jenkins.plugins.lambdanode.engine.report.DeployResult;
import io.jenkins.plugins.lambdanode.engine.request.LayerSettings;
import io.jenkins.plugins.lambdanode.engine.request.DeployRequest;
import io.jenkins.plugins.lambdanode.engine.pack.api.PackSettings;
import io.jenkins.plugins.lambdanode.engine.workspace.LocalWorkspace;
import io.jenkins.plugins.lambdanode.testing.Account;
import java.io.IOException;
import java.net.URI;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.OptionalInt;
import java.util.OptionalLong;
import software.amazon.awssdk.auth.credentials.AwsBasicCredentials;
import software.amazon.awssdk.auth.credentials.AwsCredentialsProvider;
import software.amazon.awssdk.auth.credentials.StaticCredentialsProvider;

/**
 * Deployments of one function that is made where it does not exist, released under the alias {@code live}.
 *
 * @param endpoint where AWS is
 * @param credentials who deploys
 */
record Orders(URI endpoint, AwsCredentialsProvider credentials, String role, PackSettings packaging, Progress log) {

    static Orders at(URI endpoint, String role, Progress log) {
        return new Orders(
                endpoint,
                StaticCredentialsProvider.create(AwsBasicCredentials.create(Account.ACCESS_KEY, Account.SECRET_KEY)),
                role,
                PackSettings.DEFAULT,
                log);
    }

    /** With earlier packages kept in a folder. */
    Orders caching(Path folder) {
        PackSettings with = new PackSettings(
                packaging.includes(), packaging.excludes(), packaging.links(), packaging.level(), folder.toString());
        return new Orders(endpoint, credentials, role, with, log);
    }

    /** What is deployed: straight to Lambda, the dependencies in the package. */
    DeployRequest direct(String... functions) throws DeployException {
        return request(InstallSetting.NONE, DeployRequest.Staging.NONE, Optional.empty(), functions);
    }

    /** The same with the dependencies installed so. */
    DeployRequest installing(InstallSetting install, String function) throws DeployException {
        return request(install, DeployRequest.Staging.NONE, Optional.empty(), function);
    }

    /** Through a bucket from {@code threshold} bytes on. */
    DeployRequest staged(String function, String bucket, long threshold) throws DeployException {
        return request(InstallSetting.NONE, staging(bucket, threshold), Optional.empty(), function);
    }

    /** Through a bucket, the dependencies in a layer of which one version is kept. */
    DeployRequest apart(String function, String bucket) throws DeployException {
        return request(
                InstallSetting.NONE,
                staging(bucket, 0),
                Optional.of(new LayerSettings(Optional.empty(), OptionalInt.of(1))),
                function);
    }

    private static DeployRequest.Staging staging(String bucket, long threshold) {
        return new DeployRequest.Staging(Optional.of(bucket), "pre/", OptionalLong.of(threshold));
    }

    private DeployRequest request(
            InstallSetting install, DeployRequest.Staging staging, Optional<LayerSettings> apart, String... functions)
            throws DeployException {
        List<FunctionName> names = new ArrayList<>();
        for (String function : functions) {
            names.add(FunctionName.parse(function));
        }
        return new DeployRequest(
                names,
                install,
                packaging,
                apart,
                staging,
                UpdateOptions.NONE,
                Optional.of(CreateOptions.of(role, "nodejs22.x", "index.handler")),
                true,
                Optional.of("live"),
                false,
                Duration.ofSeconds(60));
    }

    DeployResult deploy(Path project, DeployRequest request) throws IOException, InterruptedException {
        AwsSettings settings = new AwsSettings(
                Account.REGION, Optional.of(endpoint), credentials, Optional.empty(), Optional.empty());
        try (LocalWorkspace workspace = new LocalWorkspace(project, System.getenv(), new HttpSender(log), log);
                AwsSession session = AwsSession.open(settings)) {
            return new Deployment(request, workspace, session, log).run();
        }
    }
}
