package io.jenkins.plugins.lambdanode.engine.pack.select;

import java.nio.file.Path;
import java.util.Optional;

/**
 * A folder that is packed.
 *
 * @param prefix its path in the package with a {@code /}; empty for the code's
 * @param real a real path
 * @param parent the folder that it was found in; null for its root
 * @param root the folder that it is packed with
 */
record WalkedFolder(String prefix, Path real, WalkedFolder parent, Root root) {

    /**
     * A folder that is packed with all that is in it.
     *
     * @param prefix its path in the package with a {@code /}; empty for the code's
     * @param real a real path
     * @param code where the code is, for the code's; empty for others
     */
    record Root(String prefix, Path real, Optional<CodeFolder> code) {

        boolean isProject() {
            return code.isPresent();
        }

        /** Nothing outside this folder goes in by a link that is followed. */
        Path boundary() {
            return code.map(CodeFolder::project).orElse(real);
        }

        /** Whether something goes in where it is. */
        boolean holds(Path found) {
            return code.map(folder -> folder.holds(found)).orElseGet(() -> found.startsWith(real));
        }

        /** What a link may lead to that goes in as it is. */
        Path partOf(Path link) {
            return code.map(folder -> folder.partOf(link)).orElse(real);
        }

        /** The path in the package of something in it. */
        String nameOf(Path found) {
            return code.isPresent()
                    ? code.get().nameOf(found)
                    : prefix
                            + real.relativize(found)
                                    .toString()
                                    .replace(real.getFileSystem().getSeparator(), "/");
        }
    }

    /** The folder that holds a project's code, with all that goes in with it. */
    static WalkedFolder of(CodeFolder code) {
        return new WalkedFolder("", code.folder(), null, new Root("", code.folder(), Optional.of(code)));
    }

    /** A package from elsewhere, with all that goes in with it. */
    static WalkedFolder ofPackage(String prefix, Path real) {
        return new WalkedFolder(prefix, real, null, new Root(prefix, real, Optional.empty()));
    }

    /** @param real the real path of what has this name in it */
    WalkedFolder child(String prefix, Path real) {
        return new WalkedFolder(prefix, real, this, root);
    }

    boolean isRoot() {
        return parent == null;
    }

    /** Whether a folder is this one or on the way to it: what a circle would come back to. */
    boolean isBelow(Path folder) {
        for (WalkedFolder at = this; at != null; at = at.parent) {
            if (at.real.equals(folder)) {
                return true;
            }
        }
        return false;
    }

    /** Whether it is a node_modules. */
    boolean isModules() {
        return prefix.equals(NpmPackage.NODE_MODULES) || prefix.endsWith("/" + NpmPackage.NODE_MODULES);
    }

    /** Whether packages have their commands in it. */
    boolean isCommands() {
        return prefix.endsWith(NpmPackage.NODE_MODULES + NpmPackage.COMMANDS + "/");
    }
}
