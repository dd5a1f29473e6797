package io.jenkins.plugins.lambdanode.engine.report;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.jenkins.plugins.lambdanode.engine.aws.lambda.AliasState;
import io.jenkins.plugins.lambdanode.engine.base.ByteSize;
import io.jenkins.plugins.lambdanode.engine.pack.api.PackReport;
import io.jenkins.plugins.lambdanode.engine.report.DeployResult.Timing;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Optional;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

class SummaryTest {

    @Test
    void theOutcomeIsTheLastLineAfterTheTimeOfEachPhase() {
        DeployResult result = new DeployResult(
                List.of(Samples.deployed("orders", DeployResult.Outcome.UPDATED, Optional.of("7"))),
                Samples.report(),
                Optional.empty(),
                List.of(
                        new Timing(Phase.PREFLIGHT, Optional.empty(), 1234, 0),
                        new Timing(Phase.UPDATE, Optional.of("orders"), 30, 1024),
                        new Timing(Phase.UPDATE, Optional.of("refunds"), 20, 512)),
                Map.of());

        assertEquals(
                List.of(
                        "Time: preflight 1.2 s, update 0.1 s (1.5 KB)",
                        "orders: updated, version 7, CodeSha256 q83vEg=="),
                Summary.deployed(result));
    }

    @Test
    void aLayerIsALineWithItsBytesWhetherItWasPublishedOrThere() {
        DeployResult result = new DeployResult(
                List.of(Samples.deployed("orders", DeployResult.Outcome.UPDATED, Optional.empty())),
                Samples.reportWithLayer(),
                Optional.of(Samples.layer(true)),
                List.of(),
                Map.of());

        assertEquals(
                "Layer orders-dependencies: version 3 published, 2.0 MB, CodeSha256 EjQ=",
                Summary.deployed(result).get(0));
        assertEquals(
                "Packaged 500 files of node_modules, 9.0 MB, into a layer of 2.0 MB (CodeSha256 EjQ=)",
                Summary.packaged(Samples.reportWithLayer()).get(1));
    }

    @Test
    void thePackageIsDescribedWithEachFindingAndItsPathAfterIt() {
        List<String> lines = Summary.packaged(Samples.report());

        assertTrue(
                lines.get(0).startsWith("Packaged 3 files, 4.0 MB, into 1.5 KB (CodeSha256 q83vEg==)"), lines.get(0));
        assertEquals("WARNING: conf/.env?: It can hold secrets.", lines.get(1));
        assertEquals("Note: The runtime has the AWS SDK.", lines.get(2));
    }

    @Test
    void theHeaviestPackagesAreATableWhoseColumnsLineUp() {
        List<String> table = Summary.heaviest(Samples.report());

        assertEquals(2, table.size());
        assertEquals(table.get(0).length(), table.get(1).length());
        assertTrue(table.get(1).contains("node_modules/aws-xray-sdk"), table.get(1));
    }

    @Test
    void theVersionBeforeStandsBesideTheNewOne() {
        DeployResult.Deployed plain = Samples.deployed("orders", DeployResult.Outcome.RELEASED, Optional.of("4"));
        DeployResult.Deployed moved = new DeployResult.Deployed(
                plain.state(),
                plain.outcome(),
                plain.version(),
                Optional.of(new AliasState(
                        "live", "4", "arn:alias", true, Optional.of("3"), Optional.empty(), Optional.empty())),
                Optional.empty(),
                Optional.of("3"),
                Optional.of("b2xk"),
                List.of(),
                true);

        assertEquals(
                List.of(
                        "orders: released (earlier in this build), version 4, alias live (before: version 3), CodeSha256 q83vEg=="),
                Summary.deployed(
                        new DeployResult(List.of(moved), Samples.report(), Optional.empty(), List.of(), Map.of())));
    }

    /** 80 % of 262,144,000 bytes unzipped, or of 52,428,800 bytes that go straight to Lambda. */
    @ParameterizedTest
    @CsvSource({
        "209715200, 1000, false, false", "209715201, 1000, false, true", "209715201, 1000, true, true",
        "1000, 41943040, false, false", "1000, 41943041, false, true", "1000, 41943041, true, false"
    })
    void aPackageIsNearALimitFromFourFifthsOfIt(long unzipped, long zipped, boolean bucket, boolean near) {
        PackReport all = Samples.report();
        PackReport sized = new PackReport(
                all.file(),
                zipped,
                all.sha256(),
                all.codeSha256(),
                all.contentDigest(),
                all.files(),
                all.entries(),
                unzipped,
                all.heaviest(),
                all.skipped(),
                all.findings(),
                all.work(),
                all.inventory(),
                List.of());

        assertEquals(near, Summary.isNearLimit(sized, bucket));
    }

    @ParameterizedTest
    @CsvSource({"0,0 B", "1023,1023 B", "1024,1.0 KB", "1048575,1024.0 KB", "1048576,1.0 MB", "262144000,250.0 MB"})
    void sizesAreReadAsAwsReadsThem(long bytes, String text) {
        assertEquals(text, ByteSize.of(bytes));
    }

    @Test
    void numbersDoNotDependOnTheLocale() {
        Locale before = Locale.getDefault();
        try {
            Locale.setDefault(Locale.GERMANY);
            assertEquals("1.5 KB", ByteSize.of(1536));
        } finally {
            Locale.setDefault(before);
        }
    }
}
