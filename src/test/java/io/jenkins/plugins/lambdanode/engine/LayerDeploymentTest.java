package io.jenkins.plugins.lambdanode.engine;

import static com.github.tomakehurst.wiremock.client.WireMock.aResponse;
import static com.github.tomakehurst.wiremock.client.WireMock.get;
import static com.github.tomakehurst.wiremock.client.WireMock.urlPathMatching;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.jenkins.plugins.lambdanode.engine.aws.lambda.LayerState;
import io.jenkins.plugins.lambdanode.engine.base.DeployException;
import io.jenkins.plugins.lambdanode.engine.report.DeployResult;
import io.jenkins.plugins.lambdanode.engine.report.DeployResult.Deployed;
import io.jenkins.plugins.lambdanode.engine.report.DeployResult.Outcome;
import io.jenkins.plugins.lambdanode.engine.request.DeployRequestBuilder;
import io.jenkins.plugins.lambdanode.testing.Account;
import io.jenkins.plugins.lambdanode.testing.Emulator;
import io.jenkins.plugins.lambdanode.testing.EmulatorExtension;
import io.jenkins.plugins.lambdanode.testing.KeptLog;
import io.jenkins.plugins.lambdanode.testing.Program;
import io.jenkins.plugins.lambdanode.testing.Project;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.stream.IntStream;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.ExtendWith;
import org.junit.jupiter.api.extension.RegisterExtension;
import org.junit.jupiter.api.io.TempDir;

/** Whole deployments with the dependencies in a layer, with every request to AWS in view. */
@ExtendWith(EmulatorExtension.class)
class LayerDeploymentTest {

    private static final Account ACCOUNT = new Account(Emulator.MINISTACK);
    private static final int BALLAST = 2_000_000;

    @RegisterExtension
    final ObservedAws aws = new ObservedAws(Emulator.MINISTACK);

    @TempDir
    Path folder;

    private final KeptLog log = new KeptLog();
    private final String name = Account.newName();
    private final String layerPath = "/2018-10-31/layers/" + name + "-dependencies/versions";
    private final String functionPath = "/2015-03-31/functions/" + name;
    private Project project;

    @BeforeEach
    void makeProject() {
        project = new Project(folder.resolve("project"))
                .with("index.js", "exports.handler = async () => 'first ' + require('dep');\n")
                .with("node_modules/dep/index.js", "module.exports = 'one';\n")
                .withBallast("node_modules/dep/ballast.bin", BALLAST);
    }

    /** What a test asks for: dependencies apart, and a function that is created where it does not exist. */
    private final class Order {
        private final Orders orders = Orders.at(aws.endpoint(), ACCOUNT.role(), log);
        private final DeployRequestBuilder request;
        private List<String> functions = List.of(name);

        Order() throws DeployException {
            request = orders.unreleased().dependencies("layer");
        }

        Order inOnePackage() throws DeployException {
            request.dependencies("package");
            return this;
        }

        Order keeping(int versions) throws DeployException {
            request.keepLayerVersions(versions);
            return this;
        }

        Order to(String... names) {
            functions = List.of(names);
            return this;
        }

        Order stagedIn(String bucket) throws DeployException {
            request.s3Bucket(bucket).s3Prefix("pre/").s3Threshold(100_000L);
            return this;
        }

        Order publishing() {
            request.publish(true);
            return this;
        }

        Order forced() {
            request.force(true);
            return this;
        }

        Order dryRun() {
            request.dryRun(true);
            return this;
        }

        Order atRevision(String id) throws DeployException {
            request.revisionId(id);
            return this;
        }

        Order installingWith(String line) throws DeployException {
            request.install(line);
            return this;
        }

        DeployResult deploy() throws Exception {
            for (String function : functions) {
                request.functionNames(function);
            }
            return orders.deploy(project.folder(), request.build());
        }

        Deployed deployed() throws Exception {
            return deploy().functions().get(0);
        }
    }

    private Order order() throws DeployException {
        return new Order();
    }

    /** The requests of a deployment. */
    private List<String> requestsOf(Order order) throws Exception {
        int before = aws.requests().size();
        order.deploy();
        return aws.requests().subList(before, aws.requests().size());
    }

    /** Those that change something. */
    private List<String> changesOf(Order order) throws Exception {
        return requestsOf(order).stream()
                .filter(line -> !line.startsWith("GET "))
                .toList();
    }

    private String layerArn(int version) {
        return "arn:aws:lambda:eu-west-1:000000000000:layer:" + name + "-dependencies:" + version;
    }

    /** A layer version that somebody made by hand. */
    private static String newLayer() {
        return Program.python("""
                import boto3, io, sys, zipfile
                z = io.BytesIO()
                with zipfile.ZipFile(z, 'w') as f:
                    f.writestr('other.txt', 'x')
                print(boto3.client('lambda', endpoint_url=sys.argv[1], region_name='eu-west-1', aws_access_key_id='test',
                    aws_secret_access_key='test').publish_layer_version(LayerName=sys.argv[2],
                    Content={'ZipFile': z.getvalue()})['LayerVersionArn'])
                """, Emulator.MINISTACK.endpoint().toString(), Account.newName());
    }

    private static void giveLayers(String function, List<String> arns) {
        Program.python("""
                import boto3, sys
                l = boto3.client('lambda', endpoint_url=sys.argv[1], region_name='eu-west-1', aws_access_key_id='test',
                                 aws_secret_access_key='test')
                l.update_function_configuration(FunctionName=sys.argv[2], Layers=sys.argv[3:])
                l.get_waiter('function_updated_v2').wait(FunctionName=sys.argv[2], WaiterConfig={'Delay': 1})
                """, arguments(function, arns));
    }

    private static String[] arguments(String function, List<String> arns) {
        List<String> arguments =
                new ArrayList<>(List.of(Emulator.MINISTACK.endpoint().toString(), function));
        arguments.addAll(arns);
        return arguments.toArray(new String[0]);
    }

    @Test
    void aFunctionIsCreatedWithItsDependenciesInALayerAndFindsThem() throws Exception {
        DeployResult result = order().deploy();

        LayerState layer = result.layer().orElseThrow();
        assertTrue(layer.published());
        assertEquals(layerArn(1), layer.layerVersionArn());
        assertEquals(List.of(layerArn(1)), result.functions().get(0).state().layerArns());
        assertEquals("\"first one\"", ACCOUNT.invoke(name));
        assertTrue(result.packaged().zippedBytes() < 1000, result.packaged().zippedBytes() + " bytes");
    }

    @Test
    void anUnchangedDeploymentAsksTwiceAndSendsNothing() throws Exception {
        order().deploy();

        assertEquals(
                List.of("GET " + functionPath + "/configuration", "GET " + layerPath), requestsOf(order().keeping(1)));
        assertEquals(0, order().deploy().sentBytes());
        assertEquals(Outcome.UNCHANGED, order().deployed().outcome());
    }

    @Test
    void anUnchangedDeploymentWithABucketAndAVersionMakesFourCalls() throws Exception {
        String bucket = ACCOUNT.newBucket();
        order().stagedIn(bucket).publishing().deploy();

        List<String> requests = requestsOf(order().stagedIn(bucket).publishing());

        assertEquals(4, requests.size(), requests.toString());
    }

    @Test
    void oneChangedLineOfCodeSendsLessThanAHundredthOfThePackage() throws Exception {
        order().deploy();
        project.with("index.js", "exports.handler = async () => 'second ' + require('dep');\n");
        long before = aws.bytesSent();

        DeployResult result = order().deploy();

        long sent = aws.bytesSent() - before;
        assertTrue(sent > 0 && sent < BALLAST / 100, sent + " bytes");
        assertEquals(result.packaged().zippedBytes(), result.sentBytes());
        assertFalse(result.layer().orElseThrow().published());
        assertEquals("\"second one\"", ACCOUNT.invoke(name));
    }

    @Test
    void aChangedDependencyIsANewVersionOfTheLayerAndLeavesTheCode() throws Exception {
        order().publishing().deploy();
        project.with("node_modules/dep/index.js", "module.exports = 'two';\n");
        int before = aws.requests().size();

        DeployResult result = order().publishing().deploy();

        assertEquals(
                List.of("POST " + layerPath, "PUT " + functionPath + "/configuration"),
                aws.requests().subList(before, aws.requests().size()).stream()
                        .filter(line -> line.startsWith("POST " + layerPath) || line.startsWith("PUT "))
                        .toList());
        assertEquals(Outcome.UPDATED, result.functions().get(0).outcome());
        assertEquals(layerArn(2), result.layer().orElseThrow().layerVersionArn());
        assertEquals("\"first two\"", ACCOUNT.invoke(name));
        assertEquals("\"first one\"", ACCOUNT.invoke(name + ":1"));
        assertEquals(Optional.of("2"), result.functions().get(0).version());
    }

    @Test
    void dependenciesThatComeBackAreNotPublishedAgain() throws Exception {
        order().deploy();
        project.with("node_modules/dep/index.js", "module.exports = 'two';\n");
        order().deploy();
        project.with("node_modules/dep/index.js", "module.exports = 'one';\n");

        DeployResult result = order().deploy();

        assertEquals(layerArn(1), result.layer().orElseThrow().layerVersionArn());
        assertFalse(result.layer().orElseThrow().published());
        assertEquals(0, result.sentBytes());
        assertEquals("\"first one\"", ACCOUNT.invoke(name));
    }

    @Test
    void theLayerIsAttachedBeforeTheCodeLosesItsDependencies() throws Exception {
        order().inOnePackage().deploy();

        assertEquals(
                List.of("POST " + layerPath, "PUT " + functionPath + "/configuration", "PUT " + functionPath + "/code"),
                changesOf(order()));
        assertEquals("\"first one\"", ACCOUNT.invoke(name));
    }

    @Test
    void aLayerThatIsNotNeededAnyMoreIsTakenOffAfterTheCode() throws Exception {
        order().deploy();
        project.with("index.js", "exports.handler = async () => 'alone';\n");
        Program.run("rm", "-r", project.folder().resolve("node_modules").toString())
                .successful();

        assertEquals(
                List.of("PUT " + functionPath + "/code", "PUT " + functionPath + "/configuration"), changesOf(order()));
        assertEquals("[]", ACCOUNT.configuration(name, "Layers"));
        assertEquals("\"alone\"", ACCOUNT.invoke(name));
    }

    @Test
    void theLayerThatIsReplacedDoesNotCountTowardsTheLimitAndOthersDo() throws Exception {
        order().inOnePackage().deploy();
        describedWith(layerArn(1), 262_000_000);
        assertEquals(Outcome.VALIDATED, order().dryRun().deployed().outcome());

        describedWith("arn:aws:lambda:eu-west-1:000000000000:layer:other:1", 262_000_000);
        String message =
                assertThrows(DeployException.class, order().dryRun()::deploy).getMessage();

        assertTrue(message.contains("its layers at least 262,000,000"), message);
    }

    /** From now on the function is said to have this layer. */
    private void describedWith(String layer, long codeSize) {
        aws.proxy()
                .stubFor(get(urlPathMatching(functionPath + "/configuration"))
                        .atPriority(1)
                        .willReturn(aResponse()
                                .withHeader("Content-Type", "application/json")
                                .withBody("{\"FunctionName\": \"" + name + "\", \"FunctionArn\":"
                                        + " \"arn:aws:lambda:eu-west-1:000000000000:function:" + name + "\", \"State\":"
                                        + " \"Active\", \"Handler\": \"index.handler\", \"Layers\": [{\"Arn\": \""
                                        + layer
                                        + "\", \"CodeSize\": " + codeSize + "}]}")));
    }

    @Test
    void layersThatSomeoneElseReplacesBeforeTheCodeLosesItsDependenciesAreAnError() throws Exception {
        order().inOnePackage().deploy();
        describedWith(newLayer(), 1);
        int before = aws.changesOfCode().size();

        String message = assertThrows(DeployException.class, order()::deploy).getMessage();

        assertTrue(message.contains("someone else has replaced them meanwhile"), message);
        assertEquals(before, aws.changesOfCode().size());
        assertEquals("\"first one\"", ACCOUNT.invoke(name));
    }

    @Test
    void otherLayersStayInTheirOrder() throws Exception {
        order().deploy();
        String one = newLayer();
        String two = newLayer();
        giveLayers(name, List.of(one, layerArn(1), two));
        project.with("node_modules/dep/index.js", "module.exports = 'two';\n");

        Deployed deployed = order().deployed();

        assertEquals(List.of(one, layerArn(2), two), deployed.state().layerArns());
    }

    @Test
    void aFunctionWithoutRoomForALayerIsRefusedBeforeNpmRuns() throws Exception {
        order().inOnePackage().deploy();
        giveLayers(name, IntStream.range(0, 5).mapToObj(i -> newLayer()).toList());
        Order order = order().installingWith("echo ran > ../ran.txt");

        String message = assertThrows(DeployException.class, order::deploy).getMessage();

        assertTrue(message.contains("has 5 layers"), message);
        assertFalse(Files.exists(folder.resolve("ran.txt")));
    }

    @Test
    void aLayerGoesThroughTheBucketFromTheThresholdOn() throws Exception {
        String bucket = ACCOUNT.newBucket();

        DeployResult result = order().stagedIn(bucket).deploy();

        String sha256 = result.packaged().layer().orElseThrow().sha256();
        assertEquals("pre/" + sha256 + ".zip", ACCOUNT.keys(bucket));
        assertEquals("\"first one\"", ACCOUNT.invoke(name));
        assertEquals(result.packaged().zippedBytesInAll(), result.sentBytes());
    }

    @Test
    void severalFunctionsShareOneLayerVersion() throws Exception {
        String other = Account.newName();

        DeployResult result = order().to(name, other).deploy();

        assertEquals(
                List.of(List.of(layerArn(1)), List.of(layerArn(1))),
                result.functions().stream()
                        .map(deployed -> deployed.state().layerArns())
                        .toList());
        assertEquals("\"first one\"", ACCOUNT.invoke(other));
    }

    @Test
    void aDryRunPublishesNoLayer() throws Exception {

        DeployResult result = order().dryRun().deploy();

        assertEquals(Outcome.VALIDATED, result.functions().get(0).outcome());
        assertEquals(Optional.empty(), result.layer());
        assertEquals(List.of(), changesOf(order().dryRun()));
        assertTrue(log.text().contains("would be published as a version of a layer"), log.text());
    }

    @Test
    void forceUpdatesTheCodeAndKeepsALayerThatHoldsTheDependencies() throws Exception {
        order().deploy();

        assertEquals(List.of("PUT " + functionPath + "/code"), changesOf(order().forced()));
    }

    @Test
    void theRevisionThatIsAskedForIsTheOneBeforeTheLayerToo() throws Exception {
        order().inOnePackage().deploy();
        String revision = ACCOUNT.configuration(name, "RevisionId");

        assertEquals(Outcome.UPDATED, order().atRevision(revision).deployed().outcome());

        project.with("node_modules/dep/index.js", "module.exports = 'two';\n");
        Order stale = order().atRevision(revision);
        String message = assertThrows(DeployException.class, stale::deploy).getMessage();
        assertTrue(message.contains("RevisionId"), message);
        assertEquals("\"first one\"", ACCOUNT.invoke(name));
    }

    @Test
    void theRevisionThatIsAskedForIsTheOneBeforeTheCodeWhereTheLayerGoes() throws Exception {
        order().deploy();
        String revision = ACCOUNT.configuration(name, "RevisionId");
        project.with("index.js", "exports.handler = async () => 'alone';\n");
        Program.run("rm", "-r", project.folder().resolve("node_modules").toString())
                .successful();

        Deployed deployed = order().atRevision(revision).deployed();

        assertEquals(List.of(), deployed.state().layerArns());
        assertEquals("\"alone\"", ACCOUNT.invoke(name));
    }

    @Test
    void oldVersionsOfTheLayerAreDeletedBeyondThoseThatAreKept() throws Exception {
        for (String word : List.of("one", "two", "three")) {
            project.with("node_modules/dep/index.js", "module.exports = '" + word + "';\n");
            order().keeping(2).deploy();
        }

        assertEquals("3 2", Program.python("""
                        import boto3, sys
                        print(*[v['Version'] for v in boto3.client('lambda', endpoint_url=sys.argv[1],
                            region_name='eu-west-1', aws_access_key_id='test', aws_secret_access_key='test')
                            .list_layer_versions(LayerName=sys.argv[2])['LayerVersions']])
                        """, Emulator.MINISTACK.endpoint().toString(), name + "-dependencies"));
        assertEquals("\"first three\"", ACCOUNT.invoke(name));
    }

    /** With real npm, and a package in a file, which the lock file pins as it does one of a registry. */
    private void installFromALockFile() throws Exception {
        Path files = Files.createDirectories(folder.resolve("dep"));
        Files.writeString(files.resolve("package.json"), "{\"name\":\"dep\",\"version\":\"1.0.0\"}");
        Files.writeString(files.resolve("index.js"), "module.exports = 'one';\n");
        project = new Project(folder.resolve("agent-1"))
                .with("index.js", "exports.handler = async () => 'first ' + require('dep');\n")
                .with(
                        "package.json",
                        "{\"name\":\"fn\",\"version\":\"1.0.0\",\"dependencies\":{\"dep\":\"file:dep-1.0.0.tgz\"}}");
        npm(files, "pack", "--pack-destination", project.folder().toString());
        npm(project.folder(), "install", "--package-lock-only", "--offline");
    }

    private static void npm(Path where, String... words) {
        List<String> line = new ArrayList<>(List.of("npm", "--silent"));
        line.addAll(List.of(words));
        Program ran = Program.run(where, System.getenv(), line);
        assertEquals(0, ran.status(), ran.err());
    }

    private void onAFreshAgent(String agent) throws Exception {
        Path fresh = Files.createDirectories(folder.resolve(agent));
        for (String file : List.of("index.js", "package.json", "package-lock.json", "dep-1.0.0.tgz")) {
            Files.copy(project.folder().resolve(file), fresh.resolve(file));
        }
        project = new Project(fresh);
    }

    private long installs() {
        return log.lines().stream().filter(line -> line.startsWith("$ npm ci")).count();
    }

    @Test
    void aFreshAgentNeitherInstallsNorPackagesWhatALayerHas() throws Exception {
        installFromALockFile();
        DeployResult first = order().installingWith("auto").deploy();
        assertTrue(first.layer().orElseThrow().published());

        onAFreshAgent("agent-2");
        DeployResult second = order().installingWith("auto").deploy();

        assertEquals(Outcome.UNCHANGED, second.functions().get(0).outcome());
        assertEquals(first.packaged().codeSha256(), second.packaged().codeSha256());
        assertEquals(
                first.layer().get().layerVersionArn(),
                second.layer().orElseThrow().layerVersionArn());
        assertFalse(Files.exists(project.folder().resolve("node_modules")));

        onAFreshAgent("agent-3");
        project.with("index.js", "exports.handler = async () => 'second ' + require('dep');\n");
        assertEquals(List.of("PUT " + functionPath + "/code"), changesOf(order().installingWith("auto")));
        assertEquals("\"second one\"", ACCOUNT.invoke(name));
        assertEquals(1, installs(), log.text());

        onAFreshAgent("agent-4");
        order().installingWith("ci").deploy();
        assertEquals(2, installs(), log.text());
    }
}
