package io.jenkins.plugins.lambdanode.engine.base;

import java.io.IOException;
import java.io.InputStream;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.LinkOption;
import java.nio.file.Path;
import java.util.Map;
import java.util.Optional;

/** Reads a file that may be any size without more memory than a bound. */
public final class BoundedFile {

    /** A package.json is a few kilobytes; one larger than this, in bytes, is not one that npm could use. */
    public static final int MAX_PACKAGE_JSON_BYTES = 4 << 20;

    private BoundedFile() {}

    /** The file's bytes; empty where it has more than {@code limit}. A link is not followed. */
    public static Optional<byte[]> read(Path file, long limit) throws IOException {
        byte[] bytes = head(file, (int) limit + 1);
        return bytes.length > limit ? Optional.empty() : Optional.of(bytes);
    }

    /** The fields of the object in a JSON file; none where there is no such file of at most {@code limit} bytes that can be read. */
    public static Map<String, Object> json(Path file, int limit) throws IOException {
        return Files.isRegularFile(file) && Files.isReadable(file)
                ? read(file.toRealPath(), limit)
                        .flatMap(bytes -> Json.object(new String(bytes, StandardCharsets.UTF_8)))
                        .orElse(Map.of())
                : Map.of();
    }

    /** The file's first bytes, {@code length} at most. A link is not followed. */
    public static byte[] head(Path file, int length) throws IOException {
        try (InputStream in = Files.newInputStream(file, LinkOption.NOFOLLOW_LINKS)) {
            return in.readNBytes(length);
        }
    }
}
