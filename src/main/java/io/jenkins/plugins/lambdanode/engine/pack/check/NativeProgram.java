package io.jenkins.plugins.lambdanode.engine.pack.check;

import java.util.Optional;

/**
 * What a native program or library is built for, by its first bytes.
 *
 * <p>Sources: System V ABI, "ELF Header" (e_ident, e_machine); Mach-O's {@code mach-o/loader.h} and {@code fat.h}; the PE
 * format's {@code MZ} stub.
 *
 * @param system for instance {@code linux}
 * @param architecture Lambda's name for it, {@code x86_64} or {@code arm64}; another name, or empty where it is not told
 */
public record NativeProgram(String system, String architecture) {
    private static final int ELF_MACHINE = 18;

    /** @param head the file's first bytes, 20 or more; empty where it is no native program */
    public static Optional<NativeProgram> of(byte[] head) {
        if (head.length < 20) {
            return Optional.empty();
        }
        int magic = (head[0] & 0xff) << 24 | (head[1] & 0xff) << 16 | (head[2] & 0xff) << 8 | head[3] & 0xff;
        if (magic == 0x7f454c46) {
            boolean bigEndian = head[5] == 2;
            int first = head[ELF_MACHINE] & 0xff;
            int second = head[ELF_MACHINE + 1] & 0xff;
            int machine = bigEndian ? first << 8 | second : second << 8 | first;
            boolean freeBsd = head[7] == 9;
            return Optional.of(new NativeProgram(freeBsd ? "freebsd" : "linux", elfArchitecture(machine)));
        }
        // A Java class begins like a Mach-O for several architectures, but has its version (45 or more) where that has
        // a count.
        boolean fat = magic == 0xcafebabe && head[4] == 0 && head[5] == 0 && head[6] == 0 && head[7] < 30;
        if (magic == 0xcffaedfe || magic == 0xcefaedfe || magic == 0xfeedface || magic == 0xfeedfacf || fat) {
            return Optional.of(new NativeProgram("macOS", ""));
        }
        if (head[0] == 'M' && head[1] == 'Z') {
            return Optional.of(new NativeProgram("Windows", ""));
        }
        return Optional.empty();
    }

    /** Whether it is ELF, which a file system without modes has as an executable. */
    public static boolean isElf(byte[] head) {
        return head.length >= 4 && head[0] == 0x7f && head[1] == 'E' && head[2] == 'L' && head[3] == 'F';
    }

    private static String elfArchitecture(int machine) {
        return switch (machine) {
            case 62 -> "x86_64";
            case 183 -> "arm64";
            case 3 -> "x86 (32 bit)";
            case 40 -> "arm (32 bit)";
            case 243 -> "riscv";
            case 21 -> "ppc64";
            case 22 -> "s390x";
            default -> "machine " + machine;
        };
    }

    /** Whether a function with this architecture can run it; an empty architecture is one that is not known. */
    public boolean runsOn(String functionArchitecture) {
        return system.equals("linux") && (functionArchitecture.isEmpty() || functionArchitecture.equals(architecture));
    }

    /** For instance {@code linux arm64}. */
    public String display() {
        return architecture.isEmpty() ? system : system + " " + architecture;
    }
}
