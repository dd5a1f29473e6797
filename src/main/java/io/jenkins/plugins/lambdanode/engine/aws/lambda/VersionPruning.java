package io.jenkins.plugins.lambdanode.engine.aws.lambda;

import io.jenkins.plugins.lambdanode.engine.aws.client.AwsCalls;
import io.jenkins.plugins.lambdanode.engine.aws.client.AwsErrors;
import io.jenkins.plugins.lambdanode.engine.aws.client.AwsFailure;
import io.jenkins.plugins.lambdanode.engine.aws.client.AwsOperation;
import io.jenkins.plugins.lambdanode.engine.aws.client.AwsSession;
import io.jenkins.plugins.lambdanode.engine.base.DeployException;
import io.jenkins.plugins.lambdanode.engine.base.Progress;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.HashSet;
import java.util.List;
import java.util.Set;
import java.util.stream.Collectors;
import software.amazon.awssdk.core.exception.SdkException;
import software.amazon.awssdk.services.lambda.LambdaClient;
import software.amazon.awssdk.services.lambda.model.FunctionConfiguration;
import software.amazon.awssdk.services.lambda.model.ProvisionedConcurrencyConfigNotFoundException;
import software.amazon.awssdk.services.lambda.model.ResourceNotFoundException;

/** Deletes old versions of functions. */
public final class VersionPruning {

    private final AwsSession session;
    private final Progress progress;
    private final LambdaOperations operations;

    public VersionPruning(AwsSession session, Progress progress) {
        this.session = session;
        this.progress = progress;
        this.operations = new LambdaOperations(session);
    }

    /**
     * Deletes a function's versions but the newest, those that an alias leads to or shares traffic with, and those with provisioned
     * concurrency. Where that is not allowed or fails, a warning says so.
     *
     * @param keep how many of the newest stay, one at least
     * @param inUse others that stay
     * @return those that were deleted
     */
    public List<String> prune(FunctionName function, int keep, Set<String> inUse) throws InterruptedException {
        List<String> deleted = new ArrayList<>();
        try {
            Set<String> staying = new HashSet<>(inUse);
            List<String> versions = AwsCalls.call(
                    operations.onFunction("Lambda did not list the versions of", "ListVersionsByFunction", function),
                    () -> published(session.lambda(), function));
            if (versions.size() <= keep) {
                return deleted;
            }
            staying.addAll(versions.subList(0, keep));
            staying.addAll(ofAliases(function));
            staying.addAll(withProvisionedConcurrency(function));
            versions.removeAll(staying);
            delete(function, versions, deleted);
        } catch (DeployException e) {
            progress.warning("Old versions of function " + function.name() + " stay. " + e.getMessage());
        }
        return deleted;
    }

    /** The numbers of a function's published versions, the newest first. */
    static List<String> published(LambdaClient lambda, FunctionName function) {
        return lambda
                .listVersionsByFunctionPaginator(request -> request.functionName(function.value()))
                .versions()
                .stream()
                .map(FunctionConfiguration::version)
                .filter(version -> version.matches("\\d+"))
                .sorted(Comparator.comparingLong((String version) -> Long.parseLong(version))
                        .reversed())
                .collect(Collectors.toCollection(ArrayList::new));
    }

    private Set<String> ofAliases(FunctionName function) throws DeployException, InterruptedException {
        return AwsCalls.call(
                operations.onFunction("Lambda did not list the aliases of", "ListAliases", function), () -> {
                    Set<String> versions = new HashSet<>();
                    session.lambda()
                            .listAliasesPaginator(request -> request.functionName(function.value()))
                            .aliases()
                            .forEach(alias -> {
                                versions.add(alias.functionVersion());
                                if (alias.routingConfig() != null) {
                                    versions.addAll(alias.routingConfig()
                                            .additionalVersionWeights()
                                            .keySet());
                                }
                            });
                    return versions;
                });
    }

    private Set<String> withProvisionedConcurrency(FunctionName function) throws DeployException, InterruptedException {
        return AwsCalls.call(
                operations.onFunction(
                        "Lambda did not list the provisioned concurrency of",
                        "ListProvisionedConcurrencyConfigs",
                        function),
                () -> {
                    Set<String> versions = new HashSet<>();
                    try {
                        session.lambda()
                                .listProvisionedConcurrencyConfigsPaginator(
                                        request -> request.functionName(function.value()))
                                .provisionedConcurrencyConfigs()
                                .forEach(config ->
                                        versions.add(config.functionArn().replaceFirst("^.*:", "")));
                    } catch (ProvisionedConcurrencyConfigNotFoundException e) {
                        // None at all.
                    }
                    return versions;
                });
    }

    /** One that Lambda keeps, as the replicas of Lambda@Edge do, does not keep the others. */
    private void delete(FunctionName function, List<String> versions, List<String> deleted)
            throws DeployException, InterruptedException {
        List<String> refused = new ArrayList<>();
        String why = "";
        for (String version : versions) {
            AwsOperation operation = operations.onVersion("Lambda did not delete", "DeleteFunction", function, version);
            try {
                AwsCalls.interruptible(() -> session.lambda()
                        .deleteFunction(request ->
                                request.functionName(function.value()).qualifier(version)));
                progress.log("Deleted version " + version + " of function " + function.name());
                deleted.add(version);
            } catch (ResourceNotFoundException e) {
                progress.log("Version " + version + " of function " + function.name() + " is deleted already");
                deleted.add(version);
            } catch (SdkException e) {
                AwsFailure failure = AwsFailure.of(e);
                if (!failure.is("InvalidParameterValueException", "ResourceConflictException")) {
                    throw AwsErrors.exception(operation, failure, e);
                }
                refused.add(version);
                why = AwsErrors.exception(operation, failure, e).getMessage();
            }
        }
        if (!refused.isEmpty()) {
            progress.warning("Versions of function " + function.name() + " that keepVersions would delete stay: "
                    + String.join(", ", refused) + ". " + why);
        }
    }
}
