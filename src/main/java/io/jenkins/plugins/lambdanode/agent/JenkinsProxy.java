package io.jenkins.plugins.lambdanode.agent;

import hudson.ProxyConfiguration;
import hudson.util.Secret;
import io.jenkins.plugins.lambdanode.engine.base.DeployException;
import io.jenkins.plugins.lambdanode.engine.http.ProxySettings;
import java.util.List;
import java.util.Optional;
import jenkins.model.Jenkins;

/** The proxy of Manage Jenkins, which both the controller and the agents use. */
public final class JenkinsProxy {

    private JenkinsProxy() {}

    /** @throws DeployException if it has no port */
    public static Optional<ProxySettings> settings() throws DeployException {
        ProxyConfiguration proxy = Jenkins.get().getProxy();
        if (proxy == null || proxy.getName() == null || proxy.getName().isEmpty()) {
            return Optional.empty();
        }
        // As the form has it where none is given.
        if (proxy.getPort() < 1) {
            throw new DeployException("The proxy " + proxy.getName()
                    + " has no port. Name it in Manage Jenkins > System > HTTP Proxy Configuration.");
        }
        return Optional.of(new ProxySettings(
                proxy.getName(),
                proxy.getPort(),
                proxy.getUserName() == null ? "" : proxy.getUserName(),
                Secret.toString(proxy.getSecretPassword()),
                List.of(
                        proxy.getNoProxyHost() == null
                                ? new String[0]
                                : proxy.getNoProxyHost().split("[ \t\n,|]+"))));
    }
}
