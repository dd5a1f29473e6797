package io.jenkins.plugins.lambdanode.engine.base;

import java.io.IOException;
import java.util.Locale;
import java.util.Optional;
import java.util.regex.Pattern;

/** A disk that is full, in words. */
public final class NoRoom {

    /** ENOSPC, EDQUOT and EFBIG in the words of C libraries, and ERROR_DISK_FULL in Windows's. */
    private static final Pattern WORDS =
            Pattern.compile("no space left on device|quota exceeded|file too large|not enough space on the disk");

    private static final String OUT_OF_ENTRIES = " A disk with free bytes can be out of room for further files (df -i).";

    private NoRoom() {}

    /**
     * The failure, explained where the reason is that nothing more can be written.
     *
     * @param folder where was written
     */
    public static IOException forPackage(IOException failure, String folder) {
        return explained(
                failure,
                "the package",
                folder,
                "What had been written is removed. Make room there (the package takes up to as much as the project, and as much"
                        + " again for the cache), or have it made on another disk." + OUT_OF_ENTRIES);
    }

    /**
     * The same for a file that takes next to nothing, or a folder.
     *
     * @param what would have been written, such as {@code the record}
     * @param more what else there is to say; empty or a sentence
     */
    public static IOException forFile(IOException failure, String what, String folder, String more) {
        return explained(failure, what, folder, (more + " Make room there and run again." + OUT_OF_ENTRIES).strip());
    }

    private static IOException explained(IOException failure, String what, String folder, String advice) {
        Optional<String> reason = failure instanceof DeployException ? Optional.empty() : reason(failure);
        return reason.isEmpty()
                ? failure
                : new DeployException(
                        "There is no room for " + what + " in " + folder + ": " + reason.get() + ". " + advice, failure);
    }

    /** In the words of the one that failed first: a channel to an agent puts its own before them. */
    private static Optional<String> reason(Throwable failure) {
        String reason = null;
        for (Throwable cause = failure; cause != null; cause = cause.getCause()) {
            String words = cause.getMessage() == null ? "" : cause.getMessage();
            if (WORDS.matcher(words.toLowerCase(Locale.ROOT)).find()) {
                reason = words;
            }
        }
        return Optional.ofNullable(reason).map(Quoted::of);
    }
}
