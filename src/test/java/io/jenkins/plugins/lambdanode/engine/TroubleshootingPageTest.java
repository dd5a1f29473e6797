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

/** The page on troubleshooting quotes messages that are printed. */
class TroubleshootingPageTest {

    /** A quote at the beginning of a row: one message, or several. */
    private static final Pattern ROW = Pattern.compile("\\| (`.*?`(?:, `.*?`)*) \\|.*");

    private static final Pattern QUOTE = Pattern.compile("`([^`]+)`");

    /** Java's strings with what is put between them, such as {@code "There is no folder " + project + ". Name"}, are one text. */
    private static String messages() throws Exception {
        StringBuilder messages = new StringBuilder();
        for (String folder : List.of("src/main/java", "src/cli/java", "src/main/resources")) {
            try (Stream<Path> files = Files.walk(Path.of(folder))) {
                for (Path file : files.filter(Files::isRegularFile)
                        .filter(TroubleshootingPageTest::hasMessages)
                        .toList()) {
                    messages.append(Files.readString(file).replaceAll("\"\\s*\\+\\s*\"", ""))
                            .append('\n');
                }
            }
        }
        return messages.toString().replace("\\\"", "\"").replace("\\n", "\n").replace("%,d", "");
    }

    private static boolean hasMessages(Path file) {
        return file.toString().endsWith(".java") || file.toString().endsWith(".properties");
    }

    @Test
    void everyMessageThatThePageQuotesIsPrinted() throws Exception {
        String messages = messages();
        List<String> missing = new ArrayList<>();
        int quotes = 0;
        for (String line : Files.readAllLines(Path.of("docs", "troubleshooting.md"))) {
            Matcher row = ROW.matcher(line);
            if (row.matches()) {
                for (Matcher quote = QUOTE.matcher(row.group(1)); quote.find(); quotes++) {
                    for (String part : quote.group(1).split("\\.\\.\\.")) {
                        if (!messages.contains(part.strip())) {
                            missing.add(part.strip());
                        }
                    }
                }
            }
        }
        assertEquals(List.of(), missing);
        assertTrue(quotes > 15, "only " + quotes + " were found");
    }
}
