package io.jenkins.plugins.lambdanode.engine.project;

import io.jenkins.plugins.lambdanode.engine.base.DeployException;
import java.io.IOException;
import java.io.Serializable;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;

/**
 * What the project's folder holds before anything is done to it.
 *
 * @param location the folder, as a person would name it
 * @param packageJson the text of {@code package.json}; empty where there is none
 * @param lockFile {@code npm-shrinkwrap.json} or {@code package-lock.json}, whichever npm uses; empty where there is none
 */
public record ProjectFolder(String location, String packageJson, String lockFile) implements Serializable {
    private static final long serialVersionUID = 1L;

    /** A package.json is a few kilobytes; one larger than this, in bytes, is not one that npm could use. */
    private static final long MAX_PACKAGE_JSON_BYTES = 4L << 20;

    /** npm's own order: a shrinkwrap wins over a package lock (npm documentation, "npm-shrinkwrap.json"). */
    private static final List<String> LOCK_FILES = List.of("npm-shrinkwrap.json", "package-lock.json");

    /**
     * Looks at a project's folder.
     *
     * @throws DeployException if it is not a folder, or its package.json is not one that can be read
     */
    public static ProjectFolder of(Path project) throws IOException {
        if (!Files.isDirectory(project)) {
            throw new DeployException("There is no folder " + project
                    + ". Name the folder with the function's code (dir), relative to the workspace.");
        }
        Path packageJson = project.resolve("package.json");
        String text = "";
        if (Files.isRegularFile(packageJson)) {
            if (!packageJson.toRealPath().startsWith(project.toRealPath())) {
                throw new DeployException(packageJson + " is a link to " + packageJson.toRealPath()
                        + ", out of the project's folder. Copy the file into the project.");
            }
            if (Files.size(packageJson) > MAX_PACKAGE_JSON_BYTES) {
                throw new DeployException(packageJson + " has " + Files.size(packageJson)
                        + " bytes, which is no package.json that npm could use. Restore it from version control.");
            }
            text = withoutByteOrderMark(new String(Files.readAllBytes(packageJson), StandardCharsets.UTF_8));
        }
        String lockFile = LOCK_FILES.stream()
                .filter(name -> Files.isRegularFile(project.resolve(name)))
                .findFirst()
                .orElse("");
        return new ProjectFolder(project.toString(), text, lockFile);
    }

    /** Editors on Windows write one; npm passes over it. */
    private static String withoutByteOrderMark(String text) {
        return text.startsWith("\uFEFF") ? text.substring(1) : text;
    }

    public boolean hasPackageJson() {
        return !packageJson.isEmpty();
    }

    public boolean hasLockFile() {
        return !lockFile.isEmpty();
    }
}
