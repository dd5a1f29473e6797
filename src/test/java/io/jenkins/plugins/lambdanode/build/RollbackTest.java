package io.jenkins.plugins.lambdanode.build;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertNull;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import com.fasterxml.jackson.databind.JsonNode;
import hudson.EnvVars;
import hudson.model.Fingerprint;
import hudson.model.Result;
import hudson.model.TaskListener;
import io.jenkins.plugins.lambdanode.LambdaNodeRollbackStep;
import io.jenkins.plugins.lambdanode.engine.base.DeployException;
import io.jenkins.plugins.lambdanode.record.DeployedFunction;
import io.jenkins.plugins.lambdanode.record.DeploymentAction;
import io.jenkins.plugins.lambdanode.testing.EmulatorExtension;
import io.jenkins.plugins.lambdanode.testing.jenkins.Aws;
import io.jenkins.plugins.lambdanode.testing.jenkins.Builds;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.regex.MatchResult;
import java.util.regex.Pattern;
import org.jenkinsci.plugins.workflow.cps.CpsFlowDefinition;
import org.jenkinsci.plugins.workflow.job.WorkflowJob;
import org.jenkinsci.plugins.workflow.job.WorkflowRun;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.ExtendWith;
import org.jvnet.hudson.test.JenkinsRule;
import org.jvnet.hudson.test.junit.jupiter.WithJenkins;
import software.amazon.awssdk.services.lambda.LambdaClient;

/** {@code lambdaNodeRollback}: an alias goes back by the records of its job, without an agent. */
@WithJenkins
@ExtendWith(EmulatorExtension.class)
class RollbackTest {

    private static JenkinsRule jenkins;

    @BeforeAll
    static void start(JenkinsRule rule) throws Exception {
        jenkins = rule;
        Builds.startAgent(jenkins);
        // Nothing but the agent can run what needs one.
        jenkins.jenkins.setNumExecutors(0);
    }

    @AfterAll
    static void stop() throws Exception {
        jenkins.after();
        jenkins = null;
    }

    private static WorkflowRun run(WorkflowJob job, Result expected, String script) throws Exception {
        job.setDefinition(new CpsFlowDefinition(script, true));
        return jenkins.buildAndAssertStatus(expected, job);
    }

    private static WorkflowRun deploy(WorkflowJob job, String answer) throws Exception {
        return run(
                job,
                Result.SUCCESS,
                "node('agent') {\n" + Builds.project(answer) + Builds.deploy(job.getName(), ", alias: 'live'") + "}");
    }

    private static String rollback(String function, String more) {
        return "lambdaNodeRollback functionName: '" + function + "', alias: 'live', credentialsId: '"
                + Aws.CREDENTIALS_ID + "'" + more + "\n";
    }

    private static String live(String function) {
        try (LambdaClient lambda = Aws.lambda()) {
            return lambda.getAlias(request -> request.functionName(function).name("live"))
                    .functionVersion();
        }
    }

    private static List<DeployedFunction> recorded(WorkflowRun run) {
        return run.getAction(DeploymentAction.class).getFunctions();
    }

    @Test
    void theAliasGoesBackAndBackAgainAndEachIsRecordedAsADeployment() throws Exception {
        WorkflowJob job = Builds.pipeline("rollback-again", "");
        deploy(job, "one");
        WorkflowRun second = deploy(job, "two");
        deploy(job, "three");
        assertEquals("3", live("rollback-again"));

        WorkflowRun back = run(
                job,
                Result.SUCCESS,
                "def fn = " + rollback("rollback-again", "")
                        + "echo \"outcome=${fn.outcome} version=${fn.version} before=${fn.previousVersion} updated=${fn.updated}\"");

        assertEquals("2", live("rollback-again"));
        jenkins.assertLogContains("outcome=rolled_back version=2 before=3 updated=true", back);
        jenkins.assertLogContains("Alias live of rollback-again: 3 -> 2, which build #2 released, CodeSha256 ", back);
        jenkins.assertLogContains("with credentials aws-deploy", back);
        jenkins.assertLogContains(
                "rollback-again: rolled_back, version 2, alias live (before: version 3), CodeSha256 ", back);
        jenkins.assertLogContains("What is live: rollback-again \u00bb Lambda", back);
        DeployedFunction function = recorded(back).get(0);
        DeployedFunction released = recorded(second).get(0);
        assertEquals(released.getCodeSha256(), function.getCodeSha256());
        assertEquals(released.getFingerprint(), function.getFingerprint());
        Fingerprint fingerprint = jenkins.jenkins.getFingerprintMap().get(function.getFingerprint());
        assertTrue(fingerprint.getUsages().get("rollback-again").includes(back.getNumber()));
        JsonNode record = Builds.recordAt(back, "lambda/000000000000/us-east-1/rollback-again.rollback-1.json");
        assertEquals("rolled_back", record.path("Outcome").asText());
        assertEquals("2", record.path("Version").asText());
        assertEquals("3", record.path("PreviousVersion").asText());

        run(job, Result.SUCCESS, rollback("rollback-again", ""));
        assertEquals("1", live("rollback-again"));
        WorkflowRun end = run(job, Result.FAILURE, rollback("rollback-again", ""));
        Builds.assertOneError(
                end, "No record says which version alias live of function rollback-again had before version 1");
        jenkins.assertLogContains("(read: the last 200 builds of rollback-again)", end);
        assertEquals("1", live("rollback-again"));

        jenkins.assertLogContains(
                "1 -> 2, which build #2 released", run(job, Result.SUCCESS, rollback("rollback-again", ", build: 2")));
        run(job, Result.SUCCESS, rollback("rollback-again", ", build: 3"));
        assertEquals("3", live("rollback-again"));
        run(job, Result.SUCCESS, rollback("rollback-again", ", version: 2"));
        assertEquals("2", live("rollback-again"));

        WorkflowRun last = run(
                job,
                Result.SUCCESS,
                "node('agent') {\n" + Builds.project("four")
                        + Builds.deploy("rollback-again", ", alias: 'live', keepVersions: 1") + "}");
        assertEquals(
                "[\"3\",\"1\"]",
                Builds.recordAt(last, "lambda/000000000000/us-east-1/rollback-again.json")
                        .path("DeletedVersions")
                        .toString());
        String page = jenkins.createWebClient().getPage(job, "lambda").asXml();
        assertEquals(List.of("Roll back to version 2?"), offered(page), "versions 1 and 3 are deleted");
        assertTrue(page.contains("deleted"), page);
    }

    private static List<String> offered(String page) {
        return Pattern.compile("Roll back to version \\d+\\?")
                .matcher(page)
                .results()
                .map(MatchResult::group)
                .distinct()
                .toList();
    }

    @Test
    void aBuildThatRollsBackWhatItDeployedShowsBoth() throws Exception {
        WorkflowJob job = Builds.pipeline("rollback-both", "");
        deploy(job, "one");
        WorkflowRun both = run(
                job,
                Result.SUCCESS,
                "node('agent') {\n" + Builds.project("two") + Builds.deploy("rollback-both", ", alias: 'live'") + "}\n"
                        + rollback("rollback-both", "")
                        + "echo \"now=${env.LAMBDA_VERSION_ROLLBACK_BOTH}\"");

        jenkins.assertLogContains("now=1", both);
        assertEquals("1", live("rollback-both"));
        assertEquals(
                List.of("updated", "rolled_back"),
                recorded(both).stream().map(DeployedFunction::getOutcome).toList());
        String page = jenkins.createWebClient().getPage(both, "lambda").asNormalizedText();
        assertTrue(page.contains("rolled back · version 1 · alias live: 2 \u2192 1"), page);
        assertTrue(page.contains("updated · version 2 · alias live: 1 \u2192 2"), page);
    }

    @Test
    void whatIsNotThereIsSaidAndTheAliasStays() throws Exception {
        WorkflowJob job = Builds.pipeline("rollback-gone", "");
        deploy(job, "one");
        deploy(job, "two");
        try (LambdaClient lambda = Aws.lambda()) {
            lambda.deleteFunction(
                    request -> request.functionName("rollback-gone").qualifier("1"));
        }

        WorkflowRun gone = run(job, Result.FAILURE, rollback("rollback-gone", ""));
        Builds.assertOneError(
                gone, "Version 1 of function rollback-gone, which build #1 released, does not exist any more.");
        Builds.assertOneError(
                run(job, Result.FAILURE, rollback("rollback-gone", ", build: 99")), "This job has no build #99");
        Builds.assertOneError(
                run(job, Result.FAILURE, rollback("rollback-gone", ", build: 3")),
                "Build #3 recorded no version of arn:aws:lambda:us-east-1:000000000000:function:rollback-gone.");
        Builds.assertOneError(
                run(job, Result.FAILURE, rollback("rollback-gone", ", build: 2, version: '1'")),
                "A rollback goes to a version or to a build, and both are named.");
        assertEquals("2", live("rollback-gone"));
        assertEquals(
                "release",
                gone.getAction(DeploymentAction.class).getFailures().get(0).getPhase());
    }

    @Test
    void aGradualReleaseIsEndedOnlyByForce() throws Exception {
        WorkflowJob job = Builds.pipeline("rollback-split", "");
        deploy(job, "one");
        deploy(job, "two");
        deploy(job, "three");
        try (LambdaClient lambda = Aws.lambda()) {
            lambda.updateAlias(request -> request.functionName("rollback-split")
                    .name("live")
                    .functionVersion("2")
                    .routingConfig(routing -> routing.additionalVersionWeights(Map.of("3", 0.1))));
        }

        WorkflowRun refused = run(job, Result.FAILURE, rollback("rollback-split", ""));
        jenkins.assertLogContains("sends 10 % to version 3: a gradual release is in progress", refused);
        jenkins.assertLogContains("Roll back when that release has ended, or turn on force", refused);

        WorkflowRun forced = run(job, Result.SUCCESS, rollback("rollback-split", ", force: true"));
        jenkins.assertLogContains("Alias live of rollback-split: 2 (90 %) and 3 (10 %) -> 2", forced);

        try (LambdaClient lambda = Aws.lambda()) {
            var alias = lambda.getAlias(
                    request -> request.functionName("rollback-split").name("live"));
            assertEquals("2", alias.functionVersion());
            assertTrue(
                    alias.routingConfig() == null
                            || alias.routingConfig().additionalVersionWeights().isEmpty(),
                    alias.toString());
        }
    }

    @Test
    void aPersonRollsBackWithCredentialsThatTheJobMayUseAndIsRecorded() throws Exception {
        WorkflowJob job = Builds.pipeline("rollback-person", "");
        deploy(job, "one");
        WorkflowRun second = deploy(job, "two");
        LambdaNodeRollbackStep settings = new LambdaNodeRollbackStep("rollback-person", "live");
        settings.setCredentialsId("nobody-has-these");
        DeployException refused = assertThrows(
                DeployException.class,
                () -> new BuildRollback(settings, second, new EnvVars(), Set.of(), TaskListener.NULL)
                        .performFor("alice"));
        assertTrue(refused.getMessage().contains("There are no AWS credentials with the ID 'nobody-has-these'"));
        assertEquals("2", live("rollback-person"));
        settings.setCredentialsId(Aws.CREDENTIALS_ID);

        DeployedFunction done =
                new BuildRollback(settings, second, new EnvVars(), Set.of(), TaskListener.NULL).performFor("alice");

        assertEquals("1", live("rollback-person"));
        assertEquals("alice", done.getRequestedBy());
        assertEquals(
                "alice",
                Builds.recordAt(second, done.getArtifact()).path("RequestedBy").asText());
        List<DeployedFunction> functions = recorded(second);
        assertEquals(2, functions.size());
        assertNull(functions.get(0).getRequestedBy());
        assertFalse(functions.get(1).getTimestamp() < functions.get(0).getTimestamp());
        String page = jenkins.createWebClient().getPage(second, "lambda").asNormalizedText();
        assertTrue(page.contains("asked for by alice"), page);
    }

    @Test
    void theAgentsRoleNeedsAnAgent() throws Exception {
        WorkflowJob job = Builds.pipeline("rollback-role", "");
        WorkflowRun run = run(
                job,
                Result.FAILURE,
                "lambdaNodeRollback functionName: 'rollback-role', alias: 'live', agentIdentity: true");
        Builds.assertOneError(run, "agentIdentity is the role of an agent, and the step has none here.");
    }
}
