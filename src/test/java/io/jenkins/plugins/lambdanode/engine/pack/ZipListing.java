package io.jenkins.plugins.lambdanode.engine.pack;

import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.HexFormat;
import java.util.List;
import java.util.Optional;

/** What Python's zipfile reads in a package; it checks every CRC on the way. */
public record ZipListing(List<Entry> entries) {

    /**
     * @param mode the whole UNIX mode in octal, for instance 100644
     * @param sha256 of the content, hexadecimal
     * @param time year to second
     * @param system 3 for UNIX
     * @param stored whether it is not deflated
     */
    public record Entry(
            String name,
            String mode,
            long size,
            long packed,
            String sha256,
            String time,
            int extra,
            int flags,
            int system,
            boolean stored) {}

    private static final String SCRIPT = """
            import sys, zipfile, hashlib
            z = zipfile.ZipFile(sys.argv[1])
            assert not z.comment
            for i in z.infolist():
                h = hashlib.sha256()
                with z.open(i) as f:
                    while True:
                        b = f.read(1 << 20)
                        if not b: break
                        h.update(b)
                print(i.filename.encode().hex() or '-', '%o' % (i.external_attr >> 16), i.file_size, i.compress_size,
                      h.hexdigest(), '-'.join(map(str, i.date_time)), len(i.extra), i.flag_bits, i.create_system,
                      i.compress_type)
            """;

    public static ZipListing of(String file) throws IOException, InterruptedException {
        String output = Run.program(python(), "-c", SCRIPT, file).requireSuccess();
        List<Entry> entries = new ArrayList<>();
        for (String line : output.lines().toList()) {
            String[] f = line.split(" ");
            entries.add(new Entry(
                    new String(HexFormat.of().parseHex(f[0]), StandardCharsets.UTF_8),
                    f[1],
                    Long.parseLong(f[2]),
                    Long.parseLong(f[3]),
                    f[4],
                    f[5],
                    Integer.parseInt(f[6]),
                    Integer.parseInt(f[7]),
                    Integer.parseInt(f[8]),
                    f[9].equals("0")));
        }
        return new ZipListing(entries);
    }

    static String python() {
        String configured = System.getProperty("lambdanode.python", "");
        return !configured.isEmpty() && Files.isExecutable(Path.of(configured)) ? configured : "python3";
    }

    public List<String> names() {
        return entries.stream().map(Entry::name).toList();
    }

    public Optional<Entry> entry(String name) {
        return entries.stream().filter(entry -> entry.name().equals(name)).findFirst();
    }

    /** The content of an entry, by unzip. */
    public static String content(String file, String name) throws IOException, InterruptedException {
        return Run.program("unzip", "-p", file, name).requireSuccess();
    }
}
