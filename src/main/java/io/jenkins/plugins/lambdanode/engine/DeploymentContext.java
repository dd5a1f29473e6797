package io.jenkins.plugins.lambdanode.engine;

import io.jenkins.plugins.lambdanode.engine.aws.s3.UploadJournal;
import io.jenkins.plugins.lambdanode.engine.report.Baseline;
import io.jenkins.plugins.lambdanode.engine.report.Origin;
import io.jenkins.plugins.lambdanode.engine.steps.ShiftJournal;
import java.util.Optional;

/**
 * What the build around a deployment gives it.
 *
 * @param locks lets it take turns with other deployments of the same function
 * @param uploads remembers an upload for when the deployment is run again after its process has ended
 * @param shifts remembers a shift of traffic for then; empty where no process comes after this one
 * @param baseline what the functions were before the build
 * @param origin where the deployment comes from, for the log
 * @param stagedLastTime whether the last deployment was staged, so that the bucket is checked before npm runs
 */
public record DeploymentContext(
        DeploymentLocks locks,
        UploadJournal uploads,
        Optional<ShiftJournal> shifts,
        Baseline baseline,
        Origin origin,
        boolean stagedLastTime) {

    /** A deployment of its own, as a command line makes it. */
    public static final DeploymentContext NONE = new DeploymentContext(
            DeploymentLocks.NONE, UploadJournal.NONE, Optional.empty(), Baseline.NONE, Origin.UNKNOWN, false);

    public DeploymentContext locking(DeploymentLocks other) {
        return new DeploymentContext(other, uploads, shifts, baseline, origin, stagedLastTime);
    }

    public DeploymentContext from(Origin other) {
        return new DeploymentContext(locks, uploads, shifts, baseline, other, stagedLastTime);
    }
}
