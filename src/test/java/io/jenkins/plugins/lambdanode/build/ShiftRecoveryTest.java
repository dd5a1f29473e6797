package io.jenkins.plugins.lambdanode.build;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import com.cloudbees.plugins.credentials.SystemCredentialsProvider;
import com.cloudbees.plugins.credentials.common.IdCredentials;
import hudson.model.FreeStyleProject;
import hudson.model.Job;
import hudson.model.Result;
import hudson.model.Run;
import hudson.tasks.Shell;
import io.jenkins.plugins.lambdanode.FunctionConfiguration;
import io.jenkins.plugins.lambdanode.LambdaNodeDeployBuilder;
import io.jenkins.plugins.lambdanode.LambdaNodeDeployStep;
import io.jenkins.plugins.lambdanode.engine.steps.ShiftJournal.Choice;
import io.jenkins.plugins.lambdanode.engine.steps.ShiftJournal.Decision;
import io.jenkins.plugins.lambdanode.record.DeployedFunction;
import io.jenkins.plugins.lambdanode.record.DeploymentAction;
import io.jenkins.plugins.lambdanode.record.FailedDeployment;
import io.jenkins.plugins.lambdanode.record.LiveShifts;
import io.jenkins.plugins.lambdanode.testing.EmulatorExtension;
import io.jenkins.plugins.lambdanode.testing.jenkins.Aws;
import io.jenkins.plugins.lambdanode.testing.jenkins.Builds;
import io.jenkins.plugins.lambdanode.testing.jenkins.TcpProxy;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.time.Instant;
import java.util.List;
import java.util.Map;
import java.util.stream.Collectors;
import jenkins.model.Jenkins;
import org.jenkinsci.plugins.workflow.cps.CpsFlowDefinition;
import org.jenkinsci.plugins.workflow.job.WorkflowJob;
import org.jenkinsci.plugins.workflow.job.WorkflowRun;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.ExtendWith;
import org.junit.jupiter.api.extension.RegisterExtension;
import org.jvnet.hudson.test.JenkinsRule;
import org.jvnet.hudson.test.junit.jupiter.InboundAgentExtension;
import org.jvnet.hudson.test.junit.jupiter.RealJenkinsExtension;
import software.amazon.awssdk.services.lambda.LambdaClient;

/** What becomes of aliases whose controller was killed while their traffic shifted, or while they were rolled back. */
@ExtendWith(EmulatorExtension.class)
class ShiftRecoveryTest {

    private static final Duration PATIENCE = Duration.ofMinutes(2);
    private static final String LONG_SHIFT = ", alias: 'live', rollout: [percent: 50, every: 60]";
    private static final String BACK = ": all traffic goes to version 1 again, as before.";

    @RegisterExtension
    private final RealJenkinsExtension jenkins = new RealJenkinsExtension().withTimeout(300);

    @RegisterExtension
    private final InboundAgentExtension agents = new InboundAgentExtension();

    @Test
    void whatNobodyCarriesOnIsTakenBackWhenJenkinsStartsAgain() throws Throwable {
        Aws.createRole();
        List<String> freestyle =
                List.of("left-freestyle", "left-no-credentials", "left-changed", "left-deleted-build", "left-finished");
        List<String> pipelines = List.of("left-no-agent", "left-no-execution");
        try (TcpProxy unanswered = new TcpProxy("127.0.0.1", Aws.endpoint().getPort())
                        .stallAt(sent -> sent.startsWith("PUT ") && sent.contains("/aliases/live"));
                TcpProxy undone = new TcpProxy("127.0.0.1", Aws.endpoint().getPort())) {
            jenkins.startJenkins();
            agents.createAgent(
                    jenkins,
                    InboundAgentExtension.Options.newBuilder()
                            .name("agent")
                            .webSocket()
                            .build());
            jenkins.runRemotely(ShiftRecoveryTest::configure, Aws.endpoint().toString());
            for (String job : freestyle) {
                jenkins.runRemotely(ShiftRecoveryTest::startFreestyle, job, undone.url());
            }
            jenkins.runRemotely(ShiftRecoveryTest::startPipeline, "left-no-agent", "agent");
            jenkins.runRemotely(ShiftRecoveryTest::startPipeline, "left-no-execution", "built-in");
            jenkins.runRemotely(ShiftRecoveryTest::startRollback, "left-rollback", unanswered.url());
            for (String job : freestyle) {
                awaitTraffic(job, "1 2=0.5");
            }
            for (String job : pipelines) {
                awaitTraffic(job, "1 2=0.5");
            }
            assertTrue(unanswered.awaitStall(PATIENCE.toSeconds()));
            assertEquals("2", Aws.traffic("left-rollback"));
            jenkins.runRemotely(ShiftRecoveryTest::removeCredentials);
            undone.stallAt(sent -> sent.startsWith("GET ") && sent.contains("/aliases/live"));
            jenkins.runRemotely(ShiftRecoveryTest::finishNow, "left-finished");

            jenkins.stopJenkinsForcibly();
            agents.stop("agent");
            unanswered.resume();
            undone.resume();
            assertEquals("1 2=0.5", Aws.traffic("left-freestyle"));
            Files.delete(build("left-no-execution").resolve("program.dat"));
            Files.delete(build("left-deleted-build").resolve("build.xml"));
            point("left-changed", "2");
            // What the request that was on its way has done.
            point("left-rollback", "1");
            jenkins.startJenkins();

            for (String job : List.of("left-freestyle", "left-deleted-build", "left-no-agent", "left-no-execution")) {
                awaitTraffic(job, "1");
            }
            for (String job : List.of("left-freestyle", "left-no-agent", "left-no-execution")) {
                assertEquals(
                        "Alias live of function " + job + BACK, jenkins.runRemotely(ShiftRecoveryTest::failure, job));
            }
            awaitTraffic("left-finished", "2");
            assertEquals(
                    "Alias live of function left-finished: all traffic goes to version 2, as decided by admin.",
                    jenkins.runRemotely(ShiftRecoveryTest::failure, "left-finished"));
            String changed = jenkins.runRemotely(ShiftRecoveryTest::failure, "left-changed");
            assertTrue(changed.contains("was changed by someone else"), changed);
            assertEquals("2", Aws.traffic("left-changed"));
            String without = jenkins.runRemotely(ShiftRecoveryTest::failure, "left-no-credentials");
            assertTrue(without.contains("may still send a part of its traffic to version 2"), without);
            assertTrue(without.contains("There are no AWS credentials with the ID 'aws-gone'"), without);
            assertTrue(without.contains("aws lambda update-alias --function-name arn:aws:lambda:us-east-1:"), without);
            assertEquals("1 2=0.5", Aws.traffic("left-no-credentials"));
            String agentless = jenkins.runRemotely(ShiftRecoveryTest::logOf, "left-no-agent");
            assertTrue(agentless.contains(BACK), agentless);
            assertEquals("1 rolled_back 2", jenkins.runRemotely(ShiftRecoveryTest::rollback, "left-rollback"));
            assertEquals("1", Aws.traffic("left-rollback"));
            String log = jenkins.runRemotely(ShiftRecoveryTest::logOfJenkins);
            assertTrue(log.contains("left-deleted-build #1 ended while traffic shifted. Alias live of function"), log);
            Path kept = jenkins.getHome().toPath().resolve(ShiftRecovery.class.getName() + ".xml");
            assertFalse(Files.readString(kept).contains("left-"), Files.readString(kept));
        }
    }

    private Path build(String job) {
        return jenkins.getHome().toPath().resolve("jobs/" + job + "/builds/1");
    }

    private static void awaitTraffic(String function, String traffic) throws InterruptedException {
        Builds.await(PATIENCE, () -> Aws.traffic(function).equals(traffic));
    }

    private static void point(String function, String version) {
        try (LambdaClient lambda = Aws.lambda()) {
            lambda.updateAlias(request -> request.functionName(function)
                    .name("live")
                    .functionVersion(version)
                    .routingConfig(routing -> routing.additionalVersionWeights(Map.of())));
        }
    }

    private static void configure(JenkinsRule rule, String endpoint) throws Exception {
        Aws.configureJenkins(endpoint);
        Aws.addCredentials("aws-gone", Aws.ACCESS_KEY, Aws.SECRET_KEY);
        rule.jenkins.setNumExecutors(7);
    }

    private static void startFreestyle(JenkinsRule rule, String name, String endpoint) throws Exception {
        FreeStyleProject project = rule.createFreeStyleProject(name);
        for (int answer = 1; answer <= 2; answer++) {
            LambdaNodeDeployStep settings = new LambdaNodeDeployStep(name);
            settings.setCredentialsId(name.equals("left-no-credentials") ? "aws-gone" : Aws.CREDENTIALS_ID);
            settings.setAlias("live");
            settings.setEndpointUrl(name.equals("left-finished") ? endpoint : null);
            settings.setCreate(new FunctionConfiguration(Aws.ROLE));
            settings.setRollout(answer == 1 ? null : "percent=50\nevery=60");
            project.getBuildersList().add(new Shell("echo 'exports.handler = async () => " + answer + ";' > index.js"));
            project.getBuildersList().add(new LambdaNodeDeployBuilder(settings));
        }
        project.scheduleBuild2(0);
    }

    private static void finishNow(JenkinsRule rule, String name) throws Exception {
        LiveShifts.get()
                .of(Jenkins.get().getItemByFullName(name, Job.class))
                .get(0)
                .decide(new Decision(Choice.FINISH, "admin", Instant.now()));
    }

    private static void startPipeline(JenkinsRule rule, String name, String node) throws Exception {
        Builds.pipeline(
                        name,
                        "node('" + node + "') {\n" + Builds.WRITE_PROJECT + Builds.deploy(name, ", alias: 'live'")
                                + Builds.project("two") + Builds.deploy(name, LONG_SHIFT) + "}")
                .scheduleBuild2(0);
    }

    /** Its second build rolls back to what its first one deployed. */
    private static void startRollback(JenkinsRule rule, String name, String endpoint) throws Exception {
        WorkflowJob job = Builds.pipeline(
                name, "node('built-in') {\n" + Builds.WRITE_PROJECT + Builds.deploy(name, ", alias: 'live'") + "}");
        rule.buildAndAssertSuccess(job);
        job.setDefinition(new CpsFlowDefinition(
                "node('built-in') {\n" + Builds.project("two") + Builds.deploy(name, ", alias: 'live'") + "}\n"
                        + "def fn = lambdaNodeRollback functionName: '" + name + "', alias: 'live', credentialsId: '"
                        + Aws.CREDENTIALS_ID + "', endpointUrl: '" + endpoint + "'\n"
                        + "echo \"now ${fn.version} ${fn.outcome} ${fn.previousVersion}\"",
                true));
        job.scheduleBuild2(0);
    }

    private static void removeCredentials(JenkinsRule rule) throws IOException {
        SystemCredentialsProvider store = SystemCredentialsProvider.getInstance();
        store.getCredentials()
                .removeIf(each -> each instanceof IdCredentials credentials
                        && credentials.getId().equals("aws-gone"));
        store.save();
    }

    /** What the page of a job's first build says, when it does. */
    private static String failure(JenkinsRule rule, String name) throws Exception {
        Run<?, ?> run = Jenkins.get().getItemByFullName(name, Job.class).getBuildByNumber(1);
        Builds.await(
                PATIENCE,
                () -> run.getAction(DeploymentAction.class) != null
                        && !run.getAction(DeploymentAction.class).getFailures().isEmpty());
        List<FailedDeployment> failures = run.getAction(DeploymentAction.class).getFailures();
        assertEquals(1, failures.size());
        assertEquals("shift", failures.get(0).getPhase());
        assertTrue(failures.get(0).isStopped());
        Builds.await(PATIENCE, () -> !run.isBuilding());
        assertTrue(run.getResult().isWorseThan(Result.UNSTABLE));
        return failures.get(0).getMessage();
    }

    private static String logOf(JenkinsRule rule, String name) throws Exception {
        return JenkinsRule.getLog(
                Jenkins.get().getItemByFullName(name, Job.class).getBuildByNumber(1));
    }

    private static String rollback(JenkinsRule rule, String name) throws Exception {
        WorkflowRun run =
                Jenkins.get().getItemByFullName(name, WorkflowJob.class).getBuildByNumber(2);
        rule.assertBuildStatusSuccess(rule.waitForCompletion(run));
        rule.assertLogContains("The controller was restarted: carrying on with the rollback.", run);
        rule.assertLogContains("now 1 rolled_back 2", run);
        List<DeployedFunction> recorded = run.getAction(DeploymentAction.class).getFunctions();
        assertEquals(2, recorded.size());
        DeployedFunction last = recorded.get(1);
        return last.getVersion() + " " + last.getOutcome() + " " + last.getPreviousVersion();
    }

    private static String logOfJenkins(JenkinsRule rule) {
        return Jenkins.logRecords.stream()
                .map(entry -> String.valueOf(entry.getMessage()))
                .collect(Collectors.joining("\n"));
    }
}
