package io.jenkins.plugins.lambdanode.form;

import static org.junit.jupiter.api.Assertions.assertNotNull;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.jenkins.plugins.lambdanode.FunctionConfiguration;
import io.jenkins.plugins.lambdanode.LambdaNodeConfiguration;
import io.jenkins.plugins.lambdanode.LambdaNodeDeployStep;
import java.io.IOException;
import java.io.InputStream;
import java.lang.reflect.Method;
import java.nio.charset.StandardCharsets;
import java.util.Arrays;
import java.util.Locale;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;
import org.kohsuke.stapler.DataBoundSetter;

class HelpTest {

    private static final int SHORTEST_HELP = 20;

    record Field(Class<?> owner, String name) {}

    static Stream<Field> fields() {
        return Stream.of(LambdaNodeDeployStep.class, FunctionConfiguration.class, LambdaNodeConfiguration.class)
                .flatMap(owner -> Arrays.stream(owner.getMethods())
                        .filter(method -> method.isAnnotationPresent(DataBoundSetter.class))
                        .map(method -> new Field(owner, property(method))));
    }

    private static String property(Method setter) {
        String name = setter.getName().substring("set".length());
        return name.substring(0, 1).toLowerCase(Locale.ROOT) + name.substring(1);
    }

    private static String text(Class<?> owner, String resource) throws IOException {
        try (InputStream stream = owner.getResourceAsStream(owner.getSimpleName() + "/" + resource)) {
            assertNotNull(stream, owner.getSimpleName() + " has no " + resource);
            return new String(stream.readAllBytes(), StandardCharsets.UTF_8);
        }
    }

    @ParameterizedTest
    @MethodSource("fields")
    void everyFieldHasHelp(Field field) throws IOException {
        String help = text(field.owner(), "help-" + field.name() + ".html").replaceAll("<[^>]*>", "").strip();

        assertTrue(help.length() >= SHORTEST_HELP, help);
    }

    @ParameterizedTest
    @MethodSource("fields")
    void everyFieldIsInItsForm(Field field) throws IOException {
        assertTrue(text(field.owner(), "config.jelly").contains("field=\"" + field.name() + "\""), field.toString());
    }

    @Test
    void theRoleOfAFunctionToCreateHasHelp() throws IOException {
        assertTrue(text(FunctionConfiguration.class, "help-role.html").contains("role"));
    }

    @Test
    void theStepHasHelp() throws IOException {
        assertTrue(text(LambdaNodeDeployStep.class, "help.html").contains("CodeSha256"));
    }
}
