package io.jenkins.plugins.lambdanode.engine.pack.cache;

import io.jenkins.plugins.lambdanode.engine.base.CtimeTrust;
import io.jenkins.plugins.lambdanode.engine.pack.select.SourceEntry;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.LinkOption;
import java.nio.file.Path;
import java.nio.file.attribute.BasicFileAttributes;
import java.nio.file.attribute.FileTime;
import java.time.Clock;
import java.time.Duration;
import java.time.Instant;
import java.util.Optional;
import java.util.concurrent.TimeUnit;

/**
 * Reads the state of files by which an unchanged one is told without reading it, where that is safe: a file of the same inode with
 * the same time of change has the same content, where {@link CtimeTrust} are proof. Size and time of modification do not say so:
 * npm gives every file the same time.
 *
 * <p>A file on another device than the project may be on another kind of file system. A time less than {@value #SETTLED_SECONDS}
 * seconds old says nothing either: clocks tick, and the next write could get the same (git calls such an entry racy).
 */
public final class CtimeState {
    static final int SETTLED_SECONDS = 2;

    private static final Duration SETTLED = Duration.ofSeconds(SETTLED_SECONDS);

    /** What a file was like before it was read. */
    public record FileState(long device, long inode, long size, long changedNanos) {}

    private final Clock clock;
    private final long device;

    private CtimeState(Clock clock, long device) {
        this.clock = clock;
        this.device = device;
    }

    /** The states of a project's files; empty where they can't be relied on. */
    public static Optional<CtimeState> of(Path project, Clock clock) {
        try {
            if (!CtimeTrust.areProof(project)) {
                return Optional.empty();
            }
            Optional<long[]> key =
                    deviceAndInode(Files.readAttributes(project, BasicFileAttributes.class, LinkOption.NOFOLLOW_LINKS)
                            .fileKey());
            return key.map(numbers -> new CtimeState(clock, numbers[0]));
        } catch (IOException | RuntimeException e) {
            return Optional.empty();
        }
    }

    /**
     * A file's state now; empty where an equal one later would not mean an equal content, or where there is none to be had:
     * whoever reads the file then says why.
     */
    public Optional<FileState> of(SourceEntry entry) {
        Optional<long[]> key = deviceAndInode(entry.stamp().fileKey());
        if (key.isEmpty() || key.get()[0] != device) {
            return Optional.empty();
        }
        Object changed;
        try {
            changed = Files.getAttribute(entry.source(), "unix:ctime", LinkOption.NOFOLLOW_LINKS);
        } catch (IOException e) {
            return Optional.empty();
        }
        if (!(changed instanceof FileTime time)) {
            return Optional.empty();
        }
        Instant settled = clock.instant().minus(SETTLED);
        return time.toInstant().isAfter(settled)
                ? Optional.empty()
                : Optional.of(new FileState(device, key.get()[1], entry.size(), time.to(TimeUnit.NANOSECONDS)));
    }

    /** The JDK has both in one object and tells them as {@code (dev=fe01,ino=42)}, the device in hexadecimal. */
    private static Optional<long[]> deviceAndInode(Object fileKey) {
        String text = String.valueOf(fileKey);
        int inode = text.indexOf(",ino=");
        if (!text.startsWith("(dev=") || inode < 0 || !text.endsWith(")")) {
            return Optional.empty();
        }
        return Optional.of(new long[] {
            Long.parseUnsignedLong(text, 5, inode, 16), Long.parseUnsignedLong(text, inode + 5, text.length() - 1, 10)
        });
    }
}
