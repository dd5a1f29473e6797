package io.jenkins.plugins.lambdanode.engine.http;

import io.jenkins.plugins.lambdanode.engine.base.DeployException;
import io.jenkins.plugins.lambdanode.engine.base.Progress;
import io.jenkins.plugins.lambdanode.engine.base.Sha256;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.InputStream;
import java.net.ConnectException;
import java.net.InetSocketAddress;
import java.net.Proxy;
import java.net.ProxySelector;
import java.net.SocketAddress;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpRequest.BodyPublishers;
import java.net.http.HttpResponse;
import java.nio.ByteBuffer;
import java.nio.channels.ClosedByInterruptException;
import java.nio.channels.ClosedChannelException;
import java.nio.channels.UnresolvedAddressException;
import java.nio.charset.StandardCharsets;
import java.security.MessageDigest;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Base64;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Objects;
import java.util.Optional;
import java.util.concurrent.BlockingQueue;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionException;
import java.util.concurrent.ConcurrentLinkedQueue;
import java.util.concurrent.Flow;
import java.util.concurrent.LinkedBlockingQueue;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicLong;
import java.util.function.LongConsumer;

/**
 * Sends prepared requests from the machine where the package is, and computes the digests that they are signed for. It uses
 * the JDK alone: a fresh Jenkins agent has nothing to load for it.
 */
public final class HttpSender {

    /** How many requests are under way at a time. */
    public static final int PARALLEL = 4;

    private static final Duration CONNECT_TIMEOUT = Duration.ofSeconds(20);

    private static final int PROXY_WANTS_LOGIN = 407;

    private final Progress progress;
    private final Optional<ProxySettings> proxy;
    private HttpClient client;

    /** Reaches AWS as the JVM's own proxy settings say. */
    public HttpSender(Progress progress) {
        this(progress, Optional.empty());
    }

    /** @param proxy the proxy to use; empty for the JVM's own settings */
    public HttpSender(Progress progress, Optional<ProxySettings> proxy) {
        this.progress = progress;
        this.proxy = proxy;
    }

    /** Made when there is something to send: it takes a fifth of a second, and an unchanged project sends nothing. */
    private synchronized HttpClient client() {
        if (client == null) {
            client = newClient();
        }
        return client;
    }

    private HttpClient newClient() {
        HttpClient.Builder builder = HttpClient.newBuilder()
                .version(HttpClient.Version.HTTP_1_1)
                .followRedirects(HttpClient.Redirect.NEVER)
                .connectTimeout(CONNECT_TIMEOUT);
        proxy.ifPresent(settings -> builder.proxy(new Selector(settings)));
        return builder.build();
    }

    /**
     * The login to the proxy that a request goes through, as a header; empty where it needs none. Not an authenticator: where a
     * client has one, the JDK before 23 leaves out the request's own Authorization, AWS's signature (JDK-8326949).
     */
    private Optional<String> login(SendRequest request) {
        return proxy.filter(settings -> !settings.user().isEmpty())
                .filter(settings -> !settings.bypassedFor(Objects.requireNonNullElse(URI.create(request.url()).getHost(), "")))
                .map(settings -> settings.user() + ":" + settings.password())
                .map(login -> "Basic " + Base64.getEncoder().encodeToString(login.getBytes(StandardCharsets.UTF_8)));
    }

    /**
     * Sends each request once, {@value #PARALLEL} at a time, and returns a reply for each in the order given. A failure is a
     * reply too; so is a file that is shorter than its body says.
     *
     * @throws InterruptedException within a second of an interrupt; what is under way is cancelled
     */
    public List<SendReply> send(List<SendRequest> requests) throws InterruptedException {
        long total = requests.stream().mapToLong(r -> BodyStream.length(r.body())).sum();
        AtomicLong done = new AtomicLong();
        List<Sending> all = new ArrayList<>();
        for (SendRequest request : requests) {
            all.add(new Sending(
                    request,
                    login(request),
                    count -> progress.advance("Uploading", Math.min(total, done.addAndGet(count)), total, -1)));
        }
        BlockingQueue<Sending> finished = new LinkedBlockingQueue<>();
        List<Sending> underWay = new ArrayList<>();
        try {
            int next = 0;
            while (next < all.size() || !underWay.isEmpty()) {
                while (next < all.size() && underWay.size() < PARALLEL) {
                    Sending sending = all.get(next++);
                    underWay.add(sending);
                    sending.start(client(), finished);
                }
                Sending ended = finished.poll(500, TimeUnit.MILLISECONDS);
                if (ended != null) {
                    underWay.remove(ended);
                } else {
                    underWay.forEach(Sending::cancelWhereLate);
                }
            }
        } finally {
            underWay.forEach(Sending::cancel);
        }
        return all.stream().map(Sending::reply).toList();
    }

    /**
     * The SHA-256 of a body's bytes as they would be sent, 32 bytes.
     *
     * @throws DeployException if its file is not there any more, or is shorter
     */
    public byte[] digest(Body body) throws IOException, InterruptedException {
        MessageDigest digest = Sha256.sha256();
        byte[] buffer = new byte[16 * 1024];
        try (InputStream bytes = new BodyStream(body, count -> {})) {
            for (int count; (count = bytes.read(buffer)) >= 0; ) {
                if (Thread.interrupted()) {
                    throw new InterruptedException();
                }
                digest.update(buffer, 0, count);
            }
        } catch (ClosedByInterruptException e) {
            Thread.interrupted();
            throw new InterruptedException();
        } catch (IOException e) {
            throw new DeployException(
                    "The package could not be read again before it was sent: " + e.getClass().getSimpleName() + ": "
                            + e.getMessage() + "\nIt was changed or removed since it was made, as a clean-up of the workspace"
                            + " or of temporary folders does. Run the deployment again.",
                    e);
        }
        return digest.digest();
    }

    /** One request on its way. */
    private static final class Sending {
        private final SendRequest request;
        private final Optional<String> login;
        private final LongConsumer counter;
        private final ConcurrentLinkedQueue<BodyStream> opened = new ConcurrentLinkedQueue<>();
        private volatile String fileFailure = "";
        private volatile boolean fileFailed;
        private volatile boolean late;
        private volatile SendReply reply = SendReply.unanswered("not sent");
        private CompletableFuture<HttpResponse<String>> exchange;
        private long deadline;

        Sending(SendRequest request, Optional<String> login, LongConsumer counter) {
            this.request = request;
            this.login = login;
            this.counter = counter;
        }

        void start(HttpClient client, BlockingQueue<Sending> finished) {
            deadline = System.nanoTime() + TimeUnit.SECONDS.toNanos(request.timeoutSeconds());
            try {
                exchange = client.sendAsync(prepared(), response -> new FirstBytes());
            } catch (IllegalArgumentException e) {
                exchange = CompletableFuture.failedFuture(e);
            }
            exchange.whenComplete((response, failure) -> {
                reply = failure == null ? answered(response) : unanswered(failure);
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

        private SendReply unanswered(Throwable failure) {
            return fileFailed && !late
                    ? SendReply.unreadable(words(failure))
                    : SendReply.unanswered(words(failure));
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

        private SendReply answered(HttpResponse<String> response) {
            // Not AWS's answer; where a tunnel was asked for the JDK's client gives it no body.
            if (response.statusCode() == PROXY_WANTS_LOGIN) {
                return SendReply.unanswered("the proxy refuses the connection (HTTP status 407): "
                        + (login.isEmpty()
                                ? "it asks for a login"
                                : "it does not accept the login, or Java kept it back: for HTTPS it logs in where it was started"
                                        + " with -Djdk.http.auth.tunneling.disabledSchemes= on the machine that sends"));
            }
            Map<String, String> headers = new LinkedHashMap<>();
            response.headers()
                    .map()
                    .forEach((name, values) -> headers.putIfAbsent(name.toLowerCase(Locale.ROOT), values.get(0)));
            return SendReply.answered(response.statusCode(), headers, response.body());
        }

        /** The JDK's own request timeout ends with the answer's head; this one covers its body too. */
        void cancelWhereLate() {
            if (System.nanoTime() - deadline > 0) {
                late = true;
                cancel();
            }
        }

        void cancel() {
            exchange.cancel(true);
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

    /** Keeps the first 64 KiB of an answer and hangs up where there is more. */
    private static final class FirstBytes implements HttpResponse.BodySubscriber<String> {
        private static final int KEPT = 64 * 1024;

        private final CompletableFuture<String> body = new CompletableFuture<>();
        private final ByteArrayOutputStream bytes = new ByteArrayOutputStream();
        private Flow.Subscription subscription;

        @Override
        public CompletableFuture<String> getBody() {
            return body;
        }

        @Override
        public void onSubscribe(Flow.Subscription incoming) {
            subscription = incoming;
            subscription.request(Long.MAX_VALUE);
        }

        @Override
        public void onNext(List<ByteBuffer> buffers) {
            for (ByteBuffer buffer : buffers) {
                byte[] part = new byte[Math.min(buffer.remaining(), KEPT - bytes.size())];
                buffer.get(part);
                bytes.write(part, 0, part.length);
            }
            if (bytes.size() == KEPT && !body.isDone()) {
                subscription.cancel();
                onComplete();
            }
        }

        @Override
        public void onError(Throwable failure) {
            body.completeExceptionally(failure);
        }

        @Override
        public void onComplete() {
            body.complete(bytes.toString(StandardCharsets.UTF_8));
        }
    }

    private static final class Selector extends ProxySelector {
        private final ProxySettings settings;

        Selector(ProxySettings settings) {
            this.settings = settings;
        }

        @Override
        public List<Proxy> select(URI uri) {
            return settings.bypassedFor(uri.getHost())
                    ? List.of(Proxy.NO_PROXY)
                    : List.of(new Proxy(Proxy.Type.HTTP, new InetSocketAddress(settings.host(), settings.port())));
        }

        @Override
        public void connectFailed(URI uri, SocketAddress address, IOException failure) {}
    }
}
