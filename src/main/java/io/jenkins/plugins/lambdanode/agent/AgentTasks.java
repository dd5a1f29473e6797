package io.jenkins.plugins.lambdanode.agent;

import hudson.model.TaskListener;
import hudson.remoting.VirtualChannel;
import hudson.util.ProcessTree;
import io.jenkins.plugins.lambdanode.engine.base.DeployException;
import io.jenkins.plugins.lambdanode.engine.base.PacedProgress;
import io.jenkins.plugins.lambdanode.engine.base.Progress;
import io.jenkins.plugins.lambdanode.engine.http.Body;
import io.jenkins.plugins.lambdanode.engine.http.HttpSender;
import io.jenkins.plugins.lambdanode.engine.http.ProxySettings;
import io.jenkins.plugins.lambdanode.engine.http.SendReply;
import io.jenkins.plugins.lambdanode.engine.http.SendRequest;
import io.jenkins.plugins.lambdanode.engine.pack.Packager;
import io.jenkins.plugins.lambdanode.engine.pack.api.PackReport;
import io.jenkins.plugins.lambdanode.engine.pack.api.PackRequest;
import io.jenkins.plugins.lambdanode.engine.project.DependencyKey;
import io.jenkins.plugins.lambdanode.engine.project.InstallFingerprint;
import io.jenkins.plugins.lambdanode.engine.project.InstallRun;
import io.jenkins.plugins.lambdanode.engine.project.InstallState;
import io.jenkins.plugins.lambdanode.engine.project.ProjectFolder;
import java.io.File;
import java.io.IOException;
import java.io.InputStream;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.InvalidPathException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import jenkins.MasterToSlaveFileCallable;

/**
 * What runs on an agent. A fresh agent fetches each class from the controller when it first needs it, this one along with any
 * of the nested ones: so nothing is here that the agent has no use for, and none of it needs the AWS SDK.
 */
final class AgentTasks {

    private AgentTasks() {}

    /** Looks at the project's folder and those above it in the workspace. */
    static final class Inspect extends MasterToSlaveFileCallable<ProjectFolder> {
        private static final long serialVersionUID = 1L;

        private final String workspace;

        Inspect(String workspace) {
            this.workspace = workspace;
        }

        @Override
        public ProjectFolder invoke(File folder, VirtualChannel channel) throws IOException {
            return ProjectFolder.of(folder.toPath(), Path.of(workspace));
        }
    }

    /**
     * The commit that is checked out, by the files that git keeps of it (gitrepository-layout): a Pipeline's {@code checkout}
     * and {@code git} set no GIT_COMMIT. Empty where there is none, or git keeps it elsewhere. A repository that the agent
     * itself is in is another project's.
     */
    static final class Commit extends MasterToSlaveFileCallable<String> {
        private static final long serialVersionUID = 1L;

        private static final Pattern REFERENCE = Pattern.compile("ref: (refs/heads/[\\w./-]+)");
        private static final Pattern COMMIT = Pattern.compile("[0-9a-f]{40}([0-9a-f]{24})?");
        private static final int MAX_BYTES = 1000;

        private final String workspace;
        private final String agentRoot;

        /** @param agentRoot the folder that the agent's workspaces are in, as a rule */
        Commit(String workspace, String agentRoot) {
            this.workspace = workspace;
            this.agentRoot = agentRoot;
        }

        @Override
        public String invoke(File folder, VirtualChannel channel) {
            Path project = folder.toPath().toAbsolutePath().normalize();
            Path root = Path.of(agentRoot).toAbsolutePath().normalize();
            Path last = project.startsWith(root)
                    ? root
                    : Path.of(workspace).toAbsolutePath().normalize();
            for (Path at = project; at != null && at.startsWith(last); at = at.getParent()) {
                Path git = at.resolve(".git");
                if (Files.isDirectory(git)) {
                    String head = text(git.resolve("HEAD"));
                    Matcher reference = REFERENCE.matcher(head);
                    String commit =
                            reference.matches() && !head.contains("..") ? text(git.resolve(reference.group(1))) : head;
                    return COMMIT.matcher(commit).matches() ? commit : "";
                }
            }
            return "";
        }

        private static String text(Path file) {
            try (InputStream in = Files.newInputStream(file)) {
                return new String(in.readNBytes(MAX_BYTES), StandardCharsets.US_ASCII).strip();
            } catch (IOException e) {
                return "";
            }
        }
    }

    /** Whether the project's folder is in a workspace, whatever links lead there; one that does not exist is looked for later. */
    static final class IsInside extends MasterToSlaveFileCallable<Boolean> {
        private static final long serialVersionUID = 1L;

        private final String workspace;

        IsInside(String workspace) {
            this.workspace = workspace;
        }

        @Override
        public Boolean invoke(File folder, VirtualChannel channel) throws IOException {
            try {
                folder.toPath();
            } catch (InvalidPathException e) {
                throw new DeployException(
                        "The agent's Java cannot use the name " + folder + ": its locale has the character set "
                                + System.getProperty("sun.jnu.encoding")
                                + ". Start the agent with LC_ALL=C.UTF-8 in its environment.",
                        e);
            }
            return !folder.exists()
                    || folder.toPath()
                            .toRealPath()
                            .startsWith(Path.of(workspace).toRealPath());
        }
    }

    /** Whether an earlier install is still there, untouched. */
    static final class CheckInstalled extends MasterToSlaveFileCallable<InstallState> {
        private static final long serialVersionUID = 1L;

        private final InstallRun install;

        CheckInstalled(InstallRun install) {
            this.install = install;
        }

        @Override
        public InstallState invoke(File folder, VirtualChannel channel) throws IOException {
            return new InstallFingerprint(install).state();
        }
    }

    /** Remembers an install. */
    static final class MarkInstalled extends MasterToSlaveFileCallable<Void> {
        private static final long serialVersionUID = 1L;

        private final InstallRun install;

        MarkInstalled(InstallRun install) {
            this.install = install;
        }

        @Override
        public Void invoke(File folder, VirtualChannel channel) throws IOException, InterruptedException {
            new InstallFingerprint(install).set();
            return null;
        }
    }

    /** The key of the dependencies that an install would bring; null where there is none. */
    static final class FindDependencyKey extends MasterToSlaveFileCallable<String> {
        private static final long serialVersionUID = 1L;

        private final String project;
        private final String lockFile;
        private final String madeWith;

        FindDependencyKey(String project, String lockFile, String madeWith) {
            this.project = project;
            this.lockFile = lockFile;
            this.madeWith = madeWith;
        }

        @Override
        public String invoke(File folder, VirtualChannel channel) throws IOException {
            return DependencyKey.of(Path.of(project), lockFile, madeWith).orElse(null);
        }
    }

    /** Work that a build that is stopped waits for, so that nothing writes to the folders that it then clears up. */
    abstract static class Work<T> extends MasterToSlaveFileCallable<T> {
        private static final long serialVersionUID = 1L;

        private static final Map<String, CountDownLatch> UNDER_WAY = new ConcurrentHashMap<>();

        private final String deployment;

        Work(String deployment) {
            this.deployment = deployment;
        }

        @Override
        public final T invoke(File folder, VirtualChannel channel) throws IOException, InterruptedException {
            CountDownLatch end = new CountDownLatch(1);
            UNDER_WAY.put(deployment, end);
            try {
                return work(folder.toPath());
            } finally {
                UNDER_WAY.remove(deployment, end);
                end.countDown();
            }
        }

        abstract T work(Path folder) throws IOException, InterruptedException;
    }

    /** Waits for the end of the work of a deployment that has been stopped. */
    static final class AwaitEnd extends MasterToSlaveFileCallable<Boolean> {
        private static final long serialVersionUID = 1L;

        /** Work ends within a second of an interrupt; where it does not, clearing up can't wait forever. */
        private static final int PATIENCE_SECONDS = 20;

        private final String deployment;

        AwaitEnd(String deployment) {
            this.deployment = deployment;
        }

        @Override
        public Boolean invoke(File folder, VirtualChannel channel) throws InterruptedException {
            CountDownLatch end = Work.UNDER_WAY.get(deployment);
            return end == null || end.await(PATIENCE_SECONDS, TimeUnit.SECONDS);
        }
    }

    /** Ends processes, also such as take no notice of SIGTERM: Jenkins, which sends nothing else, would wait for them long. */
    static final class EndProcesses extends MasterToSlaveFileCallable<Void> {
        private static final long serialVersionUID = 1L;

        private static final long PATIENCE_MILLIS = 2000;
        private static final long POLL_MILLIS = 20;

        private final String variable;
        private final String value;

        /** @param variable what their environment has, and nobody else's, with its value */
        EndProcesses(String variable, String value) {
            this.variable = variable;
            this.value = value;
        }

        @Override
        public Void invoke(File folder, VirtualChannel channel) throws InterruptedException {
            List<ProcessHandle> theirs = new ArrayList<>();
            for (ProcessTree.OSProcess process : ProcessTree.get()) {
                if (value.equals(process.getEnvironmentVariables().get(variable))) {
                    ProcessHandle.of(process.getPid()).ifPresent(theirs::add);
                }
            }
            theirs.forEach(ProcessHandle::destroy);
            long end = System.nanoTime() + TimeUnit.MILLISECONDS.toNanos(PATIENCE_MILLIS);
            while (theirs.stream().anyMatch(ProcessHandle::isAlive) && System.nanoTime() < end) {
                Thread.sleep(POLL_MILLIS);
            }
            theirs.forEach(ProcessHandle::destroyForcibly);
            return null;
        }
    }

    /** Builds the package. */
    static final class Pack extends Work<PackReport> {
        private static final long serialVersionUID = 1L;

        private final PackRequest request;
        private final String temporary;
        private final String cache;
        private final TaskListener listener;

        Pack(String deployment, PackRequest request, String temporary, String cache, TaskListener listener) {
            super(deployment);
            this.request = request;
            this.temporary = temporary;
            this.cache = cache;
            this.listener = listener;
        }

        @Override
        PackReport work(Path folder) throws IOException, InterruptedException {
            Progress progress = PacedProgress.toLog(listener.getLogger()::println);
            return new Packager(folder, Path.of(temporary), Optional.of(Path.of(cache)), progress).pack(request);
        }
    }

    /** Computes the SHA-256 of request bodies. */
    static final class Digest extends Work<List<byte[]>> {
        private static final long serialVersionUID = 1L;

        private final List<Body> bodies;

        Digest(String deployment, List<Body> bodies) {
            super(deployment);
            this.bodies = bodies;
        }

        @Override
        List<byte[]> work(Path folder) throws IOException, InterruptedException {
            HttpSender sender = new HttpSender(Progress.NONE);
            List<byte[]> digests = new ArrayList<>();
            for (Body body : bodies) {
                digests.add(sender.digest(body));
            }
            return digests;
        }
    }

    /** Sends prepared requests. */
    static final class Send extends Work<List<SendReply>> {
        private static final long serialVersionUID = 1L;

        private final List<SendRequest> requests;
        private final ProxySettings proxy;
        private final TaskListener listener;

        Send(String deployment, List<SendRequest> requests, ProxySettings proxy, TaskListener listener) {
            super(deployment);
            this.requests = requests;
            this.proxy = proxy;
            this.listener = listener;
        }

        @Override
        List<SendReply> work(Path folder) throws IOException, InterruptedException {
            return new ArrayList<>(
                    new HttpSender(PacedProgress.toLog(listener.getLogger()::println), Optional.ofNullable(proxy))
                            .send(requests));
        }
    }
}
