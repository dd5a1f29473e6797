package io.jenkins.plugins.lambdanode.cli;

import io.jenkins.plugins.lambdanode.engine.base.DeployException;
import java.io.IOException;
import java.io.PrintWriter;
import java.nio.charset.Charset;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.InvalidPathException;
import java.nio.file.Path;
import java.util.Optional;
import picocli.CommandLine;
import picocli.CommandLine.Command;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.ParameterException;
import picocli.CommandLine.Spec;
import picocli.CommandLine.TypeConversionException;

/** The command line {@code lambda-node-deploy}. */
@Command(
        name = "lambda-node-deploy",
        description = "Deploys a Node.js project to AWS Lambda: npm install, package, stage, update, verify.",
        mixinStandardHelpOptions = true,
        versionProvider = Main.Version.class,
        subcommands = {DeployCommand.class, PackageCommand.class, RollbackCommand.class},
        synopsisSubcommandLabel = "(deploy | package | rollback)",
        exitCodeListHeading = "%nExit status:%n",
        exitCodeList = {"0:done, also where nothing had to change", "1:failed: one message says why", "2:wrong usage", "130, 143:stopped by a signal (SIGINT, SIGTERM)"})
public final class Main implements Runnable {

    @Spec
    private CommandSpec spec;

    /** The version in the jar's manifest. */
    static final class Version implements CommandLine.IVersionProvider {
        @Override
        public String[] getVersion() {
            return new String[] {
                "lambda-node-deploy "
                        + Optional.ofNullable(Main.class.getPackage().getImplementationVersion())
                                .orElse("development")
            };
        }
    }

    @Override
    public void run() {
        throw new ParameterException(spec.commandLine(), "Say what to do: deploy, package or rollback.");
    }

    public static void main(String[] arguments) {
        Thread main = Thread.currentThread();
        Thread stop = new Thread(() -> {
            main.interrupt();
            try {
                main.join(10_000);
            } catch (InterruptedException e) {
                Thread.currentThread().interrupt();
            }
        });
        Runtime.getRuntime().addShutdownHook(stop);
        // That of Java 22 to 24 by default is one without a terminal too.
        System.setProperty("jdk.console", "java.base");
        // JSON is UTF-8 (RFC 8259) whatever the locale; messages are in the terminal's own encoding.
        PrintWriter out = new PrintWriter(System.out, true, StandardCharsets.UTF_8);
        PrintWriter err = new PrintWriter(System.err, true);
        if (isUnreadable()) {
            err.println("ERROR: The arguments or the current folder contain characters that cannot be read in this locale, whose"
                    + " encoding is ASCII. Set a UTF-8 locale: LC_ALL=C.UTF-8");
            // Its exit asks for a logger, which fails in such a folder.
            Runtime.getRuntime().halt(CommandLine.ExitCode.USAGE);
        }
        int status = execute(out, err, arguments);
        try {
            Runtime.getRuntime().removeShutdownHook(stop);
        } catch (IllegalStateException e) {
            // The machine is going down on a signal: its hook waits for this thread to end.
            return;
        }
        System.exit(status);
    }

    /** In a locale without an encoding Java reads every other character of arguments and folders as question marks. */
    private static boolean isUnreadable() {
        try {
            if (!Charset.forName(System.getProperty("sun.jnu.encoding", "UTF-8")).equals(StandardCharsets.US_ASCII)) {
                return false;
            }
            if (System.getProperty("user.dir").chars().anyMatch(c -> c > 127)) {
                return true;
            }
            for (byte b : Files.readAllBytes(Path.of("/proc/self/cmdline"))) {
                if (b < 0) {
                    return true;
                }
            }
        } catch (IOException | IllegalArgumentException e) {
            // Elsewhere than on Linux arguments are Unicode.
        }
        return false;
    }

    /** A terminal that says that it is dumb shows what moves its cursor or sets its colours as it is. */
    private static CommandLine.Help.Ansi ansi() {
        return "dumb".equals(System.getenv("TERM")) ? CommandLine.Help.Ansi.OFF : CommandLine.Help.Ansi.AUTO;
    }

    /** Runs a command line and returns its exit status. */
    static int execute(PrintWriter out, PrintWriter err, String... arguments) {
        return new CommandLine(new Main())
                .setColorScheme(CommandLine.Help.defaultColorScheme(ansi()))
                .setOut(out)
                .setErr(err)
                .setCaseInsensitiveEnumValuesAllowed(true)
                // A value that begins with @ is a value: a branch's name is no file to read arguments from.
                .setExpandAtFiles(false)
                .registerConverter(Path.class, Main::path)
                .setExecutionExceptionHandler(Main::report)
                .setParameterExceptionHandler(Main::usage)
                .execute(arguments);
    }

    private static Path path(String text) {
        try {
            return Path.of(text);
        } catch (InvalidPathException e) {
            throw new TypeConversionException("it is no path (" + e.getReason() + ")");
        }
    }

    /** What was given stands in messages: a terminal is not to take it for commands. */
    private static String harmless(String message) {
        return message.replaceAll("[\\p{Cntrl}&&[^\n\r\t]]", "?");
    }

    private static int usage(ParameterException wrong, String[] arguments) {
        CommandLine command = wrong.getCommandLine();
        command.getErr().println("ERROR: " + harmless(wrong.getMessage().replaceFirst("^Error: ", "")));
        command.getErr().println("See " + command.getCommandSpec().qualifiedName() + " --help");
        return CommandLine.ExitCode.USAGE;
    }

    private static int report(Exception failure, CommandLine command, CommandLine.ParseResult parsed) {
        PrintWriter err = command.getErr();
        if (failure instanceof InterruptedException) {
            err.println("Stopped.");
        } else if (failure instanceof DeployException) {
            err.println("ERROR: " + harmless(failure.getMessage()));
        } else {
            err.println("ERROR: " + failure.getClass().getSimpleName() + ": " + harmless(String.valueOf(failure.getMessage())));
            if (System.getenv("LAMBDA_NODE_DEPLOY_DEBUG") == null) {
                err.println("Set LAMBDA_NODE_DEPLOY_DEBUG=1 to see where.");
            }
        }
        if (System.getenv("LAMBDA_NODE_DEPLOY_DEBUG") != null) {
            failure.printStackTrace(err);
        }
        return CommandLine.ExitCode.SOFTWARE;
    }
}
