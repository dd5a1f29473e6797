package io.jenkins.plugins.lambdanode.engine;

import static com.github.tomakehurst.wiremock.client.WireMock.aResponse;
import static com.github.tomakehurst.wiremock.client.WireMock.equalTo;
import static com.github.tomakehurst.wiremock.client.WireMock.post;
import static com.github.tomakehurst.wiremock.client.WireMock.urlPathMatching;
import static org.junit.jupiter.api.Assertions.assertDoesNotThrow;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import com.fasterxml.jackson.databind.ObjectMapper;
import io.jenkins.plugins.lambdanode.engine.aws.client.AwsSession;
import io.jenkins.plugins.lambdanode.engine.aws.client.AwsSettings;
import io.jenkins.plugins.lambdanode.engine.aws.s3.UploadJournal;
import io.jenkins.plugins.lambdanode.engine.base.Backoff;
import io.jenkins.plugins.lambdanode.engine.base.DeployException;
import io.jenkins.plugins.lambdanode.engine.http.HttpSender;
import io.jenkins.plugins.lambdanode.engine.report.Baseline;
import io.jenkins.plugins.lambdanode.engine.report.DeployResult;
import io.jenkins.plugins.lambdanode.engine.report.DeploymentJson;
import io.jenkins.plugins.lambdanode.engine.report.Origin;
import io.jenkins.plugins.lambdanode.engine.request.DeployRequest;
import io.jenkins.plugins.lambdanode.engine.request.DeployRequestBuilder;
import io.jenkins.plugins.lambdanode.engine.steps.ShiftJournal;
import io.jenkins.plugins.lambdanode.engine.steps.ShiftJournal.Choice;
import io.jenkins.plugins.lambdanode.engine.steps.ShiftJournal.Decision;
import io.jenkins.plugins.lambdanode.engine.steps.SteeredShift;
import io.jenkins.plugins.lambdanode.engine.workspace.LocalWorkspace;
import io.jenkins.plugins.lambdanode.testing.Account;
import io.jenkins.plugins.lambdanode.testing.Emulator;
import io.jenkins.plugins.lambdanode.testing.EmulatorExtension;
import io.jenkins.plugins.lambdanode.testing.KeptLog;
import io.jenkins.plugins.lambdanode.testing.Project;
import io.jenkins.plugins.lambdanode.testing.Wire;
import java.io.ByteArrayOutputStream;
import java.net.URI;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.time.Clock;
import java.time.Duration;
import java.time.Instant;
import java.time.ZoneId;
import java.time.ZoneOffset;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.CountDownLatch;
import java.util.random.RandomGenerator;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.ExtendWith;
import org.junit.jupiter.api.extension.RegisterExtension;
import org.junit.jupiter.api.io.TempDir;
import software.amazon.awssdk.auth.credentials.AwsBasicCredentials;
import software.amazon.awssdk.auth.credentials.StaticCredentialsProvider;

/** How traffic goes over to a new version, and back. Hours pass in no time where a test says so; weights are read with boto3. */
@ExtendWith(EmulatorExtension.class)
class TrafficTest {

    private static final Account ACCOUNT = new Account(Emulator.MINISTACK);
    private static final Duration MINUTE = Duration.ofMinutes(1);

    @RegisterExtension
    final ObservedAws aws = new ObservedAws(Emulator.MINISTACK);

    @TempDir
    Path folder;

    private final KeptLog log = new KeptLog();
    private final String name = Account.newName();
    private final String alarm = name + "-errors";
    private final SteeredShift journal = new SteeredShift(ShiftJournal.inMemory(), new SteeredShift.Listener() {
        @Override
        public void begun() {
            atBegin.ifPresent(choice -> assertDoesNotThrow(() -> decide(choice)));
        }

        @Override
        public void decided() {}
    });
    private Optional<Choice> atBegin = Optional.empty();
    private Optional<URI> endpoint = Optional.empty();
    private Instant now = Instant.now();
    private Duration passed = Duration.ZERO;
    private volatile long asked;
    private Project project;

    /** What happens after so much of the rollout; it may end the deployment. */
    private interface Event {
        void after(Duration passed) throws InterruptedException;
    }

    /** Nobody catches it, as nobody is there when a process has ended. */
    private static final class ProcessEnds extends Error {
        private static final long serialVersionUID = 1L;
    }

    private interface Setting {
        void on(DeployRequestBuilder request) throws DeployException;
    }

    @BeforeEach
    void deployTheFirstVersion() throws Exception {
        project = Project.answering(folder.resolve("project"), "v1");
        deploy(request -> {}, after -> {});
        project.with("index.js", Project.handler("v2"));
    }

    private DeployResult deploy(Setting setting, Event event) throws Exception {
        passed = Duration.ZERO;
        Clock clock = new Clock() {
            @Override
            public Instant instant() {
                return now;
            }

            @Override
            public ZoneId getZone() {
                return ZoneOffset.UTC;
            }

            @Override
            public Clock withZone(ZoneId zone) {
                return this;
            }
        };
        return deploy(
                setting,
                new Backoff(
                        clock,
                        pause -> {
                            now = now.plus(pause);
                            passed = passed.plus(pause);
                            event.after(passed);
                        },
                        RandomGenerator.getDefault()));
    }

    private DeployResult deploy(Setting setting, Backoff time) throws Exception {
        DeployRequestBuilder request = DeployRequest.builder()
                .functionName(name)
                .install("none")
                .create(true)
                .role(ACCOUNT.role())
                .runtime("nodejs22.x")
                .alias("live")
                .waitTimeout(60);
        setting.on(request);
        AwsSettings settings = new AwsSettings(
                Account.REGION,
                endpoint.or(() -> Optional.of(aws.endpoint())),
                StaticCredentialsProvider.create(AwsBasicCredentials.create(Account.ACCESS_KEY, Account.SECRET_KEY)),
                Optional.empty(),
                Optional.empty());
        DeploymentContext context = new DeploymentContext(
                DeploymentLocks.NONE, UploadJournal.NONE, Optional.of(journal), Baseline.NONE, Origin.UNKNOWN, false);
        try (LocalWorkspace workspace =
                        new LocalWorkspace(project.folder(), System.getenv(), new HttpSender(log), log);
                AwsSession session = AwsSession.open(settings)) {
            return new Deployment(request.build(), workspace, session, context, log, time).run();
        }
    }

    private String failure(Setting setting, Event event) {
        return assertThrows(DeployException.class, () -> deploy(setting, event)).getMessage();
    }

    private String traffic() {
        return ACCOUNT.aliasTraffic(name, "live");
    }

    private Setting canary() {
        return request -> request.rollout("Canary10Percent10Minutes").alarms(alarm);
    }

    private void green() {
        ACCOUNT.alarm(alarm, "OK", "no errors");
    }

    @Test
    void aCanaryHasItsShareForItsTimeAndThenAllTraffic() throws Exception {
        List<String> seen = new ArrayList<>();

        DeployResult result = deploy(request -> request.rollout("Canary10Percent10Minutes"), after -> {
            if (after.toSeconds() % 300 == 0) {
                seen.add(after.toSeconds() + ": " + traffic());
            }
        });

        assertEquals(List.of("300: 1 2=0.1", "600: 1 2=0.1"), seen);
        assertEquals("2", traffic());
        assertEquals(Duration.ofMinutes(10), passed);
        assertEquals(Optional.of("1"), result.functions().get(0).previousVersion());
        assertEquals(
                "Canary10Percent10Minutes",
                new ObjectMapper()
                        .readTree(DeploymentJson.text(result))
                        .at("/Alias/Rollout")
                        .asText());
        assertTrue(DeploymentJson.text(result).contains("\"shift\""), DeploymentJson.text(result));
    }

    @Test
    void aLinearRolloutGrowsWithEachStep() throws Exception {
        List<String> seen = new ArrayList<>();

        deploy(request -> request.rollout("percent=40,every=5"), after -> {
            if (after.toSeconds() % 240 == 0) {
                seen.add(after.toMinutes() + ": " + traffic());
            }
        });

        assertEquals(List.of("4: 1 2=0.4", "8: 1 2=0.8"), seen);
        assertEquals("2", traffic());
        assertEquals(Duration.ofMinutes(10), passed);
    }

    @Test
    void aRolloutTakesItsTime() throws Exception {
        List<String> seen = new ArrayList<>();
        Backoff real = new Backoff(
                Clock.systemUTC(),
                pause -> {
                    seen.add(traffic());
                    Thread.sleep(pause.toMillis());
                },
                RandomGenerator.getDefault());

        long start = System.nanoTime();
        deploy(request -> request.rollout("percent=50,every=0.05"), real);

        assertEquals(List.of("1 2=0.5"), seen.stream().distinct().toList());
        assertTrue(System.nanoTime() - start >= Duration.ofSeconds(3).toNanos());
        assertEquals("2", traffic());
    }

    @Test
    void aNewAliasAndTheSameVersionHaveNothingToShift() throws Exception {
        deploy(request -> request.alias("other").rollout("Linear10PercentEvery1Minute"), after -> {});
        assertTrue(log.text().contains("No traffic to shift: alias other is new"), log.text());
        assertEquals(Duration.ZERO, passed);

        deploy(request -> request.alias("other").rollout("Linear10PercentEvery1Minute"), after -> {});
        assertTrue(log.text().contains("No traffic to shift: alias other points to version 2 already"), log.text());
        assertEquals(Duration.ZERO, passed);
        assertEquals("2", ACCOUNT.aliasTraffic(name, "other"));
    }

    @Test
    void severalFunctionsGoOneAfterTheOtherAndThoseThatAreDoneStayDone() throws Exception {
        String other = Account.newName();
        deploy(request -> request.functionName(other), after -> {});
        project.with("index.js", Project.handler("v3"));
        green();

        String message = failure(request -> canary().on(request.functionName(other)), after -> {
            if (after.equals(MINUTE.multipliedBy(11))) {
                assertEquals("3", traffic());
                assertEquals("1 2=0.1", ACCOUNT.aliasTraffic(other, "live"));
                ACCOUNT.alarm(alarm, "ALARM", "of the other");
            }
        });

        assertTrue(message.contains("Alias live of function " + other + ": all traffic goes to version 1"), message);
        assertTrue(message.contains("This code is deployed already to " + name + " (version 3)"), message);
        assertEquals("3", traffic());
        assertEquals("1", ACCOUNT.aliasTraffic(other, "live"));
    }

    @Test
    void anAlarmGivesTheTrafficBackWithItsReason() throws Exception {
        green();

        String message = failure(canary(), after -> {
            if (after.equals(MINUTE)) {
                assertEquals("1 2=0.1", traffic());
                ACCOUNT.alarm(alarm, "ALARM", "Threshold Crossed: 7 errors");
            }
        });

        assertTrue(message.contains("Alarm " + alarm + " went into ALARM while traffic shifted to version 2"), message);
        assertTrue(message.contains("CloudWatch says: Threshold Crossed: 7 errors"), message);
        assertTrue(
                message.contains("Alias live of function " + name + ": all traffic goes to version 1 again"), message);
        assertEquals("1", traffic());
        assertEquals(Duration.ofSeconds(75), passed.plusSeconds(15));
        assertEquals(Optional.empty(), journal.pending());
    }

    /** The new version gets traffic; then it has written something, and the alarm goes off. */
    private DeployException failureAfter(Runnable writing) {
        green();
        return assertThrows(
                DeployException.class,
                () -> deploy(canary(), after -> {
                    if (after.equals(MINUTE)) {
                        writing.run();
                        ACCOUNT.alarm(alarm, "ALARM", "7 errors");
                    }
                }));
    }

    private String ownGroup() {
        return "/aws/lambda/" + name;
    }

    @Test
    void theFailureHasTheErrorsOfTheNewVersionSinceTheShiftBeganAndIsReadWhenTheTrafficIsBack() throws Exception {
        ACCOUNT.write(ownGroup(), "[2]", now.minus(MINUTE), "ERROR of the smoke test");

        DeployException failure = failureAfter(() -> {
            ACCOUNT.write(ownGroup(), "[1]", now, "ERROR of the old version");
            ACCOUNT.write(ownGroup(), "[22]", now, "ERROR of another version");
            ACCOUNT.write(ownGroup(), "[2]", now, "INFO starts", "ERROR no stock\tX-Amz-Signature=abc", "INFO ends");
        });

        List<String> lines = log.lines();
        int said = lines.indexOf("What version 2 of function " + name + " said last:");
        assertEquals(
                List.of("  ERROR no stock X-Amz-Signature=..."), lines.subList(said + 1, lines.size()), log.text());
        assertTrue(
                failure.messageWithOutput()
                        .startsWith("Alarm " + alarm + " went into ALARM while traffic shifted to version 2.\n"
                                + "What version 2 of function " + name + " said last:\n"
                                + "  ERROR no stock X-Amz-Signature=...\n"),
                failure.messageWithOutput());
        assertTrue(
                failure.getMessage()
                        .endsWith("More of its log is in CloudWatch Logs, log group " + ownGroup()
                                + ", in the log streams with [2]."),
                failure.getMessage());
        assertEquals(1, logReads());
        assertTrue(aws.requests().lastIndexOf("POST /")
                > aws.requests().lastIndexOf("PUT /2015-03-31/functions/" + name + "/aliases/live"));
        assertEquals("1", traffic());
    }

    private long logReads() {
        return aws.requests().stream().filter("POST /"::equals).count();
    }

    @Test
    void aLogGroupOfSeveralFunctionsIsReadForThisOnesLines() throws Exception {
        String group = "/orders/" + name;
        ACCOUNT.logTo(name, group);

        failureAfter(() -> {
            ACCOUNT.write(group, "other[2]", now, "ERROR of another function");
            ACCOUNT.write(group, name + "[2]", now, "one", "two");
        });

        assertTrue(log.text().endsWith("What version 2 of function " + name + " said last:\n  one\n  two"), log.text());
    }

    @Test
    void aVersionThatHasWrittenNothingIsSaid() {
        DeployException failure = failureAfter(() -> ACCOUNT.write(ownGroup(), "[1]", now, "ERROR of the old version"));

        assertTrue(
                failure.getMessage()
                        .endsWith("Version 2 has written nothing since to log group " + ownGroup()
                                + ", in the log streams with [2]."),
                failure.getMessage());
    }

    @Test
    void whoMayNotReadTheLogIsToldWhereItIsAndByWhichAction() {
        aws.proxy()
                .stubFor(post("/")
                        .withHeader("X-Amz-Target", equalTo("Logs_20140328.FilterLogEvents"))
                        .willReturn(aResponse()
                                .withStatus(400)
                                .withHeader("Content-Type", "application/x-amz-json-1.1")
                                .withBody("{\"__type\":\"AccessDeniedException\",\"message\":\"not authorized\"}")));

        DeployException failure = failureAfter(() -> {});

        assertTrue(
                failure.getMessage()
                        .matches("(?s).*\nCloudWatch Logs did not give the log of version 2 of function " + name
                                + " \\(logs:FilterLogEvents on log-group:" + ownGroup()
                                + ":\\*\\) in eu-west-1 [^\n]*: access denied\\. What it wrote is in log group "
                                + ownGroup() + ", in the log streams with \\[2]\\."),
                failure.getMessage());
        assertEquals("1", traffic());
    }

    @Test
    void aLogGroupThatDoesNotExistIsSaid() {
        String message = failureAfter(() -> {}).getMessage();

        assertTrue(message.contains("\nThere is no log group " + ownGroup() + " in eu-west-1"), message);
        assertTrue(message.endsWith("or the function has written nothing."), message);
    }

    private interface WithSlowLogs {
        void run() throws Exception;
    }

    /** @param first what is done when the log is asked for, which answers after the test */
    private Duration withSlowLogs(Runnable first, WithSlowLogs deployment) throws Exception {
        CountDownLatch over = new CountDownLatch(1);
        try (Wire wire = new Wire(aws.endpoint())) {
            wire.otherwise(line -> line.equals("POST /")
                    ? Optional.of(new Wire.First(() -> {
                        asked = System.nanoTime();
                        first.run();
                        try {
                            over.await();
                        } catch (InterruptedException e) {
                            Thread.currentThread().interrupt();
                        }
                    }))
                    : Optional.empty());
            endpoint = Optional.of(wire.endpoint());
            deployment.run();
            return Duration.ofNanos(System.nanoTime() - asked);
        } finally {
            over.countDown();
        }
    }

    @Test
    void aSlowLogIsNotWaitedForForLong() throws Exception {
        Duration waited = withSlowLogs(() -> assertEquals("1", traffic()), () -> {
            String message = failureAfter(() -> {}).getMessage();
            assertTrue(message.contains("Alarm " + alarm + " went into ALARM"), message);
            assertTrue(message.contains(": no response. What it wrote is in log group " + ownGroup()), message);
        });

        assertTrue(waited.compareTo(Duration.ofSeconds(10)) < 0, waited.toString());
    }

    @Test
    void anAbortWhileTheLogIsReadEndsTheDeploymentAtOnce() throws Exception {
        Thread deploying = Thread.currentThread();

        Duration waited = withSlowLogs(deploying::interrupt, () -> {
            String message = failureAfter(() -> {}).getMessage();
            assertTrue(message.contains("What it wrote is in CloudWatch Logs, log group " + ownGroup()), message);
        });

        assertTrue(waited.compareTo(Duration.ofSeconds(3)) < 0, waited.toString());
        assertEquals("1", traffic());
    }

    @Test
    void aCompositeAlarmGivesTheTrafficBackToo() throws Exception {
        String composite = name + "-any, or all";
        green();
        ACCOUNT.compositeAlarm(composite, alarm);

        String message =
                failure(request -> request.rollout("Canary10Percent10Minutes").alarms(composite), after -> {
                    if (after.equals(MINUTE)) {
                        ACCOUNT.alarm(alarm, "ALARM", "7 errors");
                    }
                });

        assertTrue(message.contains("Alarm " + composite + " went into ALARM while traffic shifted"), message);
        assertEquals("1", traffic());
    }

    @Test
    void anAlarmThatIsDeletedMeanwhileGivesTheTrafficBackAfterAMinuteAndHidesNoOther() throws Exception {
        String other = alarm + "-too";
        Setting both = request -> request.rollout("Canary10Percent10Minutes").alarms(other + "\n" + alarm);
        green();
        ACCOUNT.alarm(other, "OK", "");
        String message = failure(both, after -> {
            if (after.equals(MINUTE)) {
                ACCOUNT.deleteAlarm(other);
            }
        });
        assertTrue(
                message.contains(
                        "The alarms could not be read for a minute while traffic shifted to version 2. There is"
                                + " no CloudWatch alarm \"" + other + "\""),
                message);
        assertEquals(MINUTE.plusSeconds(45), passed);
        assertEquals("1", traffic());

        ACCOUNT.alarm(other, "OK", "");
        message = failure(both, after -> {
            if (after.equals(MINUTE)) {
                ACCOUNT.deleteAlarm(other);
                ACCOUNT.alarm(alarm, "ALARM", "7 errors");
            }
        });
        assertTrue(message.contains("Alarm " + alarm + " went into ALARM"), message);
    }

    @Test
    void alarmsThatAreSeparatedByCommasAreSaidToBeOneName() {
        String message =
                failure(request -> request.rollout("Canary10Percent10Minutes").alarms("one, two"), after -> {});

        assertTrue(message.contains("There is no CloudWatch alarm \"one, two\""), message);
        assertTrue(message.contains("Several alarms are a list, or stand one in a line."), message);
    }

    @Test
    void anAlarmThatIsRedBeforeDoesNotHoldUpAFixAndCountsFromWhenItIsGreen() throws Exception {
        ACCOUNT.alarm(alarm, "ALARM", "broken since yesterday");

        deploy(canary(), after -> {});
        assertEquals("2", traffic());
        assertTrue(
                log.text().contains("WARNING: Alarm " + alarm + " is in ALARM before the traffic shifts"), log.text());

        project.with("index.js", Project.handler("v3"));
        String message = failure(canary(), after -> {
            if (after.equals(MINUTE)) {
                green();
            }
            if (after.equals(MINUTE.multipliedBy(2))) {
                ACCOUNT.alarm(alarm, "ALARM", "again");
            }
        });
        assertTrue(message.contains("CloudWatch says: again"), message);
        assertEquals("2", traffic());
    }

    @Test
    void anAlarmThatDoesNotExistOrMayNotBeReadIsAnErrorBeforeAnythingIsChanged() throws Exception {
        String missing = failure(canary(), after -> {});
        assertTrue(missing.contains("There is no CloudWatch alarm \"" + alarm + "\" in eu-west-1"), missing);

        denyCloudWatch();
        String denied = failure(canary(), after -> {});
        assertTrue(denied.contains("cloudwatch:DescribeAlarms"), denied);
        assertTrue(denied.contains("access denied"), denied);

        assertEquals("1", ACCOUNT.versions(name));
        assertEquals("1", traffic());
    }

    private void denyCloudWatch() {
        aws.proxy()
                .stubFor(post(urlPathMatching("/service/GraniteServiceVersion20100801/.*"))
                        .willReturn(aResponse()
                                .withStatus(403)
                                .withHeader("smithy-protocol", "rpc-v2-cbor")
                                .withHeader("x-amzn-RequestId", "1")
                                .withHeader("Content-Type", "application/cbor")
                                // {"__type": "com.amazonaws.cloudwatch#AccessDenied", "message": "not authorized"} in
                                // CBOR
                                .withBody(cbor("__type", "com.amazonaws.cloudwatch#AccessDenied"))));
    }

    private static byte[] cbor(String key, String value) {
        ByteArrayOutputStream out = new ByteArrayOutputStream();
        out.write(0xa1);
        out.write(0x60 + key.length());
        out.writeBytes(key.getBytes(StandardCharsets.UTF_8));
        out.write(0x78);
        out.write(value.length());
        out.writeBytes(value.getBytes(StandardCharsets.UTF_8));
        return out.toByteArray();
    }

    @Test
    void aVersionThatFailsMoreOftenThanTheOneBeforeLosesItsShare() throws Exception {
        String message = failure(request -> request.rollout("Linear10PercentEvery1Minute"), after -> {
            if (after.equals(MINUTE)) {
                ACCOUNT.count(name, "live", "1", 90, 1);
                ACCOUNT.count(name, "live", "2", 20, 5);
            }
        });

        assertTrue(message.contains("Version 2 of function " + name + " fails more often than version 1"), message);
        assertTrue(message.contains("5 of 20 invocations (25.0 %)"), message);
        assertEquals("1", traffic());
    }

    @Test
    void aVersionThatFailsAsOftenAsTheOneBeforeOrHardlyEverRunGoesOn() throws Exception {
        deploy(request -> request.rollout("Linear10PercentEvery1Minute"), after -> {
            if (after.equals(MINUTE)) {
                ACCOUNT.count(name, "live", "1", 90, 20);
                ACCOUNT.count(name, "live", "2", 20, 5);
            }
        });
        assertEquals("2", traffic());

        project.with("index.js", Project.handler("v3"));
        deploy(request -> request.rollout("Linear10PercentEvery1Minute"), after -> {
            if (after.equals(MINUTE)) {
                ACCOUNT.count(name, "live", "3", 3, 3);
            }
        });
        assertEquals("3", traffic());
    }

    @Test
    void whoMayNotReadMetricsIsToldOnceAndTheTrafficShifts() throws Exception {
        denyCloudWatch();

        deploy(request -> request.rollout("Linear10PercentEvery1Minute"), after -> {});

        assertEquals("2", traffic());
        assertEquals(1, log.text().split("WARNING: The errors of version 2", -1).length - 1, log.text());
        assertTrue(log.text().contains("cloudwatch:GetMetricData"), log.text());
    }

    @Test
    void anAbortGivesTheTrafficBack() throws Exception {
        green();

        assertThrows(
                InterruptedException.class,
                () -> deploy(canary(), after -> {
                    if (after.equals(MINUTE)) {
                        ACCOUNT.write(ownGroup(), "[2]", now, "INFO at work");
                        throw new InterruptedException();
                    }
                }));

        assertEquals("1", traffic());
        assertTrue(
                log.text().contains("What version 2 of function " + name + " said last:\n  INFO at work"), log.text());
        assertTrue(log.text().contains("all traffic goes to version 1 again, as before"), log.text());
    }

    @Test
    void whatSomeoneElseMakesOfTheAliasMeanwhileIsLeft() throws Exception {
        String message = failure(request -> request.rollout("Linear10PercentEvery1Minute"), after -> {
            if (after.equals(MINUTE)) {
                ACCOUNT.splitAlias(name, "live", "2", 0.7);
            }
        });

        assertTrue(
                message.contains(
                        "Alias live of function " + name + " was changed by someone else while its traffic shifted"
                                + " to version 2: it now points to version 1 and sends 70 % to version 2"),
                message);
        assertEquals("1 2=0.7", traffic());
    }

    @Test
    void someoneWhoGivesTheNewVersionAllTrafficMeanwhileHasFinishedTheRollout() throws Exception {
        deploy(request -> request.rollout("Linear10PercentEvery1Minute"), after -> {
            if (after.equals(MINUTE)) {
                ACCOUNT.moveAlias(name, "live", "2");
            }
        });

        assertEquals("2", traffic());
        assertEquals(MINUTE, passed);
    }

    @Test
    void aChangeWhoseResponseIsLostIsMadeOnceAndOneThatIsLostItselfAgain() throws Exception {
        List<Wire.Fault> faults = new ArrayList<>(List.of(Wire.Fault.CUT_ANSWER, Wire.Fault.CUT_BEFORE));
        try (Wire wire = new Wire(aws.endpoint())) {
            wire.otherwise(line -> line.startsWith("PUT ") && line.contains("/aliases/") && !faults.isEmpty()
                    ? Optional.of(faults.remove(0))
                    : Optional.empty());
            endpoint = Optional.of(wire.endpoint());

            deploy(request -> request.rollout("Canary10Percent5Minutes"), after -> {
                if (after.toSeconds() % 60 == 0) {
                    assertEquals("1 2=0.1", traffic());
                }
            });
        }

        assertEquals("2", traffic());
        assertEquals(List.of(), faults);
        assertEquals(
                2,
                aws.requests().stream()
                        .filter(line -> line.startsWith("PUT ") && line.contains("/aliases/"))
                        .count());
        assertTrue(
                log.text().contains("Lambda did not confirm the change of alias live, but has applied it"), log.text());
    }

    @Test
    void aProcessThatEndsInTheMiddleIsCarriedOnWithItsClock() throws Exception {
        green();
        assertThrows(
                ProcessEnds.class,
                () -> deploy(canary(), after -> {
                    if (after.equals(MINUTE.multipliedBy(4))) {
                        throw new ProcessEnds();
                    }
                }));
        assertEquals("1 2=0.1", traffic());
        now = now.plus(MINUTE.multipliedBy(3));

        deploy(canary(), after -> {});

        assertEquals("2", traffic());
        assertEquals(MINUTE.multipliedBy(3), passed);
        assertTrue(log.text().contains("Carrying on with the shift of traffic"), log.text());
        assertEquals("1 2", ACCOUNT.versions(name));
    }

    @Test
    void aShiftOfAProcessThatHasEndedIsTakenBackWhereTheDeploymentNowFailsBeforeIt() throws Exception {
        green();
        assertThrows(
                ProcessEnds.class,
                () -> deploy(canary(), after -> {
                    throw new ProcessEnds();
                }));

        String message = failure(request -> canary().on(request.install("exit 3")), after -> {});

        assertTrue(message.contains("all traffic goes to version 1 again"), message);
        assertEquals("1", traffic());
    }

    private SteeredShift.Decided decide(Choice choice) throws InterruptedException {
        ShiftJournal.Shift shift = journal.pending().orElseThrow();
        Decision decision = new Decision(choice, "admin", Instant.parse("2026-11-27T10:00:00Z"));
        return journal.decide(shift.functionArn(), shift.alias(), shift.to(), decision)
                .orElseThrow();
    }

    private Event deciding(Choice choice) {
        return after -> {
            if (after.equals(MINUTE)) {
                assertEquals("1 2=0.1", traffic());
                decide(choice);
            }
        };
    }

    private long changesOfTheAlias() {
        return aws.requests().stream()
                .filter(line -> line.startsWith("PUT ") && line.contains("/aliases/"))
                .count();
    }

    @Test
    void whoFinishesAShiftGivesTheNewVersionAllTrafficAtOnce() throws Exception {
        green();

        DeployResult result = deploy(canary(), deciding(Choice.FINISH));

        assertEquals("2", traffic());
        assertEquals(MINUTE, passed);
        assertTrue(
                log.text()
                        .contains("Alias live of function " + name
                                + ": finished now by admin at 2026-11-27T10:00:00Z, from 10 % of the traffic"),
                log.text());
        assertEquals(
                "admin",
                new ObjectMapper()
                        .readTree(DeploymentJson.text(result))
                        .at("/Alias/FinishedBy")
                        .asText());
    }

    @Test
    void whoTakesAShiftBackGivesTheVersionBeforeAllTrafficAtOnceAndTheDeploymentFails() throws Exception {
        green();

        String message = failure(canary(), deciding(Choice.BACK));

        assertEquals("1", traffic());
        assertEquals(MINUTE, passed);
        assertTrue(
                message.startsWith("Alias live of function " + name + " was taken back to version 1 by admin at"
                        + " 2026-11-27T10:00:00Z, while 10 % of its traffic went to version 2.\nAlias live of function "
                        + name + ": all traffic goes to version 1 again, as before."),
                message);
        assertEquals(Optional.empty(), journal.pending());
    }

    @Test
    void whatIsDecidedIsDoneOnceAlsoWhereLambdasResponsesAreLost() throws Exception {
        List<Wire.Fault> faults = new ArrayList<>();
        try (Wire wire = new Wire(aws.endpoint())) {
            wire.otherwise(line -> line.startsWith("PUT ") && line.contains("/aliases/") && !faults.isEmpty()
                    ? Optional.of(faults.remove(0))
                    : Optional.empty());
            endpoint = Optional.of(wire.endpoint());
            green();

            String message = failure(canary(), after -> {
                faults.addAll(List.of(Wire.Fault.CUT_BEFORE, Wire.Fault.CUT_ANSWER));
                decide(Choice.BACK);
            });
            assertTrue(message.contains("all traffic goes to version 1 again"), message);
            assertEquals("1", traffic());
            assertEquals(List.of(), faults);
            assertEquals(2, changesOfTheAlias(), "the first share, and back");

            deploy(canary(), after -> {
                faults.addAll(List.of(Wire.Fault.CUT_BEFORE, Wire.Fault.CUT_ANSWER));
                decide(Choice.FINISH);
            });
        }
        assertEquals("2", traffic());
        assertEquals(List.of(), faults);
        assertEquals(4, changesOfTheAlias());
    }

    @Test
    void whatIsDecidedBeforeTheFirstShareIsDoneWithoutIt() throws Exception {
        green();
        atBegin = Optional.of(Choice.BACK);
        String message = failure(canary(), after -> {});
        assertTrue(message.contains("was taken back to version 1 by admin"), message);
        assertEquals(0, changesOfTheAlias());

        atBegin = Optional.of(Choice.FINISH);
        deploy(canary(), after -> {});
        assertEquals("2", traffic());
        assertEquals(Duration.ZERO, passed);
        assertEquals(1, changesOfTheAlias());
    }

    @Test
    void whatWasDecidedWhenTheProcessEndedIsDoneByTheNext() throws Exception {
        green();
        assertThrows(
                ProcessEnds.class,
                () -> deploy(canary(), after -> {
                    decide(Choice.BACK);
                    throw new ProcessEnds();
                }));
        String message = failure(request -> canary().on(request.install("exit 3")), after -> {});
        assertTrue(message.startsWith("Alias live of function " + name + " was taken back to version 1"), message);
        assertEquals("1", traffic());

        assertThrows(
                ProcessEnds.class,
                () -> deploy(canary(), after -> {
                    decide(Choice.BACK);
                    ACCOUNT.moveAlias(name, "live", "1");
                    throw new ProcessEnds();
                }),
                "it had moved the alias");
        assertTrue(failure(canary(), after -> {}).contains("all traffic goes to version 1 again"));
        assertEquals("1", traffic());

        assertThrows(
                ProcessEnds.class,
                () -> deploy(canary(), after -> {
                    decide(Choice.FINISH);
                    throw new ProcessEnds();
                }));
        deploy(canary(), after -> {});
        assertEquals("2", traffic());
        assertEquals(Duration.ZERO, passed);
    }

    @Test
    void theFirstDecisionHoldsAndOneThatComesAfterTheShiftIsNone() throws Exception {
        green();
        List<Choice> held = new ArrayList<>();
        List<SteeredShift.Decided> decided = new ArrayList<>();
        List<String> arns = new ArrayList<>();
        Decision late = new Decision(Choice.BACK, "admin", Instant.EPOCH);

        deploy(canary(), after -> {
            arns.add(journal.pending().orElseThrow().functionArn());
            assertEquals(Optional.empty(), journal.decide(arns.get(0), "live", "1", late), "to another version");
            decided.add(decide(Choice.FINISH));
            held.add(decide(Choice.BACK).shift().decision().orElseThrow().choice());
        });

        assertEquals(List.of(Choice.FINISH), held);
        assertEquals(Optional.of("2"), decided.get(0).end().get().version());
        assertEquals(Optional.empty(), journal.decide(arns.get(0), "live", "2", late));
        assertEquals("2", traffic());
    }

    @Test
    void someonesSplitIsLeft() throws Exception {
        deploy(request -> {}, after -> {});
        ACCOUNT.splitAlias(name, "live", "1", 0.5);
        project.with("index.js", Project.handler("v3"));

        String message = failure(request -> request.rollout("Canary10Percent5Minutes"), after -> {});

        assertTrue(message.contains("a gradual release is in progress"), message);
        assertEquals("2 1=0.5", traffic());
    }
}
