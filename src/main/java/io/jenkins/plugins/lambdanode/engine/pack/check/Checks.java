package io.jenkins.plugins.lambdanode.engine.pack.check;

import io.jenkins.plugins.lambdanode.engine.base.BoundedFile;
import io.jenkins.plugins.lambdanode.engine.base.DeployException;
import io.jenkins.plugins.lambdanode.engine.base.SafeText;
import io.jenkins.plugins.lambdanode.engine.base.FileErrors;
import io.jenkins.plugins.lambdanode.engine.pack.api.Finding;
import io.jenkins.plugins.lambdanode.engine.pack.api.Finding.Severity;
import io.jenkins.plugins.lambdanode.engine.pack.api.NodeRuntime;
import io.jenkins.plugins.lambdanode.engine.pack.api.TargetFunction;
import io.jenkins.plugins.lambdanode.engine.pack.select.ArchiveContents;
import io.jenkins.plugins.lambdanode.engine.pack.select.SourceEntry;
import io.jenkins.plugins.lambdanode.engine.pack.zip.PackedContent;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.AccessDeniedException;
import java.nio.file.NoSuchFileException;
import java.time.LocalDate;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.TreeMap;
import java.util.TreeSet;

/**
 * Looks for what keeps a function from starting (errors) and for what is likely a mistake (warnings). An error is only what
 * is sure: what it says is read from the package alone, and nothing outside it, such as a layer, could put it right.
 */
public final class Checks {
    private static final int SCRIPT_BYTES = 1 << 20;
    private static final Set<String> SSH_KEYS = Set.of("id_rsa", "id_dsa", "id_ecdsa", "id_ed25519");
    private static final Set<String> SAMPLES = Set.of("example", "sample", "template", "dist", "default", "defaults", "schema");

    private final List<SourceEntry> entries;
    private final List<TargetFunction> functions;
    private final boolean dependenciesApart;
    private final LocalDate today;
    private final Map<String, SourceEntry> byName = new HashMap<>();
    private final Set<Finding> findings = new TreeSet<>(Finding.ORDER);
    private final Map<String, Foreign> foreign = new TreeMap<>();
    private long readBytes;

    /** Native files of one npm package or folder that a function cannot run. */
    private static final class Foreign {
        private int count;
        private String example;
        private String builtFor;
        private String function;
    }

    /** @param dependenciesApart whether node_modules goes into a layer */
    public Checks(List<SourceEntry> entries, List<TargetFunction> functions, boolean dependenciesApart, LocalDate today) {
        this.dependenciesApart = dependenciesApart;
        this.entries = entries;
        this.functions = functions;
        this.today = today;
        entries.forEach(entry -> byName.put(entry.name(), entry));
    }

    /** What can be known before anything but the files that matter is read. */
    public void beforePackaging() throws IOException {
        names();
        for (TargetFunction function : functions) {
            Optional<NodeRuntime> runtime = NodeRuntime.of(function.runtime());
            runtime.ifPresent(node -> runtime(node, function));
            if (!function.handler().isEmpty() && (runtime.isPresent() || function.runtime().isEmpty())) {
                handler(function, runtime);
            }
            if (!function.architecture().isEmpty()) {
                addons(function);
            }
        }
    }

    /** What an entry's content shows; called for each entry in order. */
    public void content(SourceEntry entry, PackedContent content) {
        if (content.privateKey()) {
            add(Severity.WARNING, "private-key", "It holds a private key, which everybody who may read the function's code gets."
                    + " Exclude it, and keep keys in AWS Secrets Manager or Parameter Store.", entry.name());
        }
        if (entry.name().endsWith(".node")) {
            return;
        }
        Optional<NativeProgram> program = NativeProgram.of(content.head());
        // Windows and macOS programs that come along in a package are dead weight, not a mistake.
        if (program.isPresent() && program.get().system().equals("linux")) {
            for (TargetFunction function : functions) {
                if (!program.get().runsOn(function.architecture())) {
                    foreign(entry.name(), program.get(), function.architecture());
                }
            }
        }
    }

    private void foreign(String name, NativeProgram program, String architecture) {
        Foreign group = foreign.computeIfAbsent(SizeBreakdown.owner(name) + " " + architecture, key -> new Foreign());
        if (group.count++ == 0) {
            group.example = name;
            group.builtFor = program.display();
            group.function = "linux " + architecture;
        }
    }

    /** Everything found so far: errors first, then by path. */
    public List<Finding> findings() {
        List<Finding> all = new ArrayList<>(findings);
        for (Foreign group : foreign.values()) {
            all.add(new Finding(
                    Severity.WARNING,
                    "native-other-platform",
                    "It is built for " + group.builtFor + " and the function is " + group.function
                            + (group.count > 1 ? " (as are " + (group.count - 1) + " more files beside it)" : "")
                            + ". If the function needs it, install for its platform (npm ci --os=linux --cpu="
                            + npmCpu(group.function) + "); if not, exclude it.",
                    group.example));
        }
        all.sort(Finding.ORDER);
        return all;
    }

    /** Bytes read from the project's files for the checks alone. */
    public long readBytes() {
        return readBytes;
    }

    /** @throws DeployException with all errors found so far, if there are any */
    public void requireNoError() throws DeployException {
        StringBuilder message = new StringBuilder();
        for (Finding finding : findings()) {
            if (finding.severity() == Severity.ERROR) {
                message.append("  ")
                        .append(finding.path().isEmpty() ? "" : SafeText.name(finding.path()) + ": ")
                        .append(finding.message())
                        .append('\n');
            }
        }
        if (message.length() > 0) {
            throw new DeployException("With this package the function could not start:\n" + message.toString().stripTrailing());
        }
    }

    private void add(Severity severity, String code, String message, String path) {
        findings.add(new Finding(severity, code, message, path));
    }

    private void names() {
        Map<String, String> folded = new HashMap<>();
        for (SourceEntry entry : entries) {
            String name = entry.name();
            String plain = name.endsWith("/") ? name.substring(0, name.length() - 1) : name;
            String other = folded.putIfAbsent(plain.toLowerCase(Locale.ROOT), plain);
            // Folders that differ in case have their files differ, too: only the outermost pair is told.
            if (other != null && parent(other).equals(parent(plain))) {
                add(Severity.WARNING, "names-differ-in-case", "Its name differs from that of " + SafeText.name(other)
                        + " in case only. Lambda keeps both; Windows and macOS have room for one of them. Rename one.", plain);
            }
            if (hasControlCharacter(plain)) {
                add(Severity.WARNING, "unusual-name", "Its name has a control character, which many tools that unpack a ZIP file"
                        + " change. Rename it.", plain);
            }
            environmentFile(plain, entry);
        }
    }

    private static boolean hasControlCharacter(String name) {
        for (int i = 0; i < name.length(); i++) {
            if (Character.isISOControl(name.charAt(i))) {
                return true;
            }
        }
        return false;
    }

    private static String parent(String name) {
        return name.substring(0, name.lastIndexOf('/') + 1);
    }

    private void environmentFile(String name, SourceEntry entry) {
        String last = name.substring(name.lastIndexOf('/') + 1);
        boolean published = name.startsWith("node_modules/") || name.contains("/node_modules/");
        if (!entry.isFile() || published) {
            return;
        }
        boolean environment = last.equals(".env") || last.startsWith(".env.");
        if (environment && !SAMPLES.contains(last.substring(last.lastIndexOf('.') + 1))) {
            add(Severity.WARNING, "environment-file", "Such a file often holds secrets, which everybody who may read the"
                    + " function's code gets. Exclude it, and set the function's environment instead.", name);
        }
        if (SSH_KEYS.contains(last)) {
            add(Severity.WARNING, "private-key", "It is named like an SSH private key. Exclude it.", name);
        }
    }

    private void runtime(NodeRuntime runtime, TargetFunction function) {
        runtime.deprecated(today).ifPresent(date -> add(Severity.WARNING, "runtime-deprecated", "The function's runtime "
                + function.runtime() + " is deprecated since " + date + ": AWS no longer patches it, and in time refuses"
                + " updates. Move the function to a newer Node.js.", ""));
        String sdk = runtime.hasSdkV3() ? "node_modules/@aws-sdk/" : "node_modules/aws-sdk/";
        long bytes = 0;
        for (SourceEntry entry : entries) {
            bytes += entry.name().startsWith(sdk) ? entry.size() : 0;
        }
        if (bytes > 0) {
            add(Severity.INFO, "sdk-in-runtime", String.format(
                    Locale.ROOT,
                    "The runtime %s has the AWS SDK already; in the package it takes %.1f MB unzipped. It may go (devDependencies)"
                            + " unless you want this very version.",
                    function.runtime(),
                    bytes / 1e6), sdk.substring(0, sdk.length() - 1));
        }
    }

    private void handler(TargetFunction function, Optional<NodeRuntime> runtime) throws IOException {
        Optional<Handler> handler = Handler.of(function.handler());
        if (byName.containsKey(function.handler()) || function.handler().startsWith("/opt/")) {
            return;
        }
        // A wrapper script of a layer (AWS_LAMBDA_EXEC_WRAPPER) can give the handler's name another meaning.
        Severity severity = function.layerBytes() > 0 ? Severity.WARNING : Severity.ERROR;
        if (handler.isEmpty()) {
            add(severity, "handler-malformed", "The function's handler is " + SafeText.name(function.handler()) + ", which has not the"
                    + " form file.function. Set the function's handler, for instance to index.handler.", "");
            return;
        }
        if (handler.get().isElsewhere()) {
            return;
        }
        Optional<SourceEntry> file = Optional.empty();
        for (String name : handler.get().files()) {
            if (file.isEmpty() && byName.containsKey(name)) {
                file = Optional.of(byName.get(name));
            }
        }
        String module = handler.get().folder() + handler.get().module();
        if (file.isPresent() && dependenciesApart && file.get().name().startsWith(ArchiveContents.DEPENDENCIES)) {
            add(Severity.ERROR, "handler-in-layer", "The function's handler is " + SafeText.name(function.handler()) + ", which goes into"
                    + " the layer with node_modules, and Lambda looks for it in the package. Make a file of the project the"
                    + " handler, one that exports what this one does, or keep the dependencies in the package (dependencies: 'package').",
                    file.get().name());
        } else if (file.isPresent()) {
            script(file.get(), handler.get(), function, runtime);
        } else if (!byName.containsKey(module + "/")
                && !byName.containsKey("node_modules/" + handler.get().module() + "/")) {
            add(severity, "handler-missing", "The function's handler is " + SafeText.name(function.handler())
                    + ", and the package has none of " + SafeText.name(module) + ".js, .mjs and .cjs" + elsewhere(handler.get())
                    + ". Set the function's handler to the file that there is, build the project before it is deployed, or see"
                    + " that dir and the excludes are right.", "");
        }
    }

    /** Where a file of the handler's name is, if it is only in another folder. */
    private String elsewhere(Handler handler) {
        for (SourceEntry entry : entries) {
            for (String extension : List.of(".js", ".mjs", ".cjs")) {
                String name = entry.name();
                if ((name.equals(handler.module() + extension) || name.endsWith("/" + handler.module() + extension))
                        && !name.contains("node_modules/")) {
                    return " (but " + SafeText.name(name) + ")";
                }
            }
        }
        return "";
    }

    private void script(SourceEntry file, Handler handler, TargetFunction function, Optional<NodeRuntime> runtime)
            throws IOException {
        if (!file.isFile() || file.size() > SCRIPT_BYTES) {
            return;
        }
        byte[] bytes = head(file, SCRIPT_BYTES);
        JavaScriptText script = new JavaScriptText(new String(bytes, StandardCharsets.UTF_8));
        String name = file.name();
        boolean module = name.endsWith(".mjs")
                || name.endsWith(".js") && nearestPackageJson(name).text("type").equals("module");
        if (module && dependenciesApart && runtime.isPresent() && !runtime.get().importsFromLayers()) {
            add(Severity.WARNING, "layer-import", "It is an ES module, and on " + function.runtime() + " an import does not find packages"
                    + " in a layer. Move the function to nodejs18.x or later, or keep the dependencies in the package"
                    + " (dependencies: 'package').", name);
        }
        if (module && script.hasCommonJsExports() && !script.hasModuleSyntax()) {
            add(Severity.WARNING, "module-format", "It is an ES module (" + (name.endsWith(".mjs") ? ".mjs" : "\"type\": \"module\" in"
                    + " package.json") + ") but exports like CommonJS (module.exports), which fails when it is loaded. Name it .cjs,"
                    + " or export its handler with export.", name);
        }
        if (!module && script.hasModuleSyntax() && !script.hasCommonJsExports()) {
            add(Severity.WARNING, "module-format", "It has import or export statements but is CommonJS to Node.js, which fails when it"
                    + " is loaded. Name it .mjs, or put \"type\": \"module\" into package.json.", name);
        }
        if (runtime.isPresent() && !runtime.get().takesCallbacks() && script.exportsWithCallback(handler.function())) {
            add(Severity.WARNING, "callback-handler", "Its handler takes a third parameter, a callback; " + function.runtime()
                    + " no longer calls such handlers. Make it an async function that returns its result.", name);
        }
    }

    private byte[] head(SourceEntry file, int length) throws IOException {
        try {
            byte[] bytes = BoundedFile.head(file.source(), length);
            readBytes += bytes.length;
            return bytes;
        } catch (AccessDeniedException e) {
            throw FileErrors.unreadable(file.name(), file.source(), e);
        } catch (NoSuchFileException e) {
            // Packaging itself will say so.
            return new byte[0];
        }
    }

    private PackageJson nearestPackageJson(String name) throws IOException {
        for (int slash = name.lastIndexOf('/'); ; slash = name.lastIndexOf('/', slash - 1)) {
            SourceEntry file = byName.get(name.substring(0, slash + 1) + "package.json");
            if (file != null && file.isFile()) {
                if (file.size() > PackageJson.MAX_BYTES) {
                    return PackageJson.EMPTY;
                }
                return PackageJson.parse(new String(head(file, PackageJson.MAX_BYTES), StandardCharsets.UTF_8));
            }
            if (slash < 0) {
                return PackageJson.EMPTY;
            }
        }
    }

    /**
     * Node.js add-ons ({@code .node}). One for another platform is an error only where it is all that its npm package has,
     * lies where node-gyp and node-pre-gyp build and are loaded from, and neither its path nor its {@code package.json}
     * says that it is one of several for different platforms.
     */
    private void addons(TargetFunction function) throws IOException {
        Map<String, List<SourceEntry>> byPackage = new TreeMap<>();
        for (SourceEntry entry : entries) {
            if (entry.isFile() && entry.name().endsWith(".node")) {
                byPackage.computeIfAbsent(npmPackage(entry.name()), name -> new ArrayList<>()).add(entry);
            }
        }
        for (Map.Entry<String, List<SourceEntry>> group : byPackage.entrySet()) {
            addons(group.getKey(), group.getValue(), function);
        }
    }

    private void addons(String npmPackage, List<SourceEntry> addons, TargetFunction function) throws IOException {
        String platform = "linux " + function.architecture();
        SourceEntry first = null;
        NativeProgram firstProgram = null;
        int count = 0;
        for (SourceEntry addon : addons) {
            Optional<NativeProgram> program = NativeProgram.of(head(addon, PackedContent.HEAD_BYTES));
            if (program.isEmpty()) {
                continue;
            }
            if (program.get().runsOn(function.architecture())) {
                // A package with one that fits carries the others for other platforms.
                return;
            }
            if (count++ == 0) {
                first = addon;
                firstProgram = program.get();
            }
        }
        if (first == null) {
            return;
        }
        PackageJson json = nearestPackageJson(npmPackage);
        boolean forOnePlatform = json.has("os") || json.has("cpu") || namesPlatform(first.name());
        boolean built = first.name().contains("/build/") || first.name().contains("/binding/");
        add(
                forOnePlatform || !built ? Severity.WARNING : Severity.ERROR,
                "native-other-platform",
                "It is built for " + firstProgram.display() + " and the function is " + platform + "; nothing in "
                        + (npmPackage.isEmpty() ? "the project" : SafeText.name(npmPackage.substring(0, npmPackage.length() - 1)))
                        + " fits" + (count > 1 ? " (" + count + " files)" : "") + ". Install for the function's platform (npm ci"
                        + " --os=linux --cpu=" + npmCpu(platform) + ", or on an agent like it), or change the function's"
                        + " architecture.",
                first.name());
    }

    private static String npmCpu(String platform) {
        return platform.endsWith("arm64") ? "arm64" : "x64";
    }

    private static boolean namesPlatform(String name) {
        return name.contains("prebuilds/")
                || name.matches(".*\\b(darwin|win32|windows|macos|freebsd|android|linux|linuxmusl|fsevents)\\b.*");
    }

    /** The folder of the innermost npm package that a file is in, with a {@code /}; empty for the project itself. */
    private static String npmPackage(String name) {
        int modules = name.lastIndexOf("node_modules/");
        if (modules < 0) {
            return "";
        }
        int start = modules + "node_modules/".length();
        int end = name.indexOf('/', start);
        if (end > 0 && name.charAt(start) == '@') {
            end = name.indexOf('/', end + 1);
        }
        return end < 0 ? "" : name.substring(0, end + 1);
    }
}
