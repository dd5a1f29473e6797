package io.jenkins.plugins.lambdanode.engine.project;

import io.jenkins.plugins.lambdanode.engine.base.BoundedFile;
import io.jenkins.plugins.lambdanode.engine.base.DeployException;
import io.jenkins.plugins.lambdanode.engine.base.FileErrors;
import io.jenkins.plugins.lambdanode.engine.base.GitFolder;
import io.jenkins.plugins.lambdanode.engine.base.Json;
import java.io.IOException;
import java.io.InputStream;
import java.io.Serializable;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.InvalidPathException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;

/**
 * What the project's folder and those above it hold before anything is done to them. It is looked at where the project is,
 * by the JDK alone; what it means is {@link InstallPlan}'s.
 *
 * @param location the folder, as a person would name it
 * @param folder the project's own folder
 * @param above the folders above it that can be the root of a workspace of npm, pnpm, Yarn or Bun, the nearest first
 * @param hasBindingGyp whether it has a {@code binding.gyp}, for which npm runs {@code node-gyp rebuild}
 */
public record ProjectFolder(String location, Folder folder, List<Folder> above, boolean hasBindingGyp)
        implements Serializable {
    private static final long serialVersionUID = 1L;

    /** The lock file of Yarn 2 and later begins with a comment and its {@code __metadata}. */
    private static final int YARN_LOCK_HEAD_BYTES = 1024;

    /** How many folders are looked at above the project. */
    private static final int MAX_FOLDERS_ABOVE = 40;

    private static final String PNPM_WORKSPACE = "pnpm-workspace.yaml";

    /**
     * A folder that has a package.json, or a file that says what belongs to a workspace.
     *
     * @param path its absolute path
     * @param packageJson the text of package.json; empty where there is none
     * @param pnpmWorkspace the text of pnpm-workspace.yaml; empty where there is none
     * @param lockFiles the names of its lock files, those that count first
     * @param hasYarnClassicLock whether it has a yarn.lock of Yarn 1
     * @param copiesFolders whether npm's lock file says that a {@code file:} folder is copied, as {@code --install-links} does
     */
    public record Folder(
            String path,
            String packageJson,
            String pnpmWorkspace,
            List<String> lockFiles,
            boolean hasYarnClassicLock,
            boolean copiesFolders)
            implements Serializable {
        private static final long serialVersionUID = 1L;

        public Folder {
            lockFiles = List.copyOf(lockFiles);
        }
    }

    public ProjectFolder {
        above = List.copyOf(above);
    }

    /**
     * Looks at a project's folder, and up from there to the root of its repository.
     *
     * @param limit no folder outside this one is looked at
     * @throws DeployException if it is not a folder, or its package.json is not one that can be read
     */
    public static ProjectFolder of(Path project, Path limit) throws IOException {
        FileErrors.requireProject(project);
        Path packageJson = project.resolve("package.json");
        if (Files.isRegularFile(packageJson)) {
            if (!isInside(project, packageJson)) {
                throw new DeployException(packageJson + " is a link to " + packageJson.toRealPath()
                        + ", out of the project's folder. Copy the file into the project.");
            }
            if (Files.size(packageJson) > BoundedFile.MAX_PACKAGE_JSON_BYTES) {
                throw new DeployException(packageJson + " has " + Files.size(packageJson)
                        + " bytes, which is no package.json that npm could use. Restore it from version control.");
            }
        }
        return new ProjectFolder(
                project.toString(),
                look(project.toRealPath()),
                above(project.toRealPath(), limit.toRealPath()),
                Files.isRegularFile(project.resolve("binding.gyp")));
    }

    private static List<Folder> above(Path project, Path limit) throws IOException {
        List<Folder> found = new ArrayList<>();
        Path folder = project;
        for (int i = 0; i < MAX_FOLDERS_ABOVE && !folder.equals(limit) && !GitFolder.isTop(folder); i++) {
            folder = folder.getParent();
            if (folder == null || !Files.isReadable(folder)) {
                break;
            }
            Folder seen = look(folder);
            if (!seen.packageJson().isEmpty() || !seen.pnpmWorkspace().isEmpty()) {
                found.add(seen);
            }
        }
        return found;
    }

    private static Folder look(Path folder) throws IOException {
        List<String> lockFiles = PackageManager.allLockFiles().stream()
                .filter(name -> Files.isRegularFile(folder.resolve(name)))
                .toList();
        return new Folder(
                folder.toString(),
                text(folder, "package.json"),
                text(folder, PNPM_WORKSPACE),
                lockFiles,
                lockFiles.contains("yarn.lock")
                        && !head(folder.resolve("yarn.lock")).contains("__metadata:"),
                copiesFolders(folder, lockFiles));
    }

    private static boolean copiesFolders(Path folder, List<String> lockFiles) throws IOException {
        if (lockFiles.isEmpty() || PackageManager.ofLockFile(lockFiles.get(0)) != PackageManager.NPM) {
            return false;
        }
        for (String resolved : JsonText.after(folder.resolve(lockFiles.get(0)), List.of("\"resolved\":\"file:"))) {
            try {
                if (Files.isDirectory(folder.resolve(resolved))) {
                    return true;
                }
            } catch (InvalidPathException e) {
                return false;
            }
        }
        return false;
    }

    /** Empty where there is none that can be used. */
    private static String text(Path folder, String name) throws IOException {
        Path file = folder.resolve(name);
        boolean usable = Files.isRegularFile(file)
                && Files.isReadable(file)
                && Files.size(file) <= BoundedFile.MAX_PACKAGE_JSON_BYTES
                && isInside(folder, file);
        return usable ? Json.withoutByteOrderMark(new String(Files.readAllBytes(file), StandardCharsets.UTF_8)) : "";
    }

    private static boolean isInside(Path folder, Path file) throws IOException {
        return file.toRealPath().startsWith(folder.toRealPath());
    }

    private static String head(Path file) throws IOException {
        try (InputStream in = Files.newInputStream(file)) {
            return new String(in.readNBytes(YARN_LOCK_HEAD_BYTES), StandardCharsets.ISO_8859_1);
        }
    }

    public boolean hasPackageJson() {
        return !folder.packageJson().isEmpty();
    }
}
