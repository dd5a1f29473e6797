package io.jenkins.plugins.lambdanode.engine;

import io.jenkins.plugins.lambdanode.engine.aws.FunctionName;
import java.util.List;

/**
 * Lets deployments of the same function take turns: from the comparison of the codes to the move of the alias a deployment
 * needs the function for itself.
 */
public interface Turns {

    /** For a front end that runs one deployment at a time. */
    Turns NONE = (functions, progress) -> new Turn() {
        @Override
        public boolean waited() {
            return false;
        }

        @Override
        public void close() {}
    };

    /**
     * Waits until no other deployment is at work on any of these functions.
     *
     * @param progress told what is waited for
     */
    Turn await(List<FunctionName> functions, Progress progress) throws InterruptedException;

    /** Held while the functions are worked on. */
    interface Turn extends AutoCloseable {

        /** Whether another deployment was at work before, so that what was known of the functions is out of date. */
        boolean waited();

        @Override
        void close();
    }
}
