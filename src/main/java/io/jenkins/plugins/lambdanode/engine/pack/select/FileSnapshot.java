package io.jenkins.plugins.lambdanode.engine.pack.select;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.LinkOption;
import java.nio.file.Path;
import java.nio.file.attribute.BasicFileAttributes;
import java.nio.file.attribute.FileTime;

/**
 * What tells that a file has been written to between two looks at it. It never stands for a file's content: npm gives every
 * file the same time.
 *
 * @param size bytes
 * @param modified its modification time
 * @param fileKey device and inode; null where the file system has none
 */
public record FileSnapshot(long size, FileTime modified, Object fileKey) {

    public static FileSnapshot of(BasicFileAttributes attributes) {
        return new FileSnapshot(attributes.size(), attributes.lastModifiedTime(), attributes.fileKey());
    }

    public static FileSnapshot of(Path file) throws IOException {
        return of(Files.readAttributes(file, BasicFileAttributes.class, LinkOption.NOFOLLOW_LINKS));
    }
}
