package io.jenkins.plugins.lambdanode.form;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import hudson.util.FormValidation;
import hudson.util.FormValidation.Kind;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

class FieldChecksTest {

    private static void assertAccepted(FormValidation verdict) {
        assertEquals(Kind.OK, verdict.kind, verdict.getMessage());
    }

    private static void assertRefused(FormValidation verdict) {
        assertEquals(Kind.ERROR, verdict.kind);
        assertTrue(verdict.getMessage().length() > 5);
    }

    @ParameterizedTest
    @ValueSource(
            strings = {
                "orders",
                " orders ",
                "orders_2-b",
                "123456789012:function:orders",
                "arn:aws:lambda:eu-west-1:123456789012:function:orders",
                "arn:aws-cn:lambda:cn-north-1:123456789012:function:orders",
                "orders-${BRANCH_NAME}",
                "$FUNCTION"
            })
    void namesOfFunctionsAreAccepted(String name) {
        assertAccepted(FieldChecks.functionName(name, ""));
    }

    @ParameterizedTest
    @ValueSource(strings = {"", " ", "two words", "orders/live", "arn:aws:s3:::bucket", "<script>"})
    void whatNamesNoFunctionIsRefused(String name) {
        assertRefused(FieldChecks.functionName(name, ""));
    }

    @Test
    void oneWrongNameAmongSeveralIsRefused() {
        assertAccepted(FieldChecks.functionNames("orders, payments\nrefunds"));
        assertAccepted(FieldChecks.functionNames(""));
        assertRefused(FieldChecks.functionNames("orders\npay/ments"));
    }

    @ParameterizedTest
    @ValueSource(strings = {"", "my-staging", "abc", "a.b.c", "123", "$BUCKET", "${TEAM}-staging"})
    void namesOfBucketsAreAccepted(String name) {
        assertAccepted(FieldChecks.bucket(name));
    }

    @ParameterizedTest
    @ValueSource(strings = {"ab", "My-Staging", "s3://my-staging", "my_staging", "a..b", "-abc", "abc-", "my-staging/lambda"})
    void whatNamesNoBucketIsRefused(String name) {
        assertRefused(FieldChecks.bucket(name));
    }

    @ParameterizedTest
    @ValueSource(
            strings = {
                "arn:aws:iam::123456789012:role/deploy",
                "arn:aws-us-gov:iam::123456789012:role/service-role/path/deploy",
                "arn:aws:iam::${ACCOUNT}:role/deploy",
                ""
            })
    void arnsOfRolesAreAccepted(String arn) {
        assertAccepted(FieldChecks.roleArn(arn));
    }

    @ParameterizedTest
    @ValueSource(strings = {"deploy", "arn:aws:iam::123456789012:user/deploy", "arn:aws:iam::12345:role/deploy"})
    void whatIsNoArnOfARoleIsRefused(String arn) {
        assertRefused(FieldChecks.roleArn(arn));
    }

    @Test
    void aFunctionToCreateNeedsARole() {
        assertRefused(FieldChecks.requiredRoleArn(""));
        assertAccepted(FieldChecks.requiredRoleArn("arn:aws:iam::123456789012:role/orders"));
    }

    @Test
    void anAliasIsNotANumber() {
        assertAccepted(FieldChecks.layerName("orders_modules-1"));
        assertAccepted(FieldChecks.layerName("${BRANCH_NAME}-modules"));
        assertRefused(FieldChecks.layerName("two words"));
        assertRefused(FieldChecks.layerName("arn:aws:lambda:eu-west-1:123456789012:layer:orders"));
        assertAccepted(FieldChecks.alias("live"));
        assertAccepted(FieldChecks.alias("2-live"));
        assertRefused(FieldChecks.alias("12"));
        assertRefused(FieldChecks.alias("live now"));
    }

    @Test
    void aNumberIsCheckedAgainstItsBounds() {
        assertAccepted(FieldChecks.numberBetween("", 1, 9, ""));
        assertAccepted(FieldChecks.numberBetween("9", 1, 9, ""));
        assertRefused(FieldChecks.numberBetween("10", 1, 9, ""));
        assertRefused(FieldChecks.numberBetween("-1", 0, 9, ""));
        assertRefused(FieldChecks.numberBetween("ten", 1, 9, ""));
        assertRefused(FieldChecks.numberBetween("99999999999999999999", 1, 9, ""));
    }

    @Test
    void patternsStayInTheProject() {
        assertAccepted(FieldChecks.patterns("test/**, **/*.map"));
        assertAccepted(FieldChecks.patterns("/dist/**"));
        assertAccepted(FieldChecks.patterns("dist\\**,"));
        assertRefused(FieldChecks.patterns("dist/**\n../other/**"));
        assertRefused(FieldChecks.patterns("test/../../x"));
    }

    @Test
    void anEndpointIsAWebAddress() {
        assertAccepted(FieldChecks.endpoint("https://vpce-0123.lambda.eu-west-1.vpce.amazonaws.com"));
        assertAccepted(FieldChecks.endpoint("http://127.0.0.1:4566"));
        assertRefused(FieldChecks.endpoint("file:///etc/passwd"));
        assertRefused(FieldChecks.endpoint("amazonaws.com"));
        assertRefused(FieldChecks.endpoint("not a url"));
    }

    @Test
    void aKmsKeyIsNamedByItsArn() {
        assertAccepted(FieldChecks.kmsKey("arn:aws:kms:eu-west-1:123456789012:key/1234"));
        assertRefused(FieldChecks.kmsKey("alias/mine"));
    }

    @Test
    void variablesOfANewFunctionAreLinesOfKeyAndValue() {
        assertAccepted(FieldChecks.environment("A=1\n\nB_2=two words = fine"));
        assertRefused(FieldChecks.environment("A=1\nB"));
        assertRefused(FieldChecks.environment("2A=1"));
    }

    @Test
    void whatWasTypedInIsShownAsTextNotAsMarkup() {
        String shown = FieldChecks.patterns("../<img src=x onerror=alert(1)>").getMessage();

        assertTrue(shown.contains("&lt;img"), shown);
    }
}
