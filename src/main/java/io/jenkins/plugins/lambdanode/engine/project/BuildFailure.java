package io.jenkins.plugins.lambdanode.engine.project;

import io.jenkins.plugins.lambdanode.engine.base.DeployException;
import io.jenkins.plugins.lambdanode.engine.command.Command;
import io.jenkins.plugins.lambdanode.engine.command.CommandOutcome;
import java.util.List;
import java.util.Optional;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/** Says why a build failed: in the words of the compiler, without those that package managers put around them. */
public final class BuildFailure {
    private static final int SHOWN_LINES = 8;

    /** What npm, pnpm and Yarn add when a script fails; which script is missing they say themselves. */
    private static final Pattern NOISE = Pattern.compile(
            "\\s*|npm (?:ERR!|error)(?! Missing script).*|.*ELIFECYCLE.*"
                    + "|error Command failed with exit code .*|info Visit .*yarnpkg.*|error: script .* exited with code .*|> .*");

    /** dash, bash, busybox and cmd. */
    private static final Pattern NOT_FOUND =
            Pattern.compile("(?m)^(?:.*: )?'?([^\\s:']+)'?(?:: (?:command )?not found| is not recognized.*)$");

    private BuildFailure() {}

    /** @param location the project's folder */
    public static DeployException of(Command command, CommandOutcome outcome, String location) {
        List<String> lines = CommandLines.withoutColours(outcome);
        List<String> said =
                lines.stream().filter(line -> !NOISE.matcher(line).matches()).toList();
        return new DeployException(
                "The build '" + command.display() + "' failed in " + location + " with exit status "
                        + outcome.exitStatus() + ".\n"
                        + outcome.cause()
                                .or(() -> advice(String.join("\n", lines)))
                                .orElse("The log above has all that it says."),
                CommandLines.shown(said.subList(Math.max(0, said.size() - SHOWN_LINES), said.size())));
    }

    private static Optional<String> advice(String output) {
        Matcher program = NOT_FOUND.matcher(output);
        if (program.find()) {
            return Optional.of(program.group(1)
                    + " was not found. If a package brings it, name that in devDependencies of package.json,"
                    + " and call it by a script ('npm run build') or with npx ('npx " + program.group(1) + "').");
        }
        if (output.contains("JavaScript heap out of memory")) {
            return Optional.of(
                    "Node.js ran out of memory: set NODE_OPTIONS=--max-old-space-size=4096 (MB) for the build.");
        }
        return output.contains("ENOSPC") || output.contains("No space left on device")
                ? Optional.of("The disk of this machine is full: free space in the workspace.")
                : Optional.empty();
    }
}
