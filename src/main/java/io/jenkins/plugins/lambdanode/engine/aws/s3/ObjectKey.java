package io.jenkins.plugins.lambdanode.engine.aws.s3;

import io.jenkins.plugins.lambdanode.engine.aws.client.AwsOperation;
import io.jenkins.plugins.lambdanode.engine.aws.client.AwsSession;

/** Where an object is. */
record ObjectKey(String bucket, String key) {

    String display() {
        return "s3://" + bucket + "/" + key;
    }

    /** Staging this object, with the resource as a policy names it: all objects in its folder. */
    AwsOperation operation(AwsSession session, String action) {
        String folder = key.substring(0, key.lastIndexOf('/') + 1);
        return new AwsOperation(
                "The package could not be staged at " + display(),
                action,
                "arn:" + session.partition() + ":s3:::" + bucket + "/" + folder + "*",
                "bucket " + bucket,
                session.place("s3"));
    }
}
