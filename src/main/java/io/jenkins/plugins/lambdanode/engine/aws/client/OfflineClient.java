package io.jenkins.plugins.lambdanode.engine.aws.client;

import io.jenkins.plugins.lambdanode.engine.http.SendReply;
import java.io.ByteArrayInputStream;
import java.io.IOException;
import java.io.InputStream;
import java.io.UncheckedIOException;
import java.nio.charset.StandardCharsets;
import java.util.Map;
import java.util.function.Consumer;
import java.util.function.Function;
import software.amazon.awssdk.core.exception.AbortedException;
import software.amazon.awssdk.http.AbortableInputStream;
import software.amazon.awssdk.http.ExecutableHttpRequest;
import software.amazon.awssdk.http.HttpExecuteRequest;
import software.amazon.awssdk.http.HttpExecuteResponse;
import software.amazon.awssdk.http.SdkHttpClient;
import software.amazon.awssdk.http.SdkHttpRequest;
import software.amazon.awssdk.http.SdkHttpResponse;
import software.amazon.awssdk.utils.SdkAutoCloseable;

/**
 * A client of the SDK that sends nothing, for requests that the workspace sends: it writes a request, with the endpoint that
 * it resolves as every client of the session does, and reads the response. So a request has one description, whichever way it
 * is sent.
 *
 * @param <C> for instance {@code LambdaClient}
 */
public final class OfflineClient<C extends SdkAutoCloseable> implements AutoCloseable {

    private static final SendReply NOTHING = SendReply.response(200, Map.of(), "");

    private final C client;
    private volatile SendReply response = NOTHING;
    private volatile HttpExecuteRequest written;

    /** @param client makes the client with an HTTP client, without credentials: what signs is elsewhere */
    OfflineClient(Function<SdkHttpClient, C> client) {
        this.client = client.apply(new Recorder());
    }

    /**
     * A request as the SDK writes it, not signed.
     *
     * @param http method, URL and headers
     * @param body UTF-8 text
     */
    public record Written(SdkHttpRequest http, String body) {}

    /** @param operation the call of one operation; its response is empty */
    public synchronized Written write(Consumer<C> operation) throws InterruptedException {
        response = NOTHING;
        call(client -> {
            operation.accept(client);
            return null;
        });
        return new Written(
                written.httpRequest(),
                written.contentStreamProvider()
                        .map(body -> {
                            try (InputStream in = body.newStream()) {
                                return new String(in.readAllBytes(), StandardCharsets.UTF_8);
                            } catch (IOException e) {
                                throw new UncheckedIOException(e);
                            }
                        })
                        .orElse(""));
    }

    /**
     * What the SDK makes of the response to the request of an operation.
     *
     * @throws software.amazon.awssdk.core.exception.SdkException if it is a refusal, or cannot be read
     */
    public synchronized <T> T read(Function<C, T> operation, SendReply reply) throws InterruptedException {
        response = reply;
        return call(operation);
    }

    private <T> T call(Function<C, T> operation) throws InterruptedException {
        try {
            return operation.apply(client);
        } catch (AbortedException e) {
            throw new InterruptedException(e.getMessage());
        }
    }

    @Override
    public void close() {
        client.close();
    }

    private final class Recorder implements SdkHttpClient {
        @Override
        public ExecutableHttpRequest prepareRequest(HttpExecuteRequest request) {
            written = request;
            return new ExecutableHttpRequest() {
                @Override
                public HttpExecuteResponse call() {
                    SdkHttpResponse.Builder head = SdkHttpResponse.builder().statusCode(response.status());
                    response.headers().forEach(head::putHeader);
                    byte[] body = response.body().getBytes(StandardCharsets.UTF_8);
                    return HttpExecuteResponse.builder()
                            .response(head.build())
                            .responseBody(AbortableInputStream.create(new ByteArrayInputStream(body)))
                            .build();
                }

                @Override
                public void abort() {}
            };
        }

        @Override
        public void close() {}
    }
}
