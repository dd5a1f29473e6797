package io.jenkins.plugins.lambdanode.engine.pack.check;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.jenkins.plugins.lambdanode.engine.base.DeployException;
import io.jenkins.plugins.lambdanode.engine.base.Progress;
import io.jenkins.plugins.lambdanode.engine.pack.Packager;
import io.jenkins.plugins.lambdanode.engine.pack.Packs;
import io.jenkins.plugins.lambdanode.engine.pack.Run;
import io.jenkins.plugins.lambdanode.engine.pack.api.PackReport;
import io.jenkins.plugins.lambdanode.engine.pack.api.PackRequest;
import io.jenkins.plugins.lambdanode.engine.pack.api.PackSettings;
import io.jenkins.plugins.lambdanode.engine.pack.api.TargetFunction;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Random;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.stream.Collectors;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class SizeLimitsTest {
    @TempDir
    Path dir;

    private Path project;

    @BeforeEach
    void makeProject() throws Exception {
        project = Files.createDirectory(dir.resolve("project"));
    }

    private void sparse(String name, long size) throws Exception {
        Packs.write(project, name, "");
        Run.program("truncate", "-s", Long.toString(size), project.resolve(name).toString())
                .requireSuccess();
    }

    @Test
    void aProjectOverTheUnzippedLimitIsRefusedBeforeAnythingIsReadWithTheHeaviestOfIt() throws Exception {
        sparse("node_modules/@sparticuz/chromium/bin/chromium.br", 200_000_000);
        sparse("node_modules/heavy/node_modules/nested/x", 50_000_000);
        sparse("data/a", 12_144_001);
        AtomicInteger calls = new AtomicInteger();
        Progress counting = new Progress() {
            @Override
            public void log(String line) {}

            @Override
            public void advance(String activity, long doneBytes, long totalBytes, int doneFiles) {
                calls.incrementAndGet();
            }
        };
        String message = assertThrows(
                        DeployException.class,
                        () -> new Packager(project, dir.resolve("t"), Optional.empty(), counting).pack(Packs.request()))
                .getMessage();
        assertEquals(0, calls.get());
        assertTrue(message.contains("262,144,001 bytes") && message.contains("262,144,000"), message);
        List<String> table = message.lines()
                .filter(line -> line.contains(" MB "))
                .map(line -> line.replaceAll(".* ", ""))
                .toList();
        assertEquals(List.of("node_modules/@sparticuz/chromium", "node_modules/heavy", "data"), table);
    }

    @Test
    void aProjectOfExactlyTheLimitIsNotRefused() throws Exception {
        sparse("a", 262_144_000);
        assertEquals(262_144_000, Packs.pack(project).unzippedBytes());
    }

    @Test
    void layersCountTowardsTheUnzippedLimit() throws Exception {
        sparse("a", 1_000_000);
        PackRequest request =
                Packs.forFunction(TargetFunction.UNKNOWN, new TargetFunction("", "", "", 261_144_001, ""));
        assertTrue(assertThrows(DeployException.class, () -> Packs.pack(project, request))
                .getMessage()
                .contains("261,144,001"));
    }

    @Test
    void aPackageOverTheZippedLimitIsRefusedWithTheHeaviestAndTheHint() throws Exception {
        byte[] random = new byte[200_000];
        new Random(1).nextBytes(random);
        Packs.write(project, "lib/random", random);
        Packs.write(project, "index.js", "x".repeat(1_000_000));
        PackRequest request = new PackRequest(
                PackSettings.DEFAULT, List.of(), 150_000, "Name an s3Bucket.", "", false, false, "", "", Map.of());
        Path temp = dir.resolve("t");
        String message = assertThrows(
                        DeployException.class,
                        () -> new Packager(project, temp, Optional.empty(), Progress.NONE).pack(request))
                .getMessage();
        assertTrue(message.contains("150,000") && message.endsWith("Name an s3Bucket."), message);
        assertTrue(message.indexOf("lib") < message.indexOf("index.js"), message);
        assertEquals(List.of(), Packs.filesBelow(temp));
    }

    @Test
    void weightsAreOfTheOutermostNpmPackageOrTheTopFolder() {
        assertEquals("node_modules/a", SizeBreakdown.owner("node_modules/a/node_modules/b/index.js"));
        assertEquals("node_modules/@s/a", SizeBreakdown.owner("node_modules/@s/a/index.js"));
        assertEquals("services/x/node_modules/a", SizeBreakdown.owner("services/x/node_modules/a/b/c"));
        assertEquals("lib", SizeBreakdown.owner("lib/deep/er/file.js"));
        assertEquals("index.js", SizeBreakdown.owner("index.js"));
        assertEquals("node_modules/.package-lock.json", SizeBreakdown.owner("node_modules/.package-lock.json"));
        for (String folder : List.of("node_modules/", "node_modules/@s/", "services/x/node_modules/")) {
            assertEquals("", SizeBreakdown.owner(folder), folder);
        }
    }

    @Test
    void theWeightsOfAPackageAddUpToIt() throws Exception {
        for (int i = 0; i < 4; i++) {
            Packs.write(project, "folder" + i + "/a.txt", "line\n".repeat(1000 * (i + 1)));
        }
        PackReport report = Packs.pack(project);
        assertEquals(
                List.of("folder3", "folder2", "folder1", "folder0"),
                report.heaviest().stream().map(PackReport.PackageSize::name).toList());
        assertEquals(
                List.of(20000L, 15000L, 10000L, 5000L),
                report.heaviest().stream()
                        .map(PackReport.PackageSize::unzippedBytes)
                        .collect(Collectors.toList()));
        // What is left of a ZIP file without its entries is the record at its end, 22 bytes.
        assertEquals(
                report.zippedBytes() - 22,
                report.heaviest().stream()
                        .mapToLong(PackReport.PackageSize::zippedBytes)
                        .sum());
    }
}
