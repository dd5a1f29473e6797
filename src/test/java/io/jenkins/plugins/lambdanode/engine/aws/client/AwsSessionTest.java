package io.jenkins.plugins.lambdanode.engine.aws.client;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertNotEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.jenkins.plugins.lambdanode.engine.aws.Cloud;
import io.jenkins.plugins.lambdanode.engine.aws.Log;
import io.jenkins.plugins.lambdanode.engine.aws.SendingWorkspace;
import io.jenkins.plugins.lambdanode.engine.aws.lambda.Functions;
import io.jenkins.plugins.lambdanode.engine.base.DeployException;
import io.jenkins.plugins.lambdanode.testing.Emulator;
import io.jenkins.plugins.lambdanode.testing.EmulatorExtension;
import java.io.IOException;
import java.io.OutputStream;
import java.net.ConnectException;
import java.net.InetAddress;
import java.net.ServerSocket;
import java.net.Socket;
import java.net.URI;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.Optional;
import java.util.concurrent.atomic.AtomicLong;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.ExtendWith;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.EnumSource;
import org.junit.jupiter.params.provider.ValueSource;
import software.amazon.awssdk.auth.credentials.AwsBasicCredentials;
import software.amazon.awssdk.auth.credentials.AwsCredentialsProvider;
import software.amazon.awssdk.auth.credentials.AwsCredentialsProviderChain;
import software.amazon.awssdk.auth.credentials.StaticCredentialsProvider;
import software.amazon.awssdk.auth.credentials.SystemPropertyCredentialsProvider;
import software.amazon.awssdk.core.exception.SdkClientException;

@ExtendWith(EmulatorExtension.class)
class AwsSessionTest {

    private static final AwsCredentialsProvider KEY =
            StaticCredentialsProvider.create(AwsBasicCredentials.create("test", "test"));

    @ParameterizedTest
    @CsvSource({
        "eu-west-1,https://lambda.eu-west-1.amazonaws.com,aws",
        "cn-north-1,https://lambda.cn-north-1.amazonaws.com.cn,aws-cn",
        "us-gov-west-1,https://lambda.us-gov-west-1.amazonaws.com,aws-us-gov",
        "eusc-de-east-1,https://lambda.eusc-de-east-1.amazonaws.eu,aws-eusc",
        "eu-central-99,https://lambda.eu-central-99.amazonaws.com,aws"
    })
    void lambdaIsWhereTheSdksRulesSay(String region, String endpoint, String partition) throws Exception {
        try (AwsSession session = AwsSession.open(AwsSettings.of(region, KEY))) {
            assertEquals(URI.create(endpoint), session.lambdaEndpoint());
            assertEquals(partition, session.partition());
        }
    }

    @ParameterizedTest
    @ValueSource(
            strings = {
                "",
                " ",
                "Ireland",
                "eu-west",
                "aws-global",
                "zz-nowhere-1",
                "eu-west-1.evil.example/",
                "eu-west-1\n"
            })
    void aTextThatIsNoRegionIsRefused(String region) {
        DeployException failed =
                assertThrows(DeployException.class, () -> AwsSession.open(AwsSettings.of(region, KEY)));

        assertTrue(failed.getMessage().contains("AWS region"), failed.getMessage());
    }

    @Test
    void whatAProviderOfCredentialsSaysIsInTheErrorAndNoAdviceAboutTheNetwork() {
        AwsCredentialsProvider agent = () -> {
            throw SdkClientException.create(
                    "The agent has no AWS role of its own", new IOException(new ConnectException()));
        };

        String message = assertThrows(DeployException.class, () -> AwsSession.open(AwsSettings.of("eu-west-1", agent)))
                .getMessage();

        assertEquals(
                "The AWS credentials could not be read: The agent has no AWS role of its own (ConnectException)\nFix what provides"
                        + " them: the profile, the variables (AWS_...) or the role of the machine or container.",
                message);
    }

    @Test
    void withoutCredentialsTheDeploymentEndsBeforeItBegins() {
        AwsCredentialsProvider none = AwsCredentialsProviderChain.of(SystemPropertyCredentialsProvider.create());

        DeployException failed =
                assertThrows(DeployException.class, () -> AwsSession.open(AwsSettings.of("eu-west-1", none)));

        assertTrue(failed.getMessage().contains("No AWS credentials were found"), failed.getMessage());
    }

    @ParameterizedTest
    @EnumSource(Emulator.class)
    void aRoleIsAssumedAtTheSameEndpoint(Emulator emulator) throws Exception {
        AwsSettings.AssumeRole role =
                new AwsSettings.AssumeRole(Cloud.role(emulator), Optional.of("external"), "deploy");
        try (AwsSession session = AwsSession.open(new AwsSettings(
                Cloud.REGION, Optional.of(emulator.endpoint()), KEY, Optional.of(role), Optional.empty()))) {
            assertNotEquals("test", session.credentials().resolveCredentials().accessKeyId());
        }
    }

    @Test
    void aRoleThatMayNotBeAssumedIsNamed() {
        AwsSettings.AssumeRole role = new AwsSettings.AssumeRole(
                "arn:aws:iam::000000000000:role/" + "not-for-us", Optional.empty(), "deploy");
        AwsCredentialsProvider user = StaticCredentialsProvider.create(Cloud.user(Emulator.MINISTACK, ""));

        DeployException failed = assertThrows(
                DeployException.class,
                () -> AwsSession.open(new AwsSettings(
                        Cloud.REGION,
                        Optional.of(Emulator.MINISTACK.endpoint()),
                        user,
                        Optional.of(role),
                        Optional.empty())));

        assertTrue(
                failed.getMessage().contains("The role arn:aws:iam::000000000000:role/not-for-us could not be assumed"),
                failed.getMessage());
        assertTrue(failed.getMessage().contains("\"Action\": \"sts:AssumeRole\""), failed.getMessage());
    }

    @Test
    void anEndpointThatDoesNotRespondIsNamed() throws Exception {
        int port;
        try (ServerSocket closed = new ServerSocket(0, 1, InetAddress.getLoopbackAddress())) {
            port = closed.getLocalPort();
        }
        try (AwsSession session = Cloud.session(URI.create("http://127.0.0.1:" + port))) {
            Functions functions = new Functions(session, new SendingWorkspace(), new Log());

            DeployException failed = assertThrows(DeployException.class, () -> functions.find(Cloud.newFunction()));

            assertTrue(failed.getMessage().contains("Lambda at http://127.0.0.1:" + port), failed.getMessage());
            assertTrue(failed.getMessage().contains("no response"), failed.getMessage());
        }
    }

    @ParameterizedTest
    @ValueSource(
            strings = {
                "https://user:passMARKED@aws.example/x",
                "https://aws.example?key=keyMARKED",
                "https://aws.example#keyMARKED"
            })
    void anEndpointWithMoreThanAnAddressIsRefusedWithoutShowingIt(String endpoint) {
        DeployException failed = assertThrows(DeployException.class, () -> Cloud.session(URI.create(endpoint)));

        assertTrue(
                failed.getMessage().startsWith("The endpoint https://aws.example has a user name, a query"),
                failed.getMessage());
        assertFalse(failed.getMessage().contains("MARKED"), failed.getMessage());
    }

    /** Until the client hangs up. */
    private interface Writing {
        void to(OutputStream client) throws IOException, InterruptedException;
    }

    private static DeployException failureOf(String head, Writing body) throws Exception {
        try (ServerSocket server = new ServerSocket(0, 50, InetAddress.getLoopbackAddress())) {
            Thread answering = new Thread(() -> {
                while (true) {
                    try (Socket client = server.accept()) {
                        client.getInputStream().read();
                        client.getOutputStream().write(head.getBytes(StandardCharsets.US_ASCII));
                        body.to(client.getOutputStream());
                    } catch (IOException | InterruptedException e) {
                        if (server.isClosed()) {
                            return;
                        }
                    }
                }
            });
            answering.setDaemon(true);
            answering.start();
            AwsSettings settings = new AwsSettings(
                    Cloud.REGION,
                    Optional.of(URI.create("http://127.0.0.1:" + server.getLocalPort())),
                    StaticCredentialsProvider.create(AwsBasicCredentials.create("test", "test")),
                    Optional.empty(),
                    Optional.empty());
            try (AwsSession session = AwsSession.open(settings, Duration.ofSeconds(1))) {
                Functions functions = new Functions(session, new SendingWorkspace(), new Log());
                return assertThrows(DeployException.class, () -> functions.find(Cloud.newFunction()));
            }
        }
    }

    @ParameterizedTest
    @ValueSource(strings = {"200 OK", "400 Bad Request"})
    void aResponseWithoutAnEndIsNotTakenIntoMemory(String status) throws Exception {
        byte[] more = new byte[1 << 16];
        AtomicLong sent = new AtomicLong();

        DeployException failed = failureOf("HTTP/1.1 " + status + "\r\n\r\n{\"FunctionName\": \"", client -> {
            for (sent.set(0); sent.get() < 1 << 28; sent.addAndGet(more.length)) {
                client.write(more);
            }
        });

        assertTrue(failed.getMessage().contains("Lambda did not describe function"), failed.getMessage());
        assertTrue(sent.get() < 1 << 26, sent + " bytes were read");
    }

    @Test
    void aResponseThatComesAByteAtATimeIsNotWaitedForForever() throws Exception {
        DeployException failed = failureOf("HTTP/1.1 200 OK\r\n\r\n{\"FunctionName\": \"", client -> {
            while (true) {
                client.write('x');
                Thread.sleep(50);
            }
        });

        assertTrue(failed.getMessage().contains("no response"), failed.getMessage());
    }

    @Test
    void anUnknownAccessKeyIsToldAsSuch() throws Exception {
        try (AwsSession session = Cloud.session(
                Emulator.MINISTACK.endpoint(), AwsBasicCredentials.create("AKIAUNKNOWN", "secretMARKED"))) {
            Functions functions = new Functions(session, new SendingWorkspace(), new Log());

            DeployException failed = assertThrows(DeployException.class, () -> functions.find(Cloud.newFunction()));

            assertTrue(failed.getMessage().contains("does not know the access key"), failed.getMessage());
        }
    }
}
