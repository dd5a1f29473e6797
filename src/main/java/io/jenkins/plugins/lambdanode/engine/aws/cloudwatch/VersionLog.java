package io.jenkins.plugins.lambdanode.engine.aws.cloudwatch;

import io.jenkins.plugins.lambdanode.engine.aws.client.AwsCalls;
import io.jenkins.plugins.lambdanode.engine.aws.client.AwsErrors;
import io.jenkins.plugins.lambdanode.engine.aws.client.AwsFailure;
import io.jenkins.plugins.lambdanode.engine.aws.client.AwsOperation;
import io.jenkins.plugins.lambdanode.engine.aws.client.AwsSession;
import io.jenkins.plugins.lambdanode.engine.base.DeployException;
import java.time.Duration;
import java.time.Instant;
import java.time.LocalDate;
import java.time.ZoneOffset;
import java.time.format.DateTimeFormatter;
import java.util.ArrayDeque;
import java.util.Deque;
import java.util.List;
import java.util.Optional;
import software.amazon.awssdk.core.exception.ApiCallTimeoutException;
import software.amazon.awssdk.core.exception.SdkException;
import software.amazon.awssdk.services.cloudwatchlogs.CloudWatchLogsClient;
import software.amazon.awssdk.services.cloudwatchlogs.model.FilterLogEventsRequest;
import software.amazon.awssdk.services.cloudwatchlogs.model.FilterLogEventsResponse;
import software.amazon.awssdk.services.cloudwatchlogs.model.FilteredLogEvent;
import software.amazon.awssdk.services.cloudwatchlogs.model.ResourceNotFoundException;

/**
 * Reads what a version of a function has written to CloudWatch Logs. A log stream's name is {@code YYYY/MM/DD/[version]id}, and in
 * a log group other than the function's own {@code YYYY/MM/DD/function[version]id} (Lambda Developer Guide, "Configuring
 * CloudWatch log groups"); the day is that on which the execution environment began. So FilterLogEvents alone finds the lines, by
 * a stream name's prefix.
 */
public final class VersionLog {

    private static final int MAX_LINES = 20;

    /** Of 1 MB each at most, which come with the oldest lines first; where there are many log streams, many are empty. */
    private static final int MAX_PAGES = 20;

    private static final Duration MAX_TIME = Duration.ofSeconds(5);

    /** One who does not answer within so much of it does not answer; with less, the time was spent on other answers. */
    private static final Duration MUCH_TIME = MAX_TIME.dividedBy(2);

    /** What is read of a log that is too long to be read from its beginning. */
    private static final Duration LATEST = Duration.ofMinutes(1);

    /** What Lambda and its Node.js runtime write of errors, as text and as JSON: any of these terms. */
    private static final String ERRORS = "?ERROR ?Error ?FATAL ?\"timed out\" ?timeout";

    private static final String EVERYTHING = "";

    private static final DateTimeFormatter DAY = DateTimeFormatter.ofPattern("yyyy/MM/dd/");

    /**
     * What was read.
     *
     * @param lines oldest first
     * @param whole whether there is nothing else: otherwise the log was longer than could be read
     */
    public record Lines(List<String> lines, boolean whole) {}

    private final AwsSession session;
    private final String functionName;
    private final String version;
    private final String group;

    /** @param logGroup as Lambda names it in the function's configuration; empty where that is not known */
    public VersionLog(AwsSession session, String functionName, String version, String logGroup) {
        this.session = session;
        this.functionName = functionName;
        this.version = version;
        this.group = logGroup.isEmpty() ? ownGroup() : logGroup;
    }

    /** {@code version 7 of function orders}. */
    public String who() {
        return "version " + version + " of function " + functionName;
    }

    private String ownGroup() {
        return "/aws/lambda/" + functionName;
    }

    private String streams() {
        return (group.equals(ownGroup()) ? "" : functionName) + "[" + version + "]";
    }

    /** Where the lines are: the log group and the streams, for a message. */
    public String place() {
        return "log group " + group + ", in the log streams with " + streams();
    }

    /**
     * The last lines, oldest first: those of errors, or all where there are none of errors. It takes a few seconds at most.
     *
     * @param since by this machine's clock: lines that were written before are left out
     * @param now by the same clock
     * @throws DeployException if they cannot be read, in one line
     */
    public Lines lastLines(Instant since, Instant now) throws DeployException, InterruptedException {
        CloudWatchLogsClient logs = session.cloudWatchLogs();
        AwsOperation operation = new AwsOperation(
                "CloudWatch Logs did not give the log of " + who() + " (logs:FilterLogEvents on log-group:" + group
                        + ":*)",
                "logs:FilterLogEvents",
                "arn:" + session.partition() + ":logs:" + session.region() + ":*:log-group:" + group + ":*",
                "log group " + group,
                session.place("logs"));
        try {
            Instant start = session.signingClock().toAws(since);
            Instant end = session.signingClock().toAws(now);
            return AwsCalls.interruptible(() -> read(logs, start, end));
        } catch (ResourceNotFoundException e) {
            throw new DeployException(
                    "There is no log group " + group + " in " + session.place("logs")
                            + ": the function's role may not make it (logs:CreateLogGroup), or the function has written nothing.");
        } catch (SdkException e) {
            String message = AwsErrors.exception(operation, AwsFailure.of(e)).getMessage();
            throw new DeployException(
                    message.lines().findFirst().orElse(message) + " What it wrote is in " + place() + ".", e);
        }
    }

    /** An environment that began yesterday goes on in yesterday's stream. */
    private Lines read(CloudWatchLogsClient logs, Instant since, Instant now) {
        long end = System.nanoTime() + MAX_TIME.toNanos();
        LocalDate today = LocalDate.ofInstant(now, ZoneOffset.UTC);
        boolean whole = true;
        for (String pattern : List.of(ERRORS, EVERYTHING)) {
            for (LocalDate day : List.of(today, today.minusDays(1))) {
                FilterLogEventsRequest.Builder request = FilterLogEventsRequest.builder()
                        .logGroupName(group)
                        .logStreamNamePrefix(DAY.format(day) + streams())
                        .filterPattern(pattern.isEmpty() ? null : pattern);
                Lines read = read(logs, request.startTime(since.toEpochMilli()), end);
                Instant latest = now.minus(LATEST);
                if (!read.whole() && latest.isAfter(since)) {
                    Lines last = read(logs, request.startTime(latest.toEpochMilli()), end);
                    read = new Lines(last.lines().isEmpty() ? read.lines() : last.lines(), false);
                }
                whole &= read.whole();
                if (!read.lines().isEmpty()) {
                    return read;
                }
            }
        }
        return new Lines(List.of(), whole);
    }

    private static Lines read(CloudWatchLogsClient logs, FilterLogEventsRequest.Builder request, long end) {
        Deque<String> last = new ArrayDeque<>();
        Optional<String> next = Optional.empty();
        boolean whole = false;
        for (int page = 0; page == 0 || page < MAX_PAGES && next.isPresent(); page++) {
            Duration left = Duration.ofNanos(end - System.nanoTime());
            if (left.isNegative() || left.isZero()) {
                break;
            }
            FilterLogEventsResponse response;
            try {
                response = logs.filterLogEvents(request.nextToken(next.orElse(null))
                        .overrideConfiguration(override -> override.apiCallTimeout(left))
                        .build());
            } catch (ApiCallTimeoutException e) {
                if (left.compareTo(MUCH_TIME) > 0) {
                    throw e;
                }
                whole = false;
                break;
            }
            for (FilteredLogEvent event : response.events()) {
                last.add(event.message());
                if (last.size() > MAX_LINES) {
                    last.remove();
                }
            }
            next = Optional.ofNullable(response.nextToken());
            whole = next.isEmpty();
        }
        return new Lines(List.copyOf(last), whole);
    }
}
