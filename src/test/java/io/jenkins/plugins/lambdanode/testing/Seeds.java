package io.jenkins.plugins.lambdanode.testing;

import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.List;
import java.util.stream.Stream;
import net.jqwik.api.Arbitraries;
import net.jqwik.api.Arbitrary;
import net.jqwik.api.Combinators;
import net.jqwik.api.Tuple;

/**
 * Inputs of readers of what others have written: files in {@code src/test/resources/fuzz}, a folder for each reader, and what
 * comes of them when bytes are changed, taken out, doubled or put in. An input that has once shown a mistake is kept there.
 */
public final class Seeds {

    private static final Path FOLDER = Path.of("src", "test", "resources", "fuzz");

    /** Bytes that readers often treat in a way of their own. */
    private static final byte[] TELLING =
            "\0\u007f\n\r\t \"'\\/*?[]{}()!#:,.-+$<>&;0".getBytes(StandardCharsets.US_ASCII);

    private Seeds() {}

    /** The files of a reader as they are. */
    public static List<byte[]> of(String reader) {
        try (Stream<Path> files = Files.list(FOLDER.resolve(reader))) {
            return files.sorted().map(Seeds::read).toList();
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    private static byte[] read(Path file) {
        try {
            return Files.readAllBytes(file);
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    /** The files of a reader, changed in up to eight places, or in none; now and then any bytes. */
    public static Arbitrary<byte[]> around(String reader) {
        Arbitrary<byte[]> changed = Combinators.combine(
                        Arbitraries.of(of(reader)), change().list().ofMaxSize(8))
                .as((seed, changes) -> {
                    byte[] bytes = seed;
                    for (Change change : changes) {
                        bytes = change.of(bytes);
                    }
                    return bytes;
                });
        Arbitrary<byte[]> any = Arbitraries.bytes().array(byte[].class).ofMaxSize(200);
        return Arbitraries.frequencyOf(Tuple.of(9, changed), Tuple.of(1, any));
    }

    /** The same as text, which may hold what is not UTF-8. */
    public static Arbitrary<String> textAround(String reader) {
        return around(reader).map(bytes -> new String(bytes, StandardCharsets.UTF_8));
    }

    private static Arbitrary<Change> change() {
        return Combinators.combine(
                        Arbitraries.integers().between(0, 5),
                        Arbitraries.doubles().between(0, 1),
                        Arbitraries.integers().between(1, 64),
                        Arbitraries.oneOf(Arbitraries.of(telling()), Arbitraries.bytes()))
                .as(Change::new);
    }

    private static List<Byte> telling() {
        return new String(TELLING, StandardCharsets.US_ASCII)
                .chars()
                .mapToObj(c -> (byte) c)
                .toList();
    }

    /**
     * A change.
     *
     * @param kind what is done
     * @param place where, as a part of the length
     * @param length how many bytes it is about
     * @param value the byte that is put there
     */
    private record Change(int kind, double place, int length, byte value) {

        byte[] of(byte[] bytes) {
            int from = (int) (place * bytes.length);
            int to = Math.min(bytes.length, from + length);
            byte[] filling = new byte[length];
            Arrays.fill(filling, value);
            return switch (kind) {
                case 0 -> joined(bytes, from, new byte[] {value}, Math.min(bytes.length, from + 1));
                case 1 -> joined(bytes, from, new byte[0], to);
                case 2 -> joined(bytes, to, Arrays.copyOfRange(bytes, from, to), to);
                case 3 -> joined(bytes, from, filling, from);
                case 4 -> joined(bytes, from, filling, to);
                default -> Arrays.copyOf(bytes, from);
            };
        }

        private static byte[] joined(byte[] bytes, int end, byte[] middle, int start) {
            ByteArrayOutputStream all = new ByteArrayOutputStream();
            all.write(bytes, 0, end);
            all.writeBytes(middle);
            all.write(bytes, start, bytes.length - start);
            return all.toByteArray();
        }
    }
}
