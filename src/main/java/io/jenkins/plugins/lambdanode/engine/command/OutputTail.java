package io.jenkins.plugins.lambdanode.engine.command;

import io.jenkins.plugins.lambdanode.engine.base.SafeText;
import java.io.ByteArrayOutputStream;
import java.io.OutputStream;
import java.nio.charset.StandardCharsets;
import java.util.ArrayDeque;
import java.util.Deque;
import java.util.List;
import java.util.function.Consumer;
import java.util.function.UnaryOperator;

/**
 * What a command prints, line by line: passed on as it comes, its last lines kept. It is read as UTF-8, which Node.js writes
 * whatever the locale. A line longer than {@value #LONGEST_LINE} bytes goes on in the next one, with {@link SafeText#CUT} at the end
 * of the one and the beginning of the other, so that a command that never ends a line needs no memory for it. A carriage return ends a line too: progress bars are written over with it.
 */
public final class OutputTail extends OutputStream {

    private static final int LONGEST_LINE = 4096;

    /** The bytes of a character of UTF-8 that may follow its first. */
    private static final int MORE_BYTES = 3;

    private final Consumer<String> log;
    private final UnaryOperator<String> edit;
    private final Deque<String> last = new ArrayDeque<>();
    private final ByteArrayOutputStream line = new ByteArrayOutputStream();
    private boolean afterReturn;
    private boolean continued;
    private boolean closed;

    public OutputTail(Consumer<String> log) {
        this(log, UnaryOperator.identity());
    }

    /** @param edit changes a line before it is passed on and kept */
    public OutputTail(Consumer<String> log, UnaryOperator<String> edit) {
        this.log = log;
        this.edit = edit;
    }

    @Override
    public synchronized void write(int value) {
        byte b = (byte) value;
        if (b == '\n' || b == '\r') {
            if (!(b == '\n' && afterReturn)) {
                end(false);
            }
        } else {
            boolean startsCharacter = (b & 0xC0) != 0x80;
            if (line.size() >= LONGEST_LINE && startsCharacter || line.size() >= LONGEST_LINE + MORE_BYTES) {
                end(true);
            }
            line.write(b);
        }
        afterReturn = b == '\r';
    }

    @Override
    public synchronized void write(byte[] bytes, int offset, int length) {
        for (int i = offset; i < offset + length; i++) {
            write(bytes[i]);
        }
    }

    private void end(boolean goesOn) {
        String part = edit.apply(line.toString(StandardCharsets.UTF_8));
        String text = (continued ? SafeText.CUT : "") + part + (goesOn ? SafeText.CUT : "");
        continued = goesOn;
        line.reset();
        if (closed) {
            return;
        }
        log.accept(text);
        last.addLast(text);
        if (last.size() > CommandOutcome.KEPT_LINES) {
            last.removeFirst();
        }
    }

    /** The last lines by now, oldest first. */
    public synchronized List<String> last() {
        return List.copyOf(last);
    }

    /** Ends the last line. What a program that was left running writes later is of no log any more. */
    @Override
    public synchronized void close() {
        if (line.size() > 0) {
            end(false);
        }
        closed = true;
    }
}
