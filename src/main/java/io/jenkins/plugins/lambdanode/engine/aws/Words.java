package io.jenkins.plugins.lambdanode.engine.aws;

/** Text from outside, made fit for a message. */
final class Words {

    private Words() {}

    /** The text without control characters (line ends and tabs become blanks), cut after so many characters. */
    static String printable(String text, int most) {
        StringBuilder printable = new StringBuilder();
        text.codePoints().limit(most).forEach(c -> {
            if (Character.isWhitespace(c)) {
                printable.append(' ');
            } else if (!Character.isISOControl(c)) {
                printable.appendCodePoint(c);
            }
        });
        return text.codePointCount(0, text.length()) > most ? printable + "..." : printable.toString();
    }
}
