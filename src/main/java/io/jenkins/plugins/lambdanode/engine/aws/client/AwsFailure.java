package io.jenkins.plugins.lambdanode.engine.aws.client;

import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import com.fasterxml.jackson.databind.node.MissingNode;
import io.jenkins.plugins.lambdanode.engine.http.SendReply;
import java.io.IOException;
import java.net.ConnectException;
import java.net.UnknownHostException;
import java.time.DateTimeException;
import java.time.Duration;
import java.time.Instant;
import java.time.ZonedDateTime;
import java.time.format.DateTimeFormatter;
import java.util.Arrays;
import java.util.Optional;
import java.util.Set;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import software.amazon.awssdk.awscore.exception.AwsServiceException;
import software.amazon.awssdk.core.exception.SdkException;
import software.amazon.awssdk.core.exception.SdkServiceException;
import software.amazon.awssdk.http.SdkHttpResponse;

/**
 * Why a request to AWS did not do what it should, whichever way it was sent: an exception of the SDK, or a response to a
 * request that the workspace sent.
 *
 * @param status the HTTP status; 0 where no response came
 * @param code AWS's error code, for instance {@code TooManyRequestsException}; empty where there is none
 * @param message AWS's words, or the platform's where no response came; can be empty
 * @param retryAfter how long the server asks to wait; zero where it does not
 * @param serverTime the server's clock, from the response's {@code Date}
 * @param bucketRegion the region that S3 says a bucket is in
 * @param host the host that the JDK could not find or reach; empty where that is not the reason
 */
public record AwsFailure(
        int status,
        String code,
        String message,
        Duration retryAfter,
        Optional<Instant> serverTime,
        Optional<String> bucketRegion,
        String host) {

    private static final Set<String> THROTTLING = Set.of(
            "TooManyRequestsException",
            "ThrottlingException",
            "Throttling",
            "ThrottledException",
            "RequestThrottled",
            "RequestThrottledException",
            "RequestLimitExceeded",
            "EC2ThrottledException",
            "BandwidthLimitExceeded",
            "SlowDown");

    private static final Set<String> EXPIRED = Set.of("ExpiredTokenException", "ExpiredToken", "TokenRefreshRequired");

    private static final Set<String> SIGNATURE = Set.of(
            "RequestTimeTooSkewed",
            "RequestExpired",
            "InvalidSignatureException",
            "SignatureDoesNotMatch",
            "AuthFailure",
            "RequestInTheFuture");

    private static final String NOT_FROM_AWS = "Not a response of AWS: ";

    private static final Pattern XML = Pattern.compile("<(Code|Message)>([^<]*)</");
    private static final ObjectMapper JSON = new ObjectMapper();

    /** A refusal with these words and nothing else. */
    public static AwsFailure of(int status, String code, String message) {
        return new AwsFailure(status, code, message, Duration.ZERO, Optional.empty(), Optional.empty(), "");
    }

    /** A response that is not a success, or no response. */
    public static AwsFailure of(SendReply reply) {
        if (!reply.hasResponse()) {
            return of(0, "", reply.failure());
        }
        String code = "";
        String message = "";
        String body = reply.body();
        if (body.stripLeading().startsWith("<")) {
            Matcher element = XML.matcher(body);
            while (element.find()) {
                if (element.group(1).equals("Code") && code.isEmpty()) {
                    code = unescaped(element.group(2));
                } else if (element.group(1).equals("Message") && message.isEmpty()) {
                    message = unescaped(element.group(2));
                }
            }
        } else {
            JsonNode json = json(body);
            code = text(json, "__type", "code", "Code");
            message = text(json, "message", "Message", "errorMessage");
        }
        return new AwsFailure(
                reply.status(),
                bare(reply.header("x-amzn-errortype").orElse(code)),
                message,
                seconds(reply.header("retry-after")),
                date(reply.header("date")),
                reply.header("x-amz-bucket-region"),
                "");
    }

    /** A response that is no JSON says nothing of use. */
    private static JsonNode json(String body) {
        try {
            return JSON.readTree(body);
        } catch (JsonProcessingException e) {
            return MissingNode.getInstance();
        }
    }

    private static String text(JsonNode json, String... names) {
        return Arrays.stream(names)
                .map(name -> json.path(name).asText(""))
                .filter(text -> !text.isEmpty())
                .findFirst()
                .orElse("");
    }

    /** What the SDK threw. */
    public static AwsFailure of(SdkException failure) {
        if (failure instanceof AwsServiceException refused && refused.awsErrorDetails() != null) {
            Optional<SdkHttpResponse> http =
                    Optional.ofNullable(refused.awsErrorDetails().sdkHttpResponse());
            return new AwsFailure(
                    refused.statusCode(),
                    bare(Optional.ofNullable(refused.awsErrorDetails().errorCode())
                            .orElse("")),
                    Optional.ofNullable(refused.awsErrorDetails().errorMessage())
                            .orElse(""),
                    seconds(http.flatMap(r -> r.firstMatchingHeader("Retry-After"))),
                    date(http.flatMap(r -> r.firstMatchingHeader("Date"))),
                    http.flatMap(r -> r.firstMatchingHeader("x-amz-bucket-region")),
                    "");
        }
        int status = failure instanceof SdkServiceException refused ? refused.statusCode() : 0;
        String host = "";
        String message = failure.getMessage() == null ? failure.getClass().getSimpleName() : failure.getMessage();
        for (Throwable cause = failure.getCause(); cause != null; cause = cause.getCause()) {
            if (cause instanceof UnknownHostException || cause instanceof ConnectException) {
                host = cause.getMessage() == null ? "?" : cause.getMessage();
            }
            if (cause instanceof IOException) {
                message = cause.getClass().getSimpleName()
                        + (cause.getMessage() == null ? "" : ": " + cause.getMessage());
            }
        }
        return new AwsFailure(status, "", message, Duration.ZERO, Optional.empty(), Optional.empty(), host);
    }

    /** What came with a status of success was no response of AWS: the request may or may not have been carried out. */
    public static AwsFailure notFromAws(String response) {
        return of(0, "", NOT_FROM_AWS + response);
    }

    /** Whether something came, but not from AWS: a page to log in to a network, for instance, which the SDK cannot read. */
    boolean isNotFromAws() {
        return noResponse()
                && (message.startsWith(NOT_FROM_AWS)
                        || message.startsWith("JsonParseException")
                        || message.startsWith("Could not parse XML"));
    }

    /** No response came: the request may or may not have been carried out. */
    boolean noResponse() {
        return status == 0;
    }

    /** The request was not carried out since there were too many; it may be sent again later. */
    public boolean throttled() {
        return status == 429 || THROTTLING.contains(code);
    }

    /** It is not known whether the request was carried out. */
    public boolean inDoubt() {
        return noResponse() || status >= 500 && !throttled();
    }

    public boolean credentialsExpired() {
        return EXPIRED.contains(code);
    }

    /** S3's response to a HEAD has no body that could say so: the status alone is 400. */
    boolean mayBeExpired() {
        return credentialsExpired() || status == 400 && code.isEmpty();
    }

    /** Whether the signature was refused: a wrong clock, another secret key, or bytes that changed on the way explain it. */
    public boolean signatureRefused() {
        return SIGNATURE.contains(code);
    }

    /** Whether the signature does not match what arrived, its time aside. */
    public boolean signatureMismatch() {
        return is("InvalidSignatureException", "SignatureDoesNotMatch");
    }

    public boolean is(String... codes) {
        return Set.of(codes).contains(code);
    }

    private static String bare(String code) {
        String name = code.substring(code.indexOf('#') + 1);
        int colon = name.indexOf(':');
        return colon < 0 ? name : name.substring(0, colon);
    }

    private static String unescaped(String xml) {
        return xml.replace("&lt;", "<")
                .replace("&gt;", ">")
                .replace("&quot;", "\"")
                .replace("&apos;", "'")
                .replace("&amp;", "&");
    }

    private static Duration seconds(Optional<String> header) {
        return header.filter(text -> text.matches("\\d{1,6}"))
                .map(text -> Duration.ofSeconds(Long.parseLong(text)))
                .orElse(Duration.ZERO);
    }

    /** The time of a {@code Date} header; empty where it is none. */
    static Optional<Instant> date(Optional<String> header) {
        try {
            return header.map(text -> ZonedDateTime.parse(text, DateTimeFormatter.RFC_1123_DATE_TIME)
                    .toInstant());
        } catch (DateTimeException e) {
            return Optional.empty();
        }
    }
}
