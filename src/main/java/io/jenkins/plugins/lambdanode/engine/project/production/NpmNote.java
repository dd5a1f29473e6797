package io.jenkins.plugins.lambdanode.engine.project.production;

import io.jenkins.plugins.lambdanode.engine.base.BoundedFile;
import io.jenkins.plugins.lambdanode.engine.base.Json;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Map;

/**
 * What npm (7 and later) notes of the packages that it has installed in a project's folder, in {@code node_modules/.package-lock.json}:
 * of each {@code package.json} the fields that an install goes by, and whether production needs it. To read it is far cheaper than to
 * read them all. Where another tool has installed, there is none that counts.
 */
public final class NpmNote {
    private static final int MAX_BYTES = 64 << 20;

    private final Path project;
    private final Map<String, Object> packages;

    private NpmNote(Path project, Map<String, Object> packages) {
        this.project = project;
        this.packages = packages;
    }

    /** @param project a real path */
    public static NpmNote of(Path project) throws IOException {
        Path modules = project.resolve(InstalledPackage.NODE_MODULES);
        boolean byAnother = Files.exists(modules.resolve(".yarn-integrity")) || Files.exists(modules.resolve(".pnpm"));
        return new NpmNote(
                project,
                byAnother
                        ? Map.of()
                        : Json.map(BoundedFile.json(modules.resolve(".package-lock.json"), MAX_BYTES)
                                .get("packages")));
    }

    boolean isEmpty() {
        return packages.isEmpty();
    }

    /** By their paths in the project's folder, with {@code /}. */
    Map<String, Object> packages() {
        return packages;
    }

    /**
     * What it says of a package in a node_modules; no fields where npm has not installed it.
     *
     * @param folder the package's, a real path
     */
    public Map<String, Object> manifest(Path folder) {
        if (packages.isEmpty() || !folder.startsWith(project)) {
            return Map.of();
        }
        String path = project.relativize(folder)
                .toString()
                .replace(folder.getFileSystem().getSeparator(), "/");
        return path.contains(InstalledPackage.NODE_MODULES + "/") ? Json.map(packages.get(path)) : Map.of();
    }

    static boolean isTrue(Object installed, String field) {
        return Boolean.TRUE.equals(Json.map(installed).get(field));
    }
}
