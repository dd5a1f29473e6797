package io.jenkins.plugins.lambdanode.engine.steps;

import io.jenkins.plugins.lambdanode.engine.aws.client.AwsRegion;
import io.jenkins.plugins.lambdanode.engine.aws.client.AwsSession;
import io.jenkins.plugins.lambdanode.engine.aws.lambda.FunctionReader;
import io.jenkins.plugins.lambdanode.engine.aws.lambda.LayerState;
import io.jenkins.plugins.lambdanode.engine.aws.s3.StagedObject;
import io.jenkins.plugins.lambdanode.engine.aws.s3.Staging;
import io.jenkins.plugins.lambdanode.engine.base.Arn;
import io.jenkins.plugins.lambdanode.engine.base.DeployException;
import io.jenkins.plugins.lambdanode.engine.base.Progress;
import io.jenkins.plugins.lambdanode.engine.base.SafeText;
import io.jenkins.plugins.lambdanode.engine.pack.api.PackReport;
import io.jenkins.plugins.lambdanode.engine.report.DeploymentRecord;
import io.jenkins.plugins.lambdanode.engine.workspace.Workspace;
import java.io.IOException;
import java.util.List;
import java.util.Optional;

/**
 * Gets the package of an earlier deployment: from where it is staged, which Lambda reads itself, or through the workspace from
 * the function that has it. Nothing is built.
 */
public final class PromoteStep {

    private final AwsSession session;
    private final Workspace workspace;
    private final Staging staging;
    private final PackageStep packaging;
    private final Progress progress;
    private Optional<StagedObject> staged = Optional.empty();

    public PromoteStep(
            AwsSession session, Workspace workspace, Staging staging, PackageStep packaging, Progress progress) {
        this.session = session;
        this.workspace = workspace;
        this.staging = staging;
        this.packaging = packaging;
        this.progress = progress;
    }

    /** @param sent whether a function needs the package */
    public PackReport run(DeploymentRecord from, List<Target> targets, boolean sent)
            throws IOException, InterruptedException {
        if (from.layer().isPresent()) {
            requireUsable(from.layer().get(), from, targets);
        }
        progress.log("Promoting the package of " + from.functionName()
                + from.version().map(version -> " version " + version).orElse("") + " (CodeSha256 " + from.codeSha256()
                + ")");
        if (!sent) {
            return from.packaged();
        }
        if (from.staged().isPresent()) {
            staged = staging.find(from.staged().get(), from.packaged());
            if (staged.isPresent()) {
                progress.log("Lambda reads it from " + staged.get().display() + ": nothing is sent.");
                return from.packaged();
            }
            progress.log("It can't be read from " + from.staged().get().display()
                    + " for a function in this account and region: getting it from the function.");
        }
        return download(from, targets);
    }

    /** Where Lambda reads the package; empty where it has to be sent, or nothing is. */
    public Optional<StagedObject> staged() {
        return staged;
    }

    private void requireUsable(LayerState layer, DeploymentRecord from, List<Target> targets) throws DeployException {
        String arn = layer.layerVersionArn();
        for (Target target : targets) {
            Optional<String> account = target.account();
            if (!Arn.region(arn).equals(Optional.of(session.region()))
                    || account.isPresent() && !account.equals(Arn.account(arn))) {
                throw new DeployException("The dependencies of " + from.functionName() + " are in the layer version "
                        + arn
                        + ", and function " + target.name().value() + " is in another account or region.\nPromote a"
                        + " package that has its dependencies (dependencies: 'package'), or deploy the project there.");
            }
        }
    }

    /** The bytes go from Lambda to the workspace by a URL that is valid for ten minutes, and from there on as a package that was built. */
    private PackReport download(DeploymentRecord from, List<Target> targets) throws IOException, InterruptedException {
        String region = Arn.region(from.functionArn()).orElse("");
        if (!AwsRegion.isRegion(region) || !AwsRegion.partition(region).equals(session.partition())) {
            throw new DeployException(
                    "The function of the record, " + SafeText.oneLine(from.functionArn(), 200)
                            + ", is not in a region of the partition " + session.partition()
                            + ", and these credentials are for no other.\nGive the record of a deployment there, or the package itself (zipFile).");
        }
        PackReport packaged;
        if (region.equals(session.region())) {
            packaged = download(from, targets, session);
        } else {
            try (AwsSession there = session.in(region)) {
                packaged = download(from, targets, there);
            }
        }
        if (!packaged.codeSha256().equals(from.codeSha256())) {
            throw new DeployException("Function " + from.functionArn() + " has CodeSha256 " + packaged.codeSha256()
                    + from.version().map(version -> " in version " + version).orElse(" now") + ", and the record says "
                    + from.codeSha256()
                    + ".\nNothing was changed. Promote a deployment with publish or alias, whose version"
                    + " keeps its code, or stage its package (s3Bucket, s3Threshold: 0).");
        }
        return packaged;
    }

    private PackReport download(DeploymentRecord from, List<Target> targets, AwsSession there)
            throws IOException, InterruptedException {
        String url = new FunctionReader(there, progress).codeLocation(from.functionArn(), from.version());
        return packaging.ready(targets, workspace.fetch(url));
    }
}
