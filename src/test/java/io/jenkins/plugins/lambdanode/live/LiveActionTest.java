package io.jenkins.plugins.lambdanode.live;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import com.cloudbees.plugins.credentials.SystemCredentialsProvider;
import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import hudson.model.FreeStyleProject;
import hudson.model.Item;
import hudson.model.Label;
import hudson.tasks.Shell;
import io.jenkins.plugins.lambdanode.FunctionConfiguration;
import io.jenkins.plugins.lambdanode.LambdaNodeDeployBuilder;
import io.jenkins.plugins.lambdanode.LambdaNodeDeployStep;
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
                .grant(LiveAction.ROLL_BACK)
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
        return client(user)
                .loadWebResponse(
                        new WebRequest(new URL(jenkins.getURL(), project.getUrl() + "lambda/" + address), method));
    }

    private static String page(String user) throws Exception {
        HtmlPage page = client(user).goTo(project.getUrl() + "lambda/");
        return page.getElementById("main-panel").getTextContent().replaceAll("\\s+", " ");
    }

    private static JsonNode live() throws Exception {
        String json = client("reader")
                .goTo(project.getUrl() + "lambda/api/json", "application/json")
                .getWebResponse()
                .getContentAsString();
        return new ObjectMapper().readTree(json).path("functions").get(0).path("live");
    }

    @Test
    void allThatThePageCanDoIsByPostOnly() {
        List<Method> methods = Arrays.stream(LiveAction.class.getMethods())
                .filter(method -> method.getName().matches("do[A-Z].*"))
                .toList();

        assertEquals(
                Set.of("doCheck", "doRollBack"),
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
        point("2");
    }
}
