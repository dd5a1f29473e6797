package io.jenkins.plugins.lambdanode.cli;

import io.jenkins.plugins.lambdanode.engine.base.DeployException;
import io.jenkins.plugins.lambdanode.engine.base.Progress;
import io.jenkins.plugins.lambdanode.engine.http.HttpSender;
import io.jenkins.plugins.lambdanode.engine.http.ProxySettings;
import io.jenkins.plugins.lambdanode.engine.pack.api.PackReport;
import io.jenkins.plugins.lambdanode.engine.pack.api.PackSettings;
import io.jenkins.plugins.lambdanode.engine.project.GitCheckout;
import io.jenkins.plugins.lambdanode.engine.report.BillOfMaterials;
import io.jenkins.plugins.lambdanode.engine.report.Origin;
import io.jenkins.plugins.lambdanode.engine.report.Provenance;
import io.jenkins.plugins.lambdanode.engine.request.DeployRequestBuilder;
import io.jenkins.plugins.lambdanode.engine.workspace.LocalWorkspace;
import java.io.IOException;
import java.io.PrintWriter;
import java.nio.file.Files;
import java.nio.file.LinkOption;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.regex.Pattern;
import java.util.stream.Stream;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.ParameterException;
import picocli.CommandLine.Spec;

/** The options about the project and its package, which both commands have. */
final class ProjectOptions {
    /** What a slip of the hand would overwrite, and leave out of the package. */
    private static final Pattern PROJECT_FILE =
            Pattern.compile("(?:package|package-lock|npm-shrinkwrap|tsconfig)\\.json|.*\\.[cm]?[jt]s");


    @Spec(Spec.Target.MIXEE)
    private CommandSpec spec;

    @Option(
            names = "--dir",
            paramLabel = "DIR",
            defaultValue = ".",
            description = "The project's folder. Default: the current folder.")
    private Path dir;

    @Option(
            names = "--install",
            paramLabel = "HOW",
            defaultValue = "auto",
            description = "How dependencies are installed: auto (what the lock file says, with npm, pnpm, Yarn or"
                    + " Bun, whose it is; npm install without one), ci,"
                    + " install, none, or a command line of your own. Default: ${DEFAULT-VALUE}.")
    private String install;

    @Option(
            names = "--build",
            paramLabel = "COMMAND",
            description = "Command line that builds the project after the install, for instance 'npm run build'."
                    + " Development dependencies are installed for it, and stay out of the package. Default: none.")
    private String build;

    @Option(
            names = "--code-dir",
            paramLabel = "DIR",
            description = "Folder in the project that holds the code, for instance dist: what is in it is the package's top,"
                    + " beside node_modules. Default: the project's folder.")
    private String codeDir;

    @Option(
            names = "--include",
            paramLabel = "PATTERN",
            description = "Ant pattern of what goes into the package, by its path there, for instance 'lib/**'."
                    + " Repeatable. Default: all.")
    private List<String> includes = new ArrayList<>();

    @Option(
            names = "--exclude",
            paramLabel = "PATTERN",
            description = "Ant pattern of what is left out, for instance 'test/**'. Repeatable. A .lambdaignore file in the"
                    + " project (gitignore syntax) is honoured too.")
    private List<String> excludes = new ArrayList<>();

    @Option(
            names = "--symlinks",
            paramLabel = "HOW",
            description = "Symbolic links: follow (as zip -r does) or store. Default: follow.")
    private String symlinks;

    @Option(names = "--compression-level", paramLabel = "1..9", description = "Deflate level. Default: 6, as zip.")
    private Integer compressionLevel;

    // Scripts use these names of --symlinks and --compression-level.
    @Option(names = "--links", hidden = true)
    private String links;

    @Option(names = "--level", hidden = true)
    private Integer level;

    @Option(
            names = "--cache",
            paramLabel = "DIR",
            description = "Keep the last package and its index here, so that the next one costs only what changed.")
    private Path cache;

    @Option(
            names = "--sbom",
            paramLabel = "FILE.json",
            description = "Write the bill of materials of the package and its layer here: CycloneDX 1.6.")
    private Path sbom;

    @Option(
            names = "--provenance",
            paramLabel = "FILE.json",
            description = "Write here where the package comes from: an in-toto statement with SLSA provenance, not signed.")
    private Path provenance;

    @Option(names = "--verbose", description = "Also say which npm packages and folders weigh most.")
    private boolean verbose;

    boolean isVerbose() {
        return verbose;
    }

    /** What is deployed from where, for the log and the provenance. */
    Origin origin(String credentials) {
        GitCheckout checkout =
                GitCheckout.of(dir.toAbsolutePath().normalize(), dir.toAbsolutePath().getRoot());
        return new Origin(dir.toString(), checkout.commit(), checkout.repository(), "", credentials);
    }

    /**
     * The files that are asked for must be ones that can be written.
     *
     * @param built whether the package is built here; nobody looks into another
     */
    void checkFiles(boolean built) {
        if (!built && !files().isEmpty()) {
            throw usage(spec, String.join(" and ", files().keySet()) + " can only be written of a package that is built here, not with"
                    + " --from or --zip-file. Write it where the package is built.");
        }
        for (Map.Entry<String, Path> each : files().entrySet()) {
            requireWritable(spec, each.getKey(), each.getValue());
        }
    }

    private Map<String, Path> files() {
        Map<String, Path> files = new LinkedHashMap<>();
        if (sbom != null) {
            files.put("--sbom", sbom);
        }
        if (provenance != null) {
            files.put("--provenance", provenance);
        }
        return files;
    }

    /**
     * Writes the bill of materials and the provenance, where they are asked for.
     *
     * @param name of the package's file
     * @param layerSha256 of its layer; empty for none
     */
    void write(String name, PackReport packaged, Optional<String> layerSha256, PackSettings settings) throws IOException {
        Optional<String> bom = files().isEmpty() ? Optional.empty() : BillOfMaterials.of(packaged, layerSha256);
        if (sbom != null && bom.isPresent()) {
            write(sbom, bom.get());
        }
        if (provenance != null) {
            Optional<String> statement = new Provenance(
                            new Provenance.Builder(Provenance.HOME + "#command-line", Map.of()), origin(""), settings)
                    .of(name, packaged, layerSha256, bom);
            if (statement.isPresent()) {
                write(provenance, statement.get());
            }
        }
    }

    /** Writes a text into a file, whose folder is made where it is not there. */
    static void write(Path file, String text) throws IOException {
        Path absolute = file.toAbsolutePath();
        Files.createDirectories(absolute.getParent());
        Files.writeString(absolute, text);
    }

    /** The project's settings, for a request. */
    DeployRequestBuilder addTo(DeployRequestBuilder request) throws DeployException {
        return request.dir(dir.toString().equals(".") ? "" : dir.toString())
                .install(install)
                .build(build)
                .codeDir(codeDir)
                .includes(includes)
                .excludes(excludes)
                .symlinks(links)
                .symlinks(symlinks)
                .compressionLevel(level)
                .compressionLevel(compressionLevel);
    }

    /** @param result where the record of the deployment goes, for a workspace in the same folder */
    LocalWorkspace workspace(Progress progress, Optional<ProxySettings> proxy, Optional<Path> result) throws IOException {
        List<Path> written = Stream.concat(files().values().stream(), result.stream())
                .map(Path::toAbsolutePath)
                .toList();
        return new LocalWorkspace(
                dir, Optional.ofNullable(cache), written, System.getenv(), new HttpSender(progress, proxy), progress);
    }

    /** Progress on standard error: a line that is rewritten on a terminal, lines now and then elsewhere. */
    static TerminalProgress progress(CommandSpec spec) {
        return new TerminalProgress(
                spec.commandLine().getErr(),
                System.console() != null && spec.commandLine().getColorScheme().ansi().enabled());
    }

    /** Writes to standard output. A pipe that is closed, or a disk that is full, is an error: somebody wants to read it. */
    static void print(CommandSpec spec, String text) throws DeployException {
        PrintWriter out = spec.commandLine().getOut();
        out.print(text);
        if (out.checkError()) {
            throw new DeployException("The JSON could not be written to standard output, which is closed or full.\nRun this again to"
                    + " get it.");
        }
    }

    /** A value that is read from an option. */
    interface Reading<T> {
        T read() throws DeployException;
    }

    /** A value of an option; one that can't be read is wrong usage. */
    static <T> T read(CommandSpec spec, Reading<T> reading) {
        try {
            return reading.read();
        } catch (DeployException e) {
            throw usage(spec, e.getMessage());
        }
    }

    /** A file to be written, which must not be a folder. */
    static Path file(CommandSpec spec, String option, Path path) {
        if (Files.isDirectory(path)) {
            throw usage(spec, option + " is a file to write, and " + path + " is a folder.");
        }
        return path.toAbsolutePath();
    }

    /** A file that is written at the end, when it is too late to say that it can't be. Its folder is made where it is not there. */
    static void requireWritable(CommandSpec spec, String option, Path path) {
        Path file = file(spec, option, path);
        if (Files.exists(file) && PROJECT_FILE.matcher(String.valueOf(file.getFileName())).matches()) {
            throw usage(spec, option + " would overwrite the project's own " + path + ". Name another file.");
        }
        try {
            Files.createDirectories(file.getParent());
            if (Files.notExists(file, LinkOption.NOFOLLOW_LINKS)) {
                Files.createFile(file);
                Files.delete(file);
            } else if (Files.isRegularFile(file)) {
                Files.newByteChannel(file, StandardOpenOption.WRITE).close();
            }
        } catch (IOException e) {
            throw usage(
                    spec,
                    option + " " + path + " can't be written (" + e.getClass().getSimpleName()
                            + "), and nothing was changed. Name a file in a folder that you may write to.");
        }
    }

    /** The command line of a command, for its exceptions. */
    static ParameterException usage(CommandSpec spec, String message) {
        return new ParameterException(spec.commandLine(), message);
    }
}
