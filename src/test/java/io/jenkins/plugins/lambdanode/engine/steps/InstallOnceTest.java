package io.jenkins.plugins.lambdanode.engine.steps;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.jenkins.plugins.lambdanode.engine.base.DeployException;
import io.jenkins.plugins.lambdanode.engine.base.Progress;
import io.jenkins.plugins.lambdanode.engine.http.HttpSender;
import io.jenkins.plugins.lambdanode.engine.pack.api.TargetFunction;
import io.jenkins.plugins.lambdanode.engine.project.InstallFingerprint;
import io.jenkins.plugins.lambdanode.engine.project.InstallRun;
import io.jenkins.plugins.lambdanode.engine.project.InstallSetting;
import io.jenkins.plugins.lambdanode.engine.workspace.LocalWorkspace;
import io.jenkins.plugins.lambdanode.testing.NodeTool;
import io.jenkins.plugins.lambdanode.testing.Program;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.nio.file.attribute.FileTime;
import java.util.ArrayList;
import java.util.Collections;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.stream.Stream;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.api.parallel.Execution;
import org.junit.jupiter.api.parallel.ExecutionMode;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

/** With real npm, on a project whose one dependency is a package in a file: no registry is asked. */
@Execution(ExecutionMode.CONCURRENT)
class InstallOnceTest {

    @TempDir
    private Path folder;

    private Path project;
    private final List<String> log = Collections.synchronizedList(new ArrayList<>());

    @BeforeEach
    void makeProject() throws Exception {
        Path dependency = Files.createDirectories(folder.resolve("dependency"));
        Files.writeString(dependency.resolve("package.json"), "{\"name\":\"dep\",\"version\":\"1.0.0\"}");
        Files.writeString(dependency.resolve("index.js"), "module.exports = 1;");
        project = Files.createDirectories(folder.resolve("project"));
        Program.shell(dependency, Map.of(), "npm pack --silent --pack-destination " + project);
        Files.writeString(
                project.resolve("package.json"),
                "{\"name\":\"fn\",\"version\":\"1.0.0\",\"dependencies\":{\"dep\":\"file:dep-1.0.0.tgz\"}}");
        Program.shell(project, Map.of(), "npm install --silent --package-lock-only --offline");
    }

    /** How often npm ci ran: it prints how many packages it added each time. */
    private long npmRuns(InstallSetting install) throws Exception {
        return npmRuns(install, Map.of());
    }

    private long npmRuns(InstallSetting install, Map<String, String> variables) throws Exception {
        return npmRuns(install, variables, List.of());
    }

    private long npmRuns(InstallSetting install, Map<String, String> variables, List<TargetFunction> functions)
            throws Exception {
        Map<String, String> environment = new HashMap<>(System.getenv());
        environment.putAll(variables);
        log.clear();
        Progress progress = new Progress() {
            @Override
            public void log(String line) {
                log.add(line);
            }

            @Override
            public void advance(String activity, long doneBytes, long totalBytes, int doneFiles) {}
        };
        try (LocalWorkspace workspace = new LocalWorkspace(
                project, Optional.of(folder.resolve("cache")), environment, new HttpSender(progress), progress)) {
            new InstallStep(workspace, progress).run(install, functions);
        }
        assertTrue(Files.isRegularFile(project.resolve("node_modules/dep/index.js")));
        return log.stream().filter(line -> line.startsWith("added ")).count();
    }

    private Path mark() {
        return project.resolve("node_modules/.cache/lambda-node-deploy/install");
    }

    private InstallFingerprint fingerprint() {
        return new InstallFingerprint(new InstallRun(project.toString(), "tools", ""));
    }

    private List<Path> oldOnes() throws IOException {
        Path old = folder.resolve("cache/old");
        if (!Files.exists(old)) {
            return List.of();
        }
        try (Stream<Path> entries = Files.list(old)) {
            return entries.toList();
        }
    }

    @Test
    void nothingIsLeftOfTheNodeModulesOfBeforeNorOfThoseOfDeploymentsThatWereCutOff() throws Exception {
        npmRuns(InstallSetting.AUTO);
        Path left = Files.createDirectories(folder.resolve("cache/old/removed-by-nobody/node_modules/a"));
        Files.writeString(left.resolve("index.js"), "");
        Path stray = Files.writeString(project.resolve("node_modules/dep/stray.js"), "");

        assertEquals(1, npmRuns(InstallSetting.AUTO));

        assertFalse(Files.exists(stray));
        assertEquals(List.of(), oldOnes());
    }

    @Test
    void theNodeModulesOfBeforeIsThereWhereNpmRefusesTheLockFile() throws Exception {
        npmRuns(InstallSetting.AUTO);
        Object inode = Files.getAttribute(project.resolve("node_modules"), "unix:ino");
        Path packageJson = project.resolve("package.json");
        String before = Files.readString(packageJson);
        Files.writeString(packageJson, before.replace("\"dep\":", "\"not-in-the-lock-file\": \"1.0.0\", \"dep\":"));

        assertThrows(DeployException.class, () -> npmRuns(InstallSetting.AUTO));

        assertEquals(inode, Files.getAttribute(project.resolve("node_modules"), "unix:ino"));
        assertEquals(List.of(), oldOnes());
        Files.writeString(packageJson, before);
        assertEquals(0, npmRuns(InstallSetting.AUTO));
    }

    @Test
    void whereItCannotBeNotedThatAllIsInstalledTheBuildGoesOn() throws Exception {
        Path dependency = folder.resolve("dependency");
        Files.writeString(
                dependency.resolve("package.json"),
                "{\"name\":\"dep\",\"version\":\"1.0.0\",\"scripts\":{\"install\":\"touch ../.cache\"}}");
        Program.shell(dependency, Map.of(), "npm pack --silent --pack-destination " + project);
        Program.shell(project, Map.of(), "rm package-lock.json && npm install --silent --package-lock-only --offline");
        Map<String, String> trusted = Map.of("NPM_CONFIG_DANGEROUSLY_ALLOW_ALL_SCRIPTS", "true");

        assertEquals(1, npmRuns(InstallSetting.AUTO, trusted));
        assertTrue(
                log.get(log.size() - 1).startsWith("It could not be noted that node_modules is complete"),
                log.toString());
    }

    @Test
    void isNotInstalledAgainWhereNothingChanged() throws Exception {
        assertEquals(1, npmRuns(InstallSetting.AUTO));
        assertEquals(0, npmRuns(InstallSetting.AUTO));
    }

    @Test
    void anotherCLibraryInstallsAgain() throws Exception {
        // As Alpine's Node.js, which is of the same version and says that it has no glibc.
        Path musl = Files.writeString(
                folder.resolve("musl.js"),
                "const get = process.report.getReport; process.report.getReport = () => { const report = get();"
                        + " delete report.header.glibcVersionRuntime; return report; };");
        Path bin = Files.createDirectories(folder.resolve("alpine"));
        Path node = Files.writeString(
                bin.resolve("node"),
                "#!/bin/sh\nexec " + NodeTool.NODE.bin().resolve("node") + " --require " + musl + " \"$@\"\n");
        assertTrue(node.toFile().setExecutable(true));
        Map<String, String> debian = Map.of("PATH", NodeTool.NODE.onPath());
        Map<String, String> alpine = Map.of("PATH", bin + ":" + NodeTool.NODE.onPath());

        assertEquals(1, npmRuns(InstallSetting.AUTO, alpine));
        assertEquals(0, npmRuns(InstallSetting.AUTO, alpine));
        assertEquals(1, npmRuns(InstallSetting.AUTO, debian));
    }

    @Test
    void npmHasACacheOfTheWorkspaceWhereItsUserHasNoHome() throws Exception {
        Path noHome = Files.createFile(folder.resolve("home"));

        assertEquals(1, npmRuns(InstallSetting.AUTO, Map.of("HOME", noHome.toString())));

        assertTrue(log.toString().contains("npm may not write to its cache " + noHome + "/.npm"), log.toString());
        assertTrue(Files.isDirectory(folder.resolve("cache/npm/_logs")));
    }

    @Test
    void anInstallWithDevelopmentDependenciesServesADeploymentWithoutABuildToo() throws Exception {
        InstallSetting forBuild = InstallSetting.AUTO.withNeeded(InstallSetting.Needed.ALL);

        assertEquals(1, npmRuns(InstallSetting.AUTO));
        assertEquals(1, npmRuns(forBuild));
        assertEquals(0, npmRuns(forBuild));
        assertEquals(0, npmRuns(InstallSetting.AUTO));

        Path lockFile = project.resolve("package-lock.json");
        Files.writeString(lockFile, Files.readString(lockFile) + "\n");
        assertEquals(1, npmRuns(InstallSetting.AUTO));
        assertEquals(0, npmRuns(forBuild));
    }

    @Test
    void anInstallForAnotherPlatformIsToldFromOneForThisMachine() throws Exception {
        InstallSetting forBuild = InstallSetting.AUTO.withNeeded(InstallSetting.Needed.ALL);
        List<TargetFunction> arm = List.of(new TargetFunction("", "", "arm64", 0, ""));
        List<TargetFunction> intel = List.of(new TargetFunction("", "", "x86_64", 0, ""));
        boolean onIntel = System.getProperty("os.arch").equals("amd64");
        List<TargetFunction> other = onIntel ? arm : intel;

        assertEquals(1, npmRuns(InstallSetting.AUTO, Map.of(), other));
        assertTrue(
                log.toString().contains("$ npm ci --os=linux --cpu=" + (onIntel ? "arm64" : "x64") + " --libc=glibc"),
                log.toString());
        assertEquals(0, npmRuns(InstallSetting.AUTO, Map.of(), other));
        assertEquals(1, npmRuns(InstallSetting.AUTO, Map.of(), onIntel ? intel : arm));
        assertEquals(0, npmRuns(InstallSetting.AUTO, Map.of()));
        assertEquals(1, npmRuns(forBuild, Map.of(), other));
        assertEquals(1, npmRuns(InstallSetting.AUTO, Map.of(), other));
    }

    @Test
    void theLogSaysInOneLineWhyNpmIsRunOrNot() throws Exception {
        npmRuns(InstallSetting.AUTO);
        assertTrue(log.contains("npm ci: there is no node_modules."), log.toString());

        npmRuns(InstallSetting.AUTO);
        assertTrue(
                log.get(log.size() - 1)
                        .matches(
                                "node_modules is unchanged since \\d{4}-\\d\\d-\\d\\d \\d\\d:\\d\\d UTC: npm ci is not needed .*"),
                log.toString());

        Path lockFile = project.resolve("package-lock.json");
        Files.writeString(lockFile, Files.readString(lockFile) + "\n");
        npmRuns(InstallSetting.AUTO);
        assertTrue(log.contains("npm ci: package-lock.json has changed since the last install."), log.toString());
        assertTrue(
                log.stream().anyMatch(line -> line.matches("Node\\.js v[0-9.]+, npm [0-9.]+ \\(/.*/npm\\)")),
                log.toString());
        assertFalse(log.toString().matches(".*[0-9a-f]{40}.*"), log.toString());
    }

    @Test
    void anArchiveOfTheProjectsOwnThatWasReplacedIsNoticed() throws Exception {
        npmRuns(InstallSetting.AUTO);
        Files.write(project.resolve("dep-1.0.0.tgz"), new byte[] {0}, StandardOpenOption.APPEND);

        assertEquals(1, npmRuns(InstallSetting.AUTO));
        assertTrue(
                log.contains("npm ci: an archive of the project's own (file:) has changed since the last install."),
                log.toString());
    }

    @Test
    void aFolderOfTheProjectsOwnThatIsCopiedIsCopiedEachTime() throws Exception {
        Path shared = Files.createDirectories(project.resolve("libs/shared"));
        Files.writeString(shared.resolve("package.json"), "{\"name\":\"shared\",\"version\":\"1.0.0\"}");
        Files.writeString(shared.resolve("index.js"), "module.exports = 1;");
        Program.shell(
                project,
                Map.of(),
                "npm install --silent --offline --install-links ./libs/shared && rm -rf node_modules");
        npmRuns(InstallSetting.AUTO);
        Files.writeString(shared.resolve("index.js"), "module.exports = 2;");

        assertEquals(1, npmRuns(InstallSetting.AUTO));
        assertEquals("module.exports = 2;", Files.readString(project.resolve("node_modules/shared/index.js")));
    }

    @Test
    void aFolderThatOnlyASettingOfNpmHasCopiedIsCopiedEachTime() throws Exception {
        Path shared = Files.createDirectories(project.resolve("libs/shared"));
        Files.writeString(shared.resolve("package.json"), "{\"name\":\"shared\",\"version\":\"1.0.0\"}");
        Files.writeString(shared.resolve("index.js"), "module.exports = 1;");
        Program.shell(
                project,
                Map.of(),
                "npm install --silent --offline --no-install-links ./libs/shared && rm -rf node_modules");
        Files.writeString(project.resolve(".npmrc"), "install-links=true\n");
        npmRuns(InstallSetting.AUTO);
        Files.writeString(shared.resolve("index.js"), "module.exports = 2;");

        assertEquals(1, npmRuns(InstallSetting.AUTO));
        assertEquals("module.exports = 2;", Files.readString(project.resolve("node_modules/shared/index.js")));
    }

    @Test
    void aProjectThatCompilesAnAddOnOfItsOwnIsInstalledEachTime() throws Exception {
        Files.writeString(project.resolve("binding.gyp"), "{}");

        Files.createDirectories(project.resolve("node_modules"));
        fingerprint().set(List.of());

        assertEquals(
                "the project has install scripts of its own (binding.gyp), which can go by anything",
                fingerprint().state().reason());
    }

    @Test
    void packagesWhoseInstallScriptsDidNotRunAreRememberedWithTheInstall() throws Exception {
        assertEquals(1, npmRuns(InstallSetting.AUTO));
        fingerprint().set(List.of("@scope/gen", "tool"));
        assertEquals(List.of("@scope/gen", "tool"), fingerprint().state().blocked());
        assertTrue(fingerprint().state().unchanged());
        fingerprint().set(List.of());
        assertEquals(List.of(), fingerprint().state().blocked());
    }

    @Test
    void aDamagedNoteOfAnInstallIsAsNone() throws Exception {
        Files.createDirectories(mark().getParent());
        Files.write(mark(), new byte[] {(byte) 0xFF, '\n', (byte) 0xC3});

        assertFalse(fingerprint().state().unchanged());
    }

    @Test
    void ciAlwaysInstalls() throws Exception {
        assertEquals(1, npmRuns(InstallSetting.AUTO));
        assertEquals(1, npmRuns(InstallSetting.parse("ci")));
    }

    @Test
    void aFileThatWasChangedAndGivenItsOldTimeAndSizeIsNoticed() throws Exception {
        npmRuns(InstallSetting.AUTO);
        Path file = project.resolve("node_modules/dep/index.js");
        FileTime before = Files.getLastModifiedTime(file);
        Files.writeString(file, "module.exports = 2;", StandardOpenOption.TRUNCATE_EXISTING);
        Files.setLastModifiedTime(file, before);

        assertEquals(1, npmRuns(InstallSetting.AUTO));
        assertEquals("module.exports = 1;", Files.readString(file));
    }

    @Test
    void aFileThatWasAddedOrRemovedIsNoticed() throws Exception {
        npmRuns(InstallSetting.AUTO);
        Files.writeString(project.resolve("node_modules/dep/extra.js"), "");
        assertEquals(1, npmRuns(InstallSetting.AUTO));
        Files.delete(project.resolve("node_modules/dep/package.json"));
        assertEquals(1, npmRuns(InstallSetting.AUTO));
    }

    @Test
    void anotherPackageJsonOrNpmrcInstallsAgain() throws Exception {
        npmRuns(InstallSetting.AUTO);
        Files.writeString(project.resolve(".npmrc"), "loglevel=notice\n");
        assertEquals(1, npmRuns(InstallSetting.AUTO));
        Files.writeString(
                project.resolve("package.json"),
                Files.readString(project.resolve("package.json")).replace("\"fn\"", "\"fn\",\"private\":true"));
        assertEquals(1, npmRuns(InstallSetting.AUTO));
        Files.writeString(
                Files.createDirectory(project.resolve("prisma")).resolve("schema.prisma"), "model A { id Int @id }");
        assertEquals(1, npmRuns(InstallSetting.AUTO), "The script of @prisma/client makes it from the schema");
        assertEquals(0, npmRuns(InstallSetting.AUTO));
    }

    @ParameterizedTest
    @CsvSource({"NPM_CONFIG_LEGACY_PEER_DEPS,true", "npm_config_install_strategy,nested", "NODE_ENV,production"})
    void anotherSettingInAVariableInstallsAgain(String name, String value) throws Exception {
        npmRuns(InstallSetting.AUTO);

        assertEquals(1, npmRuns(InstallSetting.AUTO, Map.of(name, value)));
        assertEquals(0, npmRuns(InstallSetting.AUTO, Map.of(name, value)));
        assertEquals(1, npmRuns(InstallSetting.AUTO));
    }

    @ParameterizedTest
    @CsvSource({"NPM_CONFIG_USERCONFIG", "NPM_CONFIG_GLOBALCONFIG"})
    void anotherSettingInTheUsersOrTheGlobalNpmrcInstallsAgain(String variable) throws Exception {
        Path npmrc = Files.writeString(folder.resolve("npmrc"), "fetch-retries=3\n");
        Map<String, String> variables = Map.of(variable, npmrc.toString());
        npmRuns(InstallSetting.AUTO, variables);
        assertEquals(0, npmRuns(InstallSetting.AUTO, variables));

        Files.writeString(npmrc, "fetch-retries=4\n");

        assertEquals(1, npmRuns(InstallSetting.AUTO, variables));
    }

    @Test
    void noSettingIsKeptOrLoggedInItsWords() throws Exception {
        npmRuns(
                InstallSetting.AUTO,
                Map.of("NPM_CONFIG_PROXY_PASSWORD", "secret-word", "NODE_OPTIONS", "--title=secret-word"));

        assertFalse(log.toString().contains("secret-word"), log.toString());
        assertTrue(Files.readString(mark()).matches("(-\n|[0-9a-f]{64}\n)+"));
    }

    @Test
    void aPackageWithAnInstallScriptIsNotInstalledAgainEither() throws Exception {
        Path dependency = folder.resolve("dependency");
        Files.writeString(
                dependency.resolve("package.json"),
                "{\"name\":\"dep\",\"version\":\"1.0.0\",\"scripts\":{\"install\":\"node -e 1\"}}");
        Program.shell(dependency, Map.of(), "npm pack --silent --pack-destination " + project);
        Program.shell(project, Map.of(), "rm package-lock.json && npm install --silent --package-lock-only --offline");
        Map<String, String> trusted = Map.of("NPM_CONFIG_DANGEROUSLY_ALLOW_ALL_SCRIPTS", "true");

        assertEquals(1, npmRuns(InstallSetting.AUTO, trusted));
        assertEquals(0, npmRuns(InstallSetting.AUTO, trusted));
    }

    @ParameterizedTest
    @ValueSource(strings = {"preinstall", "postinstall", "prepare", "dependencies"})
    void aProjectWithScriptsOfItsOwnIsInstalledEachTime(String script) throws Exception {
        Files.writeString(
                project.resolve("package.json"),
                Files.readString(project.resolve("package.json"))
                        .replace(
                                "\"dependencies\"", "\"scripts\":{\"" + script + "\":\"echo made\"},\"dependencies\""));
        assertEquals(1, npmRuns(InstallSetting.AUTO));
        assertEquals(1, npmRuns(InstallSetting.AUTO));
    }

    @Test
    void aDamagedMarkInstallsAgain() throws Exception {
        npmRuns(InstallSetting.AUTO);
        Files.writeString(mark(), "0000");
        assertEquals(1, npmRuns(InstallSetting.AUTO));
    }

    /** As pnpm 10, Yarn 1 and Yarn 3 and 4 write them. */
    @ParameterizedTest
    @CsvSource(
            delimiter = '|',
            quoteCharacter = '^',
            value = {
                "pnpm-lock.yaml | resolution: {directory: libs/shared, type: directory}                              | true",
                "pnpm-lock.yaml | version: file:libs/shared                                                          | true",
                "pnpm-lock.yaml | version: link:../../libs/shared                                                    | false",
                "pnpm-lock.yaml | path: tools/ms.patch                                                               | true",
                "pnpm-lock.yaml | path: patches/ms.patch                                                             | false",
                "yarn.lock      | shared@file:libs/shared:                                                           | true",
                "yarn.lock      | resolution: \"shared@file:../shared#../shared::hash=1&locator=a%40workspace%3A.\" | true",
                "yarn.lock      | \"generated@exec:./make.js\":                                                     | true",
                "yarn.lock      | \"shared@workspace:libs/shared\":                                                 | false",
                "yarn.lock      | \"shared@portal:../shared::locator=a%40workspace%3A.\":                           | false",
                "yarn.lock      | \"ms@patch:ms@npm%3A2.1.3#./tools/ms.patch::locator=a%40workspace%3A.\":           | true",
                "yarn.lock      | \"ms@patch:ms@npm%3A2.1.3#~/.yarn/patches/ms-npm-2.1.3.patch\":                    | false",
                "yarn.lock      | \"fsevents@patch:fsevents@npm%3A^2.3.2#optional!builtin<compat/fsevents>\":        | false",
                "yarn.lock      | \"resolve@patch:resolve@^1.1.7#~builtin<compat/resolve>\":                         | false"
            })
    void aLockFileThatSaysThatFoldersOrPatchesAreCopiedInstallsEachTime(String lockFile, String line, boolean eachTime)
            throws Exception {
        Files.createDirectories(project.resolve("node_modules"));
        Files.writeString(project.resolve(lockFile), "    " + line + "\n");
        fingerprint().set(List.of());

        assertEquals(
                eachTime,
                !fingerprint().state().unchanged(),
                fingerprint().state().reason());
    }

    /** As pnpm has them with sharedWorkspaceLockfile: false. */
    @Test
    void aLockFileOfAMembersOwnIsComparedToo() throws Exception {
        Files.writeString(
                project.resolve("pnpm-workspace.yaml"), "packages: ['functions/*']\nsharedWorkspaceLockfile: false\n");
        Path member = Files.createDirectories(project.resolve("functions/orders"));
        Files.writeString(member.resolve("package.json"), "{\"name\":\"orders\"}");
        Path lockFile = Files.writeString(member.resolve("pnpm-lock.yaml"), "ms@2.1.2:\n");
        Files.createDirectories(project.resolve("node_modules"));
        fingerprint().set(List.of());
        assertTrue(fingerprint().state().unchanged(), fingerprint().state().reason());

        Files.writeString(lockFile, "ms@2.1.3:\n");
        assertEquals(
                "a package.json or lock file of the repository has changed since the last install",
                fingerprint().state().reason());

        Files.writeString(lockFile, "shared@file:../../libs/shared:\n");
        assertTrue(fingerprint().state().reason().startsWith("folders or patches of the project's own are copied"));
    }

    @Test
    void aLinkedFolderWithAnInstallScriptIsSeenWhateverTheFolderAboveIsNamed() throws Exception {
        Path root = Files.createDirectories(folder.resolve("node_modules-tests/repository"))
                .toRealPath();
        Path linked = Files.createDirectories(root.resolveSibling("shared"));
        Files.writeString(linked.resolve("package.json"), "{\"name\":\"shared\"}");
        Files.createSymbolicLink(
                Files.createDirectories(root.resolve("node_modules")).resolve("shared"), linked);
        InstallFingerprint mark = new InstallFingerprint(new InstallRun(root.toString(), "tools", ""));
        mark.set(List.of());
        assertTrue(mark.state().unchanged(), mark.state().reason());

        for (String name : List.of("package.json", "binding.gyp")) {
            Files.writeString(
                    linked.resolve(name), name.equals("package.json") ? "{\"scripts\":{\"prepare\":\"true\"}}" : "{}");
            assertFalse(mark.state().unchanged(), name);
            Files.writeString(linked.resolve("package.json"), "{\"name\":\"shared\"}");
        }
    }

    @Test
    void aLockFileThatIsNotUtf8IsNoReasonToFail() throws Exception {
        Files.write(
                Files.createDirectories(project.resolve("node_modules")).resolve(".package-lock.json"),
                new byte[] {-1, '{'});
        Files.write(project.resolve("package-lock.json"), new byte[] {-1, -2, 0});
        InstallFingerprint mark = fingerprint();

        mark.set(List.of());

        assertTrue(mark.state().unchanged());
    }

    /** Which of the writer and the look at its file comes first differs from time to time. */
    @Test
    void whereSomethingWritesMeanwhileNothingIsRemembered() throws Exception {
        Path modules = Files.createDirectories(project.resolve("node_modules"));
        Files.writeString(modules.resolve(".package-lock.json"), "{}");
        Path file = Files.writeString(modules.resolve("index.js"), "written again and again");
        InstallFingerprint mark = fingerprint();
        AtomicBoolean done = new AtomicBoolean();
        Thread writer = new Thread(() -> {
            while (!done.get()) {
                try {
                    Files.setLastModifiedTime(file, FileTime.fromMillis(0));
                } catch (IOException e) {
                    throw new UncheckedIOException(e);
                }
            }
        });
        writer.start();
        try {
            int forgotten = 0;
            for (int i = 0; i < 100 && forgotten == 0; i++) {
                mark.set(List.of());
                forgotten += Files.exists(mark()) ? 0 : 1;
            }
            assertEquals(1, forgotten);
        } finally {
            done.set(true);
            writer.join();
        }

        mark.set(List.of());

        assertTrue(mark.state().unchanged());
    }
}
