package io.jenkins.plugins.lambdanode.engine.aws.client;

import java.time.Clock;
import java.time.Duration;
import java.time.Instant;
import java.util.Optional;

/**
 * The time that requests and URLs are signed with: this machine's, or AWS's where the two have been found to differ by
 * minutes. The SDK's clients do the same for what they send themselves.
 */
public final class SigningClock {

    /** From here on a difference between the clocks explains a refused signature (the SDK's own threshold, 4 minutes). */
    private static final Duration SKEW = Duration.ofMinutes(4);

    private volatile Duration ahead = Duration.ZERO;
    private volatile Duration lastSeenAhead = Duration.ZERO;

    /** @param own this machine's clock */
    public Clock over(Clock own) {
        return Clock.offset(own, ahead);
    }

    /**
     * Takes AWS's time from a refusal where it explains the refusal.
     *
     * @return how far AWS's clock is ahead of this machine's; empty where the time that was signed with was right
     */
    public Optional<Duration> learn(AwsFailure refusal, Clock own) {
        return refusal.status() == 403 || refusal.signatureRefused()
                ? refusal.serverTime().flatMap(time -> learn(time, own))
                : Optional.empty();
    }

    /** Takes AWS's time from a response of AWS that has just come, where this machine's clock is wrong. */
    void observe(Instant aws) {
        Clock own = Clock.systemUTC();
        lastSeenAhead = Duration.between(own.instant(), aws);
        if (differs(own.instant(), aws)) {
            learn(aws, own);
        }
    }

    /** A time by this machine's clock, as AWS's has it: to a second or two, by the last response that said AWS's time. */
    public Instant toAws(Instant own) {
        return own.plus(lastSeenAhead);
    }

    private Optional<Duration> learn(Instant aws, Clock own) {
        if (!differs(over(own).instant(), aws)) {
            return Optional.empty();
        }
        ahead = Duration.between(own.instant(), aws);
        return Optional.of(ahead);
    }

    private static boolean differs(Instant one, Instant other) {
        return Duration.between(one, other).abs().compareTo(SKEW) >= 0;
    }

    /** A warning where this machine's clock is wrong. */
    public Optional<String> notice() {
        return ahead.isZero()
                ? Optional.empty()
                : Optional.of("This machine's clock differs from AWS's by " + ahead.toSeconds()
                        + " seconds; signing with AWS's time. Set the clock.");
    }
}
