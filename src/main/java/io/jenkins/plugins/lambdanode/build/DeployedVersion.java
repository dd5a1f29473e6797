package io.jenkins.plugins.lambdanode.build;

import hudson.AbortException;
import io.jenkins.plugins.lambdanode.record.DeployedFunction;
import java.util.Map;
import java.util.Objects;

/**
 * A version that a deployment published.
 *
 * @param functionArn the function's, without a version
 * @param version its number
 */
public record DeployedVersion(String functionArn, String version) {

    /**
     * Reads a Pipeline's {@code from}.
     *
     * @param from what {@code lambdaNodeDeploy} returned for one function, or its record as JSON
     * @throws AbortException if it is neither, or has no version
     */
    public static DeployedVersion of(Object from) throws AbortException {
        String functionArn;
        String version;
        if (from instanceof DeployedFunction deployed) {
            functionArn = deployed.getFunctionArn();
            version = deployed.getVersion();
        } else if (from instanceof Map<?, ?> record && record.get("FunctionArn") != null) {
            functionArn = record.get("FunctionArn").toString();
            version = Objects.toString(record.get("Version"), null);
        } else {
            throw new AbortException(
                    "from is neither what lambdaNodeDeploy returned for one function nor its record as JSON."
                            + " Give one of them, or functionName and version.");
        }
        if (version == null || version.equals("$LATEST")) {
            throw new AbortException(
                    "from has no version: none was published. Set publish in the deployment that it comes from.");
        }
        return new DeployedVersion(functionArn, version);
    }
}
