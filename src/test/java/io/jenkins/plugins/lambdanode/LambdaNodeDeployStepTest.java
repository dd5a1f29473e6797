package io.jenkins.plugins.lambdanode;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import hudson.model.Label;
import hudson.model.Result;
import io.jenkins.plugins.lambdanode.record.DeploymentAction;
import io.jenkins.plugins.lambdanode.testing.EmulatorExtension;
import io.jenkins.plugins.lambdanode.testing.Program;
import io.jenkins.plugins.lambdanode.testing.jenkins.Aws;
import io.jenkins.plugins.lambdanode.testing.jenkins.Builds;
import java.util.List;
import java.util.Map;
import org.jenkinsci.plugins.workflow.job.WorkflowRun;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.ExtendWith;
import org.jvnet.hudson.test.JenkinsRule;
import org.jvnet.hudson.test.junit.jupiter.WithJenkins;

@WithJenkins
@ExtendWith(EmulatorExtension.class)
class LambdaNodeDeployStepTest {

    private static final String CREATE = "credentialsId: 'aws-deploy', create: [role: '" + Aws.ROLE + "']";

    private static JenkinsRule jenkins;

    @BeforeAll
    static void start(JenkinsRule rule) throws Exception {
        jenkins = rule;
        Aws.configureJenkins();
        Aws.createBucket();
        jenkins.createOnlineSlave(Label.get("agent"));
    }

    @AfterAll
    static void stop() throws Exception {
        jenkins.after();
        jenkins = null;
    }

    private static WorkflowRun build(String name, String steps, Result expected) throws Exception {
        return Builds.run(jenkins, name, "node('agent') {\n" + steps + "\n}", expected);
    }

    @Test
    void aSandboxedPipelineDeploysFromAnAgentAndUsesWhatTheStepReturns() throws Exception {
        WorkflowRun run = build(
                "scripted",
                Builds.WRITE_PROJECT
                        + "writeFile file: 'fn/conf/.env', text: 'TOKEN=1'\n"
                        + "def fn = lambdaNodeDeploy functionName: 'scripted', dir: 'fn', " + CREATE
                        + ", publish: true, alias: 'live'\n"
                        + "echo \"sha=${fn.codeSha256} version=${fn.version} updated=${fn.updated} arn=${fn.functionArn}\"\n"
                        + "echo \"name=${fn.functionName} region=${fn.region} alias=${fn.alias} outcome=${fn.outcome}"
                        + " bucket=${fn.s3Bucket} key=${fn.s3Key} artifact=${fn.artifact}\"\n"
                        + "for (found in fn.findings) { echo \"${found.severity} ${found.code}: ${found.message}\" }\n"
                        + "for (phase in fn.phases) { echo \"phase ${phase.name}\" }\n"
                        + "sleep 1\n"
                        + "echo \"size=${fn.codeSize} revision=${fn.revisionId}\"",
                Result.SUCCESS);

        var onServer = Aws.function("scripted").orElseThrow();
        jenkins.assertLogContains(
                "sha=" + onServer.codeSha256() + " version=1 updated=true arn=" + onServer.functionArn(), run);
        jenkins.assertLogContains(
                "name=scripted region=us-east-1 alias=live outcome=created bucket=null key=null artifact=lambda/000000000000/us-east-1/scripted.json",
                run);
        jenkins.assertLogContains("size=" + onServer.codeSize() + " revision=", run);
        jenkins.assertLogContains("warning environment-file: conf/.env: ", run);
        jenkins.assertLogContains("phase package", run);
        jenkins.assertLogContains("Deploying fn to scripted in us-east-1, with credentials aws-deploy", run);
        assertEquals(
                onServer.codeSha256(),
                Builds.record(run, "scripted").path("CodeSha256").asText());
        assertTrue(Aws.invoke("scripted").contains("from Jenkins"));
    }

    @Test
    void dependenciesGoIntoALayerThatTheFunctionFindsAndThatStaysWhenTheCodeChanges() throws Exception {
        String modules = "writeFile file: 'fn/node_modules/dep/index.js', text: 'module.exports = \"the layer\"'\n";
        String deploy =
                "def fn = lambdaNodeDeploy functionName: 'layered', dir: 'fn', install: 'none', dependencies: 'layer', "
                        + "layerName: 'layered-modules', keepLayerVersions: 1, " + CREATE + "\n"
                        + "echo \"layer=${fn.layerVersionArn} size=${fn.layerSize}\"";
        String code =
                "writeFile file: 'fn/index.js', text: 'exports.handler = async () => \"%s \" + require(\"dep\")'\n";

        WorkflowRun first = build("layered-1", modules + code.formatted("first from") + deploy, Result.SUCCESS);
        assertTrue(Aws.invoke("layered").contains("first from the layer"));
        WorkflowRun second = build("layered-2", modules + code.formatted("second from") + deploy, Result.SUCCESS);

        assertTrue(Aws.invoke("layered").contains("second from the layer"));
        var layer = Builds.record(first, "layered").path("Layer");
        assertTrue(layer.path("Published").asBoolean());
        assertEquals(
                layer.path("LayerVersionArn").asText(),
                Aws.function("layered").orElseThrow().layers().get(0).arn());
        jenkins.assertLogContains(
                "layer=" + layer.path("LayerVersionArn").asText() + " size="
                        + layer.path("CodeSize").asText(),
                first);
        assertFalse(
                Builds.record(second, "layered").path("Layer").path("Published").asBoolean());
        jenkins.assertLogContains("has these dependencies already (version 1): nothing to upload.", second);
    }

    @Test
    void aDeclarativePipelineDeploysAndASecondRunOfUnchangedCodeSendsNothing() throws Exception {
        String script = "pipeline { agent { label 'agent' }\n environment { FUNCTION = 'declarative' }\n stages {"
                + " stage('Deploy') { steps {\n" + Builds.WRITE_PROJECT
                + "lambdaNodeDeploy functionName: '${FUNCTION}', dir: 'fn', deleteWithBranch: true, " + CREATE
                + "\n} } } }";
        Builds.run(jenkins, "declarative", script, Result.SUCCESS);
        String modified = Aws.function("declarative").orElseThrow().lastModified();

        WorkflowRun again = Builds.run(jenkins, "declarative-again", script, Result.SUCCESS);

        jenkins.assertLogContains("nothing to upload", again);
        jenkins.assertLogContains("deleteWithBranch has nothing to do: this job does not build a branch", again);
        assertFalse(Builds.record(again, "declarative").path("Updated").asBoolean());
        assertEquals(modified, Aws.function("declarative").orElseThrow().lastModified());
        assertEquals(
                0, again.getAction(DeploymentAction.class).getFunctions().get(0).getSentBytes());
    }

    @Test
    void severalFunctionsGetThePackageThroughS3AndTheStepReturnsAList() throws Exception {
        WorkflowRun run = build(
                "several",
                Builds.WRITE_PROJECT
                        + "def all = lambdaNodeDeploy functionNames: 'first, second', dir: 'fn', " + CREATE
                        + ", s3Bucket: '" + Aws.BUCKET + "', s3Prefix: 'staged/', s3Threshold: 0\n"
                        + "for (fn in all) { echo \"${fn.functionName} ${fn.updated} ${fn.s3Bucket} ${fn.s3Key}\" }",
                Result.SUCCESS);

        String key = Aws.keys().stream()
                .filter(name -> name.startsWith("staged/"))
                .findFirst()
                .orElseThrow();
        for (String name : List.of("first", "second")) {
            jenkins.assertLogContains(name + " true " + Aws.BUCKET + " " + key, run);
            assertEquals(
                    Aws.function(name).orElseThrow().codeSha256(),
                    Builds.record(run, name).path("CodeSha256").asText());
        }
    }

    @Test
    void theBucketForAllJobsCanHaveTheRegionInItsNameAndAJobCanWantNone() throws Exception {
        Program.python(
                "import boto3, sys; boto3.client('s3', endpoint_url=sys.argv[1], region_name='us-east-1',"
                        + " aws_access_key_id='test', aws_secret_access_key='test').create_bucket(Bucket='in-us-east-1')",
                Aws.endpoint().toString());
        LambdaNodeConfiguration.get().setS3Bucket("in-${AWS_REGION}");
        try {
            WorkflowRun run = build(
                    "bucket-of-region",
                    Builds.WRITE_PROJECT
                            + "def staged = lambdaNodeDeploy functionName: 'bucket-of-region', dir: 'fn', s3Threshold: 0, "
                            + CREATE
                            + "\ndef direct = lambdaNodeDeploy functionName: 'bucket-of-none', dir: 'fn', s3Threshold: 0,"
                            + " s3Bucket: 'none', " + CREATE
                            + "\necho \"staged in ${staged.s3Bucket}, ${direct.s3Bucket}\"",
                    Result.SUCCESS);

            jenkins.assertLogContains("staged in in-us-east-1, null", run);
        } finally {
            LambdaNodeConfiguration.get().setS3Bucket(null);
        }
    }

    @Test
    void functionsOfOneNameInTwoRegionsHaveARecordEach() throws Exception {
        String deploy = "lambdaNodeDeploy functionName: 'namesake', dir: 'fn', " + CREATE;
        WorkflowRun run = build(
                "regions",
                Builds.WRITE_PROJECT + "def one = " + deploy + "\ndef two = " + deploy + ", region: 'eu-west-1'\n"
                        + "for (fn in [one, two]) { echo \"${fn.region}: ${fn.artifact}\" }",
                Result.SUCCESS);

        for (String region : List.of("us-east-1", "eu-west-1")) {
            String path = "lambda/000000000000/" + region + "/namesake.json";
            jenkins.assertLogContains(region + ": " + path, run);
            assertEquals(
                    "arn:aws:lambda:" + region + ":000000000000:function:namesake",
                    Builds.recordAt(run, path).path("FunctionArn").asText());
        }
    }

    @Test
    void aDeploymentThatCannotGoOnFailsTheBuildWithOneMessage() throws Exception {
        Builds.assertOneError(
                build("unnamed", Builds.WRITE_PROJECT + "lambdaNodeDeploy dir: 'fn', " + CREATE, Result.FAILURE),
                "No function is named.");
        Builds.assertOneError(
                build(
                        "missing",
                        Builds.WRITE_PROJECT
                                + "lambdaNodeDeploy functionName: 'not-there', dir: 'fn', credentialsId: 'aws-deploy'",
                        Result.FAILURE),
                "Lambda did not find function not-there");
        Builds.assertOneError(
                build("folder", "lambdaNodeDeploy functionName: 'f', dir: 'nowhere', " + CREATE, Result.FAILURE),
                "There is no folder ");
        Builds.assertOneError(
                build(
                        "npm",
                        "writeFile file: 'package.json', text: '{\"scripts\":{\"preinstall\":\"exit 3\"}}'\n"
                                + "lambdaNodeDeploy functionName: 'f', " + CREATE,
                        Result.FAILURE),
                "'npm install --omit=dev --no-package-lock --no-audit --no-fund' failed in ");
        Builds.assertOneError(
                build(
                        "unreachable",
                        Builds.WRITE_PROJECT + "lambdaNodeDeploy functionName: 'f', dir: 'fn',"
                                + " endpointUrl: 'http://127.0.0.1:9', " + CREATE,
                        Result.FAILURE),
                "Lambda did not describe function f");
    }

    @Test
    void viewsOfAPipelineShowFunctionAliasAndRegion() {
        assertEquals(
                "orders, live, eu-west-1",
                new LambdaNodeDeployStep.DescriptorImpl()
                        .argumentsToString(
                                Map.of("functionName", "orders", "alias", "live", "region", "eu-west-1", "dir", "x")));
    }

    @Test
    void aFailureCanBeCaughtInThePipeline() throws Exception {
        WorkflowRun run = build(
                "caught",
                "try { lambdaNodeDeploy functionName: 'not-there', credentialsId: 'aws-deploy' }"
                        + " catch (e) { echo \"caught ${e.message}\" }",
                Result.SUCCESS);

        jenkins.assertLogContains("caught Lambda did not find function not-there", run);
    }
}
