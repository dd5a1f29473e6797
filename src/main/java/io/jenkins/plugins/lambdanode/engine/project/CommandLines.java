package io.jenkins.plugins.lambdanode.engine.project;

import io.jenkins.plugins.lambdanode.engine.command.CommandOutcome;
import java.util.List;

/** What a command printed, for an error. */
final class CommandLines {

    private CommandLines() {}

    /** Some tools colour what they say also where nobody sees it, Yarn 2 and later for one. */
    static List<String> withoutColours(CommandOutcome outcome) {
        return outcome.lastLines().stream()
                .map(line -> line.replaceAll("\u001b\\[[0-9;]*[A-Za-z]", ""))
                .toList();
    }

    /** Lines for the text of a failure; empty for none. */
    static String shown(List<String> lines) {
        return lines.isEmpty() ? "" : "  | " + String.join("\n  | ", lines);
    }
}
