package io.jenkins.plugins.lambdanode.engine.workspace;

import static org.junit.jupiter.api.Assertions.assertEquals;

import io.jenkins.plugins.lambdanode.engine.command.Command;
import java.util.List;
import org.junit.jupiter.api.Test;

/** How a command is started on each system. */
class LocalWorkspaceTest {

    @Test
    void onWindowsNpmIsItsCommandFileAndALineIsReadByCmd() {
        assertEquals(List.of("npm.cmd", "ci", "npm"), LocalWorkspace.words(Command.program("npm", "ci", "npm"), true));
        assertEquals(List.of("node", "npm"), LocalWorkspace.words(Command.program("node", "npm"), true));
        assertEquals(List.of("cmd", "/c", "npm ci"), LocalWorkspace.words(Command.shell("npm ci"), true));
    }

    @Test
    void elsewhereNpmIsNpmAndALineIsReadByTheShell() {
        assertEquals(List.of("npm", "ci"), LocalWorkspace.words(Command.program("npm", "ci"), false));
        assertEquals(List.of("sh", "-e", "-c", "npm ci"), LocalWorkspace.words(Command.shell("npm ci"), false));
    }
}
