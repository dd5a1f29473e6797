package io.jenkins.plugins.lambdanode.engine.pack;

import io.jenkins.plugins.lambdanode.engine.DeployException;
import io.jenkins.plugins.lambdanode.engine.Progress;
import java.io.BufferedOutputStream;
import java.io.ByteArrayInputStream;
import java.io.Closeable;
import java.io.IOException;
import java.io.InputStream;
import java.io.OutputStream;
import java.nio.ByteBuffer;
import java.nio.channels.ClosedByInterruptException;
import java.nio.channels.FileChannel;
import java.nio.channels.SeekableByteChannel;
import java.nio.charset.StandardCharsets;
import java.nio.file.FileSystemException;
import java.nio.file.Files;
import java.nio.file.LinkOption;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.nio.file.attribute.BasicFileAttributes;
import java.security.MessageDigest;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Calendar;
import java.util.Deque;
import java.util.GregorianCalendar;
import java.util.HashMap;
import java.util.HexFormat;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.concurrent.ArrayBlockingQueue;
import java.util.concurrent.BlockingQueue;
import java.util.concurrent.Callable;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.concurrent.TimeUnit;
import java.util.zip.CRC32;
import java.util.zip.CRC32C;
import java.util.zip.Deflater;
import java.util.zip.ZipEntry;
import org.apache.commons.compress.archivers.zip.Zip64Mode;
import org.apache.commons.compress.archivers.zip.ZipArchiveEntry;
import org.apache.commons.compress.archivers.zip.ZipArchiveOutputStream;

/**
 * Writes entries into a ZIP, in the order given and with the same bytes each time: fixed time, the modes of the entries, no
 * extra fields. Content is read, hashed and deflated on all cores; what is under way is bounded by bytes, so memory grows
 * neither with the tree nor with a file in it. Content that the last package had is copied from there as it is.
 */
final class PackageWriter implements Closeable {

    /** Files over this size, in bytes, are deflated in pieces of it, each with the end of the one before as dictionary. */
    private static final int PIECE = 1 << 20;

    /** What deflate looks back on: 32 KiB (RFC 1951). */
    private static final int DICTIONARY = 32 << 10;

    private static final long MAX_AHEAD_BYTES = 16L << 20;
    private static final int MAX_AHEAD_ENTRIES = 512;
    private static final int BUFFER = 128 << 10;

    /** Where a local file header's fixed part ends (APPNOTE.TXT 4.3.7); the name follows, and no extra field. */
    private static final int LOCAL_HEADER_BYTES = 30;

    /** npm's own time for the files of packages, in local time: a ZIP without extra fields has no time zone. */
    private static final long FIXED_TIME =
            new GregorianCalendar(1985, Calendar.OCTOBER, 26, 8, 15, 0).getTimeInMillis();

    /** Stands for a large file, which is compressed when its turn comes. */
    private static final Future<Content> LATER = CompletableFuture.completedFuture(null);

    private final PackageIndex index;
    private final Inspection inspection;
    private final int threads = Runtime.getRuntime().availableProcessors();
    private final ExecutorService workers;
    private final BlockingQueue<Compressor> compressors = new ArrayBlockingQueue<>(threads);
    private final Path spill;

    private final Map<String, PackageIndex.Blob> blobs = new HashMap<>();
    private long readBytes;
    private long deflatedBytes;
    private long reusedBytes;

    /** Looks at content while it is in memory. Several threads call it. */
    interface Inspection {
        /** @param head the first bytes of the content; all of it up to 1 MiB */
        void look(Entry entry, byte[] head, int length);
    }

    /** @param spill a temporary file for the compressed form of large files, removed at the end */
    PackageWriter(PackageIndex index, int level, Inspection inspection, Path spill) {
        this.index = index;
        this.inspection = inspection;
        this.spill = spill;
        for (int i = 0; i < threads; i++) {
            compressors.add(new Compressor(level));
        }
        this.workers = Executors.newFixedThreadPool(threads, task -> {
            Thread thread = new Thread(task, "lambda-node-deploy packaging");
            thread.setDaemon(true);
            return thread;
        });
    }

    /**
     * What was written.
     *
     * @param sha256 of the ZIP's bytes, hexadecimal
     * @param contentDigest as {@link PackReport#contentDigest()}
     * @param compressedBytes what each entry takes, in the order of the entries
     */
    record Written(byte[] sha256, String contentDigest, long bytes, long[] compressedBytes) {}

    /** An entry's content, compressed and ready to be written. */
    private record Content(String sha256, long bytes, long crc, int method, byte[] data, PackageIndex.Blob reused) {}

    /** Writes all entries to a new file. */
    Written write(List<Entry> entries, Path file, Progress progress) throws IOException, InterruptedException {
        MessageDigest contentDigest = Sha256.digest();
        long[] compressed = new long[entries.size()];
        long total = entries.stream().mapToLong(Entry::size).sum();
        long done = 0;
        int files = 0;
        try (HashingStream out = new HashingStream(
                        new BufferedOutputStream(Files.newOutputStream(file, StandardOpenOption.CREATE_NEW), BUFFER));
                ZipArchiveOutputStream zip = new ZipArchiveOutputStream(out)) {
            zip.setEncoding("UTF-8");
            zip.setUseLanguageEncodingFlag(true);
            zip.setUseZip64(Zip64Mode.AsNeeded);
            Deque<Future<Content>> ahead = new ArrayDeque<>();
            int next = 0;
            long aheadBytes = 0;
            for (int i = 0; i < entries.size(); i++) {
                while (next < entries.size()
                        && (ahead.isEmpty() || ahead.size() < MAX_AHEAD_ENTRIES && aheadBytes < MAX_AHEAD_BYTES)) {
                    Entry entry = entries.get(next++);
                    ahead.add(isSmall(entry) ? workers.submit(() -> small(entry)) : LATER);
                    aheadBytes += isSmall(entry) ? entry.size() : 0;
                }
                Entry entry = entries.get(i);
                Future<Content> small = ahead.remove();
                aheadBytes -= isSmall(entry) ? entry.size() : 0;
                Content content = isSmall(entry) ? await(small) : large(entry);
                compressed[i] = put(zip, out, entry, content);
                contentDigest.update((entry.name() + '\0' + Integer.toOctalString(entry.mode()) + '\0' + content.sha256() + '\n')
                        .getBytes(StandardCharsets.UTF_8));
                done += entry.size();
                files += entry.isFolder() ? 0 : 1;
                progress.advance("Packaging", done, total, files);
            }
            zip.finish();
            out.flush();
            return new Written(
                    out.digest(), HexFormat.of().formatHex(contentDigest.digest()), out.written(), compressed);
        }
    }

    private static boolean isSmall(Entry entry) {
        return entry.size() <= PIECE;
    }

    private long put(ZipArchiveOutputStream zip, HashingStream out, Entry entry, Content content) throws IOException {
        ZipArchiveEntry header = new ZipArchiveEntry(entry.name());
        header.setTime(FIXED_TIME);
        header.setUnixMode(entry.mode());
        header.setMethod(content.method());
        header.setSize(content.bytes());
        header.setCrc(content.crc());
        long compressedBytes = content.reused() != null
                ? content.reused().compressedBytes()
                : content.data() != null ? content.data().length : Files.size(spill);
        header.setCompressedSize(compressedBytes);
        long before = out.written();
        try (InputStream data = content.reused() != null
                ? index.read(content.reused())
                : content.data() != null ? new ByteArrayInputStream(content.data()) : Files.newInputStream(spill)) {
            CheckedData checked = new CheckedData(data);
            zip.addRawArchiveEntry(header, checked);
            if (entry.isFile()) {
                account(content, before + LOCAL_HEADER_BYTES + entry.name().getBytes(StandardCharsets.UTF_8).length,
                        compressedBytes, checked);
            }
        }
        return compressedBytes;
    }

    private void account(Content content, long offset, long compressedBytes, CheckedData checked) throws IOException {
        if (checked.count() != compressedBytes
                || content.reused() != null && checked.crc() != content.reused().compressedCrc()) {
            throw new DeployException("The last package, which unchanged files were copied from, was changed meanwhile."
                    + " Run again.");
        }
        blobs.put(
                content.sha256(),
                new PackageIndex.Blob(
                        offset, compressedBytes, content.bytes(), content.method(), content.crc(), checked.crc()));
        readBytes += content.bytes();
        if (content.reused() != null) {
            reusedBytes += content.bytes();
        } else {
            deflatedBytes += content.bytes();
        }
    }

    private static <T> T await(Future<T> future) throws IOException, InterruptedException {
        try {
            return future.get();
        } catch (ExecutionException e) {
            return rethrow(e.getCause());
        }
    }

    private static <T> T rethrow(Throwable failure) throws IOException, InterruptedException {
        if (failure instanceof IOException io) {
            throw io;
        }
        if (failure instanceof InterruptedException interrupted) {
            throw interrupted;
        }
        if (failure instanceof Error error) {
            throw error;
        }
        throw (RuntimeException) failure;
    }

    private Content small(Entry entry) throws IOException, InterruptedException {
        if (entry.isFolder()) {
            return new Content("", 0, 0, ZipEntry.STORED, new byte[0], null);
        }
        Compressor compressor = compressors.take();
        try {
            if (entry.isLink()) {
                byte[] target = Files.readSymbolicLink(entry.source()).toString().getBytes(StandardCharsets.UTF_8);
                return compress(compressor, target, target.length, true);
            }
            int length = settled(entry, () -> compressor.read(entry));
            inspection.look(entry, compressor.input, length);
            return compress(compressor, compressor.input, length, false);
        } finally {
            compressors.add(compressor);
        }
    }

    private Content compress(Compressor compressor, byte[] bytes, int length, boolean alwaysStore) {
        String sha256 = compressor.sha256(bytes, length);
        if (!alwaysStore) {
            Optional<PackageIndex.Blob> known = index.find(sha256, length);
            if (known.isPresent()) {
                return new Content(sha256, length, known.get().crc(), known.get().method(), null, known.get());
            }
        }
        CRC32 crc = new CRC32();
        crc.update(bytes, 0, length);
        byte[] deflated = alwaysStore ? null : compressor.deflate(bytes, length, null, true);
        return deflated == null || deflated.length >= length
                ? new Content(sha256, length, crc.getValue(), ZipEntry.STORED, Arrays.copyOf(bytes, length), null)
                : new Content(sha256, length, crc.getValue(), ZipEntry.DEFLATED, deflated, null);
    }

    /** A file in pieces: read here, deflated by the workers, and put together in a temporary file. */
    private Content large(Entry entry) throws IOException, InterruptedException {
        return settled(entry, () -> largeOnce(entry));
    }

    private Content largeOnce(Entry entry) throws IOException, InterruptedException {
        if (!index.isEmpty()) {
            String sha256 = hash(entry);
            Optional<PackageIndex.Blob> known = index.find(sha256, entry.size());
            if (known.isPresent()) {
                return new Content(sha256, entry.size(), known.get().crc(), known.get().method(), null, known.get());
            }
            readBytes += entry.size();
        }
        MessageDigest digest = Sha256.digest();
        CRC32 crc = new CRC32();
        long bytes = 0;
        Deque<Future<byte[]>> pieces = new ArrayDeque<>();
        try (SeekableByteChannel in = open(entry);
                OutputStream out = Files.newOutputStream(spill)) {
            byte[] piece = new byte[PIECE];
            int length = fill(in, piece);
            byte[] dictionary = null;
            inspection.look(entry, piece, length);
            while (length > 0) {
                digest.update(piece, 0, length);
                crc.update(piece, 0, length);
                bytes += length;
                byte[] following = new byte[PIECE];
                int followingLength = fill(in, following);
                byte[] content = piece;
                int contentLength = length;
                byte[] before = dictionary;
                boolean last = followingLength == 0;
                pieces.add(workers.submit(() -> deflatePiece(content, contentLength, before, last)));
                if (pieces.size() > 2 * threads) {
                    out.write(await(pieces.remove()));
                }
                dictionary = Arrays.copyOfRange(piece, Math.max(0, length - DICTIONARY), length);
                piece = following;
                length = followingLength;
            }
            while (!pieces.isEmpty()) {
                out.write(await(pieces.remove()));
            }
        }
        return new Content(
                HexFormat.of().formatHex(digest.digest()), bytes, crc.getValue(), ZipEntry.DEFLATED, null, null);
    }

    private String hash(Entry entry) throws IOException {
        MessageDigest digest = Sha256.digest();
        ByteBuffer buffer = ByteBuffer.allocate(PIECE);
        try (SeekableByteChannel in = open(entry)) {
            while (in.read(buffer) >= 0) {
                digest.update(buffer.flip());
                buffer.clear();
            }
        }
        return HexFormat.of().formatHex(digest.digest());
    }

    private byte[] deflatePiece(byte[] content, int length, byte[] dictionary, boolean last) throws InterruptedException {
        Compressor compressor = compressors.take();
        try {
            return compressor.deflate(content, length, dictionary, last);
        } finally {
            compressors.add(compressor);
        }
    }

    /** Reads a file and makes sure that it is still the one that the walk saw: what is read is never half old, half new. */
    private static <T> T settled(Entry entry, Callable<T> read) throws IOException, InterruptedException {
        T result;
        BasicFileAttributes now;
        try {
            result = read.call();
            now = Files.readAttributes(entry.source(), BasicFileAttributes.class, LinkOption.NOFOLLOW_LINKS);
        } catch (ClosedByInterruptException e) {
            Thread.interrupted();
            throw new InterruptedException();
        } catch (NoSuchFileException e) {
            throw ProjectTree.removed(entry.name(), e);
        } catch (FileSystemException e) {
            throw ProjectTree.unreadable(entry.name(), entry.source(), e);
        } catch (IOException | InterruptedException | RuntimeException e) {
            throw e;
        } catch (Exception e) {
            throw new IllegalStateException(e);
        }
        if (now.size() != entry.size() || !now.lastModifiedTime().equals(entry.modified())) {
            throw new DeployException(entry.name() + " changed while the project was being packaged."
                    + " Let nothing write into its folder meanwhile (a log file, a build that is still running),"
                    + " or leave the file out (excludes).");
        }
        return result;
    }

    /** Without following a link: what the walk found to be a file is not to become one to somewhere else. */
    private static SeekableByteChannel open(Entry entry) throws IOException {
        return FileChannel.open(entry.source(), Set.of(StandardOpenOption.READ, LinkOption.NOFOLLOW_LINKS));
    }

    private static int fill(SeekableByteChannel in, byte[] bytes) throws IOException {
        ByteBuffer buffer = ByteBuffer.wrap(bytes);
        while (buffer.hasRemaining() && in.read(buffer) >= 0) {
            // A file can be read in several pieces.
        }
        return buffer.position();
    }

    /** What the package index of the next time needs. */
    Map<String, PackageIndex.Blob> blobs() {
        return blobs;
    }

    PackReport.Work work() {
        return new PackReport.Work(readBytes, deflatedBytes, reusedBytes);
    }

    /** Stops the workers and removes the temporary file. */
    @Override
    public void close() throws IOException {
        workers.shutdownNow();
        boolean interrupted = Thread.interrupted();
        try {
            workers.awaitTermination(10, TimeUnit.SECONDS);
        } catch (InterruptedException e) {
            interrupted = true;
        }
        if (interrupted) {
            Thread.currentThread().interrupt();
        }
        new ArrayList<>(compressors).forEach(Compressor::end);
        Files.deleteIfExists(spill);
    }

    /** A worker's buffers and deflater, used again and again. */
    private static final class Compressor {
        private final Deflater deflater;
        private final byte[] input = new byte[PIECE + 1];
        private final byte[] output = new byte[PIECE + PIECE / 1000 + 1024];
        private final MessageDigest digest = Sha256.digest();

        Compressor(int level) {
            deflater = new Deflater(level, true);
        }

        int read(Entry entry) throws IOException {
            try (SeekableByteChannel in = open(entry)) {
                return fill(in, input);
            }
        }

        String sha256(byte[] bytes, int length) {
            digest.reset();
            digest.update(bytes, 0, length);
            return HexFormat.of().formatHex(digest.digest());
        }

        byte[] deflate(byte[] bytes, int length, byte[] dictionary, boolean last) {
            deflater.reset();
            if (dictionary != null) {
                deflater.setDictionary(dictionary);
            }
            deflater.setInput(bytes, 0, length);
            if (last) {
                deflater.finish();
            }
            // One call does it: the buffer holds more than deflate makes of a piece that can't be compressed.
            int size = deflater.deflate(
                    output, 0, output.length, last ? Deflater.NO_FLUSH : Deflater.SYNC_FLUSH);
            if (size == output.length) {
                throw new IllegalStateException("Deflate made more of " + length + " bytes than it can");
            }
            return Arrays.copyOf(output, size);
        }

        void end() {
            deflater.end();
        }
    }

    /** Counts and hashes what goes by. */
    private static final class HashingStream extends OutputStream {
        private final OutputStream out;
        private final MessageDigest digest = Sha256.digest();
        private long written;

        HashingStream(OutputStream out) {
            this.out = out;
        }

        @Override
        public void write(int b) throws IOException {
            write(new byte[] {(byte) b}, 0, 1);
        }

        @Override
        public void write(byte[] bytes, int offset, int length) throws IOException {
            out.write(bytes, offset, length);
            digest.update(bytes, offset, length);
            written += length;
        }

        @Override
        public void flush() throws IOException {
            out.flush();
        }

        @Override
        public void close() throws IOException {
            out.close();
        }

        long written() {
            return written;
        }

        byte[] digest() {
            return digest.digest();
        }
    }

    /** Counts and sums up compressed data as it is read. */
    private static final class CheckedData extends InputStream {
        private final InputStream in;
        private final CRC32C crc = new CRC32C();
        private long count;

        CheckedData(InputStream in) {
            this.in = in;
        }

        @Override
        public int read() throws IOException {
            byte[] one = new byte[1];
            return read(one, 0, 1) < 1 ? -1 : one[0] & 0xFF;
        }

        @Override
        public int read(byte[] bytes, int offset, int length) throws IOException {
            int n = in.read(bytes, offset, length);
            if (n > 0) {
                crc.update(bytes, offset, n);
                count += n;
            }
            return n;
        }

        long count() {
            return count;
        }

        long crc() {
            return crc.getValue();
        }
    }
}
