package io.jenkins.plugins.lambdanode.engine.pack.check;

import io.jenkins.plugins.lambdanode.engine.base.SafeText;
import io.jenkins.plugins.lambdanode.engine.pack.api.Finding;
import java.io.IOException;
import java.nio.file.FileSystem;
import java.nio.file.FileSystems;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.ProviderNotFoundException;
import java.nio.file.attribute.PosixFilePermission;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.stream.Stream;
import java.util.zip.ZipException;

/**
 * Finds files in a ZIP that was made elsewhere whose modes keep Lambda's user from reading them: {@code EACCES: permission
 * denied, open '/var/task/index.js'} (Lambda Developer Guide, "Troubleshoot deployment issues in Lambda").
 */
public final class ReadyModesCheck {

    private ReadyModesCheck() {}

    /** @return one finding at most; none where the modes are not known */
    public static List<Finding> findings(Path zip) throws IOException {
        try (FileSystem inside = FileSystems.newFileSystem(zip, Map.of());
                Stream<Path> entries = Files.walk(inside.getPath("/"))) {
            List<String> unreadable = entries.filter(ReadyModesCheck::isUnreadable)
                    .map(entry -> entry.toString().substring(1))
                    .sorted()
                    .toList();
            return unreadable.isEmpty() ? List.of() : List.of(finding(unreadable));
        } catch (ZipException | IllegalArgumentException | ProviderNotFoundException e) {
            // It has names that are no paths, or this Java reads no ZIP as a file system.
            return List.of();
        }
    }

    private static boolean isUnreadable(Path entry) {
        try {
            boolean folder = Files.isDirectory(entry);
            return Files.getAttribute(entry, "zip:permissions") instanceof Set<?> mode
                    && !mode.isEmpty()
                    && !mode.contains(folder ? PosixFilePermission.OTHERS_EXECUTE : PosixFilePermission.OTHERS_READ);
        } catch (IOException e) {
            return false;
        }
    }

    private static Finding finding(List<String> unreadable) {
        return new Finding(
                Finding.Severity.WARNING,
                "not-readable",
                "Its owner alone may read it"
                        + (unreadable.size() == 1
                                ? ""
                                : ", as " + (unreadable.size() - 1) + " more file"
                                        + (unreadable.size() == 2 ? "" : "s or folders"))
                        + " of the ZIP, and Lambda runs code as another user: EACCES. Run chmod -R a+rX on what is zipped, before"
                        + " it is zipped.",
                SafeText.name(unreadable.get(0)));
    }
}
