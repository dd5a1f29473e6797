package io.jenkins.plugins.lambdanode.engine.pack;

import io.jenkins.plugins.lambdanode.engine.base.DeployException;
import io.jenkins.plugins.lambdanode.engine.base.FileErrors;
import io.jenkins.plugins.lambdanode.engine.base.Progress;
import io.jenkins.plugins.lambdanode.engine.base.SafeText;
import io.jenkins.plugins.lambdanode.engine.pack.api.Finding;
import io.jenkins.plugins.lambdanode.engine.pack.api.Inventory;
import io.jenkins.plugins.lambdanode.engine.pack.api.PackReport;
import io.jenkins.plugins.lambdanode.engine.pack.api.PackRequest;
import io.jenkins.plugins.lambdanode.engine.pack.api.PackSettings;
import io.jenkins.plugins.lambdanode.engine.pack.api.TargetFunction;
import io.jenkins.plugins.lambdanode.engine.pack.cache.CtimeState;
import io.jenkins.plugins.lambdanode.engine.pack.cache.PackageCache;
import io.jenkins.plugins.lambdanode.engine.pack.check.Checks;
import io.jenkins.plugins.lambdanode.engine.pack.check.SizeBreakdown;
import io.jenkins.plugins.lambdanode.engine.pack.check.SizeLimits;
import io.jenkins.plugins.lambdanode.engine.pack.inventory.InventoryBuilder;
import io.jenkins.plugins.lambdanode.engine.pack.select.ArchiveContents;
import io.jenkins.plugins.lambdanode.engine.pack.select.CodeFolder;
import io.jenkins.plugins.lambdanode.engine.pack.select.DefaultExcludes;
import io.jenkins.plugins.lambdanode.engine.pack.select.ProjectWalk;
import io.jenkins.plugins.lambdanode.engine.pack.select.Selection;
import io.jenkins.plugins.lambdanode.engine.pack.select.SourceEntry;
import io.jenkins.plugins.lambdanode.engine.pack.zip.PackingThreads;
import io.jenkins.plugins.lambdanode.engine.project.production.NpmNote;
import io.jenkins.plugins.lambdanode.engine.project.production.ProductionPackages;
import java.io.IOException;
import java.nio.channels.ClosedByInterruptException;
import java.nio.file.FileAlreadyExistsException;
import java.nio.file.Files;
import java.nio.file.InvalidPathException;
import java.nio.file.Path;
import java.nio.file.attribute.PosixFileAttributeView;
import java.time.Clock;
import java.time.LocalDate;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.Set;
import java.util.stream.Collectors;
import java.util.stream.Stream;

/**
 * Builds a deployment package from a project's folder. Reading, hashing and deflating run on all cores; the package is
 * written in the order of its names. Memory is bounded whatever the project: some 2 MiB and another 2 MiB a core, 8 MiB of
 * packed bytes that wait for their turn, and a few hundred bytes for each entry.
 */
public final class Packager {
    /** In the cache's folder: the last package of the dependencies, where they go into a layer. */
    private static final String LAYER_CACHE = "dependencies";

    private final Path project;
    private final Path tempDir;
    private final Optional<Path> cacheDir;
    private final List<Path> written;
    private final Progress progress;
    private final int cores;
    private final Optional<Boolean> posix;
    private final Clock clock;

    /**
     * @param project the project's folder
     * @param tempDir where the package is built, and stays if the request names no output; made if it does not exist
     * @param cacheDir where the package index and the last package are kept; empty for nowhere
     */
    public Packager(Path project, Path tempDir, Optional<Path> cacheDir, Progress progress) {
        this(project, tempDir, cacheDir, List.of(), progress);
    }

    /** @param written what the caller writes, absolute: where it is in the project, it is left out */
    public Packager(Path project, Path tempDir, Optional<Path> cacheDir, List<Path> written, Progress progress) {
        this(
                project,
                tempDir,
                cacheDir,
                written,
                progress,
                Runtime.getRuntime().availableProcessors(),
                Optional.empty(),
                Clock.systemUTC());
    }

    /**
     * @param cores how many threads may work
     * @param posix whether to take modes from the file system; empty to ask it
     * @param clock tells how long ago files were changed
     */
    Packager(
            Path project,
            Path tempDir,
            Optional<Path> cacheDir,
            Progress progress,
            int cores,
            Optional<Boolean> posix,
            Clock clock) {
        this(project, tempDir, cacheDir, List.of(), progress, cores, posix, clock);
    }

    private Packager(
            Path project,
            Path tempDir,
            Optional<Path> cacheDir,
            List<Path> written,
            Progress progress,
            int cores,
            Optional<Boolean> posix,
            Clock clock) {
        this.written = List.copyOf(written);
        this.project = project;
        this.tempDir = tempDir;
        this.cacheDir = cacheDir.map(folder -> folder.toAbsolutePath().normalize());
        this.progress = progress;
        this.cores = cores;
        this.posix = posix;
        this.clock = clock;
    }

    /**
     * Builds the package, or looks at the one that is there ({@link PackRequest#zipFile}). An interrupt stops it at once; whatever stops it, it leaves no file behind.
     *
     * @throws DeployException if there is nothing to package, something cannot be packaged (unreadable, changing, a link to
     *     outside), a limit of Lambda is exceeded, or the function could surely not start with it
     */
    public PackReport pack(PackRequest request) throws IOException, InterruptedException {
        try {
            return build(request);
        } catch (ClosedByInterruptException e) {
            Thread.interrupted();
            throw (InterruptedException) new InterruptedException("Packaging was stopped").initCause(e);
        } catch (InvalidPathException e) {
            throw new DeployException(
                    "The path " + SafeText.name(e.getInput()) + " cannot be used here: " + e.getReason()
                            + ". On Linux, start Java" + " with LC_ALL=C.UTF-8 for paths that are not ASCII.",
                    e);
        } catch (IOException e) {
            Path folder = path(request.output()).map(Path::getParent).orElse(tempDir);
            throw FileErrors.packageDiskFull(e, String.valueOf(folder));
        }
    }

    private PackReport build(PackRequest request) throws IOException, InterruptedException {
        if (!Path.of(request.zipFile()).isAbsolute()) {
            FileErrors.requireProject(project);
        }
        if (!request.zipFile().isEmpty()) {
            return ReadyPackage.of(project, tempDir, request.zipFile()).report(request);
        }
        Path root = project.toRealPath();
        Optional<Path> output = path(request.output());
        Path work = output.map(Path::getParent).orElse(tempDir.toAbsolutePath());
        makeFolder(work);
        PackSettings settings = request.settings();
        CodeFolder code = CodeFolder.of(root, settings.codeDir());
        NpmNote note = NpmNote.of(root);
        DefaultExcludes defaults = new DefaultExcludes(code, ownPaths(output));
        boolean modes = posix.orElseGet(() -> Files.getFileAttributeView(root, PosixFileAttributeView.class) != null);
        Optional<CtimeState> states = modes && cacheDir.isPresent() ? CtimeState.of(root, clock) : Optional.empty();
        // Closed in reverse: first the threads, so that no file is in use when it is removed.
        try (TempFiles codeFiles = new TempFiles(work);
                TempFiles layerFiles = new TempFiles(work);
                PackageCache codeCache = cache(cacheDir, settings, states);
                PackageCache layerCache = request.dependencyLayer()
                        ? cache(cacheDir.map(dir -> dir.resolve(LAYER_CACHE)), settings, states)
                        : PackageCache.none();
                PackingThreads threads = new PackingThreads(cores, settings.level())) {
            Optional<ProductionPackages> production =
                    settings.dependencies() && code.takesPackages() && !request.knownLayer()
                            ? ProductionPackages.of(root, note, code.isApart(), architectures(request))
                            : Optional.empty();
            ProjectWalk walk = new ProjectWalk(
                    code,
                    production,
                    Selection.of(settings, root, defaults, request.knownLayer()),
                    settings.links(),
                    modes,
                    threads::all);
            List<SourceEntry> entries = walk.walk();
            List<ArchiveContents> archives = request.dependencyLayer()
                    ? ArchiveContents.split(entries)
                    : List.of(ArchiveContents.whole(entries));
            requireSomething(code, archives.get(0).entries(), walk.excluded());
            requireUnzipped(archives, request);
            Checks checks = new Checks(
                    root,
                    note,
                    settings,
                    entries,
                    request.functions(),
                    archives.size() > 1,
                    request.knownLayer(),
                    request.lockFile(),
                    request.blockedScripts(),
                    LocalDate.now());
            checks.beforePackaging();
            checks.requireNoError();
            Inventory inventory = new InventoryBuilder(checks.manifests(), production, request.lockFile())
                    .of(archives, settings.hasCodeDir(), request.knownLayer());

            List<ArchiveBuilder> builders = new ArrayList<>();
            for (ArchiveContents archive : archives) {
                ArchiveBuilder builder = archive.isLayer()
                        ? new ArchiveBuilder(archive, modes, layerCache, layerFiles, checks, progress)
                        : new ArchiveBuilder(archive, modes, codeCache, codeFiles, checks, progress);
                builder.write(threads);
                builders.add(builder);
            }
            checks.afterPackaging();
            checks.requireNoError();
            requireLimits(builders, request);
            if (Thread.interrupted()) {
                throw new InterruptedException();
            }
            builders.forEach(ArchiveBuilder::store);
            if (output.isPresent()) {
                PackageCache.moveOver(codeFiles.archive(), output.get());
            }
            codeFiles.keepArchive();
            layerFiles.keepArchive();
            List<PackReport> layers = new ArrayList<>();
            for (ArchiveBuilder layer : builders.subList(1, builders.size())) {
                layers.add(layer.report(
                        layerFiles.archive(), layer.totals().sizes(), List.of(), List.of(), Inventory.NONE, List.of()));
            }
            List<Finding> findings = new ArrayList<>(walk.findings());
            findings.addAll(checks.findings());
            findings.sort(Finding.ORDER);
            return builders.get(0)
                    .report(
                            output.orElse(codeFiles.archive()),
                            sizes(builders),
                            walk.excluded(),
                            findings,
                            inventory,
                            layers);
        }
    }

    /** What packaging writes, by real paths: where it is in the project, it is left out. */
    private List<Path> ownPaths(Optional<Path> output) {
        List<Path> own = new ArrayList<>(List.of(real(tempDir)));
        Stream.concat(output.stream(), written.stream())
                .forEach(path -> own.add(real(path.getParent()).resolve(path.getFileName())));
        cacheDir.ifPresent(path -> own.add(real(path)));
        return own;
    }

    private static Optional<Path> path(String text) {
        return text.isEmpty()
                ? Optional.empty()
                : Optional.of(Path.of(text).toAbsolutePath().normalize());
    }

    private static Path real(Path path) {
        try {
            return path.toRealPath();
        } catch (IOException e) {
            return path.toAbsolutePath().normalize();
        }
    }

    private static void makeFolder(Path folder) throws IOException {
        try {
            Files.createDirectories(folder);
        } catch (FileAlreadyExistsException e) {
            throw new DeployException(folder + " is not a folder. Choose another place for the package.", e);
        }
    }

    private static PackageCache cache(Optional<Path> folder, PackSettings settings, Optional<CtimeState> states) {
        return folder.map(dir -> PackageCache.open(dir, settings.level(), states))
                .orElseGet(PackageCache::none);
    }

    /** Code and layer are sent separately, and count together where the function runs. */
    private static void requireLimits(List<ArchiveBuilder> builders, PackRequest request) throws DeployException {
        long unzipped = builders.stream()
                .mapToLong(builder -> builder.totals().unzippedBytes())
                .sum();
        SizeLimits.requireUnzipped(unzipped, request.functions(), () -> sizes(builders));
        for (ArchiveBuilder builder : builders) {
            SizeLimits.requireZipped(
                    builder.zippedBytes(), request, builder.totals().sizes());
        }
    }

    private static SizeBreakdown sizes(List<ArchiveBuilder> builders) {
        return builders.stream()
                .map(builder -> builder.totals().sizes())
                .reduce(new SizeBreakdown(), SizeBreakdown::with);
    }

    private static void requireSomething(CodeFolder code, List<SourceEntry> entries, List<PackReport.Excluded> excluded)
            throws DeployException {
        if (entries.stream().allMatch(entry -> entry.kind() == SourceEntry.Kind.FOLDER || !code.isCode(entry.name()))) {
            String reasons = excluded.stream()
                    .map(group -> group.count() + " by " + group.reason())
                    .collect(Collectors.joining(", "));
            throw new DeployException("There is nothing to package in " + code.folder() + "."
                    + (reasons.isEmpty() ? " It has no files." : " Left out: " + reasons + ".")
                    + " Check " + (code.isApart() ? "the build, codeDir" : "dir") + ", includes and excludes.");
        }
    }

    private static Set<String> architectures(PackRequest request) {
        return request.functions().stream().map(TargetFunction::architecture).collect(Collectors.toSet());
    }

    /** Before anything is read: a project that is far too large is refused in an instant. */
    private static void requireUnzipped(List<ArchiveContents> archives, PackRequest request) throws DeployException {
        long unzipped = archives.stream().mapToLong(ArchiveContents::size).sum();
        SizeLimits.requireUnzipped(unzipped, request.functions(), () -> {
            SizeBreakdown sizes = new SizeBreakdown();
            for (ArchiveContents archive : archives) {
                for (SourceEntry entry : archive.entries()) {
                    sizes.add(entry.name(), entry.kind() != SourceEntry.Kind.FOLDER, entry.size(), 0);
                }
            }
            return sizes;
        });
    }
}
