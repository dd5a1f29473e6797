package io.jenkins.plugins.lambdanode.engine.pack.api;

import java.io.Serializable;
import java.util.List;

/**
 * The user's settings of what goes into a package.
 *
 * @param codeDir the folder that holds the code, relative to the project with {@code /}: what is in it is the package's top;
 *     empty for the project's folder
 * @param dependencies whether node_modules goes in
 * @param includes Ant patterns of what goes in, by its paths in the package; empty for everything
 * @param excludes Ant patterns of what is left out, besides the default ones and {@code .lambdaignore}
 * @param links what becomes of symbolic links
 * @param level the deflate level, 1 to 9
 */
public record PackSettings(
        String codeDir, boolean dependencies, List<String> includes, List<String> excludes, Links links, int level)
        implements Serializable {
    private static final long serialVersionUID = 1L;

    /** The JDK's and {@code zip}'s own default. */
    public static final int DEFAULT_LEVEL = 6;

    /** Everything but the default excludes, links followed, {@code zip}'s own level. */
    public static final PackSettings DEFAULT =
            new PackSettings("", true, List.of(), List.of(), Links.FOLLOW, DEFAULT_LEVEL);

    /** What becomes of symbolic links. */
    public enum Links {
        /** Replaced by what they point to, as {@code zip -r} does. */
        FOLLOW,
        /** Stored as links. */
        STORE
    }

    /** Whether the code is in a folder of its own. */
    public boolean hasCodeDir() {
        return !codeDir.isEmpty();
    }

    public PackSettings {
        includes = List.copyOf(includes);
        excludes = List.copyOf(excludes);
        if (level < 1 || level > 9) {
            throw new IllegalArgumentException("The deflate level is a number from 1 to 9, not " + level);
        }
    }
}
