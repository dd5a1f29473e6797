package io.jenkins.plugins.lambdanode.engine.base;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Set;

/**
 * Where the time of a file's last change ({@code ctime}) proves that it has not been written to: the system sets it on every
 * write and nobody can set it back. So it is on local file systems that keep it; a network file system answers from a cache of
 * its own, one of FUSE as its author likes.
 */
public final class CtimeTrust {
    private static final Set<String> LOCAL =
            Set.of("apfs", "btrfs", "ext2", "ext3", "ext4", "f2fs", "hfs", "overlay", "tmpfs", "ufs", "xfs", "zfs");

    private CtimeTrust() {}

    /** Whether they prove it on the file system that this is on. */
    public static boolean areProof(Path folder) throws IOException {
        return LOCAL.contains(Files.getFileStore(folder).type());
    }
}
