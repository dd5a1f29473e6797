package io.jenkins.plugins.lambdanode.record;

import hudson.Extension;
import hudson.ExtensionList;
import hudson.console.ModelHyperlinkNote;
import hudson.model.Job;
import hudson.model.Run;
import hudson.model.TaskListener;
import io.jenkins.plugins.lambdanode.engine.steps.ShiftJournal;
import io.jenkins.plugins.lambdanode.engine.steps.SteeredShift;
import java.io.IOException;
import java.util.Collections;
import java.util.Comparator;
import java.util.List;
import java.util.Set;
import java.util.WeakHashMap;
import java.util.concurrent.ConcurrentHashMap;
import java.util.function.Predicate;
import java.util.logging.Level;
import java.util.logging.Logger;
import org.kohsuke.accmod.Restricted;
import org.kohsuke.accmod.restrictions.NoExternalUse;

/** The shifts of traffic that this controller's builds are at work on, for the pages that show them. */
@Extension
@Restricted(NoExternalUse.class)
public final class LiveShifts {

    private static final Logger LOGGER = Logger.getLogger(LiveShifts.class.getName());

    private final Set<Running> running = ConcurrentHashMap.newKeySet();
    private final Set<Job<?, ?>> shifting = Collections.synchronizedSet(Collections.newSetFromMap(new WeakHashMap<>()));

    public static LiveShifts get() {
        return ExtensionList.lookupSingleton(LiveShifts.class);
    }

    /** A deployment or release of a build, which may have a shift under way until it is closed. */
    public final class Running implements AutoCloseable {

        private final Run<?, ?> run;
        private final SteeredShift shift;

        private Running(Run<?, ?> run, ShiftJournal journal, TaskListener listener, Runnable wake) {
            this.run = run;
            this.shift = new SteeredShift(journal, new SteeredShift.Listener() {
                @Override
                public void begun() {
                    show(run, listener);
                }

                @Override
                public void decided() {
                    wake.run();
                }
            });
        }

        /** The one that is to be used: by it the shift is seen and decided of. */
        public ShiftJournal journal() {
            return shift;
        }

        @Override
        public void close() {
            running.remove(this);
        }
    }

    /**
     * Shows the shift of a build, where it makes one.
     *
     * @param journal where the shift is kept
     * @param wake called when somebody has decided of the shift
     */
    public Running add(Run<?, ?> run, ShiftJournal journal, TaskListener listener, Runnable wake) {
        Running added = new Running(run, journal, listener, wake);
        if (journal.pending().isPresent()) {
            shifting.add(run.getParent());
        }
        // A build that is killed closes nothing.
        running.removeIf(each -> !each.run.isLogUpdated());
        running.add(added);
        return added;
    }

    private void show(Run<?, ?> run, TaskListener listener) {
        Job<?, ?> job = run.getParent();
        shifting.add(job);
        try {
            DeploymentAction.showOn(run);
        } catch (IOException | RuntimeException e) {
            LOGGER.log(Level.WARNING, "The shift of traffic is not on the page of " + run.getFullDisplayName(), e);
        }
        listener.getLogger()
                .println("The shift of traffic, with Finish now and Back: "
                        + ModelHyperlinkNote.encodeTo(
                                "/" + job.getUrl() + "lambda/", job.getFullDisplayName() + " \u00bb Lambda"));
    }

    /** Whether a build of the job has shifted traffic since Jenkins was started: the job's page can say how it ended. */
    public boolean hasShifted(Job<?, ?> job) {
        return shifting.contains(job);
    }

    /** Those under way, by build, function and alias. */
    public List<LiveShift> of(Job<?, ?> job) {
        return of(run -> run.getParent().getFullName().equals(job.getFullName()));
    }

    /** Those under way. */
    public List<LiveShift> of(Run<?, ?> build) {
        return of(build.getParent()).stream()
                .filter(shift -> shift.getBuild() == build.getNumber())
                .toList();
    }

    private List<LiveShift> of(Predicate<Run<?, ?>> builds) {
        return running.stream()
                .filter(each -> each.run.isLogUpdated() && builds.test(each.run))
                .flatMap(each -> each.shift.pending().stream().map(now -> new LiveShift(each.run, each.shift, now)))
                .sorted(Comparator.comparing(LiveShift::getBuild).thenComparing(LiveShift::getName))
                .toList();
    }

    /** Whether a build is at work on a deployment or a release that shifts traffic, or has just done so. */
    public boolean isAtWork(Run<?, ?> build, SteeredShift shift) {
        return running.stream().anyMatch(each -> each.run == build && each.shift == shift);
    }
}
