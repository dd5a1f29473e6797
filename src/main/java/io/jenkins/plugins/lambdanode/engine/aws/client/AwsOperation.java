package io.jenkins.plugins.lambdanode.engine.aws.client;

import java.util.Optional;

/**
 * A request to AWS, as a message about its failure needs it.
 *
 * @param failed what did not happen, the beginning of a sentence: {@code Lambda did not update the code of function orders}
 * @param iamAction the permission that it takes, for instance {@code lambda:UpdateFunctionCode}
 * @param resource the ARN of what it is done to, as a policy names it; {@code *} in it for what is not known
 * @param subject what it is done to, for a person: {@code function orders}
 * @param place the region and endpoint, for a person: {@code eu-west-1 (https://lambda.eu-west-1.amazonaws.com)}
 * @param fetch the permission with which Lambda fetches the package; empty where it fetches none
 */
public record AwsOperation(
        String failed, String iamAction, String resource, String subject, String place, Optional<Permission> fetch) {

    /** An IAM action on a resource, as a policy names them. */
    public record Permission(String iamAction, String resource) {}

    public AwsOperation(String failed, String iamAction, String resource, String subject, String place) {
        this(failed, iamAction, resource, subject, place, Optional.empty());
    }

    /** The region alone. */
    public String region() {
        return place.replaceFirst(" .*", "");
    }

    /** The same where Lambda fetches a package from S3 with this permission. */
    public AwsOperation fetching(Permission permission) {
        return new AwsOperation(failed, iamAction, resource, subject, place, Optional.of(permission));
    }
}
