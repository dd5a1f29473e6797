package io.jenkins.plugins.lambdanode.engine.pack.api;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.time.LocalDate;
import java.util.List;
import java.util.Optional;
import org.junit.jupiter.api.Test;

class NodeRuntimeTest {

    @Test
    void aRuntimeIsDeprecatedFromItsDayOn() {
        NodeRuntime runtime = NodeRuntime.of("nodejs20.x").orElseThrow();
        assertEquals(Optional.empty(), runtime.deprecated(LocalDate.of(2026, 4, 29)));
        assertEquals(Optional.of(LocalDate.of(2026, 4, 30)), runtime.deprecated(LocalDate.of(2026, 4, 30)));
    }

    @Test
    void aRuntimeThatIsNotInTheTableHasNoDateAndNoAbi() {
        NodeRuntime unknown = NodeRuntime.of("nodejs99.x").orElseThrow();
        assertEquals(Optional.empty(), unknown.deprecated(LocalDate.MAX));
        assertEquals(0, unknown.abi());
        assertEquals(Optional.empty(), NodeRuntime.of("python3.14"));
    }

    @Test
    void onlySupportedRuntimesAreOfferedAndTheDefaultIsOneOfThem() {
        assertEquals(
                List.of("nodejs26.x", "nodejs24.x", "nodejs22.x"), NodeRuntime.supported(LocalDate.of(2026, 11, 27)));
        assertEquals(List.of("nodejs26.x", "nodejs24.x"), NodeRuntime.supported(LocalDate.of(2027, 4, 30)));
        assertTrue(NodeRuntime.supported(LocalDate.of(2026, 11, 27)).contains(NodeRuntime.DEFAULT));
    }
}
