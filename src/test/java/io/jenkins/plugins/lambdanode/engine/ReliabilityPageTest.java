package io.jenkins.plugins.lambdanode.engine;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;

/** The page on reliability names tests that there are. */
class ReliabilityPageTest {

    private static final Path TESTS = Path.of("src", "test", "java", "io", "jenkins", "plugins", "lambdanode");

    /** A class with a folder before it, or nothing for the class that was named last, and a method. */
    private static final Pattern NAME = Pattern.compile("`([\\w./]*/)?(\\w+Test)?\\.([a-z]+[A-Z]\\w+)`");

    @Test
    void everyTestThatThePageNamesIsThere() throws Exception {
        List<String> missing = new ArrayList<>();
        int named = 0;
        Path file = Path.of("");
        for (String line : Files.readAllLines(Path.of("docs", "reliability.md"))) {
            for (Matcher name = NAME.matcher(line); name.find(); named++) {
                if (name.group(2) != null) {
                    String ending = (name.group(1) == null ? "" : name.group(1)) + name.group(2) + ".java";
                    try (Stream<Path> files = Files.walk(TESTS)) {
                        file = files.filter(each -> each.endsWith(ending))
                                .findFirst()
                                .orElse(Path.of(ending));
                    }
                }
                if (!Files.exists(file) || !Files.readString(file).contains("void " + name.group(3) + "(")) {
                    missing.add(file.getFileName() + ": " + name.group(3));
                }
            }
        }
        assertEquals(List.of(), missing);
        assertTrue(named > 70, "only " + named + " were found");
    }
}
