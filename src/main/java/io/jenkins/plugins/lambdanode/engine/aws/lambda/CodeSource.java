package io.jenkins.plugins.lambdanode.engine.aws.lambda;

import io.jenkins.plugins.lambdanode.engine.aws.s3.StagedObject;
import io.jenkins.plugins.lambdanode.engine.pack.api.PackReport;

/** Where Lambda gets a function's code from. */
public sealed interface CodeSource {

    /** The package goes along with the request, sent by the workspace. */
    record Direct(PackReport report) implements CodeSource {}

    /** Lambda fetches the package from S3. */
    record Staged(StagedObject object) implements CodeSource {}
}
