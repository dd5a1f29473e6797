package io.jenkins.plugins.lambdanode.build;

import edu.umd.cs.findbugs.annotations.NonNull;
import hudson.EnvVars;
import hudson.FilePath;
import hudson.model.Run;
import hudson.model.TaskListener;
import io.jenkins.plugins.lambdanode.engine.Rollback;
import java.io.IOException;
import java.util.Optional;
import org.jenkinsci.plugins.workflow.steps.StepContext;

/** A run of the step {@code lambdaNodeRollback}. It holds no agent. */
public final class LambdaNodeRollbackExecution extends BackgroundExecution {

    private static final long serialVersionUID = 1L;

    private final RollbackSettings settings;
    /** The plan; null before there is one. */
    private String from;

    private String to;

    public LambdaNodeRollbackExecution(StepContext context, RollbackSettings settings) {
        super(context);
        this.settings = settings;
    }

    @Override
    Object run(boolean resumed, TaskListener listener) throws Exception {
        if (resumed) {
            listener.getLogger().println("The controller was restarted: carrying on with the rollback.");
        }
        try {
            return new BuildRollback(
                            settings,
                            getContext().get(Run.class),
                            getContext().get(EnvVars.class),
                            sensitiveVariables(),
                            listener)
                    .perform(workspace(), new SavedPlan());
        } catch (IOException | RuntimeException e) {
            awaitShutdownWhereOneIs();
            throw e;
        }
    }

    private FilePath workspace() throws IOException, InterruptedException {
        return settings.isAgentIdentity() ? getContext().get(FilePath.class) : null;
    }

    /** Kept with the step's state: after a restart the alias may have moved already. */
    private final class SavedPlan implements Rollback.Journal {
        @Override
        public Optional<Rollback.Plan> plan() {
            return to == null ? Optional.empty() : Optional.of(new Rollback.Plan(from, to));
        }

        @Override
        public void begin(Rollback.Plan plan) throws InterruptedException {
            from = plan.from();
            to = plan.to();
            save();
        }
    }

    @NonNull
    @Override
    public String getStatus() {
        return "rolling back an alias of AWS Lambda";
    }
}
