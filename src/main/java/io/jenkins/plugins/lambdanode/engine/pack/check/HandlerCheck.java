package io.jenkins.plugins.lambdanode.engine.pack.check;

import io.jenkins.plugins.lambdanode.engine.base.SafeText;
import io.jenkins.plugins.lambdanode.engine.pack.api.Finding;
import io.jenkins.plugins.lambdanode.engine.pack.api.Finding.Severity;
import io.jenkins.plugins.lambdanode.engine.pack.api.NodeRuntime;
import io.jenkins.plugins.lambdanode.engine.pack.api.TargetFunction;
import io.jenkins.plugins.lambdanode.engine.pack.select.ArchiveContents;
import io.jenkins.plugins.lambdanode.engine.pack.select.NpmPackage;
import io.jenkins.plugins.lambdanode.engine.pack.select.SourceEntry;
import java.io.IOException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;

/** Whether the runtime can load the function's handler from the package. */
final class HandlerCheck implements Check {

    @Override
    public List<Finding> check(CheckedPackage files) throws IOException {
        List<Finding> findings = new ArrayList<>();
        for (TargetFunction function : files.functions()) {
            Optional<NodeRuntime> runtime = NodeRuntime.of(function.runtime());
            boolean isNode = runtime.isPresent() || function.runtime().isEmpty();
            // A bootstrap or a script may be the handler of a wrapper; /opt is a layer's.
            boolean isElsewhere =
                    files.has(function.handler()) || function.handler().startsWith("/opt/");
            if (isNode && !function.handler().isEmpty() && !isElsewhere) {
                new OneFunction(files, function, runtime, findings).check();
            }
        }
        return findings;
    }

    private record OneFunction(
            CheckedPackage files, TargetFunction function, Optional<NodeRuntime> runtime, List<Finding> findings) {

        private String shown() {
            return "The function's handler is " + SafeText.name(function.handler());
        }

        /** A wrapper script of a layer (AWS_LAMBDA_EXEC_WRAPPER) can give the handler's name another meaning. */
        private Severity errorWithoutLayers() {
            return function.layerBytes() > 0 ? Severity.WARNING : Severity.ERROR;
        }

        private void add(Severity severity, String code, String message, String path) {
            findings.add(new Finding(severity, code, message, path));
        }

        void check() throws IOException {
            Optional<Handler> handler = Handler.of(function.handler());
            if (handler.isEmpty()) {
                add(
                        errorWithoutLayers(),
                        "handler-malformed",
                        shown() + ", which is not of the form file.function, or has \"..\" in"
                                + " it. Set the function's handler, for instance to index.handler.",
                        "");
                return;
            }
            if (handler.get().isElsewhere()) {
                return;
            }
            HandlerFile found = HandlerFile.find(handler.get(), runtime, files);
            switch (found.outcome()) {
                case MISSING -> missing(handler.get());
                case FOLDER -> folder(handler.get());
                case FALLBACK -> fallback(handler.get(), found);
                case FOUND -> {
                    if (found.file().isPresent()) {
                        found(handler.get(), found.file().get());
                    }
                }
            }
        }

        private void missing(Handler handler) {
            add(
                    errorWithoutLayers(),
                    "handler-missing",
                    shown() + ", and the package has none of " + SafeText.name(handler.path())
                            + ".js, .mjs and .cjs" + hint(handler)
                            + ". Set the function's handler to the file that there is, build the"
                            + " project before the deployment, or check dir and the excludes.",
                    "");
        }

        /** What to do about a handler that has codeDir before its name. */
        private Optional<String> withoutCodeDir(Handler handler) {
            String codeDir = files.settings().codeDir() + "/";
            if (!files.settings().hasCodeDir() || !handler.path().startsWith(codeDir)) {
                return Optional.empty();
            }
            String path = handler.path().substring(codeDir.length());
            return Handler.EXTENSIONS.stream().anyMatch(extension -> files.has(path + extension))
                    ? Optional.of("what is in " + SafeText.name(files.settings().codeDir())
                            + ", codeDir, is the package's top: the" + " handler is "
                            + SafeText.name(path + "." + handler.function()))
                    : Optional.empty();
        }

        /** Where the handler may be, if that can be told. */
        private String hint(Handler handler) {
            Optional<String> withoutCodeDir = withoutCodeDir(handler);
            if (withoutCodeDir.isPresent()) {
                return " (" + withoutCodeDir.get() + ")";
            }
            for (SourceEntry entry : files.entries()) {
                String name = entry.name();
                if (name.startsWith(handler.path() + ".")
                        && name.indexOf('/', handler.path().length()) < 0
                        && name.substring(handler.path().length() + 1).contains(".")) {
                    return " (" + SafeText.name(name) + " cannot be it: the first dot ends the file's name)";
                }
            }
            for (String extension : Handler.EXTENSIONS) {
                Optional<String> other = files.otherwiseSpelled(handler.path() + extension);
                if (other.isPresent()) {
                    return " (but " + SafeText.name(other.get()) + ": capitals count)";
                }
            }
            for (SourceEntry entry : files.entries()) {
                for (String extension : List.of(".js", ".mjs", ".cjs", ".ts", ".mts", ".cts")) {
                    String name = entry.name();
                    boolean same = ("/" + name).endsWith("/" + handler.module() + extension);
                    if (same && !NpmPackage.contains(name)) {
                        return " (but " + SafeText.name(name)
                                + (extension.endsWith("ts") ? ", which Lambda does not run" : "") + ")";
                    }
                }
            }
            return "";
        }

        private void folder(Handler handler) {
            String path = SafeText.name(handler.path());
            boolean hasIndex = files.has(handler.path() + "/index.js");
            add(
                    errorWithoutLayers(),
                    "handler-folder",
                    shown() + ", and the package has a folder " + path + "/: " + function.runtime()
                            + " loads " + path + " before " + path + ".js, finds the folder, and "
                            + (runtime.orElseThrow().importsHandler()
                                    ? "cannot import a folder"
                                    : "cannot load an ES module that way")
                            + ". Rename the folder or the file"
                            + (hasIndex
                                    ? ", or set the handler to "
                                            + SafeText.name(handler.path() + "/index." + handler.function())
                                    : "")
                            + ".",
                    handler.path() + "/");
        }

        private void fallback(Handler handler, HandlerFile found) {
            String name = found.file().map(SourceEntry::name).orElse(handler.module());
            if (!NpmPackage.contains(name)) {
                add(
                        Severity.WARNING,
                        "handler-fallback",
                        shown() + ", and the package has no such file in " + SafeText.name(handler.folder())
                                + ". Lambda then runs " + SafeText.name(name) + ", which it finds by NODE_PATH. Set the"
                                + " function's handler to the file that is meant"
                                + withoutCodeDir(handler)
                                        .map(text -> ": " + text)
                                        .orElse("") + ".",
                        name);
            }
        }

        private void found(Handler handler, SourceEntry file) throws IOException {
            if (files.dependencyLayer() && file.name().startsWith(ArchiveContents.DEPENDENCIES)) {
                add(
                        Severity.ERROR,
                        "handler-in-layer",
                        shown() + ", which goes into the layer with node_modules, and Lambda looks for"
                                + " it in the package. Make a file of the project the handler, one that exports what this one does, or keep"
                                + " the dependencies in the package (dependencies: 'package').",
                        file.name());
                return;
            }
            Optional<JavaScriptText> script = files.script(file);
            if (script.isPresent()) {
                moduleSettings(file);
                callback(handler, file, script.get());
                export(handler, file, script.get());
            }
            HandlerImports imports = new HandlerImports(files, function).follow();
            for (SourceEntry loaded : imports.loaded()) {
                Optional<JavaScriptText> read = files.script(loaded);
                if (read.isPresent()) {
                    moduleFormat(loaded, read.get());
                }
            }
            imports(file, imports);
        }

        private boolean isModule(SourceEntry file) throws IOException {
            return file.name().endsWith(".mjs")
                    || file.name().endsWith(".js")
                            && files.nearestPackageJson(file.name()).isModule();
        }

        private void moduleSettings(SourceEntry file) throws IOException {
            String name = file.name();
            boolean module = isModule(file);
            if (module
                    && files.dependencyLayer()
                    && runtime.isPresent()
                    && !runtime.get().importsFromLayers()) {
                add(
                        Severity.WARNING,
                        "layer-import",
                        "It is an ES module, and on " + function.runtime() + " an import does not find"
                                + " packages in a layer. Move the function to nodejs18.x or later, or keep the dependencies in the package"
                                + " (dependencies: 'package').",
                        name);
            }
            if (module
                    && name.endsWith(".js")
                    && files.nearestPackageJson(name).hasByteOrderMark()
                    && runtime.isPresent()
                    && !runtime.get().importsHandler()) {
                add(
                        Severity.WARNING,
                        "byte-order-mark",
                        "Its package.json begins with a byte order mark (BOM), and " + function.runtime()
                                + " then does not see \"type\": \"module\" in it. Save package.json without the mark.",
                        name);
            }
        }

        private void moduleFormat(SourceEntry file, JavaScriptText script) throws IOException {
            String name = file.name();
            String format = name.endsWith(".mjs") ? ".mjs" : "\"type\": \"module\" in package.json";
            if (isModule(file)) {
                Optional<String> byShim = script.requiredByShim();
                Optional<String> missing = script.missingInModule();
                if (script.hasCommonJsExports() && !script.hasModuleSyntax()) {
                    add(
                            Severity.WARNING,
                            "module-format",
                            "It is an ES module (" + format + ") but exports like CommonJS"
                                    + " (module.exports), which fails when it is loaded. Name it .cjs, or export its handler with export.",
                            name);
                } else if (byShim.isPresent()) {
                    add(
                            Severity.WARNING,
                            "module-format",
                            "It is an ES module (" + format + ") that a bundler made of CommonJS, and its"
                                    + " require of " + SafeText.name(byShim.get())
                                    + " fails there (\"Dynamic require of ... is not supported\")."
                                    + " Bundle as CommonJS (esbuild --format=cjs), or define require by a banner with createRequire.",
                            name);
                } else if (missing.isPresent()) {
                    add(
                            Severity.WARNING,
                            "module-format",
                            "It is an ES module (" + format + ") and uses " + missing.get() + ", which ES"
                                    + " modules do not have. "
                                    + (missing.get().equals("require")
                                            ? "Use import, or createRequire of node:module."
                                            : "Use import.meta.dirname, or import.meta.url."),
                            name);
                }
                return;
            }
            boolean detected = !name.endsWith(".cjs")
                    && !files.nearestPackageJson(name).has("type")
                    && runtime.map(NodeRuntime::detectsModules).orElse(true);
            if (script.awaitsAtTop() && (!detected || script.hasCommonJsExports())) {
                add(
                        Severity.WARNING,
                        "module-format",
                        "It uses await outside of functions, which only ES modules can, and Node.js takes it for CommonJS. Name it .mjs and"
                                + " use import and export, or await in an async function.",
                        name);
            } else if (!detected && script.hasModuleSyntax() && !script.hasCommonJsExports()) {
                add(
                        Severity.WARNING,
                        "module-format",
                        "It has import or export statements but Node.js takes it for CommonJS, which"
                                + " fails when it is loaded. Name it .mjs, or put \"type\": \"module\" into package.json.",
                        name);
            }
        }

        /** The first part of the function's name is exported; the others are properties. */
        private void export(Handler handler, SourceEntry file, JavaScriptText script) {
            String name = handler.function().replaceFirst("\\..*", "");
            if (script.lacksExport(
                    name, runtime.map(NodeRuntime::importsHandler).orElse(true))) {
                add(
                        Severity.WARNING,
                        "handler-not-exported",
                        shown() + ", and this file exports nothing of the name " + SafeText.name(name)
                                + ". Export it, or set the function's handler to a function that the file exports.",
                        file.name());
            }
        }

        private void callback(Handler handler, SourceEntry file, JavaScriptText script) {
            if (runtime.isPresent()
                    && !runtime.get().takesCallbacks()
                    && script.exportsWithCallback(handler.function())) {
                add(
                        Severity.WARNING,
                        "callback-handler",
                        "Its handler takes a third parameter, a callback, and " + function.runtime()
                                + " refuses such handlers. Make it an async function that returns its result.",
                        file.name());
            }
        }

        /** A layer could hold what is missing. */
        private void imports(SourceEntry file, HandlerImports imports) throws IOException {
            if (function.layerBytes() > 0 || files.knownLayer() || runtime.isEmpty()) {
                return;
            }
            for (HandlerImports.Import wanted : imports.unresolved()) {
                add(
                        Severity.ERROR,
                        "import-missing",
                        "It imports " + SafeText.name(wanted.name())
                                + (wanted.reason().isEmpty()
                                        ? ", which is neither in the package nor in " + function.runtime()
                                        : ", " + wanted.reason())
                                + ". " + advice(wanted, imports),
                        wanted.from().name());
            }
            for (HandlerImports.Import wanted : imports.requiredModules()) {
                add(
                        Severity.WARNING,
                        "require-of-module",
                        "It loads " + SafeText.name(wanted.name()) + ", an ES module, by require, which "
                                + wanted.reason() + ". " + wanted.advice(),
                        wanted.from().name());
            }
            for (String name : imports.requiredLater()) {
                add(
                        Severity.WARNING,
                        "import-missing",
                        "It has a require of " + SafeText.name(name) + ", which is neither in the package nor in "
                                + function.runtime() + ": it fails where that line is run. "
                                + advice(HandlerImports.Import.of(file, name), imports),
                        file.name());
            }
        }

        private String advice(HandlerImports.Import wanted, HandlerImports imports) throws IOException {
            String name = wanted.name();
            String codeDir = SafeText.name(files.settings().codeDir());
            if (imports.leadsOutOfCode(wanted)) {
                return "It is outside of " + codeDir
                        + " (codeDir), and what is in that is the package's top. Have the build copy it"
                        + " there, or set codeDir to a folder that holds both.";
            }
            if (name.startsWith("#")) {
                return "Correct imports in package.json"
                        + (files.settings().hasCodeDir()
                                ? ": its paths begin at the package's top, which is what is in " + codeDir
                                : "")
                        + ".";
            }
            if (!wanted.advice().isEmpty()) {
                return wanted.advice();
            }
            if (!wanted.reason().isEmpty() && !name.startsWith(".")) {
                return "Build that package before the deployment, correct its package.json or the import, or check the excludes.";
            }
            if (name.startsWith(".")) {
                return "Build the project before the deployment, or check includes and excludes.";
            }
            if (name.equals("aws-sdk")) {
                return "Runtimes from nodejs18.x on have version 3 of the AWS SDK only: use @aws-sdk/..., or add aws-sdk to dependencies.";
            }
            if (!files.settings().dependencies()) {
                return "No node_modules goes in (dependencies: 'none'): have the bundler put it into the bundle, not leave it external,"
                        + " or set dependencies to 'package'.";
            }
            if (PathAliases.have(name, files)) {
                return "It is a path alias of TypeScript (paths or baseUrl in tsconfig.json), which tsc leaves as it is: bundle the code, or have the"
                        + " build rewrite it, as tsc-alias does.";
            }
            String npmPackage = ModuleResolution.packageOf(name);
            if (files.projectPackageJson().names("devDependencies").contains(npmPackage)) {
                return "It is a development dependency: move it to dependencies in package.json.";
            }
            if (files.isInProject(NpmPackage.NODE_MODULES + npmPackage)) {
                return "The project has it, and an exclude leaves it out.";
            }
            Optional<Path> above = files.installedAbove(npmPackage);
            if (!files.isInProject("package.json")) {
                return "The project's folder has no package.json. Give it one, with its dependencies"
                        + above.map(folder -> "; or deploy the folder where it is installed: set dir to "
                                        + slashes(files.project().relativize(folder))
                                        + " from here, and the handler to "
                                        + slashes(folder.relativize(files.project())) + "/"
                                        + SafeText.name(function.handler()))
                                .orElse("")
                        + ".";
            }
            if (files.projectPackageJson().names("dependencies").contains(npmPackage)) {
                return "It is in dependencies of package.json and not installed: let the deployment install it (install), or install it"
                        + " before.";
            }
            return "Add it to dependencies in package.json, and install"
                    + above.map(folder -> ": it is installed for " + folder + ", and not a dependency of this package")
                            .orElse("")
                    + ".";
        }

        private static String slashes(Path relative) {
            return SafeText.name(relative.toString().replace('\\', '/'));
        }
    }
}
