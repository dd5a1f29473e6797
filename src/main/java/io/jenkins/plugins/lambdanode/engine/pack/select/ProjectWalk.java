package io.jenkins.plugins.lambdanode.engine.pack.select;

import io.jenkins.plugins.lambdanode.engine.base.DeployException;
import io.jenkins.plugins.lambdanode.engine.base.FileErrors;
import io.jenkins.plugins.lambdanode.engine.base.SafeText;
import io.jenkins.plugins.lambdanode.engine.pack.api.Finding;
import io.jenkins.plugins.lambdanode.engine.pack.api.PackReport;
import io.jenkins.plugins.lambdanode.engine.pack.api.PackSettings;
import io.jenkins.plugins.lambdanode.engine.project.production.InstalledPackage;
import io.jenkins.plugins.lambdanode.engine.project.production.ProductionPackages;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.DirectoryIteratorException;
import java.nio.file.DirectoryStream;
import java.nio.file.FileSystemException;
import java.nio.file.Files;
import java.nio.file.LinkOption;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.nio.file.attribute.BasicFileAttributes;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.TreeSet;
import java.util.concurrent.Callable;

/**
 * Finds what goes into a package. The result is sorted by the UTF-8 bytes of the names, so it does not depend on the file
 * system, the locale or the number of cores. Folders are read level by level, those of a level in parallel; nothing is
 * recursive, so a deep tree costs no stack.
 */
public final class ProjectWalk {
    private static final String FOR_DEVELOPMENT = "not needed in production";

    private final CodeFolder code;
    private final Optional<ProductionPackages> packages;
    private final Selection selection;
    private final PackSettings.Links links;
    private final SourceEntries sourceEntries;
    private final ParallelTasks tasks;
    private final ExcludedFiles excludedFiles = new ExcludedFiles();
    private final List<Finding> findings = new ArrayList<>();
    private final Set<String> emptied = new HashSet<>();

    /**
     * @param packages what production needs; empty for whatever is in the code's folder and goes in beside it
     * @param posix whether the file system says which files are executable
     */
    public ProjectWalk(
            CodeFolder code,
            Optional<ProductionPackages> packages,
            Selection selection,
            PackSettings.Links links,
            boolean posix,
            ParallelTasks tasks) {
        this.code = code;
        this.packages = packages;
        this.selection = selection;
        this.links = links;
        this.sourceEntries = new SourceEntries(posix);
        this.tasks = tasks;
    }

    /** Runs tasks at the same time, and returns their results in the tasks' order. */
    public interface ParallelTasks {
        <T> List<T> all(List<Callable<T>> tasks) throws IOException, InterruptedException;
    }

    private record Excluded(String reason, String path) {}

    /** What one folder holds. */
    private static final class Listing {
        private final List<SourceEntry> entries = new ArrayList<>();
        private final List<WalkedFolder> folders = new ArrayList<>();
        private final List<Excluded> excluded = new ArrayList<>();
        private final List<Finding> findings = new ArrayList<>();
        private final List<String> emptied = new ArrayList<>();

        void addForDevelopment(String name, WalkedFolder folder) {
            excluded.add(new Excluded(FOR_DEVELOPMENT, name));
            emptied.add(folder.prefix());
        }
    }

    /**
     * @throws DeployException if a folder cannot be read, a link leads outside the project, in a circle or nowhere, a name is
     *     not valid UTF-8, has a backslash or is too long, or there are more than {@value SourceEntries#MAX_ENTRIES} files and folders
     */
    public List<SourceEntry> walk() throws IOException, InterruptedException {
        List<SourceEntry> entries = new ArrayList<>();
        List<WalkedFolder> level = new ArrayList<>(List.of(WalkedFolder.of(code)));
        addFromElsewhere(entries, level);
        while (!level.isEmpty()) {
            List<Callable<Listing>> work = new ArrayList<>();
            for (WalkedFolder folder : level) {
                work.add(() -> list(folder));
            }
            List<WalkedFolder> next = new ArrayList<>();
            for (Listing listing : tasks.all(work)) {
                entries.addAll(listing.entries);
                next.addAll(listing.folders);
                listing.excluded.forEach(one -> excludedFiles.add(one.reason, one.path));
                findings.addAll(listing.findings);
                emptied.addAll(listing.emptied);
            }
            level = next;
        }
        entries = EmptyFolders.removeEmptied(entries, emptied);
        entries.sort((a, b) -> Arrays.compareUnsigned(a.nameBytes(), b.nameBytes()));
        return selection.isPartial() ? EmptyFolders.removeAll(entries) : entries;
    }

    /** Packages and links that production needs and the project's folder does not have at their places. */
    private void addFromElsewhere(List<SourceEntry> entries, List<WalkedFolder> level) throws IOException {
        if (packages.isEmpty()) {
            return;
        }
        Set<String> above = new TreeSet<>();
        for (Map.Entry<String, Path> folder : packages.get().folders().entrySet()) {
            String name = folder.getKey();
            Optional<String> reason = skipsOnTheWay(name);
            if (reason.isPresent()) {
                excludedFiles.add(reason.get(), name + "/");
            } else {
                requireInstalled(name, folder.getValue());
                addAbove(name + "/", above);
                level.add(WalkedFolder.ofPackage(name + "/", folder.getValue()));
            }
        }
        for (Map.Entry<String, String> link : packages.get().links().entrySet()) {
            String name = link.getKey();
            Optional<String> reason = skipsOnTheWay(name);
            if (reason.isPresent()) {
                excludedFiles.add(reason.get(), name);
            } else if (selection.skipsFile(name).isEmpty()) {
                addAbove(name, above);
                entries.add(storedLink(name, link.getValue()));
            }
        }
        for (String folder : above) {
            if (!Files.isDirectory(code.project().resolve(folder), LinkOption.NOFOLLOW_LINKS)) {
                entries.add(sourceEntries.of(
                        folder, code.project(), SourceEntry.Kind.FOLDER, sourceEntries.attributes(code.project())));
            }
        }
    }

    /** npm installs nothing in a folder outside the project that it links (npm documentation, "install-links"). */
    private void requireInstalled(String name, Path folder) throws DeployException {
        List<String> missing = packages.orElseThrow().missing(name).stream()
                .filter(dependency -> !dependency.startsWith("@aws-sdk/"))
                .toList();
        if (!missing.isEmpty()) {
            throw new DeployException(
                    SafeText.name(name) + " is a link that leads out of the project's folder, to " + folder
                            + ", and needs " + SafeText.name(String.join(", ", missing))
                            + ", which is not installed there nor above it."
                            + " npm installs nothing in a folder that it links. Have it copied: run 'npm install --install-links' in the"
                            + " project and commit the lock file; or run 'npm install' in " + folder
                            + " before the deployment.");
        }
    }

    private SourceEntry storedLink(String name, String target) throws IOException {
        return sourceEntries.link(name, code.project(), target.getBytes(StandardCharsets.UTF_8));
    }

    private Optional<String> skipsOnTheWay(String name) throws DeployException {
        for (int slash = name.indexOf('/'); slash >= 0; slash = name.indexOf('/', slash + 1)) {
            Optional<String> reason = selection.skipsFolder(name.substring(0, slash));
            if (reason.isPresent()) {
                return reason;
            }
        }
        return selection.skipsFolder(name);
    }

    private static void addAbove(String name, Set<String> above) {
        for (int slash = name.indexOf('/'); slash >= 0; slash = name.indexOf('/', slash + 1)) {
            above.add(name.substring(0, slash + 1));
        }
    }

    private Listing list(WalkedFolder folder) throws IOException {
        Listing listing = new Listing();
        try (DirectoryStream<Path> children = Files.newDirectoryStream(folder.real())) {
            for (Path child : children) {
                add(child, folder, listing);
            }
            if (folder.isRoot() && folder.root().isProject()) {
                for (Path child : code.beside()) {
                    add(child, folder, listing);
                }
            }
        } catch (DirectoryIteratorException e) {
            throw FileErrors.unusable(folder.prefix(), folder.real(), e.getCause());
        } catch (FileSystemException e) {
            throw FileErrors.unusable(folder.prefix(), folder.real(), e);
        }
        return listing;
    }

    private void add(Path child, WalkedFolder folder, Listing listing) throws IOException {
        String name = folder.prefix() + EntryName.of(child, folder.prefix());
        BasicFileAttributes attributes;
        try {
            attributes = sourceEntries.attributes(child);
        } catch (NoSuchFileException e) {
            throw new DeployException(
                    SafeText.name(name)
                            + " was removed while the project was being packaged. Another process changes its folder:"
                            + " let it end first, then deploy again.",
                    e);
        } catch (FileSystemException e) {
            throw FileErrors.unusable(name, child, e);
        }
        if (attributes.isSymbolicLink()) {
            addLink(child, name, folder, listing);
        } else {
            addFound(child, name, attributes, folder, listing);
        }
    }

    private void addFound(Path real, String name, BasicFileAttributes attributes, WalkedFolder folder, Listing listing)
            throws IOException {
        boolean isFolder = attributes.isDirectory();
        if (isFolder && packages.isPresent() && packages.get().leavesOut(real)) {
            listing.addForDevelopment(name + "/", folder);
            return;
        }
        if (isFolder && isElsewhere(real, folder)) {
            return;
        }
        Optional<String> reason = isFolder ? selection.skipsFolder(name) : selection.skipsFile(name);
        if (reason.isEmpty() && isTopOfLocalPackage(folder)) {
            reason = selection.skipsAtTop(name.substring(folder.prefix().length()));
        }
        if (reason.isPresent()) {
            listing.excluded.add(new Excluded(reason.get(), isFolder ? name + "/" : name));
        } else if (isFolder) {
            listing.entries.add(sourceEntries.of(name + "/", real, SourceEntry.Kind.FOLDER, attributes));
            listing.folders.add(folder.child(name + "/", real));
        } else if (attributes.isRegularFile()) {
            listing.entries.add(sourceEntries.of(name, real, SourceEntry.Kind.FILE, attributes));
        } else {
            listing.excluded.add(new Excluded("neither file, folder nor link", name));
            listing.findings.add(new Finding(
                    Finding.Severity.WARNING,
                    "special-file",
                    "A socket, pipe or device cannot go into a package and is left out. An exclude for it ends this warning.",
                    name));
        }
    }

    /** Whether a folder has a place of its own in the package, or none: commands of pnpm hold paths of the machine. */
    private boolean isElsewhere(Path real, WalkedFolder folder) {
        String last = String.valueOf(real.getFileName());
        if (last.equals(NpmPackage.COMMANDS) && folder.isModules()) {
            return packages.map(ProductionPackages::useVirtualStore).orElse(false)
                    || InstalledPackage.usesStore(folder.real());
        }
        return packages.isPresent()
                && (isTopOfLocalPackage(folder) && NpmPackage.NODE_MODULES.equals(last + "/")
                        || !folder.root().isProject()
                                && packages.get().isLocal(folder.root().real())
                                && packages.get().isAnotherPackage(real));
    }

    private boolean isTopOfLocalPackage(WalkedFolder folder) {
        return !folder.root().isProject()
                && folder.isRoot()
                && packages.isPresent()
                && packages.get().isLocal(folder.real());
    }

    /** Whether a link in node_modules has been dealt with: by what production needs of what it leads to. */
    private boolean isPackageLink(Path link, String name, WalkedFolder folder, Listing listing) throws IOException {
        if (packages.isEmpty() || !NpmPackage.contains(name)) {
            return false;
        }
        ProductionPackages needed = packages.get();
        if (!Files.exists(link)) {
            // pnpm removes another platform's packages from its store some time, and leaves the links to them.
            boolean unneeded = needed.isForDevelopment(
                    link.resolveSibling(Files.readSymbolicLink(link)).normalize());
            if (unneeded) {
                listing.addForDevelopment(name, folder);
            }
            return unneeded;
        }
        Path real = link.toRealPath();
        if (needed.folders().containsKey(name) || needed.links().containsKey(name)) {
            return true;
        }
        if (needed.isForDevelopment(real)) {
            listing.addForDevelopment(name, folder);
            return true;
        }
        boolean leadsOut = !folder.root().holds(real);
        Optional<String> target = leadsOut || needed.useVirtualStore() ? needed.link(name, real) : Optional.empty();
        if (target.isPresent()) {
            if (selection.skipsFile(name).isEmpty()) {
                listing.entries.add(storedLink(name, target.get()));
            }
            return true;
        }
        // npm 6 links commands of development dependencies that it does not install.
        return leadsOut && folder.isCommands();
    }

    /**
     * Whether a link is a package's command, which stays one: the program would go in twice, and a script that is copied finds nothing
     * beside it.
     */
    private boolean isCommand(Path link, String name, WalkedFolder folder, Listing listing) throws IOException {
        if (!folder.isCommands() || !Files.isRegularFile(link)) {
            return false;
        }
        Path target = Files.readSymbolicLink(link);
        Path program = link.resolveSibling(target).normalize();
        Path modules = folder.real().getParent();
        if (target.isAbsolute() || modules == null || !program.startsWith(modules)) {
            return false;
        }
        String file = folder.prefix().substring(0, folder.prefix().lastIndexOf(NpmPackage.COMMANDS))
                + modules.relativize(program)
                        .toString()
                        .replace(program.getFileSystem().getSeparator(), "/");
        Optional<String> skipped = selection.skipsFile(name);
        if (skipped.isEmpty()
                && (skipsOnTheWay(file).isPresent() || selection.skipsFile(file).isPresent())) {
            skipped = Optional.of("command of what is left out");
        }
        if (skipped.isPresent()) {
            listing.excluded.add(new Excluded(skipped.get(), name));
        } else {
            listing.entries.add(sourceEntries.link(name, link, EntryName.ofTarget(target, name)));
        }
        return true;
    }

    private void addLink(Path link, String name, WalkedFolder folder, Listing listing) throws IOException {
        Optional<String> excluded = selection.excludesFile(name);
        if (excluded.isPresent()) {
            listing.excluded.add(new Excluded(excluded.get(), name));
            return;
        }
        if (isPackageLink(link, name, folder, listing) || isCommand(link, name, folder, listing)) {
            return;
        }
        boolean leadsIntoStore = leadsIntoStore(link, name, folder);
        if (!leadsIntoStore && InstalledPackage.isStoreWide(folder.real())) {
            // pnpm deploy leaves links to the packages of the repository, which nothing loads by them.
            listing.addForDevelopment(name, folder);
            return;
        }
        if (leadsIntoStore || links == PackSettings.Links.STORE) {
            storeLink(link, name, folder.root(), listing);
            return;
        }
        Path real;
        BasicFileAttributes attributes;
        try {
            real = link.toRealPath();
            attributes = sourceEntries.attributes(real);
        } catch (IOException e) {
            Optional<String> skipped = selection.skipsFolder(name).or(() -> unincluded(name));
            boolean isUnusedCommand = e instanceof NoSuchFileException && folder.isCommands();
            if (skipped.isPresent() || isUnusedCommand) {
                listing.excluded.add(new Excluded(skipped.orElse("command that leads to nothing"), name));
                return;
            }
            throw LinkErrors.broken(link, name, e);
        }
        // Asked again as what the link leads to: a pattern for a folder applies to a link to one.
        Optional<String> skipped = attributes.isDirectory() ? selection.skipsFolder(name) : selection.skipsFile(name);
        if (skipped.isEmpty()) {
            LinkErrors.requireInside(real, link, name, folder.root().boundary(), code.project());
            skipped = real.equals(folder.root().real())
                    ? Optional.empty()
                    : selection.forbidsTarget(folder.root().nameOf(real));
        }
        if (skipped.isPresent()) {
            listing.excluded.add(new Excluded(skipped.get(), name));
            return;
        }
        if (attributes.isDirectory() && folder.isBelow(real)) {
            throw LinkErrors.circle(link, name);
        }
        addFound(real, name, attributes, folder, listing);
    }

    /** Whether it is a link between packages of a virtual store that is packed as it is, and so has to stay a link. */
    private static boolean leadsIntoStore(Path link, String name, WalkedFolder folder) throws IOException {
        if (!NpmPackage.contains(name) || !Files.isDirectory(link)) {
            return false;
        }
        Path real = link.toRealPath();
        return folder.root().holds(real) && InstalledPackage.at(real).isStored();
    }

    private Optional<String> unincluded(String name) {
        try {
            return selection.skipsFile(name);
        } catch (DeployException e) {
            return Optional.empty();
        }
    }

    private void storeLink(Path link, String name, WalkedFolder.Root root, Listing listing) throws IOException {
        Optional<String> skipped = selection.skipsFile(name);
        if (skipped.isPresent()) {
            listing.excluded.add(new Excluded(skipped.get(), name));
            return;
        }
        Path target = Files.readSymbolicLink(link);
        if (target.isAbsolute()) {
            throw LinkErrors.absolute(link, name);
        }
        LinkErrors.requireInside(
                link.resolveSibling(target).normalize(), link, name, root.partOf(link), code.project());
        if (Files.exists(link)) {
            LinkErrors.requireInside(link.toRealPath(), link, name, root.partOf(link), code.project());
        }
        listing.entries.add(sourceEntries.link(name, link, EntryName.ofTarget(target, name)));
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
