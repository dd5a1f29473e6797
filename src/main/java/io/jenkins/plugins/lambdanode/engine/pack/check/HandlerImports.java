package io.jenkins.plugins.lambdanode.engine.pack.check;

import io.jenkins.plugins.lambdanode.engine.base.SafeText;
import io.jenkins.plugins.lambdanode.engine.pack.api.NodeRuntime;
import io.jenkins.plugins.lambdanode.engine.pack.api.TargetFunction;
import io.jenkins.plugins.lambdanode.engine.pack.select.NpmPackage;
import io.jenkins.plugins.lambdanode.engine.pack.select.SourceEntry;
import java.io.IOException;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Deque;
import java.util.HashSet;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Optional;
import java.util.Set;
import java.util.TreeSet;
import java.util.regex.Pattern;

/** What a handler's file surely imports when it is loaded, and what the project's own files that it imports do. */
final class HandlerImports {
    /** How many files are read; a handler of more is bundled, or what is told of these is enough. */
    private static final int MAX_FILES = 300;

    /** Packages that change what {@code require} finds. */
    private static final Pattern HOOKS = Pattern.compile(
            "(?!source-map-support/).*(?:register|module-alias|module-path)(?:/.*)?|tsx(?:/.*)?|ts-node(?:/.*)?");

    /** How the name of an npm package begins; a path does not. */
    private static final Pattern PACKAGE_NAME = Pattern.compile("[@\\w]");

    private final CheckedPackage files;
    private final Optional<NodeRuntime> runtime;
    private final ModuleResolution resolution;
    private final Optional<SourceEntry> handler;
    private final Set<SourceEntry> loaded = new LinkedHashSet<>();
    private final List<Import> unresolved = new ArrayList<>();
    private final List<Import> requiredModules = new ArrayList<>();

    /**
     * An import that fails.
     *
     * @param from the file that has it
     * @param name what it names
     * @param reason see {@link ModuleResolution.Resolved}
     * @param advice the same
     */
    record Import(SourceEntry from, String name, String reason, String advice) {
        static Import of(SourceEntry from, String name) {
            return new Import(from, name, "", "");
        }
    }

    HandlerImports(CheckedPackage files, TargetFunction function) throws IOException {
        this.files = files;
        this.runtime = NodeRuntime.of(function.runtime());
        this.resolution = new ModuleResolution(files, runtime);
        Optional<Handler> named = Handler.of(function.handler()).filter(name -> !name.isElsewhere());
        this.handler = named.isPresent()
                ? HandlerFile.find(named.get(), runtime, files).file()
                : Optional.empty();
    }

    /** Follows the imports. */
    HandlerImports follow() throws IOException {
        Deque<SourceEntry> open = new ArrayDeque<>();
        handler.ifPresent(open::add);
        while (!open.isEmpty() && loaded.size() < MAX_FILES) {
            SourceEntry file = open.remove();
            if (loaded.add(file)) {
                for (JavaScriptText.Import wanted : imports(file)) {
                    if (HOOKS.matcher(wanted.name()).matches()) {
                        unresolved.clear();
                        requiredModules.clear();
                        return this;
                    }
                    follow(file, wanted).ifPresent(open::add);
                }
            }
        }
        return this;
    }

    /** The file of the project that it loads. */
    private Optional<SourceEntry> follow(SourceEntry from, JavaScriptText.Import wanted) throws IOException {
        boolean isModule = resolution.isModule(from);
        if (isModule && !wanted.isStatement() && ModuleResolution.isRelative(wanted.name())) {
            // What createRequire() made is relative to any path.
            return Optional.empty();
        }
        ModuleResolution.Resolved resolved = resolution.resolve(from, wanted);
        if (!resolved.isMissing()) {
            resolved = refused(from, wanted, resolved.file()).orElse(resolved);
        }
        if (resolved.isMissing()) {
            unresolved.add(new Import(from, wanted.name(), resolved.reason(), resolved.advice()));
        }
        if (resolved.file().isEmpty()) {
            return Optional.empty();
        }
        SourceEntry file = resolved.file().get();
        if (!wanted.isStatement() && resolution.isModule(file) && runtime.isPresent()) {
            Optional<JavaScriptText> script = files.script(file);
            if (!runtime.get().requiresModules()) {
                requiredModules.add(new Import(
                        from,
                        wanted.name(),
                        runtime.get().identifier()
                                + " refuses (ERR_REQUIRE_ESM), also where Node.js itself no longer does",
                        "Use import or import(), a version that is CommonJS, or nodejs24.x."));
            } else if (script.isPresent() && script.get().awaitsAtTop()) {
                requiredModules.add(new Import(
                        from,
                        wanted.name(),
                        "Node.js refuses for one that awaits outside of functions (ERR_REQUIRE_ASYNC_MODULE)",
                        "Use import or import()."));
            }
        }
        return resolved.file()
                .filter(found ->
                        !NpmPackage.contains(found.name()) && found.name().matches(".*\\.[mc]?js"));
    }

    /**
     * Why Node.js does not load what an import leads to: JSON without an attribute, attributes by the word that Node.js 22 has dropped, and
     * TypeScript, which none runs in node_modules, and only later ones elsewhere (Node.js documentation, "Import attributes", "Modules:
     * TypeScript").
     */
    private Optional<ModuleResolution.Resolved> refused(
            SourceEntry from, JavaScriptText.Import wanted, Optional<SourceEntry> file) throws IOException {
        if (runtime.isEmpty()) {
            return Optional.empty();
        }
        NodeRuntime node = runtime.get();
        boolean isModule = resolution.isModule(from);
        String name = file.map(SourceEntry::name).orElse("");
        String with = "Write import ... from '" + SafeText.name(wanted.name())
                + "' with { type: 'json' }, or load it by createRequire of node:module.";
        if (isModule && wanted.attributes().equals("assert") && !node.takesImportAssertions()) {
            return refusal("with assert, a word that " + node.identifier() + " no longer knows", with);
        }
        if (isModule
                && wanted.isStatement()
                && name.endsWith(".json")
                && wanted.attributes().isEmpty()) {
            return refusal("which is JSON, without an attribute that says so", with);
        }
        boolean isTypeScript = name.matches(".*\\.[mc]?ts");
        if (isTypeScript && NpmPackage.contains(name) && (isModule || node.runsTypeScript())) {
            return refusal(
                    "which is TypeScript (" + SafeText.name(name) + "), and Node.js runs none in node_modules",
                    "Have that package built to JavaScript before the deployment, and its package.json name the result; or bundle the code.");
        }
        if (isTypeScript && isModule && !node.runsTypeScript()) {
            return refusal(
                    "which is TypeScript, and " + node.identifier() + " runs none",
                    "Build the project before the deployment, or move the function to nodejs24.x.");
        }
        return Optional.empty();
    }

    private static Optional<ModuleResolution.Resolved> refusal(String reason, String advice) {
        return Optional.of(ModuleResolution.Resolved.refused(reason, advice));
    }

    private List<JavaScriptText.Import> imports(SourceEntry file) throws IOException {
        Optional<JavaScriptText> script = files.script(file);
        return script.isPresent() ? script.get().certainImports() : List.of();
    }

    /** The project's files that are surely loaded, the handler's first. */
    Set<SourceEntry> loaded() {
        return loaded;
    }

    /** Imports that the runtime could not resolve, a layer's packages aside. */
    List<Import> unresolved() {
        return unresolved;
    }

    /** ES modules that are loaded by {@code require}, which the runtime refuses. */
    List<Import> requiredModules() {
        return requiredModules;
    }

    /**
     * What the handler's file requires somewhere and what is not there, of production dependencies and version 2 of the AWS SDK: a
     * bundler has left them out. Of a folder without package.json also what is installed above it: Node.js finds that on the agent only.
     */
    List<String> requiredLater() throws IOException {
        Optional<JavaScriptText> script = handler.isPresent() ? files.script(handler.get()) : Optional.empty();
        Set<String> names = new HashSet<>(files.projectPackageJson().requiredDependencies());
        names.add("aws-sdk");
        boolean isBare = !files.isInProject("package.json");
        Set<String> found = script.isPresent()
                ? script.get()
                        .uncaughtRequires(name -> names.contains(name)
                                || isBare
                                        && PACKAGE_NAME.matcher(name).lookingAt()
                                        && files.installedAbove(ModuleResolution.packageOf(name))
                                                .isPresent())
                : new TreeSet<>();
        unresolved.forEach(wanted -> found.remove(wanted.name()));
        List<String> later = new ArrayList<>();
        for (String name : found) {
            if (resolution
                    .resolve(handler.get(), JavaScriptText.Import.require(name))
                    .isMissing()) {
                later.add(name);
            }
        }
        return later;
    }

    boolean leadsOutOfCode(Import wanted) {
        return resolution.leadsOutOfCode(wanted.from(), wanted.name());
    }

    /** Whether loading the handler's file surely loads an add-on of a package, and fails where that cannot be loaded. */
    boolean needAddOnOf(String npmPackage) throws IOException {
        if (handler.isEmpty() || npmPackage.isEmpty()) {
            return false;
        }
        String name = npmPackage.substring(
                npmPackage.lastIndexOf(NpmPackage.NODE_MODULES) + NpmPackage.NODE_MODULES.length(),
                npmPackage.length() - 1);
        String folder = handler.get().name().substring(0, handler.get().name().lastIndexOf('/') + 1);
        return imports(handler.get()).stream().anyMatch(wanted -> wanted.name().equals(name))
                && files.dependencies().find(folder, name).equals(Optional.of(npmPackage))
                && AddOnLoader.of(npmPackage, files).isNeeded();
    }
}
