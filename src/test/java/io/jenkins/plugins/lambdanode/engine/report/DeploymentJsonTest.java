package io.jenkins.plugins.lambdanode.engine.report;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import io.jenkins.plugins.lambdanode.engine.aws.lambda.AliasState;
import io.jenkins.plugins.lambdanode.engine.aws.s3.StagedObject;
import io.jenkins.plugins.lambdanode.engine.report.DeployResult.Deployed;
import io.jenkins.plugins.lambdanode.engine.report.DeployResult.Outcome;
import io.jenkins.plugins.lambdanode.engine.report.DeployResult.Timing;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import org.junit.jupiter.api.Test;

class DeploymentJsonTest {

    private static JsonNode record(Deployed... functions) throws Exception {
        DeployResult result = new DeployResult(
                List.of(functions),
                Samples.report(),
                Optional.empty(),
                List.of(
                        new Timing(Phase.PACKAGE, Optional.empty(), 12, 1536),
                        new Timing(Phase.UPDATE, Optional.of("refunds"), 9, 1536),
                        new Timing(Phase.UPDATE, Optional.of("orders"), 7, 1536)),
                Map.of());
        return new ObjectMapper().readTree(DeploymentJson.text(result));
    }

    @Test
    void everyFieldOfLambdasResponseHasItsOwnNameAndValue() throws Exception {
        JsonNode record = record(Samples.deployed("orders", Outcome.UPDATED, Optional.empty()));
        JsonNode answer = new ObjectMapper().readTree(Samples.ANSWER.formatted("orders", "orders"));

        answer.fieldNames().forEachRemaining(field -> {
            if (!field.equals("Environment")) {
                assertEquals(answer.get(field), record.get(field), field);
            }
        });
    }

    @Test
    void theLayerAndItsPackageAreRecorded() throws Exception {
        DeployResult result = new DeployResult(
                List.of(Samples.deployed("orders", Outcome.UPDATED, Optional.empty())),
                Samples.reportWithLayer(),
                Optional.of(Samples.layer(false)),
                List.of(),
                Map.of());

        JsonNode record = new ObjectMapper().readTree(DeploymentJson.text(result));

        assertEquals(
                "{\"LayerVersionArn\":\"arn:aws:lambda:eu-west-1:123456789012:layer:orders-dependencies:3\",\"Version\":3,"
                        + "\"CodeSha256\":\"EjQ=\",\"CodeSize\":2097152,\"Published\":false}",
                record.get("Layer").toString());
        JsonNode packaged = record.get("Package").get("Layer");
        assertEquals(2097152, packaged.get("ZippedBytes").asLong());
        assertEquals(600, packaged.get("Entries").asInt());
        assertFalse(packaged.has("Findings"));
    }

    @Test
    void valuesOfTheFunctionsEnvironmentAreNotRecorded() throws Exception {
        assertFalse(record(Samples.deployed("orders", Outcome.UPDATED, Optional.empty()))
                .toString()
                .contains("secret-value"));
    }

    @Test
    void thePublishedVersionStandsInPlaceOfLatest() throws Exception {
        assertEquals(
                "7",
                record(Samples.deployed("orders", Outcome.UPDATED, Optional.of("7")))
                        .get("Version")
                        .asText());
    }

    @Test
    void whatWasDoneIsRecordedWithPackageStagingAliasAndTimes() throws Exception {
        Deployed plain = Samples.deployed("orders", Outcome.CREATED, Optional.of("1"));
        JsonNode record = record(new Deployed(
                plain.state(),
                plain.outcome(),
                plain.version(),
                Optional.of(new AliasState(
                        "live",
                        "1",
                        "arn:alias",
                        true,
                        Optional.empty(),
                        Optional.of("Canary10Percent5Minutes"),
                        Optional.of("admin"))),
                Optional.of(new StagedObject("bucket", "key.zip", Optional.of("v1"), false, 1536)),
                Optional.of("6"),
                Optional.of("b2xk"),
                List.of(),
                false));

        assertTrue(record.get("Updated").asBoolean());
        assertEquals("created", record.get("Outcome").asText());
        assertEquals("6", record.get("PreviousVersion").asText());
        assertEquals("b2xk", record.get("PreviousCodeSha256").asText());
        assertEquals(
                "{\"Name\":\"live\",\"AliasArn\":\"arn:alias\",\"FunctionVersion\":\"1\",\"Rollout\":\"Canary10Percent5Minutes\",\"FinishedBy\":\"admin\"}",
                record.get("Alias").toString());
        assertEquals(
                "{\"Bucket\":\"bucket\",\"Key\":\"key.zip\",\"Version\":\"v1\",\"AlreadyThere\":false}",
                record.get("Staged").toString());
        assertEquals(
                "[{\"Phase\":\"package\",\"Millis\":12,\"Bytes\":1536,\"Shared\":true},"
                        + "{\"Phase\":\"update\",\"Millis\":7,\"Bytes\":1536,\"Shared\":false}]",
                record.get("Timings").toString());
        assertEquals("q83vEg==", record.get("Package").get("CodeSha256").asText());
        assertEquals(
                "secret-file",
                record.get("Package").get("Findings").get(0).get("Code").asText());
        assertEquals(1, record.get("Package").get("Skipped").get(0).get("Count").asInt());
    }

    @Test
    void anUnchangedFunctionIsNotUpdatedAndNothingWasStaged() throws Exception {
        JsonNode record = record(Samples.deployed("orders", Outcome.UNCHANGED, Optional.empty()));

        assertFalse(record.get("Updated").asBoolean());
        assertEquals("unchanged", record.get("Outcome").asText());
        assertFalse(record.has("Staged") || record.has("Alias"));
    }

    @Test
    void aDryRunIsRecordedWithThePackageThatTheFunctionWouldHave() throws Exception {
        JsonNode record = record(Samples.deployed("orders", Outcome.VALIDATED, Optional.empty(), "other"));

        assertTrue(record.get("DryRun").asBoolean());
        assertFalse(record.get("Updated").asBoolean());
        assertEquals(Samples.report().codeSha256(), record.get("CodeSha256").asText());
        assertEquals(Samples.report().zippedBytes(), record.get("CodeSize").asLong());
    }

    @Test
    void severalFunctionsAreAnArrayInTheOrderAskedFor() throws Exception {
        JsonNode record = record(
                Samples.deployed("second", Outcome.UPDATED, Optional.empty()),
                Samples.deployed("first", Outcome.UNCHANGED, Optional.empty()));

        assertEquals(List.of("second", "first"), record.findValuesAsText("FunctionName"));
    }
}
