package io.jenkins.plugins.lambdanode.engine.base;

/** A name as it can be shown in a log: control characters and what is not text are escaped, and it is cut when it is long. */
public final class Quoted {
    private static final int SHOWN = 300;

    private Quoted() {}

    /** For instance {@code "a\nb"} for a name with a line end in it; without quotes around a plain name. */
    public static String of(String name) {
        StringBuilder shown = new StringBuilder();
        boolean escaped = false;
        String text = name.length() <= SHOWN
                ? name
                : name.substring(0, SHOWN / 2) + "..." + name.substring(name.length() - SHOWN / 2);
        for (int i = 0; i < text.length(); i++) {
            char c = text.charAt(i);
            if (c == '\n') {
                shown.append("\\n");
                escaped = true;
            } else if (Character.isISOControl(c) || Character.getType(c) == Character.FORMAT || Character.isSurrogate(c)
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

    /** Bytes that are not valid UTF-8, each of those that are not printable ASCII as {@code \xNN}. */
    public static String of(byte[] name) {
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
