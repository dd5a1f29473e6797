package io.jenkins.plugins.lambdanode.engine.pack.check;

import io.jenkins.plugins.lambdanode.engine.base.BoundedFile;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.util.HashMap;
import java.util.Map;
import java.util.Optional;

/**
 * The few fields of a {@code package.json} that the checks look at. It reads the top level only, takes what is not JSON as
 * having no fields (npm or Node.js will say so better), and never more than {@value #MAX_BYTES} bytes.
 */
public record PackageJson(Map<String, String> fields) {
    static final int MAX_BYTES = 1 << 20;

    static final PackageJson EMPTY = new PackageJson(Map.of());

    static PackageJson read(Path file) throws IOException {
        Optional<byte[]> bytes = BoundedFile.read(file, MAX_BYTES);
        return bytes.map(b -> parse(new String(b, StandardCharsets.UTF_8))).orElse(EMPTY);
    }

    /** The value of a top-level text field; empty where there is none or it is no text. */
    public String text(String field) {
        return fields.getOrDefault(field, "");
    }

    boolean has(String field) {
        return fields.containsKey(field);
    }

    /** The top-level fields of a JSON object: texts with their value, anything else with an empty one. */
    public static PackageJson parse(String json) {
        Map<String, String> fields = new HashMap<>();
        int depth = 0;
        String key = null;
        String last = null;
        for (int i = 0; i < json.length(); i++) {
            char c = json.charAt(i);
            if (c == '"') {
                int end = endOfText(json, i + 1);
                if (depth == 1) {
                    last = json.substring(i + 1, Math.min(end, json.length())).replace("\\/", "/");
                    if (key != null) {
                        fields.put(key, last);
                        key = null;
                    }
                }
                i = end;
            } else if (c == '{' || c == '[') {
                if (depth == 1 && key != null) {
                    fields.put(key, "");
                    key = null;
                }
                depth++;
            } else if (c == '}' || c == ']') {
                depth--;
            } else if (depth == 1 && c == ':') {
                key = last;
            } else if (depth == 1 && c == ',') {
                if (key != null) {
                    fields.put(key, "");
                }
                key = null;
            }
        }
        return new PackageJson(Map.copyOf(fields));
    }

    private static int endOfText(String json, int from) {
        int i = from;
        while (i < json.length() && json.charAt(i) != '"') {
            i += json.charAt(i) == '\\' ? 2 : 1;
        }
        return i;
    }
}
