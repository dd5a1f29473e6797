package io.jenkins.plugins.lambdanode.engine.aws;

import io.jenkins.plugins.lambdanode.engine.aws.client.AwsSession;
import io.jenkins.plugins.lambdanode.engine.aws.client.AwsSettings;
import io.jenkins.plugins.lambdanode.engine.aws.lambda.FunctionState;
import io.jenkins.plugins.lambdanode.engine.http.SendReply;
import java.util.Map;
import software.amazon.awssdk.auth.credentials.AwsBasicCredentials;
import software.amazon.awssdk.auth.credentials.StaticCredentialsProvider;

/** Reads responses of Lambda as the deployment does. */
public final class Responses {

    private static final AwsSession SESSION = open();

    private Responses() {}

    private static AwsSession open() {
        try {
            return AwsSession.open(AwsSettings.of(
                    Cloud.REGION, StaticCredentialsProvider.create(AwsBasicCredentials.create("test", "test"))));
        } catch (Exception e) {
            throw new IllegalStateException(e);
        }
    }

    /** @param json a response of GetFunctionConfiguration */
    public static FunctionState function(String json) {
        try {
            return SESSION.lambdaOffline()
                    .read(
                            lambda -> FunctionState.from(lambda.getFunctionConfiguration(r -> r.functionName("f"))),
                            SendReply.response(200, Map.of(), json));
        } catch (InterruptedException e) {
            throw new IllegalStateException(e);
        }
    }
}
