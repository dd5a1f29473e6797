package io.jenkins.plugins.lambdanode.engine.command;

import java.util.List;

/**
 * How a command ended.
 *
 * @param started false where the program was not found or could not be started
 * @param exitStatus the exit status; 127 where it was not started
 * @param lastLines the last lines it printed, at most {@value #KEPT_LINES}, oldest first
 */
public record CommandOutcome(boolean started, int exitStatus, List<String> lastLines) {

    /**
     * How many of a command's last lines are kept to find out why it failed. npm 11 prints a hundred lines about its options
     * after the reason.
     */
    public static final int KEPT_LINES = 1000;

    public CommandOutcome {
        lastLines = List.copyOf(lastLines);
    }
}
