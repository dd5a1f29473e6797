package io.jenkins.plugins.lambdanode.engine.pack.api;

import java.io.Serializable;

/**
 * What the checks of a package need to know of the function that it is for. Every text is empty, and the number 0, where
 * that is not known; the checks that need it are then left out.
 *
 * @param handler the handler, for instance {@code index.handler}
 * @param runtime the runtime's identifier, for instance {@code nodejs24.x}
 * @param architecture {@code x86_64} or {@code arm64}
 * @param layerBytes the sum of the {@code CodeSize} of its layers, the one with the dependencies that are apart not among
 *     them: zipped bytes, so a lower bound of what they unzip to
 * @param nodePath its environment variable NODE_PATH
 */
public record TargetFunction(String handler, String runtime, String architecture, long layerBytes, String nodePath)
        implements Serializable {
    private static final long serialVersionUID = 1L;

    /** Nothing is known of the function. */
    public static final TargetFunction UNKNOWN = new TargetFunction("", "", "", 0, "");
}
