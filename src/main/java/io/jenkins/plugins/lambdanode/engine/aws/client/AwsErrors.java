package io.jenkins.plugins.lambdanode.engine.aws.client;

import io.jenkins.plugins.lambdanode.engine.base.DeployException;
import io.jenkins.plugins.lambdanode.engine.base.SafeText;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.FutureTask;
import java.util.function.Supplier;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import software.amazon.awssdk.core.exception.AbortedException;
import software.amazon.awssdk.core.exception.SdkException;

/**
 * Turns what AWS refused into an error for a person: what failed, on what, AWS's words, what to do. The one place where it
 * is done.
 */
public final class AwsErrors {

    private static final String NO_CREDENTIALS = "No AWS credentials were found. Give some to the deployment: the variables"
            + " AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY, a profile of the AWS configuration files, an entry of Jenkins's"
            + " credentials, or a role of the machine.";

    /** IAM's own messages end with an encoded reason that can be some thousand characters long. */
    private static final int LONGEST_WORDS = 1500;

    private static final Pattern ON_RESOURCE = Pattern.compile("on resource: \"?(arn:[^\\s\"]+)");
    private static final Pattern DENIED_ACTION = Pattern.compile("to perform: \"?([a-z0-9-]+:[A-Za-z]+)");

    private AwsErrors() {}

    /**
     * Asks AWS.
     *
     * @throws DeployException if it refuses or cannot be reached
     * @throws InterruptedException if the thread is interrupted
     */
    public static <T> T asking(AwsOperation call, Supplier<T> request) throws DeployException, InterruptedException {
        try {
            return interruptible(request);
        } catch (SdkException e) {
            throw explained(call, AwsFailure.of(e), e);
        }
    }

    /**
     * Calls the SDK, in a thread of its own: an interrupt does not end its wait for a server that is silent. That thread ends when
     * the session is closed.
     */
    public static <T> T interruptible(Supplier<T> request) throws InterruptedException {
        FutureTask<T> call = new FutureTask<>(() -> renewing(request));
        Thread thread = new Thread(call, "AWS call");
        thread.setDaemon(true);
        thread.start();
        try {
            return call.get();
        } catch (InterruptedException e) {
            call.cancel(true);
            throw e;
        } catch (ExecutionException e) {
            if (e.getCause() instanceof AbortedException aborted) {
                throw new InterruptedException(aborted.getMessage());
            }
            if (e.getCause() instanceof RuntimeException failure) {
                throw failure;
            }
            throw new IllegalStateException(e.getCause());
        }
    }

    /**
     * Calls the SDK, once more where the credentials have run out: it asks their provider, who may have new ones, once for a
     * call and not for its retries.
     */
    public static <T> T renewing(Supplier<T> request) {
        try {
            return request.get();
        } catch (SdkException e) {
            if (AwsFailure.of(e).mayBeExpired()) {
                return request.get();
            }
            throw e;
        }
    }

    public static DeployException explained(AwsOperation call, AwsFailure refusal) {
        return new DeployException(text(call, refusal));
    }

    /** Without the cause where a signature was refused: its message quotes the request with all that was signed. */
    public static DeployException explained(AwsOperation call, AwsFailure refusal, Throwable cause) {
        return refusal.timeRefused() ? explained(call, refusal) : new DeployException(text(call, refusal), cause);
    }

    /** The package could not be read where it is: what AWS would have said is not known. */
    public static DeployException unreadable(AwsOperation call, String reason) {
        return new DeployException(call.failed() + ": the package could not be read while it was sent.\nThe reason: "
                + SafeText.oneLine(reason, LONGEST_WORDS)
                + "\nIt was changed or removed on the machine that sends it, as a clean-up of the workspace or of temporary"
                + " folders does. Run the deployment again.");
    }

    private static String text(AwsOperation call, AwsFailure refusal) {
        if (hasNoCredentials(refusal)) {
            return NO_CREDENTIALS;
        }
        List<String> lines = new ArrayList<>();
        lines.add(SafeText.oneLine(call.failed(), LONGEST_WORDS) + " in " + call.place() + headline(call, refusal));
        String words = words(refusal);
        if (!words.isEmpty()) {
            lines.add((refusal.unanswered() ? "The reason: " : "AWS says: ") + words);
        }
        lines.add(advice(call, refusal));
        return String.join("\n", lines);
    }

    /**
     * AWS's words. Of a refused signature only the first sentence: the rest quotes the request with all that was signed, a
     * session token among it.
     */
    private static String words(AwsFailure refusal) {
        String message = refusal.message();
        if (refusal.timeRefused()) {
            message = message.lines().findFirst().orElse("");
            int quote = message.indexOf("The Canonical String");
            message = quote < 0 ? message : message.substring(0, quote);
        }
        String code = refusal.code().isEmpty() || message.contains(refusal.code()) ? "" : refusal.code() + ": ";
        String words = SafeText.oneLine(code + message, LONGEST_WORDS).strip();
        return words.isEmpty() && !refusal.unanswered() ? "HTTP status " + refusal.status() : words;
    }

    private static String headline(AwsOperation call, AwsFailure refusal) {
        if (denied(refusal)) {
            return ": access denied.";
        }
        if (refusal.isNotOfAws()) {
            return ": the answer is not AWS's.";
        }
        if (refusal.unanswered() && !isAboutCredentials(refusal)) {
            return ": no answer.";
        }
        if (notFoundBucket(call, refusal)) {
            return ": there is no such bucket.";
        }
        if (elsewhere(call, refusal)) {
            return ": the bucket is in "
                    + refusal.bucketRegion().map(region -> "region " + region).orElse("another region") + ".";
        }
        return ".";
    }

    private static boolean denied(AwsFailure refusal) {
        boolean otherReason = refusal.credentialsExpired() || refusal.timeRefused() || isAboutCredentials(refusal);
        return refusal.is("AccessDenied", "AccessDeniedException", "Forbidden", "UnauthorizedOperation")
                || refusal.status() == 403 && !otherReason && !refusal.code().startsWith("KMS");
    }

    private static boolean isAboutCredentials(AwsFailure refusal) {
        return refusal.is(
                        "InvalidClientTokenId",
                        "UnrecognizedClientException",
                        "InvalidAccessKeyId",
                        "MissingAuthenticationToken",
                        "MissingAuthenticationTokenException",
                        "InvalidToken",
                        "IncompleteSignature")
                || hasNoCredentials(refusal);
    }

    /** The SDK then lists all the places where it looked, which tells nobody what to do. */
    private static boolean hasNoCredentials(AwsFailure refusal) {
        return refusal.message().contains("Unable to load credentials from any of the providers");
    }

    private static boolean notFoundBucket(AwsOperation call, AwsFailure refusal) {
        return refusal.is("NoSuchBucket")
                || refusal.status() == 404 && call.resource().contains(":s3:::") && !call.resource().contains("/");
    }

    private static boolean elsewhere(AwsOperation call, AwsFailure refusal) {
        return refusal.is("PermanentRedirect", "TemporaryRedirect", "AuthorizationHeaderMalformed",
                        "IllegalLocationConstraintException")
                || isOfS3(call) && (refusal.status() == 301 || refusal.status() == 307 || refusal.status() == 308);
    }

    private static boolean isOfS3(AwsOperation call) {
        return call.iamAction().startsWith("s3:");
    }

    /** Lambda and STS say why with a code; so does S3, but for a HEAD, whose answer has no body. */
    private static boolean hasNoCodeOfAws(AwsOperation call, AwsFailure refusal) {
        return refusal.code().isEmpty() && !List.of("s3:GetObject", "s3:ListBucket").contains(call.iamAction());
    }

    private static boolean isAboutTls(AwsFailure refusal) {
        return refusal.message().contains("SSL") || refusal.message().contains("PKIX");
    }

    private static String advice(AwsOperation call, AwsFailure refusal) {
        String message = refusal.message();
        if (refusal.isNotOfAws()) {
            return "Something on the way answers in AWS's place, such as a proxy or a network that wants a login; or the"
                    + " endpoint is not one of AWS. Check both. What was asked for may have been done or not: run the"
                    + " deployment again.";
        }
        if (refusal.unanswered() && isAboutTls(refusal)) {
            return "The TLS connection to " + call.place() + " was not made. Where its certificate is not trusted, add the CA that"
                    + " signed it, for instance that of a proxy that opens such connections, to the trust store of the Java that"
                    + " sends this (a package is sent from where it is, the agent). Where it does not speak TLS, write the"
                    + " endpoint with http://.";
        }
        if (refusal.unanswered()) {
            return "Check the network between this build and " + call.place()
                    + ": its name must resolve, a firewall must let it through, and where a proxy is needed it must be set.";
        }
        if (refusal.credentialsExpired()) {
            return "The AWS credentials have expired. Renew them and run the deployment again.";
        }
        if (isAboutCredentials(refusal)) {
            return "AWS does not know the access key, or its session token is wrong or missing. Check the credentials, and"
                    + " that they belong to this partition and endpoint.";
        }
        if (refusal.timeRefused()) {
            return slow(refusal) + "Check that the clock of the machine that signs is right (AWS allows 5 minutes for Lambda, 15 for S3)"
                    + refusal.serverTime().map(time -> "; AWS's says " + time).orElse("")
                    + ", that the secret access key belongs to the access key, and that no proxy on the way changes what it"
                    + " forwards.";
        }
        if (message.contains("cannot be assumed by Lambda")) {
            return "The role's trust policy must allow the service lambda.amazonaws.com the action sts:AssumeRole.";
        }
        if (refusal.code().startsWith("KMS") || message.contains("kms:")) {
            return "Check the KMS key: it must exist and be enabled in the function's region, and its policy must allow"
                    + " kms:Decrypt and kms:GenerateDataKey to who deploys"
                    + " (kms:Decrypt to read, kms:GenerateDataKey to write).";
        }
        if (message.contains("S3 Error Code: PermanentRedirect") || elsewhere(call, refusal)) {
            return "Function and staging bucket must be in the same region. Name a bucket in the function's region.";
        }
        if (message.contains("S3 Error Code: NoSuchKey") || message.contains("S3 Error Code: NoSuchBucket")) {
            return "The staged package has been removed in the meantime. Run the deployment again: it is staged again.";
        }
        if (message.contains("S3 Error Code: AccessDenied")) {
            return allow("s3:GetObject", "arn:aws:s3:::<bucket>/<prefix>*");
        }
        if (refusal.status() >= 300 && refusal.status() < 400) {
            return "AWS sends nobody elsewhere with this request. Check the endpoint (https:// in place of http://, no path), and"
                    + " whether a proxy answers in AWS's place.";
        }
        if (denied(refusal)) {
            return unlessOfProxy(call, refusal) + allow(
                    first(DENIED_ACTION, message, call.iamAction()), first(ON_RESOURCE, message, call.resource()));
        }
        if (notFoundBucket(call, refusal)) {
            return "Check the bucket's name, or create it in the function's region:"
                    + " aws s3 mb s3://" + call.subject().replaceFirst("^bucket ", "");
        }
        if (refusal.is("ResourceNotFoundException")) {
            return call.resource().contains(":function:")
                    ? "Check the function's name, the region and the account. To have the deployment make the function"
                            + " where it does not exist, turn on create (it needs role, runtime and handler)."
                    : "Check its name, the region and the account.";
        }
        if (refusal.is("RequestEntityTooLargeException", "RequestTooLargeException") || refusal.status() == 413) {
            return "A direct update carries at most 52,428,800 bytes of package. Name an S3 bucket for staging, or make the"
                    + " package smaller.";
        }
        if (message.contains("Unzipped size must be smaller")) {
            return "A function and its layers may have 262,144,000 bytes unzipped. Leave development dependencies out, or"
                    + " exclude what is not needed at run time.";
        }
        if (refusal.is("CodeStorageExceededException")) {
            return "The account's code storage in this region is full. Delete versions of functions and layers that are"
                    + " not needed any more, or ask AWS for a higher quota.";
        }
        if (refusal.is("PreconditionFailedException")) {
            return "It has been changed since its RevisionId was read. Read the RevisionId again"
                    + " (aws lambda get-function-configuration), or deploy without one.";
        }
        if (refusal.is("ResourceConflictException", "ConflictException")) {
            return "Another operation is at work on it. Run the deployment again when that is done.";
        }
        if (refusal.is("CodeVerificationFailedException", "InvalidCodeSignatureException")) {
            return "The function's code signing configuration asks for signed packages. Sign the staged package with AWS"
                    + " Signer, or change the configuration.";
        }
        if (refusal.is("BadDigest", "InvalidDigest", "XAmzContentSHA256Mismatch", "XAmzContentChecksumMismatch")) {
            return "The bytes that arrived are not those that were packaged: the package file was changed, or a proxy on the"
                    + " way changes what it forwards. Run the deployment again; if it stays, look at the proxy.";
        }
        if (refusal.throttled()) {
            return "AWS throttles requests of this account. Run the deployment again later, or fewer at a time.";
        }
        if (refusal.status() >= 500) {
            return "AWS had an error of its own, also when asked again. Run the deployment again later"
                    + " (https://health.aws.amazon.com).";
        }
        return "Put right what AWS names and run the deployment again.";
    }

    /** Lambda looks at the signature when it has the whole of the request. */
    private static String slow(AwsFailure refusal) {
        return refusal.message().contains("Signature expired")
                ? "A request that takes more than 5 minutes to arrive is refused in this way too: for a package on a slow line name"
                        + " an S3 bucket (s3Bucket), to which it goes in parts. Otherwise: "
                : "";
    }

    private static String unlessOfProxy(AwsOperation call, AwsFailure refusal) {
        return hasNoCodeOfAws(call, refusal)
                ? "The answer has no error code, as AWS's have: a proxy or a firewall on the way may have given it. Where it is"
                        + " AWS's: "
                : "";
    }

    private static String allow(String action, String resource) {
        return "Add this statement to the policy of the user or role that deploys:\n"
                + "  {\"Effect\": \"Allow\", \"Action\": \"" + action + "\", \"Resource\": \""
                + SafeText.oneLine(resource, LONGEST_WORDS) + "\"}";
    }

    private static String first(Pattern pattern, String text, String otherwise) {
        Matcher matcher = pattern.matcher(text);
        return matcher.find() ? matcher.group(1) : otherwise;
    }
}
