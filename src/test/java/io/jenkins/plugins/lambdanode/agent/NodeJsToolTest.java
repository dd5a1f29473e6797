package io.jenkins.plugins.lambdanode.agent;

import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import com.cloudbees.plugins.credentials.CredentialsProvider;
import com.cloudbees.plugins.credentials.CredentialsScope;
import com.cloudbees.plugins.credentials.domains.Domain;
import hudson.EnvVars;
import hudson.model.FreeStyleProject;
import hudson.model.Label;
import hudson.model.Result;
import hudson.model.Run;
import hudson.tasks.Shell;
import hudson.util.Secret;
import io.jenkins.plugins.lambdanode.FunctionConfiguration;
import io.jenkins.plugins.lambdanode.LambdaNodeDeployBuilder;
import io.jenkins.plugins.lambdanode.LambdaNodeDeployStep;
import io.jenkins.plugins.lambdanode.testing.EmulatorExtension;
import io.jenkins.plugins.lambdanode.testing.NodeTool;
import io.jenkins.plugins.lambdanode.testing.jenkins.Aws;
import io.jenkins.plugins.lambdanode.testing.jenkins.Builds;
import java.nio.file.Path;
import java.util.List;
import jenkins.model.Jenkins;
import jenkins.plugins.nodejs.NodeJSBuildWrapper;
import jenkins.plugins.nodejs.tools.NodeJSInstallation;
import org.jenkinsci.plugins.plaincredentials.impl.StringCredentialsImpl;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.ExtendWith;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;
import org.jvnet.hudson.test.JenkinsRule;
import org.jvnet.hudson.test.junit.jupiter.WithJenkins;

/**
 * The step uses the Node.js that the Pipeline or the job has chosen, on an agent that has another one on its own PATH and on one
 * that has none.
 */
@WithJenkins
@ExtendWith(EmulatorExtension.class)
class NodeJsToolTest {

    private static final String TOOL = "node-22";

    /** Its install script says which Node.js runs it, and its token backwards, which no log masks. */
    private static final String WRITE_PROJECT = Builds.WRITE_PROJECT
            + "writeFile file: 'fn/package.json', text: '{\"name\":\"fn\",\"scripts\":{\"preinstall\":\"node say.js\"}}'\n"
            + "writeFile file: 'fn/say.js', text: '''console.log('script run by ' + process.version + ' with '"
            + " + Array.from('' + process.env.TOKEN).reverse().join(''))'''\n";

    private static JenkinsRule jenkins;

    @BeforeAll
    static void start(JenkinsRule rule, @TempDir Path bare) throws Exception {
        jenkins = rule;
        Aws.configureJenkins();
        NodeJSInstallation tool =
                new NodeJSInstallation(TOOL, NodeTool.NODE.home().toString(), List.of());
        Jenkins.get()
                .getDescriptorByType(NodeJSInstallation.DescriptorImpl.class)
                .setInstallations(tool);
        jenkins.createOnlineSlave(Label.get("another"), new EnvVars("PATH", "/usr/bin:/bin"));
        jenkins.createOnlineSlave(
                Label.get("none"),
                new EnvVars("PATH", NodeTool.pathWithoutNode(bare).toString()));
    }

    @AfterAll
    static void stop() throws Exception {
        jenkins.after();
        jenkins = null;
    }

    private static void assertUsesTheTool(Run<?, ?> run) throws Exception {
        String log = JenkinsRule.getLog(run);
        String tool = "Node.js v" + NodeTool.NODE_VERSION + ", npm " + NodeTool.NPM_VERSION + " (" + NodeTool.NODE.bin()
                + "/npm)";
        assertTrue(log.contains(tool), log);
        assertTrue(log.contains("script run by v" + NodeTool.NODE_VERSION), log);
    }

    private static Run<?, ?> pipeline(String name, String before, String after, String agent) throws Exception {
        String script =
                "node('" + agent + "') {\n" + WRITE_PROJECT + before + "\n" + Builds.deploy(name, "") + after + "\n}";
        return Builds.run(jenkins, name, script, Result.SUCCESS);
    }

    @ParameterizedTest
    @ValueSource(strings = {"another", "none"})
    void theToolsOfADeclarativePipelineAreUsed(String agent) throws Exception {
        String name = "declarative-" + agent;
        assertUsesTheTool(Builds.run(
                jenkins,
                name,
                "pipeline {\nagent { label '" + agent + "' }\ntools { nodejs '" + TOOL
                        + "' }\nstages { stage('Deploy') { steps {\n" + WRITE_PROJECT + Builds.deploy(name, "")
                        + "} } }\n}",
                Result.SUCCESS));
    }

    @ParameterizedTest
    @ValueSource(strings = {"another", "none"})
    void nodejsAroundTheStepIsUsed(String agent) throws Exception {
        assertUsesTheTool(pipeline("nodejs-" + agent, "nodejs('" + TOOL + "') {", "}", agent));
    }

    @ParameterizedTest
    @ValueSource(strings = {"another", "none"})
    void withEnvAroundTheStepIsUsed(String agent) throws Exception {
        assertUsesTheTool(
                pipeline("withenv-" + agent, "withEnv(['PATH+NODE=" + NodeTool.NODE.bin() + "']) {", "}", agent));
    }

    @ParameterizedTest
    @ValueSource(strings = {"another", "none"})
    void theBuildWrapperOfAFreestyleJobIsUsed(String agent) throws Exception {
        String name = "freestyle-" + agent;
        FreeStyleProject job = jenkins.createFreeStyleProject(name);
        job.setAssignedLabel(Label.get(agent));
        job.getBuildWrappersList().add(new NodeJSBuildWrapper(TOOL));
        job.getBuildersList()
                .add(new Shell("mkdir -p fn\n"
                        + "echo 'exports.handler = async () => 1' > fn/index.js\n"
                        + "echo '{\"scripts\":{\"preinstall\":\"node say.js\"}}' > fn/package.json\n"
                        + "echo 'console.log(\"script run by \" + process.version)' > fn/say.js\n"));
        LambdaNodeDeployStep settings = new LambdaNodeDeployStep(name);
        settings.setDir("fn");
        settings.setCredentialsId(Aws.CREDENTIALS_ID);
        settings.setCreate(new FunctionConfiguration(Aws.ROLE));
        job.getBuildersList().add(new LambdaNodeDeployBuilder(settings));

        assertUsesTheTool(jenkins.buildAndAssertSuccess(job));
    }

    @Test
    void whereThereIsNoNodeJsOneMessageSaysWhereItWasLookedForAndWhatToDo() throws Exception {
        Run<?, ?> run = Builds.run(
                jenkins,
                "missing",
                "node('none') {\n" + WRITE_PROJECT + Builds.deploy("missing", "") + "}",
                Result.FAILURE);

        String log = JenkinsRule.getLog(run);
        Builds.assertOneError(run, "node was not found on the PATH (/");
        assertTrue(log.contains("tools { nodejs '<installation>' }"), log);
        assertFalse(log.contains("at Module._compile"), log);
    }

    @Test
    void aTokenArrivesAsItIs() throws Exception {
        CredentialsProvider.lookupStores(Jenkins.get())
                .iterator()
                .next()
                .addCredentials(
                        Domain.global(),
                        new StringCredentialsImpl(
                                CredentialsScope.GLOBAL, "token", "", Secret.fromString("a$$b$HOME")));

        Run<?, ?> run = pipeline(
                "token", "withCredentials([string(credentialsId: 'token', variable: 'TOKEN')]) {", "}", "another");

        assertTrue(JenkinsRule.getLog(run).contains("with EMOH$b$$a\n"), JenkinsRule.getLog(run));
    }
}
