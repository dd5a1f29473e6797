package io.jenkins.plugins.lambdanode.engine.project;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.File;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.FileTime;
import java.time.Duration;
import java.time.Instant;
import java.util.Optional;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.atomic.AtomicBoolean;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class OldModulesTest {

    @TempDir
    Path dir;

    private Path root;
    private Path modules;
    private Path place;

    @BeforeEach
    void install() throws IOException {
        root = dir.resolve("project");
        place = dir.resolve("project@tmp/old");
        modules = write(root.resolve("node_modules/a/index.js"));
    }

    private Path write(Path file) throws IOException {
        Files.createDirectories(file.getParent());
        Files.writeString(file, "");
        return file.getParent().getParent();
    }

    @Test
    void areRenamedAndRemovedInTheBackground() throws Exception {
        OldModules old = new OldModules(root, place);

        String name = old.setAside().orElseThrow();

        assertFalse(Files.exists(modules));
        assertTrue(Files.exists(place.resolve("aside-" + name + "/a/index.js")));
        OldModules.removeAll(place).join();
        assertTrue(Files.exists(place.resolve("aside-" + name + "/a/index.js")), "an install may fail");
        old.remove(name);
        OldModules.removeAll(place).join();
        assertEquals(0, place.toFile().list().length);
    }

    @Test
    void arePutBackWhereTheInstallHasMadeNone() throws Exception {
        OldModules old = new OldModules(root, place);
        String name = old.setAside().orElseThrow();
        write(modules.resolve(".cache/x"));

        old.putBack(name);

        assertTrue(Files.exists(modules.resolve("a/index.js")));
        assertFalse(Files.exists(modules.resolve(".cache")));
    }

    @Test
    void areNotMixedWithWhatTheInstallHasMade() throws Exception {
        OldModules old = new OldModules(root, place);
        String name = old.setAside().orElseThrow();
        write(modules.resolve("b/index.js"));

        old.putBack(name);
        OldModules.removeAll(place).join();

        assertFalse(Files.exists(modules.resolve("a")));
        assertTrue(Files.exists(modules.resolve("b/index.js")));
        assertEquals(0, place.toFile().list().length);
    }

    @Test
    void ofAnInstallThatWasCutOffAreRemovedByALaterDeployment() throws Exception {
        String name = new OldModules(root, place).setAside().orElseThrow();
        Files.setLastModifiedTime(
                place.resolve("aside-" + name), FileTime.from(Instant.now().minus(Duration.ofDays(2))));

        OldModules.removeAll(place).join();

        assertEquals(0, place.toFile().list().length);
    }

    @Test
    void areNotTakenForThoseOfAnInstallThatWasCutOffWhileTheyAreSetAside() throws Exception {
        FileTime old = FileTime.from(Instant.now().minus(Duration.ofDays(2)));
        Set<FileTime> seen = ConcurrentHashMap.newKeySet();
        AtomicBoolean done = new AtomicBoolean();
        Files.createDirectories(place);
        Thread other = new Thread(() -> {
            while (!done.get()) {
                for (File aside : place.toFile().listFiles()) {
                    seen.add(FileTime.fromMillis(aside.lastModified()));
                }
            }
        });
        other.start();
        for (int i = 0; i < 300; i++) {
            write(root.resolve("node_modules/a/index.js"));
            Files.setLastModifiedTime(modules, old);
            Path aside = place.resolve(
                    "aside-" + new OldModules(root, place).setAside().orElseThrow());
            Files.delete(aside.resolve("a/index.js"));
            Files.delete(aside.resolve("a"));
            Files.delete(aside);
        }
        done.set(true);
        other.join();

        seen.remove(FileTime.fromMillis(0));
        assertTrue(
                seen.stream()
                        .allMatch(time -> time.toInstant().isAfter(Instant.now().minus(Duration.ofDays(1)))),
                seen.toString());
    }

    @Test
    void stayWhereTheirPlaceWouldBeInTheCheckoutAndWhereTheyAreALink() throws Exception {
        assertEquals(Optional.empty(), new OldModules(root, root.resolve("tmp")).setAside());
        Path linked = Files.createDirectories(dir.resolve("linked"));
        Files.createSymbolicLink(linked.resolve("node_modules"), modules);
        assertEquals(Optional.empty(), new OldModules(linked, place).setAside());
        assertTrue(Files.exists(modules.resolve("a/index.js")));
    }
}
