package io.jenkins.plugins.lambdanode.build;

import io.jenkins.plugins.lambdanode.engine.steps.ShiftJournal;
import io.jenkins.plugins.lambdanode.engine.steps.ShiftJournal.Choice;
import io.jenkins.plugins.lambdanode.engine.steps.ShiftJournal.Decision;
import io.jenkins.plugins.lambdanode.engine.steps.ShiftJournal.Shift;
import io.jenkins.plugins.lambdanode.engine.steps.ShiftJournal.Stage;
import java.io.Serializable;
import java.time.Instant;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;

/** A shift of traffic that is under way, in the saved state of a step: a restart of the controller does not lose it. */
final class SavedShift implements Serializable {
    private static final long serialVersionUID = 1L;

    /**
     * Function, alias, versions from and to, beginning, rollout, percent and time of the next share; the alarms that were red;
     * all alarms; and choice, user and time of a decision. What there is none of is empty, and all of it where no shift is under way.
     */
    private volatile List<List<String>> saved = new ArrayList<>();

    boolean isUnderWay() {
        return !saved.isEmpty();
    }

    /** Saves the state that this is in. */
    interface Saving {
        void save() throws InterruptedException;
    }

    ShiftJournal journal(Saving saving) {
        return new ShiftJournal() {
            @Override
            public Optional<Shift> pending() {
                return read(saved);
            }

            @Override
            public void save(Shift shift) throws InterruptedException {
                saved = fields(shift);
                saving.save();
            }

            @Override
            public void ended(Optional<String> version, String outcome) {
                saved = new ArrayList<>();
            }
        };
    }

    private static List<List<String>> fields(Shift shift) {
        Stage stage = shift.stage();
        List<List<String>> fields = new ArrayList<>();
        fields.add(new ArrayList<>(List.of(
                shift.functionArn(),
                shift.alias(),
                shift.from(),
                shift.to(),
                text(shift.start()),
                stage.rollout(),
                Integer.toString(stage.percent()),
                text(stage.next()))));
        fields.add(new ArrayList<>(shift.redBefore()));
        fields.add(new ArrayList<>(stage.alarms()));
        fields.add(new ArrayList<>());
        shift.decision()
                .ifPresent(decision -> fields.get(3)
                        .addAll(List.of(
                                decision.choice().name(),
                                decision.by(),
                                decision.at().toString())));
        return fields;
    }

    private static Optional<Shift> read(List<List<String>> fields) {
        if (fields.isEmpty()) {
            return Optional.empty();
        }
        List<String> values = fields.get(0);
        List<String> decision = fields.get(3);
        return Optional.of(new Shift(
                values.get(0),
                values.get(1),
                values.get(2),
                values.get(3),
                time(values.get(4)),
                fields.get(1),
                new Stage(values.get(5), fields.get(2), Integer.parseInt(values.get(6)), time(values.get(7))),
                decision.isEmpty()
                        ? Optional.empty()
                        : Optional.of(new Decision(
                                Choice.valueOf(decision.get(0)), decision.get(1), Instant.parse(decision.get(2))))));
    }

    private static String text(Optional<Instant> time) {
        return time.map(Instant::toString).orElse("");
    }

    private static Optional<Instant> time(String text) {
        return text.isEmpty() ? Optional.empty() : Optional.of(Instant.parse(text));
    }
}
