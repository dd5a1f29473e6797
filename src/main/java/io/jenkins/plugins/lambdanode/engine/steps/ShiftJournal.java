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
     * @param decision what somebody has decided of it; empty where nobody has
     */
    record Shift(
            String functionArn,
            String alias,
            String from,
            String to,
            Optional<Instant> start,
            List<String> redBefore,
            Stage stage,
            Optional<Decision> decision) {

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

        /** The version that gets all traffic where nobody carries the shift on: the one before, unless it was decided otherwise. */
        public String end() {
            return decision.filter(made -> made.choice() == Choice.FINISH).isPresent() ? to : from;
        }

        Shift startedAt(Instant time, Stage stage) {
            return new Shift(functionArn, alias, from, to, Optional.of(time), redBefore, stage, decision);
        }

        Shift at(Stage stage) {
            return new Shift(functionArn, alias, from, to, start, redBefore, stage, decision);
        }

        Shift without(List<String> green) {
            List<String> red =
                    redBefore.stream().filter(name -> !green.contains(name)).toList();
            return new Shift(functionArn, alias, from, to, start, red, stage, decision);
        }

        Shift decided(Decision made) {
            return new Shift(functionArn, alias, from, to, start, redBefore, stage, Optional.of(made));
        }
    }

    /**
     * How far a shift is.
     *
     * @param rollout the rollout's name
     * @param alarms what is looked at meanwhile; empty for the new version's errors
     * @param percent the share that was set last; 0 before the first
     * @param next when the next share is due; empty before the first
     */
    record Stage(String rollout, List<String> alarms, int percent, Optional<Instant> next) {

        public Stage {
            alarms = List.copyOf(alarms);
        }

        Stage at(int share, Instant nextShare) {
            return new Stage(rollout, alarms, share, Optional.of(nextShare));
        }
    }

    /** What somebody wants of a shift. */
    enum Choice {
        /** All traffic to the new version. */
        FINISH,
        /** All traffic back to the version before. */
        BACK
    }

    /**
     * What somebody has decided of a shift.
     *
     * @param by who, and where he said so, for a message
     */
    record Decision(Choice choice, String by, Instant at) {}

    /** The shift that is under way. */
    Optional<Shift> pending();

    /** Called before the first share is set, when a share is set, and when an alarm of before has become green. */
    void save(Shift shift) throws InterruptedException;

    /**
     * Called when all traffic is with one version, or somebody else has changed the alias.
     *
     * @param version the one with all traffic; empty where the alias is somebody else's, or could not be set back
     * @param outcome what has become of the alias, for a message
     */
    void ended(Optional<String> version, String outcome);

    /** For a front end whose deployments end with their process. */
    static ShiftJournal inMemory() {
        return new ShiftJournal() {
            private volatile Optional<Shift> kept = Optional.empty();

            @Override
            public Optional<Shift> pending() {
                return kept;
            }

            @Override
            public void save(Shift shift) {
                kept = Optional.of(shift);
            }

            @Override
            public void ended(Optional<String> version, String outcome) {
                kept = Optional.empty();
            }
        };
    }
}
