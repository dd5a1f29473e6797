package io.jenkins.plugins.lambdanode.engine.pack;

import io.jenkins.plugins.lambdanode.engine.base.Sha256;
import io.jenkins.plugins.lambdanode.engine.pack.api.PackReport;
import io.jenkins.plugins.lambdanode.engine.pack.check.SizeBreakdown;
import io.jenkins.plugins.lambdanode.engine.pack.select.SourceEntry;
import io.jenkins.plugins.lambdanode.engine.pack.zip.PackageWriter;
import io.jenkins.plugins.lambdanode.engine.pack.zip.PackedContent;
import java.nio.charset.StandardCharsets;
import java.security.MessageDigest;
import java.util.HexFormat;

/**
 * Adds up what an archive holds, and computes the digest of its contents: the SHA-256 of, for each entry in the archive's order,
 * its name in UTF-8, a zero byte, its mode as six octal digits, a zero byte, and the SHA-256 of its content (32 bytes; that of
 * nothing for a folder, of the target for a link).
 */
final class PackageTotals {
    private final MessageDigest contents = Sha256.sha256();
    private final SizeBreakdown sizes = new SizeBreakdown();
    private int files;
    private long unzippedBytes;
    private long readBytes;
    private long deflatedBytes;
    private long reusedBytes;

    /** @param archiveName the entry's name in the archive, in UTF-8 */
    void add(SourceEntry entry, byte[] archiveName, int mode, PackedContent content) {
        contents.update(archiveName);
        contents.update((byte) 0);
        contents.update(octal(mode));
        contents.update((byte) 0);
        contents.update(content.sha256());
        boolean folder = entry.kind() == SourceEntry.Kind.FOLDER;
        long zipped = content.packedSize() + PackageWriter.HEADER_BYTES + 2L * archiveName.length;
        sizes.add(entry.name(), !folder, content.size(), zipped);
        files += folder ? 0 : 1;
        unzippedBytes += content.size();
        readBytes += content.readBytes();
        deflatedBytes += content.deflatedBytes();
        reusedBytes += content.reused() ? content.size() : 0;
    }

    private static byte[] octal(int mode) {
        String digits = Integer.toOctalString(mode);
        return ("000000".substring(digits.length()) + digits).getBytes(StandardCharsets.US_ASCII);
    }

    /** To be asked for once, at the end; hexadecimal. */
    String contentDigest() {
        return HexFormat.of().formatHex(contents.digest());
    }

    SizeBreakdown sizes() {
        return sizes;
    }

    int files() {
        return files;
    }

    long unzippedBytes() {
        return unzippedBytes;
    }

    /** @param checkedBytes bytes that the checks have read besides */
    PackReport.Work work(long checkedBytes) {
        return new PackReport.Work(readBytes + checkedBytes, deflatedBytes, reusedBytes);
    }
}
