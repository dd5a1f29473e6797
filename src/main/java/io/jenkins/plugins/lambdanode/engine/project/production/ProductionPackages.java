package io.jenkins.plugins.lambdanode.engine.project.production;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayDeque;
import java.util.Collection;
import java.util.Deque;
import java.util.HashSet;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;

/**
 * Which packages a project needs in production, and where each goes in its deployment package. They are found from package.json:
 * what {@code dependencies}, {@code optionalDependencies} and {@code peerDependencies} name, what these need, and so on, each
 * where Node.js finds it. What only {@code devDependencies} lead to is for development; what nothing leads to stays as it is. A
 * project that is the root of a workspace needs what its members need.
 *
 * <p>It is looked at where the project is, after the install, by the JDK alone.
 */
public final class ProductionPackages {
    private final Path project;
    private final Set<Path> development = new HashSet<>();
    private final Set<Path> local = new HashSet<>();
    private final Set<Path> others = new HashSet<>();
    private final Set<Path> storeEntries = new HashSet<>();
    private final Set<Path> stores = new HashSet<>();
    private final PackageLayout layout;

    /**
     * The packages of a project; empty where all that is in its folder goes in, and nothing else: it has no package.json, or npm has
     * installed what production needs and no more.
     *
     * @param project the project's folder, a real path
     * @param note what npm notes of it
     * @param modulesOnly whether of the project's folder only node_modules goes in: packages of the repository that are elsewhere in it
     *     then go in as those outside do
     * @param architectures of the functions, as Lambda names them; empty where none is known
     */
    public static Optional<ProductionPackages> of(
            Path project, NpmNote note, boolean modulesOnly, Set<String> architectures) throws IOException {
        PackageTree tree = new PackageTree(project, note, FunctionPlatform.of(architectures));
        return Files.isRegularFile(project.resolve("package.json")) && !tree.isProductionAlone()
                ? Optional.of(new ProductionPackages(tree, modulesOnly))
                : Optional.empty();
    }

    private ProductionPackages(PackageTree tree, boolean modulesOnly) throws IOException {
        this.project = tree.project().folder();
        List<InstalledPackage> members = tree.members();
        Set<InstalledPackage> start = new LinkedHashSet<>(List.of(tree.project()));
        start.addAll(members);
        Set<InstalledPackage> production = reachable(tree, start);
        Set<InstalledPackage> all = new LinkedHashSet<>(production);
        for (Set<InstalledPackage> seen = new HashSet<>(); seen.size() < all.size(); ) {
            Set<InstalledPackage> more = new LinkedHashSet<>();
            for (InstalledPackage installed : all) {
                if (seen.add(installed)) {
                    more.addAll(tree.developmentNeeds(installed).values());
                }
            }
            all.addAll(reachable(tree, more));
        }
        all.addAll(reachable(tree, List.copyOf(tree.forOtherPlatforms())));
        for (InstalledPackage installed : all) {
            if (installed.isStored()) {
                stores.add(installed.unit().getParent());
            } else if (!production.contains(installed)) {
                development.add(installed.folder());
            }
        }
        Set<Path> kept = tree.keptByNpm();
        tree.forOtherPlatforms().forEach(other -> kept.remove(other.folder()));
        development.removeAll(kept);
        for (InstalledPackage installed : production) {
            if (installed.isStored()) {
                storeEntries.add(installed.unit());
            } else if (installed.isLocal()) {
                local.add(installed.folder());
                others.addAll(tree.linkedAbove(installed.folder()));
            }
        }
        layout = new PackageLayout(tree, modulesOnly, members, local, useVirtualStore(), this::leavesOut);
    }

    private static Set<InstalledPackage> reachable(PackageTree tree, Collection<InstalledPackage> start)
            throws IOException {
        Set<InstalledPackage> reached = new LinkedHashSet<>(start);
        Deque<InstalledPackage> open = new ArrayDeque<>(start);
        while (!open.isEmpty()) {
            for (InstalledPackage needed : tree.needs(open.remove()).values()) {
                if (reached.add(needed)) {
                    open.add(needed);
                }
            }
        }
        return reached;
    }

    /**
     * What goes in from elsewhere: folders, by their paths in the deployment package, with {@code /}. A package of the repository
     * goes in without its node_modules, the others as they are.
     */
    public Map<String, Path> folders() {
        return layout.folders();
    }

    /** Links to make in the deployment package, by their paths, with what they say. */
    public Map<String, String> links() {
        return layout.links();
    }

    /** Which dependencies the package of the repository at a place does not find: they are not installed. */
    public List<String> missing(String place) {
        return layout.missing(place);
    }

    /** Whether a folder is the project's or another package of the repository. */
    public boolean isLocal(Path folder) {
        return local.contains(folder);
    }

    /** Whether a folder in a package of the repository is another package of it, a member of its workspace for instance. */
    public boolean isAnotherPackage(Path folder) {
        return local.contains(folder)
                || others.contains(folder)
                || Files.isRegularFile(folder.resolve("package.json"))
                        && Files.isDirectory(folder.resolve(InstalledPackage.NODE_MODULES));
    }

    /** Whether packages are in a virtual store such as pnpm's, where links have to stay links. */
    public boolean useVirtualStore() {
        return !storeEntries.isEmpty();
    }

    /** Whether a folder that is found below the project is a package that production does not need. */
    public boolean leavesOut(Path folder) {
        return development.contains(folder) && !InstalledPackage.at(folder).isLocal() || isUnneededStoreEntry(folder);
    }

    /** Whether what a link in node_modules leads to, a real path, is in a package that production does not need. */
    public boolean isForDevelopment(Path target) {
        for (Path at = target; at != null && !at.equals(project); at = at.getParent()) {
            if (development.contains(at) || isUnneededStoreEntry(at)) {
                return true;
            }
        }
        return false;
    }

    private boolean isUnneededStoreEntry(Path folder) {
        Path store = folder.getParent();
        return store != null
                && (stores.contains(store) || InstalledPackage.isVirtualStore(store))
                && !InstalledPackage.nameOf(folder).equals(InstalledPackage.NODE_MODULES)
                && !storeEntries.contains(folder);
    }

    /** What a link at a place says that leads to the project itself, or to a package of it which has a place of its own. */
    public Optional<String> link(String place, Path target) {
        return (target.equals(project) ? Optional.of("") : layout.placeOf(target))
                .map(to -> PackageLayout.link(place, to));
    }
}
