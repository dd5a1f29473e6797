package io.jenkins.plugins.lambdanode.engine.aws.lambda;

import io.jenkins.plugins.lambdanode.engine.aws.client.AwsOperation;
import io.jenkins.plugins.lambdanode.engine.aws.client.AwsSession;

/** Lambda's operations as messages about their failure need them. */
record LambdaOperations(AwsSession session) {

    /** @param failed for instance {@code Lambda did not describe} */
    AwsOperation onFunction(String failed, String operation, FunctionName function) {
        return operation(
                failed, operation, arn(function), "function " + function.name(), " function " + function.name());
    }

    AwsOperation onVersion(String failed, String operation, FunctionName function, String version) {
        String what = "version " + version + " of function " + function.name();
        return operation(failed, operation, arn(function) + ":" + version, what, " " + what);
    }

    AwsOperation onAlias(String failed, String operation, FunctionName function, String alias) {
        return operation(
                failed,
                operation,
                arn(function),
                "alias " + alias,
                " alias " + alias + " of function " + function.name());
    }

    /** @param resource as a policy names it */
    AwsOperation onLayer(String failed, String operation, String layer, String resource) {
        return operation(failed, operation, resource, "layer " + layer, " layer " + layer);
    }

    private AwsOperation operation(String failed, String operation, String resource, String subject, String what) {
        return new AwsOperation(failed + what, "lambda:" + operation, resource, subject, session.place("lambda"));
    }

    /** The function's ARN; the account is {@code *} where the name does not say it. */
    String arn(FunctionName function) {
        return "arn:" + session.partition() + ":lambda:" + session.region() + ":"
                + function.account().orElse("*") + ":function:" + function.name();
    }

    String layerArn(String layer) {
        return "arn:" + session.partition() + ":lambda:" + session.region() + ":*:layer:" + layer;
    }
}
