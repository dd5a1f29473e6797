package io.jenkins.plugins.lambdanode.engine.workspace;

import static org.junit.jupiter.api.Assertions.assertEquals;

import io.jenkins.plugins.lambdanode.engine.command.Command;
import io.jenkins.plugins.lambdanode.engine.command.CommandOutcome;
import io.jenkins.plugins.lambdanode.engine.http.HttpSender;
import io.jenkins.plugins.lambdanode.testing.KeptLog;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class LocalWorkspaceTest {

    @TempDir
    private Path folder;

    private final KeptLog log = new KeptLog();

    private CommandOutcome run(Command command, Map<String, String> environment) throws Exception {
        try (LocalWorkspace workspace = new LocalWorkspace(folder, environment, new HttpSender(log), log)) {
            return workspace.run(command);
        }
    }

    private Path program(String path, String says) throws IOException {
        Path program = folder.resolve(path);
        Files.createDirectories(program.getParent());
        Files.writeString(program, "#!/bin/sh\necho " + says + "\n");
        program.toFile().setExecutable(true);
        return program;
    }

    @Test
    void aProgramIsLookedForOnThePathOfItsEnvironment() throws Exception {
        Path npm = program("tool/bin/npm", "the tool of this environment");

        CommandOutcome outcome =
                run(Command.program("npm"), Map.of("PATH", npm.getParent().toString()));

        assertEquals(List.of("the tool of this environment"), outcome.lastLines());
    }

    @Test
    void aProgramThatIsNotThereHasTheShellsExitStatus() throws Exception {
        assertEquals(
                127,
                run(Command.program("npm"), Map.of("PATH", folder.toString())).exitStatus());
    }

    @Test
    void aQuietCommandIsNotInTheLog() throws Exception {
        CommandOutcome outcome = run(Command.program("echo", "quiet").quietly(), System.getenv());

        assertEquals(List.of("quiet"), outcome.lastLines());
        assertEquals("", log.text());
    }

    @Test
    void aCommandRunsInTheFolderItNames() throws Exception {
        Path other = Files.createDirectory(folder.resolve("other")).toRealPath();

        assertEquals(
                List.of(other.toString()),
                run(Command.program("pwd").in(other.toString()), System.getenv())
                        .lastLines());
    }

    @Test
    void aProgramDoesNotGetAwsCredentialsAndTheUsersOwnCommandLineDoes() throws Exception {
        Map<String, String> environment = Map.of(
                "PATH",
                System.getenv("PATH"),
                "AWS_SESSION_TOKEN",
                "t",
                "AWS_WEB_IDENTITY_TOKEN_FILE",
                "/f",
                "AWS_REGION",
                "r");

        assertEquals(
                List.of("AWS_REGION=r"),
                run(Command.program("printenv"), environment).lastLines().stream()
                        .filter(line -> line.startsWith("AWS_"))
                        .toList());
        assertEquals(
                List.of("t"),
                run(Command.shell("echo $AWS_SESSION_TOKEN"), environment).lastLines());
    }
}
