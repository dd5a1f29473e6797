package io.jenkins.plugins.lambdanode;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertNotNull;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.jenkins.plugins.lambdanode.record.DeployedFunction;
import java.io.IOException;
import java.io.InputStream;
import java.lang.reflect.Method;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Set;
import java.util.TreeSet;
import java.util.stream.Collectors;
import java.util.stream.Stream;
import org.jenkinsci.plugins.scriptsecurity.sandbox.whitelists.Whitelisted;
import org.jenkinsci.plugins.structs.describable.DescribableModel;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;
import org.kohsuke.stapler.DataBoundSetter;

/** Every setting is everywhere where a user looks for it. */
class SettingsTest {

    private static final int SHORTEST_HELP = 60;

    /** What only Jenkins has; the command line takes credentials where the AWS CLI does. */
    private static final Set<String> OF_JENKINS =
            Set.of("credentialsId", "agentIdentity", "deleteWithBranch", "unstableOn");

    /** Options that are given once for each value. */
    private static final Map<String, String> REPEATABLE =
            Map.of("functionNames", "--function-name", "includes", "--include", "excludes", "--exclude");

    record Setting(Class<?> owner, String name, Class<?> type) {
        @Override
        public String toString() {
            return owner.getSimpleName() + "." + name;
        }

        String capitalized() {
            return Character.toUpperCase(name.charAt(0)) + name.substring(1);
        }

        String option() {
            return REPEATABLE.getOrDefault(
                    name, "--" + name.replaceAll("(?<=[a-z0-9])(?=[A-Z])", "-").toLowerCase(Locale.ROOT));
        }

        Method getter() throws NoSuchMethodException {
            return owner.getMethod((type == boolean.class ? "is" : "get") + capitalized());
        }
    }

    private static Stream<Setting> settings(Class<?> owner) {
        return DescribableModel.of(owner).getParameters().stream()
                .map(parameter -> new Setting(owner, parameter.getName(), parameter.getErasedType()));
    }

    static Stream<Setting> ofTheStep() {
        return settings(LambdaNodeDeployStep.class);
    }

    static Stream<Setting> ofANewFunction() {
        return settings(FunctionConfiguration.class);
    }

    static Stream<Setting> global() {
        return Arrays.stream(LambdaNodeConfiguration.class.getMethods())
                .filter(method -> method.isAnnotationPresent(DataBoundSetter.class))
                .map(method -> new Setting(
                        LambdaNodeConfiguration.class,
                        Character.toLowerCase(method.getName().charAt(3))
                                + method.getName().substring(4),
                        method.getParameterTypes()[0]));
    }

    static Stream<Setting> all() {
        return Stream.of(
                        ofTheStep(),
                        settings(LambdaNodeRollbackStep.class),
                        settings(LambdaNodeReleaseStep.class),
                        ofANewFunction(),
                        settings(SmokeTest.class),
                        global())
                .flatMap(settings -> settings);
    }

    static Stream<Setting> ofDeployments() {
        return Stream.concat(ofTheStep(), ofANewFunction());
    }

    /** As Jenkins looks for it: also with the classes above. */
    private static String resource(Class<?> owner, String name) throws IOException {
        Class<?> holder = owner;
        while (holder.getResource(holder.getSimpleName() + "/" + name) == null
                && AwsStep.class.isAssignableFrom(holder.getSuperclass())) {
            holder = holder.getSuperclass();
        }
        try (InputStream stream = holder.getResourceAsStream(holder.getSimpleName() + "/" + name)) {
            assertNotNull(stream, owner.getSimpleName() + " has no " + name);
            return new String(stream.readAllBytes(), StandardCharsets.UTF_8);
        }
    }

    private static String file(String name) throws IOException {
        return Files.readString(Path.of(name));
    }

    @ParameterizedTest
    @MethodSource("all")
    void everySettingCanBeRead(Setting setting) throws Exception {
        assertEquals(setting.type(), setting.getter().getReturnType());
    }

    @ParameterizedTest
    @MethodSource("all")
    void everySettingHasARowInItsForm(Setting setting) throws IOException {
        assertTrue(resource(setting.owner(), "config.jelly").contains("field=\"" + setting.name() + "\""));
    }

    @ParameterizedTest
    @MethodSource("all")
    void everySettingHasHelpThatSaysWhatAppliesWithoutIt(Setting setting) throws IOException {
        String help = resource(setting.owner(), "help-" + setting.name() + ".html")
                .replaceAll("<[^>]*>", "")
                .strip();

        assertTrue(help.length() >= SHORTEST_HELP, help);
        assertTrue(help.matches("(?s).*([Dd]efault|Required|Only with).*"), help);
    }

    @ParameterizedTest
    @MethodSource("ofTheStep")
    void everySettingOfTheStepIsOneOfTheBuildStep(Setting setting) throws Exception {
        Object value = setting.type() == boolean.class
                ? Boolean.TRUE
                : setting.type() == Integer.class
                        ? Integer.valueOf(7)
                        : setting.type() == String.class
                                ? "a value"
                                : setting.type() == List.class
                                        ? List.of(new SmokeTest())
                                        : new FunctionConfiguration("a role");
        LambdaNodeDeployBuilder builder = new LambdaNodeDeployBuilder();
        Method setter = LambdaNodeDeployBuilder.class.getMethod("set" + setting.capitalized(), setting.type());
        assertTrue(setter.isAnnotationPresent(DataBoundSetter.class));

        setter.invoke(builder, value);

        assertEquals(value, setting.getter().invoke(builder.getSettings()));
    }

    @ParameterizedTest
    @MethodSource("ofTheStep")
    void everySettingOfTheStepIsInTheTableOfTheReadme(Setting setting) throws IOException {
        assertTrue(
                file("README.md").lines().anyMatch(line -> line.matches("\\|[^|]*`" + setting.name() + "`[^|]*\\|.*")));
    }

    @ParameterizedTest
    @MethodSource("ofANewFunction")
    void everySettingOfANewFunctionIsInTheTableOfTheJobsPage(Setting setting) throws IOException {
        assertTrue(file("docs/jobs.md")
                .lines()
                .anyMatch(line -> line.matches("\\|[^|]*`" + setting.name() + "`[^|]*\\|.*")));
    }

    @ParameterizedTest
    @MethodSource("global")
    void everyGlobalSettingIsInTheExampleOfConfigurationAsCode(Setting setting) throws IOException {
        assertTrue(file("docs/jobs.md").contains("    " + setting.name() + ": "));
    }

    @ParameterizedTest
    @MethodSource("ofDeployments")
    void everySettingIsAnOptionOfTheCommandLine(Setting setting) throws IOException {
        if (OF_JENKINS.contains(setting.name())) {
            return;
        }
        StringBuilder sources = new StringBuilder();
        try (Stream<Path> files = Files.walk(Path.of("src/cli/java"))) {
            for (Path source : files.filter(Files::isRegularFile).toList()) {
                sources.append(Files.readString(source));
            }
        }
        assertTrue(sources.toString().contains("\"" + setting.option() + "\""), setting.option());
    }

    @Test
    void theStepsHelpNamesAllThatItReturns() throws IOException {
        String help = resource(LambdaNodeDeployStep.class, "help.html");
        List<String> returned = Arrays.stream(DeployedFunction.class.getMethods())
                .filter(method -> method.isAnnotationPresent(Whitelisted.class))
                .map(method -> method.getName().replaceFirst("^(get|is)", ""))
                .map(name -> Character.toLowerCase(name.charAt(0)) + name.substring(1))
                .toList();
        Set<String> missing = returned.stream()
                .filter(name -> !help.contains("<code>" + name + "</code>"))
                .collect(Collectors.toCollection(TreeSet::new));

        assertEquals(Set.of(), missing);
    }
}
