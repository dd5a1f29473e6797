package io.jenkins.plugins.lambdanode.engine.steps;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.jenkins.plugins.lambdanode.engine.base.DeployException;
import io.jenkins.plugins.lambdanode.engine.http.HttpSender;
import io.jenkins.plugins.lambdanode.engine.pack.api.TargetFunction;
import io.jenkins.plugins.lambdanode.engine.project.InstallSetting;
import io.jenkins.plugins.lambdanode.engine.workspace.LocalWorkspace;
import io.jenkins.plugins.lambdanode.testing.KeptLog;
import io.jenkins.plugins.lambdanode.testing.NodeTool;
import io.jenkins.plugins.lambdanode.testing.Program;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.regex.Pattern;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.api.parallel.Execution;
import org.junit.jupiter.api.parallel.ExecutionMode;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.EnumSource;
import org.junit.jupiter.params.provider.ValueSource;

/** With the real tools: npm 6 to 12, pnpm, Yarn 1 and 4, and Bun. */
@Execution(ExecutionMode.CONCURRENT)
class PackageManagersTest {

    /** An old version, which a lock file holds on to although package.json allows the newest. */
    private static final String LOCKED = "2.1.2";

    private static final String PACKAGE_JSON =
            "{\"name\":\"a\",\"version\":\"1.0.0\",\"private\":true,\"dependencies\":{\"ms\":\"" + LOCKED
                    + "\"},\"devDependencies\":{\"left-pad\":\"1.3.0\"}}";

    @TempDir
    private Path folder;

    private final KeptLog log = new KeptLog();

    /** A tool with the command that makes its lock file, and how that file repeats what package.json allows. */
    enum Tool {
        NPM(NodeTool.NODE, "npm install --package-lock-only", "package-lock.json", "\"ms\": \"2.1.2\""),
        NPM_6(NodeTool.NPM_6, "npm install --package-lock-only", "package-lock.json", "no such text"),
        NPM_12(NodeTool.NPM_12, "npm install --package-lock-only", "package-lock.json", "\"ms\": \"2.1.2\""),
        PNPM(NodeTool.PNPM, "pnpm install --lockfile-only", "pnpm-lock.yaml", "specifier: 2.1.2"),
        YARN_CLASSIC(NodeTool.YARN_CLASSIC, "yarn install --non-interactive", "yarn.lock", "ms@2.1.2:"),
        YARN(NodeTool.YARN, "yarn install --mode=update-lockfile", "yarn.lock", "ms: \"npm:2.1.2\"|\"ms@npm:2.1.2\":"),
        BUN(NodeTool.BUN, "bun install --save-text-lockfile", "bun.lock", "\"ms\": \"2.1.2\"");

        private final NodeTool tool;
        private final String lock;
        private final String lockFile;
        private final Pattern allowed;

        Tool(NodeTool tool, String lock, String lockFile, String allowed) {
            this.tool = tool;
            this.lock = lock;
            this.lockFile = lockFile;
            this.allowed = Pattern.compile(allowed);
        }

        /** Makes the project's lock file, and lets package.json allow newer versions than it holds. */
        void lock(Path project) throws Exception {
            if (this == YARN) {
                Files.writeString(project.resolve(".yarnrc.yml"), "nodeLinker: node-modules\n");
            }
            Program.shell(project, environment(), lock + " && rm -rf node_modules .yarn");
            for (Path file : List.of(project.resolve("package.json"), project.resolve(lockFile))) {
                String text = Files.readString(file);
                Pattern what = file.endsWith("package.json") ? Pattern.compile("\"ms\": *\"2.1.2\"") : allowed;
                Files.writeString(
                        file,
                        what.matcher(text).replaceAll(found -> found.group().replace("2.1.2", "^2.0.0")));
            }
        }

        Map<String, String> environment() throws IOException, InterruptedException {
            return new HashMap<>(with(tool.onPath()));
        }
    }

    private static Map<String, String> with(String path) {
        Map<String, String> environment = new HashMap<>(System.getenv());
        environment.put("PATH", path);
        return environment;
    }

    private Path write(String path, String text) throws IOException {
        Path file = folder.resolve(path);
        Files.createDirectories(file.getParent());
        return Files.writeString(file, text);
    }

    private void install(Path project, Map<String, String> environment) throws Exception {
        try (LocalWorkspace workspace = new LocalWorkspace(project, environment, new HttpSender(log), log)) {
            new InstallStep(workspace, log).run(InstallSetting.AUTO, List.of());
        }
    }

    private String failure(Map<String, String> environment) {
        return assertThrows(DeployException.class, () -> install(folder, environment))
                .messageWithOutput();
    }

    private String installed(String name) throws Exception {
        return Program.shell(
                folder, Map.of(), "node -p \"require('./node_modules/" + name + "/package.json').version\"");
    }

    @ParameterizedTest
    @EnumSource
    void theLockFilesVersionsAreInstalledForProductionAndGitStatusStaysClean(Tool tool) throws Exception {
        write("package.json", PACKAGE_JSON);
        write(".gitignore", "node_modules\n.yarn\n");
        tool.lock(folder);
        Program.shell(
                folder, Map.of(), "git init -q && git add -A && git -c user.name=a -c user.email=a@b commit -qm a");

        install(folder, tool.environment());

        assertEquals(LOCKED, installed("ms"));
        assertFalse(Files.exists(folder.resolve("node_modules/left-pad")), log.text());
        assertTrue(log.text().matches("(?s)(.*\n)?(npm ci|(pnpm|yarn|bun) install): .*"), log.text());
        assertEquals("", Program.shell(folder, Map.of(), "git status --porcelain"));
    }

    @Test
    void aVariableOfNpmrcThatIsNotSetIsNamedWhereNpm6StopsOfIt() throws Exception {
        write("package.json", PACKAGE_JSON);
        write(".npmrc", "//registry.example.org/:_authToken=${NO_SUCH_TOKEN}\n");
        String message = failure(Tool.NPM_6.environment());
        assertTrue(
                message.contains("an .npmrc has ${NO_SUCH_TOKEN}, and the build has no variable of that name"),
                message);
    }

    @ParameterizedTest
    @EnumSource
    void forABuildDevelopmentDependenciesAreInstalledWhateverTheEnvironmentSays(Tool tool) throws Exception {
        write("package.json", PACKAGE_JSON);
        tool.lock(folder);
        Map<String, String> environment = tool.environment();
        environment.putAll(Map.of("NODE_ENV", "production", "NPM_CONFIG_PRODUCTION", "true", "npm_config_omit", "dev"));

        try (LocalWorkspace workspace = new LocalWorkspace(folder, environment, new HttpSender(log), log)) {
            new InstallStep(workspace, log).run(InstallSetting.AUTO.withNeeded(InstallSetting.Needed.ALL), List.of());
        }

        assertEquals(LOCKED, installed("ms"));
        assertEquals("1.3.0", installed("left-pad"));
    }

    /** Of a package with its native code in one package for each platform, the one for an arm64 function is installed on this machine. */
    @ParameterizedTest
    @CsvSource({
        "NPM,PRODUCTION,linux-arm64-gnu",
        "NPM_12,PRODUCTION,linux-arm64-gnu",
        "PNPM,PRODUCTION,linux-arm64-gnu",
        "PNPM,ALL,linux-arm64-gnu linux-x64-gnu",
        "BUN,PRODUCTION,linux-arm64-gnu",
        "BUN,ALL,linux-arm64-gnu linux-x64-gnu",
        "NPM,ALL,linux-x64-gnu"
    })
    void thePackagesOfTheFunctionsPlatformAreInstalled(Tool tool, InstallSetting.Needed needed, String installed)
            throws Exception {
        write(
                "package.json",
                "{\"name\":\"a\",\"version\":\"1.0.0\",\"dependencies\":{\"@node-rs/crc32\":\"1.10.6\"}}");
        Program.shell(folder, tool.environment(), tool.lock + " && rm -rf node_modules");

        try (LocalWorkspace workspace = new LocalWorkspace(folder, tool.environment(), new HttpSender(log), log)) {
            new InstallStep(workspace, log)
                    .run(InstallSetting.AUTO.withNeeded(needed), List.of(new TargetFunction("", "", "arm64", 0, "")));
        }

        assertEquals(
                installed,
                Program.shell(
                        folder,
                        Map.of(),
                        "find node_modules -name 'crc32.*.node' | sed 's/.*crc32.//; s/.node$//' | grep -v musl | sort -u | tr '\\n' ' '"));
        boolean asked = installed.contains("arm64");
        assertEquals(asked, log.text().contains("NOTE: This machine is linux x64"), log.text());
        assertEquals(
                asked, log.text().contains("--os=linux --cpu=") && log.text().contains("--cpu=arm64"), log.text());
    }

    @Test
    void withoutALockFileNoneIsMade() throws Exception {
        write("package.json", PACKAGE_JSON);

        install(folder, System.getenv());

        assertEquals(LOCKED, installed("ms"));
        assertFalse(Files.exists(folder.resolve("package-lock.json")));
    }

    @ParameterizedTest
    @EnumSource(names = {"PNPM", "YARN_CLASSIC", "BUN"})
    void aToolThatIsNotThereIsNamedWithTheLineToAdd(Tool tool, @TempDir Path bin) throws Exception {
        write("package.json", PACKAGE_JSON);
        write(tool.lockFile, tool == Tool.YARN_CLASSIC ? "# yarn lockfile v1\n" : "{}");
        NodeTool.pathWithoutNode(bin);

        String program = tool.tool.packages().get(0).replaceFirst("@.*", "");
        String message = failure(with(NodeTool.NODE.bin() + ":" + bin));

        assertTrue(
                message.contains(
                        program + " was not found on the PATH (" + (program.equals("bun") ? "" : NodeTool.NODE.bin())),
                message);
        assertTrue(message.contains("The lock file " + tool.lockFile), message);
        assertTrue(message.contains("npm install --global " + program), message);
        assertEquals(!program.equals("bun"), message.contains("corepack enable"), message);
    }

    @Test
    void plugAndPlayIsAnErrorWithTheLineToAdd() throws Exception {
        write("package.json", PACKAGE_JSON);
        write("yarn.lock", "__metadata:\n  version: 8\n");

        String message = failure(Tool.YARN.environment());

        assertTrue(message.contains("Plug'n'Play"), message);
        assertTrue(message.contains("'nodeLinker: node-modules'"), message);
    }

    @ParameterizedTest
    @ValueSource(strings = {"symlink: false", "modulesDir: deps"})
    void aSettingOfPnpmThatHidesPackagesFromNodeJsIsAnErrorThatNamesIt(String setting) throws Exception {
        write("package.json", PACKAGE_JSON);
        write("pnpm-lock.yaml", "lockfileVersion: '9.0'\n");
        write("pnpm-workspace.yaml", setting + "\n");

        String message = failure(Tool.PNPM.environment());

        assertTrue(message.contains("pnpm's setting '" + setting + "' is in force"), message);
    }

    @Test
    void aLockFileOfAnotherYarnIsAnErrorThatNamesBoth() throws Exception {
        write("package.json", PACKAGE_JSON);
        write("yarn.lock", "# yarn lockfile v1\n");

        String message = failure(Tool.YARN.environment());

        assertTrue(message.contains("yarn.lock is of Yarn 1, and the yarn on the PATH is 4.9.2"), message);
    }

    @Test
    void ofTwoToolsLockFilesTheOneThatPackageJsonNamesCounts() throws Exception {
        write("package.json", PACKAGE_JSON.replace("{\"name\"", "{\"packageManager\":\"pnpm@10.34.9\",\"name\""));
        write("package-lock.json", "{}");
        Tool.PNPM.lock(folder);

        install(folder, Tool.PNPM.environment());

        assertTrue(
                log.text()
                        .contains("WARNING: The project has lock files of several tools: pnpm-lock.yaml counts,"
                                + " package-lock.json does not."),
                log.text());
        assertTrue(log.text().contains("$ pnpm install --frozen-lockfile --prod"), log.text());
    }

    @ParameterizedTest
    @EnumSource(names = {"NPM", "PNPM", "YARN_CLASSIC", "YARN", "BUN"})
    void aLockFileThatDisagreesIsSaidForEachTool(Tool tool) throws Exception {
        write("package.json", PACKAGE_JSON);
        tool.lock(folder);
        write("package.json", PACKAGE_JSON.replace("\"ms\"", "\"is-odd\":\"3.0.1\",\"ms\""));

        String message = failure(tool.environment());

        String program = tool.lock.replaceFirst(" .*", "");
        assertTrue(
                message.endsWith("package.json and " + tool.lockFile + " disagree: run '" + program
                        + " install' in the project and commit both files."),
                message);
        assertTrue(message.lines().count() < 9, message);
    }

    @Test
    void aMemberOfAWorkspaceIsInstalledFromTheRootsLockFile() throws Exception {
        write(
                "package.json",
                "{\"name\":\"root\",\"private\":true,\"workspaces\":[\"functions/*\",\"!functions/old\"]}");
        write("functions/orders/package.json", PACKAGE_JSON);
        Program.shell(folder, System.getenv(), "npm install --package-lock-only");

        install(folder.resolve("functions/orders"), System.getenv());

        assertEquals(LOCKED, installed("ms"));
        assertFalse(Files.exists(folder.resolve("functions/orders/package-lock.json")));
    }

    @Test
    void aMemberOfAPnpmWorkspaceIsInstalledFromTheRootsLockFile() throws Exception {
        write("package.json", "{\"name\":\"root\",\"private\":true}");
        write("pnpm-workspace.yaml", "# ours\npackages:\n  - 'functions/**'\n  - libs\n");
        write("functions/orders/package.json", PACKAGE_JSON);
        Program.shell(folder, Tool.PNPM.environment(), "pnpm install --lockfile-only");

        install(folder.resolve("functions/orders"), Tool.PNPM.environment());

        assertEquals(LOCKED, installed("../functions/orders/node_modules/ms"));
    }

    @Test
    void aFolderThatTheWorkspaceDoesNotNameStandsAlone() throws Exception {
        write("package.json", "{\"name\":\"root\",\"private\":true,\"workspaces\":[\"libs/*\"]}");
        write("package-lock.json", "{}");
        write("tool/package.json", PACKAGE_JSON);

        install(folder.resolve("tool"), System.getenv());

        assertTrue(log.text().contains("npm install: there is no lock file"), log.text());
        assertTrue(Files.exists(folder.resolve("tool/node_modules/ms/package.json")));
        assertEquals("{}", Files.readString(folder.resolve("package-lock.json")));
    }

    @Test
    void npm12sBlockedInstallScriptsAreSaidWithItsOwnCommand() throws Exception {
        packWithInstallScript();

        install(folder, Tool.NPM_12.environment());

        String said = "npm did not run the install scripts of gen. Where one is needed, approve its package with"
                + " 'npm install-scripts approve <package>'";
        assertTrue(log.text().contains(said), log.text());
        assertFalse(log.text().contains("WARNING"), log.text());
    }

    @Test
    void anNpmThatRunsInstallScriptsIsNoWarning() throws Exception {
        packWithInstallScript();

        install(folder, Tool.NPM.environment());

        assertFalse(log.text().contains("WARNING"), log.text());
        assertTrue(Files.exists(folder.resolve("node_modules/gen/made")));
    }

    private void packWithInstallScript() throws Exception {
        write("gen/package.json", "{\"name\":\"gen\",\"version\":\"1.0.0\",\"scripts\":{\"install\":\"touch made\"}}");
        write(
                "package.json",
                "{\"name\":\"a\",\"version\":\"1.0.0\",\"dependencies\":{\"gen\":\"file:gen-1.0.0.tgz\"}}");
        Program.shell(folder.resolve("gen"), System.getenv(), "npm pack --silent --pack-destination ..");
        Program.shell(folder, System.getenv(), "npm install --package-lock-only --ignore-scripts");
    }

    @Test
    void aScriptThatNeedsADevelopmentDependencyIsToldFromAMissingNpm() throws Exception {
        write(
                "package.json",
                "{\"name\":\"a\",\"version\":\"1.0.0\",\"scripts\":{\"prepare\":\"husky\"},"
                        + "\"devDependencies\":{\"husky\":\"9.1.7\"}}");

        String message = failure(System.getenv());

        assertTrue(message.contains("The script 'prepare' of package.json (husky) failed"), message);
        assertTrue(message.contains("husky is in devDependencies, which are not installed for production"), message);
        assertTrue(message.contains("--ignore-scripts'"), message);
        assertFalse(message.contains("not found on the PATH"), message);
    }

    @Test
    void npm6ThatCannotReadALockFileIsToldTheNewerOne() throws Exception {
        write("package.json", PACKAGE_JSON);
        Tool.NPM.lock(folder);

        String message = failure(Tool.NPM_6.environment());

        assertTrue(message.contains("This npm (6.14.18) cannot read package-lock.json"), message);
        assertTrue(message.endsWith("use npm 7 or later, which Node.js 16 and later bring."), message);
    }

    @Test
    void aSettingThatAsksForDevelopmentDependenciesDoesNotBringThem() throws Exception {
        write("package.json", PACKAGE_JSON);
        Tool.NPM.lock(folder);
        Map<String, String> environment = Tool.NPM.environment();
        environment.put("NPM_CONFIG_PRODUCTION", "false");
        environment.put("npm_config_include", "dev");

        install(folder, environment);

        assertFalse(Files.exists(folder.resolve("node_modules/left-pad")), log.text());
    }
}
