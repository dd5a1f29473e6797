package io.jenkins.plugins.lambdanode.engine.base;

import java.net.URI;
import java.net.URISyntaxException;
import java.util.Set;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/** The address of a repository or a registry's file as everybody may see it. */
public final class PublicUrl {
    private static final Set<String> WEB = Set.of("http", "https");
    private static final Set<String> GIT = Set.of("git", "ssh", "git+ssh", "git+https", "git+http");

    /** {@code git@example.com:team/orders.git}, as scp has it. */
    private static final Pattern SCP = Pattern.compile("[^@/:]+@([\\w.-]+):(?!//)([^:]+)");

    private PublicUrl() {}

    /**
     * Without user, password, token and query. The part after {@code #} stays where it is Git's, and then names a commit.
     *
     * @return empty where the text is no address of a server, such as a path
     */
    public static String of(String text) {
        Matcher scp = SCP.matcher(text);
        try {
            URI uri = new URI(scp.matches() ? "ssh://" + scp.group(1) + "/" + scp.group(2) : text);
            String scheme = String.valueOf(uri.getScheme());
            if (uri.getHost() == null || !WEB.contains(scheme) && !GIT.contains(scheme)) {
                return "";
            }
            return new URI(
                            scheme,
                            null,
                            uri.getHost(),
                            uri.getPort(),
                            uri.getPath(),
                            null,
                            WEB.contains(scheme) ? null : uri.getFragment())
                    .toASCIIString();
        } catch (URISyntaxException e) {
            return "";
        }
    }
}
