package io.jenkins.plugins.lambdanode.engine;

import static com.github.tomakehurst.wiremock.client.WireMock.aResponse;
import static com.github.tomakehurst.wiremock.client.WireMock.containing;
import static com.github.tomakehurst.wiremock.client.WireMock.get;
import static com.github.tomakehurst.wiremock.client.WireMock.post;
import static com.github.tomakehurst.wiremock.client.WireMock.put;
import static com.github.tomakehurst.wiremock.client.WireMock.urlPathMatching;
import static com.github.tomakehurst.wiremock.stubbing.Scenario.STARTED;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import com.fasterxml.jackson.databind.ObjectMapper;
import com.github.tomakehurst.wiremock.client.ResponseDefinitionBuilder;
import io.jenkins.plugins.lambdanode.engine.aws.s3.UploadJournal;
import io.jenkins.plugins.lambdanode.engine.base.DeployException;
import io.jenkins.plugins.lambdanode.engine.http.HttpSender;
import io.jenkins.plugins.lambdanode.engine.pack.api.PackRequest;
import io.jenkins.plugins.lambdanode.engine.pack.api.PackSettings;
import io.jenkins.plugins.lambdanode.engine.report.Baseline;
import io.jenkins.plugins.lambdanode.engine.report.DeployResult;
import io.jenkins.plugins.lambdanode.engine.report.DeployResult.Deployed;
import io.jenkins.plugins.lambdanode.engine.report.DeployResult.Outcome;
import io.jenkins.plugins.lambdanode.engine.report.DeploymentJson;
import io.jenkins.plugins.lambdanode.engine.report.Origin;
import io.jenkins.plugins.lambdanode.engine.request.DeployRequestBuilder;
import io.jenkins.plugins.lambdanode.engine.workspace.LocalWorkspace;
import io.jenkins.plugins.lambdanode.testing.Account;
import io.jenkins.plugins.lambdanode.testing.Emulator;
import io.jenkins.plugins.lambdanode.testing.EmulatorExtension;
import io.jenkins.plugins.lambdanode.testing.KeptLog;
import io.jenkins.plugins.lambdanode.testing.Program;
import io.jenkins.plugins.lambdanode.testing.Project;
import java.net.URLEncoder;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Comparator;
import java.util.List;
import java.util.Optional;
import java.util.stream.Stream;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.ExtendWith;
import org.junit.jupiter.api.extension.RegisterExtension;
import org.junit.jupiter.api.io.TempDir;

/** Whole deployments, from a project's folder to a function that answers, with every request to AWS in view. */
@ExtendWith(EmulatorExtension.class)
class DeploymentTest {

    private static final Account ACCOUNT = new Account(Emulator.MINISTACK);

    @RegisterExtension
    final ObservedAws aws = new ObservedAws(Emulator.MINISTACK);

    @TempDir
    Path folder;

    private final KeptLog log = new KeptLog();
    private final String name = Account.newName();
    private Project project;

    @BeforeEach
    void makeProject() {
        project = Project.answering(folder.resolve("project"), "first");
    }

    /** What a test asks for: a small deployment that creates the function where it does not exist, unless it says otherwise. */
    private final class Order {
        private final Orders orders = Orders.at(aws.endpoint(), ACCOUNT.role(), log);
        private final DeployRequestBuilder request;
        private List<String> functions = List.of(name);
        private DeploymentLocks locks = DeploymentLocks.NONE;
        private Origin origin = Origin.UNKNOWN;
        private boolean stagedLastTime;

        Order() throws DeployException {
            request = orders.unreleased();
        }

        Order to(String... names) {
            functions = List.of(names);
            return this;
        }

        Order installingWith(String line) throws DeployException {
            request.install(line);
            return this;
        }

        Order stagedIn(String bucket, long threshold) throws DeployException {
            request.s3Bucket(bucket).s3Prefix("pre/").s3Threshold(threshold);
            return this;
        }

        Order existingOnly() {
            request.create(false);
            return this;
        }

        Order dryRun() {
            request.dryRun(true);
            return this;
        }

        Order publishing() {
            request.publish(true);
            return this;
        }

        Order aliased(String to) throws DeployException {
            request.alias(to);
            return this;
        }

        Order forced() {
            request.force(true);
            return this;
        }

        Order taking(DeploymentLocks locks) {
            this.locks = locks;
            return this;
        }

        Order withinSeconds(int limit) throws DeployException {
            request.waitTimeout(limit);
            return this;
        }

        DeployResult deploy() throws Exception {
            for (String function : functions) {
                request.functionNames(function);
            }
            return orders.deploy(
                    project.folder(),
                    request.build(),
                    new DeploymentContext(
                            locks, UploadJournal.NONE, Optional.empty(), Baseline.NONE, origin, stagedLastTime));
        }

        Deployed deployed() throws Exception {
            return deploy().functions().get(0);
        }

        String failure() {
            return assertThrows(DeployException.class, this::deploy).getMessage();
        }
    }

    private Order order() throws DeployException {
        return new Order();
    }

    // What is done, and what is left undone

    @Test
    void aFunctionIsCreatedThenLeftAloneThenUpdatedAndRespondsEachTime() throws Exception {
        assertEquals(Outcome.CREATED, order().deployed().outcome());
        assertEquals("\"first\"", ACCOUNT.invoke(name));

        assertEquals(Outcome.UNCHANGED, order().deployed().outcome());
        assertEquals("\"first\"", ACCOUNT.invoke(name));

        project.with("index.js", Project.handler("second"));
        assertEquals(Outcome.UPDATED, order().deployed().outcome());
        assertEquals("\"second\"", ACCOUNT.invoke(name));
    }

    @Test
    void aSecondDeploymentOfTheSameProjectSendsNoByteOfThePackageAndChangesNothing() throws Exception {
        project.withBallast("ballast.bin", 300_000);
        assertEquals(1, order().deploy().functions().size());
        List<String> before = aws.changesOfCode();
        long sent = aws.bytesSent();
        assertTrue(sent > 300_000, sent + " bytes");

        DeployResult second = order().deploy();

        assertEquals(before, aws.changesOfCode());
        assertTrue(aws.bytesSent() - sent < 100, "It asks who it is, no more");
        assertEquals(0, second.sentBytes());
        assertTrue(log.text().contains("nothing to upload"), log.text());
    }

    @Test
    void aSecondStagedDeploymentSendsNothingToTheBucketEither() throws Exception {
        String bucket = ACCOUNT.newBucket();
        order().stagedIn(bucket, 0).deploy();
        List<String> puts = aws.requests().stream()
                .filter(line -> line.startsWith("PUT /" + bucket))
                .toList();
        assertEquals(1, puts.size(), puts.toString());

        order().stagedIn(bucket, 0).deploy();

        assertEquals(
                puts,
                aws.requests().stream()
                        .filter(line -> line.startsWith("PUT /" + bucket))
                        .toList());
    }

    @Test
    void anUnchangedDeploymentAsksForTheFunctionOnceAndForNothingElseThanWasOrdered() throws Exception {
        String bucket = ACCOUNT.newBucket();
        order().stagedIn(bucket, 0).aliased("live").deploy();
        int before = aws.requests().size();

        order().stagedIn(bucket, 0).deploy();
        order().stagedIn(bucket, 0).aliased("live").deploy();

        String function = "/2015-03-31/functions/" + name + "/";
        assertEquals(
                List.of(
                        "GET " + function + "configuration",
                        "GET " + function + "configuration",
                        "GET " + function + "aliases/live",
                        "POST " + function.replace(name, arn()) + "versions",
                        "GET " + function.replace(name, arn()) + "aliases/live"),
                aws.requests().subList(before, aws.requests().size()));
    }

    @Test
    void afterWaitingForItsTurnADeploymentLooksAtTheFunctionAgain() throws Exception {
        order().deploy();
        project.with("index.js", Project.handler("second"));
        order().deploy();
        project.with("index.js", Project.handler("first"));
        DeploymentLocks afterAnother = (functions, progress) -> {
            // While this one waits, another deployment brings the function to the very same code.
            try {
                order().deploy();
            } catch (Exception e) {
                throw new IllegalStateException(e);
            }
            return new DeploymentLocks.Lock() {
                @Override
                public boolean waited() {
                    return true;
                }

                @Override
                public void close() {}
            };
        };

        assertEquals(Outcome.UNCHANGED, order().taking(afterAnother).deployed().outcome());
    }

    @Test
    void theSameCodeSha256IsInTheRecordAtTheServerAndComputedByPython() throws Exception {
        Path kept = folder.resolve("kept.zip");
        DeployResult result = order().deploy();
        packageTo(kept);

        String recorded = new ObjectMapper()
                .readTree(DeploymentJson.text(result))
                .get("CodeSha256")
                .asText();

        assertEquals(Account.base64Sha256(kept.toString()), recorded);
        assertEquals(ACCOUNT.configuration(name, "CodeSha256"), recorded);
        assertEquals(result.packaged().codeSha256(), recorded);
    }

    @Test
    void aPackageGoesThroughTheBucketFromItsThresholdOn() throws Exception {
        String bucket = ACCOUNT.newBucket();

        DeployResult result = order().stagedIn(bucket, 0).deploy();

        assertEquals("\"first\"", ACCOUNT.invoke(name));
        assertEquals("pre/" + result.packaged().sha256() + ".zip", ACCOUNT.keys(bucket));
        assertEquals(result.packaged().zippedBytes(), result.sentBytes());
        assertEquals(bucket, result.functions().get(0).staged().orElseThrow().bucket());
    }

    @Test
    void aPackageBelowTheThresholdDoesNotTouchTheBucket() throws Exception {
        String bucket = ACCOUNT.newBucket();

        DeployResult result = order().stagedIn(bucket, 10_000_000).deploy();

        assertEquals("", ACCOUNT.keys(bucket));
        assertEquals(Optional.empty(), result.functions().get(0).staged());
        assertEquals("\"first\"", ACCOUNT.invoke(name));
    }

    @Test
    void severalFunctionsGetOnePackageThatIsStagedOnce() throws Exception {
        String bucket = ACCOUNT.newBucket();
        String same = Account.newName();
        String old = ACCOUNT.newFunction("old");

        DeployResult result = order().to(same, old, name).stagedIn(bucket, 0).deploy();

        assertEquals(
                List.of(Outcome.CREATED, Outcome.UPDATED, Outcome.CREATED),
                result.functions().stream().map(Deployed::outcome).toList());
        for (String function : List.of(same, old, name)) {
            assertEquals("\"first\"", ACCOUNT.invoke(function));
        }
        assertEquals(1, ACCOUNT.keys(bucket).split(" ").length);
        assertEquals(
                1,
                aws.requests().stream()
                        .filter(line -> line.startsWith("PUT /" + bucket))
                        .count());
    }

    @Test
    void aFunctionThatIsNamedTwiceIsDeployedOnce() throws Exception {
        order().deploy();
        project.with("index.js", Project.handler("second"));
        int before = aws.changesOfCode().size();

        DeployResult result = order().to(name, ACCOUNT.configuration(name, "FunctionArn"), name)
                .deploy();

        assertEquals(1, result.functions().size());
        assertEquals(
                List.of("PUT /2015-03-31/functions/" + name + "/code"),
                aws.changesOfCode().subList(before, aws.changesOfCode().size()));
        String absent = Account.newName();
        assertEquals(1, order().to(absent, absent).deploy().functions().size());
    }

    @Test
    void aFailureSaysWhichFunctionsHaveTheNewCodeAlready() throws Exception {
        String refused = Account.newName() + "-refused";
        aws.proxy()
                .stubFor(post("/2015-03-31/functions")
                        .withRequestBody(containing(refused))
                        .atPriority(1)
                        .willReturn(aResponse()
                                .withStatus(400)
                                .withHeader("x-amzn-ErrorType", "CodeStorageExceededException")
                                .withBody("{\"Message\":\"Code storage limit exceeded.\"}")));

        String message = order().to(name, refused).publishing().failure();

        assertTrue(message.startsWith("Lambda did not create function " + refused), message);
        assertTrue(message.contains("This code is deployed already to " + name + " (version 1);"), message);
        assertEquals("\"first\"", ACCOUNT.invoke(name));
    }

    @Test
    void onlyTheFunctionsWhoseCodeDiffersAreUpdated() throws Exception {
        order().deploy();
        String other = ACCOUNT.newFunction("old");
        int before = aws.changesOfCode().size();

        DeployResult result = order().to(name, other).deploy();

        assertEquals(
                List.of(Outcome.UNCHANGED, Outcome.UPDATED),
                result.functions().stream().map(Deployed::outcome).toList());
        assertEquals(
                List.of("PUT /2015-03-31/functions/" + other + "/code"),
                aws.changesOfCode().subList(before, aws.changesOfCode().size()));
    }

    @Test
    void aVersionIsPublishedAndTheAliasMovesToItWithEachChange() throws Exception {
        Deployed first = order().aliased("live").deployed();
        assertEquals(Optional.of("1"), first.version());
        assertEquals("1", ACCOUNT.aliasVersion(name, "live"));

        project.with("index.js", Project.handler("second"));
        Deployed second = order().aliased("live").deployed();

        assertEquals(Optional.of("2"), second.version());
        assertEquals("2", ACCOUNT.aliasVersion(name, "live"));
        assertEquals("\"second\"", ACCOUNT.invoke(name + ":live"));
        assertEquals("\"first\"", ACCOUNT.invoke(name + ":1"));
        assertEquals("1 2", ACCOUNT.versions(name));
    }

    @Test
    void anUnchangedFunctionGetsNoSecondVersionButTheAliasThatWasAskedFor() throws Exception {
        order().publishing().deploy();

        Deployed again = order().publishing().aliased("live").deployed();

        assertEquals(Outcome.RELEASED, again.outcome());
        assertEquals("1", ACCOUNT.versions(name));
        assertEquals("1", ACCOUNT.aliasVersion(name, "live"));
    }

    @Test
    void forceUpdatesAFunctionThatHasTheSameCode() throws Exception {
        order().deploy();
        int before = aws.changesOfCode().size();

        assertEquals(Outcome.UPDATED, order().forced().deployed().outcome());

        assertEquals(before + 1, aws.changesOfCode().size());
    }

    @Test
    void aFunctionWhoseLastUpdateFailedIsUpdatedThoughItsCodeSha256IsTheSame() throws Exception {
        order().deploy();
        int before = aws.changesOfCode().size();
        String failed = describedAs("\"LastUpdateStatus\": \"Failed\", \"LastUpdateStatusReason\": \"InternalError\"");
        aws.proxy()
                .stubFor(get(urlPathMatching("/2015-03-31/functions/" + name + "/configuration"))
                        .atPriority(1)
                        .inScenario("failed until updated")
                        .whenScenarioStateIs(STARTED)
                        .willReturn(json(failed)));
        aws.proxy()
                .stubFor(put(urlPathMatching("/2015-03-31/functions/" + name + "/code"))
                        .atPriority(1)
                        .inScenario("failed until updated")
                        .willSetStateTo("updated")
                        .willReturn(aResponse()
                                .proxiedFrom(Emulator.MINISTACK.endpoint().toString())));

        assertEquals(Outcome.UPDATED, order().deployed().outcome());

        assertEquals(before + 1, aws.changesOfCode().size());
    }

    // The log

    @Test
    void theLogBeginsWithWhatGoesWhereAndHasALineForWhatIsDone() throws Exception {
        order().aliased("live").deploy();
        project.with("index.js", Project.handler("second"));
        int before = log.lines().size();
        Order order = order().aliased("live");
        order.origin = new Origin("services/orders", "0123456789abcdef", "", "", "credentials aws-deploy");

        order.deploy();

        List<String> lines = log.lines().subList(before, log.lines().size());
        assertEquals(
                "Deploying services/orders (commit 01234567) to " + name + " in eu-west-1, account 000000000000,"
                        + " with credentials aws-deploy",
                lines.get(0));
        assertTrue(lines.contains("Updating " + name), lines.toString());
        assertTrue(lines.contains("Alias live: 1 -> 2"), lines.toString());
        assertFalse(log.text().contains("heaviest"), log.text());
    }

    @Test
    void aDeploymentThatEndsAtOnceHasSaidWhatItWasFor() throws Exception {
        order().existingOnly().failure();

        assertEquals(List.of("Deploying the project to " + name + " in eu-west-1"), log.lines());
    }

    @Test
    void aDeploymentThatIsStoppedBeforeItsFunctionIsTouchedSaysSo() throws Exception {
        DeploymentLocks stopping = (functions, progress) -> {
            throw new InterruptedException();
        };

        assertThrows(InterruptedException.class, () -> order().taking(stopping).deploy());

        assertEquals(
                "Stopped. " + name + ": not changed.",
                log.lines().get(log.lines().size() - 1));
    }

    @Test
    void aDeploymentThatIsStoppedWhileItsUpdateIsNotInForceSaysThatTheFunctionMayHaveChanged() throws Exception {
        order().deploy();
        project.with("index.js", Project.handler("second"));
        aws.proxy()
                .stubFor(get(urlPathMatching("/2015-03-31/functions/" + name + "/configuration"))
                        .atPriority(1)
                        .inScenario("in progress after the update")
                        .whenScenarioStateIs("updated")
                        .willReturn(json(describedAs("\"LastUpdateStatus\": \"InProgress\""))));
        Thread deploying = Thread.currentThread();
        aws.proxy()
                .stubFor(put(urlPathMatching("/2015-03-31/functions/" + name + "/code"))
                        .atPriority(1)
                        .inScenario("in progress after the update")
                        .willSetStateTo("updated")
                        .willReturn(aResponse()
                                .proxiedFrom(Emulator.MINISTACK.endpoint().toString())));
        log.onLine(line -> {
            if (line.startsWith("Waiting for function " + name)) {
                deploying.interrupt();
            }
        });

        assertThrows(InterruptedException.class, () -> order().deploy());

        assertEquals(
                "Stopped. " + name
                        + ": the change had begun. It has the previous code or the new; the next deployment completes it.",
                log.lines().get(log.lines().size() - 1));
    }

    // Dry runs

    @Test
    void aDryRunOfANewFunctionCreatesNothingAndPutsNothingIntoTheBucket() throws Exception {
        String bucket = ACCOUNT.newBucket();

        Deployed deployed = order().stagedIn(bucket, 0).aliased("live").dryRun().deployed();

        assertEquals(Outcome.VALIDATED, deployed.outcome());
        assertFalse(ACCOUNT.hasFunction(name));
        assertEquals("", ACCOUNT.keys(bucket));
        assertEquals(List.of(), aws.changesOfCode());
    }

    @Test
    void aDryRunOfAnUpdateAsksLambdaAndReleasesNothing() throws Exception {
        ACCOUNT.role();
        String old = ACCOUNT.newFunction("old");
        String before = ACCOUNT.configuration(old, "CodeSha256");
        // MiniStack carries a dry run out as an update; AWS answers with the function as it would be.
        aws.proxy()
                .stubFor(put(urlPathMatching("/2015-03-31/functions/" + old + "/code"))
                        .atPriority(1)
                        .willReturn(json(answer(old, before, ""))));

        Deployed deployed = order().to(old).aliased("live").dryRun().deployed();

        assertEquals(Outcome.VALIDATED, deployed.outcome());
        assertEquals(Optional.empty(), deployed.version());
        assertEquals("", ACCOUNT.versions(old));
        assertEquals(1, aws.changesOfCode().size());
        String body = aws.proxy().getAllServeEvents().stream()
                .map(event -> event.getRequest())
                .filter(request -> request.getUrl().endsWith("/code"))
                .findFirst()
                .orElseThrow()
                .getBodyAsString();
        assertTrue(new ObjectMapper().readTree(body).get("DryRun").asBoolean(), body);
    }

    @Test
    void aDryRunOfUnchangedCodeIsADryRunToo() throws Exception {
        order().deploy();

        Deployed deployed = order().aliased("live").dryRun().deployed();

        assertEquals(Outcome.VALIDATED, deployed.outcome());
        assertEquals(Optional.of(ACCOUNT.configuration(name, "CodeSha256")), deployed.previousCodeSha256());
        assertEquals("", ACCOUNT.versions(name));
    }

    // What is found wrong before the next, dearer, phase

    @Test
    void aMissingFunctionEndsTheDeploymentBeforeNpmRunsAndSaysHowToCreateIt() throws Exception {
        String message =
                order().existingOnly().installingWith("echo ran > ../ran.txt").failure();

        assertTrue(message.contains(name), message);
        assertTrue(message.contains("ResourceNotFoundException"), message);
        assertTrue(message.contains("create"), message);
        assertFalse(Files.exists(folder.resolve("ran.txt")));
    }

    @Test
    void aFunctionMadeFromAnImageIsRefusedBeforeNpmRuns() throws Exception {
        String image = ACCOUNT.newImageFunction();

        String message =
                order().to(image).installingWith("echo ran > ../ran.txt").failure();

        assertTrue(message.contains("container image") && message.contains("package type Zip"), message);
        assertFalse(Files.exists(folder.resolve("ran.txt")));
        assertEquals(List.of(), aws.changesOfCode());
    }

    @Test
    void aMissingBucketStopsNoPackageThatGoesStraightToLambda() throws Exception {
        String bucket = "no-such-bucket-" + name;

        Deployed deployed =
                order().stagedIn(bucket, 1_000_000).installingWith("echo done").deployed();

        assertEquals(Outcome.CREATED, deployed.outcome());
        assertEquals("\"first\"", ACCOUNT.invoke(name));
        assertEquals(
                List.of(),
                aws.requests().stream().filter(line -> line.contains(bucket)).toList());
    }

    @Test
    void aMissingBucketThatThePackageWasStagedInLastTimeEndsTheDeploymentBeforeNpmRuns() throws Exception {
        Order order = order().stagedIn("no-such-bucket-" + name, 1_000_000).installingWith("echo ran > ../ran.txt");
        order.stagedLastTime = true;

        assertTrue(order.failure().contains("no-such-bucket-" + name));
        assertFalse(Files.exists(folder.resolve("ran.txt")));
    }

    @Test
    void aMissingBucketThatThePackageTurnsOutToNeedEndsTheDeploymentBeforeAnythingIsChanged() throws Exception {
        project.withBallast("ballast.bin", 300_000);

        String message = order().stagedIn("no-such-bucket-" + name, 200_000)
                .installingWith("echo done")
                .failure();

        assertTrue(message.contains("no-such-bucket-" + name), message);
        assertEquals(List.of(), aws.changesOfCode());
    }

    @Test
    void noneIsNoBucketThoughADefaultIsSet() throws Exception {
        String bucket = ACCOUNT.newBucket();

        order().stagedIn(bucket, 0).stagedIn("none", 0).deploy();

        assertEquals("", ACCOUNT.keys(bucket));
        assertEquals("\"first\"", ACCOUNT.invoke(name));
    }

    @Test
    void aMissingBucketEndsTheDeploymentBeforeNpmRuns() throws Exception {
        String bucket = "no-such-bucket-" + name;

        String message = order().stagedIn(bucket, 0)
                .installingWith("echo ran > ../ran.txt")
                .failure();

        assertTrue(message.contains(bucket), message);
        assertFalse(Files.exists(folder.resolve("ran.txt")));
        assertFalse(ACCOUNT.hasFunction(name));
    }

    @Test
    void aFailedInstallEndsTheDeploymentBeforeAnythingIsPackagedOrSent() throws Exception {
        String message = order().installingWith("echo no such package; exit 9").failure();

        assertTrue(message.contains("exit status 9") && message.contains("no such package"), message);
        assertEquals(List.of(), aws.changesOfCode());
        assertFalse(log.text().contains("Packaged"), log.text());
    }

    @Test
    void aMissingHandlerEndsTheDeploymentBeforeAnythingIsSent() throws Exception {
        String bucket = ACCOUNT.newBucket();
        Files.move(project.folder().resolve("index.js"), project.folder().resolve("main.js"));

        String message = order().stagedIn(bucket, 0).failure();

        assertTrue(message.contains("index"), message);
        assertEquals("", ACCOUNT.keys(bucket));
        assertEquals(List.of(), aws.changesOfCode());
    }

    @Test
    void thePackageIsGoneFromTheTemporaryFolderAfterwards() throws Exception {
        Path temporary = Path.of(order().deploy().packaged().file()).getParent();

        assertFalse(Files.exists(temporary), temporary.toString());
    }

    // Others at work

    @Test
    void anotherDeployersUpdateIsWaitedForAndThenDeployedOver() throws Exception {
        order().deploy();
        project.with("index.js", Project.handler("second"));
        aws.proxy()
                .stubFor(put(urlPathMatching("/2015-03-31/functions/" + name + "/code"))
                        .atPriority(1)
                        .inScenario("busy once")
                        .whenScenarioStateIs(STARTED)
                        .willSetStateTo("free")
                        .willReturn(aResponse()
                                .withStatus(409)
                                .withHeader("x-amzn-ErrorType", "ResourceConflictException")
                                .withBody(
                                        "{\"Message\": \"The operation cannot be performed at this time. An update is in"
                                                + " progress for resource\"}")));

        assertEquals(Outcome.UPDATED, order().deployed().outcome());

        assertTrue(log.text().contains("Another operation on function " + name), log.text());
        assertEquals("\"second\"", ACCOUNT.invoke(name));
    }

    @Test
    void anUpdateThatDoesNotTakeEffectInTimeIsAnErrorThatSaysItGoesOn() throws Exception {
        order().deploy();
        project.with("index.js", Project.handler("second"));
        String pending = describedAs("\"LastUpdateStatus\": \"InProgress\"");
        aws.proxy()
                .stubFor(get(urlPathMatching("/2015-03-31/functions/" + name + "/configuration"))
                        .atPriority(1)
                        .willReturn(json(pending)));

        String message = order().withinSeconds(1).failure();

        assertTrue(message.contains("was not ready") && message.contains("InProgress"), message);
        assertTrue(message.contains("longer timeout"), message);
    }

    @Test
    void anUpdateThatFailsInLambdaIsToldInLambdasWords() throws Exception {
        order().deploy();
        project.with("index.js", Project.handler("second"));
        String failed =
                describedAs("\"LastUpdateStatus\": \"Failed\", \"LastUpdateStatusReason\": \"The image is broken\","
                        + " \"LastUpdateStatusReasonCode\": \"InvalidImage\"");
        aws.proxy()
                .stubFor(get(urlPathMatching("/2015-03-31/functions/" + name + "/configuration"))
                        .atPriority(1)
                        .willReturn(json(failed)));

        String message = order().failure();

        assertTrue(message.contains("The image is broken (InvalidImage)"), message);
    }

    @Test
    void codeThatSomeoneElseDeployedMeanwhileIsNotTakenForOurs() throws Exception {
        order().deploy();
        project.with("index.js", Project.handler("second"));
        aws.proxy()
                .stubFor(get(urlPathMatching("/2015-03-31/functions/" + name + "/configuration"))
                        .atPriority(1)
                        .willReturn(json(answer(name, "c29tZW9uZSBlbHNlJ3M=", ""))));

        String message = order().failure();

        assertTrue(message.contains("another deployment has replaced it meanwhile"), message);
    }

    // What is deployed runs

    @Test
    void aProjectWrittenUnderAStrictUmaskRunsInLambdaAndUnpackedAsAnotherUser() throws Exception {
        Path strict = folder.resolve("strict");
        String write =
                "umask 077; mkdir -p \"$0/lib\" && cd \"$0\" && echo \"module.exports = 'from lib'\" > lib/word.js"
                        + " && echo \"exports.handler = async () => require('./lib/word')\" > index.js";
        Program.run("bash", "-c", write, strict.toString()).successful();
        project = new Project(strict);
        Path zip = folder.resolve("function.zip");

        order().deploy();
        packageTo(zip);

        assertEquals("\"from lib\"", ACCOUNT.invoke(name));
        assertEquals(ACCOUNT.configuration(name, "CodeSha256"), Account.base64Sha256(zip.toString()));
        assertEquals("from lib", startedByNobody(zip));
    }

    /** What the handler in a package answers where it is unpacked by unzip and started as a user who owns nothing of it. */
    private static String startedByNobody(Path zip) throws Exception {
        Path task = Files.createTempDirectory("task");
        try {
            Program.run("chmod", "755", task.toString()).successful();
            Program.run("bash", "-c", "umask 000; exec unzip -q \"$0\" -d \"$1\"", zip.toString(), task.toString())
                    .successful();
            String asNobody = "setpriv --reuid=65534 --regid=65534 --clear-groups ";
            boolean root = Program.run("id", "-u").out().strip().equals("0");
            String start = "cd \"$0\" && exec " + (root ? asNobody : "")
                    + "node -e \"require('./index').handler({}).then(answer => console.log(answer))\"";
            return Program.run("bash", "-c", start, task.toString())
                    .successful()
                    .out()
                    .strip();
        } finally {
            try (Stream<Path> files = Files.walk(task)) {
                for (Path file : files.sorted(Comparator.reverseOrder()).toList()) {
                    Files.delete(file);
                }
            }
        }
    }

    /** Packages the project once more, to a file that stays. */
    private void packageTo(Path zip) throws Exception {
        try (LocalWorkspace workspace =
                new LocalWorkspace(project.folder(), System.getenv(), new HttpSender(log), log)) {
            workspace.pack(PackRequest.of(PackSettings.DEFAULT, List.of(), true, zip.toString(), false));
        }
    }

    /** As it stands in a request's path. */
    private String arn() {
        return URLEncoder.encode(ACCOUNT.configuration(name, "FunctionArn"), StandardCharsets.UTF_8);
    }

    private String describedAs(String more) {
        return answer(name, ACCOUNT.configuration(name, "CodeSha256"), ", " + more);
    }

    private static String answer(String function, String codeSha256, String more) {
        return "{\"FunctionName\": \"" + function
                + "\", \"FunctionArn\": \"arn:aws:lambda:eu-west-1:000000000000:function:"
                + function + "\", \"Runtime\": \"nodejs22.x\", \"Handler\": \"index.handler\", \"State\": \"Active\","
                + " \"PackageType\": \"Zip\", \"Architectures\": [\"x86_64\"], \"CodeSha256\": \"" + codeSha256 + "\""
                + more
                + "}";
    }

    private static ResponseDefinitionBuilder json(String body) {
        return aResponse()
                .withStatus(200)
                .withHeader("Content-Type", "application/json")
                .withBody(body);
    }
}
