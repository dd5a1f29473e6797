package io.jenkins.plugins.lambdanode.engine.http;

import java.io.Serializable;
import java.util.List;
import java.util.Locale;

/**
 * An HTTP proxy between a machine and AWS.
 *
 * @param host the proxy's host name
 * @param port its port
 * @param user the user to log in as; empty for none. The JDK's client logs in to a proxy for HTTPS only where the system
 *     property {@code jdk.http.auth.tunneling.disabledSchemes} does not hold {@code Basic}, which it does by default
 * @param password that user's password
 * @param direct hosts to be reached without the proxy; {@code *} stands for any text, as in {@code http.nonProxyHosts}
 */
public record ProxySettings(String host, int port, String user, String password, List<String> direct)
        implements Serializable {
    private static final long serialVersionUID = 1L;

    public ProxySettings {
        direct = List.copyOf(direct);
        if (host.isBlank() || port < 1 || port > 65535) {
            throw new IllegalArgumentException("A proxy is a host and a port, not " + host + ":" + port);
        }
    }

    /** A proxy without a login, for every host. */
    public static ProxySettings of(String host, int port) {
        return new ProxySettings(host, port, "", "", List.of());
    }

    /** Whether a host is to be reached without the proxy. */
    public boolean bypassedFor(String target) {
        String name = target.toLowerCase(Locale.ROOT);
        return direct.stream().anyMatch(pattern -> matches(pattern.toLowerCase(Locale.ROOT), name));
    }

    private static boolean matches(String pattern, String name) {
        int star = pattern.indexOf('*');
        if (star < 0) {
            return pattern.equals(name);
        }
        if (!name.startsWith(pattern.substring(0, star))) {
            return false;
        }
        String rest = pattern.substring(star + 1);
        for (int from = star; from <= name.length(); from++) {
            if (matches(rest, name.substring(from))) {
                return true;
            }
        }
        return false;
    }

    /** Without the password, so that it can be logged. */
    @Override
    public String toString() {
        return host + ":" + port;
    }
}
