package io.jenkins.plugins.lambdanode.engine.pack.api;

import java.io.Serializable;
import java.util.List;
import java.util.Map;

/**
 * A package to build.
 *
 * @param settings what goes into it
 * @param functions the functions that it is for; empty where none is known
 * @param maxZippedBytes the largest package that can be sent, in bytes
 * @param zippedHint what to do about a package that is larger than that, a sentence
 * @param output where the package goes, on the machine that packs; empty for a temporary file
 * @param dependencyLayer whether the project's node_modules goes into a package of its own, for a layer
 * @param knownLayer whether a layer version is known to hold that package: node_modules is left out, and need not be there
 * @param zipFile a package that is there, relative to the project's folder; empty to build one
 * @param lockFile the absolute path of the lock file that the install went by, for the inventory; empty for none
 * @param blockedScripts the packages whose install scripts the tool has not run, each with how to approve it
 */
public record PackRequest(
        PackSettings settings,
        List<TargetFunction> functions,
        long maxZippedBytes,
        String zippedHint,
        String output,
        boolean dependencyLayer,
        boolean knownLayer,
        String zipFile,
        String lockFile,
        Map<String, String> blockedScripts)
        implements Serializable {
    private static final long serialVersionUID = 1L;

    /**
     * The largest package that a direct update can carry, in bytes (50 MB in AWS's quotas; measured as the refusal of
     * requests over 69,905,067 bytes, which is this in base64: serverless/serverless #2494).
     */
    public static final long MAX_DIRECT_BYTES = 52_428_800;

    /** The largest function unzipped, layers included, in bytes (AWS Lambda quotas, "250 MB"). */
    public static final long MAX_UNZIPPED_BYTES = 262_144_000;

    public PackRequest {
        functions = List.copyOf(functions);
        blockedScripts = Map.copyOf(blockedScripts);
    }

    /** The request for a package that is sent by a bucket, or straight to Lambda. */
    public static PackRequest of(
            PackSettings settings,
            List<TargetFunction> functions,
            boolean bucket,
            String output,
            boolean dependencyLayer) {
        return new PackRequest(
                settings,
                functions,
                bucket ? MAX_UNZIPPED_BYTES : MAX_DIRECT_BYTES,
                bucket
                        ? "Leave out what the function does not need (excludes, .lambdaignore), or use a container image."
                        : "Name an S3 bucket in the function's region (s3Bucket) for packages over 50 MB, or leave out what"
                                + " the function does not need (excludes, .lambdaignore).",
                output,
                dependencyLayer,
                false,
                "",
                "",
                Map.of());
    }

    /** The same where a layer version is known to hold node_modules. */
    public PackRequest withKnownLayer() {
        return with(true, zipFile, lockFile, blockedScripts);
    }

    /** The same after an install. */
    public PackRequest withInstall(String lockFilePath, Map<String, String> blocked) {
        return with(knownLayer, zipFile, lockFilePath, blocked);
    }

    /** The same for a package that is there. */
    public PackRequest ofZip(String path) {
        return with(knownLayer, path, lockFile, blockedScripts);
    }

    private PackRequest with(boolean isKnownLayer, String zip, String lock, Map<String, String> blocked) {
        return new PackRequest(
                settings,
                functions,
                maxZippedBytes,
                zippedHint,
                output,
                dependencyLayer,
                isKnownLayer,
                zip,
                lock,
                blocked);
    }
}
