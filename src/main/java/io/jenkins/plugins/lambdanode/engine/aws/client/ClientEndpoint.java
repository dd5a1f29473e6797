package io.jenkins.plugins.lambdanode.engine.aws.client;

import io.jenkins.plugins.lambdanode.engine.base.DeployException;
import java.net.URI;
import java.util.List;
import java.util.Optional;
import software.amazon.awssdk.awscore.AwsClient;

/** Where a client of the SDK sends its requests instead of to AWS's own endpoint. */
final class ClientEndpoint {

    private ClientEndpoint() {}

    /** Empty for AWS's own. */
    static Optional<URI> of(AwsClient client) {
        return client.serviceClientConfiguration().endpointOverride();
    }

    /** Messages name the endpoint: what stands before an @ or after a ? can be a secret. */
    static void requireAddressAlone(URI endpoint) throws DeployException {
        if (endpoint.getHost() == null || !List.of("http", "https").contains(endpoint.getScheme())) {
            throw new DeployException(
                    "An endpoint of the AWS configuration of this machine (AWS_ENDPOINT_URL, endpoint_url) is not of"
                            + " the form https://host or http://host:port.\nGive it in full.");
        }
        if (endpoint.getRawUserInfo() != null || endpoint.getRawQuery() != null || endpoint.getRawFragment() != null) {
            throw new DeployException("The endpoint " + endpoint.getScheme() + "://" + endpoint.getHost()
                    + " has a user name, a query or a fragment, which no endpoint of AWS has.\nGive its address alone, and"
                    + " credentials as credentials.");
        }
    }
}
