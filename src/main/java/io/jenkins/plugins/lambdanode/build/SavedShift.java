package io.jenkins.plugins.lambdanode.build;

import hudson.EnvVars;
import hudson.model.Run;
import hudson.model.TaskListener;
import io.jenkins.plugins.lambdanode.access.AccessSettings;
import io.jenkins.plugins.lambdanode.access.AwsAccess;
import io.jenkins.plugins.lambdanode.engine.aws.client.AwsSession;
import io.jenkins.plugins.lambdanode.engine.aws.lambda.FunctionName;
import io.jenkins.plugins.lambdanode.engine.base.DeployException;
import io.jenkins.plugins.lambdanode.engine.base.PacedProgress;
import io.jenkins.plugins.lambdanode.engine.steps.ShiftJournal;
import io.jenkins.plugins.lambdanode.engine.steps.TrafficReturn;
import java.io.Serializable;
import java.time.Instant;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;

/** A shift of traffic that is under way, in the saved state of a step: a restart of the controller does not lose it. */
final class SavedShift implements Serializable {
    private static final long serialVersionUID = 1L;

    /** How many fields are before the alarms. */
    private static final int FIELDS = 5;

    /** Function, alias, versions from and to, beginning, and the alarms that were red; empty where none is under way. */
    private List<String> fields = new ArrayList<>();

    boolean isUnderWay() {
        return !fields.isEmpty();
    }

    /** Saves the state that this is in. */
    interface Saving {
        void save() throws InterruptedException;
    }

    ShiftJournal journal(Saving saving) {
        return new ShiftJournal() {
            @Override
            public Optional<Shift> pending() {
                return isUnderWay() ? Optional.of(shift(fields)) : Optional.empty();
            }

            @Override
            public void save(Shift shift) throws InterruptedException {
                List<String> saved = new ArrayList<>(List.of(
                        shift.functionArn(),
                        shift.alias(),
                        shift.from(),
                        shift.to(),
                        shift.start().map(Instant::toString).orElse("")));
                saved.addAll(shift.redBefore());
                fields = saved;
                saving.save();
            }

            @Override
            public void ended() {
                fields = new ArrayList<>();
            }
        };
    }

    /** Gives the traffic back, for a step that cannot go on by itself after a restart. It needs no agent. */
    void takeBack(
            AccessSettings settings,
            AccessSettings.Defaults defaults,
            Run<?, ?> run,
            EnvVars env,
            TaskListener listener,
            Saving saving)
            throws InterruptedException {
        if (!isUnderWay()) {
            return;
        }
        ShiftJournal journal = journal(saving);
        ShiftJournal.Shift left = shift(fields);
        AwsAccess access = new AwsAccess(settings, BranchVariable.addedTo(env), defaults);
        try (AwsSession session =
                AwsSession.open(access.settings(FunctionName.parse(left.functionArn()), access.ofBuild(run, null)))) {
            new TrafficReturn(session, journal, PacedProgress.toLog(listener.getLogger()::println))
                    .run()
                    .ifPresent(listener.getLogger()::println);
        } catch (DeployException e) {
            listener.getLogger()
                    .println("WARNING: Alias " + left.alias() + " still sends a part of its traffic to version "
                            + left.to() + ": " + e.getMessage());
        }
    }

    private static ShiftJournal.Shift shift(List<String> fields) {
        return new ShiftJournal.Shift(
                fields.get(0),
                fields.get(1),
                fields.get(2),
                fields.get(3),
                fields.get(4).isEmpty() ? Optional.empty() : Optional.of(Instant.parse(fields.get(4))),
                fields.subList(FIELDS, fields.size()));
    }
}
