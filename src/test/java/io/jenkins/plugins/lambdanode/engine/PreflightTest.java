package io.jenkins.plugins.lambdanode.engine;

import static com.github.tomakehurst.wiremock.client.WireMock.aResponse;
import static com.github.tomakehurst.wiremock.client.WireMock.equalTo;
import static com.github.tomakehurst.wiremock.client.WireMock.get;
import static com.github.tomakehurst.wiremock.client.WireMock.head;
import static com.github.tomakehurst.wiremock.client.WireMock.post;
import static com.github.tomakehurst.wiremock.client.WireMock.postRequestedFor;
import static com.github.tomakehurst.wiremock.client.WireMock.put;
import static com.github.tomakehurst.wiremock.client.WireMock.urlPathEqualTo;
import static com.github.tomakehurst.wiremock.client.WireMock.urlPathMatching;
import static com.github.tomakehurst.wiremock.stubbing.Scenario.STARTED;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import com.github.tomakehurst.wiremock.client.ResponseDefinitionBuilder;
import com.github.tomakehurst.wiremock.verification.LoggedRequest;
import io.jenkins.plugins.lambdanode.engine.base.DeployException;
import io.jenkins.plugins.lambdanode.engine.report.DeployResult.Outcome;
import io.jenkins.plugins.lambdanode.engine.request.DeployRequest;
import io.jenkins.plugins.lambdanode.engine.request.DeployRequestBuilder;
import io.jenkins.plugins.lambdanode.testing.Account;
import io.jenkins.plugins.lambdanode.testing.Emulator;
import io.jenkins.plugins.lambdanode.testing.EmulatorExtension;
import io.jenkins.plugins.lambdanode.testing.KeptLog;
import io.jenkins.plugins.lambdanode.testing.Project;
import java.nio.file.Path;
import java.time.Duration;
import java.time.Instant;
import java.time.ZoneOffset;
import java.time.format.DateTimeFormatter;
import java.util.List;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.ExtendWith;
import org.junit.jupiter.api.extension.RegisterExtension;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;
import software.amazon.awssdk.core.SdkGlobalTime;

/** What AWS's side says before a deployment is acted on before a byte of the package is sent. */
@ExtendWith(EmulatorExtension.class)
class PreflightTest {

    private static final Account ACCOUNT = new Account(Emulator.MINISTACK);

    @RegisterExtension
    final ObservedAws aws = new ObservedAws(Emulator.MINISTACK);

    @TempDir
    Path folder;

    private final KeptLog log = new KeptLog();
    private String name;
    private String bucket;
    private Project project;

    @BeforeEach
    void makeFunction() {
        name = ACCOUNT.newFunction("former");
        bucket = ACCOUNT.newBucket();
        project = Project.answering(folder.resolve("project"), "new");
    }

    @AfterEach
    void setTheClock() {
        // The SDK keeps what it has learnt of the clock for all clients of the process.
        SdkGlobalTime.setGlobalTimeOffset(0);
    }

    private Orders orders() {
        return Orders.at(aws.endpoint(), ACCOUNT.role(), log);
    }

    private DeployRequestBuilder request() throws DeployException {
        return DeployRequest.builder().functionNames(name).install("none").waitTimeout(60);
    }

    /** Through the bucket, without a release. */
    private DeployRequestBuilder staged() throws DeployException {
        return request().s3Bucket(bucket).s3Threshold(0L);
    }

    private Outcome deploy(DeployRequestBuilder request) throws Exception {
        return orders().deploy(project.folder(), request.build())
                .functions()
                .get(0)
                .outcome();
    }

    private String failure(DeployRequestBuilder request) {
        return assertThrows(DeployException.class, () -> deploy(request)).getMessage();
    }

    private String configuration(String more) {
        return "{\"FunctionName\": \"" + name + "\", \"FunctionArn\": \"arn:aws:lambda:eu-west-1:000000000000:function:"
                + name
                + "\", \"Runtime\": \"nodejs22.x\", \"Handler\": \"index.handler\", \"State\": \"Active\", \"PackageType\": \"Zip\","
                + " \"Architectures\": [\"x86_64\"], \"CodeSha256\": \"" + ACCOUNT.configuration(name, "CodeSha256")
                + "\"" + more + "}";
    }

    private static ResponseDefinitionBuilder json(String body) {
        return aResponse()
                .withStatus(200)
                .withHeader("Content-Type", "application/json")
                .withBody(body);
    }

    private static ResponseDefinitionBuilder refusal(int status, String type, String message) {
        return aResponse()
                .withStatus(status)
                .withHeader("x-amzn-ErrorType", type)
                .withBody("{\"Message\": \"" + message + "\"}");
    }

    private String path(String more) {
        return "/2015-03-31/functions/" + name + more;
    }

    private List<LoggedRequest> toBucket() {
        return aws.proxy().getAllServeEvents().stream()
                .map(event -> event.getRequest())
                .filter(request -> request.getUrl().startsWith("/" + bucket))
                .toList();
    }

    private boolean nothingWasChanged() {
        return aws.requests().stream().allMatch(line -> line.startsWith("GET ") || line.startsWith("HEAD "));
    }

    @Test
    void anAliasThatSomeoneReleasesGraduallyEndsTheDeploymentBeforeAnythingIsChangedAndForceGoesOn() throws Exception {
        aws.proxy()
                .stubFor(
                        get(urlPathMatching(".*/aliases/live"))
                                .atPriority(1)
                                .willReturn(
                                        json(
                                                "{\"AliasArn\":\"arn:x:live\",\"Name\":\"live\",\"FunctionVersion\":\"2\","
                                                        + "\"RevisionId\":\"r1\",\"RoutingConfig\":{\"AdditionalVersionWeights\":{\"3\":0.1}}}")));
        aws.proxy()
                .stubFor(put(urlPathMatching(".*/aliases/live"))
                        .atPriority(1)
                        .willReturn(json("{\"AliasArn\":\"arn:x:live\",\"Name\":\"live\",\"FunctionVersion\":\"1\"}")));

        String message = failure(staged().alias("live"));

        assertTrue(message.contains("points to version 2 and sends 10 % to version 3"), message);
        assertTrue(message.contains("when that release has ended, or turn on force"), message);
        assertTrue(nothingWasChanged(), aws.requests().toString());

        assertEquals(Outcome.UPDATED, deploy(staged().alias("live").force(true)));

        assertTrue(
                log.text().contains("sends 10 % to version 3; all traffic now goes to version 1 (force)"), log.text());
    }

    @Test
    void anotherUpdateInProgressIsWaitedForBeforeThePackageIsSent() throws Exception {
        String inProgress = configuration(", \"LastUpdateStatus\": \"InProgress\"");
        String[] states = {STARTED, "seen", "waited", "ended"};
        for (int i = 0; i < 3; i++) {
            aws.proxy()
                    .stubFor(get(urlPathEqualTo(path("/configuration")))
                            .atPriority(1)
                            .inScenario("busy")
                            .whenScenarioStateIs(states[i])
                            .willSetStateTo(states[i + 1])
                            .willReturn(json(inProgress)));
        }

        assertEquals(Outcome.UPDATED, deploy(staged()));

        List<String> before = aws.requests().stream()
                .takeWhile(line -> !line.startsWith("PUT "))
                .toList();
        long reads = before.stream()
                .filter(("GET " + path("/configuration"))::equals)
                .count();
        assertTrue(reads >= 4, before.toString());
        assertTrue(
                log.text().contains("Waiting for function " + name + ": State Active, LastUpdateStatus InProgress"),
                log.text());
        assertEquals("\"new\"", ACCOUNT.invoke(name));
    }

    @Test
    void anotherRevisionThanTheOneAskedForEndsTheDeploymentBeforeAnythingIsSent() throws Exception {
        String message = failure(staged().revisionId("00000000-0000-0000-0000-000000000000"));

        assertTrue(message.contains("the deployment is for 00000000-0000-0000-0000-000000000000"), message);
        assertTrue(nothingWasChanged(), aws.requests().toString());
    }

    @Test
    void aFunctionThatIsBeingDeletedEndsTheDeploymentBeforeAnythingIsSent() throws Exception {
        String deleting = configuration("").replace("\"Active\"", "\"Deleting\"");
        aws.proxy()
                .stubFor(get(urlPathEqualTo(path("/configuration")))
                        .atPriority(1)
                        .willReturn(json(deleting)));

        String message = failure(staged());

        assertTrue(message.contains("is being deleted"), message);
        assertTrue(nothingWasChanged(), aws.requests().toString());
    }

    /** Lambda gives an idle function's resources back, and takes new code for it as ever. */
    @ParameterizedTest
    @ValueSource(strings = {"Inactive", "Failed"})
    void aFunctionInAnotherStateIsUpdatedAndOnlyAFailedOneIsWarnedOf(String state) throws Exception {
        String other = configuration(
                        ", \"StateReason\": \"The role is gone\", \"StateReasonCode\": \"InvalidConfiguration\"")
                .replace("\"Active\"", "\"" + state + "\"");
        aws.proxy()
                .stubFor(get(urlPathEqualTo(path("/configuration")))
                        .atPriority(1)
                        .inScenario("state")
                        .whenScenarioStateIs(STARTED)
                        .willSetStateTo("seen")
                        .willReturn(json(other)));

        assertEquals(Outcome.UPDATED, deploy(request()));

        assertEquals(
                state.equals("Failed"),
                log.text()
                        .contains("WARNING: Function " + name
                                + " is in state Failed: The role is gone (InvalidConfiguration). Where"
                                + " Lambda refuses to update it, delete it"),
                log.text());
        assertEquals(state.equals("Failed"), log.text().contains("WARNING"), log.text());
    }

    /** As where this machine's clock is an hour behind AWS's. */
    @Test
    void aWrongClockIsSaidBeforeAnythingIsSentAndWhatIsSignedHasAwssTime() throws Exception {
        Instant aws = Instant.now().plus(Duration.ofHours(1));
        this.aws
                .proxy()
                .stubFor(get(urlPathEqualTo(path("/configuration")))
                        .atPriority(1)
                        .inScenario("clock")
                        .whenScenarioStateIs(STARTED)
                        .willSetStateTo("seen")
                        .willReturn(json(configuration(""))
                                .withHeader("x-amzn-RequestId", "1")
                                .withHeader(
                                        "Date",
                                        DateTimeFormatter.RFC_1123_DATE_TIME.format(aws.atOffset(ZoneOffset.UTC)))));
        int[] sentBefore = {-1};
        log.onLine(line -> {
            if (line.contains("clock differs from AWS's by 3") && sentBefore[0] < 0) {
                sentBefore[0] = (int) this.aws.requests().stream()
                        .filter(sent -> sent.startsWith("PUT "))
                        .count();
            }
        });

        // S3, whose clock is another one here, refuses that time, and its own is learnt.
        assertEquals(Outcome.UPDATED, deploy(staged()));

        assertEquals(0, sentBefore[0], log.text());
        String hour = DateTimeFormatter.ofPattern("yyyyMMdd'T'HH").format(aws.atOffset(ZoneOffset.UTC));
        List<String> puts = toBucket().stream()
                .map(LoggedRequest::getUrl)
                .filter(url -> url.contains("X-Amz-Date="))
                .toList();
        assertTrue(puts.stream().anyMatch(url -> url.contains("X-Amz-Date=" + hour)), puts.toString());
    }

    @Test
    void theCodeOfAFunctionOnManagedInstancesIsPublishedWhereItsCallersRunIt() throws Exception {
        deploy(request());
        String managed =
                configuration(", \"CapacityProviderConfig\": {\"LambdaManagedInstancesCapacityProviderConfig\":"
                        + " {\"CapacityProviderArn\": \"arn:aws:lambda:eu-west-1:000000000000:capacity-provider:c\"}}");
        String version = configuration(", \"Version\": \"$LATEST.PUBLISHED\"");
        aws.proxy()
                .stubFor(get(urlPathMatching(".*" + name + "/configuration"))
                        .atPriority(2)
                        .willReturn(json(managed)));
        aws.proxy()
                .stubFor(get(urlPathMatching(".*" + name + "/configuration"))
                        .withQueryParam("Qualifier", equalTo("$LATEST.PUBLISHED"))
                        .atPriority(1)
                        .inScenario("published")
                        .whenScenarioStateIs(STARTED)
                        .willReturn(refusal(404, "ResourceNotFoundException", "Function not found")));
        aws.proxy()
                .stubFor(post(urlPathMatching(".*/versions"))
                        .atPriority(1)
                        .inScenario("published")
                        .willSetStateTo("yes")
                        .willReturn(json(version)));

        assertEquals(Outcome.RELEASED, deploy(request()));
        assertTrue(log.text().contains("$LATEST.PUBLISHED of " + name + " now has this code"), log.text());
        assertEquals(Outcome.UNCHANGED, deploy(request()));

        List<LoggedRequest> published = aws.proxy().findAll(postRequestedFor(urlPathMatching(".*/versions")));
        assertEquals(1, published.size());
        assertTrue(
                published.get(0).getBodyAsString().contains("\"PublishTo\":\"LATEST_PUBLISHED\""),
                published.toString());

        deploy(request().publish(true));

        assertTrue(
                log.text()
                        .contains(
                                "callers without a version or an alias run $LATEST.PUBLISHED, which a numbered version"
                                        + " does not change"),
                log.text());
    }

    @Test
    void unchangedCodeThatAnotherKeyIsNamedForIsSaidToStayAsItIs() throws Exception {
        deploy(request());

        assertEquals(
                Outcome.UNCHANGED, deploy(request().sourceKmsKeyArn("arn:aws:kms:eu-west-1:000000000000:key/other")));

        assertTrue(
                log.text().contains("The key arn:aws:kms:eu-west-1:000000000000:key/other (sourceKmsKeyArn)"),
                log.text());
        assertTrue(log.text().contains("Turn on force"), log.text());
    }

    @Test
    void everyRequestToABucketOfTheFunctionsAccountRequiresThatItStaysSo() throws Exception {
        project.withBallast("ballast.bin", 17 << 20);

        deploy(staged());

        List<LoggedRequest> sent = toBucket();
        assertTrue(sent.stream().anyMatch(request -> request.getUrl().contains("partNumber=2")), sent.toString());
        for (LoggedRequest request : sent) {
            assertEquals("000000000000", request.getHeader("x-amz-expected-bucket-owner"), request.getUrl());
        }
        assertFalse(log.text().contains("is not of the function's account"), log.text());
    }

    @Test
    void aBucketOfAnotherAccountIsUsedAndSaidToBeOne() throws Exception {
        aws.proxy()
                .stubFor(head(urlPathMatching("/" + bucket + "/?"))
                        .withHeader("x-amz-expected-bucket-owner", equalTo("000000000000"))
                        .atPriority(1)
                        .willReturn(aResponse().withStatus(403)));

        assertEquals(Outcome.UPDATED, deploy(staged()));

        assertTrue(
                log.text().contains("The staging bucket " + bucket + " is not of the function's account, 000000000000"),
                log.text());
        assertEquals(
                1,
                toBucket().stream()
                        .filter(request -> request.containsHeader("x-amz-expected-bucket-owner"))
                        .count());
    }

    @Test
    void fullCodeStorageIsSaidWithWhatHoldsIt() throws Exception {
        aws.proxy()
                .stubFor(put(urlPathMatching(".*/code"))
                        .atPriority(1)
                        .willReturn(refusal(400, "CodeStorageExceededException", "Code storage limit exceeded.")));
        aws.proxy()
                .stubFor(get(urlPathMatching(".*/account-settings/?"))
                        .atPriority(1)
                        .willReturn(json("{\"AccountLimit\":{\"TotalCodeSize\":80530636800},"
                                + "\"AccountUsage\":{\"TotalCodeSize\":80529588224,\"FunctionCount\":12}}")));
        aws.proxy()
                .stubFor(get(urlPathMatching(".*/versions"))
                        .atPriority(1)
                        .willReturn(json(
                                "{\"Versions\":[{\"Version\":\"$LATEST\",\"CodeSize\":5},{\"Version\":\"4\",\"CodeSize\":"
                                        + "1048576},{\"Version\":\"5\",\"CodeSize\":1048576}]}")));

        String message = failure(request());

        assertTrue(message.contains("CodeStorageExceededException: Code storage limit exceeded."), message);
        assertTrue(message.contains("In use: 76799.0 MB of 76800.0 MB, by 12 functions"), message);
        assertTrue(message.contains("has 2 published versions with 2.0 MB, the oldest is version 4"), message);
    }

    @Test
    void fullCodeStorageIsSaidAlsoToWhoMayNotAskWhatHoldsIt() throws Exception {
        aws.proxy()
                .stubFor(put(urlPathMatching(".*/code"))
                        .atPriority(1)
                        .willReturn(refusal(400, "CodeStorageExceededException", "Code storage limit exceeded.")));
        for (String path : List.of(".*/account-settings/?", ".*/versions")) {
            aws.proxy()
                    .stubFor(get(urlPathMatching(path))
                            .atPriority(1)
                            .willReturn(refusal(403, "AccessDeniedException", "no")));
        }

        String message = failure(request());

        assertTrue(message.endsWith("or ask AWS for a higher quota."), message);
    }
}
