package io.jenkins.plugins.lambdanode.engine.aws.lambda;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;

import io.jenkins.plugins.lambdanode.engine.aws.Cloud;
import io.jenkins.plugins.lambdanode.engine.aws.Package;
import io.jenkins.plugins.lambdanode.engine.aws.client.AwsSession;
import io.jenkins.plugins.lambdanode.engine.aws.client.AwsSettings;
import io.jenkins.plugins.lambdanode.engine.aws.client.OfflineClient;
import io.jenkins.plugins.lambdanode.engine.base.Progress;
import io.jenkins.plugins.lambdanode.engine.http.Body;
import io.jenkins.plugins.lambdanode.engine.http.HttpSender;
import io.jenkins.plugins.lambdanode.engine.http.SendRequest;
import io.jenkins.plugins.lambdanode.engine.pack.api.PackReport;
import java.io.IOException;
import java.io.InputStream;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.security.MessageDigest;
import java.security.NoSuchAlgorithmException;
import java.time.Clock;
import java.time.Instant;
import java.time.ZoneOffset;
import java.time.format.DateTimeFormatter;
import java.util.Base64;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.OptionalInt;
import java.util.concurrent.atomic.AtomicReference;
import java.util.function.Consumer;
import java.util.stream.Stream;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;
import software.amazon.awssdk.auth.credentials.AwsBasicCredentials;
import software.amazon.awssdk.auth.credentials.AwsCredentials;
import software.amazon.awssdk.auth.credentials.AwsSessionCredentials;
import software.amazon.awssdk.auth.credentials.StaticCredentialsProvider;
import software.amazon.awssdk.core.SdkBytes;
import software.amazon.awssdk.core.interceptor.Context;
import software.amazon.awssdk.core.interceptor.ExecutionAttributes;
import software.amazon.awssdk.core.interceptor.ExecutionInterceptor;
import software.amazon.awssdk.http.ExecutableHttpRequest;
import software.amazon.awssdk.http.HttpExecuteRequest;
import software.amazon.awssdk.http.SdkHttpClient;
import software.amazon.awssdk.http.SdkHttpRequest;
import software.amazon.awssdk.regions.Region;
import software.amazon.awssdk.services.lambda.LambdaClient;
import software.amazon.awssdk.services.lambda.model.Architecture;
import software.amazon.awssdk.services.lambda.model.Runtime;

class LambdaSignerTest {

    private static final AwsCredentials KEY = AwsBasicCredentials.create("AKIDEXAMPLE", "wJalrXUtnFEMI/K7MDENG");
    private static final AwsCredentials SESSION =
            AwsSessionCredentials.create("ASIAEXAMPLE", "wJalrXUtnFEMI/K7MDENG", "a/session+token==");

    @TempDir
    Path folder;

    private record Case(String function, AwsCredentials credentials) {}

    static Stream<Case> cases() {
        return Stream.of(
                new Case("orders", KEY),
                new Case("orders", SESSION),
                new Case("arn:aws:lambda:eu-west-1:123456789012:function:orders", SESSION));
    }

    /** What the SDK would have sent for the same call. */
    private record Sdk(SdkHttpRequest request, byte[] body) {}

    @ParameterizedTest
    @MethodSource("cases")
    void anUpdateHasTheBodyAndTheSignatureOfTheSdk(Case of) throws Exception {
        PackReport report = Package.holding(folder, "signed");
        FunctionName name = FunctionName.parse(of.function());
        UpdateOptions options = new UpdateOptions(
                List.of("arm64"), true, Optional.of("rev\"1"), Optional.of("arn:aws:kms:eu-west-1:1:key/k"));
        Sdk sdk = sent(
                of.credentials(),
                lambda -> lambda.updateFunctionCode(r -> r.functionName(of.function())
                        .zipFile(SdkBytes.fromByteArray(read(report)))
                        .architectures(Architecture.ARM64)
                        .dryRun(true)
                        .revisionId("rev\"1")
                        .sourceKMSKeyArn("arn:aws:kms:eu-west-1:1:key/k")));

        assertSameAsSdk(
                sdk,
                report,
                of.credentials(),
                lambda -> lambda.updateFunctionCode(CodeRequests.update(name, new CodeSource.Direct(report), options)));
    }

    @ParameterizedTest
    @MethodSource("cases")
    void aCreationHasTheBodyAndTheSignatureOfTheSdk(Case of) throws Exception {
        PackReport report = Package.holding(folder, "signed");
        FunctionName name = FunctionName.parse(of.function());
        CreateOptions options = new CreateOptions(
                "arn:aws:iam::123456789012:role/r",
                "nodejs22.x",
                "index.handler",
                OptionalInt.of(256),
                OptionalInt.of(9),
                Map.of("GREETING", "hello \"ZipFile\":\"package\" \u00fc"),
                List.of("arn:aws:lambda:eu-west-1:123456789012:layer:l:1"),
                List.of("arm64"),
                "what it does",
                Optional.of("arn:aws:kms:eu-west-1:1:key/k"));
        Sdk sdk = sent(
                of.credentials(),
                lambda -> lambda.createFunction(r -> r.functionName(of.function())
                        .role("arn:aws:iam::123456789012:role/r")
                        .runtime("nodejs22.x")
                        .handler("index.handler")
                        .memorySize(256)
                        .timeout(9)
                        .environment(e -> e.variables(Map.of("GREETING", "hello \"ZipFile\":\"package\" \u00fc")))
                        .layers("arn:aws:lambda:eu-west-1:123456789012:layer:l:1")
                        .architectures(Architecture.ARM64)
                        .description("what it does")
                        .code(c -> c.zipFile(SdkBytes.fromByteArray(read(report)))
                                .sourceKMSKeyArn("arn:aws:kms:eu-west-1:1:key/k"))));

        assertSameAsSdk(
                sdk,
                report,
                of.credentials(),
                lambda -> lambda.createFunction(CodeRequests.create(name, new CodeSource.Direct(report), options)));
    }

    @ParameterizedTest
    @MethodSource("cases")
    void aLayerVersionHasTheBodyAndTheSignatureOfTheSdk(Case of) throws Exception {
        PackReport report = Package.holding(folder, "signed");
        LayerOptions layer = new LayerOptions(
                "orders-dependencies", List.of("nodejs22.x", "nodejs24.x"), List.of("x86_64", "arm64"));
        Sdk sdk = sent(
                of.credentials(),
                lambda -> lambda.publishLayerVersion(r -> r.layerName("orders-dependencies")
                        .description("what \"is\" in it")
                        .compatibleRuntimes(Runtime.NODEJS22_X, Runtime.NODEJS24_X)
                        .compatibleArchitectures(Architecture.X86_64, Architecture.ARM64)
                        .content(c -> c.zipFile(SdkBytes.fromByteArray(read(report))))));

        assertSameAsSdk(
                sdk,
                report,
                of.credentials(),
                lambda -> lambda.publishLayerVersion(
                        CodeRequests.publish(layer, "what \"is\" in it", new CodeSource.Direct(report))));
    }

    private static void assertSameAsSdk(
            Sdk sdk, PackReport report, AwsCredentials credentials, Consumer<LambdaClient> ours) throws Exception {
        OfflineClient.Written written;
        try (AwsSession session =
                AwsSession.open(AwsSettings.of(Cloud.REGION, StaticCredentialsProvider.create(credentials)))) {
            written = session.lambdaOffline().write(ours);
        }
        assertEquals(sdk.request().getUri(), written.http().getUri());
        assertEquals(sdk.request().method(), written.http().method());
        assertEquals(
                sdk.request().firstMatchingHeader("Content-Type"),
                written.http().firstMatchingHeader("Content-Type"));
        Body body = IdempotentRequests.around(written.body(), report);
        byte[] digest = new HttpSender(Progress.NONE).digest(body);
        assertArrayEquals(MessageDigest.getInstance("SHA-256").digest(sdk.body()), digest);

        SdkHttpRequest.Builder signedToo = sdk.request().toBuilder();
        List.of(
                        "Authorization",
                        "X-Amz-Date",
                        "x-amz-content-sha256",
                        "X-Amz-Security-Token",
                        "Host",
                        "x-amz-checksum-sha256")
                .forEach(signedToo::removeHeader);
        Instant time = DateTimeFormatter.ofPattern("yyyyMMdd'T'HHmmss'Z'")
                .withZone(ZoneOffset.UTC)
                .parse(sdk.request().firstMatchingHeader("X-Amz-Date").orElseThrow(), Instant::from);
        SendRequest signed = new LambdaSigner(Cloud.REGION)
                .sign(signedToo.build(), body, digest, credentials, Clock.fixed(time, ZoneOffset.UTC));

        assertEquals(sdk.request().getUri().toString(), signed.url());
        assertEquals(
                sdk.request().firstMatchingHeader("Authorization").orElseThrow(),
                signed.headers().get("Authorization"));
        assertFalse(signed.headers().keySet().stream().anyMatch(name -> name.equalsIgnoreCase("host")));
    }

    private static Sdk sent(AwsCredentials credentials, Consumer<LambdaClient> call) {
        AtomicReference<Sdk> captured = new AtomicReference<>();
        SdkHttpClient wire = new SdkHttpClient() {
            @Override
            public ExecutableHttpRequest prepareRequest(HttpExecuteRequest request) {
                try (InputStream body =
                        request.contentStreamProvider().orElseThrow().newStream()) {
                    captured.set(new Sdk(request.httpRequest(), body.readAllBytes()));
                } catch (IOException e) {
                    throw new UncheckedIOException(e);
                }
                throw new IllegalStateException("captured");
            }

            @Override
            public void close() {}
        };
        try (LambdaClient lambda = LambdaClient.builder()
                .region(Region.of(Cloud.REGION))
                .credentialsProvider(StaticCredentialsProvider.create(credentials))
                .httpClient(wire)
                .overrideConfiguration(o -> o.addExecutionInterceptor(new WithChecksum()))
                .build()) {
            call.accept(lambda);
        } catch (RuntimeException e) {
            if (captured.get() == null) {
                throw e;
            }
        }
        return captured.get();
    }

    /** Ours has this header besides the SDK's; so has the SDK's then. */
    private static final class WithChecksum implements ExecutionInterceptor {
        @Override
        public SdkHttpRequest modifyHttpRequest(Context.ModifyHttpRequest context, ExecutionAttributes attributes) {
            try (InputStream body =
                    context.requestBody().orElseThrow().contentStreamProvider().newStream()) {
                byte[] digest = MessageDigest.getInstance("SHA-256").digest(body.readAllBytes());
                return context.httpRequest().toBuilder()
                        .putHeader("x-amz-checksum-sha256", Base64.getEncoder().encodeToString(digest))
                        .build();
            } catch (IOException | NoSuchAlgorithmException e) {
                throw new IllegalStateException(e);
            }
        }
    }

    private static byte[] read(PackReport report) {
        try {
            return Files.readAllBytes(Path.of(report.file()));
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }
}
