package io.jenkins.plugins.lambdanode.engine.aws.s3;

import io.jenkins.plugins.lambdanode.engine.aws.client.AwsErrors;
import io.jenkins.plugins.lambdanode.engine.aws.client.AwsFailure;
import io.jenkins.plugins.lambdanode.engine.aws.client.AwsOperation;
import io.jenkins.plugins.lambdanode.engine.aws.client.AwsSession;
import io.jenkins.plugins.lambdanode.engine.base.Backoff;
import io.jenkins.plugins.lambdanode.engine.base.DeployException;
import io.jenkins.plugins.lambdanode.engine.base.Progress;
import io.jenkins.plugins.lambdanode.engine.base.Retry;
import io.jenkins.plugins.lambdanode.engine.base.SafeText;
import io.jenkins.plugins.lambdanode.engine.http.Body;
import io.jenkins.plugins.lambdanode.engine.http.SendReply;
import io.jenkins.plugins.lambdanode.engine.http.SendRequest;
import io.jenkins.plugins.lambdanode.engine.workspace.Workspace;
import java.io.IOException;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.TreeMap;
import java.util.function.BiConsumer;
import software.amazon.awssdk.auth.credentials.AwsCredentials;
import software.amazon.awssdk.services.s3.S3Client;

/** Has the workspace send the parts of a package to S3. */
final class PartSender {

    /** So many parts are signed and handed to the workspace at a time. */
    private static final int BATCH = 16;

    /** An upload is given up after so many rounds, one after the other, in which no part arrived. */
    private static final int ROUNDS = 6;

    private static final int PROBE_SECONDS = 30;
    private static final int HTTP_FORBIDDEN = 403;

    private final AwsSession session;
    private final Workspace workspace;
    private final Progress progress;
    private final Backoff backoff;
    private final UrlSigner signer;

    PartSender(AwsSession session, Workspace workspace, Progress progress, Backoff backoff) {
        this.session = session;
        this.workspace = workspace;
        this.progress = progress;
        this.backoff = backoff;
        this.signer = new UrlSigner(session.region());
    }

    /**
     * What has been sent.
     *
     * @param replies S3's responses by the parts' numbers
     * @param bytes bytes of bodies that went out with a response
     */
    record Sent(Map<Integer, SendReply> replies, long bytes) {}

    /** An upload in parts that S3 no longer knows: a lifecycle rule can abort one, or another deployment of the same package. */
    static final class UploadGone extends DeployException {
        private static final long serialVersionUID = 1L;

        UploadGone(DeployException explained) {
            super(explained.getMessage(), explained);
        }
    }

    /**
     * Sends parts until all are in S3; those that fail are signed and sent again, and only those.
     *
     * @param request the call of the operation that sends a part, without its body
     */
    Sent send(ObjectKey key, List<UploadPart> parts, BiConsumer<S3Client, UploadPart> request)
            throws IOException, InterruptedException {
        AwsOperation operation = key.operation(session, "s3:PutObject");
        Map<Integer, SendReply> replies = new TreeMap<>();
        List<UploadPart> remaining = new ArrayList<>(parts);
        long[] bytes = {0};
        new Retry(backoff, ROUNDS).run(failures -> {
            Optional<AwsFailure> failure = Optional.empty();
            boolean arrived = false;
            while (!remaining.isEmpty() && failure.isEmpty()) {
                List<UploadPart> batch = List.copyOf(remaining.subList(0, Math.min(BATCH, remaining.size())));
                List<SendRequest> requests = sign(batch, request);
                List<SendReply> round = withEarlyRefusal(requests, workspace.send(requests));
                for (int i = 0; i < round.size(); i++) {
                    UploadPart part = batch.get(i);
                    SendReply reply = round.get(i);
                    bytes[0] += reply.hasResponse() ? part.body().length() : 0;
                    if (hasArrived(reply, part)) {
                        replies.put(part.number(), reply);
                        remaining.remove(part);
                        arrived = true;
                    } else {
                        failure = Optional.of(requireTransient(operation, reply));
                        progress.log("Sending again: " + requests.get(i) + " ("
                                + SafeText.oneLine(
                                                failure.get().status() + " "
                                                        + failure.get().code() + " "
                                                        + failure.get().message(),
                                                200)
                                        .strip()
                                + ")");
                    }
                }
            }
            if (failure.isEmpty()) {
                return new Retry.Done<>(true);
            }
            Duration retryAfter = failure.get().retryAfter();
            return arrived
                    ? new Retry.Continue<>(retryAfter)
                    : new Retry.Failed<>(AwsErrors.exception(operation, failure.get()), retryAfter);
        });
        return new Sent(replies, bytes[0]);
    }

    /**
     * S3 can refuse a request before its body has been sent. The sender then has the refusal's status without its words, or, where
     * S3 hangs up in mid-body, no response at all. So the first such request of a round is sent once more without its body, which
     * S3 refuses in the same words; one that it would accept it refuses for its checksum.
     */
    private List<SendReply> withEarlyRefusal(List<SendRequest> requests, List<SendReply> round)
            throws IOException, InterruptedException {
        boolean cutOff = round.stream().noneMatch(reply -> reply.hasResponse() || reply.fileFailed());
        Optional<SendReply> wordless =
                round.stream().filter(PartSender::isWordless).findFirst();
        if (!cutOff && wordless.isEmpty()) {
            return round;
        }
        SendRequest first = requests.get(wordless.map(round::indexOf).orElse(0));
        SendRequest empty = new SendRequest(
                first.method(),
                first.url(),
                first.headers(),
                Body.part(first.body().file(), 0, 0),
                PROBE_SECONDS);
        SendReply refusal = workspace.send(List.of(empty)).get(0);
        return refusal.status() == wordless.map(SendReply::status).orElse(HTTP_FORBIDDEN)
                ? round.stream()
                        .map(reply -> cutOff || isWordless(reply) ? refusal : reply)
                        .toList()
                : round;
    }

    private static boolean isWordless(SendReply reply) {
        return reply.status() >= 300 && reply.status() < 500 && reply.body().isEmpty();
    }

    private List<SendRequest> sign(List<UploadPart> batch, BiConsumer<S3Client, UploadPart> request)
            throws DeployException, InterruptedException {
        AwsCredentials credentials = session.resolvedCredentials();
        List<SendRequest> requests = new ArrayList<>();
        for (UploadPart part : batch) {
            requests.add(signer.sign(
                    session.s3Offline().write(s3 -> request.accept(s3, part)).http(),
                    part.body(),
                    credentials,
                    session.signingClock().over(backoff.clock())));
        }
        return requests;
    }

    private AwsFailure requireTransient(AwsOperation operation, SendReply reply) throws DeployException {
        if (reply.fileFailed()) {
            throw AwsErrors.unreadable(operation, reply.failure());
        }
        AwsFailure failure = failure(reply);
        if (failure.is("NoSuchUpload")) {
            throw new UploadGone(AwsErrors.exception(operation, failure));
        }
        // A URL that was signed with a wrong time is refused as one that has expired or is not valid yet.
        Optional<Duration> difference = session.signingClock().learn(failure, backoff.clock());
        difference.ifPresent(ahead -> progress.log(
                "This machine's clock differs from S3's by " + ahead.toSeconds() + " seconds; signing with S3's time"));
        if (difference.isEmpty() && !isTransient(failure)) {
            throw AwsErrors.exception(operation, failure);
        }
        return failure;
    }

    private static boolean hasArrived(SendReply reply, UploadPart part) {
        return reply.successful()
                && reply.header("etag").isPresent()
                && reply.header("x-amz-checksum-sha256").orElse(part.sha256()).equals(part.sha256());
    }

    private static AwsFailure failure(SendReply reply) {
        if (!reply.successful()) {
            return AwsFailure.of(reply);
        }
        return reply.header("etag").isEmpty()
                ? AwsFailure.notFromAws("it has no ETag: " + reply.body())
                : AwsFailure.of(reply.status(), "BadDigest", "S3's SHA-256 is not the one that was sent");
    }

    private static boolean isTransient(AwsFailure failure) {
        return failure.inDoubt()
                || failure.throttled()
                || failure.credentialsExpired()
                || failure.message().contains("has expired")
                || failure.is(
                        "RequestTimeout",
                        "BadDigest",
                        "XAmzContentSHA256Mismatch",
                        "XAmzContentChecksumMismatch",
                        "IncompleteBody",
                        "OperationAborted");
    }
}
