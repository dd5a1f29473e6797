package io.jenkins.plugins.lambdanode.engine.project;

import java.io.Serializable;
import java.util.List;

/**
 * Whether an earlier install is still there, untouched.
 *
 * @param unchanged whether another one would change nothing
 * @param withDevelopment whether the earlier one was {@link InstallRun#servedBy}
 * @param hasModules whether there is a node_modules
 * @param reason why so, for the log
 * @param blocked the packages whose install scripts the earlier one has not run
 */
public record InstallState(
        boolean unchanged, boolean withDevelopment, boolean hasModules, String reason, List<String> blocked)
        implements Serializable {
    private static final long serialVersionUID = 1L;

    public InstallState {
        blocked = List.copyOf(blocked);
    }
}
