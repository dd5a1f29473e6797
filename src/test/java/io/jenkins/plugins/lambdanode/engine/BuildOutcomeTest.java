package io.jenkins.plugins.lambdanode.engine;

import static com.github.tomakehurst.wiremock.client.WireMock.aResponse;
import static com.github.tomakehurst.wiremock.client.WireMock.containing;
import static com.github.tomakehurst.wiremock.client.WireMock.post;
import static com.github.tomakehurst.wiremock.client.WireMock.put;
import static com.github.tomakehurst.wiremock.client.WireMock.urlPathMatching;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import com.github.tomakehurst.wiremock.client.MappingBuilder;
import com.github.tomakehurst.wiremock.client.ResponseDefinitionBuilder;
import com.github.tomakehurst.wiremock.stubbing.StubMapping;
import io.jenkins.plugins.lambdanode.engine.aws.s3.UploadJournal;
import io.jenkins.plugins.lambdanode.engine.report.Baseline;
import io.jenkins.plugins.lambdanode.engine.report.DeployResult.Deployed;
import io.jenkins.plugins.lambdanode.engine.report.DeployResult.Outcome;
import io.jenkins.plugins.lambdanode.engine.report.DeploymentFailure;
import io.jenkins.plugins.lambdanode.engine.report.Origin;
import io.jenkins.plugins.lambdanode.engine.report.Phase;
import io.jenkins.plugins.lambdanode.engine.request.DeployRequest;
import io.jenkins.plugins.lambdanode.testing.Account;
import io.jenkins.plugins.lambdanode.testing.Emulator;
import io.jenkins.plugins.lambdanode.testing.EmulatorExtension;
import io.jenkins.plugins.lambdanode.testing.KeptLog;
import io.jenkins.plugins.lambdanode.testing.Project;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.ExtendWith;
import org.junit.jupiter.api.extension.RegisterExtension;
import org.junit.jupiter.api.io.TempDir;

/** What a build did to a function and to its alias, also where several deployments of the build did it. */
@ExtendWith(EmulatorExtension.class)
class BuildOutcomeTest {

    private static final Account ACCOUNT = new Account(Emulator.MINISTACK);

    @RegisterExtension
    final ObservedAws aws = new ObservedAws(Emulator.MINISTACK);

    @TempDir
    Path folder;

    private final KeptLog log = new KeptLog();
    private final String name = Account.newName();
    private final List<StubMapping> refusals = new ArrayList<>();
    private Project project;

    @BeforeEach
    void makeProject() {
        project = Project.answering(folder.resolve("project"), "first");
    }

    /** As a build keeps it. */
    private static final class BuildMemory implements Baseline {
        private final Map<String, Before> remembered = new LinkedHashMap<>();
        private Optional<String> expected = Optional.empty();

        @Override
        public Optional<Before> recall(String arn) {
            return Optional.ofNullable(remembered.get(arn));
        }

        @Override
        public void remember(String arn, Before before) {
            assertFalse(remembered.containsKey(arn), arn + " is remembered twice");
            remembered.put(arn, before);
        }

        @Override
        public Optional<String> expectedVersion(String aliasArn) {
            return expected;
        }
    }

    /** Deploys with a version and the alias live, as a part of the build that remembers so. */
    private Deployed deploy(Baseline build) throws Exception {
        Orders orders = Orders.at(aws.endpoint(), ACCOUNT.role(), log);
        return deploy(build, orders.direct(name));
    }

    private Deployed deploy(Baseline build, DeployRequest request) throws Exception {
        return Orders.at(aws.endpoint(), ACCOUNT.role(), log)
                .deploy(
                        project.folder(),
                        request,
                        new DeploymentContext(
                                DeploymentLocks.NONE,
                                UploadJournal.NONE,
                                Optional.empty(),
                                build,
                                Origin.UNKNOWN,
                                false))
                .functions()
                .get(0);
    }

    private void change(String answer) {
        project.with("index.js", Project.handler(answer));
    }

    private void refuseAliases() {
        for (MappingBuilder request : List.of(
                put(urlPathMatching("/2015-03-31/functions/.*/aliases/live")),
                post(urlPathMatching("/2015-03-31/functions/.*/aliases")))) {
            refusals.add(aws.proxy().stubFor(request.atPriority(1).willReturn(refused())));
        }
    }

    private static ResponseDefinitionBuilder refused() {
        return aResponse()
                .withStatus(403)
                .withHeader("x-amzn-ErrorType", "AccessDeniedException")
                .withBody("{\"Message\": \"User is not authorized to perform this\"}");
    }

    @Test
    void anUpdateSaysWhatTheAliasAndTheFunctionHadBefore() throws Exception {
        Deployed first = deploy(Baseline.NONE);
        String before = ACCOUNT.configuration(name, "CodeSha256");
        change("second");

        Deployed second = deploy(Baseline.NONE);

        assertEquals(Outcome.CREATED, first.outcome());
        assertEquals(Optional.empty(), first.previousVersion());
        assertEquals(Optional.empty(), first.previousCodeSha256());
        assertEquals(Outcome.UPDATED, second.outcome());
        assertEquals(Optional.of("1"), second.previousVersion());
        assertEquals(Optional.of("1"), second.alias().orElseThrow().previousVersion());
        assertEquals(Optional.of(before), second.previousCodeSha256());
    }

    @Test
    void onlyANewVersionIsAReleaseAndTheSameVersionIsNone() throws Exception {
        Orders orders = Orders.at(aws.endpoint(), ACCOUNT.role(), log);
        deploy(Baseline.NONE, orders.unreleased(name).build());

        Deployed first =
                deploy(Baseline.NONE, orders.unreleased(name).publish(true).build());
        Deployed again =
                deploy(Baseline.NONE, orders.unreleased(name).publish(true).build());

        assertEquals(Outcome.RELEASED, first.outcome());
        assertEquals(Optional.of("1"), first.version());
        assertEquals(Optional.empty(), first.previousVersion());
        assertEquals(Outcome.UNCHANGED, again.outcome());
        assertEquals(Optional.of("1"), again.version());
        assertEquals(Optional.of("1"), again.previousVersion());
    }

    @Test
    void aBuildThatWasCutOffBetweenUpdateAndReleaseSaysUpdatedWhenItIsCarriedOn() throws Exception {
        deploy(Baseline.NONE);
        String before = ACCOUNT.configuration(name, "CodeSha256");
        change("second");
        BuildMemory build = new BuildMemory();
        refuseAliases();
        DeploymentFailure cutOff = assertThrows(DeploymentFailure.class, () -> deploy(build));
        refusals.forEach(aws.proxy()::removeStub);

        Deployed carriedOn = deploy(build);

        assertEquals(Phase.RELEASE, cutOff.phase());
        assertEquals(Outcome.UPDATED, carriedOn.outcome());
        assertEquals(Optional.of("1"), carriedOn.previousVersion());
        assertEquals(Optional.of(before), carriedOn.previousCodeSha256());
        assertEquals(Outcome.UNCHANGED, deploy(Baseline.NONE).outcome());
    }

    @Test
    void aFunctionThatAnEarlierAttemptOfTheBuildMadeIsCreated() throws Exception {
        BuildMemory build = new BuildMemory();
        refuseAliases();
        assertThrows(DeploymentFailure.class, () -> deploy(build));
        refusals.forEach(aws.proxy()::removeStub);

        Deployed again = deploy(build);

        assertEquals(Outcome.CREATED, again.outcome());
        assertEquals(Optional.empty(), again.previousVersion());
        assertEquals(Optional.empty(), again.previousCodeSha256());
    }

    @Test
    void theSecondDeploymentOfABuildIsComparedWithWhatWasBeforeTheFirst() throws Exception {
        deploy(Baseline.NONE);
        String before = ACCOUNT.configuration(name, "CodeSha256");
        BuildMemory build = new BuildMemory();
        change("second");
        deploy(build);

        Deployed unchangedSince = deploy(build);
        change("third");
        Deployed changedAgain = deploy(build);

        for (Deployed deployed : List.of(unchangedSince, changedAgain)) {
            assertEquals(Outcome.UPDATED, deployed.outcome());
            assertEquals(Optional.of("1"), deployed.previousVersion());
            assertEquals(Optional.of(before), deployed.previousCodeSha256());
        }
        assertEquals("3", ACCOUNT.aliasVersion(name, "live"));
    }

    @Test
    void anAliasThatMovesAloneIsAReleaseOfTheWholeBuild() throws Exception {
        deploy(Baseline.NONE);
        change("second");
        deploy(Baseline.NONE);
        ACCOUNT.moveAlias(name, "live", "1");
        BuildMemory build = new BuildMemory();

        Deployed released = deploy(build);
        Deployed again = deploy(build);

        assertEquals(Outcome.RELEASED, released.outcome());
        assertEquals(Optional.of("1"), released.previousVersion());
        assertEquals(Outcome.RELEASED, again.outcome());
        assertEquals(Optional.of("1"), again.previousVersion());
        assertEquals(Outcome.UNCHANGED, deploy(new BuildMemory()).outcome());
    }

    @Test
    void anAliasThatIsNotWhereTheLastBuildLeftItIsSaidOnce() throws Exception {
        deploy(Baseline.NONE);
        change("second");
        deploy(Baseline.NONE);
        ACCOUNT.moveAlias(name, "live", "1");
        change("third");
        BuildMemory build = new BuildMemory();
        build.expected = Optional.of("2");

        deploy(build);
        deploy(build);

        assertEquals(
                List.of(
                        "WARNING: Alias live points to version 1; the last build left it at version 2. Someone has changed it since."),
                log.lines().stream()
                        .filter(line -> line.contains("the last build"))
                        .toList());
    }

    @Test
    void anAliasWhereTheLastBuildLeftItIsNotWorthAWord() throws Exception {
        deploy(Baseline.NONE);
        change("second");
        BuildMemory build = new BuildMemory();
        build.expected = Optional.of("1");

        deploy(build);

        assertFalse(log.text().contains("the last build"), log.text());
    }

    @Test
    void aFailureNamesPhaseAndFunctionAndHasWhatWasDoneBefore() throws Exception {
        String refused = Account.newName() + "-refused";
        aws.proxy()
                .stubFor(post("/2015-03-31/functions")
                        .withRequestBody(containing(refused))
                        .atPriority(1)
                        .willReturn(refused()));
        Orders orders = Orders.at(aws.endpoint(), ACCOUNT.role(), log);

        DeploymentFailure failure =
                assertThrows(DeploymentFailure.class, () -> deploy(Baseline.NONE, orders.direct(name, refused)));

        assertEquals(Phase.UPDATE, failure.phase());
        assertEquals(Optional.of(refused), failure.functionName());
        Deployed done = failure.deployed().orElseThrow().functions().get(0);
        assertEquals(name, done.state().functionName());
        assertEquals(
                ACCOUNT.configuration(name, "CodeSha256"),
                failure.deployed().get().packaged().codeSha256());
        assertTrue(failure.getMessage().startsWith("Lambda did not create function " + refused), failure.getMessage());
    }

    @Test
    void aFailureOfPreflightNamesTheFunctionThatIsMissing() throws Exception {
        Orders orders = Orders.at(aws.endpoint(), ACCOUNT.role(), log);
        deploy(Baseline.NONE, orders.direct(name));
        String missing = Account.newName() + "-missing";

        DeploymentFailure failure = assertThrows(
                DeploymentFailure.class,
                () -> deploy(
                        Baseline.NONE,
                        orders.request(name, missing).create(false).build()));

        assertEquals(Phase.PREFLIGHT, failure.phase());
        assertEquals(Optional.of(missing), failure.functionName());
    }

    @Test
    void aFailureOfAllFunctionsNamesNone() {
        project.with("package.json", "{\"dependencies\": ");
        Orders orders = Orders.at(aws.endpoint(), ACCOUNT.role(), log);

        DeploymentFailure failure = assertThrows(
                DeploymentFailure.class,
                () -> deploy(Baseline.NONE, orders.request(name).install("ci").build()));

        assertEquals(Phase.INSTALL, failure.phase());
        assertEquals(Optional.empty(), failure.functionName());
        assertEquals(Optional.empty(), failure.deployed());
    }
}
