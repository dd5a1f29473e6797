package io.jenkins.plugins.lambdanode.engine.project;

import io.jenkins.plugins.lambdanode.engine.base.Json;
import java.io.IOException;
import java.nio.file.FileVisitOption;
import java.nio.file.FileVisitResult;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.SimpleFileVisitor;
import java.nio.file.attribute.BasicFileAttributes;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Deque;
import java.util.EnumSet;
import java.util.List;
import java.util.Map;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import java.util.regex.PatternSyntaxException;

/** Which folders the root of a workspace names as its members. */
final class WorkspaceMembers {

    /** The list {@code packages} of pnpm-workspace.yaml, as a block or in brackets (pnpm documentation, "pnpm-workspace.yaml"). */
    private static final Pattern PNPM_PACKAGES = Pattern.compile(
            "(?m)^packages:[ \\t]*(?:\\[([^\\]]*)\\]|(?:#.*)?\\r?\\n((?:[ \\t]*(?:-.*|#.*)?\\r?\\n?)*))");

    private static final Pattern ITEM = Pattern.compile("\"([^\"]*)\"|'([^']*)'|([^\\s,'\"\\[\\]#-][^\\s,'\"#]*)");

    /** What ends a list in round brackets, by the sign before it: one of them, some, any number, at most one, none of them. */
    private static final Map<Character, String> LISTS =
            Map.of('@', ")", '+', ")+", '*', ")*", '?', ")?", '!', ")(?:/|$))[^/]*");

    private WorkspaceMembers() {}

    /** The patterns of npm, Yarn and Bun: a list, or an object that holds it as {@code packages}. */
    static List<String> inPackageJson(Map<String, Object> packageJson) {
        Object workspaces = packageJson.get("workspaces");
        return Json.strings(Json.map(workspaces).getOrDefault("packages", workspaces));
    }

    static List<String> inPnpmWorkspace(String yaml) {
        Matcher matcher = PNPM_PACKAGES.matcher(yaml);
        List<String> patterns = new ArrayList<>();
        if (matcher.find()) {
            for (String line : (matcher.group(1) == null ? matcher.group(2) : matcher.group(1)).split("\n")) {
                Matcher item = ITEM.matcher(line.strip().replaceFirst("^-\\s+", ""));
                while (!line.strip().startsWith("#") && item.find()) {
                    patterns.add(
                            item.group(1) != null
                                    ? item.group(1)
                                    : item.group(2) != null ? item.group(2) : item.group(3));
                }
            }
        }
        return patterns;
    }

    /** The members that have a package.json, in order of their paths. */
    static List<Path> find(List<String> patterns, Path root) throws IOException {
        List<Path> members = new ArrayList<>();
        if (!patterns.isEmpty()) {
            boolean anyDepth = patterns.stream().anyMatch(pattern -> pattern.contains("**"));
            int depth = patterns.stream()
                    .mapToInt(pattern -> pattern.split("/").length)
                    .max()
                    .orElseThrow();
            Files.walkFileTree(
                    root,
                    EnumSet.noneOf(FileVisitOption.class),
                    anyDepth ? Integer.MAX_VALUE : depth + 1,
                    new SimpleFileVisitor<>() {
                        @Override
                        public FileVisitResult preVisitDirectory(Path folder, BasicFileAttributes attributes) {
                            String name = String.valueOf(folder.getFileName());
                            if (!folder.equals(root) && (name.equals("node_modules") || name.equals(".git"))) {
                                return FileVisitResult.SKIP_SUBTREE;
                            }
                            if (includes(patterns, root, folder)
                                    && Files.isRegularFile(folder.resolve("package.json"))) {
                                members.add(folder);
                            }
                            return FileVisitResult.CONTINUE;
                        }

                        @Override
                        public FileVisitResult visitFileFailed(Path file, IOException e) {
                            // What can't be read is no member that a package manager could install.
                            return FileVisitResult.CONTINUE;
                        }
                    });
        }
        members.sort(null);
        return members;
    }

    /** Whether a folder belongs to a workspace. A pattern that begins with {@code !} leaves out what one before it names. */
    static boolean includes(List<String> patterns, Path root, Path folder) {
        boolean included = false;
        for (String pattern : patterns) {
            boolean leaveOut = pattern.startsWith("!") && !pattern.startsWith("!(");
            if (matches(leaveOut ? pattern.substring(1) : pattern, root.relativize(folder))) {
                included = !leaveOut;
            }
        }
        return included;
    }

    private static boolean matches(String pattern, Path relative) {
        String glob = pattern.replaceFirst("^\\./", "").replaceFirst("/+$", "");
        String path = relative.toString().replace(relative.getFileSystem().getSeparator(), "/");
        try {
            return path.matches(regularExpression(glob));
        } catch (PatternSyntaxException e) {
            return false;
        }
    }

    /** Of a pattern as npm, pnpm and Yarn read it (minimatch, picomatch, micromatch): lists such as {@code @(a|b)} and {@code !(a)} too. */
    private static String regularExpression(String glob) {
        StringBuilder regular = new StringBuilder();
        Deque<String> ends = new ArrayDeque<>();
        for (int i = 0; i < glob.length(); i++) {
            char c = glob.charAt(i);
            boolean isList = glob.startsWith("(", i + 1);
            String end = ends.isEmpty() ? "" : ends.peek();
            if (isList && LISTS.containsKey(c)) {
                regular.append(c == '!' ? "(?!(?:" : "(?:");
                ends.push(LISTS.get(c));
                i++;
            } else if (glob.startsWith("**/", i)) {
                regular.append("(?:[^/]+/)*");
                i += 2;
            } else if (glob.startsWith("**", i)) {
                regular.append(".*");
                i++;
            } else if (c == '{') {
                regular.append("(?:");
                ends.push("}");
            } else if (c == ',' && end.equals("}") || c == '|' && end.startsWith(")")) {
                regular.append('|');
            } else if (c == '}' && end.equals("}") || c == ')' && end.startsWith(")")) {
                regular.append(ends.pop().replace('}', ')'));
            } else if (c == '[' && glob.indexOf(']', i) > 0) {
                int close = glob.indexOf(']', i);
                regular.append('[')
                        .append(glob.substring(i + 1, close).replaceFirst("^!", "^"))
                        .append(']');
                i = close;
            } else {
                regular.append(c == '*' ? "[^/]*" : c == '?' ? "[^/]" : Pattern.quote(String.valueOf(c)));
            }
        }
        return regular.toString();
    }
}
