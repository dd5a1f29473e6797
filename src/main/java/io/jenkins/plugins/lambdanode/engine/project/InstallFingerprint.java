package io.jenkins.plugins.lambdanode.engine.project;

import io.jenkins.plugins.lambdanode.engine.base.CtimeTrust;
import io.jenkins.plugins.lambdanode.engine.base.Sha256;
import java.io.ByteArrayOutputStream;
import java.io.DataOutputStream;
import java.io.IOException;
import java.io.InputStream;
import java.io.OutputStream;
import java.nio.charset.StandardCharsets;
import java.nio.file.FileVisitResult;
import java.nio.file.Files;
import java.nio.file.InvalidPathException;
import java.nio.file.LinkOption;
import java.nio.file.Path;
import java.nio.file.SimpleFileVisitor;
import java.nio.file.StandardCopyOption;
import java.nio.file.attribute.BasicFileAttributes;
import java.nio.file.attribute.FileTime;
import java.security.DigestInputStream;
import java.security.MessageDigest;
import java.time.Duration;
import java.time.ZoneOffset;
import java.time.format.DateTimeFormatter;
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
 * <p>The mark is digests of package.json and the lock file, of the tools with their configuration and the command line, and of
 * the state of every entry of node_modules: path, size, inode, and the times of its last modification and of its last change. An
 * entry with the same time of change is untouched where {@link CtimeTrust} are proof and the file system's clock had gone on before
 * the mark was set: the next write can't get the same. Elsewhere there is no mark, nor where packages have install scripts, which
 * can go by anything, or are the project's own.
 */
public final class InstallFingerprint {

    private static final List<String> LOCK_FILES = List.of("package-lock.json", "npm-shrinkwrap.json");

    private static final List<String> INPUTS = List.of("package.json", "package-lock.json", "npm-shrinkwrap.json");

    /** How lock files of all versions say that a package is an archive or a folder of the project's own. */
    private static final List<String> LOCAL_PACKAGE = List.of("\"resolved\":\"file:", "\"version\":\"file:");

    private static final DateTimeFormatter TIME = DateTimeFormatter.ofPattern("uuuu-MM-dd HH:mm 'UTC'");

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
    public InstallState state(String madeWith) throws IOException {
        if (!Files.isDirectory(modules)) {
            return new InstallState(false, "there is no node_modules");
        }
        Optional<String> each = eachTime();
        if (each.isPresent()) {
            return new InstallState(false, each.get());
        }
        if (!Files.isRegularFile(mark) || Files.size(mark) > 1024) {
            return new InstallState(false, "no earlier install is known");
        }
        List<String> then = Files.readAllLines(mark, StandardCharsets.ISO_8859_1);
        Optional<List<String>> now = digests(madeWith, Optional.empty());
        if (now.isEmpty() || then.size() != now.get().size()) {
            return new InstallState(false, "no earlier install is known");
        }
        List<String> names = new ArrayList<>(List.of("Node.js, npm or their configuration"));
        names.addAll(INPUTS);
        names.add("an archive of the project's own (file:)");
        names.add("node_modules");
        for (int i = 0; i < then.size(); i++) {
            if (!then.get(i).equals(now.get().get(i))) {
                return new InstallState(false, names.get(i) + " has changed since the last install");
            }
        }
        return new InstallState(
                true,
                "node_modules is unchanged since "
                        + TIME.format(Files.getLastModifiedTime(mark).toInstant().atOffset(ZoneOffset.UTC)));
    }

    /** Remembers node_modules as it is now, or forgets it where that is not safe. */
    public void set(String madeWith) throws IOException, InterruptedException {
        Optional<FileTime> goneOn = awaitClock();
        Optional<List<String>> now =
                goneOn.isEmpty() || eachTime().isPresent() ? Optional.empty() : digests(madeWith, goneOn);
        if (now.isEmpty()) {
            Files.deleteIfExists(mark);
            return;
        }
        Files.createDirectories(folder);
        Path unfinished = mark.resolveSibling("npm-ci." + UUID.randomUUID());
        try {
            Files.write(unfinished, now.get(), StandardCharsets.US_ASCII);
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

    /**
     * Digests of the tools, of package.json and the lock files, and of node_modules.
     *
     * @param before no entry may have been changed at this time or later
     */
    private Optional<List<String>> digests(String madeWith, Optional<FileTime> before) throws IOException {
        Optional<byte[]> tree = isKnown() ? treeState(before) : Optional.empty();
        if (tree.isEmpty()) {
            return Optional.empty();
        }
        List<String> digests = new ArrayList<>();
        digests.add(hex(Sha256.sha256().digest(madeWith.getBytes(StandardCharsets.UTF_8))));
        for (String input : INPUTS) {
            Path file = project.resolve(input);
            digests.add(Files.isRegularFile(file) ? hex(fileDigest(file)) : "-");
        }
        MessageDigest archives = Sha256.sha256();
        for (String lockFile : LOCK_FILES) {
            for (Path archive : localArchives(project.resolve(lockFile))) {
                archives.update(fileDigest(archive));
            }
        }
        digests.add(hex(archives.digest()));
        digests.add(hex(tree.get()));
        return Optional.of(digests);
    }

    private List<Path> localArchives(Path lockFile) throws IOException {
        try {
            return Files.isRegularFile(lockFile)
                    ? JsonText.after(lockFile, LOCAL_PACKAGE).stream().map(project::resolve).toList()
                    : List.of();
        } catch (InvalidPathException e) {
            return List.of(project);
        }
    }

    private static String hex(byte[] digest) {
        return HexFormat.of().formatHex(digest);
    }

    /** Why an install can change something although nothing has changed that is looked at; empty where it cannot. */
    private Optional<String> eachTime() throws IOException {
        for (String lockFile : LOCK_FILES) {
            Path file = project.resolve(lockFile);
            if (Files.isRegularFile(file)) {
                // Linked, or copied from where it can have changed (install-links).
                if (JsonText.holds(file, "\"link\":true")
                        || !localArchives(file).stream().allMatch(Files::isRegularFile)) {
                    return Optional.of("the project has packages in folders of its own, which can have changed");
                }
            }
        }
        Path installed = modules.resolve(".package-lock.json");
        if (!Files.isRegularFile(installed)) {
            return Optional.of("npm has left no account of what it installed");
        }
        // As npm itself notes it (since version 7), whatever the lock file's version.
        return JsonText.holds(installed, "\"hasInstallScript\":true")
                ? Optional.of("packages have install scripts, which can go by anything")
                : Optional.empty();
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
