package io.jenkins.plugins.lambdanode.engine.aws.lambda;

import static org.junit.jupiter.api.Assertions.assertEquals;

import java.util.List;
import java.util.Optional;
import org.junit.jupiter.api.Test;

class InvocationTest {

    /** The REPORT line of Lambda Developer Guide, "Lambda log formats". */
    @Test
    void theFiguresOfTheReportLineAreRead() {
        Invocation invocation = new Invocation(
                "null",
                Optional.empty(),
                List.of(
                        "START RequestId: 79b4f56e-95b1-4643-9700-2807f4e68189 Version: 3",
                        "Duration: 99.99 ms said the function",
                        "REPORT RequestId: 79b4f56e-95b1-4643-9700-2807f4e68189\tDuration: 2.06 ms\tBilled Duration: 3 ms"
                                + "\tMemory Size: 128 MB\tMax Memory Used: 64 MB\tInit Duration: 131.43 ms\t"));

        assertEquals(new Invocation.Report(2.06, 3, 64, 131.43), invocation.report());
    }
}
