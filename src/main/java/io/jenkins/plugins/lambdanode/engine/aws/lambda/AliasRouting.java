package io.jenkins.plugins.lambdanode.engine.aws.lambda;

import java.math.BigDecimal;
import java.util.Map;
import java.util.Set;
import java.util.stream.Collectors;

/**
 * Where an alias sends its callers.
 *
 * @param version the version that it points to: it gets what the weights leave
 * @param weights the share of another version, from 0 to 1; empty where all traffic goes to {@code version}
 * @param revisionId changes with each change of the alias
 */
public record AliasRouting(String name, String arn, String version, Map<String, Double> weights, String revisionId) {

    private static final double TENTH_OF_A_PERCENT = 0.001;

    public AliasRouting {
        weights = Map.copyOf(weights);
    }

    public boolean isSplit() {
        return !weights.isEmpty();
    }

    /** Whether this version gets all traffic. */
    public boolean sendsAllTo(String other) {
        return !isSplit() && version.equals(other);
    }

    /** Whether it points to this version and has these weights, to a tenth of a percent. */
    public boolean sends(String pointsTo, Map<String, Double> shares) {
        return version.equals(pointsTo)
                && weights.keySet().equals(shares.keySet())
                && shares.entrySet().stream()
                        .allMatch(
                                share -> Math.abs(weights.get(share.getKey()) - share.getValue()) < TENTH_OF_A_PERCENT);
    }

    /** Whether two versions share the traffic, and no third. */
    public boolean isBetween(String from, String to) {
        return version.equals(from) && weights.keySet().equals(Set.of(to));
    }

    /** For instance {@code points to version 1 and sends 10 % to version 2}. */
    public String describe() {
        return "points to version " + version
                + (isSplit()
                        ? weights.entrySet().stream()
                                .map(other -> percent(other.getValue()) + " % to version " + other.getKey())
                                .collect(Collectors.joining(", ", " and sends ", ""))
                        : "");
    }

    /** For instance {@code 1 (90 %) and 2 (10 %)}: the versions and their shares. */
    public String shares() {
        double rest = 1 - weights.values().stream().mapToDouble(share -> share).sum();
        return weights.entrySet().stream()
                .map(other -> " and " + other.getKey() + " (" + percent(other.getValue()) + " %)")
                .collect(Collectors.joining("", version + " (" + percent(rest) + " %)", ""));
    }

    private static String percent(double share) {
        return BigDecimal.valueOf(Math.round(share * 1000), 1)
                .stripTrailingZeros()
                .toPlainString();
    }
}
