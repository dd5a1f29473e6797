package io.jenkins.plugins.lambdanode.build;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import hudson.model.Label;
import hudson.model.Result;
import hudson.plugins.git.GitSCM;
import io.jenkins.plugins.lambdanode.testing.EmulatorExtension;
import io.jenkins.plugins.lambdanode.testing.Program;
import io.jenkins.plugins.lambdanode.testing.jenkins.Aws;
import io.jenkins.plugins.lambdanode.testing.jenkins.Builds;
import java.io.File;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
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
import org.jvnet.hudson.test.junit.jupiter.WithJenkins;

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
        assertEquals(0, new ProcessBuilder(command).directory(repository.toFile()).inheritIO().start().waitFor());
    }

    private void commit(String answer) throws IOException, InterruptedException {
        Files.writeString(repository.resolve("index.js"), "exports.handler = async () => '" + answer + "';\n");
        git("add", "-A");
        git("commit", "-q", "-m", answer);
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
        jenkins.createOnlineSlave(Label.get("agent"));
        WorkflowMultiBranchProject project = jenkins.createProject(WorkflowMultiBranchProject.class, "multibranch");
        GitSCMSource source = new GitSCMSource(repository.toString());
        source.setTraits(List.of(new BranchDiscoveryTrait()));
        project.getSourcesList().add(new BranchSource(source));

        project.scheduleBuild2(0).getFuture().get();
        jenkins.waitUntilNoActivity();

        for (WorkflowJob job : project.getItems()) {
            jenkins.assertBuildStatus(Result.SUCCESS, job.getLastBuild());
        }
        String branch = "multibranch-" + BranchVariable.valid(BRANCH);
        String head = Program.run("git", "-C", repository.toString(), "rev-parse", BRANCH).successful().out();
        jenkins.assertLogContains(
                "(commit " + head.substring(0, 8) + ")", project.getItemByBranchName(BRANCH).getLastBuild());
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
