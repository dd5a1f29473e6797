package io.jenkins.plugins.lambdanode.engine.http;

import java.io.Serializable;

/**
 * A request body that is made from a file when it is sent and is never whole in memory: text before, the bytes of the file
 * or of a part of it (as they are or in base64), text after.
 *
 * @param file path of the file on the machine that sends
 * @param offset first byte of the file that is sent
 * @param length how many bytes of the file are sent
 * @param base64 whether the file's bytes are sent in base64 (RFC 4648, padded, no line ends)
 * @param before UTF-8 text before the file's bytes
 * @param after UTF-8 text after them
 */
public record Body(String file, long offset, long length, boolean base64, String before, String after)
        implements Serializable {
    private static final long serialVersionUID = 1L;

    /** Bytes {@code offset} to {@code offset + length} of the file, as they are. */
    public static Body part(String file, long offset, long length) {
        return new Body(file, offset, length, false, "", "");
    }

    /** The file in base64 as the value of a field of a JSON text. */
    public static Body base64InJson(String file, long length, String before, String after) {
        return new Body(file, 0, length, true, before, after);
    }
}
