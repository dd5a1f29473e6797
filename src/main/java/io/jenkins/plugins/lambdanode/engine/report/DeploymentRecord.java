package io.jenkins.plugins.lambdanode.engine.report;

import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import io.jenkins.plugins.lambdanode.engine.base.DeployException;
import java.util.List;
import java.util.Locale;
import java.util.Optional;
import java.util.stream.Stream;
import java.util.stream.StreamSupport;

/**
 * A recorded deployment of one function, read back from what {@link DeploymentJson} wrote.
 *
 * @param codeSha256 the package's, in Base64
 * @param alias its name
 * @param previousVersion the version that the alias pointed to before
 */
public record DeploymentRecord(
        String functionName,
        String functionArn,
        String codeSha256,
        Optional<String> version,
        Optional<String> alias,
        Optional<String> previousVersion,
        DeployResult.Outcome outcome) {

    private static final ObjectMapper JSON = new ObjectMapper();

    /**
     * Reads a record, or several in an array.
     *
     * @param name the file as a message names it
     * @throws DeployException if it is none
     */
    public static List<DeploymentRecord> read(String json, String name) throws DeployException {
        try {
            JsonNode read = JSON.readTree(json);
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
                text(json, "Version"),
                text(json.path("Alias"), "Name"),
                text(json, "PreviousVersion"),
                DeployResult.Outcome.valueOf(required(json, "Outcome").toUpperCase(Locale.ROOT)));
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
