package io.jenkins.plugins.lambdanode.engine.aws;

import java.io.IOException;
import java.io.InputStream;
import java.io.OutputStream;
import java.net.InetAddress;
import java.net.ServerSocket;
import java.net.Socket;
import java.net.URI;
import java.nio.charset.StandardCharsets;
import java.util.List;
import java.util.concurrent.ConcurrentLinkedQueue;
import java.util.concurrent.CopyOnWriteArrayList;

/**
 * A line to a server that can be cut, or change a byte, in the middle of one chosen request: what an HTTP proxy cannot do.
 * Requests are known by how they begin, for instance {@code PUT /bucket/}.
 */
final class Wire implements AutoCloseable {

    /** What happens to a request. */
    enum Fault {
        /** The line is cut before the server sees anything. */
        CUT_BEFORE,
        /** The line is cut in the middle of the body. */
        CUT_IN_BODY,
        /** The server gets the request and answers, and the line is cut before the answer arrives. */
        CUT_ANSWER,
        /** A byte of the body arrives changed. */
        FLIPPED_BYTE
    }

    private record Plan(String beginning, Fault fault) {}

    private static final int IN_BODY = 20_000;

    private final ServerSocket listening;
    private final URI server;
    private final ConcurrentLinkedQueue<Plan> plans = new ConcurrentLinkedQueue<>();
    private final List<Socket> sockets = new CopyOnWriteArrayList<>();

    Wire(URI server) throws IOException {
        this.server = server;
        this.listening = new ServerSocket(0, 50, InetAddress.getLoopbackAddress());
        daemon(this::accept);
    }

    URI endpoint() {
        return URI.create("http://127.0.0.1:" + listening.getLocalPort());
    }

    /** The next request that begins so suffers this fault, once. */
    Wire next(String beginning, Fault fault) {
        plans.add(new Plan(beginning, fault));
        return this;
    }

    boolean allHappened() {
        return plans.isEmpty();
    }

    private void accept() {
        try {
            while (true) {
                Socket client = listening.accept();
                Socket upstream = new Socket(server.getHost(), server.getPort());
                sockets.add(client);
                sockets.add(upstream);
                Line line = new Line(client, upstream);
                daemon(line::requests);
                daemon(line::answers);
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

    private final class Line {
        private final Socket client;
        private final Socket upstream;
        private volatile Fault fault;
        private long bodySeen = -1;

        Line(Socket client, Socket upstream) {
            this.client = client;
            this.upstream = upstream;
        }

        void requests() {
            byte[] buffer = new byte[16 * 1024];
            try (InputStream in = client.getInputStream();
                    OutputStream out = upstream.getOutputStream()) {
                for (int count; (count = in.read(buffer)) > 0; ) {
                    if (!pass(buffer, count)) {
                        cut();
                        return;
                    }
                    out.write(buffer, 0, count);
                }
            } catch (IOException e) {
                cut();
            }
        }

        /** Whether this much may go on to the server, changed as the fault asks. */
        private boolean pass(byte[] buffer, int count) {
            String text = new String(buffer, 0, count, StandardCharsets.ISO_8859_1);
            Plan plan = plans.stream().filter(p -> text.startsWith(p.beginning())).findFirst().orElse(null);
            if (plan != null && fault == null && plans.remove(plan)) {
                fault = plan.fault();
                if (fault == Fault.CUT_BEFORE) {
                    return false;
                }
                int head = text.indexOf("\r\n\r\n");
                bodySeen = head < 0 ? 0 : count - head - 4;
            } else if (bodySeen >= 0) {
                bodySeen += count;
            }
            if (fault == Fault.CUT_IN_BODY && bodySeen > IN_BODY) {
                return false;
            }
            if (fault == Fault.FLIPPED_BYTE && bodySeen > 100) {
                buffer[count - 50] ^= 1;
                fault = null;
                bodySeen = -1;
            }
            return true;
        }

        void answers() {
            byte[] buffer = new byte[16 * 1024];
            try (InputStream in = upstream.getInputStream();
                    OutputStream out = client.getOutputStream()) {
                for (int count; (count = in.read(buffer)) > 0; ) {
                    // The SDK's client asks whether it may send the body; that answer is not the one to cut.
                    boolean goOn = new String(buffer, 0, count, StandardCharsets.ISO_8859_1).startsWith("HTTP/1.1 100");
                    if (fault == Fault.CUT_ANSWER && !goOn) {
                        cut();
                        return;
                    }
                    out.write(buffer, 0, count);
                }
            } catch (IOException e) {
                cut();
            }
        }

        private void cut() {
            try {
                client.setSoLinger(true, 0);
                client.close();
                upstream.close();
            } catch (IOException e) {
                // Both are gone.
            }
        }
    }
}
