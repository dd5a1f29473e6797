package io.jenkins.plugins.lambdanode.engine.report;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import com.fasterxml.jackson.databind.node.ArrayNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import io.jenkins.plugins.lambdanode.engine.aws.lambda.FunctionState;
import io.jenkins.plugins.lambdanode.engine.aws.lambda.Invocation;
import io.jenkins.plugins.lambdanode.engine.pack.api.Finding;
import io.jenkins.plugins.lambdanode.engine.pack.api.PackReport;
import io.jenkins.plugins.lambdanode.engine.report.DeployResult.Deployed;
import io.jenkins.plugins.lambdanode.engine.report.DeployResult.Timing;
import java.util.List;
import java.util.Locale;

/**
 * A deployment as JSON: the fields of the response of {@code aws lambda update-function-code} under their own names, and with
 * them {@code Package}, {@code Layer}, {@code Staged}, {@code Updated}, {@code Outcome}, {@code PreviousVersion},
 * {@code PreviousCodeSha256}, {@code Alias}, {@code SmokeTests} and {@code Timings}. CodeSha256 and CodeSize are the package's: what the function has,
 * or after a dry run ({@code DryRun}) would have.
 */
public final class DeploymentJson {

    private static final ObjectMapper JSON = new ObjectMapper();

    private DeploymentJson() {}

    /** The record of one function. */
    public static ObjectNode of(Deployed deployed, DeployResult result) {
        ObjectNode json = release(deployed)
                .put("CodeSha256", result.packaged().codeSha256())
                .put("CodeSize", result.packaged().zippedBytes());
        if (deployed.outcome() == DeployResult.Outcome.VALIDATED) {
            json.put("DryRun", true);
        }
        json.set("Package", packaged(result.packaged()));
        result.layer()
                .ifPresent(layer -> json.putObject("Layer")
                        .put("LayerVersionArn", layer.layerVersionArn())
                        .put("Version", layer.version())
                        .put("CodeSha256", layer.codeSha256())
                        .put("CodeSize", layer.codeSize())
                        .put("Published", layer.published()));
        deployed.staged().ifPresent(staged -> {
            ObjectNode node =
                    json.putObject("Staged").put("Bucket", staged.bucket()).put("Key", staged.key());
            staged.version().ifPresent(version -> node.put("Version", version));
            node.put("AlreadyThere", staged.alreadyThere());
        });
        for (String version : result.deletedVersionsOf(deployed)) {
            json.withArray("DeletedVersions").add(version);
        }
        for (Timing timing : result.timingsOf(deployed)) {
            json.withArray("Timings")
                    .addObject()
                    .put("Phase", timing.phase().label())
                    .put("Millis", timing.millis())
                    .put("Bytes", timing.bytes())
                    .put("Shared", timing.isShared());
        }
        return json;
    }

    /** The record of a release without a package: of a version that was there, as Lambda describes it. */
    public static ObjectNode release(Deployed deployed) {
        ObjectNode json = function(deployed.state());
        deployed.version().ifPresent(version -> json.put("Version", version));
        json.put("Updated", deployed.updated());
        json.put("Outcome", deployed.outcome().name().toLowerCase(Locale.ROOT));
        deployed.previousVersion().ifPresent(version -> json.put("PreviousVersion", version));
        deployed.previousCodeSha256().ifPresent(digest -> json.put("PreviousCodeSha256", digest));
        deployed.alias().ifPresent(alias -> {
            ObjectNode node = json.putObject("Alias")
                    .put("Name", alias.name())
                    .put("AliasArn", alias.arn())
                    .put("FunctionVersion", alias.version());
            alias.rollout().ifPresent(rollout -> node.put("Rollout", rollout));
            alias.finishedBy().ifPresent(user -> node.put("FinishedBy", user));
        });
        for (Invocation.Report test : deployed.smokeTests()) {
            json.withArray("SmokeTests")
                    .addObject()
                    .put("DurationMillis", test.durationMillis())
                    .put("BilledDurationMillis", test.billedMillis())
                    .put("MaxMemoryUsed", test.maxMemoryUsed())
                    .put("InitDurationMillis", test.initMillis());
        }
        return json;
    }

    private static ObjectNode function(FunctionState state) {
        ObjectNode json = JSON.createObjectNode()
                .put("FunctionName", state.functionName())
                .put("FunctionArn", state.functionArn())
                .put("Runtime", state.runtime())
                .put("Role", state.role())
                .put("Handler", state.handler())
                .put("CodeSize", state.codeSize())
                .put("Description", state.description())
                .put("Timeout", state.timeout())
                .put("MemorySize", state.memorySize())
                .put("LastModified", state.lastModified())
                .put("CodeSha256", state.codeSha256())
                .put("Version", state.version())
                .put("RevisionId", state.revisionId())
                .put("State", state.state())
                .put("LastUpdateStatus", state.lastUpdateStatus())
                .put("PackageType", state.packageType());
        ArrayNode layers = json.putArray("Layers");
        state.layers()
                .forEach(layer -> layers.addObject().put("Arn", layer.arn()).put("CodeSize", layer.codeSize()));
        ArrayNode architectures = json.putArray("Architectures");
        state.architectures().forEach(architectures::add);
        return json;
    }

    /** One record for one function, an array of them for several. */
    public static String text(DeployResult result) {
        List<ObjectNode> records = result.functions().stream()
                .map(deployed -> of(deployed, result))
                .toList();
        return text(records.size() == 1 ? records.get(0) : JSON.valueToTree(records));
    }

    /** A package that was not deployed. */
    public static ObjectNode packaged(PackReport report) {
        ObjectNode json = JSON.createObjectNode()
                .put("CodeSha256", report.codeSha256())
                .put("Sha256", report.sha256())
                .put("ContentDigest", report.contentDigest())
                .put("Files", report.files())
                .put("Entries", report.entries())
                .put("UnzippedBytes", report.unzippedBytes())
                .put("ZippedBytes", report.zippedBytes());
        ArrayNode heaviest = json.putArray("Heaviest");
        report.heaviest()
                .forEach(weight -> heaviest.addObject()
                        .put("Name", weight.name())
                        .put("Files", weight.files())
                        .put("UnzippedBytes", weight.unzippedBytes())
                        .put("ZippedBytes", weight.zippedBytes()));
        ArrayNode skipped = json.putArray("Skipped");
        report.skipped().forEach(reason -> {
            ObjectNode node = skipped.addObject().put("Reason", reason.reason()).put("Count", reason.count());
            reason.examples().forEach(node.putArray("Examples")::add);
        });
        ArrayNode findings = json.putArray("Findings");
        for (Finding finding : report.findings()) {
            findings.addObject()
                    .put("Severity", finding.severity().name())
                    .put("Code", finding.code())
                    .put("Message", finding.message())
                    .put("Path", finding.path());
        }
        json.putObject("Work")
                .put("ReadBytes", report.work().readBytes())
                .put("DeflatedBytes", report.work().deflatedBytes())
                .put("ReusedBytes", report.work().reusedBytes());
        report.layer().ifPresent(layer -> {
            ObjectNode node = packaged(layer);
            node.remove(List.of("Heaviest", "Skipped", "Findings"));
            json.set("Layer", node);
        });
        return json;
    }

    /** JSON as indented text that ends in a line end. */
    public static String text(JsonNode json) {
        return json.toPrettyString() + "\n";
    }
}
