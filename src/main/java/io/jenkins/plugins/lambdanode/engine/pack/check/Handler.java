package io.jenkins.plugins.lambdanode.engine.pack.check;

import java.util.List;
import java.util.Optional;

/**
 * A Node.js handler's name, split as the runtime does it (aws/aws-lambda-nodejs-runtime-interface-client: folder, then the
 * module up to the first dot, then the function).
 *
 * @param folder its folder with a {@code /} at the end, or empty
 * @param module the module's file name without extension
 * @param function the exported function, for instance {@code handler}
 */
record Handler(String folder, String module, String function) {

    /** The extensions of a handler's file, in the order in which the runtime tries them. */
    static final List<String> EXTENSIONS = List.of(".js", ".mjs", ".cjs");

    /** @param text for instance {@code src/index.handler}; empty where it is not of the form that the runtime takes */
    static Optional<Handler> of(String text) {
        int slash = text.lastIndexOf('/');
        String name = text.substring(slash + 1);
        int dot = name.indexOf('.');
        if (dot <= 0 || dot == name.length() - 1 || text.contains("..")) {
            return Optional.empty();
        }
        String folder = text.substring(0, slash + 1);
        while (folder.startsWith("./")) {
            folder = folder.substring(2);
        }
        if (folder.startsWith("/var/task/")) {
            folder = folder.substring("/var/task/".length());
        }
        return Optional.of(new Handler(folder, name.substring(0, dot), name.substring(dot + 1)));
    }

    /** Whether it is outside the package, for instance in a layer. */
    boolean isElsewhere() {
        return folder.startsWith("/");
    }

    /** Its path in the package without extension. */
    String path() {
        return folder + module;
    }
}
