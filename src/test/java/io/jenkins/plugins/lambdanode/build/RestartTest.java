package io.jenkins.plugins.lambdanode.build;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import hudson.FilePath;
import hudson.model.Result;
import hudson.model.Slave;
import io.jenkins.plugins.lambdanode.record.DeployedFunction;
import io.jenkins.plugins.lambdanode.record.DeploymentAction;
import io.jenkins.plugins.lambdanode.testing.EmulatorExtension;
import io.jenkins.plugins.lambdanode.testing.jenkins.Aws;
import io.jenkins.plugins.lambdanode.testing.jenkins.Builds;
import io.jenkins.plugins.lambdanode.testing.jenkins.TcpProxy;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import java.util.concurrent.atomic.AtomicBoolean;
import jenkins.model.Jenkins;
import org.jenkinsci.plugins.workflow.job.WorkflowJob;
import org.jenkinsci.plugins.workflow.job.WorkflowRun;
import org.junit.jupiter.api.extension.ExtendWith;
import org.junit.jupiter.api.extension.RegisterExtension;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;
import org.jvnet.hudson.test.JenkinsRule;
import org.jvnet.hudson.test.junit.jupiter.InboundAgentExtension;
import org.jvnet.hudson.test.junit.jupiter.RealJenkinsExtension;

@ExtendWith(EmulatorExtension.class)
class RestartTest {

    private static final Duration PATIENCE = Duration.ofMinutes(2);

    /** Says that it was started, and ends when it may. */
    private static final String WAIT_SCRIPT = "const fs = require(\"fs\");\n"
            + "fs.appendFileSync(process.argv[2], \"x\");\n"
            + "setInterval(() => { if (fs.existsSync(process.argv[3])) process.exit(0) }, 100);\n";

    /** Pipelines wait five minutes for their agent, but 15 seconds in tests. */
    private static final String AGENT_RETURNS =
            "-Dorg.jenkinsci.plugins.workflow.support.pickles.ExecutorPickle.timeoutForNodeMillis=300000";

    @RegisterExtension
    private final RealJenkinsExtension jenkins =
            new RealJenkinsExtension().javaOptions(AGENT_RETURNS).withTimeout(600);

    @RegisterExtension
    private final InboundAgentExtension agents = new InboundAgentExtension();

    @ParameterizedTest
    @ValueSource(strings = {"stopped", "killed"})
    void buildsGoOnAfterARestartInTheMiddleOfEachPhase(String how, @TempDir Path temp) throws Throwable {
        Aws.createRole();
        Aws.createBucket();
        Path npmStarts = temp.resolve("starts");
        Path npmMayEnd = temp.resolve("go");
        AtomicBoolean created = new AtomicBoolean();
        try (TcpProxy slow = new TcpProxy("127.0.0.1", Aws.endpoint().getPort()).throttle(40_000);
                TcpProxy stalling = new TcpProxy("127.0.0.1", Aws.endpoint().getPort()).stallAt(sent -> {
                    if (sent.startsWith("POST /2015-03-31/functions")) {
                        created.set(true);
                    }
                    return created.get() && sent.contains("/configuration ");
                });
                TcpProxy unreleased = new TcpProxy("127.0.0.1", Aws.endpoint().getPort())
                        .stallAt(sent -> sent.startsWith("POST ") && sent.contains("/versions "));
                TcpProxy unasked = new TcpProxy("127.0.0.1", Aws.endpoint().getPort())
                        .stallAt(sent -> sent.startsWith("GET ") && sent.contains("/configuration "));
                TcpProxy unsent = new TcpProxy("127.0.0.1", Aws.endpoint().getPort())
                        .stallAt(sent -> sent.startsWith("POST /2015-03-31/functions"))) {
            jenkins.startJenkins();
            agents.createAgent(
                    jenkins,
                    InboundAgentExtension.Options.newBuilder()
                            .name("agent")
                            .webSocket()
                            .build());
            jenkins.runRemotely(RestartTest::configure, Aws.endpoint().toString());
            jenkins.runRemotely(
                    RestartTest::startBuild,
                    "npm-" + how,
                    "writeFile file: 'fn/wait.js', text: '''" + WAIT_SCRIPT + "'''\n"
                            + "writeFile file: 'fn/package.json', text: '{\"scripts\":{\"preinstall\":\"node wait.js "
                            + npmStarts + " " + npmMayEnd + "\"}}'\n"
                            + deploy("npm-" + how, ""));
            jenkins.runRemotely(
                    RestartTest::startBuild,
                    "upload-" + how,
                    "sh 'head -c 20000000 /dev/urandom > fn/data.bin'\n"
                            + deploy(
                                    "upload-" + how,
                                    ", compressionLevel: 1, s3Bucket: '" + Aws.BUCKET + "', endpointUrl: '" + slow.url()
                                            + "'"));
            jenkins.runRemotely(
                    RestartTest::startBuild,
                    "update-" + how,
                    deploy("update-" + how, ", endpointUrl: '" + stalling.url() + "'"));
            jenkins.runRemotely(
                    RestartTest::startBuild,
                    "release-" + how,
                    deploy("release-" + how, ", alias: 'live', endpointUrl: '" + unreleased.url() + "'"));
            jenkins.runRemotely(
                    RestartTest::startBuild,
                    "preflight-" + how,
                    deploy("preflight-" + how, ", endpointUrl: '" + unasked.url() + "'"));
            jenkins.runRemotely(
                    RestartTest::startBuild,
                    "direct-" + how,
                    "sh 'head -c 20000000 /dev/urandom > fn/data.bin'\n"
                            + deploy("direct-" + how, ", compressionLevel: 1, endpointUrl: '" + unsent.url() + "'"));
            Builds.await(PATIENCE, () -> size(npmStarts) == 1);
            Builds.await(PATIENCE, () -> Aws.unfinishedUploads() == 1);
            assertTrue(stalling.awaitStall(PATIENCE.toSeconds()));
            assertTrue(unreleased.awaitStall(PATIENCE.toSeconds()));
            assertTrue(unasked.awaitStall(PATIENCE.toSeconds()));
            assertTrue(unsent.awaitStall(PATIENCE.toSeconds()));
            jenkins.runRemotely(
                    RestartTest::startBuild,
                    "shift-" + how,
                    deploy("shift-" + how, ", alias: 'live'") + "\n"
                            + Builds.project("two")
                            + deploy("shift-" + how, ", alias: 'live', rollout: [percent: 50, every: 2]"));
            Builds.await(PATIENCE, () -> Aws.traffic("shift-" + how).equals("1 2=0.5"));
            jenkins.runRemotely(
                    RestartTest::startBuild,
                    "turn-" + how,
                    deploy("release-" + how, ", endpointUrl: '" + unreleased.url() + "'"));
            jenkins.runRemotely(RestartTest::awaitMessage, "turn-" + how, "which deploys release-" + how + " too");
            jenkins.runRemotely(
                    RestartTest::startBuild,
                    "package-" + how,
                    "sh 'set +x; for i in $(seq 1 60); do head -c 1500000 /dev/urandom | base64 -w 0 > fn/data$i; done'\n"
                            + deploy("package-" + how, ", compressionLevel: 9, s3Bucket: '" + Aws.BUCKET + "'"));
            jenkins.runRemotely(RestartTest::awaitPackaging, "package-" + how);

            assertEquals(1, Aws.unfinishedUploads());
            if (how.equals("stopped")) {
                jenkins.stopJenkins();
            } else {
                jenkins.stopJenkinsForcibly();
            }
            slow.resume();
            stalling.resume();
            unreleased.resume();
            unasked.resume();
            unsent.resume();
            jenkins.startJenkins();
            Builds.await(PATIENCE, () -> size(npmStarts) == 2);
            assertEquals(1, waitingFor(npmMayEnd), "npm of before the restart was stopped");
            Files.createFile(npmMayEnd);

            for (String phase : List.of("preflight", "npm", "package", "upload", "direct", "update", "release")) {
                String name = phase + "-" + how;
                String recorded = jenkins.runRemotely(RestartTest::end, name, name);
                assertEquals(Aws.function(name).orElseThrow().codeSha256(), recorded);
            }
            // It has the same project.
            jenkins.runRemotely(RestartTest::end, "turn-" + how, "release-" + how);
            jenkins.runRemotely(RestartTest::end, "shift-" + how, "shift-" + how);
            assertEquals("2", Aws.traffic("shift-" + how));
            assertEquals(List.of("$LATEST", "1", "2"), Aws.versions("shift-" + how));
            assertEquals(List.of("$LATEST", "1"), Aws.versions("release-" + how));
            assertEquals(0, Aws.unfinishedUploads());
        }
    }

    private static long size(Path file) {
        try {
            return Files.size(file);
        } catch (IOException e) {
            return 0;
        }
    }

    private static long waitingFor(Path mayEnd) {
        return ProcessHandle.allProcesses()
                .filter(process -> process.info().command().orElse("").endsWith("node"))
                .filter(process -> List.of(process.info().arguments().orElse(new String[0]))
                        .contains(mayEnd.toString()))
                .count();
    }

    private static String deploy(String function, String more) {
        return "lambdaNodeDeploy functionName: '" + function
                + "', dir: 'fn', credentialsId: 'aws-deploy', create: [role: '" + Aws.ROLE + "']" + more;
    }

    private static void configure(JenkinsRule rule, String endpoint) throws Exception {
        Aws.configureJenkins(endpoint);
        Builds.giveExecutors(rule, "agent", 9);
    }

    private static void startBuild(JenkinsRule rule, String name, String steps) throws Exception {
        Builds.pipeline(name, "node('agent') {\n" + Builds.WRITE_PROJECT + steps + "\n}")
                .scheduleBuild2(0)
                .waitForStart();
    }

    private static void awaitMessage(JenkinsRule rule, String name, String message) throws Exception {
        rule.waitForMessage(
                message,
                Jenkins.get().getItemByFullName(name, WorkflowJob.class).getBuildByNumber(1));
    }

    private static void awaitPackaging(JenkinsRule rule, String name) throws Exception {
        FilePath temporary =
                ((Slave) Jenkins.get().getNode("agent")).getWorkspaceRoot().child(name + "@tmp");
        Builds.await(PATIENCE, () -> {
            try {
                return temporary.list("lambda-node-deploy-*/*lambda*.zip", null, false).length > 0;
            } catch (IOException | InterruptedException e) {
                return false;
            }
        });
    }

    /** The CodeSha256 of its record. */
    private static String end(JenkinsRule rule, String name, String function) throws Exception {
        WorkflowRun run =
                Jenkins.get().getItemByFullName(name, WorkflowJob.class).getBuildByNumber(1);
        rule.assertBuildStatus(Result.SUCCESS, rule.waitForCompletion(run));
        rule.assertLogContains("carrying on with the deployment", run);
        assertEquals(3, run.getArtifacts().size(), "record, bill of materials, provenance");
        List<DeployedFunction> deployed = run.getAction(DeploymentAction.class).getFunctions();
        assertEquals(1, deployed.size());
        assertEquals(
                name.equals(function) ? "created" : "unchanged", deployed.get(0).getOutcome());
        return Builds.record(run, function).path("CodeSha256").asText();
    }
}
