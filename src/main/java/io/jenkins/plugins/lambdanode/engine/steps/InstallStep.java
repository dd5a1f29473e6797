package io.jenkins.plugins.lambdanode.engine.steps;

import io.jenkins.plugins.lambdanode.engine.base.DeployException;
import io.jenkins.plugins.lambdanode.engine.base.Progress;
import io.jenkins.plugins.lambdanode.engine.command.Command;
import io.jenkins.plugins.lambdanode.engine.command.CommandOutcome;
import io.jenkins.plugins.lambdanode.engine.project.InstallFailure;
import io.jenkins.plugins.lambdanode.engine.project.InstallMode;
import io.jenkins.plugins.lambdanode.engine.project.InstallPlan;
import io.jenkins.plugins.lambdanode.engine.project.InstallSetting;
import io.jenkins.plugins.lambdanode.engine.project.InstallRun;
import io.jenkins.plugins.lambdanode.engine.project.InstallState;
import io.jenkins.plugins.lambdanode.engine.project.InstalledTool;
import io.jenkins.plugins.lambdanode.engine.project.ProjectFolder;
import io.jenkins.plugins.lambdanode.engine.workspace.Workspace;
import java.io.IOException;
import java.util.List;
import java.util.Optional;

/** Installs a project's dependencies in its workspace: those of production, and all where it is built. */
public final class InstallStep {

    private final Workspace workspace;
    private final Progress progress;

    public InstallStep(Workspace workspace, Progress progress) {
        this.workspace = workspace;
        this.progress = progress;
    }

    /** The absolute path of the folder that is installed in: the project's, or the root of the workspace that it is a member of. */
    public String folder() throws IOException, InterruptedException {
        return InstallPlan.rootOf(workspace.inspect());
    }

    /**
     * Installs, where there is something to install and it has not been installed already.
     *
     * @throws DeployException if the command can't be run or fails; the message says why and what to do
     */
    public void run(InstallSetting install) throws IOException, InterruptedException {
        ProjectFolder project = workspace.inspect();
        if (install.mode() == InstallMode.COMMAND) {
            Command command = Command.shell(install.command());
            CommandOutcome outcome = logged(command);
            if (!outcome.succeeded()) {
                throw InstallFailure.of(command, outcome, project.location());
            }
            return;
        }
        Optional<InstallPlan> plan = InstallPlan.of(install, project);
        if (plan.isEmpty()) {
            progress.log(
                    install.mode() == InstallMode.NONE
                            ? "Nothing is installed (install: 'none')."
                            : install.needed() == InstallSetting.Needed.NOTHING
                                    ? "Nothing is installed: no build needs it, and no dependencies go in (dependencies: 'none')."
                                    : "No dependencies to install.");
            return;
        }
        install(plan.get(), project);
    }

    private void install(InstallPlan plan, ProjectFolder project) throws IOException, InterruptedException {
        InstalledTool tool = tool(plan);
        progress.log(tool.display());
        plan.warnings().forEach(warning -> progress.log("WARNING: " + warning));
        List<Command> commands = plan.commands(tool);
        Command last = commands.get(commands.size() - 1);
        String name = last.words().get(0) + " " + last.words().get(1);
        InstallRun run = new InstallRun(plan.folder(), last.display() + "\n" + tool.fingerprint(), tool.environment());
        String reason = plan.reason();
        if (plan.once()) {
            InstallState state = workspace.installState(run);
            if (state.unchanged()) {
                progress.log(state.reason() + ": " + name + " is not needed (install: 'ci' always runs it).");
                return;
            }
            reason = state.reason();
        }
        progress.log(name + ": " + reason + ".");
        boolean complete = true;
        for (Command command : commands) {
            CommandOutcome outcome = logged(command);
            if (!outcome.succeeded()) {
                throw InstallFailure.of(command, outcome, project, plan, tool);
            }
            Optional<String> blocked = InstallFailure.blockedScripts(outcome.lastLines());
            blocked.ifPresent(warning -> progress.log("WARNING: " + warning));
            complete &= blocked.isEmpty();
        }
        if (plan.once() && complete) {
            remember(run);
        }
    }

    private CommandOutcome logged(Command command) throws IOException, InterruptedException {
        progress.log("$ " + command.display());
        return workspace.run(command);
    }

    private InstalledTool tool(InstallPlan plan) throws IOException, InterruptedException {
        CommandOutcome outcome = workspace.run(InstalledTool.probe(plan.manager()).in(plan.folder()));
        Optional<InstalledTool> tool = InstalledTool.of(plan.manager(), outcome);
        if (tool.isEmpty()) {
            CommandOutcome path = workspace.run(Command.program("printenv", "PATH").quietly());
            String searched = path.succeeded() ? String.join("", path.lastLines()) : "";
            throw new DeployException(InstalledTool.nothingFound(plan.manager(), searched, plan.lockFile()));
        }
        if (!tool.get().isThere()) {
            throw new DeployException(tool.get().missing(plan.lockFile()));
        }
        return tool.get();
    }

    private void remember(InstallRun run) throws InterruptedException {
        try {
            workspace.markInstalled(run);
        } catch (IOException e) {
            progress.log("It could not be noted that node_modules is complete, so the next build installs again: "
                    + e.getMessage());
        }
    }
}
