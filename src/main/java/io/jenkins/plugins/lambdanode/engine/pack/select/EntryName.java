package io.jenkins.plugins.lambdanode.engine.pack.select;

import io.jenkins.plugins.lambdanode.engine.base.DeployException;
import io.jenkins.plugins.lambdanode.engine.base.SafeText;
import java.nio.ByteBuffer;
import java.nio.CharBuffer;
import java.nio.charset.CharacterCodingException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.util.Objects;

/**
 * A file's name as its bytes say in UTF-8, whatever the locale. Java decodes names in the locale's character set
 * ({@code sun.jnu.encoding}): under {@code LC_ALL=C} every {@code ä} would become a {@code ?}. The bytes themselves are in
 * {@link Path#toUri()}.
 */
final class EntryName {
    private EntryName() {}

    /**
     * The last name of a path.
     *
     * @param parent the folder's path in the package, for the message
     * @throws DeployException if the name is not valid UTF-8 (or on Windows, UTF-16)
     */
    static String of(Path path, String parent) throws DeployException {
        String name = Objects.requireNonNull(path.getFileName()).toString();
        if (isPlain(name)) {
            return name;
        }
        if (!path.getFileSystem().getSeparator().equals("/")) {
            requireEncodable(name, parent);
            return name;
        }
        return decode(lastName(path.toUri().getRawPath()), parent);
    }

    /** What a stored link says, in UTF-8 with {@code /}. */
    static byte[] ofTarget(Path target, String link) throws DeployException {
        String text = target.toString();
        String separator = target.getFileSystem().getSeparator();
        if (isPlain(text) || !separator.equals("/")) {
            return text.replace(separator, "/").getBytes(StandardCharsets.UTF_8);
        }
        String uri = target.getRoot() == null
                ? target.getFileSystem()
                        .getRootDirectories()
                        .iterator()
                        .next()
                        .resolve(target)
                        .toUri()
                        .getRawPath()
                        .substring(1)
                : target.toUri().getRawPath();
        if (uri.endsWith("/")) {
            uri = uri.substring(0, uri.length() - 1);
        }
        byte[] bytes = unescape(uri);
        decode(bytes, link + " -> ");
        return bytes;
    }

    private static boolean isPlain(String name) {
        for (int i = 0; i < name.length(); i++) {
            char c = name.charAt(i);
            if (c < 0x20 || c > 0x7e || c == '?') {
                return false;
            }
        }
        return true;
    }

    private static void requireEncodable(String name, String parent) throws DeployException {
        try {
            StandardCharsets.UTF_8.newEncoder().encode(CharBuffer.wrap(name));
        } catch (CharacterCodingException e) {
            throw new DeployException(
                    "The name of " + SafeText.name(parent + name)
                            + " is not valid Unicode. Rename it, or leave its folder out.",
                    e);
        }
    }

    private static byte[] lastName(String rawPath) {
        int end = rawPath.endsWith("/") ? rawPath.length() - 1 : rawPath.length();
        return unescape(rawPath.substring(rawPath.lastIndexOf('/', end - 1) + 1, end));
    }

    private static byte[] unescape(String uri) {
        ByteBuffer bytes = ByteBuffer.allocate(uri.length());
        for (int i = 0; i < uri.length(); i++) {
            char c = uri.charAt(i);
            if (c == '%') {
                bytes.put((byte) Integer.parseInt(uri, i + 1, i + 3, 16));
                i += 2;
            } else {
                bytes.put((byte) c);
            }
        }
        byte[] result = new byte[bytes.position()];
        bytes.flip().get(result);
        return result;
    }

    private static String decode(byte[] name, String parent) throws DeployException {
        try {
            return StandardCharsets.UTF_8
                    .newDecoder()
                    .decode(ByteBuffer.wrap(name))
                    .toString();
        } catch (CharacterCodingException e) {
            throw new DeployException(
                    "The name " + SafeText.name(name) + " in "
                            + (parent.isEmpty() ? "the project's folder" : SafeText.name(parent))
                            + " is not valid UTF-8, which names in a deployment package are."
                            + " Rename the file, or leave its folder out with an exclude.",
                    e);
        }
    }
}
