package io.jenkins.plugins.lambdanode.cli;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import io.jenkins.plugins.lambdanode.testing.Account;
import io.jenkins.plugins.lambdanode.testing.Emulator;
import io.jenkins.plugins.lambdanode.testing.EmulatorExtension;
import io.jenkins.plugins.lambdanode.testing.Program;
import io.jenkins.plugins.lambdanode.testing.Project;
import java.net.InetAddress;
import java.net.ServerSocket;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.ExtendWith;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

@ExtendWith(EmulatorExtension.class)
class DeployCommandTest {

    private static final Account ACCOUNT = new Account(Emulator.MINISTACK);

    @TempDir
    Path folder;

    private final String name = Account.newName();
    private Project project;

    @BeforeEach
    void makeProject() {
        project = Project.answering(folder.resolve("project"), "hello");
    }

    /** A deployment to the emulator in a process of its own. */
    private Program deploy(String... more) {
        List<String> arguments = new ArrayList<>(List.of("deploy", "--function-name", name));
        arguments.addAll(List.of("--endpoint-url", Emulator.MINISTACK.endpoint().toString()));
        arguments.addAll(List.of(more));
        return CommandLineRun.withCredentials(project.folder(), arguments.toArray(new String[0]));
    }

    private Program create(String... more) {
        List<String> arguments =
                new ArrayList<>(List.of("--create", "--role", ACCOUNT.role(), "--runtime", "nodejs22.x"));
        arguments.addAll(List.of(more));
        return deploy(arguments.toArray(new String[0]));
    }

    private static void isOneError(Program run, int status, String... words) {
        assertEquals(status, run.status(), run.err());
        assertEquals("", run.out());
        assertTrue(run.err().startsWith("ERROR: ") || run.err().contains("\nERROR: "), run.err());
        assertFalse(run.err().contains("\tat "), run.err());
        assertFalse(run.err().matches("(?s).*ERROR: \\w*Exception: .*"), run.err());
        for (String word : words) {
            assertTrue(run.err().contains(word), run.err());
        }
    }

    @Test
    void theResultAloneIsOnStandardOutputInTheWordsOfUpdateFunctionCode() throws Exception {
        Program run = create("--result", "-", "--alias", "live");

        assertEquals(0, run.status(), run.err());
        JsonNode json = new ObjectMapper().readTree(run.out());
        for (String field : List.of(
                "FunctionName",
                "FunctionArn",
                "Runtime",
                "Role",
                "Handler",
                "CodeSize",
                "CodeSha256",
                "Version",
                "RevisionId",
                "LastModified",
                "Architectures",
                "MemorySize",
                "Timeout",
                "State",
                "LastUpdateStatus",
                "PackageType")) {
            assertTrue(json.hasNonNull(field), field + " is not in " + run.out());
        }
        assertEquals(
                ACCOUNT.configuration(name, "CodeSha256"),
                json.get("CodeSha256").asText());
        assertEquals("1", json.get("Version").asText());
        assertEquals("live", json.get("Alias").get("Name").asText());
        assertEquals("created", json.get("Outcome").asText());
        assertTrue(run.err().contains("CodeSha256"), run.err());
        assertEquals("\"hello\"", ACCOUNT.invoke(name + ":live"));
    }

    @Test
    void theResultGoesToAFileInTheProjectWhoseFolderIsMadeAndASecondRunSaysUnchanged() throws Exception {
        Path result = project.folder().resolve("deep/er/result.json");

        assertEquals(0, create("--result", result.toString()).status());
        assertEquals(
                "created",
                new ObjectMapper().readTree(result.toFile()).get("Outcome").asText());

        Program again = deploy("--result", result.toString());
        assertEquals(0, again.status(), again.err());
        assertEquals("", again.out());
        assertEquals(
                "unchanged",
                new ObjectMapper().readTree(result.toFile()).get("Outcome").asText());
    }

    @Test
    void aBillOfMaterialsOfAPackageThatWasBuiltElsewhereIsRefused() {
        isOneError(
                CommandLineRun.here(
                        "deploy", "--function-name", name, "--zip-file", "orders.zip", "--sbom", "sbom.json"),
                2,
                "--sbom can only be written of a package that is built here");
    }

    @Test
    void aResultThatCanNotBeWrittenIsSaidBeforeAnythingIsChanged() throws Exception {
        Path file = Files.writeString(folder.resolve("file"), "kept");

        for (String option : List.of("--result", "--sbom", "--provenance")) {
            Program run = create(option, file.resolve("result.json").toString());

            assertEquals(2, run.status(), run.err());
            assertTrue(
                    run.err()
                            .startsWith("ERROR: " + option + " " + file.resolve("result.json") + " can't be written ("),
                    run.err());
        }
        assertFalse(ACCOUNT.hasFunction(name));
        assertEquals("kept", Files.readString(file));
        assertEquals(1, deploy("--result", file.toString()).status(), "there is no such function");
        assertEquals("kept", Files.readString(file), "what is there stays until there is a result");
    }

    @Test
    void everySettingOfANewFunctionArrives() {
        Program run = create(
                "--memory-size",
                "256",
                "--timeout",
                "9",
                "--environment",
                "GREETING=gr\u00fc\u00df=dich",
                "--environment",
                "EMPTY=",
                "--description",
                "orders of the shop",
                "--architectures",
                "arm64",
                "--handler",
                "index.handler");

        assertEquals(0, run.status(), run.err());
        assertEquals("256", ACCOUNT.configuration(name, "MemorySize"));
        assertEquals("9", ACCOUNT.configuration(name, "Timeout"));
        assertEquals("['arm64']", ACCOUNT.configuration(name, "Architectures"));
        assertEquals("orders of the shop", ACCOUNT.configuration(name, "Description"));
        assertEquals(
                "{'Variables': {'GREETING': 'gr\u00fc\u00df=dich', 'EMPTY': ''}}",
                ACCOUNT.configuration(name, "Environment"));
    }

    /** The platform that the function was made with, also where no setting names it. */
    @Test
    void dependenciesAreInstalledForTheArchitectureOfTheFunction() {
        boolean onIntel = System.getProperty("os.arch").equals("amd64");
        project.with("local/package.json", "{\"name\":\"local\",\"version\":\"1.0.0\"}")
                .with(
                        "package.json",
                        "{\"name\":\"fn\",\"version\":\"1.0.0\",\"dependencies\":{\"local\":\"file:./local\"}}");
        String asked = "$ npm install --os=linux --cpu=" + (onIntel ? "arm64" : "x64") + " --libc=glibc ";

        Program created = create("--architectures", onIntel ? "arm64" : "x86_64");
        assertEquals(0, created.status(), created.err());
        assertTrue(created.err().contains(asked), created.err());

        Program again = deploy();
        assertEquals(0, again.status(), again.err());
        assertTrue(again.err().contains(asked), again.err());
    }

    @Test
    void severalFunctionsAreDeployedAndRecordedInTheirOrder() throws Exception {
        String other = Account.newName();

        Program run = create("--function-name", other, "--result", "-");

        assertEquals(0, run.status(), run.err());
        assertEquals(
                List.of(name, other), new ObjectMapper().readTree(run.out()).findValuesAsText("FunctionName"));
    }

    @Test
    void dependenciesInALayerAreRecordedAndTheFunctionFindsThem() throws Exception {
        project.with("node_modules/dep/index.js", "module.exports = 'from the layer';\n")
                .with("index.js", "const dep = require('dep');\nexports.handler = async () => dep;\n");

        Program run = create(
                "--install",
                "none",
                "--dependencies",
                "layer",
                "--layer-name",
                name + "-modules",
                "--keep-layer-versions",
                "1",
                "--result",
                "-");

        assertEquals(0, run.status(), run.err());
        JsonNode json = new ObjectMapper().readTree(run.out());
        String arn = "arn:aws:lambda:eu-west-1:000000000000:layer:" + name + "-modules:1";
        assertEquals(arn, json.get("Layer").get("LayerVersionArn").asText());
        assertEquals(arn, json.get("Layers").get(0).get("Arn").asText());
        assertEquals(
                json.get("Layer").get("CodeSize").asLong(),
                json.get("Layers").get(0).get("CodeSize").asLong());
        assertTrue(json.get("Layer").get("Published").asBoolean(), run.out());
        assertEquals(1, json.get("Package").get("Layer").get("Files").asInt());
        assertTrue(run.err().contains("Layer " + name + "-modules: version 1 published"), run.err());
        assertEquals("\"from the layer\"", ACCOUNT.invoke(name));
    }

    // Failures

    @Test
    void aMissingFunctionIsOneMessageThatSaysHowToCreateIt() {
        isOneError(deploy(), 1, name, "create");
    }

    @Test
    void anEndpointThatRefusesConnectionsIsNamed() throws Exception {
        int port;
        try (ServerSocket socket = new ServerSocket(0, 1, InetAddress.getLoopbackAddress())) {
            port = socket.getLocalPort();
        }

        isOneError(
                CommandLineRun.withCredentials(
                        project.folder(),
                        "deploy",
                        "--function-name",
                        name,
                        "--endpoint-url",
                        "http://127.0.0.1:" + port),
                1,
                "127.0.0.1:" + port);
    }

    @Test
    void missingCredentialsAreToldWithWhereTheyMayCome() {
        Map<String, String> variables =
                Map.of("AWS_REGION", "eu-west-1", "AWS_EC2_METADATA_DISABLED", "true", "HOME", folder.toString());

        isOneError(
                CommandLineRun.inProcess(
                        project.folder(),
                        variables,
                        List.of("-Duser.home=" + folder),
                        "deploy",
                        "--function-name",
                        name),
                1,
                "credentials",
                "AWS_ACCESS_KEY_ID");
    }

    @Test
    void aMissingRegionIsToldWithWhereToNameIt() {
        Map<String, String> variables = CommandLineRun.credentials();
        variables.remove("AWS_REGION");
        variables.put("HOME", folder.toString());

        isOneError(
                CommandLineRun.inProcess(
                        project.folder(),
                        variables,
                        List.of("-Duser.home=" + folder),
                        "deploy",
                        "--function-name",
                        name),
                1,
                "No AWS region is known",
                "--region");
    }

    @Test
    void aNamedProfileWinsOverCredentialsInTheEnvironment() throws Exception {
        Path file = Files.writeString(
                folder.resolve("credentials"), "[orders]\naws_access_key_id = test\naws_secret_access_key = test\n");
        Map<String, String> variables = CommandLineRun.credentials();
        variables.put("AWS_ACCESS_KEY_ID", "AKIAOFANOTHERACCOUNT");
        variables.put("AWS_SHARED_CREDENTIALS_FILE", file.toString());

        Program run = CommandLineRun.inProcess(
                project.folder(),
                variables,
                List.of(),
                "deploy",
                "--profile",
                "orders",
                "--function-name",
                ACCOUNT.newFunction("old"),
                "--endpoint-url",
                Emulator.MINISTACK.endpoint().toString());

        assertEquals(0, run.status(), run.err());
    }

    @Test
    void aProfileThatIsNotThereIsNamed() {
        isOneError(deploy("--profile", "no-such-profile"), 1, "no-such-profile");
    }

    @Test
    void whatIsNoRegionIsSaidSo() {
        isOneError(deploy("--region", "mars"), 1, "region is 'mars'");
    }

    @Test
    void theRegionInTheFunctionsArnNeedsNoOther() {
        Map<String, String> variables = CommandLineRun.credentials();
        variables.remove("AWS_REGION");
        String arn = "arn:aws:lambda:eu-west-1:000000000000:function:" + ACCOUNT.newFunction("old");

        Program run = CommandLineRun.inProcess(
                project.folder(),
                variables,
                List.of("-Duser.home=" + folder),
                "deploy",
                "--function-name",
                arn,
                "--endpoint-url",
                Emulator.MINISTACK.endpoint().toString());

        assertEquals(0, run.status(), run.err());
    }

    @Test
    void functionsOfTwoRegionsAreRefusedBeforeAnythingIsDone() {
        String here = ACCOUNT.newFunction("old");

        isOneError(
                CommandLineRun.withCredentials(
                        project.folder(),
                        "deploy",
                        "--endpoint-url",
                        Emulator.MINISTACK.endpoint().toString(),
                        "--function-name",
                        here,
                        "--function-name",
                        "arn:aws:lambda:us-east-2:000000000000:function:there"),
                1,
                "us-east-2");
        assertEquals("\"old\"", ACCOUNT.invoke(here));
    }

    // Wrong usage

    @ParameterizedTest
    @CsvSource({
        "--s3-threshold,-1",
        "--s3-threshold,10MB",
        "--wait-timeout,0",
        "--wait-timeout,-5",
        "--memory-size,lots",
        "--memory-size,-128",
        "--timeout,-1",
        "--timeout,0",
        "--endpoint-url,localhost:4566",
        "--endpoint-url,http://two words",
        "--endpoint-url,ftp://host",
        "--install,yes",
        "--environment,NO_VALUE",
        "--function-name,two words",
        "--function-name,orders:live",
        "--level,11",
        "--layer,yes",
        "--compression-level,0",
        "--dependencies,auto",
        "--symlinks,copy",
        "--alias,7",
        "--exclude,../other/**",
        "--s3-bucket,s3://staging",
        "--s3-sse,kms",
        "--s3-kms-key-id,alias/staging",
        "--architectures,x86",
        "--source-kms-key-arn,key",
        "--role,orders"
    })
    void aValueThatIsNoneIsWrongUsage(String option, String value) {
        Program run = CommandLineRun.here(
                "deploy", "--function-name", name, "--dir", project.folder().toString(), option, value);

        isOneError(run, 2, value);
    }

    @ParameterizedTest
    @CsvSource({"--layer-name,two words", "--keep-layer-versions,0"})
    void aLayerThatCannotBeIsWrongUsage(String option, String value) {
        Program run = CommandLineRun.here("deploy", "--function-name", name, "--dependencies", "layer", option, value);

        isOneError(run, 2, value);
    }

    @Test
    void createNeedsARole() {
        isOneError(CommandLineRun.here("deploy", "--function-name", name, "--create"), 2, "create needs a role");
    }

    @Test
    void aFunctionIsNeeded() {
        isOneError(CommandLineRun.here("deploy"), 2, "--function-name");
    }

    @Test
    void aFolderAsResultIsRefusedBeforeAnythingIsDeployed() throws Exception {
        Path result = Files.createDirectory(folder.resolve("result"));

        isOneError(
                CommandLineRun.here("deploy", "--function-name", name, "--result", result.toString()),
                2,
                "--result",
                result.toString());
    }
}
