package io.jenkins.plugins.lambdanode.engine.pack.select;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.jenkins.plugins.lambdanode.engine.base.DeployException;
import io.jenkins.plugins.lambdanode.engine.base.Progress;
import io.jenkins.plugins.lambdanode.engine.pack.Packager;
import io.jenkins.plugins.lambdanode.engine.pack.Packs;
import io.jenkins.plugins.lambdanode.engine.pack.ZipListing;
import io.jenkins.plugins.lambdanode.engine.pack.api.PackReport;
import io.jenkins.plugins.lambdanode.engine.pack.api.PackRequest;
import io.jenkins.plugins.lambdanode.engine.pack.api.PackSettings;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.TreeMap;
import java.util.TreeSet;
import java.util.regex.Pattern;
import java.util.stream.Collectors;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

class SelectionTest {
    @TempDir
    Path dir;

    private Path project;

    @BeforeEach
    void makeProject() throws Exception {
        project = Files.createDirectory(dir.resolve("project"));
        Packs.write(project, "index.js", "x");
    }

    private static Map<String, Integer> counts(PackReport report) {
        return report.skipped().stream()
                .collect(Collectors.toMap(PackReport.Excluded::reason, PackReport.Excluded::count));
    }

    @Test
    void whatNoFunctionNeedsIsLeftOutAndCounted() throws Exception {
        for (String name : List.of(
                ".git/config",
                ".git/objects/aa/bb",
                "sub/.git",
                ".svn/x",
                ".hg/x",
                ".npmrc",
                "node_modules/a/.npmrc",
                ".idea/x",
                ".vscode/x",
                ".DS_Store",
                "lib/.DS_Store",
                "node_modules/.cache/x/y",
                "lib/.a.js.swp",
                "npm-debug.log")) {
            Packs.write(project, name, "secret");
        }
        PackReport report = Packs.pack(project);
        assertEquals(
                List.of("index.js", "lib/", "node_modules/", "node_modules/a/", "sub/"),
                ZipListing.of(report.file()).names());
        assertEquals(2, counts(report).get("default exclude .git"));
        assertEquals(2, counts(report).get("default exclude .npmrc"));
        assertEquals(1, counts(report).get("default exclude node_modules/.cache"));
        assertEquals(
                13,
                report.skipped().stream().mapToInt(PackReport.Excluded::count).sum());
    }

    @Test
    void aChangeOfAFileThatNoFunctionReadsMakesNoNewVersion() throws Exception {
        Packs.write(project, "node_modules/a/README.md", "of a package");
        Packs.write(project, "docs/README.md", "of a folder");
        Packs.write(project, "LICENSE", "MIT");
        String before = Packs.pack(project).codeSha256();
        for (String name : List.of(
                "README.md",
                "readme.txt",
                "CHANGELOG.md",
                "Jenkinsfile",
                "package-lock.json",
                "pnpm-lock.yaml",
                "yarn.lock",
                "bun.lockb",
                ".github/workflows/ci.yml",
                ".gitlab-ci.yml",
                ".circleci/config.yml",
                ".travis.yml",
                "azure-pipelines.yml",
                ".editorconfig",
                ".eslintrc.json",
                "eslint.config.mjs",
                ".prettierrc",
                ".gitignore",
                ".gitattributes")) {
            Packs.write(project, name, "changed");
        }
        PackReport after = Packs.pack(project);
        assertEquals(before, after.codeSha256());
        assertEquals(
                List.of(
                        "LICENSE",
                        "docs/",
                        "docs/README.md",
                        "index.js",
                        "node_modules/",
                        "node_modules/a/",
                        "node_modules/a/README.md"),
                ZipListing.of(after.file()).names());
        assertEquals(2, counts(after).get("default exclude README.*"));
        assertEquals(1, counts(after).get("default exclude .github"));
        assertEquals(
                19,
                after.skipped().stream().mapToInt(PackReport.Excluded::count).sum());
    }

    @ParameterizedTest
    @CsvSource(
            delimiter = '|',
            value = {
                "**,README.md  | README.md",
                "**,*.md       | README.md CHANGELOG.md",
                "**,.github/** | .github/ .github/ci.yml",
                "**            | ",
                "**/*          | ",
                "**,.npmrc     | ",
            })
    void anIncludeThatNamesAFileAtTheTopBringsItBack(String includes, String back) throws Exception {
        for (String name : List.of("README.md", "CHANGELOG.md", ".github/ci.yml", ".npmrc", "package-lock.json")) {
            Packs.write(project, name, "x");
        }
        List<String> names = new ArrayList<>(ZipListing.of(Packs.pack(project, Packs.including(includes.split(",")))
                        .file())
                .names());
        names.remove("index.js");
        assertEquals(back == null ? Set.of() : Set.of(back.split(" ")), Set.copyOf(names));
    }

    /** Files that node-gyp wrote for cpu-features 0.0.10 under npm 9. */
    @Test
    void byProductsOfNodeGypAreLeftOutAndWhatItBuiltIsNot() throws Exception {
        String built = "node_modules/cpu-features/build/";
        for (String name : List.of(
                "Makefile",
                "binding.Makefile",
                "config.gypi",
                "cpufeatures.target.mk",
                "Release/.deps/Release/a.node.d",
                "Release/obj.target/cpufeatures.node",
                "Release/obj.target/cpufeatures/src/binding.o",
                "Release/a.o")) {
            Packs.write(project, built + name, "/home/jenkins/workspace/job");
        }
        Files.createDirectories(project.resolve(built + "node_gyp_bins"));
        Files.createSymbolicLink(project.resolve(built + "node_gyp_bins/python3"), Path.of("/usr/bin/python3"));
        Packs.write(project, built + "Release/cpufeatures.node", "built");
        // node-pre-gyp, for bcrypt 5
        Packs.write(project, "node_modules/bcrypt/build-tmp-napi-v3/node_gyp_bins/python3", "");
        Packs.write(project, "node_modules/bcrypt/build-tmp-napi-v3/Makefile", "/home/jenkins/workspace/job");
        Packs.write(project, "node_modules/a/lib/Makefile", "its own");
        Packs.write(project, "build/app.js", "built by the project");
        assertEquals(
                List.of("build/app.js", "index.js", "node_modules/a/lib/Makefile", built + "Release/cpufeatures.node"),
                ZipListing.of(Packs.pack(project).file()).names().stream()
                        .filter(name -> !name.endsWith("/"))
                        .toList());
    }

    @Test
    void notesOfPackageManagersAreLeftOut() throws Exception {
        for (String name : List.of(
                ".ignored/old/index.js",
                ".ignored_old/index.js",
                ".package-lock.json",
                ".modules.yaml",
                ".pnpm-workspace-state-v1.json",
                ".pnpm/lock.yaml",
                ".yarn-integrity",
                ".yarn-state.yml",
                "a/node_modules/.cache/x")) {
            Packs.write(project, "node_modules/" + name, "written at 12:00 in /home/jenkins");
        }
        Packs.write(project, "node_modules/.pnpm/a@1.0.0/node_modules/a/lock.yaml", "of a package");
        assertEquals(
                List.of("index.js", "node_modules/.pnpm/a@1.0.0/node_modules/a/lock.yaml"),
                ZipListing.of(Packs.pack(project).file()).names().stream()
                        .filter(name -> !name.endsWith("/"))
                        .toList());
    }

    /** The patterns in the section "What is left out": those of the table, row by row. */
    @Test
    void thePageListsWhatIsLeftOutByDefault() throws Exception {
        String page = Files.readString(Path.of("docs", "packages.md"));
        String section = page.substring(page.indexOf("## What is left out"), page.indexOf("With `includes`"));
        Map<String, Set<String>> rows = new TreeMap<>();
        for (String line : section.lines()
                .filter(row -> row.startsWith("| ") && row.contains("`"))
                .toList()) {
            String[] cells = line.split(" \\| ");
            rows.computeIfAbsent(cells[0].substring(2), where -> new TreeSet<>())
                    .addAll(Pattern.compile("`([^`]+)`")
                            .matcher(cells[1])
                            .results()
                            .map(match -> match.group(1))
                            .toList());
        }
        assertEquals(
                Map.of(
                        "any folder", new TreeSet<>(DefaultExcludes.ANYWHERE),
                        "any node_modules", new TreeSet<>(DefaultExcludes.IN_NODE_MODULES),
                        "`build` of the project or of a package", new TreeSet<>(DefaultExcludes.IN_BUILD),
                        "the project's top", new TreeSet<>(DefaultExcludes.AT_TOP)),
                rows);
    }

    @Test
    void packagingLeavesOutWhatItWritesItself() throws Exception {
        Path temp = project.resolve("tmp");
        Path cache = project.resolve("build/cache");
        Path output = project.resolve("dist/function.zip");
        Packs.write(project, "dist/kept.js", "k");
        PackRequest request =
                Packs.request(List.of(), List.of(), PackSettings.Links.FOLLOW, List.of(), output.toString());
        new Packager(project, temp, Optional.of(cache), Progress.NONE).pack(request);
        PackReport second = new Packager(project, temp, Optional.of(cache), Progress.NONE).pack(request);
        assertEquals(output.toString(), second.file());
        assertEquals(
                List.of("build/", "dist/", "dist/kept.js", "index.js"),
                ZipListing.of(second.file()).names());
        assertEquals(2, counts(second).get("written by packaging itself"));
        assertEquals(List.of("function.zip", "kept.js"), Packs.filesBelow(project.resolve("dist")));
    }

    @Test
    void excludesAreAntPatterns() throws Exception {
        Packs.write(project, "test/a.js", "x");
        Packs.write(project, "lib/a.test.js", "x");
        Packs.write(project, "lib/a.js", "x");
        PackReport report = Packs.pack(project, Packs.excluding("test/", "**/*.test.js"));
        assertEquals(
                List.of("index.js", "lib/", "lib/a.js"),
                ZipListing.of(report.file()).names());
        assertEquals(Map.of("exclude test/", 1, "exclude **/*.test.js", 1), counts(report));
        assertEquals(
                List.of("test/"),
                report.skipped().stream()
                        .filter(s -> s.reason().equals("exclude test/"))
                        .findFirst()
                        .orElseThrow()
                        .examples());
    }

    @Test
    void withIncludesOnlyThoseGoInWithTheFoldersThatTheyAreIn() throws Exception {
        Packs.write(project, "lib/deep/a.js", "x");
        Packs.write(project, "lib/deep/a.ts", "x");
        Packs.write(project, "empty/not.md", "x");
        PackReport report = Packs.pack(project, Packs.including("**/*.js"));
        assertEquals(
                List.of("index.js", "lib/", "lib/deep/", "lib/deep/a.js"),
                ZipListing.of(report.file()).names());
        assertEquals(Map.of("not included", 2), counts(report));
    }

    @Test
    void lambdaignoreIsHonouredWithItsNegations() throws Exception {
        Packs.write(project, ".lambdaignore", "# tests\n*.md\n!page.md\n/test/\n**/fixtures/*.json\n");
        for (String name :
                List.of("a.md", "page.md", "test/a.js", "lib/test/a.js", "lib/fixtures/a.json", "lib/fixtures/a.js")) {
            Packs.write(project, name, "x");
        }
        PackReport report = Packs.pack(project);
        assertEquals(
                List.of(
                        "index.js",
                        "lib/",
                        "lib/fixtures/",
                        "lib/fixtures/a.js",
                        "lib/test/",
                        "lib/test/a.js",
                        "page.md"),
                ZipListing.of(report.file()).names());
        assertEquals(3, counts(report).get(".lambdaignore"));
    }

    @Test
    void lambdaignoreCannotBringBackWhatIsLeftOutByDefault() throws Exception {
        Packs.write(project, ".lambdaignore", "!.npmrc\n!.git\n");
        Packs.write(project, ".npmrc", "//registry/:_authToken=x");
        assertEquals(
                List.of("index.js"), ZipListing.of(Packs.pack(project).file()).names());
    }

    @Test
    void anExcludeThatMatchesAFolderButNothingInItIsTold() throws Exception {
        Packs.write(project, "test/a.js", "x");
        PackReport report = Packs.pack(project, Packs.excluding("test"));
        assertEquals("exclude-without-effect", report.findings().get(0).code());
        assertTrue(ZipListing.of(report.file()).names().contains("test/a.js"));
    }

    @Test
    void aProjectWithNothingInItIsAnErrorThatSaysWhatWasLeftOut() throws Exception {
        DeployException e = assertThrows(DeployException.class, () -> Packs.pack(project, Packs.excluding("*.js")));
        assertTrue(
                e.getMessage().contains("nothing to package") && e.getMessage().contains("1 by exclude *.js"),
                e.getMessage());
        Files.delete(project.resolve("index.js"));
        Files.createDirectory(project.resolve("folder"));
        assertThrows(DeployException.class, () -> Packs.pack(project));
    }

    @Test
    void aFolderThatDoesNotExistOrIsAFileIsAnError() {
        for (String name : List.of("no", "index.js")) {
            String message = assertThrows(DeployException.class, () -> Packs.pack(project.resolve(name)))
                    .getMessage();
            assertTrue(message.startsWith("There is no folder " + project.resolve(name)), message);
        }
    }

    @Test
    void aPatternWithoutAPathIsAnError() {
        assertThrows(DeployException.class, () -> Packs.pack(project, Packs.excluding("/")));
    }
}
