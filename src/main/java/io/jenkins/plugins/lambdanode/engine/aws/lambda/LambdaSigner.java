package io.jenkins.plugins.lambdanode.engine.aws.lambda;

import io.jenkins.plugins.lambdanode.engine.http.Body;
import io.jenkins.plugins.lambdanode.engine.http.SendRequest;
import java.time.Clock;
import java.util.LinkedHashMap;
import java.util.Locale;
import java.util.Map;
import software.amazon.awssdk.checksums.DefaultChecksumAlgorithm;
import software.amazon.awssdk.http.SdkHttpRequest;
import software.amazon.awssdk.http.auth.aws.signer.AwsV4HttpSigner;
import software.amazon.awssdk.http.auth.spi.signer.PayloadChecksumStore;
import software.amazon.awssdk.http.auth.spi.signer.SdkInternalHttpSignerProperty;
import software.amazon.awssdk.identity.spi.AwsCredentialsIdentity;

/**
 * Signs a request to Lambda whose body is on another machine, with the SDK's own signer: only the body's SHA-256 is known
 * here. The signer takes it from its checksum store in place of reading a body (http-auth-aws 2.42.28, FlexibleChecksummer).
 * It looks there only where a checksum algorithm is named, and then writes the digest into {@code x-amz-checksum-sha256} too.
 */
final class LambdaSigner {

    private static final int TIMEOUT_SECONDS = 900;

    private final AwsV4HttpSigner signer = AwsV4HttpSigner.create();
    private final String region;

    /** @param region the region that the request is signed for */
    LambdaSigner(String region) {
        this.region = region;
    }

    /**
     * A request that is valid for some minutes from the clock's time, for a body with exactly this digest.
     *
     * @param request method, URL and headers
     * @param sha256 the body's SHA-256, 32 bytes
     */
    SendRequest sign(
            SdkHttpRequest request, Body body, byte[] sha256, AwsCredentialsIdentity credentials, Clock clock) {
        PayloadChecksumStore digest = PayloadChecksumStore.create();
        digest.putChecksumValue(DefaultChecksumAlgorithm.SHA256, sha256);
        SdkHttpRequest signed = signer.sign(signing -> signing.identity(credentials)
                        .request(request)
                        .putProperty(AwsV4HttpSigner.REGION_NAME, region)
                        .putProperty(AwsV4HttpSigner.SERVICE_SIGNING_NAME, "lambda")
                        .putProperty(AwsV4HttpSigner.SIGNING_CLOCK, clock)
                        .putProperty(AwsV4HttpSigner.CHECKSUM_ALGORITHM, DefaultChecksumAlgorithm.SHA256)
                        .putProperty(SdkInternalHttpSignerProperty.CHECKSUM_STORE, digest))
                .request();
        Map<String, String> toSend = new LinkedHashMap<>();
        signed.forEachHeader((name, values) -> {
            String lower = name.toLowerCase(Locale.ROOT);
            if (!lower.equals("host") && !lower.equals("content-length")) {
                toSend.put(name, String.join(",", values));
            }
        });
        return new SendRequest(request.method().name(), request.getUri().toString(), toSend, body, TIMEOUT_SECONDS);
    }
}
