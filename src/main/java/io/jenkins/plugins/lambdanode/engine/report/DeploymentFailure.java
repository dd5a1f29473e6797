package io.jenkins.plugins.lambdanode.engine.report;

import io.jenkins.plugins.lambdanode.engine.base.DeployException;
import java.util.Optional;

/** A deployment that failed: where, and what it had done by then, so that a build can record it. */
public final class DeploymentFailure extends DeployException {
    private static final long serialVersionUID = 1L;

    private final Phase phase;
    private final String functionName;
    private final transient DeployResult deployed;

    /**
     * @param failure what failed; the message is its message
     * @param functionName the function that it failed for; empty where it concerns all of them
     * @param deployed the functions that were done by then; empty where none was
     */
    public DeploymentFailure(
            DeployException failure, Phase phase, Optional<String> functionName, Optional<DeployResult> deployed) {
        super(failure.getMessage(), failure);
        this.phase = phase;
        this.functionName = functionName.orElse("");
        this.deployed = deployed.orElse(null);
    }

    /** The phase that failed. */
    public Phase phase() {
        return phase;
    }

    /** The function that it failed for; empty where it concerns all of them. */
    public Optional<String> functionName() {
        return functionName.isEmpty() ? Optional.empty() : Optional.of(functionName);
    }

    /** The functions that were done by then, each complete in itself; empty where none was. */
    public Optional<DeployResult> deployed() {
        return Optional.ofNullable(deployed);
    }
}
