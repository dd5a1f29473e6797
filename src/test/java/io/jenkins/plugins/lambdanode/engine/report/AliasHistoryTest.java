package io.jenkins.plugins.lambdanode.engine.report;

import static org.junit.jupiter.api.Assertions.assertEquals;

import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import org.junit.jupiter.api.Test;

/** What an alias had before, by records of its moves. */
class AliasHistoryTest {

    /** {@code 3>4} is a release, {@code 4<3} a rollback from 4 to 3, {@code >1} the alias's creation. */
    private static AliasHistory of(String... moves) {
        List<AliasMove> read = new ArrayList<>();
        for (String move : moves) {
            boolean rollback = move.contains("<");
            String[] parts = move.split("[<>]");
            read.add(new AliasMove(
                    parts[1],
                    Optional.of(parts[0]).filter(before -> !before.isEmpty()),
                    Optional.empty(),
                    rollback,
                    "build #" + (read.size() + 1)));
        }
        return new AliasHistory(read);
    }

    @Test
    void whatWasBeforeIsWhatTheLastReleaseFound() {
        assertEquals(Optional.of("4"), of(">3", "3>4", "4>5").before("5"));
        assertEquals(Optional.empty(), of(">3").before("3"));
        assertEquals(Optional.of("7"), of("7>9").before("9"));
        assertEquals(Optional.empty(), of().before("9"));
    }

    @Test
    void aSecondRollbackGoesToWhatWasBeforeTheFirstOnesTarget() {
        assertEquals(Optional.of("3"), of(">3", "3>4", "4>5", "5<4").before("4"));
        assertEquals(Optional.empty(), of(">3", "3>4", "4>5", "5<4", "4<3").before("3"));
        assertEquals(
                Optional.of("3"), of(">3", "3>4", "4>5", "5<4", "4<3", "3>6").before("6"));
    }

    @Test
    void aVersionThatWasReleasedAgainIsOnTopOfWhatWasLiveThen() {
        assertEquals(Optional.of("5"), of(">4", "4>5", "5>4").before("4"));
        assertEquals(Optional.of("4"), of(">4", "4>5", "5>4", "4<5").before("5"));
        assertEquals(
                Optional.of("3"), of(">3", "3>4", "4>5", "5>4", "4<5", "5<4").before("4"));
    }

    @Test
    void aRollbackToANamedVersionThatTheAliasNeverHadTakesThePlaceOfWhatItLeft() {
        assertEquals(Optional.of("4"), of(">4", "4>5", "5<2").before("2"));
    }

    @Test
    void moveByHandCountsAsWhatItLooksLike() {
        assertEquals(Optional.of("4"), of(">4", "4>5", "9>6").before("5"), "back to one that it had");
        assertEquals(Optional.of("9"), of(">4", "4>5", "9>6").before("6"), "seen by the next deployment");
        assertEquals(Optional.of("5"), of(">4", "4>5").before("8"), "to one that no record knows");
    }

    @Test
    void aDeploymentThatChangedNothingIsNoMove() {
        assertEquals(Optional.of("4"), of(">4", "4>5", "5>5", "5>5").before("5"));
    }
}
