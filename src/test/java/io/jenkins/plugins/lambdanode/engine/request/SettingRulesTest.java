package io.jenkins.plugins.lambdanode.engine.request;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.jenkins.plugins.lambdanode.engine.base.DeployException;
import java.util.Map;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

class SettingRulesTest {

    /** A rule of one setting. */
    private interface Rule {
        Object read(String text) throws DeployException;
    }

    private static final Map<String, Rule> RULES = Map.ofEntries(
            Map.entry("region", SettingRules::region),
            Map.entry("roleArn", text -> SettingRules.role("roleArn", text)),
            Map.entry("roleSessionName", SettingRules::roleSessionName),
            Map.entry("endpointUrl", SettingRules::endpoint),
            Map.entry("install", SettingRules::install),
            Map.entry("excludes", text -> SettingRules.patterns("excludes", text)),
            Map.entry("symlinks", SettingRules::symlinks),
            Map.entry("compressionLevel", SettingRules::compressionLevel),
            Map.entry("dependencies", SettingRules::dependencies),
            Map.entry("layerName", SettingRules::layerName),
            Map.entry("rollout", Rollout::parse),
            Map.entry("alarms", SettingRules::alarms),
            Map.entry("keepVersions", SettingRules::keepVersions),
            Map.entry("keepLayerVersions", SettingRules::keepLayerVersions),
            Map.entry("s3Bucket", SettingRules::bucket),
            Map.entry("s3Prefix", SettingRules::prefix),
            Map.entry("s3Threshold", SettingRules::threshold),
            Map.entry("s3Sse", SettingRules::sse),
            Map.entry("s3KmsKeyId", SettingRules::stagingKey),
            Map.entry("alias", SettingRules::alias),
            Map.entry("sourceKmsKeyArn", SettingRules::sourceKey),
            Map.entry("architectures", SettingRules::architectures),
            Map.entry("unstableOn", SettingRules::unstableOnWarning),
            Map.entry("waitTimeout", SettingRules::waitTimeout),
            Map.entry("memorySize", SettingRules::memorySize),
            Map.entry("timeout", SettingRules::timeout),
            Map.entry("environment", SettingRules::environment));

    @ParameterizedTest
    @CsvSource(
            delimiter = '|',
            value = {
                "region | eu-west-1",
                "region | us-gov-east-1",
                "roleArn | arn:aws:iam::123456789012:role/deploy",
                "roleArn | arn:aws-cn:iam::123456789012:role/path/deploy",
                "roleSessionName | jenkins-orders@7",
                "endpointUrl | http://localhost:4566",
                "endpointUrl | https://vpce-0123.lambda.eu-west-1.vpce.amazonaws.com/",
                "install | yarn install --production",
                "excludes | test/**, *.map",
                "symlinks | store",
                "compressionLevel | 9",
                "dependencies | layer",
                "layerName | orders-dependencies",
                "rollout | Linear10PercentEvery1Minute",
                "rollout | percent=20, every=5",
                "alarms | orders errors, orders/latency: p99",
                "keepVersions | 1",
                "keepLayerVersions | 1",
                "s3Bucket | my-staging",
                "s3Bucket | Old_Bucket.of.2009",
                "s3Bucket | none",
                "s3Prefix | lambda/orders/",
                "s3Threshold | 0",
                "s3Sse | AES256",
                "s3KmsKeyId | 1234abcd-12ab-34cd-56ef-1234567890ab",
                "s3KmsKeyId | mrk-1234abcd12ab34cd56ef1234567890ab",
                "s3KmsKeyId | arn:aws:kms:eu-west-1:123456789012:alias/staging",
                "alias | live",
                "alias | 2026-11",
                "sourceKmsKeyArn | arn:aws:kms:eu-west-1:123456789012:key/1234abcd-12ab-34cd-56ef-1234567890ab",
                "architectures | arm64",
                "unstableOn | warning",
                "waitTimeout | 1",
                "memorySize | 10240",
                "timeout | 900",
                "environment | NODE_ENV=production",
            })
    void whatAwsTakesIsTaken(String setting, String text) throws Exception {
        RULES.get(setting).read(text);
        RULES.get(setting).read("  " + text + " ");
    }

    @ParameterizedTest
    @CsvSource(
            delimiter = '|',
            value = {
                "region | Ireland",
                "roleArn | deploy",
                "roleArn | arn:aws:iam::123456789012:user/deploy",
                "roleSessionName | a b",
                "endpointUrl | localhost:4566",
                "endpointUrl | ftp://localhost",
                "install | instal",
                "excludes | ../other/**",
                "excludes | /",
                "symlinks | copy",
                "compressionLevel | 0",
                "compressionLevel | fast",
                "dependencies | layers",
                "layerName | arn:aws:lambda:eu-west-1:123456789012:layer:l",
                "rollout | Canary",
                "keepVersions | 0",
                "keepLayerVersions | 0",
                "s3Bucket | s3://my-staging",
                "s3Bucket | my-staging/lambda",
                "s3Bucket | ab",
                "s3Bucket | arn:aws:s3:eu-west-1:123456789012:accesspoint/staging",
                "s3Bucket | staging--use1-az4--x-s3",
                "s3Threshold | -1",
                "s3Sse | kms",
                "s3KmsKeyId | staging",
                "alias | 7",
                "alias | orders:live",
                "alias | a b",
                "sourceKmsKeyArn | alias/code",
                "architectures | x86",
                "architectures | x86_64,arm64",
                "unstableOn | error",
                "waitTimeout | 0",
                "waitTimeout | 10m",
                "memorySize | 64",
                "memorySize | 10241",
                "s3Threshold | 3000000000",
                "timeout | 901",
                "environment | NODE_ENV",
                "environment | 1A=b",
            })
    void whatAwsDoesNotTakeIsRefusedBeforeItIsAsked(String setting, String text) {
        DeployException refusal =
                assertThrows(DeployException.class, () -> RULES.get(setting).read(text), setting + " " + text);

        assertTrue(refusal.getMessage().startsWith(setting), refusal.getMessage());
    }

    @Test
    void aMessageNamesTheSettingItsValueAndWhatIsRight() {
        assertEquals(
                "alias is '7'. Use letters, digits, - and _, at most 128, and not digits alone.",
                assertThrows(DeployException.class, () -> SettingRules.alias("7"))
                        .getMessage());
        assertEquals(
                "s3Bucket is 'arn:aws:s3:eu-west-1:123456789012:accesspoint/a'. Lambda fetches no package through an access point."
                        + " Name the bucket that it belongs to.",
                assertThrows(
                                DeployException.class,
                                () -> SettingRules.bucket("arn:aws:s3:eu-west-1:123456789012:accesspoint/a"))
                        .getMessage());
        assertEquals(
                "dependencies is 'auto'. Use package, layer or none.",
                assertThrows(DeployException.class, () -> SettingRules.dependencies("auto"))
                        .getMessage());
        assertEquals(
                "waitTimeout is '0'. Use a whole number of seconds from 1 to 86400.",
                assertThrows(DeployException.class, () -> SettingRules.waitTimeout("0"))
                        .getMessage());
    }

    @Test
    void aVariableThatIsNotSetIsNamed() {
        assertEquals(
                "alias is 'live-${NOPE}'. The variable NOPE is not set: set it before the deployment, or check its name."
                        + " Use letters, digits, - and _, at most 128, and not digits alone.",
                assertThrows(DeployException.class, () -> SettingRules.alias("live-${NOPE}"))
                        .getMessage());
        assertEquals(
                "functionName is 'orders-$NOPE'. The variable NOPE is not set: set it before the deployment, or check its name.",
                assertThrows(DeployException.class, () -> SettingRules.functionName("orders-$NOPE"))
                        .getMessage());
    }

    @Test
    void severalFunctionsInTheSettingForOneAreToldWhereTheyBelong() {
        assertEquals(
                "functionName is 'a, b'. It names one function. Name several with functionNames.",
                assertThrows(DeployException.class, () -> SettingRules.functionName("a, b"))
                        .getMessage());
    }

    @Test
    void noMessageRepeatsWhatCanBeASecret() {
        for (String url : new String[] {
            "https://user:hunter2@aws.example", "https://aws.example/?token=hunter2", "https://user:hunter2@aws example"
        }) {
            assertFalse(assertThrows(DeployException.class, () -> SettingRules.endpoint(url))
                    .getMessage()
                    .contains("hunter2"));
        }
        assertFalse(assertThrows(DeployException.class, () -> SettingRules.environment("A=1\nhunter2"))
                .getMessage()
                .contains("hunter2"));
    }

    @Test
    void latestIsNoVariable() {
        assertEquals(
                "alias is '$LATEST'. Use letters, digits, - and _, at most 128, and not digits alone.",
                assertThrows(DeployException.class, () -> SettingRules.alias("$LATEST"))
                        .getMessage());
    }

    /** Lambda API reference, Invoke: 6 MB of payload. */
    @Test
    void aPayloadIsMeasuredInBytesAndLosesItsByteOrderMark() throws Exception {
        assertEquals("{}", SettingRules.json("payload", "\ufeff{}"));
        String message = assertThrows(
                        DeployException.class,
                        () -> SettingRules.json("payload", "\"" + "\u00e4".repeat(3 << 20) + "\""))
                .getMessage();
        assertEquals("payload of smokeTest has 6291458 bytes. The limit is 6291456.", message);
    }
}
