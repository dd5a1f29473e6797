package io.jenkins.plugins.lambdanode.build;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import hudson.model.Result;
import io.jenkins.plugins.lambdanode.record.DeployedFunction;
import io.jenkins.plugins.lambdanode.record.DeploymentAction;
import io.jenkins.plugins.lambdanode.testing.EmulatorExtension;
import io.jenkins.plugins.lambdanode.testing.jenkins.Aws;
import io.jenkins.plugins.lambdanode.testing.jenkins.Builds;
import java.util.List;
import org.jenkinsci.plugins.workflow.job.WorkflowRun;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.ExtendWith;
import org.jvnet.hudson.test.JenkinsRule;
import org.jvnet.hudson.test.junit.jupiter.WithJenkins;

/** A Pipeline deploys a package that is there: what an earlier step deployed, or a ZIP. */
@WithJenkins
@ExtendWith(EmulatorExtension.class)
class PromoteTest {

    private static JenkinsRule jenkins;

    @BeforeAll
    static void start(JenkinsRule rule) throws Exception {
        jenkins = rule;
        Builds.startAgent(jenkins);
    }

    @AfterAll
    static void stop() throws Exception {
        jenkins.after();
        jenkins = null;
    }

    private static final String TO =
            "credentialsId: '" + Aws.CREDENTIALS_ID + "', create: [role: '" + Aws.ROLE + "']\n";

    @Test
    void whatAStepReturnedAndItsRecordAreDeployedAgainAndUploadedOnce() throws Exception {
        WorkflowRun run = Builds.run(
                jenkins,
                "promote-fn",
                "def fn\nnode('agent') {\n" + Builds.project("promoted") + "fn = "
                        + Builds.deploy(
                                "promote-fn",
                                ", publish: true, s3Bucket: '" + Aws.BUCKET + "', s3Prefix: 'promote/', s3Threshold: 0")
                        + "}\nnode('agent') {\ndeleteDir()\n"
                        + "lambdaNodeDeploy from: fn, functionName: 'promote-prod', alias: 'live', " + TO
                        + "def map = [FunctionName: fn.functionName, FunctionArn: fn.functionArn, CodeSha256: fn.codeSha256,"
                        + " CodeSize: fn.codeSize, Version: fn.version, Outcome: fn.outcome, Alias: [Name: 'x']]\n"
                        + "lambdaNodeDeploy from: map, functionName: 'promote-map', " + TO
                        + "writeFile file: 'record.json', text: '{\"FunctionName\": \"promote-fn\", \"FunctionArn\": \"' +"
                        + " fn.functionArn + '\", \"CodeSha256\": \"' + fn.codeSha256 + '\", \"CodeSize\": ' + fn.codeSize +"
                        + " ', \"Version\": \"1\", \"Outcome\": \"updated\"}'\n"
                        + "lambdaNodeDeploy from: 'record.json', functionName: 'promote-file', " + TO + "}",
                Result.SUCCESS);

        String digest = Aws.function("promote-fn").orElseThrow().codeSha256();
        for (String function : List.of("promote-prod", "promote-map", "promote-file")) {
            assertEquals(digest, Aws.function(function).orElseThrow().codeSha256(), function);
        }
        assertEquals(
                1, Aws.keys().stream().filter(key -> key.startsWith("promote/")).count());
        List<DeployedFunction> recorded = run.getAction(DeploymentAction.class).getFunctions();
        assertEquals(4, recorded.size());
        assertEquals(0, recorded.get(1).getSentBytes());
        assertEquals(recorded.get(0).getS3Key(), recorded.get(1).getS3Key());
        assertEquals(
                "created", Builds.record(run, "promote-prod").path("Outcome").asText());
        assertTrue(recorded.get(2).getSentBytes() > 0);
        jenkins.assertLogContains("Promoting the package of promote-fn version 1 (CodeSha256 " + digest, run);
    }

    @Test
    void aReadyZipIsDeployedAsItIs() throws Exception {
        WorkflowRun run = Builds.run(
                jenkins,
                "promote-zip",
                "node('agent') {\n" + Builds.project("zipped")
                        + "sh 'cd fn && rm -f ../orders.zip && zip -q -r ../orders.zip . && openssl dgst -sha256 -binary ../orders.zip"
                        + " | base64 > ../digest'\n"
                        + "def fn = lambdaNodeDeploy zipFile: 'orders.zip', functionName: 'promote-zip', " + TO
                        + "echo(fn.codeSha256 == readFile('digest').trim() ? 'the same bytes' : 'others')\n}",
                Result.SUCCESS);

        jenkins.assertLogContains("the same bytes", run);
        jenkins.assertLogContains("The package has ", run);
        jenkins.assertLogNotContains("Packaged", run);
        assertEquals("\"zipped\"", Aws.invoke("promote-zip"));
    }
}
