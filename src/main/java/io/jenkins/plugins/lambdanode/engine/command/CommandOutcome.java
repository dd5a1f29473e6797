package io.jenkins.plugins.lambdanode.engine.command;

import java.util.List;
import java.util.Optional;
import java.util.regex.Pattern;

/**
 * How a command ended.
 *
 * @param exitStatus the exit status; {@value #NOT_FOUND} where the program was not found, {@value #NOT_STARTED} where it could not be
 *     started
 * @param lastLines the last lines it printed, at most {@value #KEPT_LINES}, oldest first
 */
public record CommandOutcome(int exitStatus, List<String> lastLines) {

    /** As shells and {@code env} say it (POSIX, "Exit Status for Commands"). */
    public static final int NOT_FOUND = 127;

    /** The same for a program that is there and can't be run. Docker's {@code exec} has it for whatever it can't start. */
    public static final int NOT_STARTED = 126;

    /** Podman's own errors (podman-exec(1), "Exit Status"). */
    private static final int PODMAN_FAILED = 125;

    /** 128 and the number of SIGKILL. */
    private static final int KILLED = 137;

    /** Docker and Podman say so whatever the exit status: Podman's is {@value #NOT_FOUND} also where a folder is missing. */
    private static final Pattern ENGINE_FAILED = Pattern.compile(
            "(?:Error response from daemon: |OCI runtime exec failed: |Cannot connect to the Docker daemon |Error: (?:runc|crun): "
                    + "|Error: no container with |Error: can only create exec sessions ).*");

    /**
     * How many of a command's last lines are kept to find out why it failed. npm 11 prints a hundred lines about its options
     * after the reason.
     */
    public static final int KEPT_LINES = 1000;

    public CommandOutcome {
        lastLines = List.copyOf(lastLines);
    }

    /**
     * A command that could not be started.
     *
     * @param reason in the words of what would have started it, such as a container's launcher
     */
    public static CommandOutcome notStarted(String reason) {
        return new CommandOutcome(NOT_STARTED, List.of(reason));
    }

    public boolean succeeded() {
        return exitStatus == 0;
    }

    /** Why it ended where that is not for the program to say: it was not started, or was killed. One or two sentences. */
    public Optional<String> cause() {
        String last =
                lastLines.isEmpty() ? "" : lastLines.get(lastLines.size() - 1).strip();
        Optional<String> engine = lastLines.stream()
                .map(String::strip)
                .filter(line -> ENGINE_FAILED.matcher(line).matches())
                .findFirst();
        if (exitStatus == KILLED) {
            return Optional.of(
                    "It was killed (SIGKILL), as is what needs more memory than its container or the machine has. Give the"
                            + " container more (docker run --memory, resources.limits.memory in Kubernetes), or let the program use less.");
        }
        if (!succeeded() && engine.isPresent()) {
            return Optional.of("The container could not run it: " + engine.get());
        }
        return exitStatus == NOT_STARTED || exitStatus == PODMAN_FAILED
                ? Optional.of("It could not be started" + (last.isEmpty() ? "." : ": " + last))
                : Optional.empty();
    }
}
