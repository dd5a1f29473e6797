package io.jenkins.plugins.lambdanode.cli;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import io.jenkins.plugins.lambdanode.testing.Account;
import io.jenkins.plugins.lambdanode.testing.Emulator;
import io.jenkins.plugins.lambdanode.testing.EmulatorExtension;
import io.jenkins.plugins.lambdanode.testing.Program;
import io.jenkins.plugins.lambdanode.testing.Project;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.ExtendWith;
import org.junit.jupiter.api.io.TempDir;

/** {@code lambda-node-deploy rollback}. */
@ExtendWith(EmulatorExtension.class)
class RollbackCommandTest {

    private static final Account ACCOUNT = new Account(Emulator.MINISTACK);
    private static final ObjectMapper JSON = new ObjectMapper();

    @TempDir
    Path folder;

    private final String name = Account.newName();

    private Program run(String command, String... more) {
        List<String> arguments = new ArrayList<>(List.of(
                command,
                "--function-name",
                name,
                "--alias",
                "live",
                "--endpoint-url",
                Emulator.MINISTACK.endpoint() + ""));
        arguments.addAll(Arrays.asList(more));
        return CommandLineRun.withCredentials(folder, arguments.toArray(String[]::new));
    }

    private Program deploy(String answer) throws Exception {
        Project project = Project.answering(folder.resolve("project"), answer);
        Program deployed = run(
                "deploy",
                "--dir",
                project.folder().toString(),
                "--install",
                "none",
                "--create",
                "--role",
                ACCOUNT.role(),
                "--result",
                folder.resolve("deployment.json").toString());
        assertEquals(0, deployed.status(), deployed.err());
        return deployed;
    }

    @Test
    void goesBackToWhatTheRecordSaysWasBefore() throws Exception {
        deploy("one");
        deploy("two");
        assertEquals("2", ACCOUNT.aliasVersion(name, "live"));

        Program back = run("rollback", "--record", "deployment.json", "--result", "-");

        assertEquals(0, back.status(), back.err());
        assertEquals("1", ACCOUNT.aliasVersion(name, "live"));
        assertTrue(back.err().contains("Rolling back alias live of " + name + " in eu-west-1, account "), back.err());
        assertTrue(back.err().contains("Alias live of " + name + ": 2 -> 1, CodeSha256 "), back.err());
        JsonNode record = JSON.readTree(back.out());
        assertEquals("rolled_back", record.path("Outcome").asText());
        assertEquals("1", record.path("Version").asText());
        assertEquals("2", record.path("PreviousVersion").asText());
        assertTrue(record.path("FunctionArn").asText().endsWith(":function:" + name), back.out());
        assertEquals("1", record.path("Alias").path("FunctionVersion").asText());

        Program again = run("rollback", "--record", "deployment.json");

        assertEquals(1, again.status(), again.err());
        assertTrue(again.err().contains("No record says which version alias live of function " + name), again.err());
        assertTrue(again.err().contains("(read: deployment.json)"), again.err());
        assertEquals("1", ACCOUNT.aliasVersion(name, "live"));

        Program forth = run("rollback", "--to-version", "2");

        assertEquals(0, forth.status(), forth.err());
        assertEquals("2", ACCOUNT.aliasVersion(name, "live"));
        assertEquals(0, run("rollback", "--to-version", "2").status(), "it may be run again");

        Program gone = run("rollback", "--to-version", "7");

        assertEquals(1, gone.status(), gone.err());
        assertTrue(gone.err().contains("Version 7 of function " + name + " does not exist."), gone.err());
        assertTrue(gone.err().contains("Alias live was not changed"), gone.err());
        assertEquals("2", ACCOUNT.aliasVersion(name, "live"));
    }

    @Test
    void saysWhatIsWrongWithItsOptions() {
        Program neither = run("rollback");
        assertEquals(2, neither.status(), neither.err());
        assertTrue(neither.err().contains("--to-version"), neither.err());
        Program latest = run("rollback", "--to-version", "$LATEST");
        assertEquals(2, latest.status(), latest.err());
        assertTrue(latest.err().contains("Give the number of a published version, such as 12."), latest.err());
        Program absent = run("rollback", "--record", "none.json");
        assertEquals(1, absent.status(), absent.err());
        assertTrue(absent.err().contains("The record none.json can't be read (NoSuchFileException)"), absent.err());
        Program missing = run("rollback", "--to-version", "1");
        assertEquals(1, missing.status(), missing.err());
        assertTrue(missing.err().contains("There is no function " + name + " in eu-west-1."), missing.err());
    }
}
