package io.jenkins.plugins.lambdanode.engine.project;

import io.jenkins.plugins.lambdanode.engine.base.BoundedFile;
import io.jenkins.plugins.lambdanode.engine.base.Json;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.DirectoryStream;
import java.nio.file.Files;
import java.nio.file.LinkOption;
import java.nio.file.Path;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Deque;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.TreeSet;

/** The packages of a repository that one install covers: the folder that it runs in, its workspace's members, and what they link to. */
final class LocalPackages {

    /** Scripts that an install runs for a package of the repository (npm documentation, "scripts"; pnpm documentation, the same). */
    static final List<String> LIFECYCLE_SCRIPTS = List.of(
            "preinstall",
            "install",
            "postinstall",
            "prepublish",
            "preprepare",
            "prepare",
            "postprepare",
            "predependencies",
            "dependencies",
            "postdependencies",
            "pnpm:devPreinstall");

    private final Path root;
    private final Set<Path> folders = new TreeSet<>();

    LocalPackages(Path root) throws IOException {
        this.root = root.toRealPath();
        List<String> patterns = new ArrayList<>(WorkspaceMembers.inPackageJson(packageJson(this.root)));
        Path pnpm = this.root.resolve("pnpm-workspace.yaml");
        if (Files.isRegularFile(pnpm)) {
            patterns.addAll(WorkspaceMembers.inPnpmWorkspace(
                    BoundedFile.read(pnpm.toRealPath(), BoundedFile.MAX_PACKAGE_JSON_BYTES)
                            .map(bytes -> new String(bytes, StandardCharsets.UTF_8))
                            .orElse("")));
        }
        Deque<Path> open = new ArrayDeque<>(List.of(this.root));
        open.addAll(WorkspaceMembers.find(patterns, this.root));
        while (!open.isEmpty()) {
            Path folder = open.remove();
            if (folders.add(folder)) {
                addLinks(folder.resolve("node_modules"), open);
            }
        }
    }

    /** Real paths, in a fixed order. */
    Set<Path> folders() {
        return folders;
    }

    /** The first of them for which an install runs a script, such as {@code packages/a (prepare)}; empty where none has any. */
    Optional<String> scripts() throws IOException {
        for (Path folder : folders) {
            Map<String, Object> scripts = Json.map(packageJson(folder).get("scripts"));
            Optional<String> script = Files.isRegularFile(folder.resolve("binding.gyp"))
                    ? Optional.of("binding.gyp")
                    : LIFECYCLE_SCRIPTS.stream().filter(scripts::containsKey).findFirst();
            if (script.isPresent()) {
                return Optional.of((folder.equals(root) ? "the project" : String.valueOf(root.relativize(folder)))
                        + " has install scripts of its own (" + script.get() + "), which can go by anything");
            }
        }
        return Optional.empty();
    }

    private void addLinks(Path folder, Deque<Path> found) throws IOException {
        if (!Files.isDirectory(folder, LinkOption.NOFOLLOW_LINKS)) {
            return;
        }
        try (DirectoryStream<Path> entries = Files.newDirectoryStream(folder)) {
            for (Path entry : entries) {
                String name = String.valueOf(entry.getFileName());
                if (Files.isSymbolicLink(entry)) {
                    Path target = Files.isDirectory(entry) ? entry.toRealPath() : entry;
                    if (!isInstalled(target)) {
                        found.add(target);
                    }
                } else if (name.startsWith("@")) {
                    addLinks(entry, found);
                }
            }
        }
    }

    /** Whether it is in a node_modules of the repository, as what pnpm's links lead to is. */
    private boolean isInstalled(Path target) {
        Path inside = target.startsWith(root) ? root.relativize(target) : target;
        for (Path name : inside) {
            if (String.valueOf(name).equals("node_modules")) {
                return true;
            }
        }
        return false;
    }

    private static Map<String, Object> packageJson(Path folder) throws IOException {
        return BoundedFile.json(folder.resolve("package.json"), BoundedFile.MAX_PACKAGE_JSON_BYTES);
    }
}
