package io.jenkins.plugins.lambdanode.engine.aws.client;

import io.jenkins.plugins.lambdanode.engine.base.DeployException;
import io.jenkins.plugins.lambdanode.engine.base.SafeText;
import java.net.URI;
import java.time.Duration;
import java.util.Locale;
import java.util.Set;
import java.util.regex.Pattern;
import java.util.stream.Collectors;
import software.amazon.awssdk.auth.credentials.AwsCredentials;
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
import software.amazon.awssdk.services.lambda.LambdaClient;
import software.amazon.awssdk.services.lambda.endpoints.LambdaEndpointProvider;
import software.amazon.awssdk.services.s3.S3Client;
import software.amazon.awssdk.services.s3.S3Configuration;
import software.amazon.awssdk.services.s3.presigner.S3Presigner;
import software.amazon.awssdk.services.sts.StsClient;
import software.amazon.awssdk.services.sts.auth.StsAssumeRoleCredentialsProvider;

/**
 * The SDK's clients for one deployment, with one pool of connections. It lives on the controller only: credentials do not
 * leave it.
 */
public final class AwsSession implements AutoCloseable {

    private static final Pattern REGION = Pattern.compile("[a-z]{2}(-[a-z]+)+-\\d{1,2}");
    private static final Duration CONNECT_TIMEOUT = Duration.ofSeconds(10);

    /** Lambda answers an UpdateFunctionCode for a staged package after it has copied and unzipped it. */
    private static final Duration READ_TIMEOUT = Duration.ofSeconds(90);

    /** One that comes a byte at a time keeps no read waiting. S3 may take minutes to put an upload's parts together. */
    private static final Duration ANSWER_TIMEOUT = Duration.ofMinutes(5);

    private static final int ATTEMPTS = 5;

    private final AwsSettings settings;
    private final Duration answerTimeout;
    private final SdkHttpClient http;
    private final StsClient sts;
    private final AwsCredentialsProvider credentials;
    private final LambdaClient lambda;
    private final LambdaClient lambdaOnce;
    private final S3Client s3;
    private final S3Client s3Once;
    private final S3Presigner presigner;
    private final URI lambdaEndpoint;
    private final SigningClock signingClock = new SigningClock();

    private AwsSession(AwsSettings settings, Duration answerTimeout) {
        this.settings = settings;
        this.answerTimeout = answerTimeout;
        this.http = httpClient(settings);
        this.sts = configured(StsClient.builder(), settings.credentials(), retrying()).build();
        this.credentials = settings.role()
                .<AwsCredentialsProvider>map(this::assumed)
                .orElse(settings.credentials());
        this.lambda = configured(LambdaClient.builder(), credentials, retrying()).build();
        this.lambdaOnce = configured(LambdaClient.builder(), credentials, DefaultRetryStrategy.doNotRetry()).build();
        boolean pathStyle = settings.endpoint().isPresent();
        this.s3 = configured(S3Client.builder(), credentials, retrying())
                .forcePathStyle(pathStyle)
                .build();
        this.s3Once = configured(S3Client.builder(), credentials, DefaultRetryStrategy.doNotRetry())
                .forcePathStyle(pathStyle)
                .build();
        S3Presigner.Builder signing = S3Presigner.builder()
                .region(Region.of(settings.region()))
                .credentialsProvider(credentials)
                .serviceConfiguration(
                        S3Configuration.builder().pathStyleAccessEnabled(pathStyle).build());
        settings.endpoint().ifPresent(signing::endpointOverride);
        this.presigner = signing.build();
        this.lambdaEndpoint = settings.endpoint().orElseGet(() -> LambdaEndpointProvider.defaultProvider()
                .resolveEndpoint(params -> params.region(Region.of(settings.region())))
                .join()
                .url());
    }

    /**
     * Opens the clients and resolves the credentials once, so that a deployment without valid ones ends before it begins.
     *
     * @throws DeployException if the region or the endpoint is not one, or no credentials are found, or the role cannot be assumed
     */
    public static AwsSession open(AwsSettings settings) throws DeployException, InterruptedException {
        return open(settings, ANSWER_TIMEOUT);
    }

    /** @param answerTimeout how long an answer may take from its request to its end */
    static AwsSession open(AwsSettings settings, Duration answerTimeout) throws DeployException, InterruptedException {
        if (settings.region().isBlank()) {
            throw new DeployException(
                    "No AWS region is known. Name one (region), or give the function by its ARN, or set AWS_REGION.");
        }
        if (!REGION.matcher(settings.region()).matches()) {
            throw new DeployException("\"" + SafeText.oneLine(settings.region(), 60)
                    + "\" is not an AWS region. Name one such as eu-west-1.");
        }
        if (settings.endpoint().isPresent()) {
            requireAddressAlone(settings.endpoint().get());
        }
        AwsSession session = new AwsSession(settings, answerTimeout);
        try {
            session.resolvedCredentials();
            return session;
        } catch (DeployException | InterruptedException | RuntimeException e) {
            session.close();
            throw e;
        }
    }

    /** Messages name the endpoint: what stands before an @ or after a ? can be a secret. */
    private static void requireAddressAlone(URI endpoint) throws DeployException {
        if (endpoint.getRawUserInfo() != null || endpoint.getRawQuery() != null || endpoint.getRawFragment() != null) {
            throw new DeployException("The endpoint " + endpoint.getScheme() + "://" + endpoint.getHost()
                    + " has a user name, a query or a fragment, which no endpoint of AWS has.\nGive its address alone, and"
                    + " credentials as credentials.");
        }
    }

    /** The credentials as they are now: renewed by their provider where they have run out. */
    public AwsCredentials resolvedCredentials() throws DeployException, InterruptedException {
        String role = settings.role().map(AwsSettings.AssumeRole::roleArn).orElse("*");
        AwsOperation call = new AwsOperation(
                settings.role().map(r -> "The role " + r.roleArn() + " could not be assumed").orElse("The AWS credentials could not be read"),
                "sts:AssumeRole",
                role,
                "role " + role,
                place("sts"));
        return AwsErrors.asking(call, credentials::resolveCredentials);
    }

    /** Lambda, with the SDK's standard retries. */
    public LambdaClient lambda() {
        return lambda;
    }

    /** Lambda, each request sent once: for calls that must not be repeated before it is known what became of them. */
    public LambdaClient lambdaOnce() {
        return lambdaOnce;
    }

    /** S3, with the SDK's standard retries; path-style where the endpoint is not AWS's. */
    public S3Client s3() {
        return s3;
    }

    /** S3, each request sent once: as {@link #lambdaOnce()}. */
    public S3Client s3Once() {
        return s3Once;
    }

    public S3Presigner presigner() {
        return presigner;
    }

    /** What is signed here for others to send is signed with this time. */
    public SigningClock signingClock() {
        return signingClock;
    }

    /** Whose credentials sign: those of the role where one is assumed. */
    public AwsCredentialsProvider credentials() {
        return credentials;
    }

    /** For instance {@code eu-west-1}. */
    public String region() {
        return settings.region();
    }

    /** {@code aws}, {@code aws-cn} or {@code aws-us-gov}. */
    public String partition() {
        return Region.of(settings.region()).metadata() == null
                ? "aws"
                : Region.of(settings.region()).metadata().partition().id();
    }

    /** Where Lambda is, for instance {@code https://lambda.eu-west-1.amazonaws.com}. */
    public URI lambdaEndpoint() {
        return lambdaEndpoint;
    }

    /** The region, and the endpoint where it is not AWS's, for a message. */
    public String place(String service) {
        return settings.region()
                + settings.endpoint()
                        .map(uri -> " (" + service + " at " + uri.getScheme() + "://" + uri.getAuthority() + ")")
                        .orElse("")
                + settings.proxy().map(proxy -> " through the proxy " + proxy).orElse("");
    }

    @Override
    public void close() {
        presigner.close();
        s3Once.close();
        s3.close();
        lambdaOnce.close();
        lambda.close();
        if (credentials instanceof StsAssumeRoleCredentialsProvider assumed && settings.role().isPresent()) {
            assumed.close();
        }
        sts.close();
        http.close();
    }

    private StsAssumeRoleCredentialsProvider assumed(AwsSettings.AssumeRole role) {
        return StsAssumeRoleCredentialsProvider.builder()
                .stsClient(sts)
                .refreshRequest(request -> {
                    request.roleArn(role.roleArn()).roleSessionName(role.sessionName());
                    role.externalId().ifPresent(request::externalId);
                })
                .build();
    }

    private <B extends AwsClientBuilder<B, ?> & SdkSyncClientBuilder<B, ?>>
            B configured(B builder, AwsCredentialsProvider who, RetryStrategy retries) {
        builder.region(Region.of(settings.region()))
                .credentialsProvider(who)
                .httpClient(http)
                .overrideConfiguration(override -> override.retryStrategy(retries)
                        .apiCallAttemptTimeout(answerTimeout)
                        .addExecutionInterceptor(new ResponseSizeLimit()));
        settings.endpoint().ifPresent(builder::endpointOverride);
        return builder;
    }

    private static RetryStrategy retrying() {
        return AwsRetryStrategy.standardRetryStrategy().toBuilder()
                .maxAttempts(ATTEMPTS)
                .build();
    }

    private static SdkHttpClient httpClient(AwsSettings settings) {
        ApacheHttpClient.Builder builder = ApacheHttpClient.builder()
                .connectionTimeout(CONNECT_TIMEOUT)
                .socketTimeout(READ_TIMEOUT)
                .maxConnections(16);
        settings.proxy().ifPresent(proxy -> {
            // The SDK takes regular expressions here.
            Set<String> direct = proxy.direct().stream()
                    .map(host -> host.toLowerCase(Locale.ROOT).replace(".", "\\.").replace("*", ".*"))
                    .collect(Collectors.toSet());
            ProxyConfiguration.Builder through = ProxyConfiguration.builder()
                    .endpoint(URI.create("http://" + proxy.host() + ":" + proxy.port()))
                    .nonProxyHosts(direct)
                    .useSystemPropertyValues(false)
                    .useEnvironmentVariableValues(false);
            if (!proxy.user().isEmpty()) {
                through.username(proxy.user()).password(proxy.password());
            }
            builder.proxyConfiguration(through.build());
        });
        return builder.build();
    }
}
