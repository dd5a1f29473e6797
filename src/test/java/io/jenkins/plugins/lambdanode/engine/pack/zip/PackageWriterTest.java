package io.jenkins.plugins.lambdanode.engine.pack.zip;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;

import java.io.ByteArrayInputStream;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.security.MessageDigest;
import java.time.LocalDateTime;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.Random;
import java.util.zip.CRC32;
import java.util.zip.Deflater;
import java.util.zip.ZipEntry;
import org.apache.commons.compress.archivers.zip.Zip64Mode;
import org.apache.commons.compress.archivers.zip.ZipArchiveEntry;
import org.apache.commons.compress.archivers.zip.ZipArchiveOutputStream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** Commons Compress says what the bytes are to be. */
class PackageWriterTest {
    @TempDir
    Path dir;

    private record Entry(String name, int mode, PackedContent content) {}

    private static Entry entry(String name, int mode, byte[] bytes, boolean deflated) {
        byte[] packed = bytes;
        if (deflated) {
            Deflater deflater = new Deflater(6, true);
            deflater.setInput(bytes);
            deflater.finish();
            packed = new byte[bytes.length + 100];
            packed = java.util.Arrays.copyOf(packed, deflater.deflate(packed));
            deflater.end();
        }
        CRC32 crc = new CRC32();
        crc.update(bytes);
        return new Entry(
                name,
                mode,
                new PackedContent(
                        new byte[32],
                        crc.getValue(),
                        bytes.length,
                        deflated,
                        packed,
                        packed.length,
                        new byte[32],
                        new byte[0],
                        false,
                        bytes.length,
                        0,
                        false,
                        Optional.empty()));
    }

    private static byte[] byCommonsCompress(List<Entry> entries) throws IOException {
        ByteArrayOutputStream bytes = new ByteArrayOutputStream();
        try (ZipArchiveOutputStream zip = new ZipArchiveOutputStream(bytes)) {
            zip.setEncoding("UTF8");
            zip.setUseLanguageEncodingFlag(true);
            zip.setCreateUnicodeExtraFields(ZipArchiveOutputStream.UnicodeExtraFieldPolicy.NEVER);
            zip.setUseZip64(Zip64Mode.AsNeeded);
            for (Entry entry : entries) {
                ZipArchiveEntry its = new ZipArchiveEntry(entry.name);
                its.setUnixMode(entry.mode);
                its.setTimeLocal(LocalDateTime.of(1980, 1, 1, 0, 0));
                its.setMethod(entry.content.deflated() ? ZipEntry.DEFLATED : ZipEntry.STORED);
                its.setSize(entry.content.size());
                its.setCompressedSize(entry.content.packedSize());
                its.setCrc(entry.content.crc());
                zip.addRawArchiveEntry(its, new ByteArrayInputStream(entry.content.packed()));
            }
        }
        return bytes.toByteArray();
    }

    private void assertSame(List<Entry> entries) throws Exception {
        Path file = dir.resolve("package.zip");
        Files.deleteIfExists(file);
        try (PackageWriter writer = new PackageWriter(file)) {
            boolean inMemory = true;
            for (Entry entry : entries) {
                byte[] name = entry.name.getBytes(StandardCharsets.UTF_8);
                if (inMemory) {
                    writer.add(entry.name, name, entry.mode, entry.content);
                } else {
                    writer.add(
                            entry.name,
                            name,
                            entry.mode,
                            entry.content,
                            new ByteArrayInputStream(entry.content.packed()));
                }
                inMemory = !inMemory;
            }
            writer.finish();
            byte[] written = Files.readAllBytes(file);
            assertArrayEquals(byCommonsCompress(entries), written);
            assertEquals(written.length, writer.written());
            assertArrayEquals(MessageDigest.getInstance("SHA-256").digest(written), writer.sha256());
        }
    }

    @Test
    void theBytesAreThoseOfCommonsCompress() throws Exception {
        Random random = new Random(11);
        byte[] large = new byte[700_000];
        random.nextBytes(large);
        List<Entry> entries = new ArrayList<>(List.of(
                entry("bin/", PackageWriter.FOLDER_MODE, new byte[0], false),
                entry(
                        "bin/run",
                        PackageWriter.EXECUTABLE_MODE,
                        "#!/bin/sh\n".repeat(50).getBytes(StandardCharsets.UTF_8),
                        true),
                entry("empty", PackageWriter.FILE_MODE, new byte[0], false),
                entry("gr\u00fc\u00df \u6f22\ud83d\ude00.js", PackageWriter.FILE_MODE, new byte[] {1, 2, 3}, false),
                entry("large", PackageWriter.FILE_MODE, large, false),
                entry("link", PackageWriter.LINK_MODE, "bin/run".getBytes(StandardCharsets.UTF_8), false),
                entry("n/" + "x".repeat(65_000), PackageWriter.FILE_MODE, new byte[100], true)));
        for (int i = 0; i < 5000; i++) {
            byte[] bytes = new byte[random.nextInt(400)];
            entries.add(entry(
                    "many/" + i + "-" + "y".repeat(random.nextInt(120)), PackageWriter.FILE_MODE, bytes, i % 3 > 0));
        }
        assertSame(entries);
        assertSame(List.of());
    }

    @Test
    void from65535EntriesOnTheEndIsThatOfZip64() throws Exception {
        List<Entry> entries = new ArrayList<>();
        for (int i = 0; i < 65_536; i++) {
            entries.add(entry("f" + i, PackageWriter.FILE_MODE, new byte[0], false));
        }
        assertSame(entries.subList(0, 65_534));
        assertSame(entries.subList(0, 65_535));
        assertSame(entries);
    }

    @Test
    void aStreamThatEndsEarlyIsNoEntry() throws Exception {
        Entry entry = entry("x", PackageWriter.FILE_MODE, new byte[100], false);
        try (PackageWriter writer = new PackageWriter(dir.resolve("x.zip"))) {
            assertThrows(
                    IOException.class,
                    () -> writer.add(
                            "x", new byte[] {'x'}, entry.mode, entry.content, new ByteArrayInputStream(new byte[99])));
        }
    }
}
