package io.jenkins.plugins.lambdanode.build;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import com.fasterxml.jackson.databind.JsonNode;
import hudson.FilePath;
import hudson.model.Result;
import hudson.slaves.DumbSlave;
import io.jenkins.plugins.lambdanode.testing.EmulatorExtension;
import io.jenkins.plugins.lambdanode.testing.Project;
import io.jenkins.plugins.lambdanode.testing.jenkins.Aws;
import io.jenkins.plugins.lambdanode.testing.jenkins.Builds;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.TimeUnit;
import org.jenkinsci.plugins.workflow.job.WorkflowJob;
import org.jenkinsci.plugins.workflow.job.WorkflowRun;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.extension.ExtendWith;
import org.junit.jupiter.api.io.TempDir;
import org.jvnet.hudson.test.JenkinsRule;
import org.jvnet.hudson.test.junit.jupiter.WithJenkins;

/** Pipelines that build their function on an agent. */
@WithJenkins
@ExtendWith(EmulatorExtension.class)
class ProjectBuildTest {

    private static JenkinsRule jenkins;
    private static DumbSlave agent;

    @BeforeAll
    static void start(JenkinsRule rule) throws Exception {
        jenkins = rule;
        agent = Builds.startAgent(rule);
    }

    @AfterAll
    static void stop() throws Exception {
        jenkins.after();
        jenkins = null;
        agent = null;
    }

    private static WorkflowJob pipeline(String name, String function, String more) throws Exception {
        return Builds.pipeline(name, "node('agent') {\n" + Builds.deploy(function, more) + "}");
    }

    @Test
    void aTypeScriptProjectIsBuiltAndItsFunctionRuns(@TempDir Path dir) throws Exception {
        WorkflowJob job = Builds.pipeline(
                "compile \u00fcber all",
                "node('agent') {\n"
                        + "withEnv(['NODE_ENV=production']) {\n"
                        + "def fn = " + Builds.deploy("compiled", ", build: 'npm run build', codeDir: 'dist'")
                        + "for (phase in fn.phases) { echo \"phase ${phase.name}\" }\n"
                        + "} }");
        new FilePath(Project.example("typescript", dir.resolve("example"))
                        .folder()
                        .toFile())
                .copyRecursiveTo(agent.getWorkspaceFor(job).child("fn"));

        WorkflowRun run = jenkins.buildAndAssertSuccess(job);

        assertTrue(Aws.invoke("compiled").contains("Compiled for"));
        jenkins.assertLogContains("$ npm run build", run);
        jenkins.assertLogContains("> tsc", run);
        jenkins.assertLogContains("phase build", run);
        List<String> phases = new ArrayList<>();
        JsonNode record = Builds.record(run, "compiled");
        record.path("Timings").forEach(timing -> phases.add(timing.path("Phase").asText()));
        assertEquals(List.of("preflight", "install", "build", "package"), phases.subList(0, 4));
        assertTrue(
                record.path("Package").path("Skipped").toString().contains("node_modules/typescript/"),
                record.toString());
    }

    /** A step in {@code dir('fn') { }} and one with {@code dir: 'fn'} have the same folder. */
    @Test
    void aFolderIsInstalledAndPackedOnceWhicheverWayItIsNamed() throws Exception {
        WorkflowJob job = Builds.pipeline("one-cache", """
                node('agent') {
                  sh 'git init -q; mkdir fn dep; echo "exports.handler = async () => 1" > fn/index.js'
                  writeFile file: 'dep/package.json', text: '{"name":"dep","version":"1.0.0"}'
                  writeFile file: 'fn/package.json', text: '{"name":"fn","dependencies":{"dep":"file:dep-1.0.0.tgz"}}'
                  sh 'cd dep && npm pack --silent --pack-destination ../fn'
                  sh 'cd fn && npm install --silent --package-lock-only --offline'
                  dir('fn') { lambdaNodeDeploy functionName: 'one-cache', credentialsId: 'aws-deploy', create: [role: '%1$s'] }
                  lambdaNodeDeploy functionName: 'one-cache-too', dir: 'fn', credentialsId: 'aws-deploy', create: [role: '%1$s']
                  sh 'git status --porcelain; ls "$WORKSPACE_TMP"/lambda-node-deploy-cache | grep -vc npm'
                  sh 'touch fn/node_modules/dep/stray.js'
                  lambdaNodeDeploy functionName: 'one-cache', dir: 'fn', credentialsId: 'aws-deploy'
                  sh 'test ! -e fn/node_modules/dep/stray.js; cd "$WORKSPACE_TMP"/lambda-node-deploy-cache/old; while ls | grep .; do sleep 0.1; done'
                }
                """.formatted(Aws.ROLE));

        WorkflowRun run = jenkins.buildAndAssertSuccess(job);

        String log = JenkinsRule.getLog(run);
        assertEquals(2, log.lines().filter(line -> line.startsWith("$ npm ci")).count(), log);
        assertTrue(log.indexOf("$ npm ci", log.indexOf("is not needed")) > 0, log);
        assertEquals(
                3, log.lines().filter(line -> line.startsWith("Deploying fn ")).count(), log);
        JsonNode work = Builds.record(run, "one-cache-too").path("Package").path("Work");
        assertEquals(0, work.path("DeflatedBytes").asLong(-1), work.toString());
        assertTrue(work.path("ReusedBytes").asLong() > 0, work.toString());
        assertEquals(
                List.of("?? dep/", "?? fn/", "1"),
                log.lines()
                        .filter(line -> line.startsWith("?? ") || line.equals("1"))
                        .toList());
    }

    @Test
    void aBuildThatFailsIsOneErrorAndNothingIsDeployed() throws Exception {
        WorkflowJob job = Builds.pipeline(
                "failing",
                "node('agent') {\n" + Builds.WRITE_PROJECT
                        + "withEnv(['WHAT=a variable']) {\n"
                        + Builds.deploy("failing", ", build: 'echo \"cannot compile $WHAT\"; exit 3'") + "} }");

        WorkflowRun run = jenkins.buildAndAssertStatus(Result.FAILURE, job);

        Builds.assertOneError(run, "The build 'echo \"cannot compile $WHAT\"; exit 3' failed in ");
        jenkins.assertLogContains("with exit status 3.", run);
        jenkins.assertLogContains("cannot compile a variable", run);
        assertEquals(Optional.empty(), Aws.function("failing"));
    }

    @Test
    @Timeout(120)
    void anAbortEndsTheBuildsProcesses() throws Exception {
        WorkflowJob job = pipeline("aborted", "aborted", ", build: 'sleep 1000 & echo $! > pid; wait'");
        FilePath project = agent.getWorkspaceFor(job).child("fn");
        project.child("index.js").write("exports.handler = async () => 1;", "UTF-8");
        WorkflowRun run = job.scheduleBuild2(0).waitForStart();
        FilePath pid = project.child("pid");
        while (!pid.exists() || pid.length() == 0) {
            assertTrue(run.isBuilding());
            Thread.sleep(100);
        }
        long child = Long.parseLong(pid.readToString().strip());

        run.getExecutor().interrupt();
        jenkins.assertBuildStatus(Result.ABORTED, jenkins.waitForCompletion(run));

        Optional<ProcessHandle> left = ProcessHandle.of(child);
        if (left.isPresent()) {
            left.get().onExit().get(30, TimeUnit.SECONDS);
        }
        assertFalse(Aws.function("aborted").isPresent());
    }
}
