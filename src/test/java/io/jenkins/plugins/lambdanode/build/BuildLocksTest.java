package io.jenkins.plugins.lambdanode.build;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import hudson.model.Result;
import hudson.slaves.DumbSlave;
import io.jenkins.plugins.lambdanode.engine.DeploymentLocks;
import io.jenkins.plugins.lambdanode.engine.aws.lambda.FunctionName;
import io.jenkins.plugins.lambdanode.engine.base.Progress;
import io.jenkins.plugins.lambdanode.record.DeployedFunction;
import io.jenkins.plugins.lambdanode.record.DeploymentAction;
import io.jenkins.plugins.lambdanode.testing.EmulatorExtension;
import io.jenkins.plugins.lambdanode.testing.jenkins.Aws;
import io.jenkins.plugins.lambdanode.testing.jenkins.Builds;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import java.util.TreeSet;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.concurrent.TimeUnit;
import java.util.stream.IntStream;
import org.jenkinsci.plugins.workflow.job.WorkflowRun;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.extension.ExtendWith;
import org.junit.jupiter.api.io.TempDir;
import org.jvnet.hudson.test.JenkinsRule;
import org.jvnet.hudson.test.junit.jupiter.WithJenkins;
import software.amazon.awssdk.services.lambda.LambdaClient;

@ExtendWith(EmulatorExtension.class)
class BuildLocksTest {

    private static final int BUILDS = 8;

    @Test
    @WithJenkins
    @Timeout(300)
    void buildsThatDeployTheSameFunctionAtOnceAllEndWellAndTheLastOneStays(JenkinsRule jenkins, @TempDir Path temp)
            throws Exception {
        Aws.configureJenkins();
        DumbSlave agent = new DumbSlave("agent", temp.toString(), jenkins.createComputerLauncher(null));
        agent.setNumExecutors(BUILDS + 1);
        jenkins.jenkins.addNode(agent);
        jenkins.waitOnline(agent);
        List<WorkflowRun> runs = new ArrayList<>();
        // The test's own turn holds them up until all of them wait.
        DeploymentLocks.Lock turn = new BuildLocks(Aws.endpoint() + " " + Aws.REGION, "the test")
                .await(List.of(FunctionName.parse("shared")), Progress.NONE);
        for (int i = 0; i <= BUILDS; i++) {
            runs.add(Builds.pipeline(
                            "turn-" + i,
                            "node('agent') {\n" + Builds.project("build " + i)
                                    + "lambdaNodeDeploy functionName: 'shared', dir: 'fn', credentialsId: 'aws-deploy',"
                                    + " create: [role: '" + Aws.ROLE + "'], publish: true, alias: 'live'\n}")
                    .scheduleBuild2(0)
                    .waitForStart());
        }
        Builds.awaitExecutors(runs);
        for (WorkflowRun run : runs) {
            jenkins.waitForMessage(", which deploys shared too", run);
        }
        WorkflowRun stopped = runs.remove(BUILDS / 2);
        stopped.getExecutor().interrupt();
        jenkins.assertBuildStatus(Result.ABORTED, jenkins.waitForCompletion(stopped));
        turn.close();

        TreeSet<Integer> versions = new TreeSet<>();
        String lastCode = "";
        for (WorkflowRun run : runs) {
            jenkins.assertBuildStatus(Result.SUCCESS, jenkins.waitForCompletion(run));
            var record = Builds.record(run, "shared");
            versions.add(record.path("Version").asInt());
            if (record.path("Version").asInt() == versions.last()) {
                lastCode = record.path("CodeSha256").asText();
            }
        }

        assertEquals(BUILDS, versions.size(), "each has its own version: " + versions);
        assertEquals(lastCode, Aws.function("shared").orElseThrow().codeSha256());
    }

    /** Each function is deployed by several builds at a time, none of which knows of the others. */
    @Test
    @WithJenkins
    @Timeout(600)
    void ofAHundredDeploymentsAtOnceEachEndsWellAndTheLastOfAFunctionStays(JenkinsRule jenkins, @TempDir Path temp)
            throws Exception {
        int functions = 20;
        int deployments = 100;
        Aws.configureJenkins();
        DumbSlave agent = new DumbSlave("agent", temp.toString(), jenkins.createComputerLauncher(null));
        agent.setNumExecutors(deployments);
        jenkins.jenkins.addNode(agent);
        jenkins.waitOnline(agent);
        List<FunctionName> all = new ArrayList<>();
        for (int i = 0; i < functions; i++) {
            all.add(FunctionName.parse("hundred-" + i));
        }
        List<WorkflowRun> runs = new ArrayList<>();
        try (DeploymentLocks.Lock turn =
                new BuildLocks(Aws.endpoint() + " " + Aws.REGION, "the test").await(all, Progress.NONE)) {
            for (int i = 0; i < deployments; i++) {
                runs.add(Builds.pipeline(
                                "hundred-" + i,
                                "node('agent') {\n" + Builds.project("build " + i) + "lambdaNodeDeploy functionName: '"
                                        + all.get(i % functions).name()
                                        + "', dir: 'fn', credentialsId: 'aws-deploy', create:"
                                        + " [role: '" + Aws.ROLE + "'], publish: true, alias: 'live'\n}")
                        .scheduleBuild2(0)
                        .waitForStart());
            }
            Builds.awaitExecutors(runs);
            for (WorkflowRun run : runs) {
                jenkins.waitForMessage("which deploys hundred-", run);
            }
        }

        Map<String, TreeMap<Integer, String>> recorded = new HashMap<>();
        for (WorkflowRun run : runs) {
            jenkins.assertBuildStatus(Result.SUCCESS, jenkins.waitForCompletion(run));
            DeployedFunction deployed =
                    run.getAction(DeploymentAction.class).getFunctions().get(0);
            recorded.computeIfAbsent(deployed.getFunctionName(), name -> new TreeMap<>())
                    .put(Integer.parseInt(deployed.getVersion()), deployed.getCodeSha256());
        }
        assertEquals(functions, recorded.size());
        try (LambdaClient lambda = Aws.lambda()) {
            recorded.forEach((name, versions) -> {
                assertEquals(deployments / functions, versions.size(), name + " " + versions.keySet());
                versions.forEach((version, sha256) -> assertEquals(sha256, code(lambda, name, "" + version), name));
                assertEquals(versions.lastEntry().getValue(), code(lambda, name, "$LATEST"), name);
                assertEquals(versions.lastEntry().getValue(), code(lambda, name, "live"), name);
            });
        }
    }

    private static String code(LambdaClient lambda, String function, String qualifier) {
        return lambda.getFunctionConfiguration(
                        request -> request.functionName(function).qualifier(qualifier))
                .codeSha256();
    }

    @Test
    @Timeout(60)
    void turnsComeInTheOrderInWhichTheyWereAskedForAndAnInterruptGivesUpOne() throws Exception {
        List<FunctionName> both = List.of(FunctionName.parse("a"), FunctionName.parse("b"));
        List<FunctionName> second = List.of(FunctionName.parse("b"));
        List<String> log = new CopyOnWriteArrayList<>();
        ExecutorService threads = Executors.newCachedThreadPool();
        DeploymentLocks.Lock first = new BuildLocks("here", "one #1").await(both, Progress.NONE);

        Future<?> stopped = threads.submit(() -> new BuildLocks("here", "two #1").await(second, telling(log)));
        while (log.isEmpty()) {
            Thread.sleep(10);
        }
        DeploymentLocks.Lock elsewhere = new BuildLocks("elsewhere", "three #1").await(both, Progress.NONE);
        elsewhere.close();
        stopped.cancel(true);
        Future<DeploymentLocks.Lock> waiting =
                threads.submit(() -> new BuildLocks("here", "four #1").await(second, telling(log)));
        while (log.size() < 2) {
            Thread.sleep(10);
        }
        first.close();

        DeploymentLocks.Lock last = waiting.get(10, TimeUnit.SECONDS);
        last.close();
        assertEquals(List.of(false, false, true), List.of(first.waited(), elsewhere.waited(), last.waited()));
        assertEquals("Waiting for one #1, which deploys b too", log.get(0));
        threads.shutdown();
        assertTrue(threads.awaitTermination(10, TimeUnit.SECONDS));
    }

    @Test
    @Timeout(60)
    void whoHasAskedFirstGetsTheTurnFirstAndWhoDeploysAnotherFunctionDoesNotWait() throws Exception {
        List<FunctionName> shared = List.of(FunctionName.parse("a"));
        List<String> log = new CopyOnWriteArrayList<>();
        List<Integer> order = new CopyOnWriteArrayList<>();
        List<Thread> builds = new ArrayList<>();
        DeploymentLocks.Lock first = new BuildLocks("line", "the first").await(shared, Progress.NONE);
        for (int i = 0; i < BUILDS; i++) {
            int number = i;
            builds.add(started(() -> {
                try (DeploymentLocks.Lock turn =
                        new BuildLocks("line", "build " + number).await(shared, telling(log))) {
                    order.add(number);
                }
            }));
            awaitWaiting(log, number + 1, builds.get(number));
        }

        new BuildLocks("line", "another")
                .await(List.of(FunctionName.parse("b")), telling(log))
                .close();
        assertEquals(BUILDS, log.size(), log.toString());
        first.close();

        for (Thread build : builds) {
            build.join();
        }
        assertEquals(IntStream.range(0, BUILDS).boxed().toList(), order);
        assertEquals("Waiting for build 6, which deploys a too", log.get(BUILDS - 1));
    }

    @Test
    @Timeout(60)
    void whoComesAtTheMomentWhenATurnEndsDoesNotGetAheadOfWhoWaits() throws Exception {
        List<FunctionName> shared = List.of(FunctionName.parse("a"));
        List<String> order = new CopyOnWriteArrayList<>();
        // Whether one that does gets there in time is chance.
        for (int round = 1; round <= 20; round++) {
            List<String> log = new CopyOnWriteArrayList<>();
            DeploymentLocks.Lock first = new BuildLocks("queue", "the first").await(shared, Progress.NONE);
            Thread waiting = started(() -> {
                try (DeploymentLocks.Lock turn = new BuildLocks("queue", "who waits").await(shared, telling(log))) {
                    order.add("who waits");
                }
            });
            awaitWaiting(log, 1, waiting);

            first.close();
            try (DeploymentLocks.Lock turn = new BuildLocks("queue", "who comes").await(shared, Progress.NONE)) {
                order.add("who comes");
            }

            waiting.join();
            assertEquals(List.of("who waits", "who comes"), order.subList(2 * round - 2, 2 * round), "round " + round);
        }
    }

    /** Else a build could have what another waits for, and wait for what that one has. */
    @Test
    @Timeout(60)
    void severalFunctionsAreWaitedForInTheSameOrderHoweverTheyAreListedAndGivenUpTogether() throws Exception {
        List<FunctionName> a = List.of(FunctionName.parse("a"));
        List<FunctionName> b = List.of(FunctionName.parse("b"));
        List<FunctionName> both = List.of(b.get(0), a.get(0));
        List<String> log = new CopyOnWriteArrayList<>();
        DeploymentLocks.Lock ofA = new BuildLocks("both", "that of a").await(a, Progress.NONE);
        DeploymentLocks.Lock ofB = new BuildLocks("both", "that of b").await(b, Progress.NONE);

        Thread stopped = started(() -> new BuildLocks("both", "that of both").await(both, telling(log)));
        awaitWaiting(log, 1, stopped);
        ofA.close();
        awaitWaiting(log, 2, stopped);
        stopped.interrupt();

        new BuildLocks("both", "the next").await(a, Progress.NONE).close();
        ofB.close();
        assertEquals(
                List.of("Waiting for that of a, which deploys a too", "Waiting for that of b, which deploys b too"),
                log);
    }

    @Test
    @Timeout(60)
    void aBranchThatWaitsForAnotherOfItsBuildIsNotToldToWaitForItself() throws Exception {
        List<FunctionName> shared = List.of(FunctionName.parse("shared"));
        List<String> log = new CopyOnWriteArrayList<>();
        DeploymentLocks.Lock first = new BuildLocks("own", "par #1").await(shared, Progress.NONE);
        Thread second = started(() ->
                new BuildLocks("own", "par #1").await(shared, telling(log)).close());
        awaitWaiting(log, 1, second);
        first.close();
        second.join();

        assertEquals(List.of("Waiting for another deployment of this build, which deploys shared too"), log);
    }

    private interface Build {
        void run() throws InterruptedException;
    }

    private static Thread started(Build build) {
        Thread thread = new Thread(() -> {
            try {
                build.run();
            } catch (InterruptedException e) {
                // As a build that is stopped.
            }
        });
        thread.setDaemon(true);
        thread.start();
        return thread;
    }

    /** Until there are so many lines, and the build that wrote the last of them is in the line itself. */
    private static void awaitWaiting(List<String> log, int lines, Thread build) throws InterruptedException {
        Builds.await(Duration.ofSeconds(30), () -> log.size() == lines && build.getState() == Thread.State.WAITING);
    }

    private static Progress telling(List<String> log) {
        return new Progress() {
            @Override
            public void log(String line) {
                log.add(line);
            }

            @Override
            public void advance(String activity, long doneBytes, long totalBytes, int doneFiles) {}
        };
    }
}
