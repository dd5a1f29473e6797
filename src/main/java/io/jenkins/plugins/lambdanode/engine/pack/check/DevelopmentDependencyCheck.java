package io.jenkins.plugins.lambdanode.engine.pack.check;

import io.jenkins.plugins.lambdanode.engine.base.SafeText;
import io.jenkins.plugins.lambdanode.engine.pack.api.Finding;
import io.jenkins.plugins.lambdanode.engine.pack.api.Finding.Severity;
import io.jenkins.plugins.lambdanode.engine.pack.select.NpmPackage;
import io.jenkins.plugins.lambdanode.engine.pack.select.SourceEntry;
import java.io.IOException;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Set;
import java.util.TreeMap;
import java.util.stream.Collectors;

/** Packages that only development dependencies ask for, with their bytes. */
final class DevelopmentDependencyCheck implements Check {
    private static final int SHOWN = 5;

    @Override
    public List<Finding> check(CheckedPackage files) throws IOException {
        Set<String> folders = files.dependencies().developmentOnly();
        if (folders.isEmpty()) {
            return List.of();
        }
        Map<String, Long> bytes = new TreeMap<>();
        for (SourceEntry entry : files.entries()) {
            String folder = NpmPackage.folderOf(entry.name());
            if (folders.contains(folder)) {
                bytes.merge(folder, entry.size(), Long::sum);
            }
        }
        String heaviest = bytes.entrySet().stream()
                .sorted(Map.Entry.<String, Long>comparingByValue().reversed())
                .limit(SHOWN)
                .map(folder -> SafeText.name(
                        folder.getKey().substring(NpmPackage.NODE_MODULES.length(), folder.getKey().length() - 1)))
                .collect(Collectors.joining(", "));
        return List.of(new Finding(
                Severity.WARNING,
                "development-dependencies",
                String.format(
                        Locale.ROOT,
                        "%d packages that only development needs are in the package, with %.1f MB unzipped: %s%s. Install without"
                                + " them (npm ci --omit=dev), or exclude them.",
                        bytes.size(),
                        bytes.values().stream().mapToLong(Long::longValue).sum() / 1e6,
                        heaviest,
                        bytes.size() > SHOWN ? ", ..." : ""),
                "package.json"));
    }
}
