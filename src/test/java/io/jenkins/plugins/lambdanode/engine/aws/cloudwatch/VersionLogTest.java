package io.jenkins.plugins.lambdanode.engine.aws.cloudwatch;

import static com.github.tomakehurst.wiremock.client.WireMock.aResponse;
import static com.github.tomakehurst.wiremock.client.WireMock.any;
import static com.github.tomakehurst.wiremock.client.WireMock.anyUrl;
import static com.github.tomakehurst.wiremock.core.WireMockConfiguration.options;
import static org.junit.jupiter.api.Assertions.assertEquals;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import com.github.tomakehurst.wiremock.WireMockServer;
import com.github.tomakehurst.wiremock.stubbing.ServeEvent;
import com.sun.net.httpserver.HttpServer;
import io.jenkins.plugins.lambdanode.engine.aws.Cloud;
import io.jenkins.plugins.lambdanode.engine.aws.client.AwsSession;
import io.jenkins.plugins.lambdanode.testing.Account;
import io.jenkins.plugins.lambdanode.testing.Emulator;
import io.jenkins.plugins.lambdanode.testing.EmulatorExtension;
import java.io.IOException;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.URI;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.time.Instant;
import java.time.ZoneOffset;
import java.time.format.DateTimeFormatter;
import java.util.List;
import java.util.function.Function;
import java.util.stream.IntStream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.ExtendWith;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

/** Which of the lines that boto3 has written are a version's last ones. */
@ExtendWith(EmulatorExtension.class)
class VersionLogTest {

    private static final Duration DAY = Duration.ofDays(1);

    private final String name = Account.newName();
    private final String group = "/aws/lambda/" + name;
    private final Instant now = Instant.now();

    private List<String> lastLines(Emulator emulator, Duration before) throws Exception {
        try (AwsSession session = Cloud.session(emulator.endpoint())) {
            return new VersionLog(session, name, "7", "")
                    .lastLines(now.minus(before), now).lines().stream()
                            .map(String::strip)
                            .toList();
        }
    }

    @ParameterizedTest
    @EnumSource(Emulator.class)
    void theyAreTwentyOfErrorsOrTwentyOfAll(Emulator emulator) throws Exception {
        Account account = new Account(emulator);
        Duration minutes = Duration.ofMinutes(5);
        account.write(
                group,
                "[7]",
                now.minus(minutes),
                IntStream.range(0, 25).mapToObj(i -> "line " + i).toArray(String[]::new));
        assertEquals(
                IntStream.range(5, 25).mapToObj(i -> "line " + i).toList(),
                lastLines(emulator, minutes.plusMinutes(1)));

        account.write(group, "[7]", now.minusSeconds(9), "ERROR 1", "ok", "Task timed out after 3.00 seconds", "ok");
        account.write(group, "[6]", now.minusSeconds(9), "ERROR of version 6");
        assertEquals(
                List.of("ERROR 1", "Task timed out after 3.00 seconds"), lastLines(emulator, minutes.plusMinutes(1)));
    }

    @ParameterizedTest
    @EnumSource(Emulator.class)
    void anEnvironmentThatBeganYesterdayIsReadWhereThereIsNothingOfToday(Emulator emulator) throws Exception {
        Account account = new Account(emulator);
        account.write(group, "[7]", now.minus(DAY), "yesterday");

        assertEquals(List.of("yesterday"), lastLines(emulator, DAY.plusMinutes(1)));
        assertEquals(List.of(), lastLines(emulator, DAY.minusMinutes(1)));
    }

    /** Answers of pages as AWS gives them: where many streams are searched, with a token and without events. */
    private static HttpServer answering(Function<JsonNode, String> page) throws IOException {
        HttpServer server = HttpServer.create(new InetSocketAddress(InetAddress.getLoopbackAddress(), 0), 0);
        server.createContext("/", exchange -> {
            byte[] answer = page.apply(new ObjectMapper().readTree(exchange.getRequestBody()))
                    .getBytes(StandardCharsets.UTF_8);
            exchange.getResponseHeaders().add("Content-Type", "application/x-amz-json-1.1");
            exchange.sendResponseHeaders(200, answer.length);
            exchange.getResponseBody().write(answer);
            exchange.close();
        });
        server.start();
        return server;
    }

    private VersionLog.Lines read(Function<JsonNode, String> page) throws Exception {
        HttpServer server = answering(page);
        try (AwsSession session = Cloud.session(
                URI.create("http://127.0.0.1:" + server.getAddress().getPort()))) {
            return new VersionLog(session, name, "7", "").lastLines(now.minus(DAY), now);
        } finally {
            server.stop(0);
        }
    }

    @Test
    void ofALogThatIsTooLongTheLastMinuteIsRead() throws Exception {
        String endless = "{\"events\":[{\"message\":\"%s\"}],\"nextToken\":\"more\"}";
        long minuteAgo = now.minusSeconds(60).toEpochMilli();

        assertEquals(
                new VersionLog.Lines(List.of("ERROR of now"), false),
                read(request -> request.path("startTime").asLong() < minuteAgo
                        ? endless.formatted("ERROR of this morning")
                        : "{\"events\":[{\"message\":\"ERROR of now\"}]}"));
    }

    /** As where this machine's clock is three minutes behind AWS's. */
    @Test
    void theLogIsReadFromItsBeginningByAwssClock() throws Exception {
        WireMockServer aws = new WireMockServer(options().dynamicPort());
        aws.start();
        Instant awsTime = Instant.now().plusSeconds(180);
        aws.stubFor(any(anyUrl())
                .willReturn(aResponse()
                        .withHeader("Content-Type", "application/x-amz-json-1.1")
                        .withHeader("x-amzn-RequestId", "1")
                        .withHeader(
                                "Date", DateTimeFormatter.RFC_1123_DATE_TIME.format(awsTime.atOffset(ZoneOffset.UTC)))
                        .withBody("{\"events\":[]}")));
        try (AwsSession session = Cloud.session(URI.create(aws.baseUrl()))) {
            VersionLog log = new VersionLog(session, name, "7", "");
            log.lastLines(now, now);
            log.lastLines(now, now);
        } finally {
            aws.stop();
        }

        List<ServeEvent> latestFirst = aws.getAllServeEvents();
        long start = new ObjectMapper()
                .readTree(latestFirst.get(0).getRequest().getBodyAsString())
                .path("startTime")
                .asLong();
        assertEquals(180, Duration.between(now, Instant.ofEpochMilli(start)).toSeconds(), 20);
    }

    @Test
    void aLogThatCouldNotBeReadToItsEndIsNotSaidToBeEmpty() throws Exception {
        assertEquals(new VersionLog.Lines(List.of(), false), read(request -> "{\"events\":[],\"nextToken\":\"more\"}"));
        assertEquals(new VersionLog.Lines(List.of(), true), read(request -> "{\"events\":[]}"));
    }
}
