package io.jenkins.plugins.lambdanode.engine.aws.lambda;

import java.util.List;
import java.util.Optional;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/**
 * What became of an invocation.
 *
 * @param payload the response, or a description of the error, JSON
 * @param error Lambda's FunctionError, {@code Handled} or {@code Unhandled}; empty where the function ended well
 * @param log the last lines of its log, 4 KB at most (Lambda API reference, Invoke, LogResult)
 */
public record Invocation(String payload, Optional<String> error, List<String> log) {

    /** Lambda Developer Guide, "Lambda log formats": the REPORT line. */
    private static final Pattern FIGURE = Pattern.compile(
            "(Duration|Billed Duration|Memory Size|Max Memory Used|Init Duration): ([0-9.]+) (?:ms|MB)");

    /**
     * What Lambda reports of an invocation; 0 where it does not say.
     *
     * @param durationMillis how long the handler ran
     * @param billedMillis how much of it is paid
     * @param maxMemoryUsed in MB
     * @param initMillis how long the start of the function took
     */
    public record Report(double durationMillis, int billedMillis, int maxMemoryUsed, double initMillis) {}

    public Invocation {
        log = List.copyOf(log);
    }

    public Report report() {
        double duration = 0;
        int billed = 0;
        int memory = 0;
        double init = 0;
        for (String line : log) {
            Matcher figure = FIGURE.matcher(line.startsWith("REPORT ") ? line : "");
            while (figure.find()) {
                double value = Double.parseDouble(figure.group(2));
                switch (figure.group(1)) {
                    case "Duration" -> duration = value;
                    case "Billed Duration" -> billed = (int) value;
                    case "Max Memory Used" -> memory = (int) value;
                    case "Init Duration" -> init = value;
                    default -> {}
                }
            }
        }
        return new Report(duration, billed, memory, init);
    }
}
