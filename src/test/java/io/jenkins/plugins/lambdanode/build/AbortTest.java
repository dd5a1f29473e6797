package io.jenkins.plugins.lambdanode.build;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTimeoutPreemptively;
import static org.junit.jupiter.api.Assertions.assertTrue;

import hudson.FilePath;
import hudson.model.Result;
import hudson.model.Slave;
import io.jenkins.plugins.lambdanode.agent.AgentWorkspace;
import io.jenkins.plugins.lambdanode.engine.DeploymentLocks;
import io.jenkins.plugins.lambdanode.engine.aws.lambda.FunctionName;
import io.jenkins.plugins.lambdanode.engine.base.Progress;
import io.jenkins.plugins.lambdanode.testing.EmulatorExtension;
import io.jenkins.plugins.lambdanode.testing.jenkins.Aws;
import io.jenkins.plugins.lambdanode.testing.jenkins.Builds;
import io.jenkins.plugins.lambdanode.testing.jenkins.TcpProxy;
import java.time.Duration;
import java.util.List;
import java.util.concurrent.atomic.AtomicBoolean;
import org.jenkinsci.plugins.workflow.job.WorkflowJob;
import org.jenkinsci.plugins.workflow.job.WorkflowRun;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.ExtendWith;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.jvnet.hudson.test.JenkinsRule;
import org.jvnet.hudson.test.junit.jupiter.WithJenkins;

@WithJenkins
@ExtendWith(EmulatorExtension.class)
class AbortTest {

    /** The issue says seconds; the machine may be busy with other tests. */
    private static final Duration SECONDS = Duration.ofSeconds(15);

    /** More than all calls to AWS but the upload. */
    private static final int HALF_A_MEGABYTE = 500_000;

    private static JenkinsRule jenkins;
    private static Slave agent;

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

    private static WorkflowRun startBuild(String name, String steps) throws Exception {
        WorkflowJob job = Builds.pipeline(name, "node('agent') {\n" + steps + "\n}");
        return job.scheduleBuild2(0).waitForStart();
    }

    /** Aborts it, and asserts that nothing but the cache stays of it. */
    private static void abort(WorkflowRun run) throws Exception {
        long start = System.nanoTime();
        run.getExecutor().interrupt();
        // Not for ever: a build that takes no notice would never end.
        Builds.await(Duration.ofMinutes(2), () -> !run.isBuilding());
        jenkins.assertBuildStatus(Result.ABORTED, jenkins.waitForCompletion(run));
        Duration taken = Duration.ofNanos(System.nanoTime() - start);
        System.out.println(run + " was aborted within " + taken.toMillis() + " ms");
        assertTrue(taken.compareTo(SECONDS) < 0, "took " + taken);
        FilePath temporary = agent.getWorkspaceRoot().child(run.getParent().getName() + "@tmp");
        List<String> left = temporary.list().stream().map(FilePath::getName).toList();
        assertTrue(List.of(AgentWorkspace.CACHE_FOLDER).containsAll(left), left.toString());
        if (!left.isEmpty()) {
            List<String> cached = temporary.child(AgentWorkspace.CACHE_FOLDER).list().stream()
                    .map(FilePath::getName)
                    .filter(name -> name.contains("tmp") || name.contains("spill"))
                    .toList();
            assertEquals(List.of(), cached);
        }
        jenkins.assertLogNotContains("\tat ", run);
        String page = jenkins.createWebClient().getPage(run).asNormalizedText();
        assertTrue(page.contains("stopped in the phase"), page);
    }

    private static long processesWith(String text) {
        return ProcessHandle.allProcesses()
                .filter(process -> process.info().commandLine().orElse("").contains(text))
                .count();
    }

    @Test
    void anAbortDuringNpmStopsItWithItsChildren() throws Exception {
        String mark = "sleepsForLambdaNodeDeploy" + System.nanoTime();
        WorkflowRun run = startBuild(
                "npm",
                Builds.WRITE_PROJECT
                        + "writeFile file: 'fn/wait.js', text: 'setTimeout(() => {}, 600000)'\n"
                        + "writeFile file: 'fn/package.json', text:"
                        + " '{\"scripts\":{\"preinstall\":\"node wait.js " + mark + "\"}}'\n"
                        + Builds.deploy("abort-npm", ""));
        Builds.await(Duration.ofSeconds(60), () -> processesWith(mark) > 0);

        abort(run);

        Builds.await(SECONDS, () -> processesWith(mark) == 0);
    }

    @Test
    void anAbortDuringPackagingLeavesNoFile() throws Exception {
        WorkflowRun run = startBuild(
                "packaging",
                Builds.WRITE_PROJECT
                        + "sh 'set +x; for i in $(seq 1 120); do head -c 1500000 /dev/urandom | base64 -w 0 > fn/data$i; done'\n"
                        + "echo 'ready'\n"
                        + Builds.deploy("abort-packaging", ", compressionLevel: 9"));
        jenkins.waitForMessage("No dependencies to install", run);
        FilePath temporary = agent.getWorkspaceRoot().child("packaging@tmp");
        Builds.await(Duration.ofSeconds(60), () -> Builds.hasPackage(temporary));

        abort(run);
    }

    @ParameterizedTest
    @CsvSource({
        "preflight, GET, /configuration, No dependencies",
        "update, PUT, /code, Deployed",
        "wait, GET, /configuration, Deployed",
        "release, POST, /versions, points to"
    })
    void anAbortWhileAwsIsSilentEndsTheBuildAndLeavesTheFunctionAsItWasOrWithTheNewCode(
            String phase, String method, String call, String notReached) throws Exception {
        String function = "abort-" + phase;
        Builds.run(
                jenkins,
                phase + "-before",
                "node('agent') {\n" + Builds.WRITE_PROJECT + Builds.deploy(function, "") + "\n}",
                Result.SUCCESS);
        String before = Aws.function(function).orElseThrow().codeSha256();
        AtomicBoolean updated = new AtomicBoolean(!phase.equals("wait"));
        try (TcpProxy silent = new TcpProxy("127.0.0.1", Aws.endpoint().getPort()).stallAt(sent -> {
            boolean stalls = updated.get()
                    && sent.startsWith(method + " ")
                    && sent.lines().findFirst().orElse("").contains(call);
            updated.compareAndSet(false, sent.startsWith("PUT "));
            return stalls;
        })) {
            WorkflowRun run = startBuild(
                    phase,
                    Builds.project("new " + phase)
                            + Builds.deploy(function, ", alias: 'live', endpointUrl: '" + silent.url() + "'"));
            assertTrue(silent.awaitStall(60));

            abort(run);

            jenkins.assertLogNotContains(notReached, run);
            jenkins.assertLogContains(
                    "Stopped. " + function + (phase.equals("preflight") ? ": not changed." : ": the change had begun."),
                    run);
        }
        String after = Aws.function(function).orElseThrow().codeSha256();
        assertEquals(phase.equals("wait") || phase.equals("release"), !after.equals(before));
        Builds.await(
                SECONDS,
                () -> Aws.function(function)
                        .orElseThrow()
                        .lastUpdateStatusAsString()
                        .equals("Successful"));
    }

    @Test
    void anAbortOfABuildThatWaitsForItsTurnGivesItUp() throws Exception {
        List<FunctionName> shared = List.of(FunctionName.parse("abort-turn"));
        String place = Aws.endpoint() + " " + Aws.REGION;
        try (DeploymentLocks.Lock turn = new BuildLocks(place, "the test").await(shared, Progress.NONE)) {
            WorkflowRun run = startBuild("turn", Builds.WRITE_PROJECT + Builds.deploy("abort-turn", ""));
            jenkins.waitForMessage("Waiting for the test, which deploys abort-turn too", run);

            abort(run);
        }
        assertTrue(Aws.function("abort-turn").isEmpty());
        assertTimeoutPreemptively(
                SECONDS,
                () -> new BuildLocks(place, "the test")
                        .await(shared, Progress.NONE)
                        .close());
    }

    @Test
    void npmThatHangsAndTakesNoNoticeOfBeingAskedToEndIsEndedByATimeout() throws Exception {
        String mark = "hangsForLambdaNodeDeploy" + System.nanoTime();
        WorkflowRun run = startBuild(
                "hangs",
                Builds.WRITE_PROJECT
                        + "writeFile file: 'fn/wait.js', text: 'for (const s of [\"SIGTERM\", \"SIGINT\", \"SIGHUP\"])"
                        + " process.on(s, () => {}); setTimeout(() => {}, 600000)'\n"
                        + "writeFile file: 'fn/package.json', text:"
                        + " '{\"scripts\":{\"preinstall\":\"node wait.js " + mark + " & node wait.js " + mark
                        + "\"}}'\n"
                        + "timeout(time: 20, unit: 'SECONDS') { " + Builds.deploy("hangs", "") + " }");
        Builds.await(Duration.ofSeconds(60), () -> processesWith(mark) > 0);

        jenkins.assertBuildStatus(Result.ABORTED, jenkins.waitForCompletion(run));

        Builds.await(SECONDS, () -> processesWith(mark) == 0);
        jenkins.assertLogContains("Timeout has been exceeded", run);
    }

    @Test
    void anAbortDuringTheUploadLeavesNoUnfinishedUpload() throws Exception {
        try (TcpProxy slow = new TcpProxy("127.0.0.1", Aws.endpoint().getPort()).throttle(500_000)) {
            WorkflowRun run = startBuild(
                    "upload",
                    Builds.WRITE_PROJECT
                            + "sh 'head -c 30000000 /dev/urandom > fn/data.bin'\n"
                            + Builds.deploy(
                                    "abort-upload",
                                    ", compressionLevel: 1, s3Prefix: 'abort-upload/', s3Bucket: '" + Aws.BUCKET
                                            + "', endpointUrl: '" + slow.url() + "'"));
            jenkins.waitForMessage("Staging ", run);
            Builds.await(
                    Duration.ofSeconds(60), () -> Aws.unfinishedUploads() == 1 && slow.sentBytes() > HALF_A_MEGABYTE);

            abort(run);

            assertEquals(0, Aws.unfinishedUploads());
            assertEquals(
                    List.of(),
                    Aws.keys().stream()
                            .filter(key -> key.startsWith("abort-upload/"))
                            .toList());
            slow.resume();
            Builds.await(SECONDS, slow::isDelivered);
            assertEquals(0, Aws.unfinishedUploads(), "A part that came late has not brought it back");
        }
    }

    @Test
    void anAbortDuringADirectUploadEndsIt() throws Exception {
        try (TcpProxy slow = new TcpProxy("127.0.0.1", Aws.endpoint().getPort()).throttle(500_000)) {
            WorkflowRun run = startBuild(
                    "direct",
                    Builds.WRITE_PROJECT
                            + "sh 'head -c 30000000 /dev/urandom > fn/data.bin'\n"
                            + Builds.deploy(
                                    "abort-direct", ", compressionLevel: 1, endpointUrl: '" + slow.url() + "'"));
            jenkins.waitForMessage("Creating the function", run);
            Builds.await(Duration.ofSeconds(60), () -> slow.sentBytes() > HALF_A_MEGABYTE);

            abort(run);

            assertTrue(Aws.function("abort-direct").isEmpty());
        }
    }
}
