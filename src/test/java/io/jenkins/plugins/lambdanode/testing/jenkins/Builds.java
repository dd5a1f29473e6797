package io.jenkins.plugins.lambdanode.testing.jenkins;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import hudson.FilePath;
import hudson.model.Label;
import hudson.model.Result;
import hudson.model.Run;
import hudson.model.Slave;
import hudson.slaves.DumbSlave;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.time.Duration;
import java.util.List;
import java.util.function.BooleanSupplier;
import jenkins.model.Jenkins;
import org.jenkinsci.plugins.workflow.cps.CpsFlowDefinition;
import org.jenkinsci.plugins.workflow.job.WorkflowJob;
import org.jenkinsci.plugins.workflow.job.WorkflowRun;
import org.jvnet.hudson.test.JenkinsRule;

/** Builds that tests run, and what they read of them. */
public final class Builds {

    /** A Pipeline's line that makes a function's folder {@code fn}. */
    public static final String WRITE_PROJECT = project("from Jenkins");

    private Builds() {}

    /** The same for a function that answers with this text. */
    public static String project(String answer) {
        return "writeFile file: 'fn/index.js', text: 'exports.handler = async () => \"" + answer + "\";'\n";
    }

    /** A Pipeline's line that deploys the folder {@code fn}, to a new function where there is none of this name. */
    public static String deploy(String function, String more) {
        return "lambdaNodeDeploy functionName: '" + function + "', dir: 'fn', credentialsId: '" + Aws.CREDENTIALS_ID
                + "', create: [role: '" + Aws.ROLE + "']" + more + "\n";
    }

    /** Gives Jenkins the emulated AWS and an agent with the label {@code agent}. */
    public static DumbSlave startAgent(JenkinsRule jenkins) throws Exception {
        Aws.configureJenkins();
        Aws.createBucket();
        return jenkins.createOnlineSlave(Label.get("agent"));
    }

    public static WorkflowJob pipeline(String name, String script) throws Exception {
        WorkflowJob job = Jenkins.get().createProject(WorkflowJob.class, name);
        job.setDefinition(new CpsFlowDefinition(script, true));
        return job;
    }

    public static WorkflowRun run(JenkinsRule jenkins, String name, String script, Result expected) throws Exception {
        return jenkins.buildAndAssertStatus(expected, pipeline(name, script));
    }

    /** The record of a deployment among the build's artifacts, the only one of a function of this name. */
    public static JsonNode record(Run<?, ?> run, String function) throws IOException {
        List<?> found = run.getArtifacts().stream()
                .filter(artifact -> artifact.getFileName().equals(function + ".json"))
                .toList();
        assertEquals(1, found.size(), found.toString());
        return recordAt(run, ((Run<?, ?>.Artifact) found.get(0)).relativePath);
    }

    /** The record at this path among the build's artifacts. */
    public static JsonNode recordAt(Run<?, ?> run, String path) throws IOException {
        return new ObjectMapper()
                .readTree(Files.readString(run.getArtifactsDir().toPath().resolve(path)));
    }

    /** Asserts that the build ended with this message as its one error, and without a stack trace. */
    public static void assertOneError(Run<?, ?> run, String message) throws IOException {
        String log = JenkinsRule.getLog(run);
        assertTrue(log.contains("ERROR: " + message), log);
        assertEquals(1, log.lines().filter(line -> line.startsWith("ERROR: ")).count(), log);
        assertFalse(log.contains("\tat "), log);
    }

    /** Whether a deployment is making a package among the temporary files of a workspace. */
    public static boolean hasPackage(FilePath temporary) {
        try {
            return temporary.list("lambda-node-deploy-*/*lambda*.zip", null, false).length > 0;
        } catch (IOException | InterruptedException e) {
            return false;
        }
    }

    /** Lets an agent run this many builds at a time. Updating the node alone leaves its executors as they are. */
    public static void giveExecutors(JenkinsRule jenkins, String agent, int executors) throws Exception {
        Slave node = (Slave) Jenkins.get().getNode(agent);
        node.setNumExecutors(executors);
        Jenkins.get().setNodes(Jenkins.get().getNodes());
        jenkins.waitOnline(node);
        assertEquals(executors, node.toComputer().getExecutors().size());
    }

    /**
     * Waits until all of these Pipelines have their executor. Jenkins starts one build of an agent whenever it looks at its queue,
     * which it need not do more often than every five seconds.
     */
    public static void awaitExecutors(List<WorkflowRun> runs) throws InterruptedException {
        await(Duration.ofMinutes(3), () -> {
            Jenkins.get().getQueue().maintain();
            return runs.stream().allMatch(Builds::hasExecutor);
        });
    }

    private static boolean hasExecutor(WorkflowRun run) {
        try {
            return JenkinsRule.getLog(run).contains("Running on ");
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    public static void await(Duration within, BooleanSupplier condition) throws InterruptedException {
        long end = System.nanoTime() + within.toNanos();
        while (!condition.getAsBoolean()) {
            assertTrue(System.nanoTime() < end, "Not within " + within);
            Thread.sleep(50);
        }
    }
}
