package io.jenkins.plugins.lambdanode.engine.aws.lambda;

import io.jenkins.plugins.lambdanode.engine.aws.Cloud;
import io.jenkins.plugins.lambdanode.engine.aws.Package;
import io.jenkins.plugins.lambdanode.engine.aws.SendingWorkspace;
import io.jenkins.plugins.lambdanode.engine.aws.client.AwsFailure;
import io.jenkins.plugins.lambdanode.engine.aws.client.AwsOperation;
import io.jenkins.plugins.lambdanode.engine.aws.client.AwsSession;
import io.jenkins.plugins.lambdanode.engine.aws.client.AwsSettings;
import io.jenkins.plugins.lambdanode.engine.aws.s3.StagedObject;
import io.jenkins.plugins.lambdanode.engine.base.Backoff;
import io.jenkins.plugins.lambdanode.engine.base.Progress;
import io.jenkins.plugins.lambdanode.engine.http.HttpSender;
import io.jenkins.plugins.lambdanode.engine.http.ProxySettings;
import io.jenkins.plugins.lambdanode.engine.http.SendReply;
import io.jenkins.plugins.lambdanode.engine.http.SendRequest;
import io.jenkins.plugins.lambdanode.engine.pack.api.PackReport;
import java.io.IOException;
import java.nio.file.Path;
import java.util.List;
import java.util.Optional;
import java.util.function.Function;
import software.amazon.awssdk.auth.credentials.AwsBasicCredentials;
import software.amazon.awssdk.auth.credentials.StaticCredentialsProvider;
import software.amazon.awssdk.services.lambda.LambdaClient;

/**
 * Sends each request with code once by the workspace and once by the SDK, through a proxy, in a process with an environment of
 * its own. Arguments: the proxy's port, a folder for a package, the profile or an empty text.
 */
final class RequestsInChild {

    private RequestsInChild() {}

    public static void main(String[] arguments) throws Exception {
        ProxySettings proxy = ProxySettings.of("127.0.0.1", Integer.parseInt(arguments[0]));
        PackReport report = Package.holding(Path.of(arguments[1]), "code");
        CodeSource direct = new CodeSource.Direct(report);
        CodeSource staged = new CodeSource.Staged(new StagedObject("bucket", "f/1.zip", Optional.empty(), false, 0));
        FunctionName name = FunctionName.parse("f");
        CreateOptions create = CreateOptions.of("arn:aws:iam::123456789012:role/r", "nodejs22.x", "index.handler");
        LayerOptions layer = new LayerOptions("l", List.of(), List.of());
        HttpSender sender = new HttpSender(Progress.NONE, Optional.of(proxy));
        SendingWorkspace workspace = new SendingWorkspace() {
            @Override
            public List<SendReply> send(List<SendRequest> batch) throws IOException, InterruptedException {
                return sender.send(batch);
            }
        };
        if (!arguments[2].isEmpty()) {
            System.setProperty("aws.profile", arguments[2]);
        }
        try (AwsSession session = AwsSession.open(new AwsSettings(
                Cloud.REGION,
                Optional.empty(),
                StaticCredentialsProvider.create(AwsBasicCredentials.create("test", "test")),
                Optional.empty(),
                Optional.of(proxy)))) {
            IdempotentRequests requests = new IdempotentRequests(session, workspace, Progress.NONE, Backoff.REAL);
            for (CodeSource source : List.of(direct, staged)) {
                List<Function<LambdaClient, Object>> operations = List.of(
                        lambda -> lambda.updateFunctionCode(CodeRequests.update(name, source, UpdateOptions.NONE)),
                        lambda -> lambda.createFunction(CodeRequests.create(name, source, create)),
                        lambda -> lambda.publishLayerVersion(CodeRequests.publish(layer, "", source)));
                for (Function<LambdaClient, Object> operation : operations) {
                    AwsOperation what = new AwsOperation("It was not sent", "lambda:*", "*", "f", "");
                    AwsFailure failure = requests.attempt(what, source, operation)
                            .send()
                            .failure()
                            .orElseThrow();
                    System.out.println(failure.code() + " " + failure.message());
                }
            }
        }
    }
}
