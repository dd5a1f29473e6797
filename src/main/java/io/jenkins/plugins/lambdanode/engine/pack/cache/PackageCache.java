package io.jenkins.plugins.lambdanode.engine.pack.cache;

import io.jenkins.plugins.lambdanode.engine.base.BoundedFile;
import io.jenkins.plugins.lambdanode.engine.base.Sha256;
import io.jenkins.plugins.lambdanode.engine.pack.cache.CtimeState.FileState;
import io.jenkins.plugins.lambdanode.engine.pack.select.DefaultExcludes;
import io.jenkins.plugins.lambdanode.engine.pack.select.SourceEntry;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.channels.FileChannel;
import java.nio.file.AtomicMoveNotSupportedException;
import java.nio.file.DirectoryStream;
import java.nio.file.Files;
import java.nio.file.LinkOption;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.nio.file.StandardOpenOption;
import java.security.MessageDigest;
import java.time.Duration;
import java.time.Instant;
import java.util.Arrays;
import java.util.List;
import java.util.Objects;
import java.util.Optional;
import java.util.UUID;
import java.util.zip.Deflater;

/**
 * The last package and its index in a folder, to copy from what has not changed. What is in the folder is trusted in nothing:
 * the index carries its checksum, each copied piece is compared with its SHA-256, and what does not fit is made anew.
 *
 * <p>Builds at the same time do not disturb each other: each writes files of its own name and puts its index in place in one
 * move; a package that another build removes stays readable through the channel that is open on it, or was not yet opened
 * and then costs time only.
 */
public final class PackageCache implements AutoCloseable {
    private static final String INDEX = DefaultExcludes.OWN_PREFIX + "index";
    private static final String PACKAGE_PREFIX = DefaultExcludes.OWN_PREFIX + "package-";
    private static final int SAMPLE_BYTES = 32 * 1024;

    private final Optional<Path> folder;
    private final byte[] fingerprint;
    private final Optional<CtimeState> states;
    private final PackageIndex index;
    private final Optional<FileChannel> lastPackage;

    private PackageCache(
            Optional<Path> folder,
            byte[] fingerprint,
            Optional<CtimeState> states,
            PackageIndex index,
            Optional<FileChannel> lastPackage) {
        this.folder = folder;
        this.fingerprint = fingerprint;
        this.states = states;
        this.index = index;
        this.lastPackage = lastPackage;
    }

    /** No cache: everything is made anew. */
    public static PackageCache none() {
        return new PackageCache(Optional.empty(), new byte[0], Optional.empty(), PackageIndex.NONE, Optional.empty());
    }

    /**
     * Opens the cache in a folder, which need not exist. Whatever is wrong with what is in it, the cache is then empty.
     *
     * @param level the deflate level
     * @param states tells unchanged files without reading them; empty where that is not safe
     */
    public static PackageCache open(Path folder, int level, Optional<CtimeState> states) {
        byte[] fingerprint = fingerprint(level);
        Path file = folder.resolve(INDEX);
        try {
            if (Files.isRegularFile(file, LinkOption.NOFOLLOW_LINKS)) {
                Optional<PackageIndex> index = BoundedFile.read(file, PackageIndex.MAX_BYTES)
                        .flatMap(bytes -> PackageIndex.parse(bytes, fingerprint));
                if (index.isPresent() && index.get().packageName().startsWith(PACKAGE_PREFIX)) {
                    FileChannel channel = openPackage(folder, index.get());
                    if (channel.size() == index.get().packageSize()) {
                        return new PackageCache(
                                Optional.of(folder), fingerprint, states, index.get(), Optional.of(channel));
                    }
                    channel.close();
                }
            }
        } catch (IOException | IllegalArgumentException e) {
            // A cache that cannot be read is an empty one.
        }
        return new PackageCache(Optional.of(folder), fingerprint, states, PackageIndex.NONE, Optional.empty());
    }

    private static FileChannel openPackage(Path folder, PackageIndex index) throws IOException {
        Path file = folder.resolve(index.packageName());
        if (!folder.equals(file.normalize().getParent()) || !Files.isRegularFile(file, LinkOption.NOFOLLOW_LINKS)) {
            throw new IOException("Not a package in the cache's folder");
        }
        return FileChannel.open(file, StandardOpenOption.READ, LinkOption.NOFOLLOW_LINKS);
    }

    /**
     * Names the deflate implementation under this JVM by what it makes of a sample: zlib and zlib-ng, for instance, differ
     * (FACTS.md), and a package must not depend on whether it was made with a cache.
     */
    private static byte[] fingerprint(int level) {
        byte[] sample = new byte[SAMPLE_BYTES];
        int state = 1;
        for (int i = 0; i < sample.length; i++) {
            state = state * 1_103_515_245 + 12_345;
            sample[i] = (byte) ("etaoin shrdlu();{}\n".charAt((state >>> 20) % 19));
        }
        Deflater deflater = new Deflater(level, true);
        try {
            deflater.setInput(sample);
            deflater.finish();
            byte[] packed = new byte[2 * SAMPLE_BYTES];
            int length = deflater.deflate(packed, 1, packed.length - 1);
            packed[0] = (byte) level;
            return Sha256.sha256(packed, 0, length + 1);
        } finally {
            deflater.end();
        }
    }

    public PackageIndex index() {
        return index;
    }

    /** A file's state, to find it by or to remember it by. */
    public Optional<FileState> stateOf(SourceEntry entry) {
        return states.isPresent() ? states.get().of(entry) : Optional.empty();
    }

    /**
     * Reads packed bytes of the last package.
     *
     * @param offset where they begin
     * @param into filled from its position to its limit
     * @return false if the package ends before
     */
    public boolean read(long offset, ByteBuffer into) throws IOException {
        FileChannel channel = lastPackage.orElseThrow();
        long at = offset;
        while (into.hasRemaining()) {
            int read = channel.read(into, at);
            if (read < 0) {
                return false;
            }
            at += read;
        }
        return true;
    }

    /**
     * The bytes of a small piece of the last package, if they are what was put there.
     *
     * @param sha256 to check them with; making one for each piece would take longer than the piece
     */
    public Optional<byte[]> read(PackageIndex.ObjectKey place, MessageDigest sha256) throws IOException {
        byte[] packed = new byte[(int) place.packedSize()];
        boolean whole = read(place.offset(), ByteBuffer.wrap(packed));
        boolean sound = whole && Arrays.equals(sha256.digest(packed), place.packedSha256());
        return sound ? Optional.of(packed) : Optional.empty();
    }

    /**
     * Makes a package the one to copy from next time.
     *
     * @param made the package; it is linked into the cache, or copied where that cannot be done
     * @param places where everything in it is
     * @param files those that need not be read again while their state is the same
     */
    public void store(Path made, long size, List<PackageIndex.ObjectKey> places, List<PackageIndex.UnchangedFile> files)
            throws IOException {
        if (folder.isEmpty()) {
            return;
        }
        Path target = Files.createDirectories(folder.get());
        String name = PACKAGE_PREFIX + UUID.randomUUID().toString().replace("-", "");
        Path kept = target.resolve(name);
        Path newIndex = target.resolve(INDEX + "-" + UUID.randomUUID());
        boolean done = false;
        try {
            try {
                Files.createLink(kept, made);
            } catch (IOException | UnsupportedOperationException e) {
                Files.copy(made, kept);
            }
            Files.write(
                    newIndex,
                    PackageIndex.format(fingerprint, name, size, places, files),
                    StandardOpenOption.CREATE_NEW);
            moveOver(newIndex, target.resolve(INDEX));
            done = true;
        } finally {
            if (!done) {
                Files.deleteIfExists(kept);
                Files.deleteIfExists(newIndex);
            }
        }
        removeAllBut(name, target);
    }

    public static void moveOver(Path from, Path to) throws IOException {
        try {
            Files.move(from, to, StandardCopyOption.ATOMIC_MOVE);
        } catch (AtomicMoveNotSupportedException e) {
            Files.move(from, to, StandardCopyOption.REPLACE_EXISTING);
        }
    }

    private static void removeAllBut(String name, Path folder) {
        try (DirectoryStream<Path> files = Files.newDirectoryStream(folder, DefaultExcludes.OWN_PREFIX + "*")) {
            for (Path file : files) {
                String other = Objects.requireNonNull(file.getFileName()).toString();
                boolean orphan = other.startsWith(INDEX + "-") && isOld(file);
                if (orphan || other.startsWith(PACKAGE_PREFIX) && !other.equals(name)) {
                    Files.deleteIfExists(file);
                }
            }
        } catch (IOException e) {
            // On Windows a package that another build reads stays, and goes next time.
        }
    }

    private static boolean isOld(Path file) throws IOException {
        return Files.getLastModifiedTime(file)
                .toInstant()
                .isBefore(Instant.now().minus(Duration.ofHours(1)));
    }

    @Override
    public void close() throws IOException {
        if (lastPackage.isPresent()) {
            lastPackage.get().close();
        }
    }
}
