package io.jenkins.plugins.lambdanode.engine.pack.cache;

import io.jenkins.plugins.lambdanode.engine.base.Sha256;
import io.jenkins.plugins.lambdanode.engine.pack.cache.CtimeState.FileState;
import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Comparator;
import java.util.IdentityHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;

/**
 * Where in the last package the packed form of each content is. A content is named by its SHA-256 and size, never by path or
 * time; or by the state of a file that had it ({@link CtimeState}).
 *
 * <p>As a file: a header (magic with the format's version, what the deflating was done with, the package's file name and
 * size, how many records follow), one record of {@value #RECORD} bytes for each content, sorted by SHA-256, one of
 * {@value #STATE} bytes for each state of a file, sorted by inode, and the SHA-256 of all of that. A file that differs from
 * this in any way is not an index. Each content's record holds the SHA-256 of the packed bytes, and whoever copies them checks
 * it: a damaged package is as good as none.
 */
public final class PackageIndex {
    /** An index with more than this of either is cut; what is left out is made again. It bounds memory (some 20 MB). */
    static final int MAX_RECORDS = 150_000;

    private static final byte[] MAGIC = "LNDINDX2".getBytes(StandardCharsets.US_ASCII);
    private static final int SHA = 32;
    private static final int NAME = 64;
    private static final int HEADER = 8 + SHA + NAME + 8 + 4 + 4;
    private static final int RECORD = SHA + 8 + 8 + 8 + 1 + 4 + SHA;
    private static final int STATE = 8 + 8 + 8 + 8 + 1 + 4;
    static final long MAX_BYTES = HEADER + (long) (RECORD + STATE) * MAX_RECORDS + SHA;

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
    public record ObjectKey(
            byte[] sha256, long size, long offset, long packedSize, boolean deflated, long crc, byte[] packedSha256) {}

    /**
     * A file whose content is in the package and needs no look: it is no native program and holds no key.
     *
     * @param state the file's, taken before it was read
     * @param keySought whether a key was looked for in it
     * @param place its content's, the object that is among the places
     */
    public record UnchangedFile(FileState state, boolean keySought, ObjectKey place) {}

    /** An index of nothing. */
    static final PackageIndex NONE = new PackageIndex(new byte[HEADER], 0, 0, "", 0);

    private final byte[] bytes;
    private final int count;
    private final int states;
    private final String packageName;
    private final long packageSize;
    private long[] sizes;

    private PackageIndex(byte[] bytes, int count, int states, String packageName, long packageSize) {
        this.bytes = bytes;
        this.count = count;
        this.states = states;
        this.packageName = packageName;
        this.packageSize = packageSize;
    }

    /**
     * Reads an index.
     *
     * @param fingerprint what the deflating is done with now, 32 bytes; an index made with anything else is none, since the
     *     package's bytes would depend on it
     */
    public static Optional<PackageIndex> parse(byte[] bytes, byte[] fingerprint) {
        if (bytes.length < HEADER + SHA || bytes.length > MAX_BYTES) {
            return Optional.empty();
        }
        byte[] checksum = Sha256.sha256(bytes, 0, bytes.length - SHA);
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
        int states = header.getInt();
        if (!Arrays.equals(magic, MAGIC)
                || !Arrays.equals(madeWith, fingerprint)
                || count < 0
                || states < 0
                || bytes.length != HEADER + (long) RECORD * count + (long) STATE * states + SHA) {
            return Optional.empty();
        }
        return Optional.of(new PackageIndex(
                bytes, count, states, new String(name, StandardCharsets.US_ASCII).strip(), packageSize));
    }

    /**
     * Writes an index.
     *
     * @param packageName the package's file name, ASCII, at most {@value #NAME} characters
     */
    static byte[] format(
            byte[] fingerprint,
            String packageName,
            long packageSize,
            List<ObjectKey> places,
            List<UnchangedFile> files) {
        List<ObjectKey> all = new ArrayList<>(places);
        all.sort(Comparator.comparing(ObjectKey::sha256, Arrays::compareUnsigned));
        List<ObjectKey> sorted = new ArrayList<>();
        Map<ObjectKey, Integer> ordinals = new IdentityHashMap<>();
        for (ObjectKey place : all) {
            boolean again = !sorted.isEmpty() && Arrays.equals(sorted.get(sorted.size() - 1).sha256, place.sha256);
            if (!again && sorted.size() < MAX_RECORDS) {
                sorted.add(place);
                again = true;
            }
            if (again) {
                ordinals.put(place, sorted.size() - 1);
            }
        }
        List<UnchangedFile> states = new ArrayList<>(files);
        states.removeIf(file -> !ordinals.containsKey(file.place));
        states.sort(Comparator.comparingLong(file -> file.state.inode()));
        states = states.subList(0, Math.min(MAX_RECORDS, states.size()));
        int length = HEADER + RECORD * sorted.size() + STATE * states.size() + SHA;
        ByteBuffer out = ByteBuffer.allocate(length);
        out.put(MAGIC).put(fingerprint);
        out.put(String.format("%-" + NAME + "s", packageName).getBytes(StandardCharsets.US_ASCII));
        out.putLong(packageSize).putInt(sorted.size()).putInt(states.size());
        for (ObjectKey place : sorted) {
            out.put(place.sha256).putLong(place.size).putLong(place.offset).putLong(place.packedSize);
            out.put((byte) (place.deflated ? 1 : 0)).putInt((int) place.crc).put(place.packedSha256);
        }
        for (UnchangedFile file : states) {
            FileState state = file.state;
            out.putLong(state.inode())
                    .putLong(state.device())
                    .putLong(state.size())
                    .putLong(state.changedNanos());
            out.put((byte) (file.keySought ? 1 : 0)).putInt(ordinals.get(file.place));
        }
        return out.put(Sha256.sha256(out.array(), 0, length - SHA)).array();
    }

    /** The name of the package's file, beside the index. */
    String packageName() {
        return packageName;
    }

    /** The package's size in bytes. */
    public long packageSize() {
        return packageSize;
    }

    /** How many contents it knows. */
    int size() {
        return count;
    }

    /** Where a content's packed form is, if it is in the package. */
    public Optional<ObjectKey> find(byte[] sha256, long size) {
        int low = 0;
        int high = count - 1;
        while (low <= high) {
            int middle = (low + high) >>> 1;
            int at = HEADER + middle * RECORD;
            int order = Arrays.compareUnsigned(bytes, at, at + SHA, sha256, 0, SHA);
            if (order == 0) {
                return sound(place(at), size);
            }
            if (order < 0) {
                low = middle + 1;
            } else {
                high = middle - 1;
            }
        }
        return Optional.empty();
    }

    private Optional<ObjectKey> sound(ObjectKey place, long size) {
        boolean sound = place.size == size
                && place.packedSize >= 0
                && place.packedSize <= size + size / 512 + 1024
                && place.offset >= 0
                && place.offset <= packageSize - place.packedSize;
        return sound ? Optional.of(place) : Optional.empty();
    }

    /**
     * Where the packed form of a file's content is, by the file's state alone. Several names of one inode have one record.
     *
     * @param keySought whether a key would be looked for in it now
     */
    public Optional<ObjectKey> find(FileState state, boolean keySought) {
        ByteBuffer all = ByteBuffer.wrap(bytes);
        int first = HEADER + RECORD * count;
        int low = 0;
        int high = states - 1;
        while (low <= high) {
            int middle = (low + high) >>> 1;
            int at = first + middle * STATE;
            int order = Long.compare(all.getLong(at), state.inode());
            if (order == 0) {
                int ordinal = all.getInt(at + 33);
                boolean same = all.getLong(at + 8) == state.device()
                        && all.getLong(at + 16) == state.size()
                        && all.getLong(at + 24) == state.changedNanos()
                        && (all.get(at + 32) == 1 || !keySought)
                        && ordinal >= 0
                        && ordinal < count;
                return same ? sound(place(HEADER + ordinal * RECORD), state.size()) : Optional.empty();
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
    public synchronized boolean hasSize(long size) {
        if (sizes == null) {
            sizes = new long[count];
            for (int i = 0; i < count; i++) {
                sizes[i] = ByteBuffer.wrap(bytes).getLong(HEADER + i * RECORD + SHA);
            }
            Arrays.sort(sizes);
        }
        return Arrays.binarySearch(sizes, size) >= 0;
    }

    private ObjectKey place(int at) {
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
        return new ObjectKey(sha256, size, offset, packedSize, deflated, crc, packedSha256);
    }
}
