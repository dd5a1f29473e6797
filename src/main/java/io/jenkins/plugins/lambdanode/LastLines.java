package io.jenkins.plugins.lambdanode;

import hudson.console.LineTransformationOutputStream;
import java.io.IOException;
import java.io.OutputStream;
import java.nio.charset.StandardCharsets;
import java.util.ArrayDeque;
import java.util.Deque;
import java.util.List;

/** Passes a command's output on to the log and keeps its last lines for an error message. */
final class LastLines extends LineTransformationOutputStream {

    private static final int MAX_LINE_BYTES = 2000;

    private final OutputStream log;
    private final int kept;
    private final Deque<String> last = new ArrayDeque<>();

    LastLines(OutputStream log, int kept) {
        this.log = log;
        this.kept = kept;
    }

    @Override
    protected synchronized void eol(byte[] bytes, int length) throws IOException {
        log.write(bytes, 0, length);
        last.addLast(new String(bytes, 0, Math.min(length, MAX_LINE_BYTES), StandardCharsets.UTF_8).stripTrailing());
        if (last.size() > kept) {
            last.removeFirst();
        }
    }

    synchronized List<String> last() {
        return List.copyOf(last);
    }

    /** Ends the last line; the log stays open. */
    @Override
    public void close() throws IOException {
        forceEol();
        log.flush();
    }
}
