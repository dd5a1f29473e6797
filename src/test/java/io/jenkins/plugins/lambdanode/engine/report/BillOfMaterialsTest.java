package io.jenkins.plugins.lambdanode.engine.report;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import io.jenkins.plugins.lambdanode.engine.pack.Packs;
import io.jenkins.plugins.lambdanode.engine.pack.api.PackReport;
import io.jenkins.plugins.lambdanode.engine.pack.api.PackRequest;
import io.jenkins.plugins.lambdanode.engine.pack.api.PackSettings;
import io.jenkins.plugins.lambdanode.testing.NodeTool;
import io.jenkins.plugins.lambdanode.testing.Program;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.TreeMap;
import java.util.TreeSet;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** Bills of materials of what real package managers install, beside npm's own, by CycloneDX's schema and as its own library reads them. */
class BillOfMaterialsTest {

    private static final ObjectMapper JSON = new ObjectMapper();

    /** Scoped, aliased, in two versions, for development, optional for another system, and of the repository. */
    private static final String PACKAGE_JSON = """
            {"name": "orders", "version": "2.0.0", "license": "UNLICENSED",
             "dependencies": {"debug": "4.3.4", "ms": "2.0.0", "left": "npm:left-pad@1.3.0", "@types/ms": "0.7.34",
              "@acme/shared": "file:shared"},
             "optionalDependencies": {"fsevents": "2.3.3"},
             "devDependencies": {"is-odd": "3.0.1"}}""";

    /** Prints what the library reads: name, version and purl of each component, after it has found the text valid. */
    private static final String READER = """
            import sys
            from cyclonedx.schema import SchemaVersion
            from cyclonedx.validation.json import JsonStrictValidator
            from cyclonedx.model.bom import Bom
            import json
            text = open(sys.argv[1], encoding='utf-8').read()
            error = JsonStrictValidator(SchemaVersion.V1_6).validate_str(text)
            assert error is None, error
            bom = Bom.from_json(json.loads(text))
            bom.validate()
            print(bom.metadata.component.name, bom.metadata.component.version)
            for each in sorted(bom.components, key=lambda each: each.bom_ref.value):
                print(each.name, each.version, each.purl or '-')
            """;

    @TempDir
    Path dir;

    private static JsonNode read(PackReport packaged) throws Exception {
        return JSON.readTree(text(packaged));
    }

    private static String text(PackReport packaged) {
        return BillOfMaterials.of(packaged, packaged.layer().map(PackReport::sha256))
                .orElseThrow();
    }

    private Path project(String packageJson) throws Exception {
        Path project = Files.createDirectories(dir.toRealPath().resolve("project"));
        Packs.write(project, "package.json", packageJson);
        Packs.write(project, "index.js", "exports.handler = async () => 1;\n");
        Packs.write(project, ".yarnrc.yml", "nodeLinker: node-modules\n");
        Packs.write(
                project,
                "shared/package.json",
                "{\"name\":\"@acme/shared\",\"version\":\"1.0.0\",\"license\":\"MIT\"}");
        return project;
    }

    private static void install(Path project, NodeTool tool, String command) throws Exception {
        Program.run(project, Map.of("PATH", tool.onPath(), "CI", ""), List.of("sh", "-c", command))
                .successful();
    }

    private static PackReport pack(Path project, String lockFile) throws Exception {
        return Packs.pack(
                project, Packs.request().withInstall(project.resolve(lockFile).toString(), Map.of()));
    }

    private String asRead(PackReport packaged) throws Exception {
        Path file = Files.writeString(dir.resolve("bom.cdx.json"), text(packaged));
        return Program.python(READER, file.toString());
    }

    /** What each component has in a field, by its name and version. */
    private static Map<String, String> field(JsonNode bom, String pointer) {
        Map<String, String> values = new TreeMap<>();
        bom.get("components")
                .forEach(each -> values.put(
                        each.path("purl").asText().replaceFirst("\\?.*", "")
                                + each.at("/bom-ref").asText(),
                        each.at(pointer).asText("")));
        return values;
    }

    private static TreeSet<String> purls(JsonNode bom) {
        TreeSet<String> purls = new TreeSet<>(bom.findValuesAsText("purl"));
        purls.remove(bom.at("/metadata/component/purl").asText("none"));
        purls.removeIf(purl -> purl.contains("shared"));
        return purls;
    }

    @Test
    void npmsOwnBillOfMaterialsNamesTheSamePackagesWithTheSameHashesAndLicences() throws Exception {
        Path project = project(PACKAGE_JSON);
        install(project, NodeTool.NODE, "npm install --no-audit --no-fund");
        JsonNode npm = JSON.readTree(Program.run(
                        project,
                        Map.of("PATH", NodeTool.NODE.onPath()),
                        List.of("npm", "sbom", "--omit=dev", "--sbom-format", "cyclonedx"))
                .successful()
                .out());

        PackReport packaged = pack(project, "package-lock.json");
        JsonNode bom = read(packaged);

        assertEquals(purls(npm), purls(bom));
        assertEquals(
                List.of(
                        "pkg:npm/%40types/ms@0.7.34",
                        "pkg:npm/debug@4.3.4", "pkg:npm/left-pad@1.3.0", "pkg:npm/ms@2.0.0", "pkg:npm/ms@2.1.2"),
                List.copyOf(purls(bom)));
        for (String pointer : List.of("/hashes/0/alg", "/hashes/0/content", "/licenses/0/license/id")) {
            Map<String, String> expected = field(npm, pointer);
            Map<String, String> found = field(bom, pointer);
            expected.keySet().removeIf(key -> !key.startsWith("pkg") || key.contains("shared"));
            found.keySet().removeIf(key -> !key.startsWith("pkg"));
            assertEquals(expected, found, pointer);
        }
        assertEquals("complete", bom.at("/compositions/0/aggregate").asText());
        assertEquals(
                "UNLICENSED",
                bom.at("/metadata/component/licenses/0/license/name").asText());
        assertEquals(
                packaged.sha256(),
                bom.at("/metadata/component/hashes/0/content").asText());
        assertEquals("""
                orders 2.0.0
                @acme/shared 1.0.0 -
                @types/ms 0.7.34 pkg:npm/%40types/ms@0.7.34
                debug 4.3.4 pkg:npm/debug@4.3.4
                left-pad 1.3.0 pkg:npm/left-pad@1.3.0
                ms 2.0.0 pkg:npm/ms@2.0.0
                ms 2.1.2 pkg:npm/ms@2.1.2""", asRead(packaged));
        assertEquals(text(packaged), text(pack(project, "package-lock.json")), "the same project, the same text");
    }

    /** Of the same packages in the registry, so the hashes are npm's own, with Yarn's exception. */
    @Test
    void theOtherPackageManagersProjectsHaveTheSamePackagesAndHashes() throws Exception {
        Path npm = project(PACKAGE_JSON);
        install(npm, NodeTool.NODE, "npm install --no-audit --no-fund");
        JsonNode expected = read(pack(npm, "package-lock.json"));
        record Other(NodeTool tool, String install, String lockFile) {}
        for (Other other : List.of(
                new Other(NodeTool.PNPM, "pnpm install", "pnpm-lock.yaml"),
                new Other(NodeTool.YARN_CLASSIC, "yarn install --non-interactive", "yarn.lock"),
                new Other(NodeTool.YARN, "yarn install", "yarn.lock"),
                new Other(NodeTool.BUN, "bun install --linker hoisted", "bun.lock"),
                new Other(NodeTool.BUN, "bun install --linker isolated", "bun.lock"))) {
            Program.run("rm", "-rf", dir.resolve("project").toString()).successful();
            Path project = project(PACKAGE_JSON);
            install(project, other.tool(), other.install());

            PackReport packaged = pack(project, other.lockFile());
            JsonNode bom = read(packaged);

            assertEquals(purls(expected), purls(bom), other.install());
            Map<String, String> hashes = field(expected, "/hashes/0/content");
            Map<String, String> found = field(bom, "/hashes/0/content");
            if (other.tool() == NodeTool.YARN) {
                hashes.replaceAll((key, hash) -> "");
            }
            assertEquals(hashes, found, other.install());
            assertEquals(
                    field(expected, "/licenses/0/license/id"), field(bom, "/licenses/0/license/id"), other.install());
            assertTrue(asRead(packaged).startsWith("orders 2.0.0"), other.install());
        }
    }

    @Test
    void theLayersPackagesAreNamedWithTheirPlaceInTheLayer() throws Exception {
        Path project = project("{\"name\":\"orders\",\"dependencies\":{\"ms\":\"2.1.3\"}}");
        install(project, NodeTool.NODE, "npm install --no-audit --no-fund");
        PackRequest apart = PackRequest.of(PackSettings.DEFAULT, List.of(), true, "", true)
                .withInstall(project.resolve("package-lock.json").toString(), Map.of());
        PackReport packaged = Packs.pack(project, apart);

        JsonNode bom = read(packaged);

        assertEquals(
                "[{\"name\":\"lambda-node-deploy:layer:path\",\"value\":\"nodejs/node_modules/ms\"}]",
                bom.at("/components/0/properties").toString());
        assertEquals(
                packaged.layer().orElseThrow().sha256(),
                bom.at("/metadata/component/components/0/hashes/0/content").asText());
        assertEquals("orders None\nms 2.1.3 pkg:npm/ms@2.1.3", asRead(packaged));

        PackReport later = Packs.pack(project, apart.withKnownLayer());
        String incomplete = BillOfMaterials.of(later, packaged.layer().map(PackReport::sha256))
                .orElseThrow();
        assertEquals(
                "incomplete",
                JSON.readTree(incomplete).at("/compositions/0/aggregate").asText());
        assertEquals(List.of(), JSON.readTree(incomplete).findValuesAsText("purl"));
        assertEquals(
                text(packaged),
                BillOfMaterials.withLayerOf(text(packaged), incomplete).orElseThrow());
        String ofAnother = BillOfMaterials.of(later, Optional.of("00")).orElseThrow();
        assertEquals(Optional.empty(), BillOfMaterials.withLayerOf(text(packaged), ofAnother));
    }

    @Test
    void whatABundlerHasPutIntoTheCodeIsSaidToBeUnknown() throws Exception {
        Path project = project("{\"name\":\"orders\",\"dependencies\":{\"ms\":\"2.1.3\"}}");
        Packs.write(project, "dist/index.js", "exports.handler = async () => 'bundled';\n");
        PackSettings bundled = new PackSettings(
                "dist", false, List.of(), List.of(), PackSettings.Links.FOLLOW, PackSettings.DEFAULT_LEVEL);

        PackReport packaged = Packs.pack(project, PackRequest.of(bundled, List.of(), true, "", false));
        assertEquals(
                "incomplete", read(packaged).at("/compositions/0/aggregate").asText());
        assertTrue(text(packaged).contains("bundled into the code"));
        assertEquals("orders None", asRead(packaged));

        Packs.write(project, "node_modules/ms/package.json", "{\"name\":\"ms\",\"version\":\"2.1.3\"}");
        PackSettings built = new PackSettings(
                "dist", true, List.of(), List.of(), PackSettings.Links.FOLLOW, PackSettings.DEFAULT_LEVEL);
        PackReport withModules = Packs.pack(project, PackRequest.of(built, List.of(), true, "", false));
        assertEquals(
                "unknown", read(withModules).at("/compositions/0/aggregate").asText());
        assertEquals("orders None\nms 2.1.3 pkg:npm/ms@2.1.3", asRead(withModules));
    }

    @Test
    void credentialsInARegistrysAddressAreLeftOutAndEveryFormOfLicenceIsValid() throws Exception {
        Path project = project("{\"name\":\"orders\",\"license\":\"SEE LICENSE IN LICENSE.txt\"}");
        Map<String, String> licences = Map.of(
                "a", "\"(MIT OR Apache-2.0)\"",
                "b", "\"Custom: (see below\"",
                "c", "{\"type\":\"BSD\"}",
                "d", "\"GPL-3.0-only WITH Classpath-exception-2.0\"",
                "e", "[{\"type\":\"MIT\"},{\"type\":\"ISC\"}]",
                "f", "7");
        StringBuilder note = new StringBuilder("{\"packages\":{");
        for (Map.Entry<String, String> each : new TreeMap<>(licences).entrySet()) {
            Packs.write(
                    project,
                    "node_modules/" + each.getKey() + "/package.json",
                    "{\"name\":\"" + each.getKey() + "\",\"version\":\"1.0.0+x\",\"license\":" + each.getValue() + "}");
            note.append("\"node_modules/" + each.getKey() + "\":{\"version\":\"1.0.0+x\",\"resolved\":"
                    + "\"https://deployer:s3cr3t@npm.example.com/" + each.getKey()
                    + ".tgz?token=s3cr3t\",\"integrity\":\"sha512-AA== sha1-x\"},");
        }
        note.append(
                "\"node_modules/g\":{\"version\":\"1.0.0\",\"resolved\":\"git+ssh://s3cr3t@git.example.com/g.git#abc\"}}}");
        Packs.write(project, "node_modules/g/package.json", "{\"name\":\"g\",\"version\":\"1.0.0\"}");
        Packs.write(project, "node_modules/.package-lock.json", note.toString());

        PackReport packaged = Packs.pack(project);
        JsonNode bom = read(packaged);

        assertFalse(text(packaged).contains("s3cr3t"), text(packaged));
        assertEquals(
                List.of("https://npm.example.com/a.tgz", "git+ssh://git.example.com/g.git#abc"),
                List.of(
                        bom.at("/components/0/externalReferences/0/url").asText(),
                        bom.at("/components/6/externalReferences/0/url").asText()));
        assertEquals(
                "(MIT OR Apache-2.0)",
                bom.at("/components/0/licenses/0/expression").asText());
        assertEquals(
                "Custom: (see below",
                bom.at("/components/1/licenses/0/license/name").asText());
        assertEquals("BSD", bom.at("/components/2/licenses/0/license/name").asText());
        assertEquals("MIT OR ISC", bom.at("/components/4/licenses/0/expression").asText());
        assertEquals("""
                orders None
                a 1.0.0+x pkg:npm/a@1.0.0%2Bx
                b 1.0.0+x pkg:npm/b@1.0.0%2Bx
                c 1.0.0+x pkg:npm/c@1.0.0%2Bx
                d 1.0.0+x pkg:npm/d@1.0.0%2Bx
                e 1.0.0+x pkg:npm/e@1.0.0%2Bx
                f 1.0.0+x pkg:npm/f@1.0.0%2Bx
                g 1.0.0 pkg:npm/g@1.0.0?vcs_url=git%2Bssh://git.example.com/g.git%23abc""", asRead(packaged));
    }
}
