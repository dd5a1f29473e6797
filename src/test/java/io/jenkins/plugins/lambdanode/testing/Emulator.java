package io.jenkins.plugins.lambdanode.testing;

import java.io.IOException;
import java.net.HttpURLConnection;
import java.net.InetAddress;
import java.net.ServerSocket;
import java.net.URI;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.concurrent.TimeUnit;

/**
 * The servers that stand in for AWS. Each is started when it is first asked for, one for the whole run of the tests, and is
 * taken down at its end by {@link EmulatorExtension}, or by the JVM's shutdown hook.
 */
public enum Emulator {
    /** With permissions: policies of IAM users hold, and signatures of presigned URLs are checked. */
    MINISTACK(List.of("-m", "ministack"), "/_ministack/health"),
    MOTO(List.of("-m", "moto.server", "-H", "127.0.0.1", "-p", "{port}"), "/moto-api/");

    private static final int PATIENCE_SECONDS = 60;

    private final List<String> arguments;
    private final String health;
    private Process process;
    private URI endpoint;

    Emulator(List<String> arguments, String health) {
        this.arguments = arguments;
        this.health = health;
    }

    /** Where it listens, on this machine only. */
    public synchronized URI endpoint() {
        try {
            if (process == null || !process.isAlive()) {
                start();
            }
            return endpoint;
        } catch (IOException e) {
            throw new IllegalStateException(this + " does not start", e);
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
            throw new IllegalStateException(e);
        }
    }

    private void start() throws IOException, InterruptedException {
        String python = System.getProperty("lambdanode.python", "target/emulators/bin/python");
        int port = freePort();
        Path home = Files.createDirectories(
                Path.of("target", "emulator-home", name().toLowerCase(Locale.ROOT) + "-" + port)
                        .toAbsolutePath());
        List<String> command = new ArrayList<>(List.of(python));
        arguments.forEach(argument -> command.add(argument.replace("{port}", Integer.toString(port))));
        ProcessBuilder builder = new ProcessBuilder(command)
                .directory(home.toFile())
                .redirectErrorStream(true)
                .redirectOutput(home.resolve("log.txt").toFile());
        builder.environment().keySet().removeIf(name -> name.startsWith("AWS_"));
        builder.environment()
                .putAll(Map.of(
                        "HOME", home.toString(),
                        "TMPDIR", home.toString(),
                        "GATEWAY_PORT", Integer.toString(port),
                        "BIND_HOST", "127.0.0.1",
                        "SERVICES", "lambda,s3,iam,sts",
                        "IOT_MTLS_ENABLED", "0",
                        "SFTP_ENABLED", "0",
                        "AUTH", "true",
                        "AWS_ACCESS_KEY_ID", "test",
                        "AWS_SECRET_ACCESS_KEY", "test"));
        process = builder.start();
        Runtime.getRuntime().addShutdownHook(new Thread(this::stop));
        endpoint = URI.create("http://127.0.0.1:" + port);
        long end = System.nanoTime() + TimeUnit.SECONDS.toNanos(PATIENCE_SECONDS);
        while (!answers()) {
            if (!process.isAlive() || System.nanoTime() > end) {
                stop();
                throw new IOException(command + " does not answer at " + endpoint + ":\n"
                        + Files.readString(home.resolve("log.txt")));
            }
            process.waitFor(50, TimeUnit.MILLISECONDS);
        }
    }

    private boolean answers() {
        try {
            HttpURLConnection connection =
                    (HttpURLConnection) endpoint.resolve(health).toURL().openConnection();
            connection.setConnectTimeout(1000);
            connection.setReadTimeout(5000);
            return connection.getResponseCode() == 200;
        } catch (IOException e) {
            return false;
        }
    }

    private static int freePort() throws IOException {
        try (ServerSocket socket = new ServerSocket(0, 1, InetAddress.getLoopbackAddress())) {
            return socket.getLocalPort();
        }
    }

    synchronized void stop() {
        if (process != null) {
            process.descendants().forEach(ProcessHandle::destroyForcibly);
            process.destroyForcibly();
            process.onExit().join();
        }
    }
}
