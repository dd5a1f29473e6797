package io.jenkins.plugins.lambdanode.engine.aws.lambda;

import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import io.jenkins.plugins.lambdanode.engine.base.DeployException;
import io.jenkins.plugins.lambdanode.engine.base.SafeText;
import java.util.List;
import java.util.function.Predicate;
import java.util.stream.StreamSupport;
import software.amazon.awssdk.services.lambda.model.GetFunctionConfigurationResponse;
import software.amazon.awssdk.services.lambda.model.LambdaResponse;
import software.amazon.awssdk.services.lambda.model.Layer;

/**
 * A function as Lambda describes it in the answers of GetFunctionConfiguration, UpdateFunctionCode and CreateFunction, with
 * the names of those answers. A text is empty and a number 0 where Lambda does not say. The environment is left out: its
 * values can be secrets.
 *
 * @param codeSize bytes of the deployment package
 * @param timeout seconds
 * @param memorySize MB
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
        List<String> architectures) {

    private static final ObjectMapper JSON = new ObjectMapper();

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

    /** From an answer of the SDK: GetFunctionConfiguration's, UpdateFunctionCode's, CreateFunction's or PublishVersion's. */
    public static FunctionState from(LambdaResponse answer) {
        return new FunctionState(
                text(answer, "FunctionName"),
                text(answer, "FunctionArn"),
                text(answer, "Runtime"),
                text(answer, "Role"),
                text(answer, "Handler"),
                answer.getValueForField("CodeSize", Long.class).orElse(0L),
                text(answer, "Description"),
                answer.getValueForField("Timeout", Integer.class).orElse(0),
                answer.getValueForField("MemorySize", Integer.class).orElse(0),
                text(answer, "LastModified"),
                text(answer, "CodeSha256"),
                text(answer, "Version"),
                text(answer, "KMSKeyArn"),
                text(answer, "RevisionId"),
                list(answer, "Layers").stream()
                        .map(Layer.class::cast)
                        .map(layer -> new LayerVersion(layer.arn(), layer.codeSize() == null ? 0 : layer.codeSize()))
                        .toList(),
                text(answer, "State"),
                text(answer, "StateReason"),
                text(answer, "StateReasonCode"),
                text(answer, "LastUpdateStatus"),
                text(answer, "LastUpdateStatusReason"),
                text(answer, "LastUpdateStatusReasonCode"),
                text(answer, "PackageType"),
                list(answer, "Architectures").stream().map(Object::toString).toList());
    }

    /** A function that does not exist: nothing is known but its name. */
    public static FunctionState absent(FunctionName function) {
        return from(GetFunctionConfigurationResponse.builder()
                .functionName(function.name())
                .functionArn(function.value())
                .build());
    }

    /**
     * From the JSON text of such an answer.
     *
     * @throws DeployException if it is not the JSON text of a function
     */
    public static FunctionState parse(String json) throws DeployException {
        JsonNode answer;
        try {
            answer = JSON.readTree(json);
        } catch (JsonProcessingException e) {
            throw notFromLambda(json, e);
        }
        if (!answer.isObject() || text(answer, "FunctionName").isEmpty()) {
            throw notFromLambda(json, null);
        }
        return new FunctionState(
                text(answer, "FunctionName"),
                text(answer, "FunctionArn"),
                text(answer, "Runtime"),
                text(answer, "Role"),
                text(answer, "Handler"),
                answer.path("CodeSize").asLong(),
                text(answer, "Description"),
                answer.path("Timeout").asInt(),
                answer.path("MemorySize").asInt(),
                text(answer, "LastModified"),
                text(answer, "CodeSha256"),
                text(answer, "Version"),
                text(answer, "KMSKeyArn"),
                text(answer, "RevisionId"),
                elements(answer, "Layers").stream()
                        .map(layer -> new LayerVersion(text(layer, "Arn"), layer.path("CodeSize").asLong()))
                        .toList(),
                text(answer, "State"),
                text(answer, "StateReason"),
                text(answer, "StateReasonCode"),
                text(answer, "LastUpdateStatus"),
                text(answer, "LastUpdateStatusReason"),
                text(answer, "LastUpdateStatusReasonCode"),
                text(answer, "PackageType"),
                elements(answer, "Architectures").stream().map(JsonNode::asText).toList());
    }

    /** Whether it can be updated and called: it is not being created, and no update is taking effect. */
    public boolean settled() {
        return !state.equals("Pending") && !lastUpdateStatus.equals("InProgress");
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
     * The state that an answer of the SDK tells of, which takes any JSON text for one.
     *
     * @throws DeployException if it tells of none
     */
    FunctionState told() throws DeployException {
        if (functionName.isEmpty()) {
            throw notFromLambda("{}", null);
        }
        return this;
    }

    static DeployException notFromLambda(String json, Throwable cause) {
        return new DeployException(
                "The answer to the request is not Lambda's: " + SafeText.oneLine(json, 200)
                        + "\nCheck the endpoint, and whether a proxy answers in its place.",
                cause);
    }

    private static String text(LambdaResponse answer, String field) {
        return answer.getValueForField(field, Object.class).map(Object::toString).orElse("");
    }

    private static List<?> list(LambdaResponse answer, String field) {
        return answer.getValueForField(field, List.class).orElse(List.of());
    }

    private static String text(JsonNode answer, String field) {
        return answer.path(field).asText("");
    }

    private static List<JsonNode> elements(JsonNode answer, String field) {
        return StreamSupport.stream(answer.path(field).spliterator(), false).toList();
    }
}
