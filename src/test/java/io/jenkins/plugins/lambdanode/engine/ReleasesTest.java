package io.jenkins.plugins.lambdanode.engine;

import static com.github.tomakehurst.wiremock.client.WireMock.aResponse;
import static com.github.tomakehurst.wiremock.client.WireMock.delete;
import static com.github.tomakehurst.wiremock.client.WireMock.equalTo;
import static com.github.tomakehurst.wiremock.client.WireMock.get;
import static com.github.tomakehurst.wiremock.client.WireMock.post;
import static com.github.tomakehurst.wiremock.client.WireMock.urlPathMatching;
import static com.github.tomakehurst.wiremock.stubbing.Scenario.STARTED;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import com.github.tomakehurst.wiremock.client.ResponseDefinitionBuilder;
import com.github.tomakehurst.wiremock.http.Fault;
import io.jenkins.plugins.lambdanode.engine.base.DeployException;
import io.jenkins.plugins.lambdanode.engine.report.DeployResult;
import io.jenkins.plugins.lambdanode.engine.report.DeploymentJson;
import io.jenkins.plugins.lambdanode.engine.report.Origin;
import io.jenkins.plugins.lambdanode.engine.request.DeployRequestBuilder;
import io.jenkins.plugins.lambdanode.testing.Account;
import io.jenkins.plugins.lambdanode.testing.Emulator;
import io.jenkins.plugins.lambdanode.testing.EmulatorExtension;
import io.jenkins.plugins.lambdanode.testing.KeptLog;
import io.jenkins.plugins.lambdanode.testing.Project;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.util.Base64;
import java.util.List;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.ExtendWith;
import org.junit.jupiter.api.extension.RegisterExtension;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/** How a version is released: tested before its alias moves, and which older ones stay. */
@ExtendWith(EmulatorExtension.class)
class ReleasesTest {

    private static final Account ACCOUNT = new Account(Emulator.MINISTACK);
    private static final ObjectMapper JSON = new ObjectMapper();
    private static final String WORKING =
            "exports.handler = async (event) => ({ statusCode: 200, body: 'pong ' + event.ping, items: [1, { a: 2, b: 3 }] });";

    @RegisterExtension
    final ObservedAws aws = new ObservedAws(Emulator.MINISTACK);

    @TempDir
    Path folder;

    private Origin origin = Origin.UNKNOWN;
    private final KeptLog log = new KeptLog();
    private final String name = Account.newName();
    private Project project;

    @BeforeEach
    void makeProject() {
        project = Project.answering(folder.resolve("project"), "").with("index.js", WORKING);
    }

    private interface Setting {
        void on(DeployRequestBuilder request) throws DeployException;
    }

    private DeployResult deploy(Setting setting) throws Exception {
        Orders orders = Orders.at(aws.endpoint(), ACCOUNT.role(), log);
        DeployRequestBuilder request = orders.unreleased(name).timeout(1);
        setting.on(request);
        return orders.deploy(project.folder(), request.build(), DeploymentContext.NONE.from(origin));
    }

    private DeployException failure(Setting setting) {
        return assertThrows(DeployException.class, () -> deploy(setting));
    }

    private List<String> invocations() {
        return aws.requests().stream()
                .filter(line -> line.contains("/invocations"))
                .toList();
    }

    @Test
    void aVersionThatRespondsAsExpectedGetsTheAliasAndItsFiguresAreRecorded() throws Exception {
        DeployResult result = deploy(request -> request.alias("live")
                .smokeTest("{\"ping\": 1}", "{\"statusCode\": 200, \"items\": [1.0, {\"b\": 3}]}")
                .smokeTest(null, null));

        assertEquals("1", ACCOUNT.aliasVersion(name, "live"));
        List<String> requests = aws.requests();
        int moved = requests.indexOf(requests.stream()
                .filter(line -> line.startsWith("POST") && line.endsWith("/aliases"))
                .findFirst()
                .orElseThrow());
        assertEquals(2, invocations().size());
        assertTrue(requests.lastIndexOf(invocations().get(1)) < moved, requests.toString());
        assertTrue(
                invocations().get(0).endsWith("?Qualifier=1")
                        || invocations().get(0).endsWith("/invocations"),
                invocations().get(0));
        JsonNode record = JSON.readTree(DeploymentJson.text(result));
        assertEquals(2, record.path("SmokeTests").size());
        assertTrue(record.path("Timings").toString().contains("\"verify\""), record.toString());
        assertTrue(log.text().contains("Smoke test no. 2 of version 1 of function " + name + ": passed"), log.text());
    }

    @Test
    void aTestThatFailsBeforeThereIsTheAliasSaysThatItWasNotMade() throws Exception {
        String message = failure(request -> request.alias("live").smokeTest("{}", "{\"statusCode\": 404}"))
                .getMessage();

        assertTrue(message.contains("\nAlias live was not made. "), message);
        assertFalse(message.contains("callers"), message);
    }

    @Test
    void aVersionThatRespondsOtherwiseStaysWithoutCallers() throws Exception {
        deploy(request -> request.alias("live"));
        project.with("index.js", WORKING.replace("200", "500"));

        String message = failure(request -> request.alias("live").smokeTest("{}", "{\"statusCode\": 200}"))
                .getMessage();
        assertFalse(log.text().contains("said last"), "The emulator gives no log");

        assertTrue(
                message.contains("The smoke test of version 2 of function " + name
                        + " failed: its response is not as expected: $.statusCode is 500, not 200"),
                message);
        assertTrue(message.contains("Alias live was not moved"), message);
        assertFalse(log.text().contains("The last lines of"), log.text());
        assertEquals("1", ACCOUNT.aliasVersion(name, "live"));
    }

    @Test
    void aVersionThatCallersRunAlreadyIsSaidToBeTheirs() throws Exception {
        deploy(request -> request.alias("live"));

        String message = failure(request -> request.alias("live").smokeTest("{}", "{\"statusCode\": 404}"))
                .getMessage();

        assertTrue(message.contains("Alias live points to this version already: callers run it."), message);
    }

    @Test
    void anErrorOfTheFunctionFailsTheDeployment() throws Exception {
        project.with("index.js", "exports.handler = async () => { throw new TypeError('no table'); };");

        DeployException failure = failure(request -> request.alias("live").smokeTest("{}", null));

        assertTrue(
                failure.getMessage().contains("failed: it ended with Runtime.HandlerError: no table"),
                failure.getMessage());
        assertFalse(ACCOUNT.versions(name).isEmpty());
    }

    /** A response as AWS's runtime and Lambda API reference, Invoke, give it. */
    @Test
    void anErrorIsShownWithItsStackTheFunctionsLastLinesAndWhatToDo() throws Exception {
        String log64 = Base64.getEncoder()
                .encodeToString("START RequestId: 1 Version: 1\nlooked for a table\nEND RequestId: 1\n"
                        .getBytes(StandardCharsets.UTF_8));
        aws.proxy()
                .stubFor(
                        post(urlPathMatching(".*/invocations"))
                                .willReturn(
                                        aResponse()
                                                .withStatus(200)
                                                .withHeader("x-amzn-RequestId", "1")
                                                .withHeader("X-Amz-Function-Error", "Unhandled")
                                                .withHeader("X-Amz-Log-Result", log64)
                                                .withBody(
                                                        "{\"errorType\": \"Runtime.ImportModuleError\", \"errorMessage\": \"Error: Cannot find module"
                                                                + " 'pg'\", \"trace\": [\"Runtime.ImportModuleError: Error\", \"    at src/index.ts:7:1\"]}")));

        DeployException failure = failure(request -> request.alias("live").smokeTest("{}", null));

        assertTrue(
                failure.getMessage().contains("Runtime.ImportModuleError: Error: Cannot find module 'pg'"),
                failure.getMessage());
        assertTrue(failure.getMessage().contains("A module is not in the package"), failure.getMessage());
        for (String line : List.of("at src/index.ts:7:1", "looked for a table")) {
            assertTrue(log.text().contains(line), log.text());
            assertTrue(failure.messageWithOutput().contains(line), failure.messageWithOutput());
        }
    }

    @Test
    void aResponseThatIsLostIsNotAskedForAgain() throws Exception {
        deploy(request -> request.alias("live"));
        project.with("index.js", WORKING.replace("pong", "ping"));
        aws.proxy()
                .stubFor(post(urlPathMatching(".*/invocations"))
                        .willReturn(aResponse().withFault(Fault.CONNECTION_RESET_BY_PEER)));

        String message =
                failure(request -> request.alias("live").smokeTest("{}", null)).getMessage();

        assertTrue(message.contains("Whether it ran is not known, and it was not invoked again"), message);
        assertEquals(1, invocations().size());
        assertEquals("1", ACCOUNT.aliasVersion(name, "live"));
    }

    @Test
    void anInvocationThatLambdaRefusesForItsLoadIsAskedForAgain() throws Exception {
        aws.proxy()
                .stubFor(post(urlPathMatching(".*/invocations"))
                        .inScenario("busy")
                        .whenScenarioStateIs(STARTED)
                        .willSetStateTo("free")
                        .willReturn(aResponse()
                                .withStatus(429)
                                .withHeader("x-amzn-ErrorType", "TooManyRequestsException")
                                .withHeader("x-amzn-RequestId", "1")
                                .withBody("{\"message\": \"Rate Exceeded.\"}")));

        deploy(request -> request.alias("live").smokeTest("{}", "{\"statusCode\": 200}"));

        assertEquals(2, invocations().size());
    }

    /** Lambda API reference, Invoke, ResourceNotReadyException: of a function that nobody has called for weeks. */
    @Test
    void aVersionThatWasIdleForWeeksIsAskedAgainWhenItIsReady() throws Exception {
        aws.proxy()
                .stubFor(post(urlPathMatching(".*/invocations"))
                        .inScenario("idle")
                        .whenScenarioStateIs(STARTED)
                        .willSetStateTo("ready")
                        .willReturn(refusal(502, "ResourceNotReadyException", "The function is inactive.")));

        deploy(request -> request.alias("live").smokeTest("{}", "{\"statusCode\": 200}"));

        assertEquals(2, invocations().size());
    }

    @ParameterizedTest
    @CsvSource({
        "500, ServiceException, was not invoked again. Run the deployment again if the function may run twice",
        "502, ENILimitReachedException, Fix what AWS names and run the deployment again"
    })
    void onlyWhereTheFunctionMayHaveRunIsThatNotKnown(int status, String code, String advice) throws Exception {
        aws.proxy().stubFor(post(urlPathMatching(".*/invocations")).willReturn(refusal(status, code, "AWS's words")));

        String message =
                failure(request -> request.alias("live").smokeTest("{}", null)).getMessage();

        assertTrue(message.contains("AWS's words"), message);
        assertTrue(message.contains(advice), message);
        assertEquals(1, invocations().size());
    }

    private static ResponseDefinitionBuilder refusal(int status, String code, String message) {
        return aResponse()
                .withStatus(status)
                .withHeader("x-amzn-ErrorType", code)
                .withHeader("x-amzn-RequestId", "1")
                .withBody("{\"Message\": \"" + message + "\"}");
    }

    @Test
    void withoutAnAliasTheLatestCodeIsTestedAndTheLogSaysThatCallersMayHaveIt() throws Exception {
        String message = failure(request -> request.smokeTest("{}", "{\"statusCode\": 201}"))
                .getMessage();

        assertTrue(message.contains("The smoke test of version $LATEST of function " + name), message);
        assertTrue(log.text().contains("may run this code already while it is tested"), log.text());
    }

    @Test
    void aDryRunInvokesNothing() throws Exception {
        deploy(request -> request.dryRun(true).smokeTest("{}", null));

        assertEquals(List.of(), invocations());
    }

    private void deployAnswering(String answer, Setting setting) throws Exception {
        project.with("index.js", Project.handler(answer));
        deploy(setting);
    }

    @Test
    void olderVersionsAreDeletedButThoseOfAliasesThoseWithProvisionedConcurrencyAndTheOneToGoBackTo() throws Exception {
        for (int version = 1; version <= 4; version++) {
            deployAnswering("v" + version, request -> request.alias("live"));
        }
        ACCOUNT.newAlias(name, "pinned", "1");
        aws.proxy()
                .stubFor(get(urlPathMatching(".*/provisioned-concurrency"))
                        .willReturn(aResponse()
                                .withStatus(200)
                                .withHeader("x-amzn-RequestId", "1")
                                .withBody(
                                        "{\"ProvisionedConcurrencyConfigs\": [{\"FunctionArn\": \"arn:aws:lambda:eu-west-1:1:function:"
                                                + name + ":2\"}]}")));

        deployAnswering("v5", request -> request.alias("live").keepVersions(1));

        assertEquals("1 2 4 5", ACCOUNT.versions(name));
        assertTrue(log.text().contains("Deleted version 3 of function " + name), log.text());
        int deleted = aws.requests().stream()
                .filter(line -> line.startsWith("DELETE"))
                .toList()
                .size();
        deployAnswering("v5", request -> request.alias("live").keepVersions(1));
        assertEquals(
                deleted,
                aws.requests().stream()
                        .filter(line -> line.startsWith("DELETE"))
                        .toList()
                        .size());
    }

    @Test
    void aDeletionThatIsNotAllowedIsAWarning() throws Exception {
        deployAnswering("v1", request -> request.publish(true));
        aws.proxy()
                .stubFor(
                        delete(urlPathMatching(".*/functions/.*"))
                                .willReturn(
                                        aResponse()
                                                .withStatus(403)
                                                .withHeader("x-amzn-ErrorType", "AccessDeniedException")
                                                .withHeader("x-amzn-RequestId", "1")
                                                .withBody(
                                                        "{\"Message\": \"User: u is not authorized to perform: lambda:DeleteFunction\"}")));

        deployAnswering("v2", request -> request.publish(true).keepVersions(1));

        assertTrue(log.text().contains("WARNING: Old versions of function " + name + " stay. "), log.text());
        assertTrue(log.text().contains("lambda:DeleteFunction"), log.text());
    }

    /** Lambda keeps the versions that Lambda@Edge has replicas of (CloudFront Developer Guide, "Delete Lambda@Edge functions"). */
    @Test
    void aVersionThatLambdaKeepsDoesNotKeepTheOthers() throws Exception {
        for (int version = 1; version <= 4; version++) {
            deployAnswering("v" + version, request -> request.publish(true));
        }
        String words = "Lambda was unable to delete it because it is a replicated function";
        aws.proxy()
                .stubFor(delete(urlPathMatching(".*/functions/.*"))
                        .withQueryParam("Qualifier", equalTo("3"))
                        .willReturn(refusal(400, "InvalidParameterValueException", words)));
        aws.proxy()
                .stubFor(delete(urlPathMatching(".*/functions/.*"))
                        .withQueryParam("Qualifier", equalTo("2"))
                        .willReturn(refusal(404, "ResourceNotFoundException", "Function not found")));

        deployAnswering("v5", request -> request.publish(true).keepVersions(1));

        assertTrue(log.text().contains("that keepVersions would delete stay: 3. "), log.text());
        assertTrue(log.text().contains(words), log.text());
        assertTrue(log.text().contains("Version 2 of function " + name + " is deleted already"), log.text());
        assertEquals("2 3 5", ACCOUNT.versions(name));
    }

    @Test
    void aVersionsDescriptionSaysWhichCommitAndWhichBuildMadeIt() throws Exception {
        origin = new Origin(
                ".", "0123456789abcdef0123456789abcdef01234567", "", "https://ci.example.com/job/orders/7/", "");

        deploy(request -> request.publish(true));
        deploy(request -> request.publish(true));

        assertEquals("1", ACCOUNT.versions(name));
        assertEquals(
                "commit 0123456789abcdef0123456789abcdef01234567, https://ci.example.com/job/orders/7/",
                ACCOUNT.configuration(name + ":1", "Description"));
    }
}
