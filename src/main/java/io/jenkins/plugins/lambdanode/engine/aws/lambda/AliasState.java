package io.jenkins.plugins.lambdanode.engine.aws.lambda;

/**
 * An alias as it is after a release.
 *
 * @param name for instance {@code live}
 * @param version the version that gets all its traffic
 * @param arn the alias's ARN
 * @param changed false where it pointed there already
 */
public record AliasState(String name, String version, String arn, boolean changed) {}
