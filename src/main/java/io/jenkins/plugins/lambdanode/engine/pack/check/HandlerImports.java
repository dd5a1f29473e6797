package io.jenkins.plugins.lambdanode.engine.pack.check;

import io.jenkins.plugins.lambdanode.engine.pack.api.NodeRuntime;
import io.jenkins.plugins.lambdanode.engine.pack.api.TargetFunction;
import io.jenkins.plugins.lambdanode.engine.pack.select.NpmPackage;
import io.jenkins.plugins.lambdanode.engine.pack.select.SourceEntry;
import java.io.IOException;
import java.nio.file.InvalidPathException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.Set;
import java.util.stream.Stream;

/** What a handler's file surely imports when it is loaded, and whether that is in the package. */
final class HandlerImports {
    /** {@code module.builtinModules} of Node.js 24, up to the first slash. */
    private static final Set<String> BUILT_IN = Set.of(
            "assert", "async_hooks", "buffer", "child_process", "cluster", "console", "constants", "crypto", "dgram",
            "diagnostics_channel", "dns", "domain", "events", "fs", "http", "http2", "https", "inspector", "module", "net", "os", "path",
            "perf_hooks", "process", "punycode", "querystring", "readline", "repl", "stream", "string_decoder", "sys", "timers", "tls",
            "trace_events", "tty", "url", "util", "v8", "vm", "wasi", "worker_threads", "zlib");

    /** What nodejs18.x and later have in /var/runtime/node_modules besides the AWS SDK: its own dependencies. */
    private static final Set<String> RUNTIME_SCOPES = Set.of("@aws-sdk", "@smithy", "@aws-crypto", "@aws");

    private static final Set<String> RUNTIME_PACKAGES = Set.of(
            "tslib", "uuid", "bowser", "fast-xml-parser", "strnum", "mnemonist", "obliterator", "entities", "aws-lambda-ric");

    /** What loads an add-on, for a package whose file does so when it is loaded. */
    private static final Set<String> ADD_ON_LOADERS =
            Set.of("bindings", "node-gyp-build", "node-gyp-build-optional-packages", "@mapbox/node-pre-gyp", "node-pre-gyp");

    private final CheckedPackage files;
    private final Optional<NodeRuntime> runtime;
    private final Optional<SourceEntry> file;
    private final List<String> imports;

    HandlerImports(CheckedPackage files, TargetFunction function) throws IOException {
        this.files = files;
        this.runtime = NodeRuntime.of(function.runtime());
        Optional<Handler> handler = Handler.of(function.handler()).filter(name -> !name.isElsewhere());
        this.file = handler.isPresent() ? HandlerFile.find(handler.get(), runtime, files).file() : Optional.empty();
        Optional<JavaScriptText> script = file.isPresent() ? files.script(file.get()) : Optional.empty();
        this.imports = script.map(JavaScriptText::certainImports).orElse(List.of());
    }

    /** Imports that the runtime could not resolve, a layer's packages aside. */
    List<String> unresolved() throws IOException {
        List<String> unresolved = new ArrayList<>();
        for (String name : imports) {
            if (!(name.startsWith("./") || name.startsWith("../") ? isFile(name) : isPackage(name))) {
                unresolved.add(name);
            }
        }
        return unresolved;
    }

    private String folder() {
        return file.orElseThrow().name().substring(0, file.orElseThrow().name().lastIndexOf('/') + 1);
    }

    /**
     * Whether an import leads out of the package's top, to a file that the project has outside of codeDir. What else is above
     * {@code /var/task} is not known.
     */
    boolean leadsOutOfCode(String name) {
        if (!files.settings().hasCodeDir() || !name.startsWith(".")) {
            return false;
        }
        try {
            String path = Path.of(files.settings().codeDir(), folder(), name).normalize().toString();
            return Path.of(folder(), name).normalize().startsWith("..")
                    && Stream.of("", ".js", ".json", ".node").anyMatch(extension -> files.isInProject(path + extension));
        } catch (InvalidPathException e) {
            return false;
        }
    }

    private boolean isFile(String name) {
        if (leadsOutOfCode(name)) {
            return false;
        }
        List<String> path = new ArrayList<>(folder().isEmpty() ? List.of() : List.of(folder().split("/")));
        for (String step : name.split("/")) {
            if (step.equals("..")) {
                if (path.isEmpty()) {
                    return true;
                }
                path.remove(path.size() - 1);
            } else if (!step.equals(".") && !step.isEmpty()) {
                path.add(step);
            }
        }
        return path.isEmpty() || hasModule(String.join("/", path)) || hasLinkOnTheWay(path);
    }

    private boolean hasLinkOnTheWay(List<String> path) {
        for (int i = 1; i < path.size(); i++) {
            if (files.has(String.join("/", path.subList(0, i)))) {
                return true;
            }
        }
        return false;
    }

    private boolean hasModule(String path) {
        return files.has(path) || files.has(path + ".js") || files.has(path + ".json") || files.has(path + ".node")
                || files.has(path + "/");
    }

    private boolean isPackage(String name) throws IOException {
        int slash = name.indexOf('/', name.startsWith("@") ? Math.max(1, name.indexOf('/') + 1) : 0);
        String packageName = slash < 0 ? name : name.substring(0, slash);
        String first = name.indexOf('/') < 0 ? name : name.substring(0, name.indexOf('/'));
        boolean other = name.isEmpty() || "/#.".indexOf(name.charAt(0)) >= 0 || name.indexOf(':') >= 0 || name.indexOf('\\') >= 0;
        return other
                || BUILT_IN.contains(first)
                || isInRuntime(packageName, first)
                || hasModule(name)
                || packageName.equals(files.nearestPackageJson(file.orElseThrow().name()).text("name"))
                || files.dependencies().find(folder(), packageName).isPresent();
    }

    /** Whether the runtime has it, or may have it where it is not known. */
    private boolean isInRuntime(String name, String first) {
        return runtime.isEmpty()
                || !runtime.get().hasSdkV3()
                || RUNTIME_SCOPES.contains(first)
                || RUNTIME_PACKAGES.contains(name);
    }

    /** Whether loading the handler's file surely loads an add-on of a package, and fails where that cannot be loaded. */
    boolean needAddOnOf(String npmPackage) throws IOException {
        if (file.isEmpty() || npmPackage.isEmpty()) {
            return false;
        }
        String name = npmPackage.substring(
                npmPackage.lastIndexOf(NpmPackage.NODE_MODULES) + NpmPackage.NODE_MODULES.length(), npmPackage.length() - 1);
        if (!imports.contains(name) || !files.dependencies().find(folder(), name).equals(Optional.of(npmPackage))) {
            return false;
        }
        PackageJson json = files.packageJson(npmPackage);
        String main = json.text("main").isEmpty() ? "index.js" : json.text("main").replaceFirst("^\\./", "");
        Optional<SourceEntry> loaded =
                files.entry(npmPackage + main).or(() -> files.entry(npmPackage + main + ".js")).filter(SourceEntry::isFile);
        Optional<JavaScriptText> script =
                loaded.isPresent() && !json.has("exports") ? files.script(loaded.get()) : Optional.empty();
        return script.isPresent()
                && script.get().catchesNothing()
                && script.get().certainImports().stream()
                        .anyMatch(loader -> ADD_ON_LOADERS.contains(loader) || loader.endsWith(".node"));
    }
}
