package io.jenkins.plugins.lambdanode.build;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertNull;
import static org.junit.jupiter.api.Assertions.assertTrue;

import com.cloudbees.plugins.credentials.SystemCredentialsProvider;
import hudson.model.Item;
import hudson.model.Label;
import hudson.model.Result;
import hudson.model.listeners.ItemListener;
import hudson.plugins.git.GitSCM;
import io.jenkins.plugins.lambdanode.testing.EmulatorExtension;
import io.jenkins.plugins.lambdanode.testing.Program;
import io.jenkins.plugins.lambdanode.testing.jenkins.Aws;
import io.jenkins.plugins.lambdanode.testing.jenkins.Builds;
import java.io.ByteArrayOutputStream;
import java.io.File;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.locks.LockSupport;
import java.util.logging.Level;
import java.util.zip.ZipEntry;
import java.util.zip.ZipOutputStream;
import jenkins.branch.BranchSource;
import jenkins.plugins.git.GitSCMSource;
import jenkins.plugins.git.traits.BranchDiscoveryTrait;
import org.jenkinsci.plugins.workflow.job.WorkflowJob;
import org.jenkinsci.plugins.workflow.multibranch.WorkflowMultiBranchProject;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.ExtendWith;
import org.junit.jupiter.api.io.TempDir;
import org.jvnet.hudson.test.JenkinsRule;
import org.jvnet.hudson.test.LogRecorder;
import org.jvnet.hudson.test.TestExtension;
import org.jvnet.hudson.test.junit.jupiter.WithJenkins;
import software.amazon.awssdk.core.SdkBytes;

@WithJenkins
@ExtendWith(EmulatorExtension.class)
class MultibranchTest {

    private static final String BRANCH = "feature/log-in";

    @TempDir
    private Path repository;

    @BeforeEach
    void allowLocalRepository() {
        GitSCM.ALLOW_LOCAL_CHECKOUT = true;
    }

    @AfterEach
    void forbidLocalRepository() {
        GitSCM.ALLOW_LOCAL_CHECKOUT = false;
    }

    private void git(String... words) throws IOException, InterruptedException {
        List<String> command = new ArrayList<>(List.of("git", "-c", "user.name=A", "-c", "user.email=a@example.org"));
        command.addAll(List.of(words));
        assertEquals(
                0,
                new ProcessBuilder(command)
                        .directory(repository.toFile())
                        .inheritIO()
                        .start()
                        .waitFor());
    }

    private void commit(String answer) throws IOException, InterruptedException {
        Files.writeString(repository.resolve("index.js"), "exports.handler = async () => '" + answer + "';\n");
        git("add", "-A");
        git("commit", "-q", "-m", answer);
    }

    private WorkflowMultiBranchProject project(JenkinsRule jenkins, String name) throws Exception {
        jenkins.createOnlineSlave(Label.get("agent"));
        WorkflowMultiBranchProject project = jenkins.createProject(WorkflowMultiBranchProject.class, name);
        GitSCMSource source = new GitSCMSource(repository.toString());
        source.setTraits(List.of(new BranchDiscoveryTrait()));
        project.getSourcesList().add(new BranchSource(source));
        return project;
    }

    private static void build(JenkinsRule jenkins, WorkflowMultiBranchProject project) throws Exception {
        project.scheduleBuild2(0).getFuture().get();
        jenkins.waitUntilNoActivity();
        for (WorkflowJob job : project.getItems()) {
            jenkins.assertBuildStatus(Result.SUCCESS, job.getLastBuild());
        }
    }

    /** A branch that creates some functions, and deploys to one that was there before and to one that it wants to keep. */
    @Test
    void theFunctionsThatABranchCreatedGoWithItUnlessSomeoneElseDeployedToThem(JenkinsRule jenkins) throws Exception {
        Aws.configureJenkins();
        String deploy =
                "  lambdaNodeDeploy credentialsId: 'aws-deploy', create: [role: '" + Aws.ROLE + "'], functionName: ";
        git("init", "-q", "-b", "main");
        Files.writeString(
                repository.resolve("Jenkinsfile"),
                "node('agent') {\n  checkout scm\n"
                        + "  if (env.BRANCH_NAME == 'main') {\n"
                        + deploy + "'before'\n"
                        + "  } else {\n"
                        + deploy + "'of-${LAMBDA_BRANCH}', deleteWithBranch: true\n"
                        + deploy + "'changed-${LAMBDA_BRANCH}', deleteWithBranch: true\n"
                        + deploy + "'before', deleteWithBranch: true\n"
                        + deploy + "'kept-${LAMBDA_BRANCH}', deleteWithBranch: true\n"
                        + deploy + "'kept-${LAMBDA_BRANCH}'\n"
                        + "  catchError(buildResult: null) {\n  " + deploy
                        + "'failed-${LAMBDA_BRANCH}', deleteWithBranch: true, smokeTest: [expect: '{\"no\": 1}']\n  }\n"
                        + "  }\n}\n");
        commit("one");
        WorkflowMultiBranchProject project = project(jenkins, "going");
        build(jenkins, project);
        git("checkout", "-q", "-b", "dev");
        commit("two");
        build(jenkins, project);
        WorkflowJob dev = project.getItemByBranchName("dev");
        jenkins.assertLogContains(
                "Function before stays when this branch is deleted: this job did not create it.", dev.getLastBuild());
        assertTrue(Aws.function("failed-dev").isPresent());
        Aws.lambda()
                .updateFunctionCode(request -> request.functionName("changed-dev")
                        .zipFile(SdkBytes.fromByteArray(zip("index.js", "exports.handler = async () => 'by hand';"))));
        try (LogRecorder log =
                new LogRecorder().record(BranchFunctions.class, Level.INFO).capture(10)) {
            git("checkout", "-q", "main");
            git("branch", "-q", "-D", "dev");
            project.scheduleBuild2(0).getFuture().get();

            assertNull(project.getItemByBranchName("dev"));
            for (int second = 0; second < 60 && log.getMessages().size() < 3; second++) {
                Thread.sleep(1000);
            }
            List<String> messages = log.getMessages().stream()
                    .map(message -> message.replaceAll("arn:[^ ]*function:", ""))
                    .sorted()
                    .toList();
            assertEquals(
                    List.of(
                            "Deleted function failed-dev with going/dev, which created it",
                            "Deleted function of-dev with going/dev, which created it",
                            "Function changed-dev was not deleted with going/dev: its code is not what that job deployed last"),
                    messages);
        }
        assertTrue(Aws.function("failed-dev").isEmpty());
        assertTrue(Aws.function("of-dev").isEmpty());
        assertTrue(Aws.function("changed-dev").isPresent());
        assertTrue(Aws.function("before").isPresent());
        assertTrue(Aws.function("kept-dev").isPresent());
    }

    /** Jenkins lists a job that is deleted until all listeners know; this one, called after the plugin's, takes its time. */
    @TestExtension("theFunctionsThatABranchCreatedGoWithItUnlessSomeoneElseDeployedToThem")
    public static final class SlowDeletion extends ItemListener {
        @Override
        public void onDeleted(Item item) {
            for (int tenths = 0; tenths < 100 && Aws.function("of-dev").isPresent(); tenths++) {
                LockSupport.parkNanos(TimeUnit.MILLISECONDS.toNanos(100));
            }
        }
    }

    private static byte[] zip(String name, String text) {
        ByteArrayOutputStream bytes = new ByteArrayOutputStream();
        try (ZipOutputStream zip = new ZipOutputStream(bytes)) {
            zip.putNextEntry(new ZipEntry(name));
            zip.write(text.getBytes(StandardCharsets.UTF_8));
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
        return bytes.toByteArray();
    }

    @Test
    void aBranchsFunctionThatCouldNotBeDeletedIsTriedAgainWhenJenkinsStarts(JenkinsRule jenkins) throws Exception {
        Aws.configureJenkins();
        git("init", "-q", "-b", "main");
        Files.writeString(
                repository.resolve("Jenkinsfile"),
                "node('agent') {\n  checkout scm\n  lambdaNodeDeploy credentialsId: 'aws-deploy', create: [role: '"
                        + Aws.ROLE + "'], functionName: 'again-${LAMBDA_BRANCH}', deleteWithBranch: true\n}\n");
        commit("one");
        WorkflowMultiBranchProject project = project(jenkins, "again");
        build(jenkins, project);
        SystemCredentialsProvider.getInstance().getCredentials().clear();

        project.getItemByBranchName("main").delete();

        assertTrue(Aws.function("again-main").isPresent());
        Aws.configureJenkins();
        BranchFunctions afterRestart = new BranchFunctions();
        afterRestart.onLoaded();
        for (int second = 0; second < 60 && Aws.function("again-main").isPresent(); second++) {
            Thread.sleep(1000);
        }
        assertTrue(Aws.function("again-main").isEmpty());
    }

    @Test
    void theExampleDeploysEachBranchToAFunctionOfItsOwnAndMainToLive(JenkinsRule jenkins) throws Exception {
        Aws.configureJenkins();
        Aws.createRole("lambda-example");
        Files.copy(new File("examples/multibranch/Jenkinsfile").toPath(), repository.resolve("Jenkinsfile"));
        git("init", "-q", "-b", "main");
        commit("from main");
        git("checkout", "-q", "-b", BRANCH);
        commit("from the branch");
        WorkflowMultiBranchProject project = project(jenkins, "multibranch");

        build(jenkins, project);

        String branch = "multibranch-" + BranchVariable.valid(BRANCH);
        String head = Program.run("git", "-C", repository.toString(), "rev-parse", BRANCH)
                .successful()
                .out();
        jenkins.assertLogContains(
                "(commit " + head.substring(0, 8) + ")",
                project.getItemByBranchName(BRANCH).getLastBuild());
        assertTrue(Aws.invoke("multibranch").contains("from main"));
        assertTrue(Aws.invoke("multibranch:live").contains("from main"));
        assertTrue(Aws.invoke(branch).contains("from the branch"));
        assertEquals(
                Aws.function(branch).orElseThrow().codeSha256(),
                Builds.record(project.getItemByBranchName(BRANCH).getLastBuild(), branch)
                        .path("CodeSha256")
                        .asText());
    }
}
