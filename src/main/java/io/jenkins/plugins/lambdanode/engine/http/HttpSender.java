package io.jenkins.plugins.lambdanode.engine.http;

import io.jenkins.plugins.lambdanode.engine.base.DeployException;
import io.jenkins.plugins.lambdanode.engine.base.FileErrors;
import io.jenkins.plugins.lambdanode.engine.base.Progress;
import io.jenkins.plugins.lambdanode.engine.base.Sha256;
import java.io.IOException;
import java.io.InputStream;
import java.net.InetSocketAddress;
import java.net.Proxy;
import java.net.ProxySelector;
import java.net.SocketAddress;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse;
import java.net.http.HttpResponse.BodySubscribers;
import java.nio.ByteBuffer;
import java.nio.channels.ClosedByInterruptException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.security.MessageDigest;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Base64;
import java.util.List;
import java.util.Objects;
import java.util.Optional;
import java.util.concurrent.BlockingQueue;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionStage;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.Flow;
import java.util.concurrent.LinkedBlockingQueue;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;
import java.util.concurrent.atomic.AtomicLong;

/**
 * Sends prepared requests from the machine where the package is, and computes the digests that they are signed for. It uses
 * the JDK alone: a fresh Jenkins agent has nothing to load for it.
 */
public final class HttpSender {

    /** How many requests are in progress at a time. */
    public static final int PARALLEL = 4;

    private static final Duration CONNECT_TIMEOUT = Duration.ofSeconds(20);

    /** How long a server may take to let a body come, as Apache's HttpClient has it, which the SDK uses; and to connect to it. */
    private static final Duration CONTINUE_TIMEOUT = Duration.ofSeconds(5);

    /** To the first byte of a package, and from one part of it to the next. */
    private static final Duration FETCH_TIMEOUT = Duration.ofMinutes(2);

    private static final int HTTP_OK = 200;

    private final Progress progress;
    private final Optional<ProxySettings> proxy;
    private final Duration continueTimeout;
    private final Duration fetchTimeout;
    private boolean expectContinue = true;
    private HttpClient client;

    /** Reaches AWS as the JVM's own proxy settings say. */
    public HttpSender(Progress progress) {
        this(progress, Optional.empty());
    }

    /** @param proxy the proxy to use; empty for the JVM's own settings */
    public HttpSender(Progress progress, Optional<ProxySettings> proxy) {
        this(progress, proxy, CONTINUE_TIMEOUT, FETCH_TIMEOUT);
    }

    HttpSender(Progress progress, Optional<ProxySettings> proxy, Duration continueTimeout, Duration fetchTimeout) {
        this.progress = progress;
        this.proxy = proxy;
        this.continueTimeout = continueTimeout;
        this.fetchTimeout = fetchTimeout;
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
    private Optional<String> login(String url) {
        return proxy.filter(settings -> !settings.user().isEmpty())
                .filter(settings -> !settings.bypassedFor(
                        Objects.requireNonNullElse(URI.create(url).getHost(), "")))
                .map(settings -> settings.user() + ":" + settings.password())
                .map(login -> "Basic " + Base64.getEncoder().encodeToString(login.getBytes(StandardCharsets.UTF_8)));
    }

    /**
     * Sends each request once, {@value #PARALLEL} at a time, and returns a reply for each in the order given. A failure is a
     * reply too; so is a file that is shorter than its body says. Of a request with {@code Expect: 100-continue} the body is
     * sent when the server lets it come, or does not say so for some seconds.
     *
     * @throws InterruptedException within a second of an interrupt; what is in progress is cancelled
     */
    public List<SendReply> send(List<SendRequest> requests) throws InterruptedException {
        long total =
                requests.stream().mapToLong(r -> BodyStream.length(r.body())).sum();
        AtomicLong done = new AtomicLong();
        List<Exchange> all = new ArrayList<>();
        for (SendRequest request : requests) {
            all.add(new Exchange(
                    request,
                    login(request.url()),
                    count -> progress.advance("Uploading", Math.min(total, done.addAndGet(count)), total, -1)));
        }
        BlockingQueue<Exchange> finished = new LinkedBlockingQueue<>();
        List<Exchange> inProgress = new ArrayList<>();
        try {
            int next = 0;
            while (next < all.size() || !inProgress.isEmpty()) {
                while (next < all.size() && inProgress.size() < PARALLEL) {
                    Exchange exchange = all.get(next++);
                    inProgress.add(exchange);
                    exchange.start(client(), finished, expectContinue);
                }
                Exchange ended = finished.poll(500, TimeUnit.MILLISECONDS);
                if (ended != null) {
                    inProgress.remove(ended);
                } else {
                    for (Exchange exchange : inProgress) {
                        if (exchange.isUnanswered(continueTimeout)) {
                            expectContinue = false;
                            exchange.startOver(client(), finished);
                        }
                        exchange.cancelWhereLate();
                    }
                }
            }
        } finally {
            inProgress.forEach(Exchange::cancel);
        }
        return all.stream().map(Exchange::reply).toList();
    }

    /**
     * Gets a file by a URL that was signed for it.
     *
     * @return the file
     * @throws DeployException if the server does not give it, or no byte comes for two minutes; the message has no query, where
     *     the signature is
     * @throws InterruptedException within a second of an interrupt
     */
    public Path fetch(String url, Path file) throws IOException, InterruptedException {
        HttpRequest.Builder request = HttpRequest.newBuilder(URI.create(url));
        login(url).ifPresent(login -> request.header("Proxy-Authorization", login));
        AtomicLong latest = new AtomicLong(System.nanoTime());
        CompletableFuture<HttpResponse<Path>> sent = client().sendAsync(
                        request.build(),
                        head -> new NotingBytes<>(BodySubscribers.ofFile(file), () -> latest.set(System.nanoTime())));
        try {
            HttpResponse<Path> response = await(sent, url, latest);
            if (response.statusCode() != HTTP_OK) {
                throw new DeployException("The package could not be got from " + place(url) + ": HTTP status "
                        + response.statusCode() + ".\nRun the deployment again: it gets another URL.");
            }
            return file;
        } catch (ExecutionException e) {
            if (e.getCause() instanceof IOException failure
                    && FileErrors.diskFull(failure, "the package", String.valueOf(file.getParent()), "")
                            instanceof DeployException full) {
                throw full;
            }
            throw notGot(url, e.getCause().getClass().getSimpleName(), e);
        } finally {
            sent.cancel(true);
        }
    }

    private HttpResponse<Path> await(CompletableFuture<HttpResponse<Path>> sent, String url, AtomicLong latest)
            throws DeployException, ExecutionException, InterruptedException {
        while (true) {
            try {
                return sent.get(500, TimeUnit.MILLISECONDS);
            } catch (TimeoutException e) {
                if (System.nanoTime() - latest.get() > fetchTimeout.toNanos()) {
                    throw notGot(url, "no byte has come for " + fetchTimeout.toSeconds() + " seconds", e);
                }
            }
        }
    }

    private static DeployException notGot(String url, String reason, Exception cause) {
        return new DeployException(
                "The package could not be got from " + place(url) + ": " + reason
                        + ".\nCheck the connection from where the project is, and the proxy. Run the deployment again.",
                cause);
    }

    private static String place(String url) {
        return url.replaceFirst("[?].*", "");
    }

    /** What {@link #digest} says of each body. */
    public List<byte[]> digests(List<Body> bodies) throws IOException, InterruptedException {
        List<byte[]> digests = new ArrayList<>();
        for (Body body : bodies) {
            digests.add(digest(body));
        }
        return digests;
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
                    "The package could not be read again before it was sent: "
                            + e.getClass().getSimpleName() + ": "
                            + e.getMessage()
                            + "\nIt was changed or removed since it was made, for instance by a clean-up of the workspace"
                            + " or of temporary folders. Run the deployment again.",
                    e);
        }
        return digest.digest();
    }

    /** Passes a body on, and notes when some of it comes. */
    private record NotingBytes<T>(HttpResponse.BodySubscriber<T> body, Runnable note)
            implements HttpResponse.BodySubscriber<T> {

        @Override
        public CompletionStage<T> getBody() {
            return body.getBody();
        }

        @Override
        public void onSubscribe(Flow.Subscription subscription) {
            note.run();
            body.onSubscribe(subscription);
        }

        @Override
        public void onNext(List<ByteBuffer> bytes) {
            note.run();
            body.onNext(bytes);
        }

        @Override
        public void onError(Throwable failure) {
            body.onError(failure);
        }

        @Override
        public void onComplete() {
            body.onComplete();
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
