package io.jenkins.plugins.lambdanode.build;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import hudson.model.Result;
import io.jenkins.plugins.lambdanode.engine.pack.Packager;
import io.jenkins.plugins.lambdanode.testing.EmulatorExtension;
import io.jenkins.plugins.lambdanode.testing.jenkins.Aws;
import io.jenkins.plugins.lambdanode.testing.jenkins.Builds;
import io.jenkins.plugins.lambdanode.testing.jenkins.PackagedPlugin;
import java.lang.management.ManagementFactory;
import java.lang.management.MemoryPoolMXBean;
import java.lang.management.MemoryType;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Random;
import java.util.TreeMap;
import jenkins.model.Jenkins;
import jenkins.security.MasterToSlaveCallable;
import org.jenkinsci.plugins.workflow.job.WorkflowRun;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.ExtendWith;
import org.junit.jupiter.api.extension.RegisterExtension;
import org.junit.jupiter.api.io.TempDir;
import org.jvnet.hudson.test.JenkinsRule;
import org.jvnet.hudson.test.junit.jupiter.InboundAgentExtension;
import org.jvnet.hudson.test.junit.jupiter.RealJenkinsExtension;

@ExtendWith(EmulatorExtension.class)
class LoadTest {

    private static final int BUILDS = 50;
    private static final int LARGE = 10;
    private static final int LARGE_BYTES = 45_000_000;
    private static final int EXECUTORS = 25;
    private static final String FIGURES = "figures";
    private static final String JAR = "jar";

    @RegisterExtension
    private final RealJenkinsExtension jenkins =
            new RealJenkinsExtension().javaOptions("-Xmx512m").withTimeout(900);

    @RegisterExtension
    private final InboundAgentExtension agents = new InboundAgentExtension();

    @Test
    void fiftyPipelinesAtOnceTenOfThemWithALargePackageEndWellOnAControllerWith512MegabytesOfHeap(@TempDir Path temp)
            throws Throwable {
        Aws.createRole();
        byte[] bytes = new byte[LARGE_BYTES];
        new Random(1).nextBytes(bytes);
        Path large = Files.write(temp.resolve("data.bin"), bytes);
        PackagedPlugin.putInto(jenkins.getHome().toPath());
        jenkins.startJenkins();
        for (String name : List.of("one", "two")) {
            agents.createAgent(
                    jenkins,
                    InboundAgentExtension.Options.newBuilder()
                            .name(name)
                            .label("load")
                            .webSocket()
                            .build());
        }

        TreeMap<String, String> recorded =
                jenkins.runRemotely(LoadTest::deployAll, Aws.endpoint().toString(), large.toString());

        System.out.println(recorded.remove(FIGURES));
        String jar = recorded.remove(JAR);
        assertTrue(jar.endsWith(".jar"), "An agent has fetched a class of the plugin alone: " + jar);
        assertEquals(BUILDS, recorded.size());
        recorded.forEach(
                (name, sha256) -> assertEquals(Aws.function(name).orElseThrow().codeSha256(), sha256));
    }

    /** The CodeSha256 in each build's record. */
    private static TreeMap<String, String> deployAll(JenkinsRule rule, String endpoint, String large) throws Exception {
        Aws.configureJenkins(endpoint);
        for (String name : List.of("one", "two")) {
            Builds.giveExecutors(rule, name, EXECUTORS);
        }
        long start = System.nanoTime();
        List<WorkflowRun> runs = new ArrayList<>();
        for (int i = 0; i < BUILDS; i++) {
            boolean isLarge = i % (BUILDS / LARGE) == 0;
            runs.add(Builds.pipeline(
                            "load-" + i,
                            "node('load') {\n" + Builds.project("build " + i)
                                    + (isLarge ? "sh 'cp " + large + " fn/data.bin'\n" : "")
                                    + "lambdaNodeDeploy functionName: 'load-" + i + "', dir: 'fn', compressionLevel: 1,"
                                    + " credentialsId: 'aws-deploy', create: [role: '" + Aws.ROLE + "']\n}")
                    .scheduleBuild2(0)
                    .waitForStart());
        }
        Builds.awaitExecutors(runs);
        TreeMap<String, String> recorded = new TreeMap<>();
        for (WorkflowRun run : runs) {
            rule.assertBuildStatus(Result.SUCCESS, rule.waitForCompletion(run));
            String name = run.getParent().getName();
            recorded.put(name, Builds.record(run, name).path("CodeSha256").asText());
        }
        recorded.put(JAR, Jenkins.get().getNode("one").getChannel().call(new FindJar()));
        long used = ManagementFactory.getMemoryPoolMXBeans().stream()
                .filter(pool -> pool.getType() == MemoryType.HEAP)
                .map(MemoryPoolMXBean::getPeakUsage)
                .mapToLong(usage -> usage.getUsed())
                .sum();
        recorded.put(
                FIGURES,
                BUILDS + " Pipelines in " + (System.nanoTime() - start) / 1_000_000_000
                        + " s; heap, garbage included, at" + " most " + (used >> 20) + " MB of "
                        + (Runtime.getRuntime().maxMemory() >> 20) + " MB");
        return recorded;
    }

    /** Which file an agent has the plugin's classes from. */
    private static final class FindJar extends MasterToSlaveCallable<String, RuntimeException> {
        private static final long serialVersionUID = 1L;

        @Override
        public String call() {
            return String.valueOf(
                    Packager.class.getProtectionDomain().getCodeSource().getLocation());
        }
    }
}
