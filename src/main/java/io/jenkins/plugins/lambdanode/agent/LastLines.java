package io.jenkins.plugins.lambdanode.agent;

import hudson.console.LineTransformationOutputStream;
import java.io.IOException;
import java.io.OutputStream;
import java.nio.charset.StandardCharsets;
import java.util.ArrayDeque;
import java.util.Deque;
import java.util.List;

/**
 * Passes a command's output on to the log and keeps its last lines for an error message. A line without an end goes on in
 * pieces: it need not fit into memory.
 */
final class LastLines extends LineTransformationOutputStream {

    private static final int MAX_LINE_BYTES = 2000;
    private static final int PIECE_BYTES = 32 * 1024;

    private final OutputStream log;
    private final int kept;
    private final Deque<String> last = new ArrayDeque<>();
    private int heldBack;
    private boolean closed;

    LastLines(OutputStream log, int kept) {
        this.log = log;
        this.kept = kept;
    }

    @Override
    public void write(int b) throws IOException {
        super.write(b);
        if (++heldBack >= PIECE_BYTES) {
            forceEol();
        }
    }

    @Override
    protected synchronized void eol(byte[] bytes, int length) throws IOException {
        heldBack = 0;
        if (closed) {
            return;
        }
        log.write(bytes, 0, length);
        last.addLast(new String(bytes, 0, Math.min(length, MAX_LINE_BYTES), StandardCharsets.UTF_8).stripTrailing());
        if (last.size() > kept) {
            last.removeFirst();
        }
    }

    synchronized List<String> last() {
        return List.copyOf(last);
    }

    /** Ends the last line; the log stays open. What comes later, from an agent that was silent, is of no build's log any more. */
    @Override
    public synchronized void close() throws IOException {
        forceEol();
        log.flush();
        closed = true;
    }
}
