package io.jenkins.plugins.lambdanode.cli;

import static org.junit.jupiter.api.Assertions.assertEquals;

import io.jenkins.plugins.lambdanode.testing.Program;
import io.jenkins.plugins.lambdanode.testing.Project;
import io.jenkins.plugins.lambdanode.testing.RefusingProxy;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

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
                "[profile ci]\nregion = eu-west-1\naws_access_key_id = test\naws_secret_access_key = test\n" + setting + "\n");
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
                    "deploy", "--function-name", "orders", "--profile", "ci", "--install", "none");

            assertEquals(1, run.status(), run.err());
            assertEquals(List.of(endpoint), proxy.reached().stream().distinct().toList(), run.err());
        }
    }
}
