package io.jenkins.plugins.lambdanode.engine.aws.lambda;

import io.jenkins.plugins.lambdanode.engine.aws.client.AwsSession;
import io.jenkins.plugins.lambdanode.engine.aws.client.AwsSettings;
import io.jenkins.plugins.lambdanode.engine.base.DeployException;
import io.jenkins.plugins.lambdanode.engine.http.ProxySettings;
import java.net.URI;
import java.util.Optional;
import software.amazon.awssdk.auth.credentials.AwsBasicCredentials;
import software.amazon.awssdk.auth.credentials.StaticCredentialsProvider;
import software.amazon.awssdk.core.exception.SdkException;
import software.amazon.awssdk.core.sync.RequestBody;

/**
 * Asks S3, STS and Lambda once through a proxy, in a process with an environment of its own, and prints where a package would
 * be sent. Arguments: the proxy's port, the profile.
 */
final class ServicesInChild {

    private ServicesInChild() {}

    public static void main(String[] arguments) throws Exception {
        System.setProperty("aws.profile", arguments[1]);
        try (AwsSession session = AwsSession.open(settings(arguments, Optional.empty()))) {
            URI url = session.s3Offline()
                    .write(s3 -> s3.putObject(put -> put.bucket("some-bucket").key("f/1.zip"), RequestBody.empty()))
                    .http()
                    .getUri();
            System.out.println(url.getScheme() + "://" + url.getAuthority());
            refused(() -> session.s3Once().headBucket(head -> head.bucket("some-bucket")));
            refused(() -> AwsSession.open(settings(
                    arguments,
                    Optional.of(new AwsSettings.AssumeRole(
                            "arn:aws:iam::123456789012:role/deploy", Optional.empty(), "test")))));
            refused(() -> session.lambdaOnce().getFunctionConfiguration(get -> get.functionName("f")));
        }
    }

    private interface Request {
        void send() throws Exception;
    }

    private static void refused(Request request) throws Exception {
        try {
            request.send();
        } catch (SdkException | DeployException e) {
            System.err.println(e.getMessage());
        }
    }

    private static AwsSettings settings(String[] arguments, Optional<AwsSettings.AssumeRole> role) throws Exception {
        return new AwsSettings(
                "us-east-1",
                Optional.empty(),
                StaticCredentialsProvider.create(AwsBasicCredentials.create("test", "test")),
                role,
                Optional.of(ProxySettings.of("127.0.0.1", Integer.parseInt(arguments[0]))));
    }
}
