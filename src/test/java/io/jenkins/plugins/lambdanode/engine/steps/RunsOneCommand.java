package io.jenkins.plugins.lambdanode.engine.steps;

import io.jenkins.plugins.lambdanode.engine.base.Progress;
import io.jenkins.plugins.lambdanode.engine.http.HttpSender;
import io.jenkins.plugins.lambdanode.engine.project.InstallSetting;
import io.jenkins.plugins.lambdanode.engine.workspace.LocalWorkspace;
import java.io.PrintStream;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.util.List;
import java.util.concurrent.atomic.AtomicLong;
import java.util.concurrent.atomic.AtomicReference;

/** Installs with a command line in a process of its own and says how many characters it printed, and its last line. */
final class RunsOneCommand {

    private RunsOneCommand() {}

    /** Arguments: folder, command line. */
    public static void main(String[] arguments) throws Exception {
        AtomicLong characters = new AtomicLong();
        AtomicReference<String> last = new AtomicReference<>("");
        Progress counting = new Progress() {
            @Override
            public void log(String line) {
                if (!line.startsWith("$ ")) {
                    characters.addAndGet(line.length());
                    last.set(line);
                }
            }

            @Override
            public void advance(String activity, long doneBytes, long totalBytes, int doneFiles) {}
        };
        try (LocalWorkspace workspace =
                new LocalWorkspace(Path.of(arguments[0]), System.getenv(), new HttpSender(counting), counting)) {
            new InstallStep(workspace, counting).run(InstallSetting.parse(arguments[1]), List.of());
        }
        new PrintStream(System.out, true, StandardCharsets.UTF_8).println(characters + " characters, last " + last);
    }
}
