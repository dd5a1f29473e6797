package io.jenkins.plugins.lambdanode.engine.report;

import io.jenkins.plugins.lambdanode.engine.report.DeployResult.Timing;
import java.io.IOException;
import java.util.Comparator;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;

/** Takes the time of phases, and the bytes that they wrote or sent, for each function or for all of them. */
public final class Timings {

    private record Part(Phase phase, Optional<String> function) {}

    private static final class Measured {
        private long nanos;
        private long bytes;
    }

    private final Map<Part, Measured> parts = new LinkedHashMap<>();
    private final Optional<String> only;
    private Optional<String> function = Optional.empty();
    private Phase latest = Phase.PREFLIGHT;

    /** @param functions the names of those that are deployed: what is done for one alone is its own */
    public Timings(List<String> functions) {
        this.only = functions.size() == 1 ? Optional.of(functions.get(0)) : Optional.empty();
    }

    /** The work of a phase. */
    public interface Work<T> {
        T run() throws IOException, InterruptedException;
    }

    /** Runs a phase's work; a phase that runs several times adds up. */
    public <T> T time(Phase phase, Work<T> work) throws IOException, InterruptedException {
        long start = System.nanoTime();
        latest = phase;
        try {
            return work.run();
        } finally {
            part(phase).nanos += System.nanoTime() - start;
        }
    }

    /** Work that makes nothing. */
    public interface Task {
        void run() throws IOException, InterruptedException;
    }

    /** Runs a phase's work; a phase that runs several times adds up. */
    public void run(Phase phase, Task task) throws IOException, InterruptedException {
        time(phase, () -> {
            task.run();
            return null;
        });
    }

    /** What follows is for this function alone. */
    public void begin(String functionName) {
        function = Optional.of(functionName);
    }

    /** What follows is for all functions. */
    public void end() {
        function = Optional.empty();
    }

    /** The function that has begun and not ended; empty where the work is for all of them. */
    public Optional<String> function() {
        return function;
    }

    /** The phase that was begun last: where a deployment has failed. */
    public Phase latest() {
        return latest;
    }

    public void bytes(Phase phase, long count) {
        part(phase).bytes += count;
    }

    private Measured part(Phase phase) {
        return parts.computeIfAbsent(new Part(phase, function.or(() -> only)), absent -> new Measured());
    }

    public List<Timing> list() {
        return parts.entrySet().stream()
                .map(entry -> new Timing(
                        entry.getKey().phase(),
                        entry.getKey().function(),
                        entry.getValue().nanos / 1_000_000,
                        entry.getValue().bytes))
                .sorted(Comparator.comparing(Timing::phase))
                .toList();
    }
}
