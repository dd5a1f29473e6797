package io.jenkins.plugins.lambdanode.engine.pack;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.jenkins.plugins.lambdanode.engine.pack.api.PackReport;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.TreeSet;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** Two machines, users or days give the same package. Each package here is made by a process of its own. */
class ReproducibilityTest {
    @TempDir
    Path dir;

    private static final String MAKE_PROJECT = """
            umask "$1"; mkdir -p "$2/lib/Ä" "$2/node_modules/.bin" && cd "$2" &&
            printf 'exports.handler = async () => 1\\n' > index.js && printf '#!/bin/sh\\n' > run && chmod u+x run &&
            printf 'ö\\n' > lib/Ä/ö.txt && printf 'I\\n' > lib/I && printf 'i\\n' > lib/i && printf x > lib/ı &&
            ln -s ../../run node_modules/.bin/run && seq 1 400000 > large.txt
            """;

    private Path project(String umask) throws Exception {
        Path project = dir.resolve("project-" + umask);
        Run.program("bash", "-c", MAKE_PROJECT, "make", umask, project.toString())
                .requireSuccess();
        return project;
    }

    private String digest(Path project, Map<String, String> environment, String... options) throws Exception {
        Path temp = Files.createTempDirectory(dir, "temp");
        return Run.java(environment, List.of(options), PackInChild.class, project.toString(), temp.toString())
                .requireSuccess()
                .split(" ")[0];
    }

    @Test
    void umaskLocaleTimeZoneAndCoresDoNotChangeABit() throws Exception {
        Path wide = project("022");
        Path narrow = project("077");
        Map<String, String> digests = new LinkedHashMap<>();
        digests.put("here", Packs.pack(wide).sha256());
        digests.put("umask 077", Packs.pack(narrow).sha256());
        digests.put("C locale", digest(wide, Map.of("LC_ALL", "C", "TZ", "Pacific/Kiritimati")));
        digests.put("POSIX locale", digest(narrow, Map.of("LC_ALL", "POSIX", "LANG", "", "TZ", "America/St_Johns")));
        digests.put(
                "Turkish",
                digest(
                        wide,
                        Map.of("LC_ALL", "C.UTF-8"),
                        "-Duser.language=tr",
                        "-Duser.country=TR",
                        "-Duser.timezone=Asia/Kolkata"));
        digests.put(
                "one core",
                digest(
                        narrow,
                        Map.of("LC_ALL", "C.UTF-8"),
                        "-XX:ActiveProcessorCount=1",
                        "-Dfile.encoding=ISO-8859-1"));
        assertEquals(1, new TreeSet<>(digests.values()).size(), digests.toString());
    }

    @Test
    void aPackageMadeUnderAStrictUmaskCanBeReadByLambdasUser() throws Exception {
        PackReport report = Packs.pack(project("077"));
        String listing = Run.program("zipinfo", report.file()).requireSuccess();
        TreeSet<String> modes = new TreeSet<>();
        for (String line : listing.lines().toList()) {
            if (line.matches("[-dl?][-rwxst?]{9} .*")) {
                modes.add(line.substring(0, 10));
            }
        }
        assertEquals(new TreeSet<>(List.of("-rw-r--r--", "-rwxr-xr-x", "drwxr-xr-x")), modes);
    }

    @Test
    void namesAreUtf8EvenInALocaleThatHasNone() throws Exception {
        Path project = project("022");
        Path temp = Files.createTempDirectory(dir, "temp");
        String file = Run.java(Map.of("LC_ALL", "C"), List.of(), PackInChild.class, project.toString(), temp.toString())
                .requireSuccess()
                .strip()
                .split(" ")[1];
        List<String> names = new ArrayList<>(ZipListing.of(file).names());
        assertTrue(names.contains("lib/Ä/ö.txt") && names.contains("lib/ı"), names.toString());
    }
}
