package io.jenkins.plugins.lambdanode.engine.pack.check;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.jenkins.plugins.lambdanode.engine.base.DeployException;
import io.jenkins.plugins.lambdanode.engine.pack.Packs;
import io.jenkins.plugins.lambdanode.engine.pack.Run;
import io.jenkins.plugins.lambdanode.engine.pack.api.Finding;
import io.jenkins.plugins.lambdanode.engine.pack.api.Finding.Severity;
import io.jenkins.plugins.lambdanode.engine.pack.api.TargetFunction;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.List;
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
        return new TargetFunction(handler, RUNTIME, "", 0);
    }

    private static TargetFunction architecture(String architecture) {
        return new TargetFunction("", RUNTIME, architecture, 0);
    }

    private String error(TargetFunction function) {
        return assertThrows(DeployException.class, () -> findings(function)).getMessage();
    }

    @Test
    void aSoundProjectHasNoFindings() throws Exception {
        assertEquals(List.of(), findings(new TargetFunction("index.handler", RUNTIME, "arm64", 1000)));
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
    @ValueSource(strings = {"/opt/nodejs/node_modules/x/handler.handler", "index.handler", "index.a.b", "/var/task/index.handler"})
    void aHandlerThatIsThereOrInALayerIsNoFinding(String handler) throws Exception {
        assertEquals(List.of(), codes(handler(handler)));
    }

    @Test
    void aHandlerThatCouldBeFoundOtherwiseIsNoError() throws Exception {
        assertEquals(List.of("handler-missing"), codes(new TargetFunction("other.handler", RUNTIME, "", 5)));
        Packs.write(project, "node_modules/wrapper/index.js", "");
        assertEquals(List.of(), codes(handler("wrapper.handler")));
        Packs.write(project, "run.sh", "#!/bin/sh");
        assertEquals(List.of(), codes(handler("run.sh")));
        assertEquals(List.of(), codes(new TargetFunction("other.handler", "python3.14", "", 0)));
    }

    @Test
    void aHandlerWithoutAFunctionIsAnError() {
        assertTrue(error(handler("index")).contains("form file.function"));
    }

    @ParameterizedTest
    @CsvSource(delimiter = '|', value = {
        "index.js  |        | export const handler = async () => 1           | module-format",
        "index.js  |        | import x from 'y'; export { x as handler }     | module-format",
        "index.js  | module | export const handler = async () => 1           |",
        "index.mjs |        | export const handler = async () => 1           |",
        "index.js  | module | module.exports.handler = async () => 1         | module-format",
        "index.mjs |        | exports.handler = async () => 1                | module-format",
        "index.cjs | module | exports.handler = async () => 1                |",
        "index.js  |        | exports.h = 1; // export const handler = 1     |",
        "index.js  |        | exports.h = 'x'; /* import a from 'b' */       |",
        "index.js  |        | const a = `export default 1`; exports.h = a    |",
        "index.js  |        | const a = await import('x'); exports.handler=a |",
    })
    void aModuleFormatThatNodeWouldNotTakeIsAWarning(String file, String type, String source, String code) throws Exception {
        Files.delete(project.resolve("index.js"));
        Packs.write(project, file, source);
        Packs.write(project, "package.json", type == null ? "{\"a\":{\"type\":\"module\"}}" : "{\"type\" : \"" + type + "\"}");
        assertEquals(code == null ? List.of() : List.of(code), codes(handler("index.handler")));
    }

    @ParameterizedTest
    @CsvSource(delimiter = '|', value = {
        "exports.handler = (event, context, callback) => callback(null)       | true",
        "exports.handler = function (e, c, cb) {}                             | true",
        "exports.handler = async (event, context) => 1                        | false",
        "module.exports.handler = (event) => f(a, b, c)                       | false",
        "function handler(a, b, c) {} exports.handler = handler               | true",
        "exports.other = (a, b, c) => 1; exports.handler = async () => 1      | false",
        "exports.handler = awslambda.streamifyResponse(async (a, b, c) => 1)  | false",
        "exports.handler = (event, ...rest) => 1                              | false",
    })
    void aCallbackHandlerIsAWarningWhereTheRuntimeNoLongerCallsIt(String source, boolean warned) throws Exception {
        Packs.write(project, "index.js", source);
        assertEquals(warned ? List.of("callback-handler") : List.of(), codes(handler("index.handler")));
        assertEquals(List.of(), codes(new TargetFunction("index.handler", "nodejs22.x", "", 0)));
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

    @Test
    void anAddOnForAnotherArchitectureIsAnError() throws Exception {
        Packs.write(project, "node_modules/bcrypt/build/Release/bcrypt.node", elf(62));
        assertEquals(List.of(), codes(architecture("x86_64")));
        String message = error(architecture("arm64"));
        assertTrue(message.contains("linux x86_64") && message.contains("linux arm64") && message.contains("--cpu=arm64"), message);
    }

    @Test
    void anAddOnForMacOsIsAnErrorOnEitherArchitecture() throws Exception {
        Packs.write(project, "node_modules/bcrypt/lib/binding/napi-v3/bcrypt.node", machO());
        assertTrue(error(architecture("arm64")).contains("built for macOS"));
        assertTrue(error(architecture("x86_64")).contains("built for macOS"));
    }

    @Test
    void anAddOnAmongThoseForOtherPlatformsIsNoFinding() throws Exception {
        Packs.write(project, "node_modules/a/prebuilds/linux-x64/a.node", elf(62));
        Packs.write(project, "node_modules/a/prebuilds/linux-arm64/a.node", elf(183));
        Packs.write(project, "node_modules/a/prebuilds/darwin-arm64/a.node", machO());
        assertEquals(List.of(), codes(architecture("arm64")));
        assertEquals(List.of(), codes(architecture("x86_64")));
    }

    @Test
    void anAddOnOfAPackageForOnePlatformIsAWarning() throws Exception {
        Packs.write(project, "node_modules/@img/sharp-darwin-arm64/lib/sharp.node", machO());
        Packs.write(project, "node_modules/fsevents/fsevents.node", machO());
        Packs.write(project, "node_modules/x/build/x.node", machO());
        Packs.write(project, "node_modules/x/package.json", "{\"os\": [\"darwin\"]}");
        List<Finding> findings = findings(architecture("arm64"));
        assertEquals(3, findings.size());
        assertTrue(findings.stream().allMatch(f -> f.severity() == Severity.WARNING && f.code().equals("native-other-platform")));
    }

    @Test
    void nativeProgramsForAnotherArchitectureAreOneWarningForEachPackage() throws Exception {
        Packs.write(project, "node_modules/ffmpeg/ffmpeg", elf(62));
        Packs.write(project, "node_modules/ffmpeg/lib/libx.so", elf(62));
        List<Finding> findings = findings(architecture("arm64"));
        assertEquals(1, findings.size());
        assertTrue(findings.get(0).message().contains("1 more file"), findings.get(0).message());
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
                List.of(".env", "account.json", "certs/server.pem", "ssh/id_rsa"), findings.stream().map(Finding::path).toList());
        assertTrue(findings.stream().allMatch(f -> f.severity() == Severity.WARNING));
    }

    @Test
    void theSdkThatTheRuntimeHasIsInformation() throws Exception {
        Packs.write(project, "node_modules/@aws-sdk/client-s3/index.js", "x".repeat(2_000_000));
        Packs.write(project, "node_modules/aws-sdk/index.js", "x");
        List<Finding> findings = findings(handler("index.handler"));
        assertEquals(List.of("sdk-in-runtime"), findings.stream().map(Finding::code).toList());
        assertEquals(Severity.INFO, findings.get(0).severity());
        assertTrue(findings.get(0).message().contains("2.0 MB"));
    }

    @Test
    void aDeprecatedRuntimeIsAWarning() throws Exception {
        assertEquals(List.of("runtime-deprecated"), codes(new TargetFunction("", "nodejs16.x", "", 0)));
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
                findings(new TargetFunction("index.handler", "nodejs18.x", "", 0)).stream().map(Finding::severity).toList());
    }

    @Test
    void readersOfHostileFilesEnd() {
        for (String json : List.of("", "{", "{\"", "{\"a\":", "}}}}", "[".repeat(100_000), "{\"a\\", "\\", "{\"type\":\"module")) {
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
            NativeProgram.of("\u00ca\u00fe\u00ba\u00be".repeat(20).substring(0, length).getBytes(StandardCharsets.ISO_8859_1));
        }
        byte[] javaClass = {(byte) 0xca, (byte) 0xfe, (byte) 0xba, (byte) 0xbe, 0, 0, 0, 61, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0};
        assertEquals(Optional.empty(), NativeProgram.of(javaClass));
    }
}
