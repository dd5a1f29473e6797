package io.jenkins.plugins.lambdanode.engine.pack.check;

import io.jenkins.plugins.lambdanode.engine.base.Json;
import io.jenkins.plugins.lambdanode.engine.base.SafeText;
import io.jenkins.plugins.lambdanode.engine.pack.api.Finding;
import io.jenkins.plugins.lambdanode.engine.pack.api.Finding.Severity;
import io.jenkins.plugins.lambdanode.engine.pack.select.SourceEntry;
import java.io.IOException;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.List;
import java.util.Set;
import java.util.TreeSet;
import java.util.regex.Pattern;
import java.util.stream.Stream;

/**
 * Packages whose install script compiles or downloads an add-on, and that have none: scripts were blocked, or switched off
 * ({@code ignore-scripts}). Not those that only an optional dependency asks
 * for, or that do without.
 */
final class MissingAddOnCheck implements Check {
    private static final Pattern BUILDS =
            Pattern.compile(".*\\b(?:node-gyp|node-pre-gyp|prebuild-install|cmake-js|install-from-cache)\\b.*");

    @Override
    public List<Finding> check(CheckedPackage files) throws IOException {
        Set<String> suspects = new TreeSet<>();
        for (String folder : files.dependencies().production()) {
            if (!files.dependencies().isOptional(folder) && buildsAddOn(folder, files)) {
                suspects.add(folder);
            }
        }
        if (suspects.isEmpty()) {
            return List.of();
        }
        Set<String> having = new HashSet<>();
        for (SourceEntry entry : files.entries()) {
            if (entry.name().endsWith(".node")) {
                suspects.stream()
                        .filter(folder -> entry.name().startsWith(folder))
                        .forEach(having::add);
            }
        }
        List<Finding> findings = new ArrayList<>();
        for (String folder : suspects) {
            if (!having.contains(folder) && !AddOnLoader.of(folder, files).isCaught()) {
                findings.add(new Finding(
                        Severity.WARNING,
                        "native-missing",
                        "It has no add-on (.node): its install script ("
                                + SafeText.name(script(folder, files))
                                + ") makes or fetches that, and has not run, or has failed. Let scripts run:"
                                + " approve the package, and remove ignore-scripts.",
                        folder.substring(0, folder.length() - 1)));
            }
        }
        return findings;
    }

    /** Unless a package for the platform brings it. */
    private static boolean buildsAddOn(String folder, CheckedPackage files) throws IOException {
        return BUILDS.matcher(script(folder, files)).matches()
                && files.packageJson(folder).names("optionalDependencies").stream()
                        .noneMatch(name -> new PlatformPath(name).isComplete());
    }

    /** npm runs node-gyp for a binding.gyp where no script says otherwise (npm documentation, "scripts"). */
    private static String script(String folder, CheckedPackage files) throws IOException {
        Object scripts = files.packageJson(folder).fields().get("scripts");
        String own = Stream.of("preinstall", "install", "postinstall")
                .map(name -> Json.map(scripts).get(name))
                .filter(String.class::isInstance)
                .map(String.class::cast)
                .filter(script -> BUILDS.matcher(script).matches())
                .findFirst()
                .orElse("");
        boolean hasScript =
                Json.map(scripts).containsKey("install") || Json.map(scripts).containsKey("preinstall");
        return own.isEmpty() && !hasScript && files.has(folder + "binding.gyp") ? "node-gyp rebuild" : own;
    }
}
