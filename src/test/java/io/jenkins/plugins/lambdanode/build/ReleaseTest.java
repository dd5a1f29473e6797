package io.jenkins.plugins.lambdanode.build;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import com.cloudbees.plugins.credentials.CredentialsMatchers;
import com.cloudbees.plugins.credentials.SystemCredentialsProvider;
import com.fasterxml.jackson.databind.JsonNode;
import hudson.model.Result;
import io.jenkins.plugins.lambdanode.record.DeployedFunction;
import io.jenkins.plugins.lambdanode.record.DeploymentAction;
import io.jenkins.plugins.lambdanode.record.LiveShifts;
import io.jenkins.plugins.lambdanode.testing.Account;
import io.jenkins.plugins.lambdanode.testing.Emulator;
import io.jenkins.plugins.lambdanode.testing.EmulatorExtension;
import io.jenkins.plugins.lambdanode.testing.jenkins.Aws;
import io.jenkins.plugins.lambdanode.testing.jenkins.Builds;
import java.net.URL;
import java.time.Duration;
import java.time.Instant;
import java.util.List;
import jenkins.model.Jenkins;
import org.htmlunit.HttpMethod;
import org.htmlunit.WebRequest;
import org.jenkinsci.plugins.workflow.graph.FlowNode;
import org.jenkinsci.plugins.workflow.graphanalysis.DepthFirstScanner;
import org.jenkinsci.plugins.workflow.job.WorkflowJob;
import org.jenkinsci.plugins.workflow.job.WorkflowRun;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.ExtendWith;
import org.junit.jupiter.api.extension.RegisterExtension;
import org.jvnet.hudson.test.JenkinsRule;
import org.jvnet.hudson.test.junit.jupiter.JenkinsSessionExtension;

/** {@code lambdaNodeRelease}: a version gets an alias's traffic, without an agent. */
@ExtendWith(EmulatorExtension.class)
class ReleaseTest {

    private static final Account ACCOUNT = new Account(Emulator.MINISTACK);
    private static final Duration PATIENCE = Duration.ofMinutes(2);

    @RegisterExtension
    private final JenkinsSessionExtension sessions = new JenkinsSessionExtension();

    private static String access() {
        return "credentialsId: '" + Aws.CREDENTIALS_ID + "', region: '" + Account.REGION + "', alias: 'live'";
    }

    private static String release(String function, String more) {
        return release(function, access(), more);
    }

    private static String release(String function, String access, String more) {
        return "lambdaNodeRelease functionName: '" + function + "', version: 2, " + access + more;
    }

    private static WorkflowRun start(String job, String script) throws Exception {
        return Builds.pipeline(job, script).scheduleBuild2(0).waitForStart();
    }

    private static void awaitTraffic(String function, String traffic) throws InterruptedException {
        Builds.await(PATIENCE, () -> ACCOUNT.aliasTraffic(function, "live").equals(traffic));
    }

    @Test
    void aReleaseGoesOnAfterARestartAndAnAlarmOrAnAbortTakesItBack() throws Throwable {
        String carriedOn = ACCOUNT.newFunctionWithTwoVersions();
        String finished = ACCOUNT.newFunctionWithTwoVersions();
        String left = ACCOUNT.newFunctionWithTwoVersions();
        sessions.then(jenkins -> {
            Aws.configureJenkins();
            releasesWhatADeploymentReturned(jenkins);
            anAbortAndAnAlarmGiveTheTrafficBack(jenkins);
            aBuildThatIsKilledGivesTheTrafficBack(jenkins);
            Aws.addCredentials("gone-at-restart", Aws.ACCESS_KEY, Aws.SECRET_KEY);
            start(
                    "release-left",
                    release(
                            left,
                            access().replace(Aws.CREDENTIALS_ID, "gone-at-restart"),
                            ", rollout: 'Canary10Percent30Minutes'"));
            awaitTraffic(left, "1 2=0.1");
            SystemCredentialsProvider.getInstance()
                    .getCredentials()
                    .removeIf(each ->
                            CredentialsMatchers.withId("gone-at-restart").matches(each));
            SystemCredentialsProvider.getInstance().save();
            start("release-carried-on", release(carriedOn, ", rollout: [percent: 50, every: 0.5]"));
            start("release-finished", release(finished, ", rollout: 'Canary10Percent30Minutes'"));
            awaitTraffic(carriedOn, "1 2=0.5");
            awaitTraffic(finished, "1 2=0.1");
            assertEquals(0, jenkins.jenkins.toComputer().countBusy());
        });
        sessions.then(jenkins -> {
            WorkflowRun run = Jenkins.get()
                    .getItemByFullName("release-carried-on", WorkflowJob.class)
                    .getBuildByNumber(1);
            jenkins.assertBuildStatusSuccess(jenkins.waitForCompletion(run));
            assertEquals("2", ACCOUNT.aliasTraffic(carriedOn, "live"));
            jenkins.assertLogContains("The controller was restarted: carrying on with the release.", run);
            jenkins.assertLogContains("all traffic goes to version 2", run);
            JsonNode record =
                    Builds.recordAt(run, "lambda/000000000000/" + Account.REGION + "/" + carriedOn + ".release-1.json");
            assertEquals("released", record.path("Outcome").asText());
            assertEquals("1", record.path("PreviousVersion").asText());
            assertEquals("50 % every 0.5 min", record.at("/Alias/Rollout").asText());
            String page = jenkins.createWebClient().getPage(run, "lambda").asNormalizedText();
            assertTrue(page.contains("released · version 2 · alias live: 1 \u2192 2"), page);
            isFinishedByAClickAfterTheRestart(jenkins, finished);
            WorkflowRun failed = Jenkins.get()
                    .getItemByFullName("release-left", WorkflowJob.class)
                    .getBuildByNumber(1);
            jenkins.assertBuildStatus(Result.FAILURE, jenkins.waitForCompletion(failed));
            jenkins.assertLogContains(
                    "WARNING: Alias live of arn:aws:lambda:" + Account.REGION + ":000000000000:function:" + left
                            + " may still send a part of its traffic to version 2: ",
                    failed);
        });
    }

    private static void isFinishedByAClickAfterTheRestart(JenkinsRule jenkins, String function) throws Exception {
        WorkflowJob job = Jenkins.get().getItemByFullName("release-finished", WorkflowJob.class);
        Jenkins.get().setCrumbIssuer(null);
        JenkinsRule.WebClient client = jenkins.createWebClient().withJavaScriptEnabled(false);
        String text = client.goTo(job.getUrl() + "lambda/").asNormalizedText();
        assertTrue(text.contains("Version 1: 90 % · version 2: 10 %"), text);

        client.getPage(new WebRequest(
                new URL(
                        jenkins.getURL(),
                        job.getUrl() + "lambda/finishNow?build=1&functionArn=arn:aws:lambda:" + Account.REGION
                                + ":000000000000:function:" + function + "&alias=live&version=2"),
                HttpMethod.POST));

        assertEquals("2", ACCOUNT.aliasTraffic(function, "live"));
        jenkins.assertBuildStatusSuccess(jenkins.waitForCompletion(job.getBuildByNumber(1)));
    }

    private static void releasesWhatADeploymentReturned(JenkinsRule jenkins) throws Exception {
        String function = ACCOUNT.newFunctionWithTwoVersions();
        WorkflowRun run = Builds.run(
                jenkins,
                "release-from",
                "def fn\nnode {\n" + Builds.project("three") + "fn = lambdaNodeDeploy functionName: '" + function
                        + "', dir: 'fn', publish: true, credentialsId: '" + Aws.CREDENTIALS_ID + "', region: '"
                        + Account.REGION + "'\n}\n"
                        + "def now = lambdaNodeRelease from: fn, " + access()
                        + ", smokeTest: [payload: '{}', expect: '\"three\"']\n"
                        + "echo \"now=${now.version} ${now.outcome} before=${now.previousVersion}\"\n"
                        + "pipeline { agent none\n stages { stage('Back') { steps {\n"
                        + "lambdaNodeRelease from: [FunctionArn: fn.functionArn, Version: '2'], " + access()
                        + "\n} } } }",
                Result.SUCCESS);

        jenkins.assertLogContains("now=3 released before=1", run);
        List<String> names = new DepthFirstScanner()
                .allNodes(run.getExecution()).stream()
                        .map(FlowNode::getDisplayName)
                        .toList();
        assertTrue(names.contains("lambdaNodeRelease " + function + ", 3, live, " + Account.REGION), names.toString());
        jenkins.assertLogContains("Smoke test of version 3 of function " + function + ": passed", run);
        assertEquals("2", ACCOUNT.aliasTraffic(function, "live"));
        assertEquals(
                List.of("updated", "released", "released"),
                run.getAction(DeploymentAction.class).getFunctions().stream()
                        .map(DeployedFunction::getOutcome)
                        .toList());
        Builds.assertOneError(
                Builds.run(
                        jenkins,
                        "release-of-nothing",
                        "lambdaNodeRelease from: [Version: '2'], " + access(),
                        Result.FAILURE),
                "from is neither what lambdaNodeDeploy returned for one function nor its record as JSON.");
    }

    private static void anAbortAndAnAlarmGiveTheTrafficBack(JenkinsRule jenkins) throws Exception {
        String aborted = ACCOUNT.newFunctionWithTwoVersions();
        String alarmed = ACCOUNT.newFunctionWithTwoVersions();
        String alarm = alarmed + "-errors";
        ACCOUNT.alarm(alarm, "OK", "no errors");
        WorkflowRun toAbort = start("release-aborted", release(aborted, ", rollout: 'Canary10Percent30Minutes'"));
        WorkflowRun toFail = start(
                "release-alarmed",
                release(alarmed, ", rollout: 'Canary10Percent30Minutes', alarms: ['" + alarm + "']"));
        awaitTraffic(aborted, "1 2=0.1");
        awaitTraffic(alarmed, "1 2=0.1");
        ACCOUNT.write("/aws/lambda/" + alarmed, "[2]", Instant.now().plusSeconds(30), "ERROR no stock");
        ACCOUNT.alarm(alarm, "ALARM", "Threshold Crossed");

        toAbort.getExecutor().interrupt();

        jenkins.assertBuildStatus(Result.ABORTED, jenkins.waitForCompletion(toAbort));
        assertEquals("1", ACCOUNT.aliasTraffic(aborted, "live"));
        jenkins.assertLogContains("all traffic goes to version 1 again, as before", toAbort);
        jenkins.assertBuildStatus(Result.FAILURE, jenkins.waitForCompletion(toFail));
        assertEquals("1", ACCOUNT.aliasTraffic(alarmed, "live"));
        Builds.assertOneError(toFail, "Alarm " + alarm + " went into ALARM while traffic shifted to version 2.");
        jenkins.assertLogContains("What version 2 of function " + alarmed + " said last:\n  ERROR no stock\n", toFail);
        String page = jenkins.createWebClient().getPage(toFail, "lambda").asNormalizedText();
        assertTrue(page.contains("ERROR no stock"), page);
        assertTrue(page.contains("CloudWatch says: Threshold Crossed"), page);
        assertTrue(page.contains("failed in the phase shift"), page);
    }

    private static void aBuildThatIsKilledGivesTheTrafficBack(JenkinsRule jenkins) throws Exception {
        String function = ACCOUNT.newFunctionWithTwoVersions();
        WorkflowRun run = start("release-killed", release(function, ", rollout: [percent: 10, every: 0.1]"));
        awaitTraffic(function, "1 2=0.1");

        run.doKill();
        jenkins.assertBuildStatus(Result.ABORTED, jenkins.waitForCompletion(run));

        awaitTraffic(function, "1");
        assertEquals(List.of(), LiveShifts.get().of(run.getParent()));
    }
}
