package io.jenkins.plugins.lambdanode.build;

import static org.junit.jupiter.api.Assertions.assertTrue;

import hudson.model.Result;
import hudson.model.Slave;
import hudson.remoting.Channel;
import hudson.remoting.Command;
import hudson.remoting.Request;
import io.jenkins.plugins.lambdanode.engine.aws.Cloud;
import io.jenkins.plugins.lambdanode.record.DeployedFunction;
import io.jenkins.plugins.lambdanode.record.DeploymentAction;
import io.jenkins.plugins.lambdanode.testing.Emulator;
import io.jenkins.plugins.lambdanode.testing.EmulatorExtension;
import io.jenkins.plugins.lambdanode.testing.jenkins.Aws;
import io.jenkins.plugins.lambdanode.testing.jenkins.PackagedPlugin;
import io.jenkins.plugins.lambdanode.testing.jenkins.TcpProxy;
import java.io.Serializable;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Set;
import java.util.concurrent.ConcurrentLinkedQueue;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import java.util.stream.Collectors;
import jenkins.model.Jenkins;
import org.jenkinsci.plugins.workflow.cps.CpsFlowDefinition;
import org.jenkinsci.plugins.workflow.job.WorkflowJob;
import org.jenkinsci.plugins.workflow.job.WorkflowRun;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.ExtendWith;
import org.junit.jupiter.api.extension.RegisterExtension;
import org.jvnet.hudson.test.JenkinsRule;
import org.jvnet.hudson.test.junit.jupiter.InboundAgentExtension;
import org.jvnet.hudson.test.junit.jupiter.RealJenkinsExtension;

/**
 * What the step costs on an agent that has just been connected and has run an {@code sh}, beside npm and the packaging themselves.
 * With the plugin as a .jpi in a Jenkins of its own: an agent of JenkinsRule gets its classes in another way.
 */
@ExtendWith(EmulatorExtension.class)
@Tag("overhead")
class OverheadTest {

    private static final long MAX_NEAR_MILLIS = 1_000;
    private static final long MAX_FAR_MILLIS = 2_000;

    /** Half of the round trip. */
    private static final int ONE_WAY_MILLIS = 20;

    /** A property of the controller while the step runs. */
    private static final String COUNTING = "overhead.counting";

    @RegisterExtension
    private final RealJenkinsExtension jenkins = new RealJenkinsExtension().withTimeout(300);

    @RegisterExtension
    private final InboundAgentExtension agents = new InboundAgentExtension();

    @BeforeEach
    void start() throws Throwable {
        PackagedPlugin.putInto(jenkins.getHome().toPath());
        jenkins.startJenkins();
    }

    @Test
    void theStepTakesLittleLongerThanNpmAndThePackaging() throws Throwable {
        // Moto, because a change is in force there at once: MiniStack waits half a second.
        int port = jenkins.runRemotely(
                OverheadTest::prepare, Emulator.MOTO.endpoint().toString());
        String role = Cloud.role(Emulator.MOTO);
        // The controller's own first use of the AWS SDK is not the agent's cost.
        agents.createAgent(
                jenkins,
                InboundAgentExtension.Options.newBuilder().name("first").build());
        jenkins.runRemotely(OverheadTest::deployTwice, "first", role);
        agents.createAgent(
                jenkins, InboundAgentExtension.Options.newBuilder().name("near").build());
        Overhead near = jenkins.runRemotely(OverheadTest::deployTwice, "near", role);

        try (TcpProxy delaying = new TcpProxy("127.0.0.1", port).delay(ONE_WAY_MILLIS)) {
            agents.createAgent(
                    jenkins,
                    InboundAgentExtension.Options.newBuilder()
                            .name("far")
                            .tunnel("127.0.0.1:" + delaying.port())
                            .build());
            Overhead far = jenkins.runRemotely(OverheadTest::deployTwice, "far", role);

            System.out.println("near: " + near + "\nround trip of " + 2 * ONE_WAY_MILLIS + " ms: " + far);
            assertTrue(near.millis() < MAX_NEAR_MILLIS, near.toString());
            assertTrue(far.millis() < MAX_FAR_MILLIS, far.toString());
        }
    }

    private static int prepare(JenkinsRule rule, String endpoint) throws Exception {
        Aws.configureJenkins(endpoint);
        Jenkins.get().setSlaveAgentPort(0);
        return Jenkins.get().getTcpSlaveAgentListener().getPort();
    }

    /**
     * The first step's duration less npm and packaging. Their own times are those of a second run: in the first they hold
     * what it takes to bring the classes for them to the agent.
     */
    private static Overhead deployTwice(JenkinsRule rule, String agent, String role) throws Exception {
        Deployed first = deploy(rule, agent, agent + "-1", role);
        Deployed second = deploy(rule, agent, agent + "-2", role);
        return new Overhead(first.stepMillis - second.workMillis, first, second);
    }

    private record Overhead(long millis, Deployed first, Deployed second) implements Serializable {
        @Override
        public String toString() {
            return millis + " ms more than npm and packaging\n  first " + first + "\n  second " + second;
        }
    }

    /**
     * How long a deployment took.
     *
     * @param stepMillis the whole step
     * @param workMillis npm and packaging
     * @param phases each phase's milliseconds
     * @param requests those that the controller and the agent sent each other, and waited for the response of
     */
    private record Deployed(long stepMillis, long workMillis, String phases, List<String> requests)
            implements Serializable {
        @Override
        public String toString() {
            long ofAgent =
                    requests.stream().filter(text -> text.startsWith("agent")).count();
            return stepMillis + " ms (" + phases + "), " + (requests.size() - ofAgent) + " requests to the agent, "
                    + ofAgent + " from it"
                    + (Boolean.getBoolean("overhead.requests") ? "\n    " + String.join("\n    ", requests) : "");
        }
    }

    private static Deployed deploy(JenkinsRule rule, String agent, String name, String role) throws Exception {
        Slave node = (Slave) Jenkins.get().getNode(agent);
        // Not by a step of the Pipeline, which would bring classes to the agent.
        Path project = Files.createDirectories(Path.of(node.getRemoteFS(), "workspace", name));
        Files.writeString(project.resolve("index.js"), "exports.handler = async () => '" + name + "';\n");
        Files.writeString(project.resolve("package.json"), "{\"scripts\":{\"preinstall\":\"true\"}}");
        ConcurrentLinkedQueue<String> requests = new ConcurrentLinkedQueue<>();
        ((Channel) node.getChannel()).addListener(new Channel.Listener() {
            @Override
            public void onRead(Channel channel, Command command, long bytes) {
                note("agent: ", command);
            }

            @Override
            public void onWrite(Channel channel, Command command, long bytes) {
                note("controller: ", command);
            }

            private void note(String who, Command command) {
                if (Boolean.getBoolean(COUNTING) && command instanceof Request) {
                    requests.add(who + command);
                }
            }
        });
        WorkflowJob job = Jenkins.get().createProject(WorkflowJob.class, name);
        job.setDefinition(new CpsFlowDefinition(
                "node('" + agent + "') {\n"
                        + "sh 'true'\n"
                        + "def start = System.nanoTime()\n"
                        + "System.setProperty('" + COUNTING + "', 'true')\n"
                        + "lambdaNodeDeploy functionName: '" + name + "', credentialsId: 'aws-deploy', create: [role: '"
                        + role + "']\n"
                        + "System.setProperty('" + COUNTING + "', 'false')\n"
                        + "echo \"step took ${(System.nanoTime() - start).intdiv(1000000)} ms\"\n}",
                false));
        WorkflowRun run = rule.buildAndAssertStatus(Result.SUCCESS, job);
        Matcher took = Pattern.compile("step took (\\d+) ms").matcher(JenkinsRule.getLog(run));
        assertTrue(took.find());
        DeployedFunction function =
                run.getAction(DeploymentAction.class).getFunctions().get(0);
        long work = function.getPhases().stream()
                .filter(row -> Set.of("install", "package").contains(row.getName()))
                .mapToLong(row -> row.getMillis())
                .sum();
        return new Deployed(
                Long.parseLong(took.group(1)),
                work,
                function.getPhases().stream()
                        .map(row -> row.getName() + " " + row.getMillis())
                        .collect(Collectors.joining(" ")),
                new ArrayList<>(requests));
    }
}
