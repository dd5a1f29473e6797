package io.jenkins.plugins.lambdanode.engine.aws.lambda;

import io.jenkins.plugins.lambdanode.engine.aws.client.AwsCalls;
import io.jenkins.plugins.lambdanode.engine.aws.client.AwsFailure;
import io.jenkins.plugins.lambdanode.engine.aws.client.AwsOperation;
import io.jenkins.plugins.lambdanode.engine.aws.client.AwsSession;
import io.jenkins.plugins.lambdanode.engine.base.Backoff;
import io.jenkins.plugins.lambdanode.engine.base.DeployException;
import io.jenkins.plugins.lambdanode.engine.base.Progress;
import io.jenkins.plugins.lambdanode.engine.pack.api.PackReport;
import io.jenkins.plugins.lambdanode.engine.workspace.Workspace;
import java.io.IOException;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.List;
import java.util.Optional;
import java.util.Set;
import java.util.function.Predicate;
import software.amazon.awssdk.services.lambda.model.GetLayerVersionResponse;
import software.amazon.awssdk.services.lambda.model.LayerVersionContentOutput;
import software.amazon.awssdk.services.lambda.model.LayerVersionsListItem;
import software.amazon.awssdk.services.lambda.model.ListLayerVersionsResponse;
import software.amazon.awssdk.services.lambda.model.PublishLayerVersionRequest;
import software.amazon.awssdk.services.lambda.model.PublishLayerVersionResponse;
import software.amazon.awssdk.services.lambda.model.ResourceNotFoundException;

/**
 * A layer that holds dependencies: finds its version with a content, publishes one where there is none, removes old ones.
 *
 * <p>ListLayerVersions tells a version's description and not its digest, so the description holds it. That is also the mark by
 * which a version that this class published is known.
 */
public final class DependencyLayer {

    private static final String MARK = "lambda-node-deploy: CodeSha256 ";

    private static final String MADE_FROM = ", made from ";

    private final String name;
    private final AwsSession session;
    private final Progress progress;
    private final IdempotentRequests requests;
    private final LambdaOperations operations;

    /** The newest versions as they were last listed; empty where they have changed since. */
    private Optional<ListLayerVersionsResponse> newest = Optional.empty();

    /** @param name the layer's name */
    public DependencyLayer(String name, AwsSession session, Workspace workspace, Progress progress) {
        this(name, session, workspace, progress, Backoff.REAL);
    }

    DependencyLayer(String name, AwsSession session, Workspace workspace, Progress progress, Backoff backoff) {
        this.name = name;
        this.session = session;
        this.progress = progress;
        this.requests = new IdempotentRequests(session, workspace, progress, backoff);
        this.operations = new LambdaOperations(session);
    }

    /**
     * The version that holds a package, one that is in use rather than another: one call where it is, two where it
     * is another one, whose digest Lambda is then asked for. The newest 50 versions are looked at.
     *
     * @param inUse ARNs of layer versions that functions have now
     */
    public Optional<LayerState> find(PackReport report, Set<String> inUse)
            throws DeployException, InterruptedException {
        for (LayerVersionsListItem version : described(text -> digest(text).equals(report.codeSha256()), inUse)) {
            if (inUse.contains(version.layerVersionArn())
                    || content(version.version(), report.codeSha256()).isPresent()) {
                return Optional.of(state(version.layerVersionArn(), version.version(), report, false));
            }
        }
        return Optional.empty();
    }

    /**
     * The version whose dependencies were installed from what has this key: one call where there is none, two where there is one.
     *
     * @param key 64 hexadecimal digits
     * @param inUse ARNs of layer versions that functions have now
     */
    public Optional<LayerState> findMadeFrom(String key, Set<String> inUse)
            throws DeployException, InterruptedException {
        for (LayerVersionsListItem version : described(text -> text.endsWith(MADE_FROM + key), inUse)) {
            String digest = digest(version.description());
            Optional<LayerVersionContentOutput> content = content(version.version(), digest);
            if (content.isPresent()) {
                return Optional.of(new LayerState(
                        name,
                        version.layerVersionArn(),
                        version.version(),
                        digest,
                        content.get().codeSize(),
                        false));
            }
        }
        return Optional.empty();
    }

    /** The CodeSha256 that a description of ours begins with; empty for another. */
    private static String digest(String description) {
        return description.startsWith(MARK)
                ? description.substring(MARK.length()).replaceFirst(MADE_FROM + ".*", "")
                : "";
    }

    /** Those of the newest 50 versions that this class published whose description says so, one in use first, then the newest. */
    private List<LayerVersionsListItem> described(Predicate<String> description, Set<String> inUse)
            throws DeployException, InterruptedException {
        newest = Optional.of(list(null));
        return newest.get().layerVersions().stream()
                .filter(version -> version.description() != null
                        && version.description().startsWith(MARK)
                        && description.test(version.description()))
                .sorted(Comparator.comparing(
                                (LayerVersionsListItem version) -> inUse.contains(version.layerVersionArn()))
                        .thenComparing(LayerVersionsListItem::version)
                        .reversed())
                .toList();
    }

    /** What a version holds, where that has a digest: anyone who may publish can write a description. */
    private Optional<LayerVersionContentOutput> content(long version, String digest)
            throws DeployException, InterruptedException {
        AwsOperation operation = operations.onLayer(
                "Lambda did not describe version " + version + " of",
                "GetLayerVersion",
                name,
                operations.layerArn(name) + ":" + version);
        Optional<GetLayerVersionResponse> there = AwsCalls.call(operation, () -> {
            try {
                return Optional.of(session.lambda()
                        .getLayerVersion(request -> request.layerName(name).versionNumber(version)));
            } catch (ResourceNotFoundException e) {
                return Optional.empty();
            }
        });
        return there.map(GetLayerVersionResponse::content).filter(content -> digest.equals(content.codeSha256()));
    }

    private ListLayerVersionsResponse list(String marker) throws DeployException, InterruptedException {
        // IAM knows no resource for it (Service Authorization Reference, AWS Lambda).
        AwsOperation operation =
                operations.onLayer("Lambda did not list the versions of", "ListLayerVersions", name, "*");
        return AwsCalls.call(operation, () -> {
            try {
                return session.lambda()
                        .listLayerVersions(request -> request.layerName(name).marker(marker));
            } catch (ResourceNotFoundException e) {
                return ListLayerVersionsResponse.builder()
                        .layerVersions(List.of())
                        .build();
            }
        });
    }

    /**
     * Publishes a package as a new version.
     *
     * @param key what the dependencies were made from, for {@link #findMadeFrom}; empty where that does not decide all
     * @param compatibleRuntimes for instance {@code nodejs24.x}
     * @param compatibleArchitectures {@code x86_64} or {@code arm64}, or both
     * @throws DeployException if Lambda refuses, or has got other bytes than those that were packaged
     */
    public LayerState publish(
            CodeSource source,
            PackReport report,
            Optional<String> key,
            List<String> compatibleRuntimes,
            List<String> compatibleArchitectures)
            throws IOException, InterruptedException {
        LayerOptions layer = new LayerOptions(name, compatibleRuntimes, compatibleArchitectures);
        String description =
                MARK + report.codeSha256() + key.map(MADE_FROM::concat).orElse("");
        AwsOperation operation = source.fetched(
                operations.onLayer(
                        "Lambda did not publish a version of", "PublishLayerVersion", name, operations.layerArn(name)),
                session.partition());
        PublishLayerVersionRequest request = CodeRequests.publish(layer, description, source);
        IdempotentRequests.Attempt<Published> attempt =
                requests.attempt(operation, source, lambda -> Published.from(lambda.publishLayerVersion(request)));
        Published published = requests.execute(new IdempotentRequests.Change<Published>() {
            @Override
            public AwsOperation operation() {
                return operation;
            }

            @Override
            public String codeStorage() throws InterruptedException {
                return new CodeStorage(session).ofLayer(name);
            }

            @Override
            public IdempotentRequests.Response<Published> send() throws IOException, InterruptedException {
                return attempt.send();
            }

            @Override
            public Published verify(Published response) throws DeployException {
                if (response.arn.isEmpty()) {
                    throw FunctionState.notFromLambda("{}", null);
                }
                if (!report.codeSha256().equals(response.codeSha256)) {
                    throw new DeployException("Version " + response.version + " of layer " + name
                            + " holds something else than was packaged: CodeSha256 is " + response.codeSha256
                            + ", the package's is " + report.codeSha256()
                            + "\nThe package was changed on its way or in the workspace. Run the deployment again.");
                }
                return response;
            }

            @Override
            public Optional<Published> findApplied(AwsFailure failure) throws DeployException, InterruptedException {
                return find(report, Set.of())
                        .map(there -> new Published(there.layerVersionArn(), there.version(), there.codeSha256()));
            }
        });
        newest = Optional.empty();
        return state(published.arn, published.version, report, true);
    }

    /** The response of PublishLayerVersion; the ARN is empty where it is not one. */
    private record Published(String arn, long version, String codeSha256) {
        static Published from(PublishLayerVersionResponse response) {
            boolean complete =
                    response.layerVersionArn() != null && response.version() != null && response.content() != null;
            return complete
                    ? new Published(
                            response.layerVersionArn(),
                            response.version(),
                            response.content().codeSha256())
                    : new Published("", 0, "");
        }
    }

    /**
     * Deletes the oldest of the versions that this class published, beyond so many. What cannot be deleted stays, and the log
     * says why: the deployment is done. Functions that have a deleted version keep it.
     *
     * @param keep how many are kept, the newest, 1 or more
     * @param inUse ARNs of layer versions that are never deleted
     */
    public void prune(int keep, Set<String> inUse) throws InterruptedException {
        try {
            List<LayerVersionsListItem> ours = new ArrayList<>();
            ListLayerVersionsResponse page = newest.isPresent() ? newest.get() : list(null);
            while (true) {
                page.layerVersions().stream()
                        .filter(version -> version.description() != null
                                && version.description().startsWith(MARK))
                        .forEach(ours::add);
                if (page.nextMarker() == null || page.nextMarker().isEmpty()) {
                    break;
                }
                page = list(page.nextMarker());
            }
            ours.sort(Comparator.comparing(LayerVersionsListItem::version).reversed());
            for (LayerVersionsListItem old : ours.subList(Math.min(keep, ours.size()), ours.size())) {
                if (!inUse.contains(old.layerVersionArn())) {
                    delete(old.version());
                }
            }
        } catch (DeployException e) {
            progress.warning("Old versions of layer " + name + " stay. " + e.getMessage());
        }
    }

    private void delete(long version) throws DeployException, InterruptedException {
        AwsOperation operation = operations.onLayer(
                "Lambda did not delete version " + version + " of",
                "DeleteLayerVersion",
                name,
                operations.layerArn(name) + ":" + version);
        AwsCalls.call(
                operation,
                () -> session.lambda()
                        .deleteLayerVersion(request -> request.layerName(name).versionNumber(version)));
        progress.log("Deleted version " + version + " of layer " + name);
    }

    private LayerState state(String arn, long version, PackReport report, boolean published) {
        return new LayerState(name, arn, version, report.codeSha256(), report.zippedBytes(), published);
    }
}
