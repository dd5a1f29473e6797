package io.jenkins.plugins.lambdanode.build;

import edu.umd.cs.findbugs.annotations.NonNull;
import hudson.AbortException;
import hudson.EnvVars;
import hudson.FilePath;
import hudson.Launcher;
import hudson.LauncherDecorator;
import hudson.model.Computer;
import hudson.model.Node;
import hudson.model.Result;
import hudson.model.Run;
import hudson.model.TaskListener;
import io.jenkins.plugins.lambdanode.agent.AgentWorkspace;
import io.jenkins.plugins.lambdanode.engine.aws.s3.UploadJournal;
import io.jenkins.plugins.lambdanode.record.DeployedFunction;
import java.io.IOException;
import java.time.Duration;
import java.time.Instant;
import java.time.temporal.ChronoUnit;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.UUID;
import jenkins.model.Jenkins;
import jenkins.util.SystemProperties;
import org.jenkinsci.plugins.workflow.actions.WarningAction;
import org.jenkinsci.plugins.workflow.graph.FlowNode;
import org.jenkinsci.plugins.workflow.steps.StepContext;

/**
 * A run of the step {@code lambdaNodeDeploy}. Each phase of a deployment can be run again and ends in the same state, so after a
 * restart of the controller the step carries on by running again. The same where the agent is lost and comes back, as {@code sh}
 * does.
 */
public final class LambdaNodeDeployExecution extends BackgroundExecution {

    private static final long serialVersionUID = 1L;

    /** How long an agent may take to come back: in minutes, or with a unit. */
    public static final String AGENT_RETURNS = LambdaNodeDeployExecution.class.getName() + ".agentReturns";

    /** How often an agent may be lost. One that is lost again and again may be so through the deployment. */
    private static final int LOSSES = 2;

    private static final Duration AGENT_POLL = Duration.ofSeconds(1);

    private final DeploymentSettings settings;
    private final String id = UUID.randomUUID().toString();
    /** Bucket, key, ID and beginning of the upload that is open; empty where none is. */
    private List<String> upload = new ArrayList<>();

    private final SavedShift shift = new SavedShift();

    public LambdaNodeDeployExecution(StepContext context, DeploymentSettings settings) {
        super(context);
        this.settings = settings;
    }

    @Override
    void beginning() {
        AgentWorkspace.underWay(id);
    }

    @Override
    void ended() {
        AgentWorkspace.ended(id);
    }

    @Override
    Object run(boolean resumed, TaskListener listener) throws Exception {
        try {
            return deploy(resumed, listener);
        } catch (IOException | InterruptedException e) {
            stopped(listener);
            throw e;
        }
    }

    /** Only a deployment that was not begun again after a restart has left a shift: otherwise it has taken that back itself. */
    @Override
    void stopped(TaskListener listener) throws IOException, InterruptedException {
        if (shift.isUnderWay() && !Jenkins.get().isTerminating()) {
            ShiftRecovery.get().takeBack(getContext().get(Run.class), shift.journal(this::save), listener);
        }
    }

    private Object deploy(boolean resumed, TaskListener listener) throws IOException, InterruptedException {
        if (resumed) {
            listener.getLogger().println("The controller was restarted: carrying on with the deployment.");
            awaitAgent();
        }
        for (int losses = 0; ; losses++) {
            FilePath workspace = getContext().get(FilePath.class);
            Computer agent = getContext().get(Computer.class);
            try {
                return deploy(workspace, listener);
            } catch (AgentLost e) {
                awaitShutdownWhereOneIs();
                if (losses == LOSSES || agent == null) {
                    throw e;
                }
                listener.getLogger().println("The agent was disconnected. Waiting for it to come back, to carry on.");
                awaitReturn(agent, workspace, e);
            } catch (IOException | RuntimeException e) {
                awaitShutdownWhereOneIs();
                throw e;
            }
        }
    }

    private Object deploy(FilePath workspace, TaskListener listener) throws IOException, InterruptedException {
        BuildDeployment deployment = new BuildDeployment(
                id,
                new SavedUpload(),
                shift.journal(this::save),
                settings,
                getContext().get(Run.class),
                workspace,
                getContext().get(EnvVars.class),
                sensitiveVariables(),
                launcher(listener),
                listener);
        List<DeployedFunction> deployed = deployment.perform();
        if (deployment.unstable().isPresent()) {
            getContext()
                    .get(FlowNode.class)
                    .addOrReplaceAction(new WarningAction(Result.UNSTABLE)
                            .withMessage(deployment.unstable().get()));
        }
        return settings.getFunctionNames() == null ? deployed.get(0) : deployed;
    }

    /** As the context makes it, but for its log. */
    private Launcher launcher(TaskListener listener) throws IOException, InterruptedException {
        Node node = getContext().get(Node.class);
        if (node == null) {
            return getContext().get(Launcher.class);
        }
        Launcher launcher = node.createLauncher(listener);
        LauncherDecorator decorator = getContext().get(LauncherDecorator.class);
        return decorator == null ? launcher : decorator.decorate(launcher, node);
    }

    /** An upload in progress is kept with the step's state. */
    private final class SavedUpload implements UploadJournal {
        @Override
        public Optional<UploadJournal.Upload> pending() {
            return upload.isEmpty()
                    ? Optional.empty()
                    : Optional.of(new UploadJournal.Upload(
                            upload.get(0), upload.get(1), upload.get(2), Instant.parse(upload.get(3))));
        }

        @Override
        public void started(UploadJournal.Upload open) throws InterruptedException {
            upload = new ArrayList<>(
                    List.of(open.bucket(), open.key(), open.id(), open.started().toString()));
            save();
        }

        @Override
        public void ended(UploadJournal.Upload ended) {
            upload = new ArrayList<>();
        }
    }

    private static Duration agentReturns() {
        return SystemProperties.getDuration(AGENT_RETURNS, ChronoUnit.MINUTES, Duration.ofMinutes(5));
    }

    private void awaitAgent() throws IOException, InterruptedException {
        long deadline = System.nanoTime() + agentReturns().toNanos();
        while (!agentIsBack()) {
            if (System.nanoTime() > deadline) {
                throw new AbortException(
                        "The agent did not come back within " + agentReturns().toSeconds()
                                + " seconds after the controller was restarted. Run the build again: what was deployed is kept.");
            }
            Thread.sleep(AGENT_POLL.toMillis());
        }
    }

    /**
     * Asks the agent's computer: the context would write a line for each time that it is asked in vain.
     *
     * @param lost the workspace by the connection that is gone
     */
    private static void awaitReturn(Computer agent, FilePath lost, AgentLost loss)
            throws IOException, InterruptedException {
        long deadline = System.nanoTime() + agentReturns().toNanos();
        while (agent.getChannel() == lost.getChannel() || agent.isOffline()) {
            if (System.nanoTime() > deadline || agent.getNode() == null) {
                throw loss;
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

    @NonNull
    @Override
    public String getStatus() {
        return "deploying to AWS Lambda";
    }
}
