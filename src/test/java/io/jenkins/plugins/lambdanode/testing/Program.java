package io.jenkins.plugins.lambdanode.testing;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.concurrent.TimeUnit;

/**
 * A program that has been run to its end.
 *
 * @param status its exit status
 * @param out what it wrote to standard output, read as UTF-8
 * @param err what it wrote to standard error, read as UTF-8
 */
public record Program(int status, String out, String err) {

    private static final int PATIENCE_SECONDS = 120;

    /** Runs a program in the current folder. */
    public static Program run(String... words) {
        return run(Path.of(""), Map.of(), List.of(words));
    }

    /**
     * Runs a program.
     *
     * @param variables added to this process's environment without its {@code AWS_} variables; an empty value removes one
     */
    public static Program run(Path folder, Map<String, String> variables, List<String> words) {
        try {
            return finished(start(folder, variables, words));
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        } catch (InterruptedException e) {
            throw new IllegalStateException(e);
        }
    }

    /** A program that is running, and the files that take what it writes. */
    public record Running(Process process, Path out, Path err) {

        /** What it has written to standard error by now. */
        public String errSoFar() throws IOException {
            return Files.readString(err);
        }
    }

    /** Starts a program as {@link #run} does. */
    public static Running start(Path folder, Map<String, String> variables, List<String> words) throws IOException {
        Path out = Files.createTempFile("out", ".txt");
        Path err = Files.createTempFile("err", ".txt");
        ProcessBuilder builder = new ProcessBuilder(words)
                .directory(folder.toAbsolutePath().toFile())
                .redirectInput(ProcessBuilder.Redirect.from(new java.io.File("/dev/null")))
                .redirectOutput(out.toFile())
                .redirectError(err.toFile());
        builder.environment().putAll(environment(variables));
        builder.environment().keySet().retainAll(environment(variables).keySet());
        return new Running(builder.start(), out, err);
    }

    /** Waits for a program's end. */
    public static Program finished(Running running) throws IOException, InterruptedException {
        try {
            if (!running.process().waitFor(PATIENCE_SECONDS, TimeUnit.SECONDS)) {
                throw new AssertionError("Still running after " + PATIENCE_SECONDS + " seconds: "
                        + running.process().info().commandLine() + "\n" + running.errSoFar());
            }
            return new Program(
                    running.process().exitValue(),
                    Files.readString(running.out(), StandardCharsets.UTF_8),
                    Files.readString(running.err(), StandardCharsets.UTF_8));
        } finally {
            running.process().descendants().forEach(ProcessHandle::destroyForcibly);
            running.process().destroyForcibly();
            Files.delete(running.out());
            Files.delete(running.err());
        }
    }

    /** What a shell's command line prints to standard output, without blanks around it. */
    public static String shell(Path folder, Map<String, String> variables, String line) {
        return run(folder, variables, List.of("sh", "-c", line))
                .successful()
                .out()
                .strip();
    }

    /** The words that start a Java class of the tests' class path in a process of its own. */
    public static List<String> java(List<String> options, String main, List<String> arguments) {
        List<String> words = new ArrayList<>();
        words.add(Path.of(System.getProperty("java.home"), "bin", "java").toString());
        words.addAll(List.of("-XX:TieredStopAtLevel=1", "-XX:+UseSerialGC"));
        words.addAll(options);
        words.addAll(List.of("-cp", System.getProperty("java.class.path"), main));
        words.addAll(arguments);
        return words;
    }

    /** What Python prints; it has boto3. */
    public static String python(String script, String... arguments) {
        List<String> words = new ArrayList<>(
                List.of(System.getProperty("lambdanode.python", "target/emulators/bin/python"), "-c", script));
        words.addAll(List.of(arguments));
        return run(Path.of(""), Map.of(), words).successful().out().strip();
    }

    /** This, where it ended well; an error with what it wrote otherwise. */
    public Program successful() {
        if (status != 0) {
            throw new AssertionError("Exit status " + status + "\n" + out + err);
        }
        return this;
    }

    private static Map<String, String> environment(Map<String, String> variables) {
        Map<String, String> environment = new HashMap<>(System.getenv());
        environment.keySet().removeIf(name -> name.startsWith("AWS_") || name.startsWith("LAMBDA_NODE_"));
        environment.putAll(variables);
        environment.values().removeIf(String::isEmpty);
        return environment;
    }
}
