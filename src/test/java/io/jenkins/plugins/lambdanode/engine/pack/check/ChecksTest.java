package io.jenkins.plugins.lambdanode.engine.pack.check;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.jenkins.plugins.lambdanode.engine.base.DeployException;
import io.jenkins.plugins.lambdanode.engine.pack.Packs;
import io.jenkins.plugins.lambdanode.engine.pack.Run;
import io.jenkins.plugins.lambdanode.engine.pack.api.Finding;
import io.jenkins.plugins.lambdanode.engine.pack.api.Finding.Severity;
import io.jenkins.plugins.lambdanode.engine.pack.api.PackRequest;
import io.jenkins.plugins.lambdanode.engine.pack.api.PackSettings;
import io.jenkins.plugins.lambdanode.engine.pack.api.TargetFunction;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

class ChecksTest {
    private static final String RUNTIME = "nodejs24.x";

    @TempDir
    Path dir;

    private Path project;

    @BeforeEach
    void makeProject() throws Exception {
        project = Files.createDirectory(dir.resolve("project"));
        Packs.write(project, "index.js", "exports.handler = async (event) => event;\n");
    }

    private List<Finding> findings(TargetFunction function) throws Exception {
        return Packs.pack(project, Packs.forFunction(function)).findings();
    }

    private List<String> codes(TargetFunction function) throws Exception {
        return findings(function).stream().map(Finding::code).toList();
    }

    private static TargetFunction handler(String handler) {
        return new TargetFunction(handler, RUNTIME, "", 0, "");
    }

    private static TargetFunction architecture(String architecture) {
        return new TargetFunction("", RUNTIME, architecture, 0, "");
    }

    private String error(TargetFunction function) {
        return assertThrows(DeployException.class, () -> findings(function)).getMessage();
    }

    @Test
    void aSoundProjectHasNoFindings() throws Exception {
        assertEquals(List.of(), findings(new TargetFunction("index.handler", RUNTIME, "arm64", 1000, "")));
        assertEquals(List.of(), Packs.pack(project).findings());
    }

    @Test
    void aHandlerWhoseFileIsMissingIsAnErrorThatNamesWhereItMayBe() throws Exception {
        Packs.write(project, "dist/app.mjs", "export const run = 1;");
        String message = error(handler("app.run"));
        assertTrue(message.contains("none of app.js, .mjs and .cjs (but dist/app.mjs)"), message);
        assertEquals(List.of(), codes(handler("dist/app.run")));
        assertEquals(List.of(), codes(handler("./dist/app.run")));
    }

    @ParameterizedTest
    @ValueSource(
            strings = {
                "/opt/nodejs/node_modules/x/handler.handler",
                "index.handler",
                "index.handler.inner",
                "/var/task/index.handler"
            })
    void aHandlerThatIsThereOrInALayerIsNoFinding(String handler) throws Exception {
        assertEquals(List.of(), codes(handler(handler)));
    }

    @Test
    void aHandlerThatCouldBeFoundOtherwiseIsNoError() throws Exception {
        assertEquals(List.of("handler-missing"), codes(new TargetFunction("other.handler", RUNTIME, "", 5, "")));
        Packs.write(project, "node_modules/wrapper/index.js", "");
        assertEquals(List.of(), codes(handler("wrapper.handler")));
        Packs.write(project, "run.sh", "#!/bin/sh");
        assertEquals(List.of(), codes(handler("run.sh")));
        assertEquals(List.of(), codes(new TargetFunction("other.handler", "python3.14", "", 0, "")));
    }

    @Test
    void aHandlerWithoutAFunctionIsAnError() {
        assertTrue(error(handler("index")).contains("of the form file.function"));
    }

    @ParameterizedTest
    @CsvSource(
            delimiter = '|',
            value = {
                "index.js  |          | export const handler = async () => 1           | 22",
                "index.js  |          | import x from 'fs'; export { x as handler }    | 22",
                "index.js  | commonjs | export const handler = async () => 1           | 22 24",
                "index.cjs |          | export const handler = async () => 1           | 22 24",
                "index.js  | module   | export const handler = async () => 1           |",
                "index.mjs |          | export const handler = async () => 1           |",
                "index.js  | module   | module.exports.handler = async () => 1         | 22 24",
                "index.mjs |          | exports.handler = async () => 1                | 22 24",
                "index.cjs | module   | exports.handler = async () => 1                |",
                "index.js  |          | exports.handler = 1; // export const a = 1     |",
                "index.js  |          | exports.handler = 'x'; /* import a from 'b' */ |",
                "index.js  |          | const a = `export default 1`; exports.handler=a |",
                "index.js  |          | const a = `${`x`} `; exports.handler = a       |",
                "index.js  |          | const a = await import('x'); exports.handler=a | 22 24",
            })
    void aModuleFormatThatNodeWouldNotTakeIsAWarning(String file, String type, String source, String warned)
            throws Exception {
        Files.delete(project.resolve("index.js"));
        Packs.write(project, file, source);
        Packs.write(
                project,
                "package.json",
                type == null ? "{\"a\":{\"type\":\"module\"}}" : "{\"type\" : \"" + type + "\"}");
        for (String major : List.of("22", "24")) {
            assertEquals(
                    warned != null && warned.contains(major) ? List.of("module-format") : List.of(),
                    codes(new TargetFunction("index.handler", "nodejs" + major + ".x", "", 0, "")));
        }
    }

    @ParameterizedTest
    @CsvSource(
            delimiter = '|',
            value = {
                "exports.handler = (event, context, callback) => callback(null)       | true",
                "exports.handler = function (e, c, cb) {}                             | true",
                "exports.handler = async (event, context) => 1                        | false",
                "module.exports.handler = (event) => f(a, b, c)                       | false",
                "function handler(a, b, c) {} exports.handler = handler               | true",
                "exports.other = (a, b, c) => 1; exports.handler = async () => 1      | false",
                "exports.handler = awslambda.streamifyResponse(async (a, b, c) => 1)  | false",
                "const h = async (a, b, c) => 1; exports.handler = awslambda.streamifyResponse(h) | false",
                "const handler = (a, b, c) => 1; exports.handler = middy(handler)      | false",
                "const run = (a, b, c) => 1; exports.handler = run;                    | true",
                "export const handler = (a, b, c) => 1                                 | true",
                "export function handler(a, b, c) {}                                   | true",
                "exports.handler = (event, ...rest) => 1                              | false",
            })
    void aCallbackHandlerIsAWarningWhereTheRuntimeNoLongerCallsIt(String source, boolean warned) throws Exception {
        Packs.write(project, "index.js", source);
        assertEquals(warned ? List.of("callback-handler") : List.of(), codes(handler("index.handler")));
        assertFalse(codes(new TargetFunction("index.handler", "nodejs22.x", "", 0, ""))
                .contains("callback-handler"));
    }

    private static byte[] elf(int machine) {
        byte[] bytes = new byte[100];
        System.arraycopy(new byte[] {0x7f, 'E', 'L', 'F', 2, 1, 1}, 0, bytes, 0, 7);
        bytes[18] = (byte) machine;
        return bytes;
    }

    private static byte[] machO() {
        byte[] bytes = new byte[100];
        System.arraycopy(new byte[] {(byte) 0xcf, (byte) 0xfa, (byte) 0xed, (byte) 0xfe}, 0, bytes, 0, 4);
        return bytes;
    }

    private static byte[] elf(int machine, String text) {
        byte[] bytes = Arrays.copyOf(elf(machine), 3000);
        System.arraycopy(text.getBytes(StandardCharsets.US_ASCII), 0, bytes, 2000, text.length());
        return bytes;
    }

    private Finding only(TargetFunction function) throws Exception {
        List<Finding> findings = findings(function);
        assertEquals(1, findings.size(), findings.toString());
        return findings.get(0);
    }

    /** The package's file as bcrypt 6 and ssh2 1.16 have it. */
    @ParameterizedTest
    @CsvSource(
            delimiter = '|',
            value = {
                "const b = require('bcrypt');        | const bindings = require('node-gyp-build')(__dirname);             | ERROR",
                "const b = require('bcrypt');        | let b; try { b = require('node-gyp-build')(__dirname) } catch {}   |",
                "const b = require('bcrypt');        | try { require('node-gyp-build')(__dirname) } catch (e) { throw e } | WARNING",
                "const b = () => require('bcrypt');  | const bindings = require('node-gyp-build')(__dirname);             | WARNING",
                "const b = require('other');         | const bindings = require('node-gyp-build')(__dirname);             | WARNING",
            })
    void anAddOnForAnotherArchitectureIsAnErrorWhereTheHandlersFileCannotDoWithoutIt(
            String handler, String main, Severity severity) throws Exception {
        Packs.write(project, "index.js", handler + "\nexports.handler = async () => 1;\n");
        Packs.write(project, "node_modules/other/index.js", "");
        Packs.write(project, "node_modules/bcrypt/package.json", "{\"main\": \"./bcrypt.js\"}");
        Packs.write(project, "node_modules/bcrypt/bcrypt.js", main);
        Packs.write(project, "node_modules/bcrypt/build/Release/bcrypt.node", elf(62));
        assertEquals(List.of(), findings(new TargetFunction("index.handler", RUNTIME, "x86_64", 0, "")));
        TargetFunction arm = new TargetFunction("index.handler", RUNTIME, "arm64", 0, "");
        if (severity == null) {
            assertEquals(List.of(), findings(arm));
            return;
        }
        String message = severity == Severity.ERROR ? error(arm) : only(arm).message();
        assertTrue(message.contains("linux x86_64, and the function is linux arm64"), message);
        assertTrue(message.contains("npm's --cpu does not change that"), message);
    }

    @Test
    void anAddOnForMacOsIsFoundOnEitherArchitecture() throws Exception {
        Packs.write(project, "node_modules/bcrypt/lib/binding/napi-v3/bcrypt.node", machO());
        assertTrue(only(architecture("arm64")).message().contains("built for macOS"));
        assertTrue(only(architecture("x86_64")).message().contains("built for macOS"));
    }

    @Test
    void anAddOnForAnotherNodeIsAWarningThatNamesBoth() throws Exception {
        Packs.write(project, "node_modules/db/build/Release/db.node", elf(62, "\0node_register_module_v115\0"));
        String message =
                only(new TargetFunction("", "nodejs24.x", "x86_64", 0, "")).message();
        assertTrue(message.contains("Node.js 20 (ABI 115), and the function runs nodejs24.x (ABI 137)"), message);
        assertEquals(
                List.of(),
                codes(new TargetFunction("", "nodejs20.x", "x86_64", 0, "")).stream()
                        .filter(c -> c.startsWith("native"))
                        .toList());
        // What is named like an add-on and is none says nothing for those that are (better-sqlite3's
        // test_extension.node).
        Packs.write(project, "node_modules/db/build/Release/extension.node", elf(62));
        assertEquals(
                "native-other-node",
                only(new TargetFunction("", "nodejs24.x", "x86_64", 0, "")).code());
        Packs.write(project, "node_modules/db/build/Release/db.node", elf(62, "\0napi_register_module_v1\0"));
        assertEquals(List.of(), codes(new TargetFunction("", "nodejs24.x", "x86_64", 0, "")));
    }

    /** What gcc makes of NODE_MODULE, as in add-ons with nan: the structure that registers itself is in the section .data. */
    private static byte[] registeringAddOn(int abi) {
        ByteBuffer file =
                ByteBuffer.allocate(1024).order(ByteOrder.LITTLE_ENDIAN).put(elf(62), 0, 64);
        file.putLong(40, 512).putShort(58, (short) 64).putShort(60, (short) 3).putShort(62, (short) 2);
        file.putInt(64, 7).putInt(64 + 16, abi);
        file.put(200, "\0.data\0.shstrtab\0node_module_register\0".getBytes(StandardCharsets.US_ASCII));
        file.putInt(512 + 64, 1).putLong(512 + 64 + 24, 64).putLong(512 + 64 + 32, 80);
        file.putInt(512 + 128, 7).putLong(512 + 128 + 24, 200).putLong(512 + 128 + 32, 40);
        return file.array();
    }

    @Test
    void anAddOnThatRegistersItselfIsReadToo() throws Exception {
        Packs.write(project, "node_modules/db/build/Release/db.node", registeringAddOn(115));
        assertTrue(only(new TargetFunction("", "nodejs24.x", "x86_64", 0, ""))
                .message()
                .contains("Node.js 20 (ABI 115)"));
        Packs.write(project, "node_modules/db/build/Release/db.node", registeringAddOn(137));
        assertEquals(List.of(), codes(new TargetFunction("", "nodejs24.x", "x86_64", 0, "")));
    }

    @Test
    void anAddOnForMuslIsAWarning() throws Exception {
        Packs.write(project, "node_modules/db/build/Release/db.node", elf(62, "\0libc.musl-x86_64.so.1\0"));
        assertTrue(only(architecture("x86_64")).message().contains("musl (Alpine Linux), and the function has glibc"));
        Packs.write(project, "node_modules/db/prebuilds/linux-x64/db.glibc.node", elf(62));
        assertEquals(List.of(), codes(architecture("x86_64")));
    }

    /** cpu-features of ssh2: the package that asks for it catches the failure. */
    @Test
    void anAddOnOfAnOptionalDependencyIsNoFinding() throws Exception {
        Packs.write(project, "package.json", "{\"dependencies\": {\"ssh2\": \"1\"}}");
        Packs.write(project, "node_modules/ssh2/package.json", "{\"optionalDependencies\": {\"cpu-features\": \"1\"}}");
        Packs.write(project, "node_modules/cpu-features/package.json", "{}");
        Packs.write(project, "node_modules/cpu-features/build/Release/cpufeatures.node", elf(62));
        assertEquals(List.of(), codes(architecture("arm64")));
        Packs.write(project, "package.json", "{\"dependencies\": {\"ssh2\": \"1\", \"cpu-features\": \"1\"}}");
        assertEquals(List.of("native-other-platform"), codes(architecture("arm64")));
    }

    @Test
    void nativeFilesOfOtherSystemsThatNoFunctionLoadsAreNoFinding() throws Exception {
        Packs.write(project, "node_modules/bare-fs/prebuilds/linux-arm64/bare-fs.bare", elf(183));
        Packs.write(project, "node_modules/bare-fs/prebuilds/android-arm/bare-fs.bare", elf(40));
        Packs.write(project, "node_modules/tool/bin/android-arm64/tool", elf(183));
        Packs.write(project, "node_modules/tool/bin/linux-arm64/tool", elf(183));
        Packs.write(project, "node_modules/fsevents/package.json", "{\"os\": [\"darwin\"]}");
        Packs.write(project, "node_modules/fsevents/fsevents.node", machO());
        assertEquals(List.of(), codes(architecture("x86_64")));
    }

    @Test
    void anAddOnAmongThoseForOtherPlatformsIsNoFinding() throws Exception {
        Packs.write(project, "node_modules/a/prebuilds/linux-x64/a.node", elf(62));
        Packs.write(project, "node_modules/a/prebuilds/linux-arm64/a.node", elf(183));
        Packs.write(project, "node_modules/a/prebuilds/darwin-arm64/a.node", machO());
        assertEquals(List.of(), codes(architecture("arm64")));
        assertEquals(List.of(), codes(architecture("x86_64")));
    }

    /** npm/cli#4828 */
    @Test
    void aPlatformPackageThatTheLockFileDoesNotNameIsSaidWithWhatMakesItDoSo() throws Exception {
        Packs.write(project, "package.json", "{\"dependencies\": {\"tool\": \"1\"}}");
        Packs.write(
                project,
                "node_modules/tool/package.json",
                "{\"optionalDependencies\": {\"@tool/linux-x64\": \"1\", \"@tool/darwin-arm64\": \"1\"}}");
        String lock = "{\"packages\": {\"node_modules/@tool/%s\": {}}}";
        Path file = Packs.write(project, "package-lock.json", lock.formatted("darwin-arm64"));
        PackRequest request = Packs.forFunction(architecture("x86_64")).withInstall(file.toString(), Map.of());
        String message = Packs.pack(project, request).findings().get(0).message();
        assertTrue(message.contains("package-lock.json does not name it"), message);
        assertTrue(message.contains("Remove node_modules and package-lock.json, run 'npm install'"), message);

        Packs.write(project, "package-lock.json", lock.formatted("linux-x64"));
        message = Packs.pack(project, request).findings().get(0).message();
        assertTrue(message.contains("npm ci --os=linux --cpu=x64"), message);
    }

    /** The names of sharp 0.34. */
    @ParameterizedTest
    @CsvSource(
            delimiter = '|',
            value = {
                "sharp-darwin-arm64            | arm64  | @img/sharp-linux-arm64, only @img/sharp-darwin-arm64 (macOS arm64)",
                "sharp-linux-x64               | arm64  | @img/sharp-linux-arm64, only @img/sharp-linux-x64 (linux x86_64)",
                "sharp-linuxmusl-x64           | x86_64 | @img/sharp-linux-x64, only @img/sharp-linuxmusl-x64 (linux with musl x86_64)",
                "                              | x86_64 | is not there: @img/sharp-linux-x64.",
                "sharp-linux-x64               | x86_64 |",
                "sharp-linux-x64,sharp-linux-arm64,sharp-darwin-arm64 | arm64 |",
                "sharp-wasm32                  | arm64  |",
            })
    void aPlatformPackageThatIsNotThereForTheFunctionIsAWarning(String installed, String architecture, String said)
            throws Exception {
        Packs.write(project, "package.json", "{\"dependencies\": {\"sharp\": \"0.34.5\"}}");
        Packs.write(project, "node_modules/sharp/package.json", """
                {"optionalDependencies": {"@img/sharp-darwin-arm64": "1", "@img/sharp-linux-arm64": "1", "@img/sharp-linux-x64": "1",
                 "@img/sharp-linuxmusl-x64": "1", "@img/sharp-wasm32": "1", "@img/sharp-win32-x64": "1"}}""");
        for (String name : installed == null ? new String[0] : installed.split(",")) {
            Packs.write(
                    project,
                    "node_modules/@img/" + name + "/lib/sharp.node",
                    name.contains("darwin") ? machO() : elf(name.contains("x64") ? 62 : 183));
        }
        if (said == null) {
            assertEquals(List.of(), findings(architecture(architecture)));
        } else {
            Finding finding = only(architecture(architecture));
            assertEquals(Severity.WARNING, finding.severity());
            assertTrue(
                    finding.message().contains(said) && finding.message().contains("npm ci --os=linux --cpu="),
                    finding.message());
        }
    }

    @Test
    void prismaNeedsTheEngineOfTheFunctionsPlatform() throws Exception {
        Packs.write(project, "node_modules/.prisma/client/libquery_engine-debian-openssl-3.0.x.so.node", elf(62));
        assertTrue(only(architecture("x86_64")).message().contains("\"rhel-openssl-3.0.x\" to binaryTargets"));
        Packs.write(project, "node_modules/.prisma/client/libquery_engine-rhel-openssl-3.0.x.so.node", elf(62));
        assertEquals(List.of(), codes(architecture("x86_64")));
        assertTrue(only(architecture("arm64")).message().contains("\"linux-arm64-openssl-3.0.x\""));
    }

    @Test
    void aPrismaClientThatIsNotGeneratedIsAWarning() throws Exception {
        Packs.write(project, "package.json", "{\"dependencies\": {\"@prisma/client\": \"6\"}}");
        Packs.write(project, "node_modules/@prisma/client/index.js", "");
        Packs.write(project, "index.js", "const p = require('@prisma/client');\nexports.handler = async () => p;\n");
        assertEquals("prisma-not-generated", only(handler("index.handler")).code());
        String main = "node_modules/.prisma/client/default.js";
        Packs.write(project, main, "throw new Error('@prisma/client did not initialize yet.');");
        assertTrue(only(handler("index.handler")).message().contains("build: 'npx prisma generate'"));
        Packs.write(project, main, "module.exports = { ...require('.') };");
        assertEquals(List.of(), codes(handler("index.handler")));
    }

    @Test
    void aProductionDependencyThatIsNotThereIsAWarningThatSaysWhoNeedsIt() throws Exception {
        Packs.write(
                project,
                "package.json",
                "{\"dependencies\": {\"a\": \"1\", \"gone\": \"1\", \"@aws-sdk/client-s3\": \"3\"}}");
        assertEquals(List.of(), codes(handler("index.handler")), "bundled");
        Packs.write(
                project,
                "node_modules/a/package.json",
                "{\"dependencies\": {\"b\": \"1\"}, \"optionalDependencies\": {\"c\": \"1\"}}");
        Packs.write(project, "node_modules/other/node_modules/b/package.json", "{}");
        Finding finding = only(handler("index.handler"));
        assertEquals("missing-dependency", finding.code());
        assertTrue(finding.message().contains(": gone, b (which node_modules/a/ needs)."), finding.message());
        assertEquals(
                List.of(), codes(new TargetFunction("index.handler", RUNTIME, "", 5, "")), "a layer can have them");
        Packs.write(project, "node_modules/b/package.json", "{}");
        Packs.write(project, "node_modules/gone/package.json", "{}");
        assertEquals(List.of(), codes(handler("index.handler")));
        assertEquals(
                List.of(),
                Packs.pack(project, Packs.excluding("node_modules/gone/")).findings(),
                "left out on purpose");
    }

    /** pnpm's links, stored. */
    @Test
    void dependenciesAreFoundThroughStoredLinks() throws Exception {
        Packs.write(project, "package.json", "{\"dependencies\": {\"a\": \"1\"}}");
        Packs.write(
                project, "node_modules/.pnpm/a@1/node_modules/a/package.json", "{\"dependencies\": {\"b\": \"1\"}}");
        Packs.write(project, "node_modules/.pnpm/b@1/node_modules/b/package.json", "{}");
        Files.createSymbolicLink(project.resolve("node_modules/a"), Path.of(".pnpm/a@1/node_modules/a"));
        Path b = project.resolve("node_modules/.pnpm/a@1/node_modules/b");
        Files.createSymbolicLink(b, Path.of("../../b@1/node_modules/b"));
        PackRequest storing = Packs.request(List.of(), List.of(), PackSettings.Links.STORE, List.of(), "");
        assertEquals(List.of(), Packs.pack(project, storing).findings());
        Files.delete(b);
        assertEquals(
                "missing-dependency",
                Packs.pack(project, storing).findings().get(0).code());
    }

    @ParameterizedTest
    @CsvSource(
            delimiter = '|',
            value = {
                "const x = require('gone');            | gone",
                "const { x } = require('gone/lib/x');  | gone/lib/x",
                "require('./lib/gone');                | ./lib/gone",
                "const AWS = require('aws-sdk');       | aws-sdk",
                "import x from 'gone';                 | gone",
                "const x = require('node:fs');         |",
                "const x = require('fs/promises');     |",
                "const x = require('@aws-sdk/client-s3'); |",
                "const x = require('./lib/there');     |",
                "const x = require('there');           |",
                "const x = require('self/lib/there');  |",
                "const x = () => require('gone');      |",
                "try { x = require('gone'); } catch {} |",
                "if (0) {\\nconst x = require('gone');\\n} |",
                "// const x = require('gone');         |",
                "const x = `\\nconst y = require('gone');\\n`; |",
            })
    void anImportOfTheHandlersFileThatResolvesNowhereIsAnError(String source, String missing) throws Exception {
        Packs.write(project, "package.json", "{\"name\": \"self\", \"exports\": {\"./lib/*\": \"./lib/*.js\"}}");
        Packs.write(project, "lib/there.js", "");
        Packs.write(project, "node_modules/there/index.js", "");
        // Node.js takes the file for what it is.
        String exported = source.startsWith("import") ? "export const handler = 1;" : "exports.handler = 1;";
        Packs.write(project, "index.js", source.replace("\\n", "\n") + "\n" + exported);
        if (missing == null) {
            assertEquals(List.of(), codes(handler("index.handler")));
        } else {
            String message = error(handler("index.handler"));
            assertTrue(
                    message.contains("It imports " + missing + ", which is neither in the package nor in nodejs24.x"),
                    message);
            assertEquals(
                    List.of(), codes(new TargetFunction("index.handler", RUNTIME, "", 5, "")), "a layer can have it");
        }
    }

    @ParameterizedTest
    @CsvSource({
        "@/lib/orders, path alias of TypeScript",
        "@app/orders, path alias of TypeScript",
        "src/orders, path alias of TypeScript",
        "@other/orders, Add it to dependencies",
        "lodash/fp, move it to dependencies"
    })
    void anImportThatResolvesNowhereSaysWhatToDo(String name, String advice) throws Exception {
        Packs.write(project, "package.json", "{\"devDependencies\": {\"lodash\": \"4\"}}");
        Packs.write(
                project,
                "tsconfig.json",
                "{ // built by tsc\n \"compilerOptions\": {\"paths\": {\"@app/*\": [\"./src/*\"]}}}");
        Packs.write(project, "src/x.ts", "");
        Packs.write(project, "index.js", "const x = require('" + name + "');\nexports.handler = async () => x;\n");
        String message = error(handler("index.handler"));
        assertTrue(message.contains(advice), message);
    }

    @Test
    void aRequireInAFunctionOfWhatIsInstalledAboveAFolderWithoutPackageJsonIsAWarning() throws Exception {
        Files.deleteIfExists(project.resolve("package.json"));
        Packs.write(project.getParent(), "node_modules/ms/index.js", "");
        Packs.write(
                project,
                "index.js",
                "exports.handler = async () => { try { require('gone'); } catch {} return require('ms')(require('./x') || require('gone')); };\n");
        Packs.write(project, "x.js", "");
        List<Finding> findings = findings(handler("index.handler"));
        assertEquals(
                List.of("import-missing"), findings.stream().map(Finding::code).toList());
        assertEquals(Severity.WARNING, findings.get(0).severity());
        assertTrue(findings.get(0).message().contains("set dir to .. from here"), findings.toString());
        Packs.write(project, "package.json", "{}");
        assertEquals(List.of(), codes(handler("index.handler")));
    }

    @Test
    void anImportOfWhatIsInstalledAboveAFolderWithoutPackageJsonNamesThatFolder() throws Exception {
        Packs.write(project.getParent(), "node_modules/ms/index.js", "");
        Files.deleteIfExists(project.resolve("package.json"));
        Packs.write(project, "index.js", "const ms = require('ms');\nexports.handler = async () => ms;\n");
        String message = error(handler("index.handler"));
        assertTrue(
                message.contains(
                        "set dir to .. from here, and the handler to " + project.getFileName() + "/index.handler"),
                message);
    }

    @Test
    void anImportOfADevelopmentDependencySaysSo() throws Exception {
        Packs.write(project, "package.json", "{\"devDependencies\": {\"lodash\": \"4\"}}");
        Packs.write(project, "index.js", "const _ = require('lodash');\nexports.handler = async () => _;\n");
        assertTrue(error(handler("index.handler")).contains("move it to dependencies"));
    }

    @Test
    void nativeProgramsForAnotherArchitectureAreOneWarningForEachPackage() throws Exception {
        Packs.write(project, "node_modules/ffmpeg/ffmpeg", elf(62));
        Packs.write(project, "node_modules/ffmpeg/lib/libx.so", elf(62));
        List<Finding> findings = findings(architecture("arm64"));
        assertEquals(1, findings.size());
        assertTrue(
                findings.get(0).message().contains("1 more file"),
                findings.get(0).message());
        assertEquals("node_modules/ffmpeg/ffmpeg", findings.get(0).path());
    }

    @Test
    void secretsAreWarnings() throws Exception {
        Packs.write(project, ".env", "A=1");
        Packs.write(project, ".env.example", "A=");
        Packs.write(project, "certs/server.pem", "-----BEGIN RSA PRIVATE KEY-----\nMII\n");
        Packs.write(project, "certs/ca.pem", "-----BEGIN CERTIFICATE-----\nMII\n");
        Packs.write(project, "account.json", "{\"private_key\": \"-----BEGIN PRIVATE KEY-----\\nMII\"}");
        Packs.write(project, "ssh/id_rsa", "x");
        Packs.write(project, "node_modules/tls/test/key.pem", "-----BEGIN PRIVATE KEY-----\n");
        List<Finding> findings = Packs.pack(project).findings();
        assertEquals(
                List.of(".env", "account.json", "certs/server.pem", "ssh/id_rsa"),
                findings.stream().map(Finding::path).toList());
        assertTrue(findings.stream().allMatch(f -> f.severity() == Severity.WARNING));
    }

    @Test
    void theSdkThatTheRuntimeHasIsInformation() throws Exception {
        Packs.write(project, "node_modules/@aws-sdk/client-s3/index.js", "x".repeat(2_000_000));
        Packs.write(project, "node_modules/aws-sdk/index.js", "x");
        List<Finding> findings = findings(handler("index.handler"));
        assertEquals(
                List.of("sdk-in-runtime"), findings.stream().map(Finding::code).toList());
        assertEquals(Severity.INFO, findings.get(0).severity());
        assertTrue(findings.get(0).message().contains("2.0 MB"));
    }

    /** As pnpm installs it: node_modules/@aws-sdk has links alone. */
    @Test
    void theSizeOfTheSdkIsThatOfWhatLinksLeadTo() throws Exception {
        String stored = "node_modules/.pnpm/@aws-sdk+client-s3@3.0.0/node_modules/@aws-sdk/client-s3";
        Packs.write(project, "package.json", "{\"dependencies\": {\"@aws-sdk/client-s3\": \"3\"}}");
        Packs.write(project, "node_modules/.modules.yaml", "");
        Packs.write(project, stored + "/package.json", "{}");
        Packs.write(project, stored + "/index.js", "x".repeat(2_000_000));
        Files.createDirectories(project.resolve("node_modules/@aws-sdk"));
        Files.createSymbolicLink(
                project.resolve("node_modules/@aws-sdk/client-s3"),
                Path.of("../.pnpm/@aws-sdk+client-s3@3.0.0/node_modules/@aws-sdk/client-s3"));
        List<Finding> findings = findings(handler("index.handler"));
        assertEquals(
                List.of("sdk-in-runtime"), findings.stream().map(Finding::code).toList());
        assertTrue(findings.get(0).message().contains("2.0 MB"), findings.get(0).message());
    }

    @Test
    void theSdkThatADependencyBringsIsLeftOutByAnExclude() throws Exception {
        Packs.write(project, "package.json", "{\"dependencies\": {\"aws-xray-sdk-core\": \"3\"}}");
        Packs.write(
                project,
                "node_modules/aws-xray-sdk-core/package.json",
                "{\"dependencies\": {\"@aws-sdk/types\": \"3\"}}");
        Packs.write(project, "node_modules/@aws-sdk/types/package.json", "{}");
        String transitive = findings(handler("index.handler")).get(0).message();
        Packs.write(
                project,
                "package.json",
                "{\"dependencies\": {\"@aws-sdk/types\": \"3\", \"aws-xray-sdk-core\": \"3\"}}");
        String direct = findings(handler("index.handler")).get(0).message();

        assertTrue(
                transitive.endsWith(
                        "It is there for aws-xray-sdk-core. Exclude it (excludes: 'node_modules/@aws-sdk/**'), unless its version matters."),
                transitive);
        assertTrue(direct.endsWith("Make it a development dependency, unless you need this version."), direct);
    }

    @Test
    void aDependencyThatIsNotInstalledIsNotToBeAddedToDependencies() throws Exception {
        Packs.write(project, "package.json", "{\"dependencies\": {\"left-pad\": \"1\"}}");
        Packs.write(project, "index.js", "require('left-pad'); exports.handler = async () => 1;");

        String message = assertThrows(DeployException.class, () -> findings(handler("index.handler")))
                .getMessage();

        assertTrue(message.contains("index.js: It imports left-pad,"), message);
        assertTrue(message.contains("It is in dependencies of package.json and not installed"), message);
    }

    @Test
    void aDeprecatedRuntimeIsAWarning() throws Exception {
        assertEquals(List.of("runtime-deprecated"), codes(new TargetFunction("", "nodejs16.x", "", 0, "")));
    }

    @Test
    void aHugePackageJsonCostsNoMemory(@TempDir Path temp) throws Exception {
        Path json = Packs.write(project, "package.json", "");
        Run.program("truncate", "-s", "100M", json.toString()).requireSuccess();
        assertEquals(List.of(), codes(handler("index.handler")));
    }

    @Test
    void errorsComeFirst() throws Exception {
        Packs.write(project, ".env", "A=1");
        Packs.write(project, "node_modules/@aws-sdk/x.js", "x");
        assertEquals(
                List.of(Severity.WARNING, Severity.WARNING, Severity.INFO),
                findings(new TargetFunction("index.handler", "nodejs18.x", "", 0, "")).stream()
                        .map(Finding::severity)
                        .toList());
    }

    @Test
    void readersOfHostileFilesEnd() {
        for (String json :
                List.of("", "{", "{\"", "{\"a\":", "}}}}", "[".repeat(100_000), "{\"a\\", "\\", "{\"type\":\"module")) {
            PackageJson.parse(json);
        }
        for (String script : List.of("", "/", "/*", "`", "'\\", "/[", "\"", "export", "exports.a = (".repeat(20_000))) {
            JavaScriptText text = new JavaScriptText(script);
            text.hasModuleSyntax();
            text.hasCommonJsExports();
            text.exportsWithCallback("a");
        }
        for (int length = 0; length < 70; length++) {
            NativeProgram.of(Arrays.copyOf(elf(62), length));
            NativeProgram.of(
                    "\u00ca\u00fe\u00ba\u00be".repeat(20).substring(0, length).getBytes(StandardCharsets.ISO_8859_1));
        }
        byte[] javaClass = {
            (byte) 0xca, (byte) 0xfe, (byte) 0xba, (byte) 0xbe, 0, 0, 0, 61, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0
        };
        assertEquals(Optional.empty(), NativeProgram.of(javaClass));
    }

    @ParameterizedTest
    @CsvSource(
            delimiter = '|',
            value = {
                "{'scripts':{'install':'node-pre-gyp install --fallback-to-build'}}  | dependencies         | native-missing",
                "{'scripts':{'install':'prebuild-install -r napi'}}                  | dependencies         | native-missing",
                "{}                                                                  | dependencies         | native-missing",
                "{'scripts':{'install':'node install.js'}}                           | dependencies         |",
                "{'scripts':{'install':'node-gyp rebuild'}}                          | optionalDependencies |",
                "{'scripts':{'install':'node install/check.js; node-gyp rebuild'},'optionalDependencies':{'@img/sharp-linux-x64':'1'}} | dependencies |",
            })
    void aPackageWithoutTheAddOnThatItsInstallScriptMakesIsAWarning(String json, String field, String code)
            throws Exception {
        Packs.write(project, "package.json", "{\"" + field + "\": {\"native\": \"1\"}}");
        Packs.write(project, "node_modules/native/package.json", json.replace('\'', '"'));
        Packs.write(project, "node_modules/native/binding.gyp", "{}");
        assertEquals(code == null ? List.of() : List.of(code), codes(handler("index.handler")));
        Packs.write(project, "node_modules/native/prebuilds/linux-x64/native.node", "");
        assertEquals(List.of(), codes(handler("index.handler")));
    }

    @ParameterizedTest
    @CsvSource(
            delimiter = '|',
            value = {
                // ffmpeg-static 5.2.0, core-js 3.39.0, protobufjs 7.4.0, esbuild 0.25.0, @nestjs/core 10, @scarf/scarf
                // 1.4.0
                "{'scripts':{'install':'node install.js'}}          | https.get(downloadUrl)       | native-missing",
                "{'scripts':{'postinstall':'node ./install'}}       | const fail = () => download();| native-missing",
                "{'scripts':{'postinstall':'node ./install'}}       | console.log('Thank you!')    |",
                "{'scripts':{'postinstall':'node ./install.js'}}    | SCARF_ANALYTICS; https.request(url) |",
                "{'scripts':{'postinstall':'node ./install.js'}}    | process.env.FIREBASE_WEBAPP_CONFIG; fetch(url) |",
                "{'scripts':{'postinstall':'opencollective; exit 0'}}  | https.get(downloadUrl)       |",
                "{'scripts':{'postinstall':'node install.js'},'optionalDependencies':{'@esbuild/linux-x64':'1'}} | https.get(a) |",
                "{'scripts':{'install':'touch made.js'},'main':'made.js'} | made                    | native-missing",
                "{'scripts':{'install':'touch made.js'},'main':'install'} | made                    |",
            })
    void aBlockedInstallScriptIsAWarningWhereSomethingIsMissingAndOnlyThere(String json, String script, String code)
            throws Exception {
        Packs.write(project, "package.json", "{\"dependencies\": {\"tool\": \"1\"}}");
        Packs.write(project, "node_modules/tool/package.json", json.replace('\'', '"'));
        Packs.write(project, "node_modules/tool/install.js", script);
        PackRequest request = Packs.forFunction(handler("index.handler"));
        assertEquals(List.of(), codes(handler("index.handler")));
        List<Finding> found = Packs.pack(project, request.withInstall("", Map.of("tool", "'npm approve tool'")))
                .findings();
        assertEquals(
                code == null ? List.of() : List.of(code),
                found.stream().map(Finding::code).toList());
        assertTrue(code == null || found.get(0).message().contains("Approve it with 'npm approve tool'."));
    }

    /** As in bufferutil 4.0.8, which has no file for linux arm64. */
    @Test
    void anAddOnThatItsPackageDoesWithoutIsNoFinding() throws Exception {
        Packs.write(project, "package.json", "{\"dependencies\": {\"bufferutil\": \"4.0.8\"}}");
        Packs.write(
                project,
                "node_modules/bufferutil/package.json",
                "{\"scripts\": {\"install\": \"node-gyp-build || node-gyp rebuild\"}}");
        Packs.write(
                project,
                "node_modules/bufferutil/index.js",
                "'use strict';\ntry {\n  module.exports = require('node-gyp-build')(__dirname);\n} catch (e) {\n  module.exports = require('./fallback');\n}\n");
        assertEquals(List.of(), codes(architecture("arm64")));
        Packs.write(project, "node_modules/bufferutil/prebuilds/linux-x64/node.napi.node", elf(62));
        assertEquals(List.of(), codes(architecture("arm64")));
        Packs.write(
                project,
                "node_modules/bufferutil/index.js",
                "module.exports = require('node-gyp-build')(__dirname);\n");
        assertEquals(List.of("native-other-platform"), codes(architecture("arm64")));
    }

    /** As esbuild 0.24.0 is installed on x86_64 with --cpu=arm64. */
    @Test
    void aProgramOfTheMachineBesideThePackageForTheFunctionIsNoFinding() throws Exception {
        Packs.write(project, "package.json", "{\"dependencies\": {\"esbuild\": \"0.24.0\"}}");
        Packs.write(
                project,
                "node_modules/esbuild/package.json",
                "{\"optionalDependencies\": {\"@esbuild/linux-arm64\": \"0.24.0\"}}");
        Packs.write(project, "node_modules/esbuild/bin/esbuild", elf(62));
        Files.createDirectories(project.resolve("node_modules/.bin"));
        Files.createSymbolicLink(project.resolve("node_modules/.bin/esbuild"), Path.of("../esbuild/bin/esbuild"));
        assertEquals(List.of("native-other-platform", "native-other-platform"), codes(architecture("arm64")));
        Packs.write(project, "node_modules/@esbuild/linux-arm64/bin/esbuild", elf(183));
        Packs.write(project, "node_modules/@esbuild/linux-arm64/package.json", "{}");
        assertEquals(List.of(), codes(architecture("arm64")));
    }
}
