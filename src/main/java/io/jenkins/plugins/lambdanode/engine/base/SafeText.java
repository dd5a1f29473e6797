package io.jenkins.plugins.lambdanode.engine.base;

import java.util.regex.Pattern;

/** Text from outside (servers, file names, settings), made safe to show in a log or a message. */
public final class SafeText {

    /** A query string that holds a signature, and what is secret in it wherever else a server or a proxy quotes it. */
    private static final Pattern SIGNED_QUERY = Pattern.compile("(?i)\\?[^\\s?]*X-Amz-[^\\s?]*");

    private static final Pattern SECRET = Pattern.compile(
            "(?i)(x-amz-(?:security-token|signature|credential)[\\\\\"']*\\s*[=:]\\s*[\\\\\"']*)[^\\s\\\\\"'&<]+");

    /** Unicode Standard Annex #9, "Directional Formatting Characters": text after them can be shown in another order. */
    private static final String TURNS_TEXT = "\u061c\u200e\u200f\u202a\u202b\u202c\u202d\u202e\u2066\u2067\u2068\u2069";

    private static final int MAX_NAME_LENGTH = 300;

    /** Where a text was cut. Who hides secrets has to know: there may be a part of one before it, or after it. */
    public static final String CUT = "[...]";

    private SafeText() {}

    /**
     * The text on one line: without control characters (line ends and tabs become blanks) and those that turn the direction of
     * what follows, signatures and session tokens.
     *
     * @param maxLength characters after which it is cut, with {@link #CUT} at the end
     */
    public static String oneLine(String text, int maxLength) {
        String read = text.substring(0, Math.min(text.length(), 8 * maxLength));
        String harmless =
                SECRET.matcher(SIGNED_QUERY.matcher(read).replaceAll("")).replaceAll("$1...");
        StringBuilder printable = new StringBuilder();
        harmless.codePoints().limit(maxLength).forEach(c -> {
            if (Character.isWhitespace(c)) {
                printable.append(' ');
            } else if (!Character.isISOControl(c) && !TURNS_TEXT.contains(Character.toString(c))) {
                printable.appendCodePoint(c);
            }
        });
        boolean cut = read.length() < text.length() || harmless.codePointCount(0, harmless.length()) > maxLength;
        return cut ? printable + CUT : printable.toString();
    }

    /**
     * A name, for instance {@code "a\nb"} for one with a line end in it, without quotes around a plain one. Control characters
     * and what is not text are escaped; a long name is cut in the middle.
     */
    public static String name(String name) {
        StringBuilder shown = new StringBuilder();
        boolean escaped = false;
        String text = name.length() <= MAX_NAME_LENGTH
                ? name
                : name.substring(0, MAX_NAME_LENGTH / 2) + CUT + name.substring(name.length() - MAX_NAME_LENGTH / 2);
        for (int i = 0; i < text.length(); i++) {
            char c = text.charAt(i);
            if (c == '\n') {
                shown.append("\\n");
                escaped = true;
            } else if (Character.isISOControl(c)
                    || Character.getType(c) == Character.FORMAT
                    || Character.isSurrogate(c)
                            && !Character.isSurrogatePair(c, i + 1 < text.length() ? text.charAt(i + 1) : 'x')
                            && !(i > 0 && Character.isSurrogatePair(text.charAt(i - 1), c))) {
                shown.append(String.format("\\u%04x", (int) c));
                escaped = true;
            } else {
                shown.append(c);
                escaped |= c == '\\' || c == ' ';
            }
        }
        return escaped ? "\"" + shown + "\"" : shown.toString();
    }

    /** A name that is not valid UTF-8: each byte that is not printable ASCII as {@code \xNN}. */
    public static String name(byte[] name) {
        StringBuilder shown = new StringBuilder("\"");
        for (byte b : name) {
            if (b >= 0x20 && b < 0x7f) {
                shown.append((char) b);
            } else {
                shown.append(String.format("\\x%02x", b & 0xff));
            }
        }
        return shown.append('"').toString();
    }
}
