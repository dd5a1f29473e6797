package io.jenkins.plugins.lambdanode.agent;

import hudson.EnvVars;
import hudson.FilePath;

/**
 * Where a project is on an agent.
 *
 * @param workspace the build's workspace: beside it are temporary files and caches, and nothing outside it is packaged
 * @param project the project's folder
 * @param dir the path from the workspace to the project, for readers
 */
public record BuildFolder(FilePath workspace, FilePath project, String dir) {

    /**
     * For a step in {@code dir('x') { }}, Jenkins takes that folder for the workspace, and a folder beside it is in the checkout.
     *
     * @param here where the step runs
     * @param dir the path of the project's folder from there
     */
    public static BuildFolder of(FilePath here, String dir, EnvVars env) {
        FilePath workspace = new FilePath(here.getChannel(), env.get("WORKSPACE", here.getRemote()));
        FilePath project = here.child(dir);
        for (FilePath at = here.getParent(); at != null; at = at.getParent()) {
            if (at.equals(workspace)) {
                String above = workspace.getRemote();
                String path = project.getRemote();
                return new BuildFolder(
                        workspace,
                        project,
                        !path.startsWith(above) ? dir : path.equals(above) ? "." : path.substring(above.length() + 1));
            }
        }
        return new BuildFolder(here, project, dir);
    }
}
