package io.jenkins.plugins.lambdanode.agent;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import hudson.FilePath;
import hudson.model.FreeStyleBuild;
import hudson.model.FreeStyleProject;
import hudson.model.Label;
import hudson.model.Result;
import hudson.model.Slave;
import hudson.model.queue.QueueTaskFuture;
import hudson.tasks.Shell;
import io.jenkins.plugins.lambdanode.FunctionConfiguration;
import io.jenkins.plugins.lambdanode.LambdaNodeDeployBuilder;
import io.jenkins.plugins.lambdanode.LambdaNodeDeployStep;
import io.jenkins.plugins.lambdanode.build.LambdaNodeDeployExecution;
import io.jenkins.plugins.lambdanode.testing.EmulatorExtension;
import io.jenkins.plugins.lambdanode.testing.jenkins.AgentProcess;
import io.jenkins.plugins.lambdanode.testing.jenkins.Aws;
import io.jenkins.plugins.lambdanode.testing.jenkins.Builds;
import io.jenkins.plugins.lambdanode.testing.jenkins.TcpProxy;
import io.jenkins.plugins.lambdanode.testing.jenkins.WaitingNpm;
import java.nio.file.Path;
import java.time.Duration;
import java.util.concurrent.ExecutionException;
import org.jenkinsci.plugins.workflow.job.WorkflowJob;
import org.jenkinsci.plugins.workflow.job.WorkflowRun;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.ExtendWith;
import org.junit.jupiter.api.io.TempDir;
import org.jvnet.hudson.test.JenkinsRule;
import org.jvnet.hudson.test.junit.jupiter.WithJenkins;

/** An agent whose process is killed in the middle of a deployment. */
@WithJenkins
@ExtendWith(EmulatorExtension.class)
class AgentLostTest {

    private static final Duration PATIENCE = Duration.ofMinutes(2);

    @TempDir
    private Path temp;

    private JenkinsRule jenkins;
    private Slave agent;
    private WaitingNpm npm;

    @BeforeEach
    void setUp(JenkinsRule rule) throws Exception {
        jenkins = rule;
        agent = Builds.startAgent(jenkins);
        npm = new WaitingNpm(temp);
    }

    @AfterEach
    void forget() {
        System.clearProperty(LambdaNodeDeployExecution.AGENT_RETURNS);
    }

    private WorkflowRun start(String name, String script) throws Exception {
        return Builds.pipeline(name, script).scheduleBuild2(0).waitForStart();
    }

    private static String inAgent(String steps) {
        return "node('agent') {\n" + Builds.WRITE_PROJECT + steps + "\n}";
    }

    private void connect() throws Exception {
        Builds.await(PATIENCE, () -> agent.toComputer().isOffline());
        Builds.await(PATIENCE, this::isConnected);
    }

    /** The end of the former connection can end a new one that comes too early. */
    private boolean isConnected() {
        try {
            agent.toComputer().connect(false).get();
        } catch (ExecutionException | InterruptedException e) {
            return false;
        }
        return agent.toComputer().isOnline();
    }

    private FilePath temporary(String job) {
        return agent.getWorkspaceRoot().child(job + "@tmp");
    }

    /** Nothing but the cache, and in it nothing half made. */
    private void assertNoTemporaryFile(String job) throws Exception {
        for (FilePath left : temporary(job).list()) {
            assertEquals(AgentWorkspace.CACHE_FOLDER, left.getName());
            for (FilePath cached : left.list("**", null, false)) {
                assertTrue(
                        !cached.getName().contains("tmp") && !cached.getName().contains("spill"), cached.getRemote());
            }
        }
    }

    private void assertDeployed(WorkflowRun run, String function) throws Exception {
        jenkins.assertBuildStatus(Result.SUCCESS, jenkins.waitForCompletion(run));
        assertEquals(
                Aws.function(function).orElseThrow().codeSha256(),
                Builds.record(run, function).path("CodeSha256").asText());
        assertNoTemporaryFile(run.getParent().getName());
    }

    @Test
    void aDeploymentWhoseAgentIsKilledInTheMiddleOfNpmCarriesOnWhenItIsBack() throws Exception {
        WorkflowRun run = start("npm", inAgent(npm.writePackage() + Builds.deploy("lost-npm", "")));
        Builds.await(PATIENCE, () -> npm.starts() == 1);

        AgentProcess.of(agent).kill();
        jenkins.waitForMessage("The agent was disconnected. Waiting for it to come back, to carry on.", run);
        connect();
        Builds.await(PATIENCE, () -> npm.starts() == 2);

        assertEquals(1, npm.waiting(), "npm of before was ended");
        npm.mayEnd();
        assertDeployed(run, "lost-npm");
    }

    @Test
    void theSameInTheMiddleOfPackaging() throws Exception {
        WorkflowRun run = start(
                "packaging",
                inAgent(
                        "sh 'set +x; for i in $(seq 1 60); do head -c 1500000 /dev/urandom | base64 -w 0 > fn/data$i; done'\n"
                                + Builds.deploy(
                                        "lost-packaging", ", compressionLevel: 9, s3Bucket: '" + Aws.BUCKET + "'")));
        Builds.await(PATIENCE, () -> Builds.hasPackage(temporary("packaging")));

        AgentProcess.of(agent).kill();
        jenkins.waitForMessage("Waiting for it to come back", run);
        connect();

        assertDeployed(run, "lost-packaging");
    }

    @Test
    void theSameInTheMiddleOfTheUploadWhichIsAborted() throws Exception {
        try (TcpProxy slow = new TcpProxy("127.0.0.1", Aws.endpoint().getPort()).throttle(500_000)) {
            WorkflowRun run = start(
                    "upload",
                    inAgent("sh 'head -c 20000000 /dev/urandom > fn/data.bin'\n"
                            + Builds.deploy(
                                    "lost-upload",
                                    ", compressionLevel: 1, s3Bucket: '" + Aws.BUCKET + "', endpointUrl: '" + slow.url()
                                            + "'")));
            Builds.await(PATIENCE, () -> Aws.unfinishedUploads() == 1);

            AgentProcess.of(agent).kill();
            jenkins.waitForMessage("Waiting for it to come back", run);
            assertEquals(0, Aws.unfinishedUploads());
            slow.resume();
            connect();

            assertDeployed(run, "lost-upload");
            assertEquals(0, Aws.unfinishedUploads());
        }
    }

    @Test
    void theSameWhileTrafficShiftsWhichNeedsNoAgent() throws Exception {
        WorkflowRun run = start(
                "shift",
                inAgent(Builds.deploy("lost-shift", ", alias: 'live'")
                        + Builds.project("two")
                        + Builds.deploy("lost-shift", ", alias: 'live', rollout: [percent: 50, every: 0.1]")));
        Builds.await(PATIENCE, () -> Aws.traffic("lost-shift").equals("1 2=0.5"));

        AgentProcess.of(agent).kill();
        jenkins.waitForMessage("all traffic goes to version 2", run);
        jenkins.waitForMessage("Waiting for it to come back", run);
        connect();

        assertDeployed(run, "lost-shift");
        assertEquals("2", Aws.traffic("lost-shift"));
    }

    @Test
    void anAgentThatDoesNotComeBackFailsTheBuildWithOneMessageAndTheNextBuildClearsUp() throws Exception {
        System.setProperty(LambdaNodeDeployExecution.AGENT_RETURNS, "100ms");
        WorkflowJob job = Builds.pipeline("gone", inAgent(npm.writePackage() + Builds.deploy("lost-for-good", "")));
        WorkflowRun run = job.scheduleBuild2(0).waitForStart();
        Builds.await(PATIENCE, () -> npm.starts() == 1);

        AgentProcess.of(agent).kill();
        jenkins.assertBuildStatus(Result.FAILURE, jenkins.waitForCompletion(run));
        Builds.assertOneError(run, "The agent was disconnected during the deployment. Run the build again");
        assertEquals(1, npm.waiting());

        connect();
        WorkflowRun next = job.scheduleBuild2(0).waitForStart();
        Builds.await(PATIENCE, () -> npm.starts() == 2);
        assertEquals(1, npm.waiting(), "npm of the build before was ended");
        npm.mayEnd();
        assertDeployed(next, "lost-for-good");
    }

    @Test
    void aPipelineThatRetriesWhereAnAgentIsLostDoesSo() throws Exception {
        System.setProperty(LambdaNodeDeployExecution.AGENT_RETURNS, "100ms");
        WorkflowRun run = start(
                "retried",
                "retry(count: 2, conditions: [agent()]) {\n"
                        + inAgent(npm.writePackage() + Builds.deploy("retried", "")) + "\n}");
        Builds.await(PATIENCE, () -> npm.starts() == 1);

        AgentProcess.of(agent).kill();
        jenkins.waitForMessage("Retrying", run);
        connect();
        npm.mayEnd();

        assertDeployed(run, "retried");
    }

    @Test
    void aFreestyleBuildWhoseAgentIsKilledFailsWithOneMessageAndTheNextOneClearsUp() throws Exception {
        FreeStyleProject project = jenkins.createFreeStyleProject("freestyle");
        project.setAssignedLabel(Label.get("agent"));
        project.getBuildersList()
                .add(new Shell("mkdir -p fn && echo 'exports.handler = async () => 1;' > fn/index.js\n"
                        + npm.writePackageInShell()));
        LambdaNodeDeployStep settings = new LambdaNodeDeployStep("lost-freestyle");
        settings.setDir("fn");
        settings.setCredentialsId(Aws.CREDENTIALS_ID);
        settings.setCreate(new FunctionConfiguration(Aws.ROLE));
        project.getBuildersList().add(new LambdaNodeDeployBuilder(settings));
        QueueTaskFuture<FreeStyleBuild> first = project.scheduleBuild2(0);
        Builds.await(PATIENCE, () -> npm.starts() == 1);

        AgentProcess.of(agent).kill();
        FreeStyleBuild lost = jenkins.assertBuildStatus(Result.FAILURE, first.get());
        jenkins.assertLogContains("ERROR: The agent was disconnected during the deployment. Run the build again", lost);

        connect();
        npm.mayEnd();
        jenkins.buildAndAssertSuccess(project);
        assertEquals(0, npm.waiting());
        assertNoTemporaryFile("freestyle");
    }
}
