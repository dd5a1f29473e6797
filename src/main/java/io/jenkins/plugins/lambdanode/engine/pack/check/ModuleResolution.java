package io.jenkins.plugins.lambdanode.engine.pack.check;

import io.jenkins.plugins.lambdanode.engine.base.Json;
import io.jenkins.plugins.lambdanode.engine.base.SafeText;
import io.jenkins.plugins.lambdanode.engine.pack.api.NodeRuntime;
import io.jenkins.plugins.lambdanode.engine.pack.select.NpmPackage;
import io.jenkins.plugins.lambdanode.engine.pack.select.SourceEntry;
import java.io.IOException;
import java.nio.file.InvalidPathException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.stream.Stream;

/**
 * What an import leads to on Lambda, by Node.js's rules for {@code require} and for {@code import} (Node.js documentation, "Modules:
 * CommonJS modules", "Modules: ECMAScript modules", "Modules: Packages"). Where a rule asks for what is not in the package, or is
 * not one of these, nothing is said to be missing.
 */
final class ModuleResolution {
    /** {@code module.builtinModules} of Node.js 24, up to the first slash. */
    private static final Set<String> BUILT_IN = Set.of(
            "assert",
            "async_hooks",
            "buffer",
            "child_process",
            "cluster",
            "console",
            "constants",
            "crypto",
            "dgram",
            "diagnostics_channel",
            "dns",
            "domain",
            "events",
            "fs",
            "http",
            "http2",
            "https",
            "inspector",
            "module",
            "net",
            "os",
            "path",
            "perf_hooks",
            "process",
            "punycode",
            "querystring",
            "readline",
            "repl",
            "stream",
            "string_decoder",
            "sys",
            "timers",
            "tls",
            "trace_events",
            "tty",
            "url",
            "util",
            "v8",
            "vm",
            "wasi",
            "worker_threads",
            "zlib");

    /** What only later runtimes have of the modules that only {@code node:} names, with the first major version (Node.js documentation). */
    private static final Map<String, Integer> SINCE = Map.of("node:sqlite", 22);

    /** What nodejs18.x and later have in /var/runtime/node_modules besides the AWS SDK: its own dependencies. */
    private static final Set<String> RUNTIME_SCOPES = Set.of("@aws-sdk", "@smithy", "@aws-crypto", "@aws");

    private static final Set<String> RUNTIME_PACKAGES = Set.of(
            "tslib",
            "uuid",
            "bowser",
            "fast-xml-parser",
            "strnum",
            "mnemonist",
            "obliterator",
            "entities",
            "aws-lambda-ric");

    private static final List<String> MODULE_EXTENSIONS = List.of(".js", ".mjs", ".cjs");
    private static final List<String> REQUIRED_EXTENSIONS = List.of("", ".js", ".json", ".node");
    private static final List<String> INDEX = List.of("index.js", "index.json", "index.node");

    private final CheckedPackage files;
    private final Optional<NodeRuntime> runtime;

    ModuleResolution(CheckedPackage files, Optional<NodeRuntime> runtime) {
        this.files = files;
        this.runtime = runtime;
    }

    /**
     * @param isMissing whether Node.js finds nothing, for certain
     * @param file what it loads; empty where that is not in the package or not known
     * @param reason why it finds nothing, as the rest of a sentence that names the import; empty where there is no such package or file
     * @param advice what to do; empty where the reason does not tell
     */
    record Resolved(boolean isMissing, Optional<SourceEntry> file, String reason, String advice) {
        private static final Resolved ELSEWHERE = new Resolved(false, Optional.empty(), "", "");

        private static Resolved at(Optional<SourceEntry> file) {
            return new Resolved(false, file, "", "");
        }

        private static Resolved missing(String reason) {
            return refused(reason, "");
        }

        static Resolved refused(String reason, String advice) {
            return new Resolved(true, Optional.empty(), reason, advice);
        }
    }

    Resolved resolve(SourceEntry from, JavaScriptText.Import wanted) throws IOException {
        String name = wanted.name();
        int since = SINCE.getOrDefault(name, 0);
        if (runtime.isPresent() && runtime.get().major() < since) {
            return Resolved.refused(
                    "which " + runtime.get().identifier() + " does not have",
                    "Move the function to nodejs" + since + ".x or later.");
        }
        if (name.isEmpty() || name.charAt(0) == '/' || name.matches("(?s).*[:\\\\%].*")) {
            return Resolved.ELSEWHERE;
        }
        if (name.charAt(0) == '#') {
            return internal(from, wanted);
        }
        return isRelative(name) ? relative(from, wanted) : packaged(folder(from), from, wanted);
    }

    /** The npm package in the name of an import, such as {@code @scope/name} in {@code @scope/name/file}. */
    static String packageOf(String name) {
        int slash = name.indexOf('/', name.startsWith("@") ? Math.max(1, name.indexOf('/') + 1) : 0);
        return slash < 0 ? name : name.substring(0, slash);
    }

    static boolean isRelative(String name) {
        return name.equals(".") || name.equals("..") || name.startsWith("./") || name.startsWith("../");
    }

    private static String folder(SourceEntry file) {
        return file.name().substring(0, file.name().lastIndexOf('/') + 1);
    }

    /** Whether Node.js takes a file for an ES module by its name and its package.json. */
    boolean isModule(SourceEntry file) throws IOException {
        return file.name().endsWith(".mjs")
                || file.name().endsWith(".js")
                        && files.nearestPackageJson(file.name()).isModule();
    }

    /**
     * Whether an import leads out of the package's top, to a file that the project has outside of codeDir. What else is above
     * {@code /var/task} is not known.
     */
    boolean leadsOutOfCode(SourceEntry from, String name) {
        if (!files.settings().hasCodeDir() || !isRelative(name)) {
            return false;
        }
        try {
            String path = Path.of(files.settings().codeDir(), folder(from), name)
                    .normalize()
                    .toString();
            return Path.of(folder(from), name).normalize().startsWith("..")
                    && REQUIRED_EXTENSIONS.stream().anyMatch(extension -> files.isInProject(path + extension));
        } catch (InvalidPathException e) {
            return false;
        }
    }

    private Resolved relative(SourceEntry from, JavaScriptText.Import wanted) throws IOException {
        if (leadsOutOfCode(from, wanted.name())) {
            return Resolved.missing("");
        }
        Optional<String> path =
                join(folder(from), wanted.isStatement() ? wanted.name().replaceFirst("[?#].*", "") : wanted.name());
        if (path.isEmpty()) {
            return Resolved.ELSEWHERE;
        }
        return wanted.isStatement()
                ? exact(path.get(), wanted.name())
                : required(path.get(), wanted.name().endsWith("/"));
    }

    /** A path in the package without steps; empty where it leads out. */
    private static Optional<String> join(String folder, String name) {
        List<String> path = new ArrayList<>(folder.isEmpty() ? List.of() : List.of(folder.split("/")));
        for (String step : name.split("/")) {
            if (step.equals("..")) {
                if (path.isEmpty()) {
                    return Optional.empty();
                }
                path.remove(path.size() - 1);
            } else if (!step.equals(".") && !step.isEmpty()) {
                path.add(step);
            }
        }
        return Optional.of(String.join("/", path));
    }

    /** What {@code import} takes: the whole name of a file. */
    private Resolved exact(String path, String name) {
        Optional<Resolved> file = file(path);
        if (file.isPresent()) {
            return file.get();
        }
        return Stream.concat(MODULE_EXTENSIONS.stream(), Stream.of("/index.js", "/index.mjs"))
                .filter(end -> files.has(path + end))
                .findFirst()
                .map(end -> Resolved.refused(
                        "and an import statement needs the whole name of a file: write "
                                + SafeText.name(name.replaceFirst("/+$", "") + end),
                        "TypeScript wants it so in the source too."))
                .orElse(otherwiseSpelled(path, List.of("")));
    }

    private Optional<Resolved> file(String path) {
        Optional<SourceEntry> entry = files.entry(path);
        if (entry.isPresent()) {
            return Optional.of(entry.get().isFile() ? Resolved.at(entry) : Resolved.ELSEWHERE);
        }
        return hasLinkOnTheWay(path) ? Optional.of(Resolved.ELSEWHERE) : Optional.empty();
    }

    private boolean hasLinkOnTheWay(String path) {
        for (int slash = path.indexOf('/'); slash > 0; slash = path.indexOf('/', slash + 1)) {
            if (files.has(path.substring(0, slash))) {
                return true;
            }
        }
        return false;
    }

    private Resolved required(String path, boolean isFolder) throws IOException {
        for (String extension : isFolder ? List.<String>of() : REQUIRED_EXTENSIONS) {
            Optional<Resolved> file = path.isEmpty() ? Optional.empty() : file(path + extension);
            if (file.isPresent()) {
                return file.get();
            }
        }
        if (path.isEmpty() || files.has(path + "/")) {
            return inFolder(path.isEmpty() ? "" : path + "/");
        }
        return hasLinkOnTheWay(path) ? Resolved.ELSEWHERE : otherwiseSpelled(path, REQUIRED_EXTENSIONS);
    }

    /** macOS and Windows find a file by its name in capitals or not, Lambda does not. */
    private Resolved otherwiseSpelled(String path, List<String> extensions) {
        return extensions.stream()
                .flatMap(extension -> files.otherwiseSpelled(path + extension).stream())
                .findFirst()
                .map(name -> Resolved.refused(
                        "and the package has " + SafeText.name(name),
                        "Capitals count on Lambda: write the import as the file is named."))
                .orElse(Resolved.missing(""));
    }

    /** The file that a folder stands for, by {@code main} in its package.json, or an index. */
    private Resolved inFolder(String folder) throws IOException {
        String main = files.packageJson(folder).text("main");
        if (!main.isEmpty()) {
            Optional<String> path = join(folder, main);
            if (path.isEmpty()) {
                return Resolved.ELSEWHERE;
            }
            List<String> ends = new ArrayList<>(REQUIRED_EXTENSIONS);
            INDEX.forEach(index -> ends.add("/" + index));
            for (String end : ends) {
                Optional<Resolved> file = file(path.get() + end);
                if (file.isPresent()) {
                    return file.get();
                }
            }
        }
        for (String index : INDEX) {
            Optional<Resolved> file = file(folder + index);
            if (file.isPresent()) {
                return file.get();
            }
        }
        return Resolved.missing(main.isEmpty() ? "which has no index.js" : leadsTo(folder, main));
    }

    private static String leadsTo(String folder, String target) {
        return "and " + SafeText.name(folder) + "package.json names " + SafeText.name(target) + ", which is not there";
    }

    /** @param at the folder that asks, with a {@code /} at the end, or empty */
    private Resolved packaged(String at, SourceEntry from, JavaScriptText.Import wanted) throws IOException {
        String name = wanted.name();
        String packageName = packageOf(name);
        int slash = packageName.length() < name.length() ? packageName.length() : -1;
        String first = name.indexOf('/') < 0 ? name : name.substring(0, name.indexOf('/'));
        if (BUILT_IN.contains(first) || first.startsWith("_")) {
            return Resolved.ELSEWHERE;
        }
        Optional<String> scope = files.packageScope(from.name());
        boolean isItself = scope.isPresent()
                && files.packageJson(scope.get()).text("name").equals(packageName)
                && files.packageJson(scope.get()).has("exports");
        Optional<String> folder = isItself ? scope : files.dependencies().find(at, packageName);
        if (folder.isPresent()) {
            return inPackage(folder.get(), slash < 0 ? "" : name.substring(slash + 1), wanted);
        }
        return isInRuntime(packageName, first) || hasModule(name) || hasModule(NpmPackage.NODE_MODULES + name)
                ? Resolved.ELSEWHERE
                : Resolved.missing("");
    }

    private Resolved inPackage(String folder, String path, JavaScriptText.Import wanted) throws IOException {
        PackageJson json = files.packageJson(folder);
        if (json.has("exports") && json.fields().get("exports") != Json.NULL) {
            return exported(folder, json.fields().get("exports"), path.isEmpty() ? "." : "./" + path, wanted);
        }
        if (path.isEmpty()) {
            return inFolder(folder);
        }
        return wanted.isStatement()
                ? exact(folder + path, wanted.name())
                : required(folder + path.replaceFirst("/+$", ""), path.endsWith("/"));
    }

    /** Whether the runtime has it, or may have it where it is not known. */
    private boolean isInRuntime(String name, String first) {
        return runtime.isEmpty()
                || !runtime.get().hasSdkV3()
                || RUNTIME_SCOPES.contains(first)
                || RUNTIME_PACKAGES.contains(name);
    }

    /** Lambda's NODE_PATH has /var/task. */
    private boolean hasModule(String path) {
        return REQUIRED_EXTENSIONS.stream().anyMatch(extension -> files.has(path + extension)) || files.has(path + "/");
    }

    private Resolved exported(String folder, Object exports, String path, JavaScriptText.Import wanted)
            throws IOException {
        Map<String, Object> paths = Json.map(exports);
        if (paths.keySet().stream().noneMatch(key -> key.startsWith("."))) {
            paths = Map.of(".", exports);
        }
        if (paths.keySet().stream().anyMatch(key -> key.endsWith("/"))) {
            return Resolved.ELSEWHERE;
        }
        return mapped(folder, paths, path, wanted)
                .orElse(Resolved.missing(
                        "which " + SafeText.name(folder) + "package.json does not have among its exports"));
    }

    /** An import that begins with {@code #}: what {@code imports} of the package.json that counts for the file says. */
    private Resolved internal(SourceEntry from, JavaScriptText.Import wanted) throws IOException {
        Optional<String> scope = files.packageScope(from.name());
        PackageJson json = scope.isPresent() ? files.packageJson(scope.get()) : PackageJson.EMPTY;
        return mapped(scope.orElse(""), Json.map(json.fields().get("imports")), wanted.name(), wanted)
                .orElse(Resolved.missing("which "
                        + (scope.isPresent()
                                ? SafeText.name(scope.get()) + "package.json does not have among its imports"
                                : "no package.json in the package names among its imports")));
    }

    /** What {@code exports} or {@code imports} has for a name; empty where it has nothing. */
    private Optional<Resolved> mapped(
            String folder, Map<String, Object> names, String name, JavaScriptText.Import wanted) throws IOException {
        String best = names.containsKey(name) && !name.contains("*") ? name : "";
        String star = "";
        for (String key : best.isEmpty() ? names.keySet() : Set.<String>of()) {
            int at = key.indexOf('*');
            if (at >= 0
                    && name.length() >= key.length()
                    && name.startsWith(key.substring(0, at))
                    && name.endsWith(key.substring(at + 1))
                    && at > best.indexOf('*')) {
                best = key;
                star = name.substring(at, name.length() - (key.length() - at - 1));
            }
        }
        if (best.isEmpty()) {
            return Optional.empty();
        }
        Optional<String> target = target(names.get(best), wanted.isStatement());
        if (target.isEmpty()) {
            return Optional.empty();
        }
        String file = target.get().replace("*", star);
        if (!file.startsWith("./")) {
            return Optional.of(
                    file.startsWith("#") || isRelative(file) || file.contains(":")
                            ? Resolved.ELSEWHERE
                            : packaged(
                                    folder, files.entry(folder + "package.json").orElseThrow(), wanted.withName(file)));
        }
        Optional<String> path = join(folder, file);
        return Optional.of(
                path.isEmpty() ? Resolved.ELSEWHERE : file(path.get()).orElse(Resolved.missing(leadsTo(folder, file))));
    }

    private Optional<String> target(Object value, boolean isStatement) {
        if (value instanceof String text) {
            return Optional.of(text);
        }
        if (value instanceof List<?> alternatives) {
            return alternatives.stream()
                    .map(one -> target(one, isStatement))
                    .flatMap(Optional::stream)
                    .findFirst();
        }
        for (Map.Entry<String, Object> condition : Json.map(value).entrySet()) {
            if (isMet(condition.getKey(), isStatement)) {
                Optional<String> target = target(condition.getValue(), isStatement);
                if (target.isPresent() || condition.getValue() == Json.NULL) {
                    return target;
                }
            }
        }
        return Optional.empty();
    }

    /** Lambda starts Node.js 20 and 22 without {@code require} of ES modules, and so without {@code module-sync}. */
    private boolean isMet(String condition, boolean isStatement) {
        return switch (condition) {
            case "node", "node-addons", "default" -> true;
            case "import" -> isStatement;
            case "require" -> !isStatement;
            case "module-sync" -> runtime.map(NodeRuntime::requiresModules).orElse(true);
            default -> false;
        };
    }
}
