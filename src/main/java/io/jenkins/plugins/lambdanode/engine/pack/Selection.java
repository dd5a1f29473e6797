package io.jenkins.plugins.lambdanode.engine.pack;

import io.jenkins.plugins.lambdanode.engine.pack.PackReport.Skipped;
import java.io.IOException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;

/** Which files of a project go into its package, and what was left out for which reason. */
final class Selection {

    /**
     * Names that are left out wherever they are: version control, editors' folders and what they leave behind, and
     * {@code .npmrc}, which can hold a token.
     */
    private static final Set<String> DEFAULT_NAMES = Set.of(
            ".git", ".svn", ".hg", "CVS", ".idea", ".vscode", ".DS_Store", "Thumbs.db", ".npmrc", "npm-debug.log");

    /** Paths that are left out: what npm's packages cache in node_modules, and this tool's own file. */
    private static final Set<String> DEFAULT_PATHS = Set.of("node_modules/.cache", LambdaIgnore.FILE_NAME);

    private static final List<String> DEFAULT_SUFFIXES = List.of(".swp", ".swo", "~");

    private static final int EXAMPLES = 3;

    private final List<AntPattern> includes;
    private final List<AntPattern> excludes;
    private final Optional<LambdaIgnore> ignore;
    private final Set<Path> ownFiles;
    private final Map<String, Integer> counts = new LinkedHashMap<>();
    private final Map<String, List<String>> examples = new LinkedHashMap<>();

    /** @param ownFiles absolute paths of what this tool itself writes: the package, its cache, its temporary files */
    Selection(Path project, PackRequest request, Set<Path> ownFiles) throws IOException {
        this.includes = request.includes().stream().map(AntPattern::new).toList();
        this.excludes = request.excludes().stream().map(AntPattern::new).toList();
        this.ignore = LambdaIgnore.of(project);
        this.ownFiles = ownFiles;
    }

    /**
     * Whether a file or folder is left out; it is counted if so.
     *
     * @param relative its path in the package, without a {@code /} at the end
     */
    boolean leavesOut(Path path, String relative, String name, boolean folder) {
        Optional<String> reason = reason(path, relative, name, folder);
        reason.ifPresent(text -> leftOut(text, relative));
        return reason.isPresent();
    }

    /** Counts something that is left out for a reason of its own. */
    void leftOut(String reason, String relative) {
        counts.merge(reason, 1, Integer::sum);
        List<String> named = examples.computeIfAbsent(reason, key -> new ArrayList<>());
        if (named.size() < EXAMPLES) {
            named.add(relative);
        }
    }

    private Optional<String> reason(Path path, String relative, String name, boolean folder) {
        if (ownFiles.contains(path)) {
            return Optional.of("this tool's own files");
        }
        if (DEFAULT_NAMES.contains(name) || DEFAULT_PATHS.contains(relative)) {
            return Optional.of("default exclude " + (DEFAULT_NAMES.contains(name) ? name : relative));
        }
        for (String suffix : DEFAULT_SUFFIXES) {
            if (!folder && name.endsWith(suffix)) {
                return Optional.of("default exclude *" + suffix);
            }
        }
        for (AntPattern pattern : excludes) {
            if (pattern.matches(relative)) {
                return Optional.of("exclude " + pattern);
            }
        }
        if (ignore.isPresent() && ignore.get().ignores(folder ? relative + "/" : relative)) {
            return Optional.of(LambdaIgnore.FILE_NAME);
        }
        return Optional.empty();
    }

    /** Whether only what matches an include goes in. */
    boolean isNarrowed() {
        return !includes.isEmpty();
    }

    /** Whether a file that is not left out goes in. */
    boolean includes(String relative) {
        return includes.isEmpty() || includes.stream().anyMatch(pattern -> pattern.matches(relative));
    }

    List<Skipped> skipped() {
        return counts.entrySet().stream()
                .map(entry -> new Skipped(entry.getKey(), entry.getValue(), examples.get(entry.getKey())))
                .toList();
    }
}
