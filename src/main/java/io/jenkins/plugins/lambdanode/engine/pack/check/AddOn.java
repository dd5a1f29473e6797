package io.jenkins.plugins.lambdanode.engine.pack.check;

import io.jenkins.plugins.lambdanode.engine.pack.select.SourceEntry;
import java.io.IOException;
import java.io.InputStream;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.LinkOption;
import java.nio.file.NoSuchFileException;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/**
 * What a Node.js add-on for Linux was compiled for. One that was compiled against Node.js's own interface exports
 * {@code node_register_module_v} with the number of the ABI (nodejs/node, {@code node.h}); one that uses Node-API works with
 * every version. One that needs musl names {@code libc.musl-<cpu>.so.1} among its libraries.
 *
 * @param abi the ABI's number; 0 for any
 * @param musl whether it needs musl
 * @param bytes how many bytes were read
 */
record AddOn(int abi, boolean musl, long bytes) {
    private static final int PIECE = 1 << 20;
    private static final int OVERLAP = 64;
    private static final Pattern REGISTER = Pattern.compile("node_register_module_v(\\d{2,4})\\x00");

    static AddOn read(SourceEntry file) throws IOException {
        int abi = 0;
        boolean musl = false;
        long total = 0;
        byte[] piece = new byte[(int) Math.min(PIECE, file.size() + 1) + OVERLAP];
        try (InputStream in = Files.newInputStream(file.source(), LinkOption.NOFOLLOW_LINKS)) {
            int kept = 0;
            for (int length = in.readNBytes(piece, 0, piece.length); length > 0; ) {
                total += length;
                String text = new String(piece, 0, kept + length, StandardCharsets.ISO_8859_1);
                musl |= text.contains("libc.musl-");
                int at = text.indexOf("node_register_module_v");
                if (at >= 0) {
                    Matcher symbol = REGISTER.matcher(text).region(at, text.length());
                    abi = symbol.find() ? Integer.parseInt(symbol.group(1)) : abi;
                }
                int end = kept + length;
                kept = Math.min(OVERLAP, end);
                System.arraycopy(piece, end - kept, piece, 0, kept);
                length = in.readNBytes(piece, kept, piece.length - kept);
            }
        } catch (NoSuchFileException e) {
            // Packaging itself will say so.
            return new AddOn(0, false, total);
        }
        return new AddOn(abi, musl, total);
    }
}
