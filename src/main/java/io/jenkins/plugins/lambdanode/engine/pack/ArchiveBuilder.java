package io.jenkins.plugins.lambdanode.engine.pack;

import io.jenkins.plugins.lambdanode.engine.base.Progress;
import io.jenkins.plugins.lambdanode.engine.pack.api.Finding;
import io.jenkins.plugins.lambdanode.engine.pack.api.Inventory;
import io.jenkins.plugins.lambdanode.engine.pack.api.PackReport;
import io.jenkins.plugins.lambdanode.engine.pack.cache.PackageCache;
import io.jenkins.plugins.lambdanode.engine.pack.cache.PackageIndex;
import io.jenkins.plugins.lambdanode.engine.pack.check.Checks;
import io.jenkins.plugins.lambdanode.engine.pack.check.NativeProgram;
import io.jenkins.plugins.lambdanode.engine.pack.check.SizeBreakdown;
import io.jenkins.plugins.lambdanode.engine.pack.select.ArchiveContents;
import io.jenkins.plugins.lambdanode.engine.pack.select.SourceEntry;
import io.jenkins.plugins.lambdanode.engine.pack.zip.FilePacker;
import io.jenkins.plugins.lambdanode.engine.pack.zip.LargeFile;
import io.jenkins.plugins.lambdanode.engine.pack.zip.PackageWriter;
import io.jenkins.plugins.lambdanode.engine.pack.zip.PackedContent;
import io.jenkins.plugins.lambdanode.engine.pack.zip.PackingThreads;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Base64;
import java.util.Deque;
import java.util.HexFormat;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.Future;

/** Packs the entries of one archive on all threads, and writes them in their order. */
final class ArchiveBuilder {
    /** Content bytes that may be waiting to be written. */
    private static final int IN_FLIGHT_BYTES = 8 << 20;

    private static final int BATCH_FILES = 64;
    private static final int BATCH_BYTES = 256 * 1024;

    private final ArchiveContents contents;
    private final List<SourceEntry> entries;
    private final boolean modes;
    private final PackageCache cache;
    private final TempFiles files;
    private final Checks checks;
    private final Progress progress;
    private final PackageTotals totals = new PackageTotals();
    private final List<PackageIndex.ObjectKey> packedObjects = new ArrayList<>();
    private final List<PackageIndex.UnchangedFile> unchangedFiles = new ArrayList<>();
    private final long totalBytes;
    private long doneBytes;
    private boolean allReused = true;
    private byte[] sha256;
    private long zippedBytes;

    /**
     * @param modes whether the file system says which files are executable
     * @param cache the last archive of this kind
     */
    ArchiveBuilder(
            ArchiveContents contents,
            boolean modes,
            PackageCache cache,
            TempFiles files,
            Checks checks,
            Progress progress) {
        this.contents = contents;
        this.entries = contents.entries();
        this.modes = modes;
        this.cache = cache;
        this.files = files;
        this.checks = checks;
        this.progress = progress;
        this.totalBytes = contents.size();
    }

    void write(PackingThreads threads) throws IOException, InterruptedException {
        try (PackageWriter writer = new PackageWriter(files.archive());
                LargeFile large = new LargeFile(threads, cache, files.spill())) {
            write(threads, large, writer);
            writer.finish();
            sha256 = writer.sha256();
            zippedBytes = writer.written();
        }
    }

    /** Entries that are packed in one task, or one large file; with what has been started for them. */
    private record Batch(
            int from, int to, long bytes, Future<List<PackedContent>> packed, Optional<LargeFile.Begun> large) {}

    private void write(PackingThreads threads, LargeFile large, PackageWriter writer)
            throws IOException, InterruptedException {
        reportProgress(0);
        Deque<Batch> inFlight = new ArrayDeque<>();
        long inFlightBytes = 0;
        int next = 0;
        while (next < entries.size() || !inFlight.isEmpty()) {
            while (next < entries.size() && (inFlight.isEmpty() || inFlightBytes < IN_FLIGHT_BYTES)) {
                Batch batch = start(next, threads, large);
                inFlight.add(batch);
                inFlightBytes += batch.bytes;
                next = batch.to;
            }
            Batch batch = inFlight.remove();
            if (batch.large.isPresent()) {
                addLarge(entries.get(batch.from), batch.large.get(), large, writer);
            } else {
                List<PackedContent> packed = PackingThreads.await(batch.packed);
                for (int i = batch.from; i < batch.to; i++) {
                    add(entries.get(i), packed.get(i - batch.from), writer);
                }
            }
            inFlightBytes -= batch.bytes;
            reportProgress(doneBytes);
        }
    }

    private void reportProgress(long bytes) {
        progress.advance(
                contents.isLayer() ? "Packaging the dependencies" : "Packaging", bytes, totalBytes, totals.files());
    }

    private static boolean isLarge(SourceEntry entry) {
        return entry.isFile() && entry.size() > FilePacker.PIECE;
    }

    private Batch start(int from, PackingThreads threads, LargeFile large) {
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
        return new Batch(from, to, bytes, threads.pack(packer -> pack(batch, packer)), Optional.empty());
    }

    private List<PackedContent> pack(List<SourceEntry> batch, FilePacker packer)
            throws IOException, InterruptedException {
        List<PackedContent> packed = new ArrayList<>(batch.size());
        for (SourceEntry entry : batch) {
            packed.add(entry.isFile() ? packer.pack(entry, cache) : packer.pack(entry.target()));
        }
        return packed;
    }

    private void addLarge(SourceEntry entry, LargeFile.Begun begun, LargeFile large, PackageWriter writer)
            throws IOException, InterruptedException {
        long[] bytes = {doneBytes};
        PackedContent content = large.pack(entry, begun, more -> {
            bytes[0] += more;
            reportProgress(bytes[0]);
        });
        String name = contents.prefix() + entry.name();
        added(entry, content, writer.add(name, bytes(name, entry), mode(entry, content), content, large.packed()));
    }

    private void add(SourceEntry entry, PackedContent content, PackageWriter writer) throws IOException {
        String name = contents.prefix() + entry.name();
        added(entry, content, writer.add(name, bytes(name, entry), mode(entry, content), content));
    }

    private byte[] bytes(String name, SourceEntry entry) {
        return contents.isLayer() ? name.getBytes(StandardCharsets.UTF_8) : entry.nameBytes();
    }

    /** @param offset where in the archive the packed bytes begin */
    private void added(SourceEntry entry, PackedContent content, long offset) {
        totals.add(entry, bytes(contents.prefix() + entry.name(), entry), mode(entry, content), content);
        doneBytes += content.size();
        if (entry.isFile()) {
            checks.packed(entry, content);
            if (content.size() > 0) {
                addToIndex(entry, content, offset);
            }
        }
    }

    private void addToIndex(SourceEntry entry, PackedContent content, long offset) {
        PackageIndex.ObjectKey packed = new PackageIndex.ObjectKey(
                content.sha256(),
                content.size(),
                offset,
                content.packedSize(),
                content.deflated(),
                content.crc(),
                content.packedSha256());
        packedObjects.add(packed);
        boolean unread = content.reused() && content.readBytes() == 0;
        if (content.state().isPresent() && (unread || !needsCheckEachTime(content))) {
            unchangedFiles.add(
                    new PackageIndex.UnchangedFile(content.state().get(), FilePacker.seeksKey(entry), packed));
            allReused = allReused && unread;
        }
        allReused = allReused && content.reused();
    }

    private static boolean needsCheckEachTime(PackedContent content) {
        return content.privateKey() || NativeProgram.of(content.head()).isPresent();
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

    /** Makes the archive the one to copy from next time. */
    void store() {
        if (allReused) {
            // The stored archive has all of it, whatever the names are now, and its index knows the files.
            return;
        }
        try {
            cache.store(files.archive(), zippedBytes, packedObjects, unchangedFiles);
        } catch (IOException e) {
            progress.log("The package could not be kept for the next build, which will take longer: " + e);
        }
    }

    PackageTotals totals() {
        return totals;
    }

    long zippedBytes() {
        return zippedBytes;
    }

    /** @param file where the archive is in the end */
    PackReport report(
            Path file,
            SizeBreakdown sizes,
            List<PackReport.Excluded> excluded,
            List<Finding> findings,
            Inventory inventory,
            List<PackReport> layers) {
        return new PackReport(
                file.toString(),
                zippedBytes,
                HexFormat.of().formatHex(sha256),
                Base64.getEncoder().encodeToString(sha256),
                totals.contentDigest(),
                totals.files(),
                entries.size(),
                totals.unzippedBytes(),
                sizes.heaviestZipped(),
                excluded,
                findings,
                totals.work(contents.isLayer() ? 0 : checks.readBytes()),
                inventory,
                layers);
    }
}
