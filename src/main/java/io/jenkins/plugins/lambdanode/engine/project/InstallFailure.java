package io.jenkins.plugins.lambdanode.engine.project;

import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import io.jenkins.plugins.lambdanode.engine.base.DeployException;
import io.jenkins.plugins.lambdanode.engine.command.Command;
import io.jenkins.plugins.lambdanode.engine.command.CommandOutcome;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/** Says in plain words why an install failed, and what to do: package managers print it in the words of all their versions. */
public final class InstallFailure {

    /** How many of a failed command's lines its error has for those who do not see the log. */
    private static final int SHOWN_LINES = 6;

    /** The lines in which a shell, npm (6; 7 to 9; 10 and later), pnpm, Yarn 1, Yarn 2 and later, and Bun give the reason. */
    private static final Pattern REASON = Pattern.compile(
            "^(?:npm (?:ERR!|error)|sh:|\\s*ERR_PNPM_\\S+|error:?|Usage Error:|\\S+ YN(?!0000)\\d{4}:(?! [^A-Za-z]*(?:Completed|Done))) ?(.*)");

    /** What is of no use: where npm's own log is, and the hundred lines about its options. */
    private static final Pattern NOISE = Pattern.compile(
            "A complete log of this run.*|.*-debug(-\\d+)?\\.log|errno .*|Log files were not written.*|You can rerun.*|\\s*"
                    + "|Your cache folder contains.*|To permanently fix this.*| *sudo chown.*|Clean install a project");

    private static final Pattern USAGE = Pattern.compile(".* Usage:");

    /** npm 7 and later: {@code command sh -c husky}, npm 8 with {@code --}; npm 6: {@code a@1.0.0 postinstall: `patch-package`}. */
    private static final Pattern SCRIPT_LINE =
            Pattern.compile("(?m)^npm (?:ERR!|error) (?:command \\S+ (?:-c|/d /s /c) (?:-- )?(.+)|\\S+ \\w+: `(.+)`)$");

    private static final Pattern SCRIPT_PATH = Pattern.compile("(?m)^npm (?:ERR!|error) path (.+)$");

    /** A sign in the output, and what to do. */
    private record Advice(Pattern sign, String text) {

        static Advice on(String sign, String text) {
            return new Advice(Pattern.compile(sign), text);
        }
    }

    private static final String DISAGREE =
            "package.json and {lockFile} disagree: run '{program} install' in the project and commit both files.";

    /** A script that fails of it fails with a reason that is not its own. */
    private static final Advice DISK_FULL = Advice.on(
            "ENOSPC|EDQUOT",
            "The disk of this machine is full: free space in the workspace and in npm's cache (npm cache clean --force).");

    /** The first whose sign is there is given. */
    private static final List<Advice> ADVICE = List.of(
            DISK_FULL,
            Advice.on(
                    "(?s)EUSAGE.*in sync|cipm can only install|ERR_PNPM_OUTDATED_LOCKFILE|needs to be updated, but yarn|YN0028"
                            + "|lockfile had changes, but lockfile is frozen",
                    DISAGREE),
            Advice.on(
                    "lockfileVersion >= 1|npm ERR! Cannot read property",
                    "This npm ({version}) cannot read {lockFile}. Where a merge has left its marks in it (<<<<<<<), run 'npm install' and"
                            + " commit it. npm 6 reads no newer form: use npm 7 or later, which Node.js 16 and later bring."),
            Advice.on(
                    "EUNSUPPORTEDPROTOCOL.*|Unsupported URL Type \"(?:workspace|catalog|portal|patch):\"|workspace:\\S",
                    "workspace:, catalog:, portal: and patch: are of pnpm and Yarn: commit their lock file (pnpm-lock.yaml, yarn.lock), which says which of them"
                            + " installs the project. In a Rush repository run 'rush install' before the deployment, and set install to 'none'."),
            Advice.on(
                    "spawn git ENOENT|ENOGIT",
                    "A dependency comes from git, which is not on this machine: install it, or use an image that has it."),
            Advice.on(
                    "unknown git error|Permission denied \\(publickey|Could not read from remote repository|Host key verification failed"
                            + "|could not read Username",
                    "A dependency comes from a git repository that the build can't read: give it the SSH key or the token (sshagent, or"
                            + " gitUsernamePassword in withCredentials), and let it know the host."),
            Advice.on(
                    "EALLOWGIT",
                    "Dependencies from git are refused by npm 12: add 'allow-git=root' to the project's .npmrc where you trust them."),
            Advice.on(
                    "EALLOWREMOTE",
                    "Dependencies from URLs are refused by npm 12: add 'allow-remote=root' to the project's .npmrc where you trust them."),
            Advice.on(
                    "EBADPLATFORM|ERR_PNPM_UNSUPPORTED_PLATFORM|The (?:platform|CPU architecture) \"",
                    "A package in dependencies is for another platform, which this machine can't install: move it to optionalDependencies in"
                            + " package.json, run '{program} install' and commit both files. What a package brings for each platform needs"
                            + " no entry of its own."),
            Advice.on(
                    "configured to use (?:npm|pnpm|yarn|bun)|defines \"packageManager\"",
                    "package.json names another tool (packageManager) than the one whose lock file there is: commit the other's lock file"
                            + " and remove {lockFile}, or correct packageManager."),
            Advice.on(
                    "EBADENGINE|EBADDEVENGINES|ERR_PNPM_UNSUPPORTED_ENGINE|The engine \"",
                    "package.json asks for another Node.js or another tool than the build has: choose it, as tools { nodejs"
                            + " '<installation>' } in a Pipeline."),
            Advice.on(
                    "E401|E403|ENEEDAUTH|ERR_PNPM_FETCH_40[13]|YN0041|Response Code: 40[13]|Request failed \"40[13]|GET \\S+ - 40[13]",
                    "The npm registry refused access: give the build its npm token (an .npmrc from a credential, for"
                            + " instance), or check the registry that .npmrc names."),
            Advice.on(
                    "E404|ERR_PNPM_FETCH_404|YN0035|Request failed \"404|GET \\S+ - 404|Couldn't find package \"",
                    "The package is not in the registry, or it is private and the build has no npm token for it: registries answer"
                            + " 404 then too. Check its name in package.json and the registry that .npmrc names, and give the build"
                            + " its token (an .npmrc from a credential, for instance)."),
            Advice.on(
                    "ETARGET|ERR_PNPM_NO_MATCHING_VERSION|YN0082",
                    "The version is not in the registry: check it in package.json, and the registry that .npmrc names."),
            Advice.on(
                    "EINTEGRITY|ERR_PNPM_TARBALL_INTEGRITY|Integrity check failed|IntegrityCheckFailed|YN0018",
                    "What the registry sent is not what {lockFile} vouches for. If somebody has published the version again, or the lock"
                            + " file was merged by hand, remove the package's entry from it, run '{program} install' and commit it; otherwise"
                            + " empty the cache of {program} on this machine."),
            Advice.on(
                    "ERESOLVE|ERR_PNPM_PEER_DEP_ISSUES",
                    "Packages ask for peer dependencies that do not go together: choose versions that do. Where it works all the same, commit"
                            + " what lets it pass in .npmrc: legacy-peer-deps=true for npm, strict-peer-dependencies=false for pnpm."),
            Advice.on(
                    "(?:EACCES|EPERM)[^\n]*node_modules",
                    "The user of the build may not write to node_modules, which belongs to another user, or its folder does. Let a container"
                            + " run as the agent's user (in Docker Pipeline without '-u'), and remove what one that ran as root has left."),
            Advice.on(
                    "(?s)(?:EACCES|EPERM|EROFS).*\\.npm|root-owned files|Log files were not written due to an error writing",
                    "The user of the build has no home folder of its own, so npm cannot write its cache. Set HOME or npm_config_cache"
                            + " to a folder that it may write, such as withEnv([\"npm_config_cache=${WORKSPACE_TMP}/npm\"])"
                            + " in a Pipeline."),
            Advice.on(
                    "SELF_SIGNED_CERT|UNABLE_TO_(?:GET_ISSUER|VERIFY)|CERT_HAS_EXPIRED",
                    "Node.js does not trust the certificate of the registry or the proxy: name the file with its issuer in"
                            + " NODE_EXTRA_CA_CERTS, or as cafile in .npmrc."),
            Advice.on(
                    "(?s)gyp ERR!.*(?:ENOTFOUND|ECONNREFUSED|ETIMEDOUT|EAI_AGAIN|ECONNRESET|getaddrinfo|undefined response|status code 40)",
                    "A package's native code has to be compiled, and node-gyp can't download the headers of Node.js: set"
                            + " npm_config_nodedir to the folder of a Node.js that has them (include/node), or npm_config_disturl to a mirror."),
            Advice.on(
                    "ENOTFOUND|ECONNREFUSED|ETIMEDOUT|EAI_AGAIN|ECONNRESET",
                    "The npm registry can't be reached from this machine: check its network, proxy and .npmrc."),
            Advice.on(
                    "gyp ERR!",
                    "A package's native code could not be compiled: the machine needs Python, make and a C++ compiler."),
            Advice.on(
                    "ERR_PNPM_IGNORED_BUILDS",
                    "Approve the packages you trust with 'pnpm approve-builds' and commit the file."),
            Advice.on(
                    "(?s)Usage Error.*focus|While running workspaces focus|Couldn't find a script named \"focus\"|Command \"workspaces focus\"",
                    "Yarn 2 and 3 need a plugin to leave devDependencies out: run 'yarn plugin import workspace-tools' and commit"
                            + " what it adds."));

    private InstallFailure() {}

    /**
     * The message for a command of the user's own.
     *
     * @param location the project's folder
     */
    public static DeployException of(Command command, CommandOutcome outcome, String location) {
        List<String> lines = CommandLines.withoutColours(outcome);
        return new DeployException(
                "'" + command.display() + "' failed in " + location + " with exit status " + outcome.exitStatus() + "."
                        + (outcome.exitStatus() == CommandOutcome.NOT_FOUND
                                        && outcome.cause().isEmpty()
                                ? " A program that it names was not found."
                                : "")
                        + outcome.cause()
                                .or(() -> advice(lines, "npm", "", "package-lock.json"))
                                .map(text -> "\n" + text)
                                .orElse(""),
                shown(lines));
    }

    /** The message for a package manager, which had been found. */
    public static DeployException of(
            Command command, CommandOutcome outcome, ProjectFolder project, InstallPlan plan, InstalledTool tool) {
        List<String> lines = CommandLines.withoutColours(outcome);
        String output = String.join("\n", lines);
        Optional<String> advice = outcome.cause()
                .or(() -> DISK_FULL.sign().matcher(output).find()
                        ? Optional.<String>empty()
                        : script(command, output, project, plan.needed().development()))
                .or(() -> advice(
                        lines,
                        tool.manager().program(),
                        tool.version(),
                        plan.lockFile().isEmpty() ? "the lock file" : plan.lockFile()));
        return new DeployException(
                "'" + command.display() + "' failed in " + plan.folder() + " with exit status " + outcome.exitStatus()
                        + ".\n"
                        + advice.orElse(
                                "The log above has all that " + tool.manager().title() + " says."),
                shown(lines));
    }

    /** What to do about what a tool printed. */
    static Optional<String> advice(List<String> lines, String program, String version, String lockFile) {
        String text = String.join("\n", lines);
        return ADVICE.stream()
                .filter(advice -> advice.sign().matcher(text).find())
                .findFirst()
                .map(advice -> advice.text()
                        .replace("{lockFile}", lockFile)
                        .replace("{program}", program)
                        .replace("{version}", version));
    }

    /** The decisive lines: those in which the tool gives its reason, or else the last ones. */
    private static String shown(List<String> lines) {
        List<String> reasons = new ArrayList<>();
        for (String line : lines) {
            if (USAGE.matcher(line).matches()) {
                break;
            }
            Matcher reason = REASON.matcher(line);
            if (reason.matches() && !NOISE.matcher(reason.group(1)).matches()) {
                reasons.add(line);
            }
        }
        List<String> last = lines.stream().filter(line -> !line.isBlank()).toList();
        List<String> shown = !reasons.isEmpty()
                ? reasons.subList(0, Math.min(SHOWN_LINES, reasons.size()))
                : last.subList(Math.max(0, last.size() - SHOWN_LINES), last.size());
        return CommandLines.shown(shown);
    }

    /** A script that npm ran has failed: the project's own, or a package's. */
    private static Optional<String> script(
            Command command, String output, ProjectFolder project, boolean withDevelopment) {
        Matcher line = SCRIPT_LINE.matcher(output);
        if (!line.find()) {
            return Optional.empty();
        }
        String script = line.group(1) != null ? line.group(1) : line.group(2);
        Matcher path = SCRIPT_PATH.matcher(output);
        String folder = path.find() ? path.group(1).strip() : "";
        boolean missing = output.contains("not found")
                || output.contains("is not recognized")
                || output.contains("MODULE_NOT_FOUND")
                || output.contains("ENOENT");
        int modules = folder.replace('\\', '/').lastIndexOf("node_modules/");
        if (modules >= 0) {
            return output.contains("gyp ERR!")
                    ? Optional.empty()
                    : Optional.of("The install script of the package "
                            + folder.substring(modules + "node_modules/".length()) + " ("
                            + script + ") failed"
                            + (missing ? ", since a program or file that it needs is missing." : ".")
                            + " What it says is in the log above.");
        }
        boolean isOwn = folder.isEmpty() || folder.equals(project.folder().path());
        JsonNode json = json(project);
        String program = script.strip().replaceFirst("\\s.*", "");
        boolean development = !withDevelopment && json.path("devDependencies").has(program);
        return Optional.of("The script "
                + (isOwn
                        ? name(json, script).map(name -> "'" + name + "' ").orElse("") + "of package.json"
                        : "of " + Path.of(folder, "package.json"))
                + " (" + script + ") failed"
                + (missing ? ", since a program or file that it needs is missing" : "") + "."
                + (development || missing && !withDevelopment
                        ? (development
                                        ? " " + program + " is in devDependencies, which are not"
                                        : " devDependencies are not")
                                + " installed for production: let the script pass without it, set a build, with which they are, or set"
                                + " install to '" + command.display() + " --ignore-scripts'."
                        : " What it says is in the log above."));
    }

    private static Optional<String> name(JsonNode packageJson, String script) {
        for (Map.Entry<String, JsonNode> entry : packageJson.path("scripts").properties()) {
            if (entry.getValue().asText().strip().equals(script.strip())) {
                return Optional.of(entry.getKey());
            }
        }
        return Optional.empty();
    }

    private static JsonNode json(ProjectFolder project) {
        try {
            return new ObjectMapper().readTree(project.folder().packageJson());
        } catch (JsonProcessingException e) {
            return new ObjectMapper().createObjectNode();
        }
    }
}
