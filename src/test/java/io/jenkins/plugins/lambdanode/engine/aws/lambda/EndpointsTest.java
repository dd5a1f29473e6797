package io.jenkins.plugins.lambdanode.engine.aws.lambda;

import static org.junit.jupiter.api.Assertions.assertEquals;

import io.jenkins.plugins.lambdanode.engine.aws.Cloud;
import io.jenkins.plugins.lambdanode.testing.Program;
import io.jenkins.plugins.lambdanode.testing.RefusingProxy;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Collections;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.stream.Stream;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;

/** Where requests with code go, by the workspace and by the SDK: where botocore's client in the same environment sends them. */
class EndpointsTest {

    @TempDir
    Path folder;

    /**
     * @param profile of the configuration file, named by the caller; empty for the default profile
     * @param configuration the text of that file
     */
    private record Case(String name, Map<String, String> variables, String configuration, String profile) {
        @Override
        public String toString() {
            return name;
        }
    }

    static Stream<Case> cases() {
        return Stream.of(
                new Case("nothing", Map.of(), "", ""),
                new Case("AWS_ENDPOINT_URL", Map.of("AWS_ENDPOINT_URL", "http://all.aws.test:4566"), "", ""),
                new Case(
                        "AWS_ENDPOINT_URL with a path",
                        Map.of("AWS_ENDPOINT_URL", "http://all.aws.test:4566/a/b"),
                        "",
                        ""),
                new Case(
                        "AWS_ENDPOINT_URL_LAMBDA",
                        Map.of(
                                "AWS_ENDPOINT_URL_LAMBDA", "https://lambda.aws.test",
                                "AWS_ENDPOINT_URL", "http://all.aws.test:4566"),
                        "",
                        ""),
                new Case("endpoint_url", Map.of(), "[default]\nendpoint_url = http://profile.aws.test\n", ""),
                new Case(
                        "endpoint_url of a named profile",
                        Map.of(),
                        "[default]\nendpoint_url = http://other.aws.test\n[profile ci]\nendpoint_url = http://ci.aws.test\n",
                        "ci"),
                new Case("AWS_USE_FIPS_ENDPOINT", Map.of("AWS_USE_FIPS_ENDPOINT", "true"), "", ""),
                new Case("AWS_USE_DUALSTACK_ENDPOINT", Map.of("AWS_USE_DUALSTACK_ENDPOINT", "true"), "", ""),
                new Case("use_fips_endpoint", Map.of(), "[profile ci]\nuse_fips_endpoint = true\n", "ci"),
                new Case("use_dualstack_endpoint", Map.of(), "[profile ci]\nuse_dualstack_endpoint = true\n", "ci"));
    }

    @ParameterizedTest
    @MethodSource("cases")
    void bothWaysGoWhereTheConfiguredClientOfThatEnvironmentGoes(Case of) throws Exception {
        Path configuration = Files.writeString(folder.resolve("config"), of.configuration());
        Map<String, String> variables = new HashMap<>(of.variables());
        variables.put("AWS_CONFIG_FILE", configuration.toString());
        variables.put("AWS_SHARED_CREDENTIALS_FILE", folder.resolve("none").toString());
        variables.put("AWS_EC2_METADATA_DISABLED", "true");
        List<String> reached;
        try (RefusingProxy proxy = new RefusingProxy()) {
            Program child = Program.run(
                    Path.of(""),
                    variables,
                    Program.java(
                            List.of(),
                            RequestsInChild.class.getName(),
                            List.of(String.valueOf(proxy.port()), folder.toString(), of.profile())));
            assertEquals(0, child.status(), child.err());
            reached = proxy.reached();
        }

        String expected = botocores(variables, of.profile());
        assertEquals(Collections.nCopies(6, expected), reached);
    }

    /** @param configuration of the profile {@code ci} */
    private record Services(String name, Map<String, String> variables, String configuration, List<String> expected) {
        @Override
        public String toString() {
            return name;
        }
    }

    /** In us-east-1, where S3 has a global endpoint besides the regional one. */
    static Stream<Services> services() {
        List<String> own = List.of("http://s3.aws.test", "http://sts.aws.test:81", "https://lambda.aws.test");
        List<String> fips = List.of(
                "https://some-bucket.s3-fips.us-east-1.amazonaws.com",
                "https://sts-fips.us-east-1.amazonaws.com",
                "https://lambda-fips.us-east-1.amazonaws.com");
        List<String> dualStack = List.of(
                "https://some-bucket.s3.dualstack.us-east-1.amazonaws.com",
                "https://sts.us-east-1.api.aws",
                "https://lambda.us-east-1.api.aws");
        return Stream.of(
                new Services(
                        "nothing",
                        Map.of(),
                        "",
                        List.of(
                                "https://some-bucket.s3.us-east-1.amazonaws.com",
                                "https://sts.us-east-1.amazonaws.com",
                                "https://lambda.us-east-1.amazonaws.com")),
                new Services(
                        "AWS_ENDPOINT_URL_*",
                        Map.of(
                                "AWS_ENDPOINT_URL_LAMBDA", "https://lambda.aws.test",
                                "AWS_ENDPOINT_URL_S3", "http://s3.aws.test",
                                "AWS_ENDPOINT_URL_STS", "http://sts.aws.test:81"),
                        "",
                        own),
                new Services("services of the profile", Map.of(), """
                        services = elsewhere
                        [services elsewhere]
                        lambda =
                          endpoint_url = https://lambda.aws.test
                        s3 =
                          endpoint_url = http://s3.aws.test
                        sts =
                          endpoint_url = http://sts.aws.test:81
                        """, own),
                new Services("AWS_USE_FIPS_ENDPOINT", Map.of("AWS_USE_FIPS_ENDPOINT", "true"), "", fips),
                new Services("use_fips_endpoint", Map.of(), "use_fips_endpoint = true\n", fips),
                new Services("AWS_USE_DUALSTACK_ENDPOINT", Map.of("AWS_USE_DUALSTACK_ENDPOINT", "true"), "", dualStack),
                new Services("use_dualstack_endpoint", Map.of(), "use_dualstack_endpoint = true\n", dualStack));
    }

    /** Each request goes through a proxy, which sees every host that is asked for. */
    @ParameterizedTest
    @MethodSource("services")
    void eachServiceHasItsOwnEndpointAndNoOtherHostIsAsked(Services of) throws Exception {
        Map<String, String> variables = new HashMap<>(of.variables());
        variables.put(
                "AWS_CONFIG_FILE",
                Files.writeString(folder.resolve("config"), "[profile ci]\nregion = us-east-1\n" + of.configuration())
                        .toString());
        variables.put("AWS_EC2_METADATA_DISABLED", "true");
        try (RefusingProxy proxy = new RefusingProxy()) {
            Program child = Program.run(
                    Path.of(""),
                    variables,
                    Program.java(
                            List.of(), ServicesInChild.class.getName(), List.of(String.valueOf(proxy.port()), "ci")));

            assertEquals(0, child.status(), child.err());
            assertEquals(of.expected(), proxy.reached().stream().distinct().toList());
            // What a presigned URL names is where the client goes.
            assertEquals(of.expected().get(0), child.out().strip());
        }
    }

    private static String botocores(Map<String, String> variables, String profile) {
        StringBuilder settings = new StringBuilder();
        variables.forEach(
                (name, value) -> settings.append(name).append('=').append(value).append('\n'));
        return Program.python("""
                        import sys, os, re
                        for name in [n for n in os.environ if n.startswith('AWS_')]: del os.environ[name]
                        os.environ.update(line.split('=', 1) for line in sys.argv[1].splitlines())
                        import boto3
                        client = boto3.Session(profile_name=sys.argv[2] or None).client(
                            'lambda', region_name=sys.argv[3], aws_access_key_id='t', aws_secret_access_key='t')
                        sent = []
                        client.meta.events.register('before-send.lambda.*', lambda request, **kw: sent.append(request.url) or
                            __import__('botocore.awsrequest').awsrequest.AWSResponse(request.url, 200, {}, None))
                        try:
                            client.update_function_code(FunctionName='f', ZipFile=b'x')
                        except Exception:
                            pass
                        print(re.match('https?://[^/]+', sent[0]).group())
                        """, settings.toString(), profile, Cloud.REGION).strip();
    }
}
