package io.jenkins.plugins.lambdanode.engine.pack;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import com.google.common.jimfs.Configuration;
import com.google.common.jimfs.Jimfs;
import io.jenkins.plugins.lambdanode.engine.base.DeployException;
import io.jenkins.plugins.lambdanode.engine.base.Progress;
import io.jenkins.plugins.lambdanode.engine.pack.api.PackReport;
import io.jenkins.plugins.lambdanode.engine.pack.api.PackRequest;
import io.jenkins.plugins.lambdanode.engine.pack.api.PackSettings;
import io.jenkins.plugins.lambdanode.engine.pack.api.TargetFunction;
import io.jenkins.plugins.lambdanode.testing.Program;
import java.io.IOException;
import java.nio.file.FileSystem;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Clock;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.TreeMap;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** Projects on a file system with Windows's paths: backslashes, drives, no modes, names without regard to case. */
class WindowsPathsTest {

    private static final Map<String, String> PROJECT = new TreeMap<>(Map.ofEntries(
            Map.entry(
                    "package.json",
                    "{\"name\": \"orders\", \"dependencies\": {\"pad\": \"1\", \"@scope/deep\": \"1\"},"
                            + " \"devDependencies\": {\"dev\": \"1\"}}"),
            Map.entry("index.js", "exports.handler = async () => require('pad') + require('./lib/own/money');"),
            Map.entry("lib/own/money.js", "module.exports = 1;"),
            Map.entry("bin/tool", "#!/bin/sh\necho tool\n"),
            Map.entry("test/unit/a.test.js", "left out"),
            Map.entry(".npmrc", "left out"),
            Map.entry(
                    "node_modules/.package-lock.json",
                    "{\"lockfileVersion\": 3, \"packages\": {"
                            + "\"node_modules/pad\": {\"version\": \"1.0.0\"},"
                            + "\"node_modules/@scope/deep\": {\"version\": \"1.0.0\"},"
                            + "\"node_modules/dev\": {\"version\": \"1.0.0\", \"dev\": true}}}"),
            Map.entry("node_modules/pad/package.json", "{\"name\": \"pad\", \"version\": \"1.0.0\"}"),
            Map.entry("node_modules/pad/index.js", "module.exports = 1;"),
            Map.entry("node_modules/@scope/deep/package.json", "{\"name\": \"@scope/deep\", \"version\": \"1.0.0\"}"),
            Map.entry("node_modules/@scope/deep/index.js", "module.exports = 2;"),
            Map.entry("node_modules/dev/package.json", "{\"name\": \"dev\", \"version\": \"1.0.0\"}"),
            Map.entry("node_modules/dev/index.js", "left out")));

    @TempDir
    private Path linux;

    private FileSystem windows;

    @BeforeEach
    void makeDrive() {
        windows = Jimfs.newFileSystem(Configuration.windows());
    }

    @AfterEach
    void removeDrive() throws IOException {
        windows.close();
    }

    private static void write(Path folder, Map<String, String> files) throws IOException {
        for (Map.Entry<String, String> file : files.entrySet()) {
            Path path = folder.resolve(file.getKey());
            Files.createDirectories(path.getParent());
            Files.writeString(path, file.getValue());
        }
    }

    private static PackReport pack(Path folder, PackRequest request) throws Exception {
        Path temp = folder.resolveSibling("temp");
        return new Packager(folder, temp, Optional.empty(), Progress.NONE, 2, Optional.of(false), Clock.systemUTC())
                .pack(request);
    }

    private PackReport packOnWindows(PackRequest request) throws Exception {
        return pack(windows.getPath("C:\\work\\orders"), request);
    }

    @Test
    void theSameFilesAreTheSamePackageAsOnLinux() throws Exception {
        PackRequest request = Packs.request(
                List.of(),
                List.of("test\\**"),
                PackSettings.Links.FOLLOW,
                List.of(new TargetFunction("index.handler", "nodejs22.x", "x86_64", 0, "")),
                "");
        write(linux.resolve("orders"), PROJECT);
        write(windows.getPath("C:\\work\\orders"), PROJECT);

        PackReport onLinux = pack(linux.resolve("orders"), request);
        PackReport onWindows = packOnWindows(request);

        assertEquals(onLinux.codeSha256(), onWindows.codeSha256());
        Path copy = Files.copy(windows.getPath(onWindows.file()), linux.resolve("windows.zip"));
        assertEquals(
                """
                -rwxr-xr-x bin/tool
                -rw-r--r-- index.js
                -rw-r--r-- lib/own/money.js
                -rw-r--r-- node_modules/@scope/deep/index.js
                -rw-r--r-- node_modules/@scope/deep/package.json
                -rw-r--r-- node_modules/pad/index.js
                -rw-r--r-- node_modules/pad/package.json
                -rw-r--r-- package.json
                """,
                Program.run("sh", "-c", "zipinfo \"$1\" | awk '/^-/ {print $1, $9}'", "sh", copy.toString())
                        .successful()
                        .out());
    }

    @Test
    void aHandlerThatIsMissingIsSaidOfItsPathInThePackage() throws Exception {
        write(windows.getPath("C:\\work\\orders"), PROJECT);

        String message = assertThrows(
                        DeployException.class,
                        () -> packOnWindows(Packs.forFunction(
                                new TargetFunction("lib/own/cash.handler", "nodejs22.x", "x86_64", 0, ""))))
                .getMessage();

        assertTrue(message.contains("lib/own/cash"), message);
        assertTrue(!message.contains("\\"), message);
    }
}
