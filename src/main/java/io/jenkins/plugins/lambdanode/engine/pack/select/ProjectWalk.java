package io.jenkins.plugins.lambdanode.engine.pack.select;

import io.jenkins.plugins.lambdanode.engine.base.DeployException;
import io.jenkins.plugins.lambdanode.engine.base.SafeText;
import io.jenkins.plugins.lambdanode.engine.base.FileErrors;
import io.jenkins.plugins.lambdanode.engine.pack.api.Finding;
import io.jenkins.plugins.lambdanode.engine.pack.api.PackReport;
import io.jenkins.plugins.lambdanode.engine.pack.api.PackSettings;
import java.io.IOException;
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
import java.util.ArrayList;
import java.util.Arrays;
import java.util.HashSet;
import java.util.List;
import java.util.Locale;
import java.util.Optional;
import java.util.Set;
import java.util.concurrent.Callable;
import java.util.concurrent.atomic.AtomicInteger;

/**
 * Finds what goes into a package. The result is sorted by the UTF-8 bytes of the names, so it does not depend on the file
 * system, the locale or the number of cores. Folders are read level by level, those of a level in parallel; nothing is
 * recursive, so a deep tree costs no stack.
 */
public final class ProjectWalk {
    /** More files and folders than this are refused; it bounds what packaging keeps in memory. */
    static final int MAX_ENTRIES = 200_000;

    /** A name's length is two bytes in a ZIP file (APPNOTE.TXT 4.4.10). */
    static final int MAX_NAME_BYTES = 65_535;

    private final Path project;
    private final Selection selection;
    private final PackSettings.Links links;
    private final boolean posix;
    private final ParallelTasks tasks;
    private final AtomicInteger found = new AtomicInteger();
    private final ExcludedFiles excludedFiles = new ExcludedFiles();
    private final List<Finding> findings = new ArrayList<>();

    /**
     * @param project the project's folder, a real path
     * @param posix whether the file system says which files are executable
     */
    public ProjectWalk(Path project, Selection selection, PackSettings.Links links, boolean posix, ParallelTasks tasks) {
        this.project = project;
        this.selection = selection;
        this.links = links;
        this.posix = posix;
        this.tasks = tasks;
    }

    /** Runs tasks at the same time, and returns their results in the tasks' order. */
    public interface ParallelTasks {
        <T> List<T> all(List<Callable<T>> tasks) throws IOException, InterruptedException;
    }

    /** A folder on the way from the project's folder, itself included, by real paths: what a circle would come back to. */
    private record Folder(String prefix, Path real, Folder parent) {
        boolean isBelow(Path folder) {
            for (Folder at = this; at != null; at = at.parent) {
                if (at.real.equals(folder)) {
                    return true;
                }
            }
            return false;
        }
    }

    private record Excluded(String reason, String path) {}

    /** What one folder holds. */
    private static final class Listing {
        private final List<SourceEntry> entries = new ArrayList<>();
        private final List<Folder> folders = new ArrayList<>();
        private final List<Excluded> excluded = new ArrayList<>();
        private final List<Finding> findings = new ArrayList<>();
    }

    /**
     * @throws DeployException if a folder cannot be read, a link leads outside the project, in a circle or nowhere, a name is
     *     not valid UTF-8, has a backslash or is too long, or there are more than {@value #MAX_ENTRIES} files and folders
     */
    public List<SourceEntry> walk() throws IOException, InterruptedException {
        List<SourceEntry> entries = new ArrayList<>();
        List<Folder> level = List.of(new Folder("", project, null));
        while (!level.isEmpty()) {
            List<Callable<Listing>> work = new ArrayList<>();
            for (Folder folder : level) {
                work.add(() -> list(folder));
            }
            List<Folder> next = new ArrayList<>();
            for (Listing listing : tasks.all(work)) {
                entries.addAll(listing.entries);
                next.addAll(listing.folders);
                listing.excluded.forEach(one -> excludedFiles.add(one.reason, one.path));
                findings.addAll(listing.findings);
            }
            level = next;
        }
        entries.sort((a, b) -> Arrays.compareUnsigned(a.nameBytes(), b.nameBytes()));
        return selection.isPartial() ? withoutEmptyFolders(entries) : entries;
    }

    private static List<SourceEntry> withoutEmptyFolders(List<SourceEntry> entries) {
        Set<String> needed = new HashSet<>();
        for (SourceEntry entry : entries) {
            if (entry.kind() != SourceEntry.Kind.FOLDER) {
                String name = entry.name();
                for (int slash = name.lastIndexOf('/'); slash >= 0; slash = name.lastIndexOf('/', slash - 1)) {
                    if (!needed.add(name.substring(0, slash + 1))) {
                        break;
                    }
                }
            }
        }
        return entries.stream()
                .filter(entry -> entry.kind() != SourceEntry.Kind.FOLDER || needed.contains(entry.name()))
                .toList();
    }

    private Listing list(Folder folder) throws IOException {
        Listing listing = new Listing();
        try (DirectoryStream<Path> children = Files.newDirectoryStream(folder.real)) {
            for (Path child : children) {
                add(child, folder, listing);
            }
        } catch (DirectoryIteratorException e) {
            throw unusable(folder.prefix, folder.real, e.getCause());
        } catch (FileSystemException e) {
            throw unusable(folder.prefix, folder.real, e);
        }
        return listing;
    }

    private void add(Path child, Folder folder, Listing listing) throws IOException {
        String name = folder.prefix + EntryName.of(child, folder.prefix);
        BasicFileAttributes attributes;
        try {
            attributes = attributes(child);
        } catch (NoSuchFileException e) {
            throw new DeployException(
                    SafeText.name(name) + " was removed while the project was being packaged. Something else works in its folder:"
                            + " let it end first, then deploy again.",
                    e);
        } catch (FileSystemException e) {
            throw unusable(name, child, e);
        }
        if (attributes.isSymbolicLink()) {
            addLink(child, name, folder, listing);
        } else {
            addFound(child, name, attributes, folder, listing);
        }
    }

    private BasicFileAttributes attributes(Path path) throws IOException {
        return posix
                ? Files.readAttributes(path, PosixFileAttributes.class, LinkOption.NOFOLLOW_LINKS)
                : Files.readAttributes(path, BasicFileAttributes.class, LinkOption.NOFOLLOW_LINKS);
    }

    private void addFound(Path real, String name, BasicFileAttributes attributes, Folder folder, Listing listing)
            throws IOException {
        boolean isFolder = attributes.isDirectory();
        Optional<String> reason = isFolder ? selection.skipsFolder(name) : selection.skipsFile(name);
        if (reason.isPresent()) {
            listing.excluded.add(new Excluded(reason.get(), isFolder ? name + "/" : name));
        } else if (isFolder) {
            listing.entries.add(entry(name + "/", real, SourceEntry.Kind.FOLDER, attributes, new byte[0]));
            listing.folders.add(new Folder(name + "/", real, folder));
        } else if (attributes.isRegularFile()) {
            listing.entries.add(entry(name, real, SourceEntry.Kind.FILE, attributes, new byte[0]));
        } else {
            listing.excluded.add(new Excluded("neither file, folder nor link", name));
            listing.findings.add(new Finding(
                    Finding.Severity.WARNING,
                    "special-file",
                    "A socket, pipe or device cannot go into a package and is left out. An exclude for it ends this warning.",
                    name));
        }
    }

    private void addLink(Path link, String name, Folder folder, Listing listing) throws IOException {
        Optional<String> excluded = selection.excludesFile(name);
        if (excluded.isPresent()) {
            listing.excluded.add(new Excluded(excluded.get(), name));
            return;
        }
        if (links == PackSettings.Links.STORE) {
            storeLink(link, name, listing);
            return;
        }
        Path real;
        BasicFileAttributes attributes;
        try {
            real = link.toRealPath();
            attributes = attributes(real);
        } catch (IOException e) {
            Optional<String> skipped = selection.skipsFolder(name).or(() -> unincluded(name));
            if (skipped.isPresent()) {
                listing.excluded.add(new Excluded(skipped.get(), name));
                return;
            }
            throw brokenLink(link, name, e);
        }
        // Asked again as what the link leads to: a pattern for a folder applies to a link to one.
        Optional<String> skipped = attributes.isDirectory() ? selection.skipsFolder(name) : selection.skipsFile(name);
        if (skipped.isEmpty()) {
            requireInside(real, link, name);
            skipped = real.equals(project) ? Optional.empty() : selection.forbidsTarget(relative(real));
        }
        if (skipped.isPresent()) {
            listing.excluded.add(new Excluded(skipped.get(), name));
            return;
        }
        if (attributes.isDirectory() && folder.isBelow(real)) {
            throw new DeployException("The symbolic link " + describe(link, name) + " leads back to a folder that it is in, so it"
                    + " has no end. Remove it, leave it out with an exclude, or store links as links.");
        }
        addFound(real, name, attributes, folder, listing);
    }

    private Optional<String> unincluded(String name) {
        try {
            return selection.skipsFile(name);
        } catch (DeployException e) {
            return Optional.empty();
        }
    }

    private void storeLink(Path link, String name, Listing listing) throws IOException {
        Optional<String> skipped = selection.skipsFile(name);
        if (skipped.isPresent()) {
            listing.excluded.add(new Excluded(skipped.get(), name));
            return;
        }
        Path target = Files.readSymbolicLink(link);
        if (target.isAbsolute()) {
            throw new DeployException("The symbolic link " + describe(link, name) + " has an absolute path, which is another one"
                    + " where the function runs. Make it relative, leave it out, or have links followed.");
        }
        requireInside(link.resolveSibling(target).normalize(), link, name);
        if (Files.exists(link)) {
            requireInside(link.toRealPath(), link, name);
        }
        listing.entries.add(
                entry(name, link, SourceEntry.Kind.LINK, attributes(link), EntryName.ofTarget(target, name)));
    }

    private void requireInside(Path target, Path link, String name) throws DeployException {
        if (!target.startsWith(project)) {
            throw new DeployException("The symbolic link " + describe(link, name) + " leads out of the project's folder, and a"
                    + " package holds nothing from outside it. Copy what it leads to into the project (npm install"
                    + " --install-links does so for file: dependencies; commit package-lock.json), choose a dir that holds both, or leave it out with an"
                    + " exclude.");
        }
    }

    private static DeployException brokenLink(Path link, String name, IOException e) {
        boolean missing = e instanceof NoSuchFileException;
        boolean denied = e instanceof AccessDeniedException;
        return new DeployException(
                "The symbolic link " + describe(link, name)
                        + (missing
                                ? " leads to nothing. "
                                : denied ? " leads to something that may not be read. " : " leads in a circle. ")
                        + (denied ? "Give this user access to it" : "Remove it or put right what it leads to")
                        + ", or leave it out with an exclude.",
                e);
    }

    private static String describe(Path link, String name) {
        try {
            return SafeText.name(name) + " -> " + SafeText.name(Files.readSymbolicLink(link).toString());
        } catch (IOException e) {
            return SafeText.name(name);
        }
    }

    private String relative(Path real) {
        return project.relativize(real).toString().replace(project.getFileSystem().getSeparator(), "/");
    }

    private SourceEntry entry(
            String name, Path source, SourceEntry.Kind kind, BasicFileAttributes attributes, byte[] target)
            throws DeployException {
        if (found.incrementAndGet() > MAX_ENTRIES) {
            throw new DeployException("There are more than " + MAX_ENTRIES + " files and folders to package. Leave folders out with"
                    + " excludes or " + LambdaIgnore.FILE_NAME + ".");
        }
        if (name.indexOf('\\') >= 0) {
            throw new DeployException("The name of " + SafeText.name(name) + " has a backslash, which tools that unpack a ZIP file take"
                    + " for the border of a folder. Rename it, or leave it out with an exclude.");
        }
        byte[] bytes = name.getBytes(StandardCharsets.UTF_8);
        if (bytes.length > MAX_NAME_BYTES) {
            throw new DeployException("The path " + SafeText.name(name) + " has " + bytes.length + " bytes; a ZIP file can hold "
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

    private static DeployException unusable(String name, Path path, IOException e) {
        String shown = name.isEmpty() ? "the project's folder" : SafeText.name(name);
        if (e instanceof DeployException deploy) {
            return deploy;
        }
        if (e instanceof AccessDeniedException) {
            return FileErrors.unreadable(name.isEmpty() ? path.toString() : name, path, e);
        }
        String reason = e instanceof FileSystemException failure && failure.getReason() != null
                ? failure.getReason()
                : e.getClass().getSimpleName();
        if (reason.toLowerCase(Locale.ROOT).contains("too long")) {
            return new DeployException(
                    "The path " + shown + " (" + path.toString().length() + " characters with the folder that the project is in)"
                            + " is longer than this system can open. Nest it less deeply, or leave it out with an exclude.",
                    e);
        }
        return new DeployException(shown + " cannot be read: " + reason + ". Let nothing else work in the project's folder, and"
                + " see that the disk is well.", e);
    }

    /** What was left out, to be asked for after the walk. */
    public List<PackReport.Excluded> excluded() {
        return excludedFiles.report();
    }

    /** What was found on the way, to be asked for after the walk. */
    public List<Finding> findings() {
        List<Finding> all = new ArrayList<>(findings);
        all.addAll(selection.findings());
        return all;
    }
}
