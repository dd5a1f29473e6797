package io.jenkins.plugins.lambdanode.build;

import edu.umd.cs.findbugs.annotations.NonNull;
import hudson.model.Computer;
import hudson.model.TaskListener;
import hudson.security.ACL;
import hudson.security.ACLContext;
import hudson.util.StreamTaskListener;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.Set;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.ScheduledFuture;
import java.util.concurrent.TimeUnit;
import java.util.logging.Level;
import java.util.logging.Logger;
import jenkins.model.Jenkins;
import jenkins.util.Timer;
import org.jenkinsci.plugins.workflow.steps.EnvironmentExpander;
import org.jenkinsci.plugins.workflow.steps.StepContext;
import org.jenkinsci.plugins.workflow.steps.StepExecution;
import org.springframework.security.core.Authentication;

/**
 * A run of a Pipeline step in a thread of its own, which can be run again: after a restart of the controller it is.
 *
 * <p>It is no {@code SynchronousNonBlockingStepExecution}: that one lets a stopped build go on before the work has ended and
 * its files are removed, and fails after a restart.
 */
abstract class BackgroundExecution extends StepExecution {

    private static final long serialVersionUID = 1L;

    private static final Logger LOGGER = Logger.getLogger(BackgroundExecution.class.getName());

    private transient Thread thread;
    private transient Throwable stopCause;
    private transient ScheduledFuture<?> waiting;
    private transient Authentication waitingAs;
    private transient boolean dueNow;

    /** What {@link #run} returns where there is nothing to do for a while: it is called again then. No thread is held meanwhile. */
    record Later(Duration pause) {}

    BackgroundExecution(StepContext context) {
        super(context);
    }

    /**
     * Does the work.
     *
     * @param resumed whether the controller was restarted meanwhile
     * @param listener a log that is written on the controller: a Pipeline's own would take along to an agent what it masks, the
     *     secrets
     */
    abstract Object run(boolean resumed, TaskListener listener) throws Exception;

    /** Called in place of {@link #run} where the step was stopped while no thread was at work. */
    void stopped(TaskListener listener) throws Exception {}

    /** Called before the thread starts. */
    void beginning() {}

    /** Called when the work has ended. */
    void ended() {}

    @Override
    public boolean start() {
        begin(false);
        return false;
    }

    @Override
    public void onResume() {
        begin(true);
    }

    private void begin(boolean resumed) {
        begin(resumed, Jenkins.getAuthentication2());
    }

    private void begin(boolean resumed, Authentication user) {
        beginning();
        Computer.threadPoolForRemoting.execute(() -> {
            try (ACLContext as = ACL.as2(user)) {
                Object result = stoppable(resumed);
                if (result instanceof Later later) {
                    goOnAfter(later.pause(), user);
                } else {
                    getContext().onSuccess(result);
                }
            } catch (Throwable e) {
                getContext().onFailure(e);
            }
        });
    }

    private synchronized void goOnAfter(Duration pause, Authentication user) {
        waitingAs = user;
        waiting = Timer.get().schedule(this::endWait, dueNow ? 0 : pause.toMillis(), TimeUnit.MILLISECONDS);
    }

    /** Of the timer and of who does not wait for it, one begins. */
    private synchronized void endWait() {
        if (waiting != null) {
            waiting.cancel(false);
            waiting = null;
            begin(false, waitingAs);
        }
    }

    /** Has {@link #run} called now, where it waits, and otherwise when it returns {@link Later}. */
    final synchronized void goOn() {
        dueNow = true;
        endWait();
    }

    /** An error that comes of having been stopped is the reason why it was. */
    private Object stoppable(boolean resumed) throws Throwable {
        TaskListener listener =
                new StreamTaskListener(getContext().get(TaskListener.class).getLogger(), StandardCharsets.UTF_8);
        Throwable stop;
        synchronized (this) {
            stop = stopCause;
            dueNow = false;
            thread = stop == null ? Thread.currentThread() : null;
        }
        try {
            if (stop != null) {
                stopped(listener);
                throw stop;
            }
            return run(resumed, listener);
        } catch (Throwable e) {
            synchronized (this) {
                throw stopCause == null ? e : stopCause;
            }
        } finally {
            ended();
            synchronized (this) {
                thread = null;
                // One that came too late for the work is not for what this thread does next.
                Thread.interrupted();
            }
        }
    }

    /** The build goes on when the work has been stopped and what it left is removed. */
    @Override
    public synchronized void stop(@NonNull Throwable cause) throws Exception {
        stopCause = cause;
        if (thread != null) {
            thread.interrupt();
        }
        goOn();
    }

    /** A restart need not wait for the step. */
    @Override
    public boolean blocksRestart() {
        return false;
    }

    /** Saves the step's state now, for a restart of the controller. */
    final void save() throws InterruptedException {
        try {
            getContext().saveState().get();
        } catch (ExecutionException e) {
            LOGGER.log(Level.WARNING, "The state of a step could not be saved for a restart", e);
        }
    }

    /** The variables around the step that hold secrets. */
    Set<String> sensitiveVariables() throws IOException, InterruptedException {
        EnvironmentExpander around = getContext().get(EnvironmentExpander.class);
        return around == null ? Set.of() : around.getSensitiveVariables();
    }

    /** A controller that goes down takes connections first. The step does not fail of that: it will be resumed. */
    static void awaitShutdownWhereOneIs() throws InterruptedException {
        if (Jenkins.get().isTerminating()) {
            Thread.sleep(Long.MAX_VALUE);
        }
    }
}
