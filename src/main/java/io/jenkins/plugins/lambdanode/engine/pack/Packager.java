package io.jenkins.plugins.lambdanode.engine.pack;

import io.jenkins.plugins.lambdanode.engine.DeployException;
import io.jenkins.plugins.lambdanode.engine.Progress;
import io.jenkins.plugins.lambdanode.engine.pack.Finding.Severity;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.time.LocalDate;
import java.util.ArrayList;
import java.util.Base64;
import java.util.Comparator;
import java.util.HashSet;
import java.util.HexFormat;
import java.util.List;
import java.util.Set;
import java.util.UUID;
import java.util.stream.Collectors;

/**
 * Builds a deployment package from a project's folder: the folder's contents at the top, no folder above (AWS Lambda Developer
 * Guide, "Deployment package in Node.js"). The same content gives the same bytes, whatever the order in which files were
 * made, their times, the umask, the machine's time zone and language, the number of its cores, and earlier packages.
 */
public final class Packager {

    private final Path project;
    private final Path temporary;
    private final Progress progress;

    /**
     * @param project the project's folder
     * @param temporary an existing folder for the package and for temporary files
     */
    public Packager(Path project, Path temporary, Progress progress) {
        this.project = project;
        this.temporary = temporary;
        this.progress = progress;
    }

    /**
     * Builds the package.
     *
     * @throws DeployException if something in the project can't be packaged, the package is over a limit of Lambda, or the
     *     function could not start with it; the message says what to do
     */
    public PackReport pack(PackRequest request) throws IOException, InterruptedException {
        Path target = request.output().isEmpty()
                ? temporary.resolve("package-" + UUID.randomUUID() + ".zip")
                : Path.of(request.output());
        Path unfinished = target.resolveSibling("." + target.getFileName() + "." + UUID.randomUUID() + ".tmp");
        Path spill = temporary.resolve("spill-" + UUID.randomUUID() + ".tmp");
        Selection selection = new Selection(project, request, ownFiles(request, target, unfinished));
        ProjectTree tree = new ProjectTree(project, selection, request.links() == PackRequest.Links.STORE);
        List<Entry> entries = tree.walk();
        requireFiles(entries);
        requireUnzippedSize(entries, request.functions());
        Checks checks = new Checks(request.functions(), LocalDate.now());
        List<Finding> findings = new ArrayList<>(tree.findings());
        findings.addAll(checks.ofTree(entries));
        requireNoErrors(findings);

        Path cache = request.cacheDir().isEmpty() ? null : Path.of(request.cacheDir());
        Files.createDirectories(target.toAbsolutePath().getParent());
        try (PackageIndex index = cache == null ? PackageIndex.none() : PackageIndex.open(cache, request.level());
                PackageWriter writer = new PackageWriter(index, request.level(), checks, spill)) {
            PackageWriter.Written written = writer.write(entries, unfinished, progress);
            findings.addAll(checks.ofContent());
            requireNoErrors(findings);
            List<PackReport.Weight> heaviest = Weights.of(entries, written.compressedBytes());
            if (written.bytes() > request.maxZippedBytes()) {
                throw new DeployException("The package has " + written.bytes() + " bytes zipped, and the most that can be sent"
                        + " this way are " + request.maxZippedBytes() + ". " + request.zippedHint()
                        + " The heaviest packages and folders:" + Weights.table(heaviest));
            }
            Files.move(unfinished, target, StandardCopyOption.ATOMIC_MOVE, StandardCopyOption.REPLACE_EXISTING);
            if (cache != null) {
                PackageIndex.keep(cache, target, request.level(), writer.blobs());
            }
            findings.sort(Comparator.comparing(Finding::severity));
            return new PackReport(
                    target.toString(),
                    written.bytes(),
                    HexFormat.of().formatHex(written.sha256()),
                    Base64.getEncoder().encodeToString(written.sha256()),
                    written.contentDigest(),
                    (int) entries.stream().filter(entry -> !entry.isFolder()).count(),
                    entries.size(),
                    entries.stream().mapToLong(Entry::size).sum(),
                    heaviest,
                    selection.skipped(),
                    findings,
                    writer.work());
        } finally {
            Files.deleteIfExists(unfinished);
        }
    }

    private Set<Path> ownFiles(PackRequest request, Path target, Path unfinished) {
        Set<Path> own = new HashSet<>(Set.of(temporary, target.toAbsolutePath().normalize(), unfinished.toAbsolutePath()));
        if (!request.cacheDir().isEmpty()) {
            own.add(Path.of(request.cacheDir()));
        }
        return own;
    }

    private void requireFiles(List<Entry> entries) throws DeployException {
        if (entries.stream().allMatch(Entry::isFolder)) {
            throw new DeployException("There is nothing to package in " + project
                    + ": it has no file that is not left out. Check the project's folder (dir), includes and excludes.");
        }
    }

    private static void requireUnzippedSize(List<Entry> entries, List<FunctionTraits> functions) throws DeployException {
        long bytes = entries.stream().mapToLong(Entry::size).sum();
        long layers = functions.stream().mapToLong(FunctionTraits::layerBytes).max().orElse(0);
        if (bytes + layers > PackRequest.MAX_UNZIPPED_BYTES) {
            throw new DeployException("The package has " + bytes + " bytes unzipped"
                    + (layers > 0 ? ", with the function's layers " + (bytes + layers) : "")
                    + ", and Lambda takes " + PackRequest.MAX_UNZIPPED_BYTES
                    + " at most, layers included. Leave out what the function does not need (excludes, .lambdaignore),"
                    + " or use a container image. The heaviest packages and folders:"
                    + Weights.table(Weights.of(entries, new long[entries.size()])));
        }
    }

    private static void requireNoErrors(List<Finding> findings) throws DeployException {
        String errors = findings.stream()
                .filter(finding -> finding.severity() == Severity.ERROR)
                .map(Finding::message)
                .collect(Collectors.joining("\n"));
        if (!errors.isEmpty()) {
            throw new DeployException("The function could not start with this package.\n" + errors);
        }
    }
}
