package io.jenkins.plugins.lambdanode.agent;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import hudson.EnvVars;
import hudson.FilePath;
import hudson.Launcher;
import hudson.Proc;
import hudson.model.TaskListener;
import hudson.remoting.Channel;
import io.jenkins.plugins.lambdanode.engine.base.DeployException;
import io.jenkins.plugins.lambdanode.engine.command.Command;
import io.jenkins.plugins.lambdanode.engine.command.CommandOutcome;
import io.jenkins.plugins.lambdanode.testing.Program;
import java.io.File;
import java.io.IOException;
import java.io.InterruptedIOException;
import java.io.OutputStream;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class AgentWorkspaceTest {

    @TempDir
    private Path folder;

    @Test
    void commandsAreStartedAsTheAgentsSystemNeedsIt() throws Exception {
        Command npm = Command.program("npm", "ci", "--omit=dev");
        Command line = Command.shell("yarn install --production");

        List<String> words = started(true, npm).words;
        assertEquals("/usr/bin/env", words.get(0));
        assertTrue(
                String.join(" ", words).contains(" -u AWS_SECRET_ACCESS_KEY "),
                "also where a container has it of its own");
        assertEquals(List.of("npm", "ci", "--omit=dev"), words.subList(words.size() - 3, words.size()));
        Started script = started(true, line);
        assertEquals(List.of("sh", "-e"), script.words.subList(0, 2));
        assertTrue(script.script.endsWith("; yarn install --production\n"), script.script);
        assertEquals(List.of("cmd", "/c", "npm", "ci", "--omit=dev"), started(false, npm).words);
        assertEquals(List.of("cmd", "/c", "yarn install --production"), started(false, line).words);
    }

    @Test
    void npmDoesNotGetTheAwsVariablesOfAStepAroundAndTheUsersOwnCommandDoes() throws Exception {
        Started npm = started(true, Command.program("npm", "ci"));

        assertEquals("", npm.env.get("AWS_SECRET_ACCESS_KEY"), "empty: removed, also where the agent has it");
        assertEquals("kept", npm.env.get("OTHER"));
        assertEquals("secret", started(true, Command.shell("./install")).env.get("AWS_SECRET_ACCESS_KEY"));
    }

    @Test
    void aCommandOfSeveralLinesEndsAtTheFirstThatFails() throws Exception {
        try (AgentWorkspace agent = workspace(new Launcher.LocalLauncher(TaskListener.NULL))) {
            assertEquals(3, agent.run(Command.shell("(exit 3)\ntouch made")).exitStatus());
        }
        assertFalse(Files.exists(folder.resolve("workspace/made")));
    }

    @Test
    void aProgramThatIsNotThereHasTheShellsExitStatus() throws Exception {
        try (AgentWorkspace agent = workspace(new Launcher.LocalLauncher(TaskListener.NULL))) {
            CommandOutcome outcome = agent.run(Command.program("no-such-program-" + System.nanoTime()));

            assertEquals(127, outcome.exitStatus());
        }
    }

    @Test
    void aCommandThatIsStartedWhileTheBuildIsStoppedIsEnded() throws Exception {
        String seconds = "600." + System.nanoTime();
        Launcher stopped = new Launcher.DecoratedLauncher(new Launcher.LocalLauncher(TaskListener.NULL)) {
            @Override
            public Proc launch(ProcStarter starter) throws IOException {
                super.launch(starter);
                throw new InterruptedIOException();
            }
        };
        try (AgentWorkspace agent = workspace(stopped)) {
            assertThrows(InterruptedException.class, () -> agent.run(Command.program("sleep", seconds)));

            assertEquals(
                    0,
                    ProcessHandle.allProcesses()
                            .filter(process ->
                                    process.info().commandLine().orElse("").endsWith("sleep " + seconds))
                            .count());
        }
    }

    @Test
    void aCommandOfTheUsersOwnIsReadByTheShellAlone() throws Exception {
        Path said = folder.resolve("said");
        try (AgentWorkspace agent = workspace(new Launcher.LocalLauncher(TaskListener.NULL))) {
            CommandOutcome outcome = agent.run(Command.shell(
                    "tr '\\0' ' ' < /proc/$$/cmdline > '" + said + "'; echo \"$OTHER\" >> '" + said + "'; exit 7"));

            assertEquals(7, outcome.exitStatus());
        }
        List<String> lines = Files.readAllLines(said);
        assertTrue(lines.get(0).matches("sh -e \\S+/command.sh kept"), lines.toString());
        assertFalse(Files.exists(folder.resolve("workspace@tmp/lambda-node-deploy-test")));
    }

    @Test
    void aProgramIsLookedForOnThePathOfTheStep() throws Exception {
        Path bin = program("tool/bin", "the tool of the step");

        assertEquals(
                List.of("the tool of the step"),
                run(new EnvVars("PATH", bin + ":" + System.getenv("PATH"))).lastLines());
        assertEquals(
                List.of("the tool of the step"),
                run(new EnvVars("PATH", System.getenv("PATH"), "PATH+NODE", bin.toString()))
                        .lastLines());
    }

    @Test
    void inAContainerAProgramIsLookedForOnTheContainersPath() throws Exception {
        Path inside = program("container/bin", "the container's");
        Path outside = program("agent/bin", "the agent's");
        // As docker exec does: the words are started by something that has the container's environment.
        Launcher container = new Launcher.DecoratedLauncher(new Launcher.LocalLauncher(TaskListener.NULL)) {
            @Override
            public Proc launch(ProcStarter starter) throws IOException {
                List<String> words = new ArrayList<>(List.of("/usr/bin/env", "PATH=" + inside));
                words.addAll(starter.cmds());
                return super.launch(starter.cmds(words));
            }
        };
        try (AgentWorkspace agent = workspace(container, new EnvVars("PATH", outside.toString()))) {
            assertEquals(
                    List.of("the container's"),
                    agent.run(Command.program("npm")).lastLines());
        }
    }

    @Test
    void valuesAndWordsArriveAsTheyAre() throws Exception {
        String token = "a$$b$HOME${HOME}$";
        try (AgentWorkspace agent = workspace(
                new Launcher.LocalLauncher(TaskListener.NULL),
                new EnvVars("PATH", System.getenv("PATH"), "TOKEN", token))) {
            assertEquals(
                    List.of(token),
                    agent.run(Command.program("printenv", "TOKEN")).lastLines());
            assertEquals(
                    List.of(token),
                    agent.run(Command.program("printf", "%s", token)).lastLines());
            assertEquals(
                    List.of(token), agent.run(Command.shell("printenv TOKEN")).lastLines());
        }
    }

    private Path program(String folderName, String says) throws IOException {
        Path bin = Files.createDirectories(folder.resolve(folderName));
        Path program = Files.writeString(bin.resolve("npm"), "#!/bin/sh\necho \"" + says + "\"\n");
        assertTrue(program.toFile().setExecutable(true));
        return bin;
    }

    private CommandOutcome run(EnvVars env) throws Exception {
        try (AgentWorkspace agent = workspace(new Launcher.LocalLauncher(TaskListener.NULL), env)) {
            return agent.run(Command.program("npm"));
        }
    }

    @Test
    void theCommitIsTheOneThatGitHasCheckedOut() throws Exception {
        assertEquals("", commit());
        String path = folder.resolve("workspace").toString();
        initRepository("feature/login", path);
        String head = Program.run("git", "-C", path, "rev-parse", "HEAD")
                .successful()
                .out()
                .strip();

        assertEquals(head, commit());
        Program.run("git", "-C", path, "checkout", "-q", "--detach").successful();
        assertEquals(head, commit());
    }

    private String commit() throws Exception {
        try (AgentWorkspace workspace = workspace(new Launcher.LocalLauncher(TaskListener.NULL))) {
            return workspace.checkout().commit();
        }
    }

    private static void initRepository(String branch, String path) {
        Program.run("git", "init", "-q", "-b", branch, path).successful();
        Program.run(
                        "git",
                        "-C",
                        path,
                        "-c",
                        "user.name=A",
                        "-c",
                        "user.email=a@example.org",
                        "commit",
                        "-q",
                        "-m",
                        "x",
                        "--allow-empty")
                .successful();
    }

    @Test
    void aRepositoryThatTheWorkspaceIsInIsAnotherProjects() throws Exception {
        initRepository("main", folder.toString());

        assertEquals("", commit());
    }

    @Test
    void aNameThatTheAgentsLocaleDoesNotHaveIsSaid() {
        Program agent = Program.run(
                folder,
                Map.of("LC_ALL", "POSIX"),
                Program.java(List.of(), PosixAgent.class.getName(), List.of(folder.toString())));

        assertTrue(agent.out().startsWith("The agent's Java cannot use the name " + folder + "/gr"), agent.toString());
        assertTrue(
                agent.out().endsWith(". Start the agent with LC_ALL=C.UTF-8 in its environment.\n"), agent.toString());
    }

    /** Looks for a project as an agent does. */
    static final class PosixAgent {
        private PosixAgent() {}

        public static void main(String[] arguments) throws IOException {
            try {
                new AgentTasks.Begin(arguments[0], arguments[0], arguments[0] + "@tmp", arguments[0] + "@tmp")
                        .invoke(new File(arguments[0], "gr\u00f6\u00dfe"), null);
            } catch (DeployException e) {
                System.out.println(e.getMessage());
            }
        }
    }

    private AgentWorkspace workspace(Launcher launcher) throws IOException, InterruptedException {
        return workspace(launcher, new EnvVars("AWS_SECRET_ACCESS_KEY", "secret", "OTHER", "kept"));
    }

    private AgentWorkspace workspace(Launcher launcher, EnvVars env) throws IOException, InterruptedException {
        FilePath workspace = new FilePath(
                Files.createDirectories(folder.resolve("workspace")).toFile());
        return new AgentWorkspace("test", new BuildFolder(workspace, workspace, "."), env, launcher, TaskListener.NULL);
    }

    /** What was to be started, and with which variables. */
    private record Started(List<String> words, String script, Map<String, String> env) {}

    private Started started(boolean unix, Command command) throws Exception {
        Recording launcher = new Recording(unix);
        try (AgentWorkspace agent = workspace(launcher)) {
            agent.run(command);
        }
        return launcher.started;
    }

    /** Starts nothing. */
    private static final class Recording extends Launcher {
        private final boolean unix;
        private Started started;

        Recording(boolean unix) {
            super(TaskListener.NULL, null);
            this.unix = unix;
        }

        @Override
        public boolean isUnix() {
            return unix;
        }

        @Override
        public Proc launch(ProcStarter starter) throws IOException {
            EnvVars env = new EnvVars();
            for (String variable : starter.envs()) {
                env.addLine(variable);
            }
            List<String> words = List.copyOf(starter.cmds());
            started = new Started(
                    words,
                    words.get(0).equals("sh") ? Files.readString(Path.of(words.get(words.size() - 1))) : "",
                    env);
            throw new IOException("not started");
        }

        @Override
        public Channel launchChannel(String[] cmd, OutputStream out, FilePath workDir, Map<String, String> env) {
            throw new UnsupportedOperationException();
        }

        @Override
        public void kill(Map<String, String> modelEnvVars) {}
    }
}
