package io.jenkins.plugins.lambdanode.engine.http;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTimeoutPreemptively;
import static org.junit.jupiter.api.Assertions.assertTrue;

import com.sun.net.httpserver.HttpServer;
import io.jenkins.plugins.lambdanode.engine.base.DeployException;
import io.jenkins.plugins.lambdanode.engine.base.Progress;
import io.jenkins.plugins.lambdanode.testing.Wire;
import java.io.IOException;
import java.io.InputStream;
import java.io.OutputStream;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.ServerSocket;
import java.net.Socket;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.security.MessageDigest;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Base64;
import java.util.HexFormat;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Optional;
import java.util.Random;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.concurrent.atomic.AtomicLong;
import java.util.concurrent.atomic.AtomicReference;
import java.util.concurrent.locks.LockSupport;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.condition.EnabledOnOs;
import org.junit.jupiter.api.condition.OS;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

class HttpSenderTest {

    @TempDir
    Path folder;

    private HttpServer server;
    private ExecutorService threads;
    private final CountDownLatch over = new CountDownLatch(1);

    @BeforeEach
    void start() throws Exception {
        server = HttpServer.create(new InetSocketAddress(InetAddress.getLoopbackAddress(), 0), 50);
        threads = Executors.newCachedThreadPool();
        server.setExecutor(threads);
        server.start();
    }

    @AfterEach
    void stop() {
        over.countDown();
        server.stop(0);
        threads.shutdownNow();
    }

    private String url(String path) {
        return "http://127.0.0.1:" + server.getAddress().getPort() + path;
    }

    private Path file(int bytes) throws Exception {
        byte[] content = new byte[bytes];
        new Random(bytes).nextBytes(content);
        return Files.write(folder.resolve("package-" + bytes), content);
    }

    private static SendRequest put(String url, Body body, int timeoutSeconds) {
        return new SendRequest("PUT", url, Map.of(), body, timeoutSeconds);
    }

    @Test
    @EnabledOnOs(OS.LINUX)
    void aFullDiskIsNotTakenForTheConnection() {
        server.createContext("/package", exchange -> {
            exchange.sendResponseHeaders(200, 3);
            exchange.getResponseBody().write("zip".getBytes(StandardCharsets.UTF_8));
            exchange.close();
        });

        DeployException failed = assertThrows(
                DeployException.class,
                () -> new HttpSender(Progress.NONE).fetch(url("/package?X-Amz-Signature=s"), Path.of("/dev/full")));

        assertTrue(failed.getMessage().startsWith("There is no room for the package in /dev: "), failed.getMessage());
    }

    @ParameterizedTest
    @ValueSource(booleans = {false, true})
    void aPackageThatStopsToComeIsNotWaitedForForever(boolean anyCame) {
        server.createContext("/package", exchange -> {
            if (anyCame) {
                exchange.sendResponseHeaders(200, 10);
                exchange.getResponseBody().write("half".getBytes(StandardCharsets.UTF_8));
                exchange.getResponseBody().flush();
            }
            await();
        });

        DeployException failed = assertTimeoutPreemptively(
                Duration.ofSeconds(20),
                () -> assertThrows(
                        DeployException.class,
                        () -> new HttpSender(Progress.NONE, Optional.empty(), Duration.ZERO, Duration.ofSeconds(1))
                                .fetch(url("/package?X-Amz-Signature=s"), folder.resolve("package.zip"))));

        assertTrue(
                failed.getMessage()
                        .startsWith("The package could not be got from " + url("/package")
                                + ": no byte has come for 1 seconds.\n"),
                failed.getMessage());
    }

    @Test
    void aPackageThatComesSlowlyIsWaitedFor() throws Exception {
        server.createContext("/package", exchange -> {
            exchange.sendResponseHeaders(200, 4);
            for (byte b : "slow".getBytes(StandardCharsets.UTF_8)) {
                LockSupport.parkNanos(TimeUnit.MILLISECONDS.toNanos(400));
                exchange.getResponseBody().write(b);
                exchange.getResponseBody().flush();
            }
            exchange.close();
        });

        Path file = new HttpSender(Progress.NONE, Optional.empty(), Duration.ZERO, Duration.ofSeconds(1))
                .fetch(url("/package"), folder.resolve("package.zip"));

        assertEquals("slow", Files.readString(file));
    }

    private AtomicReference<byte[]> receiving(String path) {
        AtomicReference<byte[]> received = new AtomicReference<>();
        server.createContext(path, exchange -> {
            received.set(exchange.getRequestBody().readAllBytes());
            exchange.getResponseHeaders().add("X-Amz-Version-Id", "v1");
            exchange.sendResponseHeaders(200, 2);
            exchange.getResponseBody().write("ok".getBytes(StandardCharsets.UTF_8));
            exchange.close();
        });
        return received;
    }

    /** Around the borders of the chunks in which base64 is made. */
    @ParameterizedTest
    @ValueSource(ints = {0, 1, 2, 3, 12287, 12288, 12289, 12290, 300_000})
    void aBase64BodyIsTheFileInJson(int bytes) throws Exception {
        AtomicReference<byte[]> received = receiving("/json");
        Path file = file(bytes);
        Body body = Body.base64InJson(file.toString(), bytes, "{\"gr\u00fc\u00df\":\"", "\",\"x\":1}");

        SendReply reply = new HttpSender(Progress.NONE)
                .send(List.of(put(url("/json"), body, 60)))
                .get(0);

        String expected =
                "{\"gr\u00fc\u00df\":\"" + Base64.getEncoder().encodeToString(Files.readAllBytes(file)) + "\",\"x\":1}";
        assertEquals(200, reply.status());
        assertEquals("ok", reply.body());
        assertEquals("v1", reply.header("x-amz-version-id").orElseThrow());
        assertEquals(expected, new String(received.get(), StandardCharsets.UTF_8));
        assertArrayEquals(
                MessageDigest.getInstance("SHA-256").digest(expected.getBytes(StandardCharsets.UTF_8)),
                new HttpSender(Progress.NONE).digest(body));
    }

    @Test
    void aPartIsJustThoseBytes() throws Exception {
        AtomicReference<byte[]> received = receiving("/part");
        Path file = file(100_000);

        new HttpSender(Progress.NONE).send(List.of(put(url("/part"), Body.part(file.toString(), 33_333, 44_444), 60)));

        byte[] all = Files.readAllBytes(file);
        assertArrayEquals(Arrays.copyOfRange(all, 33_333, 33_333 + 44_444), received.get());
    }

    @Test
    void aFileThatIsShorterThanAnnouncedIsAFailureAndNoHang() throws Exception {
        receiving("/short");
        Path file = file(50_000);
        HttpSender sender = new HttpSender(Progress.NONE);

        SendReply reply = assertTimeoutPreemptively(
                Duration.ofSeconds(20),
                () -> sender.send(List.of(put(url("/short"), Body.part(file.toString(), 0, 60_000), 60)))
                        .get(0));

        assertFalse(reply.hasResponse());
        assertTrue(reply.failure().contains("ended after 50000 of the 60000 bytes"), reply.failure());
    }

    @Test
    void aFileThatIsNotThereIsAFailureThatNamesIt() throws Exception {
        receiving("/none");
        String file = folder.resolve("missing.zip").toString();

        SendReply reply = new HttpSender(Progress.NONE)
                .send(List.of(put(url("/none"), Body.part(file, 0, 60_000), 60)))
                .get(0);

        assertFalse(reply.hasResponse());
        assertTrue(reply.fileFailed(), "sending it again is of no use");
        assertTrue(reply.failure().contains("NoSuchFileException: " + file), reply.failure());
    }

    @Test
    void aRedirectIsAResponseAndIsNotFollowed() throws Exception {
        AtomicInteger elsewhere = new AtomicInteger();
        server.createContext("/elsewhere", exchange -> elsewhere.incrementAndGet());
        server.createContext("/from", exchange -> {
            exchange.getRequestBody().readAllBytes();
            exchange.getResponseHeaders().add("Location", url("/elsewhere"));
            exchange.sendResponseHeaders(307, -1);
            exchange.close();
        });

        SendReply reply = new HttpSender(Progress.NONE)
                .send(List.of(put(url("/from"), Body.part(file(10).toString(), 0, 10), 60)))
                .get(0);

        assertEquals(307, reply.status());
        assertEquals(0, elsewhere.get());
    }

    @Test
    void atMostFourRequestsAreUnderWay() throws Exception {
        AtomicInteger now = new AtomicInteger();
        AtomicInteger most = new AtomicInteger();
        CountDownLatch four = new CountDownLatch(4);
        server.createContext("/many", exchange -> {
            most.accumulateAndGet(now.incrementAndGet(), Math::max);
            exchange.getRequestBody().readAllBytes();
            four.countDown();
            try {
                four.await(20, TimeUnit.SECONDS);
            } catch (InterruptedException e) {
                Thread.currentThread().interrupt();
            }
            now.decrementAndGet();
            exchange.sendResponseHeaders(200, -1);
            exchange.close();
        });
        Path file = file(1000);
        List<SendRequest> requests = new ArrayList<>();
        for (int i = 0; i < 12; i++) {
            requests.add(put(url("/many"), Body.part(file.toString(), 0, 1000), 60));
        }

        List<SendReply> replies = new HttpSender(Progress.NONE).send(requests);

        assertEquals(12, replies.stream().filter(SendReply::successful).count());
        assertEquals(4, most.get());
    }

    @Test
    void repliesAreInTheOrderOfTheRequests() throws Exception {
        server.createContext("/echo", exchange -> {
            exchange.getRequestBody().readAllBytes();
            byte[] path = exchange.getRequestURI().getPath().getBytes(StandardCharsets.UTF_8);
            exchange.sendResponseHeaders(200, path.length);
            exchange.getResponseBody().write(path);
            exchange.close();
        });
        Path file = file(10);
        List<SendRequest> requests = new ArrayList<>();
        for (int i = 0; i < 20; i++) {
            requests.add(put(url("/echo/" + i), Body.part(file.toString(), 0, 10), 60));
        }

        List<SendReply> replies = new HttpSender(Progress.NONE).send(requests);

        for (int i = 0; i < 20; i++) {
            assertEquals("/echo/" + i, replies.get(i).body());
        }
    }

    @Test
    void aResponseThatDoesNotComeInTimeIsAFailure() throws Exception {
        server.createContext("/hang", exchange -> await());

        SendReply reply = new HttpSender(Progress.NONE)
                .send(List.of(put(url("/hang"), Body.part(file(10).toString(), 0, 10), 1)))
                .get(0);

        assertFalse(reply.hasResponse());
        assertEquals("no response within 1 seconds", reply.failure());
    }

    @Test
    void aResponseWithoutEndIsCutAfter64Kilobytes() throws Exception {
        server.createContext("/endless", exchange -> {
            exchange.getRequestBody().readAllBytes();
            exchange.sendResponseHeaders(200, 0);
            try (OutputStream out = exchange.getResponseBody()) {
                byte[] chunk = "x".repeat(8192).getBytes(StandardCharsets.UTF_8);
                while (over.getCount() > 0) {
                    out.write(chunk);
                }
            }
        });

        SendReply reply = assertTimeoutPreemptively(
                Duration.ofSeconds(20),
                () -> new HttpSender(Progress.NONE)
                        .send(List.of(put(url("/endless"), Body.part(file(10).toString(), 0, 10), 60)))
                        .get(0));

        assertEquals(64 * 1024, reply.body().length());
    }

    @Test
    void anInterruptCancelsWithinASecond() throws Exception {
        CountDownLatch arrived = new CountDownLatch(1);
        server.createContext("/hang", exchange -> {
            arrived.countDown();
            await();
        });
        AtomicReference<Long> took = new AtomicReference<>();
        Path file = file(10);
        AtomicReference<Throwable> outcome = new AtomicReference<>();
        Thread sending = new Thread(() -> {
            try {
                new HttpSender(Progress.NONE).send(List.of(put(url("/hang"), Body.part(file.toString(), 0, 10), 600)));
            } catch (InterruptedException e) {
                outcome.set(e);
            }
        });
        sending.start();
        assertTrue(arrived.await(20, TimeUnit.SECONDS));

        long from = System.nanoTime();
        sending.interrupt();
        sending.join(20_000);
        took.set(System.nanoTime() - from);

        assertTrue(outcome.get() instanceof InterruptedException);
        assertTrue(took.get() < TimeUnit.SECONDS.toNanos(1), took.get() + " ns");
    }

    @Test
    void anInterruptEndsWhatIsBeingSent() throws Exception {
        int size = 50_000_000;
        Path file = file(size);
        CountDownLatch arrived = new CountDownLatch(1);
        CountDownLatch stopped = new CountDownLatch(1);
        CompletableFuture<Long> received = new CompletableFuture<>();
        server.createContext("/slow", exchange -> {
            InputStream body = exchange.getRequestBody();
            long bytes = body.read() < 0 ? 0 : 1;
            arrived.countDown();
            try {
                stopped.await();
                byte[] buffer = new byte[64 * 1024];
                for (int count; (count = body.read(buffer)) >= 0; ) {
                    bytes += count;
                }
            } catch (IOException | InterruptedException e) {
                // The connection was ended in the middle of the body.
            }
            received.complete(bytes);
        });
        Thread sending = new Thread(() -> assertThrows(
                InterruptedException.class,
                () -> new HttpSender(Progress.NONE)
                        .send(List.of(put(url("/slow"), Body.part(file.toString(), 0, size), 600)))));
        sending.start();
        assertTrue(arrived.await(20, TimeUnit.SECONDS));

        sending.interrupt();
        sending.join();
        stopped.countDown();

        long bytes = received.get(60, TimeUnit.SECONDS);
        assertTrue(bytes < size, bytes + " bytes were sent");
    }

    @Test
    void anInterruptEndsADigest() throws Exception {
        Path file = file(1_000_000);
        Thread.currentThread().interrupt();

        assertThrows(
                InterruptedException.class,
                () -> new HttpSender(Progress.NONE).digest(Body.part(file.toString(), 0, 1_000_000)));
        assertFalse(Thread.interrupted());
    }

    @Test
    void aServerThatRefusesTheConnectionIsAFailure() throws Exception {
        int port = server.getAddress().getPort();
        server.stop(0);

        SendReply reply = new HttpSender(Progress.NONE)
                .send(List.of(put("http://127.0.0.1:" + port + "/", Body.part(file(10).toString(), 0, 10), 60)))
                .get(0);

        assertFalse(reply.hasResponse());
        assertEquals("ConnectException: 127.0.0.1:" + port, reply.failure());
    }

    /** A label may have 63 characters, so that no name server is asked. */
    @Test
    void aHostThatIsNotKnownIsAFailureThatNamesIt() throws Exception {
        String host = "x".repeat(64) + ".invalid";
        SendReply reply = new HttpSender(Progress.NONE)
                .send(List.of(put("http://" + host + "/?X-Amz-Signature=1", Body.part(file(10).toString(), 0, 10), 60)))
                .get(0);

        assertEquals("UnknownHostException: " + host, reply.failure());
    }

    @Test
    void progressEndsAtTheWholeBody() throws Exception {
        receiving("/p");
        AtomicLong last = new AtomicLong();
        AtomicLong total = new AtomicLong();
        Progress progress = new Progress() {
            @Override
            public void log(String line) {}

            @Override
            public void advance(String activity, long doneBytes, long totalBytes, int doneFiles) {
                assertEquals("Uploading", activity);
                last.accumulateAndGet(doneBytes, Math::max);
                total.set(totalBytes);
            }
        };
        Path file = file(100_000);

        new HttpSender(progress)
                .send(List.of(
                        put(url("/p"), Body.part(file.toString(), 0, 50_000), 60),
                        put(url("/p"), Body.part(file.toString(), 50_000, 50_000), 60)));

        assertEquals(100_000, total.get());
        assertEquals(100_000, last.get());
    }

    @Test
    void requestsGoThroughTheProxyExceptWhereItIsBypassed() throws Exception {
        AtomicReference<String> asked = new AtomicReference<>();
        server.createContext("/", exchange -> {
            asked.set(exchange.getRequestURI().toString());
            exchange.getRequestBody().readAllBytes();
            exchange.sendResponseHeaders(200, -1);
            exchange.close();
        });
        ProxySettings proxy =
                new ProxySettings("127.0.0.1", server.getAddress().getPort(), "", "", List.of("*.internal", "127.0.*"));
        HttpSender sender = new HttpSender(Progress.NONE, Optional.of(proxy));
        Body body = Body.part(file(10).toString(), 0, 10);

        sender.send(List.of(put("http://aws.example/key", body, 60)));
        assertEquals("http://aws.example/key", asked.get());

        sender.send(List.of(put(url("/direct"), body, 60)));
        assertEquals("/direct", asked.get());

        assertTrue(proxy.bypassedFor("vpce.INTERNAL"));
        assertFalse(proxy.bypassedFor("internal.example"));
    }

    @Test
    void aLoginToTheProxyGoesToTheProxyOnlyAndLeavesTheSignature() throws Exception {
        List<String> headers = new ArrayList<>();
        server.createContext("/", exchange -> {
            headers.add(exchange.getRequestHeaders().getFirst("Authorization"));
            headers.add(exchange.getRequestHeaders().getFirst("Proxy-Authorization"));
            exchange.getRequestBody().readAllBytes();
            exchange.sendResponseHeaders(200, -1);
            exchange.close();
        });
        ProxySettings proxy = new ProxySettings(
                "127.0.0.1", server.getAddress().getPort(), "Aladdin", "open sesame", List.of("127.0.0.1"));
        HttpSender sender = new HttpSender(Progress.NONE, Optional.of(proxy));
        Body body = Body.part(file(10).toString(), 0, 10);
        Map<String, String> signed = Map.of("Authorization", "AWS4-HMAC-SHA256 Signature=1");

        sender.send(List.of(new SendRequest("PUT", "http://aws.example/key", signed, body, 60)));
        sender.send(List.of(new SendRequest("PUT", url("/direct"), signed, body, 60)));

        // The example of RFC 7617.
        assertEquals(
                Arrays.asList(
                        "AWS4-HMAC-SHA256 Signature=1",
                        "Basic QWxhZGRpbjpvcGVuIHNlc2FtZQ==",
                        "AWS4-HMAC-SHA256 Signature=1",
                        null),
                headers);
    }

    @ParameterizedTest
    @CsvSource({
        "https, 403, '', 'Tunnel failed, got: 403'",
        "https, 407, '', the proxy refuses the connection (HTTP status 407): it asks for a login",
        "http, 407, '', the proxy refuses the connection (HTTP status 407): it asks for a login",
        "https, 407, Aladdin, -Djdk.http.auth.tunneling.disabledSchemes="
    })
    void aProxyThatRefusesIsNotTakenForAws(String scheme, int status, String user, String words) throws Exception {
        try (ServerSocket refusing = new ServerSocket(0, 50, InetAddress.getLoopbackAddress())) {
            threads.submit(() -> {
                while (true) {
                    try (Socket client = refusing.accept()) {
                        client.getInputStream().read(new byte[10_000]);
                        client.getOutputStream()
                                .write(("HTTP/1.1 " + status + " No\r\nContent-Length: 0\r\n\r\n")
                                        .getBytes(StandardCharsets.US_ASCII));
                    }
                }
            });
            ProxySettings proxy = new ProxySettings("127.0.0.1", refusing.getLocalPort(), user, "secret", List.of());

            SendReply reply = new HttpSender(Progress.NONE, Optional.of(proxy))
                    .send(List.of(put(scheme + "://aws.example/", Body.part(file(10).toString(), 0, 10), 60)))
                    .get(0);

            assertFalse(reply.hasResponse());
            assertTrue(reply.failure().contains(words), reply.failure());
        }
    }

    /** In a JVM of its own with 16 MB of heap: 65 MB in base64 through it, and its digest. */
    @Test
    void aBodyOf65MegabytesNeedsLessThan16MegabytesOfHeap() throws Exception {
        AtomicReference<String> received = new AtomicReference<>();
        server.createContext("/big", exchange -> {
            received.set(HexFormat.of().formatHex(digest(exchange.getRequestBody())));
            exchange.sendResponseHeaders(200, -1);
            exchange.close();
        });
        Path file = file(65_000_000);
        Process child = new ProcessBuilder(
                        Path.of(System.getProperty("java.home"), "bin", "java").toString(),
                        "-Xmx16m",
                        "-cp",
                        System.getProperty("java.class.path"),
                        SendOnce.class.getName(),
                        url("/big"),
                        file.toString())
                .redirectError(ProcessBuilder.Redirect.INHERIT)
                .start();

        String output = new String(child.getInputStream().readAllBytes(), StandardCharsets.UTF_8).strip();

        assertEquals(0, child.waitFor());
        assertEquals("200 " + received.get(), output);
    }

    /** Sends a file in base64 and prints the status and the digest of what it sent. */
    static final class SendOnce {
        public static void main(String[] arguments) throws Exception {
            HttpSender sender = new HttpSender(Progress.NONE);
            long length = Files.size(Path.of(arguments[1]));
            Body body = Body.base64InJson(arguments[1], length, "{\"ZipFile\":\"", "\"}");
            String digest = HexFormat.of().formatHex(sender.digest(body));
            System.out.println(
                    sender.send(List.of(put(arguments[0], body, 60))).get(0).status() + " " + digest);
        }
    }

    private static byte[] digest(InputStream in) {
        try {
            MessageDigest digest = MessageDigest.getInstance("SHA-256");
            byte[] buffer = new byte[1 << 16];
            for (int count; (count = in.read(buffer)) > 0; ) {
                digest.update(buffer, 0, count);
            }
            return digest.digest();
        } catch (Exception e) {
            throw new IllegalStateException(e);
        }
    }

    private void await() {
        try {
            over.await();
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
        }
    }

    /** As a proxy may that knows nothing of Expect; RFC 9110, section 10.1.1: who waits for 100 must not wait forever. */
    @Test
    void aServerThatDoesNotKnowExpectGetsTheBodyAfterAWhileAndAtOnceTheNextTime() throws Exception {
        Path content = file(100_000);
        List<String> heads = new CopyOnWriteArrayList<>();
        try (ServerSocket deaf = new ServerSocket(0, 50, InetAddress.getLoopbackAddress())) {
            threads.execute(() -> {
                while (!deaf.isClosed()) {
                    try (Socket client = deaf.accept()) {
                        heads.add(Wire.head(client.getInputStream()));
                        if (client.getInputStream().readNBytes(100_000).length == 100_000) {
                            client.getOutputStream()
                                    .write("HTTP/1.1 200 OK\r\nContent-Length: 0\r\nConnection: close\r\n\r\n"
                                            .getBytes(StandardCharsets.US_ASCII));
                        }
                    } catch (IOException e) {
                        // The client hung up, or the test has ended.
                    }
                }
            });
            HttpSender sender = new HttpSender(Progress.NONE, Optional.empty(), Duration.ZERO, Duration.ZERO);
            SendRequest request = new SendRequest(
                    "PUT",
                    "http://127.0.0.1:" + deaf.getLocalPort() + "/x",
                    Map.of("Expect", "100-continue"),
                    Body.part(content.toString(), 0, 100_000),
                    30);

            assertEquals(200, sender.send(List.of(request)).get(0).status());
            assertEquals(200, sender.send(List.of(request)).get(0).status());
        }
        assertEquals(
                List.of(true, false, false),
                heads.stream()
                        .map(head -> head.toLowerCase(Locale.ROOT).contains("expect: 100-continue"))
                        .toList());
    }
}
