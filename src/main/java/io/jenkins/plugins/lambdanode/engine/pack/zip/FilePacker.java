package io.jenkins.plugins.lambdanode.engine.pack.zip;

import io.jenkins.plugins.lambdanode.engine.base.DeployException;
import io.jenkins.plugins.lambdanode.engine.base.FileErrors;
import io.jenkins.plugins.lambdanode.engine.base.SafeText;
import io.jenkins.plugins.lambdanode.engine.base.Sha256;
import io.jenkins.plugins.lambdanode.engine.pack.cache.CtimeState.FileState;
import io.jenkins.plugins.lambdanode.engine.pack.cache.PackageCache;
import io.jenkins.plugins.lambdanode.engine.pack.cache.PackageIndex;
import io.jenkins.plugins.lambdanode.engine.pack.select.FileSnapshot;
import io.jenkins.plugins.lambdanode.engine.pack.select.SourceEntry;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.channels.FileChannel;
import java.nio.charset.StandardCharsets;
import java.nio.file.AccessDeniedException;
import java.nio.file.LinkOption;
import java.nio.file.NoSuchFileException;
import java.nio.file.OpenOption;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.security.MessageDigest;
import java.util.Arrays;
import java.util.Optional;
import java.util.Set;
import java.util.zip.CRC32;
import java.util.zip.Deflater;

/**
 * Reads, hashes and deflates files, one at a time. Its buffers, digests and deflater are used again for each file: making them
 * anew for each of thousands of small files would take longer than the files.
 */
public final class FilePacker implements AutoCloseable {
    /** A file of at most this many bytes is read, hashed and deflated in one piece; a larger one in pieces of this size. */
    public static final int PIECE = 1 << 20;

    /** How far back deflate can refer (RFC 1951). */
    static final int WINDOW = 32 * 1024;

    /** How often a file that changes while it is read is read anew. */
    static final int ATTEMPTS = 3;

    private static final int LARGEST_KEY_FILE = 64 * 1024;
    private static final byte[] KEY_BEGIN = "-----BEGIN ".getBytes(StandardCharsets.US_ASCII);
    private static final byte[] KEY_END = "PRIVATE KEY".getBytes(StandardCharsets.US_ASCII);
    private static final Set<OpenOption> READ = Set.of(StandardOpenOption.READ, LinkOption.NOFOLLOW_LINKS);
    private static final byte[] NOTHING = new byte[0];

    private final byte[] content = new byte[PIECE + 1];
    private final byte[] packed = new byte[PIECE + PIECE / 512 + 1024];
    private final MessageDigest sha256 = Sha256.sha256();
    private final CRC32 crc = new CRC32();
    private final Deflater deflater;

    FilePacker(int level) {
        deflater = new Deflater(level, true);
    }

    static FileChannel open(SourceEntry entry) throws IOException {
        return open(entry.name(), entry.source());
    }

    private static FileChannel open(String name, Path source) throws IOException {
        try {
            return FileChannel.open(source, READ);
        } catch (AccessDeniedException e) {
            throw FileErrors.unreadable(name, source, e);
        } catch (NoSuchFileException e) {
            throw removed(name, e);
        }
    }

    /** What the file system says of a file now. */
    static FileSnapshot snapshotNow(SourceEntry entry) throws IOException {
        try {
            return FileSnapshot.of(entry.source());
        } catch (NoSuchFileException e) {
            throw removed(entry.name(), e);
        }
    }

    private static DeployException removed(String name, IOException cause) {
        return new DeployException(
                SafeText.name(name)
                        + " was removed while the project was being packaged. Another process changes its folder: let it"
                        + " end first, then deploy again.",
                cause);
    }

    static DeployException keepsChanging(SourceEntry entry) {
        return new DeployException(
                SafeText.name(entry.name()) + " keeps changing while it is read. Something writes to it: let"
                        + " that end first, or leave the file out with an exclude.");
    }

    /**
     * Makes the packed form of a file that had at most {@value #PIECE} bytes when it was found.
     *
     * @throws DeployException if the file is gone, may not be read, or keeps changing
     */
    public PackedContent pack(SourceEntry entry, PackageCache cache) throws IOException, InterruptedException {
        boolean seeksKey = seeksKey(entry);
        Optional<FileState> state = cache.stateOf(entry);
        if (state.isPresent()) {
            Optional<PackedContent> unread = unread(state.get(), seeksKey, cache);
            if (unread.isPresent()) {
                return unread.get();
            }
        }
        FileSnapshot before = entry.stamp();
        long readBytes = 0;
        for (int attempt = 0; attempt < ATTEMPTS; attempt++) {
            if (Thread.interrupted()) {
                throw new InterruptedException();
            }
            int length = read(entry);
            readBytes += length;
            FileSnapshot after = snapshotNow(entry);
            if (length == before.size() && after.equals(before)) {
                return pack(content, length, readBytes, cache, seeksKey, state);
            }
            if (after.size() > PIECE) {
                break;
            }
            before = after;
        }
        throw keepsChanging(entry);
    }

    /** Makes the packed form of bytes that are no file's, for instance what a stored link says. */
    public PackedContent pack(byte[] bytes) throws IOException {
        return pack(bytes, bytes.length, 0, PackageCache.none(), false, Optional.empty());
    }

    private Optional<PackedContent> unread(FileState state, boolean seeksKey, PackageCache cache) throws IOException {
        Optional<PackageIndex.ObjectKey> place = cache.index().find(state, seeksKey);
        if (place.isEmpty()) {
            return Optional.empty();
        }
        PackageIndex.ObjectKey p = place.get();
        return cache.read(p, sha256)
                .map(packed -> new PackedContent(
                        p.sha256(),
                        p.crc(),
                        p.size(),
                        p.deflated(),
                        packed,
                        p.packedSize(),
                        p.packedSha256(),
                        NOTHING,
                        false,
                        0,
                        0,
                        true,
                        Optional.of(state)));
    }

    private int read(SourceEntry entry) throws IOException {
        try (FileChannel channel = open(entry)) {
            // One byte more than expected shows that the file has grown, and mostly saves the call that would find its
            // end.
            int wanted = (int) Math.min(content.length, entry.stamp().size() + 1);
            ByteBuffer buffer = ByteBuffer.wrap(content, 0, wanted);
            int read = channel.read(buffer);
            if (read >= 0 && read != entry.stamp().size()) {
                buffer.limit(content.length);
                while (read >= 0 && buffer.hasRemaining()) {
                    read = channel.read(buffer);
                }
            }
            return buffer.position();
        }
    }

    private PackedContent pack(
            byte[] bytes, int length, long readBytes, PackageCache cache, boolean seeksKey, Optional<FileState> state)
            throws IOException {
        sha256.update(bytes, 0, length);
        byte[] digest = sha256.digest();
        byte[] head = length == 0 ? NOTHING : Arrays.copyOf(bytes, Math.min(length, PackedContent.HEAD_BYTES));
        boolean key = seeksKey && length <= LARGEST_KEY_FILE && holdsKey(bytes, length);
        Optional<PackageIndex.ObjectKey> place = cache.index().find(digest, length);
        if (place.isPresent()) {
            Optional<byte[]> reused = cache.read(place.get(), sha256);
            if (reused.isPresent()) {
                PackageIndex.ObjectKey p = place.get();
                return new PackedContent(
                        digest,
                        p.crc(),
                        length,
                        p.deflated(),
                        reused.get(),
                        p.packedSize(),
                        p.packedSha256(),
                        head,
                        key,
                        readBytes,
                        0,
                        true,
                        state);
            }
        }
        crc.reset();
        crc.update(bytes, 0, length);
        int packedLength = deflate(bytes, length);
        boolean deflated = packedLength >= 0;
        byte[] result = deflated ? Arrays.copyOf(packed, packedLength) : Arrays.copyOf(bytes, length);
        byte[] packedDigest = deflated ? sha256.digest(result) : digest;
        return new PackedContent(
                digest,
                crc.getValue(),
                length,
                deflated,
                result,
                result.length,
                packedDigest,
                head,
                key,
                readBytes,
                length,
                false,
                state);
    }

    /** Deflates into {@link #packed}; -1 where that would not be smaller. */
    private int deflate(byte[] bytes, int length) {
        if (length == 0) {
            return -1;
        }
        deflater.reset();
        deflater.setInput(bytes, 0, length);
        deflater.finish();
        int packedLength = deflater.deflate(packed, 0, length - 1);
        return deflater.finished() ? packedLength : -1;
    }

    /**
     * Deflates one piece of a large file so that the results of its pieces, one after the other, are one deflate stream, as
     * pigz does it: each piece may refer to what comes before it, and ends at a byte's border.
     *
     * @param bytes the {@code before} bytes that come before the piece, then the piece
     * @param before 0 or {@value #WINDOW}
     * @param length the piece's length
     * @param last whether it ends the stream
     */
    byte[] deflatePiece(byte[] bytes, int before, int length, boolean last) {
        deflater.reset();
        if (before > 0) {
            deflater.setDictionary(bytes, 0, before);
        }
        deflater.setInput(bytes, before, length);
        if (last) {
            deflater.finish();
        }
        int packedLength = deflater.deflate(packed, 0, packed.length, Deflater.SYNC_FLUSH);
        if (packedLength == packed.length || last != deflater.finished()) {
            throw new IllegalStateException("Deflate made more of " + length + " bytes than it can");
        }
        return Arrays.copyOf(packed, packedLength);
    }

    /** Published packages hold keys for their tests; those are no secret. */
    public static boolean seeksKey(SourceEntry entry) {
        String name = entry.name();
        if (entry.size() > LARGEST_KEY_FILE || name.startsWith("node_modules/") || name.contains("/node_modules/")) {
            return false;
        }
        return !name.endsWith(".js") && !name.endsWith(".ts") && !name.endsWith(".map");
    }

    private static boolean holdsKey(byte[] bytes, int length) {
        for (int at = indexOf(KEY_BEGIN, bytes, 0, length); at >= 0; at = indexOf(KEY_BEGIN, bytes, at + 1, length)) {
            if (indexOf(KEY_END, bytes, at, Math.min(length, at + 48)) >= 0) {
                return true;
            }
        }
        return false;
    }

    private static int indexOf(byte[] sought, byte[] bytes, int from, int to) {
        for (int i = from; i <= to - sought.length; i++) {
            if (bytes[i] == sought[0] && Arrays.equals(bytes, i, i + sought.length, sought, 0, sought.length)) {
                return i;
            }
        }
        return -1;
    }

    @Override
    public void close() {
        deflater.end();
    }
}
