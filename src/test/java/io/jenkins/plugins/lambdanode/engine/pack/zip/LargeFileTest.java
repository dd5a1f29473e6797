package io.jenkins.plugins.lambdanode.engine.pack.zip;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.jenkins.plugins.lambdanode.engine.base.Progress;
import io.jenkins.plugins.lambdanode.engine.pack.PackInChild;
import io.jenkins.plugins.lambdanode.engine.pack.Packager;
import io.jenkins.plugins.lambdanode.engine.pack.Packs;
import io.jenkins.plugins.lambdanode.engine.pack.Run;
import io.jenkins.plugins.lambdanode.engine.pack.ZipListing;
import io.jenkins.plugins.lambdanode.engine.pack.api.PackReport;
import java.io.OutputStream;
import java.nio.file.Files;
import java.nio.file.Path;
import java.security.MessageDigest;
import java.util.HexFormat;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Random;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicLong;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class LargeFileTest {
    private static final int MIB = 1 << 20;

    @TempDir
    Path dir;

    private Path project;

    @BeforeEach
    void makeProject() throws Exception {
        project = Files.createDirectory(dir.resolve("project"));
    }

    private void writeRandom(String name, int mebibytes, int bits) throws Exception {
        Random random = new Random(mebibytes);
        byte[] piece = new byte[MIB];
        try (OutputStream out = Files.newOutputStream(project.resolve(name))) {
            for (int i = 0; i < mebibytes; i++) {
                random.nextBytes(piece);
                for (int j = 0; j < MIB; j++) {
                    piece[j] &= (byte) ((1 << bits) - 1);
                }
                out.write(piece);
            }
        }
    }

    @Test
    void twoHundredMebibytesArePackagedInAHeapOf48(@TempDir Path temp) throws Exception {
        writeRandom("random", 12, 8);
        Path sparse = project.resolve("sparse");
        Run.program("truncate", "-s", "200M", sparse.toString()).requireSuccess();
        for (int i = 0; i < 3000; i++) {
            Files.writeString(project.resolve("small" + i), "x".repeat(i));
        }
        Run run = Run.java(
                Map.of(),
                List.of("-Xmx48m", "-XX:MaxDirectMemorySize=16m", "-XX:TieredStopAtLevel=4"),
                PackInChild.class,
                project.toString(),
                temp.toString());
        String file = run.requireSuccess().strip().split(" ")[1];
        String expected =
                Run.program("sha256sum", sparse.toString()).requireSuccess().split(" ")[0];
        assertEquals(expected, ZipListing.of(file).entry("sparse").orElseThrow().sha256());
        assertEquals(1, Packs.filesBelow(temp).size());
    }

    @Test
    void aLargeFileIsHardlyLargerThanInOnePiece() throws Exception {
        StringBuilder text = new StringBuilder();
        Random random = new Random(2);
        while (text.length() < 5 * MIB) {
            text.append("exports.")
                    .append(Integer.toString(random.nextInt(5000), 36))
                    .append(" = function () {};\n");
        }
        Packs.write(project, "large.js", text.toString());
        PackReport report = Packs.pack(project);
        Path whole = dir.resolve("whole.zip");
        Run.program(
                        "zip",
                        "-q",
                        "-X",
                        whole.toString(),
                        project.resolve("large.js").toString())
                .requireSuccess();
        assertTrue(
                report.zippedBytes() < Files.size(whole) * 1.005, report.zippedBytes() + " and " + Files.size(whole));
    }

    @Test
    void progressRunsFromNothingToAllOfIt() throws Exception {
        writeRandom("large", 5, 4);
        Packs.write(project, "a.js", "x");
        AtomicLong last = new AtomicLong(-1);
        AtomicLong calls = new AtomicLong();
        new Packager(project, dir.resolve("temp"), Optional.empty(), new Progress() {
                    @Override
                    public void log(String line) {}

                    @Override
                    public void advance(String activity, long doneBytes, long totalBytes, int doneFiles) {
                        assertEquals("Packaging", activity);
                        assertEquals(5 * MIB + 1, totalBytes);
                        assertTrue(doneBytes >= last.get() && doneBytes <= totalBytes);
                        last.set(doneBytes);
                        calls.incrementAndGet();
                    }
                })
                .pack(Packs.request());
        assertEquals(5 * MIB + 1, last.get());
        assertTrue(calls.get() >= 7, calls + " calls");
    }

    @Test
    void anInterruptStopsItSoonAndLeavesNoFileAndNoThread() throws Exception {
        writeRandom("large", 120, 6);
        Path temp = dir.resolve("temp");
        CountDownLatch underWay = new CountDownLatch(1);
        AtomicLong stoppedAfter = new AtomicLong(-1);
        AtomicLong interruptedAt = new AtomicLong();
        Thread build = new Thread(() -> {
            assertThrows(
                    InterruptedException.class,
                    () -> new Packager(project, temp, Optional.empty(), new Progress() {
                                @Override
                                public void log(String line) {}

                                @Override
                                public void advance(String activity, long doneBytes, long totalBytes, int doneFiles) {
                                    if (doneBytes > 3 * MIB) {
                                        underWay.countDown();
                                    }
                                }
                            })
                            .pack(Packs.request()));
            stoppedAfter.set(System.nanoTime() - interruptedAt.get());
        });
        build.start();
        assertTrue(underWay.await(60, TimeUnit.SECONDS));
        interruptedAt.set(System.nanoTime());
        build.interrupt();
        build.join(60_000);
        assertTrue(stoppedAfter.get() >= 0, "it ended with an InterruptedException");
        assertTrue(stoppedAfter.get() < 1_000_000_000L, stoppedAfter.get() + " ns");
        assertEquals(List.of(), Packs.filesBelow(temp));
        assertFalse(Thread.getAllStackTraces().keySet().stream()
                .anyMatch(thread -> thread.isAlive() && thread.getName().equals("lambda-node-deploy packaging")));
    }

    @Test
    void aLargeFileIsCopiedFromTheLastPackage() throws Exception {
        writeRandom("large", 4, 5);
        Path cache = dir.resolve("cache");
        PackReport first = Packs.pack(project, cache);
        PackReport second = Packs.pack(project, cache);
        assertEquals(first.sha256(), second.sha256());
        assertEquals(new PackReport.Work(4 * MIB, 0, 4 * MIB), second.work());
        assertEquals(
                HexFormat.of()
                        .formatHex(MessageDigest.getInstance("SHA-256")
                                .digest(Files.readAllBytes(project.resolve("large")))),
                ZipListing.of(second.file()).entry("large").orElseThrow().sha256());
    }
}
