package io.jenkins.plugins.lambdanode.build;

import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import hudson.AbortException;

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
     * @param from the record of a deployment of one function, as JSON
     * @throws AbortException if it is none, or has no version
     */
    public static DeployedVersion of(String from) throws AbortException {
        String functionArn;
        String version;
        try {
            JsonNode record = new ObjectMapper().readTree(from);
            functionArn = record.path("FunctionArn").asText();
            version = record.path("Version").asText();
        } catch (JsonProcessingException e) {
            functionArn = "";
            version = "";
        }
        if (functionArn.isEmpty()) {
            throw new AbortException(
                    "from is neither what lambdaNodeDeploy returned for one function nor its record as JSON."
                            + " Give one of them, or functionName and version.");
        }
        if (version.isEmpty() || version.equals("$LATEST")) {
            throw new AbortException(
                    "from has no version: none was published. Set publish in the deployment that it comes from.");
        }
        return new DeployedVersion(functionArn, version);
    }
}
