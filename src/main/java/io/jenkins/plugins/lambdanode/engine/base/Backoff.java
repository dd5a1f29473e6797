package io.jenkins.plugins.lambdanode.engine.base;

import java.time.Clock;
import java.time.Duration;
import java.util.random.RandomGenerator;

/**
 * How long the pauses between attempts are: exponentially longer each time, with jitter. Tests bring a clock of their own, so
 * that none of them waits.
 *
 * @param clock tells the time
 * @param sleeper waits
 * @param random spreads the attempts of many deployments over time
 */
public record Backoff(Clock clock, Sleeper sleeper, RandomGenerator random) {

    public static final Backoff REAL =
            new Backoff(Clock.systemUTC(), pause -> Thread.sleep(pause.toMillis()), RandomGenerator.getDefault());

    private static final Duration FIRST = Duration.ofMillis(500);
    private static final Duration MAX = Duration.ofSeconds(20);

    /** The longest {@code Retry-After} of a server that is followed. */
    private static final Duration MAX_RETRY_AFTER = Duration.ofSeconds(60);

    /** Waits. */
    public interface Sleeper {
        void sleep(Duration pause) throws InterruptedException;
    }

    /**
     * Waits before another attempt.
     *
     * @param failures how many attempts have failed, from 1
     * @param retryAfter how long the server asks to wait at least
     */
    public void pause(int failures, Duration retryAfter) throws InterruptedException {
        long longest = Math.min(MAX.toMillis(), FIRST.toMillis() << Math.min(failures - 1, 10));
        Duration own = Duration.ofMillis(longest / 2 + random.nextLong(longest / 2 + 1));
        Duration atLeast = retryAfter.compareTo(MAX_RETRY_AFTER) < 0 ? retryAfter : MAX_RETRY_AFTER;
        sleeper.sleep(own.compareTo(atLeast) < 0 ? atLeast : own);
    }
}
