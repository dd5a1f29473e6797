package io.jenkins.plugins.lambdanode.engine.project;

import io.jenkins.plugins.lambdanode.engine.base.CtimeTrust;
import io.jenkins.plugins.lambdanode.engine.base.Sha256;
import java.io.ByteArrayOutputStream;
import java.io.DataOutputStream;
import java.io.IOException;
import java.io.InputStream;
import java.io.OutputStream;
import java.io.Reader;
import java.nio.charset.StandardCharsets;
import java.nio.file.FileVisitResult;
import java.nio.file.Files;
import java.nio.file.LinkOption;
import java.nio.file.Path;
import java.nio.file.SimpleFileVisitor;
import java.nio.file.StandardCopyOption;
import java.nio.file.attribute.BasicFileAttributes;
import java.nio.file.attribute.FileTime;
import java.security.DigestInputStream;
import java.security.MessageDigest;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.HexFormat;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.UUID;

/**
 * Remembers what {@code npm ci} made of a project, so that it is not run again where that is still there, untouched. It runs
 * where the project is.
 *
 * <p>The mark is a digest of package.json and the lock file, of the tools with their configuration and the command line, and of
 * the state of every entry of node_modules: path, size, inode, and the times of its last modification and of its last change. An
 * entry with the same time of change is untouched where {@link CtimeTrust} are proof and the file system's clock had gone on before
 * the mark was set: the next write can't get the same. Elsewhere there is no mark, nor where packages have install scripts: those
 * can go by anything.
 */
public final class InstallFingerprint {

    private static final String INODE_VIEW = "unix:size,mode,dev,ino,lastModifiedTime,ctime";

    /** The coarsest clock of a file system that is known goes on every second. */
    private static final Duration CLOCK_GOES_ON = Duration.ofSeconds(2);

    private final Path project;
    private final Path modules;
    private final Path folder;
    private final Path mark;

    /**
     * @param project the project's folder
     * @param folder where the mark is kept; outside the project or left out of its package
     */
    public InstallFingerprint(Path project, Path folder) {
        this.project = project;
        this.modules = project.resolve("node_modules");
        this.folder = folder;
        this.mark = folder.resolve("npm-ci.mark");
    }

    /**
     * Whether node_modules is what the same command made, untouched.
     *
     * @param madeWith tools, their configuration and the command line, as text
     */
    public boolean holds(String madeWith) throws IOException {
        if (!Files.isRegularFile(mark) || Files.size(mark) > 1024) {
            return false;
        }
        Optional<String> now = digest(madeWith, Optional.empty());
        return now.isPresent() && Files.readString(mark, StandardCharsets.US_ASCII).equals(now.get());
    }

    /** Remembers node_modules as it is now, or forgets it where that is not safe. */
    public void set(String madeWith) throws IOException, InterruptedException {
        Optional<FileTime> goneOn = awaitClock();
        Optional<String> now = goneOn.isEmpty() ? Optional.empty() : digest(madeWith, goneOn);
        if (now.isEmpty()) {
            Files.deleteIfExists(mark);
            return;
        }
        Files.createDirectories(folder);
        Path unfinished = mark.resolveSibling("npm-ci." + UUID.randomUUID());
        try {
            Files.writeString(unfinished, now.get(), StandardCharsets.US_ASCII);
            Files.move(unfinished, mark, StandardCopyOption.ATOMIC_MOVE, StandardCopyOption.REPLACE_EXISTING);
        } finally {
            Files.deleteIfExists(unfinished);
        }
    }

    /** The time at which the file system's clock has gone on; empty where it does not, or has no times of change. */
    private Optional<FileTime> awaitClock() throws IOException, InterruptedException {
        if (!isKnown()) {
            return Optional.empty();
        }
        FileTime start = changeNow();
        for (long end = System.nanoTime() + CLOCK_GOES_ON.toNanos(); System.nanoTime() < end; ) {
            Thread.sleep(1);
            FileTime now = changeNow();
            if (!now.equals(start)) {
                return Optional.of(now);
            }
        }
        return Optional.empty();
    }

    /** Has the folder's time of change set, and leaves the folder as it was. */
    private FileTime changeNow() throws IOException {
        Files.setLastModifiedTime(modules, Files.getLastModifiedTime(modules));
        return (FileTime) Files.getAttribute(modules, "unix:ctime");
    }

    /** @param before no entry may have been changed at this time or later */
    private Optional<String> digest(String madeWith, Optional<FileTime> before) throws IOException {
        if (!isKnown() || hasLinks() || hasInstallScripts()) {
            return Optional.empty();
        }
        Optional<byte[]> tree = treeState(before);
        if (tree.isEmpty()) {
            return Optional.empty();
        }
        MessageDigest digest = Sha256.sha256();
        digest.update(madeWith.getBytes(StandardCharsets.UTF_8));
        for (Path input : List.of(
                project.resolve("package.json"),
                project.resolve("package-lock.json"),
                project.resolve("npm-shrinkwrap.json"))) {
            digest.update(("\n" + input.getFileName() + " ").getBytes(StandardCharsets.UTF_8));
            digest.update(Files.isRegularFile(input) ? fileDigest(input) : new byte[1]);
        }
        digest.update(tree.get());
        return Optional.of(HexFormat.of().formatHex(digest.digest()));
    }

    /** A workspace of npm has folders of its own outside node_modules, which the mark does not look at. */
    private boolean hasLinks() throws IOException {
        for (String lockFile : List.of("package-lock.json", "npm-shrinkwrap.json")) {
            Path file = project.resolve(lockFile);
            if (Files.isRegularFile(file) && says(file, "\"link\":true")) {
                return true;
            }
        }
        return false;
    }

    /** As npm itself notes it (since version 7), whatever the lock file's version; where there is no note it is not known. */
    private boolean hasInstallScripts() throws IOException {
        Path installed = modules.resolve(".package-lock.json");
        return !Files.isRegularFile(installed) || says(installed, "\"hasInstallScript\":true");
    }

    /**
     * Whether a file holds a text, blanks and line ends in the file not counted: npm indents a lock file as package.json is,
     * or not at all. However long the file and its lines are, only the last few bytes are kept.
     */
    private static boolean says(Path json, String text) throws IOException {
        StringBuilder last = new StringBuilder();
        try (Reader in = Files.newBufferedReader(json, StandardCharsets.ISO_8859_1)) {
            for (int c; (c = in.read()) >= 0; ) {
                if (c > ' ') {
                    last.append((char) c);
                    if (last.length() > text.length()) {
                        last.deleteCharAt(0);
                    }
                    if (last.length() == text.length() && c == text.charAt(text.length() - 1) && last.indexOf(text) == 0) {
                        return true;
                    }
                }
            }
        }
        return false;
    }

    private boolean isKnown() throws IOException {
        return Files.isDirectory(modules, LinkOption.NOFOLLOW_LINKS)
                && CtimeTrust.areProof(modules)
                && modules.getFileSystem().supportedFileAttributeViews().contains("unix");
    }

    /** Empty where an entry was changed too late, or is on another file system. */
    private Optional<byte[]> treeState(Optional<FileTime> before) throws IOException {
        Object device = Files.getAttribute(modules, "unix:dev");
        List<Path> entries = new ArrayList<>();
        Files.walkFileTree(modules, new SimpleFileVisitor<>() {
            @Override
            public FileVisitResult preVisitDirectory(Path folder, BasicFileAttributes attributes) {
                // Node and tools cache here while they run; it is not packaged.
                if (folder.equals(modules.resolve(".cache"))) {
                    return FileVisitResult.SKIP_SUBTREE;
                }
                if (!folder.equals(modules)) {
                    entries.add(folder);
                }
                return FileVisitResult.CONTINUE;
            }

            @Override
            public FileVisitResult visitFile(Path file, BasicFileAttributes attributes) {
                entries.add(file);
                return FileVisitResult.CONTINUE;
            }
        });
        entries.sort(Comparator.comparing(Path::toString));
        MessageDigest digest = Sha256.sha256();
        ByteArrayOutputStream line = new ByteArrayOutputStream();
        for (Path entry : entries) {
            Map<String, Object> state = Files.readAttributes(entry, INODE_VIEW, LinkOption.NOFOLLOW_LINKS);
            FileTime changed = (FileTime) state.get("ctime");
            if (!device.equals(state.get("dev")) || before.isPresent() && changed.compareTo(before.get()) >= 0) {
                return Optional.empty();
            }
            line.reset();
            DataOutputStream out = new DataOutputStream(line);
            out.writeUTF(modules.relativize(entry).toString());
            out.writeLong((Long) state.get("size"));
            out.writeInt((Integer) state.get("mode"));
            out.writeUTF(String.valueOf(state.get("ino")));
            out.writeUTF(String.valueOf(((FileTime) state.get("lastModifiedTime")).toInstant()));
            out.writeUTF(String.valueOf(changed.toInstant()));
            digest.update(line.toByteArray());
        }
        return Optional.of(digest.digest());
    }

    private static byte[] fileDigest(Path file) throws IOException {
        MessageDigest digest = Sha256.sha256();
        try (InputStream in = new DigestInputStream(Files.newInputStream(file), digest)) {
            in.transferTo(OutputStream.nullOutputStream());
        }
        return digest.digest();
    }
}
