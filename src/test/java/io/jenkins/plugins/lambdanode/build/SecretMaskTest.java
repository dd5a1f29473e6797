package io.jenkins.plugins.lambdanode.build;

import static org.junit.jupiter.api.Assertions.assertEquals;

import hudson.EnvVars;
import hudson.util.StreamTaskListener;
import io.jenkins.plugins.lambdanode.engine.base.SafeText;
import io.jenkins.plugins.lambdanode.engine.command.OutputTail;
import java.io.ByteArrayOutputStream;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.List;
import java.util.Set;
import org.junit.jupiter.api.Test;

/** What of secrets is left in texts that were cut or escaped before they were masked. */
class SecretMaskTest {

    private static final String TOKEN = "tok-0123456789";

    private static SecretMask hiding(String... secrets) {
        EnvVars env = new EnvVars();
        for (String secret : secrets) {
            env.put("SECRET_" + env.size(), secret);
        }
        return new SecretMask(env, Set.copyOf(env.keySet()));
    }

    @Test
    void ofASecretThatWasCutNoCharacterIsLeftWhereverItWas() {
        for (int cut = 1; cut < TOKEN.length(); cut++) {
            String shown = hiding(TOKEN).mask(SafeText.oneLine("password=" + TOKEN, 9 + cut));

            assertEquals("password=****[...]", shown);
        }
    }

    @Test
    void aNameThatIsCutInTheMiddleShowsNeitherEndOfASecret() {
        for (int before = 136; before < 150; before++) {
            String name = "-".repeat(before) + TOKEN + "-".repeat(200);

            assertEquals(
                    "-".repeat(before) + "****[...]" + "-".repeat(150),
                    hiding(TOKEN).mask(SafeText.name(name)));
        }
        String end = "-".repeat(200) + TOKEN + "-".repeat(140);
        assertEquals(
                "-".repeat(150) + "[...]****" + "-".repeat(140), hiding(TOKEN).mask(SafeText.name(end)));
    }

    @Test
    void aLongLineOfACommandShowsNoPartOfASecretWhereItGoesOnInTheNext() throws Exception {
        List<String> lines = new ArrayList<>();
        SecretMask mask = hiding(TOKEN, "k".repeat(10_000));
        try (OutputTail output = new OutputTail(line -> lines.add(mask.mask(line)))) {
            output.write(
                    ("-".repeat(4090) + TOKEN + "-\n" + "k".repeat(10_000) + "\n").getBytes(StandardCharsets.UTF_8));
        }

        assertEquals(
                List.of("-".repeat(4090) + "****[...]", "[...]****-", "****[...]", "[...]****[...]", "[...]****"),
                lines);
    }

    @Test
    void aSecretWithQuotesIsMaskedInJsonToo() {
        assertEquals("{\"password\":\"****\"} ****", hiding("a\"b\\c").mask("{\"password\":\"a\\\"b\\\\c\"} a\"b\\c"));
    }

    @Test
    void aTextWithoutASecretAndWithoutACutStaysAsItIs() {
        SecretMask mask = hiding(TOKEN, "t");
        ByteArrayOutputStream log = new ByteArrayOutputStream();

        mask.masked(new StreamTaskListener(log, StandardCharsets.UTF_8), StandardCharsets.UTF_8)
                .getLogger()
                .println("größe " + TOKEN + " [...] done...");

        assertEquals(
                "größe **** [...] done...", log.toString(StandardCharsets.UTF_8).strip());
        assertEquals("a [...] b", hiding(TOKEN).mask("a [...] b"));
    }

    @Test
    void whatIsInEveryTextIsShownThoughASecretHasIt() {
        SecretMask mask = hiding("{\n  \"key\": \"0123456789\"\n}", "ab");

        assertEquals("table {a: {}}", mask.mask("table {a: {}}"));
        assertEquals("****\n}", mask.mask("  \"key\": \"0123456789\"\n}"));
    }
}
