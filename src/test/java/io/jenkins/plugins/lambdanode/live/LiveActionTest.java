package io.jenkins.plugins.lambdanode.live;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import com.cloudbees.plugins.credentials.SystemCredentialsProvider;
import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import hudson.model.FreeStyleProject;
import hudson.model.Item;
import hudson.model.Job;
import hudson.model.Label;
import hudson.model.Result;
import hudson.model.Run;
import hudson.model.queue.QueueTaskFuture;
import hudson.security.csrf.DefaultCrumbIssuer;
import hudson.tasks.Shell;
import io.jenkins.plugins.lambdanode.FunctionConfiguration;
import io.jenkins.plugins.lambdanode.LambdaNodeDeployBuilder;
import io.jenkins.plugins.lambdanode.LambdaNodeDeployStep;
import io.jenkins.plugins.lambdanode.record.LambdaPermissions;
import io.jenkins.plugins.lambdanode.testing.Account;
import io.jenkins.plugins.lambdanode.testing.Emulator;
import io.jenkins.plugins.lambdanode.testing.EmulatorExtension;
import io.jenkins.plugins.lambdanode.testing.jenkins.Aws;
import io.jenkins.plugins.lambdanode.testing.jenkins.Builds;
import java.lang.reflect.Method;
import java.net.URL;
import java.time.Duration;
import java.util.Arrays;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.stream.Collectors;
import java.util.stream.Stream;
import jenkins.model.Jenkins;
import org.htmlunit.HttpMethod;
import org.htmlunit.WebRequest;
import org.htmlunit.WebResponse;
import org.htmlunit.html.HtmlPage;
import org.jenkinsci.plugins.workflow.job.WorkflowJob;
import org.jenkinsci.plugins.workflow.job.WorkflowRun;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.ExtendWith;
import org.jvnet.hudson.test.JenkinsRule;
import org.jvnet.hudson.test.LogRecorder;
import org.jvnet.hudson.test.MockAuthorizationStrategy;
import org.jvnet.hudson.test.junit.jupiter.WithJenkins;
import org.kohsuke.stapler.interceptor.RequirePOST;
import software.amazon.awssdk.services.lambda.LambdaClient;

/** What can be done on a job's page Lambda, and who may. */
@WithJenkins
@ExtendWith(EmulatorExtension.class)
class LiveActionTest {

    private static final String FUNCTION = "live-action";
    private static final String ARN = "arn:aws:lambda:us-east-1:000000000000:function:" + FUNCTION;
    private static final String ROLL_BACK = "rollBack?functionArn=" + ARN + "&alias=live&version=";

    private static final Account ACCOUNT = new Account(Emulator.MINISTACK);
    private static final Duration PATIENCE = Duration.ofMinutes(2);
    private static final Duration SOON = Duration.ofSeconds(5);

    private static final Map<String, JenkinsRule.WebClient> CLIENTS = new HashMap<>();

    private static JenkinsRule jenkins;
    private static FreeStyleProject project;

    /** Versions 1 and 2, which alias live points to. */
    @BeforeAll
    static void deploy(JenkinsRule rule) throws Exception {
        jenkins = rule;
        Builds.startAgent(jenkins);
        LambdaNodeDeployStep settings = new LambdaNodeDeployStep(FUNCTION);
        settings.setCredentialsId(Aws.CREDENTIALS_ID);
        settings.setAlias("live");
        settings.setCreate(new FunctionConfiguration(Aws.ROLE));
        project = jenkins.createFreeStyleProject(FUNCTION);
        project.setAssignedLabel(Label.get("agent"));
        for (int answer = 1; answer <= 2; answer++) {
            project.getBuildersList()
                    .replaceBy(List.of(
                            new Shell("echo 'exports.handler = async () => " + answer + ";' > index.js"),
                            new LambdaNodeDeployBuilder(settings)));
            jenkins.buildAndAssertSuccess(project);
        }
        jenkins.jenkins.setSecurityRealm(jenkins.createDummySecurityRealm());
        jenkins.jenkins.setAuthorizationStrategy(new MockAuthorizationStrategy()
                .grant(Jenkins.READ, Item.READ)
                .everywhere()
                .to("reader", "builder", "operator", "configurer")
                .grant(Item.BUILD)
                .everywhere()
                .to("builder")
                .grant(LambdaPermissions.ROLL_BACK)
                .everywhere()
                .to("operator")
                .grant(Item.CONFIGURE)
                .everywhere()
                .to("configurer")
                .grant(Jenkins.ADMINISTER)
                .everywhere()
                .to("admin"));
        jenkins.jenkins.setCrumbIssuer(null);
    }

    @AfterAll
    static void stop() throws Exception {
        CLIENTS.clear();
        jenkins.after();
        jenkins = null;
        project = null;
    }

    @BeforeEach
    void pointTheAliasToVersion2() throws Exception {
        if (!aliasVersion().equals("2")) {
            jenkins.buildAndAssertSuccess(project);
        }
        assertEquals("2", aliasVersion());
    }

    private static String aliasVersion() {
        try (LambdaClient lambda = Aws.lambda()) {
            return lambda.getAlias(request -> request.functionName(FUNCTION).name("live"))
                    .functionVersion();
        }
    }

    private static void point(String version) {
        try (LambdaClient lambda = Aws.lambda()) {
            lambda.updateAlias(
                    request -> request.functionName(FUNCTION).name("live").functionVersion(version));
        }
    }

    private static JenkinsRule.WebClient client(String user) throws Exception {
        if (!CLIENTS.containsKey(user)) {
            JenkinsRule.WebClient client =
                    jenkins.createWebClient().withJavaScriptEnabled(false).withThrowExceptionOnFailingStatusCode(false);
            CLIENTS.put(user, user.equals("anonymous") ? client : client.login(user));
        }
        return CLIENTS.get(user);
    }

    private static WebResponse call(String user, HttpMethod method, String address) throws Exception {
        return call(project, user, method, address);
    }

    private static WebResponse call(Job<?, ?> job, String user, HttpMethod method, String address) throws Exception {
        return client(user)
                .loadWebResponse(new WebRequest(new URL(jenkins.getURL(), job.getUrl() + "lambda/" + address), method));
    }

    private static String page(String user) throws Exception {
        return page(user, project.getUrl() + "lambda/");
    }

    private static String page(String user, String address) throws Exception {
        HtmlPage page = client(user).goTo(address);
        return page.getElementById("main-panel").getTextContent().replaceAll("\\s+", " ");
    }

    private static JsonNode api(String address) throws Exception {
        return new ObjectMapper()
                .readTree(client("reader")
                        .goTo(address + "lambda/api/json", "application/json")
                        .getWebResponse()
                        .getContentAsString());
    }

    private static JsonNode live() throws Exception {
        return live(project);
    }

    private static JsonNode live(Job<?, ?> job) throws Exception {
        return api(job.getUrl()).path("functions").get(0).path("live");
    }

    @Test
    void allThatThePageCanDoIsByPostOnly() {
        List<Method> methods = Arrays.stream(LiveAction.class.getMethods())
                .filter(method -> method.getName().matches("do[A-Z].*"))
                .toList();

        assertEquals(
                Set.of("doCheck", "doRollBack", "doFinishNow", "doGoBack"),
                methods.stream().map(Method::getName).collect(Collectors.toSet()));
        assertTrue(methods.stream().allMatch(method -> method.isAnnotationPresent(RequirePOST.class)));
        assertTrue(Stream.of(LiveBranchesAction.class.getMethods())
                .noneMatch(method -> method.getName().matches("do[A-Z].*")));
    }

    @Test
    void whoMayNotRollBackCanNotAndNobodyCanByGet() throws Exception {
        for (String user : List.of("anonymous", "reader", "builder")) {
            assertEquals(403, call(user, HttpMethod.POST, ROLL_BACK + "1").getStatusCode(), user);
        }
        for (String user : List.of("reader", "operator", "admin")) {
            assertEquals(405, call(user, HttpMethod.GET, ROLL_BACK + "1").getStatusCode(), user);
            assertEquals(405, call(user, HttpMethod.GET, "check").getStatusCode(), user);
        }
        for (String user : List.of("anonymous", "reader")) {
            assertEquals(403, call(user, HttpMethod.POST, "check").getStatusCode(), user);
        }
        assertEquals("2", aliasVersion());
        for (String user : List.of("reader", "builder")) {
            assertFalse(page(user).contains("Roll back to this"), user);
        }
        for (String user : List.of("operator", "configurer", "admin")) {
            assertTrue(page(user).contains("Roll back to this"), user);
        }
    }

    @Test
    void anAliasGoesBackInUnderFiveSecondsAndThatIsWrittenDown() throws Exception {
        LogRecorder log = new LogRecorder()
                .record(LiveAction.class, java.util.logging.Level.INFO)
                .capture(10);
        long start = System.nanoTime();

        WebResponse answer = call("operator", HttpMethod.POST, ROLL_BACK + "1");

        Duration took = Duration.ofNanos(System.nanoTime() - start);
        assertEquals(200, answer.getStatusCode(), answer.getContentAsString());
        assertEquals("1", aliasVersion());
        assertTrue(took.compareTo(Duration.ofSeconds(5)) < 0, took.toString());
        String text = page("reader");
        assertTrue(text.contains("Roll back live-action · live to version 1 for operator"), text);
        assertTrue(text.contains("Alias live of live-action: 2 -> 1, which build #1 released"), text);
        assertTrue(text.contains("Version 1 · rolled back from version 2 · operator"), text);
        assertEquals("rolled_back", live().path("outcome").asText());
        assertEquals("operator", live().path("by").asText());
        assertEquals("2", live().path("previousVersion").asText());
        assertEquals(0, live().path("build").asInt());
        String said = String.join("\n", log.getMessages());
        assertTrue(said.contains("operator rolled alias live of " + ARN + " back from version 2 to version 1"), said);
        log.close();
        project.doReload();
        assertEquals("operator", live().path("by").asText(), "It survives");
    }

    @Test
    void onlyWhatTheJobHasRecordedCanBeGoneBackTo() throws Exception {
        for (String what : List.of(
                ROLL_BACK + "2",
                ROLL_BACK + "7",
                ROLL_BACK.replace("alias=live", "alias=other") + "1",
                ROLL_BACK.replace("alias=live&", "") + "1",
                ROLL_BACK.replace(ARN, ARN + "-other") + "1")) {
            assertEquals(404, call("operator", HttpMethod.POST, what).getStatusCode(), what);
        }
        assertEquals("2", aliasVersion());
    }

    @Test
    void credentialsThatTheJobMayNotUseAnyMoreAreNotUsed() throws Exception {
        var store = SystemCredentialsProvider.getInstance().getCredentials();
        var all = List.copyOf(store);
        store.clear();
        try {
            call("operator", HttpMethod.POST, ROLL_BACK + "1");

            String text = page("operator");
            assertTrue(
                    text.contains("There are no AWS credentials with the ID 'aws-deploy' that this job may use"), text);
            assertEquals("2", aliasVersion());
        } finally {
            store.addAll(all);
        }
    }

    @Test
    void aCheckSaysWhetherAwsHasWhatIsRecorded() throws Exception {
        assertEquals(200, call("builder", HttpMethod.POST, "check").getStatusCode());
        assertTrue(page("reader").contains("live-action · live: as recorded"), page("reader"));
        point("1");

        call("operator", HttpMethod.POST, "check");

        String text = page("reader");
        assertTrue(text.contains("Alias live points to version 1; the last record left it at version 2."), text);
        assertFalse(text.contains("$LATEST has"), text);
        jenkins.buildAndAssertSuccess(project);
        text = page("reader");
        assertFalse(text.contains("points to version 1"), "A later build has moved the alias: " + text);
    }

    private static String release(String function, String more) {
        return "lambdaNodeRelease functionName: '" + function + "', version: 2, alias: 'live', credentialsId: '"
                + Aws.CREDENTIALS_ID + "', region: '" + Account.REGION
                + "', rollout: 'Canary10Percent30Minutes'" + more;
    }

    private static WorkflowRun startRelease(String job, String function, String more) throws Exception {
        WorkflowRun run =
                Builds.pipeline(job, release(function, more)).scheduleBuild2(0).waitForStart();
        Builds.await(PATIENCE, () -> ACCOUNT.aliasTraffic(function, "live").equals("1 2=0.1"));
        return run;
    }

    private static String shift(String function, int build) {
        return "?build=" + build + "&functionArn=arn:aws:lambda:" + Account.REGION + ":000000000000:function:"
                + function + "&alias=live&version=2";
    }

    /** Clicks, and sees that the emulator has it soon. */
    private static void decide(Run<?, ?> run, String what, String function, String traffic) throws Exception {
        long start = System.nanoTime();
        WebResponse answer = call(run.getParent(), "operator", HttpMethod.POST, what);
        Duration took = Duration.ofNanos(System.nanoTime() - start);
        assertEquals(200, answer.getStatusCode(), answer.getContentAsString());
        assertEquals(traffic, ACCOUNT.aliasTraffic(function, "live"));
        assertTrue(took.compareTo(SOON) < 0, took.toString());
    }

    @Test
    void whoMayNotRollBackSeesTheWeightsOfAShiftAndEndsNone() throws Exception {
        String function = ACCOUNT.newFunctionWithTwoVersions();
        ACCOUNT.alarm(function, "OK", "no errors");
        long before = System.currentTimeMillis();
        WorkflowRun run = startRelease("live-action-permissions", function, ", alarms: '" + function + "'");
        WorkflowJob job = run.getParent();

        for (String what : List.of("finishNow", "goBack")) {
            for (String user : List.of("anonymous", "reader", "builder")) {
                assertEquals(
                        403,
                        call(job, user, HttpMethod.POST, what + shift(function, 1))
                                .getStatusCode(),
                        user);
            }
            for (String user : List.of("reader", "operator", "admin")) {
                assertEquals(
                        405,
                        call(job, user, HttpMethod.GET, what + shift(function, 1))
                                .getStatusCode(),
                        user);
            }
            jenkins.jenkins.setCrumbIssuer(new DefaultCrumbIssuer(false));
            try {
                assertEquals(
                        403,
                        call(job, "admin", HttpMethod.POST, what + shift(function, 1))
                                .getStatusCode(),
                        "without a crumb");
            } finally {
                jenkins.jenkins.setCrumbIssuer(null);
            }
        }
        assertEquals("1 2=0.1", ACCOUNT.aliasTraffic(function, "live"));
        for (String address : List.of(job.getUrl() + "lambda/", run.getUrl() + "lambda/")) {
            for (String user : List.of("reader", "builder")) {
                String text = page(user, address);
                assertTrue(text.contains(function + " · live: traffic shifts"), text);
                assertTrue(text.contains("Version 1: 90 % · version 2: 10 %"), text);
                assertTrue(text.contains("Canary10Percent30Minutes"), text);
                assertTrue(text.contains("alarms " + function), text);
                assertFalse(text.contains("Finish now") || text.contains("Back"), user + ": " + text);
            }
            for (String user : List.of("operator", "configurer", "admin")) {
                String text = page(user, address);
                assertTrue(text.contains("Finish now") && text.contains("Back"), user + ": " + text);
            }
        }
        for (JsonNode shift : List.of(
                api(job.getUrl()).path("shifts").get(0),
                api(run.getUrl()).path("shifts").get(0))) {
            assertEquals(function, shift.path("functionName").asText());
            assertEquals(
                    "live 1 2 10 Canary10Percent30Minutes 1",
                    String.join(
                            " ",
                            shift.path("alias").asText(),
                            shift.path("from").asText(),
                            shift.path("to").asText(),
                            shift.path("percent").asText(),
                            shift.path("rollout").asText(),
                            shift.path("build").asText()));
            assertEquals("[\"" + function + "\"]", shift.path("alarms").toString());
            long started = shift.path("started").asLong();
            assertTrue(started >= before && started <= System.currentTimeMillis(), shift.toString());
            assertEquals(Duration.ofMinutes(30).toMillis(), shift.path("next").asLong() - started);
            assertTrue(shift.path("decision").isNull(), shift.toString());
        }

        decide(run, "goBack" + shift(function, 1), function, "1");

        jenkins.assertBuildStatus(Result.FAILURE, jenkins.waitForCompletion(run));
    }

    @Test
    void aReleaseIsFinishedByAClickAndThatIsWrittenDown() throws Exception {
        String function = ACCOUNT.newFunctionWithTwoVersions();
        WorkflowRun run = startRelease("live-action-finished", function, "");
        LogRecorder log = new LogRecorder()
                .record(LiveAction.class, java.util.logging.Level.INFO)
                .capture(10);
        call(run.getParent(), "operator", HttpMethod.POST, "finishNow" + shift(function, 2));
        assertTrue(page("reader", run.getParent().getUrl() + "lambda/").contains("The shift of traffic has ended"));
        assertEquals("1 2=0.1", ACCOUNT.aliasTraffic(function, "live"), "of another build");

        decide(run, "finishNow" + shift(function, 1), function, "2");

        jenkins.assertBuildStatusSuccess(jenkins.waitForCompletion(run));
        jenkins.assertLogContains(
                "Alias live of function " + function + ": finished now by operator on the page Lambda", run);
        jenkins.assertLogContains("The shift of traffic, with Finish now and Back: live-action-finished » Lambda", run);
        JsonNode record =
                Builds.recordAt(run, "lambda/000000000000/" + Account.REGION + "/" + function + ".release-1.json");
        assertEquals(
                "operator on the page Lambda", record.at("/Alias/FinishedBy").asText());
        String said = String.join("\n", log.getMessages());
        assertTrue(
                said.contains("operator has given version 2 all traffic of alias live of arn:aws:lambda:"
                        + Account.REGION + ":000000000000:function:" + function
                        + ", which shifted from version 1 to version 2 (10 %), on the page of live-action-finished,"
                        + " build #1"),
                said);
        log.close();
        String text = page("reader", run.getParent().getUrl() + "lambda/");
        assertTrue(text.contains("Finish now for operator: " + function + " · live, #" + run.getNumber()), text);
        assertTrue(text.contains("all traffic goes to version 2"), text);
        assertTrue(text.contains("Version 2 · #1"), text);
        assertFalse(text.contains("traffic shifts"), text);
        assertTrue(
                page("reader", run.getUrl() + "lambda/")
                        .contains("Canary10Percent30Minutes · finished now by operator on the page Lambda"),
                page("reader", run.getUrl() + "lambda/"));
        assertEquals(0, api(run.getParent().getUrl()).path("shifts").size());

        call(run.getParent(), "operator", HttpMethod.POST, "goBack" + shift(function, 1));

        text = page("reader", run.getParent().getUrl() + "lambda/");
        assertTrue(
                text.matches(
                        "(?s).*Back for operator · [^·]*\\d:\\d\\d[^·]*The shift of traffic has ended meanwhile. Nothing was changed.*"),
                text);
        assertEquals("2", ACCOUNT.aliasTraffic(function, "live"));
    }

    @Test
    void aDeploymentOfAPipelineIsTakenBackByAClickAndThatOfAFreestyleJobFinished() throws Exception {
        LambdaNodeDeployStep settings = new LambdaNodeDeployStep("live-action-freestyle");
        settings.setCredentialsId(Aws.CREDENTIALS_ID);
        settings.setRegion(Account.REGION);
        settings.setAlias("live");
        settings.setRollout("Canary10Percent30Minutes");
        settings.setCreate(new FunctionConfiguration(Aws.ROLE));
        FreeStyleProject freestyle = jenkins.createFreeStyleProject("live-action-freestyle");
        freestyle
                .getBuildersList()
                .replaceBy(List.of(
                        new Shell("echo \"exports.handler = async () => $BUILD_NUMBER;\" > index.js"),
                        new LambdaNodeDeployBuilder(settings)));
        freestyle.setAssignedLabel(Label.get("agent"));
        jenkins.buildAndAssertSuccess(freestyle);
        QueueTaskFuture<?> second = freestyle.scheduleBuild2(0);
        Builds.await(
                PATIENCE,
                () -> ACCOUNT.aliasTraffic("live-action-freestyle", "live").equals("1 2=0.1"));
        decide(
                freestyle.getBuildByNumber(2),
                "finishNow" + shift("live-action-freestyle", 2),
                "live-action-freestyle",
                "2");
        second.get();
        jenkins.assertBuildStatusSuccess(freestyle.getBuildByNumber(2));
        assertEquals("2", live(freestyle).path("version").asText());

        String function = "live-action-pipeline";
        String deploy = Builds.deploy(function, ", alias: 'live', region: '" + Account.REGION + "'")
                .strip();
        WorkflowRun run = Builds.pipeline(
                        function,
                        "node('agent') {\n" + Builds.project("one") + deploy + "\n" + Builds.project("two") + deploy
                                + ", rollout: 'Canary10Percent30Minutes'\n}")
                .scheduleBuild2(0)
                .waitForStart();
        Builds.await(PATIENCE, () -> ACCOUNT.hasFunction(function));
        Builds.await(PATIENCE, () -> page(run, "operator").contains("version 2: 10 %"));

        decide(run, "goBack" + shift(function, 1), function, "1");

        jenkins.assertBuildStatus(Result.FAILURE, jenkins.waitForCompletion(run));
        Builds.assertOneError(
                run,
                "Alias live of function " + function
                        + " was taken back to version 1 by operator on the page Lambda at ");
        jenkins.assertLogContains("all traffic goes to version 1 again", run);
        String text = page("reader", run.getUrl() + "lambda/");
        assertTrue(text.contains("was taken back to version 1 by operator on the page Lambda at 2"), text);
        assertTrue(text.contains("failed in the phase shift"), text);
        assertEquals("1", live(run.getParent()).path("version").asText());
    }

    private static String page(Run<?, ?> run, String user) {
        try {
            return page(user, run.getParent().getUrl() + "lambda/");
        } catch (Exception e) {
            return "";
        }
    }

    @Test
    void ofTwoWhoDecideTheFirstDoes() throws Exception {
        String function = ACCOUNT.newFunctionWithTwoVersions();
        WorkflowRun run = startRelease("live-action-two", function, "");
        List<Thread> clicks = Stream.of("operator", "admin")
                .map(user -> new Thread(() -> {
                    try {
                        call(
                                run.getParent(),
                                user,
                                HttpMethod.POST,
                                (user.equals("admin") ? "finishNow" : "goBack") + shift(function, 1));
                    } catch (Exception e) {
                        throw new IllegalStateException(e);
                    }
                }))
                .toList();
        client("operator");
        client("admin");

        for (Thread click : clicks) {
            click.start();
        }
        for (Thread click : clicks) {
            click.join();
        }

        jenkins.waitForCompletion(run);
        String log = JenkinsRule.getLog(run);
        boolean finished = log.contains("finished now by admin");
        assertTrue(finished ^ log.contains("was taken back to version 1 by operator"), log);
        assertEquals(finished ? "2" : "1", ACCOUNT.aliasTraffic(function, "live"));
        jenkins.assertBuildStatus(finished ? Result.SUCCESS : Result.FAILURE, run);
    }
}
