package io.jenkins.plugins.lambdanode.engine.project;

import io.jenkins.plugins.lambdanode.engine.base.DeployException;
import io.jenkins.plugins.lambdanode.engine.command.Command;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.stream.Stream;

/**
 * How a plan is carried out by the tool that is there: the command lines of npm, pnpm, Yarn and Bun.
 *
 * @param tool the plan's, in the version that is on the PATH
 * @param function what platform packages are needed for; empty where that is not known
 */
public record InstallCommands(InstallPlan plan, InstalledTool tool, Optional<Platform> function) {

    private static final int FIRST_NPM_WITH_OMIT = 7;
    private static final int FIRST_NPM_WITH_WORKSPACES = 7;

    /**
     * The commands, in order. None of them changes a lock file or package.json.
     *
     * @throws DeployException if this version of the tool can't install the project
     */
    public List<Command> all() throws DeployException {
        return words().stream()
                .map(words -> Command.program(words.toArray(String[]::new)).in(plan.folder()))
                .toList();
    }

    /** @throws DeployException if this version of the tool installs nothing for a member of a workspace, which the project is */
    public void requireWorkspaces(ProjectFolder project) throws DeployException {
        if (plan.manager() == PackageManager.NPM
                && tool.majorVersion() < FIRST_NPM_WITH_WORKSPACES
                && !plan.folder().equals(project.folder().path())) {
            throw new DeployException(
                    project.folder().path() + " is a member of the workspace of " + plan.folder() + ", and npm "
                            + tool.version()
                            + " knows no workspaces: it installs nothing for a member. Use npm 7 or later, which"
                            + " Node.js 16 and later bring ('npm install --global npm@8' with an older one).");
        }
    }

    /** Such as {@code npm ci}. */
    public String name() throws DeployException {
        return String.join(" ", words().get(0).subList(0, 2));
    }

    /** What an install that is still there has to have been made with to be the same. */
    public InstallRun run() throws DeployException {
        Optional<InstallCommands> other = withDevelopment();
        return new InstallRun(
                plan.folder(), madeWith(), other.isPresent() ? other.get().madeWith() : "");
    }

    private String madeWith() throws DeployException {
        return last().display() + "\n" + tool.fingerprint();
    }

    /** The same for any minor version of Node.js: install scripts and add-ons go by the major one. */
    public String pinnedWith() throws DeployException {
        return last().display() + "\n" + tool.fingerprintOfMajor();
    }

    private Command last() throws DeployException {
        List<Command> commands = all();
        return commands.get(commands.size() - 1);
    }

    /**
     * The same with development dependencies. What it installs serves this one too, since packaging leaves them out. Empty where
     * this one installs them itself, or asks for a platform that the other does not.
     */
    public Optional<InstallCommands> withDevelopment() {
        InstallCommands all = new InstallCommands(plan.withDevelopment(), tool, function);
        return plan.needed().development() || !all.platformOptions().containsAll(platformOptions())
                ? Optional.empty()
                : Optional.of(all);
    }

    /**
     * The options that ask for the function's platform; none where this machine's is the same, or the tool knows none. A build needs
     * this machine's packages as well: npm installs for one platform only, so it is not asked then.
     */
    public List<String> platformOptions() {
        if (function.isEmpty() || function.get().fits(tool.platform())) {
            return List.of();
        }
        Platform asked = function.get();
        boolean alsoHere = plan.needed().development();
        switch (plan.manager()) {
            case NPM:
                return alsoHere || !tool.isAtLeast(10, 1, 0) ? List.of() : options(asked);
            case PNPM:
                return !tool.isAtLeast(10, 14, 0)
                        ? List.of()
                        : join(
                                alsoHere ? options(new Platform("current", "current", "current")) : List.of(),
                                options(asked));
            case BUN:
                // It installs for glibc and musl.
                Platform anyLibc = new Platform(asked.os(), asked.cpu(), "");
                return !tool.isAtLeast(1, 2, 23)
                        ? List.of()
                        : join(alsoHere ? options(tool.platform()) : List.of(), options(anyLibc));
            default:
                // Yarn 2 and later takes supportedArchitectures from .yarnrc.yml only, Yarn 1 has no such setting.
                return List.of();
        }
    }

    private static List<String> options(Platform platform) {
        List<String> options = new ArrayList<>(List.of("--os=" + platform.os(), "--cpu=" + platform.cpu()));
        if (!platform.libc().isEmpty()) {
            options.add("--libc=" + platform.libc());
        }
        return options;
    }

    private static List<String> join(List<String> some, List<String> more) {
        return Stream.concat(some.stream(), more.stream()).distinct().toList();
    }

    private List<List<String>> words() throws DeployException {
        switch (plan.manager()) {
            case PNPM:
                if (!tool.nodeLinker().isEmpty() && plan.needed() != InstallSetting.Needed.BUILD) {
                    throw new DeployException(
                            "pnpm's setting '" + tool.nodeLinker()
                                    + "' is in force in " + plan.folder()
                                    + ", with which Node.js finds no package in node_modules."
                                    + " Remove it from pnpm-workspace.yaml or .npmrc, or bundle the code and set dependencies to 'none'.");
                }
                // pnpm asks before it removes what another tool has installed, and there is nobody to answer.
                List<String> pnpm = new ArrayList<>(List.of(
                        "pnpm",
                        "install",
                        plan.frozen() ? "--frozen-lockfile" : "--no-lockfile",
                        plan.needed().development() ? "--prod=false" : "--prod",
                        "--config.confirm-modules-purge=false"));
                if (plan.insideAnother()) {
                    // pnpm would install the members of the workspace that is around it, and not the project.
                    pnpm.add("--ignore-workspace");
                }
                return List.of(join(pnpm, platformOptions()));
            case BUN:
                List<String> bun =
                        new ArrayList<>(List.of("bun", "install", plan.frozen() ? "--frozen-lockfile" : "--no-save"));
                if (!plan.needed().development()) {
                    bun.add("--production");
                }
                return List.of(join(bun, platformOptions()));
            case YARN:
                return yarn();
            default:
                return List.of(npm());
        }
    }

    private List<String> npm() {
        List<String> words = new ArrayList<>(List.of("npm", plan.frozen() ? "ci" : "install"));
        words.addAll(platformOptions());
        if (tool.majorVersion() < FIRST_NPM_WITH_OMIT) {
            words.add(plan.needed().development() ? "--also=development" : "--only=production");
        } else {
            words.add(plan.needed().development() ? "--include=dev" : "--omit=dev");
        }
        if (!plan.frozen()) {
            words.add(plan.lockFile().isEmpty() ? "--no-package-lock" : "--no-save");
        }
        if (plan.copiesFolders()) {
            words.add("--install-links");
        }
        words.addAll(List.of("--no-audit", "--no-fund"));
        return words;
    }

    private List<List<String>> yarn() throws DeployException {
        boolean classic = tool.majorVersion() < 2;
        if (!plan.lockFile().isEmpty() && classic != plan.yarnClassic()) {
            throw new DeployException(Path.of(plan.folder()).resolve(plan.lockFile()) + " is of Yarn "
                    + (plan.yarnClassic() ? "1" : "2 or later")
                    + ", and the yarn on the PATH is " + tool.version() + " (" + tool.path() + "). Name the version in"
                    + " package.json, such as \"packageManager\": \"yarn@" + (plan.yarnClassic() ? "1.22.22" : "4.9.2")
                    + "\", and add the line 'corepack enable' before the deployment.");
        }
        if (classic) {
            // Yarn 1 takes its own note of an earlier install for proof, also where files are gone or a folder that it
            // copied has changed. Told not to, it does not compare the lock file with package.json either.
            List<String> install = List.of(
                    "yarn",
                    "install",
                    plan.frozen() ? "--frozen-lockfile" : "--no-lockfile",
                    plan.needed().development() ? "--production=false" : "--production",
                    "--non-interactive");
            List<String> complete = Stream.concat(install.stream(), Stream.of("--skip-integrity-check"))
                    .toList();
            return plan.frozen() ? List.of(install, complete) : List.of(complete);
        }
        if (plan.lockFile().isEmpty()) {
            throw new DeployException(plan.folder() + " has no yarn.lock, without which Yarn " + tool.version()
                    + " installs nothing. Run 'yarn install' and commit yarn.lock.");
        }
        if (tool.nodeLinker().equals("pnp") && plan.needed() != InstallSetting.Needed.BUILD) {
            throw new DeployException(
                    "The project uses Yarn's Plug'n'Play, which has no node_modules, and Lambda's Node.js finds"
                            + " no package without. Add the line 'nodeLinker: node-modules' to "
                            + Path.of(plan.folder()).resolve(".yarnrc.yml")
                            + ", or bundle the code and set dependencies to 'none'.");
        }
        if (plan.needed().development()) {
            return List.of(List.of("yarn", "install", "--immutable"));
        }
        // The second leaves devDependencies out. It would go on with a lock file that is out of date; the first fails.
        return List.of(
                List.of("yarn", "install", "--immutable", "--mode=skip-build"),
                List.of("yarn", "workspaces", "focus", "--all", "--production"));
    }
}
