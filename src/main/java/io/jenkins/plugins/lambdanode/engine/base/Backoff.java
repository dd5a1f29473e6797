package io.jenkins.plugins.lambdanode.engine.base;

import java.time.Clock;
import java.time.Duration;
import java.util.random.RandomGenerator;

/**
 * How time passes between attempts. Tests bring a clock of their own, so that none of them waits.
 *
 * @param clock tells the time
 * @param sleeper waits
 * @param random spreads attempts of many deployments over time
 */
public record Backoff(Clock clock, Sleeper sleeper, RandomGenerator random) {

    public static final Backoff REAL =
            new Backoff(Clock.systemUTC(), pause -> Thread.sleep(pause.toMillis()), RandomGenerator.getDefault());

    private static final Duration FIRST = Duration.ofMillis(500);
    private static final Duration LONGEST = Duration.ofSeconds(20);

    /** The longest that a server's {@code Retry-After} is heeded. */
    private static final Duration LONGEST_ASKED = Duration.ofSeconds(60);

    /** Waits. */
    public interface Sleeper {
        void sleep(Duration pause) throws InterruptedException;
    }

    /**
     * Waits before another attempt: exponentially longer each time with jitter, and at least as long as the server asked.
     *
     * @param failures how many attempts have failed, from 1
     */
    public void backOff(int failures, Duration asked) throws InterruptedException {
        long most = Math.min(LONGEST.toMillis(), FIRST.toMillis() << Math.min(failures - 1, 10));
        Duration own = Duration.ofMillis(most / 2 + random.nextLong(most / 2 + 1));
        Duration least = asked.compareTo(LONGEST_ASKED) < 0 ? asked : LONGEST_ASKED;
        sleeper.sleep(own.compareTo(least) < 0 ? least : own);
    }
}
