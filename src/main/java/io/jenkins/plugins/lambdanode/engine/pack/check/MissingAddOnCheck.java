package io.jenkins.plugins.lambdanode.engine.pack.check;

import io.jenkins.plugins.lambdanode.engine.base.Json;
import io.jenkins.plugins.lambdanode.engine.base.SafeText;
import io.jenkins.plugins.lambdanode.engine.pack.api.Finding;
import io.jenkins.plugins.lambdanode.engine.pack.api.Finding.Severity;
import io.jenkins.plugins.lambdanode.engine.pack.select.NpmPackage;
import io.jenkins.plugins.lambdanode.engine.pack.select.SourceEntry;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.List;
import java.util.Optional;
import java.util.Set;
import java.util.TreeSet;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import java.util.stream.Stream;

/**
 * Packages whose install script compiles or downloads something that is not there: scripts were blocked, or switched off
 * ({@code ignore-scripts}). Not those that only an optional dependency asks for, or that do without. That an add-on is missing is
 * seen from the files. For anything else the tool must have said that it has not run the script.
 */
final class MissingAddOnCheck implements Check {
    private static final int MAX_SCRIPT_BYTES = 1 << 18;

    private static final Pattern BUILDS =
            Pattern.compile(".*\\b(?:node-gyp|node-pre-gyp|prebuild-install|cmake-js|install-from-cache)\\b.*");

    private static final Pattern FETCHES =
            Pattern.compile(".*(?:\\b(?:curl|wget|make|cargo|tsc)\\b|\\b(?:npm|yarn|pnpm) run\\b|\\.sh\\b).*");

    private static final Pattern NODE_FILE = Pattern.compile("node\\s+(?:\\./)?([\\w./-]+)(?:\\s.*)?");

    /** What such a file does that is not there for a message alone. */
    private static final Pattern DOWNLOADS = Pattern.compile(
            "download|https?\\.(?:get|request)\\(|\\bfetch\\(|node-gyp|prebuild", Pattern.CASE_INSENSITIVE);

    /**
     * ssh2 compiles what it does without; @scarf/scarf, of swagger-ui-dist, only reports the install; @firebase/util, of
     * firebase-admin, fetches a configuration where a variable asks for one.
     */
    private static final Pattern DOES_WITHOUT =
            Pattern.compile("\\b(?:optional crypto binding|SCARF_ANALYTICS|FIREBASE_WEBAPP_CONFIG)\\b");

    @Override
    public List<Finding> check(CheckedPackage files) throws IOException {
        Set<String> suspects = new TreeSet<>();
        for (String folder : files.dependencies().production()) {
            if (!files.dependencies().isOptional(folder)
                    && !hasPlatformPackages(folder, files)
                    && (buildsAddOn(folder, files) || isBlocked(folder, files) && lacksSomething(folder, files))) {
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
                        message(folder, files),
                        folder.substring(0, folder.length() - 1)));
            }
        }
        return findings;
    }

    private static String message(String folder, CheckedPackage files) throws IOException {
        Optional<String> remedy = files.blockedScript(nameOf(folder));
        String how = remedy.map(approval -> " Approve it with " + approval + ".")
                .orElse(" Let scripts run: approve the package, and remove ignore-scripts.");
        return buildsAddOn(folder, files)
                ? "It has no add-on (.node): its install script (" + SafeText.name(buildScript(folder, files))
                        + ") makes or fetches that, and has not run, or has failed." + how
                : "Its install script (" + SafeText.name(String.join("; ", scripts(folder, files)))
                        + ") has not run; it may make or fetch what the package needs." + how;
    }

    private static String nameOf(String folder) {
        return folder.substring(
                folder.lastIndexOf(NpmPackage.NODE_MODULES) + NpmPackage.NODE_MODULES.length(), folder.length() - 1);
    }

    private static boolean isBlocked(String folder, CheckedPackage files) {
        return files.blockedScript(nameOf(folder)).isPresent();
    }

    /** A package for each platform brings it (sharp, esbuild). */
    private static boolean hasPlatformPackages(String folder, CheckedPackage files) throws IOException {
        return files.packageJson(folder).names("optionalDependencies").stream()
                .anyMatch(name -> new PlatformPath(name).isComplete());
    }

    private static boolean buildsAddOn(String folder, CheckedPackage files) throws IOException {
        return !buildScript(folder, files).isEmpty();
    }

    /** npm runs node-gyp for a binding.gyp where no script says otherwise (npm documentation, "scripts"). */
    private static String buildScript(String folder, CheckedPackage files) throws IOException {
        Optional<String> own = scripts(folder, files).stream()
                .filter(script -> BUILDS.matcher(script).matches())
                .findFirst();
        Object scripts = files.packageJson(folder).fields().get("scripts");
        boolean hasScript =
                Json.map(scripts).containsKey("install") || Json.map(scripts).containsKey("preinstall");
        return own.orElse(!hasScript && files.has(folder + "binding.gyp") ? "node-gyp rebuild" : "");
    }

    private static List<String> scripts(String folder, CheckedPackage files) throws IOException {
        Object scripts = files.packageJson(folder).fields().get("scripts");
        return Stream.of("preinstall", "install", "postinstall")
                .map(name -> Json.map(scripts).get(name))
                .filter(String.class::isInstance)
                .map(String.class::cast)
                .toList();
    }

    /** Prisma's packages have a check of their own. */
    private static boolean lacksSomething(String folder, CheckedPackage files) throws IOException {
        String name = nameOf(folder);
        if (name.equals("prisma") || name.startsWith("@prisma/")) {
            return false;
        }
        String main =
                files.packageJson(folder).text("main").replaceFirst("^\\./", "").replaceFirst("/$", "");
        if (!main.isEmpty()
                && Stream.of("", ".js", ".cjs", ".json", ".node", "/", "/index.js")
                        .noneMatch(end -> files.has(folder + main + end))) {
            return true;
        }
        for (String script : scripts(folder, files)) {
            Matcher node = NODE_FILE.matcher(script.strip());
            if (node.matches()
                    ? downloads(folder + node.group(1), files)
                    : FETCHES.matcher(script).matches()) {
                return true;
            }
        }
        return false;
    }

    private static boolean downloads(String file, CheckedPackage files) throws IOException {
        for (String end : List.of("", ".js", ".cjs", ".mjs", "/index.js")) {
            Optional<SourceEntry> entry = files.entry(file + end).filter(SourceEntry::isFile);
            if (entry.isPresent()) {
                String text = new String(files.head(entry.get(), MAX_SCRIPT_BYTES), StandardCharsets.UTF_8);
                return DOWNLOADS.matcher(text).find()
                        && !DOES_WITHOUT.matcher(text).find();
            }
        }
        return false;
    }
}
