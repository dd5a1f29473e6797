package io.jenkins.plugins.lambdanode.engine.project;

import io.jenkins.plugins.lambdanode.engine.base.PublicUrl;
import java.io.IOException;
import java.io.InputStream;
import java.io.Serializable;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/**
 * What is checked out, by the files that git keeps of it (gitrepository-layout, git-config).
 *
 * @param commit 40 or 64 hexadecimal digits; empty where there is none, or git keeps it elsewhere
 * @param repository the address of the remote {@code origin}, without credentials; empty where there is none
 */
public record GitCheckout(String commit, String repository) implements Serializable {
    private static final long serialVersionUID = 1L;

    /** Nothing is known. */
    public static final GitCheckout NONE = new GitCheckout("", "");

    private static final Pattern REFERENCE = Pattern.compile("ref: (refs/heads/[\\w./-]+)");
    private static final Pattern COMMIT = Pattern.compile("[0-9a-f]{40}([0-9a-f]{24})?");
    private static final Pattern ORIGIN = Pattern.compile(
            "(?m)^\\s*\\[remote \"origin\"\\]\\s*$(?:\\n(?!\\s*\\[).*)*?\\n\\s*url\\s*=\\s*(\\S+)\\s*$");
    private static final int MAX_BYTES = 1000;
    private static final int MAX_CONFIG_BYTES = 64 * 1024;

    /**
     * Looks in a folder and in those above it.
     *
     * @param last the last one that is looked in, where it is above the folder
     */
    public static GitCheckout of(Path folder, Path last) {
        for (Path at = folder; at != null && at.startsWith(last); at = at.getParent()) {
            Path git = at.resolve(".git");
            if (Files.isDirectory(git)) {
                return of(git);
            }
        }
        return NONE;
    }

    private static GitCheckout of(Path git) {
        String head = text(git.resolve("HEAD"), MAX_BYTES);
        Matcher reference = REFERENCE.matcher(head);
        String commit =
                reference.matches() && !head.contains("..") ? text(git.resolve(reference.group(1)), MAX_BYTES) : head;
        Matcher origin = ORIGIN.matcher(text(git.resolve("config"), MAX_CONFIG_BYTES));
        return new GitCheckout(
                COMMIT.matcher(commit).matches() ? commit : "", origin.find() ? PublicUrl.of(origin.group(1)) : "");
    }

    private static String text(Path file, int limit) {
        try (InputStream in = Files.newInputStream(file)) {
            return new String(in.readNBytes(limit), StandardCharsets.UTF_8).strip();
        } catch (IOException e) {
            return "";
        }
    }
}
