package io.jenkins.plugins.lambdanode.cli;

import static org.junit.jupiter.api.Assertions.assertTrue;

import io.jenkins.plugins.lambdanode.testing.Program;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import net.jqwik.api.Arbitraries;
import net.jqwik.api.Arbitrary;
import net.jqwik.api.Combinators;
import net.jqwik.api.EdgeCasesMode;
import net.jqwik.api.ForAll;
import net.jqwik.api.Property;
import net.jqwik.api.Provide;
import net.jqwik.api.ShrinkingMode;

/** Any settings end in one of the three exit statuses and in words: the region is none, so that nothing is ever asked. */
class OptionsFuzzTest {

    private static final List<String> OPTIONS = List.of(
            "--function-name",
            "--dir",
            "--install",
            "--include",
            "--exclude",
            "--symlinks",
            "--compression-level",
            "--s3-bucket",
            "--s3-prefix",
            "--s3-threshold",
            "--publish",
            "--alias",
            "--architectures",
            "--dry-run",
            "--revision-id",
            "--force",
            "--wait-timeout",
            "--create",
            "--role",
            "--runtime",
            "--handler",
            "--memory-size",
            "--timeout",
            "--environment",
            "--layers",
            "--description",
            "--dependencies",
            "--layer-name",
            "--keep-layer-versions",
            "--role-arn",
            "--external-id",
            "--role-session-name",
            "--endpoint-url",
            "--profile");

    private static final List<String> VALUES = List.of(
            "",
            " ",
            "-",
            "--",
            "x",
            "orders",
            "0",
            "-1",
            "1",
            "99999999999999999999",
            "1e3",
            "auto",
            "none",
            "follow",
            "store",
            "a=b",
            "=",
            "a=",
            "=b",
            "a,b",
            ",",
            "arm64",
            "arn:aws:iam::123456789012:role/r",
            "http://127.0.0.1:1",
            "http://",
            "ftp://x",
            "::",
            "%zz",
            "${env:PATH}",
            "@/etc/passwd",
            "@",
            "$(touch pwned)",
            ";",
            "\u0000",
            "\u001b[31m",
            "a\nb",
            "\u00e4",
            "\ud800",
            "**",
            "/",
            "..",
            "../../etc",
            "\\",
            "'\"");

    @Property(shrinking = ShrinkingMode.BOUNDED, edgeCases = EdgeCasesMode.NONE)
    void anySettingsEndInAnExitStatusAndInWords(@ForAll("lines") List<String> line) {
        List<String> words = new ArrayList<>(List.of("deploy", "--region", "nowhere"));
        words.addAll(line);

        Program run = CommandLineRun.here(words.toArray(new String[0]));
        // What --profile has set for the whole process.
        System.clearProperty("aws.profile");

        assertTrue(run.status() == 1 || run.status() == 2, line + ": " + run.status());
        assertTrue(run.err().startsWith("ERROR: ") && !run.err().contains("\tat "), line + ": " + run.err());
        assertTrue(!run.err().contains("Exception: ") && !run.err().contains("root:"), line + ": " + run.err());
        assertTrue(
                run.err().chars().noneMatch(c -> c < ' ' && c != '\n' && c != '\r' && c != '\t'),
                line + ": " + run.err());
        assertTrue(Files.notExists(Path.of("pwned")));
    }

    @Provide
    Arbitrary<List<String>> lines() {
        Arbitrary<String> text =
                Arbitraries.oneOf(Arbitraries.of(VALUES), Arbitraries.strings().ofMaxLength(30));
        Arbitrary<List<String>> option = Combinators.combine(
                        Arbitraries.of(OPTIONS), text, Arbitraries.integers().between(0, 2))
                .as((name, value, form) -> switch (form) {
                    case 0 -> List.of(name, value);
                    case 1 -> List.of(name + "=" + value);
                    default -> List.of(name);
                });
        return option.list()
                .ofMaxSize(6)
                .map(options -> options.stream().flatMap(List::stream).toList());
    }
}
