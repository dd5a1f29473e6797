package io.jenkins.plugins.lambdanode.engine.aws.lambda;

import io.jenkins.plugins.lambdanode.engine.base.Arn;
import io.jenkins.plugins.lambdanode.engine.base.DeployException;
import io.jenkins.plugins.lambdanode.engine.base.SafeText;
import java.util.List;
import java.util.Optional;
import java.util.function.Predicate;
import software.amazon.awssdk.services.lambda.model.CapacityProviderConfig;
import software.amazon.awssdk.services.lambda.model.EnvironmentResponse;
import software.amazon.awssdk.services.lambda.model.GetFunctionConfigurationResponse;
import software.amazon.awssdk.services.lambda.model.LambdaManagedInstancesCapacityProviderConfig;
import software.amazon.awssdk.services.lambda.model.LambdaResponse;
import software.amazon.awssdk.services.lambda.model.Layer;
import software.amazon.awssdk.services.lambda.model.LoggingConfig;

/**
 * A function as Lambda describes it in the responses of GetFunctionConfiguration, UpdateFunctionCode and CreateFunction, with
 * the names of those responses. A text is empty and a number 0 where Lambda does not say. Of the
 * environment there is NODE_PATH alone: other values can be secrets.
 *
 * @param codeSize bytes of the deployment package
 * @param timeout seconds
 * @param memorySize MB
 * @param logGroup the name of the CloudWatch log group that it writes to
 */
public record FunctionState(
        String functionName,
        String functionArn,
        String runtime,
        String role,
        String handler,
        long codeSize,
        String description,
        int timeout,
        int memorySize,
        String lastModified,
        String codeSha256,
        String version,
        String kmsKeyArn,
        String revisionId,
        List<LayerVersion> layers,
        String state,
        String stateReason,
        String stateReasonCode,
        String lastUpdateStatus,
        String lastUpdateStatusReason,
        String lastUpdateStatusReasonCode,
        String packageType,
        String capacityProviderArn,
        List<String> architectures,
        String nodePath,
        String logGroup) {

    public FunctionState {
        layers = List.copyOf(layers);
        architectures = List.copyOf(architectures);
    }

    /**
     * A layer of a function.
     *
     * @param arn the layer version's ARN
     * @param codeSize bytes of its ZIP
     */
    public record LayerVersion(String arn, long codeSize) {}

    /** From a response of the SDK: GetFunctionConfiguration's, UpdateFunctionCode's, CreateFunction's or PublishVersion's. */
    public static FunctionState from(LambdaResponse response) {
        return new FunctionState(
                text(response, "FunctionName"),
                text(response, "FunctionArn"),
                text(response, "Runtime"),
                text(response, "Role"),
                text(response, "Handler"),
                response.getValueForField("CodeSize", Long.class).orElse(0L),
                text(response, "Description"),
                response.getValueForField("Timeout", Integer.class).orElse(0),
                response.getValueForField("MemorySize", Integer.class).orElse(0),
                text(response, "LastModified"),
                text(response, "CodeSha256"),
                text(response, "Version"),
                text(response, "KMSKeyArn"),
                text(response, "RevisionId"),
                list(response, "Layers").stream()
                        .map(Layer.class::cast)
                        .map(layer -> new LayerVersion(layer.arn(), layer.codeSize() == null ? 0 : layer.codeSize()))
                        .toList(),
                text(response, "State"),
                text(response, "StateReason"),
                text(response, "StateReasonCode"),
                text(response, "LastUpdateStatus"),
                text(response, "LastUpdateStatusReason"),
                text(response, "LastUpdateStatusReasonCode"),
                text(response, "PackageType"),
                response.getValueForField("CapacityProviderConfig", CapacityProviderConfig.class)
                        .map(CapacityProviderConfig::lambdaManagedInstancesCapacityProviderConfig)
                        .map(LambdaManagedInstancesCapacityProviderConfig::capacityProviderArn)
                        .orElse(""),
                list(response, "Architectures").stream().map(Object::toString).toList(),
                response.getValueForField("Environment", EnvironmentResponse.class)
                        .map(environment -> environment.variables().getOrDefault("NODE_PATH", ""))
                        .orElse(""),
                response.getValueForField("LoggingConfig", LoggingConfig.class)
                        .map(LoggingConfig::logGroup)
                        .orElse(""));
    }

    /** A function that does not exist: nothing is known but its name. */
    public static FunctionState absent(FunctionName function) {
        return from(GetFunctionConfigurationResponse.builder()
                .functionName(function.name())
                .functionArn(function.value())
                .build());
    }

    /** Whether it can be updated and called: it is not being created, and no update is taking effect. */
    public boolean settled() {
        return !state.equals("Pending") && !lastUpdateStatus.equals("InProgress");
    }

    /** Whether it runs on Lambda Managed Instances, where only published code is run. */
    public boolean onManagedInstances() {
        return !capacityProviderArn.isEmpty();
    }

    /** The function's account, 12 digits; empty where its ARN does not say it. */
    public Optional<String> account() {
        return Arn.account(functionArn);
    }

    /** A version under the ARN of its function, by which records know it. */
    public FunctionState withArn(String arn) {
        return new FunctionState(
                functionName,
                arn,
                runtime,
                role,
                handler,
                codeSize,
                description,
                timeout,
                memorySize,
                lastModified,
                codeSha256,
                version,
                kmsKeyArn,
                revisionId,
                layers,
                state,
                stateReason,
                stateReasonCode,
                lastUpdateStatus,
                lastUpdateStatusReason,
                lastUpdateStatusReasonCode,
                packageType,
                capacityProviderArn,
                architectures,
                nodePath,
                logGroup);
    }

    /** The ARNs of its layers' versions, in their order. */
    public List<String> layerArns() {
        return layers.stream().map(LayerVersion::arn).toList();
    }

    /** Whether a layer version is one of the layer of this name in the function's own account and region. */
    public boolean isVersionOf(String layerName, String layerVersionArn) {
        return layerVersionArn.startsWith(functionArn.replaceFirst(":function:.*", ":layer:" + layerName + ":"));
    }

    /** The sum of the ZIPs of some of its layers in bytes: a lower bound of what they take unzipped. */
    public long layerBytes(Predicate<String> whichArn) {
        return layers.stream()
                .filter(layer -> whichArn.test(layer.arn()))
                .mapToLong(LayerVersion::codeSize)
                .sum();
    }

    /**
     * This state, where it is one: the SDK takes any JSON text for a response.
     *
     * @throws DeployException if no function is described
     */
    FunctionState requireLambdaResponse() throws DeployException {
        if (functionName.isEmpty()) {
            throw notFromLambda("{}", null);
        }
        return this;
    }

    static DeployException notFromLambda(String json, Throwable cause) {
        return new DeployException(
                "The response to the request is not Lambda's: " + SafeText.oneLine(json, 200)
                        + "\nCheck the endpoint, and whether a proxy responds instead of Lambda.",
                cause);
    }

    private static String text(LambdaResponse response, String field) {
        return response.getValueForField(field, Object.class)
                .map(Object::toString)
                .orElse("");
    }

    private static List<?> list(LambdaResponse response, String field) {
        return response.getValueForField(field, List.class).orElse(List.of());
    }
}
