package io.jenkins.plugins.lambdanode.agent;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import hudson.EnvVars;
import hudson.FilePath;
import hudson.model.Result;
import hudson.model.Slave;
import hudson.model.TaskListener;
import hudson.slaves.DumbSlave;
import hudson.slaves.RetentionStrategy;
import io.jenkins.plugins.lambdanode.engine.command.Command;
import io.jenkins.plugins.lambdanode.engine.project.InstalledTool;
import io.jenkins.plugins.lambdanode.engine.project.PackageManager;
import io.jenkins.plugins.lambdanode.testing.EmulatorExtension;
import io.jenkins.plugins.lambdanode.testing.jenkins.Aws;
import io.jenkins.plugins.lambdanode.testing.jenkins.Builds;
import io.jenkins.plugins.lambdanode.testing.jenkins.DockerEngine;
import io.jenkins.plugins.lambdanode.testing.jenkins.KubernetesLauncher;
import io.jenkins.plugins.lambdanode.testing.jenkins.WaitingNpm;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import java.util.concurrent.ExecutionException;
import jenkins.model.CauseOfInterruption;
import jenkins.model.Jenkins;
import jenkins.security.MasterToSlaveCallable;
import org.jenkinsci.plugins.workflow.job.WorkflowRun;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.TestInfo;
import org.junit.jupiter.api.condition.EnabledIf;
import org.junit.jupiter.api.extension.ExtendWith;
import org.junit.jupiter.api.io.TempDir;
import org.jvnet.hudson.test.JenkinsRule;
import org.jvnet.hudson.test.SimpleCommandLauncher;
import org.jvnet.hudson.test.junit.jupiter.WithJenkins;

/**
 * Deployments in containers: of a real Docker engine where there is one, and with a launcher like that of the Kubernetes plugin. The
 * agent has process numbers of its own and sees no process of the containers.
 */
@WithJenkins
@EnabledIf(value = "mayUnshare", disabledReason = "This system gives no user a namespace (unshare -rmpf).")
@ExtendWith(EmulatorExtension.class)
class ContainersTest {

    private static final String IMAGE = "lambda-node-deploy-test:slim";

    private static final String NO_DOCKER = "There is no Docker engine.";

    private static final Duration PATIENCE = Duration.ofMinutes(2);

    private static final String WRITE_BUILT_PROJECT =
            "writeFile file: 'fn/index.ts', text: 'exports.handler = async () => 1;'\n"
                    + "writeFile file: 'fn/package.json', text: '{\"scripts\":{\"build\":\"mkdir -p dist; cat index.ts > dist/index.js\"}}'\n";

    private static final String BUILT = ", build: 'npm run build', codeDir: 'dist'";

    private static JenkinsRule jenkins;
    private static Slave agent;

    @TempDir
    private static Path shared;

    @TempDir
    private Path temp;

    private String name;

    static boolean mayUnshare() throws Exception {
        return new ProcessBuilder("unshare", "-rmpf", "--mount-proc", "true")
                        .inheritIO()
                        .start()
                        .waitFor()
                == 0;
    }

    static boolean mayUseDocker() {
        return DockerEngine.isThere();
    }

    @BeforeAll
    static void start(JenkinsRule rule) throws Exception {
        jenkins = rule;
        Aws.configureJenkins();
        if (mayUseDocker()) {
            DockerEngine.makeImage(shared, IMAGE);
        }
        agent = new DumbSlave(
                "agent",
                Files.createDirectory(shared.resolve("root")).toString(),
                new SimpleCommandLauncher("unshare -rmpf --mount-proc \"" + System.getProperty("java.home")
                        + "/bin/java\" -jar \""
                        + Path.of(
                                Jenkins.get().getJnlpJars("agent.jar").getURL().toURI()) + "\""));
        agent.setRetentionStrategy(RetentionStrategy.NOOP);
        Jenkins.get().addNode(agent);
        jenkins.waitOnline(agent);
    }

    @AfterAll
    static void stop() throws Exception {
        if (mayUseDocker()) {
            DockerEngine.removeImage(IMAGE);
        }
        jenkins.after();
        jenkins = null;
        agent = null;
    }

    @BeforeEach
    void name(TestInfo test) {
        name = test.getTestMethod().orElseThrow().getName();
    }

    private static String inContainer(String arguments, String steps) {
        return "docker.image('" + IMAGE + "').inside('" + arguments + "') {\n" + steps + "\n}\n";
    }

    private WorkflowRun start(String steps) throws Exception {
        return Builds.pipeline(name, "node('agent') {\n" + steps + "\n}")
                .scheduleBuild2(0)
                .waitForStart();
    }

    private WorkflowRun run(String steps, Result expected) throws Exception {
        return Builds.run(jenkins, name, "node('agent') {\n" + steps + "\n}", expected);
    }

    private static String code(String function) {
        return Aws.function(function).orElseThrow().codeSha256();
    }

    private FilePath temporary() {
        return agent.getWorkspaceRoot().child(name + "@tmp");
    }

    private void assertNoTemporaryFile() throws Exception {
        assertEquals(
                List.of(),
                temporary().list().stream()
                        .map(FilePath::getName)
                        .filter(file -> file.startsWith("lambda-node") && !file.equals(AgentWorkspace.CACHE_FOLDER))
                        .toList());
    }

    @Test
    @EnabledIf(value = "mayUseDocker", disabledReason = NO_DOCKER)
    void eachWayIntoAContainerGivesTheBytesOfTheAgentItself() throws Exception {
        run(
                WRITE_BUILT_PROJECT
                        + Builds.deploy("docker-agent", BUILT)
                        + inContainer("", "sh 'rm -r fn/dist'\n" + Builds.deploy("docker-inside", BUILT))
                        + "withDockerContainer('" + IMAGE + "') {\n"
                        + Builds.deploy("docker-with", BUILT) + "}\n",
                Result.SUCCESS);
        Builds.run(
                jenkins,
                "declarative",
                "pipeline { agent { docker { image '" + IMAGE + "'; label 'agent' } }\n"
                        + "stages { stage('deploy') { steps {\n" + WRITE_BUILT_PROJECT
                        + Builds.deploy("docker-declarative", BUILT)
                        + "} } } }",
                Result.SUCCESS);

        assertEquals(code("docker-agent"), code("docker-inside"));
        assertEquals(code("docker-agent"), code("docker-with"));
        assertEquals(code("docker-agent"), code("docker-declarative"));
    }

    @Test
    @EnabledIf(value = "mayUseDocker", disabledReason = NO_DOCKER)
    void anAbortEndsNpmWhereTheAgentSeesNoProcessOfTheContainer() throws Exception {
        WaitingNpm npm = new WaitingNpm(temp);
        WorkflowRun run = start(inContainer(
                "-v " + temp + ":" + temp,
                npm.writePackage() + "try {\n" + Builds.deploy("docker-abort", "") + "} finally {\n"
                        + "sh 'grep -ls LAMBDA_NODE_DEPLOY_ID /proc/[0-9]*/environ || echo nothing is left'\n}"));
        Builds.await(PATIENCE, () -> npm.starts() == 1);
        assertEquals(1, npm.waiting());

        run.getExecutor().interrupt(Result.ABORTED, new CauseOfInterruption[0]);

        jenkins.assertBuildStatus(Result.ABORTED, jenkins.waitForCompletion(run));
        assertTrue(JenkinsRule.getLog(run).lines().anyMatch("nothing is left"::equals), JenkinsRule.getLog(run));
        assertNoTemporaryFile();
    }

    @Test
    @EnabledIf(value = "mayUseDocker", disabledReason = NO_DOCKER)
    void afterALostAgentTheDeploymentCarriesOnInAnImageWithoutPs() throws Exception {
        WaitingNpm npm = new WaitingNpm(temp);
        WorkflowRun run = start(inContainer(
                "-v " + temp + ":" + temp,
                Builds.WRITE_PROJECT + npm.writePackage() + Builds.deploy("docker-lost", "")));
        Builds.await(PATIENCE, () -> npm.starts() == 1);

        // Its process number is one of its own namespace.
        agent.getChannel().callAsync(new Halt());
        jenkins.waitForMessage("The agent was disconnected. Waiting for it to come back, to carry on.", run);
        Builds.await(PATIENCE, this::isConnected);
        Builds.await(PATIENCE, () -> npm.starts() == 2);

        assertEquals(1, npm.waiting(), "npm of before was ended");
        npm.mayEnd();
        jenkins.assertBuildStatus(Result.SUCCESS, jenkins.waitForCompletion(run));
        assertNoTemporaryFile();
    }

    private static final class Halt extends MasterToSlaveCallable<Void, RuntimeException> {
        private static final long serialVersionUID = 1L;

        @Override
        public Void call() {
            Runtime.getRuntime().halt(1);
            return null;
        }
    }

    private boolean isConnected() {
        try {
            agent.toComputer().connect(false).get();
        } catch (ExecutionException | InterruptedException e) {
            return false;
        }
        return agent.toComputer().isOnline();
    }

    @Test
    @EnabledIf(value = "mayUseDocker", disabledReason = NO_DOCKER)
    void npmHasNoCredentialsThatTheContainerHasAndSecretsArriveUnchanged() throws Exception {
        WorkflowRun run = run(
                "writeFile file: 'fn/index.js', text: 'exports.handler = async () => 1;'\n"
                        + "writeFile file: 'fn/package.json', text: '{\"scripts\":{\"preinstall\":\"node -p process.env.AWS_SECRET_ACCESS_KEY+process.env.TOKEN\"}}'\n"
                        + "withEnv(['TOKEN=a$$b$HOME${PATH}$']) {\n"
                        + inContainer("-e AWS_SECRET_ACCESS_KEY=around", Builds.deploy("docker-env", "")) + "}\n",
                Result.SUCCESS);

        jenkins.assertLogContains("undefineda$$b$HOME${PATH}$", run);
    }

    @Test
    @EnabledIf(value = "mayUseDocker", disabledReason = NO_DOCKER)
    void npmHasACacheWhereItsUserHasNoHome() throws Exception {
        WorkflowRun run = run(
                "writeFile file: 'fn/index.js', text: 'exports.handler = async () => 1;'\n"
                        + "writeFile file: 'fn/package.json', text: '{\"scripts\":{\"preinstall\":\"node -p process.env.npm_config_cache\"}}'\n"
                        + inContainer(
                                "--read-only",
                                Builds.deploy("docker-home", "")
                                        + Builds.deploy("docker-home", ", install: 'npm ci || npm install'")),
                Result.SUCCESS);

        String cache =
                temporary().child(AgentWorkspace.CACHE_FOLDER).child("npm").getRemote();
        assertEquals(2, JenkinsRule.getLog(run).lines().filter(cache::equals).count(), JenkinsRule.getLog(run));
        jenkins.assertLogNotContains("EROFS", run);
    }

    @Test
    @EnabledIf(value = "mayUseDocker", disabledReason = NO_DOCKER)
    void whatTheContainerCannotRunIsSaidInOneLine() throws Exception {
        WorkflowRun run = run(
                inContainer(
                        "",
                        WRITE_BUILT_PROJECT + "sh 'rm -rf fn'\n" + Builds.WRITE_PROJECT
                                + "catchError(buildResult: 'FAILURE') {\n"
                                + Builds.deploy("docker-kill", ", install: 'kill -9 $$'") + "}"),
                Result.FAILURE);

        Builds.assertOneError(run, "'kill -9 $$' failed in");
        jenkins.assertLogContains("It was killed (SIGKILL)", run);
        assertFalse(JenkinsRule.getLog(run).contains("was not found"));
        assertTrue(Aws.function("docker-kill").isEmpty());
    }

    private AgentWorkspace inPod(String deployment, EnvVars container, EnvVars step) throws Exception {
        FilePath workspace = agent.getWorkspaceRoot().child(name);
        workspace.mkdirs();
        return new AgentWorkspace(
                deployment,
                new BuildFolder(workspace, workspace, "."),
                step,
                new KubernetesLauncher(container, step),
                TaskListener.NULL);
    }

    private static long running(String line) {
        return ProcessHandle.allProcesses()
                .filter(process -> process.info().commandLine().orElse("").endsWith(line))
                .count();
    }

    @Test
    void inAPodNpmHasNoCredentialsAndValuesArriveUnchanged() throws Exception {
        String token = "a$$b$HOME${PATH}'$";
        EnvVars container = new EnvVars("AWS_SESSION_TOKEN", "of the pod");
        try (AgentWorkspace pod =
                inPod("pod", container, new EnvVars("AWS_SECRET_ACCESS_KEY", "of the step", "TOKEN", token))) {
            List<String> ofProgram = pod.run(Command.program("env")).lastLines();
            List<String> ofLine = pod.run(Command.shell("env")).lastLines();

            assertTrue(ofProgram.contains("TOKEN=" + token), ofProgram.toString());
            assertFalse(ofProgram.toString().contains(" AWS_S"), ofProgram.toString());
            assertTrue(ofLine.containsAll(
                    List.of("TOKEN=" + token, "AWS_SECRET_ACCESS_KEY=of the step", "AWS_SESSION_TOKEN=of the pod")));
            assertEquals(
                    "npm",
                    InstalledTool.of(PackageManager.NPM, pod.run(InstalledTool.probe(PackageManager.NPM)))
                            .map(tool -> Path.of(tool.path()).getFileName().toString())
                            .orElse(""));
        }
    }

    @Test
    void inAPodACommandThatAsksGetsNoAnswerAndEnds() throws Exception {
        try (AgentWorkspace pod = inPod("pod", new EnvVars(), new EnvVars())) {
            assertEquals(1, pod.run(Command.shell("read answer")).exitStatus());
            assertEquals(3, pod.run(Command.shell("cat\nexit 3")).exitStatus());
        }
    }

    @Test
    void aStopEndsWhatRunsInAPod() throws Exception {
        String line = "sleep 600." + System.nanoTime();
        try (AgentWorkspace pod = inPod("pod", new EnvVars(), new EnvVars())) {
            Thread stopped = new Thread(() -> assertThrows(
                    InterruptedException.class, () -> pod.run(Command.shell("trap '' TERM\n" + line + " & wait"))));
            stopped.start();
            Builds.await(PATIENCE, () -> running(line) == 1);

            stopped.interrupt();
            stopped.join();

            // Who is killed is gone a moment later.
            Builds.await(PATIENCE, () -> running(line) == 0);
        }
    }

    @Test
    void theNextDeploymentEndsWhatALostAgentHasLeftRunningInAPod() throws Exception {
        String line = "sleep 600." + System.nanoTime();
        AgentWorkspace lost = inPod("lost", new EnvVars(), new EnvVars());
        Thread running = new Thread(() -> {
            try {
                lost.run(Command.program(line.split(" ")));
            } catch (IOException | InterruptedException e) {
                throw new AssertionError(e);
            }
        });
        running.start();
        Builds.await(PATIENCE, () -> running(line) == 1);
        AgentWorkspace.ended("lost");

        inPod("next", new EnvVars(), new EnvVars()).close();

        Builds.await(PATIENCE, () -> running(line) == 0);
        assertNoTemporaryFile();
        running.join();
    }
}
