package io.jenkins.plugins.lambdanode.engine.aws.lambda;

import io.jenkins.plugins.lambdanode.engine.aws.s3.StagedObject;
import java.util.UUID;
import software.amazon.awssdk.core.SdkBytes;
import software.amazon.awssdk.services.lambda.model.Architecture;
import software.amazon.awssdk.services.lambda.model.CreateFunctionRequest;
import software.amazon.awssdk.services.lambda.model.FunctionCode;
import software.amazon.awssdk.services.lambda.model.LayerVersionContentInput;
import software.amazon.awssdk.services.lambda.model.PublishLayerVersionRequest;
import software.amazon.awssdk.services.lambda.model.UpdateFunctionCodeRequest;

/** The requests that carry a package, or say where in S3 it is. */
final class CodeRequests {

    /** In place of a package that the workspace sends; no other text of a request has its base64. */
    static final SdkBytes PACKAGE = SdkBytes.fromUtf8String(UUID.randomUUID() + "-" + UUID.randomUUID());

    private CodeRequests() {}

    static UpdateFunctionCodeRequest update(FunctionName function, CodeSource source, UpdateOptions options) {
        UpdateFunctionCodeRequest.Builder request = UpdateFunctionCodeRequest.builder()
                .functionName(function.value())
                .revisionId(options.revisionId().orElse(null))
                .sourceKMSKeyArn(options.sourceKmsKeyArn().orElse(null));
        if (source instanceof CodeSource.Staged staged) {
            StagedObject object = staged.object();
            request.s3Bucket(object.bucket())
                    .s3Key(object.key())
                    .s3ObjectVersion(object.version().orElse(null));
        } else {
            request.zipFile(PACKAGE);
        }
        if (options.dryRun()) {
            request.dryRun(true);
        }
        if (!options.architectures().isEmpty()) {
            request.architectures(options.architectures().stream()
                    .map(Architecture::fromValue)
                    .toList());
        }
        return request.build();
    }

    static CreateFunctionRequest create(FunctionName function, CodeSource source, CreateOptions options) {
        CreateFunctionRequest.Builder request = CreateFunctionRequest.builder()
                .functionName(function.value())
                .runtime(options.runtime())
                .role(options.role())
                .handler(options.handler())
                .code(functionCode(source, options));
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
            request.architectures(options.architectures().stream()
                    .map(Architecture::fromValue)
                    .toList());
        }
        return request.build();
    }

    private static FunctionCode functionCode(CodeSource source, CreateOptions options) {
        FunctionCode.Builder code =
                FunctionCode.builder().sourceKMSKeyArn(options.sourceKmsKeyArn().orElse(null));
        if (source instanceof CodeSource.Staged staged) {
            StagedObject object = staged.object();
            code.s3Bucket(object.bucket())
                    .s3Key(object.key())
                    .s3ObjectVersion(object.version().orElse(null));
        } else {
            code.zipFile(PACKAGE);
        }
        return code.build();
    }

    static PublishLayerVersionRequest publish(LayerOptions layer, String description, CodeSource source) {
        PublishLayerVersionRequest.Builder request = PublishLayerVersionRequest.builder()
                .layerName(layer.name())
                .description(description)
                .content(layerContent(source));
        if (!layer.compatibleRuntimes().isEmpty()) {
            request.compatibleRuntimesWithStrings(layer.compatibleRuntimes());
        }
        if (!layer.compatibleArchitectures().isEmpty()) {
            request.compatibleArchitecturesWithStrings(layer.compatibleArchitectures());
        }
        return request.build();
    }

    private static LayerVersionContentInput layerContent(CodeSource source) {
        LayerVersionContentInput.Builder content = LayerVersionContentInput.builder();
        if (source instanceof CodeSource.Staged staged) {
            StagedObject object = staged.object();
            content.s3Bucket(object.bucket())
                    .s3Key(object.key())
                    .s3ObjectVersion(object.version().orElse(null));
        } else {
            content.zipFile(PACKAGE);
        }
        return content.build();
    }
}
