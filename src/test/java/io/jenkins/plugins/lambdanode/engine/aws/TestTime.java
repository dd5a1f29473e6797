package io.jenkins.plugins.lambdanode.engine.aws;

import io.jenkins.plugins.lambdanode.engine.base.Backoff;
import java.time.Clock;
import java.time.Duration;
import java.time.Instant;
import java.time.ZoneId;
import java.time.ZoneOffset;
import java.util.List;
import java.util.Random;
import java.util.concurrent.CopyOnWriteArrayList;

/** A clock that only goes on when somebody sleeps, so that no test waits. */
public final class TestTime extends Clock {

    public final List<Duration> pauses = new CopyOnWriteArrayList<>();
    private Instant now;

    private TestTime(Instant now) {
        this.now = now;
    }

    public static TestTime startingAt(Instant now) {
        return new TestTime(now);
    }

    public static TestTime startingNow() {
        return new TestTime(Instant.now());
    }

    public Backoff backoff() {
        return new Backoff(
                this,
                pause -> {
                    pauses.add(pause);
                    now = now.plus(pause);
                },
                new Random(1));
    }

    @Override
    public Instant instant() {
        return now;
    }

    @Override
    public ZoneId getZone() {
        return ZoneOffset.UTC;
    }

    @Override
    public Clock withZone(ZoneId zone) {
        return this;
    }
}
