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
import io.jenkins.plugins.lambdanode.engine.project.GitCheckout;
import io.jenkins.plugins.lambdanode.engine.project.InstallFingerprint;
import io.jenkins.plugins.lambdanode.engine.project.InstallRun;
import io.jenkins.plugins.lambdanode.engine.project.InstallState;
import io.jenkins.plugins.lambdanode.engine.project.OldModules;
import io.jenkins.plugins.lambdanode.engine.project.ProjectFolder;
import java.io.File;
import java.io.IOException;
import java.io.InputStream;
import java.io.OutputStream;
import java.io.Serializable;
import java.nio.file.DirectoryStream;
import java.nio.file.Files;
import java.nio.file.InvalidPathException;
import java.nio.file.Path;
import java.security.DigestInputStream;
import java.security.MessageDigest;
import java.security.NoSuchAlgorithmException;
import java.util.ArrayList;
import java.util.HexFormat;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;
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
     * The beginning of a deployment in one round trip: what is found, and a folder for its temporary files, unless the project is
     * not in the workspace.
     */
    static final class Begin extends MasterToSlaveFileCallable<Begin.Found> {
        private static final long serialVersionUID = 1L;

        private final String workspace;
        private final String agentRoot;
        private final String temporary;
        private final String oldModules;

        /**
         * @param agentRoot the folder that the agent's workspaces are in, as a rule
         * @param temporary the folder for the deployment's temporary files
         * @param oldModules the folder of {@link OldModules}
         */
        Begin(String workspace, String agentRoot, String temporary, String oldModules) {
            this.oldModules = oldModules;
            this.workspace = workspace;
            this.agentRoot = agentRoot;
            this.temporary = temporary;
        }

        /**
         * What is there.
         *
         * @param isInside whether the project's folder is in the workspace, whatever links lead there; one that does not exist is
         *     looked for later
         * @param beside the names of the folders that were beside the one for temporary files
         * @param checkout what is checked out there
         */
        record Found(boolean isInside, List<String> beside, GitCheckout checkout) implements Serializable {}

        @Override
        public Found invoke(File folder, VirtualChannel channel) throws IOException {
            if (!isInside(folder)) {
                return new Found(false, List.of(), GitCheckout.NONE);
            }
            Path parent = Path.of(temporary).getParent();
            List<String> beside = new ArrayList<>();
            if (parent != null && Files.isDirectory(parent)) {
                try (DirectoryStream<Path> entries = Files.newDirectoryStream(parent, Files::isDirectory)) {
                    entries.forEach(entry -> beside.add(parent.relativize(entry).toString()));
                }
            }
            Files.createDirectories(Path.of(temporary));
            OldModules.removeAll(Path.of(oldModules));
            return new Found(true, beside, checkout(folder));
        }

        /** A repository that the agent itself is in is another project's. */
        private GitCheckout checkout(File folder) {
            Path project = folder.toPath().toAbsolutePath().normalize();
            Path root = Path.of(agentRoot).toAbsolutePath().normalize();
            return GitCheckout.of(
                    project,
                    project.startsWith(root)
                            ? root
                            : Path.of(workspace).toAbsolutePath().normalize());
        }

        private boolean isInside(File folder) throws IOException {
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
        private final List<String> blocked;

        MarkInstalled(InstallRun install, List<String> blocked) {
            this.install = install;
            this.blocked = List.copyOf(blocked);
        }

        @Override
        public Void invoke(File folder, VirtualChannel channel) throws IOException, InterruptedException {
            new InstallFingerprint(install).set(blocked);
            return null;
        }
    }

    /** Takes node_modules out of the way of an install; null where it stays. */
    static final class SetModulesAside extends MasterToSlaveFileCallable<String> {
        private static final long serialVersionUID = 1L;

        private final String root;
        private final String place;

        SetModulesAside(String root, String place) {
            this.root = root;
            this.place = place;
        }

        @Override
        public String invoke(File folder, VirtualChannel channel) {
            return new OldModules(Path.of(root), Path.of(place)).setAside().orElse(null);
        }
    }

    /** Removes what was set aside, or puts it back. */
    static final class SettleModules extends MasterToSlaveFileCallable<Void> {
        private static final long serialVersionUID = 1L;

        private final String root;
        private final String place;
        private final String aside;
        private final boolean installed;

        SettleModules(String root, String place, String aside, boolean installed) {
            this.root = root;
            this.place = place;
            this.aside = aside;
            this.installed = installed;
        }

        @Override
        public Void invoke(File folder, VirtualChannel channel) throws IOException {
            OldModules old = new OldModules(Path.of(root), Path.of(place));
            if (installed) {
                old.remove(aside);
            } else {
                old.putBack(aside);
            }
            OldModules.removeAll(Path.of(place));
            return null;
        }
    }

    /** The key of the dependencies that an install would bring; null where there is none. */
    static final class FindDependencyKey extends MasterToSlaveFileCallable<String> {
        private static final long serialVersionUID = 1L;

        private final String root;
        private final String lockFile;
        private final String madeWith;

        FindDependencyKey(String root, String lockFile, String madeWith) {
            this.root = root;
            this.lockFile = lockFile;
            this.madeWith = madeWith;
        }

        @Override
        public String invoke(File folder, VirtualChannel channel) throws IOException {
            return DependencyKey.of(Path.of(root), folder.toPath(), lockFile, madeWith)
                    .orElse(null);
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

    /** The MD5 of a file, as Jenkins's fingerprints want it. {@code FilePath.digest} needs a dozen classes that are not there yet. */
    static final class Fingerprint extends MasterToSlaveFileCallable<String> {
        private static final long serialVersionUID = 1L;

        private final String file;

        Fingerprint(String file) {
            this.file = file;
        }

        @Override
        public String invoke(File folder, VirtualChannel channel) throws IOException {
            MessageDigest md5;
            try {
                md5 = MessageDigest.getInstance("MD5");
            } catch (NoSuchAlgorithmException e) {
                throw new IllegalStateException(e);
            }
            try (InputStream in = new DigestInputStream(Files.newInputStream(Path.of(file)), md5)) {
                in.transferTo(OutputStream.nullOutputStream());
            }
            return HexFormat.of().formatHex(md5.digest());
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
            return new HttpSender(Progress.NONE).digests(bodies);
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

    /** Gets a package by a URL that was signed for it. */
    static final class Fetch extends Work<String> {
        private static final long serialVersionUID = 1L;

        private final String url;
        private final String file;
        private final ProxySettings proxy;
        private final TaskListener listener;

        Fetch(String deployment, String url, String file, ProxySettings proxy, TaskListener listener) {
            super(deployment);
            this.url = url;
            this.file = file;
            this.proxy = proxy;
            this.listener = listener;
        }

        @Override
        String work(Path folder) throws IOException, InterruptedException {
            Path target = Path.of(file);
            Path parent = target.getParent();
            if (parent != null) {
                Files.createDirectories(parent);
            }
            return new HttpSender(PacedProgress.toLog(listener.getLogger()::println), Optional.ofNullable(proxy))
                    .fetch(url, target)
                    .toString();
        }
    }
}
