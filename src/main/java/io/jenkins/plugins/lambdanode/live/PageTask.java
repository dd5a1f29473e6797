package io.jenkins.plugins.lambdanode.live;

import hudson.Extension;
import hudson.ExtensionList;
import hudson.model.Computer;
import hudson.model.Job;
import io.jenkins.plugins.lambdanode.record.LiveFunction;
import java.util.Date;
import java.util.List;
import java.util.Map;
import java.util.WeakHashMap;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.Future;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;
import java.util.logging.Level;
import java.util.logging.Logger;
import org.kohsuke.accmod.Restricted;
import org.kohsuke.accmod.restrictions.NoExternalUse;

/** What somebody asked for on a job's page. It goes on in the background where it takes longer than its page waits. */
@Restricted(NoExternalUse.class)
public final class PageTask {

    private static final Logger LOGGER = Logger.getLogger(PageTask.class.getName());

    private static final int PAGE_WAITS_SECONDS = 4;

    /** What a task comes to. */
    record Outcome(List<String> lines, boolean asWanted) {}

    /** The work of a task. */
    interface Work {

        /** Its failure's message is for the page. */
        Outcome run() throws Exception;
    }

    private final String title;
    private final Date date = new Date();
    private final int nextBuild;
    private volatile Outcome outcome;

    private PageTask(String title, int nextBuild) {
        this.title = title;
        this.nextBuild = nextBuild;
    }

    /** What it does and who asked for it. */
    public String getTitle() {
        return title;
    }

    /** When that was. */
    public Date getDate() {
        return date;
    }

    public boolean isRunning() {
        return outcome == null;
    }

    /** Whether it has ended, and what it says may no longer hold: a build that was started later has been recorded. */
    boolean isOutdated(List<LiveFunction> functions) {
        return !isRunning()
                && functions.stream().anyMatch(function -> function.getLive().getBuild() >= nextBuild);
    }

    public boolean isAsWanted() {
        return outcome != null && outcome.asWanted;
    }

    public List<String> getLines() {
        return outcome == null ? List.of() : outcome.lines;
    }

    private void run(Work work) {
        try {
            outcome = work.run();
        } catch (Exception e) {
            LOGGER.log(Level.FINE, title, e);
            outcome = new Outcome(List.of(e.getMessage() == null ? e.toString() : e.getMessage()), false);
        }
    }

    /** The latest of each job, until Jenkins is restarted. */
    @Extension
    public static final class Latest {

        private final Map<Job<?, ?>, PageTask> tasks = new WeakHashMap<>();

        static Latest get() {
            return ExtensionList.lookupSingleton(Latest.class);
        }

        /** Null where there is none. */
        synchronized PageTask of(Job<?, ?> job) {
            return tasks.get(job);
        }

        /** Starts a task and waits a while for its end. Of a job one runs at a time: where one does already, nothing is started. */
        void start(Job<?, ?> job, String title, Work work) throws InterruptedException {
            PageTask task = new PageTask(title, job.getNextBuildNumber());
            synchronized (this) {
                PageTask before = tasks.get(job);
                if (before != null && before.isRunning()) {
                    return;
                }
                tasks.put(job, task);
            }
            run(task, work);
        }

        /** The same of one that must not wait for another: it takes the other's place on the page. */
        void startBeside(Job<?, ?> job, String title, Work work) throws InterruptedException {
            PageTask task = new PageTask(title, job.getNextBuildNumber());
            synchronized (this) {
                tasks.put(job, task);
            }
            run(task, work);
        }

        private static void run(PageTask task, Work work) throws InterruptedException {
            Future<?> running = Computer.threadPoolForRemoting.submit(() -> task.run(work));
            try {
                running.get(PAGE_WAITS_SECONDS, TimeUnit.SECONDS);
            } catch (TimeoutException e) {
                // The page says that it is in progress.
            } catch (ExecutionException e) {
                LOGGER.log(Level.WARNING, task.title, e);
            }
        }
    }
}
