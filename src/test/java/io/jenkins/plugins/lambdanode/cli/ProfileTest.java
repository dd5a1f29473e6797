package io.jenkins.plugins.lambdanode.cli;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import com.sun.net.httpserver.HttpServer;
import io.jenkins.plugins.lambdanode.testing.Program;
import io.jenkins.plugins.lambdanode.testing.Project;
import io.jenkins.plugins.lambdanode.testing.RefusingProxy;
import io.jenkins.plugins.lambdanode.testing.Wire;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.URI;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.security.MessageDigest;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.HexFormat;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.CopyOnWriteArrayList;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

/** What {@code --profile} says of endpoints counts on the command line. */
class ProfileTest {

    @TempDir
    private Path folder;

    @ParameterizedTest
    @CsvSource({
        "endpoint_url = http://lambda.aws.test, http://lambda.aws.test",
        "use_fips_endpoint = true, https://lambda-fips.eu-west-1.amazonaws.com",
        "use_dualstack_endpoint = true, https://lambda.eu-west-1.api.aws"
    })
    void leadsWhereItSays(String setting, String endpoint) throws Exception {
        Path configuration = Files.writeString(
                folder.resolve("config"),
                "[profile ci]\nregion = eu-west-1\naws_access_key_id = test\naws_secret_access_key = test\n" + setting
                        + "\n");
        Map<String, String> variables = new HashMap<>(Map.of(
                "AWS_CONFIG_FILE", configuration.toString(),
                "AWS_SHARED_CREDENTIALS_FILE", folder.resolve("none").toString(),
                "AWS_EC2_METADATA_DISABLED", "true"));
        try (RefusingProxy proxy = new RefusingProxy()) {
            variables.put("HTTP_PROXY", "http://127.0.0.1:" + proxy.port());
            variables.put("HTTPS_PROXY", "http://127.0.0.1:" + proxy.port());

            Program run = CommandLineRun.inProcess(
                    Project.answering(folder.resolve("project"), "hello").folder(),
                    variables,
                    List.of(),
                    "deploy",
                    "--function-name",
                    "orders",
                    "--profile",
                    "ci",
                    "--install",
                    "none");

            assertEquals(1, run.status(), run.err());
            assertEquals(List.of(endpoint), proxy.reached().stream().distinct().toList(), run.err());
        }
    }

    /** As of the AWS CLI, which asks STS for the role's credentials where the profile says, too. */
    @Test
    void leadsToStsForItsRoleToo() throws Exception {
        String configuration = configuration("[profile base]\naws_access_key_id = test\naws_secret_access_key = test\n"
                + "[profile ci]\nregion = eu-west-1\nrole_arn = arn:aws:iam::123456789012:role/deploy\n"
                + "source_profile = base\nendpoint_url = http://aws.test\n");
        try (RefusingProxy proxy = new RefusingProxy()) {
            Program run = deploy(
                    Map.of(
                            "AWS_CONFIG_FILE",
                            configuration,
                            "AWS_ENDPOINT_URL",
                            "",
                            "HTTP_PROXY",
                            "http://127.0.0.1:" + proxy.port(),
                            "HTTPS_PROXY",
                            "http://127.0.0.1:" + proxy.port()),
                    "--profile",
                    "ci");

            assertEquals(
                    List.of("http://aws.test"),
                    proxy.reached().stream().distinct().toList(),
                    run.err());
        }
    }

    @ParameterizedTest
    @ValueSource(
            strings = {
                "login_session = arn:aws:iam::123456789012:user/ci",
                "role_arn = arn:aws:iam::123456789012:role/deploy\nsource_profile = ci\nmfa_serial = arn:aws:iam::123456789012:mfa/ci"
            })
    void thatOnlyTheAwsCliCanLogInToIsSaidToBeSo(String settings) throws Exception {
        Program run = deploy(
                Map.of("AWS_CONFIG_FILE", configuration("[profile ci]\nregion = eu-west-1\n" + settings + "\n")),
                "--profile",
                "ci");

        assertTrue(
                run.err().contains("eval \"$(aws configure export-credentials --profile ci --format env)\""),
                run.err());
    }

    private Program deploy(Map<String, String> variables, String... more) throws Exception {
        Map<String, String> all = new HashMap<>(Map.of(
                "HOME",
                folder.toString(),
                "AWS_SHARED_CREDENTIALS_FILE",
                folder.resolve("none").toString(),
                "AWS_EC2_METADATA_DISABLED",
                "true",
                "AWS_ENDPOINT_URL",
                "http://127.0.0.1:1"));
        all.putAll(variables);
        List<String> arguments = new ArrayList<>(List.of("deploy", "--function-name", "orders", "--install", "none"));
        arguments.addAll(List.of(more));
        return CommandLineRun.inProcess(
                Project.answering(folder.resolve("project"), "hello").folder(),
                all,
                List.of(),
                arguments.toArray(String[]::new));
    }

    private String configuration(String text) throws Exception {
        return Files.writeString(folder.resolve("config"), text).toString();
    }

    /** The region is that of the words: there is no network here, and nobody is asked but that endpoint. */
    @Test
    void theRegionIsTakenFromTheVariablesThatTheAwsCliReads() throws Exception {
        Map<String, String> variables = new HashMap<>(Map.of(
                "AWS_ACCESS_KEY_ID", "test", "AWS_SECRET_ACCESS_KEY", "test", "AWS_DEFAULT_REGION", "eu-west-1"));
        String byDefault = deploy(variables).err();
        variables.put("AWS_REGION", "eu-central-1");

        assertTrue(byDefault.contains("in eu-west-1"), byDefault);
        assertTrue(deploy(variables).err().contains("in eu-central-1"));
    }

    @Test
    void aProfileThatIsNotThereIsSaidToBeSo() throws Exception {
        Map<String, String> variables =
                new HashMap<>(Map.of("AWS_CONFIG_FILE", configuration("[default]\nregion = eu-west-1\n")));
        List<String> errors =
                new ArrayList<>(List.of(deploy(variables, "--profile", "ci").err()));
        variables.put("AWS_PROFILE", "ci");
        errors.add(deploy(variables).err());

        for (String error : errors) {
            assertTrue(error.startsWith("ERROR: There is no profile \"ci\" in the AWS configuration files."), error);
        }
    }

    @ParameterizedTest
    @ValueSource(strings = {"AWS_ACCESS_KEY_ID", "AWS_WEB_IDENTITY_TOKEN_FILE"})
    void whereTheEnvironmentHasCredentialsAnEmptyNameOfAProfileAndADefaultOneWithACodeStandInNobodysWay(String variable)
            throws Exception {
        String configuration = configuration("[default]\nrole_arn = arn:aws:iam::123456789012:role/deploy\n"
                + "source_profile = base\nmfa_serial = arn:aws:iam::123456789012:mfa/ci\n[profile base]\n");
        Program run = deploy(Map.of(
                "AWS_CONFIG_FILE",
                configuration,
                "AWS_PROFILE",
                "",
                "AWS_REGION",
                "eu-west-1",
                "AWS_SECRET_ACCESS_KEY",
                "test",
                "AWS_ROLE_ARN",
                "arn:aws:iam::123456789012:role/deploy",
                variable,
                "test"));

        assertFalse(run.err().contains("There is no profile"), run.err());
        assertFalse(run.err().contains("export-credentials"), run.err());
    }

    @Test
    void aConfigurationFileThatIsNotOneIsSaidToBeSo() throws Exception {
        Program run = deploy(Map.of("AWS_CONFIG_FILE", configuration("[profile ci\n")));

        assertTrue(
                run.err()
                        .startsWith(
                                "ERROR: The AWS configuration files (AWS_CONFIG_FILE and AWS_SHARED_CREDENTIALS_FILE,"
                                        + " or ~/.aws) can't be read: Profile definition must end with ']' on line 1"),
                run.err());
    }

    @ParameterizedTest
    @ValueSource(booleans = {true, false})
    void whatAProfileSaysOfItsCredentialsIsInTheError(boolean byOption) throws Exception {
        Map<String, String> variables = new HashMap<>(
                Map.of(
                        "AWS_CONFIG_FILE",
                        configuration(
                                "[profile ci]\nregion = eu-west-1\nrole_arn = arn:aws:iam::123456789012:role/deploy\nsource_profile = gone\n")));
        if (!byOption) {
            variables.put("AWS_PROFILE", "ci");
        }
        Program run = byOption ? deploy(variables, "--profile", "ci") : deploy(variables);

        assertTrue(
                run.err()
                        .contains(
                                "The source profile of 'ci' was configured to be 'gone', but that source profile has no"
                                        + " credentials configured"),
                run.err());
        assertFalse(run.err().contains("ProfileFile("), run.err());
        assertFalse(run.err().contains("Exception"), run.err());
    }

    @ParameterizedTest
    @CsvSource({
        "AWS_USE_FIPS_ENDPOINT, maybe, but should be 'false' or 'true'",
        "AWS_DEFAULTS_MODE, none, not a valid defaults mode",
        "AWS_REQUEST_CHECKSUM_CALCULATION, never, Unrecognized value for request checksum calculation",
        "AWS_MAX_ATTEMPTS, 0, maxAttempts must be positive",
        "AWS_MAX_ATTEMPTS, many, \"many\" is not a number",
        "AWS_IGNORE_CONFIGURED_ENDPOINT_URLS, true, requests would go to http://127.0.0.1:1",
        "AWS_ENDPOINT_URL, localhost:4566, is not of the form https://host or http://host:port",
        "AWS_ENDPOINT_URL, not one, An invalid URI was configured in environment variable AWS_ENDPOINT_URL",
        "AWS_USE_FIPS_ENDPOINT, true, Turn off AWS_USE_FIPS_ENDPOINT"
    })
    void aWrongSettingOfTheMachineIsOneErrorInWords(String variable, String value, String words) throws Exception {
        Program run = deploy(Map.of(
                "AWS_ACCESS_KEY_ID",
                "test",
                "AWS_SECRET_ACCESS_KEY",
                "test",
                "AWS_REGION",
                "eu-west-1",
                variable,
                value));

        assertEquals(1, run.status(), run.err());
        assertTrue(run.err().contains(words), run.err());
        assertFalse(run.err().contains("Exception"), run.err());
        assertFalse(run.err().contains("no response"), run.err());
    }

    /** A package goes by {@code HTTPS_PROXY} and {@code NO_PROXY} as this tool reads them, so what the SDK sends does too. */
    @Test
    void theSdkReadsNoVariablesOfAProxyByItself() throws Exception {
        try (RefusingProxy proxy = new RefusingProxy()) {
            Program run = deploy(Map.of(
                    "AWS_ACCESS_KEY_ID", "test",
                    "AWS_SECRET_ACCESS_KEY", "test",
                    "AWS_REGION", "eu-west-1",
                    "HTTP_PROXY", "http://127.0.0.1:" + proxy.port(),
                    "NO_PROXY", "(*"));

            assertEquals(List.of(), proxy.reached());
            assertTrue(run.err().contains("ConnectException"), run.err());
        }
    }

    /** As {@code aws sso login} leaves it: the token in a file that is named by the SHA-1 of the session. */
    @Test
    void aProfileThatLogsInByIdentityCenterIsUsed() throws Exception {
        List<String> asked = new CopyOnWriteArrayList<>();
        HttpServer portal = HttpServer.create(new InetSocketAddress(InetAddress.getLoopbackAddress(), 0), 0);
        portal.createContext("/", exchange -> {
            asked.add(exchange.getRequestURI() + " "
                    + exchange.getRequestHeaders().getFirst("X-amz-sso_bearer_token"));
            byte[] body =
                    ("{\"roleCredentials\":{\"accessKeyId\":\"AKIDOFSSO\",\"secretAccessKey\":\"s\",\"sessionToken\":\"t\","
                                    + "\"expiration\":4102444800000}}")
                            .getBytes(StandardCharsets.UTF_8);
            exchange.sendResponseHeaders(200, body.length);
            exchange.getResponseBody().write(body);
            exchange.close();
        });
        portal.start();
        try (Wire lambda = new Wire(URI.create("http://127.0.0.1:1"))) {
            lambda.otherwise(line -> Optional.of(Wire.Answer.ofLambda(403, "AccessDeniedException", "no")));
            Files.createDirectories(folder.resolve(".aws/sso/cache"));
            Files.writeString(
                    folder.resolve(".aws/sso/cache")
                            .resolve(HexFormat.of()
                                            .formatHex(MessageDigest.getInstance("SHA-1")
                                                    .digest("corp".getBytes(StandardCharsets.UTF_8)))
                                    + ".json"),
                    "{\"accessToken\":\"token-of-the-login\",\"expiresAt\":\"2100-01-01T00:00:00Z\",\"startUrl\":"
                            + "\"https://corp.awsapps.com/start\",\"region\":\"eu-west-1\"}");
            Program run = deploy(
                    Map.of(
                            "AWS_ENDPOINT_URL_SSO",
                                    "http://127.0.0.1:" + portal.getAddress().getPort(),
                            "AWS_ENDPOINT_URL_LAMBDA", lambda.endpoint().toString(),
                            "AWS_CONFIG_FILE",
                                    configuration(
                                            "[profile ci]\nregion = eu-west-1\nsso_session = corp\n"
                                                    + "sso_account_id = 123456789012\nsso_role_name = deploy\n[sso-session corp]\n"
                                                    + "sso_start_url = https://corp.awsapps.com/start\nsso_region = eu-west-1\n")),
                    "--profile",
                    "ci");

            assertEquals(
                    List.of("/federation/credentials?role_name=deploy&account_id=123456789012 token-of-the-login"),
                    asked,
                    run.err());
            assertEquals(1, lambda.requests().size(), run.err());
        } finally {
            portal.stop(0);
        }
    }
}
