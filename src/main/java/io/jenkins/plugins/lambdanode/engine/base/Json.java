package io.jenkins.plugins.lambdanode.engine.base;

import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;

/**
 * Reads JSON (RFC 8259) where the files are: a library would have to be fetched by each agent. An object is a {@link Map} in the
 * text's order, an array a {@link List}, a string a {@link String}, and a number a {@link Double}; a byte order mark
 * at the beginning is ignored, as npm and Node.js do.
 */
public final class Json {
    private static final int MAX_DEPTH = 200;

    /** What {@code null} is read as. */
    public static final Object NULL = new Object();

    private final char[] text;
    private int at;

    private Json(String text) {
        this.text = text.toCharArray();
    }

    private static final class Malformed extends RuntimeException {
        private static final long serialVersionUID = 1L;

        Malformed() {
            super(null, null, false, false);
        }
    }

    /** Editors and shells on Windows write one. */
    public static String withoutByteOrderMark(String text) {
        return text.startsWith("\ufeff") ? text.substring(1) : text;
    }

    /** The object that a text holds; empty where it is not JSON, or another value. */
    public static Optional<Map<String, Object>> object(String text) {
        Json json = new Json(withoutByteOrderMark(text));
        try {
            Object value = json.value(0);
            json.blanks();
            return json.at == json.text.length && value instanceof Map ? Optional.of(map(value)) : Optional.empty();
        } catch (Malformed e) {
            return Optional.empty();
        }
    }

    /** A value that is an object; an empty map for any other. */
    @SuppressWarnings("unchecked")
    public static Map<String, Object> map(Object value) {
        return value instanceof Map ? (Map<String, Object>) value : Map.of();
    }

    /** The strings in a value that is a string or an array; none for any other. */
    public static List<String> strings(Object value) {
        List<String> strings = new ArrayList<>();
        for (Object item : value instanceof List<?> list ? list : value == null ? List.of() : List.of(value)) {
            if (item instanceof String string) {
                strings.add(string);
            }
        }
        return strings;
    }

    private Object value(int depth) {
        blanks();
        if (depth > MAX_DEPTH) {
            throw new Malformed();
        }
        return switch (peek()) {
            case '{' -> objectValue(depth);
            case '[' -> array(depth);
            case '"' -> string();
            case 't' -> word("true", Boolean.TRUE);
            case 'f' -> word("false", Boolean.FALSE);
            case 'n' -> word("null", NULL);
            default -> number();
        };
    }

    private Map<String, Object> objectValue(int depth) {
        Map<String, Object> object = new LinkedHashMap<>();
        at++;
        blanks();
        if (peek() == '}') {
            at++;
            return object;
        }
        while (true) {
            blanks();
            String key = string();
            blanks();
            require(':');
            object.put(key, value(depth + 1));
            blanks();
            if (peek() == '}') {
                at++;
                return object;
            }
            require(',');
        }
    }

    private List<Object> array(int depth) {
        List<Object> array = new ArrayList<>();
        at++;
        blanks();
        if (peek() == ']') {
            at++;
            return array;
        }
        while (true) {
            array.add(value(depth + 1));
            blanks();
            if (peek() == ']') {
                at++;
                return array;
            }
            require(',');
        }
    }

    private String string() {
        require('"');
        int start = at;
        while (at < text.length && text[at] != '"' && text[at] != '\\' && text[at] >= 0x20) {
            at++;
        }
        if (peek() == '"') {
            return new String(text, start, at++ - start);
        }
        StringBuilder string = new StringBuilder().append(text, start, at - start);
        for (char c = next(); c != '"'; c = next()) {
            if (c < 0x20) {
                throw new Malformed();
            }
            string.append(c == '\\' ? escaped() : c);
        }
        return string.toString();
    }

    private char escaped() {
        char c = next();
        return switch (c) {
            case '"', '\\', '/' -> c;
            case 'b' -> '\b';
            case 'f' -> '\f';
            case 'n' -> '\n';
            case 'r' -> '\r';
            case 't' -> '\t';
            case 'u' -> {
                int code = 0;
                for (int i = 0; i < 4; i++) {
                    int digit = Character.digit(next(), 16);
                    if (digit < 0) {
                        throw new Malformed();
                    }
                    code = code * 16 + digit;
                }
                yield (char) code;
            }
            default -> throw new Malformed();
        };
    }

    private Number number() {
        int start = at;
        while (at < text.length && "+-0123456789.eE".indexOf(text[at]) >= 0) {
            at++;
        }
        try {
            return Double.valueOf(new String(text, start, at - start));
        } catch (NumberFormatException e) {
            throw new Malformed();
        }
    }

    private Object word(String word, Object value) {
        for (int i = 0; i < word.length(); i++) {
            require(word.charAt(i));
        }
        return value;
    }

    private void blanks() {
        while (at < text.length && (text[at] == ' ' || text[at] == '\n' || text[at] == '\r' || text[at] == '\t')) {
            at++;
        }
    }

    private char peek() {
        if (at >= text.length) {
            throw new Malformed();
        }
        return text[at];
    }

    private char next() {
        char c = peek();
        at++;
        return c;
    }

    private void require(char c) {
        if (next() != c) {
            throw new Malformed();
        }
    }
}
