package io.jenkins.plugins.lambdanode.engine.pack;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTimeoutPreemptively;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.jenkins.plugins.lambdanode.engine.base.DeployException;
import io.jenkins.plugins.lambdanode.engine.pack.api.AntPattern;
import io.jenkins.plugins.lambdanode.engine.pack.cache.CtimeState;
import io.jenkins.plugins.lambdanode.engine.pack.cache.PackageIndex;
import io.jenkins.plugins.lambdanode.engine.pack.check.JavaScriptText;
import io.jenkins.plugins.lambdanode.engine.pack.check.NativeProgram;
import io.jenkins.plugins.lambdanode.engine.pack.check.PackageJson;
import io.jenkins.plugins.lambdanode.engine.pack.select.DefaultExcludes;
import io.jenkins.plugins.lambdanode.engine.pack.select.LambdaIgnore;
import io.jenkins.plugins.lambdanode.testing.Seeds;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.security.MessageDigest;
import java.security.NoSuchAlgorithmException;
import java.time.Duration;
import java.util.Arrays;
import java.util.Comparator;
import java.util.List;
import java.util.Optional;
import java.util.stream.Stream;
import net.jqwik.api.Arbitraries;
import net.jqwik.api.Arbitrary;
import net.jqwik.api.EdgeCasesMode;
import net.jqwik.api.Example;
import net.jqwik.api.ForAll;
import net.jqwik.api.Property;
import net.jqwik.api.Provide;
import net.jqwik.api.ShrinkingMode;
import net.jqwik.api.lifecycle.AfterContainer;
import net.jqwik.api.lifecycle.BeforeContainer;

/** What reads files that others have written says what it makes of any bytes, or refuses them in words, in good time. */
class ReadersFuzzTest {

    private static final Duration GOOD_TIME = Duration.ofSeconds(10);
    private static final int SHA = 32;

    private static Path folder;

    @BeforeContainer
    static void makeFolder() throws IOException {
        folder = Files.createTempDirectory("fuzz");
    }

    @AfterContainer
    static void removeFolder() throws IOException {
        try (Stream<Path> files = Files.walk(folder)) {
            for (Path file : files.sorted(Comparator.reverseOrder()).toList()) {
                Files.delete(file);
            }
        }
    }

    // The package index

    @Provide
    Arbitrary<byte[]> indexes() {
        return Seeds.around("index");
    }

    @Property(shrinking = ShrinkingMode.BOUNDED, edgeCases = EdgeCasesMode.NONE)
    void anIndexFindsNothingThatIsNotInItsPackage(@ForAll("indexes") byte[] body) throws Exception {
        readIndex(body);
    }

    @Example
    void theSeedsOfIndexesAreReadAsFarAsTheyAreSound() throws Exception {
        List<Optional<PackageIndex>> read =
                Seeds.of("index").stream().map(this::readIndex).toList();

        assertEquals(4, read.stream().filter(Optional::isPresent).count());
    }

    private Optional<PackageIndex> readIndex(byte[] body) {
        byte[] bytes = Arrays.copyOf(body, body.length + SHA);
        System.arraycopy(sha256(body), 0, bytes, body.length, SHA);
        Optional<PackageIndex> index = PackageIndex.parse(bytes, new byte[SHA]);
        for (int at = 0; index.isPresent() && at + SHA + Long.BYTES <= body.length; at++) {
            byte[] sha256 = Arrays.copyOfRange(body, at, at + SHA);
            for (long size : List.of(ByteBuffer.wrap(body).getLong(at + SHA), 0L, Long.MAX_VALUE)) {
                index.get().hasSize(size);
                index.get().find(sha256, size).ifPresent(place -> isInPackage(place, index.get()));
            }
            ByteBuffer numbers = ByteBuffer.wrap(sha256);
            long inode = numbers.getLong();
            CtimeState.FileState state =
                    new CtimeState.FileState(numbers.getLong(), inode, numbers.getLong(), numbers.getLong());
            index.get().find(state, false).ifPresent(place -> isInPackage(place, index.get()));
        }
        return index;
    }

    private static void isInPackage(PackageIndex.ObjectKey place, PackageIndex index) {
        assertTrue(place.offset() >= 0 && place.packedSize() >= 0, place.toString());
        assertTrue(place.packedSize() <= index.packageSize() - place.offset(), place.toString());
    }

    @Example
    void whicheverByteOfAnIndexIsDamagedThePackageIsTheSame() throws Exception {
        Path home = Files.createTempDirectory(folder, "cache");
        Path project = Files.createDirectory(home.resolve("project"));
        Packs.write(project, "index.js", "content\n".repeat(20));
        Path cache = home.resolve("kept");
        byte[] expected = Files.readAllBytes(Path.of(Packs.pack(project, cache).file()));
        for (int at = 0; ; at++) {
            Path index = cache.resolve(DefaultExcludes.OWN_PREFIX + "index");
            byte[] bytes = Files.readAllBytes(index);
            if (at == bytes.length) {
                break;
            }
            bytes[at] ^= 1;
            Files.write(index, bytes);
            byte[] again = Files.readAllBytes(Path.of(Packs.pack(project, cache).file()));
            assertArrayEquals(expected, again, "byte " + at);
        }
    }

    @Property(tries = 25, shrinking = ShrinkingMode.OFF, edgeCases = EdgeCasesMode.NONE)
    void whateverIsDamagedInACacheThePackageIsTheSame(
            @ForAll("places") double place, @ForAll byte value, @ForAll boolean cut) throws Exception {
        Path home = Files.createTempDirectory(folder, "cache");
        Path project = Files.createDirectory(home.resolve("project"));
        for (String name : List.of("index.js", "a.txt", "b.txt")) {
            Packs.write(project, name, ("content of " + name + "\n").repeat(20));
        }
        Path cache = home.resolve("kept");
        byte[] expected = Files.readAllBytes(Path.of(Packs.pack(project, cache).file()));
        for (String file : Packs.filesBelow(cache)) {
            byte[] bytes = Files.readAllBytes(cache.resolve(file));
            int at = (int) (place * (bytes.length - 1));
            bytes[at] = value;
            Files.write(cache.resolve(file), cut ? Arrays.copyOf(bytes, at) : bytes);
        }

        byte[] again = Files.readAllBytes(Path.of(Packs.pack(project, cache).file()));

        assertArrayEquals(expected, again);
    }

    @Provide
    Arbitrary<Double> places() {
        return Arbitraries.doubles().between(0, 1);
    }

    private static byte[] sha256(byte[] bytes) {
        try {
            return MessageDigest.getInstance("SHA-256").digest(bytes);
        } catch (NoSuchAlgorithmException e) {
            throw new IllegalStateException(e);
        }
    }

    // .lambdaignore

    @Provide
    Arbitrary<byte[]> ignoreFiles() {
        return Seeds.around("lambdaignore");
    }

    @Property(shrinking = ShrinkingMode.BOUNDED, edgeCases = EdgeCasesMode.NONE)
    void anIgnoreFileIsFollowedOrRefusedInWords(@ForAll("ignoreFiles") byte[] text) throws Exception {
        readIgnoreFile(text);
    }

    @Example
    void theSeedsOfIgnoreFilesAreFollowedOrRefusedInWords() throws Exception {
        for (byte[] seed : Seeds.of("lambdaignore")) {
            readIgnoreFile(seed);
        }
    }

    private static void readIgnoreFile(byte[] text) throws IOException {
        Files.write(folder.resolve(LambdaIgnore.FILE_NAME), text);
        assertTimeoutPreemptively(GOOD_TIME, () -> {
            try {
                LambdaIgnore ignore = LambdaIgnore.of(folder);
                for (String path : List.of(
                        "a",
                        "a.map",
                        "test/keep.js",
                        "docs/x/y.md",
                        "a".repeat(80),
                        "x/" + "ab/".repeat(40) + "c",
                        "[",
                        "\\",
                        "\u00e4")) {
                    ignore.ignores(path, true);
                    ignore.ignores(path, false);
                }
                ignore.findings().forEach(finding -> assertFalse(holdsControls(finding.message()), finding.message()));
            } catch (DeployException e) {
                assertFalse(holdsControls(e.getMessage()), e.getMessage());
            }
        });
    }

    private static boolean holdsControls(String message) {
        return message.chars().anyMatch(Character::isISOControl);
    }

    // Native programs

    @Provide
    Arbitrary<byte[]> heads() {
        return Seeds.around("native");
    }

    @Property(shrinking = ShrinkingMode.BOUNDED, edgeCases = EdgeCasesMode.NONE)
    void theHeadOfAnyFileIsTold(@ForAll("heads") byte[] head) {
        NativeProgram.isElf(head);
        NativeProgram.of(head).ifPresent(program -> {
            assertFalse(program.display().isBlank());
            assertTrue(program.system().equals("linux") || !program.runsOn(""), program.display());
        });
    }

    @Example
    void theSeedsOfNativeProgramsAreTold() {
        List<String> told = Seeds.of("native").stream()
                .map(NativeProgram::of)
                .map(program -> program.map(NativeProgram::display).orElse("none"))
                .toList();

        assertEquals(
                List.of("linux arm64", "linux s390x", "linux x86_64", "macOS", "none", "macOS", "Windows", "none"),
                told);
    }

    // package.json and JavaScript

    @Provide
    Arbitrary<String> packageJsons() {
        return Seeds.textAround("package-json");
    }

    @Property(shrinking = ShrinkingMode.BOUNDED, edgeCases = EdgeCasesMode.NONE)
    void anythingInPlaceOfAPackageJsonIsRead(@ForAll("packageJsons") String json) {
        assertTimeoutPreemptively(GOOD_TIME, () -> {
            PackageJson read = PackageJson.parse(json);
            assertTrue(read.text("name").length() <= json.length());
        });
    }

    @Provide
    Arbitrary<String> scripts() {
        return Seeds.textAround("javascript");
    }

    @Property(shrinking = ShrinkingMode.BOUNDED, edgeCases = EdgeCasesMode.NONE)
    void anythingInPlaceOfAScriptIsRead(@ForAll("scripts") String source) {
        assertTimeoutPreemptively(GOOD_TIME, () -> {
            JavaScriptText text = new JavaScriptText(source);
            text.hasModuleSyntax();
            text.hasCommonJsExports();
            text.exportsWithCallback("handler");
        });
    }

    @Example
    void theSeedsOfScriptsAndPackageJsonsAreRead() {
        for (byte[] seed : Seeds.of("javascript")) {
            anythingInPlaceOfAScriptIsRead(new String(seed, StandardCharsets.UTF_8));
        }
        for (byte[] seed : Seeds.of("package-json")) {
            anythingInPlaceOfAPackageJsonIsRead(new String(seed, StandardCharsets.UTF_8));
        }
    }

    @Example
    void aMillionBlanksInAScriptAreReadInGoodTime() {
        String blanks = " ".repeat(1 << 20);
        for (String source : List.of(
                "exports.handler = function" + blanks + "x" + blanks,
                "exports.handler" + blanks + "=" + blanks + "async" + blanks,
                "function" + blanks + "handler" + blanks,
                "import" + blanks + "a" + blanks,
                "(" + "a,".repeat(1 << 19))) {
            anythingInPlaceOfAScriptIsRead(source);
        }
    }

    // Patterns

    @Property(shrinking = ShrinkingMode.BOUNDED, edgeCases = EdgeCasesMode.NONE)
    void anyAntPatternIsMatchedInGoodTimeOrRefused(
            @ForAll("patterns") String pattern, @ForAll("patterns") String path) {
        assertTimeoutPreemptively(GOOD_TIME, () -> {
            try {
                AntPattern read = new AntPattern(pattern);
                read.matches(path);
                read.matchesAllBelow(path);
                read.matches("ab/".repeat(500));
            } catch (IllegalArgumentException e) {
                assertTrue(e.getMessage().contains("can match nothing"), e.getMessage());
            }
        });
    }

    @Provide
    Arbitrary<String> patterns() {
        return Arbitraries.of("a", "b", "*", "**", "/", "?", "\\", ".", "**/", "*a*")
                .list()
                .ofMaxSize(200)
                .map(parts -> String.join("", parts));
    }
}
