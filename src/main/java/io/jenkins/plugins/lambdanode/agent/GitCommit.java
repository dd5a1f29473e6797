package io.jenkins.plugins.lambdanode.agent;

import java.io.IOException;
import java.io.InputStream;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/**
 * The commit that is checked out, by the files that git keeps of it (gitrepository-layout): a Pipeline's {@code checkout} and
 * {@code git} set no GIT_COMMIT. A repository that the agent itself is in is another project's.
 */
final class GitCommit {

    private static final Pattern REFERENCE = Pattern.compile("ref: (refs/heads/[\\w./-]+)");
    private static final Pattern COMMIT = Pattern.compile("[0-9a-f]{40}([0-9a-f]{24})?");
    private static final int MAX_BYTES = 1000;

    private GitCommit() {}

    /**
     * Empty where there is none, or git keeps it elsewhere.
     *
     * @param agentRoot the folder that the agent's workspaces are in, as a rule
     */
    static String of(Path folder, Path workspace, Path agentRoot) {
        Path project = folder.toAbsolutePath().normalize();
        Path root = agentRoot.toAbsolutePath().normalize();
        Path last = project.startsWith(root) ? root : workspace.toAbsolutePath().normalize();
        for (Path at = project; at != null && at.startsWith(last); at = at.getParent()) {
            Path git = at.resolve(".git");
            if (Files.isDirectory(git)) {
                String head = text(git.resolve("HEAD"));
                Matcher reference = REFERENCE.matcher(head);
                String commit =
                        reference.matches() && !head.contains("..") ? text(git.resolve(reference.group(1))) : head;
                return COMMIT.matcher(commit).matches() ? commit : "";
            }
        }
        return "";
    }

    private static String text(Path file) {
        try (InputStream in = Files.newInputStream(file)) {
            return new String(in.readNBytes(MAX_BYTES), StandardCharsets.US_ASCII).strip();
        } catch (IOException e) {
            return "";
        }
    }
}
