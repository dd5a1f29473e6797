package io.jenkins.plugins.lambdanode.engine.aws.s3;

import io.jenkins.plugins.lambdanode.engine.http.Body;
import io.jenkins.plugins.lambdanode.engine.http.SendRequest;
import java.time.Clock;
import java.time.Duration;
import java.util.LinkedHashMap;
import java.util.Locale;
import java.util.Map;
import java.util.Set;
import software.amazon.awssdk.http.SdkHttpRequest;
import software.amazon.awssdk.http.auth.aws.signer.AwsV4FamilyHttpSigner.AuthLocation;
import software.amazon.awssdk.http.auth.aws.signer.AwsV4HttpSigner;
import software.amazon.awssdk.identity.spi.AwsCredentialsIdentity;

/**
 * Makes presigned URLs of requests to S3 whose body is on another machine. The SDK's presigner has no clock but the machine's,
 * and another configuration than its client (DefaultS3Presigner 2.42.28), so the request of the client is signed, by the SDK's
 * own signer as the presigner uses it: the body unsigned, the path neither encoded again nor normalised.
 */
final class UrlSigner {

    /** How long a URL is valid. */
    static final Duration VALID = Duration.ofMinutes(15);

    /** What the client adds for a body that it sends itself. */
    private static final Set<String> OF_BODY =
            Set.of("x-amz-content-sha256", "x-amz-decoded-content-length", "x-amz-te", "x-amz-trailer");

    private final AwsV4HttpSigner signer = AwsV4HttpSigner.create();
    private final String region;

    /** @param region the region that URLs are signed for */
    UrlSigner(String region) {
        this.region = region;
    }

    /** @param written method, URL and headers as the SDK's client writes them; S3's own headers are signed and sent */
    SendRequest sign(SdkHttpRequest written, Body body, AwsCredentialsIdentity credentials, Clock clock) {
        Map<String, String> headers = new LinkedHashMap<>();
        written.forEachHeader((name, values) -> {
            String lower = name.toLowerCase(Locale.ROOT);
            if (lower.startsWith("x-amz-") && !OF_BODY.contains(lower)) {
                headers.put(name, String.join(",", values));
            }
        });
        SdkHttpRequest.Builder unsigned = written.toBuilder().clearHeaders();
        headers.forEach(unsigned::putHeader);
        SdkHttpRequest signed = signer.sign(request -> request.identity(credentials)
                        .request(unsigned.build())
                        .putProperty(AwsV4HttpSigner.REGION_NAME, region)
                        .putProperty(AwsV4HttpSigner.SERVICE_SIGNING_NAME, "s3")
                        .putProperty(AwsV4HttpSigner.AUTH_LOCATION, AuthLocation.QUERY_STRING)
                        .putProperty(AwsV4HttpSigner.EXPIRATION_DURATION, VALID)
                        .putProperty(AwsV4HttpSigner.PAYLOAD_SIGNING_ENABLED, false)
                        .putProperty(AwsV4HttpSigner.DOUBLE_URL_ENCODE, false)
                        .putProperty(AwsV4HttpSigner.NORMALIZE_PATH, false)
                        .putProperty(AwsV4HttpSigner.SIGNING_CLOCK, clock))
                .request();
        // As the SDK's client has it, and not signed: a refusal comes before the body is sent.
        headers.put("Expect", "100-continue");
        return new SendRequest(
                written.method().name(), signed.getUri().toString(), headers, body, (int) VALID.toSeconds());
    }
}
