package io.jenkins.plugins.lambdanode.engine.http;

import java.io.IOException;
import java.io.InputStream;
import java.net.ConnectException;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpRequest.BodyPublishers;
import java.net.http.HttpResponse;
import java.nio.channels.ClosedChannelException;
import java.nio.channels.UnresolvedAddressException;
import java.util.LinkedHashMap;
import java.util.Locale;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.BlockingQueue;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionException;
import java.util.concurrent.ConcurrentLinkedQueue;
import java.util.concurrent.TimeUnit;
import java.util.function.LongConsumer;

/** One request and its response. */
final class Exchange {

    private static final int PROXY_AUTHENTICATION_REQUIRED = 407;

    private final SendRequest request;
    private final Optional<String> login;
    private final LongConsumer counter;
    private final ConcurrentLinkedQueue<BodyStream> opened = new ConcurrentLinkedQueue<>();
    private volatile String fileFailure = "";
    private volatile boolean fileFailed;
    private volatile boolean late;
    private volatile SendReply reply = SendReply.noResponse("not sent");
    private CompletableFuture<HttpResponse<String>> sent;
    private long deadline;

    Exchange(SendRequest request, Optional<String> login, LongConsumer counter) {
        this.request = request;
        this.login = login;
        this.counter = counter;
    }

    void start(HttpClient client, BlockingQueue<Exchange> finished) {
        deadline = System.nanoTime() + TimeUnit.SECONDS.toNanos(request.timeoutSeconds());
        try {
            sent = client.sendAsync(prepared(), response -> new FirstBytes());
        } catch (IllegalArgumentException e) {
            sent = CompletableFuture.failedFuture(e);
        }
        sent.whenComplete((response, failure) -> {
            reply = failure == null ? reply(response) : noReply(failure);
            closeFiles();
            finished.add(this);
        });
    }

    private HttpRequest prepared() {
        HttpRequest.Builder builder = HttpRequest.newBuilder(URI.create(request.url()));
        request.headers().forEach(builder::header);
        login.ifPresent(text -> builder.header("Proxy-Authorization", text));
        long length = BodyStream.length(request.body());
        return builder.method(
                        request.method(),
                        length == 0
                                ? BodyPublishers.noBody()
                                : BodyPublishers.fromPublisher(BodyPublishers.ofInputStream(this::open), length))
                .build();
    }

    private InputStream open() {
        BodyStream stream = new BodyStream(request.body(), counter);
        opened.add(stream);
        return new InputStream() {
            @Override
            public int read() throws IOException {
                return stream.read();
            }

            @Override
            public int read(byte[] target, int offset, int length) throws IOException {
                try {
                    return stream.read(target, offset, length);
                } catch (IOException e) {
                    // The JDK's publisher takes a failed read for the end and then misses bytes.
                    fileFailure = words(e);
                    // Closed by us or by the JDK's client, after the connection was cut.
                    fileFailed |= !(e instanceof ClosedChannelException);
                    throw e;
                }
            }

            @Override
            public void close() throws IOException {
                stream.close();
            }
        };
    }

    private SendReply noReply(Throwable failure) {
        return fileFailed && !late
                ? SendReply.unreadable(words(failure))
                : SendReply.noResponse(words(failure));
    }

    private String words(Throwable failure) {
        if (late) {
            return "no response within " + request.timeoutSeconds() + " seconds";
        }
        if (!fileFailure.isEmpty()) {
            return fileFailure;
        }
        Throwable cause = failure;
        while (cause instanceof CompletionException && cause.getCause() != null) {
            cause = cause.getCause();
        }
        String name = cause.getClass().getSimpleName();
        if (cause instanceof ConnectException) {
            // The JDK says neither which host it was nor that its name was not found.
            URI url = URI.create(request.url());
            boolean unknown = cause.getCause() instanceof UnresolvedAddressException
                    || cause.getCause() != null
                            && cause.getCause().getCause() instanceof UnresolvedAddressException;
            return (unknown ? "UnknownHostException: " : name + ": ") + url.getAuthority();
        }
        return cause.getMessage() == null || cause instanceof IllegalArgumentException
                ? name
                : name + ": " + cause.getMessage();
    }

    private SendReply reply(HttpResponse<String> response) {
        // Not AWS's response; where a tunnel was asked for the JDK's client gives it no body.
        if (response.statusCode() == PROXY_AUTHENTICATION_REQUIRED) {
            return SendReply.noResponse("the proxy refuses the connection (HTTP status 407): "
                    + (login.isEmpty()
                            ? "it asks for a login"
                            : "it does not accept the login, or Java did not send it: for HTTPS it does where it is started"
                                    + " with -Djdk.http.auth.tunneling.disabledSchemes= on the machine that sends"));
        }
        Map<String, String> headers = new LinkedHashMap<>();
        response.headers()
                .map()
                .forEach((name, values) -> headers.putIfAbsent(name.toLowerCase(Locale.ROOT), values.get(0)));
        return SendReply.response(response.statusCode(), headers, response.body());
    }

    /** The JDK's own request timeout ends with the response's head; this one covers its body too. */
    void cancelWhereLate() {
        if (System.nanoTime() - deadline > 0) {
            late = true;
            cancel();
        }
    }

    void cancel() {
        sent.cancel(true);
        closeFiles();
    }

    private void closeFiles() {
        for (BodyStream stream : opened) {
            try {
                stream.close();
            } catch (IOException e) {
                fileFailure = words(e);
            }
        }
    }

    SendReply reply() {
        return reply;
    }
}
