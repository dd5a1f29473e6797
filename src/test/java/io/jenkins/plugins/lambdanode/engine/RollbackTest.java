package io.jenkins.plugins.lambdanode.engine;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.jenkins.plugins.lambdanode.engine.aws.client.AwsSession;
import io.jenkins.plugins.lambdanode.engine.base.DeployException;
import io.jenkins.plugins.lambdanode.engine.report.AliasMove;
import io.jenkins.plugins.lambdanode.engine.report.DeployResult.Deployed;
import io.jenkins.plugins.lambdanode.engine.report.DeployResult.Outcome;
import io.jenkins.plugins.lambdanode.engine.report.Origin;
import io.jenkins.plugins.lambdanode.engine.request.RollbackRequest;
import io.jenkins.plugins.lambdanode.testing.Account;
import io.jenkins.plugins.lambdanode.testing.Emulator;
import io.jenkins.plugins.lambdanode.testing.EmulatorExtension;
import io.jenkins.plugins.lambdanode.testing.KeptLog;
import io.jenkins.plugins.lambdanode.testing.Wire;
import java.util.List;
import java.util.Optional;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.ExtendWith;

/** A rollback where calls fail on the way. */
@ExtendWith(EmulatorExtension.class)
class RollbackTest {

    private static final Account ACCOUNT = new Account(Emulator.MINISTACK);

    private final KeptLog log = new KeptLog();
    private String name;
    private Optional<String> recordedCode = Optional.empty();
    private Optional<Rollback.Plan> plan = Optional.empty();

    @BeforeEach
    void makeFunction() {
        name = ACCOUNT.newFunction("one");
        ACCOUNT.newAlias(name, "live", "$LATEST");
    }

    private Rollback.Records records() {
        return new Rollback.Records() {
            @Override
            public List<AliasMove> of(String functionArn, String alias) {
                return List.of(
                        new AliasMove("1", Optional.empty(), recordedCode, false, "build #1"),
                        new AliasMove("$LATEST", Optional.of("1"), Optional.empty(), false, "build #2"));
            }

            @Override
            public String name() {
                return "two builds";
            }
        };
    }

    private final Rollback.Journal journal = new Rollback.Journal() {
        @Override
        public Optional<Rollback.Plan> plan() {
            return plan;
        }

        @Override
        public void begin(Rollback.Plan begun) {
            plan = Optional.of(begun);
        }
    };

    private Deployed rollBack(Wire wire) throws Exception {
        try (AwsSession session =
                AwsSession.open(Orders.at(wire.endpoint(), ACCOUNT.role(), log).settings())) {
            return new Rollback(
                            RollbackRequest.of(name, "live", null, false),
                            session,
                            records(),
                            journal,
                            DeploymentLocks.NONE,
                            Origin.UNKNOWN,
                            log)
                    .run();
        }
    }

    @Test
    void aMoveWhoseResponseIsLostIsMadeOnceAndReadBack() throws Exception {
        ACCOUNT.publish(name);
        try (Wire wire = new Wire(Emulator.MINISTACK.endpoint())) {
            wire.next("PUT /2015-03-31/functions/" + name + "/aliases/live", Wire.Fault.CUT_ANSWER);

            Deployed done = rollBack(wire);

            assertEquals(Outcome.ROLLED_BACK, done.outcome());
            assertEquals(Optional.of("$LATEST"), done.previousVersion());
            assertEquals("1", ACCOUNT.aliasVersion(name, "live"));
        }
    }

    @Test
    void oneThatIsRunAgainAfterItsMoveGoesNoFurtherBack() throws Exception {
        ACCOUNT.publish(name);
        try (Wire wire = new Wire(Emulator.MINISTACK.endpoint())) {
            rollBack(wire);

            Deployed again = rollBack(wire);

            assertEquals(Outcome.ROLLED_BACK, again.outcome());
            assertEquals(Optional.of("$LATEST"), again.previousVersion());
            assertEquals(Optional.of("1"), again.version());
            assertEquals("1", ACCOUNT.aliasVersion(name, "live"));
        }
    }

    @Test
    void aVersionOfAnotherFunctionThatHadTheNameIsNotReleased() throws Exception {
        ACCOUNT.publish(name);
        recordedCode = Optional.of("AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA=");
        try (Wire wire = new Wire(Emulator.MINISTACK.endpoint())) {
            DeployException refused = assertThrows(DeployException.class, () -> rollBack(wire));

            assertTrue(
                    refused.getMessage().contains("the function was deleted and created again since"),
                    refused.getMessage());
            assertEquals("$LATEST", ACCOUNT.aliasVersion(name, "live"));
        }
    }

    @Test
    void anAliasThatIsNotThereIsSaid() throws Exception {
        name = ACCOUNT.newFunction("none");
        try (Wire wire = new Wire(Emulator.MINISTACK.endpoint())) {
            DeployException refused = assertThrows(DeployException.class, () -> rollBack(wire));

            assertTrue(refused.getMessage().contains("has no alias live"), refused.getMessage());
        }
    }
}
