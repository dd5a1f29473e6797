package io.jenkins.plugins.lambdanode.engine.pack.api;

import java.io.Serializable;
import java.util.Comparator;

/**
 * Something about a package that its owner should know.
 *
 * @param severity how bad it is
 * @param code a short stable name in kebab case, for instance {@code handler-missing}
 * @param message what it is and what to do about it, one sentence or two
 * @param path the entry it is about, relative to the package with {@code /}; empty where it is about the whole package
 */
public record Finding(Severity severity, String code, String message, String path) implements Serializable {
    private static final long serialVersionUID = 1L;

    /** Errors first, then by path. */
    public static final Comparator<Finding> ORDER = Comparator.comparing(Finding::severity)
            .thenComparing(Finding::path)
            .thenComparing(Finding::code)
            .thenComparing(Finding::message);

    /** How bad a finding is. */
    public enum Severity {
        /** The function could not start: the deployment stops before anything is uploaded. */
        ERROR,
        /** It may be a mistake: the deployment goes on and says so. */
        WARNING,
        /** Good to know. */
        INFO
    }
}
