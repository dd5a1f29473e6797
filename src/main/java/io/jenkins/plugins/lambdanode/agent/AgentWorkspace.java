package io.jenkins.plugins.lambdanode.agent;

import hudson.EnvVars;
import hudson.FilePath;
import hudson.Launcher;
import hudson.Proc;
import hudson.model.Computer;
import hudson.model.TaskListener;
import hudson.remoting.Channel;
import io.jenkins.plugins.lambdanode.engine.base.DeployException;
import io.jenkins.plugins.lambdanode.engine.base.FileErrors;
import io.jenkins.plugins.lambdanode.engine.command.Command;
import io.jenkins.plugins.lambdanode.engine.command.CommandOutcome;
import io.jenkins.plugins.lambdanode.engine.http.Body;
import io.jenkins.plugins.lambdanode.engine.http.SendReply;
import io.jenkins.plugins.lambdanode.engine.http.SendRequest;
import io.jenkins.plugins.lambdanode.engine.pack.api.PackReport;
import io.jenkins.plugins.lambdanode.engine.pack.api.PackRequest;
import io.jenkins.plugins.lambdanode.engine.project.InstallFingerprint;
import io.jenkins.plugins.lambdanode.engine.project.ProjectFolder;
import io.jenkins.plugins.lambdanode.engine.workspace.Workspace;
import java.io.IOException;
import java.io.InterruptedIOException;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.Future;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;
import jenkins.MasterToSlaveFileCallable;

/**
 * A folder on a Jenkins agent. What runs there are small classes that need the JDK only: loading the AWS SDK would
 * cost a fresh agent many seconds. No credentials of AWS go there.
 */
public final class AgentWorkspace implements Workspace {

    /** In the workspace's temporary folder: the last package with its index, kept from build to build. */
    public static final String CACHE_FOLDER = "lambda-node-deploy-cache";

    /** What a command that npm runs does not get to see: the credentials that a step around may have set. */
    private static final List<String> SECRET_VARIABLES =
            List.of("AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY", "AWS_SESSION_TOKEN");

    /** Marks the processes of a deployment, by which those that outlived a controller or an agent are found. */
    private static final String DEPLOYMENT_VARIABLE = "LAMBDA_NODE_DEPLOY_ID";

    /** In the workspace's temporary folder, before a deployment's name: its temporary files. */
    private static final String FOLDER = "lambda-node-deploy-";

    private static final Set<String> UNDER_WAY = ConcurrentHashMap.newKeySet();

    /** How long an agent may take over clearing up. A build that is aborted is to end within seconds. */
    private static final Duration CLEARING = Duration.ofSeconds(10);

    private final String deployment;
    private final FilePath project;
    private final FilePath temporary;
    private final EnvVars env;
    private final Launcher launcher;
    private final TaskListener listener;
    private CompletableFuture<Void> clearing = CompletableFuture.completedFuture(null);
    private boolean silent;

    /**
     * Takes over what deployments have left in the workspace that ended with their controller or their agent, an earlier run of
     * this one among them: their processes are stopped and their files removed.
     *
     * @param deployment a name for this deployment, the same when it is run again after a restart
     * @param temporary the workspace's temporary folder; null where the workspace has none, as a file system's root
     */
    public AgentWorkspace(
            String deployment,
            FilePath project,
            FilePath temporary,
            EnvVars env,
            Launcher launcher,
            TaskListener listener)
            throws IOException, InterruptedException {
        this.deployment = deployment;
        this.project = project;
        this.env = env;
        this.launcher = launcher;
        this.listener = listener;
        if (temporary == null) {
            throw new DeployException("The workspace " + project.getRemote()
                    + " has no folder above it for temporary files. Use a workspace in a folder of its own.");
        }
        this.temporary = temporary.child(FOLDER + deployment);
        underWay(deployment);
        try {
            for (FilePath left : temporary.listDirectories()) {
                takeOver(left);
            }
            makeFolder();
        } catch (IOException | InterruptedException e) {
            ended(deployment);
            throw e;
        }
    }

    private void makeFolder() throws IOException, InterruptedException {
        try {
            temporary.mkdirs();
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
            act(new AgentTasks.EndProcesses(DEPLOYMENT_VARIABLE, leaver));
            launcher.kill(Map.of(DEPLOYMENT_VARIABLE, leaver));
            act(new AgentTasks.AwaitEnd(leaver));
            left.deleteRecursive();
        }
    }

    /** Where this deployment's temporary files are, on the agent. */
    public FilePath temporary() {
        return temporary;
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
        return new FilePath(project.getChannel(), file).digest();
    }

    /**
     * A checkout can hold a link to anywhere.
     *
     * @param dir the project's folder as it was set, for the message
     * @throws DeployException if the project is not in the workspace
     */
    public void requireInside(FilePath workspace, String dir) throws IOException, InterruptedException {
        if (!act(new AgentTasks.IsInside(workspace.getRemote()))) {
            throw new DeployException("The folder " + dir + " is not in the workspace " + workspace.getRemote()
                    + ", and nothing outside it is packaged. Name a folder in the workspace (dir); in a Pipeline, ws('...') { }"
                    + " around the step makes another folder the workspace.");
        }
    }

    @Override
    public ProjectFolder inspect() throws IOException, InterruptedException {
        return act(new AgentTasks.Inspect());
    }

    @Override
    public boolean isInstalled(String madeWith, String cacheDir) throws IOException, InterruptedException {
        return act(new AgentTasks.Installed(madeWith, cacheDir, false));
    }

    @Override
    public void markInstalled(String madeWith, String cacheDir) throws IOException, InterruptedException {
        act(new AgentTasks.Installed(madeWith, cacheDir, true));
    }

    @Override
    public PackReport pack(PackRequest request) throws IOException, InterruptedException {
        return act(new AgentTasks.Pack(deployment, request, temporary.getRemote(), listener));
    }

    @Override
    public List<byte[]> digest(List<Body> bodies) throws IOException, InterruptedException {
        return act(new AgentTasks.Digest(deployment, List.copyOf(bodies)));
    }

    @Override
    public List<SendReply> send(List<SendRequest> requests) throws IOException, InterruptedException {
        return act(new AgentTasks.Send(
                deployment, List.copyOf(requests), JenkinsProxy.settings().orElse(null), listener));
    }

    /**
     * Errors that the engine explains arrive as they were thrown, not wrapped in the channel's. In a thread of its own: one that
     * is interrupted tells the agent so, and can't where the agent reads no more.
     */
    private <T> T act(MasterToSlaveFileCallable<T> work) throws IOException, InterruptedException {
        Future<T> result = Computer.threadPoolForRemoting.submit(() -> project.act(work));
        try {
            return result.get();
        } catch (ExecutionException e) {
            for (Throwable cause = e; cause != null; cause = cause.getCause()) {
                if (cause instanceof DeployException explained) {
                    throw explained;
                }
            }
            throw asThrown(e);
        } catch (InterruptedException e) {
            result.cancel(true);
            // It reaches the agent, but the channel does not wait until the work there has ended.
            clearUpAfterAStop(() -> project.act(new AgentTasks.AwaitEnd(deployment)));
            throw e;
        }
    }

    private interface Clearing {
        void run() throws IOException, InterruptedException;
    }

    private void clearUpAfterAStop(Clearing work) throws InterruptedException {
        try {
            clearUp(work);
        } catch (IOException e) {
            // An agent that is gone does no work.
        }
    }

    /**
     * Clears something up on the agent, after what is being cleared up there. An agent that does not answer is not waited for:
     * it gets to it when it answers again.
     */
    private void clearUp(Clearing work) throws IOException, InterruptedException {
        CompletableFuture<Void> end = new CompletableFuture<>();
        clearing.whenCompleteAsync(
                (before, failure) -> {
                    try {
                        work.run();
                        end.complete(null);
                    } catch (Exception e) {
                        end.completeExceptionally(e);
                    }
                },
                Computer.threadPoolForRemoting);
        clearing = end;
        if (silent) {
            return;
        }
        try {
            end.get(CLEARING.toMillis(), TimeUnit.MILLISECONDS);
        } catch (ExecutionException e) {
            throw asThrown(e);
        } catch (TimeoutException e) {
            silent = true;
            listener.getLogger()
                    .println("WARNING: The agent does not answer. What the deployment has left there is removed when it answers"
                            + " again, or by the next deployment in the workspace.");
        }
    }

    private static IOException asThrown(ExecutionException e) {
        if (e.getCause() instanceof RuntimeException cause) {
            throw cause;
        }
        return e.getCause() instanceof IOException cause ? cause : new IOException(e.getCause());
    }

    /** Whether the agent is no longer connected. */
    boolean isGone() {
        return project.getChannel() instanceof Channel channel && channel.isClosingOrClosed();
    }

    @Override
    public CommandOutcome run(Command command) throws IOException, InterruptedException {
        EnvVars environment = new EnvVars(env);
        if (!command.shell()) {
            SECRET_VARIABLES.forEach(environment::remove);
        }
        environment.put(DEPLOYMENT_VARIABLE, deployment);
        List<String> words = forTheAgent(command);
        LastLines lines = new LastLines(listener.getLogger(), CommandOutcome.KEPT_LINES);
        Proc process;
        try {
            process = launcher.launch()
                    .cmds(words)
                    .envs(environment)
                    .pwd(project)
                    .quiet(true)
                    .stdout(lines)
                    .start();
        } catch (InterruptedIOException e) {
            // So launchers say that they were interrupted. The agent may have started it nevertheless.
            clearUpAfterAStop(this::endProcesses);
            throw (InterruptedException) new InterruptedException().initCause(e);
        } catch (IOException e) {
            if (isGone()) {
                throw e;
            }
            return new CommandOutcome(false, 127, List.of());
        }
        // In a thread of its own: having been interrupted, it asks the agent once more and would wait for one that is silent.
        Future<Integer> status = Computer.threadPoolForRemoting.submit(process::join);
        try {
            return new CommandOutcome(true, status.get(), lines.last());
        } catch (ExecutionException e) {
            throw asThrown(e);
        } catch (InterruptedException e) {
            status.cancel(true);
            clearUpAfterAStop(() -> {
                endProcesses();
                process.kill();
            });
            throw e;
        } finally {
            lines.close();
        }
    }

    private void endProcesses() throws IOException, InterruptedException {
        project.act(new AgentTasks.EndProcesses(DEPLOYMENT_VARIABLE, deployment));
    }

    private List<String> forTheAgent(Command command) throws IOException, InterruptedException {
        if (launcher.isUnix()) {
            return command.shell() ? List.of("sh", script(command)) : command.words();
        }
        // npm is a command file on Windows.
        List<String> words = new ArrayList<>(List.of("cmd", "/c"));
        words.addAll(command.words());
        return words;
    }

    /**
     * A file for the shell, which ends at the first line that fails: Jenkins would put variables into the words of a command, for
     * all to see who list processes.
     */
    private String script(Command command) throws IOException, InterruptedException {
        return write("install.sh", "set -e\n" + command.display() + "\n", "install.sh", "").getRemote();
    }

    @Override
    public void close() throws IOException, InterruptedException {
        // A build that is being stopped still removes its files.
        boolean interrupted = Thread.interrupted();
        try {
            clearUp(temporary::deleteRecursive);
        } finally {
            ended(deployment);
            if (interrupted) {
                Thread.currentThread().interrupt();
            }
        }
    }
}
