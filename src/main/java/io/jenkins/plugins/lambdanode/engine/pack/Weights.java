package io.jenkins.plugins.lambdanode.engine.pack;

import io.jenkins.plugins.lambdanode.engine.pack.PackReport.Weight;
import java.util.Comparator;
import java.util.HashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;

/** Which npm packages and folders of a project weigh most. */
final class Weights {

    private static final int SHOWN = 10;
    private static final String MODULES = "node_modules/";

    private Weights() {}

    /**
     * The heaviest, by unzipped bytes.
     *
     * @param compressed what each entry takes in the package, in the order of the entries; zeros where that is not known
     */
    static List<Weight> of(List<Entry> entries, long[] compressed) {
        Map<String, long[]> sums = new HashMap<>();
        for (int i = 0; i < entries.size(); i++) {
            Entry entry = entries.get(i);
            if (!entry.isFolder()) {
                long[] sum = sums.computeIfAbsent(group(entry.name()), key -> new long[3]);
                sum[0]++;
                sum[1] += entry.size();
                sum[2] += compressed[i];
            }
        }
        return sums.entrySet().stream()
                .map(sum -> new Weight(
                        sum.getKey(), (int) sum.getValue()[0], sum.getValue()[1], sum.getValue()[2]))
                .sorted(Comparator.comparingLong(Weight::unzippedBytes).reversed().thenComparing(Weight::name))
                .limit(SHOWN)
                .toList();
    }

    /** A package's own folder at the top of node_modules, with what is nested in it; else the top folder or file. */
    private static String group(String name) {
        int from = name.startsWith(MODULES) ? MODULES.length() : 0;
        int end = name.indexOf('/', from);
        if (from > 0 && end > 0 && name.charAt(from) == '@') {
            end = name.indexOf('/', end + 1);
        }
        return end < 0 ? name : name.substring(0, end);
    }

    /** The heaviest as lines of an error message. */
    static String table(List<Weight> weights) {
        StringBuilder lines = new StringBuilder();
        for (Weight weight : weights) {
            lines.append(String.format(
                    Locale.ROOT, "%n  %8.1f MB  %s", weight.unzippedBytes() / 1048576.0, weight.name()));
        }
        return lines.toString().replace("\r", "");
    }
}
