package io.jenkins.plugins.lambdanode.engine.project;

import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import io.jenkins.plugins.lambdanode.engine.command.Command;
import io.jenkins.plugins.lambdanode.engine.command.CommandOutcome;
import java.util.Arrays;
import java.util.Optional;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/**
 * A package manager with the Node.js that runs it, as a command in the workspace finds them on its PATH. They know best what the
 * build's tools and wrappers give them.
 *
 * @param manager the tool
 * @param nodeVersion such as {@code v22.23.3}
 * @param version the tool's version, such as {@code 10.9.2}; empty where it was not found or does not run
 * @param path where it was found; empty where it was not
 * @param searched the PATH
 * @param nodeLinker how Yarn 2 and later lays out packages; for pnpm the setting that hides them from Node.js; otherwise empty
 * @param platform what it installs for unless it is asked otherwise: this machine
 * @param settings a digest of all that it goes by, of no use to a reader
 * @param unwritableCache npm's cache folder where its user may not write to it; otherwise empty
 * @param failure what the tool said where it does not run; otherwise empty
 */
public record InstalledTool(
        PackageManager manager,
        String nodeVersion,
        String version,
        String path,
        String searched,
        String nodeLinker,
        Platform platform,
        String settings,
        String unwritableCache,
        String failure) {

    /** npm 6 and pnpm refuse an .npmrc with a variable that is not set, Yarn 2 and later a .yarnrc.yml. */
    private static final Pattern UNSET_VARIABLE =
            Pattern.compile("(?:Failed to replace env in config: \\$\\{|Environment variable not found \\()([^})]*)");

    private static final String MARK = "lambda-node-deploy: ";

    /**
     * npm lists its settings as they are in force, whichever .npmrc, variable or default each comes from, and leaves tokens and
     * passwords out. The digest of them is the same in each folder, of each user, with each minor version of Node.js. Without double quotes and without what a shell of Windows takes for its own.
     */
    private static final String PROBE = "const name = process.argv[1], fs = require('fs'), path = require('path');"
            + " const options = {stdio: ['ignore', 'pipe', 'pipe']}, out = {node: process.version, searched: process.env.PATH};"
            + " function run(line) { return ('' + require('child_process').execSync(line, options)).trim(); }"
            + " function isProgram(file) { try { fs.accessSync(file, fs.constants.X_OK); return fs.statSync(file).isFile(); }"
            + " catch (e) { return false; } }"
            + " function isWritable(file) { if (fs.existsSync(file)) try { fs.accessSync(file, fs.constants.W_OK); return fs.statSync(file).isDirectory(); }"
            + " catch (e) { return false; } return isWritable(path.dirname(file)); }"
            + " const ends = process.platform === 'win32' ? ['.cmd', '.exe'] : [''];"
            + " for (const dir of ('' + process.env.PATH).split(path.delimiter)) for (const end of ends)"
            + " if (!out.path) if (isProgram(path.join(dir, name + end))) out.path = path.join(dir, name + end);"
            + " function begins(name, parts) { return parts.some(function (part) { return name.startsWith(part); }); }"
            + " function digest(text, takes) { const hash = require('crypto').createHash('sha256').update(text);"
            + " for (const name of Object.keys(process.env).sort()) if (takes(name.toUpperCase()))"
            + " hash.update(name + '=' + process.env[name] + '\\n'); return hash.digest('hex'); }"
            + " if (out.path) try { let text; if (name === 'npm') {"
            + " text = run('npm config list --json'); const json = JSON.parse(text), own = json['npm-version'];"
            + " out.version = own ? own : json['user-agent'].match(/npm.([0-9][^ ]*)/)[1];"
            + " if (!isWritable(json.cache)) out.unwritableCache = json.cache;"
            + " } else { out.version = run(name + ' --version').split('\\n').pop();"
            + " const modern = name === 'yarn' ? parseInt(out.version) !== 1 : false;"
            + " text = run(modern ? 'yarn config --json' : name + ' config list --json');"
            + " if (modern) for (const line of text.split('\\n')) { const setting = JSON.parse(line);"
            + " if (setting.key === 'nodeLinker') out.nodeLinker = setting.effective; } }"
            + " if (name === 'pnpm') try { const all = JSON.parse(text);"
            + " for (const key of ['modules-dir', 'modulesDir']) if (all[key]) if (all[key] !== 'node_modules')"
            + " out.nodeLinker = 'modulesDir: ' + all[key]; if (all.symlink === false) out.nodeLinker = 'symlink: false';"
            + " } catch (e) { out.nodeLinker = ''; }"
            + " const report = process.report ? process.report.getReport() : {}, header = report.header ? report.header : {};"
            + " const libc = process.platform !== 'linux' ? '' : header.glibcVersionRuntime ? 'glibc' : 'musl';"
            + " out.platform = [process.platform, process.arch, libc].join(' ');"
            + " for (const pair of [[process.version, process.version.split('.')[0]], [process.cwd(), '.'], [require('os').homedir(), '~']])"
            + " text = text.split(pair[0]).join(pair[1]);"
            + " out.settings = digest(text, function (name) {"
            + " return begins(name, ['NPM_CONFIG_', 'PNPM_', 'YARN_']) ? true : ['NODE_ENV', 'NODE_OPTIONS'].includes(name); });"
            + " } catch (e) { const said = ('' + e.stderr + e.stdout).trim(),"
            + " at = said.indexOf('Failed to replace env'); out.failure = at < 0 ? said.slice(-1000) : said.slice(at, at + 200); }"
            + " console.log('" + MARK + "' + JSON.stringify(out))";

    /** Bun does not list its settings: these are the files and variables that it has them from. */
    private static final String BUN_PROBE = "const fs = require('fs'), os = require('os'), path = require('path');"
            + " const home = os.homedir(), hash = new Bun.CryptoHasher('sha256');"
            + " for (const file of ['bunfig.toml', '.npmrc', path.join(home, '.bunfig.toml'), path.join(home, '.npmrc'),"
            + " path.join('' + process.env.XDG_CONFIG_HOME, '.bunfig.toml')])"
            + " hash.update((fs.existsSync(file) ? fs.readFileSync(file, 'utf8') : '') + '\\n');"
            + " for (const name of Object.keys(process.env).sort())"
            + " if (['BUN_', 'NPM_CONFIG_', 'NODE_ENV'].some(function (part) { return name.toUpperCase().startsWith(part); }))"
            + " hash.update(name + '=' + process.env[name] + '\\n');"
            + " console.log('" + MARK
            + "' + JSON.stringify({version: Bun.version, path: 'bun', settings: hash.digest('hex'),"
            + " platform: process.platform + ' ' + process.arch}))";

    /** A command that says which tool there is. Bun needs no Node.js. */
    public static Command probe(PackageManager manager) {
        return (manager == PackageManager.BUN
                        ? Command.program("bun", "-e", BUN_PROBE)
                        : Command.program("node", "-e", PROBE, manager.program()))
                .quietly();
    }

    /** What that command has said; empty where it could not be run. */
    public static Optional<InstalledTool> of(PackageManager manager, CommandOutcome outcome) {
        if (!outcome.succeeded() || outcome.lastLines().isEmpty()) {
            return Optional.empty();
        }
        String last = outcome.lastLines().get(outcome.lastLines().size() - 1).strip();
        try {
            JsonNode said = new ObjectMapper().readTree(last.substring(Math.min(MARK.length(), last.length())));
            return Optional.of(new InstalledTool(
                    manager,
                    said.path("node").asText(),
                    said.path("version").asText(),
                    said.path("path").asText(),
                    said.path("searched").asText(),
                    said.path("nodeLinker").asText(),
                    Platform.of(said.path("platform").asText()),
                    said.path("settings").asText(),
                    said.path("unwritableCache").asText(),
                    said.path("failure").asText()));
        } catch (JsonProcessingException e) {
            return Optional.empty();
        }
    }

    public boolean isThere() {
        return !path.isEmpty() && !version.isEmpty();
    }

    /** 0 where the version is not a number. */
    public int majorVersion() {
        return number(0);
    }

    /** Whether it is this version or a later one; also where it is a pre-release of this one. */
    boolean isAtLeast(int major, int minor, int patch) {
        return Arrays.compare(new int[] {number(0), number(1), number(2)}, new int[] {major, minor, patch}) >= 0;
    }

    private int number(int index) {
        String[] parts = version.split("\\.", -1);
        String digits = index < parts.length ? parts[index].replaceFirst("\\D.*", "") : "";
        return digits.isEmpty() ? 0 : Integer.parseInt(digits);
    }

    /** For the log, such as {@code Node.js v22.23.3, npm 10.9.2 (/opt/node/bin/npm)}. */
    public String display() {
        return nodeVersion.isEmpty()
                ? manager.title() + " " + version
                : "Node.js " + nodeVersion + ", " + manager.title() + " " + version + " (" + path + ")";
    }

    /** All that decides what the tool makes of the same files. */
    public String fingerprint() {
        return nodeVersion + " " + withoutNode();
    }

    /** The same with Node.js's major version alone. */
    public String fingerprintOfMajor() {
        return nodeVersion.replaceFirst("\\..*", "") + " " + withoutNode();
    }

    private String withoutNode() {
        return manager.program() + " " + version + " " + platform + " " + settings;
    }

    /** Why the tool can't be run, and what to do. */
    public String missing(String lockFile) {
        if (!path.isEmpty()) {
            Matcher variable = UNSET_VARIABLE.matcher(failure);
            return path + " does not run: "
                    + (variable.find()
                            ? (manager == PackageManager.YARN ? "a .yarnrc.yml has ${" : "an .npmrc has ${")
                                    + variable.group(1)
                                    + "}, and the build has no variable of that name. Give it to the build (from a"
                                    + " credential, for instance), or "
                                    + (manager == PackageManager.YARN
                                            ? "write ${" + variable.group(1) + "-} there, and Yarn goes on without."
                                            : "use npm 7 or later, which goes on without.")
                            : failure + "\n"
                                    + InstallFailure.advice(
                                                    failure.lines().toList(), manager.program(), version, lockFile)
                                            .orElse("Fix the installation of " + manager.title()
                                                    + " on this machine."));
        }
        return manager.program() + " was not found on the PATH (" + searched + "). " + advice(manager, lockFile);
    }

    /** The program that the probe runs. */
    public static String programOf(PackageManager manager) {
        return manager == PackageManager.BUN ? "bun" : "node";
    }

    /** The same where not even Node.js could be run. */
    public static String nothingFound(PackageManager manager, String searched, String lockFile) {
        return programOf(manager) + " was not found on the PATH" + (searched.isEmpty() ? "" : " (" + searched + ")")
                + ". " + advice(manager == PackageManager.BUN ? manager : PackageManager.NPM, lockFile);
    }

    private static String advice(PackageManager manager, String lockFile) {
        switch (manager) {
            case NPM:
                return "Install Node.js with npm on this machine and put it on the PATH. Or use an installation of Jenkins's NodeJS"
                        + " plugin: in a Pipeline tools { nodejs '<installation>' }, or nodejs('<installation>') { } around the step;"
                        + " in a freestyle job 'Provide Node & npm bin/ folder to PATH'. Or run in an image that has Node.js.";
            case BUN:
                return "The lock file " + lockFile
                        + " is Bun's. Add the line 'npm install --global bun' before the deployment, or"
                        + " use an image that has it.";
            default:
                return (lockFile.isEmpty()
                                ? "package.json names " + manager.title()
                                : "The lock file " + lockFile + " is " + manager.title() + "'s")
                        + ". Add the line 'corepack enable' before the deployment (Node.js 24 and earlier bring corepack), or"
                        + " 'npm install --global " + manager.program()
                        + "'; an installation of the NodeJS plugin takes "
                        + manager.program() + " as one of its global packages.";
        }
    }
}
