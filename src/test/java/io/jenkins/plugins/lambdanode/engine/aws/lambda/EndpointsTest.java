package io.jenkins.plugins.lambdanode.engine.aws.lambda;

import static org.junit.jupiter.api.Assertions.assertEquals;

import io.jenkins.plugins.lambdanode.engine.aws.Cloud;
import io.jenkins.plugins.lambdanode.engine.aws.Python;
import io.jenkins.plugins.lambdanode.testing.Program;
import java.io.BufferedReader;
import java.io.IOException;
import java.io.InputStreamReader;
import java.net.InetAddress;
import java.net.ServerSocket;
import java.net.Socket;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Collections;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.concurrent.CopyOnWriteArrayList;
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
                new Case("AWS_ENDPOINT_URL with a path", Map.of("AWS_ENDPOINT_URL", "http://all.aws.test:4566/a/b"), "", ""),
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
        List<String> reached = new CopyOnWriteArrayList<>();
        try (ServerSocket proxy = new ServerSocket(0, 50, InetAddress.getLoopbackAddress())) {
            refuseAll(proxy, reached);
            Program child = Program.run(
                    Path.of(""),
                    variables,
                    Program.java(
                            List.of(),
                            RequestsInChild.class.getName(),
                            List.of(String.valueOf(proxy.getLocalPort()), folder.toString(), of.profile())));
            assertEquals(0, child.status(), child.err());
        }

        String expected = botocores(variables, of.profile());
        assertEquals(Collections.nCopies(6, expected), reached);
    }

    /** A proxy that lets nothing through and keeps the scheme and authority of what was asked for. */
    private static void refuseAll(ServerSocket proxy, List<String> reached) {
        Thread answering = new Thread(() -> {
            while (!proxy.isClosed()) {
                try (Socket client = proxy.accept()) {
                    BufferedReader in = new BufferedReader(
                            new InputStreamReader(client.getInputStream(), StandardCharsets.ISO_8859_1));
                    String[] line = in.readLine().split(" ");
                    reached.add(line[0].equals("CONNECT")
                            ? "https://" + line[1].replaceFirst(":443$", "")
                            : line[1].replaceFirst("(https?://[^/]+)/.*", "$1"));
                    int length = 0;
                    for (String header = in.readLine(); !header.isEmpty(); header = in.readLine()) {
                        if (header.toLowerCase().startsWith("content-length:")) {
                            length = Integer.parseInt(header.substring(15).strip());
                        }
                    }
                    for (int i = 0; i < length; i++) {
                        in.read();
                    }
                    client.getOutputStream()
                            .write("HTTP/1.1 403 Forbidden\r\nContent-Length: 0\r\nConnection: close\r\n\r\n"
                                    .getBytes(StandardCharsets.ISO_8859_1));
                } catch (IOException e) {
                    // The test has ended, or the client hung up.
                }
            }
        });
        answering.setDaemon(true);
        answering.start();
    }

    private static String botocores(Map<String, String> variables, String profile) {
        StringBuilder settings = new StringBuilder();
        variables.forEach((name, value) -> settings.append(name).append('=').append(value).append('\n'));
        return Python.run(
                        """
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
                        """,
                        settings.toString(),
                        profile,
                        Cloud.REGION)
                .strip();
    }
}
