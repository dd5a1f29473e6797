package io.jenkins.plugins.lambdanode.engine.command;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.stream.IntStream;
import org.junit.jupiter.api.Test;

class OutputTailTest {

    private final List<String> lines = new ArrayList<>();
    private final OutputTail output = new OutputTail(lines::add);

    private List<String> read(String text) throws IOException {
        output.write(text.getBytes(StandardCharsets.UTF_8));
        output.close();
        return lines;
    }

    @Test
    void linesEndWithALineFeedAReturnOrBothAndTheLastOneWithNothing() throws IOException {
        assertEquals(List.of("one", "two", "", "10 %", "20 %", "end"), read("one\ntwo\r\n\n10 %\r20 %\rend"));
    }

    @Test
    void nothingPrintedIsNoLine() throws IOException {
        assertEquals(List.of(), read(""));
    }

    @Test
    void aLineThatIsTooLongGoesOnInTheNext() throws IOException {
        assertEquals(List.of("x".repeat(4096) + "[...]", "[...]" + "x".repeat(4)), read("x".repeat(4100)));
    }

    @Test
    void aLineOfExactlyTheGreatestLengthIsOneLine() throws IOException {
        assertEquals(List.of("x".repeat(4096), "next"), read("x".repeat(4096) + "\r\nnext"));
    }

    @Test
    void aCharacterIsNotCutInTwo() throws IOException {
        assertEquals(
                List.of("x".repeat(4095) + "\uD83D\uDE00[...]", "[...]yz"), read("x".repeat(4095) + "\uD83D\uDE00yz"));
    }

    @Test
    void onlyTheLastThousandLinesAreKept() throws IOException {
        read(String.join(
                "\n", IntStream.range(0, 1500).mapToObj(Integer::toString).toList()));

        assertEquals("500", output.last().get(0));
        assertEquals("1499", output.last().get(999));
        assertEquals(1000, output.last().size());
    }

    /** A program that never ends a line must not fill the controller's memory. */
    @Test
    void whatIsNoUtf8IsPassedOnInPiecesToo() throws IOException {
        byte[] bytes = new byte[1 << 20];
        Arrays.fill(bytes, (byte) 0x80);
        output.write(bytes);

        assertTrue(lines.size() >= bytes.length / 4100, lines.size() + " lines");
    }

    @Test
    void whatIsWrittenAfterTheEndIsOfNoLogAnyMore() throws IOException {
        read("one");
        read("two\n");

        assertEquals(List.of("one"), lines);
        assertEquals(List.of("one"), output.last());
    }
}
