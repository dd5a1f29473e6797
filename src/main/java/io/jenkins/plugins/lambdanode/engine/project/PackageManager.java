package io.jenkins.plugins.lambdanode.engine.project;

import java.util.Arrays;
import java.util.List;
import java.util.Optional;

/** The tools that install a Node.js project's dependencies, in the order in which their lock files count. */
public enum PackageManager {
    /** A shrinkwrap wins over a package lock (npm documentation, "npm-shrinkwrap.json"). */
    NPM("npm", "npm", "npm-shrinkwrap.json", "package-lock.json"),
    PNPM("pnpm", "pnpm", "pnpm-lock.yaml"),
    YARN("yarn", "Yarn", "yarn.lock"),
    BUN("bun", "Bun", "bun.lock", "bun.lockb");

    private final String program;
    private final String title;
    private final List<String> lockFiles;

    PackageManager(String program, String title, String... lockFiles) {
        this.program = program;
        this.title = title;
        this.lockFiles = List.of(lockFiles);
    }

    /** The program's name, which is also its name in package.json's {@code packageManager} and on the npm registry. */
    public String program() {
        return program;
    }

    /** The name as people write it. */
    public String title() {
        return title;
    }

    /** The names of all lock files, those that count first. */
    public static List<String> allLockFiles() {
        return Arrays.stream(values())
                .flatMap(manager -> manager.lockFiles.stream())
                .toList();
    }

    /** The names of its lock files, those that count first. */
    List<String> lockFiles() {
        return lockFiles;
    }

    static PackageManager ofLockFile(String name) {
        return Arrays.stream(values())
                .filter(manager -> manager.lockFiles.contains(name))
                .findFirst()
                .orElseThrow();
    }

    static Optional<PackageManager> ofProgram(String name) {
        return Arrays.stream(values())
                .filter(manager -> manager.program.equals(name))
                .findFirst();
    }
}
