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
import java.io.IOException;
import java.util.Map;
import java.util.Optional;
import software.amazon.awssdk.core.exception.SdkException;
import software.amazon.awssdk.services.lambda.model.AliasRoutingConfiguration;
import software.amazon.awssdk.services.lambda.model.GetAliasResponse;
import software.amazon.awssdk.services.lambda.model.ResourceNotFoundException;
import software.amazon.awssdk.services.lambda.model.UpdateAliasResponse;

/** Reads where aliases send their callers, and changes it where nobody else has since. */
public final class AliasTraffic {

    private final AwsSession session;
    private final Progress progress;
    private final Retry retry;
    private final LambdaOperations operations;

    public AliasTraffic(AwsSession session, Progress progress) {
        this.session = session;
        this.progress = progress;
        this.retry = new Retry(Backoff.REAL, IdempotentRequests.ATTEMPTS);
        this.operations = new LambdaOperations(session);
    }

    /** Somebody else has changed the alias: what it is now is theirs. */
    public static final class ChangedBySomeoneElse extends DeployException {
        private static final long serialVersionUID = 1L;

        /** @param now where the alias sends its callers; empty where it is gone */
        public ChangedBySomeoneElse(FunctionName function, String alias, String doing, Optional<AliasRouting> now) {
            super("Alias " + alias + " of function " + function.name() + " was changed by someone else while " + doing
                    + ": it now " + now.map(AliasRouting::describe).orElse("does not exist")
                    + ".\nThat is left as it is. Run the build again when they are done.");
        }
    }

    /** The alias as it is; empty where there is none. */
    public Optional<AliasRouting> find(FunctionName function, String alias)
            throws DeployException, InterruptedException {
        Optional<GetAliasResponse> there =
                AwsCalls.call(operations.onAlias("Lambda did not describe", "GetAlias", function, alias), () -> {
                    try {
                        return Optional.of(session.lambda()
                                .getAlias(r -> r.functionName(function.value()).name(alias)));
                    } catch (ResourceNotFoundException e) {
                        return Optional.empty();
                    }
                });
        if (there.isPresent() && there.get().name() == null) {
            throw FunctionState.notFromLambda("{}", null);
        }
        return there.map(is -> new AliasRouting(
                is.name(), is.aliasArn(), is.functionVersion(), weights(is.routingConfig()), is.revisionId()));
    }

    private static Map<String, Double> weights(AliasRoutingConfiguration routing) {
        return routing == null ? Map.of() : routing.additionalVersionWeights();
    }

    /**
     * Changes an alias that is still as it was seen. A change whose response is lost is asked after before it is sent again.
     *
     * @param doing what for, for the error where somebody else has changed it
     * @throws ChangedBySomeoneElse if it is not as it was seen, nor as it should be
     */
    public AliasRouting change(
            FunctionName function, AliasRouting seen, String version, Map<String, Double> weights, String doing)
            throws IOException, InterruptedException {
        AwsOperation operation =
                operations.onAlias("Lambda did not change the traffic of", "UpdateAlias", function, seen.name());
        return retry.run(failures -> {
            try {
                UpdateAliasResponse is = AwsCalls.interruptible(() -> session.lambdaOnce()
                        .updateAlias(r -> r.functionName(function.value())
                                .name(seen.name())
                                .functionVersion(version)
                                .revisionId(seen.revisionId())
                                .routingConfig(routing -> routing.additionalVersionWeights(weights))));
                if (is.functionVersion() == null) {
                    throw FunctionState.notFromLambda("{}", null);
                }
                return new Retry.Done<>(new AliasRouting(
                        is.name(), is.aliasArn(), is.functionVersion(), weights(is.routingConfig()), is.revisionId()));
            } catch (SdkException e) {
                AwsFailure failure = AwsFailure.of(e);
                boolean stale = failure.is("PreconditionFailedException");
                if (!stale && !failure.inDoubt() && !failure.throttled() && !failure.is("ResourceConflictException")) {
                    throw AwsErrors.exception(operation, failure, e);
                }
                Optional<AliasRouting> now = find(function, seen.name());
                if (now.isPresent() && now.get().sends(version, weights)) {
                    progress.log(
                            "Lambda did not confirm the change of " + operation.subject() + ", but has applied it");
                    return new Retry.Done<>(now.get());
                }
                if (now.isEmpty() || !now.get().revisionId().equals(seen.revisionId())) {
                    throw new ChangedBySomeoneElse(function, seen.name(), doing, now);
                }
                return new Retry.Failed<>(AwsErrors.exception(operation, failure, e), failure.retryAfter());
            }
        });
    }
}
