package io.jenkins.plugins.lambdanode;

import hudson.EnvVars;
import hudson.FilePath;
import hudson.Launcher;
import hudson.Proc;
import hudson.model.TaskListener;
import hudson.remoting.VirtualChannel;
import io.jenkins.plugins.lambdanode.engine.Command;
import io.jenkins.plugins.lambdanode.engine.CommandOutcome;
import io.jenkins.plugins.lambdanode.engine.DeployException;
import io.jenkins.plugins.lambdanode.engine.PacedProgress;
import io.jenkins.plugins.lambdanode.engine.Progress;
import io.jenkins.plugins.lambdanode.engine.ProjectState;
import io.jenkins.plugins.lambdanode.engine.Workspace;
import io.jenkins.plugins.lambdanode.engine.npm.InstallMark;
import io.jenkins.plugins.lambdanode.engine.pack.PackReport;
import io.jenkins.plugins.lambdanode.engine.pack.PackRequest;
import io.jenkins.plugins.lambdanode.engine.pack.Packager;
import io.jenkins.plugins.lambdanode.engine.send.Body;
import io.jenkins.plugins.lambdanode.engine.send.HttpSender;
import io.jenkins.plugins.lambdanode.engine.send.ProxySettings;
import io.jenkins.plugins.lambdanode.engine.send.SendReply;
import io.jenkins.plugins.lambdanode.engine.send.SendRequest;
import java.io.File;
import java.io.IOException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.UUID;
import jenkins.MasterToSlaveFileCallable;

/**
 * A folder on a Jenkins agent. What runs there are small classes that need the JDK and Commons Compress only: loading the AWS
 * SDK would cost a fresh agent many seconds. No credentials of AWS go there.
 */
final class AgentWorkspace implements Workspace {

    /** In the workspace's temporary folder: the last package with its index, kept from build to build. */
    static final String CACHE_FOLDER = "lambda-node-deploy-cache";

    /** What a command that npm runs does not get to see: the credentials that a step around may have set. */
    private static final List<String> SECRET_VARIABLES =
            List.of("AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY", "AWS_SESSION_TOKEN");

    private final FilePath project;
    private final FilePath temporary;
    private final EnvVars env;
    private final Launcher launcher;
    private final TaskListener listener;

    /** @param temporary the workspace's temporary folder; null where the workspace has none, as a file system's root */
    AgentWorkspace(FilePath project, FilePath temporary, EnvVars env, Launcher launcher, TaskListener listener)
            throws IOException, InterruptedException {
        this.project = project;
        this.env = env;
        this.launcher = launcher;
        this.listener = listener;
        if (temporary == null) {
            throw new DeployException("The workspace " + project.getRemote()
                    + " has no folder above it for temporary files. Use a workspace in a folder of its own.");
        }
        this.temporary = temporary.child("lambda-node-deploy-" + UUID.randomUUID());
        this.temporary.mkdirs();
    }

    /** Where this deployment's temporary files are, on the agent. */
    FilePath temporary() {
        return temporary;
    }

    /** The MD5 of a file on the agent, as Jenkins's fingerprints want it. */
    String fingerprintOf(String file) throws IOException, InterruptedException {
        return new FilePath(project.getChannel(), file).digest();
    }

    @Override
    public ProjectState inspect() throws IOException, InterruptedException {
        return act(new Inspect());
    }

    @Override
    public boolean isInstalled(String madeWith, String cacheDir) throws IOException, InterruptedException {
        return act(new Installed(madeWith, cacheDir, false));
    }

    @Override
    public void markInstalled(String madeWith, String cacheDir) throws IOException, InterruptedException {
        act(new Installed(madeWith, cacheDir, true));
    }

    @Override
    public PackReport pack(PackRequest request) throws IOException, InterruptedException {
        return act(new Pack(request, temporary.getRemote(), listener));
    }

    @Override
    public List<byte[]> digest(List<Body> bodies) throws IOException, InterruptedException {
        return act(new Digest(List.copyOf(bodies)));
    }

    @Override
    public List<SendReply> send(List<SendRequest> requests) throws IOException, InterruptedException {
        return act(new Send(List.copyOf(requests), AwsAccess.proxy().orElse(null), listener));
    }

    /** Errors that the engine explains arrive as they were thrown, not wrapped in the channel's. */
    private <T> T act(MasterToSlaveFileCallable<T> work) throws IOException, InterruptedException {
        try {
            return project.act(work);
        } catch (IOException e) {
            for (Throwable cause = e; cause != null; cause = cause.getCause()) {
                if (cause instanceof DeployException explained) {
                    throw explained;
                }
            }
            throw e;
        }
    }

    @Override
    public CommandOutcome run(Command command) throws IOException, InterruptedException {
        EnvVars environment = new EnvVars(env);
        if (!command.shell()) {
            SECRET_VARIABLES.forEach(environment::remove);
        }
        LastLines lines = new LastLines(listener.getLogger(), CommandOutcome.KEPT_LINES);
        Proc process;
        try {
            process = launcher.launch()
                    .cmds(forTheAgent(command))
                    .envs(environment)
                    .pwd(project)
                    .quiet(true)
                    .stdout(lines)
                    .start();
        } catch (IOException e) {
            return new CommandOutcome(false, 127, List.of());
        }
        try {
            int status = process.join();
            return new CommandOutcome(true, status, lines.last());
        } catch (InterruptedException e) {
            process.kill();
            throw e;
        } finally {
            lines.close();
        }
    }

    private List<String> forTheAgent(Command command) {
        boolean unix = launcher.isUnix();
        List<String> words = new ArrayList<>();
        if (command.shell()) {
            words.addAll(unix ? List.of("sh", "-c") : List.of("cmd", "/c"));
        } else if (!unix) {
            // npm is a command file on Windows.
            words.addAll(List.of("cmd", "/c"));
        }
        words.addAll(command.words());
        return words;
    }

    @Override
    public void close() throws IOException, InterruptedException {
        // A build that is being stopped still removes its files.
        boolean interrupted = Thread.interrupted();
        try {
            temporary.deleteRecursive();
        } finally {
            if (interrupted) {
                Thread.currentThread().interrupt();
            }
        }
    }

    private static final class Inspect extends MasterToSlaveFileCallable<ProjectState> {
        private static final long serialVersionUID = 1L;

        @Override
        public ProjectState invoke(File folder, VirtualChannel channel) throws IOException {
            return ProjectState.of(folder.toPath());
        }
    }

    private static final class Installed extends MasterToSlaveFileCallable<Boolean> {
        private static final long serialVersionUID = 1L;

        private final String madeWith;
        private final String cacheDir;
        private final boolean mark;

        Installed(String madeWith, String cacheDir, boolean mark) {
            this.madeWith = madeWith;
            this.cacheDir = cacheDir;
            this.mark = mark;
        }

        @Override
        public Boolean invoke(File folder, VirtualChannel channel) throws IOException {
            InstallMark installed = new InstallMark(folder.toPath(), Path.of(cacheDir));
            if (mark) {
                installed.set(madeWith);
            }
            return mark || installed.holds(madeWith);
        }
    }

    private static final class Pack extends MasterToSlaveFileCallable<PackReport> {
        private static final long serialVersionUID = 1L;

        private final PackRequest request;
        private final String temporary;
        private final TaskListener listener;

        Pack(PackRequest request, String temporary, TaskListener listener) {
            this.request = request;
            this.temporary = temporary;
            this.listener = listener;
        }

        @Override
        public PackReport invoke(File folder, VirtualChannel channel) throws IOException, InterruptedException {
            return new Packager(
                            folder.toPath(), Path.of(temporary), PacedProgress.toLog(listener.getLogger()::println))
                    .pack(request);
        }
    }

    private static final class Digest extends MasterToSlaveFileCallable<List<byte[]>> {
        private static final long serialVersionUID = 1L;

        private final List<Body> bodies;

        Digest(List<Body> bodies) {
            this.bodies = bodies;
        }

        @Override
        public List<byte[]> invoke(File folder, VirtualChannel channel) throws IOException, InterruptedException {
            HttpSender sender = new HttpSender(Progress.NONE);
            List<byte[]> digests = new ArrayList<>();
            for (Body body : bodies) {
                digests.add(sender.digest(body));
            }
            return digests;
        }
    }

    private static final class Send extends MasterToSlaveFileCallable<List<SendReply>> {
        private static final long serialVersionUID = 1L;

        private final List<SendRequest> requests;
        private final ProxySettings proxy;
        private final TaskListener listener;

        Send(List<SendRequest> requests, ProxySettings proxy, TaskListener listener) {
            this.requests = requests;
            this.proxy = proxy;
            this.listener = listener;
        }

        @Override
        public List<SendReply> invoke(File folder, VirtualChannel channel) throws IOException, InterruptedException {
            return new ArrayList<>(new HttpSender(
                            PacedProgress.toLog(listener.getLogger()::println), Optional.ofNullable(proxy))
                    .send(requests));
        }
    }
}
