package io.jenkins.plugins.lambdanode.engine.base;

import static org.junit.jupiter.api.Assertions.assertEquals;

import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.atomic.AtomicLong;
import org.junit.jupiter.api.Test;

class PacedProgressTest {

    private static final long MB = 1 << 20;

    private final List<String> log = new ArrayList<>();
    private final List<String> status = new ArrayList<>();
    private final AtomicLong clock = new AtomicLong(1_000_000);
    private final PacedProgress progress = new PacedProgress(log::add, status::add, 5000, clock::get);

    @Test
    void workThatIsDoneWithinTheIntervalSaysNothing() {
        progress.advance("Packaging", 0, 10 * MB, 0);
        clock.addAndGet(4999);
        progress.advance("Packaging", 10 * MB, 10 * MB, 12);

        assertEquals(List.of(), status);
    }

    @Test
    void longWorkSaysFilesAndMegabytesAndPercentOnceInAnInterval() {
        for (int second = 0; second <= 12; second++) {
            progress.advance("Packaging", second * MB, 12 * MB, second * 100);
            clock.addAndGet(1000);
        }

        assertEquals(
                List.of(
                        "Packaging: 500 files, 5.0 MB of 12.0 MB (41 %)",
                        "Packaging: 1000 files, 10.0 MB of 12.0 MB (83 %)"),
                status);
    }

    @Test
    void aNewActivityHasAnIntervalOfItsOwnBeforeItIsShown() {
        progress.advance("Packaging", 1, 2, 1);
        clock.addAndGet(4000);
        progress.advance("Uploading", 0, 4 * MB, -1);
        clock.addAndGet(4000);
        progress.advance("Uploading", MB, 4 * MB, -1);
        clock.addAndGet(1000);
        progress.advance("Uploading", 2 * MB, 4 * MB, -1);

        assertEquals(List.of("Uploading: 2.0 MB of 4.0 MB (50 %)"), status);
    }

    @Test
    void anUnknownTotalIsNotShown() {
        progress.advance("Reading", 0, -1, 0);
        clock.addAndGet(5000);
        progress.advance("Reading", 512, -1, 3);

        assertEquals(List.of("Reading: 3 files, 512 B"), status);
    }

    @Test
    void moreThanTheTotalIsNotMoreThanAHundredPercent() {
        progress.advance("Uploading", 0, 2 * MB, -1);
        clock.addAndGet(5000);
        progress.advance("Uploading", 3 * MB, 2 * MB, -1);

        assertEquals(List.of("Uploading: 3.0 MB of 2.0 MB (100 %)"), status);
    }

    @Test
    void linesOfTheLogComeAtOnceAndUnchanged() {
        progress.log("npm warn deprecated");

        assertEquals(List.of("npm warn deprecated"), log);
        assertEquals(List.of(), status);
    }
}
