package io.jenkins.plugins.lambdanode.engine.project.production;

import java.nio.file.Path;
import java.util.Set;

/**
 * A package where its files are.
 *
 * @param folder its folder, a real path: what Node.js resolves links to, and where it looks for its dependencies from
 * @param kind who put it there
 * @param unit the folder that is packed as a whole for it: its own, or its entry in a virtual store
 */
record InstalledPackage(Path folder, Kind kind, Path unit) {

    static final String NODE_MODULES = "node_modules";

    /**
     * Folders in node_modules where pnpm, npm (install-strategy=linked), Yarn (nodeLinker: pnpm) and Bun (linker = "isolated")
     * keep an entry for each package: the package, and links to its dependencies beside it.
     */
    private static final Set<String> VIRTUAL_STORES = Set.of(".pnpm", ".store", ".bun");

    enum Kind {
        /** Of the repository: the project, a member of its workspace, a {@code file:} or {@code link:} folder. */
        LOCAL,
        /** A folder in a node_modules. */
        INSTALLED,
        /** In a virtual store. */
        STORED
    }

    static InstalledPackage at(Path folder) {
        Path unit = null;
        Path below = folder;
        for (Path at = folder.getParent(); at != null; at = at.getParent()) {
            if (isVirtualStore(at)) {
                unit = below;
            }
            below = at;
        }
        if (unit != null) {
            return new InstalledPackage(folder, Kind.STORED, unit);
        }
        Path modules = folder.getParent();
        if (modules != null && nameOf(modules).startsWith("@")) {
            modules = modules.getParent();
        }
        return new InstalledPackage(
                folder, modules != null && nameOf(modules).equals(NODE_MODULES) ? Kind.INSTALLED : Kind.LOCAL, folder);
    }

    static boolean isVirtualStore(Path folder) {
        Path parent = folder.getParent();
        return parent != null
                && VIRTUAL_STORES.contains(nameOf(folder))
                && nameOf(parent).equals(NODE_MODULES);
    }

    /** A folder's last name; empty for a root. */
    static String nameOf(Path folder) {
        Path name = folder.getFileName();
        return name == null ? "" : name.toString();
    }

    boolean isLocal() {
        return kind == Kind.LOCAL;
    }

    boolean isStored() {
        return kind == Kind.STORED;
    }
}
