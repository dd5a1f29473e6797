package io.jenkins.plugins.lambdanode.cli;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import io.jenkins.plugins.lambdanode.testing.Account;
import io.jenkins.plugins.lambdanode.testing.Emulator;
import io.jenkins.plugins.lambdanode.testing.EmulatorExtension;
import io.jenkins.plugins.lambdanode.testing.Program;
import io.jenkins.plugins.lambdanode.testing.Project;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.ExtendWith;
import org.junit.jupiter.api.io.TempDir;

/** How much heap the whole command line may have for large projects; it fails with less than it needs. */
@ExtendWith(EmulatorExtension.class)
class MemoryTest {

    private static final Account ACCOUNT = new Account(Emulator.MINISTACK);

    @TempDir
    Path folder;

    @Test
    void fifteenThousandFilesOf150MegabytesArePackagedIn256MegabytesOfHeap() throws Exception {
        Path project = folder.resolve("project");
        Program.python("""
                import os, random, sys
                words = [('word%d ' % i).encode() for i in range(5000)]
                random.seed(1)
                for d in range(150):
                    folder = os.path.join(sys.argv[1], 'node_modules', 'p%d' % d, 'lib')
                    os.makedirs(folder)
                    for f in range(100):
                        with open(os.path.join(folder, 'f%d.js' % f), 'wb') as out:
                            out.write(b''.join(random.choices(words, k=1250)) + b'%d' % (d * 100 + f))
                open(os.path.join(sys.argv[1], 'index.js'), 'w').write('exports.handler = async () => 1')
                """, project.toString());
        Path output = folder.resolve("function.zip");

        Program run = CommandLineRun.inProcess(
                project, Map.of(), List.of("-Xmx256m"), "package", "--json", "--output", output.toString());

        assertEquals(0, run.status(), run.err());
        JsonNode json = new ObjectMapper().readTree(run.out());
        assertEquals(15_001, json.get("Files").asInt());
        assertTrue(
                json.get("UnzippedBytes").asLong() > 150_000_000,
                json.get("UnzippedBytes").asText());
        assertEquals("15001", Program.python("""
                        import sys, zipfile
                        z = zipfile.ZipFile(sys.argv[1])
                        assert z.testzip() is None
                        print(sum(not i.is_dir() for i in z.infolist()))
                        """, output.toString()));
    }

    @Test
    void aPackageOf65MegabytesIsStagedAndDeployedIn128MegabytesOfHeap() throws Exception {
        Project project = Project.answering(folder.resolve("project"), "large").withBallast("ballast.bin", 65 << 20);
        String bucket = ACCOUNT.newBucket();
        String name = ACCOUNT.newFunction("old");

        Program run = CommandLineRun.inProcess(
                project.folder(),
                CommandLineRun.credentials(),
                List.of("-Xmx128m"),
                "deploy",
                "--function-name",
                name,
                "--s3-bucket",
                bucket,
                "--endpoint-url",
                Emulator.MINISTACK.endpoint().toString(),
                "--result",
                folder.resolve("result.json").toString());

        assertEquals(0, run.status(), run.err());
        JsonNode json =
                new ObjectMapper().readTree(folder.resolve("result.json").toFile());
        assertEquals(
                ACCOUNT.configuration(name, "CodeSha256"),
                json.get("CodeSha256").asText());
        assertEquals(
                Long.parseLong(ACCOUNT.configuration(name, "CodeSize")),
                json.get("Package").get("ZippedBytes").asLong());
        assertEquals("\"large\"", ACCOUNT.invoke(name));
    }

    @Test
    void aDirectUpdateOf48MegabytesNeedsNoMoreThan128MegabytesOfHeapEither() throws Exception {
        Project project = Project.answering(folder.resolve("project"), "direct").withBallast("ballast.bin", 48 << 20);
        String name = ACCOUNT.newFunction("old");

        Program run = CommandLineRun.inProcess(
                project.folder(),
                CommandLineRun.credentials(),
                List.of("-Xmx128m"),
                "deploy",
                "--function-name",
                name,
                "--endpoint-url",
                Emulator.MINISTACK.endpoint().toString());

        assertEquals(0, run.status(), run.err());
        assertEquals("\"direct\"", ACCOUNT.invoke(name));
    }
}
