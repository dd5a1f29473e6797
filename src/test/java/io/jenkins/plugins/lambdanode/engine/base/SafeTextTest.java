package io.jenkins.plugins.lambdanode.engine.base;

import static org.junit.jupiter.api.Assertions.assertEquals;

import org.junit.jupiter.api.Test;

/** What of a text from outside a log shows. */
class SafeTextTest {

    @Test
    void aTextOnOneLineReadsAsItIsWritten() {
        assertEquals("a b [31mred[0m", SafeText.oneLine("a\nb\t\u001b[31mred\u001b[0m", 20));
        assertEquals("gnp.exe \u05d0\u05d1 r", SafeText.oneLine("\u202egnp.exe \u2067\u05d0\u05d1\u2069 \u200fr", 20));
        assertEquals("\ud83d\udc68\u200d\ud83d\udcbb", SafeText.oneLine("\ud83d\udc68\u200d\ud83d\udcbb", 20));
        assertEquals("ab[...]", SafeText.oneLine("abc", 2));
    }
}
