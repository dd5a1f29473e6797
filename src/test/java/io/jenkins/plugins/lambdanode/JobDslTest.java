package io.jenkins.plugins.lambdanode;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import hudson.model.FreeStyleProject;
import java.util.List;
import javaposse.jobdsl.plugin.ExecuteDslScripts;
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
        run(
                """
                job('made') {
                  steps {
                    lambdaNodeDeployment {
                      settings {
                        functionName('orders')
                        functionNames(['payments', 'refunds'])
                        credentialsId('aws-deploy')
                        region('eu-west-1')
                        s3Bucket('my-staging')
                        s3Threshold(1048576)
                        level(9)
                        timeout(20)
                        publish(true)
                        create {
                          role('arn:aws:iam::123456789012:role/orders')
                          memorySize(512)
                          timeout(30)
                        }
                      }
                    }
                  }
                }
                """);

        LambdaNodeDeployStep made = settings("made");
        assertEquals("orders", made.getFunctionName());
        assertEquals(List.of("payments", "refunds"), made.getFunctionNames());
        assertEquals("aws-deploy", made.getCredentialsId());
        assertEquals("eu-west-1", made.getRegion());
        assertEquals("my-staging", made.getS3Bucket());
        assertEquals(1_048_576, made.getS3Threshold());
        assertEquals(9, made.getLevel());
        assertEquals(20, made.getTimeout());
        assertTrue(made.isPublish());
        assertEquals("arn:aws:iam::123456789012:role/orders", made.getCreate().getRole());
        assertEquals(512, made.getCreate().getMemorySize());
        assertEquals(30, made.getCreate().getTimeout());
    }

    @Test
    void settingsThatAreNotNamedAreTheDefaults() throws Exception {
        run("job('brief') { steps { lambdaNodeDeployment { settings { functionName('orders') } } } }");

        LambdaNodeDeployStep expected = new LambdaNodeDeployStep();
        LambdaNodeDeployStep made = settings("brief");
        assertEquals("orders", made.getFunctionName());
        assertEquals(expected.getLevel(), made.getLevel());
        assertEquals(expected.getTimeout(), made.getTimeout());
        assertEquals(expected.getCreate(), made.getCreate());
        assertEquals(expected.getS3Threshold(), made.getS3Threshold());
    }

    @Test
    void aPipelineJobIsMadeWithTheStepInItsScript() throws Exception {
        run(
                """
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
        assertEquals("node { lambdaNodeDeploy functionName: 'orders', credentialsId: 'aws-deploy' }", definition.getScript());
    }
}
