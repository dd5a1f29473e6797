package io.jenkins.plugins.lambdanode.engine.request;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.jenkins.plugins.lambdanode.engine.base.DeployException;
import java.time.Duration;
import java.util.List;
import java.util.stream.IntStream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** What a rollout's name, or its percent and minutes, mean. */
class RolloutTest {

    private static List<Integer> perMinute(Rollout rollout, int minutes) {
        return IntStream.rangeClosed(0, minutes)
                .mapToObj(minute -> rollout.percentAt(Duration.ofMinutes(minute)))
                .toList();
    }

    /** The list in the CodeDeploy User Guide, "Predefined deployment configurations for an AWS Lambda compute platform". */
    @Test
    void theNamesAreThoseOfCodeDeploy() {
        assertEquals(
                List.of(
                        "AllAtOnce",
                        "Canary10Percent5Minutes",
                        "Canary10Percent10Minutes",
                        "Canary10Percent15Minutes",
                        "Canary10Percent30Minutes",
                        "Linear10PercentEvery1Minute",
                        "Linear10PercentEvery2Minutes",
                        "Linear10PercentEvery3Minutes",
                        "Linear10PercentEvery10Minutes"),
                Rollout.names());
    }

    @Test
    void theSharesAreThoseOfCodeDeploy() throws Exception {
        assertEquals(List.of(10, 10, 10, 10, 10, 100), perMinute(Rollout.parse("Canary10Percent5Minutes"), 5));
        assertEquals(
                List.of(10, 20, 30, 40, 50, 60, 70, 80, 90, 100),
                perMinute(Rollout.parse("Linear10PercentEvery1Minute"), 9));
        assertEquals(List.of(10, 10, 20, 20, 30), perMinute(Rollout.parse("linear10percentevery2minutes"), 4));
        assertTrue(Rollout.parse("AllAtOnce").isAllAtOnce());
        assertEquals(100, Rollout.ALL_AT_ONCE.percentAt(Duration.ZERO));
    }

    @Test
    void aStepOfOnesOwnIsAPercentageAndMinutes() throws Exception {
        Rollout rollout = Rollout.parse("percent=40\nevery=0.5\n");

        assertEquals(List.of(40, 100), perMinute(rollout, 1));
        assertEquals(80, rollout.percentAt(Duration.ofSeconds(30)));
        assertEquals(Duration.ofSeconds(20), rollout.untilNext(Duration.ofSeconds(10)));
        assertEquals(Duration.ofSeconds(30), rollout.untilNext(Duration.ofSeconds(30)));
        assertEquals("40 % every 0.5 min", rollout.name());
    }

    @ParameterizedTest
    @ValueSource(
            strings = {
                "Canary10Percent6Minutes",
                "percent=20",
                "every=5",
                "percent=0,every=5",
                "percent=100,every=5",
                "percent=20,every=0",
                "percent=20,every=0.001",
                "percent=20,every=2881",
                "percent=20,every=1e9999",
                "percent=20,every=5e0",
                "percent=20,every=five",
                "percent=20,every=5,most=2"
            })
    void anythingElseIsAnErrorWithWhatThereIs(String text) {
        String message =
                assertThrows(DeployException.class, () -> Rollout.parse(text)).getMessage();

        assertTrue(message.startsWith("rollout is '" + text + "'. Use AllAtOnce, Canary10Percent5Minutes"), message);
        assertTrue(message.contains("every (minutes, from 0.02 to 2880: a second to two days)"), message);
    }
}
