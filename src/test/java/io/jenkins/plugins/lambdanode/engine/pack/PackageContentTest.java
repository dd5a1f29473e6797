package io.jenkins.plugins.lambdanode.engine.pack;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.jenkins.plugins.lambdanode.engine.base.Progress;
import io.jenkins.plugins.lambdanode.engine.pack.api.PackReport;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.FileVisitResult;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.SimpleFileVisitor;
import java.nio.file.attribute.BasicFileAttributes;
import java.nio.file.attribute.FileTime;
import java.nio.file.attribute.PosixFilePermissions;
import java.security.MessageDigest;
import java.time.Clock;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Base64;
import java.util.Collections;
import java.util.HexFormat;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Random;
import java.util.TreeMap;
import java.util.TreeSet;
import net.jqwik.api.Arbitraries;
import net.jqwik.api.Arbitrary;
import net.jqwik.api.Combinators;
import net.jqwik.api.ForAll;
import net.jqwik.api.Property;
import net.jqwik.api.Provide;
import net.jqwik.api.ShrinkingMode;
import net.jqwik.api.Tuple;

/** What goes in comes out, and only what goes in decides the bytes. */
class PackageContentTest {

    /** A file's content by the seed that makes it, its size and whether it can be deflated well. */
    record Content(long seed, int size, boolean text, boolean executable) {
        byte[] bytes() {
            byte[] bytes = new byte[size];
            Random random = new Random(seed);
            if (text) {
                for (int i = 0; i < size; i++) {
                    bytes[i] = (byte) "const x = require('y');\n".charAt(random.nextInt(24));
                }
            } else {
                random.nextBytes(bytes);
            }
            return bytes;
        }
    }

    @Provide
    Arbitrary<Map<String, Content>> trees() {
        Arbitrary<String> name = Arbitraries.of(
                "index.js",
                "lib",
                "a",
                "a-b",
                "A.txt",
                "ä",
                "日本",
                "with space",
                "-r",
                "'q'",
                "node_modules",
                "@scope",
                "é\uD83D\uDE00",
                "\uFB01",
                "x&y;$z",
                "...");
        Arbitrary<String> path = name.list().ofMinSize(1).ofMaxSize(5).map(names -> String.join("/", names));
        Arbitrary<Integer> size = Arbitraries.frequencyOf(
                Tuple.of(3, Arbitraries.of(0, 1, 2, 10)),
                Tuple.of(10, Arbitraries.integers().between(0, 5000)),
                Tuple.of(2, Arbitraries.integers().between(30_000, 300_000)),
                Tuple.of(1, Arbitraries.of((1 << 20) - 1, 1 << 20, (1 << 20) + 1, 2 << 20, (2 << 20) + 77)));
        Arbitrary<Content> content = Combinators.combine(
                        Arbitraries.longs(), size, Arbitraries.of(true, true, false), Arbitraries.of(true, false))
                .as(Content::new);
        return Arbitraries.maps(path, content)
                .ofMinSize(1)
                .ofMaxSize(25)
                .map(PackageContentTest::withoutFilesAsFolders);
    }

    private static Map<String, Content> withoutFilesAsFolders(Map<String, Content> tree) {
        Map<String, Content> possible = new TreeMap<>(tree);
        possible.keySet().removeIf(name -> tree.keySet().stream().anyMatch(other -> other.startsWith(name + "/")));
        return possible;
    }

    private static void create(Path project, Map<String, Content> tree, Random order) throws IOException {
        List<String> names = new ArrayList<>(tree.keySet());
        Collections.shuffle(names, order);
        for (String name : names) {
            Path file = Packs.write(project, name, tree.get(name).bytes());
            Files.setPosixFilePermissions(
                    file,
                    PosixFilePermissions.fromString(
                            tree.get(name).executable()
                                    ? order.nextBoolean() ? "rwx------" : "rwxrwxr-x"
                                    : "rw-r-----"));
            Files.setLastModifiedTime(file, FileTime.fromMillis(order.nextInt(2_000_000_000) * 1000L));
        }
    }

    @Property(tries = 25, shrinking = ShrinkingMode.OFF)
    void whatGoesInComesOut(@ForAll("trees") Map<String, Content> tree) throws Exception {
        Path dir = Files.createTempDirectory("whatGoesIn");
        try {
            Path project = Files.createDirectory(dir.resolve("project"));
            create(project, tree, new Random(1));
            PackReport report = Packs.pack(project);
            ZipListing zip = ZipListing.of(report.file());

            TreeMap<String, String> expected = new TreeMap<>();
            for (Map.Entry<String, Content> file : tree.entrySet()) {
                expected.put(
                        file.getKey(),
                        (file.getValue().executable() ? "100755 " : "100644 ")
                                + sha256(file.getValue().bytes()));
                for (int slash = file.getKey().indexOf('/');
                        slash >= 0;
                        slash = file.getKey().indexOf('/', slash + 1)) {
                    expected.put(file.getKey().substring(0, slash + 1), "40755 " + sha256(new byte[0]));
                }
            }
            TreeMap<String, String> actual = new TreeMap<>();
            zip.entries().forEach(entry -> actual.put(entry.name(), entry.mode() + " " + entry.sha256()));
            assertEquals(expected, actual);
            assertEquals(expected.size(), zip.entries().size());

            List<String> sorted = new ArrayList<>(zip.names());
            sorted.sort((a, b) ->
                    Arrays.compareUnsigned(a.getBytes(StandardCharsets.UTF_8), b.getBytes(StandardCharsets.UTF_8)));
            assertEquals(sorted, zip.names());
            for (ZipListing.Entry entry : zip.entries()) {
                assertEquals("1980-1-1-0-0-0", entry.time());
                assertEquals(0, entry.extra());
                assertEquals(0x800, entry.flags(), "UTF-8 names, no data descriptor");
                assertEquals(3, entry.system());
                assertTrue(entry.packed() <= entry.size() + entry.size() / 1000, entry.toString());
            }
            Run.program("unzip", "-tq", report.file()).requireSuccess();

            byte[] packageBytes = Files.readAllBytes(Path.of(report.file()));
            long files = tree.size();
            long unzipped = tree.values().stream().mapToLong(Content::size).sum();
            assertEquals(sha256(packageBytes), report.sha256());
            assertEquals(
                    Base64.getEncoder().encodeToString(HexFormat.of().parseHex(sha256(packageBytes))),
                    report.codeSha256());
            assertEquals(packageBytes.length, report.zippedBytes());
            assertEquals(files, report.files());
            assertEquals(expected.size(), report.entries());
            assertEquals(unzipped, report.unzippedBytes());
            assertEquals(contentDigest(zip), report.contentDigest());
            assertEquals(new PackReport.Work(unzipped, unzipped, 0), report.work());
        } finally {
            delete(dir);
        }
    }

    @Property(tries = 25, shrinking = ShrinkingMode.OFF)
    void codeAndDependenciesApartHoldTogetherWhatOnePackageHolds(@ForAll("trees") Map<String, Content> tree)
            throws Exception {
        Path dir = Files.createTempDirectory("apart");
        try {
            Path project = Files.createDirectory(dir.resolve("project"));
            create(project, tree, new Random(1));
            Packs.write(project, "main.js", "x");
            TreeMap<String, String> whole = listed(Packs.pack(project), "");

            PackReport code = Packs.pack(project, Packs.apart(Packs.request()));

            TreeMap<String, String> together = listed(code, "");
            boolean hasModules = tree.keySet().stream().anyMatch(name -> name.startsWith("node_modules/"));
            assertEquals(hasModules, code.layer().isPresent());
            if (hasModules) {
                TreeMap<String, String> layer = listed(code.layer().orElseThrow(), "nodejs/");
                assertTrue(
                        layer.keySet().stream().allMatch(name -> name.startsWith("node_modules/")), layer.toString());
                assertTrue(
                        together.keySet().stream().noneMatch(name -> name.startsWith("node_modules/")),
                        together.toString());
                together.putAll(layer);
                assertEquals(
                        contentDigest(ZipListing.of(code.layer().get().file())),
                        code.layer().get().contentDigest());
            }
            assertEquals(whole, together);
        } finally {
            delete(dir);
        }
    }

    /** Names without a folder that all of them are in, with mode and SHA-256. */
    private static TreeMap<String, String> listed(PackReport report, String prefix) throws Exception {
        TreeMap<String, String> listed = new TreeMap<>();
        for (ZipListing.Entry entry : ZipListing.of(report.file()).entries()) {
            assertTrue(entry.name().startsWith(prefix), entry.name());
            listed.put(entry.name().substring(prefix.length()), entry.mode() + " " + entry.sha256());
        }
        return listed;
    }

    @Property(tries = 15, shrinking = ShrinkingMode.OFF)
    void theSameContentGivesTheSameBytesWhateverElseDiffers(
            @ForAll("trees") Map<String, Content> tree, @ForAll long seed) throws Exception {
        Path dir = Files.createTempDirectory("sameBytes");
        try {
            Path first = Files.createDirectory(dir.resolve("first"));
            Path second = Files.createDirectories(dir.resolve("in/another/folder"));
            create(first, tree, new Random(seed));
            create(second, tree, new Random(seed + 1));
            Map<String, String> digests = new LinkedHashMap<>();
            digests.put("one core", pack(first, dir, 1, Optional.empty()).sha256());
            digests.put(
                    "another folder, three cores",
                    pack(second, dir, 3, Optional.empty()).sha256());
            Path cache = dir.resolve("cache");
            digests.put("empty cache", pack(first, dir, 2, Optional.of(cache)).sha256());
            PackReport reused = pack(second, dir, 8, Optional.of(cache));
            digests.put("full cache", reused.sha256());
            assertEquals(1, new TreeSet<>(digests.values()).size(), digests.toString());
            assertEquals(0, reused.work().deflatedBytes());
        } finally {
            delete(dir);
        }
    }

    private static PackReport pack(Path project, Path dir, int cores, Optional<Path> cache) throws Exception {
        Path temp = Files.createTempDirectory(dir, "temp");
        return new Packager(project, temp, cache, Progress.NONE, cores, Optional.empty(), Clock.systemUTC())
                .pack(Packs.request());
    }

    private static String contentDigest(ZipListing zip) throws Exception {
        MessageDigest digest = MessageDigest.getInstance("SHA-256");
        for (ZipListing.Entry entry : zip.entries()) {
            String mode = "0".repeat(6 - entry.mode().length()) + entry.mode();
            digest.update((entry.name() + "\0" + mode + "\0").getBytes(StandardCharsets.UTF_8));
            digest.update(HexFormat.of().parseHex(entry.sha256()));
        }
        return HexFormat.of().formatHex(digest.digest());
    }

    private static String sha256(byte[] bytes) throws Exception {
        return HexFormat.of().formatHex(MessageDigest.getInstance("SHA-256").digest(bytes));
    }

    private static void delete(Path dir) throws IOException {
        Files.walkFileTree(dir, new SimpleFileVisitor<>() {
            @Override
            public FileVisitResult visitFile(Path file, BasicFileAttributes attributes) throws IOException {
                Files.delete(file);
                return FileVisitResult.CONTINUE;
            }

            @Override
            public FileVisitResult postVisitDirectory(Path folder, IOException e) throws IOException {
                Files.delete(folder);
                return FileVisitResult.CONTINUE;
            }
        });
    }
}
