package io.jenkins.plugins.lambdanode.engine.aws.lambda;

import java.util.Optional;

/**
 * An alias as it is after a release.
 *
 * @param name for instance {@code live}
 * @param version the version that gets all its traffic
 * @param arn the alias's ARN
 * @param changed false where it pointed there already
 * @param previousVersion the version that it pointed to before; empty where it was created
 * @param rollout the name of the rollout that moved it; empty where it moved at once
 * @param finishedBy who has ended that rollout before its time; empty where nobody has
 */
public record AliasState(
        String name,
        String version,
        String arn,
        boolean changed,
        Optional<String> previousVersion,
        Optional<String> rollout,
        Optional<String> finishedBy) {}
