package io.jenkins.plugins.lambdanode.engine.http;

import java.io.IOException;
import java.io.InputStream;
import java.net.ConnectException;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpHeaders;
import java.net.http.HttpRequest;
import java.net.http.HttpRequest.BodyPublishers;
import java.net.http.HttpResponse;
import java.nio.channels.ClosedChannelException;
import java.nio.channels.UnresolvedAddressException;
import java.time.Duration;
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
    private static final String EXPECT = "expect";

    private final SendRequest request;
    private final Optional<String> login;
    private final LongConsumer counter;
    private final ConcurrentLinkedQueue<BodyStream> opened = new ConcurrentLinkedQueue<>();
    private volatile String fileFailure = "";
    private volatile boolean fileFailed;
    private volatile boolean late;
    private volatile SendReply reply = SendReply.noResponse("not sent");
    private volatile Optional<SendReply> refusedHead = Optional.empty();
    private volatile CompletableFuture<HttpResponse<String>> sent;
    private boolean expectsContinue;
    private long started;

    Exchange(SendRequest request, Optional<String> login, LongConsumer counter) {
        this.request = request;
        this.login = login;
        this.counter = counter;
    }

    /**
     * Sends it.
     *
     * @param expectContinue whether a request with {@code Expect: 100-continue} waits for the server's word before its body
     */
    void start(HttpClient client, BlockingQueue<Exchange> finished, boolean expectContinue) {
        started = System.nanoTime();
        expectsContinue = expectContinue
                && BodyStream.length(request.body()) > 0
                && request.headers().keySet().stream().anyMatch(EXPECT::equalsIgnoreCase);
        CompletableFuture<HttpResponse<String>> response;
        try {
            response = client.sendAsync(prepared(), head -> {
                if (expectsContinue && opened.isEmpty() && head.statusCode() >= 300) {
                    refusedHead = Optional.of(reply(head.statusCode(), head.headers(), ""));
                }
                return new FirstBytes();
            });
        } catch (IllegalArgumentException e) {
            response = CompletableFuture.failedFuture(e);
        }
        CompletableFuture<HttpResponse<String>> current = response;
        sent = current;
        current.whenComplete((whole, failure) -> {
            // Not where it has been started over.
            if (sent == current) {
                reply = failure == null ? reply(whole.statusCode(), whole.headers(), whole.body()) : noReply(failure);
                closeFiles();
                finished.add(this);
            }
        });
    }

    /** Whether the server has said for too long neither that the body may come nor that it may not: it may not know the question. */
    boolean isUnanswered(Duration patience) {
        return expectsContinue
                && opened.isEmpty()
                && refusedHead.isEmpty()
                && System.nanoTime() - started > patience.toNanos();
    }

    /** Sends it again, with its body at once. */
    void startOver(HttpClient client, BlockingQueue<Exchange> finished) {
        CompletableFuture<HttpResponse<String>> unanswered = sent;
        if (!unanswered.isDone()) {
            start(client, finished, false);
            unanswered.cancel(true);
        }
    }

    private HttpRequest prepared() {
        HttpRequest.Builder builder = HttpRequest.newBuilder(URI.create(request.url()));
        request.headers().forEach((name, value) -> {
            if (!name.equalsIgnoreCase(EXPECT)) {
                builder.header(name, value);
            }
        });
        login.ifPresent(text -> builder.header("Proxy-Authorization", text));
        long length = BodyStream.length(request.body());
        return builder.expectContinue(expectsContinue)
                .method(
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
        if (refusedHead.isPresent()) {
            return refusedHead.get();
        }
        return fileFailed && !late ? SendReply.unreadable(words(failure)) : SendReply.noResponse(words(failure));
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
                    || cause.getCause() != null && cause.getCause().getCause() instanceof UnresolvedAddressException;
            return (unknown ? "UnknownHostException: " : name + ": ") + url.getAuthority();
        }
        return cause.getMessage() == null || cause instanceof IllegalArgumentException
                ? name
                : name + ": " + cause.getMessage();
    }

    private SendReply reply(int status, HttpHeaders all, String body) {
        // Not AWS's response; where a tunnel was asked for the JDK's client gives it no body.
        if (status == PROXY_AUTHENTICATION_REQUIRED) {
            return SendReply.noResponse("the proxy refuses the connection (HTTP status 407): "
                    + (login.isEmpty()
                            ? "it asks for a login"
                            : "it does not accept the login, or Java did not send it: for HTTPS it does where it is started"
                                    + " with -Djdk.http.auth.tunneling.disabledSchemes= on the machine that sends"));
        }
        Map<String, String> headers = new LinkedHashMap<>();
        all.map().forEach((name, values) -> headers.putIfAbsent(name.toLowerCase(Locale.ROOT), values.get(0)));
        return SendReply.response(status, headers, body);
    }

    /**
     * The JDK's own request timeout ends with the response's head; this one covers its body too. The body of a refusal that came
     * before the request's never comes in the JDK before 19 (JDK-8286171).
     */
    void cancelWhereLate() {
        late = System.nanoTime() - started > TimeUnit.SECONDS.toNanos(request.timeoutSeconds());
        if (late || refusedHead.isPresent()) {
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
