package io.jenkins.plugins.lambdanode.engine.pack;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.jenkins.plugins.lambdanode.engine.base.DeployException;
import io.jenkins.plugins.lambdanode.engine.pack.api.PackReport;
import io.jenkins.plugins.lambdanode.engine.pack.api.TargetFunction;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

/** Members of workspaces are packaged, unpacked by unzip elsewhere, and run by Node.js there and in the tree. */
class ProductionPackagesTest {

    @TempDir
    Path dir;

    private Path root;
    private Path orders;

    @BeforeEach
    void makeWorkspace() throws Exception {
        root = Files.createDirectory(dir.toRealPath().resolve("repository"));
        orders = root.resolve("functions/orders");
        Packs.write(root, "package.json", "{\"name\":\"repository\",\"workspaces\":[\"functions/*\",\"libs/*\"]}");
        installed("node_modules/unrelated", "1.0.0", "");
        local("functions/billing", "billing", "\"dependencies\":{\"unrelated\":\"1.0.0\"}");
        link("node_modules/orders", "../functions/orders");
        link("node_modules/billing", "../functions/billing");
    }

    /** A package whose module tells its version, and what it gets for each name that it declares. */
    private void installed(String folder, String version, String fields) throws Exception {
        String name = folder.substring(folder.lastIndexOf("node_modules/") + "node_modules/".length());
        write(folder, name, version, fields);
    }

    private void local(String folder, String name, String fields) throws Exception {
        write(folder, name, "0.0.0", fields);
    }

    private void write(String folder, String name, String version, String fields) throws Exception {
        Packs.write(
                root,
                folder + "/package.json",
                "{\"name\":\"" + name + "\",\"version\":\"" + version + "\"" + (fields.isEmpty() ? "" : "," + fields)
                        + "}");
        Packs.write(root, folder + "/index.js", """
                const {name, version, dependencies, optionalDependencies, peerDependencies} = require('./package.json');
                const names = Object.keys({...dependencies, ...optionalDependencies, ...peerDependencies}).sort();
                const got = n => { try { return require(n); } catch (e) { if (e.code !== 'MODULE_NOT_FOUND') throw e; return () => 'none'; } };
                global.loads = (global.loads || 0) + 1;
                module.exports = (depth = 4) => name + '@' + version
                    + (names.length && depth ? '(' + names.map(n => got(n)(depth - 1)).join(' ') + ')' : '');
                module.exports.loads = () => global.loads;
                """);
    }

    private void link(String name, String target) throws Exception {
        Path link = root.resolve(name);
        Files.createDirectories(link.getParent());
        Files.createSymbolicLink(link, Path.of(target));
    }

    private static String run(Path folder) throws Exception {
        return run(folder, Map.of());
    }

    private static String run(Path folder, Map<String, String> environment) throws Exception {
        return Run.program(
                        environment,
                        "node",
                        "-e",
                        "process.chdir(process.argv[1]); const m = require(process.cwd());"
                                + " console.log(m() + ' ' + m.loads())",
                        folder.toString())
                .requireSuccess()
                .strip();
    }

    private PackReport pack(Path project) throws Exception {
        return Packs.pack(project);
    }

    private Path unzip(PackReport report) throws Exception {
        Path task = Files.createTempDirectory(dir, "task");
        Run.program("unzip", "-q", report.file(), "-d", task.toString()).requireSuccess();
        return task;
    }

    /** The package of the member gives what the member gives in the tree. */
    private Path requireSame(Path project) throws Exception {
        Path task = unzip(pack(project));
        assertEquals(run(project), run(task));
        return task;
    }

    @Test
    void aMemberIsPackagedWithItsHoistedDependenciesAndWithoutTheWorkspaces() throws Exception {
        local(
                "functions/orders",
                "orders",
                "\"dependencies\":{\"a\":\"*\",\"@scope/b\":\"*\",\"nested\":\"*\"},"
                        + "\"devDependencies\":{\"tool\":\"*\"}");
        installed(
                "node_modules/a",
                "1.0.0",
                "\"dependencies\":{\"c\":\"*\"},\"optionalDependencies\":{\"absent\":\"*\"}");
        installed("node_modules/c", "1.0.0", "");
        installed("node_modules/@scope/b", "1.0.0", "\"peerDependencies\":{\"a\":\"*\"}");
        installed("node_modules/tool", "1.0.0", "");
        installed("functions/orders/node_modules/nested", "2.0.0", "\"dependencies\":{\"c\":\"*\"}");
        Path task = requireSame(orders);
        assertEquals(
                "orders@0.0.0(@scope/b@1.0.0(a@1.0.0(none c@1.0.0)) a@1.0.0(none c@1.0.0) nested@2.0.0(c@1.0.0)) 5",
                run(task));
        assertFalse(Files.exists(task.resolve("node_modules/tool")));
        assertFalse(Files.exists(task.resolve("node_modules/unrelated")));
        assertFalse(Files.exists(task.resolve("functions")));
    }

    @Test
    void versionsThatCollideAreNestedAndEachPackageGetsTheOneThatItHasInTheTree() throws Exception {
        local("functions/orders", "orders", "\"dependencies\":{\"a\":\"2\",\"b\":\"*\",\"d\":\"*\",\"e\":\"*\"}");
        installed("functions/orders/node_modules/a", "2.0.0", "");
        installed("node_modules/a", "1.0.0", "\"dependencies\":{\"b\":\"*\"}");
        installed("node_modules/b", "1.0.0", "\"dependencies\":{\"a\":\"1\"}");
        installed("node_modules/d", "1.0.0", "\"dependencies\":{\"a\":\"1\",\"b\":\"*\"}");
        installed("node_modules/e", "1.0.0", "\"dependencies\":{\"a\":\"3\"}");
        installed("node_modules/e/node_modules/a", "3.0.0", "");
        // Each module is loaded as often as in the tree: a@1 is one module, whoever needs it.
        requireSame(orders);
    }

    @Test
    void aLocalPackageGoesInForItsLinkWithItsOwnDependenciesAndWithoutThoseForDevelopment() throws Exception {
        local("functions/orders", "orders", "\"dependencies\":{\"@acme/shared\":\"*\",\"c\":\"*\"}");
        local(
                "libs/shared",
                "@acme/shared",
                "\"dependencies\":{\"c\":\"2\",\"d\":\"*\"},\"devDependencies\":{\"tool\":\"*\"}");
        link("node_modules/@acme/shared", "../../libs/shared");
        installed("node_modules/c", "1.0.0", "");
        installed("libs/shared/node_modules/c", "2.0.0", "");
        installed("libs/shared/node_modules/tool", "1.0.0", "");
        installed("node_modules/d", "1.0.0", "\"dependencies\":{\"c\":\"1\"}");
        Packs.write(root, "libs/shared/README.md", "x");
        Path task = requireSame(orders);
        assertTrue(Files.isDirectory(task.resolve("node_modules/@acme/shared")));
        assertFalse(Files.isSymbolicLink(task.resolve("node_modules/@acme/shared")));
        assertFalse(Files.exists(task.resolve("node_modules/@acme/shared/node_modules/tool")));
        assertFalse(Files.exists(task.resolve("node_modules/@acme/shared/README.md")));
    }

    /** npm with install-strategy=linked links each member in its own node_modules too. */
    @Test
    void aLinkToTheProjectItselfBesideAVirtualStoreStaysALink() throws Exception {
        local("functions/orders", "orders", "\"dependencies\":{\"a\":\"*\"}");
        installed("node_modules/.store/a@1.0.0/node_modules/a", "1.0.0", "");
        link("functions/orders/node_modules/a", "../../../node_modules/.store/a@1.0.0/node_modules/a");
        link("functions/orders/node_modules/orders", "..");
        Path task = requireSame(orders);
        assertEquals(Path.of(".."), Files.readSymbolicLink(task.resolve("node_modules/orders")));
    }

    @Test
    void aMemberThatIsASubmoduleHasWhatIsInstalledAboveIt() throws Exception {
        local("functions/orders", "orders", "\"dependencies\":{\"a\":\"*\"}");
        installed("node_modules/a", "1.0.0", "");
        Files.createDirectories(root.resolve(".git"));
        Packs.write(root, "functions/orders/.git", "gitdir: ../../.git/modules/functions/orders");
        requireSame(orders);
    }

    /** pnpm's virtualStoreDir, and its global store. */
    @ParameterizedTest
    @ValueSource(strings = {"functions/orders/store", "store", "store/links/@"})
    void aVirtualStoreInAFolderOfAnotherNameKeepsItsLinks(String store) throws Exception {
        local("functions/orders", "orders", "\"dependencies\":{\"a\":\"*\"},\"devDependencies\":{\"tool\":\"*\"}");
        installed(store + "/a@1/node_modules/a", "1.0.0", "\"dependencies\":{\"@scope/b\":\"*\"}");
        installed(store + "/b@1/node_modules/@scope/b", "1.0.0", "");
        installed(store + "/tool@1/node_modules/tool", "1.0.0", "");
        link(store + "/a@1/node_modules/@scope/b", "../../../b@1/node_modules/@scope/b");
        for (String name : List.of("a", "tool")) {
            Path folder = root.resolve(store + "/" + name + "@1/node_modules/" + name);
            Path modules = orders.resolve("node_modules");
            link(
                    "functions/orders/node_modules/" + name,
                    modules.relativize(folder).toString());
        }
        Path task = requireSame(orders);
        assertTrue(Files.isSymbolicLink(task.resolve("node_modules/a")));
        assertFalse(Run.program("find", task.toString()).requireSuccess().contains("tool"));
    }

    /** prisma generate writes beside @prisma/client, which npm hoists to the root of the workspace. */
    @Test
    void theClientThatPrismaHasGeneratedAtTheRootGoesInWithAMember() throws Exception {
        local("functions/orders", "orders", "\"dependencies\":{\"@prisma/client\":\"*\"}");
        installed("node_modules/@prisma/client", "6.0.0", "");
        Packs.write(root, "node_modules/@prisma/client/index.js", "module.exports = require('.prisma/client');");
        Packs.write(
                root,
                "node_modules/.prisma/client/index.js",
                "const m = () => 'generated'; m.loads = () => 1; module.exports = m;");
        Packs.write(root, "functions/orders/index.js", "module.exports = require('@prisma/client');");
        assertEquals("generated 1", run(requireSame(orders)));

        // output = "../node_modules/@acme/db" in a schema
        Packs.write(
                root,
                "node_modules/@acme/db/package.json",
                "{\"name\": \"prisma-client-" + "0f".repeat(32) + "\", \"main\": \"index.js\"}");
        Packs.write(root, "node_modules/@acme/db/index.js", "module.exports = require('.prisma/client');");
        Packs.write(root, "functions/orders/index.js", "module.exports = require('@acme/db');");
        assertEquals("generated 1", run(requireSame(orders)));
    }

    @Test
    void theDependenciesOfAMemberGoIntoALayerOfTheirOwn() throws Exception {
        local("functions/orders", "orders", "\"dependencies\":{\"@acme/shared\":\"*\",\"c\":\"*\"}");
        local("libs/shared", "@acme/shared", "\"dependencies\":{\"c\":\"2\"}");
        link("node_modules/@acme/shared", "../../libs/shared");
        installed("node_modules/c", "1.0.0", "");
        installed("libs/shared/node_modules/c", "2.0.0", "");
        PackReport report = Packs.pack(orders, Packs.apart(Packs.request()));
        Path task = unzip(report);
        Path opt = unzip(report.layer().orElseThrow());
        assertFalse(Files.exists(task.resolve("node_modules")));
        assertEquals(
                run(orders),
                run(task, Map.of("NODE_PATH", opt.resolve("nodejs/node_modules").toString())));
    }

    @Test
    void localPackagesThatNeedOneAnotherAndTheProjectEndInNoCircle() throws Exception {
        local("functions/orders", "orders", "\"dependencies\":{\"x\":\"*\"}");
        local("libs/x", "x", "\"dependencies\":{\"y\":\"*\"}");
        local("libs/y", "y", "\"dependencies\":{\"x\":\"*\",\"orders\":\"*\"}");
        link("node_modules/x", "../libs/x");
        link("node_modules/y", "../libs/y");
        requireSame(orders);
    }

    @Test
    void aLocalPackageWithOthersInItsFolderGoesInWithoutThem() throws Exception {
        local("functions/orders", "orders", "\"dependencies\":{\"app\":\"*\",\"part\":\"*\"}");
        local("libs/app", "app", "\"dependencies\":{\"part\":\"*\"}");
        local("libs/app/part", "part", "");
        local("libs/app/other", "other", "");
        link("node_modules/app", "../libs/app");
        link("node_modules/part", "../libs/app/part");
        link("node_modules/other", "../libs/app/other");
        Path task = requireSame(orders);
        assertTrue(Files.exists(task.resolve("node_modules/part/index.js")));
        assertFalse(Files.exists(task.resolve("node_modules/app/other")));
    }

    @Test
    void aLinkedFolderWhoseDependenciesAreNotInstalledIsAnErrorThatSaysWhatToDo() throws Exception {
        local("functions/orders", "orders", "\"dependencies\":{\"x\":\"file:../../libs/x\"}");
        local("libs/x", "x", "\"dependencies\":{\"absent\":\"*\"}");
        link("functions/orders/node_modules/x", "../../../libs/x");
        String message = assertThrows(DeployException.class, () -> pack(orders)).getMessage();
        assertTrue(
                message.contains("leads out of the project's folder") && message.contains("--install-links"), message);
        installed("functions/orders/node_modules/absent", "1.0.0", "");
        assertEquals("orders@0.0.0(x@0.0.0(absent@1.0.0)) 3", run(unzip(pack(orders))));
    }

    @ParameterizedTest
    @ValueSource(strings = {"functions/orders", "."})
    void linksOfPnpmStayLinksWithWhatProductionNeedsOfTheStore(String project) throws Exception {
        Packs.write(root, "pnpm-workspace.yaml", "packages: [functions/*, libs/*]\n");
        Files.delete(root.resolve("node_modules/orders"));
        Files.delete(root.resolve("node_modules/billing"));
        local(
                "functions/orders",
                "orders",
                "\"dependencies\":{\"a\":\"*\",\"@acme/shared\":\"*\"},\"devDependencies\":{\"tool\":\"*\"}");
        local("libs/shared", "@acme/shared", "\"dependencies\":{\"@scope/b\":\"2\"}");
        installed("node_modules/.pnpm/a@1/node_modules/a", "1.0.0", "\"dependencies\":{\"@scope/b\":\"1\"}");
        installed("node_modules/.pnpm/@scope+b@1/node_modules/@scope/b", "1.0.0", "");
        installed("node_modules/.pnpm/@scope+b@2/node_modules/@scope/b", "2.0.0", "\"dependencies\":{\"a\":\"*\"}");
        installed("node_modules/.pnpm/tool@1/node_modules/tool", "1.0.0", "");
        link("node_modules/.pnpm/a@1/node_modules/@scope/b", "../../../@scope+b@1/node_modules/@scope/b");
        link("node_modules/.pnpm/@scope+b@2/node_modules/a", "../../a@1/node_modules/a");
        link("node_modules/.pnpm/node_modules/tool", "../tool@1/node_modules/tool");
        link("functions/orders/node_modules/a", "../../../node_modules/.pnpm/a@1/node_modules/a");
        link("functions/orders/node_modules/tool", "../../../node_modules/.pnpm/tool@1/node_modules/tool");
        link("functions/orders/node_modules/@acme/shared", "../../../../libs/shared");
        link("libs/shared/node_modules/@scope/b", "../../../../node_modules/.pnpm/@scope+b@2/node_modules/@scope/b");
        Packs.write(root, "functions/orders/node_modules/.bin/tool", "#!/bin/sh\nNODE_PATH=" + root + "\n");
        Path task = unzip(pack(root.resolve(project).normalize()));
        Path function = project.equals(".") ? task.resolve("functions/orders") : task;
        assertEquals(run(orders), run(function));
        assertTrue(Files.isSymbolicLink(function.resolve("node_modules/a")));
        String names = Run.program("find", task.toString()).requireSuccess();
        assertFalse(names.contains("tool"), names);
        assertTrue(names.contains("/.pnpm/@scope+b@2/") || !project.equals("functions/orders"), names);
    }

    /** For a function of one architecture; sharp, esbuild and swc name their packages so. */
    @ParameterizedTest
    @CsvSource(
            delimiter = '|',
            value = {
                "arm64  | image linux-arm64 wasm",
                "x86_64 | image linux-x64 wasm",
                "''     | darwin-arm64 image linux-arm64 linux-x64 musl-x64 only-musl wasm windows"
            })
    void packagesForOtherPlatformsAreLeftOutWhereTheFunctionsIsThere(String architecture, String expected)
            throws Exception {
        local("functions/orders", "orders", "\"dependencies\":{\"image\":\"*\"}");
        installed(
                "node_modules/image",
                "1.0.0",
                "\"optionalDependencies\":{\"linux-x64\":\"1\",\"linux-arm64\":\"1\",\"musl-x64\":\"1\","
                        + "\"darwin-arm64\":\"1\",\"windows\":\"1\",\"wasm\":\"1\",\"absent\":\"1\"}");
        installed("node_modules/linux-x64", "1.0.0", "\"os\":[\"linux\"],\"cpu\":[\"x64\"],\"libc\":[\"glibc\"]");
        installed("node_modules/linux-arm64", "1.0.0", "\"os\":\"linux\",\"cpu\":[\"!x64\"]");
        installed(
                "node_modules/musl-x64",
                "1.0.0",
                "\"os\":[\"linux\"],\"cpu\":[\"x64\"],\"libc\":[\"musl\"],\"dependencies\":{\"only-musl\":\"1\"}");
        installed("node_modules/only-musl", "1.0.0", "");
        installed("node_modules/darwin-arm64", "1.0.0", "\"os\":[\"darwin\"],\"cpu\":[\"arm64\"]");
        installed("node_modules/windows", "1.0.0", "\"os\":[\"win32\"]");
        installed("node_modules/wasm", "1.0.0", "\"cpu\":[\"wasm32\"]");
        TargetFunction function = new TargetFunction("", "", architecture, 0, "");

        Path task = unzip(Packs.pack(orders, Packs.forFunction(function)));

        assertEquals(
                List.of(expected.split(" ")),
                Run.program("ls", task.resolve("node_modules").toString())
                        .requireSuccess()
                        .lines()
                        .toList());
    }

    @Test
    void packagesForOtherPlatformsStayWhereNoneIsForTheFunctionSoThatTheyAreNamed() throws Exception {
        local("functions/orders", "orders", "\"dependencies\":{\"image\":\"*\"}");
        installed(
                "node_modules/image",
                "1.0.0",
                "\"optionalDependencies\":{\"image-linux-x64\":\"1\",\"image-linux-arm64\":\"1\"}");
        installed("node_modules/image-linux-x64", "1.0.0", "\"os\":[\"linux\"],\"cpu\":[\"x64\"]");

        PackReport report = Packs.pack(
                orders, Packs.forFunction(new TargetFunction("index.handler", "nodejs22.x", "arm64", 0, "")));

        assertTrue(Files.exists(unzip(report).resolve("node_modules/image-linux-x64/index.js")));
        assertTrue(
                report.findings().stream().anyMatch(finding -> finding.message().contains("only image-linux-x64")),
                report.findings().toString());
    }

    /** npm before 11 has no libc in its lock file, and installs for musl too. */
    @Test
    void whatNpmAloneHasInstalledIsForTheFunctionToo() throws Exception {
        Path project = Files.createDirectory(dir.resolve("alone"));
        Packs.write(project, "package.json", "{\"name\":\"p\",\"dependencies\":{\"image\":\"1\"}}");
        Packs.write(project, "node_modules/.package-lock.json", """
                {"packages": {"node_modules/image": {}, "node_modules/image-linux-x64": {"os": ["linux"], "cpu": ["x64"]},
                 "node_modules/image-linuxmusl-x64": {"os": ["linux"], "cpu": ["x64"]}}}""");
        Packs.write(
                project,
                "node_modules/image/package.json",
                "{\"name\":\"image\",\"optionalDependencies\":{\"image-linux-x64\":\"1\",\"image-linuxmusl-x64\":\"1\"}}");
        Packs.write(
                project,
                "node_modules/image-linux-x64/package.json",
                "{\"os\":[\"linux\"],\"cpu\":[\"x64\"],\"libc\":[\"glibc\"]}");
        Packs.write(
                project,
                "node_modules/image-linuxmusl-x64/package.json",
                "{\"os\":[\"linux\"],\"cpu\":[\"x64\"],\"libc\":[\"musl\"]}");

        Path task = unzip(Packs.pack(project, Packs.forFunction(new TargetFunction("", "", "x86_64", 0, ""))));

        assertEquals(
                List.of("image", "image-linux-x64"),
                Run.program("ls", task.resolve("node_modules").toString())
                        .requireSuccess()
                        .lines()
                        .toList());
    }

    /** What {@code npm ci} and {@code npm ci --omit=dev} leave of the same project gives the same bytes. */
    @ParameterizedTest
    @ValueSource(
            strings = {
                "'dependencies':{'a':'A'},'devDependencies':{'tool':'TOOL'}",
                "'devDependencies':{'tool':'TOOL'}",
                "'dependencies':{'a':'A','@scope/b':'B'},'devDependencies':{'@types/t':'TYPES','tool':'TOOL'}",
                "'optionalDependencies':{'a':'A'},'peerDependencies':{'@scope/b':'B'},'devDependencies':{'@scope/b':'B','tool':'TOOL'}",
                "'dependencies':{'tool':'TOOL'},'devDependencies':{'a':'A','@types/t':'TYPES'}"
            })
    void developmentDependenciesChangeNoByteOfThePackage(String dependencies) throws Exception {
        Path tarballs = Files.createDirectory(dir.resolve("tarballs"));
        String fields = dependencies.replace("'", "\"");
        for (List<String> one : List.of(
                List.of("a", "A"), List.of("@scope/b", "B"), List.of("tool", "TOOL"), List.of("@types/t", "TYPES"))) {
            String folder = "sources/" + one.get(1);
            write(folder, one.get(0), "1.0.0", "\"bin\":\"index.js\"");
            Run.program(
                            "npm",
                            "pack",
                            "--silent",
                            "--pack-destination",
                            tarballs.toString(),
                            root.resolve(folder).toString())
                    .requireSuccess();
            String file = one.get(0).replace("@", "").replace("/", "-") + "-1.0.0.tgz";
            fields = fields.replace("\"" + one.get(1) + "\"", "\"file:../tarballs/" + file + "\"");
        }
        Path project = Files.createDirectory(dir.resolve("project"));
        Packs.write(project, "package.json", "{\"name\":\"p\",\"version\":\"1.0.0\"," + fields + "}");
        Packs.write(project, "index.js", "x");
        npm(project, "install --package-lock-only");
        npm(project, "ci");
        PackReport withTools = pack(project);
        npm(project, "ci --omit=dev");
        PackReport production = pack(project);
        assertEquals(
                List.of(),
                production.skipped().stream()
                        .filter(one -> one.reason().startsWith("not needed"))
                        .toList());
        assertEquals(production.codeSha256(), withTools.codeSha256());
        assertEquals(-1, Files.mismatch(Path.of(production.file()), Path.of(withTools.file())));
        assertTrue(withTools.skipped().stream().anyMatch(one -> one.reason().equals("not needed in production")));
    }

    private static void npm(Path project, String words) throws Exception {
        Run.program("sh", "-c", "cd '" + project + "' && npm " + words + " --offline --silent --no-audit --no-fund")
                .requireSuccess();
    }
}
