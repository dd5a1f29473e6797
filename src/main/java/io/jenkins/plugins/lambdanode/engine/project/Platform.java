package io.jenkins.plugins.lambdanode.engine.project;

import java.util.List;
import java.util.Optional;

/**
 * What native code is made for, in the words that npm, pnpm and Bun have for it.
 *
 * @param os as Node.js's {@code process.platform}, such as {@code linux}
 * @param cpu as Node.js's {@code process.arch}, such as {@code x64}
 * @param libc {@code glibc} or {@code musl}; empty where there is no such choice or it is not known
 */
public record Platform(String os, String cpu, String libc) {

    /**
     * The one platform of functions: Lambda's Node.js runtimes have Linux with glibc. Empty where one is not known, or they differ.
     *
     * @param architectures Lambda's names: {@code x86_64}, {@code arm64}; empty for one that is not known
     */
    public static Optional<Platform> ofFunctions(List<String> architectures) {
        List<String> different = architectures.stream().distinct().toList();
        return different.size() == 1 && !different.get(0).isEmpty()
                ? Optional.of(new Platform("linux", different.get(0).equals("arm64") ? "arm64" : "x64", "glibc"))
                : Optional.empty();
    }

    /** From {@link #toString()}'s words. */
    static Platform of(String text) {
        String[] words = (text + "  ").split(" ", -1);
        return new Platform(words[0], words[1], words[2]);
    }

    /** Whether packages for the other can be those for this one. */
    boolean fits(Platform other) {
        return os.equals(other.os)
                && cpu.equals(other.cpu)
                && (libc.isEmpty() || other.libc.isEmpty() || libc.equals(other.libc));
    }

    @Override
    public String toString() {
        return (os + " " + cpu + " " + libc).strip();
    }
}
