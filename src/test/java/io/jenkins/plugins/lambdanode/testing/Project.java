package io.jenkins.plugins.lambdanode.testing;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Random;
import java.util.stream.Stream;

/** A Node.js project in a folder. */
public record Project(Path folder) {

    /** A handler that answers with this text. */
    public static Project answering(Path folder, String text) {
        return new Project(folder).with("index.js", handler(text));
    }

    /** A copy of one of the repository's examples, with what git has of it only. */
    public static Project example(String name, Path folder) {
        Path example = Path.of("examples", name);
        try (Stream<Path> files = Files.walk(example)) {
            for (Path file : files.filter(Files::isRegularFile).toList()) {
                Path relative = example.relativize(file);
                if (!relative.startsWith("node_modules") && !relative.startsWith("dist")) {
                    Path copy = folder.resolve(relative);
                    Files.createDirectories(copy.getParent());
                    Files.copy(file, copy);
                }
            }
            return new Project(folder);
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    public static String handler(String text) {
        return "exports.handler = async () => '" + text + "';\n";
    }

    /** With a file. */
    public Project with(String name, String content) {
        try {
            Path file = folder.resolve(name);
            Files.createDirectories(file.getParent());
            Files.writeString(file, content);
            return this;
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    /** With a file of so many bytes that no compression makes smaller. */
    public Project withBallast(String name, int bytes) {
        byte[] content = new byte[bytes];
        new Random(name.hashCode()).nextBytes(content);
        try {
            Files.write(folder.resolve(name), content);
            return this;
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    public boolean has(String name) {
        return Files.exists(folder.resolve(name));
    }
}
