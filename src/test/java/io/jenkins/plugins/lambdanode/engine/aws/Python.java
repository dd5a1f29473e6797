package io.jenkins.plugins.lambdanode.engine.aws;

import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;

/** Runs a Python program in the emulators' environment, which has boto3: the tests' independent reader. */
public final class Python {

    private Python() {}

    /** What it prints; an error where it fails. */
    public static String run(String program, String... arguments) {
        List<String> command = new ArrayList<>(
                List.of(System.getProperty("lambdanode.python", "target/emulators/bin/python"), "-c", program));
        command.addAll(Arrays.asList(arguments));
        try {
            Process process = new ProcessBuilder(command)
                    .redirectError(ProcessBuilder.Redirect.INHERIT)
                    .start();
            String output = new String(process.getInputStream().readAllBytes(), StandardCharsets.UTF_8);
            if (process.waitFor() != 0) {
                throw new IllegalStateException("Python ended with " + process.exitValue() + ": " + output);
            }
            return output;
        } catch (IOException | InterruptedException e) {
            throw new IllegalStateException(e);
        }
    }
}
