package io.jenkins.plugins.lambdanode.engine.command;

import java.util.ArrayList;
import java.util.List;
import java.util.stream.Stream;

/**
 * A command to run in the workspace.
 *
 * @param words program and arguments; for a shell command, one word that holds the whole line
 * @param shell whether the system's shell reads the command ({@code sh -e -c}, which ends at the first line that fails, or
 *     {@code cmd /c} on Windows). Only a command that the user wrote is run this way; a value that came from elsewhere never is.
 * @param folder the absolute path of the folder to run it in; empty for the project's folder
 * @param quiet whether what it prints is for the caller only and does not go to the log
 */
public record Command(List<String> words, boolean shell, String folder, boolean quiet) {

    /**
     * Variables that hold or lead to AWS credentials (AWS SDKs and Tools Reference Guide, "Settings reference"). A program that
     * the deployment itself starts does not get them: npm, for one, runs the scripts of other people's packages. A command line
     * that the user wrote does. AWS_PROFILE stays: it is a name, and the files that it stands for can be read without it.
     */
    private static final List<String> CREDENTIAL_VARIABLES = List.of(
            "AWS_ACCESS_KEY_ID",
            "AWS_SECRET_ACCESS_KEY",
            "AWS_SESSION_TOKEN",
            "AWS_SECURITY_TOKEN",
            "AWS_CONTAINER_AUTHORIZATION_TOKEN",
            "AWS_CONTAINER_AUTHORIZATION_TOKEN_FILE",
            "AWS_CONTAINER_CREDENTIALS_FULL_URI",
            "AWS_CONTAINER_CREDENTIALS_RELATIVE_URI",
            "AWS_WEB_IDENTITY_TOKEN_FILE",
            "AWS_BEARER_TOKEN_BEDROCK");

    /** npm would install devDependencies for these, whatever its command line says (seen with npm 10 to 12). */
    private static final List<String> DEVELOPMENT_VARIABLES =
            List.of("NPM_CONFIG_PRODUCTION", "npm_config_production", "NPM_CONFIG_INCLUDE", "npm_config_include");

    public Command {
        words = List.copyOf(words);
        if (words.isEmpty()) {
            throw new IllegalArgumentException("A command needs a program");
        }
    }

    /** A program with its arguments, run without a shell. */
    public static Command program(String... words) {
        return new Command(List.of(words), false, "", false);
    }

    /** A line that the user wrote for a shell. */
    public static Command shell(String line) {
        return new Command(List.of(line), true, "", false);
    }

    public Command in(String otherFolder) {
        return new Command(words, shell, otherFolder, quiet);
    }

    public Command quietly() {
        return new Command(words, shell, folder, true);
    }

    /** The command with these words at its end. */
    public Command with(String... more) {
        return new Command(Stream.concat(words.stream(), Stream.of(more)).toList(), shell, folder, quiet);
    }

    /** The command as one line for a log. */
    public String display() {
        return String.join(" ", words);
    }

    /** Variables that the command must not get. */
    public List<String> withheldVariables() {
        return shell
                ? List.of()
                : Stream.concat(CREDENTIAL_VARIABLES.stream(), DEVELOPMENT_VARIABLES.stream())
                        .toList();
    }

    /**
     * What to start on Windows: its shell finds command files such as {@code npm.cmd}, on the PATH of the command's own
     * environment.
     */
    public List<String> wordsOnWindows() {
        return Stream.concat(Stream.of("cmd", "/c"), words.stream()).toList();
    }

    /**
     * What to start on other systems for a command that is not for a shell. The JVM looks a program up on its own PATH, a
     * container's launcher on the machine's; {@code env} does so where it runs, on the PATH of the command's environment. It
     * also takes away variables that a container has of its own.
     */
    public List<String> wordsOnUnix() {
        List<String> all = new ArrayList<>(List.of("/usr/bin/env"));
        withheldVariables().forEach(name -> all.addAll(List.of("-u", name)));
        all.addAll(words);
        return all;
    }
}
