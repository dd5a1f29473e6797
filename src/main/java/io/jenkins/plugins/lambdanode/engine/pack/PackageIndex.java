package io.jenkins.plugins.lambdanode.engine.pack;

import java.io.ByteArrayInputStream;
import java.io.ByteArrayOutputStream;
import java.io.Closeable;
import java.io.DataInputStream;
import java.io.DataOutputStream;
import java.io.IOException;
import java.io.InputStream;
import java.nio.ByteBuffer;
import java.nio.channels.FileChannel;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.nio.file.StandardOpenOption;
import java.util.Arrays;
import java.util.HashMap;
import java.util.HexFormat;
import java.util.Map;
import java.util.Optional;
import java.util.UUID;
import java.util.stream.Stream;
import java.util.zip.CRC32;
import java.util.zip.CRC32C;
import java.util.zip.Deflater;

/**
 * The last package with an index of what is in it: the SHA-256 of each content leads to its compressed form, whatever its
 * path. It is only ever a way to save work: an index or a package that is damaged, foreign or gone is the same as none.
 *
 * <p>Two builds may use the same folder at once. Each writes files of its own names and moves its index into place; a package
 * that another build has replaced meanwhile is read on through the open channel.
 */
final class PackageIndex implements Closeable {

    private static final String INDEX = "index.bin";
    private static final String PACKAGE_PREFIX = "package-";
    private static final String FORMAT = "lambda-node-deploy package index 1";
    private static final long MAX_INDEX_BYTES = 256L << 20;
    private static final int DIGEST_BYTES = 32;
    private static final int COPY_BYTES = 64 << 10;

    private final Map<String, Blob> blobs;
    private final FileChannel channel;

    private PackageIndex(Map<String, Blob> blobs, FileChannel channel) {
        this.blobs = blobs;
        this.channel = channel;
    }

    /**
     * A content's compressed form in a package.
     *
     * @param offset where it begins in the package
     * @param method ZIP method, 0 or 8
     * @param crc CRC-32 of the content
     * @param compressedCrc CRC-32C of the compressed form: tells a damaged package
     */
    record Blob(long offset, long compressedBytes, long bytes, int method, long crc, long compressedCrc) {}

    /** Nothing to reuse. */
    static PackageIndex none() {
        return new PackageIndex(Map.of(), null);
    }

    /** The index in a folder, if it can be used for packages of this level. */
    static PackageIndex open(Path folder, int level) {
        FileChannel channel = null;
        try {
            Path file = folder.resolve(INDEX);
            if (Files.size(file) > MAX_INDEX_BYTES) {
                return none();
            }
            byte[] all = Files.readAllBytes(file);
            int length = all.length - DIGEST_BYTES;
            if (length < 0 || !Arrays.equals(
                    Sha256.digest().digest(Arrays.copyOf(all, length)), Arrays.copyOfRange(all, length, all.length))) {
                return none();
            }
            DataInputStream in = new DataInputStream(new ByteArrayInputStream(all, 0, length));
            if (!in.readUTF().equals(fingerprint(level))) {
                return none();
            }
            channel = FileChannel.open(folder.resolve(PACKAGE_PREFIX + in.readUTF()), StandardOpenOption.READ);
            if (channel.size() != in.readLong()) {
                channel.close();
                return none();
            }
            int count = in.readInt();
            Map<String, Blob> blobs = new HashMap<>(count * 2);
            byte[] digest = new byte[DIGEST_BYTES];
            for (int i = 0; i < count; i++) {
                in.readFully(digest);
                blobs.put(
                        HexFormat.of().formatHex(digest),
                        new Blob(
                                in.readLong(), in.readLong(), in.readLong(), in.readInt(), in.readLong(), in.readLong()));
            }
            return new PackageIndex(blobs, channel);
        } catch (IOException | RuntimeException e) {
            close(channel);
            return none();
        }
    }

    boolean isEmpty() {
        return blobs.isEmpty();
    }

    /** Finds a content's compressed form and makes sure that it is what it was. */
    Optional<Blob> find(String sha256, long bytes) {
        Blob blob = blobs.get(sha256);
        if (blob == null || blob.bytes != bytes) {
            return Optional.empty();
        }
        try (InputStream in = read(blob)) {
            CRC32C crc = new CRC32C();
            byte[] buffer = new byte[(int) Math.min(COPY_BYTES, Math.max(1, blob.compressedBytes))];
            long read = 0;
            for (int n = in.read(buffer); n > 0; n = in.read(buffer)) {
                crc.update(buffer, 0, n);
                read += n;
            }
            return read == blob.compressedBytes && crc.getValue() == blob.compressedCrc
                    ? Optional.of(blob)
                    : Optional.empty();
        } catch (IOException e) {
            return Optional.empty();
        }
    }

    /** The compressed form of a content that was found. Several threads may read at once. */
    InputStream read(Blob blob) {
        return new InputStream() {
            private long position = blob.offset;
            private final long end = blob.offset + blob.compressedBytes;

            @Override
            public int read() throws IOException {
                byte[] one = new byte[1];
                return read(one, 0, 1) < 1 ? -1 : one[0] & 0xFF;
            }

            @Override
            public int read(byte[] bytes, int offset, int length) throws IOException {
                if (position >= end) {
                    return -1;
                }
                int n = channel.read(
                        ByteBuffer.wrap(bytes, offset, (int) Math.min(length, end - position)), position);
                position += Math.max(0, n);
                return n;
            }
        };
    }

    /**
     * Keeps a package and its index for the next time. What goes wrong here costs that time only, so nothing is thrown.
     *
     * @param blobs by SHA-256, 64 hexadecimal digits
     */
    static void keep(Path folder, Path packageFile, int level, Map<String, Blob> blobs) {
        String name = UUID.randomUUID() + ".zip";
        Path kept = folder.resolve(PACKAGE_PREFIX + name);
        Path index = folder.resolve("new-" + name);
        try {
            Files.createDirectories(folder);
            linkOrCopy(packageFile, kept);
            ByteArrayOutputStream bytes = new ByteArrayOutputStream();
            DataOutputStream out = new DataOutputStream(bytes);
            out.writeUTF(fingerprint(level));
            out.writeUTF(name);
            out.writeLong(Files.size(kept));
            out.writeInt(blobs.size());
            for (Map.Entry<String, Blob> entry : blobs.entrySet()) {
                Blob blob = entry.getValue();
                out.write(HexFormat.of().parseHex(entry.getKey()));
                out.writeLong(blob.offset);
                out.writeLong(blob.compressedBytes);
                out.writeLong(blob.bytes);
                out.writeInt(blob.method);
                out.writeLong(blob.crc);
                out.writeLong(blob.compressedCrc);
            }
            out.flush();
            bytes.write(Sha256.digest().digest(bytes.toByteArray()));
            Files.write(index, bytes.toByteArray());
            Files.move(index, folder.resolve(INDEX), StandardCopyOption.ATOMIC_MOVE, StandardCopyOption.REPLACE_EXISTING);
            removeOthers(folder, kept);
        } catch (IOException e) {
            delete(kept);
            delete(index);
        }
    }

    private static void linkOrCopy(Path from, Path to) throws IOException {
        try {
            Files.createLink(to, from);
        } catch (IOException | UnsupportedOperationException e) {
            Files.copy(from, to);
        }
    }

    private static void removeOthers(Path folder, Path kept) throws IOException {
        try (Stream<Path> files = Files.list(folder)) {
            files.filter(file -> file.getFileName().toString().startsWith(PACKAGE_PREFIX))
                    .filter(file -> !file.equals(kept))
                    .forEach(PackageIndex::delete);
        }
    }

    private static void delete(Path file) {
        try {
            Files.deleteIfExists(file);
        } catch (IOException e) {
            // Another build has it open or has removed it; the next one tries again.
        }
    }

    /**
     * What the bytes of a compressed form depend on besides the content: level, and the deflate implementation under this
     * JVM, told by what it makes of a sample.
     */
    private static String fingerprint(int level) {
        byte[] sample = new byte[32 << 10];
        for (int i = 0; i < sample.length; i++) {
            sample[i] = (byte) ("const x = require('y');".charAt(i % 23) + (i * i >>> 9) % 7);
        }
        Deflater deflater = new Deflater(level, true);
        try {
            deflater.setInput(sample);
            deflater.finish();
            byte[] compressed = new byte[sample.length * 2];
            CRC32 crc = new CRC32();
            crc.update(compressed, 0, deflater.deflate(compressed));
            return FORMAT + " level " + level + " deflate " + crc.getValue();
        } finally {
            deflater.end();
        }
    }

    private static void close(FileChannel channel) {
        if (channel != null) {
            try {
                channel.close();
            } catch (IOException e) {
                // It was only read.
            }
        }
    }

    @Override
    public void close() {
        close(channel);
    }
}
