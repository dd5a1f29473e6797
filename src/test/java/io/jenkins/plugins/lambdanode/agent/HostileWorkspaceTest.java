package io.jenkins.plugins.lambdanode.agent;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import hudson.model.Result;
import hudson.slaves.DumbSlave;
import io.jenkins.plugins.lambdanode.testing.EmulatorExtension;
import io.jenkins.plugins.lambdanode.testing.jenkins.Aws;
import io.jenkins.plugins.lambdanode.testing.jenkins.Builds;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Base64;
import java.util.List;
import org.jenkinsci.plugins.workflow.cps.CpsFlowDefinition;
import org.jenkinsci.plugins.workflow.job.WorkflowJob;
import org.jenkinsci.plugins.workflow.job.WorkflowRun;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.extension.ExtendWith;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;
import org.jvnet.hudson.test.JenkinsRule;
import org.jvnet.hudson.test.junit.jupiter.WithJenkins;

/** Workspaces with names that nobody would choose, and such as go away under the step. */
@WithJenkins
@ExtendWith(EmulatorExtension.class)
class HostileWorkspaceTest {

    private static JenkinsRule jenkins;
    private static DumbSlave agent;

    @TempDir
    private Path temp;

    @BeforeAll
    static void start(JenkinsRule rule) throws Exception {
        jenkins = rule;
        agent = Builds.startAgent(jenkins);
    }

    @AfterAll
    static void stop() throws Exception {
        jenkins.after();
        jenkins = null;
        agent = null;
    }

    private static String deploy(String function, String more) {
        return "lambdaNodeDeploy functionName: '" + function + "', credentialsId: 'aws-deploy', create: [role: '"
                + Aws.ROLE + "']" + more;
    }

    @ParameterizedTest
    @ValueSource(
            strings = {
                "-rf",
                "two words",
                "it's \"quoted\"",
                "a line\nend",
                "ünïcödé 日本",
                "$HOME `touch x`; touch x & ${PATH}"
            })
    void aWorkspaceAndItsProjectMayBeCalledAnything(String name) throws Exception {
        String function = "called-" + Integer.toHexString(name.hashCode());
        String encoded = Base64.getEncoder().encodeToString(name.getBytes(StandardCharsets.UTF_8));
        Path made = temp.resolve("made");
        WorkflowJob job = jenkins.createProject(WorkflowJob.class, function);
        job.setDefinition(new CpsFlowDefinition(
                "def name = new String('" + encoded + "'.decodeBase64(), 'UTF-8')\n"
                        + "node('agent') { ws(\"" + temp + "/${name}\") {\n"
                        + "writeFile file: \"${name}/index.js\", text: 'exports.handler = async () => 1;'\n"
                        + "writeFile file: \"${name}/package.json\", text: '{\"scripts\":{\"preinstall\":\"pwd > "
                        + made + "\"}}'\n"
                        + deploy(function, ", dir: name.replace('$', '$$')") + "\n} }",
                false));

        WorkflowRun run = jenkins.buildAndAssertSuccess(job);

        assertEquals(
                Aws.function(function).orElseThrow().codeSha256(),
                Builds.record(run, function).path("CodeSha256").asText());
        assertEquals(temp.resolve(name).resolve(name) + "\n", Files.readString(made));
        try (var all = Files.walk(temp)) {
            assertFalse(all.anyMatch(file -> file.endsWith("x")), "A shell has read the name");
        }
    }

    @Test
    void aBuildVariableWithCommandsOfAShellIsAValueForTheCommandThatInstalls() throws Exception {
        Path said = temp.resolve("said");
        Path made = temp.resolve("made");
        String value = "$(touch " + made + ")`touch " + made + "`\"; touch " + made + "; echo \"";

        Builds.run(
                jenkins,
                "variable",
                "node('agent') { withEnv(['WHO=" + value + "']) {\n" + Builds.WRITE_PROJECT
                        + deploy("variable", ", dir: 'fn', install: 'printf %s \"$WHO\" > " + said + "'") + "\n} }",
                Result.SUCCESS);

        assertEquals(value, Files.readString(said));
        assertFalse(Files.exists(made));
    }

    @Test
    void aProjectThatIsRemovedUnderTheStepIsSaidInOneMessage() throws Exception {
        WorkflowRun run = Builds.run(
                jenkins,
                "removed",
                "node('agent') {\n" + Builds.WRITE_PROJECT + deploy("removed", ", dir: 'fn', install: 'rm -rf ../fn'")
                        + "\n}",
                Result.FAILURE);

        Builds.assertOneError(run, "There is no folder ");
        assertTrue(Aws.function("removed").isEmpty());
    }

    @Test
    void aProjectsFolderThatLeadsOutOfTheWorkspaceIsNotRead() throws Exception {
        Path outside = Files.createDirectory(temp.resolve("outside"));
        Files.writeString(outside.resolve("index.js"), "exports.handler = async () => 'of others';");
        Path workspace = Files.createDirectory(temp.resolve("workspace"));
        Files.createSymbolicLink(workspace.resolve("fn"), outside);

        for (String dir : List.of("fn", "../outside", outside.toString())) {
            WorkflowRun run = Builds.run(
                    jenkins,
                    "outside-" + dir.hashCode(),
                    "node('agent') { ws('" + workspace + "') {\n" + deploy("outside", ", dir: '" + dir + "'") + "\n} }",
                    Result.FAILURE);

            Builds.assertOneError(run, "The folder " + dir + " is not in the workspace ");
        }
        assertTrue(Aws.function("outside").isEmpty());
    }

    /** npm removes node_modules before it makes it again: who packages meanwhile would have half of it. */
    @Test
    @Timeout(120)
    void deploymentsFromOneFolderAtOnceInstallAndPackageOneAfterTheOther() throws Exception {
        WorkflowRun run = Builds.pipeline(
                        "one-folder",
                        "node('agent') {\n" + Builds.WRITE_PROJECT + "parallel(first: {\n"
                                + deploy(
                                        "one-folder-first",
                                        ", dir: 'fn', install: 'mkdir ../busy && touch ../begun && for i in $(seq 600); do"
                                                + " test -e ../go && break; sleep 0.1; done; rmdir ../busy'")
                                + "\n}, second: {\n while (!fileExists('begun')) { sleep time: 100, unit: 'MILLISECONDS' }\n"
                                + deploy(
                                        "one-folder-second", ", dir: './fn', install: 'mkdir ../busy && rmdir ../busy'")
                                + "\n})\n}")
                .scheduleBuild2(0)
                .waitForStart();

        jenkins.waitForMessage("Waiting for another deployment of this build, which works in ", run);
        agent.getWorkspaceFor(run.getParent()).child("go").write("", null);

        jenkins.assertBuildStatusSuccess(jenkins.waitForCompletion(run));
        assertEquals(
                Aws.function("one-folder-first").orElseThrow().codeSha256(),
                Aws.function("one-folder-second").orElseThrow().codeSha256());
    }

    @Test
    void aDeploymentThatCannotBeRecordedSaysThatItIsDone() throws Exception {
        Path artifacts = jenkins.jenkins.getRootDir().toPath().resolve("jobs/unrecorded/builds/1/archive");

        WorkflowRun run = Builds.run(
                jenkins,
                "unrecorded",
                "node('agent') {\n" + Builds.WRITE_PROJECT
                        + deploy("unrecorded", ", dir: 'fn', install: 'touch \"" + artifacts + "\"'") + "\n}",
                Result.FAILURE);

        Builds.assertOneError(run, "The deployment is done (unrecorded), and the build could not record it: ");
        assertTrue(Aws.function("unrecorded").isPresent());
    }

    @Test
    void temporaryFilesThatAreRemovedUnderTheStepAreMadeAnew() throws Exception {
        Builds.run(
                jenkins,
                "cleaned",
                "node('agent') {\n" + Builds.WRITE_PROJECT
                        + deploy("cleaned", ", dir: 'fn', install: 'rm -rf ../../cleaned@tmp'") + "\n}",
                Result.SUCCESS);

        assertTrue(Aws.function("cleaned").isPresent());
    }
}
