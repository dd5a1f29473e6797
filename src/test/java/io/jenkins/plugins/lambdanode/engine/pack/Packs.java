package io.jenkins.plugins.lambdanode.engine.pack;

import io.jenkins.plugins.lambdanode.engine.base.Progress;
import io.jenkins.plugins.lambdanode.engine.pack.api.PackReport;
import io.jenkins.plugins.lambdanode.engine.pack.api.PackRequest;
import io.jenkins.plugins.lambdanode.engine.pack.api.PackSettings;
import io.jenkins.plugins.lambdanode.engine.pack.api.TargetFunction;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Clock;
import java.time.Duration;
import java.time.Instant;
import java.time.ZoneOffset;
import java.util.List;
import java.util.Optional;
import java.util.stream.Stream;

/** Short ways to make a project and to package it. */
public final class Packs {
    private static final int CORES = Runtime.getRuntime().availableProcessors();

    private Packs() {}

    public static PackRequest request() {
        return request(List.of(), List.of(), PackSettings.Links.FOLLOW, List.of(), "");
    }

    public static PackRequest request(
            List<String> includes,
            List<String> excludes,
            PackSettings.Links links,
            List<TargetFunction> functions,
            String output) {
        PackSettings settings = new PackSettings("", true, includes, excludes, links, PackSettings.DEFAULT_LEVEL);
        return PackRequest.of(settings, functions, false, output, false);
    }

    public static PackRequest excluding(String... patterns) {
        return request(List.of(), List.of(patterns), PackSettings.Links.FOLLOW, List.of(), "");
    }

    public static PackRequest including(String... patterns) {
        return request(List.of(patterns), List.of(), PackSettings.Links.FOLLOW, List.of(), "");
    }

    public static PackRequest forFunction(TargetFunction... functions) {
        return request(List.of(), List.of(), PackSettings.Links.FOLLOW, List.of(functions), "");
    }

    /** The same with the dependencies in a package of their own. */
    static PackRequest apart(PackRequest request) {
        return new PackRequest(
                request.settings(),
                request.functions(),
                request.maxZippedBytes(),
                request.zippedHint(),
                request.output(),
                true,
                false,
                request.zipFile(),
                request.lockFile(),
                request.blockedScripts());
    }

    public static PackReport pack(Path project, PackRequest request) throws IOException, InterruptedException {
        return pack(project, Optional.empty(), request);
    }

    /** Keeps the package in a cache, at a time at which every file has just been changed, so that each is read. */
    public static PackReport pack(Path project, Path cache) throws IOException, InterruptedException {
        return pack(project, Optional.of(cache), request());
    }

    /** At a time at which every file has just been changed, so that each is read. */
    public static PackReport pack(Path project, Optional<Path> cache, PackRequest request)
            throws IOException, InterruptedException {
        return pack(project, cache, request, Clock.fixed(Instant.EPOCH, ZoneOffset.UTC));
    }

    /** An hour from now, when no file has been changed for long. */
    public static PackReport packLater(Path project, Path cache) throws IOException, InterruptedException {
        return packLater(project, cache, request());
    }

    public static PackReport packLater(Path project, Path cache, PackRequest request)
            throws IOException, InterruptedException {
        return pack(project, Optional.of(cache), request, Clock.offset(Clock.systemUTC(), Duration.ofHours(1)));
    }

    private static PackReport pack(Path project, Optional<Path> cache, PackRequest request, Clock clock)
            throws IOException, InterruptedException {
        Path temp = Files.createTempDirectory(project.toAbsolutePath().getParent(), "packages");
        return new Packager(project, temp, cache, Progress.NONE, CORES, Optional.empty(), clock).pack(request);
    }

    public static PackReport pack(Path project) throws IOException, InterruptedException {
        return pack(project, request());
    }

    public static Path write(Path project, String name, String content) throws IOException {
        Path file = project.resolve(name);
        Files.createDirectories(file.getParent());
        return Files.writeString(file, content);
    }

    public static Path write(Path project, String name, byte[] content) throws IOException {
        Path file = project.resolve(name);
        Files.createDirectories(file.getParent());
        return Files.write(file, content);
    }

    /** Everything below a folder, by name relative to it. */
    public static List<String> filesBelow(Path folder) throws IOException {
        try (Stream<Path> files = Files.walk(folder)) {
            return files.filter(Files::isRegularFile)
                    .map(file -> folder.relativize(file).toString())
                    .sorted()
                    .toList();
        }
    }
}
