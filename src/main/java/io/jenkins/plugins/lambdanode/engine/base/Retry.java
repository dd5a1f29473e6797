package io.jenkins.plugins.lambdanode.engine.base;

import java.io.IOException;
import java.time.Duration;

/**
 * Repeats work that can fail for a while, with pauses between attempts.
 *
 * @param backoff how long the pauses are
 * @param attempts after so many failures one after the other the last one is the result
 */
public record Retry(Backoff backoff, int attempts) {

    /** What became of an attempt. */
    public sealed interface Outcome<T> {}

    /** The work is done. */
    public record Done<T>(T result) implements Outcome<T> {}

    /**
     * The attempt failed, and another may succeed.
     *
     * @param failure thrown where there is no further attempt
     * @param atLeast the shortest pause before the next attempt
     */
    public record Failed<T>(DeployException failure, Duration atLeast) implements Outcome<T> {}

    /** Some of the work is done, or a failure has a limit of its own: failures are counted anew. */
    public record Continue<T>(Duration atLeast) implements Outcome<T> {}

    /** One attempt; what it throws ends the work. */
    @FunctionalInterface
    public interface Attempt<T> {
        /** @param failures how many attempts have failed since the last that did not */
        Outcome<T> make(int failures) throws IOException, InterruptedException;
    }

    /**
     * Makes attempts until one is done.
     *
     * @throws DeployException the last attempt's failure where all have failed
     */
    public <T> T run(Attempt<T> attempt) throws IOException, InterruptedException {
        int failures = 0;
        while (true) {
            Outcome<T> outcome = attempt.make(failures);
            if (outcome instanceof Done<T> done) {
                return done.result();
            }
            if (outcome instanceof Failed<T> failed) {
                failures++;
                if (failures == attempts) {
                    throw failed.failure();
                }
                backoff.pause(failures, failed.atLeast());
            } else if (outcome instanceof Continue<T> next) {
                failures = 0;
                backoff.pause(1, next.atLeast());
            }
        }
    }
}
