package io.jenkins.plugins.lambdanode.engine.project;

import io.jenkins.plugins.lambdanode.engine.base.BoundedFile;
import io.jenkins.plugins.lambdanode.engine.base.Json;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.regex.Pattern;

/** What a lock file says of the packages that production may get, where it pins the content of each of them by a digest. */
final class PinnedPackages {

    private static final int MAX_BYTES = 64 << 20;

    /** What npm's lock file pins of a package, and what decides whether npm leaves it out. */
    private static final List<String> NPM_FIELDS = List.of("integrity", "optional", "devOptional", "os", "cpu", "libc");

    /** What npm's lock file says of a member of the workspace. */
    private static final List<String> NPM_MEMBER_FIELDS =
            List.of("dependencies", "optionalDependencies", "peerDependencies");

    private static final Pattern PNPM_PACKAGE = Pattern.compile("^ {4}resolution:");

    /** The name of a package, at the beginning of what yarn.lock says of it. */
    private static final Pattern YARN_PACKAGE = Pattern.compile("^[^\\s#:].*");

    /** Yarn 1's word, that of Yarn 2 and later, and a member of the workspace. */
    private static final Pattern YARN_PIN =
            Pattern.compile("^ {2}(integrity |checksum: |resolution: \".*@workspace:).*");

    private static final Pattern BUN_PACKAGE = Pattern.compile("^ {4}\"[^\"]+\": \\[.*");

    private static final Pattern BUN_PIN = Pattern.compile(".*(\"sha\\d+-[^\"]+\"|@workspace:[^\"]*\").*");

    private PinnedPackages() {}

    /** What distinguishes one set of packages from another; empty where the lock file does not pin each package. */
    static Optional<List<String>> in(Path root, String lockFile, LocalPackages packages) throws IOException {
        Path file = root.resolve(lockFile);
        switch (PackageManager.ofLockFile(lockFile)) {
            case NPM:
                return inNpms(Json.map(json(file).get("packages")), root.toRealPath(), packages);
            case PNPM:
                return lines(file)
                        .filter(lines -> lines.stream()
                                .allMatch(line -> !line.startsWith("patchedDependencies:")
                                        && (line.contains("integrity: ")
                                                || !PNPM_PACKAGE.matcher(line).find())))
                        .filter(lines -> copiesNothing(lines));
            case YARN:
                return lines(file).filter(PinnedPackages::isPinnedByYarn).filter(lines -> copiesNothing(lines));
            case BUN:
                return lines(file)
                        .filter(lines -> lines.contains("  \"packages\": {")
                                && lines.stream()
                                        .allMatch(line -> !line.contains("\"patchedDependencies\"")
                                                && (BUN_PIN.matcher(line).matches()
                                                        || !BUN_PACKAGE
                                                                .matcher(line)
                                                                .matches())));
            default:
                return Optional.empty();
        }
    }

    private static boolean copiesNothing(List<String> lines) {
        return lines.stream().noneMatch(InstallFingerprint::saysCopied);
    }

    private static Optional<List<String>> inNpms(Map<String, Object> locked, Path root, LocalPackages packages) {
        List<String> lines = new ArrayList<>();
        for (Map.Entry<String, Object> entry : locked.entrySet()) {
            Map<String, Object> one = Json.map(entry.getValue());
            if (entry.getKey().isEmpty() || Boolean.TRUE.equals(one.get("dev"))) {
                continue;
            }
            lines.add(entry.getKey());
            Object folder = Boolean.TRUE.equals(one.get("link")) ? one.get("resolved") : entry.getKey();
            if (packages.folders().contains(root.resolve(String.valueOf(folder)))) {
                NPM_MEMBER_FIELDS.forEach(field -> lines.add(String.valueOf(one.get(field))));
            } else if (Boolean.TRUE.equals(one.get("inBundle")) || one.get("integrity") instanceof String) {
                NPM_FIELDS.forEach(field -> lines.add(String.valueOf(one.get(field))));
            } else {
                return Optional.empty();
            }
        }
        return locked.isEmpty() ? Optional.empty() : Optional.of(lines);
    }

    private static boolean isPinnedByYarn(List<String> lines) {
        boolean pinned = true;
        for (String line : lines) {
            if (YARN_PACKAGE.matcher(line).matches()) {
                if (!pinned) {
                    return false;
                }
                pinned = line.equals("__metadata:");
            } else if (YARN_PIN.matcher(line).matches()) {
                pinned = true;
            }
        }
        return pinned;
    }

    private static Optional<List<String>> lines(Path file) throws IOException {
        return Files.isRegularFile(file)
                ? BoundedFile.read(file.toRealPath(), MAX_BYTES)
                        .map(bytes -> new String(bytes, StandardCharsets.ISO_8859_1)
                                .lines()
                                .toList())
                : Optional.empty();
    }

    static Map<String, Object> json(Path file) throws IOException {
        return BoundedFile.json(file, MAX_BYTES);
    }
}
