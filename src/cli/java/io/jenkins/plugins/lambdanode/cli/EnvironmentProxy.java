package io.jenkins.plugins.lambdanode.cli;

import io.jenkins.plugins.lambdanode.engine.base.DeployException;
import io.jenkins.plugins.lambdanode.engine.http.ProxySettings;
import java.net.URI;
import java.net.URISyntaxException;
import java.net.URLDecoder;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Optional;

/**
 * The proxy that a shell's variables name, as the AWS CLI reads them: {@code HTTPS_PROXY}, for an endpoint without TLS
 * {@code HTTP_PROXY}, and {@code NO_PROXY}, each in small letters too.
 */
final class EnvironmentProxy {

    private EnvironmentProxy() {}

    /**
     * @param scheme of the endpoint: https or http
     * @return empty where no variable names one: the JVM's own settings hold
     * @throws DeployException if a variable does not name a proxy; its value, which can hold a password, is not shown
     */
    static Optional<ProxySettings> of(Map<String, String> environment, String scheme) throws DeployException {
        String name = scheme.toUpperCase(Locale.ROOT) + "_PROXY";
        Optional<String> value = value(environment, name);
        if (value.isEmpty()) {
            return Optional.empty();
        }
        try {
            URI proxy = new URI(value.get().contains("://") ? value.get() : "http://" + value.get());
            if (!"http".equals(proxy.getScheme()) || proxy.getHost() == null) {
                throw new DeployException(unreadable(name));
            }
            String[] login = Optional.ofNullable(proxy.getRawUserInfo()).orElse("").split(":", 2);
            return Optional.of(new ProxySettings(
                    proxy.getHost(),
                    proxy.getPort() < 0 ? 80 : proxy.getPort(),
                    decoded(login[0]),
                    login.length == 2 ? decoded(login[1]) : "",
                    direct(value(environment, "NO_PROXY").orElse(""))));
        } catch (URISyntaxException | IllegalArgumentException e) {
            throw new DeployException(unreadable(name));
        }
    }

    private static String unreadable(String name) {
        return name + " does not name a proxy. Set it to one such as http://proxy.example.com:3128, with the characters of a"
                + " password that a URL can't have as %40 and the like.";
    }

    private static Optional<String> value(Map<String, String> environment, String name) {
        return Optional.ofNullable(environment.get(name.toLowerCase(Locale.ROOT)))
                .or(() -> Optional.ofNullable(environment.get(name)))
                .map(String::strip)
                .filter(value -> !value.isEmpty());
    }

    private static String decoded(String text) {
        return URLDecoder.decode(text.replace("+", "%2B"), StandardCharsets.UTF_8);
    }

    /** A host stands for the hosts of its domain too, with a dot in front or without. */
    private static List<String> direct(String hosts) {
        List<String> direct = new ArrayList<>();
        for (String host : hosts.split("[,\\s]+")) {
            String name = host.replaceFirst("^\\*?\\.", "").replaceFirst(":\\d+$", "");
            if (!name.isEmpty()) {
                direct.addAll(List.of(name, "*." + name));
            }
        }
        return direct;
    }
}
