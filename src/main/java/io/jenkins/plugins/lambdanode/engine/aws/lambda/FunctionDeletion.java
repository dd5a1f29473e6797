package io.jenkins.plugins.lambdanode.engine.aws.lambda;

import io.jenkins.plugins.lambdanode.engine.aws.client.AwsCalls;
import io.jenkins.plugins.lambdanode.engine.aws.client.AwsSession;
import io.jenkins.plugins.lambdanode.engine.base.DeployException;
import io.jenkins.plugins.lambdanode.engine.base.Progress;
import java.util.Optional;
import software.amazon.awssdk.services.lambda.model.ResourceNotFoundException;

/** Deletes functions that a deployment has created. */
public final class FunctionDeletion {

    private final AwsSession session;
    private final FunctionReader reader;
    private final LambdaOperations operations;

    public FunctionDeletion(AwsSession session) {
        this.session = session;
        this.reader = new FunctionReader(session, Progress.NONE);
        this.operations = new LambdaOperations(session);
    }

    /** What came of it. */
    public enum Outcome {
        DELETED,
        /** There was no such function any more. */
        GONE,
        /** It has other code, and was left as it is. */
        CHANGED
    }

    /**
     * Deletes a function with all its versions and aliases, if it still has the code that was deployed.
     *
     * @param codeSha256 what was deployed last; other code is somebody else's
     * @throws DeployException if Lambda refuses or cannot be reached
     */
    public Outcome delete(FunctionName function, String codeSha256) throws DeployException, InterruptedException {
        Optional<FunctionState> now = reader.find(function);
        if (now.isEmpty()) {
            return Outcome.GONE;
        }
        if (!now.get().codeSha256().equals(codeSha256)) {
            return Outcome.CHANGED;
        }
        return AwsCalls.call(operations.onFunction("Lambda did not delete", "DeleteFunction", function), () -> {
            try {
                session.lambda().deleteFunction(request -> request.functionName(function.value()));
            } catch (ResourceNotFoundException e) {
                // A repeated request: its first response was lost.
            }
            return Outcome.DELETED;
        });
    }
}
