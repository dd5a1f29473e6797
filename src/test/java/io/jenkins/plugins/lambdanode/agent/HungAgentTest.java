package io.jenkins.plugins.lambdanode.agent;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import hudson.FilePath;
import hudson.model.Result;
import hudson.model.Slave;
import io.jenkins.plugins.lambdanode.testing.EmulatorExtension;
import io.jenkins.plugins.lambdanode.testing.jenkins.AgentProcess;
import io.jenkins.plugins.lambdanode.testing.jenkins.Aws;
import io.jenkins.plugins.lambdanode.testing.jenkins.Builds;
import io.jenkins.plugins.lambdanode.testing.jenkins.TcpProxy;
import io.jenkins.plugins.lambdanode.testing.jenkins.WaitingNpm;
import java.io.IOException;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import org.jenkinsci.plugins.workflow.job.WorkflowRun;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.ExtendWith;
import org.junit.jupiter.api.io.TempDir;
import org.jvnet.hudson.test.JenkinsRule;
import org.jvnet.hudson.test.junit.jupiter.WithJenkins;

/** An agent that answers no more and keeps its connection, as one whose machine or network hangs. */
@WithJenkins
@ExtendWith(EmulatorExtension.class)
class HungAgentTest {

    private static final Duration PATIENCE = Duration.ofMinutes(2);

    /** Ten seconds go by until the agent is given up. */
    private static final Duration SECONDS = Duration.ofSeconds(60);

    private static JenkinsRule jenkins;
    private static Slave agent;

    @TempDir
    private Path temp;

    private AgentProcess process;
    private WaitingNpm npm;

    @BeforeAll
    static void start(JenkinsRule rule) throws Exception {
        jenkins = rule;
        agent = Builds.startAgent(jenkins);
        // An agent that hangs while it gets the plugin's classes blocks what Jenkins itself has to tell it, too.
        startBuildAndWait();
    }

    @BeforeEach
    void setUp() throws Exception {
        process = AgentProcess.of(agent);
        npm = new WaitingNpm(temp);
    }

    @AfterEach
    void resume() throws Exception {
        process.resume();
    }

    @AfterAll
    static void stop() throws Exception {
        jenkins.after();
        jenkins = null;
        agent = null;
    }

    private static WorkflowRun startBuild(String name, String steps) throws Exception {
        return Builds.pipeline(name, "node('agent') {\n" + Builds.WRITE_PROJECT + steps + "\n}")
                .scheduleBuild2(0)
                .waitForStart();
    }

    private static void startBuildAndWait() throws Exception {
        String staged = Builds.deploy("first", ", s3Threshold: 0, s3Bucket: '" + Aws.BUCKET + "'");
        jenkins.assertBuildStatusSuccess(jenkins.waitForCompletion(startBuild("first", staged)));
    }

    private static void assertAborted(WorkflowRun run) throws Exception {
        Builds.await(SECONDS, () -> !run.isBuilding());
        jenkins.assertBuildStatus(Result.ABORTED, jenkins.waitForCompletion(run));
        jenkins.assertLogNotContains("\tat ", run);
    }

    private static void assertSaid(WorkflowRun run) throws Exception {
        String log = JenkinsRule.getLog(run);
        assertEquals(
                1,
                log.lines()
                        .filter(line -> line.startsWith("WARNING: The agent does not respond."))
                        .count(),
                log);
    }

    private static FilePath temporary(String job) {
        return agent.getWorkspaceRoot().child(job + "@tmp");
    }

    /** What is in a workspace's temporary folder beside the cache. */
    private static List<String> left(String job) {
        try {
            return temporary(job).list().stream()
                    .map(FilePath::getName)
                    .filter(name -> !name.equals(AgentWorkspace.CACHE_FOLDER))
                    .toList();
        } catch (IOException | InterruptedException e) {
            return List.of(e.toString());
        }
    }

    private static void assertDeployed(WorkflowRun run, String function) throws Exception {
        jenkins.assertBuildStatus(Result.SUCCESS, jenkins.waitForCompletion(run));
        assertEquals(
                Aws.function(function).orElseThrow().codeSha256(),
                Builds.record(run, function).path("CodeSha256").asText());
        String job = run.getParent().getName();
        Builds.await(PATIENCE, () -> left(job).isEmpty());
    }

    @Test
    void anAbortDuringNpmEndsTheBuildAndTheNextOneEndsNpmAndSucceeds() throws Exception {
        WorkflowRun run = startBuild("npm", npm.writePackage() + Builds.deploy("hung-npm", ""));
        Builds.await(PATIENCE, () -> npm.starts() == 1);

        process.suspend();
        run.getExecutor().interrupt();
        assertAborted(run);
        assertSaid(run);
        assertEquals(1, npm.waiting(), "who would end it hangs");

        WorkflowRun next = run.getParent().scheduleBuild2(0).waitForStart();
        process.resume();
        Builds.await(PATIENCE, () -> npm.starts() == 2);
        assertEquals(1, npm.waiting(), "npm of the build before was ended");
        npm.mayEnd();
        assertDeployed(next, "hung-npm");
    }

    @Test
    void aTimeoutEndsTheBuildAndTheAgentClearsUpWhenItRespondsAgain() throws Exception {
        WorkflowRun run = startBuild(
                "timeout",
                npm.writePackage() + "timeout(time: 20, unit: 'SECONDS') { " + Builds.deploy("hung-timeout", "")
                        + " }");
        Builds.await(PATIENCE, () -> npm.starts() == 1);

        process.suspend();
        jenkins.waitForMessage("Cancelling nested steps due to timeout", run);
        // In tests the step goes on after five seconds, so nothing is said of the agent; elsewhere it waits for a
        // minute.
        assertAborted(run);
        jenkins.assertLogContains("Timeout has been exceeded", run);

        process.resume();
        Builds.await(PATIENCE, () -> npm.waiting() == 0);
        Builds.await(PATIENCE, () -> left("timeout").isEmpty());
    }

    @Test
    void anAbortDuringPackagingEndsTheBuildAndTheNextOneClearsUp() throws Exception {
        WorkflowRun run = startBuild(
                "packaging",
                "sh 'set +x; for i in $(seq 1 60); do head -c 1500000 /dev/urandom | base64 -w 0 > fn/data$i; done'\n"
                        + Builds.deploy("hung-packaging", ", compressionLevel: 9, s3Bucket: '" + Aws.BUCKET + "'"));
        Builds.await(PATIENCE, () -> Builds.hasPackage(temporary("packaging")));

        process.suspend();
        run.getExecutor().interrupt();
        assertAborted(run);
        assertSaid(run);
        assertTrue(Aws.function("hung-packaging").isEmpty());

        WorkflowRun next = run.getParent().scheduleBuild2(0).waitForStart();
        process.resume();
        assertDeployed(next, "hung-packaging");
    }

    @Test
    void anAbortDuringTheUploadLeavesNoUnfinishedUpload() throws Exception {
        try (TcpProxy slow = new TcpProxy("127.0.0.1", Aws.endpoint().getPort()).throttle(500_000)) {
            WorkflowRun run = startBuild(
                    "upload",
                    "sh 'head -c 20000000 /dev/urandom > fn/data.bin'\n"
                            + Builds.deploy(
                                    "hung-upload",
                                    ", compressionLevel: 1, s3Bucket: '" + Aws.BUCKET + "', endpointUrl: '" + slow.url()
                                            + "'"));
            Builds.await(PATIENCE, () -> Aws.unfinishedUploads() == 1);

            process.suspend();
            run.getExecutor().interrupt();
            assertAborted(run);
            assertSaid(run);
            assertEquals(0, Aws.unfinishedUploads());

            slow.resume();
            WorkflowRun next = run.getParent().scheduleBuild2(0).waitForStart();
            process.resume();
            assertDeployed(next, "hung-upload");
            assertEquals(0, Aws.unfinishedUploads());
        }
    }
}
