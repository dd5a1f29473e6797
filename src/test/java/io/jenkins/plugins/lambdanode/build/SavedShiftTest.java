package io.jenkins.plugins.lambdanode.build;

import static org.junit.jupiter.api.Assertions.assertEquals;

import io.jenkins.plugins.lambdanode.engine.steps.ShiftJournal.Choice;
import io.jenkins.plugins.lambdanode.engine.steps.ShiftJournal.Decision;
import io.jenkins.plugins.lambdanode.engine.steps.ShiftJournal.Shift;
import io.jenkins.plugins.lambdanode.engine.steps.ShiftJournal.Stage;
import java.io.ByteArrayInputStream;
import java.io.ByteArrayOutputStream;
import java.io.ObjectInputStream;
import java.io.ObjectOutputStream;
import java.time.Instant;
import java.util.List;
import java.util.Optional;
import org.junit.jupiter.api.Test;

/** What of a shift is kept in the state of its step. */
class SavedShiftTest {

    private static final Instant START = Instant.parse("2026-11-27T10:00:00.123456789Z");

    private static Optional<Shift> keptOf(Shift shift) throws Exception {
        SavedShift saved = new SavedShift();
        saved.journal(() -> {}).save(shift);
        ByteArrayOutputStream bytes = new ByteArrayOutputStream();
        new ObjectOutputStream(bytes).writeObject(saved);
        SavedShift read =
                (SavedShift) new ObjectInputStream(new ByteArrayInputStream(bytes.toByteArray())).readObject();
        return read.journal(() -> {}).pending();
    }

    @Test
    void allOfAShiftIsKeptOverARestartAlsoWhatWasDecidedOfIt() throws Exception {
        Shift begun = new Shift(
                "arn:aws:lambda:eu-west-1:123456789012:function:orders",
                "live",
                "1",
                "2",
                Optional.empty(),
                List.of(),
                new Stage("Canary10Percent5Minutes", List.of(), 0, Optional.empty()),
                Optional.empty());
        Shift decided = new Shift(
                begun.functionArn(),
                "live",
                "1",
                "2",
                Optional.of(START),
                List.of("red"),
                new Stage("20 % every 1 min", List.of("red", "green"), 40, Optional.of(START.plusSeconds(120))),
                Optional.of(new Decision(Choice.BACK, "admin on the page Lambda", START.plusSeconds(61))));

        assertEquals(Optional.of(begun), keptOf(begun));
        assertEquals(Optional.of(decided), keptOf(decided));
    }
}
