package io.jenkins.plugins.lambdanode.engine.pack.check;

import io.jenkins.plugins.lambdanode.engine.pack.select.NpmPackage;
import io.jenkins.plugins.lambdanode.engine.pack.select.SourceEntry;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Collection;
import java.util.Deque;
import java.util.HashSet;
import java.util.List;
import java.util.Optional;
import java.util.Set;
import java.util.TreeSet;

/**
 * The packages in a deployment package that the project's {@code package.json} asks for, found as Node.js finds them: in the
 * node_modules of each folder from the one that asks upward. A package is named by its folder with a {@code /}.
 */
final class DependencyTree {
    private static final int MAX_LINKS = 10;

    private final CheckedPackage files;
    private final Set<String> required = new HashSet<>();
    private final Set<String> production = new HashSet<>();
    private final List<Missing> missing = new ArrayList<>();

    /**
     * A dependency that must be there and is not.
     *
     * @param dependent the folder of the package that needs it; empty for the project
     */
    record Missing(String name, String dependent) {}

    private DependencyTree(CheckedPackage files) {
        this.files = files;
    }

    static DependencyTree of(CheckedPackage files) throws IOException {
        DependencyTree tree = new DependencyTree(files);
        tree.required.addAll(tree.reachable("", files.projectPackageJson().requiredDependencies(), true, tree.missing));
        Set<String> all = new TreeSet<>(files.projectPackageJson().names("dependencies"));
        all.addAll(files.projectPackageJson().names("optionalDependencies"));
        tree.production.addAll(tree.reachable("", all, false, new ArrayList<>()));
        return tree;
    }

    private Set<String> reachable(String from, Collection<String> names, boolean requiredOnly, List<Missing> notFound)
            throws IOException {
        Set<String> found = new HashSet<>();
        Deque<String> open = new ArrayDeque<>();
        add(from, names, found, open, notFound);
        while (!open.isEmpty()) {
            String folder = open.remove();
            PackageJson json = files.manifest(folder);
            if (requiredOnly) {
                add(folder, json.requiredDependencies(), found, open, notFound);
            } else {
                for (String field : List.of("dependencies", "optionalDependencies", "peerDependencies")) {
                    add(folder, json.names(field), found, open, notFound);
                }
            }
        }
        return found;
    }

    private void add(
            String from, Collection<String> names, Set<String> found, Deque<String> open, List<Missing> notFound) {
        for (String name : names) {
            Optional<String> folder = find(from, name);
            if (folder.isEmpty()) {
                notFound.add(new Missing(name, from));
            } else if (found.add(folder.get())) {
                open.add(folder.get());
            }
        }
    }

    /** The folder of the package that code in another folder gets by this name. */
    Optional<String> find(String from, String name) {
        for (String at = from; ; at = at.substring(0, at.lastIndexOf('/', at.length() - 2) + 1)) {
            if (!at.endsWith("/" + NpmPackage.NODE_MODULES) && !at.equals(NpmPackage.NODE_MODULES)) {
                Optional<String> folder = folder(at + NpmPackage.NODE_MODULES + name);
                if (folder.isPresent()) {
                    return folder;
                }
            }
            if (at.isEmpty()) {
                return Optional.empty();
            }
        }
    }

    private Optional<String> folder(String path) {
        String at = path;
        for (int links = 0; links < MAX_LINKS; links++) {
            if (files.has(at + "/")) {
                return Optional.of(at + "/");
            }
            Optional<SourceEntry> link = files.entry(at);
            if (link.isEmpty() || link.get().kind() != SourceEntry.Kind.LINK) {
                return Optional.empty();
            }
            at = target(at, new String(link.get().target(), StandardCharsets.UTF_8));
        }
        return Optional.empty();
    }

    private static String target(String link, String target) {
        List<String> path = new ArrayList<>(List.of(link.split("/")));
        path.remove(path.size() - 1);
        for (String step : target.split("/")) {
            if (step.equals("..") && !path.isEmpty()) {
                path.remove(path.size() - 1);
            } else if (!step.equals(".") && !step.isEmpty()) {
                path.add(step);
            }
        }
        return String.join("/", path);
    }

    /** The production dependencies that are not there, the project's own first. */
    List<Missing> missing() {
        return missing;
    }

    /** Whether every way to a package leads through an optional or a peer dependency. */
    boolean isOptional(String folder) {
        return production.contains(folder) && !required.contains(folder);
    }

    /** The packages that production needs, optional ones included. */
    Set<String> production() {
        return production;
    }
}
