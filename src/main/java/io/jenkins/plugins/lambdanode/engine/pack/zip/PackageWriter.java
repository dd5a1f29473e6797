package io.jenkins.plugins.lambdanode.engine.pack.zip;

import io.jenkins.plugins.lambdanode.engine.base.SafeText;
import io.jenkins.plugins.lambdanode.engine.base.Sha256;
import java.io.IOException;
import java.io.InputStream;
import java.io.OutputStream;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.security.MessageDigest;
import java.util.Arrays;
import java.util.List;

/**
 * Writes a deployment package whose bytes depend on the names, modes and contents of its entries only. Each entry has the
 * time 1980-01-01 00:00:00, the first that a ZIP file can hold; a mode of 0644, 0755 or, for a stored link, 0777; its name in
 * UTF-8; no extra field, comment or data descriptor. The SHA-256 is computed of the bytes as they are written.
 *
 * <p>The format is that of APPNOTE.TXT 6.3.9 (sections 4.3.7 local header, 4.3.12 central header, 4.3.14 to 4.3.16 end), byte
 * for byte what Commons Compress makes of the same entries. In a fresh JVM that library took an eighth of the time of an
 * unchanged package, and an agent at the other end of a slow line would have to fetch it first.
 */
public final class PackageWriter implements AutoCloseable {
    public static final int FILE_MODE = 0100644;
    public static final int EXECUTABLE_MODE = 0100755;
    public static final int FOLDER_MODE = 040755;
    public static final int LINK_MODE = 0120777;

    private static final int LOCAL_HEADER = 30;
    private static final int CENTRAL_HEADER = 46;

    /** Bytes of a local header and a central one without the name, which is in both. */
    public static final int HEADER_BYTES = LOCAL_HEADER + CENTRAL_HEADER;

    private static final int LOCAL_SIGNATURE = 0x04034b50;
    private static final int CENTRAL_SIGNATURE = 0x02014b50;
    private static final int END_SIGNATURE = 0x06054b50;
    private static final int ZIP64_END_SIGNATURE = 0x06064b50;
    private static final int ZIP64_LOCATOR_SIGNATURE = 0x07064b50;

    private static final short STORED = 0;
    private static final short DEFLATED = 8;
    private static final short NEEDS_STORED = 10;
    private static final short NEEDS_DEFLATED = 20;
    private static final short NEEDS_ZIP64 = 45;

    /** Made on Unix: the upper half of the external attributes is the mode. */
    private static final short MADE_BY_UNIX = 3 << 8;

    private static final short NAMES_IN_UTF8 = 1 << 11;
    private static final short TIME = 0;
    private static final short DATE = 1 << 5 | 1;
    private static final int MS_DOS_FOLDER = 0x10;
    private static final int MOST_WITHOUT_ZIP64 = 0xffff;

    /** Digesting and writing are quick in pieces of this size. */
    private static final int BUFFER = 256 * 1024;

    private final OutputStream file;
    private final MessageDigest sha256 = Sha256.sha256();
    private final ByteBuffer buffer = ByteBuffer.allocate(BUFFER).order(ByteOrder.LITTLE_ENDIAN);
    private ByteBuffer central = ByteBuffer.allocate(BUFFER).order(ByteOrder.LITTLE_ENDIAN);
    private int entries;
    private long flushed;

    /** @param file must not exist */
    public PackageWriter(Path file) throws IOException {
        this.file = Files.newOutputStream(file, StandardOpenOption.CREATE_NEW, StandardOpenOption.WRITE);
    }

    /**
     * Adds an entry whose packed bytes are in memory.
     *
     * @param name relative, with {@code /}; a folder's ends with one
     * @param nameBytes the same in UTF-8
     * @return where in the package the packed bytes begin
     */
    public long add(String name, byte[] nameBytes, int mode, PackedContent content) throws IOException {
        header(name, nameBytes, mode, content);
        long offset = written();
        write(content.packed(), 0, content.packed().length);
        return offset;
    }

    /**
     * Adds an entry whose packed bytes are in a stream.
     *
     * @param packed {@code content.packedSize()} bytes; not closed
     */
    public long add(String name, byte[] nameBytes, int mode, PackedContent content, InputStream packed)
            throws IOException {
        header(name, nameBytes, mode, content);
        long offset = written();
        byte[] piece = new byte[BUFFER];
        for (int length = packed.read(piece); length >= 0; length = packed.read(piece)) {
            write(piece, 0, length);
        }
        if (written() - offset != content.packedSize()) {
            throw new IOException("The packed bytes of " + SafeText.name(name) + " are not as many as they were");
        }
        return offset;
    }

    private void header(String name, byte[] nameBytes, int mode, PackedContent content) throws IOException {
        if (name.isEmpty() || name.startsWith("/") || name.indexOf('\\') >= 0 || hasParentSegment(name)) {
            throw new IllegalStateException("An entry's name must stay in its package: " + SafeText.name(name));
        }
        long offset = written();
        room(LOCAL_HEADER);
        buffer.putInt(LOCAL_SIGNATURE);
        common(buffer, nameBytes, content);
        write(nameBytes, 0, nameBytes.length);

        if (central.remaining() < CENTRAL_HEADER + nameBytes.length) {
            int grown = 2 * central.capacity() + nameBytes.length;
            central = ByteBuffer.wrap(
                            Arrays.copyOf(central.array(), grown), central.position(), grown - central.position())
                    .order(ByteOrder.LITTLE_ENDIAN);
        }
        central.putInt(CENTRAL_SIGNATURE).putShort((short) (MADE_BY_UNIX | NEEDS_DEFLATED));
        common(central, nameBytes, content);
        central.putShort((short) 0).putShort((short) 0).putShort((short) 0);
        central.putInt(mode << 16 | (mode == FOLDER_MODE ? MS_DOS_FOLDER : 0))
                .putInt(unsigned(offset))
                .put(nameBytes);
        entries++;
    }

    /** What both headers have: from the version that is needed to the length of the extra field. */
    private static void common(ByteBuffer header, byte[] nameBytes, PackedContent content) {
        header.putShort(content.deflated() ? NEEDS_DEFLATED : NEEDS_STORED).putShort(NAMES_IN_UTF8);
        header.putShort(content.deflated() ? DEFLATED : STORED).putShort(TIME).putShort(DATE);
        header.putInt((int) content.crc())
                .putInt(unsigned(content.packedSize()))
                .putInt(unsigned(content.size()));
        header.putShort((short) nameBytes.length).putShort((short) 0);
    }

    /** Lambda's limits leave no package near this one; who packages something else learns of it. */
    private static int unsigned(long number) {
        if (number >>> 32 != 0) {
            throw new IllegalStateException("A package of 4 GiB or more is not a deployment package");
        }
        return (int) number;
    }

    private static boolean hasParentSegment(String name) {
        return name.contains("..") && List.of(name.split("/")).contains("..");
    }

    /** Writes the end; the digest and the size are then those of the package. */
    public void finish() throws IOException {
        long start = written();
        write(central.array(), 0, central.position());
        long end = written();
        boolean zip64 = entries >= MOST_WITHOUT_ZIP64;
        if (zip64) {
            room(56 + 20);
            buffer.putInt(ZIP64_END_SIGNATURE).putLong(44).putShort(NEEDS_ZIP64).putShort(NEEDS_ZIP64);
            buffer.putInt(0)
                    .putInt(0)
                    .putLong(entries)
                    .putLong(entries)
                    .putLong(end - start)
                    .putLong(start);
            buffer.putInt(ZIP64_LOCATOR_SIGNATURE).putInt(0).putLong(end).putInt(1);
        }
        room(22);
        short count = (short) (zip64 ? MOST_WITHOUT_ZIP64 : entries);
        buffer.putInt(END_SIGNATURE)
                .putShort((short) 0)
                .putShort((short) 0)
                .putShort(count)
                .putShort(count);
        buffer.putInt(unsigned(end - start)).putInt(unsigned(start)).putShort((short) 0);
        flush();
    }

    private void room(int bytes) throws IOException {
        if (buffer.remaining() < bytes) {
            flush();
        }
    }

    private void write(byte[] bytes, int offset, int length) throws IOException {
        room(length);
        if (length > buffer.remaining()) {
            flush(bytes, offset, length);
        } else {
            buffer.put(bytes, offset, length);
        }
    }

    private void flush() throws IOException {
        flush(buffer.array(), 0, buffer.position());
        buffer.clear();
    }

    private void flush(byte[] bytes, int offset, int length) throws IOException {
        sha256.update(bytes, offset, length);
        file.write(bytes, offset, length);
        flushed += length;
    }

    public byte[] sha256() {
        return sha256.digest();
    }

    public long written() {
        return flushed + buffer.position();
    }

    @Override
    public void close() throws IOException {
        file.close();
    }
}
