package io.jenkins.plugins.lambdanode.engine.project;

import io.jenkins.plugins.lambdanode.engine.base.Sha256;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.security.MessageDigest;
import java.util.HexFormat;
import java.util.List;
import java.util.Map;
import java.util.Optional;

/**
 * A digest of all that decides which production dependencies an install brings: of each package.json and the lock file what concerns
 * production, the settings, the command line and the tools. Two projects with the same key get the same packages, on any agent: each
 * one is pinned by its integrity. What is of the repository itself is not, so there is none for what holds such
 * ({@code steps.LayerStep}); nor where an install script of the repository's own can go by anything, or a package comes from Git.
 *
 * <p>A member of a workspace has the whole lock file in its key: what it gets can depend on what the others ask for.
 */
public final class DependencyKey {
    /** Another one for another kind of digest, or for other rules of what is packaged. */
    private static final String FORMAT = "3";

    private static final List<String> DEPENDENCY_FIELDS = List.of(
            "dependencies",
            "optionalDependencies",
            "peerDependencies",
            "peerDependenciesMeta",
            "dependenciesMeta",
            "overrides",
            "resolutions",
            "pnpm",
            "trustedDependencies",
            "installConfig",
            "workspaces",
            "bundleDependencies",
            "bundledDependencies");

    private DependencyKey() {}

    /**
     * The key of a project, 64 hexadecimal digits; empty where it does not decide all.
     *
     * @param root the folder that the install runs in: the project's, or the root of the workspace that it is a member of
     * @param lockFile the name of the lock file there
     * @param madeWith the command line, the tools with their configuration, and the settings of the package, as text
     */
    public static Optional<String> of(Path root, Path project, String lockFile, String madeWith) throws IOException {
        LocalPackages packages = new LocalPackages(root);
        Optional<List<String>> pinned =
                packages.scripts().isPresent() ? Optional.empty() : PinnedPackages.in(root, lockFile, packages);
        if (pinned.isEmpty()) {
            return Optional.empty();
        }
        MessageDigest digest = Sha256.sha256();
        add(digest, FORMAT);
        add(digest, madeWith);
        add(digest, InstallFingerprint.settings(root));
        add(digest, InstallFingerprint.schemas(packages));
        add(digest, root.toRealPath().relativize(project.toRealPath()).toString());
        Path ignore = project.resolve(".lambdaignore");
        add(digest, Files.isRegularFile(ignore) ? Files.readString(ignore, StandardCharsets.ISO_8859_1) : "");
        for (Path folder : List.of(root, project)) {
            Map<String, Object> packageJson = PinnedPackages.json(folder.resolve("package.json"));
            DEPENDENCY_FIELDS.forEach(field -> add(digest, field + " " + packageJson.get(field)));
        }
        pinned.get().forEach(line -> add(digest, line));
        return Optional.of(HexFormat.of().formatHex(digest.digest()));
    }

    private static void add(MessageDigest digest, String text) {
        digest.update((text + "\n").getBytes(StandardCharsets.UTF_8));
    }
}
