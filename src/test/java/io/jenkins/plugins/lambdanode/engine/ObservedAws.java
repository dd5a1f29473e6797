package io.jenkins.plugins.lambdanode.engine;

import static com.github.tomakehurst.wiremock.client.WireMock.aResponse;
import static com.github.tomakehurst.wiremock.client.WireMock.any;
import static com.github.tomakehurst.wiremock.client.WireMock.anyUrl;

import com.github.tomakehurst.wiremock.WireMockServer;
import com.github.tomakehurst.wiremock.core.WireMockConfiguration;
import com.github.tomakehurst.wiremock.verification.LoggedRequest;
import io.jenkins.plugins.lambdanode.testing.Emulator;
import java.net.URI;
import java.util.List;
import org.junit.jupiter.api.extension.AfterEachCallback;
import org.junit.jupiter.api.extension.BeforeEachCallback;
import org.junit.jupiter.api.extension.ExtensionContext;

/** A proxy in front of an emulator that keeps every request of a test, and can answer some in the emulator's place. */
public final class ObservedAws implements BeforeEachCallback, AfterEachCallback {

    private static final String FUNCTIONS = "/2015-03-31/functions";

    private final Emulator emulator;
    private WireMockServer proxy;

    public ObservedAws(Emulator emulator) {
        this.emulator = emulator;
    }

    @Override
    public void beforeEach(ExtensionContext context) {
        proxy = new WireMockServer(WireMockConfiguration.options().dynamicPort().preserveHostHeader(true));
        proxy.start();
        proxy.stubFor(any(anyUrl())
                .atPriority(10)
                .willReturn(aResponse().proxiedFrom(emulator.endpoint().toString())));
    }

    @Override
    public void afterEach(ExtensionContext context) {
        proxy.stop();
    }

    public URI endpoint() {
        return URI.create(proxy.baseUrl());
    }

    /** Where a test lays its own answers over the emulator's. */
    public WireMockServer proxy() {
        return proxy;
    }

    /** Everything that was asked, for instance {@code GET /2015-03-31/functions/orders/configuration}, oldest first. */
    public List<String> requests() {
        return events().stream().map(ObservedAws::line).toList();
    }

    /** Requests that create a function or change its code. */
    public List<String> changesOfCode() {
        return requests().stream()
                .filter(line -> line.matches("PUT " + FUNCTIONS + "/[^/]+/code") || line.equals("POST " + FUNCTIONS))
                .toList();
    }

    /** Bytes in the bodies of all requests but those that move an alias or publish a version. */
    public long bytesSent() {
        return events().stream()
                .filter(request -> !line(request).matches(".*" + FUNCTIONS + "/[^/]+/(aliases|versions)(/.*)?"))
                .mapToLong(request -> request.getBody().length)
                .sum();
    }

    private List<LoggedRequest> events() {
        return proxy.getAllServeEvents().stream()
                .sorted((one, other) -> one.getRequest()
                        .getLoggedDate()
                        .compareTo(other.getRequest().getLoggedDate()))
                .map(event -> event.getRequest())
                .toList();
    }

    private static String line(LoggedRequest request) {
        return request.getMethod() + " " + request.getUrl().replaceFirst("\\?.*", "");
    }
}
