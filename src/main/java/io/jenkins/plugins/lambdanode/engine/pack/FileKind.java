package io.jenkins.plugins.lambdanode.engine.pack;

import java.io.IOException;
import java.io.InputStream;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Optional;

/** What the first bytes of a file say of it. */
final class FileKind {

    private FileKind() {}

    /** A program for an operating system and a processor. */
    record Program(String system, String architecture) {
        @Override
        public String toString() {
            return architecture.isEmpty() ? system : system + " on " + architecture;
        }
    }

    /** How many of a file's first bytes the answers need. */
    static final int HEAD_BYTES = 24;

    /** Whether a file is a script with an interpreter line or an ELF program: executable where modes are not kept. */
    static boolean startsLikeProgram(Path path) throws IOException {
        try (InputStream in = Files.newInputStream(path)) {
            byte[] head = in.readNBytes(4);
            return head.length >= 2 && head[0] == '#' && head[1] == '!' || isElf(head, head.length);
        }
    }

    /**
     * The program or native module that begins like this, if it is one.
     *
     * <p>ELF: e_ident and e_machine of the System V ABI; Mach-O: magic and cputype of {@code mach-o/loader.h}; Windows: the
     * {@code MZ} of a PE file.
     */
    static Optional<Program> program(byte[] head, int length) {
        if (isElf(head, length) && length >= 20) {
            boolean littleEndian = head[5] == 1;
            int machine = littleEndian
                    ? (head[18] & 0xFF) | (head[19] & 0xFF) << 8
                    : (head[18] & 0xFF) << 8 | (head[19] & 0xFF);
            return Optional.of(new Program("Linux", elfArchitecture(machine)));
        }
        if (length >= 8 && (head[0] & 0xFF) == 0xCF && (head[1] & 0xFF) == 0xFA && (head[2] & 0xFF) == 0xED
                && (head[3] & 0xFF) == 0xFE) {
            return Optional.of(new Program("macOS", (head[4] & 0xFF) == 0x0C ? "arm64" : "x86_64"));
        }
        if (length >= 2 && head[0] == 'M' && head[1] == 'Z') {
            return Optional.of(new Program("Windows", ""));
        }
        return Optional.empty();
    }

    private static boolean isElf(byte[] head, int length) {
        return length >= 4 && head[0] == 0x7F && head[1] == 'E' && head[2] == 'L' && head[3] == 'F';
    }

    private static String elfArchitecture(int machine) {
        return switch (machine) {
            case 0x3E -> "x86_64";
            case 0xB7 -> "arm64";
            case 0x03 -> "x86";
            case 0x28 -> "arm";
            default -> "machine " + machine;
        };
    }
}
