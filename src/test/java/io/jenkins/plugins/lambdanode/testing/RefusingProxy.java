package io.jenkins.plugins.lambdanode.testing;

import java.io.BufferedReader;
import java.io.IOException;
import java.io.InputStreamReader;
import java.net.InetAddress;
import java.net.ServerSocket;
import java.net.Socket;
import java.nio.charset.StandardCharsets;
import java.util.List;
import java.util.concurrent.CopyOnWriteArrayList;

/** A proxy that lets nothing through and keeps the scheme and authority of what was asked for. */
public final class RefusingProxy implements AutoCloseable {

    private final ServerSocket listening = new ServerSocket(0, 50, InetAddress.getLoopbackAddress());
    private final List<String> reached = new CopyOnWriteArrayList<>();

    public RefusingProxy() throws IOException {
        Thread answering = new Thread(this::answer, "refusing proxy");
        answering.setDaemon(true);
        answering.start();
    }

    public int port() {
        return listening.getLocalPort();
    }

    /** For instance {@code https://lambda.eu-west-1.amazonaws.com}, in the order of the requests. */
    public List<String> reached() {
        return List.copyOf(reached);
    }

    private void answer() {
        while (!listening.isClosed()) {
            try (Socket client = listening.accept()) {
                refuse(client);
            } catch (IOException e) {
                // The test has ended, or the client hung up.
            }
        }
    }

    private void refuse(Socket client) throws IOException {
        BufferedReader in =
                new BufferedReader(new InputStreamReader(client.getInputStream(), StandardCharsets.ISO_8859_1));
        String[] line = in.readLine().split(" ");
        reached.add(
                line[0].equals("CONNECT")
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
    }

    @Override
    public void close() throws IOException {
        listening.close();
    }
}
