package io.jenkins.plugins.lambdanode.build;

import io.jenkins.plugins.lambdanode.access.AccessSettings;

/** Which alias goes back, where to, and with whose credentials, as text: null where not set, variables still in it. */
public interface RollbackSettings extends AccessSettings {

    String getFunctionName();

    String getAlias();

    /** The version to go back to. */
    String getVersion();

    /** The number of the build of this job whose version the alias goes back to. */
    Integer getBuild();

    /** Whether to end a gradual release that is in progress. */
    boolean isForce();

    /** What an administrator has set for all deployments. */
    AccessSettings.Defaults defaults();
}
