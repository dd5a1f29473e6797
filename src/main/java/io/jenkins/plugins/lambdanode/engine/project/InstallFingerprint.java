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
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.UUID;
import java.util.regex.Pattern;
import java.util.stream.Stream;

/**
 * Remembers what an install made of a project or a workspace, so that it is not run again where that is still there, untouched. It
 * runs where the project is, and serves each project that the same install is for: the mark is kept in node_modules of the folder
 * that the install runs in.
 *
 * <p>The mark is digests of the command line and the tools with their configuration, of each package.json, the lock files and
 * settings, and of the state of every entry of each node_modules: path, size, inode, and the times of its last modification and of
 * its last change. An entry with the same time of change is untouched where {@link CtimeTrust} are proof and the file system's
 * clock had gone on before the mark was set: the next write can't get the same. Elsewhere there is no mark. Where
 * folders of the repository are copied, or have install scripts of their own, there is none. Install scripts of other packages do not
 * count, but for Prisma's ({@link PrismaSchemas}): npm does not run them again for what is installed.
 */
public final class InstallFingerprint {

    /** The folder of the mark in node_modules: tools keep what they like in .cache, and it is not packaged. */
    private static final String MARK_FOLDER = ".cache/lambda-node-deploy";

    private static final int MAX_MARK_BYTES = 65_536;

    /** Begins the mark's last line, which is no digest: the packages whose install scripts did not run. */
    private static final String BLOCKED = "blocked:";

    /** Files that decide what the tools install, in the folder that they run in. */
    private static final List<String> SETTINGS = List.of(
            "pnpm-workspace.yaml",
            ".npmrc",
            ".pnpmfile.cjs",
            ".pnpmfile.mjs",
            "pnpmfile.js",
            ".yarnrc",
            ".yarnrc.yml",
            "bunfig.toml");

    /** Folders of the same kind, for files that Yarn and pnpm apply. */
    private static final List<String> SETTINGS_FOLDERS =
            List.of(".yarn/patches", ".yarn/plugins", ".yarn/releases", "patches");

    /** How npm's lock files of all versions say that a package is an archive or a folder of the project's own. */
    private static final List<String> LOCAL_PACKAGE = List.of("\"resolved\":\"file:", "\"version\":\"file:");

    /**
     * How the lock files of pnpm and Yarn say so, or that a package has a patch that is not in {@link #SETTINGS_FOLDERS}; {@code
     * exec:} is made by a program. A {@code link:} or {@code workspace:} is a link and needs no install.
     */
    private static final Pattern COPIED = Pattern.compile("(^|[^\\w-])(file|exec):|type: directory"
            + "|patch:[^#]*#(?!~/(\\.yarn/)?patches/|(optional!)?~?builtin<)|^ {4}path: (?!patches/)");

    private static final DateTimeFormatter TIME = DateTimeFormatter.ofPattern("uuuu-MM-dd HH:mm 'UTC'");

    private static final String INODE_VIEW = "unix:size,mode,dev,ino,lastModifiedTime,ctime";

    /** The coarsest clock of a file system that is known goes on every second. */
    private static final Duration CLOCK_GOES_ON = Duration.ofSeconds(2);

    private final Path root;
    private final Path modules;
    private final Path folder;
    private final Path mark;
    private final InstallRun run;

    public InstallFingerprint(InstallRun run) {
        this.root = Path.of(run.folder());
        this.modules = root.resolve("node_modules");
        this.folder = modules.resolve(MARK_FOLDER);
        this.mark = folder.resolve("install");
        this.run = run;
    }

    /** Whether node_modules is what the same install, or one that serves as well, made, untouched. */
    public InstallState state() throws IOException {
        List<String> lines = Files.isRegularFile(mark) && Files.size(mark) <= MAX_MARK_BYTES
                ? new String(Files.readAllBytes(mark), StandardCharsets.UTF_8)
                        .lines()
                        .toList()
                : List.of();
        List<String> then =
                lines.stream().filter(line -> !line.startsWith(BLOCKED)).toList();
        boolean withDevelopment =
                !then.isEmpty() && !run.servedBy().isEmpty() && then.get(0).equals(textDigest(run.servedBy()));
        Optional<String> change = change(then, withDevelopment ? run.servedBy() : run.madeWith());
        return new InstallState(
                change.isEmpty(),
                withDevelopment,
                Files.isDirectory(modules),
                change.isPresent()
                        ? change.get()
                        : "node_modules is unchanged since "
                                + TIME.format(Files.getLastModifiedTime(mark)
                                        .toInstant()
                                        .atOffset(ZoneOffset.UTC)),
                lines.stream()
                        .filter(line -> line.startsWith(BLOCKED))
                        .flatMap(line ->
                                Stream.of(line.substring(BLOCKED.length()).split(" ")))
                        .toList());
    }

    /** Why an install may change something; empty where it would not. */
    private Optional<String> change(List<String> then, String madeWith) throws IOException {
        if (!Files.isDirectory(modules)) {
            return Optional.of("there is no node_modules");
        }
        LocalPackages packages = new LocalPackages(root);
        Optional<String> eachTime = eachTime(packages);
        if (eachTime.isPresent()) {
            return eachTime;
        }
        Map<String, String> now = then.isEmpty() ? Map.of() : digests(madeWith, packages, Optional.empty());
        if (now.isEmpty() || then.size() != now.size()) {
            return Optional.of("no earlier install is known");
        }
        int line = 0;
        for (Map.Entry<String, String> digest : now.entrySet()) {
            if (!then.get(line++).equals(digest.getValue())) {
                return Optional.of(digest.getKey() + " has changed since the last install");
            }
        }
        return Optional.empty();
    }

    /**
     * Remembers node_modules as it is now, or forgets it where that is not safe.
     *
     * @param blocked the packages whose install scripts did not run
     */
    public void set(List<String> blocked) throws IOException, InterruptedException {
        LocalPackages packages = new LocalPackages(root);
        Optional<FileTime> goneOn = awaitClock();
        Map<String, String> now = goneOn.isEmpty() || eachTime(packages).isPresent()
                ? Map.of()
                : digests(run.madeWith(), packages, goneOn);
        if (now.isEmpty()) {
            Files.deleteIfExists(mark);
            return;
        }
        Files.createDirectories(folder);
        Path unfinished = folder.resolve("install." + UUID.randomUUID());
        try {
            List<String> lines = new ArrayList<>(now.values());
            if (!blocked.isEmpty()) {
                lines.add(BLOCKED + String.join(" ", blocked));
            }
            Files.write(unfinished, lines, StandardCharsets.UTF_8);
            Files.move(unfinished, mark, StandardCopyOption.ATOMIC_MOVE, StandardCopyOption.REPLACE_EXISTING);
        } finally {
            Files.deleteIfExists(unfinished);
        }
    }

    /** The time at which the file system's clock has gone on; empty where it does not, or has no times of change. */
    private Optional<FileTime> awaitClock() throws IOException, InterruptedException {
        if (!isKnown(modules)) {
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
     * Digests of all that an install goes by and of what it made, each by its name for the log; none where they prove nothing.
     *
     * @param before no entry of a node_modules may have been changed at this time or later
     */
    private Map<String, String> digests(String madeWith, LocalPackages packages, Optional<FileTime> before)
            throws IOException {
        MessageDigest trees = Sha256.sha256();
        for (Path folder : packages.folders()) {
            Path installed = folder.resolve("node_modules");
            if (Files.exists(installed, LinkOption.NOFOLLOW_LINKS)
                    && !(isKnown(installed) && addTree(trees, installed, before))) {
                return Map.of();
            }
        }
        Map<String, String> digests = new LinkedHashMap<>();
        digests.put("Node.js, the package manager or its configuration", textDigest(madeWith));
        digests.put("package.json", fileDigest(root.resolve("package.json")));
        for (String lockFile : PackageManager.allLockFiles()) {
            digests.put(lockFile, fileDigest(root.resolve(lockFile)));
        }
        digests.put("a setting of the package manager", settings(root));
        MessageDigest manifests = Sha256.sha256();
        for (Path folder : packages.folders()) {
            add(manifests, folder.toString());
            add(manifests, fileDigest(folder.resolve("package.json")));
            // pnpm's members have lock files of their own with sharedWorkspaceLockfile: false.
            for (String lockFile : PackageManager.PNPM.lockFiles()) {
                add(manifests, fileDigest(folder.resolve(lockFile)));
            }
        }
        digests.put("a package.json or lock file of the repository", hex(manifests.digest()));
        MessageDigest archives = Sha256.sha256();
        for (Path archive : localToNpm()) {
            add(archives, fileDigest(archive));
        }
        digests.put("an archive of the project's own (file:)", hex(archives.digest()));
        digests.put("a Prisma schema", schemas(packages));
        digests.put("node_modules", hex(trees.digest()));
        return digests;
    }

    /** A digest of the files by which the tools go in the folder that they run in, but for package.json and lock files. */
    static String settings(Path root) throws IOException {
        MessageDigest digest = Sha256.sha256();
        for (String name : SETTINGS) {
            add(digest, fileDigest(root.resolve(name)));
        }
        for (String name : SETTINGS_FOLDERS) {
            Path folder = root.resolve(name);
            if (Files.isDirectory(folder)) {
                try (Stream<Path> files = Files.walk(folder)) {
                    for (Path file : files.sorted().toList()) {
                        add(digest, root.relativize(file).toString());
                        add(digest, fileDigest(file));
                    }
                }
            }
        }
        return hex(digest.digest());
    }

    static String schemas(LocalPackages packages) throws IOException {
        MessageDigest digest = Sha256.sha256();
        for (Path schema : PrismaSchemas.in(packages)) {
            add(digest, fileDigest(schema));
        }
        return hex(digest.digest());
    }

    private static void add(MessageDigest digest, String text) {
        digest.update((text + "\n").getBytes(StandardCharsets.UTF_8));
    }

    /** Archives and folders that npm's lock files name; its hidden one those that only a setting (install-links) has copied. */
    private List<Path> localToNpm() throws IOException {
        List<Path> found = new ArrayList<>();
        for (Path file : Stream.concat(
                        PackageManager.NPM.lockFiles().stream().map(root::resolve),
                        Stream.of(modules.resolve(".package-lock.json")))
                .toList()) {
            try {
                if (Files.isRegularFile(file)) {
                    JsonText.after(file, LOCAL_PACKAGE).stream()
                            .map(root::resolve)
                            .forEach(found::add);
                }
            } catch (InvalidPathException e) {
                found.add(root);
            }
        }
        return found;
    }

    private static String textDigest(String text) {
        return hex(Sha256.sha256().digest(text.getBytes(StandardCharsets.UTF_8)));
    }

    private static String hex(byte[] digest) {
        return HexFormat.of().formatHex(digest);
    }

    /** Why an install can change something although nothing has changed that is looked at; empty where it cannot. */
    private Optional<String> eachTime(LocalPackages packages) throws IOException {
        if (copiesFolders(packages)) {
            return Optional.of(
                    "folders or patches of the project's own are copied into node_modules, and can have changed");
        }
        return packages.scripts();
    }

    private boolean copiesFolders(LocalPackages packages) throws IOException {
        if (!localToNpm().stream().allMatch(Files::isRegularFile)) {
            return true;
        }
        for (Path folder : packages.folders()) {
            for (String name : List.of("pnpm-lock.yaml", "yarn.lock")) {
                if (saysCopied(folder.resolve(name))) {
                    return true;
                }
            }
        }
        return false;
    }

    private static boolean saysCopied(Path lockFile) throws IOException {
        if (!Files.isRegularFile(lockFile)) {
            return false;
        }
        try (Stream<String> lines = Files.lines(lockFile, StandardCharsets.ISO_8859_1)) {
            return lines.anyMatch(InstallFingerprint::saysCopied);
        }
    }

    /** Whether a line of pnpm's or Yarn's lock file says that something of the repository is copied, or a program's work. */
    static boolean saysCopied(String line) {
        return COPIED.matcher(line).find();
    }

    private static boolean isKnown(Path folder) throws IOException {
        return Files.isDirectory(folder, LinkOption.NOFOLLOW_LINKS)
                && CtimeTrust.areProof(folder)
                && folder.getFileSystem().supportedFileAttributeViews().contains("unix");
    }

    /** False where an entry was changed too late, or is on another file system. */
    private static boolean addTree(MessageDigest digest, Path modules, Optional<FileTime> before) throws IOException {
        Object device = Files.getAttribute(modules, "unix:dev");
        add(digest, modules.toString());
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
        ByteArrayOutputStream line = new ByteArrayOutputStream();
        for (Path entry : entries) {
            Map<String, Object> state = Files.readAttributes(entry, INODE_VIEW, LinkOption.NOFOLLOW_LINKS);
            FileTime changed = (FileTime) state.get("ctime");
            if (!device.equals(state.get("dev")) || before.isPresent() && changed.compareTo(before.get()) >= 0) {
                return false;
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
        return true;
    }

    /** As a hexadecimal number; a hyphen where there is no file. */
    private static String fileDigest(Path file) throws IOException {
        if (!Files.isRegularFile(file)) {
            return "-";
        }
        MessageDigest digest = Sha256.sha256();
        try (InputStream in = new DigestInputStream(Files.newInputStream(file), digest)) {
            in.transferTo(OutputStream.nullOutputStream());
        }
        return hex(digest.digest());
    }
}
