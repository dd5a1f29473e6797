package io.jenkins.plugins.lambdanode.engine.request;

import io.jenkins.plugins.lambdanode.engine.base.DeployException;
import io.jenkins.plugins.lambdanode.engine.base.SafeText;
import java.math.BigDecimal;
import java.time.Duration;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.regex.Pattern;
import java.util.stream.Collectors;
import java.util.stream.Stream;

/**
 * How an alias's traffic goes over to a new version. The names and what they mean are those of CodeDeploy's predefined
 * deployment configurations for Lambda (CodeDeploy User Guide, "Working with deployment configurations"), without
 * {@code CodeDeployDefault.Lambda} in front.
 *
 * @param name for a log and a record
 * @param percent the share that goes over first, and in a linear rollout with each step; 100 for all at once
 * @param every the time from one step to the next
 * @param linear whether there is a step each time; otherwise the second one is the last
 */
public record Rollout(String name, int percent, Duration every, boolean linear) {

    private static final int ALL = 100;

    public static final Rollout ALL_AT_ONCE = new Rollout("AllAtOnce", ALL, Duration.ZERO, false);

    private static final List<Rollout> PREDEFINED = Stream.of(
                    Stream.of(ALL_AT_ONCE),
                    Stream.of(5, 10, 15, 30).map(minutes -> canary(10, minutes)),
                    Stream.of(1, 2, 3, 10).map(minutes -> linear(10, minutes)))
            .flatMap(rollouts -> rollouts)
            .toList();

    /** The longest time between two steps in CodeDeploy: 2 days. */
    private static final BigDecimal MAX_MINUTES = BigDecimal.valueOf(2880);

    /** What BigDecimal reads beside this can have an exponent that takes all memory to work out. */
    private static final Pattern MINUTES = Pattern.compile("[0-9]{1,4}(\\.[0-9]{1,6})?");

    private static final BigDecimal MILLIS = BigDecimal.valueOf(60_000);

    private static Rollout canary(int percent, int minutes) {
        return new Rollout(
                "Canary" + percent + "Percent" + minutes + "Minutes", percent, Duration.ofMinutes(minutes), false);
    }

    private static Rollout linear(int percent, int minutes) {
        return new Rollout(
                "Linear" + percent + "PercentEvery" + minutes + (minutes == 1 ? "Minute" : "Minutes"),
                percent,
                Duration.ofMinutes(minutes),
                true);
    }

    /** The names of the predefined ones. */
    public static List<String> names() {
        return PREDEFINED.stream().map(Rollout::name).toList();
    }

    /**
     * Reads a predefined one's name, or {@code percent=20} and {@code every=5} (minutes), separated by a comma or a line end.
     *
     * @throws DeployException if it is neither
     */
    public static Rollout parse(String text) throws DeployException {
        for (Rollout predefined : PREDEFINED) {
            if (predefined.name.equalsIgnoreCase(text.strip())) {
                return predefined;
            }
        }
        Map<String, String> parts = SettingRules.list(text).stream()
                .map(part -> part.split("=", 2))
                .filter(part -> part.length == 2)
                .collect(Collectors.toMap(part -> part[0].strip(), part -> part[1].strip(), (one, two) -> two));
        if (!parts.keySet().equals(Set.of("percent", "every"))
                || !MINUTES.matcher(parts.get("every")).matches()) {
            throw wrong(text);
        }
        try {
            int percent = Integer.parseInt(parts.get("percent"));
            BigDecimal minutes = new BigDecimal(parts.get("every"));
            if (percent < 1 || percent >= ALL || minutes.compareTo(MAX_MINUTES) > 0) {
                throw wrong(text);
            }
            Duration every = Duration.ofMillis(minutes.multiply(MILLIS).longValue());
            if (every.compareTo(Duration.ofSeconds(1)) < 0) {
                throw wrong(text);
            }
            return new Rollout(percent + " % every " + minutes.toPlainString() + " min", percent, every, true);
        } catch (NumberFormatException e) {
            throw wrong(text);
        }
    }

    private static DeployException wrong(String text) {
        return new DeployException("rollout is '" + SafeText.oneLine(text.strip(), 200) + "'. Use "
                + String.join(", ", names())
                + ", or percent (whole, 1 to 99) and every (minutes, from 0.02 to 2880: a second to two days) as in"
                + " percent=20,every=5.");
    }

    public boolean isAllAtOnce() {
        return percent == ALL;
    }

    /** The share of the new version, in percent, so long after the first step. */
    public int percentAt(Duration elapsed) {
        long steps = isAllAtOnce() ? 0 : elapsed.dividedBy(every);
        return linear ? (int) Math.min(ALL, percent * (steps + 1)) : steps == 0 ? percent : ALL;
    }

    /** How long it is until the next step. */
    public Duration untilNext(Duration elapsed) {
        return every.minus(elapsed.minus(every.multipliedBy(elapsed.dividedBy(every))));
    }
}
