package io.jenkins.plugins.lambdanode.build;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertNotNull;
import static org.junit.jupiter.api.Assertions.assertTrue;

import com.fasterxml.jackson.databind.JsonNode;
import hudson.model.Fingerprint;
import hudson.model.FreeStyleBuild;
import hudson.model.FreeStyleProject;
import hudson.model.Label;
import hudson.model.Result;
import hudson.tasks.Shell;
import io.jenkins.plugins.lambdanode.FunctionConfiguration;
import io.jenkins.plugins.lambdanode.LambdaNodeDeployBuilder;
import io.jenkins.plugins.lambdanode.LambdaNodeDeployStep;
import io.jenkins.plugins.lambdanode.record.DeployedFunction;
import io.jenkins.plugins.lambdanode.record.DeploymentAction;
import io.jenkins.plugins.lambdanode.record.FailedDeployment;
import io.jenkins.plugins.lambdanode.testing.EmulatorExtension;
import io.jenkins.plugins.lambdanode.testing.jenkins.Aws;
import io.jenkins.plugins.lambdanode.testing.jenkins.Builds;
import io.jenkins.plugins.lambdanode.testing.jenkins.TcpProxy;
import java.util.List;
import org.jenkinsci.plugins.workflow.actions.WarningAction;
import org.jenkinsci.plugins.workflow.cps.CpsFlowDefinition;
import org.jenkinsci.plugins.workflow.graphanalysis.DepthFirstScanner;
import org.jenkinsci.plugins.workflow.job.WorkflowJob;
import org.jenkinsci.plugins.workflow.job.WorkflowRun;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.ExtendWith;
import org.jvnet.hudson.test.JenkinsRule;
import org.jvnet.hudson.test.junit.jupiter.WithJenkins;
import software.amazon.awssdk.services.lambda.LambdaClient;

/** What a build says that it did to a function: all of the build, not its last step. */
@WithJenkins
@ExtendWith(EmulatorExtension.class)
class BuildOutcomeTest {

    private static JenkinsRule jenkins;

    @BeforeAll
    static void start(JenkinsRule rule) throws Exception {
        jenkins = rule;
        Builds.startAgent(jenkins);
    }

    @AfterAll
    static void stop() throws Exception {
        jenkins.after();
        jenkins = null;
    }

    private static String onAgent(String steps) {
        return "node('agent') {\n" + steps + "\n}";
    }

    private static String deployAndEcho(String function, String more) {
        return "def fn = " + Builds.deploy(function, more)
                + "echo \"outcome=${fn.outcome} updated=${fn.updated} before=${fn.previousVersion} version=${fn.version}"
                + " sha=${fn.previousCodeSha256}\"\n";
    }

    private static DeployedFunction only(WorkflowRun run) {
        List<DeployedFunction> functions = run.getAction(DeploymentAction.class).getFunctions();
        assertEquals(1, functions.size());
        return functions.get(0);
    }

    @Test
    void aRetryThatFindsItsWorkDoneSaysWhatTheBuildDid() throws Exception {
        WorkflowRun run = Builds.run(
                jenkins,
                "found-done",
                onAgent(Builds.WRITE_PROJECT + "int attempt = 0\nretry(2) {\n"
                        + deployAndEcho("found-done", ", alias: 'live'")
                        + "if (attempt++ == 0) { error 'something else failed' }\n}"),
                Result.SUCCESS);

        String log = JenkinsRule.getLog(run);
        assertEquals(
                2,
                log.lines()
                        .filter(line -> line.equals("outcome=created updated=true before=null version=1 sha=null"))
                        .count(),
                log);
        assertTrue(log.contains("nothing to upload"), log);
        assertTrue(log.contains("found-done: created (earlier in this build), version 1"), log);
        assertEquals("created", only(run).getOutcome());
        assertEquals("created", Builds.record(run, "found-done").path("Outcome").asText());
    }

    @Test
    void aSecondDeploymentOfAFunctionInABuildIsComparedWithWhatWasBeforeTheFirst() throws Exception {
        Builds.run(
                jenkins,
                "twice-before",
                onAgent(Builds.WRITE_PROJECT + Builds.deploy("twice", ", alias: 'live'")),
                Result.SUCCESS);
        String before = Aws.function("twice").orElseThrow().codeSha256();

        WorkflowRun run = Builds.run(
                jenkins,
                "twice",
                onAgent(Builds.project("changed")
                        + Builds.deploy("twice", "")
                        + deployAndEcho("twice", ", alias: 'live'")),
                Result.SUCCESS);

        jenkins.assertLogContains("outcome=updated updated=true before=1 version=2 sha=" + before, run);
        assertEquals("updated", only(run).getOutcome());
    }

    @Test
    void aBuildThatMovesOnlyTheAliasHasReleasedAndSaysWhoseMoveItTookBack() throws Exception {
        WorkflowJob job = Builds.pipeline(
                "released", onAgent(Builds.WRITE_PROJECT + deployAndEcho("released", ", alias: 'live'")));
        jenkins.buildAndAssertSuccess(job);
        try (LambdaClient lambda = Aws.lambda()) {
            lambda.updateAlias(
                    request -> request.functionName("released").name("live").functionVersion("$LATEST"));
        }

        WorkflowRun run = jenkins.buildAndAssertSuccess(job);

        jenkins.assertLogContains("outcome=released updated=true before=$LATEST version=1", run);
        jenkins.assertLogContains(
                "WARNING: Alias live points to version $LATEST; the last build left it at version 1. Someone has changed it",
                run);
        jenkins.assertLogContains("Alias live: $LATEST -> 1", run);
        assertTrue(only(run).isAliasMoved());
        WorkflowRun again = jenkins.buildAndAssertSuccess(job);
        jenkins.assertLogContains("outcome=unchanged updated=false before=1 version=1", again);
        jenkins.assertLogNotContains("Someone has changed it", again);
        assertFalse(only(again).isAliasMoved());
    }

    @Test
    void aWarningMakesTheBuildUnstableAndMarksTheStepWhenAllIsDeployedWhereThatIsAskedFor() throws Exception {
        String script = onAgent(Builds.project("strict")
                + "writeFile file: 'fn/.env', text: 'TOKEN=1'\n"
                + Builds.deploy("strict", ", alias: 'live', unstableOn: STRICT") + "echo 'after it'\n");
        WorkflowJob job = Builds.pipeline("strict", "def STRICT = 'never'\n" + script);
        assertEquals(List.of(), warned(jenkins.buildAndAssertSuccess(job)));
        try (LambdaClient lambda = Aws.lambda()) {
            lambda.updateAlias(
                    request -> request.functionName("strict").name("live").functionVersion("$LATEST"));
        }

        job.setDefinition(new CpsFlowDefinition("def STRICT = 'warning'\n" + script, true));
        WorkflowRun run = jenkins.buildAndAssertStatus(Result.UNSTABLE, job);

        String said = "The build is unstable: its deployment has 2 warnings (unstableOn).";
        assertEquals(List.of("lambdaNodeDeploy: " + said), warned(run));
        jenkins.assertLogContains(said, run);
        jenkins.assertLogContains("after it", run);
        assertEquals("released", only(run).getOutcome());
    }

    private static List<String> warned(WorkflowRun run) {
        return new DepthFirstScanner()
                .allNodes(run.getExecution()).stream()
                        .filter(node -> node.getAction(WarningAction.class) != null)
                        .map(node -> node.getDisplayFunctionName() + ": "
                                + node.getAction(WarningAction.class).getMessage())
                        .toList();
    }

    @Test
    void aWarningMakesAFreestyleBuildUnstableWhereThatIsAskedFor() throws Exception {
        FreeStyleProject project = jenkins.createFreeStyleProject("strict-freestyle");
        project.setAssignedLabel(Label.get("agent"));
        project.getBuildersList()
                .add(new Shell("echo 'exports.handler = async () => 1;' > index.js && echo TOKEN=1 > .env"));
        LambdaNodeDeployStep settings = new LambdaNodeDeployStep("strict-freestyle");
        settings.setCredentialsId(Aws.CREDENTIALS_ID);
        settings.setCreate(new FunctionConfiguration(Aws.ROLE));
        settings.setUnstableOn("warning");
        project.getBuildersList().add(new LambdaNodeDeployBuilder(settings));

        FreeStyleBuild build = jenkins.buildAndAssertStatus(Result.UNSTABLE, project);

        jenkins.assertLogContains("its deployment has a warning (unstableOn)", build);
        assertTrue(Aws.function("strict-freestyle").isPresent());
    }

    @Test
    void aBucketIsAskedForBeforeTheInstallWhereTheLastPackageWasLargeEnoughForIt() throws Exception {
        String script = onAgent(Builds.WRITE_PROJECT
                + Builds.deploy("large", ", s3Threshold: 1, s3Bucket: BUCKET, install: 'echo the install begins'"));
        WorkflowJob job = Builds.pipeline("large", "def BUCKET = 'none'\n" + script);
        jenkins.assertLogContains("the install begins", jenkins.buildAndAssertSuccess(job));

        job.setDefinition(new CpsFlowDefinition("def BUCKET = 'no-such-bucket-anywhere'\n" + script, true));
        WorkflowRun run = jenkins.buildAndAssertStatus(Result.FAILURE, job);

        jenkins.assertLogContains("no-such-bucket-anywhere", run);
        jenkins.assertLogNotContains("the install begins", run);
    }

    @Test
    void whatWasDeployedBeforeAnotherFunctionFailedIsRecordedAndThePageSaysWhichOneFailed() throws Exception {
        for (String name : List.of("done-first", "fails-then")) {
            Builds.run(
                    jenkins, name + "-before", onAgent(Builds.WRITE_PROJECT + Builds.deploy(name, "")), Result.SUCCESS);
        }
        try (TcpProxy faulty = new TcpProxy("127.0.0.1", Aws.endpoint().getPort())
                .cutAt("PUT /2015-03-31/functions/fails-then/code")) {
            WorkflowRun run = Builds.run(
                    jenkins,
                    "in-part",
                    onAgent(
                            Builds.project("new in part")
                                    + "try { lambdaNodeDeploy functionNames: 'done-first,fails-then', dir: 'fn',"
                                    + " credentialsId: 'aws-deploy', endpointUrl: '" + faulty.url() + "' }\n"
                                    + "finally { sh 'echo \"sha <$LAMBDA_CODE_SHA256_DONE_FIRST> <$LAMBDA_CODE_SHA256_FAILS_THEN>\"' }"),
                    Result.FAILURE);

            DeployedFunction done = only(run);
            assertEquals("done-first", done.getFunctionName());
            assertEquals("updated", done.getOutcome());
            String onServer = Aws.function("done-first").orElseThrow().codeSha256();
            assertEquals(onServer, done.getCodeSha256());
            assertEquals(
                    onServer,
                    Builds.record(run, "done-first").path("CodeSha256").asText());
            jenkins.assertLogContains("sha <" + onServer + "> <>", run);
            Fingerprint fingerprint = jenkins.jenkins.getFingerprintMap().get(done.getFingerprint());
            assertNotNull(fingerprint);
            assertEquals(List.of("in-part"), fingerprint.getJobs());
            FailedDeployment failure =
                    run.getAction(DeploymentAction.class).getFailures().get(0);
            assertEquals("fails-then", failure.getFunctionNames());
            assertEquals("update", failure.getPhase());
            jenkins.assertLogContains(
                    "ERROR: " + failure.getMessage().lines().findFirst().orElseThrow(), run);
            String page = jenkins.createWebClient().getPage(run).asNormalizedText();
            assertTrue(page.contains("fails-then · failed in the phase update · us-east-1"), page);
        }
    }

    @Test
    void aFailureOnThePageHidesWhatTheLogHides() throws Exception {
        WorkflowRun run = Builds.run(
                jenkins,
                "masked",
                onAgent(
                        "writeFile file: 'fn/package.json', text: '{\"scripts\":{\"preinstall\":\"echo $AWS_SECRET_ACCESS_KEY-$KEY; exit 3\"}}'\n"
                                + "withCredentials([aws(credentialsId: 'aws-deploy', accessKeyVariable: 'ID', secretKeyVariable: 'KEY')]) {\n"
                                + Builds.deploy("masked", "") + "}"),
                Result.FAILURE);

        String message =
                run.getAction(DeploymentAction.class).getFailures().get(0).getMessage();
        assertTrue(message.contains("failed in "), message);
        assertFalse(message.contains("-" + Aws.SECRET_KEY), message);
    }

    @Test
    void whatNpmSaysOfAFailureIsInTheLogOnceAndOnThePage() throws Exception {
        WorkflowRun run = Builds.run(
                jenkins,
                "npm-fails",
                onAgent("writeFile file: 'fn/package.json', text: '{\"dependencies\":{\"a\":\"1\"}}'\n"
                        + "writeFile file: 'fn/package-lock.json', text: '{\"name\":\"fn\",\"lockfileVersion\":3,\"packages\":{}}'\n"
                        + Builds.deploy("npm-fails", "")),
                Result.FAILURE);

        String log = JenkinsRule.getLog(run);
        assertEquals(1, log.lines().filter(line -> line.contains("code EUSAGE")).count(), log);
        String page = jenkins.createWebClient().getPage(run).asNormalizedText();
        assertTrue(page.contains("code EUSAGE"), page);
    }

    @Test
    void eachFunctionOfAStepHasItsOwnTimeAndBytes() throws Exception {
        for (String name : List.of("own-one", "own-two")) {
            Builds.run(
                    jenkins, name + "-before", onAgent(Builds.WRITE_PROJECT + Builds.deploy(name, "")), Result.SUCCESS);
        }

        WorkflowRun run = Builds.run(
                jenkins,
                "own",
                onAgent(Builds.project("new")
                        + "lambdaNodeDeploy functionNames: 'own-one, own-two', dir: 'fn', credentialsId: 'aws-deploy'"),
                Result.SUCCESS);

        for (String name : List.of("own-one", "own-two")) {
            JsonNode record = Builds.record(run, name);
            long update = 0;
            for (JsonNode timing : record.path("Timings")) {
                boolean own = timing.path("Phase").asText().equals("update");
                assertEquals(
                        !own,
                        timing.path("Shared").asBoolean(),
                        record.path("Timings").toString());
                update += own ? timing.path("Bytes").asLong() : 0;
            }
            assertEquals(
                    record.path("CodeSize").asLong(),
                    update,
                    record.path("Timings").toString());
        }
        for (DeployedFunction function : run.getAction(DeploymentAction.class).getFunctions()) {
            assertEquals(function.getCodeSize(), function.getSentBytes());
        }
    }

    @Test
    void aDryRunIsRecordedApartFromDeploymentsWithThePackagesDigest() throws Exception {
        Builds.run(jenkins, "tried-before", onAgent(Builds.WRITE_PROJECT + Builds.deploy("tried", "")), Result.SUCCESS);
        String before = Aws.function("tried").orElseThrow().codeSha256();

        WorkflowRun run = Builds.run(
                jenkins,
                "tried",
                onAgent(
                        Builds.project("new") + deployAndEcho("tried", ", dryRun: true")
                                + "echo \"artifact=${fn.artifact} sha=${fn.codeSha256}\"\nsh 'echo \"version: <$LAMBDA_CODE_SHA256>\"'"),
                Result.SUCCESS);

        jenkins.assertLogContains("outcome=validated updated=false", run);
        jenkins.assertLogContains("version: <>", run);
        jenkins.assertLogNotContains("Deploying fn to", run);
        DeployedFunction tried =
                run.getAction(DeploymentAction.class).getDryRuns().get(0);
        jenkins.assertLogContains(
                "artifact=lambda/000000000000/us-east-1/tried.dry-run.json sha=" + tried.getCodeSha256(), run);
        assertEquals(
                tried.getCodeSha256(),
                Builds.record(run, "tried.dry-run").path("CodeSha256").asText());
        assertEquals(
                tried.getCodeSize(),
                Builds.record(run, "tried.dry-run").path("CodeSize").asLong());
        assertFalse(tried.getCodeSha256().equals(before));
    }
}
