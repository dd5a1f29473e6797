package io.jenkins.plugins.lambdanode.engine.steps;

import io.jenkins.plugins.lambdanode.engine.base.DeployException;
import io.jenkins.plugins.lambdanode.engine.base.Progress;
import io.jenkins.plugins.lambdanode.engine.command.Command;
import io.jenkins.plugins.lambdanode.engine.command.CommandOutcome;
import io.jenkins.plugins.lambdanode.engine.project.BuildFailure;
import io.jenkins.plugins.lambdanode.engine.report.Phase;
import io.jenkins.plugins.lambdanode.engine.report.Timings;
import io.jenkins.plugins.lambdanode.engine.workspace.Workspace;
import java.io.IOException;
import java.util.Optional;

/** Builds a project in its workspace, by a command line of the user's own. */
public final class BuildStep {

    private final Workspace workspace;
    private final Timings timings;
    private final Progress progress;

    public BuildStep(Workspace workspace, Timings timings, Progress progress) {
        this.workspace = workspace;
        this.timings = timings;
        this.progress = progress;
    }

    /** @throws DeployException if the command line fails; the message has its exit status and its last lines */
    public void run(Optional<String> build) throws IOException, InterruptedException {
        if (build.isPresent()) {
            timings.run(Phase.BUILD, () -> run(build.get()));
        }
    }

    private void run(String build) throws IOException, InterruptedException {
        Command command = Command.shell(build);
        progress.log("$ " + command.display());
        CommandOutcome outcome = workspace.run(command);
        if (!outcome.succeeded()) {
            throw BuildFailure.of(command, outcome, workspace.inspect().location());
        }
    }
}
