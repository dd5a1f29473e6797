package io.jenkins.plugins.lambdanode.engine.request;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.jenkins.plugins.lambdanode.engine.aws.lambda.CreateOptions;
import io.jenkins.plugins.lambdanode.engine.aws.lambda.FunctionName;
import io.jenkins.plugins.lambdanode.engine.aws.s3.StagingSettings;
import io.jenkins.plugins.lambdanode.engine.base.DeployException;
import io.jenkins.plugins.lambdanode.engine.pack.api.PackSettings;
import io.jenkins.plugins.lambdanode.engine.project.InstallSetting;
import java.time.Duration;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.OptionalInt;
import java.util.OptionalLong;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

class DeployRequestBuilderTest {

    private static final String ROLE = "arn:aws:iam::123456789012:role/orders";

    private static DeployRequestBuilder orders() throws DeployException {
        return DeployRequest.builder().functionNames("orders");
    }

    private static String refusal(DeployRequestBuilder settings) {
        return assertThrows(DeployException.class, settings::build).getMessage();
    }

    @Test
    void aFunctionsNameIsEnoughAndTheRestHasDefaults() throws Exception {
        DeployRequest request = orders().build();

        assertEquals(List.of(FunctionName.parse("orders")), request.functions());
        assertEquals(InstallSetting.AUTO, request.install());
        assertEquals(PackSettings.DEFAULT, request.pack());
        assertEquals(Optional.empty(), request.dependencyLayer());
        assertEquals(StagingSettings.NONE, request.staging());
        assertEquals(Optional.empty(), request.create());
        assertFalse(request.publishes() || request.dryRun() || request.force());
        assertEquals(Duration.ofMinutes(10), request.waitTimeout());
    }

    @Test
    void anAliasImpliesAVersion() throws Exception {
        assertTrue(orders().alias("live").build().publishes());
    }

    @Test
    void aBlankTextLeavesWhatWasSetBefore() throws Exception {
        DeployRequest request = orders().s3Bucket("global-bucket")
                .s3Bucket(" ")
                .s3Prefix("lambda/")
                .s3Prefix(null)
                .compressionLevel(9)
                .compressionLevel(null)
                .build();

        assertEquals(Optional.of("global-bucket"), request.staging().bucket());
        assertEquals("lambda/", request.staging().prefix());
        assertEquals(9, request.pack().level());
    }

    @Test
    void noneIsNoBucketThoughADefaultIsSet() throws Exception {
        DeployRequest request =
                orders().s3Bucket("global-bucket").s3Bucket("none").build();

        assertEquals(Optional.empty(), request.staging().bucket());
        assertFalse(request.stages(200 << 20));
    }

    @Test
    void listsAreReadAsUsersWriteThem() throws Exception {
        DeployRequest request = DeployRequest.builder()
                .functionNames("orders, billing\nstock  audit")
                .includes("dist/**, *.json")
                .excludes(" test/** \n\n *.map")
                .build();

        assertEquals(
                List.of("orders", "billing", "stock", "audit"),
                request.functions().stream().map(FunctionName::name).toList());
        assertEquals(List.of("dist/**", "*.json"), request.pack().includes());
        assertEquals(List.of("test/**", "*.map"), request.pack().excludes());
        assertEquals(
                List.of("a,b/**"),
                orders().excludes(List.of("a,b/**")).build().pack().excludes());
    }

    @Test
    void dependenciesGoIntoTheLayerOrNowhereAsAsked() throws Exception {
        DeployRequest layer =
                orders().dependencies("layer").keepLayerVersions(3).build();
        DeployRequest none = orders().dependencies("none").excludes("test/**").build();

        assertEquals(Optional.of("orders-dependencies"), layer.layerName());
        assertEquals(OptionalInt.of(3), layer.dependencyLayer().orElseThrow().keepVersions());
        assertEquals(Optional.empty(), none.dependencyLayer());
        assertFalse(none.pack().dependencies());
        assertTrue(layer.pack().dependencies());
    }

    @Test
    void aFunctionThatIsCreatedHasWhatWasSetAndAwssOwnDefaultsElse() throws Exception {
        CreateOptions create = orders().create(true)
                .role(ROLE)
                .memorySize(512)
                .environment("A=1\n\nURL=https://a/?b=c\n")
                .environment(Map.of("B", "two\nlines"))
                .layers("arn:aws:lambda:eu-west-1:123456789012:layer:l:1")
                .architectures("arm64")
                .build()
                .create()
                .orElseThrow();

        assertEquals(ROLE, create.role());
        assertEquals("nodejs24.x", create.runtime());
        assertEquals("index.handler", create.handler());
        assertEquals(OptionalInt.of(512), create.memorySize());
        assertEquals(OptionalInt.empty(), create.timeout());
        assertEquals(Map.of("A", "1", "URL", "https://a/?b=c", "B", "two\nlines"), create.environment());
        assertEquals(List.of("arm64"), create.architectures());
    }

    @Test
    void stagedPackagesAreEncryptedAsAsked() throws Exception {
        StagingSettings staging = orders().s3Bucket("staging")
                .s3Threshold(0L)
                .s3Sse("aws:kms")
                .s3KmsKeyId("alias/staging")
                .build()
                .staging();

        assertEquals(
                new StagingSettings(
                        Optional.of("staging"),
                        "",
                        OptionalLong.of(0),
                        Optional.of("aws:kms"),
                        Optional.of("alias/staging")),
                staging);
    }

    @Test
    void settingsThatDoNotGoTogetherAreRefused() throws Exception {
        assertTrue(refusal(DeployRequest.builder()).startsWith("No function is named. Set functionName"));
        assertTrue(refusal(orders().create(true)).startsWith("create needs a role"));
        assertTrue(refusal(orders().s3KmsKeyId("alias/staging")).contains("s3Sse is not 'aws:kms'"));
        assertTrue(refusal(orders().s3KmsKeyId("alias/staging").s3Sse("AES256")).contains("s3Sse is not 'aws:kms'"));
        assertTrue(refusal(orders().rollout("Canary10Percent5Minutes")).startsWith("rollout is set, and no alias."));
        assertTrue(refusal(orders().alias("live").alarms("errors")).startsWith("alarms is set, and no rollout."));
        assertTrue(refusal(orders().keepVersions(3)).startsWith("keepVersions is set, and no version is published."));
        assertTrue(refusal(orders().layerName("deps")).startsWith("layerName is set, and dependencies is not 'layer'"));
        assertTrue(refusal(orders().dependencies("none").keepLayerVersions(2))
                .startsWith("keepLayerVersions is set, and dependencies is not 'layer'"));
        assertTrue(refusal(orders().zipFile("a.zip")
                        .install("npm ci --offline")
                        .layerName("deps")
                        .keepLayerVersions(2)
                        .symlinks("store")
                        .compressionLevel(9))
                .startsWith("zipFile deploys a package as it is: install, layerName, keepLayerVersions, symlinks,"
                        + " compressionLevel do not apply. Leave these out, or zipFile."));
        assertTrue(refusal(orders().dir("fn")
                        .from("{\"FunctionName\": \"a\", \"FunctionArn\":"
                                + " \"arn:aws:lambda:eu-west-1:123456789012:function:a\", \"CodeSha256\": \""
                                + "A".repeat(43)
                                + "=\", \"CodeSize\": 1, \"Version\": \"1\", \"Outcome\": \"updated\"}"))
                .startsWith("from deploys a package as it is: dir does not apply. Leave that out, or from."));
        assertEquals(
                Optional.of("a.zip"),
                orders().dir("fn").zipFile("a.zip").build().zipFile());
        assertEquals(
                OptionalInt.of(3),
                orders().alias("live").keepVersions(3).build().keepVersions());
    }

    /** The threshold that is asked for, and beyond what a direct update can carry whatever is asked for. */
    @ParameterizedTest
    @CsvSource({
        ", 10485759, false",
        ", 10485760, true",
        "0, 1, true",
        "100, 99, false",
        "900000000, 52428800, false",
        "900000000, 52428801, true"
    })
    void aPackageIsStagedFromTheThresholdOn(Long threshold, long bytes, boolean staged) throws Exception {
        assertEquals(
                staged,
                orders().s3Bucket("staging").s3Threshold(threshold).build().stages(bytes));
    }
}
