package io.jenkins.plugins.lambdanode.engine.pack.check;

import io.jenkins.plugins.lambdanode.engine.pack.api.NodeRuntime;
import io.jenkins.plugins.lambdanode.engine.pack.select.SourceEntry;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.channels.FileChannel;
import java.nio.charset.StandardCharsets;
import java.nio.file.LinkOption;
import java.nio.file.NoSuchFileException;
import java.nio.file.StandardOpenOption;
import java.util.Set;
import java.util.TreeSet;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/**
 * What a Node.js add-on for Linux was compiled for. One that was compiled against Node.js's own interface either exports
 * {@code node_register_module_v} with the number of the ABI, or calls {@code node_module_register} with a {@code node_module} in
 * its data that begins with the number and three zeros (nodejs/node, {@code node.h}). One that uses Node-API works with every
 * version. One that needs musl names {@code libc.musl-<cpu>.so.1} among its libraries.
 *
 * @param abi the ABI's number; 0 for any, or where it is not known
 * @param registers whether it is an add-on by what it exports, and not another library of that name
 * @param musl whether it needs musl
 * @param bytes how many bytes were read
 */
record AddOn(int abi, boolean registers, boolean musl, long bytes) {
    private static final int PIECE = 1 << 20;
    private static final int OVERLAP = 64;
    private static final int SECTION_HEADER = 64;
    private static final Pattern REGISTER = Pattern.compile("node_register_module_v(\\d{2,4})\\x00");

    static AddOn read(SourceEntry file) throws IOException {
        int abi = 0;
        boolean musl = false;
        boolean registers = false;
        boolean ofNodeApi = false;
        long total = 0;
        ByteBuffer piece = ByteBuffer.allocate((int) Math.min(PIECE, file.size() + 1) + OVERLAP);
        try (FileChannel in = FileChannel.open(file.source(), StandardOpenOption.READ, LinkOption.NOFOLLOW_LINKS)) {
            for (int length = in.read(piece); length > 0; length = in.read(piece)) {
                total += length;
                String text = new String(piece.array(), 0, piece.position(), StandardCharsets.ISO_8859_1);
                musl |= text.contains("libc.musl-");
                ofNodeApi |= text.contains("napi_register_module_v") || text.contains("\0napi_module_register\0");
                registers |= text.contains("\0node_module_register\0");
                if (text.contains("node_register_module_v")) {
                    Matcher symbol = REGISTER.matcher(text);
                    abi = symbol.find() ? Integer.parseInt(symbol.group(1)) : abi;
                }
                piece.flip().position(Math.max(0, piece.limit() - OVERLAP)).compact();
            }
            return new AddOn(
                    abi == 0 && registers ? registeredAbi(in) : abi, registers || ofNodeApi || abi != 0, musl, total);
        } catch (NoSuchFileException e) {
            // Packaging itself will say so.
            return new AddOn(0, false, false, total);
        }
    }

    /** Looks for the {@code node_module} in the section {@code .data} (System V ABI, "Sections"; 64 bit, little-endian). */
    private static int registeredAbi(FileChannel file) throws IOException {
        ByteBuffer header = read(file, 0, 64);
        if (header.limit() < 64 || header.get(4) != 2 || header.get(5) != 1) {
            return 0;
        }
        int count = header.getShort(60) & 0xffff;
        int names = header.getShort(62) & 0xffff;
        ByteBuffer sections = read(file, header.getLong(40), SECTION_HEADER * count);
        if (header.getShort(58) != SECTION_HEADER || sections.limit() < SECTION_HEADER * count || names >= count) {
            return 0;
        }
        Set<Integer> found = new TreeSet<>();
        long nameTable = sections.getLong(names * SECTION_HEADER + 24);
        for (int at = 0; at < SECTION_HEADER * count; at += SECTION_HEADER) {
            String name = new String(
                    read(file, nameTable + (sections.getInt(at) & 0xffffffffL), 6)
                            .array(),
                    StandardCharsets.ISO_8859_1);
            if (name.equals(".data\0")) {
                ByteBuffer data = read(file, sections.getLong(at + 24), (int)
                        Math.min(PIECE, Math.max(0, sections.getLong(at + 32))));
                for (int i = 0; i + 16 <= data.limit(); i += 8) {
                    boolean zeros = data.getInt(i + 4) == 0 && data.getLong(i + 8) == 0;
                    if (zeros && NodeRuntime.ofAbi(data.getInt(i)).isPresent()) {
                        found.add(data.getInt(i));
                    }
                }
            }
        }
        return found.size() == 1 ? found.iterator().next() : 0;
    }

    private static ByteBuffer read(FileChannel file, long position, int length) throws IOException {
        ByteBuffer bytes = ByteBuffer.allocate(length).order(ByteOrder.LITTLE_ENDIAN);
        while (position >= 0 && bytes.hasRemaining() && file.read(bytes, position + bytes.position()) > 0) {
            // read() may stop early
        }
        return bytes.flip();
    }
}
