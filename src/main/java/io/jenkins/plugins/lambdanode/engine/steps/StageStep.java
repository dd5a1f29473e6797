package io.jenkins.plugins.lambdanode.engine.steps;

import io.jenkins.plugins.lambdanode.engine.aws.client.AwsSession;
import io.jenkins.plugins.lambdanode.engine.aws.s3.StagedObject;
import io.jenkins.plugins.lambdanode.engine.aws.s3.Staging;
import io.jenkins.plugins.lambdanode.engine.aws.s3.StagingBucket;
import io.jenkins.plugins.lambdanode.engine.base.DeployException;
import io.jenkins.plugins.lambdanode.engine.base.Progress;
import io.jenkins.plugins.lambdanode.engine.pack.api.PackReport;
import io.jenkins.plugins.lambdanode.engine.project.InstallMode;
import io.jenkins.plugins.lambdanode.engine.report.Phase;
import io.jenkins.plugins.lambdanode.engine.report.Timings;
import io.jenkins.plugins.lambdanode.engine.request.DeployRequest;
import java.io.IOException;
import java.util.List;
import java.util.Optional;
import java.util.Set;
import java.util.stream.Collectors;

/**
 * Puts packages into the bucket. The bucket is looked at where a package will be staged and not else: a default bucket that is
 * missing, forbidden or in another region stops no package that does not need it.
 */
public final class StageStep {

    private final DeployRequest request;
    private final AwsSession session;
    private final Staging staging;
    private final Timings timings;
    private final Progress progress;
    private Optional<String> account = Optional.empty();
    private boolean bucketChecked;

    public StageStep(DeployRequest request, AwsSession session, Staging staging, Timings timings, Progress progress) {
        this.request = request;
        this.session = session;
        this.staging = staging;
        this.timings = timings;
        this.progress = progress;
    }

    /** Takes note of the functions' account, where they are all of one that is known. */
    public void deployTo(List<Target> targets) {
        Set<Optional<String>> accounts = targets.stream().map(Target::account).collect(Collectors.toSet());
        account = accounts.size() == 1 ? accounts.iterator().next() : Optional.empty();
    }

    /**
     * Checks the bucket before npm runs, where it is sure that the package goes there and there is time to be lost.
     *
     * @param stagedLastTime whether the last deployment of this package was staged
     */
    public void checkEarly(boolean stagedLastTime) throws DeployException, InterruptedException {
        if (request.install().mode() != InstallMode.NONE && (stagedLastTime || request.stages(0))) {
            checkBucket();
        }
    }

    /**
     * Checks the bucket before anything is changed.
     *
     * @param sent whether the package will be sent
     */
    public void check(PackReport packaged, boolean sent) throws DeployException, InterruptedException {
        if (sent && request.stages(packaged.zippedBytes())) {
            checkBucket();
        }
    }

    private void checkBucket() throws DeployException, InterruptedException {
        if (request.staging().bucket().isPresent() && !bucketChecked) {
            String bucket = request.staging().bucket().get();
            if (new StagingBucket(session, bucket).check(account)) {
                progress.log("The staging bucket " + bucket + " is not of the function's account, " + account.get());
            }
            bucketChecked = true;
        }
    }

    /**
     * Stages the functions' package.
     *
     * @param sent whether the package will be sent
     * @return empty where it goes straight to Lambda, or nowhere
     */
    public Optional<StagedObject> run(PackReport packaged, boolean sent) throws IOException, InterruptedException {
        return sent && request.stages(packaged.zippedBytes())
                ? Optional.of(timings.time(Phase.STAGE, () -> stage(packaged, Phase.STAGE)))
                : Optional.empty();
    }

    /**
     * Stages a package.
     *
     * @param phase the phase that the bytes count for
     */
    StagedObject stage(PackReport packaged, Phase phase) throws IOException, InterruptedException {
        checkBucket();
        StagedObject staged = staging.stage(packaged, request.staging());
        timings.bytes(phase, staged.sentBytes());
        return staged;
    }
}
