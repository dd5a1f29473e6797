package io.jenkins.plugins.lambdanode.engine.command;

import static org.junit.jupiter.api.Assertions.assertEquals;

import java.io.IOException;
import java.io.StringReader;
import java.util.ArrayList;
import java.util.List;
import java.util.stream.IntStream;
import org.junit.jupiter.api.Test;

class CommandOutputTest {

    private final List<String> lines = new ArrayList<>();
    private final CommandOutput output = new CommandOutput(lines::add);

    private List<String> read(String text) throws IOException {
        output.read(new StringReader(text));
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
        assertEquals(List.of("x".repeat(4096), "x".repeat(4)), read("x".repeat(4100)));
    }

    @Test
    void aLineOfExactlyTheGreatestLengthIsOneLine() throws IOException {
        assertEquals(List.of("x".repeat(4096), "next"), read("x".repeat(4096) + "\r\nnext"));
    }

    @Test
    void aCharacterIsNotCutInTwo() throws IOException {
        assertEquals(List.of("x".repeat(4095) + "\uD83D\uDE00", "y"), read("x".repeat(4095) + "\uD83D\uDE00y"));
    }

    @Test
    void onlyTheLastThousandLinesAreKept() throws IOException {
        read(String.join("\n", IntStream.range(0, 1500).mapToObj(Integer::toString).toList()));

        assertEquals("500", output.last().get(0));
        assertEquals("1499", output.last().get(999));
        assertEquals(1000, output.last().size());
    }
}
