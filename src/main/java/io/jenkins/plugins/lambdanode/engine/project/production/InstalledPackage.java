package io.jenkins.plugins.lambdanode.engine.project.production;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Set;
import java.util.stream.Stream;

/**
 * A package where its files are.
 *
 * @param folder its folder, a real path: what Node.js resolves links to, and where it looks for its dependencies from
 * @param kind who put it there
 * @param unit the folder that is packed as a whole for it: its own, or its entry in a virtual store
 */
public record InstalledPackage(Path folder, Kind kind, Path unit) {

    static final String NODE_MODULES = "node_modules";

    /**
     * Folders in node_modules where pnpm, npm (install-strategy=linked), Yarn (nodeLinker: pnpm) and Bun (linker = "isolated")
     * keep an entry for each package: the package, and links to its dependencies beside it.
     */
    private static final Set<String> VIRTUAL_STORES = Set.of(".pnpm", ".store", ".bun");

    /** Who put it where it is. */
    public enum Kind {
        /** Of the repository: the project, a member of its workspace, a {@code file:} or {@code link:} folder. */
        LOCAL,
        /** A folder in a node_modules. */
        INSTALLED,
        /** In a virtual store. */
        STORED
    }

    /**
     * The package in a folder.
     *
     * @param folder a real path
     */
    public static InstalledPackage at(Path folder) {
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
        Path modules = modulesOf(folder);
        if (!nameOf(modules).equals(NODE_MODULES)) {
            return new InstalledPackage(folder, Kind.LOCAL, folder);
        }
        Path owner = modules.getParent();
        return isStoreEntry(owner)
                ? new InstalledPackage(folder, Kind.STORED, owner)
                : new InstalledPackage(folder, Kind.INSTALLED, folder);
    }

    /** The folder that a package is in, without its scope. */
    private static Path modulesOf(Path folder) {
        Path above = folder.getParent();
        return above != null && nameOf(above).startsWith("@") ? above.getParent() : above;
    }

    /** An entry of a store in a folder of another name (pnpm's {@code virtualStoreDir}, its global store) holds nothing but node_modules. */
    private static boolean isStoreEntry(Path owner) {
        if (owner == null || Files.exists(owner.resolve("package.json"))) {
            return false;
        }
        try (Stream<Path> children = Files.list(owner)) {
            return children.limit(2).count() == 1;
        } catch (IOException e) {
            return false;
        }
    }

    /** Whether a node_modules, a real path, has a virtual store, or is in one. */
    public static boolean usesStore(Path modules) {
        return VIRTUAL_STORES.stream().anyMatch(store -> Files.isDirectory(modules.resolve(store)))
                || at(modules.resolve("name")).isStored();
    }

    /** Whether a folder is a store's own node_modules, or a scope in it: links for those who require what they do not declare. */
    public static boolean isStoreWide(Path folder) {
        Path modules = modulesOf(folder.resolve("name"));
        Path store = modules == null ? null : modules.getParent();
        return store != null && nameOf(modules).equals(NODE_MODULES) && isVirtualStore(store);
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

    public boolean isStored() {
        return kind == Kind.STORED;
    }
}
