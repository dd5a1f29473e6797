package io.jenkins.plugins.lambdanode.build;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertNotEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import hudson.EnvVars;
import org.junit.jupiter.api.Test;

class BranchVariableTest {

    @Test
    void aNameThatAFunctionCanHaveIsKept() {
        assertEquals("main", BranchVariable.valid("main"));
        assertEquals("release-1_2", BranchVariable.valid("release-1_2"));
    }

    @Test
    void anyOtherIsMadeValidAndBranchesStayApart() {
        for (String branch :
                new String[] {"feature/log in", "feature/log-in", "1234", "\u00e4\u00f6", "x".repeat(300)}) {
            assertTrue(
                    BranchVariable.valid(branch).matches("(?![0-9]+$)[A-Za-z0-9_-]{1,40}"),
                    BranchVariable.valid(branch));
        }
        assertTrue(BranchVariable.valid("feature/log in").startsWith("feature-log-in-"));
        assertTrue(
                BranchVariable.valid("x".repeat(32) + "-" + "y".repeat(20)).matches("x{32}-[0-9a-f]{6}"),
                "cut at a hyphen");
        assertNotEquals(BranchVariable.valid("feature/log in"), BranchVariable.valid("feature/log-in"));
        assertNotEquals(BranchVariable.valid("x".repeat(300)), BranchVariable.valid("x".repeat(301)));
    }

    @Test
    void onlyABuildOfABranchHasIt() {
        EnvVars branch = BranchVariable.addedTo(new EnvVars("BRANCH_NAME", "main"));

        assertEquals(new EnvVars("BRANCH_NAME", "main", "LAMBDA_BRANCH", "main"), branch);
        assertEquals(new EnvVars(), BranchVariable.addedTo(new EnvVars()));
    }
}
