package io.jenkins.plugins.lambdanode;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import hudson.model.Result;
import io.jenkins.plugins.lambdanode.engine.emulator.EmulatorExtension;
import java.io.IOException;
import java.nio.file.Files;
import org.jenkinsci.plugins.workflow.cps.CpsFlowDefinition;
import org.jenkinsci.plugins.workflow.job.WorkflowJob;
import org.jenkinsci.plugins.workflow.job.WorkflowRun;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.ExtendWith;
import org.jvnet.hudson.test.JenkinsRule;
import org.jvnet.hudson.test.junit.jupiter.WithJenkins;

@WithJenkins
@ExtendWith(EmulatorExtension.class)
class LambdaNodeDeployStepTest {

    private static final String WRITE_PROJECT =
            "writeFile file: 'fn/index.js', text: 'exports.handler = async () => \"from Jenkins\";'\n";

    private JenkinsRule jenkins;

    @BeforeEach
    void setUp(JenkinsRule rule) throws Exception {
        jenkins = rule;
        Aws.configureJenkins();
        jenkins.createOnlineSlave(hudson.model.Label.get("agent"));
    }

    private WorkflowRun build(String name, String script, Result expected) throws Exception {
        WorkflowJob job = jenkins.createProject(WorkflowJob.class, name);
        job.setDefinition(new CpsFlowDefinition(script, true));
        return jenkins.buildAndAssertStatus(expected, job);
    }

    private static JsonNode record(WorkflowRun run, String function) throws IOException {
        return new ObjectMapper()
                .readTree(Files.readString(
                        run.getArtifactsDir().toPath().resolve("lambda/" + function + ".json")));
    }

    @Test
    void aSandboxedPipelineDeploysFromAnAgentAndUsesWhatTheStepReturns() throws Exception {
        WorkflowRun run = build(
                "scripted",
                "node('agent') {\n" + WRITE_PROJECT
                        + "def fn = lambdaNodeDeploy functionName: 'scripted', dir: 'fn', credentialsId: 'aws-deploy',\n"
                        + "  create: [role: '" + Aws.ROLE + "'], publish: true, alias: 'live'\n"
                        + "echo \"sha=${fn.codeSha256} version=${fn.version} updated=${fn.updated} arn=${fn.functionArn}"
                        + " size=${fn.codeSize} key=${fn.s3Key} revision=${fn.revisionId}\"\n}",
                Result.SUCCESS);

        String onServer = Aws.function("scripted").orElseThrow().codeSha256();
        jenkins.assertLogContains("sha=" + onServer + " version=1 updated=true arn=arn:aws:lambda:us-east-1:", run);
        assertEquals(onServer, record(run, "scripted").path("CodeSha256").asText());
        assertTrue(Aws.invoke("scripted").contains("from Jenkins"));
    }
}
