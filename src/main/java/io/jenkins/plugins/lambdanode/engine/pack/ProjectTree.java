package io.jenkins.plugins.lambdanode.engine.pack;

import io.jenkins.plugins.lambdanode.engine.DeployException;
import io.jenkins.plugins.lambdanode.engine.pack.Finding.Severity;
import java.io.IOException;
import java.net.URI;
import java.nio.ByteBuffer;
import java.nio.charset.CharacterCodingException;
import java.nio.charset.StandardCharsets;
import java.nio.file.AccessDeniedException;
import java.nio.file.DirectoryIteratorException;
import java.nio.file.DirectoryStream;
import java.nio.file.FileSystemException;
import java.nio.file.Files;
import java.nio.file.LinkOption;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.nio.file.attribute.BasicFileAttributes;
import java.nio.file.attribute.PosixFileAttributes;
import java.nio.file.attribute.PosixFilePermission;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.Deque;
import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Set;

/** Walks a project's folder and says which entries its package has, in the package's order. */
final class ProjectTree {

    /** More entries than any function has; a tree with more is a mistake, such as links that lead into one another. */
    private static final int MAX_ENTRIES = 500_000;

    /** The longest name that a ZIP entry can have, in bytes (APPNOTE.TXT 4.4.10: a two-byte field). */
    private static final int MAX_NAME_BYTES = 65_535;

    private static final boolean NAMES_ARE_UTF8 =
            "UTF-8".equalsIgnoreCase(System.getProperty("sun.jnu.encoding", "UTF-8"));

    private final Path project;
    private final Path realProject;
    private final Selection selection;
    private final boolean storeLinks;
    private final boolean posix;
    private final List<Entry> entries = new ArrayList<>();
    private final List<Finding> findings = new ArrayList<>();
    private final Deque<Folder> open = new ArrayDeque<>();

    ProjectTree(Path project, Selection selection, boolean storeLinks) throws IOException {
        this.project = project;
        this.realProject = project.toRealPath();
        this.selection = selection;
        this.storeLinks = storeLinks;
        this.posix = Files.getFileStore(project).supportsFileAttributeView("posix");
    }

    /** A folder to look into, with the real folders that lead to it: a link to one of those would never end. */
    private record Folder(Path path, String prefix, Path real, Folder above) {
        boolean isBelow(Path other) {
            for (Folder folder = this; folder != null; folder = folder.above) {
                if (folder.real.equals(other)) {
                    return true;
                }
            }
            return false;
        }
    }

    /**
     * Walks the tree.
     *
     * @return the entries, sorted by name
     * @throws DeployException if something in it can't be packaged; the message names it
     */
    List<Entry> walk() throws IOException, InterruptedException {
        open.push(new Folder(project, "", realProject, null));
        while (!open.isEmpty()) {
            if (Thread.interrupted()) {
                throw new InterruptedException();
            }
            list(open.pop());
        }
        if (selection.isNarrowed()) {
            dropEmptyFolders();
        }
        entries.sort(Comparator.comparing(Entry::name));
        findNamesThatDifferInCase();
        return entries;
    }

    /** What is worth saying of the tree, once it has been walked. */
    List<Finding> findings() {
        return findings;
    }

    private void list(Folder folder) throws IOException {
        try (DirectoryStream<Path> children = Files.newDirectoryStream(folder.path)) {
            for (Path child : children) {
                add(child, folder);
            }
        } catch (DirectoryIteratorException e) {
            throw unreadable(folder.path, e.getCause());
        } catch (NoSuchFileException e) {
            throw removed(folder.path, e);
        } catch (FileSystemException e) {
            throw unreadable(folder.path, e);
        }
    }

    private void add(Path path, Folder folder) throws IOException {
        String name = name(path);
        String relative = folder.prefix + name;
        BasicFileAttributes attributes = attributes(path);
        if (selection.leavesOut(path, relative, name, attributes.isDirectory())) {
            return;
        }
        Path source = path;
        Path real = null;
        if (attributes.isSymbolicLink()) {
            real = target(path, relative);
            if (storeLinks) {
                String target = Files.readSymbolicLink(path).toString();
                put(new Entry(
                        relative,
                        path,
                        Entry.LINK,
                        target.getBytes(StandardCharsets.UTF_8).length,
                        attributes.lastModifiedTime()));
                return;
            }
            source = real;
            attributes = attributes(real);
        }
        if (attributes.isDirectory()) {
            if (real == null) {
                real = folder.real.resolve(path.getFileName());
            } else if (folder.isBelow(real)) {
                throw new DeployException("The link " + relative + " leads in a circle, back to " + display(real)
                        + ". Remove it, leave it out (excludes), or store links as they are (links: store).");
            }
            put(new Entry(relative + "/", path, Entry.FOLDER, 0, attributes.lastModifiedTime()));
            open.push(new Folder(path, relative + "/", real, folder));
        } else if (attributes.isRegularFile()) {
            if (selection.includes(relative)) {
                put(new Entry(
                        relative, source, mode(source, attributes), attributes.size(), attributes.lastModifiedTime()));
            } else {
                selection.leftOut("not included", relative);
            }
        } else {
            selection.leftOut("not a file", relative);
            findings.add(new Finding(
                    Severity.WARNING,
                    "special-file",
                    relative + " is a socket, pipe or device and was left out of the package.",
                    relative));
        }
    }

    private void put(Entry entry) throws DeployException {
        if (entries.size() >= MAX_ENTRIES) {
            throw new DeployException("The project has more than " + MAX_ENTRIES
                    + " files and folders, which no function has. Leave out what it does not need (excludes,"
                    + " .lambdaignore), and look for links that lead into one another.");
        }
        if (entry.name().getBytes(StandardCharsets.UTF_8).length > MAX_NAME_BYTES) {
            throw new DeployException("A path is longer than the " + MAX_NAME_BYTES + " bytes that a ZIP can name: "
                    + entry.name().substring(0, 200) + "... Leave it out (excludes).");
        }
        entries.add(entry);
    }

    /** Reads attributes without following a link. */
    private BasicFileAttributes attributes(Path path) throws IOException {
        try {
            return posix
                    ? Files.readAttributes(path, PosixFileAttributes.class, LinkOption.NOFOLLOW_LINKS)
                    : Files.readAttributes(path, BasicFileAttributes.class, LinkOption.NOFOLLOW_LINKS);
        } catch (NoSuchFileException e) {
            throw removed(path, e);
        } catch (FileSystemException e) {
            throw unreadable(path, e);
        }
    }

    private Path target(Path link, String relative) throws IOException {
        Path real;
        try {
            real = link.toRealPath();
        } catch (NoSuchFileException e) {
            throw new DeployException(
                    "The link " + relative + " leads to " + Files.readSymbolicLink(link)
                            + ", which does not exist. Remove it or leave it out (excludes).",
                    e);
        } catch (FileSystemException e) {
            throw new DeployException(
                    "The link " + relative + " can't be followed (" + e.getReason()
                            + "): it leads in a circle or where this user may not look. Remove it or leave it out (excludes).",
                    e);
        }
        if (!real.startsWith(realProject)) {
            throw new DeployException("The link " + relative + " leads out of the project, to " + real
                    + ". Copy what the function needs into the project, or leave the link out (excludes).");
        }
        return real;
    }

    /**
     * The name as UTF-8, whatever the JVM's locale makes of the bytes that the file system has.
     *
     * @throws DeployException if those bytes are not UTF-8
     */
    private String name(Path path) throws DeployException {
        String name = path.getFileName().toString();
        if (NAMES_ARE_UTF8 ? name.indexOf('\uFFFD') < 0 : name.chars().allMatch(c -> c < 128)) {
            return name;
        }
        if (!posix) {
            return name;
        }
        URI uri = path.toUri();
        String raw = uri.getRawPath();
        String last = raw.endsWith("/") ? raw.substring(0, raw.length() - 1) : raw;
        String escaped = last.substring(last.lastIndexOf('/') + 1);
        byte[] bytes = new byte[escaped.length()];
        int length = 0;
        for (int i = 0; i < escaped.length(); i++) {
            if (escaped.charAt(i) == '%') {
                bytes[length++] = (byte) Integer.parseInt(escaped.substring(i + 1, i + 3), 16);
                i += 2;
            } else {
                bytes[length++] = (byte) escaped.charAt(i);
            }
        }
        try {
            return StandardCharsets.UTF_8
                    .newDecoder()
                    .decode(ByteBuffer.wrap(bytes, 0, length))
                    .toString();
        } catch (CharacterCodingException e) {
            throw new DeployException(
                    "A file name is not valid UTF-8: " + escaped + " in " + display(path.getParent())
                            + " (% escapes). Rename it, or leave it out by excluding its folder.",
                    e);
        }
    }

    private int mode(Path path, BasicFileAttributes attributes) throws IOException {
        boolean executable = attributes instanceof PosixFileAttributes posixAttributes
                ? posixAttributes.permissions().contains(PosixFilePermission.OWNER_EXECUTE)
                : attributes.size() > 0 && FileKind.startsLikeProgram(path);
        return executable ? Entry.EXECUTABLE : Entry.FILE;
    }

    private void dropEmptyFolders() {
        Set<String> needed = new HashSet<>();
        for (Entry entry : entries) {
            if (!entry.isFolder()) {
                String name = entry.name();
                for (int slash = name.lastIndexOf('/'); slash > 0; slash = name.lastIndexOf('/', slash - 1)) {
                    if (!needed.add(name.substring(0, slash + 1))) {
                        break;
                    }
                }
            }
        }
        entries.removeIf(entry -> entry.isFolder() && !needed.contains(entry.name()));
    }

    private void findNamesThatDifferInCase() {
        Map<String, String> seen = new HashMap<>();
        for (Entry entry : entries) {
            String other = seen.putIfAbsent(entry.name().toLowerCase(Locale.ROOT), entry.name());
            if (other != null) {
                findings.add(new Finding(
                        Severity.WARNING,
                        "case-collision",
                        other + " and " + entry.name()
                                + " differ in upper and lower case only: one of them is lost wherever the package is unpacked"
                                + " on Windows or macOS.",
                        entry.name()));
            }
        }
    }

    private DeployException unreadable(Path path, IOException cause) {
        return unreadable(display(path), path, cause);
    }

    /** A file or folder that is there and can't be read. */
    static DeployException unreadable(String name, Path path, IOException cause) {
        String mode;
        try {
            mode = ", mode "
                    + java.nio.file.attribute.PosixFilePermissions.toString(
                            Files.getPosixFilePermissions(path, LinkOption.NOFOLLOW_LINKS))
                    + ", owner " + Files.getOwner(path, LinkOption.NOFOLLOW_LINKS);
        } catch (IOException | UnsupportedOperationException e) {
            mode = "";
        }
        String why = cause instanceof AccessDeniedException ? "permission denied" : reason(cause);
        return new DeployException(
                name + " can't be read (" + why + mode + ") by the user " + System.getProperty("user.name")
                        + " that packages. Make it readable, or leave it out (excludes).",
                cause);
    }

    private static String reason(IOException cause) {
        return cause instanceof FileSystemException failed && failed.getReason() != null
                ? failed.getReason()
                : String.valueOf(cause.getMessage());
    }

    private DeployException removed(Path path, IOException cause) {
        return removed(display(path), cause);
    }

    /** A file that was there a moment ago. */
    static DeployException removed(String name, IOException cause) {
        return new DeployException(
                name + " was removed while the project was being packaged."
                        + " Let nothing else work in the project's folder meanwhile, and run again.",
                cause);
    }

    private String display(Path path) {
        Path within = path.startsWith(project) ? project.relativize(path) : realProject.relativize(path);
        return within.toString().isEmpty() ? "the project's folder" : within.toString();
    }
}
