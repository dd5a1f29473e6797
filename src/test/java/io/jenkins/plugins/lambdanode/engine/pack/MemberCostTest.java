package io.jenkins.plugins.lambdanode.engine.pack;

import static org.junit.jupiter.api.Assertions.assertEquals;

import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.Set;
import java.util.TreeSet;
import jdk.jfr.Recording;
import jdk.jfr.consumer.RecordingFile;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** A member of a workspace costs what it would cost alone: of the repository around it no file is read. The JDK's own events tell. */
class MemberCostTest {

    @TempDir
    Path dir;

    @Test
    void ofARepositoryOnlyTheFilesOfTheMemberAndItsDependenciesAreRead() throws Exception {
        Path repository = Files.createDirectories(dir.resolve("repository")).toRealPath();
        Packs.write(repository, "package.json", "{\"private\": true, \"workspaces\": [\"functions/*\"]}");
        Packs.write(
                repository,
                "functions/a/package.json",
                "{\"name\": \"a\", \"dependencies\": {\"dep\": \"1\", \"b\": \"1\"}}");
        Packs.write(repository, "functions/a/index.js", "exports.handler = async () => require('dep');");
        Packs.write(
                repository,
                "node_modules/dep/package.json",
                "{\"name\": \"dep\", \"dependencies\": {\"nested\": \"1\"}}");
        Packs.write(repository, "node_modules/dep/index.js", "module.exports = 1;");
        Packs.write(repository, "node_modules/nested/package.json", "{\"name\": \"nested\"}");
        Packs.write(repository, "functions/b/package.json", "{\"name\": \"b\"}");
        Packs.write(repository, "functions/b/index.js", "module.exports = 2;");
        Files.createSymbolicLink(repository.resolve("node_modules/b"), Path.of("../functions/b"));
        for (int i = 0; i < 50; i++) {
            Packs.write(repository, "functions/other" + i + "/package.json", "{\"name\": \"other" + i + "\"}");
            Packs.write(repository, "functions/other" + i + "/index.js", "module.exports = 3;");
            Files.createSymbolicLink(repository.resolve("node_modules/other" + i), Path.of("../functions/other" + i));
            Packs.write(repository, "node_modules/tool" + i + "/package.json", "{\"name\": \"tool" + i + "\"}");
            Packs.write(repository, "node_modules/tool" + i + "/index.js", "module.exports = 4;");
        }

        Set<String> read = new TreeSet<>();
        Path events = dir.resolve("events.jfr");
        try (Recording recording = new Recording()) {
            recording.enable("jdk.FileRead").withThreshold(Duration.ZERO).withoutStackTrace();
            recording.start();
            Packs.pack(repository.resolve("functions/a"));
            recording.stop();
            recording.dump(events);
        }
        RecordingFile.readAllEvents(events).stream()
                .filter(event -> event.getEventType().getName().equals("jdk.FileRead"))
                .map(event -> String.valueOf(event.getString("path")))
                .filter(path -> path.startsWith(repository + "/"))
                .forEach(path -> read.add(path.substring(repository.toString().length() + 1)));

        assertEquals(
                new TreeSet<>(Set.of(
                        // Which folder is the workspace's root.
                        "package.json",
                        "functions/a/package.json",
                        "functions/a/index.js",
                        "functions/b/package.json",
                        "functions/b/index.js",
                        "node_modules/dep/package.json",
                        "node_modules/dep/index.js",
                        "node_modules/nested/package.json")),
                read);
    }
}
