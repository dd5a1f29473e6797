package io.jenkins.plugins.lambdanode.testing;

import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.InputStream;
import java.io.OutputStream;
import java.net.InetAddress;
import java.net.ServerSocket;
import java.net.Socket;
import java.net.URI;
import java.nio.charset.StandardCharsets;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.ConcurrentLinkedQueue;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.function.Function;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/**
 * A line to a server, a connection for each request, that can be cut or change a byte in the middle of a request, or answer in
 * the server's place. Requests are known by how they begin, for instance {@code PUT /bucket/}.
 */
public final class Wire implements AutoCloseable {

    /** What becomes of a request. */
    public sealed interface Deed permits Fault, Answer, First {}

    /** What happens on the way. */
    public enum Fault implements Deed {
        /** The line is cut before the server sees anything. */
        CUT_BEFORE,
        /** The line is cut in the middle of the body; the server has the first half. */
        CUT_IN_BODY,
        /** The server gets the request and answers, and the line is cut before the answer arrives. */
        CUT_ANSWER,
        /** A byte of the body arrives changed. */
        FLIPPED_BYTE
    }

    /** An answer in the server's place. */
    public record Answer(int status, Map<String, String> headers, String body) implements Deed {

        /** In the words of Lambda. */
        public static Answer ofLambda(int status, String type, String message) {
            return new Answer(
                    status,
                    Map.of("x-amzn-ErrorType", type, "Content-Type", "application/json"),
                    "{\"Message\":\"" + message + "\"}");
        }

        /** In the words of S3. */
        public static Answer ofS3(int status, String code, String message) {
            return new Answer(
                    status,
                    Map.of("Content-Type", "application/xml"),
                    "<Error><Code>" + code + "</Code><Message>" + message + "</Message></Error>");
        }

        /** The same with one header more. */
        public Answer with(String header, String value) {
            Map<String, String> all = new LinkedHashMap<>(headers);
            all.put(header, value);
            return new Answer(status, all, body);
        }
    }

    /** Something is done before the request goes on as it is. */
    public record First(Runnable work) implements Deed {}

    /**
     * A request that came.
     *
     * @param line for instance {@code PUT /bucket/key?partNumber=1}
     * @param nanos when, by {@link System#nanoTime()}
     */
    public record Request(String line, long nanos) {}

    private record Plan(String beginning, Deed deed) {}

    private static final Pattern LENGTH = Pattern.compile("(?im)^content-length: *(\\d+)\r?$");
    private static final Pattern GOES_ON = Pattern.compile("(?im)^expect: *100-continue\r\n");
    private static final Pattern CONNECTION = Pattern.compile("(?im)^connection: .*\r\n");

    private final ServerSocket listening;
    private final URI server;
    private final ConcurrentLinkedQueue<Plan> plans = new ConcurrentLinkedQueue<>();
    private final List<Request> requests = new CopyOnWriteArrayList<>();
    private final List<Socket> sockets = new CopyOnWriteArrayList<>();
    private volatile Function<String, Optional<Deed>> otherwise = line -> Optional.empty();

    public Wire(URI server) throws IOException {
        this.server = server;
        this.listening = new ServerSocket(0, 50, InetAddress.getLoopbackAddress());
        daemon(this::accept);
    }

    public URI endpoint() {
        return URI.create("http://127.0.0.1:" + listening.getLocalPort());
    }

    /** This becomes of the next request that begins so, once. */
    public Wire next(String beginning, Deed deed) {
        plans.add(new Plan(beginning, deed));
        return this;
    }

    /** What becomes of requests that {@link #next} says nothing of, by how they begin. */
    public Wire otherwise(Function<String, Optional<Deed>> deeds) {
        otherwise = deeds;
        return this;
    }

    public boolean allHappened() {
        return plans.isEmpty();
    }

    /** All requests by now, in their order. */
    public List<Request> requests() {
        return List.copyOf(requests);
    }

    private void accept() {
        try {
            while (true) {
                Socket client = listening.accept();
                sockets.add(client);
                daemon(() -> serve(client));
            }
        } catch (IOException e) {
            // Closed at the end of the test.
        }
    }

    private static void daemon(Runnable work) {
        Thread thread = new Thread(work, "wire");
        thread.setDaemon(true);
        thread.start();
    }

    @Override
    public void close() throws IOException {
        listening.close();
        for (Socket socket : sockets) {
            socket.close();
        }
    }

    private void serve(Socket client) {
        try (client) {
            String head = head(client.getInputStream());
            if (!head.isEmpty()) {
                String line = head.substring(0, head.indexOf(" HTTP/"));
                requests.add(new Request(line, System.nanoTime()));
                answer(client, line, head);
            }
        } catch (IOException e) {
            // The client is gone.
        } finally {
            sockets.remove(client);
        }
    }

    private void answer(Socket client, String line, String head) throws IOException {
        Optional<Deed> deed = deed(line);
        if (deed.isPresent() && deed.get() instanceof First first) {
            first.work().run();
        }
        if (deed.isPresent() && deed.get() == Fault.CUT_BEFORE) {
            cut(client);
            return;
        }
        if (GOES_ON.matcher(head).find()) {
            client.getOutputStream().write("HTTP/1.1 100 Continue\r\n\r\n".getBytes(StandardCharsets.US_ASCII));
        }
        int length = number(head);
        if (deed.isPresent() && deed.get() == Fault.CUT_IN_BODY) {
            byte[] half = client.getInputStream().readNBytes(length / 2);
            try (Socket upstream = new Socket(server.getHost(), server.getPort())) {
                send(upstream, head, half);
                cut(client);
            }
            return;
        }
        byte[] body = client.getInputStream().readNBytes(length);
        if (deed.isPresent() && deed.get() == Fault.FLIPPED_BYTE) {
            body[length / 2] ^= 1;
        }
        if (deed.isPresent() && deed.get() instanceof Answer answer) {
            client.getOutputStream().write(bytes(answer, line));
        } else {
            pass(client, head, body, deed.isPresent() && deed.get() == Fault.CUT_ANSWER);
        }
    }

    private Optional<Deed> deed(String line) {
        for (Plan plan : plans) {
            if (line.startsWith(plan.beginning()) && plans.remove(plan)) {
                return Optional.of(plan.deed());
            }
        }
        return otherwise.apply(line);
    }

    private void pass(Socket client, String head, byte[] body, boolean answerIsLost) throws IOException {
        try (Socket upstream = new Socket(server.getHost(), server.getPort())) {
            send(upstream, head, body);
            if (answerIsLost) {
                upstream.getInputStream().transferTo(OutputStream.nullOutputStream());
                cut(client);
            } else {
                upstream.getInputStream().transferTo(client.getOutputStream());
            }
        }
    }

    private static void send(Socket upstream, String head, byte[] body) throws IOException {
        String once = CONNECTION.matcher(GOES_ON.matcher(head).replaceAll("")).replaceAll("");
        OutputStream out = upstream.getOutputStream();
        out.write((once.substring(0, once.length() - 2) + "Connection: close\r\n\r\n")
                .getBytes(StandardCharsets.ISO_8859_1));
        out.write(body);
        out.flush();
    }

    /** The request line and the headers with the empty line at their end; empty where the client hangs up. */
    public static String head(InputStream in) throws IOException {
        ByteArrayOutputStream head = new ByteArrayOutputStream();
        for (int b, ends = 0; ends < 4; ) {
            if ((b = in.read()) < 0) {
                return "";
            }
            head.write(b);
            ends = b == (ends % 2 == 0 ? '\r' : '\n') ? ends + 1 : b == '\r' ? 1 : 0;
        }
        return head.toString(StandardCharsets.ISO_8859_1);
    }

    private static int number(String head) {
        Matcher length = LENGTH.matcher(head);
        return length.find() ? Integer.parseInt(length.group(1)) : 0;
    }

    private static byte[] bytes(Answer answer, String line) {
        byte[] body = answer.body().getBytes(StandardCharsets.UTF_8);
        StringBuilder head = new StringBuilder("HTTP/1.1 " + answer.status() + " Answered by the wire\r\n");
        answer.headers().forEach((name, value) -> head.append(name + ": " + value + "\r\n"));
        head.append("Content-Length: " + body.length + "\r\nConnection: close\r\n\r\n");
        return (head + (line.startsWith("HEAD ") ? "" : answer.body())).getBytes(StandardCharsets.UTF_8);
    }

    private static void cut(Socket client) throws IOException {
        client.setSoLinger(true, 0);
        client.close();
    }
}
