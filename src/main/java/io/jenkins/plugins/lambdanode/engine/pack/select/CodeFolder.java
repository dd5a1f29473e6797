package io.jenkins.plugins.lambdanode.engine.pack.select;

import io.jenkins.plugins.lambdanode.engine.base.BoundedFile;
import io.jenkins.plugins.lambdanode.engine.base.DeployException;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.InvalidPathException;
import java.nio.file.LinkOption;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Optional;

/**
 * Where a project's code is: in its own folder, or in one of it that a build has made ({@code codeDir}). What is in the code's
 * folder is the package's top. The project's node_modules goes in beside it, and the package.json that Node.js reads for the code
 * where that says something; unless the code's folder has its own.
 */
public final class CodeFolder {
    private static final String PACKAGE_JSON = "package.json";
    private static final String MODULES = "node_modules";

    /** What Node.js reads of the nearest package.json for each module (Node.js documentation, "Determining module system"). */
    private static final List<String> READ_BY_NODE = List.of("type", "imports");

    private final Path project;
    private final Path folder;
    private final List<Path> beside;
    private final boolean takesModules;

    private CodeFolder(Path project, Path folder) throws IOException {
        this.project = project;
        this.folder = folder;
        this.beside = new ArrayList<>();
        this.takesModules = isApart() && Files.notExists(folder.resolve(MODULES), LinkOption.NOFOLLOW_LINKS);
        if (takesModules && Files.exists(project.resolve(MODULES), LinkOption.NOFOLLOW_LINKS)) {
            beside.add(project.resolve(MODULES));
        }
        packageJson().ifPresent(beside::add);
    }

    /**
     * @param project the project's folder, a real path
     * @param codeDir relative to it; empty for the project's folder itself
     * @throws DeployException if it is not a folder in the project's
     */
    public static CodeFolder of(Path project, String codeDir) throws IOException {
        Path folder;
        try {
            folder = project.resolve(codeDir);
        } catch (InvalidPathException e) {
            throw missing(codeDir, project);
        }
        if (!Files.isDirectory(folder)) {
            throw missing(codeDir, project);
        }
        Path real = folder.toRealPath();
        if (!real.startsWith(project)) {
            throw new DeployException("The folder " + codeDir + " (codeDir) is a link to " + real
                    + ", out of the project's folder, and a package holds nothing from outside it. Let the build write into the"
                    + " project, or choose a dir that holds both.");
        }
        return new CodeFolder(project, real);
    }

    private static DeployException missing(String codeDir, Path project) {
        return new DeployException("There is no folder " + codeDir + " (codeDir) in " + project
                + ". A build makes it: set build to its command line, such as 'npm run build', and check where that writes to, such"
                + " as outDir in tsconfig.json.");
    }

    /** The package.json that counts for the code, where it is not in its folder and says something for it. */
    private Optional<Path> packageJson() throws IOException {
        for (Path at = folder; isApart() && at != null && at.startsWith(project); at = at.getParent()) {
            Path file = at.resolve(PACKAGE_JSON);
            if (Files.exists(file)) {
                return !at.equals(folder) && isReadByNode(file) ? Optional.of(file) : Optional.empty();
            }
        }
        return Optional.empty();
    }

    private static boolean isReadByNode(Path packageJson) throws IOException {
        Map<String, Object> fields = BoundedFile.json(packageJson, BoundedFile.MAX_PACKAGE_JSON_BYTES);
        return READ_BY_NODE.stream().anyMatch(fields::containsKey);
    }

    public Path project() {
        return project;
    }

    /** A real path. */
    public Path folder() {
        return folder;
    }

    /** Whether it is not the project's folder itself. */
    public boolean isApart() {
        return !folder.equals(project);
    }

    /** Whether the packages that production needs of the project's go in; the code's folder can have its own. */
    public boolean takesPackages() {
        return !isApart() || takesModules;
    }

    /** Files and folders of the project's that go to the package's top besides. */
    List<Path> beside() {
        return beside;
    }

    /** Whether an entry of the package is of the code's folder. */
    public boolean isCode(String name) {
        return beside.stream()
                .map(path -> String.valueOf(path.getFileName()))
                .noneMatch(added -> name.equals(added) || name.startsWith(added + "/"));
    }

    /** The folder with the same place in the package as in the project that a path is in: the code's, or node_modules. */
    Path partOf(Path path) {
        Path modules = project.resolve(MODULES);
        return takesModules && path.startsWith(modules) ? modules : folder;
    }

    /** Whether what is at a real path goes in where it is. */
    boolean holds(Path real) {
        return real.startsWith(partOf(real));
    }

    /** The path in the package, with {@code /}, of what is at a real path; in the project, of what goes in nowhere. */
    String nameOf(Path real) {
        boolean isInModules = takesModules && real.startsWith(project.resolve(MODULES));
        Path from = real.startsWith(folder) && !isInModules ? folder : project;
        return from.relativize(real).toString().replace(real.getFileSystem().getSeparator(), "/");
    }
}
