package io.jenkins.plugins.lambdanode.cli;

import java.io.IOException;
import java.nio.file.Path;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;

/** Where the record of what was done goes. */
final class ResultOption {

    @Option(
            names = "--result",
            paramLabel = "FILE.json",
            description = "Write the record of the deployment here; '-' is standard output.")
    private String result;

    /** Wrong usage is said before anything is done. */
    void check(CommandSpec spec) {
        if (result != null && !result.equals("-")) {
            ProjectOptions.requireWritable(spec, "--result", Path.of(result));
        }
    }

    void write(CommandSpec spec, String record) throws IOException {
        if (result == null) {
            return;
        }
        if (result.equals("-")) {
            ProjectOptions.print(spec, record);
            return;
        }
        ProjectOptions.write(Path.of(result), record);
    }
}
