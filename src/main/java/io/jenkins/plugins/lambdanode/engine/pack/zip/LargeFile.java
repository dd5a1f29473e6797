package io.jenkins.plugins.lambdanode.engine.pack.zip;

import io.jenkins.plugins.lambdanode.engine.base.Sha256;
import io.jenkins.plugins.lambdanode.engine.pack.cache.CtimeState.FileState;
import io.jenkins.plugins.lambdanode.engine.pack.cache.PackageCache;
import io.jenkins.plugins.lambdanode.engine.pack.cache.PackageIndex;
import io.jenkins.plugins.lambdanode.engine.pack.select.FileSnapshot;
import io.jenkins.plugins.lambdanode.engine.pack.select.SourceEntry;
import java.io.IOException;
import java.io.InputStream;
import java.nio.ByteBuffer;
import java.nio.channels.Channels;
import java.nio.channels.FileChannel;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.security.MessageDigest;
import java.util.ArrayDeque;
import java.util.Arrays;
import java.util.Deque;
import java.util.Optional;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.Future;
import java.util.function.LongConsumer;
import java.util.zip.CRC32;

/**
 * Packs a file of any size in bounded memory. One thread reads it piece by piece and computes its digests; the packing
 * threads deflate the pieces in parallel; the results go in order to a spill file, since a ZIP entry's header, which comes first, holds their
 * length. The pieces' borders depend on the file only, and so do the bytes.
 */
public final class LargeFile implements AutoCloseable {
    private final PackingThreads threads;
    private final PackageCache cache;
    private final Path spillPath;
    private FileChannel spill;

    public LargeFile(PackingThreads threads, PackageCache cache, Path spillPath) {
        this.threads = threads;
        this.cache = cache;
        this.spillPath = spillPath;
    }

    /**
     * What is known of a file before it is packed.
     *
     * @param sha256 of its content
     * @param size bytes of content
     * @param readBytes how many were read to know it: all, or none where its state says that it is unchanged
     */
    private record Reading(boolean steady, byte[] sha256, long size, long readBytes, byte[] head) {}

    /** A large file that is being looked at ahead of its turn. */
    public record Begun(Optional<FileState> state, Optional<Future<Reading>> reading) {}

    /** Begins to look whether a file is in the last package: by its state, or by its content where one of its size is. */
    public Begun begin(SourceEntry entry) {
        Optional<FileState> state = cache.stateOf(entry);
        if (state.isPresent()) {
            Optional<PackageIndex.ObjectKey> place = cache.index().find(state.get(), FilePacker.seeksKey(entry));
            if (place.isPresent()) {
                Reading known = new Reading(true, place.get().sha256(), entry.size(), 0, new byte[0]);
                return new Begun(state, Optional.of(CompletableFuture.completedFuture(known)));
            }
        }
        return new Begun(
                state,
                cache.index().hasSize(entry.size()) ? Optional.of(threads.start(() -> read(entry))) : Optional.empty());
    }

    private static Reading read(SourceEntry entry) throws IOException, InterruptedException {
        FileSnapshot before = FilePacker.snapshotNow(entry);
        MessageDigest sha256 = Sha256.sha256();
        byte[] piece = new byte[FilePacker.PIECE / 4];
        byte[] head = new byte[0];
        long total = 0;
        try (FileChannel channel = FilePacker.open(entry)) {
            for (int length = fill(channel, piece, 0, piece.length);
                    length > 0;
                    length = fill(channel, piece, 0, piece.length)) {
                if (Thread.interrupted()) {
                    throw new InterruptedException();
                }
                if (total == 0) {
                    head = Arrays.copyOf(piece, Math.min(length, PackedContent.HEAD_BYTES));
                }
                sha256.update(piece, 0, length);
                total += length;
            }
        }
        boolean steady = before.equals(FilePacker.snapshotNow(entry)) && total == before.size();
        return new Reading(steady, sha256.digest(), total, total, head);
    }

    /**
     * Packs a file; the packed bytes are then in {@link #packed()}.
     *
     * @param begun what {@link #begin} returned for it
     * @param progress told of each piece's bytes as they are done
     */
    public PackedContent pack(SourceEntry entry, Begun begun, LongConsumer progress)
            throws IOException, InterruptedException {
        long readBytes = 0;
        if (begun.reading().isPresent()) {
            Reading reading = PackingThreads.await(begun.reading().get());
            readBytes = reading.readBytes();
            Optional<PackedContent> reused = reuse(reading, begun.state());
            if (reused.isPresent()) {
                progress.accept(reading.size());
                return reused.get();
            }
        }
        long deflatedBytes = 0;
        for (int attempt = 0; attempt < FilePacker.ATTEMPTS; attempt++) {
            FileSnapshot before = attempt == 0 ? entry.stamp() : FilePacker.snapshotNow(entry);
            if (before.size() <= FilePacker.PIECE) {
                // It is a small file by now, whose packed form is another: the next build finds it as such.
                break;
            }
            PackedContent content = deflate(entry, begun.state(), before.size(), progress, readBytes, deflatedBytes);
            if (content.size() == before.size() && FilePacker.snapshotNow(entry).equals(before)) {
                return content;
            }
            readBytes = content.readBytes();
            deflatedBytes = content.deflatedBytes();
            progress.accept(-content.size());
        }
        throw FilePacker.keepsChanging(entry);
    }

    private Optional<PackedContent> reuse(Reading reading, Optional<FileState> state)
            throws IOException, InterruptedException {
        if (!reading.steady()) {
            return Optional.empty();
        }
        Optional<PackageIndex.ObjectKey> found = cache.index().find(reading.sha256(), reading.size());
        if (found.isEmpty()) {
            return Optional.empty();
        }
        PackageIndex.ObjectKey place = found.get();
        FileChannel out = emptySpill();
        MessageDigest sha256 = Sha256.sha256();
        ByteBuffer piece = ByteBuffer.allocate(FilePacker.PIECE / 4);
        for (long at = 0; at < place.packedSize(); at += piece.limit()) {
            piece.clear().limit((int) Math.min(piece.capacity(), place.packedSize() - at));
            if (Thread.interrupted()) {
                throw new InterruptedException();
            }
            if (!cache.read(place.offset() + at, piece)) {
                return Optional.empty();
            }
            sha256.update(piece.array(), 0, piece.limit());
            write(out, piece.flip());
        }
        if (!Arrays.equals(sha256.digest(), place.packedSha256())) {
            return Optional.empty();
        }
        return Optional.of(new PackedContent(
                reading.sha256(),
                place.crc(),
                place.size(),
                place.deflated(),
                new byte[0],
                place.packedSize(),
                place.packedSha256(),
                reading.head(),
                false,
                reading.readBytes(),
                0,
                true,
                state));
    }

    private PackedContent deflate(
            SourceEntry entry,
            Optional<FileState> state,
            long expected,
            LongConsumer progress,
            long readBefore,
            long deflatedBefore)
            throws IOException, InterruptedException {
        FileChannel out = emptySpill();
        MessageDigest sha256 = Sha256.sha256();
        MessageDigest packedSha256 = Sha256.sha256();
        CRC32 crc = new CRC32();
        byte[] head = new byte[0];
        byte[] previous = null;
        long total = 0;
        long packedSize = 0;
        Deque<Future<byte[]>> underWay = new ArrayDeque<>();
        try (FileChannel channel = FilePacker.open(entry)) {
            boolean last = false;
            while (!last) {
                // A file that has grown is noticed by its stamp; what is beyond the expected end is not wanted.
                int wanted = (int) Math.min(FilePacker.PIECE, expected - total);
                int before = previous == null ? 0 : FilePacker.WINDOW;
                byte[] piece = new byte[before + wanted];
                if (before > 0) {
                    System.arraycopy(previous, previous.length - before, piece, 0, before);
                }
                int length = fill(channel, piece, before, wanted);
                last = length < wanted || total + length >= expected;
                if (total == 0) {
                    head = Arrays.copyOf(piece, Math.min(length, PackedContent.HEAD_BYTES));
                }
                sha256.update(piece, before, length);
                crc.update(piece, before, length);
                total += length;
                boolean ends = last;
                underWay.add(threads.pack(packer -> packer.deflatePiece(piece, before, length, ends)));
                previous = piece;
                while (underWay.size() > (last ? 0 : threads.size())) {
                    byte[] packed = PackingThreads.await(underWay.remove());
                    packedSha256.update(packed);
                    packedSize += packed.length;
                    write(out, ByteBuffer.wrap(packed));
                }
                progress.accept(length);
            }
        } finally {
            underWay.forEach(piece -> piece.cancel(false));
        }
        return new PackedContent(
                sha256.digest(),
                crc.getValue(),
                total,
                true,
                new byte[0],
                packedSize,
                packedSha256.digest(),
                head,
                false,
                readBefore + total,
                deflatedBefore + total,
                false,
                state);
    }

    private static int fill(FileChannel channel, byte[] into, int offset, int wanted) throws IOException {
        ByteBuffer buffer = ByteBuffer.wrap(into, offset, wanted);
        while (buffer.hasRemaining() && channel.read(buffer) >= 0) {
            // read() may stop early
        }
        return buffer.position() - offset;
    }

    private static void write(FileChannel out, ByteBuffer bytes) throws IOException {
        while (bytes.hasRemaining()) {
            out.write(bytes);
        }
    }

    private FileChannel emptySpill() throws IOException {
        if (spill == null) {
            spill = FileChannel.open(
                    spillPath,
                    StandardOpenOption.CREATE_NEW,
                    StandardOpenOption.READ,
                    StandardOpenOption.WRITE,
                    StandardOpenOption.DELETE_ON_CLOSE);
        }
        return spill.truncate(0).position(0);
    }

    /** The packed bytes of the file packed last; not to be closed, since the next file uses the same spill file. */
    public InputStream packed() throws IOException {
        return Channels.newInputStream(spill.position(0));
    }

    @Override
    public void close() throws IOException {
        if (spill != null) {
            spill.close();
        }
    }
}
