package io.jenkins.plugins.lambdanode.engine.report;

import io.jenkins.plugins.lambdanode.engine.aws.Responses;
import io.jenkins.plugins.lambdanode.engine.aws.lambda.LayerState;
import io.jenkins.plugins.lambdanode.engine.pack.api.Finding;
import io.jenkins.plugins.lambdanode.engine.pack.api.Inventory;
import io.jenkins.plugins.lambdanode.engine.pack.api.PackReport;
import io.jenkins.plugins.lambdanode.engine.report.DeployResult.Deployed;
import io.jenkins.plugins.lambdanode.engine.report.DeployResult.Outcome;
import java.util.List;
import java.util.Optional;

/** Made-up values for tests of what is written about them. */
final class Samples {

    static final String ANSWER = """
            {"FunctionName": "%s", "FunctionArn": "arn:aws:lambda:eu-west-1:123456789012:function:%s",
             "Runtime": "nodejs22.x", "Role": "arn:aws:iam::123456789012:role/r", "Handler": "index.handler",
             "CodeSize": 1536, "Description": "Bestellungen \\u00fcber \\"alles\\"", "Timeout": 3, "MemorySize": 128,
             "LastModified": "2026-01-02T03:04:05.000+0000", "CodeSha256": "q83vEg==", "Version": "$LATEST",
             "RevisionId": "a-b-c", "State": "Active", "LastUpdateStatus": "Successful", "PackageType": "Zip",
             "Layers": [{"Arn": "arn:aws:lambda:eu-west-1:123456789012:layer:l:1", "CodeSize": 99}],
             "Architectures": ["arm64"], "Environment": {"Variables": {"TOKEN": "secret-value"}}}
            """;

    private Samples() {}

    static PackReport report() {
        return new PackReport(
                "/tmp/package.zip",
                1536,
                "abcdef12",
                "q83vEg==",
                "00ff",
                3,
                4,
                4 << 20,
                List.of(new PackReport.PackageSize("node_modules/aws-xray-sdk", 2, 4_000_000, 1400)),
                List.of(new PackReport.Excluded("default exclude .git/", 1, List.of(".git"))),
                List.of(
                        new Finding(Finding.Severity.WARNING, "secret-file", "It can hold secrets.", "conf/.env\n"),
                        new Finding(Finding.Severity.INFO, "sdk-in-runtime", "The runtime has the AWS SDK.", "")),
                new PackReport.Work(10, 8, 2),
                Inventory.NONE,
                List.of());
    }

    /** The same with the dependencies in a package of their own. */
    static PackReport reportWithLayer() {
        PackReport all = report();
        PackReport layer = new PackReport(
                "/tmp/layer.zip",
                2 << 20,
                "1234",
                "EjQ=",
                "ff00",
                500,
                600,
                9 << 20,
                all.heaviest(),
                List.of(),
                List.of(),
                new PackReport.Work(7, 6, 5),
                Inventory.NONE,
                List.of());
        return new PackReport(
                all.file(),
                all.zippedBytes(),
                all.sha256(),
                all.codeSha256(),
                all.contentDigest(),
                all.files(),
                all.entries(),
                all.unzippedBytes(),
                all.heaviest(),
                all.skipped(),
                all.findings(),
                all.work(),
                all.inventory(),
                List.of(layer));
    }

    static LayerState layer(boolean published) {
        return new LayerState(
                "orders-dependencies",
                "arn:aws:lambda:eu-west-1:123456789012:layer:orders-dependencies:3",
                3,
                "EjQ=",
                2 << 20,
                published);
    }

    static Deployed deployed(String name, Outcome outcome, Optional<String> version) {
        return deployed(name, outcome, version, "q83vEg==");
    }

    static Deployed deployed(String name, Outcome outcome, Optional<String> version, String codeSha256) {
        return new Deployed(
                Responses.function(ANSWER.formatted(name, name).replace("q83vEg==", codeSha256)),
                outcome,
                version,
                Optional.empty(),
                Optional.empty(),
                Optional.empty(),
                Optional.empty(),
                List.of(),
                false);
    }
}
