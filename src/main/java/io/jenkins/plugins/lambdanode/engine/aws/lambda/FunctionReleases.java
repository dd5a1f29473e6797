package io.jenkins.plugins.lambdanode.engine.aws.lambda;

import io.jenkins.plugins.lambdanode.engine.aws.client.AwsCalls;
import io.jenkins.plugins.lambdanode.engine.aws.client.AwsErrors;
import io.jenkins.plugins.lambdanode.engine.aws.client.AwsFailure;
import io.jenkins.plugins.lambdanode.engine.aws.client.AwsOperation;
import io.jenkins.plugins.lambdanode.engine.aws.client.AwsSession;
import io.jenkins.plugins.lambdanode.engine.base.Backoff;
import io.jenkins.plugins.lambdanode.engine.base.DeployException;
import io.jenkins.plugins.lambdanode.engine.base.Progress;
import io.jenkins.plugins.lambdanode.engine.base.Retry;
import io.jenkins.plugins.lambdanode.engine.base.SafeText;
import java.io.IOException;
import java.time.Duration;
import java.util.Map;
import java.util.Optional;
import java.util.function.Consumer;
import software.amazon.awssdk.core.exception.SdkException;
import software.amazon.awssdk.services.lambda.model.CreateAliasResponse;
import software.amazon.awssdk.services.lambda.model.FunctionVersionLatestPublished;
import software.amazon.awssdk.services.lambda.model.LambdaException;
import software.amazon.awssdk.services.lambda.model.PublishVersionRequest;
import software.amazon.awssdk.services.lambda.model.PublishVersionResponse;
import software.amazon.awssdk.services.lambda.model.UpdateAliasResponse;

/** Publishes versions of functions and points aliases to them. */
public final class FunctionReleases {

    private static final String LATEST_PUBLISHED = "$LATEST.PUBLISHED";
    private static final int HTTP_FORBIDDEN = 403;

    private final AwsSession session;
    private final Progress progress;
    private final Duration timeout;
    private final FunctionReader reader;
    private final Retry retry;
    private final LambdaOperations operations;
    private final AliasTraffic traffic;

    /** @param timeout how long to wait for another operation on the same function, and for a version to become active */
    public FunctionReleases(AwsSession session, Progress progress, Duration timeout) {
        this(session, progress, timeout, Backoff.REAL);
    }

    FunctionReleases(AwsSession session, Progress progress, Duration timeout, Backoff backoff) {
        this.session = session;
        this.progress = progress;
        this.timeout = timeout;
        this.reader = new FunctionReader(session, progress, backoff);
        this.retry = new Retry(backoff, IdempotentRequests.ATTEMPTS);
        this.operations = new LambdaOperations(session);
        this.traffic = new AliasTraffic(session, progress);
    }

    /**
     * Publishes the function's code as a version, and waits until that is active. Lambda creates none where nothing has changed
     * since the last one, and responds with that one's number, so this may be repeated.
     *
     * @param codeSha256 what the function's code must be; Lambda refuses where someone else has changed it since
     * @param revisionId what the function's revision must be; empty for any
     * @param description the version's description; can be empty
     * @return the version's number
     */
    public String publish(FunctionName function, String codeSha256, Optional<String> revisionId, String description)
            throws IOException, InterruptedException {
        return publish(
                function,
                codeSha256,
                request -> request.revisionId(revisionId.orElse(null))
                        .description(description.isEmpty() ? null : description));
    }

    /**
     * Publishes the code of a function on managed instances as {@value #LATEST_PUBLISHED}, which callers without a version or
     * an alias run there (Lambda Developer Guide, "$LATEST.PUBLISHED version in Lambda Managed Instances"), and waits until it
     * is active. A version that has this code already is left alone.
     *
     * @return whether it was published
     */
    public boolean publishLatest(FunctionName function, String codeSha256) throws IOException, InterruptedException {
        Optional<FunctionState> now = reader.findVersion(function, LATEST_PUBLISHED);
        if (now.isPresent() && now.get().codeSha256().equals(codeSha256)) {
            if (!now.get().state().equals("Active")) {
                reader.awaitVersion(function, LATEST_PUBLISHED, timeout);
            }
            return false;
        }
        publish(function, codeSha256, request -> request.publishTo(FunctionVersionLatestPublished.LATEST_PUBLISHED));
        return true;
    }

    private String publish(FunctionName function, String codeSha256, Consumer<PublishVersionRequest.Builder> how)
            throws IOException, InterruptedException {
        AwsOperation operation =
                operations.onFunction("Lambda did not publish a version of", "PublishVersion", function);
        FunctionState published = retry.run(failures -> {
            try {
                PublishVersionResponse response = AwsCalls.interruptible(() -> session.lambda()
                        .publishVersion(request -> request.functionName(function.value())
                                .codeSha256(codeSha256)
                                .applyMutation(how)));
                if (response.version() == null) {
                    throw FunctionState.notFromLambda("{}", null);
                }
                if (!codeSha256.equals(response.codeSha256())) {
                    throw changedSince(
                            function, "version " + response.version() + " has CodeSha256 " + response.codeSha256());
                }
                return new Retry.Done<>(FunctionState.from(response));
            } catch (SdkException e) {
                AwsFailure failure = AwsFailure.of(e);
                if (failure.message().contains("CodeSHA256") && failure.is("InvalidParameterValueException")) {
                    throw changedSince(function, SafeText.oneLine(failure.message(), 500));
                }
                if (!failure.is("ResourceConflictException")) {
                    throw AwsErrors.exception(operation, failure, e);
                }
                reader.awaitSettled(function, timeout);
                return new Retry.Failed<>(AwsErrors.exception(operation, failure, e), failure.retryAfter());
            }
        });
        if (!published.state().isEmpty() && !published.state().equals("Active")) {
            reader.awaitVersion(function, published.version(), timeout);
        }
        return published.version();
    }

    /** What {@link #newestVersion} is of a function that has no published version. */
    public static final String UNPUBLISHED = "$LATEST";

    /**
     * The number of the newest version, or {@value #UNPUBLISHED}; empty where that may not be asked
     * (lambda:ListVersionsByFunction).
     */
    public Optional<String> newestVersion(FunctionName function) throws DeployException, InterruptedException {
        AwsOperation operation =
                operations.onFunction("Lambda did not list the versions of", "ListVersionsByFunction", function);
        return AwsCalls.call(operation, () -> {
            try {
                return VersionPruning.published(session.lambda(), function).stream()
                        .findFirst()
                        .or(() -> Optional.of(UNPUBLISHED));
            } catch (LambdaException e) {
                if (e.statusCode() == HTTP_FORBIDDEN) {
                    return Optional.empty();
                }
                throw e;
            }
        });
    }

    private static DeployException changedSince(FunctionName function, String words) {
        return new DeployException("No version of function " + function.name()
                + " was published with this deployment's code: someone else has changed the function since.\nAWS says: "
                + words + "\nRun the deployment again to deploy over that change.");
    }

    /** The alias as it is now; empty where there is none. */
    public Optional<AliasRouting> findAlias(FunctionName function, String alias)
            throws DeployException, InterruptedException {
        return traffic.find(function, alias);
    }

    /**
     * Checks, before anything is changed, that an alias can be moved without ending somebody's gradual release.
     *
     * @param advice what to do where it can't
     * @throws DeployException if its traffic is split
     */
    public static void requireNotSplit(FunctionName function, AliasRouting alias, String advice)
            throws DeployException {
        if (alias.isSplit()) {
            throw new DeployException(gradualRelease(function, alias) + "\n" + advice);
        }
    }

    /**
     * Reads an alias back after it was moved, until it says so: Lambda's reads can be older than an own change.
     *
     * @throws DeployException if it stays elsewhere: someone else has moved it
     */
    public void awaitAlias(FunctionName function, String alias, String version)
            throws IOException, InterruptedException {
        retry.run(failures -> {
            Optional<AliasRouting> now = traffic.find(function, alias);
            if (now.isPresent() && now.get().sendsAllTo(version)) {
                return new Retry.Done<>(version);
            }
            return new Retry.Failed<>(
                    new DeployException(
                            "Alias " + alias + " of function " + function.name()
                                    + " was moved to version " + version + ", and Lambda says that it "
                                    + now.map(other -> "points to version " + other.version())
                                            .orElse("is gone")
                                    + ": someone else has changed it since.\nLook at what it is, and run this again if it is to be moved."),
                    Duration.ZERO);
        });
    }

    /** Told where an alias points, before it is moved. */
    public interface AliasObserver {
        /** @param version empty where there is no such alias */
        void seen(Optional<String> version) throws DeployException, InterruptedException;
    }

    /**
     * Points an alias to a version, all of its traffic: creates the alias, moves it, or leaves it where it points there
     * already.
     *
     * @param force whether to end a split of the alias's traffic, which is somebody's canary
     * @param observer told where the alias is, before it is changed
     * @throws DeployException if someone else moves it elsewhere at the same time, or if its traffic is split
     */
    public AliasState moveAlias(
            FunctionName function, String alias, String version, boolean force, AliasObserver observer)
            throws IOException, InterruptedException {
        Optional<AliasRouting> before = traffic.find(function, alias);
        observer.seen(before.map(AliasRouting::version));
        return retry.run(failures -> moveAlias(function, alias, version, force, before, failures));
    }

    private Retry.Outcome<AliasState> moveAlias(
            FunctionName function,
            String alias,
            String version,
            boolean force,
            Optional<AliasRouting> first,
            int failures)
            throws DeployException, InterruptedException {
        Optional<AliasRouting> now = failures == 0 ? first : traffic.find(function, alias);
        if (now.isPresent() && now.get().sendsAllTo(version)) {
            return new Retry.Done<>(new AliasState(
                    alias,
                    version,
                    now.get().arn(),
                    failures > 0,
                    first.map(AliasRouting::version),
                    Optional.empty(),
                    Optional.empty()));
        }
        if (now.isPresent() && now.get().isSplit()) {
            endSplit(function, now.get(), version, force);
        }
        try {
            AliasState released = AwsCalls.interruptible(
                    () -> now.isPresent() ? update(function, now.get(), version) : create(function, alias, version));
            if (released.version() == null) {
                throw FunctionState.notFromLambda("{}", null);
            }
            return new Retry.Done<>(released);
        } catch (SdkException e) {
            AwsFailure failure = AwsFailure.of(e);
            if (now.isPresent() && failure.is("PreconditionFailedException")) {
                failUnlessAt(function, alias, version, now.get().version());
            }
            AwsOperation operation = now.isPresent()
                    ? operations.onAlias("Lambda did not move", "UpdateAlias", function, alias)
                    : operations.onAlias("Lambda did not create", "CreateAlias", function, alias);
            DeployException exception = AwsErrors.exception(operation, failure, e);
            if (!failure.is("ResourceConflictException", "ConflictException", "PreconditionFailedException")) {
                throw exception;
            }
            return new Retry.Failed<>(exception, failure.retryAfter());
        }
    }

    /** A split is a canary of somebody: an alarm or a person decides on it, not a deployment that happens to come. */
    private void endSplit(FunctionName function, AliasRouting alias, String version, boolean force)
            throws DeployException {
        if (!force) {
            throw new DeployException(gradualRelease(function, alias) + "\nVersion " + version
                    + " is published. Run the deployment again when that release has ended, or turn on force to give all traffic"
                    + " to version " + version + " now.");
        }
        progress.warning(split(function, alias) + "; all traffic now goes to version " + version + " (force)");
    }

    private static String gradualRelease(FunctionName function, AliasRouting alias) {
        return split(function, alias) + ": a gradual release is in progress, and moving the alias would end it.";
    }

    private static String split(FunctionName function, AliasRouting alias) {
        return "Alias " + alias.name() + " of function " + function.name() + " " + alias.describe();
    }

    /** A repeated request of our own is refused in the same way as one that came after somebody else's. */
    private void failUnlessAt(FunctionName function, String alias, String version, String before)
            throws DeployException, InterruptedException {
        Optional<AliasRouting> now = traffic.find(function, alias);
        if (now.isEmpty() || !now.get().sendsAllTo(version)) {
            throw new DeployException("Alias " + alias + " of function " + function.name()
                    + " was changed by someone else at the same time: it pointed to version " + before
                    + now.map(there -> " and now points to " + there.version()).orElse(" and is gone")
                    + ".\nRun this again if it is to point to version " + version + ".");
        }
    }

    private AliasState create(FunctionName function, String alias, String version) {
        CreateAliasResponse response = session.lambda()
                .createAlias(r -> r.functionName(function.value()).name(alias).functionVersion(version));
        return new AliasState(
                alias,
                response.functionVersion(),
                response.aliasArn(),
                true,
                Optional.empty(),
                Optional.empty(),
                Optional.empty());
    }

    private AliasState update(FunctionName function, AliasRouting alias, String version) {
        UpdateAliasResponse response = session.lambda()
                .updateAlias(r -> r.functionName(function.value())
                        .name(alias.name())
                        .functionVersion(version)
                        .revisionId(alias.revisionId())
                        .routingConfig(routing -> routing.additionalVersionWeights(Map.of())));
        return new AliasState(
                alias.name(),
                response.functionVersion(),
                response.aliasArn(),
                true,
                Optional.of(alias.version()),
                Optional.empty(),
                Optional.empty());
    }
}
