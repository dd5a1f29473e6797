package io.jenkins.plugins.lambdanode.engine.project;

import java.io.BufferedInputStream;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.InputStream;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Set;

/** Searches JSON files of any size without reading them into memory, and without a library: it runs where the project is. */
final class JsonText {

    /** No path is longer. */
    private static final int LONGEST_STRING = 4096;

    private static final int BUFFER_BYTES = 1 << 16;

    private JsonText() {}

    /**
     * What follows each of these texts in a file, up to the end of the string that it is in; each once. Blanks and line ends of the
     * file do not count: npm indents a lock file as package.json is, or not at all.
     *
     * @param texts the names of fields, each with its double quotes, and what their values begin with
     */
    static List<String> after(Path json, List<String> texts) throws IOException {
        Set<String> found = new LinkedHashSet<>();
        int[] matched = new int[texts.size()];
        try (InputStream in = new BufferedInputStream(Files.newInputStream(json), BUFFER_BYTES)) {
            for (int c; (c = in.read()) >= 0; ) {
                for (int i = 0; i < matched.length && c > ' '; i++) {
                    String text = texts.get(i);
                    matched[i] = text.charAt(matched[i]) == c ? matched[i] + 1 : c == text.charAt(0) ? 1 : 0;
                    if (matched[i] == text.length()) {
                        found.add(restOfString(in));
                        Arrays.fill(matched, 0);
                    }
                }
            }
        }
        return new ArrayList<>(found);
    }

    private static String restOfString(InputStream in) throws IOException {
        ByteArrayOutputStream rest = new ByteArrayOutputStream();
        for (int c; rest.size() < LONGEST_STRING && (c = in.read()) >= 0 && c != '"'; ) {
            rest.write(c);
        }
        return rest.toString(StandardCharsets.UTF_8);
    }
}
