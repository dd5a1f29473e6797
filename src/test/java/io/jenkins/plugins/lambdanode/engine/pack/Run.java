package io.jenkins.plugins.lambdanode.engine.pack;

import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;

/** A program that has been run to its end: its exit status and what it printed on either stream. */
public record Run(int status, String output) {

    public static Run program(String... words) throws IOException, InterruptedException {
        return program(Map.of(), words);
    }

    public static Run program(Map<String, String> environment, String... words)
            throws IOException, InterruptedException {
        ProcessBuilder builder = new ProcessBuilder(words).redirectErrorStream(true);
        builder.environment().putAll(environment);
        Process process = builder.start();
        process.getOutputStream().close();
        String output = new String(process.getInputStream().readAllBytes(), StandardCharsets.UTF_8);
        return new Run(process.waitFor(), output);
    }

    /** A Java program of the test classes in a process of its own. */
    public static Run java(Map<String, String> environment, List<String> options, Class<?> main, String... arguments)
            throws IOException, InterruptedException {
        return java(environment, List.of(), System.getProperty("java.class.path"), options, main, arguments);
    }

    /** @param before what the command begins with, for instance to change the user */
    public static Run java(
            Map<String, String> environment,
            List<String> before,
            String classPath,
            List<String> options,
            Class<?> main,
            String... arguments)
            throws IOException, InterruptedException {
        List<String> words = new ArrayList<>(before);
        words.add(Path.of(System.getProperty("java.home"), "bin", "java").toString());
        words.add("-XX:TieredStopAtLevel=1");
        words.addAll(options);
        words.addAll(List.of("-cp", classPath, main.getName()));
        words.addAll(List.of(arguments));
        return program(environment, words.toArray(new String[0]));
    }

    public String requireSuccess() {
        if (status != 0) {
            throw new AssertionError("exit status " + status + ": " + output);
        }
        return output;
    }
}
