package io.jenkins.plugins.lambdanode.engine.aws.client;

import java.time.Clock;
import java.time.Duration;
import java.util.Optional;

/**
 * The time that requests and URLs are signed with: this machine's, or AWS's where the two have been found to differ by
 * minutes. The SDK's clients do the same for what they send themselves.
 */
public final class SigningClock {

    /** From here on a difference between the clocks explains a refused signature (the SDK's own threshold, 4 minutes). */
    private static final Duration SKEW = Duration.ofMinutes(4);

    private volatile Duration ahead = Duration.ZERO;

    /** @param own this machine's clock */
    public Clock over(Clock own) {
        return Clock.offset(own, ahead);
    }

    /** Whether it says what the machine's clock says. */
    public boolean isMachines() {
        return ahead.isZero();
    }

    /**
     * Takes AWS's time from a refusal where it explains the refusal.
     *
     * @return how far AWS's clock is ahead of this machine's; empty where the time that was signed with was right
     */
    public Optional<Duration> learn(AwsFailure refusal, Clock own) {
        if (refusal.status() != 403 && !refusal.signatureRefused() || refusal.serverTime().isEmpty()) {
            return Optional.empty();
        }
        Duration wrong = Duration.between(over(own).instant(), refusal.serverTime().get());
        if (wrong.abs().compareTo(SKEW) < 0) {
            return Optional.empty();
        }
        ahead = Duration.between(own.instant(), refusal.serverTime().get());
        return Optional.of(ahead);
    }
}
