package io.jenkins.plugins.lambdanode.testing;

import java.io.IOException;
import java.io.InputStream;
import java.io.UncheckedIOException;
import java.net.HttpURLConnection;
import java.net.InetAddress;
import java.net.ServerSocket;
import java.net.URI;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.concurrent.TimeUnit;

/**
 * The servers that stand in for AWS, each behind {@code tools/strict_aws.py}, which refuses what AWS refuses and they let
 * through. Each is started when it is first asked for, one for the whole run of the tests, and is taken down at its end by
 * {@link EmulatorExtension}, or by the JVM's shutdown hook.
 */
public enum Emulator {
    MINISTACK("000000000000", List.of("-m", "ministack"), "/_ministack/health"),
    MOTO("123456789012", List.of("-m", "moto.server", "-H", "127.0.0.1", "-p", "{port}"), "/moto-api/");

    private static final int PATIENCE_SECONDS = 60;

    private final String account;
    private final List<String> arguments;
    private final String health;
    private final List<Process> processes = new ArrayList<>();
    private URI endpoint;

    Emulator(String account, List<String> arguments, String health) {
        this.account = account;
        this.arguments = arguments;
        this.health = health;
    }

    /** Where it listens, on this machine only. */
    public synchronized URI endpoint() {
        try {
            if (processes.isEmpty() || !processes.stream().allMatch(Process::isAlive)) {
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

    /** The ID of its account. */
    public String account() {
        return account;
    }

    /** Accepts requests that are signed with this key, which may do everything. The token is empty for a user's key. */
    public void accept(String accessKey, String secretKey, String sessionToken) {
        try {
            HttpURLConnection connection = (HttpURLConnection)
                    endpoint().resolve("/_strict/keys").toURL().openConnection();
            connection.setRequestMethod("PUT");
            connection.setDoOutput(true);
            connection
                    .getOutputStream()
                    .write(String.format(
                                    "{\"accessKey\": \"%s\", \"secretKey\": \"%s\", \"sessionToken\": \"%s\"}",
                                    accessKey, secretKey, sessionToken)
                            .getBytes(StandardCharsets.UTF_8));
            connection.getInputStream().readAllBytes();
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    /** The elements of policies that have allowed this key something: JSON, a list of pairs of action and resource. */
    public String used(String accessKey) {
        return ask("/_strict/used?accessKey=" + accessKey);
    }

    /** How many requests were verified and refused; JSON. */
    public String counts() {
        return ask("/_strict/counts");
    }

    private String ask(String path) {
        try (InputStream response = endpoint().resolve(path).toURL().openStream()) {
            return new String(response.readAllBytes(), StandardCharsets.UTF_8);
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    synchronized boolean isRunning() {
        return !processes.isEmpty();
    }

    private void start() throws IOException, InterruptedException {
        Runtime.getRuntime().addShutdownHook(new Thread(this::stop));
        int port = freePort();
        Path home =
                Files.createDirectories(Path.of("target", "emulator-home", name().toLowerCase(Locale.ROOT) + "-" + port)
                        .toAbsolutePath());
        List<String> emulator = new ArrayList<>();
        arguments.forEach(argument -> emulator.add(argument.replace("{port}", Integer.toString(port))));
        URI address = launch(home, "log.txt", port, emulator, health);
        int strictPort = freePort();
        String strict = Path.of("tools", "strict_aws.py").toAbsolutePath().toString();
        endpoint = launch(
                home,
                "strict.txt",
                strictPort,
                List.of(strict, address.toString(), Integer.toString(strictPort), account),
                "/_strict/counts");
    }

    /** Starts a Python program that listens on this port, and waits until it does. */
    private URI launch(Path home, String log, int port, List<String> arguments, String health)
            throws IOException, InterruptedException {
        List<String> command =
                new ArrayList<>(List.of(System.getProperty("lambdanode.python", "target/emulators/bin/python")));
        command.set(0, Path.of(command.get(0)).toAbsolutePath().toString());
        command.addAll(arguments);
        ProcessBuilder builder = new ProcessBuilder(command)
                .directory(home.toFile())
                .redirectErrorStream(true)
                .redirectOutput(home.resolve(log).toFile());
        builder.environment().keySet().removeIf(name -> name.startsWith("AWS_"));
        builder.environment()
                .putAll(Map.of(
                        "HOME", home.toString(),
                        "TMPDIR", home.toString(),
                        "GATEWAY_PORT", Integer.toString(port),
                        "BIND_HOST", "127.0.0.1",
                        "SERVICES", "lambda,s3,iam,sts,monitoring,logs",
                        "IOT_MTLS_ENABLED", "0",
                        "SFTP_ENABLED", "0",
                        "AWS_ACCESS_KEY_ID", "test",
                        "AWS_SECRET_ACCESS_KEY", "test"));
        Process process = builder.start();
        processes.add(process);
        URI address = URI.create("http://127.0.0.1:" + port);
        long end = System.nanoTime() + TimeUnit.SECONDS.toNanos(PATIENCE_SECONDS);
        while (!answers(address.resolve(health))) {
            if (!process.isAlive() || System.nanoTime() > end) {
                stop();
                throw new IOException(
                        command + " does not answer at " + address + ":\n" + Files.readString(home.resolve(log)));
            }
            process.waitFor(50, TimeUnit.MILLISECONDS);
        }
        return address;
    }

    private static boolean answers(URI address) {
        try {
            HttpURLConnection connection = (HttpURLConnection) address.toURL().openConnection();
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
        for (Process process : processes) {
            process.descendants().forEach(ProcessHandle::destroyForcibly);
            process.destroyForcibly();
            process.onExit().join();
        }
        processes.clear();
    }
}
