package io.jenkins.plugins.lambdanode.engine.project;

import io.jenkins.plugins.lambdanode.engine.base.Json;
import java.io.IOException;
import java.nio.file.FileVisitResult;
import java.nio.file.Files;
import java.nio.file.InvalidPathException;
import java.nio.file.Path;
import java.nio.file.SimpleFileVisitor;
import java.nio.file.attribute.BasicFileAttributes;
import java.util.List;
import java.util.TreeSet;

/**
 * The schemas that the install script of {@code @prisma/client} makes its client from, in node_modules: of all packages of the
 * registry the one whose script goes by files of the project (Prisma documentation, "Prisma schema", "Prisma schema location").
 */
final class PrismaSchemas {

    private static final List<String> PLACES = List.of("schema.prisma", "prisma");

    private PrismaSchemas() {}

    /** In a fixed order: at their usual places in each package of the repository, and where its package.json says. */
    static List<Path> in(LocalPackages packages) throws IOException {
        TreeSet<Path> found = new TreeSet<>();
        for (Path folder : packages.folders()) {
            for (String place : PLACES) {
                add(folder.resolve(place), found);
            }
            if (Json.map(PinnedPackages.json(folder.resolve("package.json")).get("prisma"))
                            .get("schema")
                    instanceof String named) {
                try {
                    add(folder.resolve(named).normalize(), found);
                } catch (InvalidPathException e) {
                    // Prisma finds none there either.
                }
            }
        }
        return List.copyOf(found);
    }

    private static void add(Path place, TreeSet<Path> found) throws IOException {
        if (Files.isRegularFile(place)) {
            found.add(place);
        } else if (Files.isDirectory(place)) {
            Files.walkFileTree(place, new SimpleFileVisitor<>() {
                @Override
                public FileVisitResult visitFile(Path file, BasicFileAttributes attributes) {
                    if (file.toString().endsWith(".prisma") && Files.isRegularFile(file)) {
                        found.add(file);
                    }
                    return FileVisitResult.CONTINUE;
                }

                @Override
                public FileVisitResult visitFileFailed(Path file, IOException failure) {
                    return FileVisitResult.CONTINUE;
                }
            });
        }
    }
}
