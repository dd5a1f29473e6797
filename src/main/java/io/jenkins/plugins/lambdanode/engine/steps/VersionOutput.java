package io.jenkins.plugins.lambdanode.engine.steps;

import io.jenkins.plugins.lambdanode.engine.base.Progress;
import io.jenkins.plugins.lambdanode.engine.base.SafeText;
import java.util.List;

/**
 * What a version of a function wrote last.
 *
 * @param who {@code version 7 of function orders}
 * @param lines oldest first
 */
record VersionOutput(String who, List<String> lines) {

    private static final int LINE_LENGTH = 500;

    VersionOutput {
        lines = lines.stream()
                .map(line -> SafeText.oneLine(line.strip(), LINE_LENGTH))
                .toList();
    }

    void print(Progress progress) {
        text().lines().forEach(progress::log);
    }

    /** For a failure: {@link io.jenkins.plugins.lambdanode.engine.base.DeployException#messageWithOutput()}. */
    String text() {
        return lines.isEmpty() ? "" : "What " + who + " said last:\n  " + String.join("\n  ", lines);
    }
}
