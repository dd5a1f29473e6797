package io.jenkins.plugins.lambdanode.engine.steps;

import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import io.jenkins.plugins.lambdanode.engine.base.DeployException;
import io.jenkins.plugins.lambdanode.engine.base.Progress;
import io.jenkins.plugins.lambdanode.engine.command.Command;
import io.jenkins.plugins.lambdanode.engine.command.CommandOutcome;
import io.jenkins.plugins.lambdanode.engine.project.InstallMode;
import io.jenkins.plugins.lambdanode.engine.project.InstallFingerprint;
import io.jenkins.plugins.lambdanode.engine.project.ProjectFolder;
import io.jenkins.plugins.lambdanode.engine.workspace.Workspace;
import java.io.IOException;
import java.util.List;
import java.util.Optional;

/** Installs a project's production dependencies in its workspace: which npm command to run, and what its outcome means. */
public final class NpmInstall {

    /** Fields of package.json that give {@code npm install} something to do for production. */
    private static final List<String> DEPENDENCY_FIELDS =
            List.of("dependencies", "optionalDependencies", "peerDependencies", "workspaces");

    /** Scripts that {@code npm ci} and {@code npm install} run for the project itself (npm documentation, "scripts"). */
    private static final List<String> LIFECYCLE_SCRIPTS =
            List.of("preinstall", "install", "postinstall", "prepublish", "preprepare", "prepare", "postprepare");

    /**
     * npm lists its settings as they are in force, whichever .npmrc, variable or default each comes from, and leaves tokens and
     * passwords out. Without double quotes and without what a shell of Windows takes for its own.
     */
    private static final String TOOLS = "const options = {stdio: ['ignore', 'pipe', 'ignore']};"
            + " const settings = require('child_process').execSync('npm config list --json', options);"
            + " const digest = require('crypto').createHash('sha256').update(settings);"
            + " for (const name of ['NODE_ENV', 'NODE_OPTIONS'])"
            + " digest.update(name + '=' + JSON.stringify(process.env[name]));"
            + " console.log('npm/' + JSON.parse(settings)['npm-version'] + ' node/' + process.version + ' '"
            + " + process.platform + ' ' + process.arch + ' ' + digest.digest('hex'))";

    /** How many of a failed command's last lines its error shows. */
    private static final int SHOWN_LINES = 25;

    private final Workspace workspace;
    private final Progress progress;

    public NpmInstall(Workspace workspace, Progress progress) {
        this.workspace = workspace;
        this.progress = progress;
    }

    /**
     * Installs, where there is something to install and it has not been installed already.
     *
     * @param cacheDir where the workspace remembers what npm made; empty for nowhere
     * @throws DeployException if the command can't be run or fails; the message holds the last lines that it printed
     */
    public void run(InstallMode install, String cacheDir) throws IOException, InterruptedException {
        run(install, cacheDir, () -> {});
    }

    /** What is to be sure of before a command is run that may take minutes. */
    public interface Beforehand {
        void check() throws IOException, InterruptedException;
    }

    /** Installs as {@link #run(Install, String)} does, after a check that is left out where nothing is run. */
    public void run(InstallMode install, String cacheDir, Beforehand beforehand) throws IOException, InterruptedException {
        ProjectFolder project = workspace.inspect();
        Optional<Command> command = command(install, project);
        if (command.isEmpty()) {
            progress.log("No dependencies to install.");
            return;
        }
        Optional<String> tools = !cacheDir.isEmpty()
                        && install.mode() == InstallMode.Mode.AUTO
                        && isKnownByItsLockFile(project)
                ? tools()
                : Optional.empty();
        boolean once = tools.isPresent();
        String madeWith = command.get().display() + "\n" + tools.orElse("");
        if (once && workspace.isInstalled(madeWith, cacheDir)) {
            progress.log("node_modules is untouched since '" + command.get().display()
                    + "' made it from the same files: not installed again (install: 'ci' always does).");
            return;
        }
        beforehand.check();
        progress.log("$ " + command.get().display());
        CommandOutcome outcome = workspace.run(command.get());
        if (!outcome.succeeded()) {
            throw new DeployException(failure(command.get(), outcome, project));
        }
        boolean complete = outcome.lastLines().stream().noneMatch(NpmInstall::saysScriptsWereNotRun);
        if (!complete) {
            progress.log("WARNING: npm did not run the install scripts of some packages. A native module can be left without"
                    + " its binary: approve the ones you trust with 'npm approve-scripts' and commit package.json.");
        }
        if (once && complete) {
            remember(madeWith, cacheDir);
        }
    }

    private void remember(String madeWith, String cacheDir) throws InterruptedException {
        try {
            workspace.markInstalled(madeWith, cacheDir);
        } catch (IOException e) {
            progress.log("It could not be noted that node_modules is complete, so the next build installs again: "
                    + e.getMessage());
        }
    }

    /**
     * Whether node_modules depends on nothing but what {@link InstallFingerprint} looks at: there is a lock file, and the project has no
     * scripts of its own that npm would run, which could make files elsewhere.
     */
    private static boolean isKnownByItsLockFile(ProjectFolder project) throws DeployException {
        JsonNode scripts = json(project).path("scripts");
        return project.hasLockFile() && LIFECYCLE_SCRIPTS.stream().noneMatch(scripts::has);
    }

    /**
     * Versions and platform of npm and Node.js and a digest of all that npm goes by, as they say: they know what the build's
     * tools and wrappers give them. Empty where they do not say.
     */
    private Optional<String> tools() throws IOException, InterruptedException {
        progress.log("npm and Node.js, with a digest of npm's configuration:");
        CommandOutcome outcome = workspace.run(Command.program("node", "-e", TOOLS));
        return outcome.lastLines().stream()
                .filter(line -> outcome.exitStatus() == 0 && line.startsWith("npm/"))
                .findFirst();
    }

    /** Which command installs this project; empty where none is needed. */
    static Optional<Command> command(InstallMode install, ProjectFolder project) throws DeployException {
        switch (install.mode()) {
            case NONE:
                return Optional.empty();
            case COMMAND:
                return Optional.of(Command.shell(install.command()));
            case CI:
                requirePackageJson(project, "ci");
                if (!project.hasLockFile()) {
                    throw new DeployException("install is 'ci', but " + project.location()
                            + " has no package-lock.json. Run 'npm install' in it and commit the lock file,"
                            + " or set install to 'auto'.");
                }
                return Optional.of(npm("ci"));
            case INSTALL:
                requirePackageJson(project, "install");
                return Optional.of(npm("install"));
            default:
                if (!needsInstall(project)) {
                    return Optional.empty();
                }
                return Optional.of(npm(project.hasLockFile() ? "ci" : "install"));
        }
    }

    private static Command npm(String verb) {
        return Command.program("npm", verb, "--omit=dev", "--no-audit", "--no-fund");
    }

    private static void requirePackageJson(ProjectFolder project, String mode) throws DeployException {
        if (!project.hasPackageJson()) {
            throw new DeployException("install is '" + mode + "', but " + project.location()
                    + " has no package.json. Check the project's folder (dir), or set install to 'none'.");
        }
    }

    private static boolean needsInstall(ProjectFolder project) throws DeployException {
        if (!project.hasPackageJson()) {
            return false;
        }
        JsonNode json = json(project);
        return DEPENDENCY_FIELDS.stream().anyMatch(field -> json.path(field).size() > 0)
                || LIFECYCLE_SCRIPTS.stream().anyMatch(script -> json.path("scripts").has(script));
    }

    private static JsonNode json(ProjectFolder project) throws DeployException {
        try {
            return new ObjectMapper().readTree(project.packageJson());
        } catch (JsonProcessingException e) {
            throw new DeployException(
                    project.location() + "/package.json is not valid JSON, line "
                            + e.getLocation().getLineNr() + ": " + e.getOriginalMessage() + ". Mend it and run again.",
                    e);
        }
    }

    private static boolean saysScriptsWereNotRun(String line) {
        return line.contains("allow-scripts") || line.contains("approve-scripts");
    }

    private static String failure(Command command, CommandOutcome outcome, ProjectFolder project) {
        String program = command.shell() ? "The command" : command.words().get(0);
        if (outcome.exitStatus() == CommandOutcome.NOT_FOUND) {
            return "'" + command.display() + "' could not be started in " + project.location() + ": " + program
                    + " was not found. Install Node.js with npm on this machine and put it on the PATH; in a Pipeline, wrap"
                    + " the step in nodejs('<installation>') { } or run it in an image that has Node.js."
                    + lastLines(outcome);
        }
        return "'" + command.display() + "' failed in " + project.location() + " with exit status "
                + outcome.exitStatus() + "." + lastLines(outcome) + advice(outcome, project);
    }

    private static String lastLines(CommandOutcome outcome) {
        List<String> lines = withoutUsage(outcome.lastLines());
        return lines.isEmpty()
                ? ""
                : "\nIts last lines:\n  | "
                        + String.join("\n  | ", lines.subList(Math.max(0, lines.size() - SHOWN_LINES), lines.size()));
    }

    /** Without the hundred lines about its options that npm prints after the reason of an EUSAGE. */
    private static List<String> withoutUsage(List<String> lines) {
        return lines.stream().noneMatch(line -> line.endsWith("code EUSAGE"))
                ? lines
                : lines.stream().takeWhile(line -> !line.endsWith(" Usage:")).toList();
    }

    private static String advice(CommandOutcome outcome, ProjectFolder project) {
        String text = String.join("\n", outcome.lastLines());
        if (text.contains("EUSAGE") && text.contains("in sync")) {
            return "\npackage.json and " + project.lockFile()
                    + " disagree: run 'npm install' in the project and commit both files.";
        }
        if (text.contains("E401") || text.contains("E403") || text.contains("ENEEDAUTH")) {
            return "\nThe npm registry refused access: give the build its npm token (an .npmrc from a credential, for"
                    + " instance), or check the registry that .npmrc names.";
        }
        if (text.contains("E404") || text.contains("ETARGET")) {
            return "\nA package or version is not in the registry: check its name in package.json and the registry that"
                    + " .npmrc names.";
        }
        if (text.contains("ENOSPC") || text.contains("EDQUOT")) {
            return "\nThe disk of this machine is full: make room in the workspace and in npm's cache (npm cache clean --force).";
        }
        if (text.contains("ENOTFOUND")
                || text.contains("ECONNREFUSED")
                || text.contains("ETIMEDOUT")
                || text.contains("EAI_AGAIN")) {
            return "\nThe npm registry can't be reached from this machine: check its network, proxy and .npmrc.";
        }
        return "\nRun the same command in a checkout of the project to see the whole of it.";
    }
}
