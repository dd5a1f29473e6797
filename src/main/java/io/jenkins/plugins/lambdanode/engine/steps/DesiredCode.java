package io.jenkins.plugins.lambdanode.engine.steps;

import io.jenkins.plugins.lambdanode.engine.aws.lambda.LayerState;
import io.jenkins.plugins.lambdanode.engine.aws.s3.StagedObject;
import io.jenkins.plugins.lambdanode.engine.pack.api.PackReport;
import java.util.Optional;

/**
 * What functions are to have.
 *
 * @param packaged the package
 * @param layer the layer version with the dependencies; empty where there is none
 * @param staged where the package is staged; empty where it goes straight to Lambda
 */
public record DesiredCode(PackReport packaged, Optional<LayerState> layer, Optional<StagedObject> staged) {}
