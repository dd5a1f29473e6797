package io.jenkins.plugins.lambdanode.engine;

import java.io.Serializable;

/**
 * What the project's folder holds before anything is done to it.
 *
 * @param location the folder, as a person would name it
 * @param packageJson whether it has a {@code package.json}
 * @param lockFile {@code package-lock.json} or {@code npm-shrinkwrap.json}, whichever npm would use; empty if there is none
 * @param dependencies whether {@code package.json} names any dependency that is installed for production
 * @param nodeModules whether it has a {@code node_modules} folder
 */
public record ProjectState(
        String location, boolean packageJson, String lockFile, boolean dependencies, boolean nodeModules)
        implements Serializable {
    private static final long serialVersionUID = 1L;
}
