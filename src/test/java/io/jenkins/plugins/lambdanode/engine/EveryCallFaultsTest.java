package io.jenkins.plugins.lambdanode.engine;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.jenkins.plugins.lambdanode.engine.base.DeployException;
import io.jenkins.plugins.lambdanode.engine.report.DeployResult;
import io.jenkins.plugins.lambdanode.engine.report.DeployResult.Outcome;
import io.jenkins.plugins.lambdanode.engine.request.DeployRequest;
import io.jenkins.plugins.lambdanode.engine.request.DeployRequestBuilder;
import io.jenkins.plugins.lambdanode.testing.Account;
import io.jenkins.plugins.lambdanode.testing.Emulator;
import io.jenkins.plugins.lambdanode.testing.EmulatorExtension;
import io.jenkins.plugins.lambdanode.testing.KeptLog;
import io.jenkins.plugins.lambdanode.testing.Project;
import io.jenkins.plugins.lambdanode.testing.Wire;
import io.jenkins.plugins.lambdanode.testing.Wire.Answer;
import io.jenkins.plugins.lambdanode.testing.Wire.Deed;
import io.jenkins.plugins.lambdanode.testing.Wire.Fault;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Instant;
import java.util.Arrays;
import java.util.EnumMap;
import java.util.EnumSet;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.stream.Stream;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.ExtendWith;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.api.parallel.Execution;
import org.junit.jupiter.api.parallel.ExecutionMode;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;
import org.junit.jupiter.params.provider.ValueSource;

/**
 * A function is created, and then updated in code and dependencies, with a large layer, a staged package, a version and an
 * alias, while every single kind of call fails first. Both deployments succeed, nothing is done twice, nothing is left over.
 */
@ExtendWith(EmulatorExtension.class)
@Execution(ExecutionMode.CONCURRENT)
class EveryCallFaultsTest {

    private static final Account ACCOUNT = new Account(Emulator.MINISTACK);

    /** More than goes in one request. */
    private static final int BALLAST = 17 << 20;

    /** Every kind of call that a deployment makes. */
    private enum Kind {
        GET_FUNCTION_CONFIGURATION("GET /2015-03-31/functions/[^/]+/configuration"),
        CREATE_FUNCTION("POST /2015-03-31/functions"),
        UPDATE_FUNCTION_CODE("PUT /2015-03-31/functions/[^/]+/code"),
        UPDATE_FUNCTION_CONFIGURATION("PUT /2015-03-31/functions/[^/]+/configuration"),
        PUBLISH_VERSION("POST /2015-03-31/functions/[^/]+/versions"),
        GET_ALIAS("GET /2015-03-31/functions/[^/]+/aliases/live"),
        CREATE_ALIAS("POST /2015-03-31/functions/[^/]+/aliases"),
        UPDATE_ALIAS("PUT /2015-03-31/functions/[^/]+/aliases/live"),
        LIST_LAYER_VERSIONS("GET /2018-10-31/layers/[^/]+/versions"),
        PUBLISH_LAYER_VERSION("POST /2018-10-31/layers/[^/]+/versions"),
        DELETE_LAYER_VERSION("DELETE /2018-10-31/layers/[^/]+/versions/1"),
        HEAD_BUCKET("HEAD /b-[^/]+"),
        HEAD_OBJECT("HEAD /b-[^/]+/.+"),
        PUT_OBJECT("PUT /b-[^/]+/[^?]+(\\?(?!.*partNumber=).*)?"),
        CREATE_MULTIPART_UPLOAD("POST /b-[^/]+/[^?]+\\?uploads.*"),
        UPLOAD_PART("PUT /b-[^/]+/[^?]+\\?.*partNumber=2.*"),
        COMPLETE_MULTIPART_UPLOAD("POST /b-[^/]+/[^?]+\\?uploadId=.*");

        private final String line;

        Kind(String line) {
            this.line = line;
        }

        static Optional<Kind> of(String request) {
            return Arrays.stream(values())
                    .filter(kind -> request.matches(kind.line))
                    .findFirst();
        }

        boolean isOfS3() {
            return line.contains("/b-");
        }
    }

    @TempDir
    Path folder;

    private final KeptLog log = new KeptLog();
    private final String name = Account.newName();
    private final Map<Kind, AtomicInteger> calls = new EnumMap<>(Kind.class);
    private Project project;
    private String bucket;

    @BeforeEach
    void makeProject() {
        project = new Project(folder.resolve("project"))
                .with("index.js", "exports.handler = async () => 'first ' + require('dep');\n")
                .with("node_modules/dep/index.js", "module.exports = 'one';\n")
                .withBallast("node_modules/dep/ballast.bin", BALLAST);
        bucket = ACCOUNT.newBucket();
        Arrays.stream(Kind.values()).forEach(kind -> calls.put(kind, new AtomicInteger()));
    }

    /** What becomes of the first, second, ... call of a kind. */
    private interface Script {
        List<Deed> of(Kind kind);
    }

    private Wire wire(Script script) throws Exception {
        return new Wire(Emulator.MINISTACK.endpoint())
                .otherwise(line -> Kind.of(line).flatMap(kind -> {
                    List<Deed> deeds = script.of(kind);
                    int call = calls.get(kind).getAndIncrement();
                    return call < deeds.size() ? Optional.of(deeds.get(call)) : Optional.empty();
                }));
    }

    private void deployTwice(Orders orders) throws Exception {
        DeployRequest request = orders.apart(name, bucket);
        DeployResult first = orders.deploy(project.folder(), request);
        assertEquals(Outcome.CREATED, first.functions().get(0).outcome());
        Files.delete(project.with("index.js", "exports.handler = async () => 'second ' + require('dep');\n")
                .with("node_modules/dep/index.js", "module.exports = 'two';\n")
                .folder()
                .resolve("node_modules/dep/ballast.bin"));

        DeployResult second = orders.deploy(project.folder(), request);

        assertEquals(Outcome.UPDATED, second.functions().get(0).outcome());
        assertEquals(second.packaged().codeSha256(), ACCOUNT.configuration(name, "CodeSha256"));
        assertEquals("\"second two\"", ACCOUNT.invoke(name + ":live"));
        assertEquals("1 2", ACCOUNT.versions(name));
        assertEquals("2", ACCOUNT.aliasVersion(name, "live"));
        assertEquals("2", ACCOUNT.layerVersions(name + "-dependencies"));
        assertEquals("0", ACCOUNT.unfinishedUploads(bucket));
    }

    private void everyKindWasCalledAtLeast(int times) {
        calls.forEach((kind, count) -> assertTrue(count.get() >= times, kind + " was called " + count + " times"));
    }

    private Orders through(Wire wire) {
        return Orders.at(wire.endpoint(), ACCOUNT.role(), log);
    }

    @Test
    void throttlingOfEveryCallIsSatOutForAsLongAsTheServerAsks() throws Exception {
        try (Wire wire = wire(kind -> List.of((kind.isOfS3()
                        ? Answer.ofS3(503, "SlowDown", "Please reduce your request rate.")
                        : Answer.ofLambda(429, "TooManyRequestsException", "Rate exceeded"))
                .with("Retry-After", "1")))) {
            deployTwice(through(wire));

            everyKindWasCalledAtLeast(2);
            for (Kind kind : Kind.values()) {
                List<Long> times = wire.requests().stream()
                        .filter(request -> Kind.of(request.line()).equals(Optional.of(kind)))
                        .map(Wire.Request::nanos)
                        .toList();
                long pause = TimeUnit.NANOSECONDS.toMillis(times.get(1) - times.get(0));
                assertTrue(pause >= 1000, kind + " was called again after " + pause + " ms");
            }
        }
    }

    @Test
    void aServersOwnErrorsAreSatOutAtEveryCall() throws Exception {
        try (Wire wire = wire(kind -> kind.isOfS3()
                ? List.of(
                        Answer.ofS3(500, "InternalError", "We encountered an internal error. Please try again."),
                        Answer.ofS3(502, "", ""),
                        Answer.ofS3(503, "ServiceUnavailable", "Reduce your request rate."))
                : List.of(
                        Answer.ofLambda(500, "ServiceException", "oops"),
                        Answer.ofLambda(502, "", "<html>"),
                        Answer.ofLambda(503, "ServiceUnavailableException", "oops")))) {
            deployTwice(through(wire));
        }

        everyKindWasCalledAtLeast(4);
    }

    @Test
    void everyCallMayBeCutBeforeInAndAfterItsBody() throws Exception {
        try (Wire wire = wire(kind -> List.of(Fault.CUT_BEFORE, Fault.CUT_IN_BODY, Fault.CUT_ANSWER))) {
            deployTwice(through(wire));
        }

        everyKindWasCalledAtLeast(3);
        assertEquals(3, calls.get(Kind.CREATE_FUNCTION).get());
        assertEquals(3, calls.get(Kind.UPDATE_FUNCTION_CODE).get());
        assertEquals(3 + 1, calls.get(Kind.PUBLISH_LAYER_VERSION).get());
    }

    /** As a proxy or an endpoint of another service may answer; the SDK takes any JSON text for what it asked for. */
    @ParameterizedTest
    @EnumSource(
            value = Kind.class,
            names = {
                "GET_FUNCTION_CONFIGURATION",
                "CREATE_FUNCTION",
                "UPDATE_FUNCTION_CODE",
                "UPDATE_FUNCTION_CONFIGURATION",
                "PUBLISH_VERSION",
                "GET_ALIAS",
                "CREATE_ALIAS",
                "UPDATE_ALIAS",
                "PUBLISH_LAYER_VERSION"
            })
    void aResponseOfSuccessThatIsNotLambdasIsNotBelieved(Kind kind) throws Exception {
        Project small = new Project(folder.resolve("small"))
                .with("index.js", Project.handler("first"))
                .with("node_modules/dep/index.js", "module.exports = 'one';\n");
        Answer nothing = new Answer(200, Map.of("Content-Type", "application/json"), "{}");
        try (Wire wire = wire(each -> each == kind ? List.of(nothing) : List.of())) {
            Orders orders = through(wire);
            DeployRequest request = orders.apart(name, bucket);

            DeployException failed = assertThrows(DeployException.class, () -> {
                orders.deploy(small.folder(), request);
                small.with("index.js", Project.handler("second"))
                        .with("node_modules/dep/index.js", "module.exports = 'two';\n");
                orders.deploy(small.folder(), request);
            });

            assertTrue(
                    failed.getMessage().startsWith("The response to the request is not Lambda's"), failed.getMessage());
        }
    }

    @Test
    void aResponseThatTheSdkCannotReadIsSaidToBeSomebodyElses() throws Exception {
        Answer page = new Answer(200, Map.of("Content-Type", "text/html"), "<html>Log in to the network</html>");
        try (Wire wire = new Wire(Emulator.MINISTACK.endpoint()).otherwise(line -> Optional.of(page))) {
            Orders orders = through(wire);

            DeployException failed =
                    assertThrows(DeployException.class, () -> orders.deploy(project.folder(), orders.direct(name)));

            assertTrue(failed.getMessage().contains(": the response is not from AWS."), failed.getMessage());
            assertTrue(failed.getMessage().contains("a network that asks for a login"), failed.getMessage());
        }
    }

    @Test
    void aCallWhoseCredentialsHaveRunOutIsMadeAgainWithThoseThatTheirProviderThenHas() throws Exception {
        try (Wire wire = wire(kind -> List.of(
                kind.isOfS3()
                        ? Answer.ofS3(400, "ExpiredToken", "The provided token has expired.")
                        : Answer.ofLambda(
                                403,
                                "ExpiredTokenException",
                                "The security token included in the request is expired")))) {
            deployTwice(through(wire));
        }

        everyKindWasCalledAtLeast(2);
    }

    @Test
    void aDirectUpdateWithVersionWhoseResponsesAreLostIsMadeAndPublishedOnce() throws Exception {
        Project small = Project.answering(folder.resolve("small"), "first");
        try (Wire wire = wire(kind -> List.of(Fault.CUT_ANSWER))) {
            Orders orders = through(wire);
            orders.deploy(small.folder(), orders.direct(name));
            small.with("index.js", Project.handler("second"));

            DeployResult second = orders.deploy(small.folder(), orders.direct(name));

            assertEquals(Outcome.UPDATED, second.functions().get(0).outcome());
            assertEquals(Optional.of("2"), second.functions().get(0).version());
        }

        assertEquals(1, calls.get(Kind.CREATE_FUNCTION).get());
        assertEquals(1, calls.get(Kind.UPDATE_FUNCTION_CODE).get());
        assertEquals("1 2", ACCOUNT.versions(name));
        assertEquals("\"second\"", ACCOUNT.invoke(name + ":live"));
    }

    /** A kind of call that a shift of traffic makes beside those of {@link Kind}. */
    private enum ShiftCall {
        DESCRIBE_ALARMS("/service/GraniteServiceVersion20100801/operation/DescribeAlarms"),
        GET_METRIC_DATA("/service/GraniteServiceVersion20100801/operation/GetMetricData"),
        UPDATE_ALIAS("PUT /2015-03-31/functions/[^/]+/aliases/live"),
        GET_ALIAS("GET /2015-03-31/functions/[^/]+/aliases/live"),
        FILTER_LOG_EVENTS("POST /");

        private final String line;

        ShiftCall(String line) {
            this.line = line.startsWith("/") ? "POST " + line : line;
        }
    }

    /** From the first share on every kind of call fails first: reset, answered with 500, throttled, and its answer is lost. */
    @ParameterizedTest
    @ValueSource(booleans = {true, false})
    void aShiftIsTakenBackForItsReasonThoughEachOfItsCallsFailsFirst(boolean byAlarm) throws Exception {
        List<Deed> deeds = List.of(
                Fault.CUT_IN_BODY, new Answer(500, Map.of(), ""), new Answer(429, Map.of(), ""), Fault.CUT_ANSWER);
        Project small = Project.answering(folder.resolve("small"), "first");
        String alarm = name + "-errors";
        ACCOUNT.alarm(alarm, "OK", "");
        Map<ShiftCall, AtomicInteger> made = new EnumMap<>(ShiftCall.class);
        AtomicInteger shares = new AtomicInteger();
        try (Wire wire = new Wire(Emulator.MINISTACK.endpoint())) {
            Orders orders = through(wire);
            orders.deploy(small.folder(), orders.direct(name));
            small.with("index.js", Project.handler("second"));
            DeployRequestBuilder request = orders.request(name).rollout("percent=50,every=0.05");
            wire.otherwise(line -> {
                if (line.matches(ShiftCall.UPDATE_ALIAS.line) && shares.getAndIncrement() == 0) {
                    return Optional.of(new Wire.First(() -> goWrong(byAlarm ? Optional.of(alarm) : Optional.empty())));
                }
                Optional<ShiftCall> call = shares.get() == 0
                        ? Optional.empty()
                        : Stream.of(ShiftCall.values())
                                .filter(each -> line.matches(each.line))
                                .findFirst();
                int calls = call.map(each -> made.computeIfAbsent(each, e -> new AtomicInteger())
                                .getAndIncrement())
                        .orElse(deeds.size());
                return calls < deeds.size() ? Optional.of(deeds.get(calls)) : Optional.empty();
            });

            DeployException failure = assertThrows(
                    DeployException.class,
                    () -> orders.deploy(
                            small.folder(), byAlarm ? request.alarms(alarm).build() : request.build()));

            String reason = failure.messageWithOutput();
            assertTrue(reason.contains(byAlarm ? "7 errors" : "5 of 20 invocations"), reason);
            assertTrue(reason.contains(" said last:\n  ERROR no stock\n"), reason);
            assertTrue(reason.contains("all traffic goes to version 1 again"), reason);
        }

        ShiftCall notMade = byAlarm ? ShiftCall.GET_METRIC_DATA : ShiftCall.DESCRIBE_ALARMS;
        assertEquals(EnumSet.complementOf(EnumSet.of(notMade)), made.keySet());
        made.forEach((call, count) -> assertTrue(count.get() >= deeds.size(), call + " was made " + count + " times"));
        assertEquals("1", ACCOUNT.aliasTraffic(name, "live"));
    }

    private void goWrong(Optional<String> alarm) {
        ACCOUNT.write("/aws/lambda/" + name, "[2]", Instant.now().plusSeconds(30), "ERROR no stock");
        if (alarm.isPresent()) {
            ACCOUNT.alarm(alarm.get(), "ALARM", "7 errors");
        } else {
            ACCOUNT.count(name, "live", "1", 90, 1);
            ACCOUNT.count(name, "live", "2", 20, 5);
        }
    }
}
