package io.jenkins.plugins.lambdanode.cli;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import com.fasterxml.jackson.databind.ObjectMapper;
import io.jenkins.plugins.lambdanode.testing.Program;
import io.jenkins.plugins.lambdanode.testing.Project;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/** Projects in places, and with content, that a command line could stumble over. */
class HostilePlacesTest {

    private static final String NAME =
            "-rf it's \"q\" $(touch pwned) `touch pwned`;touch pwned&|<>\\ %41#?*[a] gr\u00f6\u00dfe \u65e5\u672c\nline";

    @TempDir
    Path home;

    @Test
    void aFolderMayBeCalledAnything() throws Exception {
        Project project = Project.answering(home.resolve(NAME), "here")
                .with("-rf \u00e9\n'\"$(touch pwned)`.js", "1")
                .with(
                        "package.json",
                        "{\"scripts\": {\"postinstall\": \"node -e 'require(`fs`).writeFileSync(`made.js`, `2`)'\"}}");

        Program run = CommandLineRun.inProcess(
                home,
                Map.of("LC_ALL", "C.UTF-8"),
                List.of(),
                "package",
                "--dir=" + NAME,
                "--output=-out " + NAME + ".zip",
                "--cache=-cache " + NAME,
                "--json");

        assertEquals(0, run.status(), run.err());
        Path zip = home.resolve("-out " + NAME + ".zip");
        assertEquals(
                "-rf \u00e9\n'\"$(touch pwned)`.js|index.js|made.js|package.json", Program.python("""
                        import sys, zipfile
                        sys.stdout.reconfigure(encoding='utf-8')
                        print('|'.join(sorted(zipfile.ZipFile(open(sys.argv[1], 'rb')).namelist())))
                        """, zip.toString()));
        assertEquals(4, new ObjectMapper().readTree(run.out()).get("Files").asInt());
        assertEquals("", Program.run("find", home.toString(), "-name", "pwned").out());
        assertTrue(project.has("made.js"));
    }

    /** 1 MB of room for a package of 3 MB: a file system of the test's own, or where none may be mounted a limit for files. */
    @Test
    void aFullDiskIsSaidAndNothingIsLeftOnIt() throws Exception {
        Path full = Files.createDirectory(home.resolve("full"));
        Project project = Project.answering(home.resolve("project"), "x").withBallast("ballast.bin", 3 << 20);
        List<String> words = new ArrayList<>(List.of("sh", "-c", """
                if unshare -rm true 2>/dev/null; then
                    exec unshare -rm sh -c 'mount -t tmpfs -o size=1m none "$0" && "$@"; s=$?; ls -A "$0"; exit $s' "$0" "$@"
                fi
                ulimit -f 1024 && "$@"; s=$?; ls -A "$0"; exit $s
                """, full.toString()));
        words.addAll(Program.java(
                List.of("-XX:-UsePerfData"),
                Main.class.getName(),
                List.of(
                        "package",
                        "--install",
                        "none",
                        "--output",
                        full.resolve("function.zip").toString())));

        Program run = Program.run(project.folder(), Map.of(), words);

        assertEquals(1, run.status(), run.err());
        assertTrue(run.err().contains("ERROR: There is no room for the package in " + full), run.err());
        assertEquals("", run.out());
    }

    /** Of the two kinds of file system that a test can mount the first answers, as a network's does, to no name of a local one. */
    @ParameterizedTest
    @CsvSource({"ramfs, 2", "tmpfs, 1"})
    void npmIsRunEachTimeOnAFileSystemThatIsNotKnownToBeLocal(String fileSystem, String npmRuns) throws Exception {
        assumeTrue(
                Program.run("sh", "-c", "unshare -rm true 2>&1").status() == 0,
                "This system lets no user mount a file system.");
        Files.writeString(
                home.resolve("package.json"),
                "{\"name\":\"fn\",\"version\":\"1.0.0\",\"dependencies\":{\"dep\":\"file:dep.tgz\"}}");
        List<String> words = new ArrayList<>(List.of(
                "unshare",
                "-rm",
                "sh",
                "-ec",
                """
                mount -t "$0" none "$1"
                mkdir "$1/package" && cd "$1"
                echo '{"name":"dep","version":"1.0.0"}' > package/package.json
                tar czf dep.tgz package && rm -r package && mv "$2" .
                npm install --silent --package-lock-only --offline
                shift 2
                "$@" 2>&1 && "$@" 2>&1
                """,
                fileSystem,
                Files.createDirectory(home.resolve("mounted")).toString(),
                home.resolve("package.json").toString()));
        words.addAll(Program.java(
                List.of(),
                Main.class.getName(),
                List.of(
                        "package",
                        "--output",
                        home.resolve("x.zip").toString(),
                        "--cache",
                        home.resolve("cache").toString())));

        Program run = Program.run(home, Map.of(), words);

        assertEquals(
                npmRuns,
                ""
                        + run.successful()
                                .out()
                                .lines()
                                .filter(line -> line.startsWith("added "))
                                .count());
    }

    @Test
    void aValueThatBeginsWithAnAtSignIsNoFileToReadArgumentsFrom() throws Exception {
        Path secret = Files.writeString(home.resolve("secret.txt"), "secretMARKED\n");

        Program run = CommandLineRun.here("package", "--output", "x.zip", "--symlinks", "@" + secret);

        assertEquals(2, run.status());
        assertFalse(run.err().contains("MARKED"), run.err());
    }
}
