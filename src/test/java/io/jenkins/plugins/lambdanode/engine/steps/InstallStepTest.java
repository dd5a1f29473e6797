package io.jenkins.plugins.lambdanode.engine.steps;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.jenkins.plugins.lambdanode.engine.base.DeployException;
import io.jenkins.plugins.lambdanode.engine.http.HttpSender;
import io.jenkins.plugins.lambdanode.engine.project.InstallCommands;
import io.jenkins.plugins.lambdanode.engine.project.InstallPlan;
import io.jenkins.plugins.lambdanode.engine.project.InstallSetting;
import io.jenkins.plugins.lambdanode.engine.project.InstalledTool;
import io.jenkins.plugins.lambdanode.engine.project.PackageManager;
import io.jenkins.plugins.lambdanode.engine.project.Platform;
import io.jenkins.plugins.lambdanode.engine.project.ProjectFolder;
import io.jenkins.plugins.lambdanode.engine.workspace.LocalWorkspace;
import io.jenkins.plugins.lambdanode.testing.KeptLog;
import io.jenkins.plugins.lambdanode.testing.Program;
import io.jenkins.plugins.lambdanode.testing.Project;
import java.io.IOException;
import java.io.RandomAccessFile;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.Arrays;
import java.util.HashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.TimeUnit;
import java.util.stream.Collectors;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.api.parallel.Execution;
import org.junit.jupiter.api.parallel.ExecutionMode;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

/** Which command installs a project, and what becomes of a deployment when that command fails. */
@Execution(ExecutionMode.CONCURRENT)
class InstallStepTest {

    private static final String ONE_DEPENDENCY = "{\"dependencies\": {\"left\": \"file:./left\"}}";
    private static final String CI = "npm ci --omit=dev --no-audit --no-fund";
    private static final String INSTALL = "npm install --omit=dev --no-package-lock --no-audit --no-fund";

    @TempDir
    Path folder;

    private final KeptLog log = new KeptLog();

    private Optional<String> command(InstallSetting install) throws IOException {
        Optional<InstallPlan> plan = InstallPlan.of(install, ProjectFolder.of(folder, folder));
        return plan.isEmpty()
                ? Optional.empty()
                : Optional.of(new InstallCommands(plan.get(), tool("10.9.2"), Optional.empty())
                        .all()
                        .get(0)
                        .display());
    }

    private static InstalledTool tool(String version) {
        return new InstalledTool(
                PackageManager.NPM,
                "v22.0.0",
                version,
                "/bin/npm",
                "/bin",
                "",
                new Platform("linux", "x64", "glibc"),
                "",
                "",
                "");
    }

    /** The command of a tool on this machine, for a function. */
    private String command(String tool, String machine, String architecture, InstallSetting.Needed needed)
            throws IOException {
        String[] nameAndVersion = tool.split("@");
        PackageManager manager = PackageManager.valueOf(nameAndVersion[0].toUpperCase(Locale.ROOT));
        String[] platform = (machine + " ").split(" ", -1);
        InstalledTool installed = new InstalledTool(
                manager,
                "v22.0.0",
                nameAndVersion[1],
                "/bin/tool",
                "/bin",
                manager == PackageManager.YARN ? "node-modules" : "",
                new Platform(platform[0], platform[1], platform[2]),
                "",
                "",
                "");
        InstallPlan plan = InstallPlan.of(InstallSetting.AUTO.withNeeded(needed), ProjectFolder.of(folder, folder))
                .orElseThrow();
        return new InstallCommands(plan, installed, Platform.ofFunctions(List.of(architecture)))
                .all()
                .get(0)
                .display();
    }

    @ParameterizedTest
    @CsvSource(
            delimiter = '|',
            value = {
                "npm@10.9.2  | linux x64 glibc    | arm64  | PRODUCTION | --os=linux --cpu=arm64 --libc=glibc",
                "npm@10.1.0  | linux x64 musl     | x86_64 | PRODUCTION | --os=linux --cpu=x64 --libc=glibc",
                "npm@12.2.1  | darwin arm64       | arm64  | PRODUCTION | --os=linux --cpu=arm64 --libc=glibc",
                "npm@10.9.2  | linux x64 glibc    | x86_64 | PRODUCTION |",
                "npm@10.9.2  | linux x64 glibc    | ''     | PRODUCTION |",
                "npm@10.0.0  | linux x64 glibc    | arm64  | PRODUCTION |",
                "npm@10.9.2  | linux x64 glibc    | arm64  | ALL        |",
                "pnpm@10.14.0| linux x64 glibc    | arm64  | PRODUCTION | --os=linux --cpu=arm64 --libc=glibc",
                "pnpm@12.1.0 | linux x64 glibc    | arm64  | ALL        | --os=current --cpu=current --libc=current --os=linux --cpu=arm64 --libc=glibc",
                "pnpm@10.13.1| linux x64 glibc    | arm64  | PRODUCTION |",
                "bun@1.2.23  | linux x64          | arm64  | PRODUCTION | --os=linux --cpu=arm64",
                "bun@1.4.5   | linux x64          | arm64  | ALL        | --os=linux --cpu=x64 --cpu=arm64",
                "bun@1.2.22  | linux x64          | arm64  | PRODUCTION |",
                "bun@1.4.5   | linux x64          | x86_64 | PRODUCTION |",
                "yarn@4.9.2  | linux x64 glibc    | arm64  | PRODUCTION |"
            })
    void theInstallAsksForTheFunctionsPlatformWhereThisMachinesIsAnother(
            String tool, String machine, String architecture, InstallSetting.Needed needed, String asked)
            throws Exception {
        String lockFile = Map.of(
                        "npm", "package-lock.json", "pnpm", "pnpm-lock.yaml", "bun", "bun.lock", "yarn", "yarn.lock")
                .get(tool.replaceFirst("@.*", ""));
        project(ONE_DEPENDENCY).with(lockFile, "__metadata:\n");

        String options = Arrays.stream(
                        command(tool, machine, architecture, needed).split(" "))
                .filter(word -> word.matches("--(os|cpu|libc)=.*"))
                .collect(Collectors.joining(" "));

        assertEquals(asked == null ? "" : asked, options);
    }

    @ParameterizedTest
    @CsvSource({"6.14.18, true", "7.0.0, false"})
    void anNpmThatKnowsNoWorkspacesIsAnErrorForAMember(String version, boolean isError) throws Exception {
        project("{\"workspaces\": [\"fn\"]}").with("package-lock.json", "{}").with("fn/package.json", ONE_DEPENDENCY);
        ProjectFolder member = ProjectFolder.of(folder.resolve("fn"), folder);
        InstallCommands install = new InstallCommands(
                InstallPlan.of(InstallSetting.AUTO, member).orElseThrow(), tool(version), Optional.empty());
        if (isError) {
            String message = assertThrows(DeployException.class, () -> install.requireWorkspaces(member))
                    .getMessage();
            assertTrue(message.contains("npm 6.14.18 knows no workspaces"), message);
        } else {
            install.requireWorkspaces(member);
        }
    }

    @Test
    void functionsOfTwoArchitecturesAreNoReasonToAskForOne() {
        assertEquals(Optional.empty(), Platform.ofFunctions(List.of("arm64", "x86_64")));
        assertEquals(
                "linux arm64 glibc",
                Platform.ofFunctions(List.of("arm64", "arm64")).orElseThrow().toString());
    }

    private Project project(String packageJson) {
        return new Project(folder).with("package.json", packageJson);
    }

    private void install(InstallSetting install, Map<String, String> environment) throws Exception {
        try (LocalWorkspace workspace = new LocalWorkspace(folder, environment, new HttpSender(log), log)) {
            new InstallStep(workspace, log).run(install, List.of());
        }
    }

    private void install(InstallSetting install) throws Exception {
        install(install, System.getenv());
    }

    private DeployException failure(InstallSetting install, Map<String, String> environment) {
        return assertThrows(DeployException.class, () -> install(install, environment));
    }

    private DeployException failure(String shellLine) throws Exception {
        InstallSetting install = InstallSetting.parse(shellLine);
        return failure(install, System.getenv());
    }

    // Which command

    @ParameterizedTest
    @ValueSource(strings = {"package-lock.json", "npm-shrinkwrap.json"})
    void aProjectWithALockFileIsInstalledExactlyAsItSays(String lockFile) throws Exception {
        project(ONE_DEPENDENCY).with(lockFile, "{}");

        assertEquals(Optional.of(CI), command(InstallSetting.AUTO));
        assertEquals(Optional.of(CI), command(InstallSetting.parse("ci")));
        assertEquals(
                Optional.of("npm install --omit=dev --no-save --no-audit --no-fund"),
                command(InstallSetting.parse("install")));
    }

    @Test
    void aShrinkwrapWinsOverAPackageLockAsInNpm() throws Exception {
        project(ONE_DEPENDENCY).with("package-lock.json", "{}").with("npm-shrinkwrap.json", "{}");

        assertEquals(
                "npm-shrinkwrap.json",
                InstallPlan.of(InstallSetting.AUTO, ProjectFolder.of(folder, folder))
                        .orElseThrow()
                        .lockFile());
    }

    @Test
    void aProjectWithoutALockFileIsInstalledFromItsPackageJson() throws Exception {
        project(ONE_DEPENDENCY);

        assertEquals(Optional.of(INSTALL), command(InstallSetting.AUTO));
    }

    @ParameterizedTest
    @ValueSource(
            strings = {
                "{\"name\": \"hello\"}",
                "{\"dependencies\": {}}",
                "{\"devDependencies\": {\"mocha\": \"11\"}}",
                "{\"scripts\": {\"test\": \"mocha\", \"build\": \"tsc\"}}",
                "[]",
                "null"
            })
    void nothingIsRunWhereProductionNeedsNothing(String packageJson) throws Exception {
        project(packageJson).with("package-lock.json", "{}");

        assertEquals(Optional.empty(), command(InstallSetting.AUTO));
    }

    @ParameterizedTest
    @CsvSource(
            delimiter = '|',
            value = {
                "{\"optionalDependencies\": {\"fsevents\": \"2\"}}",
                "{\"peerDependencies\": {\"react\": \"19\"}}",
                "{\"workspaces\": [\"packages/a\"]}",
                "{\"scripts\": {\"prepare\": \"tsc\"}}",
                "{\"scripts\": {\"postinstall\": \"node patch.js\"}}",
                "{\"scripts\": {\"preinstall\": \"true\"}, \"devDependencies\": {\"a\": \"1\"}}"
            })
    void whateverElseNpmWouldDoForProductionIsDone(String packageJson) throws Exception {
        project(packageJson);

        assertEquals(Optional.of(INSTALL), command(InstallSetting.AUTO));
    }

    @Test
    void aProjectWithoutPackageJsonNeedsNothingUnlessNpmIsAskedFor() throws Exception {
        assertEquals(Optional.empty(), command(InstallSetting.AUTO));
        assertEquals(Optional.empty(), command(InstallSetting.NONE));
        for (String mode : List.of("ci", "install")) {
            InstallSetting install = InstallSetting.parse(mode);
            DeployException error = assertThrows(DeployException.class, () -> command(install));
            assertTrue(error.getMessage().contains("has no package.json"), error.getMessage());
        }
    }

    @Test
    void ciWithoutALockFileSaysToCommitOne() {
        project(ONE_DEPENDENCY);

        DeployException error = assertThrows(DeployException.class, () -> command(InstallSetting.parse("ci")));

        assertTrue(error.getMessage().contains("has no package-lock.json"), error.getMessage());
        assertTrue(error.getMessage().contains("commit the lock file"), error.getMessage());
    }

    @Test
    void noneRunsNothingWhateverTheProjectSays() throws Exception {
        project("not even JSON").with("package-lock.json", "{}");

        assertEquals(Optional.empty(), command(InstallSetting.NONE));
    }

    @Test
    void aWholeLineIsTheUsersOwnCommand() throws Exception {
        assertEquals(
                "yarn install --production",
                InstallSetting.parse(" yarn install --production ").command());
    }

    @ParameterizedTest
    @ValueSource(strings = {"AUTO", "Auto", "", "  "})
    void autoIsReadInAnyCaseAndIsTheDefault(String setting) throws Exception {
        assertEquals(InstallSetting.AUTO, InstallSetting.parse(setting));
    }

    @ParameterizedTest
    @ValueSource(strings = {"cii", "yes", "yarn"})
    void aSingleWordThatIsNoModeIsAMistake(String setting) {
        DeployException error = assertThrows(DeployException.class, () -> InstallSetting.parse(setting));

        assertTrue(error.getMessage().contains("Use auto, ci, install, none"), error.getMessage());
    }

    @Test
    void invalidJsonIsNamedWithItsLine() {
        project("{\n  \"dependencies\": {\n    \"a\": \"1\",\n  }\n}\n");

        DeployException error = assertThrows(DeployException.class, () -> command(InstallSetting.AUTO));

        assertTrue(error.getMessage().contains("package.json is not valid JSON, line 4"), error.getMessage());
    }

    @Test
    void aByteOrderMarkIsPassedOverAsNpmDoes() throws Exception {
        project("\uFEFF" + ONE_DEPENDENCY);

        assertEquals(Optional.of(INSTALL), command(InstallSetting.AUTO));
    }

    @Test
    void aHundredMegabytesOfPackageJsonAreNotRead() throws Exception {
        try (RandomAccessFile file =
                new RandomAccessFile(folder.resolve("package.json").toFile(), "rw")) {
            file.setLength(100 << 20);
        }

        DeployException error = assertThrows(DeployException.class, () -> command(InstallSetting.AUTO));

        assertTrue(error.getMessage().contains("104857600 bytes"), error.getMessage());
    }

    @Test
    void aFolderThatIsNotThereIsNamed() {
        DeployException error =
                assertThrows(DeployException.class, () -> ProjectFolder.of(folder.resolve("no-such-folder"), folder));

        assertTrue(
                error.getMessage().contains("There is no folder " + folder.resolve("no-such-folder")),
                error.getMessage());
    }

    // With the real npm

    @Test
    void theExampleIsInstalledByNpmFromItsLockFile() throws Exception {
        Project.example("xray", folder);

        install(InstallSetting.AUTO);

        assertTrue(log.text().contains("$ " + CI), log.text());
        assertEquals(
                "3.12.0",
                Program.run(folder, Map.of(), List.of("node", "-p", "require('aws-xray-sdk/package.json').version"))
                        .successful()
                        .out()
                        .strip());
    }

    @Test
    void aLockFileThatDisagreesIsSaidWithNpmsLastLinesAndWhatToDo() {
        Project.example("xray", folder)
                .with("package.json", "{\"name\": \"xray\", \"dependencies\": {\"aws-xray-sdk\": \"3.11.0\"}}");

        String message = failure(InstallSetting.AUTO, System.getenv()).messageWithOutput();

        assertTrue(message.contains("'" + CI + "' failed"), message);
        assertTrue(message.contains("exit status 1"), message);
        assertTrue(message.contains("  | npm error code EUSAGE"), message);
        assertTrue(message.contains("lock file's aws-xray-sdk@3.12.0 does not satisfy aws-xray-sdk@3.11.0"), message);
        assertTrue(
                message.endsWith(
                        "package.json and package-lock.json disagree: run 'npm install' in the project and commit"
                                + " both files."),
                message);
    }

    @Test
    void aRegistryThatCantBeReachedIsSaidSo() {
        project("{\"dependencies\": {\"left-pad\": \"1.3.0\"}}")
                .with(
                        ".npmrc",
                        "registry=http://127.0.0.1:9/\nfetch-retries=0\nprefer-online=true\ncache=" + folder + "/c\n");

        String message = failure(InstallSetting.AUTO, System.getenv()).messageWithOutput();

        assertTrue(message.contains("ECONNREFUSED"), message);
        assertTrue(message.contains("registry can't be reached from this machine"), message);
    }

    @Test
    void aMissingNpmIsSaidWithWhereToGetIt() {
        project(ONE_DEPENDENCY);

        String message =
                failure(InstallSetting.AUTO, Map.of("PATH", folder.toString())).getMessage();

        assertTrue(message.startsWith("node was not found on the PATH"), message);
        assertTrue(message.contains("nodejs('<installation>')"), message);
    }

    @Test
    void aScriptOfTheProjectSeesTheEnvironmentThatWasGivenAndNoOther() throws Exception {
        project("{\"scripts\": {\"preinstall\": \"node -p process.env.ONLY_THIS+process.env.USERS_OWN\"}}");
        Map<String, String> environment =
                new HashMap<>(Map.of("PATH", System.getenv("PATH"), "HOME", folder.toString(), "ONLY_THIS", "here-"));

        install(InstallSetting.AUTO, environment);

        assertTrue(log.text().contains("here-undefined"), log.text());
    }

    @ParameterizedTest
    @CsvSource(
            delimiter = '|',
            value = {
                "kill -9 $$ | It was killed (SIGKILL), as is what needs more memory than its container",
                "/etc/passwd | It could not be started: sh: 1: /etc/passwd: Permission denied",
                "echo 'Error response from daemon: Container 4f is not running'; exit 1 | The container could not run it: Error response from daemon",
                "echo 'Error: runc: exec failed: chdir to cwd: no such file or directory'; exit 127 | The container could not run it: Error: runc: exec",
                "echo \"npm error Error: EACCES: permission denied, rmdir '/w/node_modules/a'\"; echo log in /h/.npm/_logs; exit 243 | may not write to node_modules, which belongs to another user",
            })
    void whatIsNotForTheProgramToSayIsSaid(String line, String reason) throws Exception {
        project("{}");

        String message = failure(line).getMessage();

        assertTrue(message.contains(reason), message);
    }

    @Test
    void aNodeThatCannotBeStartedIsNotTakenForOneThatIsMissing() throws Exception {
        project(ONE_DEPENDENCY);
        Path node = Files.writeString(
                folder.resolve("node"), "#!/bin/sh\necho 'OCI runtime exec failed: no such container'; exit 126\n");
        assertTrue(node.toFile().setExecutable(true));

        String message =
                failure(InstallSetting.AUTO, Map.of("PATH", folder.toString())).getMessage();

        assertEquals(
                "node does not run in " + folder
                        + ". The container could not run it: OCI runtime exec failed: no such container",
                message);
    }

    // A command of the user's own

    @Test
    void aCommandIsReadByTheShellInTheProjectsFolder() throws Exception {
        install(InstallSetting.parse("echo \"one  two\" > made.txt && pwd"));

        assertEquals("one  two\n", Files.readString(folder.resolve("made.txt")));
        assertTrue(log.text().contains(folder.toRealPath().toString()), log.text());
    }

    @Test
    void aCommandOfSeveralLinesEndsAtTheFirstThatFails() throws Exception {
        assertTrue(failure("(exit 3)\ntouch made").getMessage().contains("exit status 3"));
        assertFalse(Files.exists(folder.resolve("made")));
    }

    @Test
    void aFewLastLinesOfAFailedCommandAreShownAndNoMore() throws Exception {
        DeployException error = failure("for i in $(seq 1 100); do echo line $i; done; exit 3");
        String message = error.messageWithOutput();

        assertTrue(message.contains("exit status 3"), message);
        assertTrue(message.contains("  | line 100") && message.contains("  | line 95"), message);
        assertFalse(error.getMessage().contains("line 100"), "The log has it already");
        assertFalse(message.contains("line 94\n"), message);
    }

    @Test
    void whatACommandWritesToEitherStreamComesInItsOrder() throws Exception {
        install(InstallSetting.parse("echo one; echo two >&2; echo three"));

        assertTrue(log.text().endsWith("one\ntwo\nthree"), log.text());
    }

    @Test
    void aCommandGetsNoInputToWaitFor() throws Exception {
        install(InstallSetting.parse("cat && echo read to the end"));

        assertTrue(log.text().contains("read to the end"), log.text());
    }

    @Test
    @Timeout(60)
    void anInterruptStopsACommandWithItsChildren() throws Exception {
        Path pid = folder.resolve("pid");
        InstallSetting install = InstallSetting.parse("sleep 1000 & echo $! > pid.new && mv pid.new pid; wait");
        Thread deployment = new Thread(() -> assertThrows(InterruptedException.class, () -> install(install)));
        deployment.start();
        while (!Files.exists(pid)) {
            Thread.onSpinWait();
        }
        long child = Long.parseLong(Files.readString(pid).strip());

        deployment.interrupt();
        deployment.join();

        Optional<ProcessHandle> left = ProcessHandle.of(child);
        if (left.isPresent()) {
            left.get().onExit().get(30, TimeUnit.SECONDS);
        }
    }

    @Test
    @Timeout(60)
    void aServerThatACommandLeavesRunningDoesNotHoldUpTheDeployment() throws Exception {
        long start = System.nanoTime();

        install(InstallSetting.parse("sleep 1000 & echo $! > pid; echo installed; sleep 0.3"));

        Duration took = Duration.ofNanos(System.nanoTime() - start);
        ProcessHandle.of(Long.parseLong(Files.readString(folder.resolve("pid")).strip()))
                .ifPresent(ProcessHandle::destroyForcibly);
        assertTrue(log.text().contains("installed"), log.text());
        assertTrue(took.compareTo(Duration.ofSeconds(30)) < 0, took.toString());
    }

    @Test
    @Timeout(120)
    void aHundredMegabytesWithoutALineEndNeedNoMemoryForThem() {
        int cuts = 104857600 / 4096 - 1;
        assertReadInLittleMemory(
                "head -c 104857600 /dev/zero | tr '\\0' x; echo; echo end", 104857603 + cuts * "[...][...]".length());
    }

    @Test
    @Timeout(120)
    void aHundredMegabytesOfLinesNeedNoMemoryForThem() {
        assertReadInLittleMemory("head -c 104857600 /dev/zero | tr '\\0' x | fold -w 1023; echo; echo end", 104857603);
    }

    private void assertReadInLittleMemory(String command, int characters) {
        Program run = Program.run(
                folder,
                Map.of(),
                Program.java(List.of("-Xmx48m"), RunsOneCommand.class.getName(), List.of(folder.toString(), command)));

        run.successful();
        assertTrue(run.out().startsWith(characters + " characters, last end"), run.out() + run.err());
    }

    @Test
    void aPackageJsonThatLeadsOutOfTheProjectIsNotRead(@TempDir Path outside) throws Exception {
        Path secret = Files.writeString(outside.resolve("secret.txt"), "secretMARKED: x");
        Files.createSymbolicLink(folder.resolve("package.json"), secret);

        String message = assertThrows(DeployException.class, () -> command(InstallSetting.AUTO))
                .getMessage();

        assertTrue(message.contains("out of the project's folder"), message);
        assertFalse(message.contains("MARKED"), message);
    }

    @Test
    void whatStandsInThePackageJsonIsNeverACommandOfOurs() throws Exception {
        String touch = "$(touch pwned)`touch pwned`;touch pwned|touch pwned&touch pwned";
        project("{\"name\": \"" + touch + "\", \"version\": \"" + touch + "\", \"main\": \"" + touch + "\","
                        + " \"scripts\": {\"postinstall\": \"true\", \"" + touch + "\": \"" + touch + "\"},"
                        + " \"bin\": {\"" + touch + "\": \"x\"}, \"config\": {\"" + touch + "\": \"" + touch + "\"}}")
                .with("package-lock.json", "{\"name\": \"" + touch + "\", \"lockfileVersion\": 3, \"packages\": {}}");

        assertEquals(Optional.of(CI), command(InstallSetting.AUTO));
        install(InstallSetting.AUTO);
        assertFalse(Files.exists(folder.resolve("pwned")), log.text());
    }

    @Test
    void aFullDiskIsSaidWithWhereToMakeRoom() throws Exception {
        String message = failure("echo npm error code ENOSPC; exit 1").getMessage();

        assertTrue(message.contains("The disk of this machine is full"), message);
    }

    @Test
    void whatNodeWritesIsReadAsUtf8WhateverTheLocale() {
        Program run = Program.run(
                folder,
                Map.of("LC_ALL", "C"),
                Program.java(
                        List.of(),
                        RunsOneCommand.class.getName(),
                        List.of(folder.toString(), "printf '\\303\\244\\n'")));

        assertEquals("1 characters, last \u00e4", run.successful().out().strip());
    }
}
