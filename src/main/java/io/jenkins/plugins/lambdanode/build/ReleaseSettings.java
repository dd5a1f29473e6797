package io.jenkins.plugins.lambdanode.build;

import io.jenkins.plugins.lambdanode.access.AccessSettings;
import java.io.Serializable;
import java.util.List;

/** Which version gets which alias, how it is tested and shifted, and with whose credentials, as text: null where not set, variables still in it. */
public interface ReleaseSettings extends AccessSettings, Serializable {

    String getFunctionName();

    /** The version's number. */
    String getVersion();

    String getAlias();

    /** JSON only: there is no workspace. */
    List<? extends DeploymentSettings.Test> getSmokeTest();

    String getRollout();

    String getAlarms();

    /** What an administrator has set for all deployments. */
    AccessSettings.Defaults defaults();
}
