package io.jenkins.plugins.lambdanode.engine.pack.check;

import io.jenkins.plugins.lambdanode.engine.pack.api.NodeRuntime;
import io.jenkins.plugins.lambdanode.engine.pack.select.NpmPackage;
import io.jenkins.plugins.lambdanode.engine.pack.select.SourceEntry;
import java.io.IOException;
import java.util.Optional;

/**
 * The file of a package in which the runtime finds a handler, by the rules of AWS's runtime interface client (npm:
 * {@code aws-lambda-ric}): version 4 for nodejs24.x and later, 3 before.
 *
 * <p>Both try the name without extension first, then {@code .js}, {@code .mjs} and {@code .cjs}, and then ask
 * {@code require.resolve} for the module's name without its folder, which looks into node_modules and, by NODE_PATH, into
 * {@code /var/task}. A folder of the handler's name counts as the name without extension: version 4 imports it, which fails;
 * version 3 requires it, which finds the file of that name with {@code .js} beside it, or the folder's index.js.
 *
 * @param outcome what the runtime does
 * @param file what it loads; empty where it loads nothing of the package, or that is not known
 */
record HandlerFile(Outcome outcome, Optional<SourceEntry> file) {

    enum Outcome {
        /** It loads the handler's file. */
        FOUND,
        /** It finds another file by the module's name alone. */
        FALLBACK,
        /** A folder of that name keeps it from the file. */
        FOLDER,
        /** It finds nothing in the package. */
        MISSING
    }

    private static HandlerFile of(Outcome outcome, Optional<SourceEntry> file) {
        return new HandlerFile(outcome, file);
    }

    static HandlerFile find(Handler handler, Optional<NodeRuntime> runtime, CheckedPackage files) throws IOException {
        String path = handler.path();
        if (files.has(path)) {
            return of(Outcome.FOUND, files.entry(path));
        }
        if (files.has(path + "/") && runtime.isPresent()) {
            return inFolder(path, runtime.get(), files);
        }
        for (String extension : Handler.EXTENSIONS) {
            if (files.has(path + extension)) {
                return of(Outcome.FOUND, files.entry(path + extension));
            }
        }
        if (files.has(path + "/")) {
            return of(Outcome.FOUND, Optional.empty());
        }
        for (String folder : new String[] {handler.folder() + NpmPackage.NODE_MODULES, NpmPackage.NODE_MODULES, ""}) {
            String module = folder + handler.module();
            for (String found : new String[] {module + ".js", module + ".json", module + ".node", module + "/"}) {
                if (files.has(found) || files.has(module)) {
                    return of(Outcome.FALLBACK, files.entry(found));
                }
            }
        }
        return of(Outcome.MISSING, Optional.empty());
    }

    private static HandlerFile inFolder(String path, NodeRuntime runtime, CheckedPackage files) throws IOException {
        if (runtime.importsHandler()) {
            return of(Outcome.FOLDER, Optional.empty());
        }
        if (files.has(path + ".js")) {
            // require() refuses an ES module: Lambda starts Node.js without that (--no-experimental-require-module).
            return files.nearestPackageJson(path + ".js").isModule()
                    ? of(Outcome.FOLDER, files.entry(path + ".js"))
                    : of(Outcome.FOUND, files.entry(path + ".js"));
        }
        if (files.has(path + "/package.json")) {
            return of(Outcome.FOUND, Optional.empty());
        }
        if (files.has(path + "/index.js")) {
            return of(
                    files.nearestPackageJson(path + "/index.js").isModule() ? Outcome.FOLDER : Outcome.FOUND,
                    files.entry(path + "/index.js"));
        }
        boolean hidden = files.has(path + ".mjs") || files.has(path + ".cjs");
        return of(hidden ? Outcome.FOLDER : Outcome.MISSING, Optional.empty());
    }
}
