package io.jenkins.plugins.lambdanode.cli;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import com.sun.net.httpserver.HttpExchange;
import com.sun.net.httpserver.HttpHandler;
import com.sun.net.httpserver.HttpServer;
import com.sun.net.httpserver.HttpsConfigurator;
import com.sun.net.httpserver.HttpsServer;
import io.jenkins.plugins.lambdanode.engine.base.DeployException;
import io.jenkins.plugins.lambdanode.engine.http.ProxySettings;
import io.jenkins.plugins.lambdanode.testing.Account;
import io.jenkins.plugins.lambdanode.testing.Emulator;
import io.jenkins.plugins.lambdanode.testing.EmulatorExtension;
import io.jenkins.plugins.lambdanode.testing.Program;
import io.jenkins.plugins.lambdanode.testing.Project;
import java.io.IOException;
import java.io.InputStream;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.ProxySelector;
import java.net.ServerSocket;
import java.net.Socket;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.security.KeyStore;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Set;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.concurrent.Executors;
import javax.net.ssl.KeyManagerFactory;
import javax.net.ssl.SSLContext;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.ExtendWith;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

@ExtendWith(EmulatorExtension.class)
class EnvironmentProxyTest {

    /** The user and password of RFC 7617's example. */
    private static final String LOGIN = "Aladdin:open%20sesame@";

    private static final String AUTHORIZATION = "Basic QWxhZGRpbjpvcGVuIHNlc2FtZQ==";

    private static final String LOGIN_HEADER = "Proxy-Authorization: ";

    private static final Set<String> NOT_PASSED_ON = Set.of(
            "host", "connection", "content-length", "expect", "upgrade", "http2-settings", "proxy-authorization");

    @TempDir
    private Path folder;

    @ParameterizedTest
    @CsvSource({
        "HTTPS_PROXY, https, http://proxy.example:3128, proxy.example:3128",
        "https_proxy, https, http://proxy.example:3128/, proxy.example:3128",
        "https_proxy, https, proxy.example:3128, proxy.example:3128",
        "HTTP_PROXY, http, http://proxy.example, proxy.example:80",
        "HTTP_PROXY, https, http://proxy.example, ",
        "HTTPS_PROXY, https, '', "
    })
    void isTheOneForTheEndpoint(String name, String scheme, String value, String proxy) throws Exception {
        assertEquals(
                proxy,
                EnvironmentProxy.of(Map.of(name, value), scheme)
                        .map(ProxySettings::toString)
                        .orElse(null));
    }

    @ParameterizedTest
    @CsvSource({
        "lambda.example, 'localhost,lambda.example', true",
        "lambda.example, .example, true",
        "lambda.example, example, true",
        "lambda.example, '*.example', true",
        "lambda.example, '*', true",
        "lambda.example, 'lambda.example:443', true",
        "otherexample, example, false",
        "lambda.example, '', false"
    })
    void isNotForTheHostsOfNoProxy(String host, String hosts, boolean direct) throws Exception {
        ProxySettings proxy = EnvironmentProxy.of(
                        Map.of("HTTPS_PROXY", "http://proxy.example:3128", "NO_PROXY", hosts), "https")
                .orElseThrow();

        assertEquals(direct, proxy.bypassedFor(host));
    }

    @ParameterizedTest
    @ValueSource(
            strings = {
                "https://user:MARKED@proxy.example:3128",
                "http://user:MARKED#1@proxy.example",
                "http://user:MARKED@",
                "http://user:MARKED%@proxy.example",
                "http://user:MARKED@proxy.example:99999",
                "socks5://user:MARKED@proxy.example:1080"
            })
    void aValueThatNamesNoneIsAnErrorWithoutIt(String value) {
        DeployException failed =
                assertThrows(DeployException.class, () -> EnvironmentProxy.of(Map.of("HTTPS_PROXY", value), "https"));

        assertTrue(failed.getMessage().contains("HTTPS_PROXY does not name a proxy"), failed.getMessage());
        assertFalse(failed.getMessage().contains("MARKED"), failed.getMessage());
    }

    /** The endpoint is one that only the proxy knows the way to. */
    @Test
    void everythingGoesThroughItWithItsLogin() throws Exception {
        String function = Account.newName();
        List<String> logins = new CopyOnWriteArrayList<>();
        HttpServer proxy = HttpServer.create(anyPort(), 0);
        serve(proxy, exchange -> {
            String login = exchange.getRequestHeaders().getFirst("Proxy-Authorization");
            if (login == null) {
                exchange.getResponseHeaders().add("Proxy-Authenticate", "Basic realm=\"test\"");
                exchange.sendResponseHeaders(407, -1);
                exchange.close();
            } else {
                logins.add(exchange.getRequestMethod() + " " + login);
                toEmulator(exchange);
            }
        });
        try {
            deploys(
                    function,
                    "http://aws.example",
                    "HTTP_PROXY",
                    proxy.getAddress().getPort(),
                    Map.of());
        } finally {
            proxy.stop(0);
        }
        // What the SDK asks, and the package, which is sent without it.
        assertTrue(
                logins.contains("GET " + AUTHORIZATION) && logins.contains("POST " + AUTHORIZATION), logins.toString());
    }

    /** Both the SDK and what sends the package trust the server by AWS_CA_BUNDLE alone. */
    @Test
    void itsTunnelsAreAskedForWithItsLoginAndTheServersInThemAreTrustedByAwsCaBundle() throws Exception {
        Path keys = folder.resolve("keys.p12");
        assertEquals(
                0,
                Program.run(
                                "keytool",
                                "-genkeypair",
                                "-keyalg",
                                "EC",
                                "-storetype",
                                "PKCS12",
                                "-storepass",
                                "changeit",
                                "-dname",
                                "CN=aws.example",
                                "-ext",
                                "SAN=dns:aws.example",
                                "-keystore",
                                keys.toString())
                        .status());
        Path bundle = folder.resolve("ca.pem");
        Program certificate =
                Program.run("keytool", "-exportcert", "-rfc", "-storepass", "changeit", "-keystore", keys.toString());
        Files.writeString(bundle, "# Issuer: CN=aws.example\n" + certificate.out());
        HttpsServer aws = HttpsServer.create(anyPort(), 0);
        aws.setHttpsConfigurator(new HttpsConfigurator(tls(keys)));
        serve(aws, EnvironmentProxyTest::toEmulator);
        List<String> asked = new CopyOnWriteArrayList<>();
        try (ServerSocket proxy = new ServerSocket(0, 50, InetAddress.getLoopbackAddress())) {
            start(() -> tunnel(proxy, aws.getAddress(), asked));
            deploys(
                    Account.newName(),
                    "https://aws.example",
                    "https_proxy",
                    proxy.getLocalPort(),
                    Map.of("AWS_CA_BUNDLE", bundle.toString()));
        } finally {
            aws.stop(0);
        }
        assertTrue(asked.contains("CONNECT aws.example:443 HTTP/1.1 " + AUTHORIZATION), asked.toString());
    }

    private void deploys(String function, String endpoint, String variable, int port, Map<String, String> more) {
        Map<String, String> variables = CommandLineRun.credentials();
        variables.put(variable, "http://" + LOGIN + "127.0.0.1:" + port);
        variables.putAll(more);
        Program run = CommandLineRun.inProcess(
                Project.answering(folder.resolve("project"), "hello").folder(),
                variables,
                List.of(),
                "deploy",
                "--function-name",
                function,
                "--endpoint-url",
                endpoint,
                "--create",
                "--role",
                new Account(Emulator.MINISTACK).role(),
                "--runtime",
                "nodejs22.x");

        assertEquals(0, run.status(), run.err());
        assertFalse(run.err().contains("sesame"), run.err());
    }

    private static InetSocketAddress anyPort() {
        return new InetSocketAddress(InetAddress.getLoopbackAddress(), 0);
    }

    private static void serve(HttpServer server, HttpHandler handler) {
        server.setExecutor(Executors.newCachedThreadPool());
        server.createContext("/", handler);
        server.start();
    }

    private static void start(Runnable work) {
        Thread thread = new Thread(work);
        thread.setDaemon(true);
        thread.start();
    }

    private static SSLContext tls(Path keys) throws Exception {
        char[] password = "changeit".toCharArray();
        KeyManagerFactory factory = KeyManagerFactory.getInstance(KeyManagerFactory.getDefaultAlgorithm());
        factory.init(KeyStore.getInstance(keys.toFile(), password), password);
        SSLContext context = SSLContext.getInstance("TLS");
        context.init(factory.getKeyManagers(), null, null);
        return context;
    }

    private static void toEmulator(HttpExchange exchange) throws IOException {
        byte[] body = exchange.getRequestBody().readAllBytes();
        String host = exchange.getRequestHeaders().getFirst("Host");
        HttpRequest.Builder request = HttpRequest.newBuilder(
                        URI.create("http://" + host + exchange.getRequestURI().getRawPath()))
                .method(exchange.getRequestMethod(), HttpRequest.BodyPublishers.ofByteArray(body));
        exchange.getRequestHeaders().forEach((name, values) -> {
            if (!NOT_PASSED_ON.contains(name.toLowerCase(Locale.ROOT))) {
                values.forEach(value -> request.header(name, value));
            }
        });
        // As to a proxy, so that the host that was signed arrives.
        URI emulator = Emulator.MINISTACK.endpoint();
        HttpClient client = HttpClient.newBuilder()
                .proxy(ProxySelector.of(new InetSocketAddress(emulator.getHost(), emulator.getPort())))
                .build();
        try (exchange) {
            HttpResponse<byte[]> answer = client.send(request.build(), HttpResponse.BodyHandlers.ofByteArray());
            exchange.sendResponseHeaders(answer.statusCode(), answer.body().length == 0 ? -1 : answer.body().length);
            exchange.getResponseBody().write(answer.body());
        } catch (InterruptedException e) {
            throw new IOException(e);
        }
    }

    /** Makes a tunnel to the target for those who log in, whatever host they ask for. */
    private static void tunnel(ServerSocket proxy, InetSocketAddress target, List<String> asked) {
        while (!proxy.isClosed()) {
            try {
                Socket client = proxy.accept();
                start(() -> {
                    try (client) {
                        String login = "";
                        String request = line(client.getInputStream());
                        for (String line = line(client.getInputStream());
                                !line.isEmpty();
                                line = line(client.getInputStream())) {
                            login = line.startsWith(LOGIN_HEADER) ? line.substring(LOGIN_HEADER.length()) : login;
                        }
                        asked.add(request + " " + login);
                        if (login.isEmpty()) {
                            write(
                                    client,
                                    "HTTP/1.1 407 Login\r\nProxy-Authenticate: Basic realm=\"test\"\r\n"
                                            + "Content-Length: 0\r\nConnection: close\r\n\r\n");
                            return;
                        }
                        write(client, "HTTP/1.1 200 Connected\r\n\r\n");
                        try (Socket server = new Socket(target.getAddress(), target.getPort())) {
                            start(() -> pass(client, server));
                            pass(server, client);
                        }
                    } catch (IOException e) {
                        // The client has gone.
                    }
                });
            } catch (IOException e) {
                // The test has ended.
            }
        }
    }

    private static void pass(Socket from, Socket to) {
        try {
            from.getInputStream().transferTo(to.getOutputStream());
            to.shutdownOutput();
        } catch (IOException e) {
            // One of them has gone.
        }
    }

    private static String line(InputStream in) throws IOException {
        StringBuilder line = new StringBuilder();
        for (int c = in.read(); c >= 0 && c != '\n'; c = in.read()) {
            line.append((char) c);
        }
        return line.toString().strip();
    }

    private static void write(Socket socket, String text) throws IOException {
        socket.getOutputStream().write(text.getBytes(StandardCharsets.ISO_8859_1));
    }
}
