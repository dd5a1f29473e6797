package io.jenkins.plugins.lambdanode.agent;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertNotEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import hudson.FilePath;
import hudson.model.ComputerSet;
import hudson.model.Result;
import hudson.node_monitors.NodeMonitor;
import hudson.remoting.VirtualChannel;
import hudson.slaves.DumbSlave;
import hudson.slaves.RetentionStrategy;
import io.jenkins.plugins.lambdanode.testing.EmulatorExtension;
import io.jenkins.plugins.lambdanode.testing.jenkins.Aws;
import io.jenkins.plugins.lambdanode.testing.jenkins.Builds;
import java.io.ByteArrayInputStream;
import java.io.File;
import java.io.IOException;
import java.io.RandomAccessFile;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Random;
import java.util.TreeMap;
import jenkins.MasterToSlaveFileCallable;
import jenkins.model.Jenkins;
import org.jenkinsci.plugins.workflow.job.WorkflowJob;
import org.jenkinsci.plugins.workflow.job.WorkflowRun;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.TestInfo;
import org.junit.jupiter.api.condition.EnabledIf;
import org.junit.jupiter.api.extension.ExtendWith;
import org.junit.jupiter.api.io.TempDir;
import org.jvnet.hudson.test.JenkinsRule;
import org.jvnet.hudson.test.SimpleCommandLauncher;
import org.jvnet.hudson.test.junit.jupiter.WithJenkins;

/** An agent whose workspaces are on a disk of their own, which gets full. */
@WithJenkins
@EnabledIf(value = "mayMount", disabledReason = "This system lets no user mount a file system (unshare -rm).")
@ExtendWith(EmulatorExtension.class)
class FullDiskTest {

    /** On a file system of its own, which no process but the agent and those that it starts sees. */
    private static final String START = """
            root=$1
            shift
            exec unshare -rm sh -c 'mount -t tmpfs -o size=16m,nr_inodes=600 none "$0" && exec "$@"' "$root" "$@"
            """;

    private static final int DATA_FILES = 12;
    private static final int DATA_FILE_BYTES = 250_000;

    private static JenkinsRule jenkins;

    @TempDir
    private Path temp;

    private DumbSlave agent;
    private String name;

    static boolean mayMount() throws Exception {
        return new ProcessBuilder("unshare", "-rm", "true").inheritIO().start().waitFor() == 0;
    }

    @BeforeAll
    static void start(JenkinsRule rule) throws Exception {
        jenkins = rule;
        Aws.configureJenkins();
        // Jenkins gives an agent no builds that has less than a gigabyte when it looks, which is once an hour.
        for (NodeMonitor monitor : ComputerSet.getMonitors()) {
            monitor.setIgnored(true);
        }
    }

    @AfterAll
    static void stop() throws Exception {
        jenkins.after();
        jenkins = null;
    }

    @BeforeEach
    void startAgent(TestInfo test) throws Exception {
        name = test.getTestMethod().orElseThrow().getName();
        Path root = Files.createDirectory(temp.resolve("root"));
        agent = new DumbSlave(
                name,
                root.toString(),
                new SimpleCommandLauncher("sh \"" + Files.writeString(temp.resolve("start.sh"), START) + "\" \"" + root
                        + "\" \""
                        + System.getProperty("java.home") + "/bin/java\" -jar \""
                        + Path.of(
                                Jenkins.get().getJnlpJars("agent.jar").getURL().toURI()) + "\""));
        agent.setRetentionStrategy(RetentionStrategy.NOOP);
        Jenkins.get().addNode(agent);
        jenkins.waitOnline(agent);
    }

    @AfterEach
    void removeAgent() throws Exception {
        jenkins.disconnectSlave(agent);
        Jenkins.get().removeNode(agent);
    }

    private WorkflowJob job(String more) throws Exception {
        return Builds.pipeline(
                name,
                "node('" + name + "') { lambdaNodeDeploy functionName: '" + name
                        + "', credentialsId: 'aws-deploy', compressionLevel: 1, create: [role: '" + Aws.ROLE + "']"
                        + more + " }");
    }

    /** Of 3 MB that can't be deflated. */
    private void writeProject(int seed) throws Exception {
        project().child("index.js").write("exports.handler = async () => " + seed + ";\n", "UTF-8");
        Random random = new Random(seed);
        byte[] data = new byte[DATA_FILE_BYTES];
        for (int i = 0; i < DATA_FILES; i++) {
            random.nextBytes(data);
            project().child("data" + i + ".bin").copyFrom(new ByteArrayInputStream(data));
        }
    }

    private FilePath project() {
        return agent.getWorkspaceRoot().child(name);
    }

    private FilePath temporary() {
        return agent.getWorkspaceRoot().child(name + "@tmp");
    }

    private FilePath ballast() {
        return agent.getRootPath().child("ballast");
    }

    /** Its files with their sizes, those of an earlier package among them. */
    private TreeMap<String, Long> temporaryFiles() throws Exception {
        TreeMap<String, Long> sizes = new TreeMap<>();
        for (FilePath file : temporary().list("**", null, false)) {
            sizes.put(file.getRemote(), file.length());
        }
        return sizes;
    }

    private List<String> temporaryFolders() throws Exception {
        return temporary().list().stream().map(FilePath::getName).toList();
    }

    private static String deployedCode(String function) {
        return Aws.function(function).orElseThrow().codeSha256();
    }

    private void assertRecorded(WorkflowRun run) throws IOException {
        assertEquals(
                deployedCode(name), Builds.record(run, name).path("CodeSha256").asText());
    }

    @Test
    void aPackageThatDoesNotFitIsSaidAndIsMadeWhenThereIsRoom() throws Exception {
        writeProject(1);
        WorkflowJob job = job("");
        jenkins.buildAndAssertSuccess(job);
        String code = deployedCode(name);
        TreeMap<String, Long> files = temporaryFiles();
        writeProject(2);
        ballast().act(new FillBytes(1 << 20));

        WorkflowRun run = jenkins.buildAndAssertStatus(Result.FAILURE, job);

        Builds.assertOneError(
                run, "There is no room for the package in " + temporary().getRemote());
        jenkins.assertLogContains(
                "the package takes up to as much as the project, and as much again for the cache", run);
        assertEquals(files, temporaryFiles());
        assertEquals(List.of(AgentWorkspace.CACHE_FOLDER), temporaryFolders());
        assertEquals(code, deployedCode(name));

        ballast().delete();
        assertRecorded(jenkins.buildAndAssertSuccess(job));
        assertNotEquals(code, deployedCode(name));
    }

    @Test
    void npmThatFillsTheDiskFailsWithWhereToMakeRoom() throws Exception {
        writeProject(1);
        project()
                .child("fill.js")
                .write(
                        "const fs = require('fs');\nconst file = fs.openSync('filling', 'w');\n"
                                + "for (;;) fs.writeSync(file, Buffer.alloc(1 << 16));\n",
                        "UTF-8");
        project().child("package.json").write("{\"scripts\":{\"preinstall\":\"node fill.js\"}}", "UTF-8");
        WorkflowJob job = job("");

        WorkflowRun run = jenkins.buildAndAssertStatus(Result.FAILURE, job);

        Builds.assertOneError(run, "'npm install --omit=dev --no-package-lock --no-audit --no-fund' failed in ");
        jenkins.assertLogContains("ENOSPC", run);
        jenkins.assertLogContains(
                "The disk of this machine is full: free space in the workspace and in npm's cache", run);
        assertEquals(List.of(), temporaryFolders());
        assertTrue(Aws.function(name).isEmpty());

        project().child("filling").delete();
        project().child("fill.js").write("", "UTF-8");
        assertRecorded(jenkins.buildAndAssertSuccess(job));
    }

    private void assertNoRoomFor(String what, WorkflowJob job) throws Exception {
        WorkflowRun run = jenkins.buildAndAssertStatus(Result.FAILURE, job);

        Builds.assertOneError(
                run, "There is no room for " + what + " in " + temporary().getRemote());
        jenkins.assertLogContains(
                "Free disk space there and run again. A disk with free bytes can be out of inodes", run);
        assertEquals(List.of(), temporaryFolders());
        assertTrue(Aws.function(name).isEmpty());
    }

    @Test
    void aFolderThatCannotBeMadeIsSaid() throws Exception {
        writeProject(1);
        WorkflowJob job = job("");
        temporary().mkdirs();
        ballast().act(new FillEntries());

        assertNoRoomFor("temporary files", job);

        ballast().deleteRecursive();
        assertRecorded(jenkins.buildAndAssertSuccess(job));
    }

    @Test
    void anInstallScriptThatCannotBeWrittenIsSaid() throws Exception {
        writeProject(1);
        WorkflowJob job = job(", install: 'touch made.js'");
        ballast().act(new FillBytes(0));

        assertNoRoomFor("command.sh", job);

        ballast().delete();
        assertRecorded(jenkins.buildAndAssertSuccess(job));
    }

    /** The package fits, to the last block, and nothing after it: the controller writes the record. */
    @Test
    void aDeploymentIsRecordedThoughTheAgentsDiskIsFullAfterThePackage() throws Exception {
        writeProject(1);
        WorkflowJob job = job("");
        jenkins.buildAndAssertSuccess(job);
        String code = deployedCode(name);
        TreeMap<String, Long> files = temporaryFiles();
        writeProject(2);
        ballast().act(new FillBytes(files.values().stream().max(Long::compare).orElseThrow()));

        WorkflowRun run = jenkins.buildAndAssertSuccess(job);

        jenkins.assertLogContains("The package could not be kept for the next build, which will take longer: ", run);
        assertRecorded(run);
        assertEquals(files, temporaryFiles());
        assertNotEquals(code, deployedCode(name));
    }

    /** Takes a file system's blocks, as another job does, all but those for a number of bytes. */
    private static final class FillBytes extends MasterToSlaveFileCallable<Void> {
        private static final long serialVersionUID = 1L;

        private static final int BLOCK = 4096;

        private final long left;

        FillBytes(long left) {
            this.left = (left + BLOCK - 1) / BLOCK * BLOCK;
        }

        @Override
        public Void invoke(File file, VirtualChannel channel) throws IOException {
            try (RandomAccessFile ballast = new RandomAccessFile(file, "rw")) {
                try {
                    while (true) {
                        ballast.write(new byte[BLOCK]);
                    }
                } catch (IOException full) {
                    ballast.setLength(ballast.length() / BLOCK * BLOCK - left);
                }
            }
            return null;
        }
    }

    /** Takes a file system's entries: it has room for bytes, but for no further file. */
    private static final class FillEntries extends MasterToSlaveFileCallable<Void> {
        private static final long serialVersionUID = 1L;

        @Override
        public Void invoke(File folder, VirtualChannel channel) throws IOException {
            Files.createDirectory(folder.toPath());
            for (int i = 0; ; i++) {
                try {
                    Files.createFile(folder.toPath().resolve("entry" + i));
                } catch (IOException full) {
                    return null;
                }
            }
        }
    }
}
