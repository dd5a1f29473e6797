package io.jenkins.plugins.lambdanode.engine.report;

import io.jenkins.plugins.lambdanode.engine.aws.lambda.AliasState;
import io.jenkins.plugins.lambdanode.engine.aws.lambda.FunctionState;
import io.jenkins.plugins.lambdanode.engine.aws.lambda.LayerState;
import io.jenkins.plugins.lambdanode.engine.aws.s3.StagedObject;
import io.jenkins.plugins.lambdanode.engine.pack.api.PackReport;
import java.util.List;
import java.util.Optional;

/**
 * What a deployment did.
 *
 * @param functions one for each function of the request, in its order
 * @param packaged the package
 * @param layer the layer version with the dependencies; empty where they are in the package
 * @param timings the phases that ran, in their order
 * @param sentBytes bytes of package that were sent to AWS
 */
public record DeployResult(
        List<Deployed> functions,
        PackReport packaged,
        Optional<LayerState> layer,
        List<Timing> timings, long sentBytes) {

    public DeployResult {
        functions = List.copyOf(functions);
        timings = List.copyOf(timings);
    }

    /** What became of a function. */
    public enum Outcome {
        CREATED,
        /** The code or the layers were changed. */
        UPDATED,
        /** The code is the same: only a version was published or the alias moved. */
        RELEASED,
        UNCHANGED,
        /** A dry run: nothing was changed. */
        VALIDATED;

        /** Whether what callers of the function run may be another than before. */
        public boolean changed() {
            return this == CREATED || this == UPDATED || this == RELEASED;
        }
    }

    /**
     * A function after the deployment.
     *
     * @param state the function as AWS describes it now; after a dry run as it is, not as it would be
     * @param outcome what the build did to it, compared with the {@link Baseline}
     * @param version the published version; empty where none was published
     * @param alias the alias; empty where none was asked for
     * @param staged where the package was staged; empty where it went straight to Lambda
     * @param previousVersion the version that the alias pointed to before the build; without an alias the newest version before,
     *     where that is known
     * @param previousCodeSha256 the function's CodeSha256 before the build; empty where it did not exist
     */
    public record Deployed(
            FunctionState state,
            Outcome outcome,
            Optional<String> version,
            Optional<AliasState> alias,
            Optional<StagedObject> staged,
            Optional<String> previousVersion,
            Optional<String> previousCodeSha256) {

        public boolean updated() {
            return outcome.changed();
        }
    }

    /**
     * How long a phase took.
     *
     * @param millis wall time in milliseconds
     * @param bytes bytes it wrote or sent; 0 where it did neither
     */
    public record Timing(Phase phase, long millis, long bytes) {}
}
