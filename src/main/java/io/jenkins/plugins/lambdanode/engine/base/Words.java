package io.jenkins.plugins.lambdanode.engine.base;

import java.util.regex.Pattern;

/** Text from outside, made fit for a message. */
public final class Words {

    /** A query string that holds a signature, and what is secret in it wherever else a server or a proxy quotes it. */
    private static final Pattern SIGNED_QUERY = Pattern.compile("(?i)\\?[^\\s?]*X-Amz-[^\\s?]*");

    private static final Pattern SECRET =
            Pattern.compile("(?i)(x-amz-(?:security-token|signature|credential)[\\\\\"']*\\s*[=:]\\s*[\\\\\"']*)[^\\s\\\\\"'&<]+");

    private Words() {}

    /**
     * The text without control characters (line ends and tabs become blanks) and without signatures and session tokens, cut
     * after so many characters.
     */
    public static String printable(String text, int most) {
        String read = text.substring(0, Math.min(text.length(), 8 * most));
        String harmless = SECRET.matcher(SIGNED_QUERY.matcher(read).replaceAll("")).replaceAll("$1...");
        StringBuilder printable = new StringBuilder();
        harmless.codePoints().limit(most).forEach(c -> {
            if (Character.isWhitespace(c)) {
                printable.append(' ');
            } else if (!Character.isISOControl(c)) {
                printable.appendCodePoint(c);
            }
        });
        return harmless.codePointCount(0, harmless.length()) > most ? printable + "..." : printable.toString();
    }
}
