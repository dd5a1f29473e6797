package io.jenkins.plugins.lambdanode.engine.aws;

import static com.github.tomakehurst.wiremock.client.WireMock.aResponse;
import static com.github.tomakehurst.wiremock.client.WireMock.any;
import static com.github.tomakehurst.wiremock.client.WireMock.anyUrl;
import static com.github.tomakehurst.wiremock.client.WireMock.equalTo;
import static com.github.tomakehurst.wiremock.client.WireMock.head;
import static com.github.tomakehurst.wiremock.client.WireMock.put;
import static com.github.tomakehurst.wiremock.stubbing.Scenario.STARTED;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertNotEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import com.github.tomakehurst.wiremock.WireMockServer;
import com.github.tomakehurst.wiremock.client.MappingBuilder;
import com.github.tomakehurst.wiremock.client.ResponseDefinitionBuilder;
import com.github.tomakehurst.wiremock.core.WireMockConfiguration;
import io.jenkins.plugins.lambdanode.engine.DeployException;
import io.jenkins.plugins.lambdanode.engine.emulator.Emulator;
import io.jenkins.plugins.lambdanode.engine.emulator.EmulatorExtension;
import io.jenkins.plugins.lambdanode.engine.pack.PackReport;
import java.io.RandomAccessFile;
import java.net.URI;
import java.nio.file.Path;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.ExtendWith;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.EnumSource;
import org.junit.jupiter.params.provider.ValueSource;

/** What becomes of staging when S3 refuses, is slow, or is cut off: faults in front of MiniStack, which checks signatures. */
@ExtendWith(EmulatorExtension.class)
class StagingFaultsTest {

    private static final int SMALL = 1024 * 1024;
    private static final int LARGE = 17 * 1024 * 1024;

    @TempDir
    Path folder;

    private WireMockServer s3;
    private String bucket;
    private final TestTime time = TestTime.startingNow();
    private final SendingWorkspace workspace = new SendingWorkspace();
    private final Log log = new Log();

    @BeforeEach
    void start() {
        s3 = new WireMockServer(WireMockConfiguration.options()
                .dynamicPort()
                .preserveHostHeader(true)
                .disableRequestJournal());
        s3.start();
        s3.stubFor(any(anyUrl())
                .atPriority(10)
                .willReturn(aResponse().proxiedFrom(Emulator.MINISTACK.endpoint().toString())));
        bucket = Cloud.newBucket(Emulator.MINISTACK);
    }

    @AfterEach
    void stop() {
        s3.stop();
    }

    private StagedObject stage(URI endpoint, PackReport report) throws Exception {
        try (AwsSession session = Cloud.session(endpoint)) {
            return new Staging(session, workspace, log, time.pacing())
                    .stage(report, bucket, "", "orders");
        }
    }

    private StagedObject stage(PackReport report) throws Exception {
        return stage(URI.create(s3.baseUrl()), report);
    }

    private static ResponseDefinitionBuilder refusal(int status, String code, String message) {
        return aResponse()
                .withStatus(status)
                .withHeader("Content-Type", "application/xml")
                .withBody("<Error><Code>" + code + "</Code><Message>" + message + "</Message></Error>");
    }

    private void once(MappingBuilder request, ResponseDefinitionBuilder answer) {
        s3.stubFor(request.atPriority(1)
                .inScenario("once")
                .whenScenarioStateIs(STARTED)
                .willSetStateTo("over")
                .willReturn(answer));
    }

    private static MappingBuilder part(int number) {
        return put(anyUrl()).withQueryParam("partNumber", equalTo(Integer.toString(number)));
    }

    @ParameterizedTest
    @CsvSource({
        "503,SlowDown,Please reduce your request rate.",
        "500,InternalError,We encountered an internal error. Please try again.",
        "403,AccessDenied,Request has expired",
        "400,ExpiredToken,The provided token has expired.",
        "400,RequestTimeout,Your socket connection to the server was not read from or written to within the timeout period."
    })
    void onlyThePartThatFailedIsSignedAnewAndSentAgain(int status, String code, String message) throws Exception {
        PackReport report = Package.weighing(folder, "large", LARGE);
        once(part(2), refusal(status, code, message));

        StagedObject staged = stage(report);

        assertEquals(report.sha256(), StagingContractTest.sha256(Emulator.MINISTACK, staged));
        assertEquals(4, workspace.requests.size());
        assertTrue(workspace.requests.get(3).url().contains("partNumber=2"));
        assertEquals(1, time.pauses.size());
        assertEquals("0", StagingContractTest.unfinished(Emulator.MINISTACK, bucket));
        assertFalse(log.text().contains("X-Amz"), log.text());
    }

    @ParameterizedTest
    @EnumSource(
            value = Wire.Fault.class,
            names = {"CUT_BEFORE", "CUT_IN_BODY", "CUT_ANSWER"})
    void aPartThatWasCutOffIsSentAgain(Wire.Fault fault) throws Exception {
        PackReport report = Package.weighing(folder, "large", LARGE);
        try (Wire wire = new Wire(Emulator.MINISTACK.endpoint()).next("PUT /" + bucket, fault)) {
            StagedObject staged = stage(wire.endpoint(), report);

            assertTrue(wire.allHappened());
            assertEquals(4, workspace.requests.size());
            assertEquals(report.sha256(), StagingContractTest.sha256(Emulator.MINISTACK, staged));
        }
    }

    @ParameterizedTest
    @ValueSource(ints = {SMALL, LARGE})
    void aByteThatChangesOnTheWayIsRefusedAndSentAgain(int bytes) throws Exception {
        PackReport report = Package.weighing(folder, "flipped", bytes);
        try (Wire wire = new Wire(Emulator.MINISTACK.endpoint()).next("PUT /" + bucket, Wire.Fault.FLIPPED_BYTE)) {
            StagedObject staged = stage(wire.endpoint(), report);

            assertTrue(wire.allHappened());
            assertTrue(log.text().contains("BadDigest"), log.text());
            assertEquals(report.sha256(), StagingContractTest.sha256(Emulator.MINISTACK, staged));
        }
    }

    @Test
    void aPackageThatWasChangedSinceItWasBuiltIsNotStaged() throws Exception {
        PackReport report = Package.weighing(folder, "changed", SMALL);
        try (RandomAccessFile file = new RandomAccessFile(report.file(), "rw")) {
            file.seek(5000);
            file.write(file.read() ^ 1);
        }

        DeployException failed = assertThrows(DeployException.class, () -> stage(report));

        assertTrue(failed.getMessage().contains("the package file was changed"), failed.getMessage());
        assertEquals(6, workspace.requests.size());
    }

    @Test
    void anAnswerWithAnotherChecksumIsNotBelieved() throws Exception {
        PackReport report = Package.weighing(folder, "small", SMALL);
        once(
                put(anyUrl()),
                aResponse().withHeader("x-amz-checksum-sha256", "b3RoZXI=").withHeader("ETag", "\"1\""));

        StagedObject staged = stage(report);

        assertEquals(2, workspace.requests.size());
        assertNotEquals(0, time.pauses.size());
        assertEquals(report.sha256(), StagingContractTest.sha256(Emulator.MINISTACK, staged));
    }

    @Test
    void aRedirectInMidUploadIsAnErrorAndTheUploadIsAborted() throws Exception {
        PackReport report = Package.weighing(folder, "large", LARGE);
        s3.stubFor(part(3).atPriority(1)
                .willReturn(refusal(301, "PermanentRedirect", "must be addressed using the specified endpoint")
                        .withHeader("x-amz-bucket-region", "us-west-2")));

        DeployException failed = assertThrows(DeployException.class, () -> stage(report));

        assertTrue(failed.getMessage().contains("the bucket is in region us-west-2"), failed.getMessage());
        assertEquals("0", StagingContractTest.unfinished(Emulator.MINISTACK, bucket));
    }

    @Test
    void whoMayNotListTheBucketCanStageAllTheSame() throws Exception {
        PackReport report = Package.weighing(folder, "small", SMALL);
        s3.stubFor(head(anyUrl()).atPriority(1).willReturn(aResponse().withStatus(403)));

        assertEquals(report.sha256(), StagingContractTest.sha256(Emulator.MINISTACK, stage(report)));
    }

    @Test
    void whoMayNotPutObjectsIsToldThePermission() throws Exception {
        PackReport report = Package.weighing(folder, "small", SMALL);
        try (AwsSession session = Cloud.session(
                Emulator.MINISTACK.endpoint(), Cloud.user(Emulator.MINISTACK, ""))) {
            Staging staging = new Staging(session, workspace, log, time.pacing());

            DeployException bucketFailed =
                    assertThrows(DeployException.class, () -> staging.checkBucket(bucket));
            DeployException failed = assertThrows(
                    DeployException.class, () -> staging.stage(report, bucket, "", "orders"));

            assertTrue(bucketFailed.getMessage().contains("\"Action\": \"s3:ListBucket\""), bucketFailed.getMessage());
            assertTrue(
                    failed.getMessage()
                            .contains("\"Action\": \"s3:PutObject\", \"Resource\": \"arn:aws:s3:::" + bucket + "/orders/"),
                    failed.getMessage());
        }
        assertEquals(1, workspace.requests.size());
    }

    @ParameterizedTest
    @EnumSource(Emulator.class)
    void aCompletionWhoseAnswerIsLostIsStillACompletion(Emulator emulator) throws Exception {
        bucket = Cloud.newBucket(emulator);
        PackReport report = Package.weighing(folder, "large", LARGE);
        String key = "/" + bucket + "/orders/" + report.sha256() + ".zip";
        try (Wire wire = new Wire(emulator.endpoint()).next("POST " + key + "?uploadId=", Wire.Fault.CUT_ANSWER)) {
            StagedObject staged = stage(wire.endpoint(), report);

            assertTrue(wire.allHappened());
            assertEquals(report.sha256(), StagingContractTest.sha256(emulator, staged));
            assertEquals("0", StagingContractTest.unfinished(emulator, bucket));
        }
    }
}
