package io.jenkins.plugins.lambdanode.engine.report;

import io.jenkins.plugins.lambdanode.engine.report.DeployResult.Timing;
import java.io.IOException;
import java.util.EnumMap;
import java.util.List;
import java.util.Map;
import java.util.stream.Stream;

/** Takes the time of phases, and the bytes that they wrote or sent. */
public final class Timings {

    private final Map<Phase, Long> nanos = new EnumMap<>(Phase.class);
    private final Map<Phase, Long> bytes = new EnumMap<>(Phase.class);
    private Phase latest = Phase.PREFLIGHT;

    /** The work of a phase. */
    public interface Work<T> {
        T run() throws IOException, InterruptedException;
    }

    /** Runs a phase's work; a phase that runs for several functions adds up. */
    public <T> T time(Phase phase, Work<T> work) throws IOException, InterruptedException {
        long start = System.nanoTime();
        latest = phase;
        try {
            return work.run();
        } finally {
            nanos.merge(phase, System.nanoTime() - start, Long::sum);
        }
    }

    /** Work that makes nothing. */
    public interface Task {
        void run() throws IOException, InterruptedException;
    }

    /** Runs a phase's work; a phase that runs for several functions adds up. */
    public void run(Phase phase, Task task) throws IOException, InterruptedException {
        time(phase, () -> {
            task.run();
            return null;
        });
    }

    /** The phase that was begun last: where a deployment has failed. */
    public Phase latest() {
        return latest;
    }

    public void bytes(Phase phase, long count) {
        bytes.merge(phase, count, Long::sum);
    }

    /** Bytes of package sent to S3 and Lambda. */
    public long sentBytes() {
        return Stream.of(Phase.LAYER, Phase.STAGE, Phase.UPDATE)
                .mapToLong(phase -> bytes.getOrDefault(phase, 0L))
                .sum();
    }

    public List<Timing> list() {
        return nanos.entrySet().stream()
                .map(entry -> new Timing(
                        entry.getKey(), entry.getValue() / 1_000_000, bytes.getOrDefault(entry.getKey(), 0L)))
                .toList();
    }
}
