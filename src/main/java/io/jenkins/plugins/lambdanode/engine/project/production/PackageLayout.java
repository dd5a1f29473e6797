package io.jenkins.plugins.lambdanode.engine.project.production;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.LinkOption;
import java.nio.file.Path;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Deque;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.TreeMap;
import java.util.function.Predicate;

/**
 * Where each package goes in the deployment package, so that Node.js finds for each the very packages that it finds where they are
 * installed. What is in the project's folder stays where it is. What is outside goes to the top of node_modules, or, where another
 * version has that place, below the package that needs it. A package goes in once: who else needs it below itself has a link to it,
 * and so a module is loaded once, as in the tree. Entries of a virtual store keep their links.
 */
final class PackageLayout {
    /** For what no package declares by a name that is free at the top. */
    private static final String APART = InstalledPackage.NODE_MODULES + "/.packages";

    private final PackageTree tree;
    private final Path project;
    private final Path inPlace;
    private final Set<Path> local;
    private final boolean keepsLinks;
    private final Predicate<Path> isLeftOut;
    private final Map<String, Path> folders = new TreeMap<>();
    private final Map<String, String> links = new TreeMap<>();
    private final Map<Path, String> places = new HashMap<>();
    private final Map<Path, String> stores = new HashMap<>();
    private final Map<String, List<String>> missing = new HashMap<>();
    private final Deque<Place> open = new ArrayDeque<>();
    private final Place top;

    /** A package in the deployment package, with the packages in its node_modules there. */
    private static final class Place {
        private final String path;
        private final InstalledPackage installed;
        private final Place parent;
        private final Map<String, Place> children = new HashMap<>();

        Place(String path, InstalledPackage installed, Place parent) {
            this.path = path;
            this.installed = installed;
            this.parent = parent;
        }

        String below(String name) {
            return (path.isEmpty() ? "" : path + "/") + InstalledPackage.NODE_MODULES + "/" + name;
        }

        boolean isBelow(InstalledPackage other) {
            return installed.equals(other) || parent != null && parent.isBelow(other);
        }

        Optional<Place> find(String name) {
            for (Place at = this; at != null; at = at.parent) {
                if (at.children.containsKey(name)) {
                    return Optional.of(at.children.get(name));
                }
            }
            return Optional.empty();
        }
    }

    /**
     * @param modulesOnly whether of the project's folder only node_modules goes in
     * @param members packages of the repository in the project's folder
     * @param local packages of the repository: what is in one's folder goes in with it, but for its node_modules and the others
     * @param keepsLinks whether links in node_modules go in as links
     * @param isLeftOut which folders in the project's node_modules do not go in
     */
    PackageLayout(
            PackageTree tree,
            boolean modulesOnly,
            List<InstalledPackage> members,
            Set<Path> local,
            boolean keepsLinks,
            Predicate<Path> isLeftOut)
            throws IOException {
        this.tree = tree;
        this.project = tree.project().folder();
        this.inPlace = modulesOnly ? project.resolve(InstalledPackage.NODE_MODULES) : project;
        this.local = local;
        this.keepsLinks = keepsLinks;
        this.isLeftOut = isLeftOut;
        this.top = new Place("", tree.project(), null);
        stores.put(project.resolve(InstalledPackage.NODE_MODULES), InstalledPackage.NODE_MODULES);
        addPlace(top);
        for (InstalledPackage member : members) {
            if (isInPlace(member.folder())) {
                addPlace(new Place(inProject(member.folder()), member, top));
            }
        }
        provideLinked(members);
        List<Place> linked = new ArrayList<>();
        while (!open.isEmpty()) {
            Place place = open.remove();
            if (place != top && place.installed.isLocal() && !isInPlace(place.installed.folder())) {
                linked.add(place);
            }
            for (Map.Entry<String, InstalledPackage> need :
                    tree.needs(place.installed).entrySet()) {
                provide(place, need.getKey(), need.getValue());
            }
        }
        for (Place place : linked) {
            missing.put(
                    place.path,
                    tree.notFound(place.installed).stream()
                            .filter(name -> place.find(name).isEmpty())
                            .toList());
        }
        for (Map.Entry<Path, String> store : stores.entrySet()) {
            addStoreWideLinks(store.getKey(), store.getValue());
        }
    }

    /** Folders outside the project, or elsewhere in it, by their places: paths in the deployment package, with {@code /}. */
    Map<String, Path> folders() {
        return folders;
    }

    /** Links to make, by their places, with what they say. */
    Map<String, String> links() {
        return links;
    }

    /** What a package of the repository declares and does not find, neither where it is nor at its place. */
    List<String> missing(String place) {
        return missing.getOrDefault(place, List.of());
    }

    /** The place of a real path, where it is in a package that has one. */
    Optional<String> placeOf(Path real) {
        for (Path at = real; at != null && !at.equals(project); at = at.getParent()) {
            String place = places.get(at);
            boolean isPackedApart = place == null && local.contains(at)
                    || InstalledPackage.nameOf(at).equals(InstalledPackage.NODE_MODULES)
                            && local.contains(at.getParent());
            if (isPackedApart && !isInPlace(at)) {
                return Optional.empty();
            }
            if (place != null) {
                Path rest = at.relativize(real);
                return Optional.of(rest.toString().isEmpty() ? place : place + "/" + slashes(rest));
            }
        }
        return Optional.empty();
    }

    /** What a link at a place says to lead to another place. */
    static String link(String from, String to) {
        return slashes(Path.of("/" + from).resolveSibling("").relativize(Path.of("/" + to)));
    }

    private static String slashes(Path path) {
        return path.toString().replace(path.getFileSystem().getSeparator(), "/");
    }

    private boolean isInPlace(Path folder) {
        return folder.startsWith(inPlace);
    }

    /** Members that go in for their links alone. */
    private void provideLinked(List<InstalledPackage> members) throws IOException {
        for (Map.Entry<String, Path> entry : PackageTree.entries(project.resolve(InstalledPackage.NODE_MODULES))
                .entrySet()) {
            if (Files.isSymbolicLink(entry.getValue()) && Files.isDirectory(entry.getValue())) {
                InstalledPackage target = tree.at(entry.getValue().toRealPath());
                if (members.contains(target) && !isInPlace(target.folder())) {
                    provide(top, entry.getKey(), target);
                }
            }
        }
    }

    private String inProject(Path folder) {
        return slashes(project.relativize(folder));
    }

    private void addPlace(Place place) throws IOException {
        places.putIfAbsent(place.installed.folder(), place.path);
        open.add(place);
        if (place != top && place.installed.isLocal() && !isInPlace(place.installed.folder())) {
            return;
        }
        // What is nested in a package that is packed as it is.
        Path modules = place.installed.folder().resolve(InstalledPackage.NODE_MODULES);
        for (Map.Entry<String, Path> entry : PackageTree.entries(modules).entrySet()) {
            Path folder = entry.getValue();
            if (Files.isDirectory(folder, LinkOption.NOFOLLOW_LINKS) && !isLeftOut.test(folder)) {
                nest(place, entry.getKey(), tree.at(folder));
            } else if (Files.isSymbolicLink(folder) && Files.isDirectory(folder)) {
                InstalledPackage target = tree.at(folder.toRealPath());
                if (target.isLocal() && isInPlace(target.folder()) && !place.isBelow(target)) {
                    addLinked(place, entry.getKey(), target);
                }
            }
        }
    }

    /** A link to another folder in the project: followed, or kept where packages are in a virtual store. */
    private void addLinked(Place place, String name, InstalledPackage target) throws IOException {
        if (!keepsLinks) {
            nest(place, name, target);
            return;
        }
        place.children.put(name, new Place(place.below(name), target, place));
        if (!places.containsKey(target.folder())) {
            addPlace(new Place(inProject(target.folder()), target, top));
        }
    }

    private void nest(Place place, String name, InstalledPackage installed) throws IOException {
        Place nested = new Place(place.below(name), installed, place);
        place.children.put(name, nested);
        addPlace(nested);
    }

    private void provide(Place place, String name, InstalledPackage needed) throws IOException {
        if (isInPlace(needed.folder()) && place.path.equals(inProjectOrNone(place.installed.folder()))) {
            // Both are where they are.
            if (needed.isStored()) {
                addStored(needed);
            }
            return;
        }
        if (place.installed.isStored()) {
            // It has links of its own.
            requirePlace(name, needed);
            return;
        }
        Optional<Place> found = place.find(name);
        if (found.isPresent() && found.get().installed.folder().equals(needed.folder())) {
            return;
        }
        if (needed.isStored()) {
            addStored(needed);
        }
        Place host = found.isEmpty() && !needed.isStored() ? top : place;
        String path = host.below(name);
        Optional<String> known = needed.equals(tree.project()) ? Optional.of("") : placeOf(needed.folder());
        if (known.isPresent()) {
            links.put(path, link(path, known.get()));
            host.children.put(name, new Place(path, needed, host));
        } else {
            folders.put(path, needed.folder());
            nest(host, name, needed);
        }
    }

    private String inProjectOrNone(Path folder) {
        return folder.equals(project) || isInPlace(folder) ? inProject(folder) : "/";
    }

    private void requirePlace(String name, InstalledPackage needed) throws IOException {
        if (needed.isStored()) {
            addStored(needed);
        } else if (placeOf(needed.folder()).isEmpty() && !needed.equals(tree.project())) {
            String path = top.below(name);
            if (top.children.containsKey(name)) {
                path = APART + "/" + folders.size() + "/" + InstalledPackage.NODE_MODULES + "/" + name;
            }
            Place place = new Place(path, needed, top);
            top.children.putIfAbsent(name, place);
            folders.put(path, needed.folder());
            addPlace(place);
        }
    }

    private void addStored(InstalledPackage stored) throws IOException {
        if (!places.containsKey(stored.unit())) {
            Path store = stored.unit().getParent();
            String path = isInPlace(stored.unit())
                    ? inProject(stored.unit())
                    : storePlace(store) + "/" + stored.unit().getFileName();
            if (!isInPlace(stored.unit())) {
                folders.put(path, stored.unit());
            }
            places.put(stored.unit(), path);
        }
        if (!places.containsKey(stored.folder())) {
            addPlace(new Place(placeOf(stored.folder()).orElseThrow(), stored, null));
        }
    }

    /** The stores of several roots stay apart. */
    private String storePlace(Path store) {
        String folder = InstalledPackage.nameOf(store);
        String name = InstalledPackage.NODE_MODULES + (folder.startsWith(".") ? "/" : "/.") + folder;
        return stores.computeIfAbsent(store, key -> stores.containsValue(name) ? name + "-" + stores.size() : name);
    }

    /** pnpm links each package once more for those that require what they do not declare. */
    private void addStoreWideLinks(Path store, String place) throws IOException {
        if (isInPlace(store)) {
            return;
        }
        String modules = place + "/" + InstalledPackage.NODE_MODULES + "/";
        for (Map.Entry<String, Path> entry : PackageTree.entries(store.resolve(InstalledPackage.NODE_MODULES))
                .entrySet()) {
            if (Files.isSymbolicLink(entry.getValue()) && Files.isDirectory(entry.getValue())) {
                String path = modules + entry.getKey();
                placeOf(entry.getValue().toRealPath()).ifPresent(target -> links.put(path, link(path, target)));
            }
        }
    }
}
