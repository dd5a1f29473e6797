package io.jenkins.plugins.lambdanode.engine.steps;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.jenkins.plugins.lambdanode.engine.http.HttpSender;
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
import java.util.Optional;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.api.parallel.Execution;
import org.junit.jupiter.api.parallel.ExecutionMode;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

/** Ten functions of one repository, each deployed from its own folder. Installs are counted by a program of the tool's name on the PATH. */
@Execution(ExecutionMode.CONCURRENT)
class WorkspaceInstallOnceTest {

    private static final int MEMBERS = 10;

    @TempDir
    private Path folder;

    private Path root;
    private final KeptLog log = new KeptLog();

    enum Tool {
        NPM(NodeTool.NODE, "npm", "npm install --package-lock-only", "ci"),
        PNPM(NodeTool.PNPM, "pnpm", "pnpm install --lockfile-only", "install"),
        YARN_CLASSIC(NodeTool.YARN_CLASSIC, "yarn", "yarn install --non-interactive", "install"),
        YARN(NodeTool.YARN, "yarn", "yarn install --mode=update-lockfile", "install");

        private final NodeTool tool;
        private final String program;
        private final String lock;
        private final String install;

        Tool(NodeTool tool, String program, String lock, String install) {
            this.tool = tool;
            this.program = program;
            this.lock = lock;
            this.install = install;
        }
    }

    private void write(String path, String text) throws IOException {
        Path file = folder.resolve("repository").resolve(path);
        Files.createDirectories(file.getParent());
        Files.writeString(file, text);
    }

    /** A workspace whose members all need a package of the registry and one of the repository. */
    private Map<String, String> workspace(Tool tool) throws Exception {
        root = folder.resolve("repository");
        write("package.json", "{\"name\":\"root\",\"private\":true,\"workspaces\":[\"functions/*\",\"libs/*\"]}");
        write("pnpm-workspace.yaml", "packages:\n  - 'functions/*'\n  - 'libs/*'\n");
        write(".yarnrc.yml", "nodeLinker: node-modules\n");
        write("libs/shared/package.json", "{\"name\":\"shared\",\"version\":\"1.0.0\",\"license\":\"MIT\"}");
        write("libs/shared/index.js", "module.exports = 1;\n");
        String shared = tool == Tool.NPM || tool == Tool.YARN_CLASSIC ? "1.0.0" : "workspace:*";
        for (int i = 0; i < MEMBERS; i++) {
            write(
                    "functions/f" + i + "/package.json",
                    "{\"name\":\"f" + i + "\",\"version\":\"1.0.0\",\"dependencies\":{\"ms\":\"2.1.2\",\"shared\":\""
                            + shared + "\"}}");
        }
        Path bin = Files.createDirectories(folder.resolve("bin"));
        Path wrapper = bin.resolve(tool.program);
        Files.writeString(
                wrapper,
                // Yarn 1 takes two commands for an install.
                "#!/bin/sh\ncase \"$*\" in *--skip-integrity-check*) ;; *) echo \"$1\" >> " + folder.resolve("calls")
                        + " ;; esac\nexec " + tool.tool.bin().resolve(tool.program) + " \"$@\"\n");
        assertTrue(wrapper.toFile().setExecutable(true));
        Map<String, String> environment = new HashMap<>(System.getenv());
        environment.put("PATH", bin + ":" + tool.tool.onPath());
        // Of its own: an install of another project changes the times of files that it has from the same store.
        environment.put("npm_config_store_dir", folder.resolve("store").toString());
        Program.shell(root, environment, tool.lock + " && rm -rf node_modules functions/*/node_modules");
        return environment;
    }

    private long installs(Tool tool, Map<String, String> environment, String... members) throws Exception {
        return installs(tool, environment, InstallSetting.Needed.PRODUCTION, members);
    }

    private long installs(Tool tool, Map<String, String> environment, InstallSetting.Needed needed, String... members)
            throws Exception {
        Files.writeString(folder.resolve("calls"), "");
        for (String member : members) {
            try (LocalWorkspace workspace = new LocalWorkspace(
                    root.resolve(member),
                    Optional.of(folder.resolve("cache")),
                    environment,
                    new HttpSender(log),
                    log)) {
                new InstallStep(workspace, log).run(InstallSetting.AUTO.withNeeded(needed), List.of());
            }
        }
        return Files.readAllLines(folder.resolve("calls")).stream()
                .filter(tool.install::equals)
                .count();
    }

    @ParameterizedTest
    @EnumSource
    void tenFunctionsOfARepositoryCostOneInstall(Tool tool) throws Exception {
        Map<String, String> environment = workspace(tool);
        String[] all = new String[MEMBERS];
        for (int i = 0; i < MEMBERS; i++) {
            all[i] = "functions/f" + i;
        }

        assertEquals(1, installs(tool, environment, all), log.text());
        assertEquals(0, installs(tool, environment, all), log.text());

        // What is linked is as it is.
        write("libs/shared/index.js", "module.exports = 2;\n");
        assertEquals(0, installs(tool, environment, "functions/f1"), log.text());

        write("libs/shared/package.json", "{\"name\":\"shared\",\"version\":\"1.0.0\",\"license\":\"ISC\"}");
        assertEquals(1, installs(tool, environment, "functions/f2", "functions/f3"), log.text());

        Files.writeString(root.resolve("node_modules/added-by-hand.js"), "");
        environment.put("NODE_OPTIONS", "--no-warnings");
        assertEquals(1, installs(tool, environment, "functions/f4", "functions/f5"), log.text());

        // Functions that are built and others that are not share the install of those that are.
        assertEquals(
                1, installs(tool, environment, InstallSetting.Needed.ALL, "functions/f6", "functions/f7"), log.text());
        assertEquals(0, installs(tool, environment, "functions/f6", "functions/f8"), log.text());
        write("libs/shared/package.json", "{\"name\":\"shared\",\"version\":\"1.0.0\",\"license\":\"0BSD\"}");
        assertEquals(1, installs(tool, environment, "functions/f9"), log.text());
        assertEquals(0, installs(tool, environment, InstallSetting.Needed.ALL, "functions/f0"), log.text());
    }

    @ParameterizedTest
    @EnumSource
    void aMembersOwnNodeModulesIsLookedAtToo(Tool tool) throws Exception {
        Map<String, String> environment = workspace(tool);
        write(
                "functions/f0/package.json",
                "{\"name\":\"f0\",\"version\":\"1.0.0\",\"dependencies\":{\"ms\":\"2.0.0\"}}");
        Program.shell(root, environment, tool.lock + " && rm -rf node_modules functions/*/node_modules");
        assertEquals(1, installs(tool, environment, "functions/f0", "functions/f1"), log.text());
        Path version = root.resolve("functions/f0/node_modules/ms");
        assertTrue(Files.exists(version), log.text());

        Program.shell(root, environment, "rm -rf functions/f0/node_modules/ms");

        assertEquals(1, installs(tool, environment, "functions/f1", "functions/f0"), log.text());
        assertTrue(Files.exists(version), log.text());
    }

    @Test
    void aMemberWithAnInstallScriptOfItsOwnIsInstalledEachTime() throws Exception {
        Map<String, String> environment = workspace(Tool.NPM);
        write(
                "libs/shared/package.json",
                "{\"name\":\"shared\",\"version\":\"1.0.0\",\"scripts\":{\"prepare\":\"true\"}}");

        assertEquals(2, installs(Tool.NPM, environment, "functions/f0", "functions/f1"), log.text());
        assertTrue(
                log.text()
                        .contains(
                                "npm ci: libs/shared has install scripts of its own (prepare), which can go by anything."),
                log.text());
    }

    @Test
    void whatPnpmCopiesFromTheRepositoryIsCopiedEachTime() throws Exception {
        Map<String, String> environment = workspace(Tool.PNPM);
        write(
                "functions/f0/package.json",
                "{\"name\":\"f0\",\"version\":\"1.0.0\",\"dependencies\":{\"plain\":\"file:../../plain\"}}");
        write("plain/package.json", "{\"name\":\"plain\",\"version\":\"1.0.0\"}");
        Program.shell(root, environment, Tool.PNPM.lock);

        assertEquals(2, installs(Tool.PNPM, environment, "functions/f0", "functions/f1"), log.text());
    }

    @Test
    void whatYarnCopiesFromTheRepositoryIsCopiedEachTime() throws Exception {
        Map<String, String> environment = workspace(Tool.YARN_CLASSIC);
        write("plain/package.json", "{\"name\":\"plain\",\"version\":\"1.0.0\"}");
        write(
                "functions/f0/package.json",
                "{\"name\":\"f0\",\"version\":\"1.0.0\",\"dependencies\":{\"plain\":\"file:../../plain\"}}");
        Program.shell(root, environment, Tool.YARN_CLASSIC.lock);

        write("plain/index.js", "module.exports = 1;\n");
        assertEquals(1, installs(Tool.YARN_CLASSIC, environment, "functions/f0"), log.text());
        write("plain/index.js", "module.exports = 2;\n");
        assertEquals(1, installs(Tool.YARN_CLASSIC, environment, "functions/f1"), log.text());
        assertEquals("module.exports = 2;\n", Files.readString(root.resolve("node_modules/plain/index.js")));
    }
}
