package io.jenkins.plugins.lambdanode.build;

import hudson.EnvVars;
import hudson.model.Run;
import hudson.model.TaskListener;
import io.jenkins.plugins.lambdanode.access.AwsAccess;
import io.jenkins.plugins.lambdanode.engine.aws.lambda.FunctionState;
import io.jenkins.plugins.lambdanode.engine.base.DeployException;
import io.jenkins.plugins.lambdanode.engine.base.Progress;
import io.jenkins.plugins.lambdanode.engine.report.DeployResult;
import io.jenkins.plugins.lambdanode.engine.report.DeployResult.Outcome;
import java.io.IOException;
import java.util.List;

/** {@code deleteWithBranch} in one deployment: tells {@link BranchFunctions} what goes with the branch that is built, and what stays. */
final class BranchCleanup {

    private final DeploymentSettings settings;
    private final Run<?, ?> run;
    private final EnvVars variables;
    private final TaskListener listener;

    /** @param variables the build's, with {@link BranchVariable} where it builds a branch */
    BranchCleanup(DeploymentSettings settings, Run<?, ?> run, EnvVars variables, TaskListener listener) {
        this.settings = settings;
        this.run = run;
        this.variables = variables;
        this.listener = listener;
    }

    /** @throws DeployException if it could not be done when the branch is deleted */
    void check(AwsAccess.Identity identity, Progress progress) throws DeployException {
        if (!settings.isDeleteWithBranch()) {
            return;
        }
        if (!isOfBranch()) {
            progress.log(
                    "deleteWithBranch has nothing to do: this job does not build a branch of a multibranch project.");
        } else if (!identity.outlivesBuild()) {
            throw new DeployException(
                    "deleteWithBranch needs credentialsId: when the branch is deleted, no build is there to give"
                            + " credentials.");
        }
    }

    void deployed(DeployResult result) throws IOException {
        if (!isOfBranch()) {
            return;
        }
        for (DeployResult.Deployed deployed : result.functions()) {
            if (deployed.outcome() != Outcome.VALIDATED) {
                remember(deployed.state(), deployed.outcome() == Outcome.CREATED);
            }
        }
    }

    /** For a deployment that failed: a function that failed its smoke test, for instance, is there all the same. */
    void created(List<FunctionState> functions) {
        if (!isOfBranch()) {
            return;
        }
        for (FunctionState function : functions) {
            try {
                remember(function, true);
            } catch (IOException e) {
                listener.getLogger()
                        .println("Function " + function.functionName() + " stays when this branch is deleted: that this"
                                + " job created it could not be saved (" + e.getMessage() + ").");
            }
        }
    }

    private void remember(FunctionState function, boolean created) throws IOException {
        BranchFunctions functions = BranchFunctions.get();
        if (!settings.isDeleteWithBranch()) {
            functions.keep(run.getParent(), function.functionArn());
        } else if (!functions.deployed(
                run.getParent(), function.functionArn(), function.codeSha256(), created, settings, variables)) {
            listener.getLogger()
                    .println("Function " + function.functionName()
                            + " stays when this branch is deleted: this job did not create it.");
        }
    }

    private boolean isOfBranch() {
        return variables.containsKey(BranchVariable.NAME);
    }
}
