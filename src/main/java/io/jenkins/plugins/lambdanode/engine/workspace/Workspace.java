package io.jenkins.plugins.lambdanode.engine.workspace;

import io.jenkins.plugins.lambdanode.engine.base.DeployException;
import io.jenkins.plugins.lambdanode.engine.command.Command;
import io.jenkins.plugins.lambdanode.engine.command.CommandOutcome;
import io.jenkins.plugins.lambdanode.engine.http.Body;
import io.jenkins.plugins.lambdanode.engine.http.SendReply;
import io.jenkins.plugins.lambdanode.engine.http.SendRequest;
import io.jenkins.plugins.lambdanode.engine.pack.api.PackReport;
import io.jenkins.plugins.lambdanode.engine.pack.api.PackRequest;
import io.jenkins.plugins.lambdanode.engine.project.DependencyKey;
import io.jenkins.plugins.lambdanode.engine.project.InstallFingerprint;
import io.jenkins.plugins.lambdanode.engine.project.InstallRun;
import io.jenkins.plugins.lambdanode.engine.project.InstallState;
import io.jenkins.plugins.lambdanode.engine.project.OldModules;
import io.jenkins.plugins.lambdanode.engine.project.ProjectFolder;
import java.io.IOException;
import java.util.List;
import java.util.Optional;

/**
 * The place where the project's files are: a local folder, or a folder on a Jenkins agent. It is the one seam between the
 * engine and that place. No credential goes through it: a request that is sent from there has been signed before.
 */
public interface Workspace extends AutoCloseable {

    /**
     * What is in the project's folder before anything is done to it.
     *
     * @throws DeployException if the folder does not exist or is not a folder
     */
    ProjectFolder inspect() throws IOException, InterruptedException;

    /**
     * Runs a command in the project's folder; what it prints goes to the log as it comes. An interrupt stops the command
     * with its children.
     */
    CommandOutcome run(Command command) throws IOException, InterruptedException;

    /** The absolute path of a folder for npm's cache, for a user who has none; empty where the workspace keeps nothing. */
    Optional<String> npmCache();

    /**
     * Whether node_modules is, untouched, what an earlier install made of the same files; see {@link InstallFingerprint}.
     */
    InstallState installState(InstallRun install) throws IOException, InterruptedException;

    /**
     * Remembers that node_modules is what this install made, where the workspace keeps anything.
     *
     * @param blocked the packages whose install scripts did not run
     */
    void markInstalled(InstallRun install, List<String> blocked) throws IOException, InterruptedException;

    /**
     * Takes node_modules out of the way of an install; see {@link OldModules}.
     *
     * @param folder the folder that the install runs in
     * @return the name that it has now; empty where it stays
     */
    Optional<String> setModulesAside(String folder) throws IOException, InterruptedException;

    /** Removes in the background what was set aside, or puts it back after an install that failed. */
    void settleModules(String folder, String aside, boolean installed) throws IOException, InterruptedException;

    /** The key of the dependencies that an install would bring; see {@link DependencyKey#of}. */
    Optional<String> dependencyKey(String folder, String lockFile, String madeWith)
            throws IOException, InterruptedException;

    /**
     * Builds a deployment package in the workspace's temporary folder, or at {@link PackRequest#output()}, and in that folder too
     * the dependencies' own where they are apart.
     */
    PackReport pack(PackRequest request) throws IOException, InterruptedException;

    /** The SHA-256 of each body's bytes as they would be sent, 32 bytes each, in the order given. */
    List<byte[]> digest(List<Body> bodies) throws IOException, InterruptedException;

    /**
     * Sends each request once, several at a time, and returns a reply for each in the order given. A request that got no
     * response is a reply too ({@link SendReply#hasResponse()} is false): who asked decides whether to sign it anew and try again.
     */
    List<SendReply> send(List<SendRequest> requests) throws IOException, InterruptedException;

    /**
     * Gets a package by a URL that was signed for it, into the workspace's temporary folder.
     *
     * @return the file's absolute path, for {@link PackRequest#zipFile}
     */
    String fetch(String url) throws IOException, InterruptedException;

    /** Removes what {@link #pack} and {@link #fetch} left in the temporary folder. */
    @Override
    void close() throws IOException, InterruptedException;
}
