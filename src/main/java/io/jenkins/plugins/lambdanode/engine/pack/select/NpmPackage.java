package io.jenkins.plugins.lambdanode.engine.pack.select;

/** Which npm package a path is in. */
public final class NpmPackage {
    public static final String NODE_MODULES = "node_modules/";

    /** In a node_modules: the commands of the packages there, which are links or scripts. */
    static final String COMMANDS = ".bin";

    private NpmPackage() {}

    /**
     * The folder of the innermost npm package that a path is in.
     *
     * @param path relative to the project, with {@code /}
     * @return the folder with a {@code /}, for instance {@code node_modules/@img/colour/}; empty for the project itself
     */
    public static String folderOf(String path) {
        int modules = path.lastIndexOf(NODE_MODULES);
        if (modules < 0 || modules > 0 && path.charAt(modules - 1) != '/') {
            return "";
        }
        int start = modules + NODE_MODULES.length();
        int end = path.indexOf('/', start);
        if (end > 0 && path.charAt(start) == '@') {
            end = path.indexOf('/', end + 1);
        }
        return end < 0 ? "" : path.substring(0, end + 1);
    }

    /** Whether a path is below a node_modules folder. */
    public static boolean contains(String path) {
        return path.startsWith(NODE_MODULES) || path.contains("/" + NODE_MODULES);
    }
}
