package io.jenkins.plugins.lambdanode;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertNull;
import static org.junit.jupiter.api.Assertions.assertTrue;

import hudson.EnvVars;
import hudson.model.FreeStyleProject;
import hudson.model.Run;
import io.jenkins.plugins.lambdanode.record.DeployedFunction;
import io.jenkins.plugins.lambdanode.record.DeploymentAction;
import io.jenkins.plugins.lambdanode.record.DeploymentTrendAction;
import io.jenkins.plugins.lambdanode.record.DeploymentTrendAction.Measure;
import java.io.InputStream;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.jvnet.hudson.test.JenkinsRule;
import org.jvnet.hudson.test.junit.jupiter.WithJenkins;
import org.jvnet.hudson.test.recipes.LocalData;

/** A Jenkins with the jobs, builds and settings of version 1.0, and with some that lack fields or have unknown ones. */
@WithJenkins
class OldSettingsTest {

    private JenkinsRule jenkins;

    @BeforeEach
    void setUp(JenkinsRule rule) {
        jenkins = rule;
    }

    private FreeStyleProject project(String name) {
        return jenkins.jenkins.getItemByFullName(name, FreeStyleProject.class);
    }

    private LambdaNodeDeployStep settings(String project) {
        return project(project).getBuildersList().get(LambdaNodeDeployBuilder.class).getSettings();
    }

    private String builders(String xml) {
        return xml.substring(xml.indexOf("<builders>"), xml.indexOf("</builders>"));
    }

    @Test
    @LocalData
    void aJobOfVersion1IsReadAndWrittenAsItWas() throws Exception {
        String before;
        try (InputStream stream = getClass().getResourceAsStream("OldSettingsTest/jobs/orders/config.xml")) {
            before = new String(stream.readAllBytes(), StandardCharsets.UTF_8);
        }

        jenkins.submit(jenkins.createWebClient().goTo("job/orders/configure").getFormByName("config"));

        String after = Files.readString(project("orders").getConfigFile().getFile().toPath());
        assertEquals(
                builders(before).lines().sorted().toList(), builders(after).lines().sorted().toList());
    }

    @Test
    @LocalData
    void whatAJobLacksIsAsByDefaultAndWhatIsUnknownIsLeftOut() throws Exception {
        LambdaNodeDeployStep settings = settings("earlier");

        assertEquals("orders", settings.getFunctionName());
        assertEquals(6, settings.getLevel());
        assertEquals(10, settings.getTimeout());
        assertEquals("nodejs24.x", settings.getCreate().getRuntime());
        assertEquals("index.handler", settings.getCreate().getHandler());
        jenkins.configRoundtrip(project("earlier"));
        assertEquals(6, settings("earlier").getLevel());
        assertNull(settings("earlier").getRegion());
    }

    @Test
    @LocalData
    void buildsAreShownAlsoWhereTheirRecordsLackFields() throws Exception {
        FreeStyleProject project = project("deployed");
        Run<?, ?> earlier = project.getBuildByNumber(1);
        Run<?, ?> version1 = project.getBuildByNumber(2);

        String shown = shown(version1);
        for (String text : List.of("orders", "updated", "version 3", "alias live", "left-pad", "conf/.env: is in the package")) {
            assertTrue(shown.contains(text), shown);
        }
        assertTrue(shown(earlier).contains("n4bQgYhMfWWaL+qgxVrQFaO/TxsrC4Is0V1sFbDwCgg="));
        DeployedFunction function =
                earlier.getAction(DeploymentAction.class).getFunctions().get(0);
        assertFalse(function.isUpdated());
        assertTrue(function.getConsoleUrl().startsWith("https://eu-west-1.console.aws.amazon.com/"));
        assertEquals(List.of(), function.getFindings());
        assertEquals(List.of(), function.getPhases());
        assertEquals(List.of(), function.getHeaviest());
        EnvVars env = new EnvVars();
        earlier.getAction(DeploymentAction.class).buildEnvironment(earlier, env);
        assertEquals("orders", env.get("LAMBDA_FUNCTION_NAME"));
        assertTrue(new DeploymentTrendAction(project, Measure.SIZE).getBuildTrendModel().contains("\"data\":[1.0,1.0]"));
    }

    /** The first has an empty list, the second none, the third a function without an ARN. */
    @Test
    @LocalData
    void buildsAreReadAlsoWhereTheirRecordsNameNoFunction() throws Exception {
        FreeStyleProject project = project("incomplete");

        for (Run<?, ?> build : project.getBuilds()) {
            DeploymentAction recorded = build.getAction(DeploymentAction.class);
            EnvVars env = new EnvVars();
            recorded.buildEnvironment(build, env);
            assertEquals(List.of(), recorded.getFunctions());
            assertEquals(Map.of(), env);
            assertFalse(shown(build).contains("Deployed to AWS Lambda"));
        }
        assertTrue(new DeploymentTrendAction(project, Measure.SIZE).getBuildTrendModel().contains("\"data\":[0.0,0.0,0.0]"));
    }

    private String shown(Run<?, ?> run) throws Exception {
        return jenkins.createWebClient()
                .goTo(run.getUrl())
                .getDocumentElement()
                .getTextContent()
                .replaceAll("\\s+", " ");
    }

    @Test
    @LocalData
    void theSettingsForAllJobsAreReadThoughTheyLackAFieldAndHaveAnUnknownOne() {
        LambdaNodeConfiguration global = LambdaNodeConfiguration.get();

        assertEquals("eu-west-1", global.getRegion());
        assertEquals("my-staging", global.getS3Bucket());
        assertNull(global.getS3Prefix());
        assertTrue(global.isControllerIdentityAllowed());
    }
}
