package io.jenkins.plugins.lambdanode.engine.report;

import static org.junit.jupiter.api.Assertions.assertEquals;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import io.jenkins.plugins.lambdanode.engine.pack.Packs;
import io.jenkins.plugins.lambdanode.engine.pack.api.PackReport;
import io.jenkins.plugins.lambdanode.testing.NodeTool;
import io.jenkins.plugins.lambdanode.testing.Program;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
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
                project, Packs.request().withLockFile(project.resolve(lockFile).toString()));
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
}
