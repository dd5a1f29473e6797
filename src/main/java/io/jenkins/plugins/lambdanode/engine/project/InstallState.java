package io.jenkins.plugins.lambdanode.engine.project;

import java.io.Serializable;

/**
 * Whether an earlier install is still there, untouched.
 *
 * @param unchanged whether another one would change nothing
 * @param withDevelopment whether the earlier one was {@link InstallRun#servedBy}
 * @param hasModules whether there is a node_modules
 * @param reason why so, for the log
 */
public record InstallState(boolean unchanged, boolean withDevelopment, boolean hasModules, String reason)
        implements Serializable {
    private static final long serialVersionUID = 1L;
}
