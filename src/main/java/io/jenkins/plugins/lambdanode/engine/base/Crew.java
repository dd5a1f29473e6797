package io.jenkins.plugins.lambdanode.engine.base;

import java.io.IOException;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.Callable;
import java.util.concurrent.CancellationException;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.concurrent.TimeUnit;

/** The threads that do the work of one package, one for each core, {@value #MOST} at most since each has its buffers. */
public final class Crew implements AutoCloseable {
    static final int MOST = 8;

    private final ExecutorService threads;
    private final int size;

    /** @param cores how many threads to take */
    public Crew(int cores) {
        size = Math.max(1, Math.min(MOST, cores));
        threads = Executors.newFixedThreadPool(size, task -> {
            Thread thread = new Thread(task, "lambda-node-deploy packaging");
            thread.setDaemon(true);
            return thread;
        });
    }

    public int size() {
        return size;
    }

    public <T> Future<T> start(Callable<T> work) {
        return threads.submit(work);
    }

    /** Does all of the work, and returns the results in its order. */
    public <T> List<T> all(List<Callable<T>> work) throws IOException, InterruptedException {
        if (work.size() == 1) {
            return List.of(await(start(work.get(0))));
        }
        List<Future<T>> futures = new ArrayList<>(work.size());
        for (Callable<T> piece : work) {
            futures.add(start(piece));
        }
        List<T> results = new ArrayList<>(work.size());
        for (Future<T> future : futures) {
            results.add(await(future));
        }
        return results;
    }

    /** A result, or what went wrong as it was thrown. */
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

    /** Stops what is under way and waits until no thread touches a file any more. */
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
        if (interrupted) {
            Thread.currentThread().interrupt();
        }
    }
}
