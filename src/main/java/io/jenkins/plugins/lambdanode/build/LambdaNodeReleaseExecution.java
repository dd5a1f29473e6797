package io.jenkins.plugins.lambdanode.build;

import edu.umd.cs.findbugs.annotations.NonNull;
import hudson.EnvVars;
import hudson.FilePath;
import hudson.model.Run;
import hudson.model.TaskListener;
import io.jenkins.plugins.lambdanode.record.DeployedFunction;
import java.io.IOException;
import java.time.Duration;
import java.util.Optional;
import jenkins.model.Jenkins;
import org.jenkinsci.plugins.workflow.steps.StepContext;

/** A run of the step {@code lambdaNodeRelease}. It holds no agent, and no thread while traffic shifts. */
public final class LambdaNodeReleaseExecution extends BackgroundExecution {

    private static final long serialVersionUID = 1L;

    private final ReleaseSettings settings;
    private final SavedShift shift = new SavedShift();
    private transient BuildRelease release;

    public LambdaNodeReleaseExecution(StepContext context, ReleaseSettings settings) {
        super(context);
        this.settings = settings;
    }

    @Override
    Object run(boolean resumed, TaskListener listener) throws Exception {
        if (resumed) {
            listener.getLogger().println("The controller was restarted: carrying on with the release.");
        }
        if (release == null) {
            release = new BuildRelease(
                    settings,
                    getContext().get(Run.class),
                    getContext().get(EnvVars.class),
                    sensitiveVariables(),
                    shift.journal(this::save),
                    this::goOn,
                    listener);
        }
        Optional<Duration> pause;
        try {
            pause = release.advance(settings.isAgentIdentity() ? getContext().get(FilePath.class) : null);
        } catch (InterruptedException e) {
            stopped(listener);
            throw e;
        } catch (IOException | RuntimeException e) {
            awaitShutdownWhereOneIs();
            release.close();
            takeBackWhatIsLeft(listener);
            throw e;
        }
        return pause.isPresent() ? new Later(pause.get()) : done();
    }

    private DeployedFunction done() throws IOException, InterruptedException {
        try (BuildRelease ending = release) {
            return ending.done();
        }
    }

    @Override
    void stopped(TaskListener listener) throws IOException, InterruptedException {
        if (release != null) {
            try (BuildRelease ending = release) {
                ending.stop();
            }
        }
        takeBackWhatIsLeft(listener);
    }

    /** Only where the release was not begun again after a restart: otherwise it has done so itself. */
    private void takeBackWhatIsLeft(TaskListener listener) throws IOException, InterruptedException {
        if (shift.isUnderWay() && !Jenkins.get().isTerminating()) {
            ShiftRecovery.get().takeBack(getContext().get(Run.class), shift.journal(this::save), listener);
        }
    }

    @NonNull
    @Override
    public String getStatus() {
        return "releasing a version of an AWS Lambda function";
    }
}
