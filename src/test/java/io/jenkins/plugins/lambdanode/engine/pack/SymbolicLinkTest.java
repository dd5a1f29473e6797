package io.jenkins.plugins.lambdanode.engine.pack;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.jenkins.plugins.lambdanode.engine.base.DeployException;
import io.jenkins.plugins.lambdanode.engine.pack.api.PackReport;
import io.jenkins.plugins.lambdanode.engine.pack.api.PackRequest;
import io.jenkins.plugins.lambdanode.engine.pack.api.PackSettings;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class SymbolicLinkTest {
    private static final PackRequest STORE =
            Packs.request(List.of(), List.of(), PackSettings.Links.STORE, List.of(), "");

    @TempDir
    Path dir;

    private Path project;

    @BeforeEach
    void makeProject() throws Exception {
        project = Files.createDirectory(dir.resolve("project"));
        Packs.write(project, "index.js", "x");
        Packs.write(project, "packages/shared/main.js", "shared");
    }

    private Path link(String name, String target) throws Exception {
        Path link = project.resolve(name);
        Files.createDirectories(link.getParent());
        return Files.createSymbolicLink(link, Path.of(target));
    }

    private String message(PackRequest request) {
        return assertThrows(DeployException.class, () -> Packs.pack(project, request))
                .getMessage();
    }

    @Test
    void linksInsideTheProjectAreReplacedByWhatTheyLeadToButCommandsStayLinks() throws Exception {
        link("node_modules/shared", "../packages/shared");
        link("node_modules/.bin/main", "../shared/main.js");
        PackReport report = Packs.pack(project);
        ZipListing zip = ZipListing.of(report.file());
        assertEquals(
                List.of(
                        "index.js",
                        "node_modules/",
                        "node_modules/.bin/",
                        "node_modules/.bin/main",
                        "node_modules/shared/",
                        "node_modules/shared/main.js",
                        "packages/",
                        "packages/shared/",
                        "packages/shared/main.js"),
                zip.names());
        assertEquals("120777", zip.entry("node_modules/.bin/main").orElseThrow().mode());
        assertEquals("../shared/main.js", ZipListing.content(report.file(), "node_modules/.bin/main"));
        assertEquals("shared", ZipListing.content(report.file(), "node_modules/shared/main.js"));
    }

    @Test
    void storedLinksComeOutOfUnzipAsLinks() throws Exception {
        link("node_modules/shared", "../packages/shared");
        PackReport report = Packs.pack(project, STORE);
        assertEquals(
                "120777",
                ZipListing.of(report.file())
                        .entry("node_modules/shared")
                        .orElseThrow()
                        .mode());
        Path out = dir.resolve("out");
        Run.program("unzip", "-q", report.file(), "-d", out.toString()).requireSuccess();
        assertEquals(Path.of("../packages/shared"), Files.readSymbolicLink(out.resolve("node_modules/shared")));
        assertEquals(3, report.files());
    }

    @Test
    void aLinkOutOfTheProjectIsAnErrorThatNamesItEitherWay() throws Exception {
        Files.writeString(dir.resolve("secret"), "s");
        Path link = link("lib/out", "../../secret");
        assertTrue(message(Packs.request()).contains("lib/out -> ../../secret"));
        assertTrue(message(STORE).contains("lib/out"));
        Files.delete(link);
        link("absolute", dir.resolve("secret").toString());
        assertTrue(message(Packs.request()).contains("absolute -> /"));
        assertTrue(message(STORE).contains("absolute -> /"));
    }

    @Test
    void aLinkThatLeadsOutThroughAnotherLinkIsAnError() throws Exception {
        Files.createDirectory(dir.resolve("outside"));
        Files.writeString(dir.resolve("outside/secret"), "s");
        link("b", "../outside");
        link("a", "b/secret");
        String message = message(Packs.excluding("b"));
        assertTrue(message.contains("a -> b/secret"), message);
    }

    @Test
    void aLinkToASiblingWhoseNameBeginsLikeTheProjectsIsOutside() throws Exception {
        Files.createDirectory(dir.resolve("project-two"));
        link("two", "../project-two");
        assertTrue(message(Packs.request()).contains("leads out"));
    }

    @Test
    void aCircleIsAnErrorThatNamesALinkOfIt() throws Exception {
        Path up = link("lib/up", "..");
        assertTrue(message(Packs.request()).contains("lib/up"));
        Files.delete(up);
        link("x/to-y", "../y");
        link("y/to-x", "../x");
        assertTrue(message(Packs.request()).contains("no end"));
        Files.delete(project.resolve("x/to-y"));
        Files.delete(project.resolve("y/to-x"));
        link("self", "self");
        assertTrue(message(Packs.request()).contains("self -> self"));
    }

    @Test
    void aLinkToNothingIsAnErrorUnlessItIsExcluded() throws Exception {
        link("gone", "nowhere");
        assertTrue(message(Packs.request()).contains("gone -> nowhere leads to nothing"));
        assertEquals(4, Packs.pack(project, Packs.excluding("gone")).entries());
        assertEquals(1, Packs.pack(project, Packs.including("index.js")).entries());
    }

    /** npm 6 makes such links for development dependencies that it leaves out. */
    @Test
    void aCommandOfAPackageThatIsNotInstalledIsLeftOut() throws Exception {
        Files.createDirectories(project.resolve("node_modules/.bin"));
        link("node_modules/.bin/mkdirp", "../mkdirp/bin/cmd.js");
        assertEquals(
                List.of(),
                ZipListing.of(Packs.pack(project).file()).names().stream()
                        .filter(name -> name.endsWith("mkdirp"))
                        .toList());
    }

    @Test
    void aCommandOfAPackageThatIsExcludedIsLeftOut() throws Exception {
        link("node_modules/shared", "../packages/shared");
        link("node_modules/.bin/main", "../shared/main.js");
        assertEquals(
                List.of("index.js", "node_modules/", "node_modules/.bin/"),
                ZipListing.of(Packs.pack(project, Packs.excluding("**/shared/", "packages/"))
                                .file())
                        .names());
    }

    @Test
    void linksThatMultiplyWithoutACircleAreStopped() throws Exception {
        for (int i = 0; i < 24; i++) {
            Files.createDirectories(project.resolve("level" + i));
            link("level" + i + "/a", "../level" + (i + 1));
            link("level" + i + "/b", "../level" + (i + 1));
        }
        Files.createDirectories(project.resolve("level24"));
        assertTrue(message(Packs.request()).contains("more than 200000 files and folders"));
    }

    @Test
    void aLinkDoesNotBringInUnderAnotherNameWhatIsLeftOutByDefault() throws Exception {
        Packs.write(project, ".npmrc", "token");
        Packs.write(project, ".git/config", "url");
        link("settings", ".npmrc");
        link("history", ".git");
        assertFalse(ZipListing.of(Packs.pack(project).file()).names().stream()
                .anyMatch(name -> name.matches("settings|history.*")));
    }
}
