package io.jenkins.plugins.lambdanode.build;

import hudson.AbortException;
import hudson.FilePath;
import hudson.remoting.Channel;
import hudson.remoting.ChannelClosedException;
import java.io.EOFException;

/** The agent is gone. Its cause is what a Pipeline's {@code retry(conditions: [agent()])} goes by. */
final class AgentLost extends AbortException {
    private static final long serialVersionUID = 1L;

    AgentLost() {
        super("The agent was disconnected during the deployment. Run the build again: what was deployed is kept.");
        initCause(new EOFException());
    }

    /** Whether a failure comes of it. An inbound agent's connection can refuse to send before its channel says that it is closed. */
    static boolean isBehind(Exception failure, FilePath workspace) {
        return failure instanceof ChannelClosedException
                || workspace.getChannel() instanceof Channel channel && channel.isClosingOrClosed();
    }
}
