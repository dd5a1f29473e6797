package io.jenkins.plugins.lambdanode.engine.pack;

import static org.junit.jupiter.api.Assertions.assertDoesNotThrow;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTimeoutPreemptively;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.jenkins.plugins.lambdanode.engine.base.DeployException;
import io.jenkins.plugins.lambdanode.engine.base.Progress;
import io.jenkins.plugins.lambdanode.engine.pack.api.Finding;
import io.jenkins.plugins.lambdanode.engine.pack.api.PackReport;
import io.jenkins.plugins.lambdanode.engine.pack.zip.PackageWriter;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.net.StandardProtocolFamily;
import java.net.UnixDomainSocketAddress;
import java.nio.channels.ServerSocketChannel;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.nio.file.attribute.FileTime;
import java.nio.file.attribute.PosixFilePermissions;
import java.time.Clock;
import java.time.Duration;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.TreeSet;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.stream.Collectors;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** Files that are not as files mostly are: each has an outcome that says what to do. */
class UnusualFilesTest {
    @TempDir
    Path dir;

    private Path project;
    private Path temp;

    @BeforeEach
    void makeProject() throws Exception {
        project = Files.createDirectory(dir.resolve("project"));
        temp = Files.createDirectory(dir.resolve("temp"));
        Packs.write(project, "index.js", "x");
    }

    private interface Step {
        void run(int call) throws IOException;
    }

    /** Does something to the project each time that packaging says how far it is; the first time is before any file is read. */
    private PackReport packWhile(Step step) throws Exception {
        AtomicInteger calls = new AtomicInteger();
        Progress progress = new Progress() {
            @Override
            public void log(String line) {}

            @Override
            public void advance(String activity, long doneBytes, long totalBytes, int doneFiles) {
                try {
                    step.run(calls.getAndIncrement());
                } catch (IOException e) {
                    throw new UncheckedIOException(e);
                }
            }
        };
        return new Packager(project, temp, Optional.empty(), progress).pack(Packs.request());
    }

    private String messageWhile(Step step) throws Exception {
        String message =
                assertThrows(DeployException.class, () -> packWhile(step)).getMessage();
        assertEquals(List.of(), Packs.filesBelow(temp));
        return message;
    }

    private String message() throws Exception {
        return messageWhile(call -> {});
    }

    /** The message of a package made by a user without any right. */
    private String messageOfNobody() throws Exception {
        for (Path path = dir; path != null && !path.equals(Path.of("/tmp")); path = path.getParent()) {
            Run.program("chmod", "a+rx", path.toString());
        }
        Run.program("chmod", "a+rwx", temp.toString()).requireSuccess();
        List<String> nobody = System.getProperty("user.name").equals("root")
                ? List.of("setpriv", "--reuid=65534", "--regid=65534", "--clear-groups")
                : List.of();
        String output = Files.createDirectory(dir.resolve("classes")).toString();
        Run.program("chmod", "a+rx", output).requireSuccess();
        Run run = Run.java(
                Map.of(),
                nobody,
                readableClassPath(),
                List.of(),
                PackInChild.class,
                project.toString(),
                temp.toString());
        assertEquals(3, run.status(), run.output());
        return run.output();
    }

    /** Nobody may not be able to reach the classes where they are. */
    private String readableClassPath() throws Exception {
        Path classes = dir.resolve("classes");
        StringBuilder classPath = new StringBuilder();
        for (String element : System.getProperty("java.class.path").split(":")) {
            if (element.contains("classes") || element.contains("commons-") || element.contains("jgit")) {
                Path copy = classes.resolve(Integer.toString(classPath.length()));
                Run.program("cp", "-r", element, copy.toString()).requireSuccess();
                classPath.append(copy).append(':');
            }
        }
        Run.program("chmod", "-R", "a+rX", classes.toString()).requireSuccess();
        return classPath.toString();
    }

    @Test
    void anUnreadableFileIsNamedWithItsMode() throws Exception {
        Path file = Packs.write(project, "lib/locked.js", "x");
        Run.program("chmod", "0200", file.toString()).requireSuccess();
        String message = messageOfNobody();
        assertTrue(message.contains("lib/locked.js cannot be read by") && message.contains("-w-------"), message);
    }

    @Test
    void anUnreadableFolderIsNamedWithItsMode() throws Exception {
        Packs.write(project, "lib/a.js", "x");
        Run.program("chmod", "0300", project.resolve("lib").toString()).requireSuccess();
        String message = messageOfNobody();
        assertTrue(message.contains("lib/ cannot be read by") && message.contains("-wx------"), message);
    }

    @Test
    void aFileThatIsRemovedBetweenWalkAndReadIsNamed() throws Exception {
        Path file = Packs.write(project, "lib/gone.js", "x");
        String message = messageWhile(call -> Files.deleteIfExists(file));
        assertTrue(message.contains("lib/gone.js was removed"), message);
    }

    @Test
    void aProjectThatIsRemovedUnderThePackagingIsSaidWithAFileOfIt() throws Exception {
        for (int i = 0; i < 50; i++) {
            Packs.write(project, "lib/f" + i + ".js", "x");
        }
        String message = messageWhile(call -> {
            if (call == 0) {
                Files.move(project, dir.resolve("elsewhere"));
            }
        });
        assertTrue(message.matches("(?s).*(lib/f\\d+|index)\\.js was removed.*"), message);
    }

    @Test
    void aFileThatChangedAfterTheWalkGoesInAsItIsNow() throws Exception {
        Path small = Packs.write(project, "small.js", "before");
        Path large = Packs.write(project, "large.js", new byte[3 << 20]);
        byte[] now = new byte[(3 << 20) + 5];
        now[now.length - 1] = 'x';
        PackReport report = packWhile(call -> {
            if (call == 0) {
                Files.writeString(small, "afterwards");
                Files.write(large, now);
            }
        });
        assertEquals("afterwards", ZipListing.content(report.file(), "small.js"));
        assertEquals(new String(now, StandardCharsets.US_ASCII), ZipListing.content(report.file(), "large.js"));
        assertEquals(now.length + 10 + 1, report.unzippedBytes());
    }

    @Test
    void aFileThatIsChangedInPlaceAfterTheWalkGoesInAsItIsNow() throws Exception {
        Path small = Packs.write(project, "small.js", "before");
        PackReport report = packWhile(call -> {
            if (call == 0) {
                Files.writeString(small, "AFTER!");
                Files.setLastModifiedTime(small, FileTime.fromMillis(5));
            }
        });
        assertEquals("AFTER!", ZipListing.content(report.file(), "small.js"));
    }

    @Test
    void aFileThatKeepsChangingIsAnErrorThatNamesIt() throws Exception {
        Path large = Packs.write(project, "app.log", new byte[3 << 20]);
        String message = messageWhile(call -> Files.write(large, new byte[] {1}, StandardOpenOption.APPEND));
        assertTrue(message.contains("app.log keeps changing"), message);
    }

    @Test
    void aSmallFileThatKeepsChangingIsAnErrorThatNamesIt() throws Exception {
        Path small = Packs.write(project, "state.bin", new byte[1 << 20]);
        AtomicBoolean stop = new AtomicBoolean();
        Thread writer = new Thread(() -> {
            for (long time = 1_000_000_000_000L; !stop.get(); time++) {
                FileTime next = FileTime.fromMillis(time);
                assertDoesNotThrow(() -> Files.setLastModifiedTime(small, next));
            }
        });
        writer.start();
        String message = "";
        try {
            // Both have to be at work at a time, which one attempt can miss.
            long end = System.nanoTime() + Duration.ofMinutes(1).toNanos();
            while (message.isEmpty() && System.nanoTime() < end) {
                message = outcome();
            }
        } finally {
            stop.set(true);
            writer.join();
        }
        assertTrue(message.contains("state.bin keeps changing"), message);
    }

    /** The message of an error; empty for a package. */
    private String outcome() throws Exception {
        try {
            packWhile(call -> {});
            return "";
        } catch (DeployException e) {
            return e.getMessage();
        }
    }

    @Test
    void aFileThatIsWrittenInPlaceAllTheTimeIsAnErrorThatNamesIt() throws Exception {
        Path large = Packs.write(project, "data.bin", new byte[3 << 20]);
        String message = messageWhile(
                call -> Files.setLastModifiedTime(large, FileTime.fromMillis(1_000_000_000_000L + call * 1000L)));
        assertTrue(message.contains("data.bin keeps changing"), message);
    }

    @Test
    void socketsPipesAndDevicesAreLeftOutWithAWarningAndNeverOpened() throws Exception {
        Run.program("mkfifo", project.resolve("pipe").toString()).requireSuccess();
        Files.createSymbolicLink(project.resolve("link-to-pipe"), Path.of("pipe"));
        try (ServerSocketChannel socket = ServerSocketChannel.open(StandardProtocolFamily.UNIX)) {
            socket.bind(UnixDomainSocketAddress.of(project.resolve("socket")));
            PackReport report = assertTimeoutPreemptively(Duration.ofSeconds(20), () -> Packs.pack(project));
            assertEquals(List.of("index.js"), ZipListing.of(report.file()).names());
            assertEquals(
                    Set.of("pipe", "link-to-pipe", "socket"),
                    report.findings().stream().map(Finding::path).collect(Collectors.toSet()));
            assertEquals(3, report.skipped().get(0).count());
        }
    }

    @Test
    void moreThan65535EntriesAreReadByEveryTool() throws Exception {
        // Links to one folder: so many files would take the test a minute to make.
        for (int file = 0; file < 1000; file++) {
            Packs.write(project, "f/" + file, "");
        }
        for (int link = 1; link < 66; link++) {
            Files.createSymbolicLink(project.resolve("f" + link), Path.of("f"));
        }
        PackReport report = Packs.pack(project);
        assertEquals(66_067, report.entries());
        assertEquals(66_067, ZipListing.of(report.file()).entries().size());
        assertTrue(Run.program("zipinfo", "-h", report.file()).requireSuccess().contains("number of entries: 66067"));
        Run.program("unzip", "-tq", report.file()).requireSuccess();
    }

    @Test
    void aPathAsLongAsTheSystemCanOpenGoesInAndALongerOneIsAnError() throws Exception {
        // PATH_MAX is 4,096 bytes with the final zero; the project's own path counts.
        String script = """
                import os, sys
                os.chdir(sys.argv[1])
                total = len(sys.argv[1]) + 1
                while total + 101 < int(sys.argv[2]) - 60:
                    os.mkdir('d' * 100); os.chdir('d' * 100); total += 101
                open('e' * (int(sys.argv[2]) - total), 'w').close()
                """;
        Path longest = Files.createDirectory(dir.resolve("longest"));
        Run.program(ZipListing.python(), "-c", script, longest.toRealPath().toString(), "4095")
                .requireSuccess();
        PackReport report = Packs.pack(longest);
        ZipListing zip = ZipListing.of(report.file());
        int deepest = zip.names().stream().mapToInt(String::length).max().orElseThrow();
        assertEquals(4095 - longest.toRealPath().toString().length() - 1, deepest);

        Run.program(ZipListing.python(), "-c", script, project.toRealPath().toString(), "4300")
                .requireSuccess();
        String message = message();
        assertTrue(message.contains("is longer than this system can open"), message);
        assertTrue(message.length() < 1500, message);
        // JUnit could not delete it either.
        Run.program("rm", "-rf", project.toString()).requireSuccess();
    }

    @Test
    void aNameThatIsNotUtf8IsAnErrorThatShowsItsBytes() throws Exception {
        Run.program("bash", "-c", "mkdir \"$1/lib\" && touch \"$1/lib/\"$'caf\\xe9.js'", "make", project.toString())
                .requireSuccess();
        String message = message();
        assertTrue(
                message.contains("\"caf\\xe9.js\"") && message.contains("lib/") && message.contains("UTF-8"), message);
        Run inC = Run.java(Map.of("LC_ALL", "C"), List.of(), PackInChild.class, project.toString(), temp.toString());
        assertTrue(inC.status() == 3 && inC.output().contains("\"caf\\xe9.js\""), inC.output());
    }

    @Test
    void namesWithControlCharactersGoInAsTheyAreWithAWarning() throws Exception {
        Set<String> names = Set.of("a\nb.js", "tab\t.js", "bell\u0007", " lead", "trail ", "?", "*");
        for (String name : names) {
            Packs.write(project, name, name);
        }
        PackReport report = Packs.pack(project);
        Set<String> expected = new TreeSet<>(names);
        expected.add("index.js");
        assertEquals(expected, new TreeSet<>(ZipListing.of(report.file()).names()));
        assertEquals(
                Set.of("a\nb.js", "tab\t.js", "bell\u0007"),
                report.findings().stream()
                        .filter(f -> f.code().equals("unusual-name"))
                        .map(Finding::path)
                        .collect(Collectors.toSet()));
    }

    @Test
    void aNameWithABackslashIsAnErrorSinceItCouldBecomeAPathOutOfThePackage() throws Exception {
        Packs.write(project, "..\\..\\evil.js", "x");
        assertTrue(message().contains("has a backslash"));
        assertEquals(1, Packs.pack(project, Packs.including("index.js")).entries());
    }

    @Test
    void namesThatDifferInCaseOnlyAreAFinding() throws Exception {
        Packs.write(project, "lib/Readme.md", "1");
        Packs.write(project, "lib/README.md", "2");
        Packs.write(project, "other/readme.md", "3");
        PackReport report = Packs.pack(project);
        List<Finding> findings = report.findings();
        assertEquals(
                List.of("names-differ-in-case"),
                findings.stream().map(Finding::code).toList());
        assertEquals("lib/Readme.md", findings.get(0).path());
    }

    @Test
    void namesStayInsideThePackage() throws Exception {
        for (String name : List.of("-rf", "...", "..a/b", "a../b", "~/x", "C:x")) {
            Packs.write(project, name, "x");
        }
        for (String name : ZipListing.of(Packs.pack(project).file()).names()) {
            assertFalse(name.startsWith("/") || List.of(name.split("/")).contains(".."), name);
        }
        try (PackageWriter writer = new PackageWriter(temp.resolve("x.zip"))) {
            for (String name : List.of("/etc/passwd", "../x", "a/../../x", "..", "", "..\\x")) {
                assertThrows(IllegalStateException.class, () -> writer.add(name, new byte[0], 0, null), name);
            }
        }
    }

    @Test
    void withoutModesInTheFileSystemScriptsAndElfProgramsAreExecutable() throws Exception {
        Packs.write(project, "run", "#!/bin/sh\n");
        Packs.write(project, "elf", "\u007fELF and so on".getBytes(StandardCharsets.ISO_8859_1));
        byte[] large = new byte[2 << 20];
        System.arraycopy("#!/usr/bin/env node".getBytes(StandardCharsets.US_ASCII), 0, large, 0, 19);
        Packs.write(project, "large", large);
        Files.setPosixFilePermissions(project.resolve("index.js"), PosixFilePermissions.fromString("rwxrwxrwx"));
        PackReport report = new Packager(
                        project, temp, Optional.empty(), Progress.NONE, 2, Optional.of(false), Clock.systemUTC())
                .pack(Packs.request());
        Map<String, String> modes = ZipListing.of(report.file()).entries().stream()
                .collect(Collectors.toMap(ZipListing.Entry::name, ZipListing.Entry::mode));
        assertEquals(Map.of("run", "100755", "elf", "100755", "large", "100755", "index.js", "100644"), modes);
    }
}
