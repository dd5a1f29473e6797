package io.jenkins.plugins.lambdanode;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import hudson.model.FreeStyleProject;
import java.util.Map;
import javaposse.jobdsl.plugin.ExecuteDslScripts;
import org.jenkinsci.plugins.structs.describable.DescribableModel;
import org.jenkinsci.plugins.workflow.cps.CpsFlowDefinition;
import org.jenkinsci.plugins.workflow.job.WorkflowJob;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.jvnet.hudson.test.JenkinsRule;
import org.jvnet.hudson.test.junit.jupiter.WithJenkins;

@WithJenkins
class JobDslTest {

    private static JenkinsRule jenkins;

    @BeforeAll
    static void start(JenkinsRule rule) {
        jenkins = rule;
    }

    @AfterAll
    static void stop() throws Exception {
        jenkins.after();
        jenkins = null;
    }

    private static void run(String script) throws Exception {
        FreeStyleProject seed = jenkins.createFreeStyleProject();
        ExecuteDslScripts dsl = new ExecuteDslScripts();
        dsl.setScriptText(script);
        seed.getBuildersList().add(dsl);
        jenkins.buildAndAssertSuccess(seed);
    }

    private static LambdaNodeDeployStep settings(String job) {
        return jenkins.jenkins
                .getItemByFullName(job, FreeStyleProject.class)
                .getBuildersList()
                .get(LambdaNodeDeployBuilder.class)
                .getSettings();
    }

    @Test
    void aFreestyleJobIsMadeWithTheSettingsThatAreNamed() throws Exception {
        run("""
                job('made') {
                  steps {
                    lambdaNodeDeploy {
                      functionName('orders')
                      functionNames('payments, refunds')
                      credentialsId('aws-deploy')
                      region('eu-west-1')
                      s3Bucket('my-staging')
                      s3Threshold(1048576)
                      compressionLevel(9)
                      waitTimeout(1200)
                      publish(true)
                      create {
                        role('arn:aws:iam::123456789012:role/orders')
                        memorySize(512)
                        timeout(30)
                      }
                    }
                  }
                }
                """);

        LambdaNodeDeployStep made = settings("made");
        assertEquals("orders", made.getFunctionName());
        assertEquals("payments, refunds", made.getFunctionNames());
        assertEquals("aws-deploy", made.getCredentialsId());
        assertEquals("eu-west-1", made.getRegion());
        assertEquals("my-staging", made.getS3Bucket());
        assertEquals(1_048_576, made.getS3Threshold());
        assertEquals(9, made.getCompressionLevel());
        assertEquals(1200, made.getWaitTimeout());
        assertTrue(made.isPublish());
        assertEquals("arn:aws:iam::123456789012:role/orders", made.getCreate().getRole());
        assertEquals(512, made.getCreate().getMemorySize());
        assertEquals(30, made.getCreate().getTimeout());
    }

    @Test
    void settingsThatAreNotNamedAreTheDefaults() throws Exception {
        run("job('brief') { steps { lambdaNodeDeploy { functionName('orders') } } }");

        assertEquals(
                Map.of("functionName", "orders"),
                DescribableModel.of(LambdaNodeDeployStep.class)
                        .uninstantiate2(settings("brief"))
                        .getArguments());
    }

    @Test
    void aPipelineJobIsMadeWithTheStepInItsScript() throws Exception {
        run("""
                pipelineJob('pipeline') {
                  definition {
                    cps {
                      sandbox()
                      script("node { lambdaNodeDeploy functionName: 'orders', credentialsId: 'aws-deploy' }")
                    }
                  }
                }
                """);

        CpsFlowDefinition definition = (CpsFlowDefinition)
                jenkins.jenkins.getItemByFullName("pipeline", WorkflowJob.class).getDefinition();
        assertEquals(
                "node { lambdaNodeDeploy functionName: 'orders', credentialsId: 'aws-deploy' }",
                definition.getScript());
    }
}
