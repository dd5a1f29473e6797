package io.jenkins.plugins.lambdanode.engine.pack.check;

import io.jenkins.plugins.lambdanode.engine.pack.select.SourceEntry;
import java.io.IOException;
import java.util.Optional;
import java.util.Set;
import java.util.stream.Stream;

/** How the main file of a package loads its add-on. */
final class AddOnLoader {
    private static final Set<String> LOADERS = Set.of(
            "bindings", "node-gyp-build", "node-gyp-build-optional-packages", "@mapbox/node-pre-gyp", "node-pre-gyp");

    private final Optional<JavaScriptText> script;

    private AddOnLoader(Optional<JavaScriptText> script) {
        this.script = script;
    }

    /** @param folder the package's, with a {@code /} at the end */
    static AddOnLoader of(String folder, CheckedPackage files) throws IOException {
        PackageJson json = files.packageJson(folder);
        String main =
                json.text("main").isEmpty() ? "index.js" : json.text("main").replaceFirst("^\\./", "");
        Optional<SourceEntry> file = Stream.of(main, main + ".js")
                .flatMap(name -> files.entry(folder + name).stream())
                .filter(SourceEntry::isFile)
                .findFirst();
        return new AddOnLoader(file.isPresent() && !json.has("exports") ? files.script(file.get()) : Optional.empty());
    }

    private static boolean isLoader(String name) {
        return LOADERS.contains(name) || name.endsWith(".node");
    }

    /** Whether loading the package surely loads the add-on, and fails without. */
    boolean isNeeded() {
        return script.isPresent()
                && script.get().catchesNothing()
                && script.get().certainImports().stream().anyMatch(wanted -> isLoader(wanted.name()));
    }

    /** Whether the package catches what fails, and does without (bufferutil, utf-8-validate). */
    boolean isCaught() {
        return script.isPresent()
                && !script.get().throwsSomething()
                && script.get().requires(AddOnLoader::isLoader)
                && script.get().uncaughtRequires(AddOnLoader::isLoader).isEmpty();
    }
}
