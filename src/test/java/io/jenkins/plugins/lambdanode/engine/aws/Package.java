package io.jenkins.plugins.lambdanode.engine.aws;

import io.jenkins.plugins.lambdanode.engine.pack.api.Inventory;
import io.jenkins.plugins.lambdanode.engine.pack.api.PackReport;
import java.io.IOException;
import java.io.InputStream;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.security.MessageDigest;
import java.util.Base64;
import java.util.HexFormat;
import java.util.List;
import java.util.Random;
import java.util.zip.ZipEntry;
import java.util.zip.ZipOutputStream;

/** Deployment packages made by the JDK, not by the engine. */
public final class Package {

    private Package() {}

    /** A package with one handler that holds this text. */
    public static PackReport holding(Path folder, String text) throws Exception {
        return of(folder, text, 0);
    }

    /** A package with so many bytes that cannot be compressed in it. */
    public static PackReport weighing(Path folder, String text, int bytes) throws Exception {
        return of(folder, text, bytes);
    }

    private static PackReport of(Path folder, String text, int ballast) throws Exception {
        Path file = Files.createTempFile(folder, "package", ".zip");
        try (ZipOutputStream zip = new ZipOutputStream(Files.newOutputStream(file))) {
            zip.setLevel(1);
            zip.putNextEntry(new ZipEntry("index.js"));
            zip.write(("exports.handler = async () => "
                            + Base64.getEncoder()
                                    .encodeToString(text.getBytes(StandardCharsets.UTF_8))
                                    .length())
                    .getBytes(StandardCharsets.UTF_8));
            zip.write(("// " + text).getBytes(StandardCharsets.UTF_8));
            if (ballast > 0) {
                zip.putNextEntry(new ZipEntry("ballast.bin"));
                byte[] chunk = new byte[1 << 16];
                Random random = new Random(text.hashCode());
                for (int left = ballast; left > 0; left -= chunk.length) {
                    random.nextBytes(chunk);
                    zip.write(chunk, 0, Math.min(left, chunk.length));
                }
            }
        }
        byte[] digest = digest(file);
        return new PackReport(
                file.toString(),
                Files.size(file),
                HexFormat.of().formatHex(digest),
                Base64.getEncoder().encodeToString(digest),
                "",
                1,
                1,
                ballast,
                List.of(),
                List.of(),
                List.of(),
                new PackReport.Work(0, 0, 0),
                Inventory.NONE,
                List.of());
    }

    private static byte[] digest(Path file) throws Exception {
        MessageDigest digest = MessageDigest.getInstance("SHA-256");
        try (InputStream in = Files.newInputStream(file)) {
            byte[] buffer = new byte[1 << 16];
            for (int count; (count = in.read(buffer)) > 0; ) {
                digest.update(buffer, 0, count);
            }
        } catch (IOException e) {
            throw new IllegalStateException(e);
        }
        return digest.digest();
    }
}
