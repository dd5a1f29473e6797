package io.jenkins.plugins.lambdanode.engine.aws.lambda;

import io.jenkins.plugins.lambdanode.engine.aws.client.AwsOperation;
import io.jenkins.plugins.lambdanode.engine.aws.s3.StagedObject;
import io.jenkins.plugins.lambdanode.engine.pack.api.PackReport;

/** Where Lambda gets a function's code from. */
public sealed interface CodeSource {

    /** The operation with what it takes for Lambda to fetch the package. */
    AwsOperation fetched(AwsOperation operation, String partition);

    /** The package goes along with the request, sent by the workspace. */
    record Direct(PackReport report) implements CodeSource {
        @Override
        public AwsOperation fetched(AwsOperation operation, String partition) {
            return operation;
        }
    }

    /** Lambda fetches the package from S3, with the permissions of who sends the request. */
    record Staged(StagedObject object) implements CodeSource {
        @Override
        public AwsOperation fetched(AwsOperation operation, String partition) {
            String folder = object.key().substring(0, object.key().lastIndexOf('/') + 1);
            return operation.fetching(new AwsOperation.Permission(
                    object.version().isPresent() ? "s3:GetObjectVersion" : "s3:GetObject",
                    "arn:" + partition + ":s3:::" + object.bucket() + "/" + folder + "*"));
        }
    }
}
