package io.jenkins.plugins.lambdanode;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import hudson.model.Result;
import io.jenkins.plugins.lambdanode.engine.emulator.EmulatorExtension;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import java.util.concurrent.atomic.AtomicBoolean;
import jenkins.model.Jenkins;
import org.jenkinsci.plugins.workflow.job.WorkflowJob;
import org.jenkinsci.plugins.workflow.job.WorkflowRun;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.extension.ExtendWith;
import org.junit.jupiter.api.extension.RegisterExtension;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;
import org.jvnet.hudson.test.JenkinsRule;
import org.jvnet.hudson.test.junit.jupiter.InboundAgentExtension;
import org.jvnet.hudson.test.junit.jupiter.RealJenkinsExtension;

@ExtendWith(EmulatorExtension.class)
@Tag("long")
class RestartTest {

    private static final Duration PATIENCE = Duration.ofMinutes(2);

    /** Says that it was started, and ends when it may. */
    private static final String WAIT_SCRIPT = "const fs = require(\"fs\");\n"
            + "fs.appendFileSync(process.argv[2], \"x\");\n"
            + "setInterval(() => { if (fs.existsSync(process.argv[3])) process.exit(0) }, 100);\n";

    @RegisterExtension
    private final RealJenkinsExtension jenkins = new RealJenkinsExtension().withTimeout(600);

    @RegisterExtension
    private final InboundAgentExtension agents = new InboundAgentExtension();

    @ParameterizedTest
    @ValueSource(strings = {"stopped", "killed"})
    void buildsGoOnAfterARestartInTheMiddleOfNpmOfTheUploadAndOfTheUpdate(String how, @TempDir Path temp)
            throws Throwable {
        Aws.createRole();
        Aws.createBucket();
        Path npmStarts = temp.resolve("starts");
        Path npmMayEnd = temp.resolve("go");
        AtomicBoolean created = new AtomicBoolean();
        try (TcpProxy slow = new TcpProxy("127.0.0.1", Aws.endpoint().getPort()).throttle(300_000);
                TcpProxy stalling = new TcpProxy("127.0.0.1", Aws.endpoint().getPort()).stallAt(sent -> {
                    if (sent.startsWith("POST /2015-03-31/functions")) {
                        created.set(true);
                    }
                    return created.get() && sent.contains("/configuration ");
                })) {
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
                                    ", level: 1, s3Bucket: '" + Aws.BUCKET + "', endpointUrl: '" + slow.url() + "'"));
            jenkins.runRemotely(
                    RestartTest::startBuild,
                    "update-" + how,
                    deploy("update-" + how, ", endpointUrl: '" + stalling.url() + "'"));
            Builds.await(PATIENCE, () -> size(npmStarts) == 1);
            Builds.await(PATIENCE, () -> Aws.unfinishedUploads() == 1);
            assertTrue(stalling.awaitStall(PATIENCE.toSeconds()));

            if (how.equals("stopped")) {
                jenkins.stopJenkins();
            } else {
                jenkins.stopJenkinsForcibly();
            }
            slow.resume();
            stalling.resume();
            jenkins.startJenkins();
            Builds.await(PATIENCE, () -> size(npmStarts) == 2);
            assertEquals(1, waitingFor(npmMayEnd), "npm of before the restart was stopped");
            Files.createFile(npmMayEnd);

            for (String name : List.of("npm-" + how, "upload-" + how, "update-" + how)) {
                String recorded = jenkins.runRemotely(RestartTest::end, name);
                assertEquals(Aws.function(name).orElseThrow().codeSha256(), recorded);
            }
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
                .filter(process -> List.of(process.info().arguments().orElse(new String[0])).contains(mayEnd.toString()))
                .count();
    }

    private static String deploy(String function, String more) {
        return "lambdaNodeDeploy functionName: '" + function + "', dir: 'fn', credentialsId: 'aws-deploy', create: [role: '"
                + Aws.ROLE + "']" + more;
    }

    private static void configure(JenkinsRule rule, String endpoint) throws Exception {
        Aws.configureJenkins(endpoint);
        Builds.giveExecutors(rule, "agent", 3);
    }

    private static void startBuild(JenkinsRule rule, String name, String steps) throws Exception {
        Builds.pipeline(name, "node('agent') {\n" + Builds.project(name) + steps + "\n}")
                .scheduleBuild2(0)
                .waitForStart();
    }

    /** The CodeSha256 of its record. */
    private static String end(JenkinsRule rule, String name) throws Exception {
        WorkflowRun run = Jenkins.get().getItemByFullName(name, WorkflowJob.class).getBuildByNumber(1);
        rule.assertBuildStatus(Result.SUCCESS, rule.waitForCompletion(run));
        rule.assertLogContains("carrying on with the deployment", run);
        assertEquals(1, run.getArtifacts().size());
        assertEquals(1, run.getAction(LambdaDeployAction.class).getFunctions().size());
        return Builds.record(run, name).path("CodeSha256").asText();
    }
}
