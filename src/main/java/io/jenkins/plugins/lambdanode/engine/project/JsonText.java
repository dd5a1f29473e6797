package io.jenkins.plugins.lambdanode.engine.project;

import java.io.IOException;
import java.io.Reader;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;

/** Searches JSON files of any size without reading them into memory, and without a library: it runs where the project is. */
final class JsonText {

    /** No path is longer. */
    private static final int LONGEST_STRING = 4096;

    private JsonText() {}

    /**
     * Whether a file holds a text, blanks and line ends between the file's words not counted: npm indents a lock file as
     * package.json is, or not at all.
     */
    static boolean holds(Path json, String text) throws IOException {
        return !find(json, List.of(text), 1).isEmpty();
    }

    /** What follows each of these texts in a file, up to the end of the string that it is in; each once. */
    static List<String> after(Path json, List<String> texts) throws IOException {
        return find(json, texts, Integer.MAX_VALUE).stream().distinct().toList();
    }

    /** However long the file and its lines are, only the last few bytes are kept. */
    private static List<String> find(Path json, List<String> texts, int limit) throws IOException {
        int kept = texts.stream().mapToInt(String::length).max().orElseThrow();
        StringBuilder last = new StringBuilder();
        List<String> found = new ArrayList<>();
        try (Reader in = Files.newBufferedReader(json, StandardCharsets.ISO_8859_1)) {
            for (int c; found.size() < limit && (c = in.read()) >= 0; ) {
                if (c > ' ') {
                    last.append((char) c);
                    if (last.length() > kept) {
                        last.deleteCharAt(0);
                    }
                    if (texts.stream().anyMatch(text -> endsWith(last, text))) {
                        found.add(limit == 1 ? "" : restOfString(in));
                        last.setLength(0);
                    }
                }
            }
        }
        return found;
    }

    private static boolean endsWith(StringBuilder text, String end) {
        int start = text.length() - end.length();
        return start >= 0 && text.charAt(text.length() - 1) == end.charAt(end.length() - 1) && text.indexOf(end, start) == start;
    }

    private static String restOfString(Reader in) throws IOException {
        StringBuilder rest = new StringBuilder();
        for (int c; rest.length() < LONGEST_STRING && (c = in.read()) >= 0 && c != '"'; ) {
            rest.append((char) c);
        }
        return new String(rest.toString().getBytes(StandardCharsets.ISO_8859_1), StandardCharsets.UTF_8);
    }
}
