package io.jenkins.plugins.lambdanode.engine.http;

import java.io.Serializable;
import java.util.Map;

/**
 * An HTTP request that is ready to be sent: its URL or headers hold the signature.
 *
 * @param method the HTTP method
 * @param url the whole URL; its query can hold a signature and is never logged
 * @param headers headers to send; {@code Host} and {@code Content-Length} are the sender's own
 * @param body what to send
 * @param timeoutSeconds how long to wait for the response
 */
public record SendRequest(String method, String url, Map<String, String> headers, Body body, int timeoutSeconds)
        implements Serializable {
    private static final long serialVersionUID = 1L;

    public SendRequest {
        headers = Map.copyOf(headers);
    }

    /** The URL without its query, for logs. */
    public String displayUrl() {
        int query = url.indexOf('?');
        return query < 0 ? url : url.substring(0, query);
    }

    /** Without the signature, so that it can be logged. */
    @Override
    public String toString() {
        return method + " " + displayUrl();
    }
}
