package io.jenkins.plugins.lambdanode.cli;

import java.io.IOException;
import java.nio.file.Path;
import java.util.Optional;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;

/** Where the record of what was done goes. */
final class ResultOption {

    @Option(
            names = "--result",
            paramLabel = "FILE.json",
            description = "Write the record of the deployment here; '-' is standard output.")
    private String result;

    /** Empty where it is not asked for, or goes to standard output. */
    Optional<Path> file() {
        return Optional.ofNullable(result).filter(name -> !name.equals("-")).map(Path::of);
    }

    /** Wrong usage is said before anything is done. */
    void check(CommandSpec spec) {
        file().ifPresent(path -> ProjectOptions.requireWritable(spec, "--result", path));
    }

    void write(CommandSpec spec, String record) throws IOException {
        if (file().isPresent()) {
            ProjectOptions.write(file().get(), record);
        } else if (result != null) {
            ProjectOptions.print(spec, record);
        }
    }
}
