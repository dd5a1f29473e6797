package io.jenkins.plugins.lambdanode.engine.steps;

import io.jenkins.plugins.lambdanode.engine.aws.lambda.FunctionName;
import io.jenkins.plugins.lambdanode.engine.aws.lambda.FunctionState;
import java.util.Optional;

/**
 * A function to deploy to.
 *
 * @param state what it was before; empty where it did not exist
 */
public record Target(FunctionName name, Optional<FunctionState> state) {

    boolean exists() {
        return state.isPresent();
    }

    /** Whether no operation on it is in progress. */
    boolean isSettled() {
        return state.isEmpty() || state.get().settled();
    }

    /** The function's account, 12 digits; empty where neither Lambda nor its name says it. */
    Optional<String> account() {
        return state.flatMap(FunctionState::account).or(name::account);
    }

    /** Lambda names the new code's CodeSha256 also after an update that failed: the function runs its former code. */
    boolean hasFailed() {
        return state.isPresent()
                && (state.get().lastUpdateStatus().equals("Failed")
                        || state.get().state().equals("Failed"));
    }

    /** A function can be named twice, by its name and by its ARN: a second update would find what the first has changed. */
    boolean isSameAs(Target other) {
        return state.isPresent() && other.state.isPresent()
                ? state.get().functionArn().equals(other.state.get().functionArn())
                : name.name().equals(other.name.name()) && name.account().equals(other.name.account());
    }
}
