package io.jenkins.plugins.lambdanode.engine.steps;

import io.jenkins.plugins.lambdanode.engine.aws.lambda.FunctionName;
import io.jenkins.plugins.lambdanode.engine.base.DeployException;
import java.time.Instant;
import java.util.List;
import java.util.Optional;

/** Remembers a shift of traffic, so that it is carried on, or taken back, by a process that comes after this one. */
public interface ShiftJournal {

    /**
     * A shift that was begun: until it has ended the alias's traffic is split.
     *
     * @param functionArn the function's, without a version
     * @param from the version that the alias points to
     * @param to the version whose share grows
     * @param start when Lambda had applied the first share; empty while it has not
     * @param redBefore the alarms that were in ALARM before the first share
     */
    record Shift(
            String functionArn, String alias, String from, String to, Optional<Instant> start, List<String> redBefore) {

        public Shift {
            redBefore = List.copyOf(redBefore);
        }

        /** The alias, for a message. */
        String subject() throws DeployException {
            return "Alias " + alias + " of function "
                    + FunctionName.parse(functionArn).name();
        }

        /** What is done to it, for a message. */
        String doing() {
            return "its traffic shifted to version " + to;
        }

        Shift startedAt(Instant time) {
            return new Shift(functionArn, alias, from, to, Optional.of(time), redBefore);
        }

        Shift without(List<String> green) {
            return new Shift(
                    functionArn,
                    alias,
                    from,
                    to,
                    start,
                    redBefore.stream().filter(name -> !green.contains(name)).toList());
        }
    }

    /** The shift that is under way. */
    Optional<Shift> pending();

    /** Called before the first share is set, when it is set, and when an alarm of before has become green. */
    void save(Shift shift) throws InterruptedException;

    /** Called when all traffic is with one version, or somebody else has changed the alias. */
    void ended();

    /** For a front end whose deployments end with their process. */
    static ShiftJournal inMemory() {
        return new ShiftJournal() {
            private Optional<Shift> kept = Optional.empty();

            @Override
            public Optional<Shift> pending() {
                return kept;
            }

            @Override
            public void save(Shift shift) {
                kept = Optional.of(shift);
            }

            @Override
            public void ended() {
                kept = Optional.empty();
            }
        };
    }
}
