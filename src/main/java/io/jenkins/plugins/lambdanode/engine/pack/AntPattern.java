package io.jenkins.plugins.lambdanode.engine.pack;

import java.util.List;

/**
 * A path pattern as Ant and Jenkins know it: {@code *} is any part of a name, {@code ?} one character of it, {@code **} any
 * number of folders; a pattern that ends in {@code /} means everything below (Apache Ant manual, "Directory-based Tasks").
 * Matching takes time in proportion to the lengths of pattern and path at most, whatever the pattern.
 */
final class AntPattern {

    private static final String ANY_FOLDERS = "**";

    private final String text;
    private final List<String> segments;

    AntPattern(String text) {
        this.text = text;
        this.segments = List.of((text.endsWith("/") ? text + ANY_FOLDERS : text).split("/"));
    }

    /** @param path relative to the project, with {@code /} */
    boolean matches(String path) {
        List<String> names = List.of(path.split("/"));
        int segment = 0;
        int name = 0;
        int afterAny = -1;
        int retryName = 0;
        while (name < names.size()) {
            if (segment < segments.size() && segments.get(segment).equals(ANY_FOLDERS)) {
                afterAny = ++segment;
                retryName = name;
            } else if (segment < segments.size() && nameMatches(segments.get(segment), names.get(name))) {
                segment++;
                name++;
            } else if (afterAny >= 0) {
                segment = afterAny;
                name = ++retryName;
            } else {
                return false;
            }
        }
        while (segment < segments.size() && segments.get(segment).equals(ANY_FOLDERS)) {
            segment++;
        }
        return segment == segments.size();
    }

    /** Goes back to the last star only: what an earlier one took can stay as it is. */
    private static boolean nameMatches(String pattern, String name) {
        int p = 0;
        int n = 0;
        int star = -1;
        int retry = 0;
        while (n < name.length()) {
            if (p < pattern.length() && pattern.charAt(p) == '*') {
                star = p++;
                retry = n;
            } else if (p < pattern.length() && (pattern.charAt(p) == '?' || pattern.charAt(p) == name.charAt(n))) {
                p++;
                n++;
            } else if (star >= 0) {
                p = star + 1;
                n = ++retry;
            } else {
                return false;
            }
        }
        while (p < pattern.length() && pattern.charAt(p) == '*') {
            p++;
        }
        return p == pattern.length();
    }

    @Override
    public String toString() {
        return text;
    }
}
