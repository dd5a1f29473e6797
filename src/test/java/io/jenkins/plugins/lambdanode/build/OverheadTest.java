package io.jenkins.plugins.lambdanode.build;

import static org.junit.jupiter.api.Assertions.assertTrue;

import hudson.model.Result;
import hudson.model.Slave;
import io.jenkins.plugins.lambdanode.record.DeployedFunction;
import io.jenkins.plugins.lambdanode.record.DeploymentAction;
import io.jenkins.plugins.lambdanode.testing.EmulatorExtension;
import io.jenkins.plugins.lambdanode.testing.jenkins.Aws;
import io.jenkins.plugins.lambdanode.testing.jenkins.Builds;
import io.jenkins.plugins.lambdanode.testing.jenkins.TcpProxy;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Set;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import java.util.stream.Collectors;
import org.jenkinsci.plugins.workflow.job.WorkflowJob;
import org.jenkinsci.plugins.workflow.job.WorkflowRun;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.ExtendWith;
import org.junit.jupiter.api.extension.RegisterExtension;
import org.jvnet.hudson.test.JenkinsRule;
import org.jvnet.hudson.test.junit.jupiter.InboundAgentExtension;
import org.jvnet.hudson.test.junit.jupiter.WithJenkins;

/** What the step costs on an agent that has just been connected, beside npm and the packaging themselves. */
@WithJenkins
@ExtendWith(EmulatorExtension.class)
@Tag("overhead")
class OverheadTest {

    private static final long MAX_NEAR_MILLIS = 3_000;
    private static final long MAX_FAR_MILLIS = 10_000;

    /** Half of the round trip. */
    private static final int ONE_WAY_MILLIS = 20;

    @RegisterExtension
    private final InboundAgentExtension agents = new InboundAgentExtension();

    @Test
    void theStepTakesLittleLongerThanNpmAndThePackaging(JenkinsRule jenkins) throws Exception {
        Aws.configureJenkins();
        // The controller's own first use of the AWS SDK is not the agent's cost.
        deploy(jenkins, jenkins.createOnlineSlave(), "controller");
        int port = jenkins.jenkins.getTcpSlaveAgentListener().getPort();
        Slave near = agents.createAgent(
                jenkins, InboundAgentExtension.Options.newBuilder().name("near").build());
        long nearMillis = overhead(jenkins, near);

        try (TcpProxy delaying = new TcpProxy("127.0.0.1", port).delay(ONE_WAY_MILLIS)) {
            Slave far = agents.createAgent(
                    jenkins,
                    InboundAgentExtension.Options.newBuilder()
                            .name("far")
                            .tunnel("127.0.0.1:" + delaying.port())
                            .build());
            long farMillis = overhead(jenkins, far);

            System.out.println("More than npm and packaging: " + nearMillis + " ms, with a round trip of "
                    + 2 * ONE_WAY_MILLIS + " ms " + farMillis + " ms");
            assertTrue(nearMillis < MAX_NEAR_MILLIS, nearMillis + " ms");
            assertTrue(farMillis < MAX_FAR_MILLIS, farMillis + " ms");
        }
    }

    /**
     * The first step's duration less npm and packaging. Their own times are those of a second run: in the first they hold
     * what it takes to bring the classes for them to the agent.
     */
    private static long overhead(JenkinsRule jenkins, Slave agent) throws Exception {
        Deployed first = deploy(jenkins, agent, agent.getNodeName() + "-1");
        Deployed second = deploy(jenkins, agent, agent.getNodeName() + "-2");
        System.out.println(agent.getNodeName() + ": first " + first + ", second " + second);
        return first.stepMillis - second.workMillis;
    }

    /**
     * How long a deployment took.
     *
     * @param stepMillis the whole step
     * @param workMillis npm and packaging
     * @param phases each phase's milliseconds
     */
    private record Deployed(long stepMillis, long workMillis, String phases) {}

    private static Deployed deploy(JenkinsRule jenkins, Slave agent, String name) throws Exception {
        // Not by a step of the Pipeline, which would bring classes to the agent.
        Path project = Files.createDirectories(Path.of(agent.getRemoteFS(), "workspace", name));
        Files.writeString(project.resolve("index.js"), "exports.handler = async () => '" + name + "';\n");
        Files.writeString(project.resolve("package.json"), "{\"scripts\":{\"preinstall\":\"true\"}}");
        WorkflowJob job = Builds.pipeline(
                name,
                "node('" + agent.getNodeName() + "') {\n"
                        + "def start = currentBuild.duration\n"
                        + "lambdaNodeDeploy functionName: '" + name + "', credentialsId: 'aws-deploy', create: [role: '"
                        + Aws.ROLE + "']\n"
                        + "echo \"step took ${currentBuild.duration - start} ms\"\n}");
        WorkflowRun run = jenkins.buildAndAssertStatus(Result.SUCCESS, job);
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
                        .collect(Collectors.joining(" ")));
    }
}
