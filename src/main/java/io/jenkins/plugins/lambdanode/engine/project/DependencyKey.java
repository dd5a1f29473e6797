package io.jenkins.plugins.lambdanode.engine.project;

import io.jenkins.plugins.lambdanode.engine.base.BoundedFile;
import io.jenkins.plugins.lambdanode.engine.base.Json;
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
 * A digest of all that decides which production dependencies npm installs: of package.json and the lock file what concerns
 * production, and the command line and the tools with their configuration. Two projects with the same key get the same
 * node_modules, on any agent: each package is pinned by its integrity. What is of the repository itself, or comes from Git, is not,
 * and an install script of the project's own can go by anything: then there is no key.
 */
public final class DependencyKey {
    /** Another one for another kind of digest, or for other rules of what is packaged. */
    private static final String FORMAT = "1";

    private static final int MAX_BYTES = 64 << 20;

    private static final List<String> DEPENDENCY_FIELDS = List.of(
            "dependencies",
            "optionalDependencies",
            "peerDependencies",
            "peerDependenciesMeta",
            "overrides",
            "bundleDependencies",
            "bundledDependencies");

    /** What the lock file pins of a package, and what decides whether npm leaves it out. */
    private static final List<String> LOCKED_FIELDS =
            List.of("integrity", "optional", "devOptional", "os", "cpu", "libc");

    private DependencyKey() {}

    /**
     * The key of a project, 64 hexadecimal digits; empty where it does not decide all.
     *
     * @param folder the project's, which is the root of no workspace and a member of none
     * @param lockFile the name of npm's lock file there
     * @param madeWith the command line, the tools with their configuration, and the settings of the package, as text
     */
    public static Optional<String> of(Path folder, String lockFile, String madeWith) throws IOException {
        LocalPackages packages = new LocalPackages(folder);
        Map<String, Object> packageJson = json(folder.resolve("package.json"));
        Map<String, Object> locked = Json.map(json(folder.resolve(lockFile)).get("packages"));
        if (packages.folders().size() > 1 || packages.scripts().isPresent() || locked.isEmpty()) {
            return Optional.empty();
        }
        MessageDigest digest = Sha256.sha256();
        add(digest, FORMAT);
        add(digest, madeWith);
        Path ignore = folder.resolve(".lambdaignore");
        add(digest, Files.isRegularFile(ignore) ? Files.readString(ignore, StandardCharsets.ISO_8859_1) : "");
        for (String field : DEPENDENCY_FIELDS) {
            add(digest, field + " " + packageJson.get(field));
        }
        for (Map.Entry<String, Object> entry : locked.entrySet()) {
            Map<String, Object> one = Json.map(entry.getValue());
            if (entry.getKey().isEmpty() || Boolean.TRUE.equals(one.get("dev"))) {
                continue;
            }
            boolean isInAnother = Boolean.TRUE.equals(one.get("inBundle"));
            if (!isInAnother && !(one.get("integrity") instanceof String)) {
                return Optional.empty();
            }
            add(digest, entry.getKey());
            for (String field : LOCKED_FIELDS) {
                add(digest, String.valueOf(one.get(field)));
            }
        }
        return Optional.of(HexFormat.of().formatHex(digest.digest()));
    }

    private static Map<String, Object> json(Path file) throws IOException {
        return Files.isRegularFile(file)
                ? BoundedFile.read(file.toRealPath(), MAX_BYTES)
                        .flatMap(bytes -> Json.object(new String(bytes, StandardCharsets.UTF_8)))
                        .orElse(Map.of())
                : Map.of();
    }

    private static void add(MessageDigest digest, String text) {
        digest.update((text + "\n").getBytes(StandardCharsets.UTF_8));
    }
}
