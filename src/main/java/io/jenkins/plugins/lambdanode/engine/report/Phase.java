package io.jenkins.plugins.lambdanode.engine.report;

import java.util.Locale;

/** The phases of a deployment, in their order. Each may be run again after a failure and ends in the same state. */
public enum Phase {
    PREFLIGHT,
    INSTALL,
    /** Only where the project has a build. */
    BUILD,
    PACKAGE,
    /** The dependencies are found or published as a layer, where they are apart. */
    LAYER,
    STAGE,
    UPDATE,
    /** The smoke tests, where there are any. */
    VERIFY,
    /** The traffic goes over to the version step by step, where that is asked for. */
    SHIFT,
    /** A version is published, and after VERIFY and SHIFT the alias moves. */
    RELEASE;

    /** The name as logs, pages and JSON show it, for instance {@code package}. */
    public String label() {
        return name().toLowerCase(Locale.ROOT);
    }
}
