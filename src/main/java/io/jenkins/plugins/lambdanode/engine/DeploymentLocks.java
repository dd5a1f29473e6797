package io.jenkins.plugins.lambdanode.engine;

import io.jenkins.plugins.lambdanode.engine.aws.lambda.FunctionName;
import io.jenkins.plugins.lambdanode.engine.base.Progress;
import java.util.List;

/**
 * Lets deployments take turns: from the comparison of the codes to the move of the alias a deployment needs its functions for
 * itself, and from the install to the package the folder that it installs in.
 */
public interface DeploymentLocks {

    /** For a front end that runs one deployment at a time. */
    DeploymentLocks NONE = (functions, progress) -> Lock.NONE;

    /**
     * Waits until no other deployment is at work on any of these functions.
     *
     * @param progress told what is waited for
     */
    Lock await(List<FunctionName> functions, Progress progress) throws InterruptedException;

    /**
     * Waits until no other deployment installs in a folder, or packages what has been installed there.
     *
     * @param folder its absolute path in the workspace
     * @param progress told what is waited for
     */
    default Lock awaitFolder(String folder, Progress progress) throws InterruptedException {
        return Lock.NONE;
    }

    /** Held while functions or a folder are worked on. */
    interface Lock extends AutoCloseable {

        /** Where nobody else is at work. */
        Lock NONE = new Lock() {
            @Override
            public boolean waited() {
                return false;
            }

            @Override
            public void close() {}
        };

        /** Whether another deployment was at work before, so that what was known is out of date. */
        boolean waited();

        @Override
        void close();
    }
}
