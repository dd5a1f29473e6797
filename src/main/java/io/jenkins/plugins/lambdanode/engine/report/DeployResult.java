package io.jenkins.plugins.lambdanode.engine.report;

import io.jenkins.plugins.lambdanode.engine.aws.lambda.AliasState;
import io.jenkins.plugins.lambdanode.engine.aws.lambda.FunctionState;
import io.jenkins.plugins.lambdanode.engine.aws.lambda.Invocation;
import io.jenkins.plugins.lambdanode.engine.aws.lambda.LayerState;
import io.jenkins.plugins.lambdanode.engine.aws.s3.StagedObject;
import io.jenkins.plugins.lambdanode.engine.pack.api.PackReport;
import java.util.Base64;
import java.util.EnumMap;
import java.util.EnumSet;
import java.util.HexFormat;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;

/**
 * What a deployment did.
 *
 * @param functions one for each function of the request, in its order
 * @param packaged the package
 * @param layer the layer version with the dependencies; empty where they are in the package
 * @param timings the phases that ran, and for which function, in their order
 * @param deletedVersions the old versions that were deleted, by their function's ARN
 */
public record DeployResult(
        List<Deployed> functions,
        PackReport packaged,
        Optional<LayerState> layer,
        List<Timing> timings,
        Map<String, List<String>> deletedVersions) {

    private static final Set<Phase> SENDING = EnumSet.of(Phase.LAYER, Phase.STAGE, Phase.UPDATE);

    public DeployResult {
        functions = List.copyOf(functions);
        timings = List.copyOf(timings);
        deletedVersions = Map.copyOf(deletedVersions);
    }

    /** The old versions of a function that were deleted. */
    public List<String> deletedVersionsOf(Deployed function) {
        return deletedVersions.getOrDefault(function.state().functionArn(), List.of());
    }

    /** The phases that a function took part in: its own, and those that it shared with the other functions. */
    public List<Timing> timingsOf(Deployed function) {
        return timings.stream()
                .filter(timing -> timing.isShared()
                        || timing.function().equals(Optional.of(function.state().functionName())))
                .toList();
    }

    /** The phases, each once for all functions. */
    public List<Timing> timingsInAll() {
        Map<Phase, Timing> all = new EnumMap<>(Phase.class);
        timings.forEach(timing -> all.merge(
                timing.phase(),
                new Timing(timing.phase(), Optional.empty(), timing.millis(), timing.bytes()),
                (sum, more) -> new Timing(
                        sum.phase(), Optional.empty(), sum.millis() + more.millis(), sum.bytes() + more.bytes())));
        return List.copyOf(all.values());
    }

    /** The SHA-256 of the layer with the dependencies, hexadecimal; empty where they are in the package. */
    public Optional<String> layerSha256() {
        return layer.map(version -> HexFormat.of().formatHex(Base64.getDecoder().decode(version.codeSha256())))
                .or(() -> packaged.layer().map(PackReport::sha256));
    }

    /** Bytes of package that were sent to AWS. */
    public long sentBytes() {
        return sentBytes(timings);
    }

    /** Bytes of package that were sent to AWS in these phases. */
    public static long sentBytes(List<Timing> timings) {
        return timings.stream()
                .filter(timing -> SENDING.contains(timing.phase()))
                .mapToLong(Timing::bytes)
                .sum();
    }

    /** What became of a function. */
    public enum Outcome {
        CREATED,
        /** The code or the layers were changed. */
        UPDATED,
        /** The code is the same: only a version was published or the alias moved. */
        RELEASED,
        /** The alias went back to a version that it had before. */
        ROLLED_BACK,
        UNCHANGED,
        /** A dry run: nothing was changed. */
        VALIDATED;

        /** Whether what callers of the function run may be another than before. */
        public boolean changed() {
            return this == CREATED || this == UPDATED || this == RELEASED || this == ROLLED_BACK;
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
     * @param smokeTests what Lambda reports of each smoke test
     * @param earlier whether the outcome is that of an earlier deployment of the build, and this one had nothing to do
     */
    public record Deployed(
            FunctionState state,
            Outcome outcome,
            Optional<String> version,
            Optional<AliasState> alias,
            Optional<StagedObject> staged,
            Optional<String> previousVersion,
            Optional<String> previousCodeSha256,
            List<Invocation.Report> smokeTests,
            boolean earlier) {

        public Deployed {
            smokeTests = List.copyOf(smokeTests);
        }

        /** The same after its smoke tests. */
        public Deployed verified(List<Invocation.Report> reports) {
            return new Deployed(
                    state, outcome, version, alias, staged, previousVersion, previousCodeSha256, reports, earlier);
        }

        public boolean updated() {
            return outcome.changed();
        }
    }

    /**
     * How long a phase took.
     *
     * @param function the name of the function that it was for; empty where it was for several
     * @param millis wall time in milliseconds
     * @param bytes bytes it wrote or sent; 0 where it did neither
     */
    public record Timing(Phase phase, Optional<String> function, long millis, long bytes) {

        /** Whether the functions of a deployment had it in common. */
        public boolean isShared() {
            return function.isEmpty();
        }
    }
}
