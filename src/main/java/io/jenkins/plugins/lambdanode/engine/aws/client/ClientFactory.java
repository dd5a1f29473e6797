package io.jenkins.plugins.lambdanode.engine.aws.client;

import java.net.URI;
import java.time.Duration;
import java.util.Locale;
import java.util.Set;
import java.util.stream.Collectors;
import software.amazon.awssdk.auth.credentials.AnonymousCredentialsProvider;
import software.amazon.awssdk.auth.credentials.AwsCredentialsProvider;
import software.amazon.awssdk.awscore.client.builder.AwsClientBuilder;
import software.amazon.awssdk.awscore.retry.AwsRetryStrategy;
import software.amazon.awssdk.core.client.builder.SdkSyncClientBuilder;
import software.amazon.awssdk.http.SdkHttpClient;
import software.amazon.awssdk.http.apache.ApacheHttpClient;
import software.amazon.awssdk.http.apache.ProxyConfiguration;
import software.amazon.awssdk.regions.Region;
import software.amazon.awssdk.retries.DefaultRetryStrategy;
import software.amazon.awssdk.retries.api.RetryStrategy;
import software.amazon.awssdk.services.cloudwatch.CloudWatchClient;
import software.amazon.awssdk.services.cloudwatchlogs.CloudWatchLogsClient;
import software.amazon.awssdk.services.lambda.LambdaClient;
import software.amazon.awssdk.services.s3.S3Client;
import software.amazon.awssdk.services.s3.endpoints.S3EndpointProvider;
import software.amazon.awssdk.services.sts.StsClient;

/**
 * Makes the SDK's clients of a session, each with the session's region, endpoint and proxy, and with timeouts and retries. All but
 * those for invocations share one pool of connections.
 */
final class ClientFactory implements AutoCloseable {

    private static final Duration CONNECT_TIMEOUT = Duration.ofSeconds(10);

    /** Lambda responds to an UpdateFunctionCode for a staged package after it has copied and unzipped it. */
    private static final Duration READ_TIMEOUT = Duration.ofSeconds(90);

    private static final Duration LONGEST_INVOCATION = Duration.ofMinutes(16);

    private static final int ATTEMPTS = 5;

    private final AwsSettings settings;
    private final Duration responseTimeout;
    private final SigningClock signingClock;
    private final BucketOwner bucketOwner;
    private final SdkHttpClient http;

    /** @param responseTimeout how long a response may take from its request to its end */
    ClientFactory(AwsSettings settings, Duration responseTimeout, SigningClock signingClock, BucketOwner bucketOwner) {
        this.settings = settings;
        this.responseTimeout = responseTimeout;
        this.signingClock = signingClock;
        this.bucketOwner = bucketOwner;
        this.http = httpClient(READ_TIMEOUT).build();
    }

    StsClient sts(AwsCredentialsProvider who) {
        return configured(StsClient.builder(), who, http, retrying()).build();
    }

    LambdaClient lambda(AwsCredentialsProvider who) {
        return lambda(who, http, retrying());
    }

    /** Each request sent once. */
    LambdaClient lambdaOnce(AwsCredentialsProvider who) {
        return lambda(who, http, DefaultRetryStrategy.doNotRetry());
    }

    /** @param other takes what it sends, without a signature */
    LambdaClient lambdaOver(SdkHttpClient other) {
        return lambda(AnonymousCredentialsProvider.create(), other, DefaultRetryStrategy.doNotRetry());
    }

    /** Each request sent once, with time enough for a function that runs as long as Lambda lets it (15 minutes). */
    LambdaClient lambdaForInvocations(AwsCredentialsProvider who) {
        return configured(LambdaClient.builder(), who, DefaultRetryStrategy.doNotRetry(), LONGEST_INVOCATION)
                .httpClientBuilder(httpClient(LONGEST_INVOCATION))
                .build();
    }

    /** Path-style where the endpoint is not AWS's. */
    S3Client s3(AwsCredentialsProvider who) {
        return s3(who, http, retrying());
    }

    /** Each request sent once. */
    S3Client s3Once(AwsCredentialsProvider who) {
        return s3(who, http, DefaultRetryStrategy.doNotRetry());
    }

    /** @param other takes what it sends, without a signature */
    S3Client s3Over(SdkHttpClient other) {
        return s3(AnonymousCredentialsProvider.create(), other, DefaultRetryStrategy.doNotRetry());
    }

    CloudWatchClient cloudWatch(AwsCredentialsProvider who) {
        return configured(CloudWatchClient.builder(), who, http, retrying()).build();
    }

    CloudWatchLogsClient cloudWatchLogs(AwsCredentialsProvider who) {
        return configured(CloudWatchLogsClient.builder(), who, http, retrying()).build();
    }

    private LambdaClient lambda(AwsCredentialsProvider who, SdkHttpClient over, RetryStrategy retries) {
        return configured(LambdaClient.builder(), who, over, retries).build();
    }

    private S3Client s3(AwsCredentialsProvider who, SdkHttpClient over, RetryStrategy retries) {
        boolean pathStyle = settings.endpoint().isPresent();
        S3Client client = s3(who, over, retries, pathStyle);
        if (pathStyle || ClientEndpoint.of(client).isEmpty()) {
            return client;
        }
        client.close();
        return s3(who, over, retries, true);
    }

    /** At us-east-1's regional endpoint, as everywhere: the global one, the SDK's default there, can lead to another region. */
    private S3Client s3(AwsCredentialsProvider who, SdkHttpClient over, RetryStrategy retries, boolean pathStyle) {
        S3EndpointProvider rules = S3EndpointProvider.defaultProvider();
        return configured(S3Client.builder(), who, over, retries)
                .endpointProvider(parameters -> rules.resolveEndpoint(
                        parameters.toBuilder().useGlobalEndpoint(false).build()))
                .forcePathStyle(pathStyle)
                .build();
    }

    private <B extends AwsClientBuilder<B, ?> & SdkSyncClientBuilder<B, ?>> B configured(
            B builder, AwsCredentialsProvider who, SdkHttpClient over, RetryStrategy retries) {
        return configured(builder, who, retries, responseTimeout).httpClient(over);
    }

    private <B extends AwsClientBuilder<B, ?> & SdkSyncClientBuilder<B, ?>> B configured(
            B builder, AwsCredentialsProvider who, RetryStrategy retries, Duration within) {
        builder.region(Region.of(settings.region())).credentialsProvider(who).overrideConfiguration(override -> {
            override.retryStrategy(retries)
                    .apiCallAttemptTimeout(within)
                    .addExecutionInterceptor(new ResponseSizeLimit())
                    .addExecutionInterceptor(new ServerClock(signingClock))
                    .addExecutionInterceptor(bucketOwner);
        });
        settings.endpoint().ifPresent(builder::endpointOverride);
        return builder;
    }

    private static RetryStrategy retrying() {
        return AwsRetryStrategy.standardRetryStrategy().toBuilder()
                .maxAttempts(ATTEMPTS)
                .build();
    }

    private ApacheHttpClient.Builder httpClient(Duration readTimeout) {
        ApacheHttpClient.Builder builder = ApacheHttpClient.builder()
                .connectionTimeout(CONNECT_TIMEOUT)
                .socketTimeout(readTimeout)
                .maxConnections(16);
        // The variables HTTPS_PROXY and NO_PROXY are for who calls: what the workspace sends goes the same way.
        ProxyConfiguration.Builder through = ProxyConfiguration.builder().useEnvironmentVariableValues(false);
        settings.proxy().ifPresent(proxy -> {
            // The SDK takes regular expressions here.
            Set<String> direct = proxy.direct().stream()
                    .map(host ->
                            host.toLowerCase(Locale.ROOT).replace(".", "\\.").replace("*", ".*"))
                    .collect(Collectors.toSet());
            through.endpoint(URI.create("http://" + proxy.host() + ":" + proxy.port()))
                    .nonProxyHosts(direct)
                    .useSystemPropertyValues(false);
            if (!proxy.user().isEmpty()) {
                through.username(proxy.user()).password(proxy.password());
            }
        });
        return builder.proxyConfiguration(through.build());
    }

    @Override
    public void close() {
        http.close();
    }
}
