package io.jenkins.plugins.lambdanode.engine.workspace;

import io.jenkins.plugins.lambdanode.engine.base.Progress;
import io.jenkins.plugins.lambdanode.engine.command.Command;
import io.jenkins.plugins.lambdanode.engine.command.CommandOutcome;
import io.jenkins.plugins.lambdanode.engine.command.OutputTail;
import io.jenkins.plugins.lambdanode.engine.http.Body;
import io.jenkins.plugins.lambdanode.engine.http.HttpSender;
import io.jenkins.plugins.lambdanode.engine.http.SendReply;
import io.jenkins.plugins.lambdanode.engine.http.SendRequest;
import io.jenkins.plugins.lambdanode.engine.pack.Packager;
import io.jenkins.plugins.lambdanode.engine.pack.api.PackReport;
import io.jenkins.plugins.lambdanode.engine.pack.api.PackRequest;
import io.jenkins.plugins.lambdanode.engine.project.DependencyKey;
import io.jenkins.plugins.lambdanode.engine.project.InstallFingerprint;
import io.jenkins.plugins.lambdanode.engine.project.InstallRun;
import io.jenkins.plugins.lambdanode.engine.project.InstallState;
import io.jenkins.plugins.lambdanode.engine.project.OldModules;
import io.jenkins.plugins.lambdanode.engine.project.ProjectFolder;
import java.io.File;
import java.io.IOException;
import java.io.InputStream;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.stream.Stream;

/** A folder on this machine. */
public final class LocalWorkspace implements Workspace {

    private static final boolean WINDOWS = File.separatorChar == '\\';

    /** A command that has ended has written all it will; a program that it left running can hold its output open forever. */
    private static final long LAST_OUTPUT_MILLIS = 3000;

    /** In the cache. */
    private static final String OLD_MODULES = "old";

    private final Path project;
    private final Path temporary;
    private final Optional<Path> cache;
    private final List<Path> written;
    private final Map<String, String> environment;
    private final HttpSender sender;
    private final Progress progress;
    private Optional<Thread> removal = Optional.empty();

    /** A workspace that keeps nothing. */
    public LocalWorkspace(Path project, Map<String, String> environment, HttpSender sender, Progress progress)
            throws IOException {
        this(project, Optional.empty(), environment, sender, progress);
    }

    /** A workspace in which nobody but the deployment writes. */
    public LocalWorkspace(
            Path project, Optional<Path> cache, Map<String, String> environment, HttpSender sender, Progress progress)
            throws IOException {
        this(project, cache, List.of(), environment, sender, progress);
    }

    /**
     * @param project the project's folder
     * @param cache where the last package is kept; without it no install is left out either
     * @param written what the caller writes: where it is in the project, no package has it
     * @param environment what commands get as their environment, but for {@link Command#withheldVariables}
     * @param sender sends the requests
     */
    public LocalWorkspace(
            Path project,
            Optional<Path> cache,
            List<Path> written,
            Map<String, String> environment,
            HttpSender sender,
            Progress progress)
            throws IOException {
        this.project = project.toAbsolutePath().normalize();
        this.cache = cache.map(Path::toAbsolutePath);
        this.written = List.copyOf(written);
        this.environment = Map.copyOf(environment);
        this.sender = sender;
        this.progress = progress;
        this.temporary = Files.createTempDirectory("lambda-node-deploy-");
        this.removal = this.cache.map(folder -> OldModules.removeAll(folder.resolve(OLD_MODULES)));
    }

    @Override
    public ProjectFolder inspect() throws IOException {
        return ProjectFolder.of(project, project.toAbsolutePath().getRoot());
    }

    @Override
    public CommandOutcome run(Command command) throws IOException, InterruptedException {
        ProcessBuilder builder = new ProcessBuilder(words(command))
                .directory(command.folder().isEmpty() ? project.toFile() : new File(command.folder()))
                .redirectInput(ProcessBuilder.Redirect.from(new File(WINDOWS ? "NUL" : "/dev/null")))
                .redirectErrorStream(true);
        builder.environment().clear();
        builder.environment().putAll(environment);
        command.withheldVariables().forEach(builder.environment()::remove);
        Process process;
        try {
            process = builder.start();
        } catch (IOException e) {
            return CommandOutcome.notStarted(e.getMessage());
        }
        OutputTail output = new OutputTail(command.quiet() ? line -> {} : progress::log);
        Thread reader = new Thread(
                () -> relay(process, output), "output of " + command.words().get(0));
        reader.setDaemon(true);
        reader.start();
        try {
            int status = process.waitFor();
            reader.join(LAST_OUTPUT_MILLIS);
            if (reader.isAlive()) {
                progress.log("A program that the command left running is not waited for.");
            }
            output.close();
            return new CommandOutcome(status, output.last());
        } finally {
            kill(process);
        }
    }

    private static List<String> words(Command command) {
        if (WINDOWS) {
            return command.wordsOnWindows();
        }
        return command.shell() ? List.of("sh", "-e", "-c", command.display()) : command.wordsOnUnix();
    }

    private static void relay(Process process, OutputTail output) {
        try (InputStream in = process.getInputStream()) {
            in.transferTo(output);
        } catch (IOException e) {
            // The pipe is closed when the command is stopped; its exit status says the rest.
        }
    }

    private static void kill(Process process) {
        List<ProcessHandle> children = process.descendants().toList();
        process.destroyForcibly();
        children.forEach(ProcessHandle::destroyForcibly);
    }

    @Override
    public Optional<String> npmCache() {
        return cache.map(folder -> folder.resolve("npm").toString());
    }

    @Override
    public InstallState installState(InstallRun install) throws IOException {
        return cache.isEmpty()
                ? new InstallState(false, false, false, "without --cache it runs each time", List.of())
                : new InstallFingerprint(install).state();
    }

    @Override
    public void markInstalled(InstallRun install, List<String> blocked) throws IOException, InterruptedException {
        if (cache.isPresent()) {
            new InstallFingerprint(install).set(blocked);
        }
    }

    @Override
    public Optional<String> setModulesAside(String folder) {
        return cache.flatMap(kept -> new OldModules(Path.of(folder), kept.resolve(OLD_MODULES)).setAside());
    }

    @Override
    public void settleModules(String folder, String aside, boolean installed) throws IOException {
        Path place = cache.orElseThrow().resolve(OLD_MODULES);
        OldModules old = new OldModules(Path.of(folder), place);
        if (installed) {
            old.remove(aside);
        } else {
            old.putBack(aside);
        }
        removal = Optional.of(OldModules.removeAll(place));
    }

    @Override
    public Optional<String> dependencyKey(String folder, String lockFile, String madeWith) throws IOException {
        return DependencyKey.of(Path.of(folder), project, lockFile, madeWith);
    }

    @Override
    public PackReport pack(PackRequest request) throws IOException, InterruptedException {
        return new Packager(project, temporary, cache, written, progress).pack(request);
    }

    @Override
    public List<byte[]> digest(List<Body> bodies) throws IOException, InterruptedException {
        return sender.digests(bodies);
    }

    @Override
    public List<SendReply> send(List<SendRequest> requests) throws IOException, InterruptedException {
        return sender.send(requests);
    }

    @Override
    public String fetch(String url) throws IOException, InterruptedException {
        return sender.fetch(url, Files.createTempFile(temporary, "fetched-", ".zip"))
                .toString();
    }

    @Override
    public void close() throws IOException, InterruptedException {
        try (Stream<Path> files = Files.list(temporary)) {
            for (Path file : files.toList()) {
                Files.deleteIfExists(file);
            }
        }
        Files.deleteIfExists(temporary);
        if (removal.isPresent()) {
            removal.get().join();
        }
    }
}
