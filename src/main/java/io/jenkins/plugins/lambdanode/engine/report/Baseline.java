package io.jenkins.plugins.lambdanode.engine.report;

import io.jenkins.plugins.lambdanode.engine.base.DeployException;
import java.util.List;
import java.util.Optional;

/**
 * What functions and aliases were before the build first changed them. A deployment that is run again, after a restart or a
 * retry, and a second deployment of the same function are compared with that, so that the outcome is the whole build's.
 *
 * <p>Keys are ARNs: a function's without a qualifier, or an alias's ({@code arn:aws:lambda:eu-west-1:123456789012:function:orders:live}).
 * The account is {@code *} for a function that did not exist, since Lambda had not named it. One baseline is for one build.
 */
public interface Baseline {

    /** What was remembered in this build; empty where the build has not changed it. */
    Optional<Before> recall(String arn);

    /**
     * Called before the first change is sent, and not again for the same ARN. It is durable when this returns.
     *
     * @throws DeployException if it can't be; nothing is changed then
     */
    void remember(String arn, Before before) throws DeployException, InterruptedException;

    /**
     * The version that the last recorded deployment left an alias at; empty where none is known. Where the alias is elsewhere,
     * the log says so.
     */
    default Optional<String> expectedVersion(String aliasArn) {
        return Optional.empty();
    }

    /**
     * A function or an alias before the build.
     *
     * @param exists whether there was one; where there was none, the rest is empty
     * @param codeSha256 the function's; empty for an alias
     * @param layerArns the function's layer versions in their order; empty for an alias
     * @param version the version that the alias pointed to, or the newest version of the function where that is known; or empty
     */
    record Before(boolean exists, String codeSha256, List<String> layerArns, String version) {

        /** There was none. */
        public static final Before ABSENT = new Before(false, "", List.of(), "");

        public Before {
            layerArns = List.copyOf(layerArns);
        }
    }

    /** For a front end of which each run is a build of its own: what preflight sees is what was before. */
    Baseline NONE = new Baseline() {
        @Override
        public Optional<Before> recall(String arn) {
            return Optional.empty();
        }

        @Override
        public void remember(String arn, Before before) {}
    };
}
