package io.jenkins.plugins.lambdanode.engine.pack.zip;

import io.jenkins.plugins.lambdanode.engine.pack.cache.CtimeState.FileState;
import java.util.Optional;

/**
 * An entry's content as it goes into the package.
 *
 * @param sha256 of the content
 * @param crc CRC-32 of the content
 * @param size bytes of content
 * @param deflated whether it is deflated; otherwise it is stored as it is
 * @param packed the bytes that go into the package; empty where they are in the spill file
 * @param packedSize how many those are
 * @param packedSha256 of the bytes that go into the package
 * @param head the content's first bytes, {@value #HEAD_BYTES} at most; none where the file was not read, and then it is neither
 *     a script nor a native program
 * @param privateKey whether it holds a private key; looked for in small files only
 * @param readBytes bytes read from the project to get here
 * @param deflatedBytes bytes of content that were deflated
 * @param reused whether the packed bytes were copied from the last package
 * @param state the file's, by which it need not be read again; empty where there is none
 */
public record PackedContent(
        byte[] sha256,
        long crc,
        long size,
        boolean deflated,
        byte[] packed,
        long packedSize,
        byte[] packedSha256,
        byte[] head,
        boolean privateKey,
        long readBytes,
        long deflatedBytes,
        boolean reused,
        Optional<FileState> state) {

    /** Enough to tell a script or a native program, and what machine that is for. */
    public static final int HEAD_BYTES = 64;
}
