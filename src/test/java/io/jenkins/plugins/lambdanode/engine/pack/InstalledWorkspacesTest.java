package io.jenkins.plugins.lambdanode.engine.pack;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.jenkins.plugins.lambdanode.engine.pack.api.PackReport;
import io.jenkins.plugins.lambdanode.engine.pack.api.PackRequest;
import io.jenkins.plugins.lambdanode.engine.pack.api.PackSettings;
import io.jenkins.plugins.lambdanode.testing.NodeTool;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import java.util.stream.Collectors;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

/** What real package managers make of a workspace, packaged, unpacked by unzip elsewhere, and run there by Node.js. */
class InstalledWorkspacesTest {

    /** Which version of ms each gets: the member its own, debug another, the package of the repository a third. */
    private static final String EXPECTED = "own 2.0.0, shared 2.1.3, loaded 2.0.0 2.1.2 2.1.3";

    private static final String PACKAGES = "@acme/shared@1.0.0 debug@4.3.4 ms@2.0.0 ms@2.1.2 ms@2.1.3";

    private static final String HANDLER = """
            const {readFileSync} = require('fs'), {dirname} = require('path');
            require('debug');
            const shared = require('@acme/shared'), own = require('ms/package.json').version;
            require('ms');
            const loaded = Object.keys(require.cache).filter(file => /[/]ms[/]index.js$/.test(file))
                .map(file => JSON.parse(readFileSync(dirname(file) + '/package.json')).version).sort();
            console.log(`own ${own}, shared ${shared}, loaded ${loaded.join(' ')}`);
            """;

    @TempDir
    Path dir;

    enum Tool {
        NPM(NodeTool.NODE, "npm install --no-audit --no-fund"),
        PNPM(NodeTool.PNPM, "pnpm install"),
        YARN_CLASSIC(NodeTool.YARN_CLASSIC, "yarn install --non-interactive"),
        YARN(NodeTool.YARN, "yarn install"),
        BUN_HOISTED(NodeTool.BUN, "bun install --linker hoisted"),
        BUN_ISOLATED(NodeTool.BUN, "bun install --linker isolated");

        private final NodeTool tool;
        private final String install;

        Tool(NodeTool tool, String install) {
            this.tool = tool;
            this.install = install;
        }

        void install(Path folder) throws Exception {
            Run.program(
                            Map.of("PATH", tool.onPath(), "YARN_ENABLE_IMMUTABLE_INSTALLS", "false"),
                            "sh",
                            "-c",
                            "cd '" + folder + "' && " + install)
                    .requireSuccess();
        }
    }

    private Path repository(Tool tool) throws Exception {
        Path root = Files.createDirectory(dir.toRealPath().resolve("repository"));
        String local = tool == Tool.NPM || tool == Tool.YARN_CLASSIC ? "1.0.0" : "workspace:*";
        Packs.write(
                root,
                "package.json",
                "{\"name\":\"root\",\"private\":true,\"workspaces\":[\"functions/*\",\"libs/*\"]}");
        Packs.write(root, "pnpm-workspace.yaml", "packages: ['functions/*', 'libs/*']\n");
        Packs.write(root, ".yarnrc.yml", "nodeLinker: node-modules\n");
        Packs.write(root, "functions/orders/package.json", """
                {"name": "orders", "version": "1.0.0", "dependencies": {"debug": "4.3.4", "ms": "2.0.0", "@acme/shared": "LOCAL"},
                 "devDependencies": {"left-pad": "1.3.0"}}""".replace("LOCAL", local));
        Packs.write(root, "functions/orders/index.js", HANDLER);
        Packs.write(root, "functions/orders/dist/index.js", HANDLER);
        Packs.write(
                root,
                "functions/billing/package.json",
                "{\"name\":\"billing\",\"version\":\"1.0.0\",\"dependencies\":{\"is-odd\":\"3.0.1\"}}");
        Packs.write(
                root,
                "libs/shared/package.json",
                "{\"name\":\"@acme/shared\",\"version\":\"1.0.0\",\"dependencies\":{\"ms\":\"2.1.3\"}}");
        Packs.write(
                root, "libs/shared/index.js", "require('ms'); module.exports = require('ms/package.json').version;\n");
        tool.install(root);
        return root;
    }

    private Path unzip(PackReport report) throws Exception {
        Path folder = Files.createTempDirectory(dir, "unzipped");
        Run.program("unzip", "-q", report.file(), "-d", folder.toString()).requireSuccess();
        return folder;
    }

    /** The packages in a folder, as Node.js reads their names and versions. */
    private static String packagesIn(Path... folders) throws Exception {
        StringBuilder files = new StringBuilder();
        for (Path folder : folders) {
            files.append(Run.program("find", folder.toString(), "-name", "package.json", "-path", "*/node_modules/*")
                    .requireSuccess());
        }
        return Run.program("node", "-e", """
                console.log([...new Set(process.argv[1].trim().split('\\n')
                    .map(file => JSON.parse(require('fs').readFileSync(file)))
                    .map(json => `${json.name}@${json.version}`))].sort().join(' '))""", files.toString()).requireSuccess().strip();
    }

    /** The packages that the inventory names; one of the repository is marked. */
    private static String inventory(PackReport report) {
        return report.inventory().components().stream()
                .map(each -> each.name() + "@" + each.version() + (each.local() ? "!" : ""))
                .sorted()
                .collect(Collectors.joining(" "));
    }

    private static String run(Path folder, Map<String, String> environment) throws Exception {
        return Run.program(environment, "node", folder.resolve("index.js").toString())
                .requireSuccess()
                .strip();
    }

    private static PackRequest request(String codeDir) {
        return PackRequest.of(
                new PackSettings(
                        codeDir, true, List.of(), List.of(), PackSettings.Links.FOLLOW, PackSettings.DEFAULT_LEVEL),
                List.of(),
                false,
                "",
                false);
    }

    private static void requireProductionAlone(Path... folders) throws Exception {
        for (Path folder : folders) {
            String names = Run.program("find", folder.toString()).requireSuccess();
            assertFalse(names.contains("left-pad") || names.contains("billing") || names.contains("is-odd"), names);
        }
    }

    private void requireLayer(Path project, String codeDir, String expected) throws Exception {
        PackReport report = Packs.pack(project, Packs.apart(request(codeDir)));
        Path task = unzip(report);
        Path opt = unzip(report.layer().orElseThrow());
        requireProductionAlone(task, opt);
        assertFalse(Files.exists(task.resolve("node_modules")));
        assertEquals(List.of("nodejs"), List.of(opt.toFile().list()));
        assertEquals(packagesIn(opt), inventory(report).replace("!", ""));
        assertTrue(report.inventory().components().stream()
                .allMatch(each -> each.paths().isEmpty()));
        assertEquals(
                expected,
                run(task, Map.of("NODE_PATH", opt.resolve("nodejs/node_modules").toString())));
    }

    @ParameterizedTest
    @EnumSource
    void aMemberRunsAsOnePackageAndWithItsDependenciesInALayer(Tool tool) throws Exception {
        Path root = repository(tool);
        Path orders = root.resolve("functions/orders");
        assertEquals(EXPECTED, run(orders, Map.of()));

        PackReport packed = Packs.pack(orders, request(""));
        Path task = unzip(packed);
        requireProductionAlone(task);
        assertEquals(PACKAGES, packagesIn(task));
        assertEquals(PACKAGES.replace("shared@1.0.0", "shared@1.0.0!"), inventory(packed));
        assertEquals(EXPECTED, run(task, Map.of()));

        Path built = unzip(Packs.pack(orders, request("dist")));
        requireProductionAlone(built);
        assertEquals(EXPECTED, run(built, Map.of()));
        assertFalse(Files.exists(built.resolve("dist")));

        requireLayer(orders, "", EXPECTED);
        requireLayer(orders, "dist", EXPECTED);
    }

    /** Not of a workspace. */
    @ParameterizedTest
    @EnumSource(names = {"PNPM", "BUN_ISOLATED"})
    void aLayerOfAVirtualStoreKeepsItsLinks(Tool tool) throws Exception {
        Path project = Files.createDirectory(dir.toRealPath().resolve("project"));
        Packs.write(project, "package.json", """
                {"name": "orders", "version": "1.0.0", "dependencies": {"debug": "4.3.4", "ms": "2.0.0"}, "devDependencies": {"left-pad": "1.3.0"}}""");
        Packs.write(project, "index.js", HANDLER.replace("require('@acme/shared')", "'none'"));
        tool.install(project);

        requireLayer(project, "", "own 2.0.0, shared none, loaded 2.0.0 2.1.2");

        Path opt = unzip(Packs.pack(project, Packs.apart(request(""))).layer().orElseThrow());
        assertTrue(Files.isSymbolicLink(opt.resolve("nodejs/node_modules/debug")));
    }

    /** It looks for packages to remove once in a week; asked to at once here. */
    @Test
    void linksToWhatPnpmHasRemovedFromItsStoreForAnotherPlatformAreLeftOut() throws Exception {
        Path project = Files.createDirectory(dir.toRealPath().resolve("project"));
        Packs.write(
                project,
                "package.json",
                "{\"name\":\"orders\",\"version\":\"1.0.0\",\"dependencies\":{\"@node-rs/crc32\":\"1.10.6\"}}");
        Packs.write(project, "index.js", "require('@node-rs/crc32');\n");
        Tool.PNPM.install(project);
        Run.program(
                        Map.of("PATH", Tool.PNPM.tool.onPath()),
                        "sh",
                        "-c",
                        "cd '" + project + "' && pnpm install --frozen-lockfile"
                                + " --config.modules-cache-max-age=0 --os=linux --cpu=arm64 --libc=glibc")
                .requireSuccess();
        assertEquals(
                "crc32-linux-x64-gnu\n",
                Run.program(
                                "sh",
                                "-c",
                                "cd '" + project + "' && find node_modules/.pnpm/node_modules -xtype l -printf '%f\\n'")
                        .requireSuccess());

        String names =
                Run.program("find", unzip(Packs.pack(project)).toString()).requireSuccess();

        assertTrue(names.contains("crc32.linux-arm64-gnu.node"), names);
        assertFalse(names.contains("x64"), names);
    }

    /** A project that npm has installed before: pnpm sets aside what is not its own. */
    @Test
    void whatPnpmSetsAsideChangesNoByteOfThePackage() throws Exception {
        Path project = Files.createDirectory(dir.toRealPath().resolve("project"));
        Packs.write(
                project,
                "package.json",
                "{\"name\":\"orders\",\"version\":\"1.0.0\",\"dependencies\":{\"ms\":\"2.0.0\"}}");
        Packs.write(project, "index.js", "require('ms');\n");
        Tool.PNPM.install(project);
        String clean = Packs.pack(project).codeSha256();
        Run.program("rm", "-r", project.resolve("node_modules").toString()).requireSuccess();
        Run.program(
                        "sh",
                        "-c",
                        "cd '" + project + "' && npm install --no-save --no-package-lock --no-audit --no-fund ms@2.1.3")
                .requireSuccess();
        Tool.PNPM.install(project);

        assertTrue(Files.isDirectory(project.resolve("node_modules/.ignored_ms")));
        assertEquals(clean, Packs.pack(project).codeSha256());
    }
}
