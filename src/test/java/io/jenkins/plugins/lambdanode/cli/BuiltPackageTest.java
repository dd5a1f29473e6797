package io.jenkins.plugins.lambdanode.cli;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.jenkins.plugins.lambdanode.testing.Account;
import io.jenkins.plugins.lambdanode.testing.Program;
import io.jenkins.plugins.lambdanode.testing.Project;
import io.jenkins.plugins.lambdanode.testing.RuntimeClient;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;
import org.junit.jupiter.params.provider.ValueSource;

/** Projects that a build makes into a function: real packages from npm, unpacked by unzip and run by Node.js. */
class BuiltPackageTest {

    /** Node.js would install no development dependencies here, by any of these. */
    private static final Map<String, String> PRODUCTION =
            Map.of("NODE_ENV", "production", "NPM_CONFIG_PRODUCTION", "true", "NPM_CONFIG_OMIT", "dev");

    @TempDir
    Path dir;

    private Program pack(Path project, Path output, String... more) {
        return pack(Map.of(), project, output, more);
    }

    private Program pack(Map<String, String> variables, Path project, Path output, String... more) {
        List<String> arguments =
                new ArrayList<>(List.of("package", "--dir", project.toString(), "--output", output.toString()));
        arguments.addAll(List.of(more));
        return Program.run(
                dir, variables, Program.java(List.of(), "io.jenkins.plugins.lambdanode.cli.Main", arguments));
    }

    private static List<String> names(Path zip) {
        return Program.run("unzip", "-Z1", zip.toString())
                .successful()
                .out()
                .lines()
                .filter(name -> !name.endsWith("/"))
                .toList();
    }

    /** What a project's lock file says, by npm. */
    private Project project(String name, String packageJson) {
        Project project =
                new Project(dir.resolve(name)).with("package.json", packageJson).with("index.js", Project.handler("x"));
        Program.run(
                        project.folder(),
                        Map.of(),
                        List.of("npm", "install", "--package-lock-only", "--ignore-scripts", "--no-audit"))
                .successful();
        return project;
    }

    /** What production needs is the same in each; what development needs besides is not. */
    enum Npm {
        A_COMPILER_WITH_TYPES(
                "\"dependencies\":{\"ms\":\"2.1.3\"},\"devDependencies\":{\"typescript\":\"5.9.2\",\"@types/ms\":\"2.1.0\"}"),
        A_BUNDLER_OF_MANY_PLATFORMS(
                "\"dependencies\":{\"debug\":\"4.4.1\"},\"devDependencies\":{\"esbuild\":\"0.25.9\"}"),
        VERSIONS_THAT_COLLIDE(
                "\"dependencies\":{\"debug\":\"4.3.4\"},\"devDependencies\":{\"ms\":\"2.0.0\",\"send\":\"0.18.0\"}"),
        AN_OPTIONAL_DEPENDENCY(
                "\"dependencies\":{\"chokidar\":\"3.6.0\"},\"optionalDependencies\":{\"fsevents\":\"2.3.3\"},"
                        + "\"devDependencies\":{\"micromatch\":\"4.0.8\",\"glob-parent\":\"5.1.2\"}"),
        COMMANDS_OF_BOTH(
                "\"dependencies\":{\"semver\":\"7.7.2\"},\"devDependencies\":{\"mkdirp\":\"1.0.4\",\"rimraf\":\"3.0.2\"}");

        private final String fields;

        Npm(String fields) {
            this.fields = fields;
        }
    }

    @ParameterizedTest
    @EnumSource
    void afterABuildThePackageHasTheBytesOfNpmCiWithoutDevelopmentDependencies(Npm kind) {
        String json = "{\"name\":\"a\",\"version\":\"1.0.0\",\"private\":true," + kind.fields + "}";
        Project built = project("built", json);
        Project plain = project("plain", json);

        Program run = pack(PRODUCTION, built.folder(), dir.resolve("built.zip"), "--build", "ls node_modules > listed")
                .successful();
        pack(plain.folder(), dir.resolve("plain.zip"), "--install", "npm ci --omit=dev")
                .successful();

        String installed =
                Program.run(built.folder(), Map.of(), List.of("cat", "listed")).out();
        assertTrue(
                installed.contains(
                        kind == Npm.VERSIONS_THAT_COLLIDE
                                ? "send"
                                : kind.fields.replaceAll(".*devDependencies\":\\{\"([^\"]*)\".*", "$1")),
                installed);
        assertEquals(
                1, run.err().lines().filter(line -> line.startsWith("$ npm")).count(), run.err());
        List<String> expected = new ArrayList<>(names(dir.resolve("plain.zip")));
        expected.add(1, "listed");
        assertEquals(
                expected.stream().sorted().toList(),
                names(dir.resolve("built.zip")).stream().sorted().toList());
        pack(built.folder(), dir.resolve("again.zip"), "--install", "none", "--exclude", "listed")
                .successful();
        assertEquals(
                Account.base64Sha256(dir.resolve("plain.zip").toString()),
                Account.base64Sha256(dir.resolve("again.zip").toString()));
    }

    private static List<String> options(String example) {
        List<String> options = new ArrayList<>(List.of(
                "--build",
                "npm run build",
                "--code-dir",
                "dist",
                "--handler",
                "index.handler",
                "--runtime",
                "nodejs24.x"));
        if (example.equals("esbuild")) {
            options.addAll(List.of("--dependencies", "none"));
        }
        return options;
    }

    @ParameterizedTest
    @ValueSource(strings = {"typescript", "esbuild"})
    void anExampleHasTheSameBytesInAnyFolderAndRunsAsLambdaRunsIt(String example) throws Exception {
        Path one = dir.resolve("one");
        Path two = dir.resolve("another place/t\u00fc");
        List<String> digests = new ArrayList<>();
        for (Path folder : List.of(one, two)) {
            Project.example(example, folder);
            Path zip = dir.resolve("function" + digests.size() + ".zip");
            pack(PRODUCTION, folder, zip, options(example).toArray(String[]::new))
                    .successful();
            digests.add(Account.base64Sha256(zip.toString()));
        }

        assertEquals(digests.get(0), digests.get(1));
        assertTrue(names(dir.resolve("function0.zip")).containsAll(List.of("index.js", "index.js.map")));
        assertFalse(names(dir.resolve("function0.zip")).stream()
                .anyMatch(name -> name.contains("typescript") || name.contains("@types")));
        Path task = Files.createDirectory(dir.resolve("task"));
        Program.run("unzip", "-q", dir.resolve("function0.zip").toString(), "-d", task.toString())
                .successful();
        Program answer = Program.run(
                task,
                Map.of(),
                List.of(
                        "node",
                        "--input-type=module",
                        "-e",
                        "console.log(JSON.stringify(await (await import(process.cwd() + '/index.js')).handler({name: 'me'})))"));
        assertTrue(answer.successful().out().contains("for me, valid for 1 minute"), answer.out());
        for (int version : RuntimeClient.versions()) {
            assertEquals(List.of("ok"), RuntimeClient.load(version, List.of(Map.entry(task, "index.handler"))));
        }
    }

    @Test
    void bundledCodeWithoutABuildNeedsNoInstall() {
        Project project =
                project("bundled", "{\"name\":\"a\",\"version\":\"1.0.0\",\"dependencies\":{\"ms\":\"2.1.3\"}}");

        Program run = pack(project.folder(), dir.resolve("a.zip"), "--dependencies", "none")
                .successful();

        assertFalse(run.err().contains("npm"), run.err());
        assertTrue(run.err().contains("Nothing is installed: no build needs it"), run.err());
        assertEquals(List.of("index.js", "package.json"), names(dir.resolve("a.zip")));
    }

    @Test
    void whatABundleLeavesExternalIsAnErrorThatSaysSo() {
        Project project = project(
                        "bundled", "{\"name\":\"a\",\"version\":\"1.0.0\",\"dependencies\":{\"ms\":\"2.1.3\"}}")
                .with("dist/index.js", "const ms = require('ms');\nexports.handler = async () => ms(1);\n");

        Program run = pack(
                project.folder(),
                dir.resolve("a.zip"),
                "--dependencies",
                "none",
                "--code-dir",
                "dist",
                "--handler",
                "index.handler",
                "--runtime",
                "nodejs22.x");

        assertEquals(1, run.status());
        assertTrue(
                run.err()
                        .contains(
                                "It imports ms, which is neither in the package nor in nodejs22.x. No node_modules goes in"
                                        + " (dependencies: 'none')"),
                run.err());
    }

    @Test
    void aPackageAloneHasNoLayer() {
        Program run = pack(dir, dir.resolve("a.zip"), "--dependencies", "layer");

        assertEquals(2, run.status());
        assertTrue(run.err().contains("A layer is made by a deployment"), run.err());
    }
}
