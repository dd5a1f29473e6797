package io.jenkins.plugins.lambdanode.engine.command;

import java.util.List;

/**
 * A command to run in the workspace.
 *
 * @param words program and arguments; for a shell command, one word that holds the whole line
 * @param shell whether the system's shell reads the command ({@code sh -e -c}, which ends at the first line that fails, or
 *     {@code cmd /c} on Windows). Only a command that the user wrote is run this way; a value that came from elsewhere never is.
 */
public record Command(List<String> words, boolean shell) {

    public Command {
        words = List.copyOf(words);
        if (words.isEmpty()) {
            throw new IllegalArgumentException("A command needs a program");
        }
    }

    /** A program with its arguments, run without a shell. */
    public static Command program(String... words) {
        return new Command(List.of(words), false);
    }

    /** A line that the user wrote for a shell. */
    public static Command shell(String line) {
        return new Command(List.of(line), true);
    }

    /** The command as one line for a log. */
    public String display() {
        return String.join(" ", words);
    }
}
