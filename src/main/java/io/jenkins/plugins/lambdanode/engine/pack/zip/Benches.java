package io.jenkins.plugins.lambdanode.engine.pack.zip;

import java.io.IOException;
import java.util.concurrent.ConcurrentLinkedQueue;

/** The crew's workbenches: as many as threads work at once, each made when it is first needed. */
public final class Benches implements AutoCloseable {
    private final ConcurrentLinkedQueue<Workbench> free = new ConcurrentLinkedQueue<>();
    private final int level;

    /** @param level the deflate level */
    public Benches(int level) {
        this.level = level;
    }

    /** What is done at a workbench. */
    public interface Task<T> {
        T at(Workbench bench) throws IOException, InterruptedException;
    }

    public <T> T with(Task<T> task) throws IOException, InterruptedException {
        Workbench bench = free.poll();
        if (bench == null) {
            bench = new Workbench(level);
        }
        try {
            return task.at(bench);
        } finally {
            free.add(bench);
        }
    }

    /** Frees the deflaters' native memory; to be called when no thread works any more. */
    @Override
    public void close() {
        for (Workbench bench = free.poll(); bench != null; bench = free.poll()) {
            bench.close();
        }
    }
}
