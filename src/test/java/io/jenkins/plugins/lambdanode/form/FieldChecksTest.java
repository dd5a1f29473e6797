package io.jenkins.plugins.lambdanode.form;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertNull;
import static org.junit.jupiter.api.Assertions.assertTrue;

import hudson.Util;
import hudson.util.FormValidation;
import hudson.util.FormValidation.Kind;
import io.jenkins.plugins.lambdanode.FunctionConfiguration;
import io.jenkins.plugins.lambdanode.LambdaNodeDeployStep;
import io.jenkins.plugins.lambdanode.engine.base.DeployException;
import io.jenkins.plugins.lambdanode.engine.request.DeployRequest;
import io.jenkins.plugins.lambdanode.engine.request.DeployRequestBuilder;
import io.jenkins.plugins.lambdanode.engine.request.SettingRules;
import java.lang.reflect.InvocationTargetException;
import java.lang.reflect.Method;
import java.util.Arrays;
import java.util.List;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;
import org.junit.jupiter.params.provider.ValueSource;

class FieldChecksTest {

    /** What no setting with a rule can be. */
    private static final String WRONG = "two\\words<img src=x>!";

    private static final int WRONG_NUMBER = -7;

    /** A check of a form, and the method of the engine that reads the same setting. */
    record Check(Object descriptor, Method form, Method engine) {
        String typed() {
            return engine.getParameterTypes()[0] == String.class ? WRONG : Integer.toString(WRONG_NUMBER);
        }

        FormValidation verdict(String value) throws Exception {
            return (FormValidation)
                    (form.getParameterCount() == 1
                            ? form.invoke(descriptor, value)
                            : form.invoke(descriptor, value, ""));
        }

        /** The error of a build with this value. */
        String error() throws Exception {
            try {
                engine.invoke(
                        DeployRequest.builder(),
                        engine.getParameterTypes()[0] == String.class ? WRONG : (Object) WRONG_NUMBER);
                return null;
            } catch (InvocationTargetException e) {
                assertEquals(DeployException.class, e.getCause().getClass());
                return e.getCause().getMessage();
            }
        }

        @Override
        public String toString() {
            return form.getName();
        }
    }

    static List<Check> checks() {
        return Stream.of(new LambdaNodeDeployStep.DescriptorImpl(), new FunctionConfiguration.DescriptorImpl())
                .flatMap(descriptor -> Arrays.stream(descriptor.getClass().getMethods())
                        .filter(method -> method.getName().startsWith("doCheck")
                                && method.getName().length() > 7)
                        .flatMap(method -> engine(method).map(engine -> new Check(descriptor, method, engine))))
                .toList();
    }

    private static Stream<Method> engine(Method check) {
        String name = check.getName().substring("doCheck".length());
        String setting = Character.toLowerCase(name.charAt(0)) + name.substring(1);
        return Arrays.stream(DeployRequestBuilder.class.getMethods())
                .filter(method -> method.getName().equals(setting) && method.getParameterCount() == 1)
                .filter(method ->
                        List.of(String.class, Integer.class, Number.class).contains(method.getParameterTypes()[0]));
    }

    @ParameterizedTest
    @MethodSource("checks")
    void aFormSaysWhatABuildWouldSay(Check check) throws Exception {
        FormValidation verdict = check.verdict(check.typed());

        if (check.error() == null) {
            assertEquals(Kind.OK, verdict.kind, verdict.getMessage());
        } else {
            assertEquals(Kind.ERROR, verdict.kind);
            assertEquals(Util.escape(check.error()), verdict.getMessage());
        }
    }

    @Test
    void everySettingThatABuildChecksIsCheckedInTheForm() {
        List<String> checked =
                checks().stream().map(check -> check.engine().getName()).toList();

        assertTrue(
                checked.containsAll(List.of(
                        "functionName",
                        "functionNames",
                        "install",
                        "includes",
                        "excludes",
                        "compressionLevel",
                        "layerName",
                        "keepVersions",
                        "rollout",
                        "alarms",
                        "keepLayerVersions",
                        "s3Bucket",
                        "s3Threshold",
                        "s3KmsKeyId",
                        "alias",
                        "sourceKmsKeyArn",
                        "waitTimeout",
                        "role",
                        "memorySize",
                        "timeout",
                        "environment")),
                checked.toString());
    }

    @ParameterizedTest
    @MethodSource("checks")
    void aVariableIsSaidToBeCheckedLater(Check check) throws Exception {
        FormValidation verdict = check.verdict("a b!${BRANCH_NAME}");

        assertEquals(Kind.OK, verdict.kind);
        assertEquals("Has a variable: checked when the build runs.", verdict.getMessage());
    }

    @ParameterizedTest
    @ValueSource(strings = {"", " "})
    void onlyWhatIsRequiredMayNotBeEmpty(String value) {
        assertEquals(Kind.ERROR, FieldChecks.required(value, SettingRules::functionName).kind);
        assertEquals(Kind.OK, FieldChecks.optional(value, SettingRules::functionName).kind);
    }

    @Test
    void theFunctionMayBeEmptyWhereOthersAreNamed() {
        LambdaNodeDeployStep.DescriptorImpl form = new LambdaNodeDeployStep.DescriptorImpl();

        assertEquals(Kind.ERROR, form.doCheckFunctionName("", "").kind);
        assertEquals(Kind.OK, form.doCheckFunctionName("", "orders, payments").kind);
    }

    @Test
    void whatIsRightHasNothingToSay() {
        FormValidation verdict = FieldChecks.optional(" orders ", SettingRules::functionName);

        assertEquals(Kind.OK, verdict.kind);
        assertNull(verdict.getMessage());
    }
}
