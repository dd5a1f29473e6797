package io.jenkins.plugins.lambdanode.engine.http;

import java.io.ByteArrayInputStream;
import java.io.EOFException;
import java.io.IOException;
import java.io.InputStream;
import java.nio.ByteBuffer;
import java.nio.channels.ClosedChannelException;
import java.nio.channels.FileChannel;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.util.Base64;
import java.util.function.LongConsumer;

/**
 * The bytes of a {@link Body}, made while they are read: two chunks of 12 and 16 KiB are all that is in memory. A file that
 * is shorter than the body says is an {@link EOFException}.
 */
final class BodyStream extends InputStream {

    /** A multiple of 3, so that only the last chunk of a base64 text is padded. */
    private static final int CHUNK = 12 * 1024;

    private final Body body;
    private final LongConsumer read;
    private final byte[] bytes = new byte[CHUNK];
    private FileChannel file;
    private long fileDone;
    private InputStream chunk;
    private boolean afterText;
    private boolean closed;

    /** @param read told how many bytes were read, each time some are */
    BodyStream(Body body, LongConsumer read) {
        this.body = body;
        this.read = read;
        this.chunk = text(body.before());
    }

    /** How many bytes the stream of a body has. */
    static long length(Body body) {
        long content = body.base64() ? (body.length() + 2) / 3 * 4 : body.length();
        return body.before().getBytes(StandardCharsets.UTF_8).length
                + content
                + body.after().getBytes(StandardCharsets.UTF_8).length;
    }

    @Override
    public int read() throws IOException {
        byte[] one = new byte[1];
        return read(one, 0, 1) < 0 ? -1 : one[0] & 0xff;
    }

    @Override
    public int read(byte[] target, int offset, int length) throws IOException {
        if (length == 0) {
            return 0;
        }
        int count;
        while ((count = chunk.read(target, offset, length)) < 0) {
            if (fileDone < body.length()) {
                chunk = nextOfFile();
            } else if (!afterText) {
                afterText = true;
                chunk = text(body.after());
            } else {
                return -1;
            }
        }
        read.accept(count);
        return count;
    }

    private InputStream nextOfFile() throws IOException {
        FileChannel file = opened();
        int wanted = (int) Math.min(CHUNK, body.length() - fileDone);
        ByteBuffer buffer = ByteBuffer.wrap(bytes, 0, wanted);
        while (buffer.hasRemaining()) {
            if (file.read(buffer, body.offset() + fileDone + buffer.position()) < 0) {
                throw new EOFException(body.file() + " ended after " + (fileDone + buffer.position()) + " of the "
                        + body.length() + " bytes from byte " + body.offset() + " on: it has changed");
            }
        }
        fileDone += wanted;
        return body.base64()
                ? new ByteArrayInputStream(Base64.getEncoder()
                        .encode(ByteBuffer.wrap(bytes, 0, wanted))
                        .array())
                : new ByteArrayInputStream(bytes, 0, wanted);
    }

    private synchronized FileChannel opened() throws IOException {
        if (closed) {
            throw new ClosedChannelException();
        }
        if (file == null) {
            file = FileChannel.open(Path.of(body.file()), StandardOpenOption.READ);
        }
        return file;
    }

    private static InputStream text(String text) {
        return new ByteArrayInputStream(text.getBytes(StandardCharsets.UTF_8));
    }

    /** Also from another thread: what is being read then fails. */
    @Override
    public synchronized void close() throws IOException {
        closed = true;
        if (file != null) {
            file.close();
        }
    }
}
