package io.jenkins.plugins.lambdanode.engine.pack.select;

import java.nio.file.Path;

/**
 * A file, folder or link that goes into a package.
 *
 * @param name its path in the package, with {@code /}; a folder's ends with one
 * @param nameBytes the same in UTF-8
 * @param source where it is; for what a link leads to, the real path
 * @param kind what it is
 * @param stamp what the file system said of it when it was found
 * @param executable whether it is executable on this machine
 * @param target what a stored link says, in UTF-8; otherwise empty
 */
public record SourceEntry(
        String name, byte[] nameBytes, Path source, Kind kind, FileSnapshot stamp, boolean executable, byte[] target) {

    public enum Kind {
        FILE,
        FOLDER,
        LINK
    }

    /** The bytes that it has unzipped. */
    public long size() {
        return switch (kind) {
            case FILE -> stamp.size();
            case FOLDER -> 0;
            case LINK -> target.length;
        };
    }

    public boolean isFile() {
        return kind == Kind.FILE;
    }
}
