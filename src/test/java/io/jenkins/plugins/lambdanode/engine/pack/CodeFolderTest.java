package io.jenkins.plugins.lambdanode.engine.pack;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.jenkins.plugins.lambdanode.engine.base.DeployException;
import io.jenkins.plugins.lambdanode.engine.pack.api.PackReport;
import io.jenkins.plugins.lambdanode.engine.pack.api.PackRequest;
import io.jenkins.plugins.lambdanode.engine.pack.api.PackSettings;
import io.jenkins.plugins.lambdanode.engine.pack.api.TargetFunction;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** Code in a folder of its own, unpacked by unzip and run by Node.js. */
class CodeFolderTest {

    @TempDir
    Path dir;

    private Path project;

    @BeforeEach
    void makeProject() throws Exception {
        project = Files.createDirectory(dir.toRealPath().resolve("project"));
        write("package.json", "{\"name\":\"orders\",\"scripts\":{\"build\":\"tsc\"}}");
        write("src/index.ts", "export const handler = async () => 1;");
        write("dist/index.js", "exports.handler = async () => require('./lib/answer');");
        write("dist/index.js.map", "{}");
        write("dist/lib/answer.js", "module.exports = 42;");
    }

    private void write(String name, String content) throws Exception {
        Packs.write(project, name, content);
    }

    private void link(String name, String target) throws Exception {
        Path link = project.resolve(name);
        Files.createDirectories(link.getParent());
        Files.createSymbolicLink(link, Path.of(target));
    }

    private static PackRequest request(
            String codeDir, List<String> includes, List<String> excludes, PackSettings.Links links) {
        TargetFunction function = new TargetFunction("index.handler", "nodejs22.x", "x86_64", 0, "");
        PackSettings settings = new PackSettings(codeDir, true, includes, excludes, links, PackSettings.DEFAULT_LEVEL);
        return PackRequest.of(settings, List.of(function), false, "", false);
    }

    private static PackRequest request(String codeDir) {
        return request(codeDir, List.of(), List.of(), PackSettings.Links.FOLLOW);
    }

    private List<String> names(PackRequest request) throws Exception {
        return ZipListing.of(Packs.pack(project, request).file()).names();
    }

    private String failure(String codeDir) {
        return assertThrows(DeployException.class, () -> Packs.pack(project, request(codeDir)))
                .getMessage();
    }

    /** What the handler answers in Node.js, from the package alone. */
    private String answer(PackReport packed) throws Exception {
        Path task = Files.createTempDirectory(dir, "task");
        Run.program("unzip", "-q", packed.file(), "-d", task.toString()).requireSuccess();
        return Run.program(
                        Map.of(),
                        "node",
                        "--input-type=module",
                        "-e",
                        "console.log(JSON.stringify(await (await import(process.argv[1] + '/index.js')).handler()))",
                        task.toString())
                .requireSuccess()
                .strip();
    }

    @Test
    void thePackagesTopHoldsWhatIsInTheCodesFolderAndNothingElseOfTheProject() throws Exception {
        PackReport packed = Packs.pack(project, request("dist"));

        assertEquals(
                List.of("index.js", "index.js.map", "lib/", "lib/answer.js"),
                ZipListing.of(packed.file()).names());
        assertEquals("42", answer(packed));
    }

    @Test
    void theProjectsPackagesGoInBeside() throws Exception {
        write("package.json", "{\"dependencies\":{\"ms\":\"2.1.3\"},\"devDependencies\":{\"tool\":\"1.0.0\"}}");
        write("node_modules/ms/package.json", "{\"name\":\"ms\"}");
        write("node_modules/ms/index.js", "module.exports = 'ms';");
        write("node_modules/tool/package.json", "{\"name\":\"tool\"}");
        write("dist/index.js", "exports.handler = async () => require('ms');");

        PackReport packed =
                Packs.pack(project, request("dist", List.of(), List.of("*.map", "lib/**"), PackSettings.Links.FOLLOW));

        assertEquals(
                List.of(
                        "index.js",
                        "node_modules/",
                        "node_modules/ms/",
                        "node_modules/ms/index.js",
                        "node_modules/ms/package.json"),
                ZipListing.of(packed.file()).names());
        assertEquals("\"ms\"", answer(packed));
    }

    @Test
    void packageJsonGoesInWhereNodeReadsIt() throws Exception {
        write("package.json", "{\"type\":\"module\",\"imports\":{\"#answer\":\"./lib/answer.js\"}}");
        write("dist/index.js", "import answer from '#answer'; export const handler = async () => answer;");
        write("dist/lib/answer.js", "export default 43;");

        PackReport packed = Packs.pack(project, request("dist"));

        assertTrue(ZipListing.of(packed.file()).names().contains("package.json"));
        assertEquals("43", answer(packed));
    }

    @Test
    void aPackageJsonOfTheCodesOwnOrBetweenCounts() throws Exception {
        write("package.json", "{\"type\":\"module\"}");
        write("dist/package.json", "{\"type\":\"commonjs\"}");
        assertEquals("42", answer(Packs.pack(project, request("dist"))));

        write("dist/cjs/index.js", "exports.handler = async () => 44;");
        PackReport between = Packs.pack(project, request("dist/cjs"));
        assertEquals(
                List.of("index.js", "package.json"),
                ZipListing.of(between.file()).names());
        assertEquals("44", answer(between));
    }

    @Test
    void packagesThatTheCodesFolderHasItselfGoInAlone() throws Exception {
        write("package.json", "{\"dependencies\":{\"ms\":\"1.0.0\"}}");
        write("node_modules/ms/index.js", "module.exports = 'of the project';");
        write("dist/node_modules/ms/index.js", "module.exports = 'of the build';");
        write("dist/index.js", "exports.handler = async () => require('ms');");

        assertEquals("\"of the build\"", answer(Packs.pack(project, request("dist"))));
    }

    @Test
    void patternsAndLambdaignoreSpeakOfThePackagesPaths() throws Exception {
        write(".lambdaignore", "/lib/\n");
        assertEquals(List.of("index.js", "index.js.map"), names(request("dist")));

        Files.delete(project.resolve(".lambdaignore"));
        assertEquals(
                List.of("index.js"), names(request("dist", List.of("index.js"), List.of(), PackSettings.Links.FOLLOW)));
    }

    @Test
    void aBuildFolderIsNoByProductOfNodeGyp() throws Exception {
        write("build/index.js", "exports.handler = async () => 1;");
        write("build/Makefile", "all:");

        assertEquals(List.of("Makefile", "index.js"), names(request("build")));
    }

    @Test
    void aFolderThatIsNotThereIsAnErrorThatNamesTheBuild() {
        String message = failure("out");

        assertTrue(
                message.startsWith("There is no folder out (codeDir) in " + project + ". A build makes it"), message);
        assertTrue(failure("dist/index.js").startsWith("There is no folder dist/index.js (codeDir)"), message);
    }

    @Test
    void anEmptyFolderIsAnErrorThoughThereArePackages() throws Exception {
        Files.createDirectory(project.resolve("out"));
        write("package.json", "{\"type\":\"module\",\"dependencies\":{\"ms\":\"1.0.0\"}}");
        write("node_modules/ms/index.js", "1");

        String message = failure("out");

        assertTrue(message.startsWith("There is nothing to package in " + project.resolve("out") + "."), message);
        assertTrue(message.endsWith("Check the build, codeDir, includes and excludes."), message);
    }

    @Test
    void nothingOutsideOfTheProjectGoesIn() throws Exception {
        Files.createDirectory(dir.resolve("elsewhere"));
        Files.writeString(dir.resolve("elsewhere/index.js"), "1");
        link("out", dir.resolve("elsewhere").toString());
        assertTrue(failure("out")
                .startsWith("The folder out (codeDir) is a link to "
                        + dir.toRealPath().resolve("elsewhere")));

        link("dist/data", "../../elsewhere");
        assertTrue(failure("dist")
                .contains("The symbolic link data -> ../../elsewhere leads out of the project's folder"));
    }

    @Test
    void aLinkToAnotherFolderOfTheProjectIsFollowedAndCannotBeStored() throws Exception {
        write("assets/logo.svg", "<svg/>");
        link("dist/assets", "../assets");

        assertTrue(names(request("dist")).contains("assets/logo.svg"));
        PackRequest stored = request("dist", List.of(), List.of(), PackSettings.Links.STORE);
        String message = assertThrows(DeployException.class, () -> Packs.pack(project, stored))
                .getMessage();
        assertTrue(message.contains("leads out of " + project.resolve("dist")), message);
    }

    @Test
    void theHandlerIsLookedForInThePackage() throws Exception {
        TargetFunction before = new TargetFunction("dist/lib/answer.handler", "nodejs22.x", "x86_64", 0, "");
        PackRequest request = PackRequest.of(request("dist").settings(), List.of(before), false, "", false);

        String message = assertThrows(DeployException.class, () -> Packs.pack(project, request))
                .getMessage();

        assertTrue(
                message.contains("(what is in dist, codeDir, is the package's top: the handler is lib/answer.handler)"),
                message);
    }

    @Test
    void aHandlerThatLambdaFindsByItsNameAloneIsWarnedOf() throws Exception {
        TargetFunction before = new TargetFunction("dist/index.handler", "nodejs22.x", "x86_64", 0, "");
        PackRequest request = PackRequest.of(request("dist").settings(), List.of(before), false, "", false);

        String message = Packs.pack(project, request).findings().get(0).message();

        assertTrue(
                message.endsWith("what is in dist, codeDir, is the package's top: the handler is index.handler."),
                message);
    }

    @Test
    void anImportOfAFileOutsideOfTheCodesFolderIsAnError() throws Exception {
        write("config.json", "{}");
        write("dist/index.js", "const config = require('../config.json');\nexports.handler = async () => config;\n");

        String message = failure("dist");

        assertTrue(message.contains("index.js: It imports ../config.json"), message);
        assertTrue(message.contains("It is outside of dist (codeDir)"), message);
    }

    @Test
    void productionDependenciesThatAreNotInstalledAreMissedThoughPackageJsonIsNotInThePackage() throws Exception {
        write("package.json", "{\"dependencies\":{\"ms\":\"1.0.0\",\"left-pad\":\"1.0.0\"}}");
        write("node_modules/ms/package.json", "{\"name\":\"ms\"}");

        List<String> codes = Packs.pack(project, request("dist")).findings().stream()
                .map(finding -> finding.message())
                .toList();

        assertTrue(
                codes.get(0).startsWith("Production dependencies are not in the package: left-pad."), codes.toString());
    }

    @Test
    void packagesOfTheRepositoryGoInAsInAnyPackage() throws Exception {
        Path root = project;
        write(".git/HEAD", "");
        write("package.json", "{\"workspaces\":[\"functions/*\",\"libs/*\"]}");
        write(
                "functions/orders/package.json",
                "{\"name\":\"orders\",\"dependencies\":{\"shared\":\"*\",\"ms\":\"2\"}}");
        write("functions/orders/dist/index.js", "exports.handler = async () => [require('shared'), require('ms')];");
        write("libs/shared/package.json", "{\"name\":\"shared\",\"dependencies\":{\"ms\":\"1\"}}");
        write("libs/shared/index.js", "module.exports = 'shared with ' + require('ms');");
        write("libs/shared/node_modules/ms/package.json", "{\"name\":\"ms\"}");
        write("libs/shared/node_modules/ms/index.js", "module.exports = 'ms 1';");
        write("node_modules/ms/package.json", "{\"name\":\"ms\"}");
        write("node_modules/ms/index.js", "module.exports = 'ms 2';");
        link("node_modules/shared", "../libs/shared");
        link("node_modules/orders", "../functions/orders");

        project = root.resolve("functions/orders");
        assertEquals("[\"shared with ms 1\",\"ms 2\"]", answer(Packs.pack(project, request("dist"))));

        project = root;
        write("dist/index.js", "exports.handler = async () => [require('shared'), require('ms')];");
        assertEquals("[\"shared with ms 1\",\"ms 2\"]", answer(Packs.pack(project, request("dist"))));
    }

    @Test
    void aVirtualStoreKeepsItsLinks() throws Exception {
        write("package.json", "{\"dependencies\":{\"a\":\"1\"},\"devDependencies\":{\"tool\":\"1\"}}");
        write("node_modules/.pnpm/a@1/node_modules/a/package.json", "{\"name\":\"a\",\"dependencies\":{\"b\":\"1\"}}");
        write("node_modules/.pnpm/a@1/node_modules/a/index.js", "module.exports = 'a with ' + require('b');");
        write("node_modules/.pnpm/b@1/node_modules/b/index.js", "module.exports = 'b';");
        write("node_modules/.pnpm/tool@1/node_modules/tool/index.js", "1");
        link("node_modules/.pnpm/a@1/node_modules/b", "../../b@1/node_modules/b");
        link("node_modules/a", ".pnpm/a@1/node_modules/a");
        link("node_modules/tool", ".pnpm/tool@1/node_modules/tool");
        write("dist/index.js", "exports.handler = async () => require('a');");

        PackReport packed = Packs.pack(project, request("dist"));

        assertEquals("\"a with b\"", answer(packed));
        assertTrue(ZipListing.of(packed.file()).names().stream().noneMatch(name -> name.contains("tool")));
    }

    /** What pnpm deploy and Next.js (output: standalone) make: with links to where the packages were, and scripts with paths of the machine. */
    @Test
    void aVirtualStoreOfTheCodesFolderKeepsItsLinks() throws Exception {
        write("libs/shared/index.js", "1");
        write("out/index.js", "exports.handler = async () => require('a');");
        write("out/node_modules/.pnpm/a@1/node_modules/a/index.js", "module.exports = 'a with ' + require('b');");
        write("out/node_modules/.pnpm/b@1/node_modules/b/index.js", "module.exports = 'b';");
        write("out/node_modules/.bin/a", "#!/bin/sh\nNODE_PATH=" + project + "\n");
        link("out/node_modules/.pnpm/a@1/node_modules/b", "../../b@1/node_modules/b");
        link("out/node_modules/.pnpm/node_modules/@acme/shared", "../../../../../libs/shared");
        link("out/node_modules/a", ".pnpm/a@1/node_modules/a");

        PackReport packed = Packs.pack(project, request("out"));

        assertEquals("\"a with b\"", answer(packed));
        assertTrue(ZipListing.of(packed.file()).names().stream()
                .noneMatch(name -> name.contains(".bin") || name.contains("shared")));
    }
}
