package io.jenkins.plugins.lambdanode.cli;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import io.jenkins.plugins.lambdanode.testing.Account;
import io.jenkins.plugins.lambdanode.testing.Program;
import io.jenkins.plugins.lambdanode.testing.Project;
import java.io.IOException;
import java.io.OutputStream;
import java.io.PrintWriter;
import java.io.StringWriter;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.TreeSet;
import java.util.stream.Collectors;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

class PackageCommandTest {

    /** The exit status of a process that this signal has ended. */
    private static final int SIGTERM = 143;

    @TempDir
    Path folder;

    private Project project;
    private Path output;

    @BeforeEach
    void makeProject() {
        project = Project.answering(folder.resolve("project"), "hello").with("lib/\u00e4\u00f6.js", "1");
        output = folder.resolve("out/function.zip");
    }

    private Program pack(String... more) {
        List<String> arguments = new ArrayList<>(
                List.of("package", "--dir", project.folder().toString(), "--output", output.toString()));
        arguments.addAll(List.of(more));
        return CommandLineRun.here(arguments.toArray(new String[0]));
    }

    /** The names of the files in the package, as Python's zipfile reads them. */
    private String files() {
        return Program.python("""
                import sys, zipfile
                names = [n for n in zipfile.ZipFile(sys.argv[1]).namelist() if n[-1] != '/']
                sys.stdout.buffer.write(' '.join(sorted(names)).encode())
                """, output.toString());
    }

    private String digest() {
        return Account.base64Sha256(output.toString());
    }

    @Test
    void thePackageHoldsTheFoldersContentsAtTheTop() {
        assertEquals(0, pack().status());

        assertEquals("index.js lib/\u00e4\u00f6.js", files());
    }

    /** As README has it: the second run packs what the first one has, not what it wrote. */
    @Test
    void whatTheCommandLineWritesIntoTheProjectIsNotInItsPackage() {
        List<String> digests = new ArrayList<>();
        for (int run = 0; run < 2; run++) {
            String into = project.folder() + "/";
            assertEquals(
                    0,
                    pack("--sbom", into + "sbom.json", "--provenance", into + "out/provenance.json")
                            .status());
            digests.add(digest());
        }

        assertEquals(digests.get(0), digests.get(1), files());
    }

    @Test
    void jsonThatCanNotBeWrittenIsAnError() {
        OutputStream full = new OutputStream() {
            @Override
            public void write(int b) throws IOException {
                throw new IOException("No space left on device");
            }
        };
        StringWriter err = new StringWriter();

        int status = Main.execute(
                new PrintWriter(full),
                new PrintWriter(err),
                "package",
                "--json",
                "--dir",
                project.folder().toString(),
                "--output",
                output.toString());

        assertEquals(1, status, err.toString());
        assertTrue(err.toString().contains("could not be written to standard output"), err.toString());
    }

    @Test
    void withoutJsonStandardOutputIsEmpty() {
        Program run = pack();

        assertEquals("", run.out());
        assertTrue(run.err().contains("Packaged 2 files"), run.err());
    }

    @Test
    void jsonSaysTheDigestThatPythonComputes() throws Exception {
        JsonNode json = new ObjectMapper().readTree(pack("--json").out());

        assertEquals(digest(), json.get("CodeSha256").asText());
        assertEquals(Files.size(output), json.get("ZippedBytes").asLong());
        assertEquals(2, json.get("Files").asInt());
    }

    @Test
    void theBillOfMaterialsAndTheProvenanceAreWrittenWhereTheyAreAskedFor() throws Exception {
        project.with("package.json", "{\"name\":\"orders\"}")
                .with("package-lock.json", "{\"lockfileVersion\":3,\"packages\":{}}")
                .with("node_modules/ms/package.json", "{\"name\":\"ms\",\"version\":\"2.1.3\"}");
        Program.run("git", "init", "-q", project.folder().toString()).successful();
        Program.run(
                        "git",
                        "-C",
                        project.folder().toString(),
                        "remote",
                        "add",
                        "origin",
                        "git@example.com:acme/orders.git")
                .successful();
        Program.run(
                        "git",
                        "-C",
                        project.folder().toString(),
                        "-c",
                        "user.name=A",
                        "-c",
                        "user.email=a@example.org",
                        "commit",
                        "-q",
                        "--allow-empty",
                        "-m",
                        "x")
                .successful();
        Path sbom = folder.resolve("new/orders.cdx.json");
        Path provenance = folder.resolve("orders.provenance.json");

        assertEquals(
                0,
                pack("--install", "none", "--sbom", sbom.toString(), "--provenance", provenance.toString())
                        .status());

        String sha256 =
                Program.run("sha256sum", output.toString()).successful().out().split(" ")[0];
        JsonNode bom = new ObjectMapper().readTree(sbom.toFile());
        assertEquals(List.of("pkg:npm/ms@2.1.3"), bom.findValuesAsText("purl"));
        assertEquals(sha256, bom.at("/metadata/component/hashes/0/content").asText());
        JsonNode statement = new ObjectMapper().readTree(provenance.toFile());
        assertEquals(
                "[{\"name\":\"function.zip\",\"digest\":{\"sha256\":\"" + sha256 + "\"}}]",
                statement.get("subject").toString());
        JsonNode sources = statement.at("/predicate/buildDefinition/resolvedDependencies");
        assertEquals(
                "git+ssh://example.com/acme/orders.git", sources.at("/0/uri").asText());
        assertEquals(
                Program.run("git", "-C", project.folder().toString(), "rev-parse", "HEAD")
                        .successful()
                        .out()
                        .strip(),
                sources.at("/0/digest/gitCommit").asText());
        assertEquals("package-lock.json", sources.at("/1/name").asText());
        assertEquals(2, pack("--sbom", folder.toString()).status());
    }

    @Test
    void excludesIncludesAndIgnoreFileAreHonoured() {
        project.with("test/a.test.js", "1")
                .with("dist/b.js", "1")
                .with("note.txt", "1")
                .with(".lambdaignore", "note.txt\n");

        pack("--exclude", "test/**", "--exclude", "lib/**");
        assertEquals("dist/b.js index.js", files());

        pack("--include", "dist/**");
        assertEquals("dist/b.js", files());
    }

    @Test
    void aSecondPackageOverTheFirstIsTheSameAlsoInsideTheProject() {
        for (Path place : List.of(output, project.folder().resolve("function.zip"))) {
            output = place;
            pack();
            String first = digest();

            assertEquals(0, pack().status());

            assertEquals(first, digest());
            assertEquals("index.js lib/\u00e4\u00f6.js", files());
        }
    }

    @Test
    void aCacheInTheProjectIsNotPackagedAndDoesNotChangeThePackage() {
        pack();
        String first = digest();
        String cache = project.folder().resolve("cache").toString();

        assertEquals(0, pack("--cache", cache).status());
        assertEquals(first, digest());
        assertEquals(0, pack("--cache", cache).status());
        assertEquals(first, digest());
    }

    @Test
    void aMissingHandlerIsOneMessageAndNoFile() {
        Program run = pack("--handler", "main.handler");

        assertEquals(1, run.status());
        assertTrue(run.err().contains("ERROR: "), run.err());
        assertTrue(run.err().contains("main"), run.err());
        assertFalse(run.err().contains("\tat "), run.err());
        assertFalse(Files.exists(output));
    }

    @Test
    void aProjectThatIsNotThereIsNamed() {
        Program run = CommandLineRun.here("package", "--dir", folder + "/none", "--output", output.toString());

        assertEquals(1, run.status());
        assertTrue(run.err().contains("There is no folder " + folder + "/none"), run.err());
    }

    @Test
    void anOutputWhoseFolderIsAFileIsToldInWords() throws Exception {
        Files.writeString(folder.resolve("out"), "a file where the folder should be");

        Program run = pack();

        assertEquals(1, run.status());
        assertTrue(run.err().contains("ERROR: " + folder.resolve("out")), run.err());
    }

    @Test
    void anOutputThatIsAFolderIsToldInWordsAndLeftAlone() throws Exception {
        Files.createDirectories(output.resolve("something"));

        Program run = pack();

        assertEquals(2, run.status());
        assertTrue(run.err().contains("--output is a file to write, and " + output + " is a folder"), run.err());
        assertTrue(Files.exists(output.resolve("something")));
    }

    @ParameterizedTest
    @ValueSource(strings = {"index.js", "package.json"})
    void aFileOfTheProjectIsNotOverwritten(String name) throws Exception {
        Path file = Files.writeString(folder.resolve(name), "the project's");

        Program run = pack("--sbom", file.toString());

        assertEquals(2, run.status());
        assertTrue(
                run.err().contains("--sbom would overwrite the project's own " + file + ". Name another file."),
                run.err());
        assertEquals("the project's", Files.readString(file));
    }

    @ParameterizedTest
    @CsvSource({
        "--compression-level,0",
        "--compression-level,10",
        "--compression-level,-1",
        "--compression-level,six",
        "--symlinks,hard",
        "--install,yes"
    })
    void aValueThatIsNoneIsWrongUsage(String option, String value) {
        Program run = pack(option, value);

        assertEquals(2, run.status(), run.err());
        assertTrue(run.err().contains(value), run.err());
        assertFalse(Files.exists(output));
    }

    @Test
    void anOutputIsNeeded() {
        Program run = CommandLineRun.here("package");

        assertEquals(2, run.status());
        assertTrue(run.err().contains("--output"), run.err());
    }

    @Test
    void jsonIsUtf8EvenInALocaleThatHasNone() throws Exception {
        project.with("secrets/\u00e9.pem", "-----BEGIN PRIVATE KEY-----\n");

        Program run = CommandLineRun.inProcess(
                project.folder(), Map.of("LC_ALL", "C"), List.of(), "package", "--json", "--output", output.toString());

        assertEquals(0, run.status(), run.err());
        JsonNode json = new ObjectMapper().readTree(run.out());
        assertTrue(json.toString().contains("secrets/\u00e9.pem"), run.out());
    }

    @Test
    void packagesFromAnyFolderTimeUmaskLocaleAndTimeZoneAreTheSameBytes() throws Exception {
        String make =
                "umask $1; mkdir -p \"$2/lib\" \"$2/bin\" && cd \"$2\" && echo 'exports.handler = 1' > index.js &&"
                        + " printf '#!/bin/sh\\n' > bin/run && chmod u+x bin/run &&"
                        + " echo x > \"lib/$(printf '\\303\\274\\346\\274\\242').js\" && find . -exec touch -d \"$3\" {} +";
        Path one = folder.resolve("one");
        Path other = folder.resolve("deep/er/other");
        Program.run("bash", "-c", make, "make", "022", one.toString(), "2001-02-03")
                .successful();
        Program.run("bash", "-c", make, "make", "077", other.toString(), "2038-02-03")
                .successful();

        output = folder.resolve("one.zip");
        packInLocale(one, "022", Map.of("LC_ALL", "C", "TZ", "Pacific/Kiritimati"));
        String first = digest();
        output = folder.resolve("other.zip");
        packInLocale(other, "077", Map.of("LC_ALL", "C.UTF-8", "TZ", "America/St_Johns"));

        assertEquals(first, digest());
        assertEquals("bin/run index.js lib/\u00fc\u6f22.js", files());
        Set<String> modes = Program.run("zipinfo", output.toString())
                .out()
                .lines()
                .filter(line -> line.matches("[-dl?][-rwxst?]{9} .*"))
                .map(line -> line.substring(0, 10))
                .collect(Collectors.toCollection(TreeSet::new));
        assertEquals(Set.of("-rw-r--r--", "-rwxr-xr-x", "drwxr-xr-x"), modes);
    }

    private void packInLocale(Path from, String umask, Map<String, String> variables) {
        List<String> words = new ArrayList<>(List.of("bash", "-c", "umask " + umask + "; exec \"$@\"", "run"));
        words.addAll(Program.java(
                List.of(),
                Main.class.getName(),
                List.of("package", "--install", "none", "--output", output.toString())));
        Program.run(from, variables, words).successful();
    }

    @Test
    void npmAndTheScriptsOfPackagesDoNotSeeTheAwsSecrets() {
        project.with("show.js", "console.log(Object.keys(process.env).filter(k => /^AWS_/.test(k)).sort().join())\n")
                .with("package.json", "{\"scripts\": {\"preinstall\": \"node show.js\"}}");
        Map<String, String> variables = Map.of(
                "AWS_ACCESS_KEY_ID", "AKIA",
                "AWS_SECRET_ACCESS_KEY", "secret",
                "AWS_SESSION_TOKEN", "token",
                "AWS_SECURITY_TOKEN", "token",
                "AWS_CONTAINER_AUTHORIZATION_TOKEN", "token",
                "AWS_REGION", "eu-west-1");

        Program run = CommandLineRun.inProcess(
                project.folder(), variables, List.of(), "package", "--output", output.toString());

        assertEquals(0, run.status(), run.err());
        assertTrue(run.err().lines().anyMatch("AWS_REGION"::equals), run.err());
    }

    /** The first install goes on only when the second deployment is seen to wait. */
    @Test
    @Timeout(120)
    void twoMembersOfAWorkspaceThatArePackagedAtOnceTakeTurnsAndShareOneInstall() throws Exception {
        Project root = new Project(
                        folder.resolve("repository").toFile().getCanonicalFile().toPath())
                .with("package.json", "{\"name\":\"root\",\"workspaces\":[\"functions/*\",\"libs/*\"]}")
                .with("libs/shared/package.json", "{\"name\":\"shared\",\"version\":\"1.0.0\"}")
                .with("libs/shared/index.js", "module.exports = 1;\n");
        for (String name : List.of("a", "b", "stopped")) {
            root.with(
                            "functions/" + name + "/package.json",
                            "{\"name\":\"" + name + "\",\"version\":\"1.0.0\",\"dependencies\":{\"shared\":\"1.0.0\"}}")
                    .with("functions/" + name + "/index.js", "exports.handler = async () => require('shared');\n");
        }
        assertEquals(
                0,
                Program.run(root.folder(), Map.of(), List.of("npm", "install", "--package-lock-only", "--offline"))
                        .status());
        Project bin = new Project(folder.resolve("bin")).with("npm", """
                #!/bin/sh
                PATH=${PATH#*:}
                if [ "$1" = ci ]; then echo ci >> FOLDER/calls; while [ ! -e FOLDER/go ]; do sleep 0.05; done; fi
                exec npm "$@"
                """.replace("FOLDER", folder.toString()));
        assertTrue(bin.folder().resolve("npm").toFile().setExecutable(true));

        Process first = packMember(root, "a");
        await(folder.resolve("calls"), "ci");
        Process second = packMember(root, "b");
        await(folder.resolve("b.log"), "Waiting for another deployment, which works in " + root.folder());
        Process third = packMember(root, "stopped");
        await(folder.resolve("stopped.log"), "Waiting for another deployment");
        third.destroy();
        assertEquals(SIGTERM, third.waitFor());
        assertFalse(Files.readString(folder.resolve("stopped.log")).contains("$ npm"), "it has begun without its turn");
        Files.writeString(folder.resolve("go"), "");

        assertEquals(0, first.waitFor());
        assertEquals(0, second.waitFor());
        assertEquals(List.of("ci"), Files.readAllLines(folder.resolve("calls")));
        assertTrue(Files.readString(folder.resolve("b.log")).contains("node_modules is unchanged since"));
        for (String name : List.of("a", "b")) {
            output = folder.resolve(name + ".zip");
            assertEquals(
                    "index.js node_modules/shared/index.js node_modules/shared/package.json package.json", files());
        }
    }

    private Process packMember(Project root, String name) throws IOException {
        ProcessBuilder builder = new ProcessBuilder(Program.java(
                        List.of("-Djava.io.tmpdir=" + folder),
                        Main.class.getName(),
                        List.of(
                                "package",
                                "--dir",
                                root.folder().resolve("functions").resolve(name).toString(),
                                "--output",
                                folder.resolve(name + ".zip").toString(),
                                "--cache",
                                folder.resolve("cache-" + name).toString())))
                .redirectErrorStream(true)
                .redirectOutput(folder.resolve(name + ".log").toFile());
        builder.environment().put("PATH", folder.resolve("bin") + ":" + System.getenv("PATH"));
        return builder.start();
    }

    private static void await(Path file, String text) throws Exception {
        while (!Files.exists(file) || !Files.readString(file).contains(text)) {
            Thread.sleep(20);
        }
    }
}
