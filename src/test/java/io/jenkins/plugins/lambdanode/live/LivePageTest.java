package io.jenkins.plugins.lambdanode.live;

import static org.junit.jupiter.api.Assertions.assertDoesNotThrow;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertNull;
import static org.junit.jupiter.api.Assertions.assertTrue;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import hudson.model.Cause;
import hudson.model.FreeStyleBuild;
import hudson.model.FreeStyleProject;
import hudson.model.Item;
import hudson.model.Job;
import hudson.model.Label;
import hudson.model.TaskListener;
import hudson.model.TopLevelItem;
import hudson.model.User;
import hudson.plugins.git.GitSCM;
import hudson.security.AuthorizationStrategy;
import hudson.security.SecurityRealm;
import hudson.tasks.Shell;
import io.jenkins.plugins.lambdanode.FunctionConfiguration;
import io.jenkins.plugins.lambdanode.LambdaNodeDeployBuilder;
import io.jenkins.plugins.lambdanode.LambdaNodeDeployStep;
import io.jenkins.plugins.lambdanode.SmokeTest;
import io.jenkins.plugins.lambdanode.engine.steps.ShiftJournal;
import io.jenkins.plugins.lambdanode.record.DeploymentAction;
import io.jenkins.plugins.lambdanode.record.LiveShifts;
import io.jenkins.plugins.lambdanode.record.RecordedDeployment;
import io.jenkins.plugins.lambdanode.testing.EmulatorExtension;
import io.jenkins.plugins.lambdanode.testing.jenkins.Aws;
import io.jenkins.plugins.lambdanode.testing.jenkins.Builds;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.time.Instant;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.CountDownLatch;
import jenkins.branch.BranchSource;
import jenkins.model.Jenkins;
import jenkins.plugins.git.GitSCMSource;
import jenkins.plugins.git.traits.BranchDiscoveryTrait;
import org.htmlunit.html.HtmlAnchor;
import org.htmlunit.html.HtmlElement;
import org.htmlunit.html.HtmlPage;
import org.jenkinsci.plugins.workflow.job.WorkflowRun;
import org.jenkinsci.plugins.workflow.multibranch.WorkflowMultiBranchProject;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.ExtendWith;
import org.junit.jupiter.api.io.TempDir;
import org.jvnet.hudson.test.FakeChangeLogSCM;
import org.jvnet.hudson.test.JenkinsRule;
import org.jvnet.hudson.test.MockAuthorizationStrategy;
import org.jvnet.hudson.test.SleepBuilder;
import org.jvnet.hudson.test.junit.jupiter.WithJenkins;
import software.amazon.awssdk.services.lambda.LambdaClient;

/** What the page Lambda of a job and of a multibranch project says is live, and what it has to read for that. */
@WithJenkins
@ExtendWith(EmulatorExtension.class)
class LivePageTest {

    private static final String FUNCTION = "live-page";
    private static final String RECORDS = "lambda-deployments.xml";

    private static JenkinsRule jenkins;
    private static FreeStyleProject project;

    /** Deploys three times: version 1, version 2 with two commits, and version 2 again. */
    @BeforeAll
    static void deploy(JenkinsRule rule) throws Exception {
        jenkins = rule;
        Builds.startAgent(jenkins);
        project = jenkins.createFreeStyleProject(FUNCTION);
        project.setAssignedLabel(Label.get("agent"));
        LambdaNodeDeployStep settings = new LambdaNodeDeployStep(FUNCTION);
        settings.setCredentialsId(Aws.CREDENTIALS_ID);
        settings.setAlias("live");
        settings.setInstall("none");
        settings.setSmokeTest(List.of(new SmokeTest()));
        settings.setCreate(new FunctionConfiguration(Aws.ROLE));
        LambdaNodeDeployBuilder deploying = new LambdaNodeDeployBuilder(settings);
        project.getBuildersList().replaceBy(List.of(writing("1"), deploying));
        jenkins.buildAndAssertSuccess(project);
        FakeChangeLogSCM scm = new FakeChangeLogSCM();
        scm.addChange().withAuthor("alice").withMsg("Round up\n\nand more");
        scm.addChange().withAuthor("bob").withMsg("<img src=x onerror=alert(1)>");
        project.setScm(scm);
        User.getById("carol", true);
        project.getBuildersList().replaceBy(List.of(writing("22"), deploying));
        jenkins.assertBuildStatusSuccess(project.scheduleBuild2(0, new Cause.UserIdCause("carol")));
        jenkins.buildAndAssertSuccess(project);
    }

    private static Shell writing(String answer) {
        String packages = "\"node_modules/pad\":{\"version\":\"" + answer
                + ".0.0\",\"resolved\":\"https://example.org/pad.tgz\"}";
        return new Shell("echo 'exports.handler = async () => " + answer + ";' > index.js\n"
                + "mkdir -p node_modules/pad; echo '{\"dependencies\":{\"pad\":\"*\"}}' > package.json\n"
                + "echo '{\"name\":\"pad\",\"version\":\"" + answer + ".0.0\"}' > node_modules/pad/package.json\n"
                + "echo 'exports.p = 1;' > node_modules/pad/index.js\n"
                + "echo '{\"lockfileVersion\":3,\"packages\":{" + packages + "}}' > node_modules/.package-lock.json\n"
                + "cp node_modules/.package-lock.json package-lock.json");
    }

    @AfterAll
    static void stop() throws Exception {
        jenkins.after();
        jenkins = null;
        project = null;
    }

    private static HtmlPage page(String address) throws Exception {
        return jenkins.createWebClient().goTo(address);
    }

    private static JsonNode json(String address) throws Exception {
        return new ObjectMapper()
                .readTree(jenkins.createWebClient()
                        .goTo(address, "application/json")
                        .getWebResponse()
                        .getContentAsString());
    }

    private static String codeOfAlias() {
        try (LambdaClient lambda = Aws.lambda()) {
            return lambda.getFunctionConfiguration(
                            request -> request.functionName(FUNCTION).qualifier("live"))
                    .codeSha256();
        }
    }

    @Test
    void thePageSaysWhatIsLiveFromWhichBuildByWhomAndWhatWasBefore() throws Exception {
        HtmlPage job = page(project.getUrl());
        HtmlPage page =
                ((HtmlAnchor) job.getFirstByXPath("//a[contains(@href,'/lambda')][contains(.,'Lambda')]")).click();

        String text = words(page);

        assertTrue(text.contains("live-page · liveVersion 2 · #2 · carol · "), text);
        assertTrue(text.contains("us-east-1 · account 000000000000"), text);
        assertTrue(text.contains("CodeSha256 " + codeOfAlias()), text);
        assertTrue(text.contains("smoke test passed"), text);
        assertTrue(text.contains("<img src=x onerror=alert(1)> bob Round up alicepad 1.0.0 -> 22.0.0Earlier"), text);
        assertTrue(text.contains("Earlier deploymentsVersionOrigin1#1 · "), text);
        assertFalse(text.contains("#3 ·"), "It did not put there what was there: " + text);
    }

    /** Those in folded parts of the page too. */
    private static String words(HtmlPage page) {
        return page.getElementById("main-panel").getTextContent().replaceAll("\\s+", " ");
    }

    @Test
    void allOfItIsInTheJsonOfTheJobsPageAndOfTheBuilds() throws Exception {
        JsonNode functions = json(project.getUrl() + "lambda/api/json").path("functions");

        assertEquals(1, functions.size(), functions.toString());
        JsonNode function = functions.get(0);
        assertEquals(
                "live-page live us-east-1 000000000000",
                String.join(
                        " ",
                        function.path("functionName").asText(),
                        function.path("alias").asText(),
                        function.path("region").asText(),
                        function.path("account").asText()));
        JsonNode live = function.path("live");
        assertEquals("2", live.path("version").asText());
        assertEquals(2, live.path("build").asInt());
        assertEquals("carol", live.path("by").asText());
        assertEquals(codeOfAlias(), live.path("codeSha256").asText());
        assertEquals(1, live.path("smokeTests").size());
        assertEquals("Round up", live.path("changes").get(1).path("message").asText());
        assertEquals("1", function.path("earlier").get(0).path("version").asText());
        assertFalse(functions.toString().contains(Aws.CREDENTIALS_ID), functions.toString());
        for (String address : List.of("2/lambda/api/json", "2/api/json?tree=actions[functions[*]]")) {
            JsonNode build = json(project.getUrl() + address);
            JsonNode deployed = build.findPath("functions").get(0);
            assertEquals("2", deployed.path("version").asText(), build.toString());
            assertEquals(codeOfAlias(), deployed.path("codeSha256").asText());
        }
    }

    @Test
    void aRollbackAsksBeforeItIsDone() throws Exception {
        HtmlElement button = page(project.getUrl() + "lambda/").getFirstByXPath("//a[.='Roll back to this']");

        assertEquals("true", button.getAttribute("data-post"));
        assertEquals("Roll back to version 1?", button.getAttribute("data-title"));
        assertEquals(
                "live-page · live goes from version 2 to version 1 at once. That is recorded with your name.",
                button.getAttribute("data-message"));
        assertTrue(button.getAttribute("data-url").startsWith("rollBack?functionArn=arn"), button.toString());
        button.click();
        assertEquals(
                "2",
                json(project.getUrl() + "lambda/api/json")
                        .path("functions")
                        .get(0)
                        .path("live")
                        .path("version")
                        .asText());
    }

    @Test
    void whatTakesLongerThanThePageWaitsIsSaidToBeInProgressAndThenWhatCameOfIt() throws Exception {
        FreeStyleProject busy = jenkins.createFreeStyleProject("live-page-busy");
        copyRecords(busy);
        busy.updateNextBuildNumber(project.getNextBuildNumber());
        CountDownLatch mayEnd = new CountDownLatch(1);
        Thread asking = new Thread(() ->
                assertDoesNotThrow(() -> PageTask.Latest.get().start(busy, "Roll back for admin", () -> {
                    mayEnd.await();
                    return new PageTask.Outcome(List.of("2 -> 1"), true);
                })));
        asking.start();
        try {
            Builds.await(Duration.ofMinutes(1), () -> PageTask.Latest.get().of(busy) != null);
            String text = words(page(busy.getUrl() + "lambda/"));
            assertTrue(
                    text.matches(
                            "(?s).*Roll back for admin · [^·]*\\d:\\d\\d[^·]* · in progress, load this page again.*"),
                    text);
        } finally {
            mayEnd.countDown();
            asking.join();
        }
        String text = words(page(busy.getUrl() + "lambda/"));
        assertTrue(text.matches("(?s).*Roll back for admin · [^·]*\\d:\\d\\d[^·]*2 -> 1.*"), text);
        assertFalse(text.contains("in progress"), text);
    }

    @Test
    void aShiftOfTrafficIsShownWithWhatItsButtonsAskAlsoWhereNothingIsRecordedYet() throws Exception {
        FreeStyleProject first = jenkins.createFreeStyleProject("live-page-first");
        first.getBuildersList().add(new SleepBuilder(Duration.ofMinutes(10).toMillis()));
        FreeStyleBuild build = first.scheduleBuild2(0).waitForStart();
        ShiftJournal.Shift shift = new ShiftJournal.Shift(
                "arn:aws:lambda:us-east-1:000000000000:function:live-page",
                "live",
                "2",
                "3",
                Optional.of(Instant.now()),
                List.of(),
                new ShiftJournal.Stage(
                        "20 % every 1 min",
                        List.of("orders-<errors>", "latency"),
                        40,
                        Optional.of(Instant.now().plusSeconds(60))),
                Optional.empty());
        try (LiveShifts.Running running =
                LiveShifts.get().add(build, ShiftJournal.inMemory(), TaskListener.NULL, () -> {})) {
            running.journal().save(shift);
            HtmlPage page = page(first.getUrl() + "lambda/");
            String text = words(page);
            assertTrue(text.contains("live-page · live: traffic shiftsVersion 2: 60 % · version 3: 40 %#1 · "), text);
            assertTrue(text.contains("20 % every 1 min · since "), text);
            assertTrue(text.contains("alarms orders-<errors>, latency"), text);
            HtmlElement finish = page.getFirstByXPath("//a[.='Finish now']");
            HtmlElement back = page.getFirstByXPath("//a[.='Back']");
            assertEquals("All traffic to version 3?", finish.getAttribute("data-title"));
            assertEquals(
                    "live-page · live sends all its callers to version 3 at once, and the build goes on. That is recorded"
                            + " with your name.",
                    finish.getAttribute("data-message"));
            assertEquals("All traffic back to version 2?", back.getAttribute("data-title"));
            assertEquals(
                    "live-page · live sends all its callers to version 2 at once, and the build fails. That is recorded"
                            + " with your name.",
                    back.getAttribute("data-message"));
            for (HtmlElement button : List.of(finish, back)) {
                assertEquals("true", button.getAttribute("data-post"));
                assertTrue(button.getAttribute("data-url").contains("lambda/"), button.toString());
            }
            assertEquals(
                    List.of("live-page · live · 40 % of the traffic to version 3"),
                    build.getAction(DeploymentAction.class).getLines());
            LiveShifts.get()
                    .of(build)
                    .get(0)
                    .decide(new ShiftJournal.Decision(
                            ShiftJournal.Choice.BACK, "admin on the page Lambda", Instant.now()));
            page = page(build.getUrl() + "lambda/");
            assertTrue(words(page).contains("admin on the page Lambda has decided: Back."), words(page));
            assertNull(page.getFirstByXPath("//a[.='Back']"));
            assertEquals(
                    "back",
                    json(first.getUrl() + "lambda/api/json")
                            .findPath("decision")
                            .asText());
        } finally {
            build.doStop();
            jenkins.waitForCompletion(build);
        }
        assertFalse(words(page(first.getUrl() + "lambda/")).contains("traffic shifts"));
        assertTrue(page(build.getUrl()).getAnchors().stream()
                .noneMatch(link -> link.getHrefAttribute().contains("/lambda")));
    }

    @Test
    void theLogOfABuildLeadsToThePage() throws Exception {
        HtmlPage log = page(project.getUrl() + "1/console");

        HtmlAnchor link = log.getAnchorByText("live-page » Lambda");

        assertEquals("/jenkins/" + project.getUrl() + "lambda/", link.getHrefAttribute());
    }

    @Test
    void aJobThatHasDeployedNothingHasNoSuchPage() throws Exception {
        FreeStyleProject idle = jenkins.createFreeStyleProject("live-page-idle");

        assertTrue(page(idle.getUrl()).getAnchors().stream()
                .noneMatch(link -> link.getHrefAttribute().contains("/lambda")));
    }

    private static void copyRecords(Job<?, ?> to) throws Exception {
        Files.copy(
                project.getRootDir().toPath().resolve(RECORDS),
                to.getRootDir().toPath().resolve(RECORDS));
    }

    @Test
    void whatIsLiveIsKnownWithoutItsBuildAndOfThousandsOfBuildsNoneIsLoadedForIt() throws Exception {
        FreeStyleProject old = jenkins.createFreeStyleProject("live-page-old");
        copyRecords(old);
        for (int number = 10; number < 10_010; number++) {
            Path build = old.getBuildDir().toPath().resolve(Integer.toString(number));
            Files.createDirectories(build);
            Files.writeString(
                    build.resolve("build.xml"),
                    "<build><timestamp>1</timestamp><startTime>1</startTime><result>SUCCESS</result></build>");
        }
        old.updateNextBuildNumber(10_010);
        old.doReload();

        JsonNode api = json(old.getUrl() + "lambda/api/json");

        assertEquals(
                "2", api.path("functions").get(0).path("live").path("version").asText());
        assertTrue(loadedBuilds(old) <= 1, "Jenkins loads the last build for any page of a job");
        HtmlPage page = page(old.getUrl() + "lambda/");
        assertTrue(words(page).contains("Version 2 · #2 · carol"), words(page));
        assertTrue(page.getAnchors().stream()
                .noneMatch(link -> link.getHrefAttribute().contains("/2/")));
        assertTrue(loadedBuilds(old) < 50, "Those of the build history beside the page, not " + loadedBuilds(old));

        old.renameTo("live-page-renamed");
        assertEquals(
                api.path("functions"), json(old.getUrl() + "lambda/api/json").path("functions"));
        TopLevelItem copy = jenkins.jenkins.copy((TopLevelItem) old, "live-page-copy");
        assertTrue(page(copy.getUrl()).getAnchors().stream()
                .noneMatch(link -> link.getHrefAttribute().endsWith("/lambda")));
    }

    @Test
    void ofADamagedFileThePageShowsWhatIsWhole() throws Exception {
        FreeStyleProject damaged = jenkins.createFreeStyleProject("live-page-damaged");
        copyRecords(damaged);
        Path file = damaged.getRootDir().toPath().resolve(RECORDS);
        String whole = Files.readString(file);
        String element = "<" + RecordedDeployment.class.getName() + ">";
        assertTrue(whole.contains(element), whole);
        Files.writeString(
                file,
                whole.replaceFirst(
                        element,
                        "<string>x</string><null/>" + element + "<alias>live</alias></" + element.substring(1)
                                + element));

        JsonNode functions = json(damaged.getUrl() + "lambda/api/json").path("functions");
        assertEquals(1, functions.size());
        assertEquals("2", functions.get(0).path("live").path("version").asText());
        assertTrue(words(page(damaged.getUrl() + "lambda/")).contains("Version 2"));

        Files.writeString(file, whole.substring(0, whole.length() / 2));
        assertEquals(
                0, json(damaged.getUrl() + "lambda/api/json").path("functions").size());
        assertFalse(words(page(damaged.getUrl() + "lambda/")).contains("Version 2"));
    }

    private static int loadedBuilds(FreeStyleProject of) {
        return of.getLazyBuildMixIn().getRunMap().getLoadedBuilds().size();
    }

    @Test
    void aMultibranchProjectsPageHasTheBranchesThatItsReaderMayRead(@TempDir Path repository) throws Exception {
        Files.writeString(repository.resolve("Jenkinsfile"), "if (env.BUILD_NUMBER != '1') { sleep 600 }");
        assertEquals(
                0,
                new ProcessBuilder(
                                "sh",
                                "-ec",
                                "git init -q -b main; git add .; git -c user.name=t -c user.email=t@example.org"
                                        + " commit -q -m first; git branch secret; git branch idle")
                        .directory(repository.toFile())
                        .inheritIO()
                        .start()
                        .waitFor());
        WorkflowMultiBranchProject branches =
                jenkins.createProject(WorkflowMultiBranchProject.class, "live-page-branches");
        GitSCMSource source = new GitSCMSource(repository.toString());
        source.setTraits(List.of(new BranchDiscoveryTrait()));
        branches.getSourcesList().add(new BranchSource(source));
        GitSCM.ALLOW_LOCAL_CHECKOUT = true;
        branches.scheduleBuild2(0).getFuture().get();
        jenkins.waitUntilNoActivity();
        WorkflowRun build = branches.getItem("main").scheduleBuild2(0).waitForStart();
        jenkins.waitForMessage("Sleeping for", build);
        GitSCM.ALLOW_LOCAL_CHECKOUT = false;
        copyRecords(branches.getItem("main"));
        copyRecords(branches.getItem("secret"));
        LiveShifts.Running shifting = LiveShifts.get().add(build, ShiftJournal.inMemory(), TaskListener.NULL, () -> {});
        shifting.journal()
                .save(new ShiftJournal.Shift(
                        "arn:aws:lambda:us-east-1:000000000000:function:live-page",
                        "live",
                        "2",
                        "3",
                        Optional.of(Instant.now()),
                        List.of(),
                        new ShiftJournal.Stage("Canary10Percent5Minutes", List.of(), 10, Optional.empty()),
                        Optional.empty()));
        jenkins.jenkins.setSecurityRealm(jenkins.createDummySecurityRealm());
        jenkins.jenkins.setAuthorizationStrategy(new MockAuthorizationStrategy()
                .grant(Jenkins.READ)
                .everywhere()
                .to("reader")
                .grant(Item.READ)
                .onItems(branches, branches.getItem("main"), branches.getItem("idle"))
                .to("reader"));
        try {
            JenkinsRule.WebClient reader = jenkins.createWebClient().login("reader");

            String text = reader.goTo(branches.getUrl() + "lambda/").asNormalizedText();
            String api = reader.goTo(branches.getUrl() + "lambda/api/json", "application/json")
                    .getWebResponse()
                    .getContentAsString();

            assertTrue(text.matches("(?s).*main\tlive-page · live\t2 · 10 % to 3\t#2 .*carol.*"), text);
            assertFalse(text.contains("secret") || text.contains("idle\tlive-page"), text);
            assertEquals(1, new ObjectMapper().readTree(api).path("branches").size(), api);
            assertTrue(api.contains("\"name\":\"main\""), api);
            assertTrue(api.contains("\"percent\":10"), api);
            assertTrue(reader.goTo(branches.getUrl()).getAnchors().stream()
                    .anyMatch(link -> link.getHrefAttribute().endsWith(branches.getUrl() + "lambda")));
        } finally {
            shifting.close();
            build.doStop();
            jenkins.waitForCompletion(build);
            jenkins.jenkins.setSecurityRealm(SecurityRealm.NO_AUTHENTICATION);
            jenkins.jenkins.setAuthorizationStrategy(AuthorizationStrategy.UNSECURED);
        }
    }
}
