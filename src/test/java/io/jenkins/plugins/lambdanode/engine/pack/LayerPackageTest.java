package io.jenkins.plugins.lambdanode.engine.pack;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.jenkins.plugins.lambdanode.engine.base.DeployException;
import io.jenkins.plugins.lambdanode.engine.base.Progress;
import io.jenkins.plugins.lambdanode.engine.pack.api.Finding;
import io.jenkins.plugins.lambdanode.engine.pack.api.PackReport;
import io.jenkins.plugins.lambdanode.engine.pack.api.PackRequest;
import io.jenkins.plugins.lambdanode.engine.pack.api.PackSettings;
import io.jenkins.plugins.lambdanode.engine.pack.api.TargetFunction;
import java.io.RandomAccessFile;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Random;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/** Dependencies in a package of their own, for a layer. */
class LayerPackageTest {

    @TempDir
    Path dir;

    private Path project;

    @BeforeEach
    void makeProject() throws Exception {
        project = Files.createDirectory(dir.resolve("project"));
        Packs.write(project, "index.js", "exports.handler = async () => require('dep');\n");
        Packs.write(project, "node_modules/dep/index.js", "module.exports = 1;\n".repeat(500));
    }

    private PackReport pack(TargetFunction... functions) throws Exception {
        return Packs.pack(project, Packs.apart(Packs.forFunction(functions)));
    }

    private static TargetFunction function(String handler, String runtime) {
        return new TargetFunction(handler, runtime, "", 0, "");
    }

    private Path link(String name, String target) throws Exception {
        Path link = project.resolve(name);
        Files.createDirectories(link.getParent());
        return Files.createSymbolicLink(link, Path.of(target));
    }

    @Test
    void aChangeOfCodeLeavesTheLayerAsItIs() throws Exception {
        PackReport before = pack();
        Packs.write(project, "index.js", "exports.handler = async () => 2;\n");
        PackReport after = pack();

        assertEquals(
                before.layer().orElseThrow().sha256(),
                after.layer().orElseThrow().sha256());
        assertTrue(!before.sha256().equals(after.sha256()), after.sha256());
    }

    @Test
    void theSameDependenciesGiveTheSameLayerWhateverTheUmask() throws Exception {
        Path other = dir.resolve("other");
        Run.program("bash", "-c", "umask 077; cp -r \"$0\" \"$1\"", project.toString(), other.toString())
                .requireSuccess();

        assertEquals(
                pack().layer().orElseThrow().sha256(),
                Packs.pack(other, Packs.apart(Packs.request()))
                        .layer()
                        .orElseThrow()
                        .sha256());
    }

    @Test
    void aProjectWithoutDependenciesHasOnePackage() throws Exception {
        Packs.write(project, "lib/node_modules/own/index.js", "stays in the code");
        Run.program("rm", "-r", project.resolve("node_modules").toString()).requireSuccess();
        Files.createDirectory(project.resolve("node_modules"));

        PackReport report = pack();

        assertEquals(Optional.empty(), report.layer());
        assertEquals(Packs.pack(project).sha256(), report.sha256());
    }

    @Test
    void aWorkspacesPackageIsAFolderInTheLayerAndStaysInTheCodeToo() throws Exception {
        Packs.write(project, "packages/shared/main.js", "shared");
        link("node_modules/shared", "../packages/shared");

        PackReport report = pack();

        assertEquals(
                "shared",
                ZipListing.content(report.layer().orElseThrow().file(), "nodejs/node_modules/shared/main.js"));
        assertEquals("shared", ZipListing.content(report.file(), "packages/shared/main.js"));
    }

    @Test
    void linksFromOnePackageToTheOtherCannotBeStoredAsLinks() throws Exception {
        Packs.write(project, "packages/shared/main.js", "shared");
        link("node_modules/.bin/dep", "../dep/index.js");
        PackRequest storing = Packs.apart(Packs.request(List.of(), List.of(), PackSettings.Links.STORE, List.of(), ""));
        ZipListing layer =
                ZipListing.of(Packs.pack(project, storing).layer().orElseThrow().file());
        assertEquals(
                "120777",
                layer.entry("nodejs/node_modules/.bin/dep").orElseThrow().mode());

        for (Map.Entry<String, String> crossing : Map.of(
                        "node_modules/shared", "../packages/shared", "lib/dep", "../node_modules/dep")
                .entrySet()) {
            Path link = link(crossing.getKey(), crossing.getValue());
            String message = assertThrows(DeployException.class, () -> Packs.pack(project, storing))
                    .getMessage();
            assertTrue(message.contains(crossing.getKey()) && message.contains("symlinks: 'follow'"), message);
            Files.delete(link);
        }
    }

    @Test
    void aHandlerInNodeModulesWouldNotBeFound() throws Exception {
        String message = assertThrows(
                        DeployException.class, () -> pack(function("node_modules/dep/index.handler", "nodejs22.x")))
                .getMessage();

        assertTrue(
                message.contains("node_modules/dep/index.js") && message.contains("dependencies: 'package'"), message);
    }

    @ParameterizedTest
    @CsvSource({"nodejs16.x,layer-import", "nodejs22.x,", "nodejs24.x,"})
    void anEsModuleIsToldWhereItsImportsDoNotFindALayer(String runtime, String code) throws Exception {
        Packs.write(project, "main.mjs", "import dep from 'dep';\nexport const handler = async () => dep;\n");

        List<String> codes = pack(function("main.handler", runtime)).findings().stream()
                .map(Finding::code)
                .toList();

        assertEquals(code != null, codes.contains("layer-import"), codes.toString());
    }

    @Test
    void nativeFilesAndTheRuntimesSdkAreFoundInTheLayerToo() throws Exception {
        Packs.write(project, "node_modules/@aws-sdk/client-s3/index.js", "x");
        byte[] arm = new byte[64];
        System.arraycopy(new byte[] {0x7f, 'E', 'L', 'F', 2, 1, 1}, 0, arm, 0, 7);
        arm[16] = 2;
        arm[18] = (byte) 183;
        Packs.write(project, "node_modules/dep/tool", arm);

        List<String> codes =
                pack(new TargetFunction("index.handler", "nodejs22.x", "x86_64", 0, "")).findings().stream()
                        .map(Finding::code)
                        .toList();

        assertTrue(codes.containsAll(List.of("native-other-platform", "sdk-in-runtime")), codes.toString());
    }

    @Test
    void aNodePathOfTheFunctionsOwnThatHidesTheLayerIsSaid() throws Exception {
        for (String path : List.of("", "/opt/nodejs/node_modules", "/var/task/lib:/opt/nodejs/node_modules/")) {
            TargetFunction function = new TargetFunction("index.handler", "nodejs22.x", "x86_64", 0, path);
            assertEquals(List.of(), pack(function).findings(), path);
        }
        TargetFunction hiding =
                new TargetFunction("index.handler", "nodejs22.x", "x86_64", 0, "/var/task/lib:/opt/nodejs");

        Finding finding = pack(hiding).findings().get(0);

        assertEquals("node-path", finding.code());
        assertTrue(finding.message().contains("Add /opt/nodejs/node_modules to NODE_PATH"), finding.message());
        assertEquals(List.of(), Packs.pack(project, Packs.forFunction(hiding)).findings());
    }

    @Test
    void codeAndDependenciesCountTogetherTowardsTheUnzippedLimit() throws Exception {
        for (String name : List.of("lib/a", "node_modules/heavy/b")) {
            Path file = project.resolve(name);
            Files.createDirectories(file.getParent());
            try (RandomAccessFile sparse = new RandomAccessFile(file.toFile(), "rw")) {
                sparse.setLength(140_000_000);
            }
        }

        String message = assertThrows(DeployException.class, this::pack).getMessage();

        assertTrue(
                message.contains("node_modules/heavy") && message.contains("lib") && message.contains("262,144,000"),
                message);
    }

    @Test
    void eachPackageMayHaveTheLimitOfWhatCanBeSent() throws Exception {
        for (String name : List.of("lib/a", "node_modules/heavy/b")) {
            byte[] random = new byte[100_000];
            new Random(name.hashCode()).nextBytes(random);
            Packs.write(project, name, random);
        }
        PackRequest request = new PackRequest(
                PackSettings.DEFAULT, List.of(), 150_000, "Name an s3Bucket.", "", true, false, "", "", Map.of());

        assertTrue(Packs.pack(project, request).zippedBytesInAll() > 200_000);

        byte[] more = new byte[100_000];
        new Random(3).nextBytes(more);
        Packs.write(project, "node_modules/heavy/c", more);
        Path temp = dir.resolve("t");
        String message = assertThrows(
                        DeployException.class,
                        () -> new Packager(project, temp, Optional.empty(), Progress.NONE).pack(request))
                .getMessage();
        assertTrue(message.contains("node_modules/heavy") && message.endsWith("Name an s3Bucket."), message);
        assertEquals(List.of(), Packs.filesBelow(temp));
    }

    @Test
    void onlyWhatChangedIsDeflatedAgainInEitherPackage() throws Exception {
        PackRequest apart = Packs.apart(Packs.request());
        Optional<Path> cache = Optional.of(dir.resolve("cache"));
        PackReport first = Packs.pack(project, cache, apart);
        assertEquals(first.unzippedBytes(), first.work().deflatedBytes());

        PackReport again = Packs.pack(project, cache, apart);
        assertEquals(0, again.work().deflatedBytes());
        assertEquals(0, again.layer().orElseThrow().work().deflatedBytes());
        assertEquals(
                List.of(first.sha256(), first.layer().orElseThrow().sha256()),
                List.of(again.sha256(), again.layer().orElseThrow().sha256()));

        Packs.write(project, "node_modules/new/index.js", "module.exports = 'new';\n");
        PackReport changed = Packs.pack(project, cache, apart);
        assertEquals(0, changed.work().deflatedBytes());
        assertEquals(24, changed.layer().orElseThrow().work().deflatedBytes());
        assertEquals(
                Packs.pack(project, Packs.apart(Packs.request()))
                        .layer()
                        .orElseThrow()
                        .sha256(),
                changed.layer().orElseThrow().sha256());
    }
}
