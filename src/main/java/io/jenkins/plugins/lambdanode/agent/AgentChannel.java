package io.jenkins.plugins.lambdanode.agent;

import hudson.FilePath;
import hudson.model.Computer;
import hudson.model.TaskListener;
import hudson.remoting.Channel;
import hudson.remoting.Which;
import io.jenkins.plugins.lambdanode.engine.base.DeployException;
import java.io.IOException;
import java.time.Duration;
import java.util.concurrent.Callable;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.Future;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;
import java.util.logging.Level;
import java.util.logging.Logger;
import jenkins.MasterToSlaveFileCallable;

/** What a deployment has done on its agent. A build that is stopped ends within seconds, whether or not the agent responds. */
final class AgentChannel {

    private static final Logger LOGGER = Logger.getLogger(AgentChannel.class.getName());

    /** How long an agent may take over clearing up. */
    private static final Duration CLEARING = Duration.ofSeconds(10);

    private final String deployment;
    private final FilePath project;
    private final TaskListener listener;
    private CompletableFuture<Void> clearing = CompletableFuture.completedFuture(null);
    private boolean silent;

    AgentChannel(String deployment, FilePath project, TaskListener listener) {
        this.deployment = deployment;
        this.project = project;
        this.listener = listener;
    }

    /**
     * Sends the plugin's classes, once per connection, as the jar that they are in: an agent that has none fetches them one at a
     * time, each with a round trip. One that does not take the jar still does.
     */
    void sendClasses() throws IOException, InterruptedException {
        if (project.getChannel() instanceof Channel remote && remote.getProperty(AgentChannel.class) == null) {
            remote.setProperty(AgentChannel.class, true);
            try {
                if (Which.jarFile(AgentTasks.class).isFile()) {
                    await(() -> remote.preloadJar(AgentTasks.class.getClassLoader(), AgentTasks.class), () -> {});
                }
            } catch (IOException | RuntimeException e) {
                LOGGER.log(Level.FINE, e, () -> remote.getName() + " does not take the plugin's jar");
            }
        }
    }

    /** Something that is done on the agent after a stop, or at the end. */
    interface Clearing {
        void run() throws IOException, InterruptedException;
    }

    /** Whether the agent is no longer connected. */
    boolean isGone() {
        return project.getChannel() instanceof Channel channel && channel.isClosingOrClosed();
    }

    /** Has the agent do something. Errors that the engine explains arrive as they were thrown, not wrapped in the channel's. */
    <T> T call(MasterToSlaveFileCallable<T> task) throws IOException, InterruptedException {
        try {
            // An interrupt reaches the agent, but the channel does not wait until the work there has ended.
            return await(() -> project.act(task), () -> project.act(new AgentTasks.AwaitEnd(deployment)));
        } catch (IOException e) {
            for (Throwable cause = e; cause != null; cause = cause.getCause()) {
                if (cause instanceof DeployException explained) {
                    throw explained;
                }
            }
            throw e;
        }
    }

    /**
     * Waits for something that the agent does, in a thread of its own: one that is interrupted tells the agent so, and can't
     * where the agent reads no more.
     *
     * @param afterStop what is to be done on the agent where the build is stopped
     */
    <T> T await(Callable<T> work, Clearing afterStop) throws IOException, InterruptedException {
        Future<T> result = Computer.threadPoolForRemoting.submit(work);
        try {
            return result.get();
        } catch (ExecutionException e) {
            throw asThrown(e);
        } catch (InterruptedException e) {
            result.cancel(true);
            clearUpAfterStop(afterStop);
            throw e;
        }
    }

    void clearUpAfterStop(Clearing work) throws InterruptedException {
        try {
            clearUp(work);
        } catch (IOException e) {
            // An agent that is gone does no work.
        }
    }

    /**
     * Clears something up on the agent, after what is being cleared up there. An agent that does not respond is not waited for:
     * it gets to it when it responds again.
     */
    void clearUp(Clearing work) throws IOException, InterruptedException {
        CompletableFuture<Void> end = new CompletableFuture<>();
        clearing.whenCompleteAsync(
                (before, failure) -> {
                    try {
                        work.run();
                        end.complete(null);
                    } catch (Exception e) {
                        end.completeExceptionally(e);
                    }
                },
                Computer.threadPoolForRemoting);
        clearing = end;
        if (silent) {
            return;
        }
        try {
            end.get(CLEARING.toMillis(), TimeUnit.MILLISECONDS);
        } catch (ExecutionException e) {
            throw asThrown(e);
        } catch (TimeoutException e) {
            silent = true;
            listener.getLogger()
                    .println(
                            "WARNING: The agent does not respond. What the deployment has left there is removed when it responds"
                                    + " again, or by the next deployment in the workspace.");
        }
    }

    private static IOException asThrown(ExecutionException e) throws InterruptedException {
        if (e.getCause() instanceof RuntimeException cause) {
            throw cause;
        }
        if (e.getCause() instanceof InterruptedException cause) {
            throw cause;
        }
        return e.getCause() instanceof IOException cause ? cause : new IOException(e.getCause());
    }
}
