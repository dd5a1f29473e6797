package io.jenkins.plugins.lambdanode.testing.jenkins;

import java.io.Closeable;
import java.io.IOException;
import java.io.InputStream;
import java.io.OutputStream;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.ServerSocket;
import java.net.Socket;
import java.nio.charset.StandardCharsets;
import java.util.List;
import java.util.concurrent.BlockingQueue;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.LinkedBlockingQueue;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicLong;
import java.util.function.Predicate;

/** A connection that is slower than the loopback's: each byte arrives late, or not many do in a second, or they stop. */
public final class TcpProxy implements Closeable {

    private final ServerSocket server = new ServerSocket(0, 50, InetAddress.getLoopbackAddress());
    private final InetSocketAddress target;
    private final List<Socket> sockets = new CopyOnWriteArrayList<>();
    private final List<Line> fromClients = new CopyOnWriteArrayList<>();
    private final AtomicLong sentBytes = new AtomicLong();
    private final CountDownLatch resumed = new CountDownLatch(1);
    private final CountDownLatch stalled = new CountDownLatch(1);
    private volatile long delayMillis;
    private volatile long bytesPerSecond = Long.MAX_VALUE;
    private volatile Predicate<String> stallsAt = text -> false;
    private volatile String cutsAt;
    private volatile String served;

    public TcpProxy(String host, int port) throws IOException {
        target = new InetSocketAddress(host, port);
        start("proxy", this::accept);
    }

    /** Each way. */
    public TcpProxy delay(long millis) {
        delayMillis = millis;
        return this;
    }

    /** From the client to the server, over each connection. */
    public TcpProxy throttle(long bytesASecond) {
        bytesPerSecond = bytesASecond;
        return this;
    }

    /** Stops a connection when the client sends such a text, which the server gets when this is resumed. */
    public TcpProxy stallAt(Predicate<String> sent) {
        stallsAt = sent;
        return this;
    }

    /** Ends each connection over which the client sends this text. */
    public TcpProxy cutAt(String sent) {
        cutsAt = sent;
        return this;
    }

    /** Takes requests as a proxy does, with the whole address in their first line, and brings those for this server to ours. */
    public TcpProxy asProxyFor(String server) {
        served = server;
        return this;
    }

    /** Waits until a connection is stopped. */
    public boolean awaitStall(long seconds) throws InterruptedException {
        return stalled.await(seconds, TimeUnit.SECONDS);
    }

    /** How much of what clients send has reached the server. */
    public long sentBytes() {
        return sentBytes.get();
    }

    /** Whether all that clients have sent has reached the server, or never will. */
    public boolean isDelivered() {
        return fromClients.stream().allMatch(Line::isDelivered);
    }

    /** Ends throttling and stalling. */
    public void resume() {
        bytesPerSecond = Long.MAX_VALUE;
        stallsAt = text -> false;
        resumed.countDown();
    }

    public int port() {
        return server.getLocalPort();
    }

    public String url() {
        return "http://127.0.0.1:" + port();
    }

    private static void start(String name, Runnable work) {
        Thread thread = new Thread(work, name);
        thread.setDaemon(true);
        thread.start();
    }

    private void accept() {
        try {
            while (true) {
                Socket client = server.accept();
                Socket far = new Socket();
                far.connect(target);
                client.setTcpNoDelay(true);
                far.setTcpNoDelay(true);
                sockets.addAll(List.of(client, far));
                relay(client, far, true);
                relay(far, client, false);
            }
        } catch (IOException e) {
            // The proxy is closed.
        }
    }

    /** A chunk on its way, and when it arrives. */
    private record Chunk(byte[] bytes, long arrivesAtNanos) {}

    /** One way of a connection. */
    private record Line(Socket from, AtomicLong onTheirWay) {
        boolean isDelivered() {
            try {
                return onTheirWay.get() == 0 && from.getInputStream().available() == 0;
            } catch (IOException e) {
                return onTheirWay.get() == 0;
            }
        }
    }

    private void relay(Socket from, Socket to, boolean fromClient) {
        Line line = new Line(from, new AtomicLong());
        if (fromClient) {
            fromClients.add(line);
        }
        BlockingQueue<Chunk> onTheirWay = new LinkedBlockingQueue<>(fromClient ? 64 : 4096);
        start("proxy reads", () -> {
            try (InputStream in = from.getInputStream()) {
                byte[] buffer = new byte[16 * 1024];
                for (int count; (count = in.read(buffer)) >= 0; ) {
                    line.onTheirWay.incrementAndGet();
                    byte[] bytes = java.util.Arrays.copyOf(buffer, count);
                    if (fromClient && served != null) {
                        bytes = new String(bytes, StandardCharsets.ISO_8859_1)
                                .replace(" " + served + "/", " /")
                                .getBytes(StandardCharsets.ISO_8859_1);
                    }
                    if (fromClient
                            && cutsAt != null
                            && new String(bytes, StandardCharsets.ISO_8859_1).contains(cutsAt)) {
                        close(from, to);
                        return;
                    }
                    if (fromClient && stallsAt.test(new String(bytes, StandardCharsets.ISO_8859_1))) {
                        stalled.countDown();
                        resumed.await();
                        if (server.isClosed()) {
                            return;
                        }
                    }
                    if (fromClient && bytesPerSecond < Long.MAX_VALUE) {
                        resumed.await(count * 1000L / bytesPerSecond, TimeUnit.MILLISECONDS);
                    }
                    onTheirWay.put(new Chunk(bytes, System.nanoTime() + delayMillis * 1_000_000));
                }
                onTheirWay.put(new Chunk(new byte[0], System.nanoTime() + delayMillis * 1_000_000));
            } catch (IOException | InterruptedException e) {
                close(from, to);
            }
        });
        start("proxy writes", () -> {
            try {
                OutputStream out = to.getOutputStream();
                while (true) {
                    Chunk chunk = onTheirWay.take();
                    TimeUnit.NANOSECONDS.sleep(chunk.arrivesAtNanos - System.nanoTime());
                    if (chunk.bytes.length == 0) {
                        to.shutdownOutput();
                        return;
                    }
                    out.write(chunk.bytes);
                    line.onTheirWay.decrementAndGet();
                    if (fromClient) {
                        sentBytes.addAndGet(chunk.bytes.length);
                    }
                }
            } catch (IOException | InterruptedException e) {
                close(from, to);
            } finally {
                fromClients.remove(line);
            }
        });
    }

    private static void close(Socket... sockets) {
        for (Socket socket : sockets) {
            try {
                socket.close();
            } catch (IOException e) {
                // It is closed.
            }
        }
    }

    @Override
    public void close() throws IOException {
        server.close();
        resume();
        sockets.forEach(TcpProxy::close);
    }
}
