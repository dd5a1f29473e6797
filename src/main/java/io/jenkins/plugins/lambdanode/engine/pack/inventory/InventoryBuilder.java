package io.jenkins.plugins.lambdanode.engine.pack.inventory;

import io.jenkins.plugins.lambdanode.engine.base.Json;
import io.jenkins.plugins.lambdanode.engine.base.PublicUrl;
import io.jenkins.plugins.lambdanode.engine.pack.api.Inventory;
import io.jenkins.plugins.lambdanode.engine.pack.api.Inventory.Component;
import io.jenkins.plugins.lambdanode.engine.pack.api.Inventory.Gap;
import io.jenkins.plugins.lambdanode.engine.pack.select.ArchiveContents;
import io.jenkins.plugins.lambdanode.engine.pack.select.NpmPackage;
import io.jenkins.plugins.lambdanode.engine.pack.select.SourceEntry;
import io.jenkins.plugins.lambdanode.engine.project.production.ProductionPackages;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.TreeMap;

/**
 * Lists the npm packages whose files go into the archives: a folder in a node_modules that has a package.json, and the packages of
 * the repository. What is not in an archive is not in the list, whatever a lock file says.
 */
public final class InventoryBuilder {
    private static final String PACKAGE_JSON = "package.json";

    /** Longer than any that a registry takes. */
    private static final int MAX_TEXT = 1000;

    private final Manifests manifests;
    private final Optional<ProductionPackages> production;
    private final Optional<Path> lockFile;
    private final Map<String, Found> found = new TreeMap<>();
    private final Set<String> names = new HashSet<>();
    private boolean tooMany;
    private LockFile lock;

    /** What is known of the packages in the archives. */
    public interface Manifests {

        /** The fields of a package's package.json that an install goes by, and with npm what it notes besides. */
        Map<String, Object> noted(String folder) throws IOException;

        /** The fields of a package's package.json. */
        Map<String, Object> read(String folder) throws IOException;

        /** The fields of the project's package.json, which need not be in the package. */
        Map<String, Object> project() throws IOException;
    }

    private static final class Found {
        private final Map<String, Object> fields;
        private final String name;
        private final String version;
        private final String licence;
        private final boolean local;
        private final List<String> paths = new ArrayList<>();
        private final List<String> layerPaths = new ArrayList<>();

        Found(Map<String, Object> fields, String name, String version, String licence, boolean local) {
            this.fields = fields;
            this.name = name;
            this.version = version;
            this.licence = licence;
            this.local = local;
        }
    }

    /**
     * @param production which packages production needs; empty where all goes in
     * @param lockFile its absolute path; empty for none
     */
    public InventoryBuilder(Manifests manifests, Optional<ProductionPackages> production, String lockFile) {
        this.manifests = manifests;
        this.production = production;
        this.lockFile = lockFile.isEmpty()
                ? Optional.empty()
                : Optional.of(Path.of(lockFile)).filter(Files::isRegularFile);
    }

    /**
     * @param codeIsBuilt whether the code comes from a folder of its own
     * @param knownLayer whether the dependencies are in a layer version that was there
     */
    public Inventory of(List<ArchiveContents> archives, boolean codeIsBuilt, boolean knownLayer) throws IOException {
        for (ArchiveContents archive : archives) {
            for (SourceEntry entry : archive.entries()) {
                if (entry.isFile() && entry.name().endsWith("/" + PACKAGE_JSON)) {
                    add(archive, entry);
                }
            }
        }
        List<Component> components = new ArrayList<>();
        for (Found each : found.values()) {
            components.add(component(each));
        }
        Map<String, Object> project = manifests.project();
        return new Inventory(
                new Component(
                        text(project, "name"),
                        text(project, "version"),
                        licence(project),
                        "",
                        "",
                        true,
                        List.of(),
                        List.of()),
                components,
                gap(project, codeIsBuilt, knownLayer),
                lockFile.map(file -> String.valueOf(file.getFileName())).orElse(""),
                lockFile.isPresent() ? LockFile.sha256(lockFile.get()) : "");
    }

    private void add(ArchiveContents archive, SourceEntry entry) throws IOException {
        String folder = entry.name().substring(0, entry.name().length() - PACKAGE_JSON.length());
        boolean isInModules = NpmPackage.folderOf(entry.name()).equals(folder);
        boolean isOfRepository = !isInModules && isLocal(entry);
        if (!isInModules && !isOfRepository) {
            return;
        }
        Map<String, Object> fields = manifests.noted(folder);
        String place = isInModules
                ? folder.substring(
                        folder.lastIndexOf(NpmPackage.NODE_MODULES) + NpmPackage.NODE_MODULES.length(),
                        folder.length() - 1)
                : folder.substring(0, folder.length() - 1);
        if (isInModules) {
            names.add(place);
        }
        if (!fields.containsKey("version") || licence(fields).isEmpty()) {
            fields = withMore(fields, manifests.read(folder));
        }
        String name = LockFile.text(fields, "name", place);
        String version = text(fields, "version");
        boolean local = isOfRepository || !isBelowModules(entry.source());
        String key = name + "@" + version + (local ? "\nlocal" : "");
        Found each = found.get(key);
        if (each == null) {
            if (found.size() == Inventory.MAX_COMPONENTS) {
                tooMany = true;
                return;
            }
            each = new Found(fields, cut(name), version, licence(fields), local);
            found.put(key, each);
        }
        (archive.isLayer() ? each.layerPaths : each.paths)
                .add(archive.prefix() + folder.substring(0, folder.length() - 1));
    }

    /** What npm notes counts: it has the name of an alias's package. */
    private static Map<String, Object> withMore(Map<String, Object> noted, Map<String, Object> read) {
        Map<String, Object> all = new TreeMap<>(read);
        all.putAll(noted);
        return all;
    }

    private boolean isLocal(SourceEntry packageJson) {
        Path folder = packageJson.source().getParent();
        return folder != null && production.isPresent() && production.get().isLocal(folder);
    }

    private static boolean isBelowModules(Path source) {
        for (Path part : source) {
            if (part.toString().equals("node_modules")) {
                return true;
            }
        }
        return false;
    }

    private Component component(Found each) throws IOException {
        boolean noted = each.fields.containsKey("integrity") || each.fields.containsKey("resolved");
        boolean local = each.local
                || (noted
                        ? text(each.fields, "resolved").startsWith("file:")
                        : lock().isLocal(each.name, each.version));
        LockFile.Origin origin = noted
                ? new LockFile.Origin(text(each.fields, "integrity"), local ? "" : text(each.fields, "resolved"))
                : local ? LockFile.Origin.UNKNOWN : lock().origin(each.name, each.version);
        return new Component(
                each.name,
                each.version,
                each.licence,
                cut(origin.integrity()),
                cut(PublicUrl.of(origin.source())),
                local,
                each.paths,
                each.layerPaths);
    }

    /** Read where npm has not noted where a package comes from. */
    private LockFile lock() throws IOException {
        if (lock == null) {
            lock = LockFile.of(lockFile);
        }
        return lock;
    }

    private Gap gap(Map<String, Object> project, boolean codeIsBuilt, boolean knownLayer) {
        if (tooMany) {
            return Gap.TOO_MANY;
        }
        if (knownLayer) {
            return Gap.IN_KNOWN_LAYER;
        }
        Set<String> needed = new HashSet<>(Json.map(project.get("dependencies")).keySet());
        needed.removeAll(Json.map(project.get("optionalDependencies")).keySet());
        return !names.containsAll(needed) ? Gap.NOT_PACKAGED : codeIsBuilt ? Gap.BUILT_CODE : Gap.NONE;
    }

    /** {@code license}, and what old packages have: an object with a type, or {@code licenses} (npm documentation, "package.json"). */
    private static String licence(Map<String, Object> fields) {
        Object licence = fields.getOrDefault("license", fields.get("licenses"));
        if (licence instanceof List<?> several) {
            return cut(several.stream()
                    .map(InventoryBuilder::licenceName)
                    .filter(name -> !name.isEmpty())
                    .reduce((one, other) -> one + " OR " + other)
                    .orElse(""));
        }
        return cut(licenceName(licence));
    }

    private static String licenceName(Object licence) {
        return licence instanceof String text ? text : text(Json.map(licence), "type");
    }

    private static String text(Map<String, Object> fields, String name) {
        return cut(LockFile.text(fields, name, ""));
    }

    private static String cut(String text) {
        return text.substring(0, Math.min(MAX_TEXT, text.length()));
    }
}
