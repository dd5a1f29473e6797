package io.jenkins.plugins.lambdanode.engine;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.jenkins.plugins.lambdanode.engine.base.DeployException;
import io.jenkins.plugins.lambdanode.engine.report.DeployResult;
import io.jenkins.plugins.lambdanode.engine.report.DeployResult.Outcome;
import io.jenkins.plugins.lambdanode.engine.report.DeploymentJson;
import io.jenkins.plugins.lambdanode.engine.request.DeployRequestBuilder;
import io.jenkins.plugins.lambdanode.testing.Account;
import io.jenkins.plugins.lambdanode.testing.Emulator;
import io.jenkins.plugins.lambdanode.testing.EmulatorExtension;
import io.jenkins.plugins.lambdanode.testing.KeptLog;
import io.jenkins.plugins.lambdanode.testing.Program;
import io.jenkins.plugins.lambdanode.testing.Project;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.ExtendWith;
import org.junit.jupiter.api.extension.RegisterExtension;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** A package that is there is deployed as it is: a ready ZIP, or that of an earlier deployment. */
@ExtendWith(EmulatorExtension.class)
class PromotionTest {

    private static final Account ACCOUNT = new Account(Emulator.MINISTACK);

    @RegisterExtension
    final ObservedAws aws = new ObservedAws(Emulator.MINISTACK);

    @TempDir
    Path folder;

    private final KeptLog log = new KeptLog();
    private final String name = Account.newName();
    private Project project;
    private Path elsewhere;

    @BeforeEach
    void makeProject() throws Exception {
        project = Project.answering(folder.resolve("project"), name);
        elsewhere = Files.createDirectories(folder.resolve("elsewhere"));
    }

    private interface Setting {
        void on(DeployRequestBuilder request) throws DeployException;
    }

    private DeployResult deploy(Path from, String function, String region, Setting setting) throws Exception {
        Orders orders = Orders.at(aws.endpoint(), ACCOUNT.role(), log).in(region);
        DeployRequestBuilder request = orders.plain(function);
        setting.on(request);
        return orders.deploy(from, request.build());
    }

    private DeployResult deploy(Setting setting) throws Exception {
        return deploy(project.folder(), name, Account.REGION, request -> setting.on(request.install("none")));
    }

    private DeployResult promote(DeployResult from, Setting setting) throws Exception {
        String record = DeploymentJson.text(from);
        return deploy(elsewhere, name + "-prod", Account.REGION, request -> setting.on(request.from(record)));
    }

    private List<String> uploads() {
        return aws.requests().stream()
                .filter(line -> line.startsWith("PUT /b-"))
                .toList();
    }

    private static void zip(Path from, Path to) {
        Program.run(from, Map.of(), List.of("zip", "-q", "-r", to.toString(), "."))
                .successful();
    }

    @Test
    void aReadyZipIsDeployedAsItIs() throws Exception {
        Path zip = elsewhere.resolve("orders.zip");
        zip(project.folder(), zip);

        DeployResult result = deploy(
                elsewhere,
                name,
                Account.REGION,
                request -> request.zipFile("orders.zip").alias("live"));

        String digest = Account.base64Sha256(zip.toString());
        assertEquals(digest, result.packaged().codeSha256());
        assertEquals(digest, ACCOUNT.configuration(name, "CodeSha256"));
        assertEquals("\"" + name + "\"", ACCOUNT.invoke(name));
        assertTrue(log.text().contains("The package has "), log.text());
    }

    @Test
    void aZipThatCanNotWorkIsRefusedBeforeAnythingIsSent() throws Exception {
        zip(folder, elsewhere.resolve("nested.zip"));
        Files.writeString(elsewhere.resolve("text.zip"), "no ZIP");
        Files.createSymbolicLink(elsewhere.resolve("link.zip"), elsewhere.resolve("../outside.zip"));
        zip(project.folder(), folder.resolve("outside.zip"));

        assertTrue(failureOf("nested.zip")
                .contains("The handler index.handler is not in nested.zip: it has no index.js, .mjs or .cjs"));
        assertTrue(failureOf("nested.zip").contains("It has project/index.js: zip what is in the folder"));
        assertTrue(failureOf("text.zip").contains("text.zip (zipFile) is no valid ZIP"));
        assertTrue(failureOf("none.zip").contains("There is no file none.zip in "));
        assertTrue(failureOf("link.zip").contains("link.zip (zipFile) leads out of "));
        assertTrue(failureOf("../outside.zip").contains("zipFile is '../outside.zip'"));
        assertFalse(ACCOUNT.hasFunction(name));
    }

    @Test
    void aZipFromElsewhereMayHaveNamesInAnyEncodingAndModesThatLambdaCanReadAreTheRule() throws Exception {
        Program.run(elsewhere, Map.of(), List.of("python3", "-c", """
                import zipfile
                def put(zip, name, mode):
                    entry = zipfile.ZipInfo(name)
                    entry.create_system, entry.external_attr = 3, mode << 16
                    zip.writestr(entry, "exports.handler = async () => 'there';")
                with zipfile.ZipFile("strict.zip", "w") as zip:
                    put(zip, "index.js", 0o100600)
                    put(zip, "lib/", 0o040700)
                    put(zip, "ok.js", 0o100644)
                with zipfile.ZipFile("utf8.zip", "w") as zip:
                    put(zip, "index.js", 0o100644)
                    put(zip, "caf_.js", 0o100644)
                open("cp437.zip", "wb").write(open("utf8.zip", "rb").read().replace(b"caf_", b"caf\\x82"))
                """)).successful();

        deploy(elsewhere, name, Account.REGION, request -> request.zipFile("cp437.zip"));
        assertEquals("\"there\"", ACCOUNT.invoke(name));
        assertFalse(log.text().contains("EACCES"), log.text());

        deploy(elsewhere, name, Account.REGION, request -> request.zipFile("strict.zip"));
        assertTrue(
                log.text()
                        .contains("index.js: Its owner alone may read it, as 1 more file of the ZIP, and Lambda runs"),
                log.text());
    }

    private String failureOf(String zip) {
        return assertThrows(
                        DeployException.class,
                        () -> deploy(elsewhere, name, Account.REGION, request -> request.zipFile(zip)))
                .getMessage();
    }

    @Test
    void aStagedPackageIsReadByLambdaAgainAndUploadedOnce() throws Exception {
        String bucket = ACCOUNT.newBucket();
        DeployResult first =
                deploy(request -> request.s3Bucket(bucket).s3Threshold(0L).publish(true));
        int sent = uploads().size();

        DeployResult second = promote(first, request -> request.alias("live"));

        assertEquals(1, sent);
        assertEquals(1, uploads().size());
        assertEquals(first.packaged().sha256() + ".zip", ACCOUNT.keys(bucket));
        assertEquals(
                ACCOUNT.configuration(name, "CodeSha256"), ACCOUNT.configuration(name + "-prod:live", "CodeSha256"));
        assertEquals(Outcome.CREATED, second.functions().get(0).outcome());
        assertEquals(
                first.packaged().sha256() + ".zip",
                second.functions().get(0).staged().orElseThrow().key());
        assertEquals(0, second.sentBytes());
        assertTrue(log.text().contains("Lambda reads it from s3://" + bucket + "/"), log.text());

        DeployResult again = promote(first, request -> request.alias("live"));

        assertEquals(Outcome.UNCHANGED, again.functions().get(0).outcome());
    }

    @Test
    void twoStagesThatPackageTheSameShareTheObject() throws Exception {
        String bucket = ACCOUNT.newBucket();
        deploy(request -> request.s3Bucket(bucket).s3Threshold(0L));

        deploy(
                project.folder(),
                name + "-prod",
                Account.REGION,
                request -> request.install("none").s3Bucket(bucket).s3Threshold(0L));

        assertEquals(1, uploads().size());
        assertTrue(log.text().contains("Already staged: s3://" + bucket + "/"), log.text());
    }

    @Test
    void aPackageThatIsNotStagedComesFromTheFunctionThroughTheWorkspace() throws Exception {
        DeployResult first = deploy(request -> request.publish(true));
        Files.delete(project.folder().resolve("index.js"));

        DeployResult second = promote(first, request -> {});

        assertEquals(first.packaged().codeSha256(), ACCOUNT.configuration(name + "-prod", "CodeSha256"));
        assertEquals(first.packaged().zippedBytes(), second.sentBytes());
        assertEquals("\"" + name + "\"", ACCOUNT.invoke(name + "-prod"));
    }

    @Test
    void aStagedObjectThatIsGoneIsNoObstacle() throws Exception {
        String bucket = ACCOUNT.newBucket();
        DeployResult first =
                deploy(request -> request.s3Bucket(bucket).s3Threshold(0L).publish(true));
        ACCOUNT.removeBucket(bucket);

        promote(first, request -> {});

        assertEquals(first.packaged().codeSha256(), ACCOUNT.configuration(name + "-prod", "CodeSha256"));
        assertTrue(log.text().contains("getting it from the function"), log.text());
    }

    @Test
    void codeThatTheFunctionNoLongerHasIsNotPromoted() throws Exception {
        DeployResult first = deploy(request -> {});
        project.with("index.js", "exports.handler = async () => 'another';\n");
        deploy(request -> {});

        DeployException failed = assertThrows(DeployException.class, () -> promote(first, request -> {}));

        assertTrue(failed.getMessage()
                .contains("and the record says " + first.packaged().codeSha256()));
        assertTrue(failed.getMessage().contains("whose version keeps its code"), failed.getMessage());
        assertFalse(ACCOUNT.hasFunction(name + "-prod"));
    }

    @Test
    void thePackageGoesToAnotherRegion() throws Exception {
        DeployResult first = deploy(request -> request.publish(true));
        String record = DeploymentJson.text(first);

        DeployResult second = deploy(elsewhere, name, "us-west-2", request -> request.from(record));

        assertEquals(
                first.packaged().codeSha256(), second.functions().get(0).state().codeSha256());
        assertTrue(second.functions().get(0).state().functionArn().contains(":us-west-2:"));
    }

    @ParameterizedTest
    @ValueSource(strings = {"arn:aws-cn:lambda:cn-north-1:", "arn:aws:lambda:../x:"})
    void thePackageIsNotGotFromAnotherPartitionNorFromNowhere(String place) throws Exception {
        String record = DeploymentJson.text(deploy(request -> request.publish(true)))
                .replace("arn:aws:lambda:" + Account.REGION + ":", place);

        DeployException failed = assertThrows(
                DeployException.class,
                () -> deploy(elsewhere, name + "-prod", Account.REGION, request -> request.from(record)));

        assertTrue(failed.getMessage().startsWith("The function of the record, " + place), failed.getMessage());
        assertTrue(failed.getMessage().contains("is not in a region of the partition aws"), failed.getMessage());
        assertFalse(ACCOUNT.hasFunction(name + "-prod"));
    }

    @Test
    void aLayerGoesAlongInItsAccountAndRegionAndNowhereElse() throws Exception {
        project.with("node_modules/dep/index.js", "module.exports = 1;\n")
                .with("index.js", "exports.handler = async () => require('dep');\n");
        DeployResult first = deploy(request -> request.dependencies("layer").publish(true));

        promote(first, request -> {});

        assertEquals(
                List.of(first.layer().orElseThrow().layerVersionArn()),
                promote(first, request -> {}).functions().get(0).state().layerArns());
        String record = DeploymentJson.text(first);
        DeployException failed = assertThrows(
                DeployException.class, () -> deploy(elsewhere, name, "us-west-2", request -> request.from(record)));
        assertTrue(failed.getMessage().contains("is in another account or region"), failed.getMessage());
    }

    @Test
    void aPackageThatIsThereGoesWithNoSettingOfHowOneIsMade() {
        DeployException failed = assertThrows(
                DeployException.class,
                () -> deploy(
                        elsewhere,
                        name,
                        Account.REGION,
                        request -> request.zipFile("a.zip").build("make")));
        assertTrue(failed.getMessage().startsWith("zipFile deploys a package as it is: build does not apply"));
        DeployException none = assertThrows(
                DeployException.class,
                () -> deploy(elsewhere, name, Account.REGION, request -> request.from("{\"FunctionName\": \"a\"}")));
        assertTrue(none.getMessage().startsWith("from is no record of a deployment."), none.getMessage());
    }
}
