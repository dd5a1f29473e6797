package io.jenkins.plugins.lambdanode.engine.aws.client;

/**
 * A request to AWS, as a message about its failure needs it.
 *
 * @param failed what did not happen, the beginning of a sentence: {@code Lambda did not update the code of function orders}
 * @param iamAction the permission that it takes, for instance {@code lambda:UpdateFunctionCode}
 * @param resource the ARN of what it is done to; {@code *} in it for what is not known
 * @param subject what it is done to, for a person: {@code function orders}
 * @param place the region and endpoint, for a person: {@code eu-west-1 (https://lambda.eu-west-1.amazonaws.com)}
 */
public record AwsOperation(String failed, String iamAction, String resource, String subject, String place) {}
