package io.jenkins.plugins.lambdanode.engine.base;

import java.util.Locale;
import java.util.function.Consumer;
import java.util.function.LongSupplier;

/** Shows the progress of long work as a line of text now and then. Short work shows nothing. */
public final class PacedProgress implements Progress {

    /** How long work has to take until it says how far it is, and how often it does after that, in milliseconds. */
    public static final long LOG_INTERVAL_MILLIS = 5000;

    private final Consumer<String> log;
    private final Consumer<String> status;
    private final long intervalMillis;
    private final LongSupplier millis;
    private String activity = "";
    private long nextMillis;

    /**
     * @param log takes lines of the log
     * @param status takes lines that say how far the work is
     * @param intervalMillis the least time between two of those, in milliseconds
     */
    public PacedProgress(Consumer<String> log, Consumer<String> status, long intervalMillis) {
        this(log, status, intervalMillis, () -> System.nanoTime() / 1_000_000);
    }

    PacedProgress(Consumer<String> log, Consumer<String> status, long intervalMillis, LongSupplier millis) {
        this.log = log;
        this.status = status;
        this.intervalMillis = intervalMillis;
        this.millis = millis;
    }

    /** Progress for a log that keeps every line. */
    public static PacedProgress toLog(Consumer<String> log) {
        return new PacedProgress(log, log, LOG_INTERVAL_MILLIS);
    }

    @Override
    public synchronized void log(String line) {
        log.accept(line);
    }

    @Override
    public synchronized void advance(String what, long doneBytes, long totalBytes, int doneFiles) {
        long now = millis.getAsLong();
        if (!what.equals(activity)) {
            activity = what;
            nextMillis = now + intervalMillis;
        }
        if (now < nextMillis) {
            return;
        }
        nextMillis = now + intervalMillis;
        status.accept(line(what, doneBytes, totalBytes, doneFiles));
    }

    private static String line(String what, long doneBytes, long totalBytes, int doneFiles) {
        StringBuilder line = new StringBuilder(what).append(": ");
        if (doneFiles >= 0) {
            line.append(doneFiles).append(" files, ");
        }
        line.append(ByteSize.of(doneBytes));
        if (totalBytes > 0) {
            line.append(" of ").append(ByteSize.of(totalBytes));
            line.append(String.format(Locale.ROOT, " (%d %%)", Math.min(100, doneBytes * 100 / totalBytes)));
        }
        return line.toString();
    }
}
