package io.jenkins.plugins.lambdanode.engine.base;

import java.io.IOException;
import java.io.InputStream;
import java.nio.file.Files;
import java.nio.file.LinkOption;
import java.nio.file.Path;
import java.util.Optional;

/** Reads a file that may be any size without more memory than a bound. */
public final class BoundedFile {
    private BoundedFile() {}

    /** The file's bytes; empty where it has more than {@code limit}. A link is not followed. */
    public static Optional<byte[]> read(Path file, long limit) throws IOException {
        byte[] bytes = head(file, (int) limit + 1);
        return bytes.length > limit ? Optional.empty() : Optional.of(bytes);
    }

    /** The file's first bytes, {@code length} at most. A link is not followed. */
    public static byte[] head(Path file, int length) throws IOException {
        try (InputStream in = Files.newInputStream(file, LinkOption.NOFOLLOW_LINKS)) {
            return in.readNBytes(length);
        }
    }
}
