package io.jenkins.plugins.lambdanode.cli;

import io.jenkins.plugins.lambdanode.testing.Account;
import io.jenkins.plugins.lambdanode.testing.Program;
import java.io.PrintWriter;
import java.io.StringWriter;
import java.nio.file.Path;
import java.util.HashMap;
import java.util.List;
import java.util.Map;

/** Ways to run the command line: in this process where nothing but its arguments counts, else in one of its own. */
final class CommandLineRun {

    private CommandLineRun() {}

    /** In this process. */
    static Program here(String... arguments) {
        StringWriter out = new StringWriter();
        StringWriter err = new StringWriter();
        int status = Main.execute(new PrintWriter(out), new PrintWriter(err), arguments);
        return new Program(status, out.toString(), err.toString());
    }

    /** In a process of its own, with credentials for the emulated AWS in its environment. */
    static Program withCredentials(Path folder, String... arguments) {
        return inProcess(folder, credentials(), List.of(), arguments);
    }

    static Map<String, String> credentials() {
        return new HashMap<>(Map.of(
                "AWS_ACCESS_KEY_ID", Account.ACCESS_KEY,
                "AWS_SECRET_ACCESS_KEY", Account.SECRET_KEY,
                "AWS_REGION", Account.REGION,
                "AWS_EC2_METADATA_DISABLED", "true"));
    }

    static Program inProcess(Path folder, Map<String, String> variables, List<String> options, String... arguments) {
        return Program.run(folder, variables, Program.java(options, Main.class.getName(), List.of(arguments)));
    }
}
