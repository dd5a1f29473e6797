package io.jenkins.plugins.lambdanode.engine.pack.check;

import io.jenkins.plugins.lambdanode.engine.base.SafeText;
import io.jenkins.plugins.lambdanode.engine.pack.api.PackReport;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.HashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;

/**
 * Adds up what npm packages and folders weigh. What is under a {@code node_modules} counts for the outermost npm package that
 * it is in, with its nested ones; anything else for its top folder, or for itself at the top.
 */
public final class SizeBreakdown {
    private static final int SHOWN = 10;
    private static final String NODE_MODULES = "node_modules/";

    private final Map<String, Sum> sums = new HashMap<>();

    private static final class Sum {
        private int files;
        private long unzipped;
        private long zipped;
    }

    /**
     * @param name an entry's name; folders count for the bytes that they take in the package only
     * @param zipped what it takes in the package, headers included, or 0 where that is not known yet
     */
    public void add(String name, boolean file, long unzipped, long zipped) {
        String owner = owner(name);
        if (owner.isEmpty()) {
            return;
        }
        Sum sum = sums.computeIfAbsent(owner, o -> new Sum());
        sum.files += file ? 1 : 0;
        sum.unzipped += unzipped;
        sum.zipped += zipped;
    }

    /** These weights and others together. */
    public SizeBreakdown with(SizeBreakdown others) {
        SizeBreakdown all = new SizeBreakdown();
        for (SizeBreakdown some : List.of(this, others)) {
            some.sums.forEach((name, sum) -> {
                Sum in = all.sums.computeIfAbsent(name, o -> new Sum());
                in.files += sum.files;
                in.unzipped += sum.unzipped;
                in.zipped += sum.zipped;
            });
        }
        return all;
    }

    /** What an entry counts for, for instance {@code node_modules/@aws-sdk/client-s3} or {@code lib}; empty for none. */
    static String owner(String name) {
        int modules = name.startsWith(NODE_MODULES) ? 0 : name.indexOf("/" + NODE_MODULES) + 1;
        if (modules > 0 || name.startsWith(NODE_MODULES)) {
            int start = modules + NODE_MODULES.length();
            if (start == name.length()) {
                return "";
            }
            int end = slashFrom(name, start);
            if (name.charAt(start) == '@' && end < name.length()) {
                if (end + 1 == name.length()) {
                    return "";
                }
                end = slashFrom(name, end + 1);
            }
            return name.substring(0, end);
        }
        return name.substring(0, slashFrom(name, 0));
    }

    private static int slashFrom(String name, int from) {
        int slash = name.indexOf('/', from);
        return slash < 0 ? name.length() : slash;
    }

    /** Ten at most, by size in the package. */
    public List<PackReport.PackageSize> heaviestZipped() {
        return heaviest(Comparator.comparingLong(PackReport.PackageSize::zippedBytes));
    }

    /** Ten at most, by size unzipped. */
    List<PackReport.PackageSize> heaviestUnzipped() {
        return heaviest(Comparator.comparingLong(PackReport.PackageSize::unzippedBytes));
    }

    private List<PackReport.PackageSize> heaviest(Comparator<PackReport.PackageSize> by) {
        List<PackReport.PackageSize> weights = new ArrayList<>();
        sums.forEach((name, sum) -> weights.add(new PackReport.PackageSize(name, sum.files, sum.unzipped, sum.zipped)));
        weights.sort(by.reversed().thenComparing(PackReport.PackageSize::name));
        return weights.subList(0, Math.min(SHOWN, weights.size()));
    }

    /** A table for a message, one line for each weight. */
    static String table(List<PackReport.PackageSize> weights, boolean zipped) {
        StringBuilder table = new StringBuilder();
        for (PackReport.PackageSize weight : weights) {
            table.append(String.format(
                    Locale.ROOT,
                    "  %9.2f MB %7d files  %s%n",
                    (zipped ? weight.zippedBytes() : weight.unzippedBytes()) / 1e6,
                    weight.files(),
                    SafeText.name(weight.name())));
        }
        return table.toString().replace("\r\n", "\n");
    }
}
