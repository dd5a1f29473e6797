package io.jenkins.plugins.lambdanode.agent;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import hudson.model.Label;
import hudson.model.Result;
import hudson.model.Slave;
import io.jenkins.plugins.lambdanode.testing.EmulatorExtension;
import io.jenkins.plugins.lambdanode.testing.jenkins.Aws;
import io.jenkins.plugins.lambdanode.testing.jenkins.Builds;
import java.io.IOException;
import java.io.InputStream;
import java.lang.management.ManagementFactory;
import java.lang.management.MemoryPoolMXBean;
import java.lang.management.MemoryType;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.stream.Collectors;
import jenkins.security.MasterToSlaveCallable;
import org.jenkinsci.plugins.workflow.job.WorkflowRun;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.ExtendWith;
import org.junit.jupiter.api.io.TempDir;
import org.jvnet.hudson.test.JenkinsRule;
import org.jvnet.hudson.test.junit.jupiter.WithJenkins;

/** What stays on which side: credentials and the AWS SDK on the controller, package bytes on the agent. */
@WithJenkins
@ExtendWith(EmulatorExtension.class)
class AgentIsolationTest {

    private static final int PACKAGE_MB = 45;

    /** npm's preinstall script prints its environment. */
    private static final String WRITE_TALKATIVE_PROJECT = Builds.WRITE_PROJECT
            + "writeFile file: 'fn/package.json', text: '{\"scripts\":{\"preinstall\":\"node -p process.env\"}}'\n";

    private JenkinsRule jenkins;
    private Slave agent;
    private String secret;

    @BeforeEach
    void setUp(JenkinsRule rule) throws Exception {
        jenkins = rule;
        Aws.configureJenkins();
        String[] keys = Aws.newUser();
        secret = keys[1];
        Aws.addCredentials("unusual", keys[0], secret);
        agent = jenkins.createOnlineSlave(Label.get("agent"));
    }

    private WorkflowRun build(String name, String steps) throws Exception {
        return Builds.run(jenkins, name, "node('agent') {\n" + steps + "\n}", Result.SUCCESS);
    }

    private static String deploy(String function, String more) {
        return "lambdaNodeDeploy functionName: '" + function + "', dir: 'fn', create: [role: '" + Aws.ROLE + "']" + more
                + "\n";
    }

    @Test
    void anAgentHasNeitherAnAwsSecretNorAnAwsClassAfterDeployments(@TempDir Path temp) throws Exception {
        Aws.createBucket();
        WorkflowRun credentials = build(
                "credentials",
                WRITE_TALKATIVE_PROJECT
                        + deploy("isolated-direct", ", credentialsId: 'unusual'")
                        + deploy(
                                "isolated-staged",
                                ", credentialsId: 'unusual', s3Threshold: 0, s3Bucket: '" + Aws.BUCKET + "'"));
        assertNotInMemory(secret, temp.resolve("credentials.hprof"));
        WorkflowRun variables = build(
                "variables",
                WRITE_TALKATIVE_PROJECT
                        + "withCredentials([[$class: 'AmazonWebServicesCredentialsBinding', credentialsId: 'unusual']]) {\n"
                        + deploy("isolated-variables", "") + "}");

        for (WorkflowRun run : new WorkflowRun[] {credentials, variables}) {
            jenkins.assertLogContains("LAMBDA_NODE_DEPLOY_ID", run);
            jenkins.assertLogNotContains("AWS_SECRET_ACCESS_KEY:", run);
            jenkins.assertLogNotContains(secret, run);
        }
        long pid = agent.getChannel().call(new Pid());
        String classes = jcmd(pid, "VM.class_hierarchy");
        assertTrue(classes.contains("io.jenkins.plugins.lambdanode.agent.AgentTasks"), "The agent did the work");
        assertEquals(
                "",
                classes.lines().filter(line -> line.contains("software.amazon")).collect(Collectors.joining("\n")));
        assertNotInMemory(secret, temp.resolve("variables.hprof"));
    }

    private void assertNotInMemory(String text, Path heap) throws Exception {
        jcmd(agent.getChannel().call(new Pid()), "GC.heap_dump", "-all", heap.toString());
        assertTrue(contains(heap, "isolated-direct"), "The dump is of the agent that deployed");
        assertFalse(contains(heap, text), "The secret is in the agent's memory: " + heap);
    }

    @Test
    void theControllersHeapDoesNotGrowWithThePackage() throws Exception {
        String project = Builds.WRITE_PROJECT + "sh 'head -c " + PACKAGE_MB + "000000 /dev/urandom > fn/data.bin'\n";
        build("warm", Builds.WRITE_PROJECT + deploy("heap-small", ", credentialsId: 'unusual'"));
        long small = peakMegabytes(
                () -> build("small", Builds.project("small") + deploy("heap-small", ", credentialsId: 'unusual'")));

        long large = peakMegabytes(() ->
                build("large", project + deploy("heap-large", ", credentialsId: 'unusual', compressionLevel: 1")));

        assertTrue(Aws.function("heap-large").orElseThrow().codeSize() > PACKAGE_MB * 1_000_000L);
        System.out.println("Controller's heap: " + small + " MB at most with a package of 1 kB, " + large + " MB with "
                + PACKAGE_MB + " MB");
        // Anything that held the package, or its base64 of 60 MB, would show.
        assertTrue(large - small < PACKAGE_MB * 3 / 4, "grew from " + small + " to " + large + " MB");
    }

    private interface Work {
        void run() throws Exception;
    }

    /** How much live and dead memory there was at once: garbage is collected all the time, so what is seen is in use. */
    private static long peakMegabytes(Work work) throws Exception {
        System.gc();
        long[] peak = new long[1];
        Thread sampler = new Thread(() -> {
            try {
                while (true) {
                    System.gc();
                    peak[0] = Math.max(peak[0], liveBytes());
                    Thread.sleep(300);
                }
            } catch (InterruptedException e) {
                // The work has ended.
            }
        });
        sampler.start();
        work.run();
        sampler.interrupt();
        sampler.join();
        return peak[0] >> 20;
    }

    private static long liveBytes() {
        return ManagementFactory.getMemoryPoolMXBeans().stream()
                .filter(pool -> pool.getType() == MemoryType.HEAP && pool.getCollectionUsage() != null)
                .map(MemoryPoolMXBean::getCollectionUsage)
                .mapToLong(usage -> usage.getUsed())
                .sum();
    }

    private static String jcmd(long pid, String... arguments) throws IOException, InterruptedException {
        ProcessBuilder command = new ProcessBuilder(System.getProperty("java.home") + "/bin/jcmd", Long.toString(pid));
        command.command().addAll(Arrays.asList(arguments));
        Process process = command.redirectErrorStream(true).start();
        String output = new String(process.getInputStream().readAllBytes(), StandardCharsets.UTF_8);
        assertEquals(0, process.waitFor(), output);
        return output;
    }

    /** A string's characters are single bytes in a heap dump (JEP 254). */
    private static boolean contains(Path file, String text) throws IOException {
        byte[] wanted = text.getBytes(StandardCharsets.ISO_8859_1);
        byte[] buffer = new byte[1 << 20];
        int kept = 0;
        try (InputStream in = Files.newInputStream(file)) {
            for (int count; (count = in.read(buffer, kept, buffer.length - kept)) > 0; ) {
                String window = new String(buffer, 0, kept + count, StandardCharsets.ISO_8859_1);
                if (window.contains(text)) {
                    return true;
                }
                int keep = Math.min(wanted.length - 1, kept + count);
                System.arraycopy(buffer, kept + count - keep, buffer, 0, keep);
                kept = keep;
            }
        }
        return false;
    }

    private static final class Pid extends MasterToSlaveCallable<Long, RuntimeException> {
        private static final long serialVersionUID = 1L;

        @Override
        public Long call() {
            return ProcessHandle.current().pid();
        }
    }
}
