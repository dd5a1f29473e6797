package io.jenkins.plugins.lambdanode.engine.pack.select;

import io.jenkins.plugins.lambdanode.engine.base.DeployException;
import io.jenkins.plugins.lambdanode.engine.base.SafeText;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.List;

/**
 * What goes into one package of a project: all of it, or the code or the dependencies where the dependencies go into a layer. A layer is unpacked
 * below {@code /opt}, and Node.js finds its packages in {@code /opt/nodejs/node_modules} (AWS Lambda Developer Guide, "Working
 * with layers for Node.js Lambda functions").
 *
 * @param prefix the folder in the package that its entries are in, with a {@code /}, or empty
 * @param entries in their order
 */
public record ArchiveContents(String prefix, List<SourceEntry> entries) {

    /** The project's own; those of packages in it stay where they are. */
    public static final String DEPENDENCIES = "node_modules/";

    private static final String IN_LAYER = "nodejs/";

    /** The one package of a project. */
    public static ArchiveContents whole(List<SourceEntry> entries) {
        return new ArchiveContents("", entries);
    }

    /**
     * The code, and the dependencies where there are any.
     *
     * @throws DeployException if a stored link leads from one to the other: they are in different folders where the function runs
     */
    public static List<ArchiveContents> split(List<SourceEntry> entries) throws DeployException {
        List<SourceEntry> code = new ArrayList<>();
        List<SourceEntry> dependencies = new ArrayList<>();
        for (SourceEntry entry : entries) {
            boolean isDependency = entry.name().startsWith(DEPENDENCIES);
            if (entry.kind() == SourceEntry.Kind.LINK && isDependency != leadsToDependencies(entry)) {
                throw new DeployException(
                        "The symbolic link " + SafeText.name(entry.name()) + " leads "
                                + (isDependency ? "out of" : "into")
                                + " node_modules, which goes into a layer of its own, and links are"
                                + " stored as links. Have links followed (symlinks: 'follow'), or leave it out with an exclude.");
            }
            (isDependency ? dependencies : code).add(entry);
        }
        return dependencies.stream().anyMatch(entry -> entry.kind() != SourceEntry.Kind.FOLDER)
                ? List.of(new ArchiveContents("", code), new ArchiveContents(IN_LAYER, dependencies))
                : List.of(whole(entries));
    }

    private static boolean leadsToDependencies(SourceEntry link) {
        List<String> path = new ArrayList<>(List.of(link.name().split("/")));
        path.remove(path.size() - 1);
        for (String step : new String(link.target(), StandardCharsets.UTF_8).split("/")) {
            if (step.equals("..") && !path.isEmpty()) {
                path.remove(path.size() - 1);
            } else if (!step.equals(".") && !step.isEmpty()) {
                path.add(step);
            }
        }
        return (String.join("/", path) + "/").startsWith(DEPENDENCIES);
    }

    public boolean isLayer() {
        return !prefix.isEmpty();
    }

    /** The bytes that it has unzipped, as far as is known before it is packed. */
    public long size() {
        long size = 0;
        for (SourceEntry entry : entries) {
            size += entry.size();
        }
        return size;
    }
}
