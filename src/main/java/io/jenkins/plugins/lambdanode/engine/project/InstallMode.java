package io.jenkins.plugins.lambdanode.engine.project;

/** The ways to install a project's dependencies. */
public enum InstallMode {
    /** What the project's package manager installs for production from its lock file; nothing where nothing is needed. */
    AUTO,
    /** {@code npm ci}: exactly what the lock file says. */
    CI,
    /** {@code npm install}. */
    INSTALL,
    /** Nothing is run. */
    NONE,
    /** A command line of the user's own. */
    COMMAND
}
