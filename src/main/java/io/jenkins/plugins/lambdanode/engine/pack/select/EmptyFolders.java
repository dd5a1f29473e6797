package io.jenkins.plugins.lambdanode.engine.pack.select;

import java.util.ArrayList;
import java.util.HashSet;
import java.util.List;
import java.util.Set;

/** Leaves out folders that hold nothing of the package. */
final class EmptyFolders {

    private EmptyFolders() {}

    /**
     * Without those that the selection has emptied: npm makes no folder for a scope, or for commands, of which production
     * needs nothing.
     *
     * @param emptied names of folders from which something was left out
     */
    static List<SourceEntry> removeEmptied(List<SourceEntry> entries, Set<String> emptied) {
        if (emptied.isEmpty()) {
            return entries;
        }
        Set<String> needed = new HashSet<>();
        entries.forEach(entry -> needed.add(entry.name()
                .substring(0, entry.name().lastIndexOf('/', entry.name().length() - 2) + 1)));
        return new ArrayList<>(entries.stream()
                .filter(entry -> entry.kind() != SourceEntry.Kind.FOLDER
                        || needed.contains(entry.name())
                        || !emptied.contains(entry.name()))
                .toList());
    }

    /** Without any. */
    static List<SourceEntry> removeAll(List<SourceEntry> entries) {
        Set<String> needed = new HashSet<>();
        for (SourceEntry entry : entries) {
            if (entry.kind() != SourceEntry.Kind.FOLDER) {
                String name = entry.name();
                for (int slash = name.lastIndexOf('/'); slash >= 0; slash = name.lastIndexOf('/', slash - 1)) {
                    if (!needed.add(name.substring(0, slash + 1))) {
                        break;
                    }
                }
            }
        }
        return entries.stream()
                .filter(entry -> entry.kind() != SourceEntry.Kind.FOLDER || needed.contains(entry.name()))
                .toList();
    }
}
