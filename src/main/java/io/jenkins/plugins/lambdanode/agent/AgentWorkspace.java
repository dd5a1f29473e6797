package io.jenkins.plugins.lambdanode.agent;

import hudson.EnvVars;
import hudson.FilePath;
import hudson.Launcher;
import hudson.Util;
import hudson.model.Computer;
import hudson.model.Node;
import hudson.model.TaskListener;
import hudson.slaves.WorkspaceList;
import io.jenkins.plugins.lambdanode.engine.base.DeployException;
import io.jenkins.plugins.lambdanode.engine.base.FileErrors;
import io.jenkins.plugins.lambdanode.engine.command.Command;
import io.jenkins.plugins.lambdanode.engine.command.CommandOutcome;
import io.jenkins.plugins.lambdanode.engine.http.Body;
import io.jenkins.plugins.lambdanode.engine.http.SendReply;
import io.jenkins.plugins.lambdanode.engine.http.SendRequest;
import io.jenkins.plugins.lambdanode.engine.pack.api.PackReport;
import io.jenkins.plugins.lambdanode.engine.pack.api.PackRequest;
import io.jenkins.plugins.lambdanode.engine.project.GitCheckout;
import io.jenkins.plugins.lambdanode.engine.project.InstallRun;
import io.jenkins.plugins.lambdanode.engine.project.InstallState;
import io.jenkins.plugins.lambdanode.engine.project.ProjectFolder;
import io.jenkins.plugins.lambdanode.engine.workspace.Workspace;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.util.List;
import java.util.Optional;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;

/**
 * A folder on a Jenkins agent. What runs there are small classes that need the JDK only: loading the AWS SDK would
 * cost a fresh agent many seconds. No credentials of AWS go there.
 */
public final class AgentWorkspace implements Workspace {

    /** In the workspace's temporary folder: the last package with its index, kept from build to build. */
    public static final String CACHE_FOLDER = "lambda-node-deploy-cache";

    /** In the workspace's temporary folder, before a deployment's name: its temporary files. */
    private static final String FOLDER = "lambda-node-deploy-";

    private static final Set<String> UNDER_WAY = ConcurrentHashMap.newKeySet();

    private final String deployment;
    private final FilePath workspace;
    private final FilePath project;
    private final FilePath temporary;
    private final String cache;
    private final String npmCache;
    private final String oldModules;
    private final TaskListener listener;
    private final AgentChannel channel;
    private final AgentCommands commands;
    private final GitCheckout checkout;

    /**
     * Takes over what deployments have left in the workspace that ended with their controller or their agent, an earlier run of
     * this one among them: their processes are stopped and their files removed.
     *
     * @param deployment a name for this deployment, the same when it is run again after a restart
     * @throws DeployException if the project is not in the workspace
     */
    public AgentWorkspace(String deployment, BuildFolder place, EnvVars env, Launcher launcher, TaskListener listener)
            throws IOException, InterruptedException {
        this.deployment = deployment;
        this.workspace = place.workspace();
        this.project = place.project();
        this.listener = listener;
        FilePath folder = WorkspaceList.tempDir(workspace);
        if (folder == null) {
            throw new DeployException("The workspace " + workspace.getRemote()
                    + " has no folder above it for temporary files. Use a workspace in a folder of its own.");
        }
        this.temporary = folder.child(FOLDER + deployment);
        this.npmCache = folder.child(CACHE_FOLDER).child("npm").getRemote();
        this.oldModules = folder.child(CACHE_FOLDER).child("old").getRemote();
        this.cache = folder.child(CACHE_FOLDER)
                .child(Util.getDigestOf(project.getRemote()))
                .getRemote();
        this.channel = new AgentChannel(deployment, project, listener);
        this.commands = new AgentCommands(
                deployment, project, this.temporary, npmCache, environment(env), launcher, channel, listener);
        underWay(deployment);
        try {
            channel.sendClasses();
            AgentTasks.Begin.Found found = begin();
            requireInside(place.dir(), found);
            this.checkout = found.checkout();
            for (String left : found.beside()) {
                takeOver(folder.child(left));
            }
        } catch (IOException | InterruptedException e) {
            ended(deployment);
            throw e;
        }
    }

    /** A build wrapper's {@code PATH+X} goes before PATH, which Jenkins does only while it starts a program. */
    private static EnvVars environment(EnvVars env) {
        EnvVars environment = new EnvVars(env);
        env.forEach((name, value) -> {
            if (name.contains("+")) {
                environment.remove(name);
                environment.override(name, value);
            }
        });
        return environment;
    }

    private AgentTasks.Begin.Found begin() throws IOException, InterruptedException {
        Computer computer = workspace.toComputer();
        Node node = computer == null ? null : computer.getNode();
        FilePath root = node == null ? null : node.getRootPath();
        try {
            return channel.call(new AgentTasks.Begin(
                    workspace.getRemote(),
                    (root == null ? workspace : root).getRemote(),
                    temporary.getRemote(),
                    oldModules));
        } catch (IOException e) {
            throw FileErrors.diskFull(e, "temporary files", temporary.getRemote(), "");
        }
    }

    /** What a deployment of this name has on an agent is its own until it has ended. */
    public static void underWay(String deployment) {
        UNDER_WAY.add(deployment);
    }

    public static void ended(String deployment) {
        UNDER_WAY.remove(deployment);
    }

    private void takeOver(FilePath left) throws IOException, InterruptedException {
        String name = left.getName();
        if (!name.startsWith(FOLDER) || name.equals(CACHE_FOLDER)) {
            return;
        }
        String leaver = name.substring(FOLDER.length());
        if (leaver.equals(deployment) || !UNDER_WAY.contains(leaver)) {
            try {
                commands.endProcesses(leaver);
                channel.call(new AgentTasks.AwaitEnd(leaver));
                if (leaver.equals(deployment)) {
                    left.deleteContents();
                } else {
                    left.deleteRecursive();
                }
            } catch (IOException e) {
                notClearedUp(left, e);
            }
        }
    }

    /** What is left does no harm, so the build goes on. */
    private void notClearedUp(FilePath left, IOException failure) throws IOException {
        if (channel.isGone()) {
            throw failure;
        }
        listener.getLogger()
                .println("WARNING: Not everything in " + left.getRemote() + " could be cleared up: "
                        + failure.getMessage());
    }

    /**
     * Writes a small file among the temporary ones.
     *
     * @param what it is, for an error
     * @param more what an error that there is no room for it says besides; empty or a sentence
     */
    public FilePath write(String name, String text, String what, String more) throws IOException, InterruptedException {
        FilePath file = temporary.child(name);
        try {
            file.write(text, StandardCharsets.UTF_8.name());
        } catch (IOException e) {
            throw FileErrors.diskFull(e, what, temporary.getRemote(), more);
        }
        return file;
    }

    /** The MD5 of a file on the agent, as Jenkins's fingerprints want it. */
    public String fingerprintOf(String file) throws IOException, InterruptedException {
        return channel.call(new AgentTasks.Fingerprint(file));
    }

    /** A checkout can hold a link to anywhere. */
    private void requireInside(String dir, AgentTasks.Begin.Found found) throws DeployException {
        if (!found.isInside()) {
            throw new DeployException("The folder " + dir + " is not in the workspace " + workspace.getRemote()
                    + ", and nothing outside it is packaged. Name a folder in the workspace (dir); in a Pipeline, ws('...') { }"
                    + " around the step makes another folder the workspace.");
        }
    }

    /** What was checked out where the project is. */
    public GitCheckout checkout() {
        return checkout;
    }

    @Override
    public ProjectFolder inspect() throws IOException, InterruptedException {
        return channel.call(new AgentTasks.Inspect(workspace.getRemote()));
    }

    @Override
    public Optional<String> npmCache() {
        return Optional.of(npmCache);
    }

    @Override
    public InstallState installState(InstallRun install) throws IOException, InterruptedException {
        return channel.call(new AgentTasks.CheckInstalled(install));
    }

    @Override
    public void markInstalled(InstallRun install, List<String> blocked) throws IOException, InterruptedException {
        channel.call(new AgentTasks.MarkInstalled(install, blocked));
    }

    @Override
    public Optional<String> setModulesAside(String folder) throws IOException, InterruptedException {
        return Optional.ofNullable(channel.call(new AgentTasks.SetModulesAside(folder, oldModules)));
    }

    @Override
    public void settleModules(String folder, String aside, boolean installed) throws IOException, InterruptedException {
        channel.call(new AgentTasks.SettleModules(folder, oldModules, aside, installed));
    }

    @Override
    public Optional<String> dependencyKey(String folder, String lockFile, String madeWith)
            throws IOException, InterruptedException {
        return Optional.ofNullable(channel.call(new AgentTasks.FindDependencyKey(folder, lockFile, madeWith)));
    }

    @Override
    public PackReport pack(PackRequest request) throws IOException, InterruptedException {
        return channel.call(new AgentTasks.Pack(deployment, request, temporary.getRemote(), cache, listener));
    }

    @Override
    public List<byte[]> digest(List<Body> bodies) throws IOException, InterruptedException {
        return channel.call(new AgentTasks.Digest(deployment, List.copyOf(bodies)));
    }

    @Override
    public List<SendReply> send(List<SendRequest> requests) throws IOException, InterruptedException {
        return channel.call(new AgentTasks.Send(
                deployment, List.copyOf(requests), JenkinsProxy.settings().orElse(null), listener));
    }

    @Override
    public String fetch(String url) throws IOException, InterruptedException {
        return channel.call(new AgentTasks.Fetch(
                deployment,
                url,
                temporary.child("fetched.zip").getRemote(),
                JenkinsProxy.settings().orElse(null),
                listener));
    }

    @Override
    public CommandOutcome run(Command command) throws IOException, InterruptedException {
        return commands.run(command);
    }

    @Override
    public void close() throws IOException, InterruptedException {
        // A build that is being stopped still removes its files.
        boolean interrupted = Thread.interrupted();
        try {
            channel.clearUp(temporary::deleteRecursive);
        } catch (IOException e) {
            notClearedUp(temporary, e);
        } finally {
            ended(deployment);
            if (interrupted) {
                Thread.currentThread().interrupt();
            }
        }
    }
}
