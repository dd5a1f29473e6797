package io.jenkins.plugins.lambdanode.engine.pack.select;

import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.Set;

/**
 * What is left out of every package: what can hold a secret ({@code .npmrc}), what a function has no use for (version
 * control, editors, caches) and what packaging itself writes. This is the only place that says so.
 */
public final class DefaultExcludes {
    /** Begins the name of every file that packaging writes, wherever its temporary folder and cache are. */
    public static final String OWN_PREFIX = ".lambda-node-deploy-";

    private static final Set<String> FOLDERS_OR_FILES = Set.of(".git", ".svn", ".hg", ".idea", ".vscode");
    private static final Set<String> FILES = Set.of(".npmrc", ".DS_Store");

    private final List<String> ownPaths = new ArrayList<>();

    /**
     * @param project the project's folder, a real path
     * @param own files and folders that packaging writes to, absolute; those outside the project do not matter
     */
    public DefaultExcludes(Path project, List<Path> own) {
        for (Path path : own) {
            Path normalized = path.toAbsolutePath().normalize();
            if (normalized.startsWith(project) && !normalized.equals(project)) {
                ownPaths.add(project.relativize(normalized).toString().replace(project.getFileSystem().getSeparator(), "/"));
            }
        }
    }

    /**
     * Why a path is left out, looked at by itself: whoever walks a tree has asked for the folders above it before.
     *
     * @param path relative to the project, with {@code /}
     */
    Optional<String> reason(String path) {
        String name = path.substring(path.lastIndexOf('/') + 1);
        if (FOLDERS_OR_FILES.contains(name)) {
            return Optional.of("default exclude " + name + "/");
        }
        if (FILES.contains(name)) {
            return Optional.of("default exclude " + name);
        }
        if (name.endsWith(".swp")) {
            return Optional.of("default exclude *.swp");
        }
        if (name.equals("npm-debug.log") || name.startsWith("npm-debug.log.")) {
            return Optional.of("default exclude npm-debug.log");
        }
        if (path.equals("node_modules/.cache") || path.endsWith("/node_modules/.cache")) {
            return Optional.of("default exclude node_modules/.cache/");
        }
        if (path.equals(LambdaIgnore.FILE_NAME)) {
            return Optional.of("default exclude " + LambdaIgnore.FILE_NAME);
        }
        if (name.startsWith(OWN_PREFIX) || ownPaths.contains(path)) {
            return Optional.of("written by packaging itself");
        }
        return Optional.empty();
    }

    /** Why a path is left out by a rule for itself or for a folder above it. */
    Optional<String> reasonOnTheWay(String path) {
        for (int slash = path.indexOf('/'); slash >= 0; slash = path.indexOf('/', slash + 1)) {
            Optional<String> reason = reason(path.substring(0, slash));
            if (reason.isPresent()) {
                return reason;
            }
        }
        return reason(path);
    }
}
