package io.jenkins.plugins.lambdanode.engine.pack.select;

import io.jenkins.plugins.lambdanode.engine.base.DeployException;
import io.jenkins.plugins.lambdanode.engine.base.SafeText;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.LinkOption;
import java.nio.file.Path;
import java.nio.file.attribute.BasicFileAttributes;
import java.nio.file.attribute.PosixFileAttributes;
import java.nio.file.attribute.PosixFilePermission;
import java.util.Set;
import java.util.concurrent.atomic.AtomicInteger;

/** Makes the entries of a package, and refuses a name that a ZIP file can't hold, and more entries than fit into memory. */
final class SourceEntries {

    /** More files and folders than this are refused; it bounds what packaging keeps in memory. */
    static final int MAX_ENTRIES = 200_000;

    /** A name's length is two bytes in a ZIP file (APPNOTE.TXT 4.4.10). */
    static final int MAX_NAME_BYTES = 65_535;

    private final boolean posix;
    private final AtomicInteger found = new AtomicInteger();

    /** @param posix whether the file system says which files are executable */
    SourceEntries(boolean posix) {
        this.posix = posix;
    }

    /** What a file system says of a file, a folder or a link itself. */
    BasicFileAttributes attributes(Path path) throws IOException {
        return posix
                ? Files.readAttributes(path, PosixFileAttributes.class, LinkOption.NOFOLLOW_LINKS)
                : Files.readAttributes(path, BasicFileAttributes.class, LinkOption.NOFOLLOW_LINKS);
    }

    /** A file or a folder as it is on disk. */
    SourceEntry of(String name, Path source, SourceEntry.Kind kind, BasicFileAttributes attributes)
            throws DeployException {
        return entry(name, source, kind, attributes, new byte[0]);
    }

    /** @param like where the time and owner of the entry are taken from */
    SourceEntry link(String name, Path like, byte[] target) throws IOException {
        return entry(name, like, SourceEntry.Kind.LINK, attributes(like), target);
    }

    private SourceEntry entry(
            String name, Path source, SourceEntry.Kind kind, BasicFileAttributes attributes, byte[] target)
            throws DeployException {
        if (found.incrementAndGet() > MAX_ENTRIES) {
            throw new DeployException(
                    "There are more than " + MAX_ENTRIES + " files and folders to package. Leave folders out with"
                            + " excludes or " + LambdaIgnore.FILE_NAME + ".");
        }
        if (name.indexOf('\\') >= 0) {
            throw new DeployException(
                    "The name of " + SafeText.name(name) + " has a backslash, which tools that unpack a ZIP file take"
                            + " for the border of a folder. Rename it, or leave it out with an exclude.");
        }
        byte[] bytes = name.getBytes(StandardCharsets.UTF_8);
        if (bytes.length > MAX_NAME_BYTES) {
            throw new DeployException(
                    "The path " + SafeText.name(name) + " has " + bytes.length + " bytes; a ZIP file can hold "
                            + MAX_NAME_BYTES + ". Leave the folder out with an exclude, or nest it less deeply.");
        }
        boolean executable = attributes instanceof PosixFileAttributes posixAttributes && executable(posixAttributes);
        return new SourceEntry(name, bytes, source, kind, FileSnapshot.of(attributes), executable, target);
    }

    private static boolean executable(PosixFileAttributes attributes) {
        Set<PosixFilePermission> permissions = attributes.permissions();
        return permissions.contains(PosixFilePermission.OWNER_EXECUTE)
                || permissions.contains(PosixFilePermission.GROUP_EXECUTE)
                || permissions.contains(PosixFilePermission.OTHERS_EXECUTE);
    }
}
