package io.jenkins.plugins.lambdanode;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import hudson.FilePath;
import hudson.Launcher;
import hudson.model.AbstractBuild;
import hudson.model.BuildListener;
import hudson.model.Fingerprint;
import hudson.model.FreeStyleBuild;
import hudson.model.FreeStyleProject;
import hudson.model.Label;
import hudson.model.ParametersDefinitionProperty;
import hudson.model.Result;
import hudson.model.StringParameterDefinition;
import hudson.tasks.Fingerprinter.FingerprintAction;
import hudson.tasks.Shell;
import io.jenkins.plugins.lambdanode.testing.EmulatorExtension;
import io.jenkins.plugins.lambdanode.testing.jenkins.Aws;
import io.jenkins.plugins.lambdanode.testing.jenkins.Builds;
import java.io.File;
import java.io.IOException;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.ExtendWith;
import org.jvnet.hudson.test.JenkinsRule;
import org.jvnet.hudson.test.TestBuilder;
import org.jvnet.hudson.test.junit.jupiter.WithJenkins;

@WithJenkins
@ExtendWith(EmulatorExtension.class)
class LambdaNodeDeployBuilderTest {

    private JenkinsRule jenkins;
    private FreeStyleProject project;

    @BeforeEach
    void setUp(JenkinsRule rule) throws Exception {
        jenkins = rule;
        Aws.configureJenkins();
        project = jenkins.createFreeStyleProject("orders");
        project.setAssignedLabel(Label.get("agent"));
        jenkins.createOnlineSlave(Label.get("agent"));
        project.addProperty(new ParametersDefinitionProperty(new StringParameterDefinition("STAGE", "test")));
    }

    private static LambdaNodeDeployStep settings() {
        LambdaNodeDeployStep settings = new LambdaNodeDeployStep("xray-${STAGE}");
        settings.setDir("$STAGE-project");
        settings.setCredentialsId(Aws.CREDENTIALS_ID);
        settings.setPublish(true);
        settings.setCreate(new FunctionConfiguration(Aws.ROLE));
        return settings;
    }

    @Test
    void aFreestyleJobDeploysAProjectWithNpmPackagesAndRecordsIt() throws Exception {
        project.getBuildersList().add(new CopyExample());
        project.getBuildersList().add(new LambdaNodeDeployBuilder(settings()));
        project.getBuildersList()
                .add(new Shell(
                        "echo later: $LAMBDA_FUNCTION_NAME $LAMBDA_FUNCTION_ARN $LAMBDA_CODE_SHA256 $LAMBDA_VERSION"));

        FreeStyleBuild build = jenkins.buildAndAssertStatus(Result.SUCCESS, project);

        var onServer = Aws.function("xray-test").orElseThrow();
        jenkins.assertLogContains(
                "later: xray-test " + onServer.functionArn() + " " + onServer.codeSha256() + " 1", build);
        assertEquals(
                onServer.codeSha256(),
                Builds.record(build, "xray-test").path("CodeSha256").asText());
        assertTrue(
                Builds.record(build, "xray-test").path("Package").path("Files").asInt() > 100);
        Fingerprint fingerprint = build.getAction(FingerprintAction.class)
                .getFingerprints()
                .values()
                .iterator()
                .next();
        assertTrue(fingerprint.getFileName().contains(onServer.codeSha256()), fingerprint.getFileName());
        assertTrue(fingerprint.getRangeSet(project).includes(build.getNumber()));
        assertTrue(
                fingerprint.getOriginal().is(project) || fingerprint.getJobs().contains("orders"),
                fingerprint.getJobs().toString());
    }

    @Test
    void aDeploymentThatFailsEndsTheBuildWithOneMessage() throws Exception {
        LambdaNodeDeployStep settings = settings();
        settings.setCreate(null);
        settings.setFunctionName("not-there");
        project.getBuildersList().add(new CopyExample());
        project.getBuildersList().add(new LambdaNodeDeployBuilder(settings));

        Builds.assertOneError(
                jenkins.buildAndAssertStatus(Result.FAILURE, project), "Lambda did not find function not-there");
    }

    /** In place of a checkout. */
    private static final class CopyExample extends TestBuilder {
        @Override
        public boolean perform(AbstractBuild<?, ?> build, Launcher launcher, BuildListener listener)
                throws InterruptedException, IOException {
            new FilePath(new File("examples/xray"))
                    .copyRecursiveTo("*.js,*.json", build.getWorkspace().child("test-project"));
            return true;
        }
    }
}
