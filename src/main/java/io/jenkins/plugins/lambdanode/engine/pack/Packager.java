package io.jenkins.plugins.lambdanode.engine.pack;

import io.jenkins.plugins.lambdanode.engine.base.Crew;
import io.jenkins.plugins.lambdanode.engine.base.DeployException;
import io.jenkins.plugins.lambdanode.engine.base.Sha256;
import io.jenkins.plugins.lambdanode.engine.base.FileErrors;
import io.jenkins.plugins.lambdanode.engine.base.Progress;
import io.jenkins.plugins.lambdanode.engine.base.SafeText;
import io.jenkins.plugins.lambdanode.engine.pack.api.Finding;
import io.jenkins.plugins.lambdanode.engine.pack.api.PackReport;
import io.jenkins.plugins.lambdanode.engine.pack.api.PackRequest;
import io.jenkins.plugins.lambdanode.engine.pack.cache.CtimeState;
import io.jenkins.plugins.lambdanode.engine.pack.cache.PackageCache;
import io.jenkins.plugins.lambdanode.engine.pack.cache.PackageIndex;
import io.jenkins.plugins.lambdanode.engine.pack.check.Checks;
import io.jenkins.plugins.lambdanode.engine.pack.check.NativeProgram;
import io.jenkins.plugins.lambdanode.engine.pack.check.SizeLimits;
import io.jenkins.plugins.lambdanode.engine.pack.check.SizeBreakdown;
import io.jenkins.plugins.lambdanode.engine.pack.select.DefaultExcludes;
import io.jenkins.plugins.lambdanode.engine.pack.select.ArchiveContents;
import io.jenkins.plugins.lambdanode.engine.pack.select.ProjectWalk;
import io.jenkins.plugins.lambdanode.engine.pack.select.Selection;
import io.jenkins.plugins.lambdanode.engine.pack.select.SourceEntry;
import io.jenkins.plugins.lambdanode.engine.pack.zip.Benches;
import io.jenkins.plugins.lambdanode.engine.pack.zip.LargeFile;
import io.jenkins.plugins.lambdanode.engine.pack.zip.PackageWriter;
import io.jenkins.plugins.lambdanode.engine.pack.zip.PackedContent;
import io.jenkins.plugins.lambdanode.engine.pack.zip.Workbench;
import java.io.IOException;
import java.nio.channels.ClosedByInterruptException;
import java.nio.charset.StandardCharsets;
import java.nio.file.FileAlreadyExistsException;
import java.nio.file.Files;
import java.nio.file.InvalidPathException;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.nio.file.attribute.PosixFileAttributeView;
import java.security.MessageDigest;
import java.time.Clock;
import java.time.LocalDate;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Base64;
import java.util.Deque;
import java.util.HexFormat;
import java.util.List;
import java.util.Optional;
import java.util.UUID;
import java.util.concurrent.Future;

/**
 * Builds a deployment package from a project's folder. Reading, hashing and deflating run on all cores; the package is
 * written in the order of its names. Memory is bounded whatever the project: some 2 MiB and another 2 MiB a core, the packed
 * bytes that wait for their turn ({@value #IN_FLIGHT_BYTES}), and a few hundred bytes for each entry.
 *
 * <p>{@link PackReport#contentDigest()} is the SHA-256 of, for each entry in the package's order: its name in UTF-8, a zero
 * byte, its mode as six octal digits, a zero byte, and the SHA-256 of its content (32 bytes; that of nothing for a folder, of
 * the target for a link).
 */
public final class Packager {
    private static final String ACTIVITY = "Packaging";
    private static final String LAYER_ACTIVITY = "Packaging the dependencies";

    /** In the cache's folder: the last package of the dependencies, where they are apart. */
    private static final String LAYER_CACHE = "dependencies";

    /** Content bytes that may be waiting to be written. */
    static final int IN_FLIGHT_BYTES = 8 << 20;

    private static final int BATCH_FILES = 64;
    private static final int BATCH_BYTES = 256 * 1024;

    private final Path project;
    private final Path tempDir;
    private final Progress progress;
    private final int cores;
    private final Optional<Boolean> posix;
    private final Clock clock;

    /**
     * @param project the project's folder
     * @param tempDir where the package is built, and stays if the request names no output; made if it does not exist
     */
    public Packager(Path project, Path tempDir, Progress progress) {
        this(
                project,
                tempDir,
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
    Packager(Path project, Path tempDir, Progress progress, int cores, Optional<Boolean> posix, Clock clock) {
        this.project = project;
        this.tempDir = tempDir;
        this.progress = progress;
        this.cores = cores;
        this.posix = posix;
        this.clock = clock;
    }

    /**
     * Builds the package. An interrupt stops it at once; whatever stops it, it leaves no file behind.
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
                    "The path " + SafeText.name(e.getInput()) + " cannot be used here: " + e.getReason() + ". On Linux, start Java"
                            + " with LC_ALL=C.UTF-8 for paths that are not ASCII.",
                    e);
        } catch (IOException e) {
            Path folder = request.output().isEmpty() ? tempDir : absolute(request.output()).getParent();
            throw FileErrors.packageDiskFull(e, String.valueOf(folder));
        }
    }

    private PackReport build(PackRequest request) throws IOException, InterruptedException {
        Path root;
        try {
            root = project.toRealPath();
        } catch (NoSuchFileException e) {
            throw new DeployException("The project's folder " + project + " does not exist. Check dir.", e);
        }
        if (!Files.isDirectory(root)) {
            throw new DeployException(project + " is not a folder. Check dir: it is the folder with package.json.");
        }
        Optional<Path> output = request.output().isEmpty() ? Optional.empty() : Optional.of(absolute(request.output()));
        Optional<Path> cacheDir = request.settings().cacheDir().isEmpty() ? Optional.empty() : Optional.of(absolute(request.settings().cacheDir()));
        Path work = output.map(Path::getParent).orElse(tempDir.toAbsolutePath());
        makeFolder(work);
        // Names that are the same whatever links lead there: what is inside the project is left out of the package.
        List<Path> own = new ArrayList<>(List.of(real(tempDir)));
        output.ifPresent(path -> own.add(real(path.getParent()).resolve(path.getFileName())));
        cacheDir.ifPresent(path -> own.add(real(path)));
        List<TempFiles> drafts = List.of(TempFiles.in(work), TempFiles.in(work));
        boolean done = false;
        try {
            PackReport report = build(request, root, new DefaultExcludes(root, own), cacheDir, drafts, output);
            done = true;
            return report;
        } finally {
            for (TempFiles draft : drafts) {
                if (!done) {
                    Files.deleteIfExists(draft.made);
                }
                Files.deleteIfExists(draft.spill);
            }
        }
    }

    /** A package while it is being made, and where its large files are packed. */
    private record TempFiles(Path made, Path spill) {
        static TempFiles in(Path folder) {
            String name = DefaultExcludes.OWN_PREFIX + UUID.randomUUID();
            return new TempFiles(folder.resolve(name + ".zip"), folder.resolve(name + ".spill"));
        }
    }

    private static Path absolute(String path) {
        return Path.of(path).toAbsolutePath().normalize();
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

    private PackReport build(
            PackRequest request,
            Path root,
            DefaultExcludes defaults,
            Optional<Path> cacheDir,
            List<TempFiles> drafts,
            Optional<Path> output)
            throws IOException, InterruptedException {
        boolean modes = posix.orElseGet(() -> Files.getFileAttributeView(root, PosixFileAttributeView.class) != null);
        // Closed in reverse: first the crew, so that nothing is in use when the rest goes.
        Optional<CtimeState> states = modes && cacheDir.isPresent() ? CtimeState.of(root, clock) : Optional.empty();
        try (PackageCache cache = cache(cacheDir, request, states);
                PackageCache layerCache = request.dependencyLayer()
                        ? cache(cacheDir.map(dir -> dir.resolve(LAYER_CACHE)), request, states)
                        : PackageCache.none();
                Benches benches = new Benches(request.settings().level());
                Crew crew = new Crew(cores)) {
            ProjectWalk walk =
                    new ProjectWalk(root, Selection.of(request.settings(), root, defaults), request.settings().links(), modes, crew);
            List<SourceEntry> entries = walk.walk();
            List<ArchiveContents> parts = request.dependencyLayer() ? ArchiveContents.apart(entries) : List.of(ArchiveContents.whole(entries));
            requireSomething(parts.get(0).entries(), walk.skipped());
            requireUnzipped(entries, request);
            Checks checks = new Checks(entries, request.functions(), parts.size() > 1, LocalDate.now());
            checks.beforePackaging();
            checks.requireNoError();

            List<ArchiveBuilder> assemblies = new ArrayList<>();
            for (ArchiveContents part : parts) {
                ArchiveBuilder assembly = new ArchiveBuilder(part, modes, checks);
                assembly.write(crew, benches, part.isLayer() ? layerCache : cache, drafts.get(assemblies.size()));
                assemblies.add(assembly);
            }
            checks.requireNoError();
            requireLimits(assemblies, request);
            if (Thread.interrupted()) {
                throw new InterruptedException();
            }
            List<PackReport> layers = new ArrayList<>();
            for (ArchiveBuilder assembly : assemblies.subList(1, assemblies.size())) {
                storeInCache(layerCache, assembly);
                layers.add(assembly.report(assembly.made, assembly.weights, List.of(), List.of(), List.of()));
            }
            ArchiveBuilder code = assemblies.get(0);
            storeInCache(cache, code);
            if (output.isPresent()) {
                PackageCache.moveOver(code.made, output.get());
            }
            List<Finding> findings = new ArrayList<>(walk.findings());
            findings.addAll(checks.findings());
            findings.sort(Finding.ORDER);
            return code.report(output.orElse(code.made), weights(assemblies), walk.skipped(), findings, layers);
        }
    }

    private static PackageCache cache(Optional<Path> folder, PackRequest request, Optional<CtimeState> states) {
        return folder.map(dir -> PackageCache.open(dir, request.settings().level(), states)).orElseGet(PackageCache::none);
    }

    /** Code and dependencies are sent each by itself and count together where the function runs. */
    private static void requireLimits(List<ArchiveBuilder> assemblies, PackRequest request) throws DeployException {
        long unzipped = assemblies.stream().mapToLong(assembly -> assembly.unzipped).sum();
        SizeLimits.requireUnzipped(unzipped, request.functions(), weights(assemblies));
        for (ArchiveBuilder assembly : assemblies) {
            SizeLimits.requireZipped(assembly.packageBytes, request, assembly.weights);
        }
    }

    private static SizeBreakdown weights(List<ArchiveBuilder> assemblies) {
        return assemblies.stream().map(assembly -> assembly.weights).reduce(new SizeBreakdown(), SizeBreakdown::with);
    }

    private void storeInCache(PackageCache cache, ArchiveBuilder assembly) {
        if (assembly.nothingNew) {
            // The package that is kept has all of it, whatever the names are now, and its index knows the files.
            return;
        }
        try {
            cache.store(assembly.made, assembly.packageBytes, assembly.places, assembly.unremarkable);
        } catch (IOException e) {
            progress.log("The package could not be kept for the next build, which will take longer: " + e);
        }
    }

    private void requireSomething(List<SourceEntry> entries, List<PackReport.Excluded> skipped) throws DeployException {
        if (entries.stream().allMatch(entry -> entry.kind() == SourceEntry.Kind.FOLDER)) {
            StringBuilder left = new StringBuilder();
            for (PackReport.Excluded skip : skipped) {
                left.append(left.length() == 0 ? " Left out: " : ", ").append(skip.count()).append(" by ").append(skip.reason());
            }
            throw new DeployException("There is nothing to package in " + project + "."
                    + (left.length() == 0 ? " It has no files." : left + ".")
                    + " Check dir, includes and excludes.");
        }
    }

    private static void requireUnzipped(List<SourceEntry> entries, PackRequest request) throws DeployException {
        SizeBreakdown weights = new SizeBreakdown();
        long unzipped = 0;
        for (SourceEntry entry : entries) {
            unzipped += entry.size();
            weights.add(entry.name(), entry.kind() != SourceEntry.Kind.FOLDER, entry.size(), 0);
        }
        SizeLimits.requireUnzipped(unzipped, request.functions(), weights);
    }

    /** Puts the entries into the package, in order, and adds up what the report says. */
    private final class ArchiveBuilder {
        private final String prefix;
        private final String activity;
        private final List<SourceEntry> entries;
        private final boolean modes;
        private final Checks checks;
        private final SizeBreakdown weights = new SizeBreakdown();
        private final MessageDigest contents = Sha256.sha256();
        private final List<PackageIndex.ObjectKey> places = new ArrayList<>();
        private final long totalBytes;
        private final List<PackageIndex.Unremarkable> unremarkable = new ArrayList<>();
        private boolean nothingNew = true;
        private int files;
        private long unzipped;
        private long readBytes;
        private long deflatedBytes;
        private long reusedBytes;
        private long doneBytes;
        private Path made;
        private byte[] sha256;
        private long packageBytes;

        ArchiveBuilder(ArchiveContents part, boolean modes, Checks checks) {
            this.prefix = part.prefix();
            this.activity = part.isLayer() ? LAYER_ACTIVITY : ACTIVITY;
            this.entries = part.entries();
            this.modes = modes;
            this.checks = checks;
            this.totalBytes = part.size();
        }

        void write(Crew crew, Benches benches, PackageCache cache, TempFiles draft) throws IOException, InterruptedException {
            made = draft.made;
            try (PackageWriter writer = new PackageWriter(draft.made);
                    LargeFile large = new LargeFile(crew, benches, cache, draft.spill)) {
                run(crew, benches, cache, large, writer);
                writer.finish();
                sha256 = writer.sha256();
                packageBytes = writer.written();
            }
        }

        /** Some entries that are packed in one go, or one large file; with what has been started for them. */
        private record Batch(
                int from,
                int to,
                long bytes,
                Future<List<PackedContent>> packed,
                Optional<LargeFile.Begun> large) {}

        private void run(Crew crew, Benches benches, PackageCache cache, LargeFile large, PackageWriter writer)
                throws IOException, InterruptedException {
            progress.advance(activity, 0, totalBytes, 0);
            Deque<Batch> underWay = new ArrayDeque<>();
            long inFlight = 0;
            int next = 0;
            while (next < entries.size() || !underWay.isEmpty()) {
                while (next < entries.size() && (underWay.isEmpty() || inFlight < IN_FLIGHT_BYTES)) {
                    Batch batch = start(next, crew, benches, cache, large);
                    underWay.add(batch);
                    inFlight += batch.bytes;
                    next = batch.to;
                }
                Batch batch = underWay.remove();
                if (batch.large.isPresent()) {
                    addLarge(entries.get(batch.from), batch.large.get(), large, writer);
                } else {
                    List<PackedContent> packed = Crew.await(batch.packed);
                    for (int i = batch.from; i < batch.to; i++) {
                        add(entries.get(i), packed.get(i - batch.from), writer);
                    }
                }
                inFlight -= batch.bytes;
                progress.advance(activity, doneBytes, totalBytes, files);
            }
        }

        private static boolean isLarge(SourceEntry entry) {
            return entry.isFile() && entry.size() > Workbench.PIECE;
        }

        private Batch start(int from, Crew crew, Benches benches, PackageCache cache, LargeFile large) {
            SourceEntry first = entries.get(from);
            if (isLarge(first)) {
                return new Batch(from, from + 1, 0, null, Optional.of(large.begin(first)));
            }
            int to = from;
            long bytes = 0;
            while (to < entries.size() && to - from < BATCH_FILES && bytes < BATCH_BYTES && !isLarge(entries.get(to))) {
                bytes += entries.get(to++).size();
            }
            List<SourceEntry> batch = entries.subList(from, to);
            return new Batch(from, to, bytes, crew.start(() -> pack(batch, benches, cache)), Optional.empty());
        }

        private static List<PackedContent> pack(List<SourceEntry> batch, Benches benches, PackageCache cache)
                throws IOException, InterruptedException {
            return benches.with(bench -> {
                List<PackedContent> packed = new ArrayList<>(batch.size());
                for (SourceEntry entry : batch) {
                    packed.add(entry.isFile() ? bench.pack(entry, cache) : bench.pack(entry.target()));
                }
                return packed;
            });
        }

        private void addLarge(SourceEntry entry, LargeFile.Begun begun, LargeFile large, PackageWriter writer)
                throws IOException, InterruptedException {
            long before = doneBytes;
            PackedContent content = large.pack(entry, begun, bytes -> {
                doneBytes += bytes;
                progress.advance(activity, doneBytes, totalBytes, files);
            });
            doneBytes = before;
            String name = prefix + entry.name();
            added(entry, content, writer.add(name, bytes(name, entry), mode(entry, content), content, large.packed()));
        }

        private void add(SourceEntry entry, PackedContent content, PackageWriter writer) throws IOException {
            String name = prefix + entry.name();
            added(entry, content, writer.add(name, bytes(name, entry), mode(entry, content), content));
        }

        private byte[] bytes(String name, SourceEntry entry) {
            return prefix.isEmpty() ? entry.nameBytes() : name.getBytes(StandardCharsets.UTF_8);
        }

        /** @param offset where in the package its packed bytes begin */
        private void added(SourceEntry entry, PackedContent content, long offset) {
            int mode = mode(entry, content);
            contents.update(bytes(prefix + entry.name(), entry));
            contents.update((byte) 0);
            contents.update(octal(mode));
            contents.update((byte) 0);
            contents.update(content.sha256());
            boolean folder = entry.kind() == SourceEntry.Kind.FOLDER;
            weights.add(
                    entry.name(),
                    !folder,
                    content.size(),
                    content.packedSize() + PackageWriter.HEADER_BYTES + 2L * (prefix.length() + entry.nameBytes().length));
            if (entry.isFile()) {
                checks.content(entry, content);
                if (content.size() > 0) {
                    PackageIndex.ObjectKey place = new PackageIndex.ObjectKey(
                            content.sha256(), content.size(), offset, content.packedSize(), content.deflated(), content.crc(),
                            content.packedSha256());
                    places.add(place);
                    boolean unread = content.reused() && content.readBytes() == 0;
                    if (content.state().isPresent() && (unread || isUnremarkable(content))) {
                        unremarkable.add(
                                new PackageIndex.Unremarkable(content.state().get(), Workbench.seeksKey(entry), place));
                        nothingNew = nothingNew && unread;
                    }
                    nothingNew = nothingNew && content.reused();
                }
            }
            files += folder ? 0 : 1;
            unzipped += content.size();
            readBytes += content.readBytes();
            deflatedBytes += content.deflatedBytes();
            reusedBytes += content.reused() ? content.size() : 0;
            doneBytes += content.size();
        }

        /** The checks look at the others each time. */
        private static boolean isUnremarkable(PackedContent content) {
            return !content.privateKey() && NativeProgram.of(content.head()).isEmpty();
        }

        private static byte[] octal(int mode) {
            String digits = Integer.toOctalString(mode);
            return ("000000".substring(digits.length()) + digits).getBytes(StandardCharsets.US_ASCII);
        }

        private int mode(SourceEntry entry, PackedContent content) {
            return switch (entry.kind()) {
                case FOLDER -> PackageWriter.FOLDER_MODE;
                case LINK -> PackageWriter.LINK_MODE;
                case FILE -> executable(entry, content.head()) ? PackageWriter.EXECUTABLE_MODE : PackageWriter.FILE_MODE;
            };
        }

        private boolean executable(SourceEntry entry, byte[] head) {
            if (modes) {
                return entry.executable();
            }
            return NativeProgram.isElf(head) || head.length >= 2 && head[0] == '#' && head[1] == '!';
        }

        PackReport report(
                Path file,
                SizeBreakdown heaviest,
                List<PackReport.Excluded> skipped,
                List<Finding> findings,
                List<PackReport> layers) {
            return new PackReport(
                    file.toString(),
                    packageBytes,
                    HexFormat.of().formatHex(sha256),
                    Base64.getEncoder().encodeToString(sha256),
                    HexFormat.of().formatHex(contents.digest()),
                    files,
                    entries.size(),
                    unzipped,
                    heaviest.heaviestZipped(),
                    skipped,
                    findings,
                    new PackReport.Work(readBytes + (prefix.isEmpty() ? checks.readBytes() : 0), deflatedBytes, reusedBytes),
                    layers);
        }
    }
}
