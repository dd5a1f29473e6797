package io.jenkins.plugins.lambdanode.engine.aws.lambda;

import io.jenkins.plugins.lambdanode.engine.aws.client.AwsCalls;
import io.jenkins.plugins.lambdanode.engine.aws.client.AwsSession;
import io.jenkins.plugins.lambdanode.engine.base.DeployException;
import io.jenkins.plugins.lambdanode.engine.base.Progress;
import java.util.Comparator;
import java.util.HashSet;
import java.util.List;
import java.util.Set;
import software.amazon.awssdk.services.lambda.LambdaClient;
import software.amazon.awssdk.services.lambda.model.FunctionConfiguration;
import software.amazon.awssdk.services.lambda.model.ProvisionedConcurrencyConfigNotFoundException;

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
     */
    public void prune(FunctionName function, int keep, Set<String> inUse) throws InterruptedException {
        try {
            Set<String> staying = new HashSet<>(inUse);
            List<String> versions = AwsCalls.call(
                    operations.onFunction("Lambda did not list the versions of", "ListVersionsByFunction", function),
                    () -> published(session.lambda(), function));
            if (versions.size() <= keep) {
                return;
            }
            staying.addAll(versions.subList(0, keep));
            staying.addAll(ofAliases(function));
            staying.addAll(withProvisionedConcurrency(function));
            for (String version : versions) {
                if (!staying.contains(version)) {
                    delete(function, version);
                }
            }
        } catch (DeployException e) {
            progress.warning("Old versions of function " + function.name() + " stay. " + e.getMessage());
        }
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
                .toList();
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

    private void delete(FunctionName function, String version) throws DeployException, InterruptedException {
        AwsCalls.call(
                operations.onVersion("Lambda did not delete", "DeleteFunction", function, version),
                () -> session.lambda()
                        .deleteFunction(request ->
                                request.functionName(function.value()).qualifier(version)));
        progress.log("Deleted version " + version + " of function " + function.name());
    }
}
