package io.jenkins.plugins.lambdanode.engine.pack;

import java.io.BufferedOutputStream;
import java.io.IOException;
import java.io.InputStream;
import java.io.OutputStream;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.security.MessageDigest;
import java.time.LocalDateTime;
import java.util.List;
import java.util.zip.ZipEntry;
import org.apache.commons.compress.archivers.zip.Zip64Mode;
import org.apache.commons.compress.archivers.zip.ZipArchiveEntry;
import org.apache.commons.compress.archivers.zip.ZipArchiveOutputStream;

/**
 * Writes a deployment package whose bytes depend on the names, modes and contents of its entries only. Each entry has the
 * time 1980-01-01 00:00:00, the first that a ZIP file can hold, written as such and not converted through a time zone; a
 * mode of 0644, 0755 or, for a stored link, 0777; its name in UTF-8; no extra field, comment or data descriptor. The SHA-256
 * is computed of the bytes as they are written.
 */
final class PackageWriter implements AutoCloseable {
    static final int FILE_MODE = 0100644;
    static final int EXECUTABLE_MODE = 0100755;
    static final int FOLDER_MODE = 040755;
    static final int LINK_MODE = 0120777;

    private static final LocalDateTime TIME = LocalDateTime.of(1980, 1, 1, 0, 0);

    /** Bytes of a local header and a central one without the name, which is in both (APPNOTE.TXT 4.3.7, 4.3.12). */
    static final int HEADER_BYTES = 30 + 46;

    private final Digesting digesting;
    private final ZipArchiveOutputStream zip;

    /** @param file must not exist */
    PackageWriter(Path file) throws IOException {
        digesting = new Digesting(
                Files.newOutputStream(file, StandardOpenOption.CREATE_NEW, StandardOpenOption.WRITE));
        zip = new ZipArchiveOutputStream(digesting);
        zip.setEncoding("UTF8");
        zip.setUseLanguageEncodingFlag(true);
        zip.setCreateUnicodeExtraFields(ZipArchiveOutputStream.UnicodeExtraFieldPolicy.NEVER);
        zip.setUseZip64(Zip64Mode.AsNeeded);
    }

    /**
     * Adds an entry.
     *
     * @param name relative, with {@code /} and no backslash: the library would turn one into a slash
     * @param packed the content's packed bytes
     * @return where in the package those begin
     */
    long add(String name, int mode, PackedContent content, InputStream packed) throws IOException {
        if (name.isEmpty() || name.startsWith("/") || name.indexOf('\\') >= 0 || hasParentSegment(name)) {
            throw new IllegalStateException("An entry's name must stay in its package: " + Quoted.of(name));
        }
        ZipArchiveEntry entry = new ZipArchiveEntry(name);
        entry.setUnixMode(mode);
        entry.setTimeLocal(TIME);
        entry.setMethod(content.deflated() ? ZipEntry.DEFLATED : ZipEntry.STORED);
        entry.setSize(content.size());
        entry.setCompressedSize(content.packedSize());
        entry.setCrc(content.crc());
        zip.addRawArchiveEntry(entry, packed);
        return digesting.written - content.packedSize();
    }

    private static boolean hasParentSegment(String name) {
        return name.contains("..") && List.of(name.split("/")).contains("..");
    }

    /** Writes the end; the digest and the size are then those of the package. */
    void finish() throws IOException {
        zip.finish();
        digesting.out.flush();
    }

    byte[] sha256() {
        return digesting.sha256.digest();
    }

    long written() {
        return digesting.written;
    }

    /** Frees the library's own deflater, too; a package that was not finished is not one afterwards either. */
    @Override
    public void close() throws IOException {
        try {
            zip.close();
        } finally {
            digesting.out.close();
        }
    }

    /** Digests what is written in pieces that are large enough for it to be quick. */
    private static final class Digesting extends OutputStream {
        private static final int BUFFER = 256 * 1024;

        private final MessageDigest sha256 = Digests.sha256();
        private final BufferedOutputStream out;
        private long written;

        Digesting(OutputStream file) {
            this.out = new BufferedOutputStream(
                    new OutputStream() {
                        @Override
                        public void write(int b) throws IOException {
                            write(new byte[] {(byte) b}, 0, 1);
                        }

                        @Override
                        public void write(byte[] bytes, int offset, int length) throws IOException {
                            sha256.update(bytes, offset, length);
                            file.write(bytes, offset, length);
                        }

                        @Override
                        public void close() throws IOException {
                            file.close();
                        }
                    },
                    BUFFER);
        }

        @Override
        public void write(int b) throws IOException {
            out.write(b);
            written++;
        }

        @Override
        public void write(byte[] bytes, int offset, int length) throws IOException {
            out.write(bytes, offset, length);
            written += length;
        }
    }
}
