package io.jenkins.plugins.lambdanode.engine.project;

import com.fasterxml.jackson.databind.JsonNode;
import java.nio.file.FileSystems;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/** Which folders the root of a workspace names as its members. */
final class WorkspaceMembers {

    /** The list {@code packages} of pnpm-workspace.yaml, as a block or in brackets (pnpm documentation, "pnpm-workspace.yaml"). */
    private static final Pattern PNPM_PACKAGES =
            Pattern.compile("(?m)^packages:[ \\t]*(?:\\[([^\\]]*)\\]|\\r?\\n((?:[ \\t]*(?:-.*|#.*)?\\r?\\n?)*))");

    private static final Pattern ITEM = Pattern.compile("\"([^\"]*)\"|'([^']*)'|([^\\s,'\"\\[\\]#-][^\\s,'\"#]*)");

    private WorkspaceMembers() {}

    /** The patterns of npm, Yarn and Bun: a list, or an object that holds it as {@code packages}. */
    static List<String> inPackageJson(JsonNode packageJson) {
        JsonNode list = packageJson.path("workspaces");
        List<String> patterns = new ArrayList<>();
        (list.isArray() ? list : list.path("packages")).forEach(item -> patterns.add(item.asText()));
        return patterns;
    }

    static List<String> inPnpmWorkspace(String yaml) {
        Matcher matcher = PNPM_PACKAGES.matcher(yaml);
        List<String> patterns = new ArrayList<>();
        if (matcher.find()) {
            for (String line : (matcher.group(1) == null ? matcher.group(2) : matcher.group(1)).split("\n")) {
                Matcher item = ITEM.matcher(line.strip().replaceFirst("^-\\s+", ""));
                while (!line.strip().startsWith("#") && item.find()) {
                    patterns.add(item.group(1) != null ? item.group(1) : item.group(2) != null ? item.group(2) : item.group(3));
                }
            }
        }
        return patterns;
    }

    /** Whether a folder belongs to a workspace. A pattern that begins with {@code !} leaves out what one before it names. */
    static boolean includes(List<String> patterns, Path root, Path folder) {
        boolean included = false;
        for (String pattern : patterns) {
            boolean leaveOut = pattern.startsWith("!");
            if (matches(leaveOut ? pattern.substring(1) : pattern, root.relativize(folder))) {
                included = !leaveOut;
            }
        }
        return included;
    }

    private static boolean matches(String pattern, Path relative) {
        String glob = pattern.replaceFirst("^\\./", "").replaceFirst("/+$", "");
        try {
            return FileSystems.getDefault().getPathMatcher("glob:" + glob).matches(relative)
                    || glob.startsWith("**/")
                            && FileSystems.getDefault().getPathMatcher("glob:" + glob.substring(3)).matches(relative);
        } catch (IllegalArgumentException e) {
            return false;
        }
    }
}
