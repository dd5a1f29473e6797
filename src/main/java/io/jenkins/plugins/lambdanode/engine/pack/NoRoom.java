package io.jenkins.plugins.lambdanode.engine.pack;

import io.jenkins.plugins.lambdanode.engine.DeployException;
import java.io.IOException;
import java.nio.file.Path;
import java.util.Locale;
import java.util.regex.Pattern;

/** A disk that is full, in words. */
final class NoRoom {

    /** ENOSPC, EDQUOT and EFBIG in the words of C libraries, and ERROR_DISK_FULL in Windows's. */
    private static final Pattern WORDS =
            Pattern.compile("no space left on device|quota exceeded|file too large|not enough space on the disk");

    private NoRoom() {}

    /**
     * The failure, explained where the reason is that nothing more can be written.
     *
     * @param folder where was written
     */
    static IOException explained(IOException failure, Path folder) {
        String words = failure.getMessage() == null ? "" : failure.getMessage().toLowerCase(Locale.ROOT);
        return failure instanceof DeployException || !WORDS.matcher(words).find()
                ? failure
                : new DeployException(
                        "There is no room for the package in " + folder + ": " + Quoted.of(failure.getMessage())
                                + ". What had been written is removed. Make room there (the package takes up to as much as the"
                                + " project, and as much again for the cache), or have it made on another disk.",
                        failure);
    }
}
