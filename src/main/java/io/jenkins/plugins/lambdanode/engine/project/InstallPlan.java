package io.jenkins.plugins.lambdanode.engine.project;

import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import io.jenkins.plugins.lambdanode.engine.base.DeployException;
import io.jenkins.plugins.lambdanode.engine.base.Json;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.stream.Collectors;

/**
 * Which tool installs a project's dependencies, where, and from which lock file.
 *
 * @param manager the tool
 * @param folder the absolute path of the folder to run it in: the project's, or the root of its workspace
 * @param lockFile the name of the lock file there that counts; empty for none
 * @param yarnClassic whether that lock file is Yarn 1's
 * @param frozen whether exactly what the lock file says is installed
 * @param insideAnother whether it is in the folder of a pnpm workspace that it is no member of
 * @param copiesFolders whether the lock file was made with {@code --install-links}, without which it would not be in sync
 * @param needed which dependencies are installed, whatever the environment and .npmrc say
 * @param once whether the install can be left out where an earlier one is still there, untouched
 * @param reason why it is run, where it is run each time
 * @param warnings what the user should know about it
 */
public record InstallPlan(
        PackageManager manager,
        String folder,
        String lockFile,
        boolean yarnClassic,
        boolean frozen,
        boolean insideAnother,
        boolean copiesFolders,
        InstallSetting.Needed needed,
        boolean once,
        String reason,
        List<String> warnings) {

    /** Fields of package.json that give an install something to do for production. */
    private static final List<String> DEPENDENCY_FIELDS =
            List.of("dependencies", "optionalDependencies", "peerDependencies", "workspaces");

    public InstallPlan {
        warnings = List.copyOf(warnings);
    }

    /**
     * The plan for a project; empty where there is nothing to install.
     *
     * @param install anything but a command line of the user's own
     * @throws DeployException if the project is not one that can be installed this way; the message says what to do
     */
    public static Optional<InstallPlan> of(InstallSetting install, ProjectFolder project) throws DeployException {
        boolean auto = install.mode() == InstallMode.AUTO;
        if (install.installsNothing() || auto && !project.hasPackageJson()) {
            return Optional.empty();
        }
        if (!project.hasPackageJson()) {
            throw new DeployException("install is '" + name(install) + "', but " + project.location()
                    + " has no package.json. Check the project's folder (dir), or set install to 'none'.");
        }
        JsonNode json = json(project.folder());
        if (auto && !needsInstall(project, json, install.needed())) {
            return Optional.empty();
        }
        ProjectFolder.Folder root = root(project);
        Lock lock = (auto ? Lock.of(root, json) : Lock.ofNpm(root)).warnOfOwn(project.folder(), root);
        if (install.mode() == InstallMode.CI && lock.file().isEmpty()) {
            throw new DeployException("install is 'ci', but " + root.path() + " has no package-lock.json."
                    + (root.lockFiles().isEmpty()
                            ? " Run 'npm install' in it and commit the lock file, or set install to 'auto'."
                            : " Its lock file is " + root.lockFiles().get(0) + ": set install to 'auto'."));
        }
        return Optional.of(new InstallPlan(
                lock.manager(),
                root.path(),
                lock.file(),
                root.hasYarnClassicLock(),
                install.mode() != InstallMode.INSTALL && !lock.file().isEmpty(),
                root.equals(project.folder()) && isInsideWorkspace(project),
                root.copiesFolders(),
                install.needed(),
                auto && !lock.file().isEmpty() && lock.manager() != PackageManager.BUN,
                auto ? reason(lock) : "install is '" + name(install) + "'",
                lock.warnings()));
    }

    private static boolean isInsideWorkspace(ProjectFolder project) {
        return project.folder().pnpmWorkspace().isEmpty()
                && project.above().stream()
                        .anyMatch(folder -> !folder.pnpmWorkspace().isEmpty());
    }

    private static String name(InstallSetting install) {
        return install.mode().name().toLowerCase(Locale.ROOT);
    }

    private static String reason(Lock lock) {
        return lock.file().isEmpty()
                ? "there is no lock file. Commit one, so that each build installs the same versions"
                : "the lock file is " + lock.file();
    }

    /** The absolute path of the folder that a project's dependencies are installed in: its own, or the root of its workspace. */
    public static String rootOf(ProjectFolder project) {
        return root(project).path();
    }

    /**
     * The absolute path of the lock file that a project's dependencies come from, whoever installs them; empty where there is none. pnpm can be
     * told to keep one for each member of a workspace.
     */
    public static String lockFileOf(ProjectFolder project) throws DeployException {
        ProjectFolder.Folder root = root(project);
        ProjectFolder.Folder folder = root.lockFiles().isEmpty() ? project.folder() : root;
        return switch (folder.lockFiles().size()) {
            case 0 -> "";
            case 1 -> folder.path() + "/" + folder.lockFiles().get(0);
            default ->
                folder.path() + "/" + Lock.of(folder, json(project.folder())).file();
        };
    }

    /** The project's own folder, or the root of the workspace that it is a member of. */
    private static ProjectFolder.Folder root(ProjectFolder project) {
        Path folder = Path.of(project.folder().path());
        for (ProjectFolder.Folder above : project.above()) {
            List<String> patterns = new ArrayList<>(WorkspaceMembers.inPnpmWorkspace(above.pnpmWorkspace()));
            patterns.addAll(WorkspaceMembers.inPackageJson(
                    Json.object(above.packageJson()).orElse(Map.of())));
            if (WorkspaceMembers.includes(patterns, Path.of(above.path()), folder)) {
                return above;
            }
        }
        return project.folder();
    }

    private static boolean needsInstall(ProjectFolder project, JsonNode json, InstallSetting.Needed needed) {
        return needed.development() && json.path("devDependencies").size() > 0
                || DEPENDENCY_FIELDS.stream().anyMatch(field -> json.path(field).size() > 0)
                || hasLifecycleScripts(json)
                || project.hasBindingGyp();
    }

    private static boolean hasLifecycleScripts(JsonNode json) {
        return LocalPackages.LIFECYCLE_SCRIPTS.stream()
                .anyMatch(script -> json.path("scripts").has(script));
    }

    private static JsonNode json(ProjectFolder.Folder folder) throws DeployException {
        try {
            return new ObjectMapper().readTree(folder.packageJson());
        } catch (JsonProcessingException e) {
            throw new DeployException(
                    folder.path() + "/package.json is not valid JSON, line "
                            + e.getLocation().getLineNr() + ": " + e.getOriginalMessage() + ". Fix it and run again.",
                    e);
        }
    }

    /** The lock file that counts, and whose it is. */
    private record Lock(PackageManager manager, String file, List<String> warnings) {

        static Lock ofNpm(ProjectFolder.Folder root) {
            return new Lock(PackageManager.NPM, first(root, PackageManager.NPM), List.of());
        }

        /** The tool that package.json names counts where it has a lock file, or where none has one. */
        static Lock of(ProjectFolder.Folder root, JsonNode project) throws DeployException {
            JsonNode rootJson = root.packageJson().isEmpty() ? project : json(root);
            Optional<PackageManager> named = named(rootJson).or(() -> named(project));
            Set<PackageManager> present = root.lockFiles().stream()
                    .map(PackageManager::ofLockFile)
                    .collect(Collectors.toCollection(LinkedHashSet::new));
            PackageManager manager = named.filter(name -> present.isEmpty() || present.contains(name))
                    .or(() -> ofDevEngines(rootJson).filter(present::contains))
                    .or(() -> present.stream().findFirst())
                    .orElse(PackageManager.NPM);
            String file = first(root, manager);
            List<String> warnings = new ArrayList<>();
            List<String> others = root.lockFiles().stream()
                    .filter(name -> PackageManager.ofLockFile(name) != manager)
                    .toList();
            if (!others.isEmpty()) {
                warnings.add(
                        "The project has lock files of several tools: " + file + " counts, " + String.join(", ", others)
                                + (others.size() == 1 ? " does not" : " do not")
                                + ". Remove what is out of use, or name the tool in package.json, such as \"packageManager\": \""
                                + PackageManager.ofLockFile(others.get(0)).program() + "@<version>\".");
            }
            if (named.isPresent() && named.get() != manager) {
                warnings.add("package.json names " + named.get().title()
                        + " (packageManager), and the only lock file is "
                        + file + ": " + manager.title() + " installs. Commit "
                        + named.get().title()
                        + "'s lock file, or correct packageManager.");
            }
            return new Lock(manager, file, warnings);
        }

        /** pnpm alone can be told to keep one for each member (sharedWorkspaceLockfile). */
        Lock warnOfOwn(ProjectFolder.Folder project, ProjectFolder.Folder root) {
            List<String> own = project.equals(root) || file.isEmpty()
                    ? List.of()
                    : project.lockFiles().stream()
                            .filter(name -> !name.equals("pnpm-lock.yaml") || manager != PackageManager.PNPM)
                            .toList();
            if (own.isEmpty()) {
                return this;
            }
            List<String> more = new ArrayList<>(warnings);
            more.add("The project has " + String.join(", ", own) + " of its own, and is a member of the workspace of "
                    + root.path() + ", whose " + file + " counts. Remove the project's"
                    + (own.size() == 1 ? "" : " lock files") + ", or take it out of the workspace.");
            return new Lock(manager, file, more);
        }

        private static String first(ProjectFolder.Folder root, PackageManager manager) {
            return root.lockFiles().stream()
                    .filter(name -> PackageManager.ofLockFile(name) == manager)
                    .findFirst()
                    .orElse("");
        }

        /** {@code packageManager} is a name, {@code @} and a version (Node.js documentation, "Corepack"). */
        private static Optional<PackageManager> named(JsonNode json) {
            return PackageManager.ofProgram(json.path("packageManager").asText().replaceFirst("@.*", ""));
        }

        /** {@code devEngines} has one tool or several (npm documentation, "package.json"), which npm then refuses to stand in for. */
        private static Optional<PackageManager> ofDevEngines(JsonNode json) {
            JsonNode engines = json.path("devEngines").path("packageManager");
            return PackageManager.ofProgram(
                    (engines.isArray() ? engines.path(0) : engines).path("name").asText());
        }
    }

    /** Whether the install begins with removing node_modules. */
    public boolean removesModules() {
        return manager == PackageManager.NPM && frozen;
    }

    /** The same with development dependencies. */
    InstallPlan withDevelopment() {
        return new InstallPlan(
                manager,
                folder,
                lockFile,
                yarnClassic,
                frozen,
                insideAnother,
                copiesFolders,
                InstallSetting.Needed.ALL,
                once,
                reason,
                warnings);
    }
}
