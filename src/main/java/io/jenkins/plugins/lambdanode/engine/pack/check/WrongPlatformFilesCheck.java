package io.jenkins.plugins.lambdanode.engine.pack.check;

import io.jenkins.plugins.lambdanode.engine.pack.api.Finding;
import io.jenkins.plugins.lambdanode.engine.pack.api.Finding.Severity;
import io.jenkins.plugins.lambdanode.engine.pack.api.TargetFunction;
import io.jenkins.plugins.lambdanode.engine.pack.select.SourceEntry;
import java.io.IOException;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;

/**
 * Linux programs and libraries for another architecture, one finding for each npm package. Not add-ons of Node.js, which have a check of
 * their own, and of Bare, which no function loads; Windows and macOS programs come along in many packages and mean nothing. Nor where
 * a package for the function's platform is there: esbuild's install script puts the machine's program into esbuild itself besides.
 */
final class WrongPlatformFilesCheck implements Check {
    @Override
    public List<Finding> check(CheckedPackage files) throws IOException {
        List<Finding> findings = new ArrayList<>();
        for (TargetFunction function : files.functions()) {
            Map<String, List<SourceEntry>> wrong = new TreeMap<>();
            Map<String, Boolean> fits = new TreeMap<>();
            files.programs().forEach((entry, program) -> {
                boolean isAddOn = entry.name().endsWith(".node") || entry.name().endsWith(".bare");
                if (program.system().equals("linux") && !isAddOn) {
                    String owner = SizeBreakdown.owner(entry.name());
                    if (program.runsOn(function.architecture())) {
                        fits.put(owner, true);
                    } else if (!PlatformPath.isForAnother(entry.name(), function.architecture())) {
                        wrong.computeIfAbsent(owner, name -> new ArrayList<>()).add(entry);
                    }
                }
            });
            wrong.keySet().removeAll(fits.keySet());
            for (String owner : List.copyOf(wrong.keySet())) {
                if (PlatformPackageCheck.hasFitting(owner + "/", files, function)) {
                    wrong.remove(owner);
                }
            }
            wrong.values().forEach(entries -> findings.add(finding(entries, files, function)));
        }
        return findings;
    }

    private static Finding finding(List<SourceEntry> entries, CheckedPackage files, TargetFunction function) {
        SourceEntry first = entries.get(0);
        return new Finding(
                Severity.WARNING,
                "native-other-platform",
                "It is built for " + files.programs().get(first).display() + " and the function is linux "
                        + function.architecture()
                        + (entries.size() > 1 ? ", as are " + (entries.size() - 1) + " more files of this package" : "")
                        + ". "
                        + PlatformAdvice.prebuilt(function) + " If the function does not need it, exclude it.",
                first.name());
    }
}
