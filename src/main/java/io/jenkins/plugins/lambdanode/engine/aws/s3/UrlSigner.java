package io.jenkins.plugins.lambdanode.engine.aws.s3;

import java.time.Clock;
import java.time.Duration;
import java.util.Set;
import software.amazon.awssdk.awscore.presigner.PresignedRequest;
import software.amazon.awssdk.http.SdkHttpRequest;
import software.amazon.awssdk.http.auth.aws.signer.AwsV4FamilyHttpSigner.AuthLocation;
import software.amazon.awssdk.http.auth.aws.signer.AwsV4HttpSigner;
import software.amazon.awssdk.identity.spi.AwsCredentialsIdentity;

/**
 * Signs a presigned URL of S3 anew with another time. The SDK's presigner has no clock but the machine's
 * (DefaultS3Presigner 2.42.28), so its request is taken, with the place that its rules have found, and signed by the SDK's
 * own signer as it does itself: the body unsigned, the path neither encoded again nor normalised.
 */
final class UrlSigner {

    private static final Set<String> SIGNATURE = Set.of(
            "X-Amz-Algorithm",
            "X-Amz-Credential",
            "X-Amz-Date",
            "X-Amz-Expires",
            "X-Amz-Security-Token",
            "X-Amz-Signature",
            "X-Amz-SignedHeaders");

    private final AwsV4HttpSigner signer = AwsV4HttpSigner.create();
    private final String region;

    /** @param region the region that URLs are signed for */
    UrlSigner(String region) {
        this.region = region;
    }

    /** @param valid how long the URL is valid from the clock's time on */
    SdkHttpRequest signedAt(Clock clock, PresignedRequest presigned, AwsCredentialsIdentity credentials, Duration valid) {
        SdkHttpRequest.Builder unsigned = presigned.httpRequest().toBuilder();
        SIGNATURE.forEach(unsigned::removeQueryParameter);
        return signer.sign(request -> request.identity(credentials)
                        .request(unsigned.build())
                        .putProperty(AwsV4HttpSigner.REGION_NAME, region)
                        .putProperty(AwsV4HttpSigner.SERVICE_SIGNING_NAME, "s3")
                        .putProperty(AwsV4HttpSigner.AUTH_LOCATION, AuthLocation.QUERY_STRING)
                        .putProperty(AwsV4HttpSigner.EXPIRATION_DURATION, valid)
                        .putProperty(AwsV4HttpSigner.PAYLOAD_SIGNING_ENABLED, false)
                        .putProperty(AwsV4HttpSigner.DOUBLE_URL_ENCODE, false)
                        .putProperty(AwsV4HttpSigner.NORMALIZE_PATH, false)
                        .putProperty(AwsV4HttpSigner.SIGNING_CLOCK, clock))
                .request();
    }
}
