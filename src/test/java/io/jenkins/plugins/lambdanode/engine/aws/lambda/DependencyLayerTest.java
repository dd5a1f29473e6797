package io.jenkins.plugins.lambdanode.engine.aws.lambda;

import static com.github.tomakehurst.wiremock.client.WireMock.aResponse;
import static com.github.tomakehurst.wiremock.client.WireMock.anyUrl;
import static com.github.tomakehurst.wiremock.client.WireMock.delete;
import static com.github.tomakehurst.wiremock.client.WireMock.get;
import static com.github.tomakehurst.wiremock.client.WireMock.post;
import static com.github.tomakehurst.wiremock.client.WireMock.urlPathMatching;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.jenkins.plugins.lambdanode.engine.ObservedAws;
import io.jenkins.plugins.lambdanode.engine.aws.Cloud;
import io.jenkins.plugins.lambdanode.engine.aws.Log;
import io.jenkins.plugins.lambdanode.engine.aws.Package;
import io.jenkins.plugins.lambdanode.engine.aws.SendingWorkspace;
import io.jenkins.plugins.lambdanode.engine.aws.TestTime;
import io.jenkins.plugins.lambdanode.engine.aws.client.AwsSession;
import io.jenkins.plugins.lambdanode.engine.aws.s3.StagedObject;
import io.jenkins.plugins.lambdanode.engine.aws.s3.Staging;
import io.jenkins.plugins.lambdanode.engine.aws.s3.UploadJournal;
import io.jenkins.plugins.lambdanode.engine.base.Backoff;
import io.jenkins.plugins.lambdanode.engine.base.DeployException;
import io.jenkins.plugins.lambdanode.engine.base.Progress;
import io.jenkins.plugins.lambdanode.engine.pack.api.PackReport;
import io.jenkins.plugins.lambdanode.testing.Emulator;
import io.jenkins.plugins.lambdanode.testing.EmulatorExtension;
import io.jenkins.plugins.lambdanode.testing.Program;
import io.jenkins.plugins.lambdanode.testing.Wire;
import java.io.IOException;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.Set;
import java.util.UUID;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.ExtendWith;
import org.junit.jupiter.api.extension.RegisterExtension;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

/** What a layer with dependencies asks of Lambda, against every emulator. */
@ExtendWith(EmulatorExtension.class)
class DependencyLayerTest {

    private static final List<String> RUNTIMES = List.of("nodejs22.x");
    private static final List<String> ARCHITECTURES = List.of("arm64");

    @TempDir
    Path folder;

    @RegisterExtension
    final ObservedAws observed = new ObservedAws(Emulator.MOTO);

    private final String name = "layer-" + UUID.randomUUID().toString().substring(0, 8);
    private final SendingWorkspace workspace = new SendingWorkspace();
    private final Log log = new Log();
    private final TestTime time = TestTime.startingNow();

    private DependencyLayer layer(AwsSession session) {
        return new DependencyLayer(name, session, workspace, log, time.backoff());
    }

    private LayerState publish(DependencyLayer layer, PackReport report) throws IOException, InterruptedException {
        return layer.publish(new CodeSource.Direct(report), report, Optional.empty(), RUNTIMES, ARCHITECTURES);
    }

    /** What boto3 says of the layer's versions, newest first: number, CodeSha256, runtimes and architectures. */
    private String versions(Emulator emulator) {
        return Program.python("""
                        import sys, boto3
                        l = boto3.client('lambda', endpoint_url=sys.argv[1], region_name='eu-west-1',
                                         aws_access_key_id='test', aws_secret_access_key='test')
                        for v in l.list_layer_versions(LayerName=sys.argv[2])['LayerVersions']:
                            c = l.get_layer_version(LayerName=sys.argv[2], VersionNumber=v['Version'])
                            print(v['Version'], c['Content']['CodeSha256'], *v['CompatibleRuntimes'],
                                  *v['CompatibleArchitectures'])
                        """, emulator.endpoint().toString(), name).strip();
    }

    /** A version that somebody else published, with any description. */
    private void publishedByOthers(Emulator emulator, String description) {
        Program.python("""
                import sys, boto3, io, zipfile
                l = boto3.client('lambda', endpoint_url=sys.argv[1], region_name='eu-west-1',
                                 aws_access_key_id='test', aws_secret_access_key='test')
                z = io.BytesIO()
                with zipfile.ZipFile(z, 'w') as f:
                    f.writestr('nodejs/node_modules/x.js', sys.argv[3])
                l.publish_layer_version(LayerName=sys.argv[2], Description=sys.argv[3], Content={'ZipFile': z.getvalue()},
                                        CompatibleRuntimes=['nodejs20.x'], CompatibleArchitectures=['x86_64'])
                """, emulator.endpoint().toString(), name, description);
    }

    @ParameterizedTest
    @EnumSource(Emulator.class)
    void aPackageIsPublishedStraightFromTheWorkspaceAndFoundAgain(Emulator emulator) throws Exception {
        PackReport report = Package.weighing(folder, "modules", 200_000);
        try (AwsSession session = Cloud.session(emulator.endpoint())) {
            assertEquals(Optional.empty(), layer(session).find(report, Set.of()));

            LayerState published = publish(layer(session), report);

            assertTrue(published.published());
            assertTrue(published.layerVersionArn().endsWith(":layer:" + name + ":1"), published.layerVersionArn());
            assertEquals("1 " + report.codeSha256() + " nodejs22.x arm64", versions(emulator));
            LayerState found = layer(session).find(report, Set.of()).orElseThrow();
            assertFalse(found.published());
            assertEquals(published.layerVersionArn(), found.layerVersionArn());
            assertEquals(Optional.empty(), layer(session).find(Package.holding(folder, "others"), Set.of()));
        }
    }

    @ParameterizedTest
    @EnumSource(Emulator.class)
    void aPackageIsPublishedFromTheStagingBucket(Emulator emulator) throws Exception {
        String bucket = Cloud.newBucket(emulator);
        PackReport report = Package.holding(folder, "modules");
        try (AwsSession session = Cloud.session(emulator.endpoint())) {
            StagedObject staged = new Staging(session, workspace, UploadJournal.NONE, Progress.NONE)
                    .stage(report, Cloud.staging(bucket, "lambda/"));

            LayerState published = layer(session)
                    .publish(new CodeSource.Staged(staged), report, Optional.empty(), RUNTIMES, ARCHITECTURES);

            assertEquals("lambda/" + report.sha256() + ".zip", staged.key());
            assertEquals(1, published.version());
            assertEquals("1 " + report.codeSha256() + " nodejs22.x arm64", versions(emulator));
        }
    }

    @ParameterizedTest
    @EnumSource(Emulator.class)
    void theVersionInUseIsFoundRatherThanANewerOneWithTheSameContent(Emulator emulator) throws Exception {
        PackReport report = Package.holding(folder, "modules");
        try (AwsSession session = Cloud.session(emulator.endpoint())) {
            LayerState first = publish(layer(session), report);
            LayerState second = publish(layer(session), report);

            assertEquals(
                    second.version(),
                    layer(session).find(report, Set.of()).orElseThrow().version());
            assertEquals(
                    first.version(),
                    layer(session)
                            .find(report, Set.of(first.layerVersionArn()))
                            .orElseThrow()
                            .version());
        }
    }

    @ParameterizedTest
    @EnumSource(Emulator.class)
    void aVersionThatOnlySaysThatItHoldsThePackageIsNotTaken(Emulator emulator) throws Exception {
        PackReport report = Package.holding(folder, "modules");
        try (AwsSession session = Cloud.session(emulator.endpoint())) {
            publishedByOthers(emulator, "lambda-node-deploy: CodeSha256 " + report.codeSha256());

            assertEquals(Optional.empty(), layer(session).find(report, Set.of()));
        }
    }

    @ParameterizedTest
    @EnumSource(Emulator.class)
    void aVersionWhosePublicationsResponseIsLostIsNotPublishedTwice(Emulator emulator) throws Exception {
        PackReport report = Package.weighing(folder, "modules", 200_000);
        try (Wire wire = new Wire(emulator.endpoint()).next("POST /2018-10-31/layers/", Wire.Fault.CUT_ANSWER);
                AwsSession session = Cloud.session(wire.endpoint())) {
            assertEquals(1, publish(layer(session), report).version());
            assertTrue(wire.allHappened());
        }

        assertEquals("1 " + report.codeSha256() + " nodejs22.x arm64", versions(emulator));
        assertTrue(log.text().contains("but has applied it"), log.text());
    }

    @ParameterizedTest
    @EnumSource(Emulator.class)
    void onlyOldVersionsOfOurOwnThatNobodyUsesAreDeleted(Emulator emulator) throws Exception {
        try (AwsSession session = Cloud.session(emulator.endpoint())) {
            List<LayerState> ours = new ArrayList<>();
            for (int i = 0; i < 2; i++) {
                ours.add(publish(layer(session), Package.holding(folder, "modules " + i)));
            }
            publishedByOthers(emulator, "by hand");
            for (int i = 2; i < 5; i++) {
                ours.add(publish(layer(session), Package.holding(folder, "modules " + i)));
            }

            layer(session).prune(2, Set.of(ours.get(1).layerVersionArn()));

            assertEquals(
                    List.of("6", "5", "3", "2"),
                    versions(emulator).lines().map(line -> line.split(" ")[0]).toList());
        }
    }

    @ParameterizedTest
    @EnumSource(names = "MINISTACK")
    void aMissingPermissionIsNamedWithTheLayer(Emulator emulator) throws Exception {
        PackReport report = Package.holding(folder, "modules");
        String list = "{\"Version\": \"2012-10-17\", \"Statement\": [{\"Effect\": \"Allow\", \"Action\":"
                + " \"lambda:ListLayer*\", \"Resource\": \"*\"}]}";
        try (AwsSession session = Cloud.session(emulator.endpoint(), Cloud.user(emulator, list))) {
            assertEquals(Optional.empty(), layer(session).find(report, Set.of()));

            String message = assertThrows(DeployException.class, () -> publish(layer(session), report))
                    .getMessage();

            assertTrue(message.contains("did not publish a version of layer " + name), message);
            assertTrue(message.contains("\"Action\": \"lambda:PublishLayerVersion\""), message);
            assertTrue(message.contains(":layer:" + name), message);
        }
    }

    /** The account's total and the layer's versions, as the account's other functions are not this deployment's to list. */
    @Test
    void fullCodeStorageIsSaidWithWhatHoldsIt() throws Exception {
        PackReport report = Package.holding(folder, "modules");
        publishedByOthers(Emulator.MOTO, "one");
        publishedByOthers(Emulator.MOTO, "two");
        observed.proxy()
                .stubFor(post(urlPathMatching("/2018-10-31/layers/.*"))
                        .atPriority(1)
                        .willReturn(aResponse()
                                .withStatus(400)
                                .withHeader("x-amzn-ErrorType", "CodeStorageExceededException")
                                .withBody("{\"Message\": \"Code storage limit exceeded.\"}")));
        observed.proxy()
                .stubFor(get(urlPathMatching(".*/account-settings/?"))
                        .atPriority(1)
                        .willReturn(aResponse()
                                .withBody("{\"AccountLimit\":{\"TotalCodeSize\":80530636800},"
                                        + "\"AccountUsage\":{\"TotalCodeSize\":80529588224,\"FunctionCount\":12}}")));
        try (AwsSession session = Cloud.session(observed.endpoint())) {
            String message = assertThrows(DeployException.class, () -> publish(layer(session), report))
                    .getMessage();

            assertTrue(message.startsWith("Lambda did not publish a version of layer " + name), message);
            assertTrue(message.contains("CodeStorageExceededException: Code storage limit exceeded."), message);
            assertTrue(
                    message.contains(
                            "In use: 76799.0 MB of 76800.0 MB, by 12 functions with their versions, and by layers."),
                    message);
            assertTrue(
                    message.endsWith("Layer " + name + " has 2 versions; keepLayerVersions deletes old ones."),
                    message);
        }
    }

    @Test
    void versionsThatMayNotBeDeletedStayAndTheLogSaysWhy() throws Exception {
        observed.proxy()
                .stubFor(
                        delete(anyUrl())
                                .atPriority(1)
                                .willReturn(
                                        aResponse()
                                                .withStatus(403)
                                                .withHeader("x-amzn-ErrorType", "AccessDeniedException")
                                                .withBody(
                                                        "{\"Message\": \"User: arn:aws:iam::123456789012:user/ci is not authorized\"}")));
        try (AwsSession session = Cloud.session(observed.endpoint())) {
            publish(layer(session), Package.holding(folder, "one"));
            publish(layer(session), Package.holding(folder, "two"));

            layer(session).prune(1, Set.of());
        }

        assertEquals(2, versions(Emulator.MOTO).lines().count());
        assertTrue(
                log.text().contains("WARNING: Old versions of layer " + name + " stay.")
                        && log.text().contains("\"lambda:DeleteLayerVersion\"")
                        && log.text().contains(":layer:" + name + ":1\""),
                log.text());
    }

    @Test
    void pruningAfterAFindThatFoundEverythingAsksForNothing() throws Exception {
        PackReport report = Package.holding(folder, "modules");
        try (AwsSession session = Cloud.session(observed.endpoint())) {
            publish(layer(session), report);
            DependencyLayer again = layer(session);
            again.find(report, Set.of());
            int before = observed.requests().size();

            again.prune(1, Set.of());

            assertEquals(before, observed.requests().size());
        }
    }

    @ParameterizedTest
    @EnumSource(Emulator.class)
    void aFunctionGetsTheLayerBesideThoseThatItHas(Emulator emulator) throws Exception {
        PackReport code = Package.holding(folder, "code");
        FunctionName function = Cloud.newFunction();
        try (AwsSession session = Cloud.session(emulator.endpoint())) {
            LayerState first = publish(layer(session), Package.holding(folder, "one"));
            LayerState second = publish(layer(session), Package.holding(folder, "two"));
            Functions functions = new Functions(session, workspace, log);
            functions.create(
                    function,
                    new CodeSource.Direct(code),
                    CreateOptions.of(Cloud.role(emulator), "nodejs22.x", "index.handler")
                            .with(first.layerVersionArn()),
                    code.codeSha256());
            FunctionState created = functions.awaitReady(function, Duration.ofSeconds(30));
            assertEquals(List.of(first.layerVersionArn()), created.layerArns());

            functions.updateLayers(function, created, arns -> List.of(second.layerVersionArn()), Optional.empty());

            FunctionState updated = functions.awaitReady(function, Duration.ofSeconds(30));
            assertEquals(List.of(second.layerVersionArn()), updated.layerArns());
            assertEquals(second.codeSize(), updated.layerBytes(arn -> true));
            assertTrue(updated.isVersionOf(name, second.layerVersionArn()));
            assertFalse(updated.isVersionOf(name + "-more", second.layerVersionArn()));
        }
    }

    /** Not against Moto, which knows no revisions. */
    @ParameterizedTest
    @EnumSource(names = "MINISTACK")
    void aLayerThatSomeoneElseHasGivenItMeanwhileIsKept(Emulator emulator) throws Exception {
        PackReport code = Package.holding(folder, "code");
        FunctionName function = Cloud.newFunction();
        try (AwsSession session = Cloud.session(emulator.endpoint())) {
            LayerState theirs = publish(layer(session), Package.holding(folder, "one"));
            LayerState ours = publish(layer(session), Package.holding(folder, "two"));
            Functions functions = new Functions(session, workspace, log, Duration.ofSeconds(30), Backoff.REAL);
            functions.create(
                    function,
                    new CodeSource.Direct(code),
                    CreateOptions.of(Cloud.role(emulator), "nodejs22.x", "index.handler"),
                    code.codeSha256());
            FunctionState before = functions.awaitReady(function, Duration.ofSeconds(30));
            functions.updateLayers(function, before, arns -> List.of(theirs.layerVersionArn()), Optional.empty());
            functions.awaitReady(function, Duration.ofSeconds(30));

            functions.updateLayers(
                    function,
                    before,
                    arns -> {
                        List<String> with = new ArrayList<>(arns);
                        with.remove(ours.layerVersionArn());
                        with.add(ours.layerVersionArn());
                        return with;
                    },
                    Optional.empty());

            assertEquals(
                    List.of(theirs.layerVersionArn(), ours.layerVersionArn()),
                    functions.awaitReady(function, Duration.ofSeconds(30)).layerArns());

            String message = assertThrows(
                            DeployException.class,
                            () -> functions.updateLayers(
                                    function, before, arns -> List.of(), Optional.of(before.revisionId())))
                    .getMessage();
            assertTrue(message.contains("changed after its RevisionId was read"), message);
        }
    }
}
