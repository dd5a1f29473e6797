package io.jenkins.plugins.lambdanode.engine.project;

import java.io.Serializable;

/**
 * An install as it would be run now: all that decides what it makes of the same files.
 *
 * @param folder the absolute path of the folder that it is run in
 * @param madeWith the command line, tools and their configuration, as text
 * @param servedBy the same of an install with development dependencies, where what that leaves serves this one too; otherwise empty
 */
public record InstallRun(String folder, String madeWith, String servedBy) implements Serializable {
    private static final long serialVersionUID = 1L;
}
