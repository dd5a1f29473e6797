package io.jenkins.plugins.lambdanode.build;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import hudson.model.Result;
import io.jenkins.plugins.lambdanode.testing.EmulatorExtension;
import io.jenkins.plugins.lambdanode.testing.jenkins.Aws;
import io.jenkins.plugins.lambdanode.testing.jenkins.Builds;
import java.util.List;
import java.util.Map;
import org.jenkinsci.plugins.workflow.job.WorkflowRun;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.ExtendWith;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.jvnet.hudson.test.JenkinsRule;
import org.jvnet.hudson.test.junit.jupiter.WithJenkins;

/** Groovy as people write it: it works, or is one line that says what to write. */
@WithJenkins
@ExtendWith(EmulatorExtension.class)
class PipelineArgumentsTest {

    private static final String CREDENTIALS = ", credentialsId: '" + Aws.CREDENTIALS_ID + "'";

    private static JenkinsRule jenkins;
    private static int builds;

    @BeforeAll
    static void start(JenkinsRule rule) throws Exception {
        jenkins = rule;
        Builds.startAgent(jenkins);
    }

    @AfterAll
    static void stop() throws Exception {
        jenkins.after();
        jenkins = null;
    }

    private static WorkflowRun build(String steps, Result expected) throws Exception {
        return Builds.run(
                jenkins, "arguments-" + ++builds, "node('agent') {\n" + Builds.WRITE_PROJECT + steps + "\n}", expected);
    }

    @Test
    void listsAndMapsAreTakenWhereTheFormTakesLines() throws Exception {
        WorkflowRun run = build(
                """
                writeFile file: 'fn/test/a.js', text: '1'
                writeFile file: 'fn/docs/a.txt', text: '1'
                def kind = 'txt'
                lambdaNodeDeploy functionName: 'groovy-lists', dir: 'fn', excludes: ['test/**', "docs/*.${kind}"],
                                 functionNames: ['groovy-second', 'groovy-third'], architectures: ['x86_64'],
                                 create: [role: '%s', environment: [A: '1', B: 'two words', N: 3], layers: [], memorySize: '256']
                """.formatted(Aws.ROLE).replace("create:", "credentialsId: '" + Aws.CREDENTIALS_ID + "', create:"),
                Result.SUCCESS);

        var made = Aws.function("groovy-lists").orElseThrow();
        assertEquals(
                Map.of("A", "1", "B", "two words", "N", "3"), made.environment().variables());
        assertEquals(256, made.memorySize());
        assertTrue(Aws.function("groovy-second").isPresent());
        assertTrue(Aws.function("groovy-third").isPresent());
        assertEquals(
                1,
                Builds.record(run, "groovy-lists").path("Package").path("Files").asInt());
    }

    @Test
    void namesInOneTextAreSeparatedByCommas() throws Exception {
        build(
                "lambdaNodeDeploy functionNames: 'comma-one, comma-two', dir: 'fn', create: [role: '" + Aws.ROLE + "']"
                        + CREDENTIALS,
                Result.SUCCESS);

        assertTrue(Aws.function("comma-one").isPresent());
        assertTrue(Aws.function("comma-two").isPresent());
    }

    @Test
    void oneArgumentWithoutANameIsTheFunction() throws Exception {
        WorkflowRun run = build(
                "withEnv(['AWS_ACCESS_KEY_ID=test', 'AWS_SECRET_ACCESS_KEY=test']) { lambdaNodeDeploy 'nobody-made-it' }",
                Result.FAILURE);

        Builds.assertOneError(run, "Lambda did not find function nobody-made-it");
    }

    @Test
    void whatIsNullIsNotSet() throws Exception {
        build(
                "lambdaNodeDeploy functionName: 'null-alias', dir: 'fn', alias: env.NOT_SET, publish: null, create: [role: '"
                        + Aws.ROLE + "']" + CREDENTIALS,
                Result.SUCCESS);

        assertEquals(List.of("$LATEST"), Aws.versions("null-alias"));
    }

    @Test
    void aSmokeTestIsOneGroupOrAListAndReadsFilesOfTheWorkspace() throws Exception {
        WorkflowRun run = build(
                "writeFile file: 'event.json', text: '{\"ping\": 1}'\n"
                        + "def fn = lambdaNodeDeploy functionName: 'smoke', dir: 'fn', alias: 'live', create: [role: '"
                        + Aws.ROLE
                        + "'], smokeTest: [payload: 'event.json']" + CREDENTIALS + "\n"
                        + "echo \"tests: ${fn.smokeTests.size()}\"\n"
                        + "lambdaNodeDeploy functionName: 'smoke', dir: 'fn', alias: 'live', force: true, smokeTest: [[payload: '{}'],"
                        + " [expect: '{\"statusCode\": 999}']]" + CREDENTIALS,
                Result.FAILURE);

        assertTrue(run.getLog().contains("tests: 1"), run.getLog());
        Builds.assertOneError(
                run,
                "The smoke test no. 2 of version 2 of function smoke failed: its response is not as expected: $ is ");
    }

    @ParameterizedTest
    @CsvSource(
            delimiter = '|',
            quoteCharacter = '`',
            value = {
                "functonName: 'orders' | lambdaNodeDeploy has no parameter 'functonName'. Did you mean functionName?",
                "functionName: 'orders', everything: true | lambdaNodeDeploy has no parameter 'everything'. Its parameters: functionName,",
                "functionName: 'orders', create: [rol: 'arn'] | create has no parameter 'rol'. Did you mean role?",
                "functionName: 'orders', from: null | from is empty, and nothing else is deployed in its place.",
                "functionName: 'orders', from: '\\n' | from is empty, and nothing else is deployed in its place.",
                "functionName: 'orders', create: true | create is 'true'. It has settings of its own: create: [role: '...']",
                "functionName: 'orders', create: [role: 'a', environment: [A: null]] | The value of environment.A is null. Give it as text.",
                "functionName: 'orders', create: [role: 'a', environment: [A: 'b\\nc']] | The value of environment.A has a line break.",
                "functionName: 'orders', create: [:] | create needs a role",
                "functionName: 'orders', publish: 'yes' | publish is 'yes'. Use true or false.",
                "functionName: 'orders', compressionLevel: 'fast' | compressionLevel is 'fast'. Use a whole number from 1 to 9.",
                "functionName: 'orders', waitTimeout: 1.5 | waitTimeout is '1.5'. Use a whole number of seconds from 1 to 86400.",
                "functionName: 'orders', s3Threshold: 3000000000 | s3Threshold is '3000000000'. Use a whole number of bytes from 0 to",
                "functionName: 'orders', create: [role: 'a', memorySize: 'big'] | memorySize is 'big'. Use a whole number of MB from 128 to 10240.",
                "functionName: 'orders-${NOPE}' | functionName is 'orders-${NOPE}'. The variable NOPE is not set",
                "functionName: ['a', 'b'] | functionName is 'a b'. It names one function. Name several with functionNames.",
                "functionName: 'orders', smokeTest: [payload: '{ping}'] | payload of smokeTest is not JSON",
                "functionName: 'orders', smokeTest: [[expect: 'no/such.json']] | smokeTest names no/such.json, which is no file in the workspace",
                "functionName: 'orders', smokeTest: true | smokeTest is 'true'. It has settings of its own: smokeTest: [expect: '...', payload: '...']",
                "functionName: 'orders', excludes: [['a']] | The value of excludes is no text. Give it as text.",
                "functionName: 'orders', from: [[:], [:]] | from is a list of 2, as lambdaNodeDeploy returns it for functionNames.",
                "functionName: 'orders', install: 'instal' | install is 'instal'.",
                "functionName: 'orders', dependencies: 'layers' | dependencies is 'layers'. Use package, layer or none.",
                "functionName: 'orders', symlinks: 'copy' | symlinks is 'copy'."
            })
    void whatIsWrittenWrongIsOneErrorThatSaysWhatToWrite(String arguments, String error) throws Exception {
        Builds.assertOneError(build("lambdaNodeDeploy " + arguments + CREDENTIALS, Result.FAILURE), error);
    }

    @Test
    void aDeclarativePipelineTakesTheSame() throws Exception {
        String pipeline =
                "pipeline { agent { label 'agent' }\n stages { stage('Deploy') { steps {\n" + Builds.WRITE_PROJECT
                        + "lambdaNodeDeploy functionNames: 'declared-one, declared-two', dir: 'fn', excludes: ['test/**'],"
                        + " create: [role: '" + Aws.ROLE + "', environment: [A: '1']]" + CREDENTIALS + "\n} } } }";

        Builds.run(jenkins, "declared", pipeline, Result.SUCCESS);
        WorkflowRun wrong =
                Builds.run(jenkins, "declared-wrong", pipeline.replace("excludes", "exclude"), Result.FAILURE);

        assertEquals(
                Map.of("A", "1"),
                Aws.function("declared-two").orElseThrow().environment().variables());
        String log = JenkinsRule.getLog(wrong);
        assertTrue(log.contains("Invalid parameter \"exclude\", did you mean \"excludes\"?"), log);
        assertFalse(log.contains("\tat io.jenkins.plugins.lambdanode"), log);
    }
}
