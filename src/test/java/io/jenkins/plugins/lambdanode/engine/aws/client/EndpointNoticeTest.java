package io.jenkins.plugins.lambdanode.engine.aws.client;

import static org.junit.jupiter.api.Assertions.assertEquals;

import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Optional;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import software.amazon.awssdk.auth.credentials.AwsBasicCredentials;
import software.amazon.awssdk.auth.credentials.StaticCredentialsProvider;

/** What the log says of endpoints that no setting of the deployment has named. */
class EndpointNoticeTest {

    private static final String BY =
            "Endpoints by the AWS configuration of this machine (AWS_ENDPOINT_URL, endpoint_url): ";

    @TempDir
    private Path folder;

    @Test
    void whatWatchesAShiftIsNamedAsWhatDeploys() throws Exception {
        Path configuration = Files.writeString(folder.resolve("config"), """
                [default]
                services = local
                [services local]
                lambda =
                  endpoint_url = http://lambda.aws.test
                cloudwatch =
                  endpoint_url = http://watch.aws.test:8080
                cloudwatch_logs =
                  endpoint_url = http://logs.aws.test
                """);
        String before = System.setProperty("aws.configFile", configuration.toString());
        try (AwsSession session = AwsSession.open(new AwsSettings(
                "eu-west-1",
                Optional.empty(),
                StaticCredentialsProvider.create(AwsBasicCredentials.create("test", "test")),
                Optional.empty(),
                Optional.empty()))) {
            assertEquals(Optional.of(BY + "Lambda at http://lambda.aws.test"), session.endpointNotice());
            assertEquals(
                    Optional.of(
                            BY + "CloudWatch at http://watch.aws.test:8080, CloudWatch Logs at http://logs.aws.test"),
                    session.watchEndpointNotice());
            assertEquals(Optional.of(BY + "Lambda at http://lambda.aws.test"), session.endpointNotice());
        } finally {
            if (before == null) {
                System.clearProperty("aws.configFile");
            } else {
                System.setProperty("aws.configFile", before);
            }
        }
    }
}
