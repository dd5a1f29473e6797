package io.jenkins.plugins.lambdanode.engine.aws.lambda;

/**
 * A layer version with a deployment's dependencies.
 *
 * @param name the layer's name
 * @param layerVersionArn for instance {@code arn:aws:lambda:eu-west-1:123456789012:layer:orders-dependencies:3}
 * @param version its number
 * @param codeSha256 SHA-256 of its ZIP in base64
 * @param codeSize bytes of its ZIP
 * @param published whether this deployment published it; otherwise it was there with this content
 */
public record LayerState(
        String name, String layerVersionArn, long version, String codeSha256, long codeSize, boolean published) {}
