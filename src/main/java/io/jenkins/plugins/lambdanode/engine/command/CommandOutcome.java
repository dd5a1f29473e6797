package io.jenkins.plugins.lambdanode.engine.command;

import java.util.List;

/**
 * How a command ended.
 *
 * @param exitStatus the exit status; {@value #NOT_FOUND} where the program was not found or could not be started
 * @param lastLines the last lines it printed, at most {@value #KEPT_LINES}, oldest first
 */
public record CommandOutcome(int exitStatus, List<String> lastLines) {

    /** As shells and {@code env} say it (POSIX, "Exit Status for Commands"). */
    public static final int NOT_FOUND = 127;

    /**
     * How many of a command's last lines are kept to find out why it failed. npm 11 prints a hundred lines about its options
     * after the reason.
     */
    public static final int KEPT_LINES = 1000;

    public CommandOutcome {
        lastLines = List.copyOf(lastLines);
    }

    public boolean succeeded() {
        return exitStatus == 0;
    }
}
