package io.jenkins.plugins.lambdanode.cli;

import io.jenkins.plugins.lambdanode.engine.base.PacedProgress;
import io.jenkins.plugins.lambdanode.engine.base.Progress;
import java.io.PrintWriter;

/** Progress as text: on a terminal the line that says how far the work is is written over, elsewhere it comes anew. */
final class TerminalProgress implements Progress, AutoCloseable {

    private static final long REWRITE_INTERVAL_MILLIS = 100;
    private static final String CLEAR_LINE = "\r\u001b[K";

    private final PrintWriter err;
    private final PacedProgress paced;
    private boolean lineIsOpen;

    TerminalProgress(PrintWriter err, boolean terminal) {
        this.err = err;
        this.paced = terminal
                ? new PacedProgress(this::writeLine, this::rewriteLine, REWRITE_INTERVAL_MILLIS)
                : PacedProgress.toLog(this::writeLine);
    }

    @Override
    public void log(String line) {
        paced.log(line);
    }

    @Override
    public void advance(String activity, long doneBytes, long totalBytes, int doneFiles) {
        paced.advance(activity, doneBytes, totalBytes, doneFiles);
    }

    private synchronized void writeLine(String line) {
        close();
        err.println(line);
    }

    private synchronized void rewriteLine(String line) {
        err.print(CLEAR_LINE + line);
        err.flush();
        lineIsOpen = true;
    }

    @Override
    public synchronized void close() {
        if (lineIsOpen) {
            err.print(CLEAR_LINE);
            err.flush();
            lineIsOpen = false;
        }
    }
}
