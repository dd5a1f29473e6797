package io.jenkins.plugins.lambdanode.engine.base;

import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;

/** Where a repository of Git ends. */
public final class GitFolder {
    private static final int MAX_BYTES = 4096;

    private GitFolder() {}

    /**
     * Whether a folder is the top of a repository or of a worktree. A submodule is none: what it is part of goes on above it. Its
     * {@code .git} is a file that leads into {@code modules} of the repository's (gitrepository-layout, gitsubmodules).
     */
    public static boolean isTop(Path folder) throws IOException {
        Path git = folder.resolve(".git");
        if (!Files.isRegularFile(git)) {
            return Files.exists(git);
        }
        String text = Files.isReadable(git) ? new String(BoundedFile.head(git, MAX_BYTES), StandardCharsets.UTF_8) : "";
        return !text.replace('\\', '/').matches("(?s)gitdir: .*/modules/.*");
    }
}
