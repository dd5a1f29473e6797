package io.jenkins.plugins.lambdanode.engine.base;

import java.io.IOException;

/**
 * A deployment that cannot go on. The message is for the person who runs it: what failed, on what, why in AWS's or npm's
 * words, and what to do about it. It is printed without a stack trace.
 *
 * <p>It is an {@link IOException} so that it crosses from a Jenkins agent to the controller as it is.
 */
public class DeployException extends IOException {
    private static final long serialVersionUID = 1L;

    private final String output;

    /** @param message one or more lines; the last says what to do. */
    public DeployException(String message) {
        this(message, "");
    }

    /**
     * @param output the lines of a command's output in which it gives its reason. The log has them already, so that the message
     *     does not repeat them; empty, or ends without a line end
     */
    public DeployException(String message, String output) {
        super(message);
        this.output = output;
    }

    /** @param cause kept for debug logs; its text is not shown to the user. */
    public DeployException(String message, Throwable cause) {
        super(message, cause);
        this.output = cause instanceof DeployException failure ? failure.output : "";
    }

    /** The message for a reader who does not see the log: with the reason that a command gave after the first line. */
    public String messageWithOutput() {
        if (output.isEmpty()) {
            return getMessage();
        }
        int end = getMessage().indexOf('\n');
        return end < 0
                ? getMessage() + "\n" + output
                : getMessage().substring(0, end) + "\n" + output + getMessage().substring(end);
    }
}
