package io.jenkins.plugins.lambdanode.engine.pack.api;

import java.io.Serializable;
import java.util.List;

/**
 * What goes into a deployment package and how it is made.
 *
 * @param includes Ant patterns of what goes in, relative to the project; empty for everything
 * @param excludes Ant patterns of what is left out, besides the default ones and {@code .lambdaignore}
 * @param links what becomes of symbolic links
 * @param level the deflate level, 1 to 9
 * @param functions the functions that it is for; empty where none is known
 * @param maxZippedBytes the largest package that can be sent, in bytes
 * @param zippedHint what to do about a package that is larger than that, a sentence
 * @param cacheDir folder for the package index and the last package, on the machine that packs; empty for none
 * @param output where the package goes, on the machine that packs; empty for a temporary file
 * @param dependenciesApart whether the project's node_modules goes into a package of its own, for a layer
 */
public record PackRequest(
        List<String> includes,
        List<String> excludes,
        Links links,
        int level,
        List<TargetFunction> functions,
        long maxZippedBytes,
        String zippedHint,
        String cacheDir,
        String output,
        boolean dependenciesApart)
        implements Serializable {
    private static final long serialVersionUID = 1L;

    /**
     * The largest package that a direct update can carry, in bytes (50 MB in AWS's quotas; measured as the refusal of
     * requests over 69,905,067 bytes, which is this in base64: serverless/serverless #2494).
     */
    public static final long MAX_DIRECT_BYTES = 52_428_800;

    /** The largest function unzipped, layers included, in bytes (AWS Lambda quotas, "250 MB"). */
    public static final long MAX_UNZIPPED_BYTES = 262_144_000;

    /** The JDK's and {@code zip}'s own default. */
    public static final int DEFAULT_LEVEL = 6;

    /** What becomes of symbolic links. */
    public enum Links {
        /** Replaced by what they point to, as {@code zip -r} does. */
        FOLLOW,
        /** Stored as links. */
        STORE
    }

    public PackRequest {
        includes = List.copyOf(includes);
        excludes = List.copyOf(excludes);
        functions = List.copyOf(functions);
        if (level < 1 || level > 9) {
            throw new IllegalArgumentException("The deflate level is a number from 1 to 9, not " + level);
        }
    }
}
