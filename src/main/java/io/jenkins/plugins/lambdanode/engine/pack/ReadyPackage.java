package io.jenkins.plugins.lambdanode.engine.pack;

import io.jenkins.plugins.lambdanode.engine.base.DeployException;
import io.jenkins.plugins.lambdanode.engine.base.SafeText;
import io.jenkins.plugins.lambdanode.engine.base.Sha256;
import io.jenkins.plugins.lambdanode.engine.pack.api.Inventory;
import io.jenkins.plugins.lambdanode.engine.pack.api.PackReport;
import io.jenkins.plugins.lambdanode.engine.pack.api.PackRequest;
import io.jenkins.plugins.lambdanode.engine.pack.check.ReadyHandlerCheck;
import io.jenkins.plugins.lambdanode.engine.pack.check.ReadyModesCheck;
import io.jenkins.plugins.lambdanode.engine.pack.check.SizeBreakdown;
import io.jenkins.plugins.lambdanode.engine.pack.check.SizeLimits;
import java.io.IOException;
import java.io.InputStream;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.security.MessageDigest;
import java.util.Base64;
import java.util.Collections;
import java.util.HexFormat;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Set;
import java.util.zip.ZipEntry;
import java.util.zip.ZipException;
import java.util.zip.ZipFile;

/** A deployment package that was made elsewhere: looked at, not changed. */
final class ReadyPackage {

    private static final int BUFFER_BYTES = 1 << 16;

    private final String name;
    private final Path file;

    private ReadyPackage(String name, Path file) {
        this.name = name;
        this.file = file;
    }

    /**
     * @param fetched the folder that packages are fetched into
     * @param zipFile relative to the project's folder
     * @throws DeployException if there is no such file in it
     */
    static ReadyPackage of(Path project, Path fetched, String zipFile) throws IOException {
        String name = SafeText.name(zipFile);
        try {
            Path file = project.resolve(zipFile).toRealPath();
            if (!(Files.exists(fetched) && file.startsWith(fetched.toRealPath()))
                    && !file.startsWith(project.toRealPath())) {
                throw new DeployException(name + " (zipFile) leads out of " + project
                        + ", and nothing outside it is deployed. Copy the ZIP into that folder.");
            }
            if (Files.isRegularFile(file)) {
                return new ReadyPackage(name, file);
            }
        } catch (NoSuchFileException e) {
            // Said below.
        }
        throw new DeployException(
                "There is no file " + name + " in " + project
                        + ".\nName the ZIP to deploy (zipFile), relative to dir; an earlier step has to make it, or unstash it.");
    }

    /**
     * Checks it as far as that can be done from outside.
     *
     * @throws DeployException if it is no ZIP, a limit of Lambda is exceeded, or a handler is surely not in it
     */
    PackReport report(PackRequest request) throws IOException, InterruptedException {
        SizeBreakdown sizes = new SizeBreakdown();
        Set<String> names = new LinkedHashSet<>();
        int files = 0;
        long unzipped = 0;
        try (ZipFile zip = open()) {
            for (ZipEntry entry : Collections.list(zip.entries())) {
                boolean folder = entry.isDirectory();
                names.add(entry.getName());
                sizes.add(entry.getName(), !folder, entry.getSize(), entry.getCompressedSize());
                files += folder ? 0 : 1;
                unzipped += entry.getSize();
            }
        } catch (ZipException e) {
            throw new DeployException(
                    name + " (zipFile) is no valid ZIP: " + SafeText.oneLine(e.getMessage(), 200)
                            + ".\nMake it again, for instance with: zip -r orders.zip .",
                    e);
        }
        if (files == 0) {
            throw new DeployException(name + " (zipFile) has no files.");
        }
        SizeLimits.requireUnzipped(unzipped, request.functions(), () -> sizes);
        SizeLimits.requireZipped(Files.size(file), request, sizes);
        ReadyHandlerCheck.requireHandlers(names, request.functions(), name);
        byte[] sha256 = digest();
        return new PackReport(
                file.toString(),
                Files.size(file),
                HexFormat.of().formatHex(sha256),
                Base64.getEncoder().encodeToString(sha256),
                "",
                files,
                names.size(),
                unzipped,
                sizes.heaviestZipped(),
                List.of(),
                ReadyModesCheck.findings(file),
                new PackReport.Work(Files.size(file), 0, 0),
                Inventory.NONE,
                List.of());
    }

    /** Names that are not marked as UTF-8 can be in any encoding; Lambda takes them. */
    private ZipFile open() throws IOException {
        try {
            return new ZipFile(file.toFile());
        } catch (ZipException e) {
            return new ZipFile(file.toFile(), StandardCharsets.ISO_8859_1);
        }
    }

    private byte[] digest() throws IOException, InterruptedException {
        MessageDigest digest = Sha256.sha256();
        byte[] buffer = new byte[BUFFER_BYTES];
        try (InputStream in = Files.newInputStream(file)) {
            for (int read = in.read(buffer); read >= 0; read = in.read(buffer)) {
                digest.update(buffer, 0, read);
                if (Thread.interrupted()) {
                    throw new InterruptedException();
                }
            }
        }
        return digest.digest();
    }
}
