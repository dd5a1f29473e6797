package io.jenkins.plugins.lambdanode.engine.pack;

import io.jenkins.plugins.lambdanode.engine.DeployException;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.LinkOption;
import java.nio.file.Path;
import java.util.Optional;
import nl.basjes.gitignore.GitIgnore;

/** The project's {@value #FILE_NAME}: gitignore syntax, read by a library that is loaded only where there is such a file. */
final class LambdaIgnore {

    static final String FILE_NAME = ".lambdaignore";

    /** Larger files, in bytes, are not something a person wrote. */
    private static final long MAX_BYTES = 256 << 10;

    /** The library turns wildcards into a regular expression, whose time grows with the path's length to this power. */
    private static final int MAX_WILDCARDS = 5;

    private final GitIgnore rules;

    private LambdaIgnore(GitIgnore rules) {
        this.rules = rules;
    }

    /** @throws DeployException if the file can't be used; the message names the line */
    static Optional<LambdaIgnore> of(Path project) throws IOException {
        Path file = project.resolve(FILE_NAME);
        if (!Files.isRegularFile(file, LinkOption.NOFOLLOW_LINKS)) {
            return Optional.empty();
        }
        if (Files.size(file) > MAX_BYTES) {
            throw new DeployException(FILE_NAME + " has " + Files.size(file) + " bytes, more than " + MAX_BYTES
                    + ". Name folders instead of single files.");
        }
        String text = new String(Files.readAllBytes(file), StandardCharsets.UTF_8);
        int number = 0;
        for (String line : text.split("\n", -1)) {
            number++;
            if (wildcards(line) > MAX_WILDCARDS) {
                throw new DeployException(FILE_NAME + ", line " + number + ", has more than " + MAX_WILDCARDS
                        + " wildcards. Split it into simpler lines.");
            }
        }
        try {
            return Optional.of(new LambdaIgnore(new GitIgnore(text)));
        } catch (IllegalArgumentException e) {
            throw new DeployException(FILE_NAME + " has a line that is no gitignore pattern: " + e.getMessage(), e);
        }
    }

    private static int wildcards(String line) {
        int count = 0;
        for (int i = 0; i < line.length(); i++) {
            if (line.charAt(i) == '*' && (i == 0 || line.charAt(i - 1) != '*')) {
                count++;
            }
        }
        return line.startsWith("#") ? 0 : count;
    }

    /** @param path relative to the project; a folder's ends in {@code /} */
    boolean ignores(String path) {
        return Boolean.TRUE.equals(rules.isIgnoredFile("/" + path));
    }
}
