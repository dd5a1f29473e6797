package io.jenkins.plugins.lambdanode.engine.pack.check;

import java.util.regex.Matcher;
import java.util.regex.Pattern;

/**
 * What can be told of a JavaScript file without a parser: its text with comments and the contents of strings, templates and
 * regular expressions taken out. Everything that reads it takes a wrong guess into account: it leads to warnings only.
 */
public final class JavaScriptText {
    private static final Pattern MODULE_SYNTAX = Pattern.compile(
            "(?m)(?:^|[;}])[ \\t]*(?:export[ \\t]*(?:default\\b|const\\b|let\\b|var\\b|function\\b|class\\b|async\\b|[{*])"
                    + "|import[ \\t]*(?:[{*\"]|[\\w$]+[ \\t]*(?:,|from\\b)))");
    private static final Pattern COMMONJS_EXPORT =
            Pattern.compile("\\bmodule\\.exports\\b|\\bexports\\.[\\w$]+[ \\t]*=|\\bexports\\[|\\bObject\\.defineProperty\\(exports\\b");

    private final String code;

    public JavaScriptText(String source) {
        this.code = strip(source);
    }

    /** Whether it has a top-level {@code import} or {@code export} statement. */
    public boolean hasModuleSyntax() {
        return MODULE_SYNTAX.matcher(code).find();
    }

    /** Whether it assigns to {@code exports} or {@code module.exports}. */
    public boolean hasCommonJsExports() {
        return COMMONJS_EXPORT.matcher(code).find();
    }

    /**
     * Whether the function exported under this name is written with three or more parameters. Blanks are matched possessively:
     * a million of them would otherwise be shared out between two places in every way there is.
     */
    public boolean exportsWithCallback(String name) {
        String quoted = Pattern.quote(name);
        String parameters = "\\(([^()]{0,500})\\)";
        Pattern assigned = Pattern.compile("(?:\\bexports\\.|\\b(?:const|let|var)[ \\t]+)" + quoted
                + "[ \\t]*+=[ \\t]*+(?:async[ \\t]++)?(?:function\\b[ \\t]*+[\\w$]*+[ \\t]*+)?" + parameters + "[ \\t]*(?:=>|\\{)");
        Pattern declared = Pattern.compile("\\bfunction[ \\t]+" + quoted + "[ \\t]*" + parameters);
        return hasThree(assigned.matcher(code)) || hasThree(declared.matcher(code));
    }

    private static boolean hasThree(Matcher matcher) {
        while (matcher.find()) {
            String parameters = matcher.group(1);
            long commas = parameters.chars().filter(c -> c == ',').count();
            // A parameter with a default, a pattern or "..." ends what Function.length counts, so it is left alone.
            if (commas >= 2 && !parameters.strip().endsWith(",") && parameters.matches("[\\s\\w$,]*")) {
                return true;
            }
        }
        return false;
    }

    private static String strip(String source) {
        StringBuilder code = new StringBuilder(source.length());
        int i = 0;
        char lastCode = ';';
        while (i < source.length()) {
            char c = source.charAt(i);
            char next = i + 1 < source.length() ? source.charAt(i + 1) : 0;
            if (c == '/' && next == '/' || c == '#' && next == '!' && i == 0) {
                int end = source.indexOf('\n', i);
                i = end < 0 ? source.length() : end;
            } else if (c == '/' && next == '*') {
                int end = source.indexOf("*/", i + 2);
                i = end < 0 ? source.length() : end + 2;
                code.append(' ');
            } else if (c == '"' || c == '\'' || c == '`') {
                i = endOfQuoted(source, i + 1, c);
                code.append("\"\"");
                lastCode = '"';
            } else if (c == '/' && "(,=:[!&|?{};+-*%<>~^\n".indexOf(lastCode) >= 0) {
                i = endOfRegularExpression(source, i + 1);
                code.append("\"\"");
                lastCode = '"';
            } else {
                code.append(c);
                if (!Character.isWhitespace(c)) {
                    lastCode = c;
                }
                i++;
            }
        }
        return code.toString();
    }

    private static int endOfQuoted(String source, int from, char quote) {
        int i = from;
        while (i < source.length() && source.charAt(i) != quote) {
            if (quote != '`' && source.charAt(i) == '\n') {
                return i;
            }
            i += source.charAt(i) == '\\' ? 2 : 1;
        }
        return Math.min(i + 1, source.length());
    }

    private static int endOfRegularExpression(String source, int from) {
        boolean inClass = false;
        int i = from;
        while (i < source.length() && source.charAt(i) != '\n' && (inClass || source.charAt(i) != '/')) {
            char c = source.charAt(i);
            inClass = c == '[' || inClass && c != ']';
            i += c == '\\' ? 2 : 1;
        }
        return Math.min(i + 1, source.length());
    }
}
