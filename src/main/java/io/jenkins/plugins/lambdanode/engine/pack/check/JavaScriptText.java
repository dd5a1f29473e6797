package io.jenkins.plugins.lambdanode.engine.pack.check;

import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Deque;
import java.util.List;
import java.util.Optional;
import java.util.Set;
import java.util.TreeSet;
import java.util.function.Predicate;
import java.util.regex.MatchResult;
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
    private static final Pattern COMMONJS_EXPORT = Pattern.compile(
            "\\bmodule\\.exports\\b|\\bexports\\.[\\w$]+[ \\t]*=|\\bexports\\[|\\bObject\\.defineProperty\\(exports\\b");

    /** A statement, so that it is run whenever the file is. */
    private static final Pattern STATIC_IMPORT = Pattern.compile(
            "(?m)^(?:import[ \\t]*|(?:import|export)\\b[^;\"()=]{1,2000}+(?<=\\bfrom[ \\t\\n]{0,3}))\"(\\d+)\"");

    /** What may follow a file's name in an {@code import} statement. */
    private static final Pattern ATTRIBUTES = Pattern.compile("[ \\t]*+(with|assert)[ \\t]*+\\{");

    /** What TypeScript, Babel and esbuild put around a {@code require}. */
    private static final String REQUIRE =
            "(?:(?:tslib_\\d+\\.)?(?:__import(?:Default|Star)|__toESM|_interopRequire(?:Default|Wildcard))\\()?"
                    + "require\\(\"(\\d+)\"\\)";

    /**
     * A declaration outside of all braces, the second and later ones of a list, and a statement that cannot be the body of an
     * {@code if}.
     */
    private static final Pattern TOP_REQUIRE = Pattern.compile(
            "(?:(?:(?<![\\w$.])(?:const|let|var)[ \\t]+|\\G(?:, ?\\d+)?\\)?,\\s*)(?:[\\w$]+|\\{\\})[ \\t]*=[ \\t]*|(?:^|[;}\"]\\s*\\n)[ \\t]*|^)"
                    + REQUIRE);

    private static final Pattern TOP_AWAIT = Pattern.compile(
            "(?m)^(?:(?:export[ \\t]+)?(?:const|let|var)[ \\t]+[\\w$ \\t{},:\\[\\]]+=[ \\t]*)?await\\b");

    private static final Pattern ANY_REQUIRE = Pattern.compile("(?<![\\w$.])require\\(\"(\\d+)\"\\)");

    /** esbuild's stand-in for {@code require} in ES modules, which throws where there is none, and its name. */
    private static final Pattern REQUIRE_SHIM =
            Pattern.compile("([\\w$]++)[ \\t]*+=\\s*+\\(\\(?[\\w$]++\\)?[ \\t]*+=>[ \\t]*+typeof require\\b");

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

    /** Whether it surely awaits something outside of functions, which only ES modules can. */
    boolean awaitsAtTop() {
        return TOP_AWAIT.matcher(top).find();
    }

    /** Whether it assigns to {@code exports} or {@code module.exports}. */
    public boolean hasCommonJsExports() {
        return COMMONJS_EXPORT.matcher(code).find();
    }

    /**
     * What a file loads.
     *
     * @param isStatement whether by {@code import} or {@code export ... from}, not by {@code require}
     * @param attributes the word before its attributes, {@code with} or {@code assert}; empty where it has none
     */
    record Import(String name, boolean isStatement, String attributes) {
        static Import require(String name) {
            return new Import(name, false, "");
        }

        Import withName(String other) {
            return new Import(other, isStatement, attributes);
        }
    }

    /** What it loads whenever it is loaded itself: {@code import} statements, then {@code require} at its top. */
    List<Import> certainImports() {
        List<Import> imports = new ArrayList<>();
        Matcher statement = STATIC_IMPORT.matcher(code);
        Matcher attributes = ATTRIBUTES.matcher(code);
        while (statement.find()) {
            boolean has = attributes.region(statement.end(), code.length()).lookingAt();
            imports.add(new Import(string(statement), true, has ? attributes.group(1) : ""));
        }
        strings(TOP_REQUIRE, top).forEach(name -> imports.add(Import.require(name)));
        return imports;
    }

    private List<String> strings(Pattern pattern, CharSequence text) {
        return pattern.matcher(text).results().map(this::string).toList();
    }

    private String string(MatchResult found) {
        return strings.get(Integer.parseInt(found.group(1)));
    }

    /** Whether it requires one of some names anywhere. */
    boolean requires(Predicate<String> names) {
        return strings(ANY_REQUIRE, code).stream().anyMatch(names);
    }

    /** Those of some names that it requires anywhere but in a {@code try}. */
    Set<String> uncaughtRequires(Predicate<String> names) {
        Set<String> uncaught = new TreeSet<>();
        Matcher matcher = ANY_REQUIRE.matcher(code);
        while (matcher.find()) {
            String name = string(matcher);
            if (names.test(name) && !uncaught.contains(name) && !isCaught(matcher.start())) {
                uncaught.add(name);
            }
        }
        return uncaught;
    }

    /**
     * What it surely or likely uses that ES modules do not have, such as {@code require} or {@code __dirname}: at its top, where it
     * neither declares it nor asks whether it is there.
     */
    Optional<String> missingInModule() {
        for (String name : List.of("require", "__dirname", "__filename")) {
            String use = name.equals("require") ? "require\\(" : name + "\\b";
            if (Pattern.compile("(?<![\\w$.])" + use).matcher(top).find() && !declares(name)) {
                return Optional.of(name);
            }
        }
        return Optional.empty();
    }

    private boolean declares(String name) {
        return Pattern.compile("(?:typeof|const|let|var|function|as|import)\\s+" + name + "\\b|[{,]\\s*" + name
                        + "\\s*[,}]|\\b" + name + "\\s*=[^=]")
                .matcher(code)
                .find();
    }

    /** What it requires, anywhere but in a {@code try}, by what esbuild puts into ES modules and what fails in them. */
    Optional<String> requiredByShim() {
        Matcher shim = REQUIRE_SHIM.matcher(code);
        if (!shim.find()
                || Pattern.compile("(?:const|let|var|as)\\s+require\\b")
                        .matcher(code)
                        .find()) {
            return Optional.empty();
        }
        return Pattern.compile("(?<![\\w$.])" + Pattern.quote(shim.group(1)) + "\\(\"(\\d+)\"\\)")
                .matcher(code)
                .results()
                .filter(found -> !isCaught(found.start()))
                .map(this::string)
                .findFirst();
    }

    /** Whether a place is in the block of a {@code try}. */
    private boolean isCaught(int place) {
        int depth = 0;
        for (int i = place - 1; i >= 0; i--) {
            if (code.charAt(i) == '}') {
                depth++;
            } else if (code.charAt(i) == '{' && depth-- == 0) {
                depth = 0;
                if (code.substring(Math.max(0, i - 20), i).matches("(?s).*\\btry\\s*")) {
                    return true;
                }
            }
        }
        return false;
    }

    /**
     * Whether it exports nothing of a name, for certain: no statement of an ES module does; or it has exports, and the name occurs
     * nowhere in it.
     *
     * @param ofDefault whether a property of what is exported as {@code default} counts too
     */
    boolean lacksExport(String name, boolean ofDefault) {
        String word = "(?<![\\w$])" + Pattern.quote(name) + "(?![\\w$])";
        if (hasModuleSyntax()) {
            boolean isQuoted = strings.contains(name)
                    && Pattern.compile("\\bas\\s*\"").matcher(code).find();
            boolean isFunction = !Pattern.compile(word).matcher(code).find()
                    && Pattern.compile("\\bexport\\s+default\\s+(?:async|function)\\b")
                            .matcher(code)
                            .find();
            return !isQuoted
                    && !Pattern.compile("\\bexport\\s*(?:\\*|\\{[^}]*?" + word + "\\s*[,}]|(?:const|let|var)\\b[^;]*?"
                                    + word
                                    + "|(?:async\\s+)?(?:function\\b\\s*\\*?|class\\b)\\s*" + word + ")"
                                    + (ofDefault && !isFunction ? "|\\bexport\\s+default\\b|\\bas\\s+default\\b" : ""))
                            .matcher(code)
                            .find();
        }
        if (strings.contains(name) || Pattern.compile(word).matcher(code).find()) {
            return false;
        }
        long exports = Pattern.compile("\\bexports\\b").matcher(code).results().count();
        long plain = Pattern.compile(
                        "(?<![\\w$.])(?:module\\.)?exports(?:\\.[\\w$]+\\s*=[^=]|\\s*=\\s*(?:\\{[^{}.]*\\}\\s*(?:;|\\n|$)"
                                + "|async\\b|function\\b|\\([\\w$\\s,{}]*\\)\\s*=>|[\\w$]+\\s*=>))")
                .matcher(code)
                .results()
                .count();
        return exports > 0 && exports == plain;
    }

    boolean throwsSomething() {
        return Pattern.compile("\\bthrow\\b").matcher(code).find();
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
        String function = "[ \\t]*+=[ \\t]*+(?:async[ \\t]++)?(?:function\\b[ \\t]*+[\\w$]*+[ \\t]*+)?" + parameters
                + "[ \\t]*(?:=>|\\{)";
        if (hasThree(Pattern.compile("\\bexports\\." + quoted + function))
                || hasThree(Pattern.compile("\\bexport[ \\t]++(?:const|let|var)[ \\t]++" + quoted + function))
                || hasThree(Pattern.compile(
                        "\\bexport[ \\t]++(?:async[ \\t]++)?function[ \\t]++" + quoted + "[ \\t]*" + parameters))) {
            return true;
        }
        Optional<String> object = exportedObject();
        if (object.isPresent()
                && hasThree(
                        Pattern.compile("(?:^|[,\\s])(?:async[ \\t]++)?" + quoted
                                + "(?:[ \\t]*+:[ \\t]*+(?:async[ \\t]++)?(?:function\\b[ \\t]*+[\\w$]*+[ \\t]*+)?)?"
                                + parameters + "[ \\t]*(?:=>|\\{)"),
                        object.get())) {
            return true;
        }
        Optional<String> declared = declared(quoted, object).map(Pattern::quote);
        return declared.isPresent()
                && (hasThree(Pattern.compile(
                                "(?m)(?:^|[;}][ \\t]*+)(?:const|let|var)[ \\t]++" + declared.get() + function))
                        || hasThree(Pattern.compile("(?m)(?:^|[;}][ \\t]*+)(?:async[ \\t]++)?function[ \\t]++"
                                + declared.get() + "[ \\t]*" + parameters)));
    }

    /** The name in the file of what it exports under a name, as people, TypeScript and esbuild write it. */
    private Optional<String> declared(String quoted, Optional<String> object) {
        return first("\\bexports\\." + quoted + "[ \\t]*+=[ \\t]*+([\\w$]++)[ \\t]*+(?:;|\\n|$)", code)
                .filter(name -> !name.equals("void"))
                .or(() -> first(
                        "\\bexport[ \\t]*+\\{[^{}]{0,2000}?\\b([\\w$]++)\\s++as\\s++" + quoted + "\\s*+[,}]", code))
                .or(() -> first("\\bexport[ \\t]*+\\{(?:[^{}]{0,2000}?,)?\\s*+(" + quoted + ")\\s*+[,}]", code))
                .or(() -> first(
                        "__export\\([\\w$]++,\\s*+\\{(?:[^{}]{0,2000}?,)?\\s*+" + quoted
                                + ":\\s*+\\(\\)\\s*+=>\\s*+([\\w$]++)\\s*+[,}]",
                        code))
                .or(() -> object.flatMap(
                        text -> first("(?:^|,)\\s*+" + quoted + "[ \\t]*+:[ \\t]*+([\\w$]++)\\s*+(?:,|$)", text)))
                .or(() -> object.flatMap(text -> first("(?:^|,)\\s*+(" + quoted + ")\\s*+(?:,|$)", text)));
    }

    private static Optional<String> first(String pattern, CharSequence text) {
        Matcher matcher = Pattern.compile(pattern).matcher(text);
        return matcher.find() ? Optional.of(matcher.group(1)) : Optional.empty();
    }

    /** What is between the braces of {@code module.exports = { }}, without what is in braces in it. */
    private Optional<String> exportedObject() {
        Matcher start = Pattern.compile("\\bmodule\\.exports[ \\t]*+=\\s*+\\{").matcher(code);
        if (!start.find()) {
            return Optional.empty();
        }
        StringBuilder object = new StringBuilder();
        int depth = 1;
        for (int i = start.end(); i < code.length() && depth > 0; i++) {
            char c = code.charAt(i);
            depth -= c == '}' ? 1 : 0;
            if (depth == 1) {
                object.append(c);
            }
            depth += c == '{' ? 1 : 0;
        }
        return Optional.of(object.toString());
    }

    private boolean hasThree(Pattern pattern) {
        return hasThree(pattern, code);
    }

    private static boolean hasThree(Pattern pattern, CharSequence text) {
        Matcher matcher = pattern.matcher(text);
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
