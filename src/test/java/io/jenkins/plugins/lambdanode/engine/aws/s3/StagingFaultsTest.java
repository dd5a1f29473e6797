package io.jenkins.plugins.lambdanode.engine.aws.s3;

import static com.github.tomakehurst.wiremock.client.WireMock.aResponse;
import static com.github.tomakehurst.wiremock.client.WireMock.any;
import static com.github.tomakehurst.wiremock.client.WireMock.anyUrl;
import static com.github.tomakehurst.wiremock.client.WireMock.equalTo;
import static com.github.tomakehurst.wiremock.client.WireMock.head;
import static com.github.tomakehurst.wiremock.client.WireMock.matching;
import static com.github.tomakehurst.wiremock.client.WireMock.post;
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
import io.jenkins.plugins.lambdanode.engine.aws.Cloud;
import io.jenkins.plugins.lambdanode.engine.aws.Log;
import io.jenkins.plugins.lambdanode.engine.aws.Package;
import io.jenkins.plugins.lambdanode.engine.aws.SendingWorkspace;
import io.jenkins.plugins.lambdanode.engine.aws.TestTime;
import io.jenkins.plugins.lambdanode.engine.aws.client.AwsSession;
import io.jenkins.plugins.lambdanode.engine.aws.client.AwsSettings;
import io.jenkins.plugins.lambdanode.engine.base.Backoff;
import io.jenkins.plugins.lambdanode.engine.base.DeployException;
import io.jenkins.plugins.lambdanode.engine.http.SendReply;
import io.jenkins.plugins.lambdanode.engine.http.SendRequest;
import io.jenkins.plugins.lambdanode.engine.pack.api.PackReport;
import io.jenkins.plugins.lambdanode.testing.Account;
import io.jenkins.plugins.lambdanode.testing.Emulator;
import io.jenkins.plugins.lambdanode.testing.EmulatorExtension;
import io.jenkins.plugins.lambdanode.testing.Program;
import io.jenkins.plugins.lambdanode.testing.Wire;
import java.io.IOException;
import java.io.InputStream;
import java.io.OutputStream;
import java.io.RandomAccessFile;
import java.net.InetAddress;
import java.net.ServerSocket;
import java.net.Socket;
import java.net.URI;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.time.Instant;
import java.time.ZoneOffset;
import java.time.format.DateTimeFormatter;
import java.util.ArrayList;
import java.util.Collections;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.concurrent.atomic.AtomicLong;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.ExtendWith;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.EnumSource;
import org.junit.jupiter.params.provider.ValueSource;
import software.amazon.awssdk.auth.credentials.AwsCredentials;
import software.amazon.awssdk.core.SdkGlobalTime;

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
                .willReturn(
                        aResponse().proxiedFrom(Emulator.MINISTACK.endpoint().toString())));
        bucket = Cloud.newBucket(Emulator.MINISTACK);
    }

    @AfterEach
    void stop() {
        s3.stop();
        // The SDK keeps what it has learnt of the clock for all clients of the process.
        SdkGlobalTime.setGlobalTimeOffset(0);
    }

    private StagedObject stage(URI endpoint, PackReport report) throws Exception {
        try (AwsSession session = Cloud.session(endpoint)) {
            return new Staging(session, workspace, UploadJournal.NONE, log, time.backoff())
                    .stage(report, Cloud.staging(bucket, ""));
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

    @Test
    void aResponseOfSuccessThatIsNotS3sIsNotBelieved() throws Exception {
        PackReport report = Package.weighing(folder, "large", LARGE);
        once(
                part(2),
                aResponse()
                        .withStatus(200)
                        .withHeader("Content-Type", "text/html")
                        .withBody("<html>Log in</html>"));

        StagedObject staged = stage(report);

        assertEquals(report.sha256(), StagingContractTest.sha256(Emulator.MINISTACK, staged));
        assertEquals(4, workspace.requests.size());
    }

    @Test
    void aResponseOfSuccessWithoutAnUploadIdIsAnErrorInWords() throws Exception {
        PackReport report = Package.weighing(folder, "large", LARGE);
        once(
                post(anyUrl()).withQueryParam("uploads", matching(".*")),
                aResponse().withStatus(200));

        DeployException failed = assertThrows(DeployException.class, () -> stage(report));

        assertTrue(failed.getMessage().contains(": the response is not from AWS."), failed.getMessage());
        assertEquals("0", StagingContractTest.unfinished(Emulator.MINISTACK, bucket));
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
    void aResponseWithAnotherChecksumIsNotBelieved() throws Exception {
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
        try (AwsSession session = Cloud.session(Emulator.MINISTACK.endpoint(), Cloud.user(Emulator.MINISTACK, ""))) {
            Staging staging = new Staging(session, workspace, UploadJournal.NONE, log, time.backoff());

            DeployException bucketFailed = assertThrows(
                    DeployException.class, () -> new StagingBucket(session, bucket).check(Optional.empty()));
            DeployException failed =
                    assertThrows(DeployException.class, () -> staging.stage(report, Cloud.staging(bucket, "")));

            assertTrue(bucketFailed.getMessage().contains("\"Action\": \"s3:ListBucket\""), bucketFailed.getMessage());
            assertTrue(
                    failed.getMessage()
                            .contains("\"Action\": \"s3:PutObject\", \"Resource\": \"arn:aws:s3:::" + bucket + "/"),
                    failed.getMessage());
        }
        assertEquals(
                1,
                workspace.requests.stream()
                        .filter(request -> request.body().length() > 0)
                        .count());
    }

    @ParameterizedTest
    @EnumSource(Emulator.class)
    void aCompletionWhoseResponseIsLostIsStillACompletion(Emulator emulator) throws Exception {
        bucket = Cloud.newBucket(emulator);
        PackReport report = Package.weighing(folder, "large", LARGE);
        String key = "/" + bucket + "/" + report.sha256() + ".zip";
        try (Wire wire = new Wire(emulator.endpoint()).next("POST " + key + "?uploadId=", Wire.Fault.CUT_ANSWER)) {
            StagedObject staged = stage(wire.endpoint(), report);

            assertTrue(wire.allHappened());
            assertEquals(report.sha256(), StagingContractTest.sha256(emulator, staged));
            assertEquals("0", StagingContractTest.unfinished(emulator, bucket));
        }
    }

    @Test
    void anUploadIsNotLeftOpenWhereTheResponseToItsStartIsLost() throws Exception {
        PackReport report = Package.weighing(folder, "large", LARGE);
        String key = "/" + bucket + "/" + report.sha256() + ".zip";
        try (Wire wire =
                new Wire(Emulator.MINISTACK.endpoint()).next("POST " + key + "?uploads", Wire.Fault.CUT_ANSWER)) {
            StagedObject staged = stage(wire.endpoint(), report);

            assertTrue(wire.allHappened());
            assertEquals(report.sha256(), StagingContractTest.sha256(Emulator.MINISTACK, staged));
            assertEquals("0", StagingContractTest.unfinished(Emulator.MINISTACK, bucket));
        }
    }

    @Test
    void noUploadIsLeftOpenWhereNoResponseToItsStartEverComes() throws Exception {
        PackReport report = Package.weighing(folder, "large", LARGE);
        try (Wire wire = new Wire(Emulator.MINISTACK.endpoint())) {
            for (int i = 0; i < MultipartUpload.ATTEMPTS; i++) {
                wire.next("POST /" + bucket, Wire.Fault.CUT_ANSWER);
            }
            assertThrows(DeployException.class, () -> stage(wire.endpoint(), report));

            assertTrue(wire.allHappened());
            assertEquals("0", StagingContractTest.unfinished(Emulator.MINISTACK, bucket));
        }
    }

    @Test
    void noUploadIsLeftOpenByAStopBeforeTheResponseToItsStart() throws Exception {
        PackReport report = Package.weighing(folder, "large", LARGE);
        Backoff stopping = new Backoff(
                time,
                pause -> {
                    throw new InterruptedException();
                },
                time.backoff().random());
        try (Wire wire = new Wire(Emulator.MINISTACK.endpoint()).next("POST /" + bucket, Wire.Fault.CUT_ANSWER);
                AwsSession session = Cloud.session(wire.endpoint())) {
            Staging staging = new Staging(session, workspace, UploadJournal.NONE, log, stopping);
            assertThrows(InterruptedException.class, () -> staging.stage(report, Cloud.staging(bucket, "")));

            assertTrue(wire.allHappened());
            assertEquals("0", StagingContractTest.unfinished(Emulator.MINISTACK, bucket));
        }
    }

    /** Remembers what it was told last before its process ended, which is when told so. */
    private static final class Remembering implements UploadJournal {
        private final String endsAt;
        private Optional<UploadJournal.Upload> last = Optional.empty();

        Remembering(String endsAt) {
            this.endsAt = endsAt;
        }

        @Override
        public Optional<UploadJournal.Upload> pending() {
            return last;
        }

        @Override
        public void started(UploadJournal.Upload upload) {
            if (endsAt.equals("saving the ID") && !upload.id().isEmpty()) {
                throw new ProcessEnded();
            }
            last = Optional.of(upload);
        }

        @Override
        public void ended(UploadJournal.Upload upload) {
            // A process that has ended closes nothing.
        }
    }

    private static final class ProcessEnded extends Error {
        private static final long serialVersionUID = 1L;
    }

    @ParameterizedTest
    @ValueSource(strings = {"saving the ID", "sending the parts"})
    void anUploadOfAProcessThatHasEndedIsAbortedByTheNext(String end) throws Exception {
        PackReport report = Package.weighing(folder, "large", LARGE);
        Remembering memory = new Remembering(end);
        try (Wire wire = new Wire(Emulator.MINISTACK.endpoint())) {
            // What a process would do after its end does not reach S3.
            wire.otherwise(line -> line.startsWith("DELETE ") || line.startsWith("PUT ")
                    ? Optional.of(Wire.Answer.ofS3(403, "AccessDenied", "the process has ended"))
                    : Optional.empty());
            try (AwsSession session = Cloud.session(wire.endpoint())) {
                Staging staging = new Staging(session, workspace, memory, log, time.backoff());
                assertThrows(Throwable.class, () -> staging.stage(report, Cloud.staging(bucket, "")));
            }
        }
        assertEquals("1", StagingContractTest.unfinished(Emulator.MINISTACK, bucket));

        try (AwsSession session = Cloud.session(Emulator.MINISTACK.endpoint())) {
            new Staging(session, workspace, memory, log, time.backoff()).abortPending();
        }
        assertEquals("0", StagingContractTest.unfinished(Emulator.MINISTACK, bucket));
    }

    @Test
    void whoMayNotLookForSuchAnUploadIsToldOfIt() throws Exception {
        PackReport report = Package.weighing(folder, "large", LARGE);
        try (Wire wire = new Wire(Emulator.MINISTACK.endpoint())
                .next("POST /" + bucket, Wire.Fault.CUT_ANSWER)
                .next("GET /" + bucket, Wire.Answer.ofS3(403, "AccessDenied", "Access Denied"))) {
            StagedObject staged = stage(wire.endpoint(), report);

            assertTrue(wire.allHappened());
            assertEquals(report.sha256(), StagingContractTest.sha256(Emulator.MINISTACK, staged));
        }
        assertTrue(log.text().contains("permission s3:ListBucketMultipartUploads"), log.text());
    }

    @Test
    void anAbortIsMadeThoughItIsThrottledAndCutOffFirst() throws Exception {
        PackReport report = Package.weighing(folder, "large", LARGE);
        try (Wire wire = new Wire(Emulator.MINISTACK.endpoint())
                .next("PUT /" + bucket, Wire.Answer.ofS3(403, "AccessDenied", "Access Denied"))
                .next("DELETE /" + bucket, Wire.Answer.ofS3(503, "SlowDown", "Please reduce your request rate."))
                .next("DELETE /" + bucket, Wire.Fault.CUT_BEFORE)
                .next("DELETE /" + bucket, Wire.Answer.ofS3(400, "ExpiredToken", "The provided token has expired."))) {
            assertThrows(DeployException.class, () -> stage(wire.endpoint(), report));

            assertTrue(wire.allHappened());
        }
        assertEquals("0", StagingContractTest.unfinished(Emulator.MINISTACK, bucket));
    }

    /** As S3 answers some time after the first; the emulators answer as if it were the first. */
    @Test
    void aRepeatedCompletionThatFindsNoUploadIsOneWhereTheObjectIsThere() throws Exception {
        PackReport report = Package.weighing(folder, "large", LARGE);
        String completion = "POST /" + bucket + "/" + report.sha256() + ".zip?uploadId=";
        try (Wire wire = new Wire(Emulator.MINISTACK.endpoint())
                .next(completion, Wire.Fault.CUT_ANSWER)
                .next(completion, Wire.Answer.ofS3(404, "NoSuchUpload", "The specified upload does not exist."))) {
            StagedObject staged = stage(wire.endpoint(), report);

            assertTrue(wire.allHappened());
            assertEquals(report.sha256(), StagingContractTest.sha256(Emulator.MINISTACK, staged));
        }
    }

    @ParameterizedTest
    @ValueSource(booleans = {true, false})
    void anUploadThatSomeoneElseAbortsIsBegunAgain(boolean beforeItsParts) throws Exception {
        PackReport report = Package.weighing(folder, "large", LARGE);
        List<Integer> aborted = new ArrayList<>();
        SendingWorkspace disturbed = new SendingWorkspace() {
            @Override
            public List<SendReply> send(List<SendRequest> batch) throws IOException, InterruptedException {
                if (aborted.isEmpty() && beforeItsParts) {
                    aborted.add(abortAll());
                }
                List<SendReply> replies = super.send(batch);
                if (aborted.isEmpty()) {
                    aborted.add(abortAll());
                }
                return replies;
            }
        };
        StagedObject staged;
        try (AwsSession session = Cloud.session(Emulator.MINISTACK.endpoint())) {
            staged = new Staging(session, disturbed, UploadJournal.NONE, log, time.backoff())
                    .stage(report, Cloud.staging(bucket, ""));
        }

        assertEquals(List.of(1), aborted);
        assertTrue(log.text().contains("Someone else has aborted the upload"), log.text());
        assertEquals(report.sha256(), StagingContractTest.sha256(Emulator.MINISTACK, staged));
        assertEquals("0", StagingContractTest.unfinished(Emulator.MINISTACK, bucket));
    }

    @Test
    void anUploadThatIsAbortedAgainAndAgainIsAnError() throws Exception {
        PackReport report = Package.weighing(folder, "large", LARGE);
        s3.stubFor(
                part(2).atPriority(1).willReturn(refusal(404, "NoSuchUpload", "The specified upload does not exist.")));

        DeployException failed = assertThrows(DeployException.class, () -> stage(report));

        assertTrue(failed.getMessage().contains("The specified upload does not exist"), failed.getMessage());
        assertEquals("0", StagingContractTest.unfinished(Emulator.MINISTACK, bucket));
    }

    /** How many there were. */
    private int abortAll() {
        return Integer.parseInt(
                Program.python("""
                        import sys, boto3
                        s = boto3.client('s3', endpoint_url=sys.argv[1], region_name='eu-west-1',
                                         aws_access_key_id='test', aws_secret_access_key='test')
                        uploads = s.list_multipart_uploads(Bucket=sys.argv[2]).get('Uploads', [])
                        for upload in uploads:
                            s.abort_multipart_upload(Bucket=sys.argv[2], Key=upload['Key'], UploadId=upload['UploadId'])
                        print(len(uploads))
                        """, Emulator.MINISTACK.endpoint().toString(), bucket)
                        .strip());
    }

    @Test
    void aCompletionThatFailsInAResponseOfSuccessIsMadeAgain() throws Exception {
        PackReport report = Package.weighing(folder, "large", LARGE);
        String key = "/" + bucket + "/" + report.sha256() + ".zip";
        try (Wire wire = new Wire(Emulator.MINISTACK.endpoint())
                .next(
                        "POST " + key + "?uploadId=",
                        Wire.Answer.ofS3(200, "InternalError", "We encountered an error."))) {
            StagedObject staged = stage(wire.endpoint(), report);

            assertTrue(wire.allHappened());
            assertEquals(report.sha256(), StagingContractTest.sha256(Emulator.MINISTACK, staged));
        }
    }

    /** MiniStack refuses a URL that is not valid now, and a signature that does not match. */
    @ParameterizedTest
    @CsvSource({SMALL + ",Request is not valid yet,-10", LARGE + ",Request has expired,+10"})
    void aUrlThatAWrongClockHasSignedIsSignedAnewWithTheServersTime(int bytes, String words, int minutes)
            throws Exception {
        PackReport report = Package.weighing(folder, "package", bytes);
        Instant servers = Instant.now().plus(Duration.ofMinutes(minutes));
        String date = DateTimeFormatter.RFC_1123_DATE_TIME.format(servers.atZone(ZoneOffset.UTC));
        once(put(anyUrl()), refusal(403, "AccessDenied", words).withHeader("Date", date));

        StagedObject staged = stage(report);

        assertEquals(report.sha256(), StagingContractTest.sha256(Emulator.MINISTACK, staged));
        String again = workspace.requests.get(workspace.requests.size() - 1).url();
        String signed = DateTimeFormatter.ofPattern("yyyyMMdd'T'HHmm").format(servers.atZone(ZoneOffset.UTC));
        String minuteLater = DateTimeFormatter.ofPattern("yyyyMMdd'T'HHmm")
                .format(servers.plusSeconds(60).atZone(ZoneOffset.UTC));
        assertTrue(again.contains("X-Amz-Date=" + signed) || again.contains("X-Amz-Date=" + minuteLater), again);
        assertTrue(log.text().contains("This machine's clock differs from S3's by"), log.text());
    }

    /** The server in front of MiniStack judges a URL by its own clock, as S3 does. */
    @ParameterizedTest
    @CsvSource({SMALL + ",-60,2", LARGE + ",-60,6", SMALL + ",60,2"})
    void aUrlOfAControllerWhoseClockIsAnHourOffIsSignedAnewOnce(int bytes, int minutes, int sent) throws Exception {
        PackReport report = Package.weighing(folder, "package", bytes);
        TestTime wrong = TestTime.startingAt(Instant.now().plus(Duration.ofMinutes(minutes)));
        StagedObject staged;
        try (AwsSession session = Cloud.session(Emulator.MINISTACK.endpoint())) {
            staged = new Staging(session, workspace, UploadJournal.NONE, log, wrong.backoff())
                    .stage(report, Cloud.staging(bucket, ""));
        }

        assertEquals(report.sha256(), StagingContractTest.sha256(Emulator.MINISTACK, staged));
        assertTrue(
                log.text().contains("This machine's clock differs from S3's by " + (minutes > 0 ? "-3" : "3")),
                log.text());
        assertEquals(
                sent,
                workspace.requests.stream()
                        .filter(request -> request.body().length() > 0)
                        .count());
    }

    /** Six rounds without any progress end an upload. */
    @Test
    void anUploadGoesOnAsLongAsSomeOfItArrivesNowAndThen() throws Exception {
        PackReport report = Package.weighing(folder, "large", LARGE);
        AtomicInteger rounds = new AtomicInteger();
        SendingWorkspace patchy = new SendingWorkspace() {
            @Override
            public List<SendReply> send(List<SendRequest> batch) throws IOException, InterruptedException {
                List<SendReply> replies =
                        new ArrayList<>(Collections.nCopies(batch.size(), SendReply.noResponse("IOException: reset")));
                if (batch.get(0).body().length() > 0 && rounds.incrementAndGet() % 4 == 0) {
                    replies.set(0, super.send(batch.subList(0, 1)).get(0));
                }
                return replies;
            }
        };
        StagedObject staged;
        try (AwsSession session = Cloud.session(Emulator.MINISTACK.endpoint())) {
            staged = new Staging(session, patchy, UploadJournal.NONE, log, time.backoff())
                    .stage(report, Cloud.staging(bucket, ""));
        }

        assertEquals(12, rounds.get());
        assertEquals(report.sha256(), StagingContractTest.sha256(Emulator.MINISTACK, staged));
    }

    @ParameterizedTest
    @CsvSource({"0,0", "5,1"})
    void anUploadThatWasStartedLongBeforeThisOneIsSomeoneElsesAndStays(int minutesBefore, String left)
            throws Exception {
        Program.python("""
                import sys, boto3
                s = boto3.client('s3', endpoint_url=sys.argv[1], region_name='eu-west-1',
                                 aws_access_key_id='test', aws_secret_access_key='test')
                s.create_multipart_upload(Bucket=sys.argv[2], Key='orders/1.zip')
                """, Emulator.MINISTACK.endpoint().toString(), bucket);
        Remembering memory = new Remembering("");
        memory.started(new UploadJournal.Upload(
                bucket, "orders/1.zip", "", Instant.now().plus(Duration.ofMinutes(minutesBefore))));
        try (AwsSession session = Cloud.session(Emulator.MINISTACK.endpoint())) {
            new Staging(session, workspace, memory, log, time.backoff()).abortPending();
        }

        assertEquals(left, StagingContractTest.unfinished(Emulator.MINISTACK, bucket));
    }

    @ParameterizedTest
    @ValueSource(strings = {"HEAD /", "POST /"})
    void aWrongClockIsPutRightForTheCallsAroundAnUploadToo(String request) throws Exception {
        PackReport report = Package.weighing(folder, "large", LARGE);
        String date = DateTimeFormatter.RFC_1123_DATE_TIME.format(
                Instant.now().plus(Duration.ofMinutes(10)).atZone(ZoneOffset.UTC));
        try (Wire wire = new Wire(Emulator.MINISTACK.endpoint())
                .next(
                        request + bucket,
                        Wire.Answer.ofS3(403, "RequestTimeTooSkewed", "The difference is too large.")
                                .with("Date", date))) {
            StagedObject staged = stage(wire.endpoint(), report);

            assertTrue(wire.allHappened());
            assertEquals(report.sha256(), StagingContractTest.sha256(Emulator.MINISTACK, staged));
        }
    }

    @Test
    void aUrlThatHasRunOutIsSignedAnewWithTheCredentialsOfNow() throws Exception {
        PackReport report = Package.weighing(folder, "large", LARGE);
        List<AwsCredentials> users = List.of(putter(), putter());
        AtomicBoolean renewed = new AtomicBoolean();
        try (Wire wire = new Wire(Emulator.MINISTACK.endpoint())
                        .next("PUT /" + bucket, new Wire.First(() -> renewed.set(true)))
                        .next("PUT /" + bucket, Wire.Answer.ofS3(403, "AccessDenied", "Request has expired"));
                AwsSession session = AwsSession.open(new AwsSettings(
                        Cloud.REGION,
                        Optional.of(wire.endpoint()),
                        () -> users.get(renewed.get() ? 1 : 0),
                        Optional.empty(),
                        Optional.empty()))) {
            StagedObject staged = new Staging(session, workspace, UploadJournal.NONE, log, time.backoff())
                    .stage(report, Cloud.staging(bucket, ""));

            assertEquals(report.sha256(), StagingContractTest.sha256(Emulator.MINISTACK, staged));
        }
        List<String> keys = workspace.requests.stream()
                .map(request -> request.url().replaceFirst(".*X-Amz-Credential=([^%]+)%.*", "$1"))
                .toList();
        assertEquals(4, keys.size());
        assertEquals(users.get(0).accessKeyId(), keys.get(0));
        assertEquals(users.get(1).accessKeyId(), keys.get(3));
    }

    private static AwsCredentials putter() {
        return Cloud.user(
                Emulator.MINISTACK,
                "{\"Version\":\"2012-10-17\",\"Statement\":[{\"Effect\":\"Allow\",\"Action\":\"s3:*\",\"Resource\":\"*\"}]}");
    }

    @ParameterizedTest
    @ValueSource(ints = {SMALL, LARGE})
    void aPackageThatIsRemovedBeforeItIsSentIsSaidSoAtOnce(int bytes) throws Exception {
        PackReport report = Package.weighing(folder, "removed", bytes);
        SendingWorkspace cleaning = new SendingWorkspace() {
            @Override
            public List<SendReply> send(List<SendRequest> batch) throws IOException, InterruptedException {
                Files.deleteIfExists(Path.of(report.file()));
                return super.send(batch);
            }
        };
        try (AwsSession session = Cloud.session(Emulator.MINISTACK.endpoint())) {
            Staging staging = new Staging(session, cleaning, UploadJournal.NONE, log, time.backoff());

            DeployException failed =
                    assertThrows(DeployException.class, () -> staging.stage(report, Cloud.staging(bucket, "")));

            assertTrue(failed.getMessage().contains("NoSuchFileException"), failed.getMessage());
            assertTrue(failed.getMessage().contains("changed or removed on the machine"), failed.getMessage());
        }
        assertEquals(List.of(), time.pauses);
        assertEquals("0", StagingContractTest.unfinished(Emulator.MINISTACK, bucket));
    }

    @Test
    void aBucketThatVanishesBeforeThePackageIsSentIsSaidSo() throws Exception {
        PackReport report = Package.weighing(folder, "small", SMALL);
        try (Wire wire = new Wire(Emulator.MINISTACK.endpoint())
                .next("PUT /" + bucket, new Wire.First(() -> new Account(Emulator.MINISTACK).removeBucket(bucket)))) {
            DeployException failed = assertThrows(DeployException.class, () -> stage(wire.endpoint(), report));

            assertTrue(wire.allHappened());
            assertTrue(failed.getMessage().contains("there is no such bucket"), failed.getMessage());
            assertTrue(failed.getMessage().contains("aws s3 mb s3://" + bucket), failed.getMessage());
        }
        assertEquals(1, workspace.requests.size());
    }

    @Test
    void aRedirectOfThePackageIsAnErrorThatNamesTheBucketsRegion() throws Exception {
        PackReport report = Package.weighing(folder, "small", SMALL);
        once(
                put(anyUrl()),
                refusal(307, "TemporaryRedirect", "Please re-send this request to the specified temporary endpoint.")
                        .withHeader("x-amz-bucket-region", "us-west-2")
                        .withHeader("Location", "http://127.0.0.1:1/elsewhere"));

        DeployException failed = assertThrows(DeployException.class, () -> stage(report));

        assertTrue(failed.getMessage().contains("the bucket is in region us-west-2"), failed.getMessage());
        assertEquals(1, workspace.requests.size());
    }

    /** As S3 does where who signed may not write: it refuses by the head of the request, and hangs up. */
    @ParameterizedTest
    @ValueSource(booleans = {true, false})
    void aRefusalBeforeTheBodyIsShownInS3sWordsAndNextToNoBytesAreSentForIt(boolean letsContinue) throws Exception {
        PackReport report = Package.weighing(folder, "refused", 4 << 20);
        AtomicInteger bodies = new AtomicInteger();
        AtomicLong bodyBytes = new AtomicLong();
        try (ServerSocket s3 = new ServerSocket(0, 50, InetAddress.getLoopbackAddress())) {
            Thread answering = new Thread(() -> {
                while (!s3.isClosed()) {
                    try (Socket client = s3.accept()) {
                        InputStream in = client.getInputStream();
                        String head = Wire.head(in);
                        boolean put = head.startsWith("PUT ");
                        boolean body = put && !head.contains("Content-Length: 0\r\n");
                        if (body) {
                            bodies.incrementAndGet();
                        }
                        if (body && letsContinue) {
                            client.getOutputStream()
                                    .write("HTTP/1.1 100 Continue\r\n\r\n".getBytes(StandardCharsets.US_ASCII));
                            bodyBytes.addAndGet(in.readNBytes(1).length);
                            client.setSoLinger(true, 0);
                            continue;
                        }
                        String xml = "<Error><Code>AccessDenied</Code><Message>explicit words of S3</Message></Error>";
                        client.getOutputStream()
                                .write(("HTTP/1.1 " + (put ? "403 Forbidden" : "404 Not Found")
                                                + "\r\nConnection: close\r\nContent-Length: " + xml.length()
                                                + "\r\n\r\n"
                                                + (head.startsWith("HEAD ") ? "" : xml))
                                        .getBytes(StandardCharsets.ISO_8859_1));
                        client.shutdownOutput();
                        bodyBytes.addAndGet(in.transferTo(OutputStream.nullOutputStream()));
                    } catch (IOException e) {
                        // The client hung up, or the test has ended.
                    }
                }
            });
            answering.setDaemon(true);
            answering.start();

            DeployException failed = assertThrows(
                    DeployException.class, () -> stage(URI.create("http://127.0.0.1:" + s3.getLocalPort()), report));

            assertTrue(failed.getMessage().contains("AccessDenied: explicit words of S3"), failed.getMessage());
            assertEquals(1, bodies.get());
            assertEquals(letsContinue ? 1 : 0, bodyBytes.get());
        }
    }
}
