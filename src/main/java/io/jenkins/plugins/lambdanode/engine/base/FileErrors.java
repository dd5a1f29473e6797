package io.jenkins.plugins.lambdanode.engine.base;

import java.io.IOException;
import java.nio.file.AccessDeniedException;
import java.nio.file.FileSystemException;
import java.nio.file.Files;
import java.nio.file.LinkOption;
import java.nio.file.Path;
import java.nio.file.attribute.PosixFileAttributes;
import java.nio.file.attribute.PosixFilePermissions;
import java.util.Locale;
import java.util.Optional;
import java.util.regex.Pattern;

/** Explains why a file cannot be read or written. */
public final class FileErrors {

    /** ENOSPC, EDQUOT and EFBIG in the words of C libraries, and ERROR_DISK_FULL in Windows's. */
    private static final Pattern DISK_FULL =
            Pattern.compile("no space left on device|quota exceeded|file too large|not enough space on the disk");

    private static final String OUT_OF_INODES = " A disk with free bytes can be out of inodes (df -i).";

    private FileErrors() {}

    /**
     * The error for a file or folder that the user may not read.
     *
     * @param name its path as the user knows it
     */
    public static DeployException unreadable(String name, Path path, IOException cause) {
        String mode = "";
        try {
            PosixFileAttributes attributes =
                    Files.readAttributes(path, PosixFileAttributes.class, LinkOption.NOFOLLOW_LINKS);
            mode = ": its mode is " + PosixFilePermissions.toString(attributes.permissions()) + " and its owner "
                    + attributes.owner().getName();
        } catch (IOException | UnsupportedOperationException e) {
            // The message then does without.
        }
        return new DeployException(
                SafeText.name(name) + " cannot be read by the user that packages (" + System.getProperty("user.name")
                        + ")" + mode + ". Give that user access to it (chmod, chown), or exclude it.",
                cause);
    }

    /**
     * The error for a file or folder of a project that cannot be looked at.
     *
     * @param name its path in the project; empty for the project's folder
     */
    public static DeployException unusable(String name, Path path, IOException e) {
        String shown = name.isEmpty() ? "the project's folder" : SafeText.name(name);
        if (e instanceof DeployException deploy) {
            return deploy;
        }
        if (e instanceof AccessDeniedException) {
            return unreadable(name.isEmpty() ? path.toString() : name, path, e);
        }
        String reason = e instanceof FileSystemException failure && failure.getReason() != null
                ? failure.getReason()
                : e.getClass().getSimpleName();
        if (reason.toLowerCase(Locale.ROOT).contains("too long")) {
            return new DeployException(
                    "The path " + shown + " (" + path.toString().length()
                            + " characters with the folder that the project is in)"
                            + " is longer than this system can open. Nest it less deeply, or leave it out with an exclude.",
                    e);
        }
        return new DeployException(
                shown + " cannot be read: " + reason + ". Let nothing else work in the project's folder, and"
                        + " check the disk.",
                e);
    }

    /** @throws DeployException if the project's folder is not there, or is not a folder */
    public static void requireProject(Path project) throws DeployException {
        if (!Files.isDirectory(project)) {
            throw new DeployException("There is no folder " + project
                    + ". Name the folder with the function's code (dir), relative to the workspace.");
        }
    }

    /**
     * The failure to write a package, explained where the disk is full.
     *
     * @param folder the folder that was written to
     */
    public static IOException packageDiskFull(IOException failure, String folder) {
        return explained(
                failure,
                "the package",
                folder,
                "The partial file is removed. Free disk space there (the package takes up to as much as the project, and as"
                        + " much again for the cache), or use a temporary folder on another disk." + OUT_OF_INODES);
    }

    /**
     * The same for a small file, or a folder.
     *
     * @param what would have been written, such as {@code the record}
     * @param more what else there is to say; empty or a sentence
     */
    public static IOException diskFull(IOException failure, String what, String folder, String more) {
        return explained(
                failure, what, folder, (more + " Free disk space there and run again." + OUT_OF_INODES).strip());
    }

    private static IOException explained(IOException failure, String what, String folder, String advice) {
        Optional<String> reason = failure instanceof DeployException ? Optional.empty() : reason(failure);
        return reason.isEmpty()
                ? failure
                : new DeployException(
                        "There is no room for " + what + " in " + folder + ": " + reason.get() + ". " + advice,
                        failure);
    }

    /** In the words of the one that failed first: a channel to an agent puts its own before them. */
    private static Optional<String> reason(Throwable failure) {
        String reason = null;
        for (Throwable cause = failure; cause != null; cause = cause.getCause()) {
            String words = cause.getMessage() == null ? "" : cause.getMessage();
            if (DISK_FULL.matcher(words.toLowerCase(Locale.ROOT)).find()) {
                reason = words;
            }
        }
        return Optional.ofNullable(reason).map(SafeText::name);
    }
}
