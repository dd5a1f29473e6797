package io.jenkins.plugins.lambdanode.engine.report;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;

import io.jenkins.plugins.lambdanode.engine.pack.Packs;
import io.jenkins.plugins.lambdanode.engine.pack.api.PackReport;
import io.jenkins.plugins.lambdanode.engine.pack.api.PackSettings;
import io.jenkins.plugins.lambdanode.testing.Program;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Map;
import java.util.Optional;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class ProvenanceTest {

    private static final String COMMIT = "0123456789abcdef0123456789abcdef01234567";

    private static final String LAYER = "ab".repeat(32);

    /** Prints what in-toto's own model reads, after it has found the statement and the predicate valid. */
    private static final String READER = """
            import sys, json
            from google.protobuf import json_format
            from in_toto_attestation.v1.statement import Statement
            from in_toto_attestation.v1.resource_descriptor import ResourceDescriptor
            import in_toto_attestation.v1.statement_pb2 as statement_pb2
            import in_toto_attestation.predicates.provenance.v1.provenance_pb2 as provenance_pb2
            text = open(sys.argv[1], encoding='utf-8').read()
            statement = Statement.copy_from_pb(json_format.Parse(text, statement_pb2.Statement()))
            statement.validate()
            pb = json_format.ParseDict(json.loads(text)['predicate'], provenance_pb2.Provenance())
            assert pb.build_definition.build_type and pb.build_definition.external_parameters and pb.run_details.builder.id
            for each in [*pb.build_definition.resolved_dependencies, *pb.run_details.byproducts]:
                ResourceDescriptor.copy_from_pb(each).validate()
            print(statement.pb.predicate_type)
            for each in statement.pb.subject:
                print('subject', each.name, dict(each.digest))
            for each in pb.build_definition.resolved_dependencies:
                print('from', each.name or each.uri, dict(each.digest))
            print('by', pb.run_details.builder.id, dict(pb.run_details.builder.version), pb.run_details.metadata.invocation_id)
            for each in pb.run_details.byproducts:
                print('with', each.name, dict(each.digest))
            """;

    @TempDir
    Path dir;

    private PackReport pack() throws Exception {
        Path project = Files.createDirectory(dir.resolve("project"));
        Packs.write(project, "index.js", "exports.handler = async () => 1;\n");
        Packs.write(project, "package.json", "{\"name\":\"orders\"}");
        Packs.write(project, "package-lock.json", "{}");
        return Packs.pack(
                project,
                Packs.request().withInstall(project.resolve("package-lock.json").toString(), Map.of()));
    }

    private static String sha256(Path file) {
        return Program.run("sha256sum", file.toString()).successful().out().split(" ")[0];
    }

    @Test
    void inTotosModelReadsThePackageTheCommitTheLockFileAndTheBuild() throws Exception {
        PackReport packaged = pack();
        String bom = BillOfMaterials.of(packaged, Optional.empty()).orElseThrow();
        Provenance provenance = new Provenance(
                new Provenance.Builder("https://ci.example.com/", Map.of("jenkins", "2.541.3")),
                new Origin(
                        "services/orders",
                        COMMIT,
                        "https://github.com/acme/orders.git",
                        "https://ci.example.com/job/orders/7/",
                        "x"),
                PackSettings.DEFAULT);

        String text = provenance
                .of("orders.zip", packaged, Optional.of(LAYER), Optional.of(bom))
                .orElseThrow();

        assertEquals(
                """
                https://slsa.dev/provenance/v1
                subject orders.zip {'sha256': 'PACKAGE'}
                subject layer.zip {'sha256': 'LAYER'}
                from git+https://github.com/acme/orders.git {'gitCommit': 'COMMIT'}
                from package-lock.json {'sha256': 'LOCK'}
                by https://ci.example.com/ {'jenkins': '2.541.3'} https://ci.example.com/job/orders/7/
                with bill of materials {'sha256': 'BOM'}""".replace("PACKAGE", sha256(Path.of(packaged.file())))
                        .replace("COMMIT", COMMIT)
                        .replace("LAYER", LAYER)
                        .replace("LOCK", sha256(dir.resolve("project/package-lock.json")))
                        .replace("BOM", sha256(Files.writeString(dir.resolve("bom.json"), bom))),
                Program.python(
                        READER,
                        Files.writeString(dir.resolve("statement.json"), text).toString()));
        assertEquals(
                text,
                provenance
                        .of("orders.zip", packaged, Optional.of(LAYER), Optional.of(bom))
                        .orElseThrow());
        assertFalse(text.contains(dir.toString()), text);
    }

    @Test
    void withoutARepositoryOrACommitTheRestIsStillValid() throws Exception {
        PackReport packaged = pack();
        Provenance provenance = new Provenance(
                new Provenance.Builder(Provenance.HOME + "#command-line", Map.of()),
                Origin.UNKNOWN,
                PackSettings.DEFAULT);

        String text = provenance
                .of("orders.zip", packaged, Optional.empty(), Optional.empty())
                .orElseThrow();

        assertEquals(
                "https://slsa.dev/provenance/v1\nsubject orders.zip {'sha256': '" + packaged.sha256()
                        + "'}\nfrom package-lock.json {'sha256': '"
                        + packaged.inventory().lockFileSha256() + "'}\nby "
                        + Provenance.HOME + "#command-line {}",
                Program.python(
                        READER,
                        Files.writeString(dir.resolve("statement.json"), text).toString()));
    }

    @Test
    void aPackageThatNobodyLookedIntoHasNone() {
        assertEquals(
                Optional.empty(),
                new Provenance(new Provenance.Builder("x:y", Map.of()), Origin.UNKNOWN, PackSettings.DEFAULT)
                        .of("orders.zip", Samples.report(), Optional.empty(), Optional.empty()));
    }
}
