package io.jenkins.plugins.lambdanode.engine.pack.select;

import io.jenkins.plugins.lambdanode.engine.base.BoundedFile;
import io.jenkins.plugins.lambdanode.engine.base.DeployException;
import io.jenkins.plugins.lambdanode.engine.base.SafeText;
import io.jenkins.plugins.lambdanode.engine.pack.api.Finding;
import java.io.ByteArrayInputStream;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.LinkOption;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import org.eclipse.jgit.ignore.IgnoreNode;

/**
 * The project's {@code .lambdaignore}: what is left out, in the syntax of {@code .gitignore}. JGit does the matching; it is
 * loaded only for a project that has the file. (gitignore-reader 1.14.1, a smaller library, was compared with
 * {@code git check-ignore} first: it leaves {@code $ ^ + {} unescaped in its regular expressions and lets {@code *} cross a
 * {@code /}, so it was not taken.)
 *
 * <p>JGit's matchers go back and try again. A line is therefore refused where it has so many wildcards that a file name could
 * make that last for hours, and all matching together may take {@value #DEADLINE_SECONDS} seconds.
 */
public final class LambdaIgnore {
    public static final String FILE_NAME = ".lambdaignore";

    static final int DEADLINE_SECONDS = 60;
    private static final long MAX_BYTES = 1 << 20;
    private static final int MAX_LINES = 10_000;
    private static final int MAX_STARS_IN_NAME = 4;
    private static final int MAX_STARS_IN_LINE = 12;
    private static final int MAX_FOLDER_WILDCARDS = 3;

    private final IgnoreNode rules = new IgnoreNode();
    private final List<Finding> findings = new ArrayList<>();
    private long matchingNanos;

    private LambdaIgnore() {}

    /** Whether a project has the file. */
    static boolean existsIn(Path project) {
        return Files.exists(project.resolve(FILE_NAME), LinkOption.NOFOLLOW_LINKS);
    }

    /**
     * Reads the project's file.
     *
     * @throws DeployException if it is not a file of at most 1 MiB in UTF-8, or has a line with too many wildcards
     */
    public static LambdaIgnore of(Path project) throws IOException {
        Path file = project.resolve(FILE_NAME);
        if (!Files.isRegularFile(file, LinkOption.NOFOLLOW_LINKS)) {
            throw new DeployException(FILE_NAME + " is not a file (links are not followed here). Make it one.");
        }
        byte[] bytes = BoundedFile.read(file, MAX_BYTES)
                .orElseThrow(() -> new DeployException(FILE_NAME + " is larger than " + MAX_BYTES
                        + " bytes. Shorten it, for instance with wildcards."));
        LambdaIgnore ignore = new LambdaIgnore();
        ignore.parse(new String(bytes, StandardCharsets.UTF_8));
        return ignore;
    }

    private void parse(String text) throws IOException {
        String[] lines = text.split("\r\n|\n", -1);
        if (lines.length > MAX_LINES) {
            throw new DeployException(FILE_NAME + " has " + lines.length + " lines; the limit is " + MAX_LINES
                    + ". Shorten it, for instance with wildcards.");
        }
        StringBuilder kept = new StringBuilder();
        for (int i = 0; i < lines.length; i++) {
            String line = lines[i];
            if (line.isBlank() || line.startsWith("#")) {
                continue;
            }
            // As git does: more than two stars are two, an empty name or a backslash at the end matches nothing.
            line = line.replaceAll("(?<!\\\\)\\*{3,}", "**");
            int backslashes = line.length() - line.replaceAll("\\\\+$", "").length();
            if (line.contains("//") || backslashes % 2 != 0) {
                findings.add(
                        withoutEffect(i + 1, lines[i], "can match no path, as in .gitignore. Comments begin with #."));
                continue;
            }
            if (!isRead(line)) {
                findings.add(withoutEffect(
                        i + 1, lines[i], "is a pattern that can't be read here. Write it in another way."));
                continue;
            }
            requireModest(line, i + 1);
            kept.append(line).append('\n');
        }
        rules.parse(new ByteArrayInputStream(kept.toString().getBytes(StandardCharsets.UTF_8)));
    }

    private static Finding withoutEffect(int number, String line, String why) {
        return new Finding(
                Finding.Severity.WARNING,
                "ignore-line-without-effect",
                FILE_NAME + " line " + number + " (" + SafeText.name(line) + ") " + why,
                "");
    }

    /**
     * JGit passes over lines that are no pattern, and fails on some that are one: such as {@code [:a:]} when it reads them,
     * and such as {@code [[:digit:][&&&a]]}, which it hands to the JDK's regular expressions, when it matches (JGit 7.6.0).
     */
    private static boolean isRead(String line) throws IOException {
        try {
            IgnoreNode alone = new IgnoreNode();
            alone.parse(new ByteArrayInputStream(line.getBytes(StandardCharsets.UTF_8)));
            alone.checkIgnored("a", false);
            return true;
        } catch (RuntimeException e) {
            return false;
        }
    }

    private static void requireModest(String line, int number) throws DeployException {
        int inLine = 0;
        int folders = 0;
        boolean modest = line.length() <= 4096;
        for (String name : line.split("/")) {
            if (name.equals("**")) {
                folders++;
            } else {
                int stars = (int)
                        name.replace("**", "*").chars().filter(c -> c == '*').count();
                inLine += stars;
                modest &= stars <= MAX_STARS_IN_NAME;
            }
        }
        if (!modest || inLine > MAX_STARS_IN_LINE || folders > MAX_FOLDER_WILDCARDS) {
            throw new DeployException(FILE_NAME + " line " + number + " (" + SafeText.name(line)
                    + ") has too many wildcards to be matched in reasonable time: at most " + MAX_STARS_IN_NAME
                    + " * in a name and " + MAX_FOLDER_WILDCARDS + " ** in a line. Split it into simpler lines.");
        }
    }

    /**
     * Whether a path is left out, looked at by itself: whoever walks a tree has asked for the folders above it before.
     *
     * @param path relative to the project, with {@code /}
     * @throws DeployException if matching has taken longer than {@value #DEADLINE_SECONDS} seconds in all, or a pattern
     *     can't be matched
     */
    public synchronized boolean ignores(String path, boolean folder) throws DeployException {
        long start = System.nanoTime();
        Boolean ignored;
        try {
            ignored = rules.checkIgnored(path, folder);
        } catch (RuntimeException e) {
            throw new DeployException(
                    "A pattern in " + FILE_NAME + " can't be matched with " + SafeText.name(path)
                            + ". Use simpler patterns.",
                    e);
        }
        matchingNanos += System.nanoTime() - start;
        if (matchingNanos > DEADLINE_SECONDS * 1_000_000_000L) {
            throw new DeployException("Matching the project's files with " + FILE_NAME + " took longer than "
                    + DEADLINE_SECONDS + " s. Use simpler patterns, or leave whole folders out.");
        }
        return ignored != null && ignored;
    }

    /** Lines that have no effect. */
    public List<Finding> findings() {
        return List.copyOf(findings);
    }
}
