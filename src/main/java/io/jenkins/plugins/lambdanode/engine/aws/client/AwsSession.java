package io.jenkins.plugins.lambdanode.engine.aws.client;

import io.jenkins.plugins.lambdanode.engine.base.DeployException;
import io.jenkins.plugins.lambdanode.engine.base.SafeText;
import java.io.UncheckedIOException;
import java.net.URI;
import java.time.Duration;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.TreeMap;
import java.util.stream.Collectors;
import software.amazon.awssdk.auth.credentials.AwsCredentials;
import software.amazon.awssdk.auth.credentials.AwsCredentialsProvider;
import software.amazon.awssdk.core.exception.SdkClientException;
import software.amazon.awssdk.core.exception.SdkException;
import software.amazon.awssdk.services.cloudwatch.CloudWatchClient;
import software.amazon.awssdk.services.cloudwatchlogs.CloudWatchLogsClient;
import software.amazon.awssdk.services.lambda.LambdaClient;
import software.amazon.awssdk.services.s3.S3Client;
import software.amazon.awssdk.services.sts.StsClient;
import software.amazon.awssdk.services.sts.auth.StsAssumeRoleCredentialsProvider;

/**
 * The SDK's clients for one deployment, with one pool of connections. It lives on the controller only: credentials do not
 * leave it.
 */
public final class AwsSession implements AutoCloseable {

    /** One that comes a byte at a time keeps no read waiting. S3 may take minutes to put an upload's parts together. */
    private static final Duration RESPONSE_TIMEOUT = Duration.ofMinutes(5);

    private static final String NO_CREDENTIALS = "The AWS credentials could not be read";

    private final AwsSettings settings;
    private final ClientFactory clients;
    private final StsClient sts;
    private final AwsCredentialsProvider credentials;
    private final LambdaClient lambda;
    private final LambdaClient lambdaOnce;
    private final S3Client s3;
    private final S3Client s3Once;
    private final OfflineClient<LambdaClient> lambdaOffline;
    private final OfflineClient<S3Client> s3Offline;
    private final OnDemandClient<CloudWatchClient> cloudWatch;
    private final OnDemandClient<CloudWatchLogsClient> cloudWatchLogs;
    private final SigningClock signingClock = new SigningClock();
    private final BucketOwner bucketOwner = new BucketOwner();

    /** How messages name the services. */
    private static final Map<String, String> SERVICES =
            Map.of("lambda", "Lambda", "s3", "S3", "sts", "STS", "cloudwatch", "CloudWatch", "logs", "CloudWatch Logs");

    private AwsSession(AwsSettings settings, Duration responseTimeout) {
        this.settings = settings;
        this.clients = new ClientFactory(settings, responseTimeout, signingClock, bucketOwner);
        this.sts = clients.sts(settings.credentials());
        this.credentials =
                settings.role().<AwsCredentialsProvider>map(this::assumed).orElse(settings.credentials());
        this.lambda = clients.lambda(credentials);
        this.lambdaOnce = clients.lambdaOnce(credentials);
        this.lambdaOffline = new OfflineClient<>(clients::lambdaOver);
        this.s3 = clients.s3(credentials);
        this.s3Once = clients.s3Once(credentials);
        this.s3Offline = new OfflineClient<>(clients::s3Over);
        this.cloudWatch = new OnDemandClient<>(() -> clients.cloudWatch(credentials));
        this.cloudWatchLogs = new OnDemandClient<>(() -> clients.cloudWatchLogs(credentials));
    }

    /**
     * Opens the clients and resolves the credentials once, so that a deployment without valid ones ends before it begins.
     *
     * @throws DeployException if the region or the endpoint is not one, or no credentials are found, or the role cannot be assumed
     */
    public static AwsSession open(AwsSettings settings) throws DeployException, InterruptedException {
        return open(settings, RESPONSE_TIMEOUT);
    }

    /** The same in another region; closing it is the caller's. */
    public AwsSession in(String otherRegion) throws DeployException, InterruptedException {
        return open(new AwsSettings(
                otherRegion, settings.endpoint(), settings.credentials(), settings.role(), settings.proxy()));
    }

    /** @param responseTimeout how long a response may take from its request to its end */
    static AwsSession open(AwsSettings settings, Duration responseTimeout)
            throws DeployException, InterruptedException {
        if (settings.region().isBlank()) {
            throw new DeployException(
                    "No AWS region is known. Name one (region), or give the function by its ARN, or set AWS_REGION.");
        }
        if (!AwsRegion.isRegion(settings.region())) {
            throw new DeployException("\"" + SafeText.oneLine(settings.region(), 60)
                    + "\" is not an AWS region. Name one such as eu-west-1.");
        }
        AwsSession session = configured(settings, responseTimeout);
        try {
            for (URI other : session.endpoints().values()) {
                ClientEndpoint.requireAddressAlone(other);
            }
            session.resolvedCredentials();
            return session;
        } catch (DeployException | InterruptedException | RuntimeException e) {
            session.close();
            throw e;
        }
    }

    /** What is wrong with this machine's AWS configuration the SDK says with exceptions of many kinds. */
    private static AwsSession configured(AwsSettings settings, Duration responseTimeout) throws DeployException {
        try {
            return new AwsSession(settings, responseTimeout);
        } catch (SdkClientException | IllegalArgumentException | IllegalStateException e) {
            throw new DeployException(
                    "The AWS configuration of this machine is wrong: "
                            + AwsErrors.words(e).replaceFirst("^For input string: (.*)", "$1 is not a number")
                            + "\nFix the variable (AWS_...), or the setting of the profile, that it comes from.",
                    e);
        }
    }

    /** The credentials as they are now: renewed by their provider where they have run out. */
    public AwsCredentials resolvedCredentials() throws DeployException, InterruptedException {
        String role = settings.role().map(AwsSettings.AssumeRole::roleArn).orElse("*");
        AwsOperation operation = new AwsOperation(
                settings.role()
                        .map(r -> "The role " + r.roleArn() + " could not be assumed")
                        .orElse(NO_CREDENTIALS),
                "sts:AssumeRole",
                role,
                "role " + role,
                place("sts"));
        try {
            return AwsCalls.interruptible(credentials::resolveCredentials);
        } catch (SdkException e) {
            AwsFailure failure = AwsFailure.of(e);
            boolean ofProvider = settings.role().isEmpty() && e instanceof SdkClientException;
            throw ofProvider && !Advice.hasNoCredentials(failure)
                    ? unreadable(e)
                    : AwsErrors.exception(operation, failure, e);
        } catch (IllegalStateException | IllegalArgumentException | UncheckedIOException e) {
            throw unreadable(e);
        }
    }

    /** Those who provide credentials have words of their own, and it is seldom the network. */
    private static DeployException unreadable(RuntimeException cause) {
        return new DeployException(
                NO_CREDENTIALS + ": " + AwsErrors.words(cause)
                        + "\nFix what provides them: the profile, the variables (AWS_...) or the role of the machine or container.",
                cause);
    }

    /** The ARN of the role that is assumed; empty where none is. Who the credentials are of would be one more call. */
    public Optional<String> caller() {
        return settings.role().map(AwsSettings.AssumeRole::roleArn);
    }

    /** Lambda, with the SDK's standard retries. */
    public LambdaClient lambda() {
        return lambda;
    }

    /** Lambda, each request sent once: for calls that must not be repeated before it is known what became of them. */
    public LambdaClient lambdaOnce() {
        return lambdaOnce;
    }

    /**
     * Lambda, each request sent once, with time enough for a function that runs as long as Lambda lets it (15 minutes). It has a
     * connection of its own, and closing it is the caller's.
     */
    public LambdaClient lambdaForInvocations() {
        return clients.lambdaForInvocations(credentials);
    }

    /** S3, with the SDK's standard retries; path-style where the endpoint is not AWS's. */
    public S3Client s3() {
        return s3;
    }

    /** S3, each request sent once: as {@link #lambdaOnce()}. */
    public S3Client s3Once() {
        return s3Once;
    }

    /** CloudWatch, with the SDK's standard retries. */
    public CloudWatchClient cloudWatch() throws DeployException {
        return cloudWatch.get();
    }

    /** CloudWatch Logs, with the SDK's standard retries. */
    public CloudWatchLogsClient cloudWatchLogs() throws DeployException {
        return cloudWatchLogs.get();
    }

    /** Lambda, for requests that the workspace sends. */
    public OfflineClient<LambdaClient> lambdaOffline() {
        return lambdaOffline;
    }

    /** S3, for requests that the workspace sends. */
    public OfflineClient<S3Client> s3Offline() {
        return s3Offline;
    }

    /** @param account whose the buckets of all requests from now on must be; empty for anybody's */
    public void expectBucketOwner(Optional<String> account) {
        bucketOwner.expect(account);
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

    /** For instance {@code aws} or {@code aws-cn}. */
    public String partition() {
        return AwsRegion.partition(settings.region());
    }

    /** Where the clients send Lambda's requests, for instance {@code https://lambda.eu-west-1.amazonaws.com}. */
    public URI lambdaEndpoint() throws InterruptedException {
        URI request =
                lambdaOffline.write(LambdaClient::getAccountSettings).http().getUri();
        return URI.create(request.getScheme() + "://" + request.getAuthority());
    }

    /**
     * Endpoints that are not AWS's own, by service ({@code lambda}, {@code s3}, {@code sts}, and {@code cloudwatch} and
     * {@code logs} once they are used), however they were configured.
     */
    public Map<String, URI> endpoints() {
        Map<String, URI> configured = new TreeMap<>();
        ClientEndpoint.of(lambda).ifPresent(uri -> configured.put("lambda", uri));
        ClientEndpoint.of(s3).ifPresent(uri -> configured.put("s3", uri));
        ClientEndpoint.of(sts).ifPresent(uri -> configured.put("sts", uri));
        cloudWatch.endpoint().ifPresent(uri -> configured.put("cloudwatch", uri));
        cloudWatchLogs.endpoint().ifPresent(uri -> configured.put("logs", uri));
        return configured;
    }

    /** A line for the log where this machine's own AWS configuration, no setting of the deployment, leads to other endpoints. */
    public Optional<String> endpointNotice() {
        return endpointNotice(Set.of("lambda", "s3", "sts"));
    }

    /** The same of those by which a shift of traffic is watched. */
    public Optional<String> watchEndpointNotice() throws DeployException {
        cloudWatch.get();
        cloudWatchLogs.get();
        return endpointNotice(Set.of("cloudwatch", "logs"));
    }

    private Optional<String> endpointNotice(Set<String> services) {
        Map<String, URI> others = endpoints();
        others.keySet().retainAll(services);
        return settings.endpoint().isPresent() || others.isEmpty()
                ? Optional.empty()
                : Optional.of("Endpoints by the AWS configuration of this machine (AWS_ENDPOINT_URL, endpoint_url): "
                        + others.entrySet().stream()
                                .map(other -> SERVICES.get(other.getKey()) + " at "
                                        + other.getValue().getScheme() + "://"
                                        + other.getValue().getAuthority())
                                .collect(Collectors.joining(", ")));
    }

    /** The region, and the endpoint where it is not AWS's, for a message. */
    public String place(String service) {
        return settings.region()
                + Optional.ofNullable(endpoints().get(service))
                        .map(uri -> " (" + SERVICES.get(service) + " at " + uri.getScheme() + "://" + uri.getAuthority()
                                + ")")
                        .orElse("")
                + settings.proxy().map(proxy -> " through the proxy " + proxy).orElse("");
    }

    @Override
    public void close() {
        lambdaOffline.close();
        cloudWatch.close();
        cloudWatchLogs.close();
        s3Offline.close();
        s3Once.close();
        s3.close();
        lambdaOnce.close();
        lambda.close();
        if (credentials instanceof StsAssumeRoleCredentialsProvider assumed
                && settings.role().isPresent()) {
            assumed.close();
        }
        sts.close();
        clients.close();
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
}
