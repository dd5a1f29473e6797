package io.jenkins.plugins.lambdanode.engine.project.production;

import io.jenkins.plugins.lambdanode.engine.base.BoundedFile;
import io.jenkins.plugins.lambdanode.engine.base.GitFolder;
import io.jenkins.plugins.lambdanode.engine.base.Json;
import java.io.IOException;
import java.nio.file.DirectoryStream;
import java.nio.file.FileVisitResult;
import java.nio.file.Files;
import java.nio.file.LinkOption;
import java.nio.file.Path;
import java.nio.file.SimpleFileVisitor;
import java.nio.file.attribute.BasicFileAttributes;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.TreeMap;
import java.util.TreeSet;

/**
 * The packages that are installed for a project, as Node.js finds them: in node_modules of the folder that asks and of each above
 * it, by real paths (Node.js documentation, "Loading from node_modules folders"), up to the root of the repository or, where there is
 * no repository, of the outermost workspace.
 */
final class PackageTree {
    private static final String PRISMA_CLIENT = "@prisma/client";

    private final InstalledPackage project;
    private final NpmNote note;
    private final Map<Path, Map<String, Object>> packageJsons = new HashMap<>();
    private final Map<Path, Path> roots = new HashMap<>();
    private final Optional<FunctionPlatform> platform;
    private final Set<InstalledPackage> forOtherPlatforms = new HashSet<>();

    /**
     * @param project the project's folder, a real path
     * @param note what npm notes of it
     * @param platform where the packages are to run; empty where that is not known
     */
    PackageTree(Path project, NpmNote note, Optional<FunctionPlatform> platform) {
        this.note = note;
        this.project = new InstalledPackage(project, InstalledPackage.Kind.LOCAL, project);
        this.platform = platform;
    }

    InstalledPackage project() {
        return project;
    }

    /** The package in a folder, a real path. */
    InstalledPackage at(Path folder) {
        return folder.equals(project.folder()) ? project : InstalledPackage.at(folder);
    }

    /** What a package needs where it runs: each name that it declares, with what it finds by it; without what it does not find. */
    Map<String, InstalledPackage> needs(InstalledPackage from) throws IOException {
        Map<String, InstalledPackage> needs = find(from, productionNames(from));
        addGenerated(from, needs);
        addPrismaClients(from, needs);
        if (from.isStored()) {
            addLinks(from.unit().resolve(InstalledPackage.NODE_MODULES), needs);
            addLinks(from.folder().resolve(InstalledPackage.NODE_MODULES), needs);
        }
        if (platform.isPresent()) {
            Set<InstalledPackage> others = forOthers(from, needs);
            needs.values().removeAll(others);
            forOtherPlatforms.addAll(others);
        }
        return needs;
    }

    /**
     * Of the packages for one platform each that a package names, those that the function cannot load, where one that it can is there: a
     * build has needed them, or an earlier install has left them. Where none is there, the others tell what went wrong.
     */
    private Set<InstalledPackage> forOthers(InstalledPackage from, Map<String, InstalledPackage> needs)
            throws IOException {
        Set<InstalledPackage> others = new HashSet<>();
        boolean isThere = false;
        for (String name : names(from, "optionalDependencies")) {
            InstalledPackage needed = needs.get(name);
            if (needed != null && isForSome(needed.folder())) {
                if (fits(needed.folder())) {
                    isThere = true;
                } else {
                    others.add(needed);
                }
            }
        }
        return isThere ? others : Set.of();
    }

    /** What {@link #needs} has passed over so far. */
    Set<InstalledPackage> forOtherPlatforms() {
        return forOtherPlatforms;
    }

    /** The dependencies of a package that it does not find. */
    Set<String> notFound(InstalledPackage from) throws IOException {
        Set<String> names = names(from, "dependencies");
        names.removeAll(names(from, "optionalDependencies"));
        names.removeAll(needs(from).keySet());
        return names;
    }

    /** What else is installed for the development of a package. */
    Map<String, InstalledPackage> developmentNeeds(InstalledPackage from) throws IOException {
        return from.isLocal() ? find(from, names(from, "devDependencies")) : Map.of();
    }

    /** npm leaves a peer dependency of the project out of production where it is a development dependency as well. */
    private Set<String> productionNames(InstalledPackage from) throws IOException {
        Set<String> names = names(from, "peerDependencies");
        if (from.equals(project)) {
            names.removeAll(names(from, "devDependencies"));
        }
        names.addAll(names(from, "dependencies"));
        names.addAll(names(from, "optionalDependencies"));
        return names;
    }

    private Set<String> names(InstalledPackage from, String field) throws IOException {
        return new TreeSet<>(Json.map(packageJson(from.folder()).get(field)).keySet());
    }

    private Map<String, InstalledPackage> find(InstalledPackage from, Set<String> names) throws IOException {
        Map<String, InstalledPackage> found = new TreeMap<>();
        for (String name : names) {
            if (isName(name)) {
                resolve(from.folder(), name).ifPresent(target -> found.put(name, target));
            }
        }
        return found;
    }

    /** Whether a name can be a folder in node_modules and nothing else. */
    private static boolean isName(String name) {
        return name.matches("(@[^/\\\\.][^/\\\\]*/)?[^/\\\\.@][^/\\\\]*");
    }

    private Optional<InstalledPackage> resolve(Path from, String name) throws IOException {
        Path root = rootOf(from);
        for (Path folder = from; folder != null; folder = folder.getParent()) {
            Path candidate = folder.resolve(InstalledPackage.NODE_MODULES).resolve(name);
            if (!InstalledPackage.nameOf(folder).equals(InstalledPackage.NODE_MODULES)
                    && Files.isDirectory(candidate)) {
                return Optional.of(at(candidate.toRealPath()));
            }
            if (folder.equals(root)) {
                break;
            }
        }
        return Optional.empty();
    }

    /** What {@code prisma generate} puts beside the package that loads it, and no package.json names. In a store it is in the package's entry. */
    private void addGenerated(InstalledPackage from, Map<String, InstalledPackage> needs) {
        Path generated = from.folder().resolve("../../.prisma").normalize();
        if (from.folder().endsWith("node_modules/" + PRISMA_CLIENT)
                && !from.isStored()
                && Files.isDirectory(generated)) {
            needs.put(InstalledPackage.nameOf(generated), at(generated));
        }
    }

    /** Clients that {@code prisma generate} puts into a node_modules by {@code output}: with a package.json of Prisma's, which no other names. */
    private void addPrismaClients(InstalledPackage from, Map<String, InstalledPackage> needs) throws IOException {
        if (!from.isLocal() || !needs.containsKey(PRISMA_CLIENT)) {
            return;
        }
        Path root = rootOf(from.folder());
        for (Path folder = from.folder(); folder != null; folder = folder.equals(root) ? null : folder.getParent()) {
            for (Map.Entry<String, Path> entry :
                    entries(folder.resolve(InstalledPackage.NODE_MODULES)).entrySet()) {
                Path client = entry.getValue();
                if (Files.isDirectory(client, LinkOption.NOFOLLOW_LINKS)
                        && String.valueOf(packageJson(client).get("name")).matches("prisma-client-[0-9a-f]{64}")) {
                    needs.putIfAbsent(entry.getKey(), at(client));
                }
            }
        }
    }

    private void addLinks(Path modules, Map<String, InstalledPackage> needs) throws IOException {
        for (Map.Entry<String, Path> entry : entries(modules).entrySet()) {
            if (Files.isSymbolicLink(entry.getValue()) && Files.isDirectory(entry.getValue())) {
                needs.putIfAbsent(entry.getKey(), at(entry.getValue().toRealPath()));
            }
        }
    }

    /** The packages in a node_modules, folders and links, by their names; what begins with a dot is none. */
    static Map<String, Path> entries(Path modules) throws IOException {
        Map<String, Path> entries = new TreeMap<>();
        if (Files.isDirectory(modules, LinkOption.NOFOLLOW_LINKS)) {
            addEntries(modules, "", entries);
        }
        return entries;
    }

    private static void addEntries(Path folder, String scope, Map<String, Path> entries) throws IOException {
        try (DirectoryStream<Path> children = Files.newDirectoryStream(folder)) {
            for (Path child : children) {
                String name = InstalledPackage.nameOf(child);
                if (scope.isEmpty() && name.startsWith("@")) {
                    if (Files.isDirectory(child)) {
                        addEntries(child, name + "/", entries);
                    }
                } else if (!name.startsWith(".")) {
                    entries.put(scope + name, child);
                }
            }
        }
    }

    /** What is linked in node_modules of a folder and of those above it, by real paths. */
    Set<Path> linkedAbove(Path from) throws IOException {
        Set<Path> linked = new HashSet<>();
        Path root = rootOf(from);
        for (Path folder = from; folder != null; folder = folder.equals(root) ? null : folder.getParent()) {
            linked.addAll(links(folder.resolve(InstalledPackage.NODE_MODULES)));
        }
        return linked;
    }

    private static List<Path> links(Path modules) throws IOException {
        List<Path> links = new ArrayList<>();
        for (Path entry : entries(modules).values()) {
            if (Files.isSymbolicLink(entry) && Files.isDirectory(entry)) {
                links.add(entry.toRealPath());
            }
        }
        return links;
    }

    private Path rootOf(Path folder) throws IOException {
        Path owner = folder;
        Path at = folder;
        for (Path above = at.getParent(); above != null; above = at.getParent()) {
            if (InstalledPackage.nameOf(at).equals(InstalledPackage.NODE_MODULES)) {
                owner = above;
            }
            at = above;
        }
        Path root = roots.get(owner);
        if (root == null) {
            root = findRoot(owner);
            roots.put(owner, root);
        }
        return root;
    }

    private Path findRoot(Path owner) throws IOException {
        Path root = owner;
        for (Path folder = owner; folder != null; folder = folder.getParent()) {
            if (GitFolder.isTop(folder)) {
                return folder;
            }
            if (isWorkspaceRoot(folder)) {
                root = folder;
            }
        }
        return root;
    }

    private boolean isWorkspaceRoot(Path folder) throws IOException {
        return packageJson(folder).containsKey("workspaces") || Files.exists(folder.resolve("pnpm-workspace.yaml"));
    }

    /**
     * The members of the workspace that the project is the root of. npm, Yarn and Bun link each in the root's node_modules; those
     * that do not give each member that needs something a node_modules of its own.
     */
    List<InstalledPackage> members() throws IOException {
        Set<Path> found = new TreeSet<>();
        if (isWorkspaceRoot(project.folder())) {
            found.addAll(links(project.folder().resolve(InstalledPackage.NODE_MODULES)));
            addPackagesWithModules(found);
        }
        return found.stream()
                .filter(folder -> folder.startsWith(project.folder()) && !folder.equals(project.folder()))
                .map(this::at)
                .filter(InstalledPackage::isLocal)
                .toList();
    }

    private void addPackagesWithModules(Set<Path> found) throws IOException {
        Files.walkFileTree(project.folder(), new SimpleFileVisitor<>() {
            @Override
            public FileVisitResult preVisitDirectory(Path folder, BasicFileAttributes attributes) {
                String name = InstalledPackage.nameOf(folder);
                if (!folder.equals(project.folder())
                        && (name.startsWith(".") || name.equals(InstalledPackage.NODE_MODULES))) {
                    return FileVisitResult.SKIP_SUBTREE;
                }
                if (Files.isDirectory(folder.resolve(InstalledPackage.NODE_MODULES), LinkOption.NOFOLLOW_LINKS)
                        && Files.isRegularFile(folder.resolve("package.json"))) {
                    found.add(folder);
                }
                return FileVisitResult.CONTINUE;
            }

            @Override
            public FileVisitResult visitFileFailed(Path file, IOException e) {
                // The walk that packages says so better.
                return FileVisitResult.CONTINUE;
            }
        });
    }

    /**
     * The packages in the project's node_modules that {@code npm ci --omit=dev} would have installed as well, as npm notes it in
     * its hidden lock file (npm 7 and later): among them what is needed only by optional packages for other systems.
     */
    Set<Path> keptByNpm() {
        Set<Path> kept = new HashSet<>();
        for (Map.Entry<String, Object> installed : note.packages().entrySet()) {
            if (!NpmNote.isTrue(installed.getValue(), "dev")) {
                kept.add(project.folder().resolve(installed.getKey()));
            }
        }
        return kept;
    }

    /**
     * Whether npm, and no other tool, has installed what production needs and no more, all of it in the project's folder: then there
     * is nothing to find out.
     */
    boolean isProductionAlone() throws IOException {
        if (note.isEmpty()
                || note.packages().values().stream()
                        .anyMatch(one -> NpmNote.isTrue(one, "dev") || NpmNote.isTrue(one, "link"))
                || hasOtherPlatforms()) {
            return false;
        }
        Path root = rootOf(project.folder());
        Path folder = project.folder();
        while (folder != null && !folder.equals(root)) {
            folder = folder.getParent();
            if (folder != null && Files.exists(folder.resolve(InstalledPackage.NODE_MODULES))) {
                return false;
            }
        }
        return true;
    }

    private boolean hasOtherPlatforms() throws IOException {
        for (String path : platform.isPresent() ? note.packages().keySet() : Set.<String>of()) {
            Path folder = project.folder().resolve(path);
            if (isForSome(folder) && !fits(folder)) {
                return true;
            }
        }
        return false;
    }

    /** Whether a package is for some platforms only. */
    private boolean isForSome(Path folder) throws IOException {
        return FunctionPlatform.isNamedBy(packageJson(folder));
    }

    /** npm before 11 does not note libc: the package.json has it. */
    private boolean fits(Path folder) throws IOException {
        return platform.isPresent() && platform.get().fits(packageJsonFile(folder));
    }

    /** Without fields where there is none that can be read: npm and Node.js say so better. */
    private Map<String, Object> packageJson(Path folder) throws IOException {
        Map<String, Object> known = packageJsons.get(folder);
        if (known == null) {
            known = note.manifest(folder);
            if (known.isEmpty()) {
                known = packageJsonFile(folder);
            }
            packageJsons.put(folder, known);
        }
        return known;
    }

    private static Map<String, Object> packageJsonFile(Path folder) throws IOException {
        return BoundedFile.json(folder.resolve("package.json"), BoundedFile.MAX_PACKAGE_JSON_BYTES);
    }
}
