package io.jenkins.plugins.lambdanode.engine.report;

import io.jenkins.plugins.lambdanode.engine.base.ByteSize;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.jenkins.plugins.lambdanode.engine.report.DeployResult.Timing;
import java.util.List;
import java.util.Locale;
import java.util.Optional;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

class SummaryTest {

    @Test
    void aDeploymentIsALineForEachFunctionAndATableOfPhases() {
        DeployResult result = new DeployResult(
                List.of(Samples.deployed("orders", DeployResult.Outcome.UPDATED, Optional.of("7"))),
                Samples.report(), Optional.empty(),
                List.of(new Timing(Phase.PREFLIGHT, 1234, 0), new Timing(Phase.UPDATE, 50, 1536)),
                1536);

        assertEquals(
                List.of(
                        "orders: updated, version 7, CodeSha256 q83vEg==",
                        "  phase           time       bytes",
                        "  preflight     1.23 s           -",
                        "  update        0.05 s      1.5 KB"),
                Summary.deployed(result).subList(0, 4));
    }

    @Test
    void aLayerIsALineWithItsBytesWhetherItWasPublishedOrThere() {
        DeployResult result = new DeployResult(
                List.of(Samples.deployed("orders", DeployResult.Outcome.UPDATED, Optional.empty())),
                Samples.reportWithLayer(),
                Optional.of(Samples.layer(true)),
                List.of(),
                0);

        assertEquals(
                "layer orders-dependencies: version 3 published, 2.0 MB, CodeSha256 EjQ=",
                Summary.deployed(result).get(1));
        assertEquals(
                "Packaged 500 files of node_modules, 9.0 MB, into a layer of 2.0 MB (CodeSha256 EjQ=)",
                Summary.packaged(Samples.reportWithLayer()).get(1));
    }

    @Test
    void thePackageIsDescribedWithEachFindingAndItsPathAfterIt() {
        List<String> lines = Summary.packaged(Samples.report());

        assertTrue(lines.get(0).startsWith("Packaged 3 files, 4.0 MB, into 1.5 KB (CodeSha256 q83vEg==)"), lines.get(0));
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
