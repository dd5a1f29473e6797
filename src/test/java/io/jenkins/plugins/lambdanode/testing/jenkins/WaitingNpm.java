package io.jenkins.plugins.lambdanode.testing.jenkins;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;

/** An install script that ends when a test lets it, and takes no notice of being asked to end. */
public final class WaitingNpm {

    private static final String SCRIPT = "const fs = require(\"fs\");\n"
            + "process.on(\"SIGTERM\", () => {});\n"
            + "fs.appendFileSync(process.argv[2], \"x\");\n"
            + "setInterval(() => { if (fs.existsSync(process.argv[3])) process.exit(0) }, 50);\n";

    private final Path starts;
    private final Path mayEnd;

    /** @param folder where it says that it was started, and sees whether it may end */
    public WaitingNpm(Path folder) {
        starts = folder.resolve("starts");
        mayEnd = folder.resolve("go");
    }

    /** A Pipeline's lines that give the project in {@code fn} this install script. */
    public String writePackage() {
        return "writeFile file: 'fn/wait.js', text: '''" + SCRIPT + "'''\n"
                + "writeFile file: 'fn/package.json', text: '" + packageJson() + "'\n";
    }

    /** The same for a shell. */
    public String writePackageInShell() {
        return "cat > fn/wait.js <<'END'\n" + SCRIPT + "END\n" + "echo '" + packageJson() + "' > fn/package.json";
    }

    private String packageJson() {
        return "{\"scripts\":{\"preinstall\":\"node wait.js " + starts + " " + mayEnd + "\"}}";
    }

    /** How often it was started. */
    public long starts() {
        try {
            return Files.size(starts);
        } catch (IOException e) {
            return 0;
        }
    }

    /** How many of its processes there are. */
    public long waiting() {
        return ProcessHandle.allProcesses()
                .filter(process -> process.info().command().orElse("").endsWith("node"))
                .filter(process -> List.of(process.info().arguments().orElse(new String[0]))
                        .contains(mayEnd.toString()))
                .count();
    }

    public void mayEnd() throws IOException {
        Files.createFile(mayEnd);
    }
}
