package io.jenkins.plugins.lambdanode.cli;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertNotEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.jenkins.plugins.lambdanode.testing.Program;
import io.jenkins.plugins.lambdanode.testing.Project;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import java.util.concurrent.TimeUnit;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

class MainTest {

    @TempDir
    Path folder;

    @Test
    void helpNamesTheCommandsAndTheExitStatuses() {
        Program help = CommandLineRun.here("--help");

        assertEquals(0, help.status());
        assertEquals("", help.err());
        for (String word : List.of("deploy", "package", "Exit status:", "nothing had to change")) {
            assertTrue(help.out().contains(word), help.out());
        }
    }

    @Test
    void anArgumentThatTheLocaleCannotReadIsRefusedAndNotChanged() {
        String java = String.join(" ", Program.java(List.of(), Main.class.getName(), List.of()));
        List<String> words = List.of(
                "sh",
                "-c",
                "exec " + java + " deploy --function-name f --region mars --s3-prefix \"$(printf 'gr\\303\\274n/')\"");

        Program ascii = Program.run(folder, Map.of("LC_ALL", "C", "LANG", ""), words);
        Program utf8 = Program.run(folder, Map.of("LC_ALL", "C.UTF-8"), words);

        assertEquals(2, ascii.status(), ascii.err());
        assertTrue(ascii.err().contains("LC_ALL=C.UTF-8"), ascii.err());
        assertTrue(utf8.err().contains("region is 'mars'"), utf8.err());
    }

    @Test
    void aFolderThatTheLocaleCannotReadIsOneErrorToo() {
        String java = String.join(" ", Program.java(List.of(), Main.class.getName(), List.of()));
        Program ascii = Program.run(
                folder,
                Map.of("LC_ALL", "POSIX", "LANG", ""),
                List.of(
                        "sh",
                        "-c",
                        "mkdir \"$(printf 'gr\\303\\274n')\" && cd gr* && exec " + java + " package --output x.zip"));

        assertEquals(2, ascii.status(), ascii.err());
        assertTrue(
                ascii.err().startsWith("ERROR: The arguments or the current folder contain characters"), ascii.err());
        assertEquals(1, ascii.err().lines().count(), ascii.err());
    }

    @Test
    void theHelpOfDeployNamesEveryOptionOfTheDesign() {
        namesAll(
                "deploy",
                "--function-name",
                "--dir --install --include --exclude --cache --result --region --profile --role-arn --external-id",
                "--role-session-name --endpoint-url --s3-bucket --s3-prefix --s3-threshold --publish --alias --architectures",
                "--dry-run --revision-id --source-kms-key-arn --force --wait-timeout --create --role --runtime --handler",
                "--memory-size --timeout --environment --layers");
    }

    @ParameterizedTest
    @CsvSource({"xterm, true", "dumb, false"})
    void aTerminalThatHasNoColoursGetsNone(String terminal, boolean colours) {
        List<String> java = Program.java(List.of(), Main.class.getName(), List.of("--help"));

        Program help = Program.run(
                Path.of("."),
                Map.of("TERM", terminal, "NO_COLOR", ""),
                Stream.concat(Stream.of("python3", "-c", "import pty, sys; pty.spawn(sys.argv[1:])"), java.stream())
                        .toList());

        assertTrue(help.out().contains("Deploys a Node.js project to AWS Lambda"), help.out());
        assertEquals(colours, help.out().contains("\u001b["), help.out());
    }

    @Test
    void theHelpBreaksNoValueThatIsToBeCopied() {
        String help = CommandLineRun.here("deploy", "--help").out()
                + CommandLineRun.here("package", "--help").out();

        for (String value :
                List.of("percent=20,every=5", "Canary10Percent5Minutes", "runtime, for instance nodejs24.x")) {
            assertTrue(help.replaceAll("\\R {20,}", " ").contains(value), value + " is not in\n" + help);
        }
    }

    @Test
    void theHelpOfPackageNamesEveryOptionOfTheDesign() {
        namesAll("package", "--dir --output --json --cache --exclude --include --install");
    }

    private static void namesAll(String command, String... options) {
        Program help = CommandLineRun.here(command, "--help");
        assertEquals(0, help.status());
        List<String> words = List.of(help.out().split("[^a-z0-9-]+"));
        for (String option : String.join(" ", options).split(" ")) {
            assertTrue(words.contains(option), option + " is not in\n" + help.out());
        }
        assertTrue(help.out().lines().allMatch(line -> line.length() <= 80), help.out());
    }

    @ParameterizedTest
    @CsvSource({"--version,", "deploy,--version", "package,--version"})
    void theVersionIsSaidOnOneLine(String first, String second) {
        Program version = second == null ? CommandLineRun.here(first) : CommandLineRun.here(first, second);

        assertEquals(0, version.status());
        assertTrue(version.out().matches("lambda-node-deploy \\S+\\R"), version.out());
    }

    @ParameterizedTest
    @CsvSource({
        "deliver",
        "--no-such-option",
        "package --no-such-option",
        "deploy --function-name",
        "deploy --expect {}"
    })
    void whatIsNoCommandIsWrongUsageInAFewLines(String line) {
        isWrongUsage(CommandLineRun.here(line.split(" ")));
    }

    @Test
    void aPackageThatIsNotGivenIsWrongUsageAndNotTheProject() throws Exception {
        Path record = Files.writeString(folder.resolve("2026-01-02.json"), "\n");
        for (String[] given : new String[][] {{"--from", ""}, {"--from", record.toString()}, {"--zip-file", " "}}) {
            Program run = CommandLineRun.here("deploy", "--function-name", "f", given[0], given[1]);

            isWrongUsage(run);
            assertTrue(run.err().startsWith("ERROR: " + given[0] + " is empty"), run.err());
        }
    }

    @Test
    void nothingAtAllIsWrongUsage() {
        isWrongUsage(CommandLineRun.here());
    }

    private static void isWrongUsage(Program run) {
        assertEquals(2, run.status());
        assertEquals("", run.out());
        assertTrue(run.err().startsWith("ERROR: ") && !run.err().contains("Error: "), run.err());
        assertTrue(run.err().contains("--help"), run.err());
        assertTrue(run.err().lines().count() <= 3, run.err());
    }

    @Test
    @Timeout(60)
    void aSignalStopsNpmsChildrenAndRemovesTheTemporaryFolder() throws Exception {
        Path temporary = Files.createDirectory(folder.resolve("tmp"));
        Project project = Project.answering(folder.resolve("project"), "x");
        List<String> arguments = List.of(
                "package",
                "--dir",
                project.folder().toString(),
                "--output",
                "f.zip",
                "--install",
                "sleep 1000 & echo $! > pid.new && mv pid.new pid; wait");
        Program.Running running = Program.start(
                folder,
                Map.of(),
                Program.java(List.of("-Djava.io.tmpdir=" + temporary), Main.class.getName(), arguments));
        while (!project.has("pid")) {
            assertTrue(running.process().isAlive(), running::toString);
            Thread.onSpinWait();
        }
        long child =
                Long.parseLong(Files.readString(project.folder().resolve("pid")).strip());

        running.process().destroy();
        Program run = Program.finished(running);

        ProcessHandle.of(child)
                .ifPresent(process ->
                        process.onExit().orTimeout(30, TimeUnit.SECONDS).join());
        assertTrue(run.err().endsWith("Stopped.\n"), run.err());
        assertNotEquals(0, run.status());
        try (Stream<Path> left = Files.list(temporary)) {
            assertEquals(
                    List.of(),
                    // The lock of the folder stays, since another process can wait for it.
                    left.filter(path -> path.getFileName().toString().matches("lambda-.*(?<!\\.lock)"))
                            .toList());
        }
    }
}
