package io.jenkins.plugins.lambdanode.engine.pack;

import java.io.ByteArrayOutputStream;
import java.io.DataOutputStream;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.util.Arrays;
import java.util.Comparator;
import java.util.List;
import java.util.Optional;
import java.util.TreeSet;

/**
 * Where in the last package the packed form of each content is. A content is named by its SHA-256 and size, never by path or
 * time.
 *
 * <p>As a file: a header (magic with the format's version, what the deflating was done with, the package's file name and
 * size), one record of {@value #RECORD} bytes for each content, sorted by SHA-256, and the SHA-256 of all of that. A file
 * that differs from this in any way is not an index. Each record holds the SHA-256 of the packed bytes, and whoever copies
 * them checks it: a damaged package is as good as none.
 */
final class PackageIndex {
    /** An index with more than this is cut; what is left out is deflated again. It bounds memory (some 18 MB). */
    static final int MAX_RECORDS = 150_000;

    private static final byte[] MAGIC = "LNDINDX1".getBytes(StandardCharsets.US_ASCII);
    private static final int SHA = 32;
    private static final int NAME = 64;
    private static final int HEADER = 8 + SHA + NAME + 8 + 4;
    private static final int RECORD = SHA + 8 + 8 + 8 + 1 + 4 + SHA;
    static final long MAX_BYTES = HEADER + (long) RECORD * MAX_RECORDS + SHA;

    /**
     * The packed form of one content.
     *
     * @param sha256 of the content
     * @param size bytes of content
     * @param offset of the packed bytes in the package
     * @param packedSize how many those are
     * @param deflated whether they are deflated
     * @param crc CRC-32 of the content
     * @param packedSha256 of the packed bytes
     */
    record Place(
            byte[] sha256, long size, long offset, long packedSize, boolean deflated, long crc, byte[] packedSha256) {}

    /** An index of nothing. */
    static final PackageIndex NONE = new PackageIndex(new byte[HEADER], 0, "", 0);

    private final byte[] bytes;
    private final int count;
    private final String packageName;
    private final long packageSize;
    private long[] sizes;

    private PackageIndex(byte[] bytes, int count, String packageName, long packageSize) {
        this.bytes = bytes;
        this.count = count;
        this.packageName = packageName;
        this.packageSize = packageSize;
    }

    /**
     * Reads an index.
     *
     * @param fingerprint what the deflating is done with now, 32 bytes; an index made with anything else is none, since the
     *     package's bytes would depend on it
     */
    static Optional<PackageIndex> parse(byte[] bytes, byte[] fingerprint) {
        if (bytes.length < HEADER + SHA || bytes.length > MAX_BYTES || (bytes.length - HEADER - SHA) % RECORD != 0) {
            return Optional.empty();
        }
        byte[] checksum = Digests.sha256(bytes, 0, bytes.length - SHA);
        if (!Arrays.equals(checksum, 0, SHA, bytes, bytes.length - SHA, bytes.length)) {
            return Optional.empty();
        }
        ByteBuffer header = ByteBuffer.wrap(bytes);
        byte[] magic = new byte[MAGIC.length];
        byte[] madeWith = new byte[SHA];
        byte[] name = new byte[NAME];
        header.get(magic).get(madeWith).get(name);
        long packageSize = header.getLong();
        int count = header.getInt();
        if (!Arrays.equals(magic, MAGIC)
                || !Arrays.equals(madeWith, fingerprint)
                || count != (bytes.length - HEADER - SHA) / RECORD) {
            return Optional.empty();
        }
        return Optional.of(
                new PackageIndex(bytes, count, new String(name, StandardCharsets.US_ASCII).strip(), packageSize));
    }

    /**
     * Writes an index.
     *
     * @param packageName the package's file name, ASCII, at most {@value #NAME} characters
     */
    static byte[] format(byte[] fingerprint, String packageName, long packageSize, List<Place> places) {
        TreeSet<Place> sorted =
                new TreeSet<>(Comparator.comparing(Place::sha256, Arrays::compareUnsigned));
        for (Place place : places) {
            if (sorted.size() < MAX_RECORDS) {
                sorted.add(place);
            }
        }
        ByteArrayOutputStream bytes = new ByteArrayOutputStream(HEADER + RECORD * sorted.size() + SHA);
        try (DataOutputStream out = new DataOutputStream(bytes)) {
            out.write(MAGIC);
            out.write(fingerprint);
            out.write(String.format("%-" + NAME + "s", packageName).getBytes(StandardCharsets.US_ASCII));
            out.writeLong(packageSize);
            out.writeInt(sorted.size());
            for (Place place : sorted) {
                out.write(place.sha256);
                out.writeLong(place.size);
                out.writeLong(place.offset);
                out.writeLong(place.packedSize);
                out.writeByte(place.deflated ? 1 : 0);
                out.writeInt((int) place.crc);
                out.write(place.packedSha256);
            }
            byte[] written = bytes.toByteArray();
            out.write(Digests.sha256(written, 0, written.length));
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
        return bytes.toByteArray();
    }

    /** The name of the package's file, beside the index. */
    String packageName() {
        return packageName;
    }

    /** The package's size in bytes. */
    long packageSize() {
        return packageSize;
    }

    boolean isEmpty() {
        return count == 0;
    }

    /** How many contents it knows. */
    int size() {
        return count;
    }

    /** Where a content's packed form is, if it is in the package. */
    Optional<Place> find(byte[] sha256, long size) {
        int low = 0;
        int high = count - 1;
        while (low <= high) {
            int middle = (low + high) >>> 1;
            int at = HEADER + middle * RECORD;
            int order = Arrays.compareUnsigned(bytes, at, at + SHA, sha256, 0, SHA);
            if (order == 0) {
                Place place = place(at);
                boolean sound = place.size == size
                        && place.packedSize >= 0
                        && place.packedSize <= size + size / 512 + 1024
                        && place.offset >= 0
                        && place.offset <= packageSize - place.packedSize;
                return sound ? Optional.of(place) : Optional.empty();
            }
            if (order < 0) {
                low = middle + 1;
            } else {
                high = middle - 1;
            }
        }
        return Optional.empty();
    }

    /** Whether a content of this many bytes is in the package at all. */
    synchronized boolean hasSize(long size) {
        if (sizes == null) {
            sizes = new long[count];
            for (int i = 0; i < count; i++) {
                sizes[i] = ByteBuffer.wrap(bytes).getLong(HEADER + i * RECORD + SHA);
            }
            Arrays.sort(sizes);
        }
        return Arrays.binarySearch(sizes, size) >= 0;
    }

    private Place place(int at) {
        ByteBuffer record = ByteBuffer.wrap(bytes, at, RECORD);
        byte[] sha256 = new byte[SHA];
        byte[] packedSha256 = new byte[SHA];
        record.get(sha256);
        long size = record.getLong();
        long offset = record.getLong();
        long packedSize = record.getLong();
        boolean deflated = record.get() == 1;
        long crc = record.getInt() & 0xffffffffL;
        record.get(packedSha256);
        return new Place(sha256, size, offset, packedSize, deflated, crc, packedSha256);
    }
}
