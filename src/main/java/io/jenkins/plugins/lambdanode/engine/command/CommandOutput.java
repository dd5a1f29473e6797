package io.jenkins.plugins.lambdanode.engine.command;

import java.io.IOException;
import java.io.Reader;
import java.util.ArrayDeque;
import java.util.Deque;
import java.util.List;
import java.util.function.Consumer;

/**
 * What a command prints, line by line: passed on as it comes, its last lines kept. A line longer than
 * {@value #LONGEST_LINE} characters goes on in the next one, so that a command that never ends a line needs no memory for it.
 * A carriage return ends a line too: progress bars are written over with it.
 */
public final class CommandOutput {

    private static final int LONGEST_LINE = 4096;

    private final Consumer<String> log;
    private final Deque<String> last = new ArrayDeque<>();

    public CommandOutput(Consumer<String> log) {
        this.log = log;
    }

    /** Reads to the end. */
    public void read(Reader reader) throws IOException {
        char[] buffer = new char[8192];
        StringBuilder line = new StringBuilder();
        boolean afterReturn = false;
        boolean continued = false;
        for (int count; (count = reader.read(buffer)) >= 0; ) {
            for (int i = 0; i < count; i++) {
                char c = buffer[i];
                if (c == '\n' || c == '\r') {
                    boolean ended = c == '\n' && afterReturn || continued && line.isEmpty();
                    if (!ended) {
                        end(line);
                    }
                    continued = false;
                } else {
                    line.append(c);
                    if (line.length() >= LONGEST_LINE && !Character.isHighSurrogate(c)) {
                        end(line);
                        continued = true;
                    }
                }
                afterReturn = c == '\r';
            }
        }
        if (!line.isEmpty()) {
            end(line);
        }
    }

    private void end(StringBuilder line) {
        String text = line.toString();
        line.setLength(0);
        log.accept(text);
        synchronized (last) {
            last.addLast(text);
            if (last.size() > CommandOutcome.KEPT_LINES) {
                last.removeFirst();
            }
        }
    }

    /** The last lines by now, oldest first. */
    public List<String> last() {
        synchronized (last) {
            return List.copyOf(last);
        }
    }
}
