package io.jenkins.plugins.lambdanode.engine.http;

import java.io.Serializable;
import java.util.Locale;
import java.util.Map;
import java.util.Optional;

/**
 * The response to a {@link SendRequest}.
 *
 * @param status the HTTP status; 0 where no response came
 * @param headers the response's headers, names in lower case, the first value of each
 * @param body the response's body as UTF-8, cut after 64 KiB
 * @param failure why no response came, in the words of the platform; empty where one came
 * @param fileFailed whether no response came since the file to send could not be read
 */
public record SendReply(int status, Map<String, String> headers, String body, String failure, boolean fileFailed)
        implements Serializable {
    private static final long serialVersionUID = 2L;

    public SendReply {
        headers = Map.copyOf(headers);
    }

    /** A response. */
    public static SendReply response(int status, Map<String, String> headers, String body) {
        return new SendReply(status, headers, body, "", false);
    }

    /** No response came, for instance since the connection was cut. */
    public static SendReply noResponse(String failure) {
        return new SendReply(0, Map.of(), "", failure, false);
    }

    /** The file to send was removed, shortened, or can't be read: sending it again is of no use. */
    public static SendReply unreadable(String failure) {
        return new SendReply(0, Map.of(), "", failure, true);
    }

    public boolean hasResponse() {
        return status != 0;
    }

    public boolean successful() {
        return status >= 200 && status < 300;
    }

    public Optional<String> header(String name) {
        return Optional.ofNullable(headers.get(name.toLowerCase(Locale.ROOT)));
    }
}
