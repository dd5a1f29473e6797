package io.jenkins.plugins.lambdanode.engine.pack.select;

import io.jenkins.plugins.lambdanode.engine.base.DeployException;
import io.jenkins.plugins.lambdanode.engine.base.SafeText;
import io.jenkins.plugins.lambdanode.engine.pack.api.AntPattern;
import io.jenkins.plugins.lambdanode.engine.pack.api.Finding;
import io.jenkins.plugins.lambdanode.engine.pack.api.PackSettings;
import java.io.IOException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.atomic.AtomicIntegerArray;

/**
 * Which paths go into a package. A path is left out by the default excludes, by an exclude pattern, by
 * {@code .lambdaignore}, or since there are include patterns and none matches it; the first of these that applies is the
 * reason in the report. An include pattern that names a file or folder at the top overrides its default exclude. Safe to use from several threads.
 */
public final class Selection {
    static final String NOT_INCLUDED = "not included";

    private static final String WITHOUT_DEPENDENCIES = "dependencies: 'none'";
    private static final String IN_KNOWN_LAYER = "a layer that has it already";

    private final DefaultExcludes defaults;
    private final boolean dependencies;
    private final boolean knownLayer;
    private final List<AntPattern> includes;
    private final List<AntPattern> excludes;
    private final Optional<LambdaIgnore> ignore;
    private final AtomicIntegerArray foldersMatchedByName;
    private final AtomicIntegerArray effects;

    private Selection(
            DefaultExcludes defaults,
            boolean dependencies,
            boolean knownLayer,
            List<AntPattern> includes,
            List<AntPattern> excludes,
            Optional<LambdaIgnore> ignore) {
        this.defaults = defaults;
        this.dependencies = dependencies;
        this.knownLayer = knownLayer;
        this.includes = includes;
        this.excludes = excludes;
        this.ignore = ignore;
        this.foldersMatchedByName = new AtomicIntegerArray(excludes.size());
        this.effects = new AtomicIntegerArray(excludes.size());
    }

    /**
     * What settings select.
     *
     * @param project the project's folder, a real path
     * @param knownLayer whether the project's node_modules is in a layer already
     * @throws DeployException if a pattern or {@code .lambdaignore} cannot be used
     */
    public static Selection of(PackSettings settings, Path project, DefaultExcludes defaults, boolean knownLayer)
            throws IOException {
        return new Selection(
                defaults,
                settings.dependencies(),
                knownLayer,
                patterns(settings.includes()),
                patterns(settings.excludes()),
                LambdaIgnore.existsIn(project) ? Optional.of(LambdaIgnore.of(project)) : Optional.empty());
    }

    private static List<AntPattern> patterns(List<String> texts) throws DeployException {
        List<AntPattern> patterns = new ArrayList<>();
        for (String text : texts) {
            if (!text.isBlank()) {
                try {
                    patterns.add(new AntPattern(text));
                } catch (IllegalArgumentException e) {
                    throw new DeployException(e.getMessage(), e);
                }
            }
        }
        return patterns;
    }

    /** Why a folder is left out with all that is in it. */
    Optional<String> skipsFolder(String path) throws DeployException {
        Optional<String> reason = byDefault(path);
        for (int i = 0; i < excludes.size() && reason.isEmpty(); i++) {
            if (excludes.get(i).matchesAllBelow(path)) {
                effects.incrementAndGet(i);
                reason = Optional.of("exclude " + excludes.get(i));
            } else if (excludes.get(i).matches(path)) {
                foldersMatchedByName.incrementAndGet(i);
            }
        }
        return reason.isEmpty() && ignored(path, true) ? Optional.of(LambdaIgnore.FILE_NAME) : reason;
    }

    /** Why a file is left out, include patterns aside. */
    Optional<String> excludesFile(String path) throws DeployException {
        Optional<String> reason = byDefault(path);
        for (int i = 0; i < excludes.size() && reason.isEmpty(); i++) {
            if (excludes.get(i).matches(path)) {
                effects.incrementAndGet(i);
                reason = Optional.of("exclude " + excludes.get(i));
            }
        }
        return reason.isEmpty() && ignored(path, false) ? Optional.of(LambdaIgnore.FILE_NAME) : reason;
    }

    /** Why a file is left out. */
    Optional<String> skipsFile(String path) throws DeployException {
        Optional<String> reason = excludesFile(path);
        return reason.isEmpty() && !includes(path) ? Optional.of(NOT_INCLUDED) : reason;
    }

    private Optional<String> byDefault(String path) {
        if (!dependencies && (path + "/").endsWith(NpmPackage.NODE_MODULES) && NpmPackage.contains(path + "/")) {
            return Optional.of(WITHOUT_DEPENDENCIES);
        }
        if (knownLayer && (path + "/").equals(ArchiveContents.DEPENDENCIES)) {
            return Optional.of(IN_KNOWN_LAYER);
        }
        Optional<String> reason = defaults.reason(path);
        if (reason.isPresent()) {
            return reason;
        }
        Optional<String> atTop = defaults.reasonAtTop(path);
        return atTop.isPresent() && includes.stream().anyMatch(include -> include.names(path))
                ? Optional.empty()
                : atTop;
    }

    /** Why something at the top of another package of the repository is left out, as it is at the project's. */
    Optional<String> skipsAtTop(String name) {
        return defaults.reasonAtTop(name);
    }

    private boolean includes(String path) {
        if (includes.isEmpty()) {
            return true;
        }
        for (AntPattern include : includes) {
            if (include.matches(path)) {
                return true;
            }
        }
        return false;
    }

    private boolean ignored(String path, boolean folder) throws DeployException {
        return ignore.isPresent() && ignore.get().ignores(path, folder);
    }

    /** Why what a link leads to must not get into a package under another name. */
    Optional<String> forbidsTarget(String path) {
        return defaults.reasonOnTheWay(path);
    }

    /** Whether only what an include pattern matches goes in. Folders then go in where they hold a file that does. */
    boolean isPartial() {
        return !includes.isEmpty();
    }

    /** Patterns and lines that surely do not do what their writer meant; to be asked for after the walk. */
    List<Finding> findings() {
        List<Finding> findings = new ArrayList<>();
        ignore.ifPresent(lines -> findings.addAll(lines.findings()));
        for (int i = 0; i < excludes.size(); i++) {
            if (foldersMatchedByName.get(i) > 0 && effects.get(i) == 0) {
                findings.add(new Finding(
                        Finding.Severity.WARNING,
                        "exclude-without-effect",
                        "The exclude " + SafeText.name(excludes.get(i).toString())
                                + " matches folders but nothing in them, as in"
                                + " Ant. To leave out what is in a folder, end the pattern with /.",
                        ""));
            }
        }
        return findings;
    }
}
