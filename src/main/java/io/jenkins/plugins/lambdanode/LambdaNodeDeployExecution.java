package io.jenkins.plugins.lambdanode;

import edu.umd.cs.findbugs.annotations.NonNull;
import hudson.AbortException;
import hudson.EnvVars;
import hudson.FilePath;
import hudson.Launcher;
import hudson.model.Run;
import hudson.model.TaskListener;
import java.io.IOException;
import java.time.Duration;
import java.util.List;
import org.jenkinsci.plugins.workflow.steps.StepContext;
import org.jenkinsci.plugins.workflow.steps.SynchronousNonBlockingStepExecution;

/**
 * A run of the Pipeline step. Each phase of a deployment can be run again and ends in the same state, so after a restart of the
 * controller the step carries on by running again.
 */
final class LambdaNodeDeployExecution extends SynchronousNonBlockingStepExecution<Object> {

    private static final long serialVersionUID = 1L;

    /** How long an agent may take to come back after a restart. */
    private static final Duration AGENT_RETURNS = Duration.ofMinutes(5);

    private static final Duration AGENT_POLL = Duration.ofSeconds(1);

    private final LambdaNodeDeployStep settings;
    private transient boolean resumed;

    LambdaNodeDeployExecution(StepContext context, LambdaNodeDeployStep settings) {
        super(context);
        this.settings = settings;
    }

    @Override
    protected Object run() throws Exception {
        TaskListener listener = getContext().get(TaskListener.class);
        if (resumed) {
            listener.getLogger().println("The controller was restarted: carrying on with the deployment.");
            awaitAgent();
        }
        List<DeployedFunction> deployed = new DeployRun(
                        settings,
                        getContext().get(Run.class),
                        getContext().get(FilePath.class),
                        getContext().get(EnvVars.class),
                        getContext().get(Launcher.class),
                        listener)
                .perform();
        return settings.getFunctionNames() == null ? deployed.get(0) : deployed;
    }

    private void awaitAgent() throws IOException, InterruptedException {
        long deadline = System.nanoTime() + AGENT_RETURNS.toNanos();
        while (!agentIsBack()) {
            if (System.nanoTime() > deadline) {
                throw new AbortException("The agent did not come back within " + AGENT_RETURNS.toMinutes()
                        + " minutes after the controller was restarted. Run the build again: what was deployed is kept.");
            }
            Thread.sleep(AGENT_POLL.toMillis());
        }
    }

    private boolean agentIsBack() throws InterruptedException {
        try {
            FilePath workspace = getContext().get(FilePath.class);
            return workspace != null && getContext().get(Launcher.class) != null && workspace.isDirectory();
        } catch (IOException e) {
            return false;
        }
    }

    @Override
    public void onResume() {
        resumed = true;
        try {
            start();
        } catch (Exception e) {
            getContext().onFailure(e);
        }
    }

    @NonNull
    @Override
    public String getStatus() {
        return "deploying to AWS Lambda";
    }
}
