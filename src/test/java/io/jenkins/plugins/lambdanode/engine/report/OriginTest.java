package io.jenkins.plugins.lambdanode.engine.report;

import static org.junit.jupiter.api.Assertions.assertEquals;

import java.util.List;
import java.util.Optional;
import org.junit.jupiter.api.Test;

class OriginTest {

    private static final Origin ORIGIN =
            new Origin("services/orders", "0123456789abcdef", "", "", "credentials aws-deploy");

    @Test
    void theLineSaysFolderCommitFunctionRegionAccountCredentialsAndCaller() {
        assertEquals(
                "Deploying services/orders (commit 01234567) to orders in eu-west-1, account 123456789012, with credentials"
                        + " aws-deploy as user/ci",
                ORIGIN.line(
                        Optional.empty(),
                        List.of("orders"),
                        "eu-west-1",
                        Optional.of("123456789012"),
                        Optional.of("arn:aws:iam::123456789012:user/ci"),
                        false));
    }

    @Test
    void aCallerOfAnotherAccountIsNamedWithIt() {
        assertEquals(
                "Dry run of deploying the project to orders, refunds in eu-west-1, account 123456789012, as"
                        + " arn:aws:sts::210987654321:assumed-role/deploy/jenkins",
                Origin.UNKNOWN.line(
                        Optional.empty(),
                        List.of("orders", "refunds"),
                        "eu-west-1",
                        Optional.of("123456789012"),
                        Optional.of("arn:aws:sts::210987654321:assumed-role/deploy/jenkins"),
                        true));
    }

    @Test
    void theAccountOfAFunctionThatIsNotThereYetIsTheCallers() {
        assertEquals(
                "Deploying the project to orders in eu-west-1, account 123456789012, as role/deploy",
                Origin.UNKNOWN.line(
                        Optional.empty(),
                        List.of("orders"),
                        "eu-west-1",
                        Optional.empty(),
                        Optional.of("arn:aws:iam::123456789012:role/deploy"),
                        false));
        assertEquals(
                "Deploying the project to orders in eu-west-1",
                Origin.UNKNOWN.line(
                        Optional.empty(), List.of("orders"), "eu-west-1", Optional.empty(), Optional.empty(), false));
    }

    /** The folder's commit is not that of a package that was made elsewhere. */
    @Test
    void aPackageThatIsDeployedAsItIsIsNamedInPlaceOfTheProject() {
        assertEquals(
                "Deploying the package of orders-test to orders in eu-west-1, with credentials aws-deploy",
                ORIGIN.line(
                        Optional.of("the package of orders-test"),
                        List.of("orders"),
                        "eu-west-1",
                        Optional.empty(),
                        Optional.empty(),
                        false));
    }
}
