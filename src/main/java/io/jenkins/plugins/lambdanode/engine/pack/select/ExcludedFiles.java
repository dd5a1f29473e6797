package io.jenkins.plugins.lambdanode.engine.pack.select;

import io.jenkins.plugins.lambdanode.engine.base.SafeText;
import io.jenkins.plugins.lambdanode.engine.pack.api.PackReport;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import java.util.TreeSet;

/** Counts what is left out of a package, by reason. The result does not depend on the order in which paths are added. */
final class ExcludedFiles {
    private static final int EXAMPLES = 5;

    private final Map<String, Tally> byReason = new TreeMap<>();

    private static final class Tally {
        private int count;
        private final TreeSet<String> examples = new TreeSet<>();
    }

    void add(String reason, String path) {
        Tally tally = byReason.computeIfAbsent(reason, r -> new Tally());
        tally.count++;
        tally.examples.add(SafeText.name(path));
        if (tally.examples.size() > EXAMPLES) {
            tally.examples.pollLast();
        }
    }

    /** The most frequent reason first. */
    List<PackReport.Excluded> report() {
        List<PackReport.Excluded> report = new ArrayList<>();
        byReason.forEach((reason, tally) ->
                report.add(new PackReport.Excluded(reason, tally.count, new ArrayList<>(tally.examples))));
        report.sort((a, b) -> Integer.compare(b.count(), a.count()));
        return report;
    }
}
