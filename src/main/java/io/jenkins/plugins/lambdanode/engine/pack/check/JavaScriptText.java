package io.jenkins.plugins.lambdanode.engine.pack.check;

import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Deque;
import java.util.List;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/**
 * What can be told of a JavaScript file without a parser: its text with comments, templates and regular expressions taken out,
 * and each string replaced by its number. Where the text does not add up at its end (a string without an end, a brace too many),
 * it was not understood, and nothing is told of it.
 */
public final class JavaScriptText {
    private static final Pattern MODULE_SYNTAX = Pattern.compile(
            "(?m)(?:^|[;}])[ \\t]*(?:export[ \\t]*(?:default\\b|const\\b|let\\b|var\\b|function\\b|class\\b|async\\b|[{*])"
                    + "|import[ \\t]*(?:[{*\"]|[\\w$]+[ \\t]*(?:,|from\\b)))");
    private static final Pattern COMMONJS_EXPORT =
            Pattern.compile("\\bmodule\\.exports\\b|\\bexports\\.[\\w$]+[ \\t]*=|\\bexports\\[|\\bObject\\.defineProperty\\(exports\\b");

    /** A statement, so that it is run whenever the file is. */
    private static final Pattern STATIC_IMPORT = Pattern.compile(
            "(?m)^(?:import[ \\t]*|(?:import|export)\\b[^;\"()=]{1,2000}+(?<=\\bfrom[ \\t\\n]{0,3}))\"(\\d+)\"");

    /** At the left margin and outside of all braces: as people and compilers write it at a file's top. */
    private static final Pattern TOP_REQUIRE = Pattern.compile(
            "(?m)^(?:(?:const|let|var)[ \\t]+(?:[\\w$]+|\\{\\})[ \\t]*=[ \\t]*)?(?:(?:tslib_\\d+\\.)?__import(?:Default|Star)\\()?"
                    + "require\\(\"(\\d+)\"\\)");

    private static final String BEFORE_REGULAR_EXPRESSION = "(,=:[!&|?{};+-*%<>~^\n";

    private final List<String> strings = new ArrayList<>();
    private final StringBuilder code;
    private final StringBuilder top;
    private boolean understood = true;

    public JavaScriptText(String source) {
        this.code = new StringBuilder(source.length());
        this.top = new StringBuilder();
        read(source);
        if (!understood) {
            code.setLength(0);
            top.setLength(0);
        }
    }

    /** Whether it has a top-level {@code import} or {@code export} statement. */
    public boolean hasModuleSyntax() {
        return MODULE_SYNTAX.matcher(code).find();
    }

    /** Whether it assigns to {@code exports} or {@code module.exports}. */
    public boolean hasCommonJsExports() {
        return COMMONJS_EXPORT.matcher(code).find();
    }

    /** What it loads whenever it is loaded itself, in its order: {@code import} statements, and {@code require} at its top. */
    List<String> certainImports() {
        List<String> imports = new ArrayList<>();
        for (Matcher matcher : List.of(STATIC_IMPORT.matcher(code), TOP_REQUIRE.matcher(top))) {
            while (matcher.find()) {
                imports.add(strings.get(Integer.parseInt(matcher.group(1))));
            }
        }
        return imports;
    }

    /** Whether it was understood and catches nothing. */
    boolean catchesNothing() {
        return understood && !Pattern.compile("\\btry\\b").matcher(code).find();
    }

    /**
     * Whether the function exported under this name is written with three or more parameters, and exported as it is: what a
     * wrapper (middy, {@code awslambda.streamifyResponse}) makes of it is another function. Blanks are matched possessively: a
     * million of them would otherwise be shared out between two places in every way there is.
     */
    public boolean exportsWithCallback(String name) {
        String quoted = Pattern.quote(name);
        String parameters = "\\(([^()]{0,500})\\)";
        String function = "[ \\t]*+=[ \\t]*+(?:async[ \\t]++)?(?:function\\b[ \\t]*+[\\w$]*+[ \\t]*+)?" + parameters + "[ \\t]*(?:=>|\\{)";
        if (hasThree(Pattern.compile("\\bexports\\." + quoted + function))
                || hasThree(Pattern.compile("\\bexport[ \\t]++(?:const|let|var)[ \\t]++" + quoted + function))
                || hasThree(Pattern.compile("\\bexport[ \\t]++(?:async[ \\t]++)?function[ \\t]++" + quoted + "[ \\t]*" + parameters))) {
            return true;
        }
        Matcher exported = Pattern.compile("\\bexports\\." + quoted + "[ \\t]*+=[ \\t]*+([\\w$]++)[ \\t]*+(?:;|\\n|$)").matcher(code);
        if (!exported.find()) {
            return false;
        }
        String declared = Pattern.quote(exported.group(1));
        return hasThree(Pattern.compile("(?m)^(?:const|let|var)[ \\t]++" + declared + function))
                || hasThree(Pattern.compile("(?m)(?:^|[;}][ \\t]*+)(?:async[ \\t]++)?function[ \\t]++" + declared + "[ \\t]*" + parameters));
    }

    private boolean hasThree(Pattern pattern) {
        Matcher matcher = pattern.matcher(code);
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

    private void append(char c, int braces) {
        code.append(c);
        if (braces == 0) {
            top.append(c);
        }
    }

    private void read(String source) {
        // How many braces are open in each template's ${ } that is open; the first is the file itself.
        Deque<Integer> open = new ArrayDeque<>(List.of(0));
        int braces = 0;
        char lastCode = ';';
        int i = 0;
        while (i < source.length() && understood) {
            char c = source.charAt(i);
            char next = i + 1 < source.length() ? source.charAt(i + 1) : 0;
            if (c == '/' && next == '/' || c == '#' && next == '!' && i == 0) {
                int end = source.indexOf('\n', i);
                i = end < 0 ? source.length() : end;
            } else if (c == '/' && next == '*') {
                int end = source.indexOf("*/", i + 2);
                i = end < 0 ? source.length() : end + 2;
                append(' ', braces);
            } else if (c == '"' || c == '\'') {
                int end = endOfString(source, i + 1, c);
                string(source.substring(i + 1, Math.max(i + 1, end - 1)), braces);
                i = end;
                lastCode = '"';
            } else if (c == '`' || c == '}' && open.size() > 1 && open.peek() == braces) {
                if (c == '}') {
                    open.pop();
                    braces--;
                }
                i = endOfTemplateText(source, i + 1);
                boolean expression = source.charAt(i - 1) == '{';
                if (expression) {
                    braces++;
                    open.push(braces);
                }
                code.append("\"\"");
                lastCode = expression ? '(' : '"';
            } else if (c == '/' && BEFORE_REGULAR_EXPRESSION.indexOf(lastCode) >= 0) {
                i = endOfRegularExpression(source, i + 1);
                code.append("\"\"");
                lastCode = '"';
            } else {
                braces -= c == '}' ? 1 : 0;
                append(c, braces);
                braces += c == '{' ? 1 : 0;
                if (!Character.isWhitespace(c)) {
                    lastCode = c;
                }
                i++;
            }
        }
        understood = understood && braces == 0 && open.size() == 1;
    }

    private void string(String content, int braces) {
        String number = "\"" + strings.size() + "\"";
        strings.add(content);
        code.append(number);
        if (braces == 0) {
            top.append(number);
        }
    }

    private int endOfString(String source, int from, char quote) {
        int i = from;
        while (i < source.length() && source.charAt(i) != quote) {
            if (source.charAt(i) == '\n') {
                understood = false;
                return i;
            }
            i += source.charAt(i) == '\\' ? 2 : 1;
        }
        understood = understood && i < source.length();
        return Math.min(i + 1, source.length());
    }

    /** After the end of the template, or after the <code>${</code> of an expression in it. */
    private int endOfTemplateText(String source, int from) {
        int i = from;
        while (i < source.length() && source.charAt(i) != '`') {
            if (source.startsWith("${", i)) {
                return i + 2;
            }
            i += source.charAt(i) == '\\' ? 2 : 1;
        }
        understood = understood && i < source.length();
        return Math.min(i + 1, source.length());
    }

    private int endOfRegularExpression(String source, int from) {
        boolean inClass = false;
        int i = from;
        while (i < source.length() && source.charAt(i) != '\n' && (inClass || source.charAt(i) != '/')) {
            char c = source.charAt(i);
            inClass = c == '[' || inClass && c != ']';
            i += c == '\\' ? 2 : 1;
        }
        understood = understood && i < source.length() && source.charAt(i) == '/';
        return Math.min(i + 1, source.length());
    }
}
