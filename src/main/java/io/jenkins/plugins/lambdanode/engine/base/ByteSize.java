package io.jenkins.plugins.lambdanode.engine.base;

import java.util.Locale;

/** A number of bytes for a person. */
public final class ByteSize {

    private ByteSize() {}

    /** In AWS's units: a KB is 1,024 bytes, an MB 1,048,576. */
    public static String of(long bytes) {
        if (bytes < 1024) {
            return bytes + " B";
        }
        if (bytes < 1 << 20) {
            return String.format(Locale.ROOT, "%.1f KB", bytes / 1024.0);
        }
        return String.format(Locale.ROOT, "%.1f MB", bytes / 1048576.0);
    }
}
