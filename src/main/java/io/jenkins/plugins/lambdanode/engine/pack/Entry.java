package io.jenkins.plugins.lambdanode.engine.pack;

import java.nio.file.Path;
import java.nio.file.attribute.FileTime;

/**
 * An entry of a package before its content is read.
 *
 * @param name the name in the ZIP: relative, with {@code /}; a folder's ends in {@code /}
 * @param source where its content is; for a stored link, the link
 * @param mode type and permission bits as in {@code st_mode}, for instance 0100644
 * @param size bytes, as the walk found it; 0 for a folder; for a link the bytes of its target's name
 * @param modified when the content was last changed, as the walk found it
 */
record Entry(String name, Path source, int mode, long size, FileTime modified) {

    static final int FILE = 0100644;
    static final int EXECUTABLE = 0100755;
    static final int FOLDER = 0040755;
    static final int LINK = 0120777;

    boolean isFolder() {
        return mode == FOLDER;
    }

    boolean isLink() {
        return mode == LINK;
    }

    boolean isFile() {
        return !isFolder() && !isLink();
    }
}
