package io.jenkins.plugins.lambdanode.engine.aws.lambda;

import com.fasterxml.jackson.databind.node.JsonNodeFactory;
import com.fasterxml.jackson.databind.node.ObjectNode;
import io.jenkins.plugins.lambdanode.engine.aws.s3.StagedObject;
import io.jenkins.plugins.lambdanode.engine.http.Body;
import io.jenkins.plugins.lambdanode.engine.pack.api.PackReport;
import java.util.List;
import software.amazon.awssdk.services.lambda.model.Architecture;
import software.amazon.awssdk.services.lambda.model.CreateFunctionRequest;
import software.amazon.awssdk.services.lambda.model.PublishLayerVersionRequest;
import software.amazon.awssdk.services.lambda.model.UpdateFunctionCodeRequest;
import software.amazon.awssdk.utils.http.SdkHttpUtils;

/**
 * An UpdateFunctionCode, CreateFunction or PublishLayerVersion that carries the package: its path and its body, in the order in which the SDK
 * writes the members, so that both write the same bytes.
 *
 * @param method the HTTP method
 * @param path the path under the endpoint, encoded
 * @param body JSON around the package in base64
 */
record CodeRequest(String method, String path, Body body) {

    private static final String PACKAGE = "@package@";

    static CodeRequest update(FunctionName function, PackReport report, UpdateOptions options) {
        ObjectNode json = object().put("ZipFile", PACKAGE);
        if (options.dryRun()) {
            json.put("DryRun", true);
        }
        options.revisionId().ifPresent(id -> json.put("RevisionId", id));
        put(json, "Architectures", options.architectures());
        options.sourceKmsKeyArn().ifPresent(arn -> json.put("SourceKMSKeyArn", arn));
        return new CodeRequest(
                "PUT",
                "/2015-03-31/functions/" + SdkHttpUtils.urlEncode(function.value()) + "/code",
                around(json, report));
    }

    static CodeRequest create(FunctionName function, PackReport report, CreateOptions options) {
        ObjectNode json = object().put("FunctionName", function.value())
                .put("Runtime", options.runtime())
                .put("Role", options.role())
                .put("Handler", options.handler());
        json.set("Code", object().put("ZipFile", PACKAGE));
        if (!options.description().isEmpty()) {
            json.put("Description", options.description());
        }
        options.timeout().ifPresent(seconds -> json.put("Timeout", seconds));
        options.memorySize().ifPresent(megabytes -> json.put("MemorySize", megabytes));
        if (!options.environment().isEmpty()) {
            ObjectNode variables = object();
            options.environment().forEach(variables::put);
            json.set("Environment", object().set("Variables", variables));
        }
        put(json, "Layers", options.layers());
        put(json, "Architectures", options.architectures());
        return new CodeRequest("POST", "/2015-03-31/functions", around(json, report));
    }

    static CodeRequest publish(LayerOptions layer, String description, PackReport report) {
        ObjectNode json = object().put("Description", description);
        json.set("Content", object().put("ZipFile", PACKAGE));
        put(json, "CompatibleRuntimes", layer.compatibleRuntimes());
        put(json, "CompatibleArchitectures", layer.compatibleArchitectures());
        return new CodeRequest(
                "POST",
                "/2018-10-31/layers/" + SdkHttpUtils.urlEncode(layer.name()) + "/versions",
                around(json, report));
    }

    static PublishLayerVersionRequest publish(LayerOptions layer, String description, StagedObject object) {
        PublishLayerVersionRequest.Builder request = PublishLayerVersionRequest.builder()
                .layerName(layer.name())
                .description(description)
                .content(content -> content.s3Bucket(object.bucket())
                        .s3Key(object.key())
                        .s3ObjectVersion(object.version().orElse(null)));
        if (!layer.compatibleRuntimes().isEmpty()) {
            request.compatibleRuntimesWithStrings(layer.compatibleRuntimes());
        }
        if (!layer.compatibleArchitectures().isEmpty()) {
            request.compatibleArchitecturesWithStrings(layer.compatibleArchitectures());
        }
        return request.build();
    }

    static UpdateFunctionCodeRequest update(FunctionName function, StagedObject object, UpdateOptions options) {
        UpdateFunctionCodeRequest.Builder request = UpdateFunctionCodeRequest.builder()
                .functionName(function.value())
                .s3Bucket(object.bucket())
                .s3Key(object.key())
                .s3ObjectVersion(object.version().orElse(null))
                .revisionId(options.revisionId().orElse(null))
                .sourceKMSKeyArn(options.sourceKmsKeyArn().orElse(null));
        if (options.dryRun()) {
            request.dryRun(true);
        }
        if (!options.architectures().isEmpty()) {
            request.architectures(architectures(options.architectures()));
        }
        return request.build();
    }

    static CreateFunctionRequest create(FunctionName function, StagedObject object, CreateOptions options) {
        CreateFunctionRequest.Builder request = CreateFunctionRequest.builder()
                .functionName(function.value())
                .runtime(options.runtime())
                .role(options.role())
                .handler(options.handler())
                .code(code -> code.s3Bucket(object.bucket())
                        .s3Key(object.key())
                        .s3ObjectVersion(object.version().orElse(null)));
        if (!options.description().isEmpty()) {
            request.description(options.description());
        }
        options.timeout().ifPresent(request::timeout);
        options.memorySize().ifPresent(request::memorySize);
        if (!options.environment().isEmpty()) {
            request.environment(environment -> environment.variables(options.environment()));
        }
        if (!options.layers().isEmpty()) {
            request.layers(options.layers());
        }
        if (!options.architectures().isEmpty()) {
            request.architectures(architectures(options.architectures()));
        }
        return request.build();
    }

    private static Body around(ObjectNode json, PackReport report) {
        String text = json.toString();
        String field = "\"ZipFile\":\"";
        int at = text.indexOf(field + PACKAGE + "\"") + field.length();
        return Body.base64InJson(
                report.file(), report.zippedBytes(), text.substring(0, at), text.substring(at + PACKAGE.length()));
    }

    private static void put(ObjectNode json, String field, List<String> values) {
        if (!values.isEmpty()) {
            values.forEach(json.withArray("/" + field)::add);
        }
    }

    private static List<Architecture> architectures(List<String> names) {
        return names.stream().map(Architecture::fromValue).toList();
    }

    private static ObjectNode object() {
        return JsonNodeFactory.instance.objectNode();
    }
}
