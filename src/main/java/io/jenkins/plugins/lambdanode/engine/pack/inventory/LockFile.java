package io.jenkins.plugins.lambdanode.engine.pack.inventory;

import io.jenkins.plugins.lambdanode.engine.base.BoundedFile;
import io.jenkins.plugins.lambdanode.engine.base.Json;
import io.jenkins.plugins.lambdanode.engine.base.Sha256;
import io.jenkins.plugins.lambdanode.engine.pack.select.NpmPackage;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.HashMap;
import java.util.HashSet;
import java.util.HexFormat;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/**
 * What a lock file says of where packages come from, whichever tool's it is: npm's, pnpm's, Yarn 1's and Bun's have the integrity of what the
 * registry has. Yarn 2 and later have that of Yarn's own archives, which is of no use to others, and Bun's older one is no text.
 */
final class LockFile {
    private static final int MAX_BYTES = 64 << 20;

    /** {@code /@scope/name@1.0.0(peer@2.0.0):} and the {@code resolution} on the next line. */
    private static final Pattern PNPM = Pattern.compile(
            "(?m)^ {2}'?/?(@?[^@'\\s]+)@([^:'()\\s]+)(?:\\([^']*\\))?'?:\\s*\\n {4}resolution: \\{[^}\\n]*?integrity: ([^,}\\s]+)");

    /** {@code name@range, name@range:} and the indented lines below it. */
    private static final Pattern YARN = Pattern.compile(
            "(?m)^\"?(@?[^@\"\\s]+)@([^\\n]*):\\n {2}version \"([^\"\\n]+)\"\\n(?: {2}resolved \"([^\"\\n]*)\"\\n)?(?: {2}integrity (\\S+))?");

    private static final Pattern YARN_ALIAS = Pattern.compile("npm:(@?[^@\",\\s]+)");

    /** {@code "name": ["name@1.0.0", "", {...}, "sha512-..."]}, a line each. */
    private static final Pattern BUN =
            Pattern.compile("(?m)^ +\"[^\"\\n]+\": \\[\"(@?[^@\"\\n]+)@([^\"\\n]+)\",.*\"(sha\\d+-[^\"\\n]+)\"\\],?$");

    /** A folder or file of the repository, which pnpm, Yarn and Bun name so, and copy. */
    private static final Pattern LOCAL = Pattern.compile("(@?[^@\"',\\s]+)@(?:file|link|portal):");

    private final Map<String, Origin> packages = new HashMap<>();
    private final Set<String> local = new HashSet<>();

    /** Where a package comes from; empty texts where the lock file does not say. */
    record Origin(String integrity, String source) {
        static final Origin UNKNOWN = new Origin("", "");
    }

    private LockFile() {}

    /** @param file empty for none; one that can't be read says nothing */
    static LockFile of(Optional<Path> file) throws IOException {
        LockFile lock = new LockFile();
        if (file.isPresent()) {
            String text = BoundedFile.read(file.get().toRealPath(), MAX_BYTES)
                    .map(bytes -> new String(bytes, StandardCharsets.UTF_8).replace("\r\n", "\n"))
                    .orElse("");
            LOCAL.matcher(text).results().forEach(found -> lock.local.add(found.group(1)));
            String name = String.valueOf(file.get().getFileName());
            if (name.endsWith(".json")) {
                lock.readNpm(Json.object(text).orElse(Map.of()));
            } else if (name.equals("pnpm-lock.yaml")) {
                lock.read(PNPM.matcher(text));
            } else if (name.equals("yarn.lock")) {
                lock.readYarn(YARN.matcher(text));
            } else {
                lock.read(BUN.matcher(text));
            }
        }
        return lock;
    }

    /** The SHA-256 of a file, in hexadecimal. */
    static String sha256(Path file) throws IOException {
        return HexFormat.of().formatHex(Sha256.sha256().digest(Files.readAllBytes(file)));
    }

    /** Whether a package is of the repository, and of no registry. */
    boolean isLocal(String name, String version) {
        return local.contains(name) && origin(name, version).equals(Origin.UNKNOWN);
    }

    Origin origin(String name, String version) {
        return packages.getOrDefault(name + "@" + version, Origin.UNKNOWN);
    }

    private void readNpm(Map<String, Object> json) {
        Json.map(json.get("packages")).forEach((path, entry) -> {
            int name = path.lastIndexOf(NpmPackage.NODE_MODULES);
            if (name >= 0) {
                addNpm(path.substring(name + NpmPackage.NODE_MODULES.length()), Json.map(entry));
            }
        });
        if (!json.containsKey("packages")) {
            readNpm6(Json.map(json.get("dependencies")));
        }
    }

    private void readNpm6(Map<String, Object> dependencies) {
        dependencies.forEach((name, entry) -> {
            addNpm(name, Json.map(entry));
            readNpm6(Json.map(Json.map(entry).get("dependencies")));
        });
    }

    private void addNpm(String name, Map<String, Object> entry) {
        packages.put(
                text(entry, "name", name) + "@" + text(entry, "version", ""),
                new Origin(text(entry, "integrity", ""), text(entry, "resolved", "")));
    }

    static String text(Map<String, Object> fields, String name, String other) {
        return fields.get(name) instanceof String text ? text : other;
    }

    private void read(Matcher entries) {
        while (entries.find()) {
            packages.put(entries.group(1) + "@" + entries.group(2), new Origin(entries.group(3), ""));
        }
    }

    private void readYarn(Matcher entries) {
        while (entries.find()) {
            Matcher alias = YARN_ALIAS.matcher(entries.group(2));
            String name = alias.lookingAt() ? alias.group(1) : entries.group(1);
            packages.put(
                    name + "@" + entries.group(3),
                    new Origin(
                            entries.group(5) == null ? "" : entries.group(5),
                            entries.group(4) == null ? "" : entries.group(4)));
        }
    }
}
