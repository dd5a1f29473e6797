package io.jenkins.plugins.lambdanode.engine.request;

import io.jenkins.plugins.lambdanode.engine.aws.lambda.FunctionName;
import io.jenkins.plugins.lambdanode.engine.base.DeployException;
import java.util.Optional;

/**
 * Which alias goes back, and where to.
 *
 * @param version the version to go back to, a number; empty for what the records say
 * @param force whether to end a gradual release that is in progress
 */
public record RollbackRequest(FunctionName function, String alias, Optional<String> version, boolean force) {

    /**
     * Reads the settings as users write them.
     *
     * @param version blank or null for what the records say
     * @throws DeployException if a value is wrong or missing
     */
    public static RollbackRequest of(String functionName, String alias, String version, boolean force)
            throws DeployException {
        return new RollbackRequest(
                SettingRules.functionName(required("functionName", functionName)),
                SettingRules.alias(required("alias", alias)),
                version == null || version.isBlank() ? Optional.empty() : Optional.of(SettingRules.version(version)),
                force);
    }

    private static String required(String setting, String text) throws DeployException {
        if (text == null || text.isBlank()) {
            throw new DeployException(
                    "A rollback needs " + setting + ".\nName the function and the alias that goes back.");
        }
        return text;
    }
}
