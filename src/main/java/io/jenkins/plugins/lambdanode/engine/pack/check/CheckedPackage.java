package io.jenkins.plugins.lambdanode.engine.pack.check;

import io.jenkins.plugins.lambdanode.engine.base.BoundedFile;
import io.jenkins.plugins.lambdanode.engine.base.FileErrors;
import io.jenkins.plugins.lambdanode.engine.pack.api.PackSettings;
import io.jenkins.plugins.lambdanode.engine.pack.api.TargetFunction;
import io.jenkins.plugins.lambdanode.engine.pack.select.NpmPackage;
import io.jenkins.plugins.lambdanode.engine.pack.select.SourceEntry;
import io.jenkins.plugins.lambdanode.engine.pack.zip.PackedContent;
import io.jenkins.plugins.lambdanode.engine.project.production.NpmNote;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.AccessDeniedException;
import java.nio.file.Files;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.time.LocalDate;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Optional;
import java.util.stream.Stream;

/** What the checks look at: the entries of a package, and the functions that it is for. */
final class CheckedPackage {
    private static final int MAX_SCRIPT_BYTES = 4 << 20;

    private static final int MAX_LOCK_FILE_BYTES = 32 << 20;

    private final Path project;
    private final NpmNote note;
    private final PackSettings settings;
    private final List<SourceEntry> entries;
    private final List<TargetFunction> functions;
    private final boolean dependencyLayer;
    private final boolean knownLayer;
    private final String lockFile;
    private final Map<String, String> blockedScripts;
    private final LocalDate today;
    private final Map<String, SourceEntry> byName;
    private final Map<String, PackageJson> packageJsons = new HashMap<>();
    private final Map<SourceEntry, NativeProgram> programs = new LinkedHashMap<>();
    private final List<SourceEntry> privateKeys = new ArrayList<>();
    private final Map<SourceEntry, JavaScriptText> scripts = new HashMap<>();
    private final Map<SourceEntry, AddOn> addOns = new HashMap<>();
    private PackageJson projectPackageJson;
    private DependencyTree dependencies;
    private long readBytes;

    /**
     * @param project the project's folder
     * @param note what npm notes of it
     * @param dependencyLayer whether node_modules goes into a layer
     * @param knownLayer whether it is in one already, and not among the entries
     * @param lockFile the absolute path of the lock file that the install went by; empty for none
     * @param blockedScripts the packages whose install scripts the tool has not run, each with how to approve it
     */
    CheckedPackage(
            Path project,
            NpmNote note,
            PackSettings settings,
            List<SourceEntry> entries,
            List<TargetFunction> functions,
            boolean dependencyLayer,
            boolean knownLayer,
            String lockFile,
            Map<String, String> blockedScripts,
            LocalDate today) {
        this.project = project;
        this.note = note;
        this.settings = settings;
        this.entries = entries;
        this.functions = functions;
        this.dependencyLayer = dependencyLayer || knownLayer;
        this.knownLayer = knownLayer;
        this.lockFile = lockFile;
        this.blockedScripts = blockedScripts;
        this.today = today;
        this.byName = new HashMap<>(2 * entries.size());
        entries.forEach(entry -> byName.put(entry.name(), entry));
    }

    PackSettings settings() {
        return settings;
    }

    List<SourceEntry> entries() {
        return entries;
    }

    List<TargetFunction> functions() {
        return functions;
    }

    boolean dependencyLayer() {
        return dependencyLayer;
    }

    /** Whether the dependencies are in a layer already, and not to be looked at. */
    boolean knownLayer() {
        return knownLayer;
    }

    /** How to approve a package whose install script the tool has not run; empty for one whose script has run. */
    Optional<String> blockedScript(String npmPackage) {
        return Optional.ofNullable(blockedScripts.get(npmPackage));
    }

    /** The name of npm's lock file where that has no entry for a package, so that no install by it brings the package. */
    Optional<String> npmLockFileWithout(String npmPackage) throws IOException {
        if (!lockFile.endsWith("package-lock.json") && !lockFile.endsWith("npm-shrinkwrap.json")) {
            return Optional.empty();
        }
        Path file = Path.of(lockFile);
        return (Files.isReadable(file) ? BoundedFile.read(file, MAX_LOCK_FILE_BYTES) : Optional.<byte[]>empty())
                .map(bytes -> new String(bytes, StandardCharsets.UTF_8))
                .filter(text ->
                        text.contains("\"packages\"") && !text.contains(NpmPackage.NODE_MODULES + npmPackage + "\""))
                .map(text -> String.valueOf(file.getFileName()));
    }

    LocalDate today() {
        return today;
    }

    /** @param name as in the package: a folder's ends with {@code /} */
    boolean has(String name) {
        return byName.containsKey(name);
    }

    /** Whether the project has it, by its path there, even where it is left out of the package. */
    boolean isInProject(String name) {
        return Files.exists(project.resolve(name));
    }

    /** The folder above the project's that has an npm package in its node_modules, where Node.js finds it in the tree. */
    Optional<Path> installedAbove(String npmPackage) {
        return Stream.iterate(project.getParent(), Objects::nonNull, Path::getParent)
                .filter(folder -> Files.isDirectory(folder.resolve(NpmPackage.NODE_MODULES + npmPackage)))
                .findFirst();
    }

    /** The project's folder. */
    Path project() {
        return project;
    }

    /** A file whose name is this one but for capitals. */
    Optional<String> otherwiseSpelled(String name) {
        return entries.stream()
                .map(SourceEntry::name)
                .filter(name::equalsIgnoreCase)
                .findFirst();
    }

    Optional<SourceEntry> entry(String name) {
        return Optional.ofNullable(byName.get(name));
    }

    /** Notes what packing a file has shown. */
    void packed(SourceEntry entry, PackedContent content) {
        if (content.privateKey()) {
            privateKeys.add(entry);
        }
        NativeProgram.of(content.head()).ifPresent(program -> programs.put(entry, program));
    }

    /** The native programs and libraries, after packaging. */
    Map<SourceEntry, NativeProgram> programs() {
        return programs;
    }

    /** The files that hold a private key, after packaging. */
    List<SourceEntry> privateKeys() {
        return privateKeys;
    }

    /** A file's first bytes; none where it is gone, which packaging itself will say. */
    byte[] head(SourceEntry file, int length) throws IOException {
        try {
            byte[] bytes = BoundedFile.head(file.source(), length);
            readBytes += bytes.length;
            return bytes;
        } catch (AccessDeniedException e) {
            throw FileErrors.unreadable(file.name(), file.source(), e);
        } catch (NoSuchFileException e) {
            return new byte[0];
        }
    }

    /** The {@code package.json} in a folder of the package; one without fields where there is none that can be read. */
    PackageJson packageJson(String folder) throws IOException {
        PackageJson known = packageJsons.get(folder);
        if (known != null) {
            return known;
        }
        SourceEntry file = byName.get(folder + "package.json");
        PackageJson json = file == null || !file.isFile() || file.size() > PackageJson.MAX_BYTES
                ? PackageJson.EMPTY
                : PackageJson.parse(new String(head(file, PackageJson.MAX_BYTES), StandardCharsets.UTF_8));
        packageJsons.put(folder, json);
        return json;
    }

    /** The same as far as an install goes by it, from npm's note where that has it. */
    PackageJson manifest(String folder) throws IOException {
        SourceEntry file = byName.get(folder + "package.json");
        Map<String, Object> noted =
                file == null ? Map.of() : note.manifest(file.source().getParent());
        return noted.isEmpty() ? packageJson(folder) : new PackageJson(noted, false);
    }

    /** The project's {@code package.json}, which need not be in the package. */
    PackageJson projectPackageJson() throws IOException {
        if (!settings.hasCodeDir()) {
            return packageJson("");
        }
        if (projectPackageJson == null) {
            Path file = project.resolve("package.json");
            Optional<byte[]> bytes = Files.isRegularFile(file) && Files.isReadable(file)
                    ? BoundedFile.read(file.toRealPath(), PackageJson.MAX_BYTES)
                    : Optional.empty();
            projectPackageJson = bytes.map(text -> PackageJson.parse(new String(text, StandardCharsets.UTF_8)))
                    .orElse(PackageJson.EMPTY);
        }
        return projectPackageJson;
    }

    /** The {@code package.json} that Node.js asks about a file: that of the nearest folder that has one. */
    PackageJson nearestPackageJson(String name) throws IOException {
        Optional<String> folder = packageScope(name);
        return folder.isPresent() ? packageJson(folder.get()) : PackageJson.EMPTY;
    }

    /** The nearest folder above a file that has a {@code package.json}, with a {@code /} at the end, or empty for the package's top. */
    Optional<String> packageScope(String name) {
        for (int slash = name.lastIndexOf('/'); ; slash = name.lastIndexOf('/', slash - 1)) {
            String folder = name.substring(0, slash + 1);
            if (byName.containsKey(folder + "package.json")) {
                return Optional.of(folder);
            }
            if (slash < 0 || folder.endsWith("/node_modules/")) {
                return Optional.empty();
            }
        }
    }

    /** A JavaScript file of at most {@value #MAX_SCRIPT_BYTES} bytes; empty for a larger one. */
    Optional<JavaScriptText> script(SourceEntry file) throws IOException {
        if (!file.isFile() || file.size() > MAX_SCRIPT_BYTES) {
            return Optional.empty();
        }
        JavaScriptText known = scripts.get(file);
        if (known == null) {
            known = new JavaScriptText(new String(head(file, MAX_SCRIPT_BYTES), StandardCharsets.UTF_8));
            scripts.put(file, known);
        }
        return Optional.of(known);
    }

    /** What an add-on was compiled for. */
    AddOn addOn(SourceEntry file) throws IOException {
        AddOn known = addOns.get(file);
        if (known == null) {
            known = AddOn.read(file);
            readBytes += known.bytes();
            addOns.put(file, known);
        }
        return known;
    }

    /** The packages that the project's {@code package.json} asks for. */
    DependencyTree dependencies() throws IOException {
        if (dependencies == null) {
            dependencies = DependencyTree.of(this);
        }
        return dependencies;
    }

    /** Bytes read from the project's files for the checks alone. */
    long readBytes() {
        return readBytes;
    }
}
