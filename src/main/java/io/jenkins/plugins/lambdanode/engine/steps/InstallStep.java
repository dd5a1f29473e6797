package io.jenkins.plugins.lambdanode.engine.steps;

import io.jenkins.plugins.lambdanode.engine.base.DeployException;
import io.jenkins.plugins.lambdanode.engine.base.Progress;
import io.jenkins.plugins.lambdanode.engine.base.SafeText;
import io.jenkins.plugins.lambdanode.engine.command.Command;
import io.jenkins.plugins.lambdanode.engine.command.CommandOutcome;
import io.jenkins.plugins.lambdanode.engine.pack.api.TargetFunction;
import io.jenkins.plugins.lambdanode.engine.project.BlockedScripts;
import io.jenkins.plugins.lambdanode.engine.project.DependencyKey;
import io.jenkins.plugins.lambdanode.engine.project.InstallCommands;
import io.jenkins.plugins.lambdanode.engine.project.InstallFailure;
import io.jenkins.plugins.lambdanode.engine.project.InstallMode;
import io.jenkins.plugins.lambdanode.engine.project.InstallPlan;
import io.jenkins.plugins.lambdanode.engine.project.InstallRun;
import io.jenkins.plugins.lambdanode.engine.project.InstallSetting;
import io.jenkins.plugins.lambdanode.engine.project.InstallState;
import io.jenkins.plugins.lambdanode.engine.project.InstalledTool;
import io.jenkins.plugins.lambdanode.engine.project.Platform;
import io.jenkins.plugins.lambdanode.engine.project.ProjectFolder;
import io.jenkins.plugins.lambdanode.engine.workspace.Workspace;
import java.io.IOException;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.stream.Collectors;

/** Installs a project's dependencies in its workspace: those of production, and all where it is built. */
public final class InstallStep {

    private final Workspace workspace;
    private final Progress progress;
    private ProjectFolder project;
    private InstallCommands prepared;
    private Map<String, String> blockedScripts = Map.of();

    public InstallStep(Workspace workspace, Progress progress) {
        this.workspace = workspace;
        this.progress = progress;
    }

    /** The absolute path of the folder that is installed in: the project's, or the root of the workspace that it is a member of. */
    public String folder() throws IOException, InterruptedException {
        return InstallPlan.rootOf(project());
    }

    /** The absolute path of the lock file that the project's dependencies come from; empty where there is none. */
    public String lockFile() throws IOException, InterruptedException {
        return InstallPlan.lockFileOf(project());
    }

    /** The packages whose install scripts the tool has not run, each with how to approve it; to be asked for after the install. */
    public Map<String, String> blockedScripts() {
        return blockedScripts;
    }

    /** Looked at once: to ask an agent takes a while. */
    private ProjectFolder project() throws IOException, InterruptedException {
        if (project == null) {
            project = workspace.inspect();
        }
        return project;
    }

    /**
     * Installs, where there is something to install and it has not been installed already.
     *
     * @param functions what the dependencies are for; empty where that is not known
     * @throws DeployException if the command can't be run or fails; the message says why and what to do
     */
    public void run(InstallSetting install, List<TargetFunction> functions) throws IOException, InterruptedException {
        ProjectFolder project = project();
        if (install.mode() == InstallMode.COMMAND) {
            Command command = Command.shell(install.command());
            CommandOutcome outcome = logged(command);
            if (!outcome.succeeded()) {
                throw InstallFailure.of(command, outcome, project.location());
            }
            BlockedScripts.of(outcome.lastLines()).ifPresent(this::noteBlocked);
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
        install(prepare(plan.get(), functions));
    }

    /**
     * What decides which dependencies an install would bring; see {@link DependencyKey}.
     *
     * @param functions what the dependencies are for
     * @param settings what decides besides which of their files are packaged, as text
     * @return empty where more decides, where they are needed for a build, and where the user has an install run in any case
     */
    public Optional<String> dependencyKey(InstallSetting install, List<TargetFunction> functions, String settings)
            throws IOException, InterruptedException {
        ProjectFolder project = project();
        Optional<InstallPlan> plan =
                install.mode() == InstallMode.AUTO && install.needed() == InstallSetting.Needed.PRODUCTION
                        ? InstallPlan.of(install, project)
                        : Optional.empty();
        return plan.filter(InstallPlan::frozen).isPresent()
                ? workspace.dependencyKey(
                        plan.get().folder(),
                        plan.get().lockFile(),
                        prepare(plan.get(), functions).pinnedWith() + "\n" + settings)
                : Optional.empty();
    }

    /** Asked once: the tools take some tenths of a second to say what they are. */
    private InstallCommands prepare(InstallPlan plan, List<TargetFunction> functions)
            throws IOException, InterruptedException {
        if (prepared == null) {
            prepared = new InstallCommands(
                    plan,
                    tool(plan),
                    Platform.ofFunctions(
                            functions.stream().map(TargetFunction::architecture).toList()));
            progress.log(prepared.tool().display());
            prepared.requireWorkspaces(project());
            plan.warnings().forEach(progress::warning);
        }
        return prepared;
    }

    private void install(InstallCommands install) throws IOException, InterruptedException {
        if (!install.plan().once()) {
            run(install, install.plan().reason(), project);
            return;
        }
        InstallState state = workspace.installState(install.run());
        if (state.unchanged()) {
            progress.log(state.reason() + ": " + install.name() + " is not needed (install: 'ci' always runs it).");
            if (!state.blocked().isEmpty()) {
                noteBlocked(new BlockedScripts(install.plan().manager(), state.blocked()));
            }
            return;
        }
        // Another function of the repository is built, and would install once more.
        InstallCommands chosen =
                state.withDevelopment() ? install.withDevelopment().orElseThrow() : install;
        Optional<String> old = chosen.plan().removesModules() && state.hasModules()
                ? workspace.setModulesAside(chosen.plan().folder())
                : Optional.empty();
        try {
            run(chosen, state.reason(), project);
        } catch (DeployException e) {
            settle(chosen, old, false);
            throw e;
        }
        settle(chosen, old, true);
        remember(chosen.run());
    }

    private void settle(InstallCommands install, Optional<String> old, boolean installed) throws InterruptedException {
        if (old.isEmpty()) {
            return;
        }
        try {
            workspace.settleModules(install.plan().folder(), old.get(), installed);
        } catch (IOException e) {
            progress.log("The node_modules of before, which was renamed, could not be "
                    + (installed ? "removed: " : "put back: ") + e.getMessage());
        }
    }

    private void run(InstallCommands install, String reason, ProjectFolder project)
            throws IOException, InterruptedException {
        progress.log(install.name() + ": " + reason + ".");
        if (!install.platformOptions().isEmpty()) {
            progress.log("NOTE: This machine is " + install.tool().platform() + " and the function "
                    + install.function().orElseThrow()
                    + ": '" + install.name() + " " + String.join(" ", install.platformOptions())
                    + "' brings the function's packages. What packages compile is for this machine all the same.");
        }
        for (Command command : withCache(install.all(), install.tool())) {
            CommandOutcome outcome = logged(command);
            if (!outcome.succeeded()) {
                throw InstallFailure.of(command, outcome, project, install.plan(), install.tool());
            }
            BlockedScripts.of(outcome.lastLines()).ifPresent(this::noteBlocked);
        }
    }

    /** No warning: the packages are checked for what they lack. */
    private void noteBlocked(BlockedScripts blocked) {
        progress.log(blocked.display());
        blockedScripts = blocked.packages().stream()
                .collect(Collectors.toMap(name -> name, name -> blocked.remedy().replace("<package>", name)));
    }

    /** In a container whose image does not know the user, HOME is {@code /}. */
    private List<Command> withCache(List<Command> commands, InstalledTool tool) {
        Optional<String> cache = tool.unwritableCache().isEmpty() ? Optional.empty() : workspace.npmCache();
        if (cache.isEmpty()) {
            return commands;
        }
        progress.log("npm may not write to its cache " + tool.unwritableCache()
                + ": it has one in the workspace's temporary folder.");
        return commands.stream()
                .map(command -> command.with("--cache=" + cache.get()))
                .toList();
    }

    private CommandOutcome logged(Command command) throws IOException, InterruptedException {
        progress.log("$ " + command.display());
        return workspace.run(command);
    }

    private InstalledTool tool(InstallPlan plan) throws IOException, InterruptedException {
        CommandOutcome outcome =
                workspace.run(InstalledTool.probe(plan.manager()).in(plan.folder()));
        Optional<InstalledTool> tool = InstalledTool.of(plan.manager(), outcome);
        if (outcome.cause().isPresent()) {
            throw new DeployException(InstalledTool.programOf(plan.manager()) + " does not run in " + plan.folder()
                    + ". " + outcome.cause().get());
        }
        if (tool.isEmpty()) {
            CommandOutcome path =
                    workspace.run(Command.program("printenv", "PATH").quietly());
            String searched =
                    path.succeeded() ? String.join("", path.lastLines()).replace(SafeText.CUT, "") : "";
            throw new DeployException(InstalledTool.nothingFound(plan.manager(), searched, plan.lockFile()));
        }
        if (!tool.get().isThere()) {
            throw new DeployException(tool.get().missing(plan.lockFile()));
        }
        return tool.get();
    }

    private void remember(InstallRun run) throws InterruptedException {
        try {
            workspace.markInstalled(
                    run, blockedScripts.keySet().stream().sorted().toList());
        } catch (IOException e) {
            progress.log("It could not be noted that node_modules is complete, so the next build installs again: "
                    + e.getMessage());
        }
    }
}
