package io.jenkins.plugins.lambdanode.agent;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.util.List;
import org.junit.jupiter.api.Test;

class LastLinesTest {

    private final ByteArrayOutputStream log = new ByteArrayOutputStream();

    @Test
    void theLogGetsEveryByteAndTheLastLinesAreKept() throws Exception {
        byte[] text = "one\ntwo\r\nbar 1\rbar 2\r\u001b[31mred".getBytes(StandardCharsets.UTF_8);
        LastLines lines = new LastLines(log, 3);
        lines.write(text);
        lines.close();

        assertEquals(new String(text, StandardCharsets.UTF_8), log.toString(StandardCharsets.UTF_8));
        assertEquals(List.of("bar 1", "bar 2", "\u001b[31mred"), lines.last());
    }

    /** A program that never ends a line must not fill the controller's memory. */
    @Test
    void ofALineWithoutAnEndNoMoreThanAPieceIsHeldBack() throws Exception {
        byte[] piece = "x".repeat(8192).getBytes(StandardCharsets.US_ASCII);
        LastLines lines = new LastLines(log, 3);
        for (int written = 0; written < 1 << 20; written += piece.length) {
            lines.write(piece);
            assertTrue(written + piece.length - log.size() <= 64 * 1024, log.size() + " bytes of " + written);
        }
        lines.close();

        assertEquals(1 << 20, log.size());
        assertTrue(lines.last().stream().mapToInt(String::length).sum() <= 3 * 2000);
    }
}
