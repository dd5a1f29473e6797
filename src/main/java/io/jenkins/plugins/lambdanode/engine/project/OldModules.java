package io.jenkins.plugins.lambdanode.engine.project;

import java.io.IOException;
import java.nio.file.DirectoryStream;
import java.nio.file.FileVisitResult;
import java.nio.file.Files;
import java.nio.file.LinkOption;
import java.nio.file.Path;
import java.nio.file.SimpleFileVisitor;
import java.nio.file.StandardCopyOption;
import java.nio.file.attribute.BasicFileAttributes;
import java.nio.file.attribute.FileTime;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.UUID;

/**
 * A node_modules that an install would remove first. It is renamed, and removed while the deployment goes on. Where the install fails
 * before it has made another one, it is put back: so npm leaves it where it refuses the lock file.
 */
public final class OldModules {

    private static final String ASIDE = "aside-";
    private static final String REMOVED = "removed-";

    /** What an install that was cut off has set aside. No install takes so long. */
    private static final Duration ABANDONED = Duration.ofDays(1);

    /** With less room, in bytes, the install needs that of the old one. */
    private static final long LITTLE_ROOM = 2L << 30;

    private final Path root;
    private final Path modules;
    private final Path folder;

    /**
     * @param root the folder that the install runs in
     * @param folder where old ones go, outside what is checked out
     */
    public OldModules(Path root, Path folder) {
        this.root = root;
        this.modules = root.resolve("node_modules");
        this.folder = folder;
    }

    /** @return the name that it has now; empty where it stays, for the install to remove */
    public Optional<String> setAside() {
        String name = UUID.randomUUID().toString();
        Path aside = folder.resolve(ASIDE + name);
        try {
            Files.createDirectories(folder);
            if (!Files.isDirectory(modules, LinkOption.NOFOLLOW_LINKS)
                    || folder.toRealPath().startsWith(root.toRealPath())
                    || Files.getFileStore(root).getUsableSpace() < LITTLE_ROOM) {
                return Optional.empty();
            }
            // First, since another deployment could look at it at any time, or this one be cut off.
            Files.setLastModifiedTime(modules, FileTime.from(Instant.now()));
            Files.move(modules, aside, StandardCopyOption.ATOMIC_MOVE);
            return Optional.of(name);
        } catch (IOException e) {
            // Of another user, a mount, on another file system, or open on Windows.
            return Optional.empty();
        }
    }

    /** After an install that succeeded. */
    public void remove(String name) throws IOException {
        Files.move(folder.resolve(ASIDE + name), folder.resolve(REMOVED + name), StandardCopyOption.ATOMIC_MOVE);
    }

    /** After an install that failed. */
    public void putBack(String name) throws IOException {
        if (hasPackages()) {
            remove(name);
            return;
        }
        delete(modules);
        Files.move(folder.resolve(ASIDE + name), modules, StandardCopyOption.ATOMIC_MOVE);
    }

    private boolean hasPackages() throws IOException {
        if (!Files.isDirectory(modules)) {
            return false;
        }
        try (DirectoryStream<Path> entries = Files.newDirectoryStream(modules, "[!.]*")) {
            return entries.iterator().hasNext();
        }
    }

    /** Removes those that are to be removed in a thread of its own, also of deployments that were cut off. */
    public static Thread removeAll(Path folder) {
        Thread thread = new Thread(() -> left(folder).forEach(OldModules::delete), "old node_modules");
        thread.setDaemon(true);
        thread.start();
        return thread;
    }

    private static List<Path> left(Path folder) {
        List<Path> left = new ArrayList<>();
        try (DirectoryStream<Path> entries = Files.newDirectoryStream(folder)) {
            for (Path entry : entries) {
                boolean isAbandoned = Files.getLastModifiedTime(entry, LinkOption.NOFOLLOW_LINKS)
                        .toInstant()
                        .isBefore(Instant.now().minus(ABANDONED));
                if (isAbandoned || folder.relativize(entry).toString().startsWith(REMOVED)) {
                    left.add(entry);
                }
            }
        } catch (IOException e) {
            // There are none, or another deployment removes them.
        }
        return left;
    }

    /** What can't be removed does no harm, and the next deployment tries again. */
    private static void delete(Path tree) {
        try {
            Files.walkFileTree(tree, new SimpleFileVisitor<>() {
                @Override
                public FileVisitResult visitFile(Path file, BasicFileAttributes attributes) {
                    return remove(file);
                }

                @Override
                public FileVisitResult visitFileFailed(Path file, IOException failure) {
                    return FileVisitResult.CONTINUE;
                }

                @Override
                public FileVisitResult postVisitDirectory(Path folder, IOException failure) {
                    return remove(folder);
                }

                private FileVisitResult remove(Path path) {
                    try {
                        Files.deleteIfExists(path);
                    } catch (IOException e) {
                        // Another deployment removes the rest.
                    }
                    return FileVisitResult.CONTINUE;
                }
            });
        } catch (IOException e) {
            // As above.
        }
    }
}
