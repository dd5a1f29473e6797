package io.jenkins.plugins.lambdanode.engine.pack.zip;

import java.io.IOException;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.Callable;
import java.util.concurrent.CancellationException;
import java.util.concurrent.ConcurrentLinkedQueue;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.concurrent.TimeUnit;

/**
 * The threads that build one package, one for each core, {@value #MAX_THREADS} at most since each has a {@link FilePacker} with
 * its buffers.
 */
public final class PackingThreads implements AutoCloseable {
    static final int MAX_THREADS = 8;

    private final ExecutorService threads;
    private final int size;
    private final int level;
    private final ConcurrentLinkedQueue<FilePacker> idlePackers = new ConcurrentLinkedQueue<>();

    /**
     * @param cores how many threads to take
     * @param level the deflate level
     */
    public PackingThreads(int cores, int level) {
        this.level = level;
        this.size = Math.max(1, Math.min(MAX_THREADS, cores));
        this.threads = Executors.newFixedThreadPool(size, task -> {
            Thread thread = new Thread(task, "lambda-node-deploy packaging");
            thread.setDaemon(true);
            return thread;
        });
    }

    int size() {
        return size;
    }

    /** Work that needs a packer. */
    public interface PackerTask<T> {
        T run(FilePacker packer) throws IOException, InterruptedException;
    }

    public <T> Future<T> pack(PackerTask<T> task) {
        return start(() -> {
            FilePacker idle = idlePackers.poll();
            FilePacker packer = idle == null ? new FilePacker(level) : idle;
            try {
                return task.run(packer);
            } finally {
                idlePackers.add(packer);
            }
        });
    }

    <T> Future<T> start(Callable<T> task) {
        return threads.submit(task);
    }

    /** Runs all tasks, and returns their results in the tasks' order. */
    public <T> List<T> all(List<Callable<T>> tasks) throws IOException, InterruptedException {
        List<Future<T>> futures = new ArrayList<>(tasks.size());
        for (Callable<T> task : tasks) {
            futures.add(start(task));
        }
        List<T> results = new ArrayList<>(tasks.size());
        for (Future<T> future : futures) {
            results.add(await(future));
        }
        return results;
    }

    /** A task's result, or its exception as it was thrown. */
    public static <T> T await(Future<T> future) throws IOException, InterruptedException {
        try {
            return future.get();
        } catch (CancellationException e) {
            throw new InterruptedException("Packaging was stopped");
        } catch (ExecutionException e) {
            Throwable cause = e.getCause();
            if (cause instanceof IOException failure) {
                throw failure;
            }
            if (cause instanceof InterruptedException stopped) {
                throw stopped;
            }
            if (cause instanceof Error error) {
                throw error;
            }
            throw new IllegalStateException(cause);
        }
    }

    /** Stops the tasks in progress, waits until no thread touches a file, and frees the packers' native memory. */
    @Override
    public void close() {
        threads.shutdownNow();
        boolean interrupted = Thread.interrupted();
        try {
            while (!threads.awaitTermination(1, TimeUnit.SECONDS)) {
                threads.shutdownNow();
            }
        } catch (InterruptedException e) {
            interrupted = true;
        }
        for (FilePacker packer = idlePackers.poll(); packer != null; packer = idlePackers.poll()) {
            packer.close();
        }
        if (interrupted) {
            Thread.currentThread().interrupt();
        }
    }
}
