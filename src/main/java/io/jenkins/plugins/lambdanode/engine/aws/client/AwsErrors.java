package io.jenkins.plugins.lambdanode.engine.aws.client;

import io.jenkins.plugins.lambdanode.engine.base.DeployException;
import io.jenkins.plugins.lambdanode.engine.base.SafeText;
import java.util.ArrayList;
import java.util.List;

/** Words the error for a request that AWS refused: what failed, on what, AWS's words, and what to do ({@link Advice}). */
public final class AwsErrors {

    /** IAM's own messages end with an encoded reason that can be some thousand characters long. */
    static final int MAX_MESSAGE_LENGTH = 1500;

    private AwsErrors() {}

    public static DeployException exception(AwsOperation operation, AwsFailure failure) {
        return new DeployException(text(operation, failure));
    }

    /** Without the cause where a signature was refused: its message quotes the request with all that was signed. */
    public static DeployException exception(AwsOperation operation, AwsFailure failure, Throwable cause) {
        return failure.signatureRefused()
                ? exception(operation, failure)
                : new DeployException(text(operation, failure), cause);
    }

    /** The error where the package could not be read while it was sent. */
    public static DeployException unreadable(AwsOperation operation, String reason) {
        return new DeployException(
                operation.failed() + ": the package could not be read while it was sent.\nThe reason: "
                        + SafeText.oneLine(reason, MAX_MESSAGE_LENGTH)
                        + "\nIt was changed or removed on the machine that sends it, for instance by a clean-up of the workspace or of"
                        + " temporary folders. Run the deployment again.");
    }

    /** The words of an exception that is no response of AWS, with those of its cause; without the profiles that the SDK has read. */
    static String words(RuntimeException failure) {
        Throwable cause = failure;
        while (cause.getCause() != null) {
            cause = cause.getCause();
        }
        String words = line(String.valueOf(failure.getMessage()));
        String more = cause.getMessage() == null ? cause.getClass().getSimpleName() : line(cause.getMessage());
        return words.contains(more) ? words : words + " (" + more + ")";
    }

    private static String line(String message) {
        return SafeText.oneLine(message, MAX_MESSAGE_LENGTH).replaceFirst(": ProfileFile\\(.*", "");
    }

    private static String text(AwsOperation operation, AwsFailure failure) {
        if (Advice.hasNoCredentials(failure)) {
            return Advice.of(operation, failure);
        }
        List<String> lines = new ArrayList<>();
        lines.add(SafeText.oneLine(operation.failed(), MAX_MESSAGE_LENGTH) + " in " + operation.place()
                + headline(operation, failure));
        String reason = reason(failure);
        if (!reason.isEmpty()) {
            lines.add((failure.noResponse() ? "The reason: " : "AWS says: ") + reason);
        }
        lines.add(Advice.of(operation, failure));
        return String.join("\n", lines);
    }

    /**
     * AWS's words. Of a refused signature only the first sentence: the rest quotes the request with all that was signed, a
     * session token among it.
     */
    private static String reason(AwsFailure failure) {
        String message = failure.message();
        if (failure.signatureRefused()) {
            message = message.lines().findFirst().orElse("");
            int quote = message.indexOf("The Canonical String");
            message = quote < 0 ? message : message.substring(0, quote);
        }
        String code = failure.code().isEmpty() || message.contains(failure.code()) ? "" : failure.code();
        String both = code + (code.isEmpty() || message.isEmpty() ? "" : ": ") + message;
        String words = SafeText.oneLine(both, MAX_MESSAGE_LENGTH).strip();
        return words.isEmpty() && !failure.noResponse() ? "HTTP status " + failure.status() : words;
    }

    private static String headline(AwsOperation operation, AwsFailure failure) {
        if (Advice.isDenied(operation, failure)) {
            return ": access denied.";
        }
        if (failure.isNotFromAws()) {
            return ": the response is not from AWS.";
        }
        if (failure.noResponse() && !Advice.isAboutCredentials(failure) && !Advice.isAboutEndpoints(failure)) {
            return ": no response.";
        }
        if (Advice.isMissingBucket(operation, failure)) {
            return ": there is no such bucket.";
        }
        if (Advice.isOtherRegion(operation, failure)) {
            return ": the bucket is in "
                    + failure.bucketRegion().map(region -> "region " + region).orElse("another region") + ".";
        }
        return ".";
    }
}
