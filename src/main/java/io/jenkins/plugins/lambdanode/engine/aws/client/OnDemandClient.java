package io.jenkins.plugins.lambdanode.engine.aws.client;

import io.jenkins.plugins.lambdanode.engine.base.DeployException;
import java.net.URI;
import java.util.Optional;
import java.util.function.Supplier;
import software.amazon.awssdk.awscore.AwsClient;

/** A client that few deployments need, so it is made when it is first asked for. */
final class OnDemandClient<C extends AwsClient> implements AutoCloseable {
    private final Supplier<C> maker;
    private C client;

    OnDemandClient(Supplier<C> maker) {
        this.maker = maker;
    }

    /** @throws DeployException if its endpoint is more than an address */
    synchronized C get() throws DeployException {
        if (client == null) {
            C made = maker.get();
            Optional<URI> endpoint = ClientEndpoint.of(made);
            if (endpoint.isPresent()) {
                ClientEndpoint.requireAddressAlone(endpoint.get());
            }
            client = made;
        }
        return client;
    }

    /** Empty for AWS's own, and as long as it has not been asked for. */
    synchronized Optional<URI> endpoint() {
        return Optional.ofNullable(client).flatMap(ClientEndpoint::of);
    }

    @Override
    public synchronized void close() {
        if (client != null) {
            client.close();
        }
    }
}
