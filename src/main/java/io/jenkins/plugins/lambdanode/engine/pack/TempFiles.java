package io.jenkins.plugins.lambdanode.engine.pack;

import io.jenkins.plugins.lambdanode.engine.pack.select.DefaultExcludes;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.UUID;

/** The files that building one archive writes: the archive, and a spill file for its large entries. */
final class TempFiles implements AutoCloseable {
    private final Path archive;
    private final Path spill;
    private boolean archiveIsKept;

    TempFiles(Path folder) {
        String name = DefaultExcludes.OWN_PREFIX + UUID.randomUUID();
        archive = folder.resolve(name + ".zip");
        spill = folder.resolve(name + ".spill");
    }

    Path archive() {
        return archive;
    }

    Path spill() {
        return spill;
    }

    /** The archive is finished, and stays. */
    void keepArchive() {
        archiveIsKept = true;
    }

    @Override
    public void close() throws IOException {
        if (!archiveIsKept) {
            Files.deleteIfExists(archive);
        }
        Files.deleteIfExists(spill);
    }
}
