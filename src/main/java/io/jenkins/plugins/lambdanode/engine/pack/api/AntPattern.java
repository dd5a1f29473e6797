package io.jenkins.plugins.lambdanode.engine.pack.api;

import java.util.ArrayList;
import java.util.List;
import java.util.Optional;

/**
 * A path pattern with Ant's meaning (Apache Ant manual, "Directory-based Tasks"): {@code ?} is one character, {@code *} any
 * number of characters within a name, {@code **} any number of folders, and a pattern that ends with {@code /} stands for
 * everything below it. Upper and lower case differ.
 *
 * <p>Matching takes time in proportion to pattern times path at worst, so no pattern can hang a build; Ant's own
 * {@code SelectorUtils} is in a jar that an agent would have to fetch.
 */
public final class AntPattern {
    private static final String ANY_FOLDERS = "**";

    private final String text;
    private final String[] segments;

    /**
     * @param text the pattern as the user wrote it; {@code \} counts as {@code /}, as in Ant, and a {@code ./} or {@code /} at
     *     its beginning is ignored, since every path is relative to the project
     * @throws IllegalArgumentException with the text of {@link #problem}, where there is one
     */
    public AntPattern(String text) {
        this.text = text;
        this.segments = segments(text);
        if (segments.length == 0 || List.of(segments).contains("..")) {
            throw new IllegalArgumentException(
                    "The pattern \"" + text + "\" can match nothing in the project's folder. Write it"
                            + " relative to that folder, for instance test/** or **/*.test.js.");
        }
    }

    /** What is wrong with a pattern: the one rule, for forms, options and the engine. Empty where nothing is. */
    public static Optional<String> problem(String text) {
        try {
            new AntPattern(text);
            return Optional.empty();
        } catch (IllegalArgumentException e) {
            return Optional.of(e.getMessage());
        }
    }

    private static String[] segments(String text) {
        String pattern = text.strip().replace('\\', '/');
        while (pattern.startsWith("./") || pattern.startsWith("/")) {
            pattern = pattern.substring(pattern.indexOf('/') + 1);
        }
        if (pattern.endsWith("/")) {
            pattern += ANY_FOLDERS;
        }
        return split(pattern);
    }

    /** @param path relative to the project, with {@code /} */
    public boolean matches(String path) {
        String[] names = split(path);
        int name = 0;
        int segment = 0;
        int lastFolders = -1;
        int nameAtLastFolders = 0;
        while (name < names.length) {
            if (segment < segments.length && segments[segment].equals(ANY_FOLDERS)) {
                lastFolders = segment++;
                nameAtLastFolders = name;
            } else if (segment < segments.length && matchesName(segments[segment], names[name])) {
                segment++;
                name++;
            } else if (lastFolders >= 0) {
                segment = lastFolders + 1;
                name = ++nameAtLastFolders;
            } else {
                return false;
            }
        }
        while (segment < segments.length && segments[segment].equals(ANY_FOLDERS)) {
            segment++;
        }
        return segment == segments.length;
    }

    /**
     * Whether its first part names this file or folder at the project's top, as {@code README.md}, {@code *.md} and
     * {@code .github/**} do. Wildcards alone name nothing.
     */
    public boolean names(String top) {
        return !segments[0].replace("*", "").replace("?", "").isEmpty() && matchesName(segments[0], top);
    }

    /** Whether it matches a folder and whatever could be in it, so that the folder need not be walked. */
    public boolean matchesAllBelow(String folder) {
        return segments[segments.length - 1].equals(ANY_FOLDERS) && matches(folder);
    }

    private static boolean matchesName(String pattern, String name) {
        int at = 0;
        int patternAt = 0;
        int lastStar = -1;
        int nameAtLastStar = 0;
        while (at < name.length()) {
            if (patternAt < pattern.length() && pattern.charAt(patternAt) == '*') {
                lastStar = patternAt++;
                nameAtLastStar = at;
            } else if (patternAt < pattern.length()
                    && (pattern.charAt(patternAt) == '?' || pattern.charAt(patternAt) == name.charAt(at))) {
                patternAt++;
                at++;
            } else if (lastStar >= 0) {
                patternAt = lastStar + 1;
                at = ++nameAtLastStar;
            } else {
                return false;
            }
        }
        while (patternAt < pattern.length() && pattern.charAt(patternAt) == '*') {
            patternAt++;
        }
        return patternAt == pattern.length();
    }

    private static String[] split(String path) {
        List<String> names = new ArrayList<>();
        int start = 0;
        for (int slash = path.indexOf('/'); slash >= 0; slash = path.indexOf('/', start)) {
            if (slash > start) {
                names.add(path.substring(start, slash));
            }
            start = slash + 1;
        }
        if (start < path.length()) {
            names.add(path.substring(start));
        }
        return names.toArray(new String[0]);
    }

    /** The pattern as the user wrote it. */
    @Override
    public String toString() {
        return text;
    }
}
