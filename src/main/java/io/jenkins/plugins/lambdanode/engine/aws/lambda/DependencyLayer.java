package io.jenkins.plugins.lambdanode.engine.aws.lambda;

import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import io.jenkins.plugins.lambdanode.engine.aws.client.AwsErrors;
import io.jenkins.plugins.lambdanode.engine.aws.client.AwsSession;
import io.jenkins.plugins.lambdanode.engine.aws.client.AwsOperation;
import io.jenkins.plugins.lambdanode.engine.aws.client.AwsFailure;
import io.jenkins.plugins.lambdanode.engine.base.DeployException;
import io.jenkins.plugins.lambdanode.engine.base.Backoff;
import io.jenkins.plugins.lambdanode.engine.base.Progress;
import io.jenkins.plugins.lambdanode.engine.pack.api.PackReport;
import io.jenkins.plugins.lambdanode.engine.workspace.Workspace;
import java.io.IOException;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.List;
import java.util.Optional;
import java.util.Set;
import software.amazon.awssdk.services.lambda.model.GetLayerVersionResponse;
import software.amazon.awssdk.services.lambda.model.LayerVersionsListItem;
import software.amazon.awssdk.services.lambda.model.ListLayerVersionsResponse;
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

    private static final ObjectMapper JSON = new ObjectMapper();

    private final String name;
    private final AwsSession session;
    private final Progress progress;
    private final IdempotentRequests changes;

    /** The newest versions as they were last listed; empty where they have changed since. */
    private Optional<ListLayerVersionsResponse> newest = Optional.empty();

    /** @param name the layer's name */
    public DependencyLayer(String name, AwsSession session, Workspace workspace, Progress progress) {
        this(name, session, workspace, progress, Backoff.REAL);
    }

    DependencyLayer(String name, AwsSession session, Workspace workspace, Progress progress, Backoff pacing) {
        this.name = name;
        this.session = session;
        this.progress = progress;
        this.changes = new IdempotentRequests(session, workspace, progress, pacing);
    }

    /**
     * The version that holds a package, one that is in use rather than another: one call where it is, two where it
     * is another one, whose digest Lambda is then asked for. The newest 50 versions are looked at.
     *
     * @param inUse ARNs of layer versions that functions have now
     */
    public Optional<LayerState> find(PackReport report, Set<String> inUse)
            throws DeployException, InterruptedException {
        newest = Optional.of(list(null));
        List<LayerVersionsListItem> same = newest.get().layerVersions().stream()
                .filter(version -> (MARK + report.codeSha256()).equals(version.description()))
                .sorted(Comparator.comparing((LayerVersionsListItem version) -> inUse.contains(version.layerVersionArn()))
                        .thenComparing(LayerVersionsListItem::version)
                        .reversed())
                .toList();
        for (LayerVersionsListItem version : same) {
            if (inUse.contains(version.layerVersionArn()) || holds(version.version(), report)) {
                return Optional.of(state(version.layerVersionArn(), version.version(), report, false));
            }
        }
        return Optional.empty();
    }

    /** Anyone who may publish can write a description. */
    private boolean holds(long version, PackReport report) throws DeployException, InterruptedException {
        AwsOperation call = call("Lambda did not describe version " + version + " of", "GetLayerVersion", arn() + ":" + version);
        Optional<GetLayerVersionResponse> there = AwsErrors.asking(call, () -> {
            try {
                return Optional.of(session.lambda()
                        .getLayerVersion(request -> request.layerName(name).versionNumber(version)));
            } catch (ResourceNotFoundException e) {
                return Optional.empty();
            }
        });
        return there.isPresent() && there.get().content() != null && report.codeSha256().equals(there.get().content().codeSha256());
    }

    private ListLayerVersionsResponse list(String marker) throws DeployException, InterruptedException {
        // IAM knows no resource for it (Service Authorization Reference, AWS Lambda).
        AwsOperation call = call("Lambda did not list the versions of", "ListLayerVersions", "*");
        return AwsErrors.asking(call, () -> {
            try {
                return session.lambda().listLayerVersions(request -> request.layerName(name).marker(marker));
            } catch (ResourceNotFoundException e) {
                return ListLayerVersionsResponse.builder().layerVersions(List.of()).build();
            }
        });
    }

    /**
     * Publishes a package as a new version.
     *
     * @param compatibleRuntimes for instance {@code nodejs24.x}
     * @param compatibleArchitectures {@code x86_64} or {@code arm64}, or both
     * @throws DeployException if Lambda refuses, or has got other bytes than those that were packaged
     */
    public LayerState publish(
            CodeSource source, PackReport report, List<String> compatibleRuntimes, List<String> compatibleArchitectures)
            throws IOException, InterruptedException {
        LayerOptions layer = new LayerOptions(name, compatibleRuntimes, compatibleArchitectures);
        String description = MARK + report.codeSha256();
        AwsOperation call = call("Lambda did not publish a version of", "PublishLayerVersion", arn());
        IdempotentRequests.Attempt<Published> attempt = source instanceof CodeSource.Direct direct
                ? changes.direct(call, CodeRequest.publish(layer, description, direct.report()), Published::parse)
                : () -> IdempotentRequests.bySdk(() -> Published.from(session.lambdaOnce()
                        .publishLayerVersion(
                                CodeRequest.publish(layer, description, ((CodeSource.Staged) source).object()))));
        Published published = changes.carriedOut(new IdempotentRequests.Change<Published>() {
            @Override
            public AwsOperation call() {
                return call;
            }

            @Override
            public IdempotentRequests.Outcome<Published> send() throws IOException, InterruptedException {
                return attempt.send();
            }

            @Override
            public Published checked(Published answer) throws DeployException {
                if (answer.arn.isEmpty()) {
                    throw FunctionState.notFromLambda("{}", null);
                }
                if (!report.codeSha256().equals(answer.codeSha256)) {
                    throw new DeployException("Version " + answer.version + " of layer " + name
                            + " holds something else than was packaged: CodeSha256 is " + answer.codeSha256
                            + ", the package's is " + report.codeSha256()
                            + "\nThe package was changed on its way or in the workspace. Run the deployment again.");
                }
                return answer;
            }

            @Override
            public Optional<Published> already(AwsFailure refusal) throws DeployException, InterruptedException {
                return find(report, Set.of())
                        .map(there -> new Published(there.layerVersionArn(), there.version(), there.codeSha256()));
            }
        });
        newest = Optional.empty();
        return state(published.arn, published.version, report, true);
    }

    /** The answer of PublishLayerVersion. */
    private record Published(String arn, long version, String codeSha256) {

        static Published from(PublishLayerVersionResponse answer) {
            boolean told = answer.layerVersionArn() != null && answer.version() != null && answer.content() != null;
            return told
                    ? new Published(answer.layerVersionArn(), answer.version(), answer.content().codeSha256())
                    : new Published("", 0, "");
        }

        static Published parse(String json) throws DeployException {
            try {
                JsonNode answer = JSON.readTree(json);
                if (answer.path("LayerVersionArn").isTextual()) {
                    return new Published(
                            answer.path("LayerVersionArn").asText(),
                            answer.path("Version").asLong(),
                            answer.path("Content").path("CodeSha256").asText());
                }
                throw FunctionState.notFromLambda(json, null);
            } catch (JsonProcessingException e) {
                throw FunctionState.notFromLambda(json, e);
            }
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
                        .filter(version -> version.description() != null && version.description().startsWith(MARK))
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
            progress.log("WARNING: Old versions of layer " + name + " stay. " + e.getMessage());
        }
    }

    private void delete(long version) throws DeployException, InterruptedException {
        AwsOperation call = call("Lambda did not delete version " + version + " of", "DeleteLayerVersion", arn() + ":" + version);
        AwsErrors.asking(
                call,
                () -> session.lambda()
                        .deleteLayerVersion(request -> request.layerName(name).versionNumber(version)));
        progress.log("Deleted version " + version + " of layer " + name);
    }

    private LayerState state(String arn, long version, PackReport report, boolean published) {
        return new LayerState(name, arn, version, report.codeSha256(), report.zippedBytes(), published);
    }

    private String arn() {
        return "arn:" + session.partition() + ":lambda:" + session.region() + ":*:layer:" + name;
    }

    private AwsOperation call(String failed, String operation, String resource) {
        return new AwsOperation(
                failed + " layer " + name,
                "lambda:" + operation,
                resource,
                "layer " + name,
                session.place("lambda"));
    }
}
