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
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import java.util.stream.Collectors;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

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
        return report.skipped().stream().collect(Collectors.toMap(PackReport.Excluded::reason, PackReport.Excluded::count));
    }

    @Test
    void whatNoFunctionNeedsIsLeftOutAndCounted() throws Exception {
        for (String name : List.of(
                ".git/config", ".git/objects/aa/bb", "sub/.git", ".svn/x", ".hg/x", ".npmrc", "node_modules/a/.npmrc", ".idea/x",
                ".vscode/x", ".DS_Store", "lib/.DS_Store", "node_modules/.cache/x/y", "lib/.a.js.swp", "npm-debug.log")) {
            Packs.write(project, name, "secret");
        }
        PackReport report = Packs.pack(project);
        assertEquals(
                List.of("index.js", "lib/", "node_modules/", "node_modules/a/", "sub/"), ZipListing.of(report.file()).names());
        assertEquals(2, counts(report).get("default exclude .git/"));
        assertEquals(2, counts(report).get("default exclude .npmrc"));
        assertEquals(1, counts(report).get("default exclude node_modules/.cache/"));
        assertEquals(13, report.skipped().stream().mapToInt(PackReport.Excluded::count).sum());
    }

    @Test
    void packagingLeavesOutWhatItWritesItself() throws Exception {
        Path temp = project.resolve("tmp");
        Path cache = project.resolve("build/cache");
        Path output = project.resolve("dist/function.zip");
        Packs.write(project, "dist/kept.js", "k");
        PackRequest request = Packs.request(
                List.of(), List.of(), PackRequest.Links.FOLLOW, List.of(), cache.toString(), output.toString());
        new Packager(project, temp, Progress.NONE).pack(request);
        PackReport second = new Packager(project, temp, Progress.NONE).pack(request);
        assertEquals(output.toString(), second.file());
        assertEquals(List.of("build/", "dist/", "dist/kept.js", "index.js"), ZipListing.of(second.file()).names());
        assertEquals(2, counts(second).get("written by packaging itself"));
        assertEquals(List.of("function.zip", "kept.js"), Packs.filesBelow(project.resolve("dist")));
    }

    @Test
    void excludesAreAntPatterns() throws Exception {
        Packs.write(project, "test/a.js", "x");
        Packs.write(project, "lib/a.test.js", "x");
        Packs.write(project, "lib/a.js", "x");
        PackReport report = Packs.pack(project, Packs.excluding("test/", "**/*.test.js"));
        assertEquals(List.of("index.js", "lib/", "lib/a.js"), ZipListing.of(report.file()).names());
        assertEquals(Map.of("exclude test/", 1, "exclude **/*.test.js", 1), counts(report));
        assertEquals(
                List.of("test/"),
                report.skipped().stream().filter(s -> s.reason().equals("exclude test/")).findFirst().orElseThrow().examples());
    }

    @Test
    void withIncludesOnlyThoseGoInWithTheFoldersThatTheyAreIn() throws Exception {
        Packs.write(project, "lib/deep/a.js", "x");
        Packs.write(project, "lib/deep/a.ts", "x");
        Packs.write(project, "empty/not.md", "x");
        PackReport report = Packs.pack(project, Packs.including("**/*.js"));
        assertEquals(List.of("index.js", "lib/", "lib/deep/", "lib/deep/a.js"), ZipListing.of(report.file()).names());
        assertEquals(Map.of("not included", 2), counts(report));
    }

    @Test
    void lambdaignoreIsHonouredWithItsNegations() throws Exception {
        Packs.write(project, ".lambdaignore", "# tests\n*.md\n!README.md\n/test/\n**/fixtures/*.json\n");
        for (String name : List.of("a.md", "README.md", "test/a.js", "lib/test/a.js", "lib/fixtures/a.json", "lib/fixtures/a.js")) {
            Packs.write(project, name, "x");
        }
        PackReport report = Packs.pack(project);
        assertEquals(
                List.of("README.md", "index.js", "lib/", "lib/fixtures/", "lib/fixtures/a.js", "lib/test/", "lib/test/a.js"),
                ZipListing.of(report.file()).names());
        assertEquals(3, counts(report).get(".lambdaignore"));
    }

    @Test
    void lambdaignoreCannotBringBackWhatIsLeftOutByDefault() throws Exception {
        Packs.write(project, ".lambdaignore", "!.npmrc\n!.git\n");
        Packs.write(project, ".npmrc", "//registry/:_authToken=x");
        assertEquals(List.of("index.js"), ZipListing.of(Packs.pack(project).file()).names());
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
        assertTrue(e.getMessage().contains("nothing to package") && e.getMessage().contains("1 by exclude *.js"), e.getMessage());
        Files.delete(project.resolve("index.js"));
        Files.createDirectory(project.resolve("folder"));
        assertThrows(DeployException.class, () -> Packs.pack(project));
    }

    @Test
    void aFolderThatDoesNotExistOrIsAFileIsAnError() {
        assertTrue(assertThrows(DeployException.class, () -> Packs.pack(project.resolve("no"))).getMessage().contains("not exist"));
        assertTrue(assertThrows(DeployException.class, () -> Packs.pack(project.resolve("index.js")))
                .getMessage()
                .contains("not a folder"));
    }

    @Test
    void aPatternWithoutAPathIsAnError() {
        assertThrows(DeployException.class, () -> Packs.pack(project, Packs.excluding("/")));
    }
}
