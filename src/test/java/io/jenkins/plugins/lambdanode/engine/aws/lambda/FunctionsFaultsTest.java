package io.jenkins.plugins.lambdanode.engine.aws.lambda;

import static com.github.tomakehurst.wiremock.client.WireMock.aResponse;
import static com.github.tomakehurst.wiremock.client.WireMock.any;
import static com.github.tomakehurst.wiremock.client.WireMock.anyUrl;
import static com.github.tomakehurst.wiremock.client.WireMock.equalTo;
import static com.github.tomakehurst.wiremock.client.WireMock.get;
import static com.github.tomakehurst.wiremock.client.WireMock.getRequestedFor;
import static com.github.tomakehurst.wiremock.client.WireMock.post;
import static com.github.tomakehurst.wiremock.client.WireMock.postRequestedFor;
import static com.github.tomakehurst.wiremock.client.WireMock.put;
import static com.github.tomakehurst.wiremock.client.WireMock.putRequestedFor;
import static com.github.tomakehurst.wiremock.client.WireMock.urlPathMatching;
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
import io.jenkins.plugins.lambdanode.engine.aws.s3.StagedObject;
import io.jenkins.plugins.lambdanode.engine.aws.s3.Staging;
import io.jenkins.plugins.lambdanode.engine.aws.s3.UploadJournal;
import io.jenkins.plugins.lambdanode.engine.base.DeployException;
import io.jenkins.plugins.lambdanode.engine.http.SendReply;
import io.jenkins.plugins.lambdanode.engine.http.SendRequest;
import io.jenkins.plugins.lambdanode.engine.pack.api.PackReport;
import io.jenkins.plugins.lambdanode.testing.Account;
import io.jenkins.plugins.lambdanode.testing.Emulator;
import io.jenkins.plugins.lambdanode.testing.EmulatorExtension;
import io.jenkins.plugins.lambdanode.testing.Wire;
import java.io.IOException;
import java.net.URI;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.time.Duration;
import java.time.Instant;
import java.time.LocalDateTime;
import java.time.ZoneOffset;
import java.time.format.DateTimeFormatter;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.function.Supplier;
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
import software.amazon.awssdk.auth.credentials.AwsCredentialsProvider;
import software.amazon.awssdk.auth.credentials.AwsSessionCredentials;
import software.amazon.awssdk.core.SdkGlobalTime;

/** What becomes of a deployment when Lambda refuses, is slow, or is cut off: faults in front of an emulator. */
@ExtendWith(EmulatorExtension.class)
class FunctionsFaultsTest {

    private static final String CODE = "/2015-03-31/functions/.*/code";
    private static final String CONFIGURATION = "/2015-03-31/functions/.*/configuration";
    /** What is a wrong clock to the engine, and not yet to Lambda: so it takes the request that is then signed. */
    private static final Duration AHEAD = Duration.ofSeconds(280);

    private static final String TOKEN = "sessionTOKENmarkedSECRET";

    @TempDir
    Path folder;

    private WireMockServer lambda;
    private final TestTime time = TestTime.startingNow();
    private final SendingWorkspace workspace = new SendingWorkspace();
    private final Log log = new Log();

    @BeforeEach
    void start() {
        lambda =
                new WireMockServer(WireMockConfiguration.options().dynamicPort().preserveHostHeader(true));
        lambda.start();
        lambda.stubFor(any(anyUrl())
                .atPriority(10)
                .willReturn(aResponse().proxiedFrom(Emulator.MOTO.endpoint().toString())));
    }

    @AfterEach
    void stop() {
        lambda.stop();
        // The SDK keeps what it has learnt of the clock for all clients of the process.
        SdkGlobalTime.setGlobalTimeOffset(0);
    }

    private Functions functions(AwsSession session) {
        return new Functions(session, workspace, log, Duration.ofMinutes(10), time.backoff());
    }

    private AwsSession session() throws Exception {
        return Cloud.session(URI.create(lambda.baseUrl()));
    }

    /** A function that is there with this package, made past the faults. */
    private static FunctionName existing(Emulator emulator, PackReport report) throws Exception {
        FunctionName name = Cloud.newFunction();
        try (AwsSession session = Cloud.session(emulator.endpoint())) {
            Functions functions = new Functions(session, new SendingWorkspace(), new Log());
            functions.create(
                    name,
                    new CodeSource.Direct(report),
                    CreateOptions.of(Cloud.role(emulator), "nodejs22.x", "index.handler"),
                    report.codeSha256());
            functions.awaitReady(name, Duration.ofSeconds(30));
        }
        return name;
    }

    private FunctionName existing() throws Exception {
        return existing(Emulator.MOTO, Package.holding(folder, "former"));
    }

    private FunctionState update(AwsSession session, FunctionName name, PackReport report) throws Exception {
        return functions(session).update(name, new CodeSource.Direct(report), UpdateOptions.NONE, report.codeSha256());
    }

    private static ResponseDefinitionBuilder refusal(int status, String type, String message) {
        return aResponse()
                .withStatus(status)
                .withHeader("x-amzn-ErrorType", type)
                .withHeader("Content-Type", "application/json")
                .withBody("{\"Message\":\"" + message + "\"}");
    }

    /** Answers the first so many requests in this way and lets the others through. */
    private void first(int times, Supplier<MappingBuilder> request, ResponseDefinitionBuilder answer) {
        String scenario = "scenario-" + request.hashCode();
        for (int i = 0; i < times; i++) {
            lambda.stubFor(request.get()
                    .atPriority(1)
                    .inScenario(scenario)
                    .whenScenarioStateIs(i == 0 ? STARTED : "after-" + i)
                    .willSetStateTo("after-" + (i + 1))
                    .willReturn(answer));
        }
    }

    private static String configuration(FunctionName name, String status, String reason, String codeSha256) {
        return "{\"FunctionName\":\"" + name + "\",\"State\":\"Active\",\"LastUpdateStatus\":\"" + status
                + "\",\"LastUpdateStatusReason\":\"" + reason + "\",\"CodeSha256\":\"" + codeSha256 + "\"}";
    }

    private static ResponseDefinitionBuilder json(String body) {
        return aResponse().withHeader("Content-Type", "application/json").withBody(body);
    }

    @Test
    void aThrottledUpdateIsSignedAnewAfterTheTimeThatLambdaAsksFor() throws Exception {
        FunctionName name = existing();
        PackReport report = Package.holding(folder, "new");
        first(
                2,
                () -> put(urlPathMatching(CODE)),
                refusal(429, "TooManyRequestsException", "Rate exceeded").withHeader("Retry-After", "7"));
        try (AwsSession session = session()) {
            assertEquals(report.codeSha256(), update(session, name, report).codeSha256());
        }

        assertEquals(List.of(Duration.ofSeconds(7), Duration.ofSeconds(7)), time.pauses);
        assertEquals(3, workspace.requests.size());
        assertNotEquals(
                workspace.requests.get(0).headers().get("X-Amz-Date"),
                workspace.requests.get(1).headers().get("X-Amz-Date"));
    }

    @Test
    void throttlingWithoutEndIsAnErrorAfterGrowingPauses() throws Exception {
        FunctionName name = existing();
        PackReport report = Package.holding(folder, "new");
        lambda.stubFor(
                put(urlPathMatching(CODE)).willReturn(refusal(429, "TooManyRequestsException", "Rate exceeded")));
        try (AwsSession session = session()) {
            DeployException failed = assertThrows(DeployException.class, () -> update(session, name, report));

            assertTrue(failed.getMessage().contains("Rate exceeded"), failed.getMessage());
            assertTrue(failed.getMessage().contains("fewer at the same time"), failed.getMessage());
        }
        assertEquals(8, workspace.requests.size());
        assertEquals(7, time.pauses.size());
        for (int i = 0; i < 7; i++) {
            long most = Math.min(20_000, 500L << i);
            assertTrue(time.pauses.get(i).toMillis() >= most / 2
                    && time.pauses.get(i).toMillis() <= most);
        }
    }

    @ParameterizedTest
    @CsvSource({"500,ServiceException", "502,''", "503,ServiceUnavailableException", "504,''"})
    void aServersOwnErrorIsAskedAfterAndTheUpdateSentAgain(int status, String type) throws Exception {
        FunctionName name = existing();
        PackReport report = Package.holding(folder, "new");
        first(1, () -> put(urlPathMatching(CODE)), refusal(status, type, "oops"));
        try (AwsSession session = session()) {
            assertEquals(report.codeSha256(), update(session, name, report).codeSha256());
        }

        assertEquals(2, workspace.requests.size());
        lambda.verify(1, getRequestedFor(urlPathMatching(CONFIGURATION)));
    }

    @ParameterizedTest
    @EnumSource(Emulator.class)
    void anUpdateWhoseResponseIsLostIsNotSentTwice(Emulator emulator) throws Exception {
        FunctionName name = existing(emulator, Package.holding(folder, "former"));
        PackReport report = Package.weighing(folder, "new", 200_000);
        try (Wire wire = new Wire(emulator.endpoint()).next("PUT /2015-03-31/functions/", Wire.Fault.CUT_ANSWER);
                AwsSession session = Cloud.session(wire.endpoint())) {
            assertEquals(report.codeSha256(), update(session, name, report).codeSha256());
            assertTrue(wire.allHappened());
        }

        assertEquals(1, workspace.requests.size());
        assertTrue(log.text().contains("but has applied it"), log.text());
    }

    @Test
    void anUpdateOfTheArchitectureAloneThatWasCutOffIsSentAgain() throws Exception {
        PackReport report = Package.holding(folder, "same");
        FunctionName name = existing(Emulator.MOTO, report);
        UpdateOptions arm = new UpdateOptions(List.of("arm64"), false, Optional.empty(), Optional.empty());
        try (Wire wire = new Wire(Emulator.MOTO.endpoint()).next("PUT /2015-03-31/functions/", Wire.Fault.CUT_BEFORE);
                AwsSession session = Cloud.session(wire.endpoint())) {
            functions(session).update(name, new CodeSource.Direct(report), arm, report.codeSha256());
        }

        assertEquals(2, workspace.requests.size());
    }

    @ParameterizedTest
    @EnumSource(Emulator.class)
    void aStagedUpdateWhoseResponseIsLostIsNotSentTwice(Emulator emulator) throws Exception {
        FunctionName name = existing(emulator, Package.holding(folder, "former"));
        PackReport report = Package.weighing(folder, "new", 200_000);
        String bucket = Cloud.newBucket(emulator);
        try (Wire wire = new Wire(emulator.endpoint()).next("PUT /2015-03-31/functions/", Wire.Fault.CUT_ANSWER);
                AwsSession session = Cloud.session(wire.endpoint())) {
            StagedObject staged =
                    new Staging(session, workspace, UploadJournal.NONE, log).stage(report, Cloud.staging(bucket, ""));

            FunctionState state = functions(session)
                    .update(name, new CodeSource.Staged(staged), UpdateOptions.NONE, report.codeSha256());

            assertEquals(report.codeSha256(), state.codeSha256());
            assertTrue(wire.allHappened());
        }
        assertTrue(log.text().contains("but has applied it"), log.text());
    }

    @ParameterizedTest
    @EnumSource(
            value = Wire.Fault.class,
            names = {"CUT_BEFORE", "CUT_IN_BODY"})
    void anUpdateThatWasCutOffIsSentAgain(Wire.Fault fault) throws Exception {
        FunctionName name = existing();
        PackReport report = Package.weighing(folder, "new", 300_000);
        try (Wire wire = new Wire(Emulator.MOTO.endpoint()).next("PUT /2015-03-31/functions/", fault);
                AwsSession session = Cloud.session(wire.endpoint())) {
            assertEquals(report.codeSha256(), update(session, name, report).codeSha256());
            assertTrue(wire.allHappened());
        }

        assertEquals(2, workspace.requests.size());
    }

    @ParameterizedTest
    @EnumSource(Emulator.class)
    void aCreationWhoseResponseIsLostIsNotSentTwice(Emulator emulator) throws Exception {
        FunctionName name = Cloud.newFunction();
        PackReport report = Package.weighing(folder, "new", 200_000);
        CreateOptions options = CreateOptions.of(Cloud.role(emulator), "nodejs22.x", "index.handler");
        try (Wire wire = new Wire(emulator.endpoint()).next("POST /2015-03-31/functions", Wire.Fault.CUT_ANSWER);
                AwsSession session = Cloud.session(wire.endpoint())) {
            FunctionState state =
                    functions(session).create(name, new CodeSource.Direct(report), options, report.codeSha256());

            assertEquals(report.codeSha256(), state.codeSha256());
            assertTrue(wire.allHappened());
        }

        assertEquals(1, workspace.requests.size());
    }

    @Test
    void anotherUpdateAtWorkIsWaitedForAndOursThenSentAgain() throws Exception {
        FunctionName name = existing();
        PackReport report = Package.holding(folder, "new");
        first(
                1,
                () -> put(urlPathMatching(CODE)),
                refusal(409, "ResourceConflictException", "An update is in progress for resource"));
        first(3, () -> get(urlPathMatching(CONFIGURATION)), json(configuration(name, "InProgress", "", "theirs")));
        try (AwsSession session = session()) {
            assertEquals(report.codeSha256(), update(session, name, report).codeSha256());
        }

        assertEquals(2, workspace.requests.size());
        lambda.verify(4, getRequestedFor(urlPathMatching(CONFIGURATION)));
        assertTrue(log.text().contains("Another operation on function " + name), log.text());
    }

    @Test
    void anotherUpdateWithTheSameCodeIsAsGoodAsOurs() throws Exception {
        FunctionName name = existing();
        PackReport report = Package.holding(folder, "new");
        first(
                1,
                () -> put(urlPathMatching(CODE)),
                refusal(409, "ResourceConflictException", "An update is in progress for resource"));
        lambda.stubFor(get(urlPathMatching(CONFIGURATION))
                .willReturn(json(configuration(name, "Successful", "", report.codeSha256()))));
        try (AwsSession session = session()) {
            assertEquals(report.codeSha256(), update(session, name, report).codeSha256());
        }

        assertEquals(1, workspace.requests.size());
    }

    @Test
    void aStaleRevisionIsRefusedInPlainWords() throws Exception {
        FunctionName name = existing(Emulator.MINISTACK, Package.holding(folder, "former"));
        PackReport report = Package.holding(folder, "new");
        UpdateOptions stale = new UpdateOptions(
                List.of(), false, Optional.of("00000000-0000-4000-8000-000000000000"), Optional.empty());
        try (AwsSession session = Cloud.session(Emulator.MINISTACK.endpoint())) {
            DeployException failed = assertThrows(
                    DeployException.class,
                    () -> functions(session).update(name, new CodeSource.Direct(report), stale, report.codeSha256()));

            assertTrue(failed.getMessage().contains("Read the RevisionId again"), failed.getMessage());
        }
        assertEquals(1, workspace.requests.size());
    }

    @Test
    void aResponseWithOtherCodeIsAnError() throws Exception {
        FunctionName name = existing();
        PackReport report = Package.holding(folder, "new");
        lambda.stubFor(put(urlPathMatching(CODE)).willReturn(json(configuration(name, "InProgress", "", "b3RoZXI="))));
        try (AwsSession session = session()) {
            DeployException failed = assertThrows(DeployException.class, () -> update(session, name, report));

            assertTrue(failed.getMessage().contains("CodeSha256 is b3RoZXI="), failed.getMessage());
            assertTrue(failed.getMessage().contains(report.codeSha256()), failed.getMessage());
        }
    }

    @Test
    void aResponseThatIsNotLambdasIsAnError() throws Exception {
        FunctionName name = existing();
        PackReport report = Package.holding(folder, "new");
        lambda.stubFor(put(urlPathMatching(CODE)).willReturn(aResponse().withBody("<html>Please log in</html>")));
        try (AwsSession session = session()) {
            DeployException failed = assertThrows(DeployException.class, () -> update(session, name, report));

            assertTrue(failed.getMessage().contains("the response is not from AWS"), failed.getMessage());
        }
    }

    @Test
    void anUpdateThatFailsInLambdaShowsItsReason() throws Exception {
        FunctionName name = existing();
        lambda.stubFor(get(urlPathMatching(CONFIGURATION))
                .willReturn(json(configuration(name, "Failed", "The function could not be initialised", "x"))));
        try (AwsSession session = session()) {
            DeployException failed = assertThrows(
                    DeployException.class, () -> functions(session).awaitReady(name, Duration.ofMinutes(1)));

            assertTrue(failed.getMessage().contains("The function could not be initialised"), failed.getMessage());
            assertTrue(failed.getMessage().contains("still runs its previous code"), failed.getMessage());
        }
    }

    @Test
    void aFunctionThatIsNotReadyInTimeIsAnErrorThatSaysItGoesOn() throws Exception {
        FunctionName name = existing();
        lambda.stubFor(get(urlPathMatching(CONFIGURATION))
                .willReturn(json(configuration(name, "InProgress", "The function is being updated.", "x"))));
        try (AwsSession session = session()) {
            DeployException failed = assertThrows(
                    DeployException.class, () -> functions(session).awaitReady(name, Duration.ofMinutes(2)));

            assertTrue(failed.getMessage().contains("not ready after 120 seconds"), failed.getMessage());
            assertTrue(failed.getMessage().contains("continues in AWS"), failed.getMessage());
        }
        assertEquals(Duration.ofMillis(200), time.pauses.get(0));
        assertEquals(Duration.ofSeconds(5), time.pauses.get(time.pauses.size() - 1));
        Duration waited = time.pauses.stream().reduce(Duration.ZERO, Duration::plus);
        assertTrue(waited.compareTo(Duration.ofMinutes(2)) <= 0 && waited.compareTo(Duration.ofSeconds(114)) > 0);
    }

    @Test
    void expiredCredentialsAreRenewedOnce() throws Exception {
        FunctionName name = existing();
        PackReport report = Package.holding(folder, "new");
        first(
                1,
                () -> put(urlPathMatching(CODE)),
                refusal(403, "ExpiredTokenException", "The security token included in the request is expired"));
        try (AwsSession session = AwsSession.open(new AwsSettings(
                Cloud.REGION,
                Optional.of(URI.create(lambda.baseUrl())),
                new Renewing(),
                Optional.empty(),
                Optional.empty()))) {
            assertEquals(report.codeSha256(), update(session, name, report).codeSha256());
        }

        assertEquals(2, workspace.requests.size());
        assertNotEquals(keyOf(0), keyOf(1));
    }

    @Test
    void credentialsThatStayExpiredAreAnErrorWithoutASecret() throws Exception {
        FunctionName name = existing();
        PackReport report = Package.holding(folder, "new");
        lambda.stubFor(put(urlPathMatching(CODE))
                .willReturn(refusal(
                        403, "ExpiredTokenException", "The security token included in the request is expired")));
        try (AwsSession session = AwsSession.open(new AwsSettings(
                Cloud.REGION,
                Optional.of(URI.create(lambda.baseUrl())),
                new Renewing(),
                Optional.empty(),
                Optional.empty()))) {
            DeployException failed = assertThrows(DeployException.class, () -> update(session, name, report));

            assertTrue(failed.getMessage().contains("Renew them"), failed.getMessage());
            assertFalse((failed.getMessage() + log.text()).contains(TOKEN));
        }
        assertEquals(2, workspace.requests.size());
    }

    /** Other credentials each time they are asked for. */
    private static final class Renewing implements AwsCredentialsProvider {
        private final AtomicInteger count = new AtomicInteger();

        @Override
        public AwsCredentials resolveCredentials() {
            String accessKey = "ASIA" + count.incrementAndGet();
            Emulator.MOTO.accept(accessKey, "secret", TOKEN);
            return AwsSessionCredentials.create(accessKey, "secret", TOKEN);
        }
    }

    private String keyOf(int request) {
        return workspace.requests.get(request).headers().get("Authorization").replaceFirst("/.*", "");
    }

    @Test
    void aWrongClockIsPutRightByTheServers() throws Exception {
        FunctionName name = existing();
        PackReport report = Package.holding(folder, "new");
        Instant servers = Instant.now().plus(AHEAD);
        first(
                1,
                () -> put(urlPathMatching(CODE)),
                refusal(403, "InvalidSignatureException", "Signature expired: 20260101T000000Z is now earlier than")
                        .withHeader(
                                "Date", DateTimeFormatter.RFC_1123_DATE_TIME.format(servers.atZone(ZoneOffset.UTC))));
        try (AwsSession session = session()) {
            assertEquals(report.codeSha256(), update(session, name, report).codeSha256());
        }

        assertSignedAt(servers, workspace.requests.get(1).headers().get("X-Amz-Date"));
        assertTrue(log.text().contains("This machine's clock differs from AWS's"), log.text());
    }

    private static void assertSignedAt(Instant expected, String date) {
        Instant signed = LocalDateTime.parse(date, DateTimeFormatter.ofPattern("yyyyMMdd'T'HHmmss'Z'"))
                .toInstant(ZoneOffset.UTC);
        assertTrue(Duration.between(expected, signed).abs().compareTo(Duration.ofMinutes(1)) < 0, date);
    }

    /** Both in AWS's words, as terraform-provider-aws has them; longer than eight attempts take. */
    @ParameterizedTest
    @ValueSource(
            strings = {
                "The role defined for the function cannot be assumed by Lambda.",
                "Lambda was unable to configure access to your environment variables because the KMS key is invalid for CreateGrant."
                        + " Please check your KMS key settings. KMS Exception: InvalidArnException KMS Message: ARN does not refer to"
                        + " a valid principal"
            })
    void aRoleThatIsStillUnknownToLambdaIsWaitedFor(String words) throws Exception {
        FunctionName name = Cloud.newFunction();
        PackReport report = Package.holding(folder, "new");
        first(
                30,
                () -> post(urlPathMatching("/2015-03-31/functions")),
                refusal(400, "InvalidParameterValueException", words));
        try (AwsSession session = session()) {
            functions(session)
                    .create(
                            name,
                            new CodeSource.Direct(report),
                            CreateOptions.of(Cloud.role(Emulator.MOTO), "nodejs22.x", "index.handler"),
                            report.codeSha256());
        }

        lambda.verify(31, postRequestedFor(urlPathMatching("/2015-03-31/functions")));
        assertTrue(time.pauses.stream().allMatch(Duration.ofSeconds(5)::equals), time.pauses.toString());
    }

    @Test
    void aRoleThatLambdaNeverAcceptsIsAnErrorWhenTheTimeIsUp() throws Exception {
        PackReport report = Package.holding(folder, "new");
        lambda.stubFor(post(urlPathMatching("/2015-03-31/functions"))
                .willReturn(refusal(
                        400,
                        "InvalidParameterValueException",
                        "The role defined for the function cannot be assumed by Lambda.")));
        try (AwsSession session = session()) {
            DeployException failed = assertThrows(
                    DeployException.class,
                    () -> functions(session)
                            .create(
                                    Cloud.newFunction(),
                                    new CodeSource.Direct(report),
                                    CreateOptions.of("arn:aws:iam::123456789012:role/r", "nodejs22.x", "index.handler"),
                                    report.codeSha256()));

            assertTrue(failed.getMessage().contains("trust policy"), failed.getMessage());
        }
        Duration waited = time.pauses.stream().reduce(Duration.ZERO, Duration::plus);
        assertTrue(
                waited.compareTo(Duration.ofMinutes(9)) > 0 && waited.compareTo(Duration.ofMinutes(10)) <= 0,
                waited.toString());
    }

    @Test
    void aReadThatIsOlderThanTheUpdateIsRepeated() throws Exception {
        PackReport report = Package.holding(folder, "new");
        FunctionName name = existing(Emulator.MOTO, report);
        first(2, () -> get(urlPathMatching(CONFIGURATION)), json(configuration(name, "Successful", "", "b2xk")));
        try (AwsSession session = session()) {
            FunctionState state =
                    functions(session).reader().awaitUpdate(name, report.codeSha256(), Duration.ofMinutes(1));

            assertEquals(report.codeSha256(), state.codeSha256());
        }
        lambda.verify(3, getRequestedFor(urlPathMatching(CONFIGURATION)));
    }

    @Test
    void aFunctionThatIsNotSeenRightAfterItsCreationIsReadAgain() throws Exception {
        PackReport report = Package.holding(folder, "new");
        FunctionName name = existing(Emulator.MOTO, report);
        first(
                3,
                () -> get(urlPathMatching(CONFIGURATION)),
                refusal(404, "ResourceNotFoundException", "Function not found"));
        try (AwsSession session = session()) {
            assertEquals(
                    report.codeSha256(),
                    functions(session)
                            .reader()
                            .awaitUpdate(name, report.codeSha256(), Duration.ofMinutes(1))
                            .codeSha256());
        }
    }

    @Test
    void otherCodeThatStaysIsBelievedAfterSomeSeconds() throws Exception {
        FunctionName name = existing();
        lambda.stubFor(get(urlPathMatching(CONFIGURATION))
                .willReturn(json(configuration(name, "Successful", "", "dGhlaXJz"))));
        try (AwsSession session = session()) {
            FunctionState state = functions(session).reader().awaitUpdate(name, "b3Vycw==", Duration.ofMinutes(10));

            assertEquals("dGhlaXJz", state.codeSha256());
        }
        Duration waited = time.pauses.stream().reduce(Duration.ZERO, Duration::plus);
        assertTrue(waited.compareTo(Duration.ofSeconds(20)) <= 0, waited.toString());
    }

    @Test
    void aFunctionThatIsBeingDeletedOrHasAnotherRevisionIsSaidSoBeforeAnythingIsSent() throws Exception {
        FunctionName name = FunctionName.parse("arn:aws:lambda:eu-west-1:123456789012:function:orders");
        String state =
                "{\"FunctionName\":\"orders\",\"FunctionArn\":\"" + name + "\",\"State\":\"%s\",\"RevisionId\":\"r1\"}";
        lambda.stubFor(get(urlPathMatching(CONFIGURATION)).willReturn(json(state.formatted("Deleting"))));
        try (AwsSession session = session()) {
            FunctionReader reader = functions(session).reader();
            FunctionState deleting = reader.find(name).orElseThrow();
            lambda.stubFor(get(urlPathMatching(CONFIGURATION)).willReturn(json(state.formatted("Active"))));
            FunctionState active = reader.find(name).orElseThrow();

            String gone = assertThrows(
                            DeployException.class, () -> reader.requireDeployable(deleting, Optional.empty()))
                    .getMessage();
            String stale = assertThrows(
                            DeployException.class, () -> reader.requireDeployable(active, Optional.of("r0")))
                    .getMessage();

            assertTrue(gone.contains("orders is being deleted"), gone);
            assertTrue(stale.contains("has the RevisionId r1, and the deployment is for r0"), stale);
            assertFalse(stale.contains("AWS says"), stale);
            reader.requireDeployable(active, Optional.of("r1"));
        }
    }

    private static String version(FunctionName name, String state, String codeSha256) {
        return "{\"FunctionName\":\"" + name + "\",\"Version\":\"3\",\"State\":\"" + state
                + "\",\"StateReason\":\"The image is not ready\",\"StateReasonCode\":\"Creating\",\"CodeSha256\":\""
                + codeSha256
                + "\"}";
    }

    @Test
    void aPublishedVersionIsWaitedForUntilItIsActive() throws Exception {
        FunctionName name = existing();
        lambda.stubFor(post(urlPathMatching(".*/versions")).willReturn(json(version(name, "Pending", "b3Vycw=="))));
        first(2, () -> get(urlPathMatching(CONFIGURATION)), json(version(name, "Pending", "b3Vycw==")));
        lambda.stubFor(get(urlPathMatching(CONFIGURATION))
                .atPriority(5)
                .willReturn(json(version(name, "Active", "b3Vycw=="))));
        try (AwsSession session = session()) {
            assertEquals("3", functions(session).publish(name, "b3Vycw==", Optional.empty(), ""));
        }
        lambda.verify(3, getRequestedFor(urlPathMatching(CONFIGURATION)).withQueryParam("Qualifier", equalTo("3")));
    }

    @Test
    void aPublishedVersionThatFailsIsAnErrorWithItsReason() throws Exception {
        FunctionName name = existing();
        lambda.stubFor(post(urlPathMatching(".*/versions")).willReturn(json(version(name, "Pending", "b3Vycw=="))));
        lambda.stubFor(get(urlPathMatching(CONFIGURATION)).willReturn(json(version(name, "Failed", "b3Vycw=="))));
        try (AwsSession session = session()) {
            String message = assertThrows(
                            DeployException.class,
                            () -> functions(session).publish(name, "b3Vycw==", Optional.empty(), ""))
                    .getMessage();

            assertTrue(
                    message.startsWith("Version 3 of function " + name + " is in state Failed: The image is not ready"),
                    message);
        }
    }

    @Test
    void aVersionIsPublishedWhenTheOtherOperationHasEnded() throws Exception {
        PackReport report = Package.holding(folder, "former");
        FunctionName name = existing(Emulator.MOTO, report);
        first(
                1,
                () -> post(urlPathMatching("/2015-03-31/functions/.*/versions")),
                refusal(409, "ResourceConflictException", "The operation cannot be performed at this time."));
        try (AwsSession session = session()) {
            first(
                    2,
                    () -> get(urlPathMatching(CONFIGURATION)),
                    json(configuration(name, "InProgress", "", report.codeSha256())));
            assertEquals("1", functions(session).publish(name, report.codeSha256(), Optional.empty(), ""));
        }
        lambda.verify(3, getRequestedFor(urlPathMatching(CONFIGURATION)));
        lambda.verify(2, postRequestedFor(urlPathMatching("/2015-03-31/functions/.*/versions")));
    }

    @Test
    void aVersionOfSomeoneElsesCodeIsNotPublished() throws Exception {
        FunctionName name = existing();
        lambda.stubFor(post(urlPathMatching("/2015-03-31/functions/.*/versions"))
                .willReturn(refusal(
                        400,
                        "InvalidParameterValueException",
                        "CodeSHA256 (b3Vycw==) is different from current CodeSHA256 in $LATEST (dGhlaXJz). Please try again"
                                + " with the CodeSHA256 in $LATEST.")));
        try (AwsSession session = session()) {
            DeployException failed = assertThrows(
                    DeployException.class, () -> functions(session).publish(name, "b3Vycw==", Optional.empty(), ""));

            assertTrue(
                    failed.getMessage().contains("someone else has changed the function since"), failed.getMessage());
            assertTrue(failed.getMessage().contains("dGhlaXJz"), failed.getMessage());
        }
    }

    @Test
    void aVersionWithOtherCodeInTheResponseIsAnError() throws Exception {
        FunctionName name = existing();
        try (AwsSession session = session()) {
            DeployException failed = assertThrows(
                    DeployException.class, () -> functions(session).publish(name, "b3Vycw==", Optional.empty(), ""));

            assertTrue(
                    failed.getMessage().contains("someone else has changed the function since"), failed.getMessage());
        }
    }

    @Test
    void anAliasThatSomeoneElseMovesAtTheSameTimeIsAnError() throws Exception {
        FunctionName name = existing();
        String alias =
                "{\"AliasArn\":\"arn:x:live\",\"Name\":\"live\",\"FunctionVersion\":\"%s\",\"RevisionId\":\"r%s\"}";
        first(1, () -> get(urlPathMatching(".*/aliases/live")), json(alias.formatted("1", "1")));
        lambda.stubFor(
                get(urlPathMatching(".*/aliases/live")).atPriority(5).willReturn(json(alias.formatted("7", "2"))));
        lambda.stubFor(put(urlPathMatching(".*/aliases/live"))
                .willReturn(refusal(412, "PreconditionFailedException", "The RevisionId provided does not match")));
        try (AwsSession session = session()) {
            DeployException failed =
                    assertThrows(DeployException.class, () -> functions(session).moveAlias(name, "live", "2"));

            assertTrue(failed.getMessage().contains("pointed to version 1 and now points to 7"), failed.getMessage());
        }
        lambda.verify(1, putRequestedFor(urlPathMatching(".*/aliases/live")));
    }

    @Test
    void anAliasWhoseTrafficIsSplitIsMovedByForceOnly() throws Exception {
        FunctionName name = existing();
        lambda.stubFor(get(urlPathMatching(".*/aliases/live"))
                .willReturn(json("{\"AliasArn\":\"arn:x:live\",\"Name\":\"live\",\"FunctionVersion\":\"2\","
                        + "\"RevisionId\":\"r1\",\"RoutingConfig\":{\"AdditionalVersionWeights\":{\"1\":0.9}}}")));
        lambda.stubFor(put(urlPathMatching(".*/aliases/live"))
                .willReturn(json("{\"AliasArn\":\"arn:x:live\",\"Name\":\"live\",\"FunctionVersion\":\"2\"}")));
        try (AwsSession session = session()) {
            DeployException failed =
                    assertThrows(DeployException.class, () -> functions(session).moveAlias(name, "live", "2"));
            assertTrue(
                    failed.getMessage().contains("points to version 2 and sends 90 % to version 1"),
                    failed.getMessage());
            assertTrue(failed.getMessage().contains("turn on force"), failed.getMessage());
            lambda.verify(0, putRequestedFor(urlPathMatching(".*/aliases/live")));

            assertTrue(functions(session)
                    .releases()
                    .moveAlias(name, "live", "2", true, before -> {})
                    .changed());
            assertTrue(log.text().contains("all traffic now goes to version 2 (force)"), log.text());
        }

        String sent = lambda.findAll(putRequestedFor(urlPathMatching(".*/aliases/live")))
                .get(0)
                .getBodyAsString();
        assertTrue(sent.contains("\"RevisionId\":\"r1\""), sent);
        assertTrue(sent.contains("\"AdditionalVersionWeights\":{}"), sent);
    }

    /** The waits here are the SDK's own, under two seconds. */
    @Test
    void throttlingOfEveryOtherCallIsSatOut() throws Exception {
        PackReport report = Package.holding(folder, "former");
        FunctionName name = existing(Emulator.MOTO, report);
        ResponseDefinitionBuilder throttled = refusal(429, "TooManyRequestsException", "Rate exceeded");
        first(1, () -> get(urlPathMatching(CONFIGURATION)), throttled);
        first(1, () -> post(urlPathMatching(".*/versions")), throttled);
        first(1, () -> get(urlPathMatching(".*/aliases/.*")), throttled);
        first(1, () -> post(urlPathMatching(".*/aliases")), throttled);
        try (AwsSession session = session()) {
            assertTrue(functions(session).find(name).isPresent());
            String version = functions(session).publish(name, report.codeSha256(), Optional.empty(), "");
            assertEquals(
                    version, functions(session).moveAlias(name, "live", version).version());
        }
    }

    @Test
    void aMissingPermissionIsNamedByTheServerAndByUs() throws Exception {
        FunctionName name = existing(Emulator.MINISTACK, Package.holding(folder, "former"));
        PackReport report = Package.holding(folder, "new");
        AwsCredentials user = Cloud.user(
                Emulator.MINISTACK,
                "{\"Version\":\"2012-10-17\",\"Statement\":[{\"Effect\":\"Allow\","
                        + "\"Action\":\"lambda:GetFunctionConfiguration\",\"Resource\":\"*\"}]}");
        try (AwsSession session = Cloud.session(Emulator.MINISTACK.endpoint(), user)) {
            assertTrue(functions(session).find(name).isPresent());

            DeployException failed = assertThrows(DeployException.class, () -> update(session, name, report));

            assertTrue(
                    failed.getMessage()
                            .endsWith("{\"Effect\": \"Allow\", \"Action\": \"lambda:UpdateFunctionCode\", \"Resource\":"
                                    + " \"arn:aws:lambda:eu-west-1:000000000000:function:" + name + "\"}"),
                    failed.getMessage());
        }
        assertEquals(1, workspace.requests.size());
    }

    @Test
    void aFunctionOfAnotherRegionIsNotAskedFor() throws Exception {
        FunctionName name = FunctionName.parse("arn:aws:lambda:us-east-1:123456789012:function:orders");
        try (AwsSession session = session()) {
            DeployException failed =
                    assertThrows(DeployException.class, () -> functions(session).find(name));

            assertTrue(failed.getMessage().contains("is in region us-east-1"), failed.getMessage());
        }
    }

    @Test
    void aByteThatChangesOnTheWayIsRefusedAndTheUpdateSentAgain() throws Exception {
        FunctionName name = existing();
        PackReport report = Package.weighing(folder, "new", 300_000);
        try (Wire wire =
                        new Wire(Emulator.MOTO.endpoint()).next("PUT /2015-03-31/functions/", Wire.Fault.FLIPPED_BYTE);
                AwsSession session = Cloud.session(wire.endpoint())) {
            assertEquals(report.codeSha256(), update(session, name, report).codeSha256());
            assertTrue(wire.allHappened());
        }

        assertEquals(2, workspace.requests.size());
        assertEquals(report.codeSha256(), new Account(Emulator.MOTO).configuration(name.value(), "CodeSha256"));
    }

    @Test
    void aProxyThatChangesEveryBodyIsNamedAsAReason() throws Exception {
        FunctionName name = existing();
        PackReport report = Package.weighing(folder, "new", 300_000);
        try (Wire wire = new Wire(Emulator.MOTO.endpoint())
                        .otherwise(line ->
                                line.startsWith("PUT ") ? Optional.of(Wire.Fault.FLIPPED_BYTE) : Optional.empty());
                AwsSession session = Cloud.session(wire.endpoint())) {
            DeployException failed = assertThrows(DeployException.class, () -> update(session, name, report));

            assertTrue(failed.getMessage().contains("no proxy changes what it forwards"), failed.getMessage());
        }
        assertEquals(2, workspace.requests.size());
    }

    @Test
    void aPackageThatIsRemovedBeforeItIsSentIsSaidSoAtOnce() throws Exception {
        FunctionName name = existing();
        PackReport removed = Package.holding(folder, "new");
        PackReport cut = Package.weighing(folder, "new", 300_000);
        SendingWorkspace cleaning = new SendingWorkspace() {
            @Override
            public List<SendReply> send(List<SendRequest> batch) throws IOException, InterruptedException {
                Files.newByteChannel(Path.of(cut.file()), StandardOpenOption.WRITE)
                        .truncate(100_000)
                        .close();
                return super.send(batch);
            }
        };
        Files.delete(Path.of(removed.file()));
        try (AwsSession session = session()) {
            DeployException before = assertThrows(DeployException.class, () -> update(session, name, removed));
            DeployException after = assertThrows(
                    DeployException.class,
                    () -> new Functions(session, cleaning, log, Duration.ofMinutes(1), time.backoff())
                            .update(name, new CodeSource.Direct(cut), UpdateOptions.NONE, cut.codeSha256()));

            assertTrue(before.getMessage().contains("changed or removed since it was made"), before.getMessage());
            assertTrue(after.getMessage().contains("ended after 100000 of the"), after.getMessage());
            assertTrue(after.getMessage().contains("changed or removed on the machine"), after.getMessage());
        }
        assertEquals(List.of(), time.pauses);
    }

    @Test
    void anUpdateOfABucketThatHasVanishedSaysToStageAgain() throws Exception {
        FunctionName name = existing();
        PackReport report = Package.holding(folder, "new");
        String bucket = Cloud.newBucket(Emulator.MOTO);
        lambda.stubFor(put(urlPathMatching(CODE))
                .willReturn(refusal(
                        400,
                        "InvalidParameterValueException",
                        "Error occurred while GetObject. S3 Error Code: NoSuchBucket. S3 Error Message: The specified"
                                + " bucket does not exist")));
        try (AwsSession session = session()) {
            StagedObject staged =
                    new Staging(session, workspace, UploadJournal.NONE, log).stage(report, Cloud.staging(bucket, ""));
            new Account(Emulator.MOTO).removeBucket(bucket);

            DeployException failed = assertThrows(
                    DeployException.class,
                    () -> functions(session)
                            .update(name, new CodeSource.Staged(staged), UpdateOptions.NONE, report.codeSha256()));

            assertTrue(failed.getMessage().contains("The staged package has been removed"), failed.getMessage());
        }
    }

    @Test
    void aWrongClockIsPutRightForAStagedUpdateToo() throws Exception {
        PackReport report = Package.holding(folder, "new");
        FunctionName name = existing();
        StagedObject staged;
        try (AwsSession session = session()) {
            staged = new Staging(session, workspace, UploadJournal.NONE, log)
                    .stage(report, Cloud.staging(Cloud.newBucket(Emulator.MOTO), ""));
        }
        Instant servers = Instant.now().plus(AHEAD);
        first(
                1,
                () -> put(urlPathMatching(CODE)),
                refusal(403, "InvalidSignatureException", "Signature expired: 20260101T000000Z is now earlier than")
                        .withHeader(
                                "Date", DateTimeFormatter.RFC_1123_DATE_TIME.format(servers.atZone(ZoneOffset.UTC))));
        try (AwsSession session = session()) {
            functions(session).update(name, new CodeSource.Staged(staged), UpdateOptions.NONE, report.codeSha256());
        }

        assertSignedAt(
                servers,
                lambda.findAll(putRequestedFor(urlPathMatching(CODE))).get(1).getHeader("X-Amz-Date"));
    }
}
