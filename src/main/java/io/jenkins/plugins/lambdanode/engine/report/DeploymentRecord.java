package io.jenkins.plugins.lambdanode.engine.report;

import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import io.jenkins.plugins.lambdanode.engine.aws.lambda.LayerState;
import io.jenkins.plugins.lambdanode.engine.aws.s3.StagedObject;
import io.jenkins.plugins.lambdanode.engine.base.DeployException;
import io.jenkins.plugins.lambdanode.engine.base.Json;
import io.jenkins.plugins.lambdanode.engine.pack.api.Inventory;
import io.jenkins.plugins.lambdanode.engine.pack.api.PackReport;
import java.util.Base64;
import java.util.HexFormat;
import java.util.List;
import java.util.Locale;
import java.util.Optional;
import java.util.stream.Stream;
import java.util.stream.StreamSupport;

/**
 * A recorded deployment of one function, read back from what {@link DeploymentJson} wrote.
 *
 * @param codeSha256 the package's, in Base64
 * @param codeSize the package's bytes
 * @param files files in the package; 0 where it is not known
 * @param unzippedBytes what they take; 0 where it is not known
 * @param alias its name
 * @param previousVersion the version that the alias pointed to before
 * @param staged where the package was staged
 * @param layer the layer version with the dependencies
 */
public record DeploymentRecord(
        String functionName,
        String functionArn,
        String codeSha256,
        long codeSize,
        int files,
        long unzippedBytes,
        Optional<String> version,
        Optional<String> alias,
        Optional<String> previousVersion,
        DeployResult.Outcome outcome,
        Optional<StagedObject> staged,
        Optional<LayerState> layer) {

    private static final int SHA256_BYTES = 32;

    public DeploymentRecord {
        if (Base64.getDecoder().decode(codeSha256).length != SHA256_BYTES) {
            throw new IllegalArgumentException("CodeSha256 " + codeSha256);
        }
    }

    private static final ObjectMapper JSON = new ObjectMapper();

    /** {@code arn:aws:lambda:region:account:layer:name:version}. */
    private static final int LAYER_VERSION_PARTS = 8;

    /**
     * Reads a record, or several in an array.
     *
     * @param name the file as a message names it
     * @throws DeployException if it is none
     */
    public static List<DeploymentRecord> read(String json, String name) throws DeployException {
        try {
            JsonNode read = JSON.readTree(Json.withoutByteOrderMark(json));
            List<DeploymentRecord> records = (read.isArray()
                            ? StreamSupport.stream(read.spliterator(), false)
                            : Stream.of(read))
                    .map(DeploymentRecord::of)
                    .toList();
            if (!records.isEmpty()) {
                return records;
            }
        } catch (JsonProcessingException | IllegalArgumentException e) {
            throw notOne(name, e);
        }
        throw notOne(name, null);
    }

    private static DeployException notOne(String name, Exception cause) {
        return new DeployException(
                name + " is no record of a deployment.\nGive the JSON file that --result wrote, or the build's artifact"
                        + " lambda/ACCOUNT/REGION/FUNCTION.json.",
                cause);
    }

    private static DeploymentRecord of(JsonNode json) {
        return new DeploymentRecord(
                required(json, "FunctionName"),
                required(json, "FunctionArn"),
                required(json, "CodeSha256"),
                json.path("CodeSize").asLong(),
                json.path("Package").path("Files").asInt(),
                json.path("Package").path("UnzippedBytes").asLong(),
                text(json, "Version"),
                text(json.path("Alias"), "Name"),
                text(json, "PreviousVersion"),
                DeployResult.Outcome.valueOf(required(json, "Outcome").toUpperCase(Locale.ROOT)),
                json.has("Staged") ? Optional.of(staged(json.get("Staged"))) : Optional.empty(),
                json.has("Layer") ? Optional.of(layer(json.get("Layer"))) : Optional.empty());
    }

    private static StagedObject staged(JsonNode json) {
        return new StagedObject(required(json, "Bucket"), required(json, "Key"), text(json, "Version"), true, 0);
    }

    private static LayerState layer(JsonNode json) {
        String arn = required(json, "LayerVersionArn");
        String[] parts = arn.split(":");
        if (parts.length != LAYER_VERSION_PARTS) {
            throw new IllegalArgumentException("LayerVersionArn " + arn);
        }
        return new LayerState(
                parts[LAYER_VERSION_PARTS - 2],
                arn,
                Long.parseLong(parts[LAYER_VERSION_PARTS - 1]),
                text(json, "CodeSha256").orElse(""),
                json.path("CodeSize").asLong(),
                false);
    }

    /** The package as far as the record knows it; its file is nowhere. */
    public PackReport packaged() {
        return new PackReport(
                "",
                codeSize,
                HexFormat.of().formatHex(Base64.getDecoder().decode(codeSha256)),
                codeSha256,
                "",
                files,
                files,
                unzippedBytes,
                List.of(),
                List.of(),
                List.of(),
                new PackReport.Work(0, 0, 0),
                Inventory.NONE,
                List.of());
    }

    private static String required(JsonNode json, String field) {
        return text(json, field).orElseThrow(() -> new IllegalArgumentException(field));
    }

    private static Optional<String> text(JsonNode json, String field) {
        return Optional.of(json.path(field).asText()).filter(text -> !text.isEmpty());
    }

    /** Whether it tells of a move of this alias. */
    public boolean isOf(String arn, String aliasName) {
        return functionArn.equals(arn)
                && alias.equals(Optional.of(aliasName))
                && version.isPresent()
                && outcome != DeployResult.Outcome.VALIDATED;
    }

    /**
     * As a move of its alias, of a record that tells of one.
     *
     * @param by who recorded it, as a message names it
     */
    public AliasMove move(String by) {
        return new AliasMove(
                version.orElseThrow(),
                previousVersion,
                Optional.of(codeSha256),
                outcome == DeployResult.Outcome.ROLLED_BACK,
                by);
    }
}
