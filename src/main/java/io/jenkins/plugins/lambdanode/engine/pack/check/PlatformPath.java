package io.jenkins.plugins.lambdanode.engine.pack.check;

import java.util.HashSet;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Set;

/**
 * The platform in the name of a prebuilt file or package, such as {@code prebuilds/darwin-arm64/x.node} or
 * {@code @img/sharp-linuxmusl-x64}: the words that Node.js, Rust and Go use for systems, processors and C libraries.
 */
final class PlatformPath {
    private static final Map<String, String> SYSTEMS = Map.ofEntries(
            Map.entry("linux", "linux"),
            Map.entry("linuxmusl", "linux"),
            Map.entry("linuxglibc", "linux"),
            Map.entry("darwin", "macOS"),
            Map.entry("macos", "macOS"),
            Map.entry("osx", "macOS"),
            Map.entry("apple", "macOS"),
            Map.entry("win32", "Windows"),
            Map.entry("windows", "Windows"),
            Map.entry("msvc", "Windows"),
            Map.entry("android", "Android"),
            Map.entry("androideabi", "Android"),
            Map.entry("ios", "iOS"),
            Map.entry("freebsd", "FreeBSD"),
            Map.entry("netbsd", "NetBSD"),
            Map.entry("openbsd", "OpenBSD"),
            Map.entry("sunos", "SunOS"),
            Map.entry("aix", "AIX"),
            Map.entry("openharmony", "OpenHarmony"));

    private static final Map<String, String> PROCESSORS = Map.ofEntries(
            Map.entry("x64", "x86_64"),
            Map.entry("x86_64", "x86_64"),
            Map.entry("amd64", "x86_64"),
            Map.entry("arm64", "arm64"),
            Map.entry("aarch64", "arm64"),
            Map.entry("ia32", "x86"),
            Map.entry("x86", "x86"),
            Map.entry("386", "x86"),
            Map.entry("arm", "arm"),
            Map.entry("armv6", "arm"),
            Map.entry("armv7", "arm"),
            Map.entry("armv7l", "arm"),
            Map.entry("armhf", "arm"),
            Map.entry("ppc64", "ppc64"),
            Map.entry("ppc64le", "ppc64"),
            Map.entry("s390x", "s390x"),
            Map.entry("riscv64", "riscv64"),
            Map.entry("loong64", "loong64"),
            Map.entry("mips64el", "mips64el"),
            Map.entry("universal", "universal"));

    private final Set<String> systems = new HashSet<>();
    private final Set<String> processors = new HashSet<>();
    private boolean musl;

    /** @param path a path, or a package's name */
    PlatformPath(String path) {
        List<String> words =
                List.of(path.toLowerCase(Locale.ROOT).replace("x86_64", "x64").split("[^a-z0-9]+"));
        for (String word : words) {
            if (SYSTEMS.containsKey(word)) {
                systems.add(SYSTEMS.get(word));
            }
            if (PROCESSORS.containsKey(word)) {
                processors.add(PROCESSORS.get(word));
            }
            musl |= word.contains("musl");
        }
    }

    /** Whether it names a system and a processor. */
    boolean isComplete() {
        return !systems.isEmpty() && !processors.isEmpty();
    }

    /** Whether it names the platform of a function: Linux with glibc on its architecture. */
    boolean isFor(String architecture) {
        return isComplete() && systems.contains("linux") && processors.contains(architecture) && !musl;
    }

    /** Whether what it names is not the platform of a function. */
    static boolean isForAnother(String path, String architecture) {
        PlatformPath named = new PlatformPath(path);
        return named.musl
                || !named.systems.isEmpty() && !named.systems.contains("linux")
                || !named.processors.isEmpty() && !architecture.isEmpty() && !named.processors.contains(architecture);
    }

    /** For instance {@code macOS arm64}. */
    String display() {
        return String.join("/", systems) + (musl ? " with musl " : " ") + String.join("/", processors);
    }
}
