package io.jenkins.plugins.lambdanode.engine.request;

import io.jenkins.plugins.lambdanode.engine.pack.api.TargetFunction;
import io.jenkins.plugins.lambdanode.engine.pack.api.PackRequest;
import java.util.List;

/**
 * The user's settings of what goes into a package.
 *
 * @param includes Ant patterns of what goes in; empty for everything
 * @param excludes Ant patterns of what is left out besides the default ones
 * @param links what becomes of symbolic links
 * @param level the deflate level, 1 to 9
 * @param cacheDir folder for the package index, where the project is; empty for none
 */
public record PackSettings(
        List<String> includes, List<String> excludes, PackRequest.Links links, int level, String cacheDir) {

    /** Everything but the default excludes, links followed, {@code zip}'s own level. */
    public static final PackSettings DEFAULT =
            new PackSettings(List.of(), List.of(), PackRequest.Links.FOLLOW, PackRequest.DEFAULT_LEVEL, "");

    /** The request for a package that a function with these traits can be given by a bucket, or without one. */
    public PackRequest toRequest(List<TargetFunction> functions, boolean bucket, String output, boolean dependenciesApart) {
        return new PackRequest(
                includes,
                excludes,
                links,
                level,
                functions,
                bucket ? PackRequest.MAX_UNZIPPED_BYTES : PackRequest.MAX_DIRECT_BYTES,
                bucket
                        ? "Leave out what the function does not need (excludes, .lambdaignore), or use a container image."
                        : "Name an S3 bucket in the function's region (s3Bucket) for packages over 50 MB, or leave out what"
                                + " the function does not need (excludes, .lambdaignore).",
                cacheDir,
                output,
                dependenciesApart);
    }
}
