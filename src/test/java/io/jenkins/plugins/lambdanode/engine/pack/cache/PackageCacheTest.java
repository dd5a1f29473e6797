package io.jenkins.plugins.lambdanode.engine.pack.cache;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.jenkins.plugins.lambdanode.engine.base.DeployException;
import io.jenkins.plugins.lambdanode.engine.base.Progress;
import io.jenkins.plugins.lambdanode.engine.pack.Packager;
import io.jenkins.plugins.lambdanode.engine.pack.Packs;
import io.jenkins.plugins.lambdanode.engine.pack.ZipListing;
import io.jenkins.plugins.lambdanode.engine.pack.api.Finding;
import io.jenkins.plugins.lambdanode.engine.pack.api.PackReport;
import io.jenkins.plugins.lambdanode.engine.pack.api.PackRequest;
import io.jenkins.plugins.lambdanode.engine.pack.api.PackSettings;
import io.jenkins.plugins.lambdanode.engine.pack.api.TargetFunction;
import io.jenkins.plugins.lambdanode.engine.pack.select.FileSnapshot;
import io.jenkins.plugins.lambdanode.engine.pack.select.SourceEntry;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.nio.file.attribute.FileTime;
import java.nio.file.attribute.PosixFilePermissions;
import java.time.Clock;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Random;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.stream.Stream;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** The cache saves work and never changes a bit. How much work there is, is counted by hand from the files' sizes. */
class PackageCacheTest {
    private static final long NPM_TIME = 499_162_500_000L;

    @TempDir
    Path dir;

    private Path project;
    private Path cache;
    private long total;

    @BeforeEach
    void makeProject() throws Exception {
        project = Files.createDirectory(dir.resolve("project"));
        cache = dir.resolve("cache");
        Random random = new Random(4);
        for (int i = 0; i < 60; i++) {
            write("lib/" + i + ".js", ("const x" + random.nextLong() + " = 1;\n").repeat(1 + random.nextInt(200)));
        }
        byte[] incompressible = new byte[5000];
        random.nextBytes(incompressible);
        Packs.write(project, "image.png", incompressible);
        byte[] large = new byte[(1 << 20) + 1234];
        for (int i = 0; i < large.length; i += 7) {
            large[i] = (byte) random.nextInt(256);
        }
        Packs.write(project, "large.bin", large);
        Packs.write(project, "empty", "");
        total = size();
    }

    private void write(String name, String content) throws Exception {
        Files.setLastModifiedTime(Packs.write(project, name, content), FileTime.fromMillis(NPM_TIME));
    }

    private long size() throws Exception {
        try (Stream<Path> files = Files.walk(project)) {
            return files.filter(Files::isRegularFile)
                    .mapToLong(file -> file.toFile().length())
                    .sum();
        }
    }

    private PackReport packCached() throws Exception {
        return Packs.pack(project, cache);
    }

    @Test
    void everyByteIsReadOnceAndDeflatedOnce() throws Exception {
        assertEquals(new PackReport.Work(total, total, 0), Packs.pack(project).work());
        assertEquals(new PackReport.Work(total, total, 0), packCached().work());
    }

    @Test
    void whatHasNotChangedIsReadOnceAndNotDeflated() throws Exception {
        PackReport first = packCached();
        PackReport second = packCached();
        assertEquals(new PackReport.Work(total, 0, total), second.work());
        assertEquals(first.sha256(), second.sha256());
    }

    @Test
    void aChangedFileIsDeflatedAloneEvenIfItsSizeAndTimeAreTheSame() throws Exception {
        write("lib/a.js", "exports.a = 1;");
        packCached();
        write("lib/a.js", "exports.a = 2;");
        PackReport report = packCached();
        assertEquals(new PackReport.Work(total + 14, 14, total), report.work());
        assertEquals(Packs.pack(project).sha256(), report.sha256());
        assertEquals("exports.a = 2;", ZipListing.content(report.file(), "lib/a.js"));
    }

    @Test
    void whatHasNotChangedForAWhileIsNotEvenRead() throws Exception {
        Packs.packLater(project, cache);
        PackReport second = Packs.packLater(project, cache);
        assertEquals(new PackReport.Work(0, 0, total), second.work());
        assertEquals(Packs.pack(project).sha256(), second.sha256());
    }

    @Test
    void filesThatWereNewWhenTheyWereReadAreReadOnceMore() throws Exception {
        packCached();
        assertEquals(
                new PackReport.Work(total, 0, total),
                Packs.packLater(project, cache).work());
        assertEquals(
                new PackReport.Work(0, 0, total),
                Packs.packLater(project, cache).work());
    }

    @Test
    void aChangeIsSeenWhateverKeepsItsSizeAndTime() throws Exception {
        write("lib/a.js", "exports.a = 1;");
        write("lib/b.js", "exports.a = 2;");
        Path aside = Packs.write(dir, "aside", "exports.a = 3;");
        Files.setLastModifiedTime(aside, FileTime.fromMillis(NPM_TIME));
        Packs.packLater(project, cache);
        List<Change> changes = List.of(
                () -> write("lib/a.js", "exports.a = 4;"),
                () -> Files.move(aside, project.resolve("lib/a.js"), StandardCopyOption.REPLACE_EXISTING),
                () -> Files.move(
                        project.resolve("lib/b.js"), project.resolve("lib/a.js"), StandardCopyOption.REPLACE_EXISTING),
                () -> {
                    Files.move(project.resolve("lib"), project.resolve("lib2"));
                    write("lib/1.js", "exports.a = 5;");
                    Files.delete(project.resolve("lib2/1.js"));
                });
        for (Change change : changes) {
            change.make();
            String expected = Packs.pack(project).sha256();
            assertEquals(expected, Packs.packLater(project, cache).sha256(), "change " + changes.indexOf(change));
        }
    }

    private interface Change {
        void make() throws Exception;
    }

    @Test
    void nativeProgramsAndKeysAreLookedAtEachTime() throws Exception {
        byte[] elf = new byte[3000];
        System.arraycopy(new byte[] {0x7f, 'E', 'L', 'F', 2, 1, 1}, 0, elf, 0, 7);
        elf[18] = (byte) 183;
        Packs.write(project, "bin/tool", elf);
        String key = "-----BEGIN PRIVATE KEY-----\nMII\n-----END PRIVATE KEY-----\n";
        Path published = Packs.write(project, "node_modules/x/key.pem", key);
        PackRequest request = Packs.forFunction(new TargetFunction("", "nodejs24.x", "x86_64", 0, ""));
        List<String> first = codes(Packs.packLater(project, cache, request));
        assertEquals(List.of("native-other-platform"), first);
        assertEquals(first, codes(Packs.packLater(project, cache, request)));
        // The same inode under a name where a key matters.
        Files.createLink(project.resolve("key.pem"), published);
        assertEquals(List.of("native-other-platform", "private-key"), codes(Packs.packLater(project, cache, request)));
        assertEquals(List.of("native-other-platform", "private-key"), codes(Packs.packLater(project, cache, request)));
    }

    private static List<String> codes(PackReport report) {
        return report.findings().stream().map(Finding::code).sorted().toList();
    }

    @Test
    void aFileIsReadAgainWhereOnlyItsPermissionsHaveChanged() throws Exception {
        Packs.packLater(project, cache);
        Files.setPosixFilePermissions(project.resolve("lib/1.js"), PosixFilePermissions.fromString("rw-------"));
        PackReport report = Packs.packLater(project, cache);
        assertEquals(
                project.resolve("lib/1.js").toFile().length(), report.work().readBytes());
    }

    @Test
    void statesAreReliedOnWhereTheFileSystemIsKnownOnly() throws Exception {
        assertTrue(CtimeState.of(Path.of("/proc"), Clock.systemUTC()).isEmpty());
        CtimeState states = CtimeState.of(project, Clock.offset(Clock.systemUTC(), Duration.ofHours(1)))
                .orElseThrow();
        Path file = Path.of("/proc/self/status");
        FileSnapshot stamp = FileSnapshot.of(file);
        SourceEntry elsewhere =
                new SourceEntry("x", new byte[] {'x'}, file, SourceEntry.Kind.FILE, stamp, false, new byte[0]);
        assertTrue(states.of(elsewhere).isEmpty(), "another device");
        Path gone = Packs.write(project, "gone", "x");
        SourceEntry removed = new SourceEntry(
                "gone", new byte[] {'x'}, gone, SourceEntry.Kind.FILE, FileSnapshot.of(gone), false, new byte[0]);
        assertTrue(states.of(removed).isPresent());
        Files.delete(gone);
        assertTrue(states.of(removed).isEmpty(), "who reads the file says that it was removed");
    }

    @Test
    void aRenamedFileIsNotDeflatedAgain() throws Exception {
        packCached();
        Files.move(project.resolve("lib"), project.resolve("source"));
        Files.move(project.resolve("large.bin"), project.resolve("source/big.bin"));
        PackReport report = packCached();
        assertEquals(0, report.work().deflatedBytes());
        assertEquals(Packs.pack(project).sha256(), report.sha256());
    }

    @Test
    void anotherLevelIsAnotherPackage() throws Exception {
        packCached();
        PackSettings settings = new PackSettings("", true, List.of(), List.of(), PackSettings.Links.FOLLOW, 9);
        PackRequest best = new PackRequest(settings, List.of(), 1 << 30, "", "", false, false, "", "", Map.of());
        PackReport report = Packs.pack(project, Optional.of(cache), best);
        assertEquals(new PackReport.Work(total, total, 0), report.work());
    }

    @Test
    void theCacheHoldsOnePackageAndItsIndexAndOutlivesThePackage() throws Exception {
        Files.delete(Path.of(packCached().file()));
        write("lib/a.js", "1");
        Files.delete(Path.of(packCached().file()));
        write("lib/a.js", "2");
        assertEquals(1, packCached().work().deflatedBytes());
        assertEquals(2, Packs.filesBelow(cache).size());
    }

    @Test
    void aDamagedCacheCostsTimeAndNeverABit() throws Exception {
        String expected = Packs.packLater(project, cache).sha256();
        Path sound = dir.resolve("sound");
        copy(cache, sound);
        Random random = new Random(20260501);
        int deflatedAgain = 0;
        for (int round = 0; round < 40; round++) {
            copy(sound, cache);
            List<String> files = Packs.filesBelow(cache);
            Path victim = cache.resolve(files.get(round % files.size()));
            String damage = damage(victim, random, round / 2 % 5);
            PackReport report = Packs.packLater(project, cache);
            String told = "round " + round + ": " + damage + " in " + victim.getFileName();
            assertEquals(expected, report.sha256(), told);
            assertEquals(total, report.work().deflatedBytes() + report.work().reusedBytes(), told);
            deflatedAgain += report.work().deflatedBytes() > 0 ? 1 : 0;
            Files.delete(Path.of(report.file()));
        }
        // Damage can fall on a header of the package, which is not copied; mostly it does not.
        assertTrue(deflatedAgain > 25, "deflated again " + deflatedAgain);
    }

    private static String damage(Path file, Random random, int kind) throws Exception {
        byte[] bytes = Files.readAllBytes(file);
        int at = random.nextInt(bytes.length);
        int other = random.nextInt(bytes.length);
        switch (kind) {
            case 0 -> bytes = Arrays.copyOf(bytes, at);
            case 1 -> bytes[at] ^= (byte) (1 << random.nextInt(8));
            case 2 -> {
                int length = Math.min(32, bytes.length - Math.max(at, other));
                byte[] kept = Arrays.copyOfRange(bytes, at, at + length);
                System.arraycopy(bytes, other, bytes, at, length);
                System.arraycopy(kept, 0, bytes, other, length);
            }
            case 3 -> Arrays.fill(bytes, at, bytes.length, (byte) 0);
            default -> bytes = Arrays.copyOf(bytes, bytes.length + 1 + random.nextInt(100));
        }
        // A link to the first package, so written under another name first.
        Path changed = file.resolveSibling("changed");
        Files.write(changed, bytes);
        Files.move(changed, file, StandardCopyOption.REPLACE_EXISTING);
        return "damage " + kind + " at " + at;
    }

    private static void copy(Path from, Path to) throws Exception {
        Files.createDirectories(to);
        try (Stream<Path> old = Files.list(to)) {
            for (Path file : old.toList()) {
                Files.delete(file);
            }
        }
        try (Stream<Path> files = Files.list(from)) {
            for (Path file : files.toList()) {
                Files.copy(file, to.resolve(file.getFileName()));
            }
        }
    }

    @Test
    void aPackageOfAnotherProjectUnderTheIndexIsNotCopiedFrom() throws Exception {
        packCached();
        String expected = packCached().sha256();
        Path kept = cache.resolve(Packs.filesBelow(cache).stream()
                .filter(name -> name.contains("package"))
                .findFirst()
                .orElseThrow());
        byte[] random = new byte[(int) Files.size(kept)];
        new Random(1).nextBytes(random);
        Files.delete(kept);
        Files.write(kept, random);
        PackReport report = packCached();
        assertEquals(expected, report.sha256());
        assertEquals(total, report.work().deflatedBytes());
        assertEquals(0, packCached().work().deflatedBytes());
    }

    @Test
    void anIndexThatNamesAFileElsewhereOrIsALinkIsNone() throws Exception {
        packCached();
        Path index = cache.resolve(".lambda-node-deploy-index");
        Path moved = dir.resolve("index");
        Files.move(index, moved);
        Files.createSymbolicLink(index, moved);
        assertEquals(total, packCached().work().deflatedBytes());
        byte[] hostile =
                PackageIndex.format(new byte[32], ".lambda-node-deploy-package-/../../x", 5, List.of(), List.of());
        assertTrue(PackageIndex.parse(hostile, new byte[32]).isPresent());
        Files.delete(index);
        Files.write(index, hostile);
        assertEquals(total, packCached().work().deflatedBytes());
    }

    @Test
    void aCacheThatCannotBeWrittenIsToldAndNoError() throws Exception {
        Files.writeString(cache, "a file where the folder should be");
        List<String> log = new ArrayList<>();
        Progress progress = new Progress() {
            @Override
            public void log(String line) {
                log.add(line);
            }

            @Override
            public void advance(String activity, long doneBytes, long totalBytes, int doneFiles) {}
        };
        PackReport report =
                new Packager(project, dir.resolve("temp"), Optional.of(cache), progress).pack(Packs.request());
        assertEquals(1, log.size());
        assertEquals(Packs.pack(project).sha256(), report.sha256());
    }

    @Test
    void buildsAtTheSameTimeDoNotDisturbEachOther() throws Exception {
        String expected = Packs.pack(project).sha256();
        Path other = Files.createDirectory(dir.resolve("other"));
        Packs.write(other, "index.js", "exports.handler = 1;".repeat(1000));
        String expectedOther = Packs.pack(other).sha256();
        ExecutorService threads = Executors.newFixedThreadPool(6);
        try {
            List<Future<String>> builds = new ArrayList<>();
            for (int i = 0; i < 30; i++) {
                Path which = i % 3 == 0 ? other : project;
                builds.add(threads.submit(() -> Packs.pack(which, cache).sha256()));
            }
            for (int i = 0; i < builds.size(); i++) {
                assertEquals(
                        i % 3 == 0 ? expectedOther : expected, builds.get(i).get());
            }
        } finally {
            threads.shutdownNow();
        }
        assertTrue(Packs.filesBelow(cache).size() <= 2, Packs.filesBelow(cache).toString());
    }

    @Test
    void aPackageThatIsTooLargeIsNotKept() {
        PackRequest small =
                new PackRequest(PackSettings.DEFAULT, List.of(), 100, "Smaller!", "", false, false, "", "", Map.of());
        assertThrows(DeployException.class, () -> Packs.pack(project, Optional.of(cache), small));
        assertTrue(Files.notExists(cache));
    }

    @Test
    void anIndexFindsWhatWasPutIntoItAndNothingElse() {
        Random random = new Random(3);
        List<PackageIndex.ObjectKey> places = new ArrayList<>();
        for (int i = 0; i < 500; i++) {
            byte[] sha = new byte[32];
            byte[] packed = new byte[32];
            random.nextBytes(sha);
            random.nextBytes(packed);
            places.add(new PackageIndex.ObjectKey(sha, i, 100L * i, i, i % 2 == 0, 0xffffffffL - i, packed));
        }
        List<PackageIndex.UnchangedFile> files = new ArrayList<>();
        for (int i = 0; i < 500; i++) {
            // Names of one inode have one content.
            CtimeState.FileState state = new CtimeState.FileState(5, Long.MAX_VALUE - i / 2 * 7, i / 2, -i / 2);
            files.add(new PackageIndex.UnchangedFile(state, i / 2 % 2 == 0, places.get(i / 2)));
        }
        byte[] print = "0123456789abcdef0123456789abcdef".getBytes(StandardCharsets.US_ASCII);
        PackageIndex index = PackageIndex.parse(PackageIndex.format(print, "name", 1_000_000, places, files), print)
                .orElseThrow();
        assertEquals("name", index.packageName());
        for (PackageIndex.ObjectKey place : places) {
            PackageIndex.ObjectKey found =
                    index.find(place.sha256(), place.size()).orElseThrow();
            assertEquals(place.offset(), found.offset());
            assertEquals(place.crc(), found.crc());
            assertEquals(place.deflated(), found.deflated());
            assertTrue(index.hasSize(place.size()));
            assertTrue(index.find(place.sha256(), place.size() + 1).isEmpty());
        }
        assertTrue(index.find(new byte[32], 0).isEmpty());
        for (int i = 0; i < 250; i++) {
            CtimeState.FileState state = files.get(2 * i).state();
            assertEquals(100L * i, index.find(state, false).orElseThrow().offset());
            assertEquals(i % 2 == 0, index.find(state, true).isPresent(), "a key was not looked for");
            long device = state.device();
            long inode = state.inode();
            assertTrue(
                    index.find(new CtimeState.FileState(6, inode, i, -i), false).isEmpty());
            assertTrue(index.find(new CtimeState.FileState(device, inode + 1, i, -i), false)
                    .isEmpty());
            assertTrue(index.find(new CtimeState.FileState(device, inode, i + 1, -i), false)
                    .isEmpty());
            assertTrue(index.find(new CtimeState.FileState(device, inode, i, -i - 1), false)
                    .isEmpty());
        }
        assertTrue(PackageIndex.parse(new byte[0], print).isEmpty());
    }
}
