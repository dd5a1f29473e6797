package io.jenkins.plugins.lambdanode.build;

import edu.umd.cs.findbugs.annotations.NonNull;
import hudson.EnvVars;
import hudson.Extension;
import hudson.ExtensionList;
import hudson.model.Computer;
import hudson.model.Item;
import hudson.model.Job;
import hudson.model.Run;
import hudson.model.TaskListener;
import hudson.model.listeners.ItemListener;
import hudson.model.listeners.RunListener;
import hudson.security.ACL;
import hudson.security.ACLContext;
import io.jenkins.plugins.lambdanode.access.AccessSettings;
import io.jenkins.plugins.lambdanode.access.AwsAccess;
import io.jenkins.plugins.lambdanode.access.SavedAccess;
import io.jenkins.plugins.lambdanode.engine.aws.client.AwsSession;
import io.jenkins.plugins.lambdanode.engine.aws.lambda.FunctionName;
import io.jenkins.plugins.lambdanode.engine.base.Arn;
import io.jenkins.plugins.lambdanode.engine.base.DeployException;
import io.jenkins.plugins.lambdanode.engine.base.Progress;
import io.jenkins.plugins.lambdanode.engine.report.Phase;
import io.jenkins.plugins.lambdanode.engine.steps.ShiftJournal;
import io.jenkins.plugins.lambdanode.engine.steps.TrafficReturn;
import io.jenkins.plugins.lambdanode.record.BuildRecorder;
import io.jenkins.plugins.lambdanode.record.FailedDeployment;
import io.jenkins.plugins.lambdanode.record.XmlList;
import java.io.File;
import java.time.Instant;
import java.util.List;
import java.util.Objects;
import java.util.Optional;
import java.util.logging.Level;
import java.util.logging.Logger;
import java.util.stream.Stream;
import jenkins.model.Jenkins;

/**
 * Knows the shifts of traffic that builds have under way, from a small file of Jenkins's. One that nobody carries on is taken back, or
 * finished where somebody had decided that, when its build has ended, or when Jenkins starts and finds it ended: a freestyle build ends with its controller, and a Pipeline can
 * lose its execution.
 */
@Extension
public final class ShiftRecovery extends ItemListener {

    private static final Logger LOGGER = Logger.getLogger(ShiftRecovery.class.getName());

    private static final String WARNING = "WARNING: ";

    private final XmlList<RunningShift> file = new XmlList<>(
            new File(Jenkins.get().getRootDir(), ShiftRecovery.class.getName() + ".xml"),
            RunningShift.class,
            RunningShift::isComplete);
    private List<RunningShift> shifts;

    /** A shift with its build, and with what it takes to take it back. Saved as XML. */
    private static final class RunningShift {
        private String job;
        private final int build;
        private final String functionArn;
        private final String alias;
        private final String from;
        private final String to;
        /** Null where the credentials end with the build. */
        private final SavedAccess access;

        private final FailedDeployment.Kind kind;
        /** What somebody has decided of it; null where nobody has. */
        private ShiftJournal.Choice choice;

        private String decidedBy;
        private String decidedAt;

        RunningShift(
                Run<?, ?> run, ShiftJournal.Shift shift, Optional<SavedAccess> access, FailedDeployment.Kind kind) {
            this.job = run.getParent().getFullName();
            this.build = run.getNumber();
            this.functionArn = shift.functionArn();
            this.alias = shift.alias();
            this.from = shift.from();
            this.to = shift.to();
            this.access = access.orElse(null);
            this.kind = kind;
        }

        /** Takes note of it, where it was not known. */
        boolean decide(ShiftJournal.Shift shift) {
            if (choice != null || shift.decision().isEmpty()) {
                return false;
            }
            ShiftJournal.Decision decision = shift.decision().get();
            choice = decision.choice();
            decidedBy = decision.by();
            decidedAt = decision.at().toString();
            return true;
        }

        boolean isComplete() {
            return Stream.of(job, functionArn, alias, from, to, kind).noneMatch(Objects::isNull);
        }

        /** Null where it is gone. */
        Job<?, ?> job() {
            return Jenkins.get().getItemByFullName(job, Job.class);
        }

        /** Null where it is gone. */
        Run<?, ?> run() {
            Job<?, ?> of = job();
            return of == null ? null : of.getBuildByNumber(build);
        }

        boolean isOf(Run<?, ?> run) {
            return job.equals(run.getParent().getFullName()) && build == run.getNumber();
        }

        boolean isOf(Run<?, ?> run, ShiftJournal.Shift shift) {
            return isOf(run)
                    && functionArn.equals(shift.functionArn())
                    && alias.equals(shift.alias())
                    && to.equals(shift.to());
        }

        ShiftJournal.Shift shift() {
            return new ShiftJournal.Shift(
                    functionArn,
                    alias,
                    from,
                    to,
                    Optional.empty(),
                    List.of(),
                    new ShiftJournal.Stage("", List.of(), 0, Optional.empty()),
                    Optional.ofNullable(choice)
                            .map(made -> new ShiftJournal.Decision(made, decidedBy, Instant.parse(decidedAt))));
        }
    }

    /** Those of this Jenkins. */
    static ShiftRecovery get() {
        return ExtensionList.lookupSingleton(ShiftRecovery.class);
    }

    /**
     * A journal of a build's shift that is known here too, for as long as it is under way.
     *
     * @param access with what it is made; empty where that ends with the build
     * @param kind what it is a part of
     */
    ShiftJournal journal(
            Run<?, ?> run, Optional<SavedAccess> access, FailedDeployment.Kind kind, ShiftJournal journal) {
        return new ShiftJournal() {
            @Override
            public Optional<Shift> pending() {
                return journal.pending();
            }

            @Override
            public void save(Shift shift) throws InterruptedException {
                Optional<RunningShift> known = find(run, shift);
                if (known.isEmpty()) {
                    add(new RunningShift(run, shift, access, kind));
                } else if (known.get().decide(shift)) {
                    ShiftRecovery.this.save();
                }
                journal.save(shift);
            }

            @Override
            public void ended(Optional<String> version, String outcome) {
                Optional<RunningShift> shift = journal.pending().flatMap(ended -> find(run, ended));
                journal.ended(version, outcome);
                if (shift.filter(ShiftRecovery.this::remove).isPresent()) {
                    ShiftRecovery.this.save();
                }
            }
        };
    }

    private synchronized void add(RunningShift shift) {
        shifts().add(shift);
        save();
    }

    private synchronized Optional<RunningShift> find(Run<?, ?> run, ShiftJournal.Shift shift) {
        return shifts().stream().filter(each -> each.isOf(run, shift)).findFirst();
    }

    /** Of two who find a shift left, one gets it. */
    private synchronized boolean remove(RunningShift shift) {
        return shifts().remove(shift);
    }

    private List<RunningShift> shifts() {
        if (shifts == null) {
            shifts = file.read();
        }
        return shifts;
    }

    private synchronized void save() {
        file.writeOrLog(shifts());
    }

    /** Takes back a shift whose step can't go on by itself. */
    void takeBack(Run<?, ?> run, ShiftJournal journal, TaskListener listener) throws InterruptedException {
        Optional<RunningShift> left = find(run, journal.pending().orElseThrow()).filter(this::remove);
        if (left.isPresent()) {
            listener.getLogger().println(takeBack(left.get()));
        }
        journal.ended(Optional.empty(), "");
    }

    @Override
    public void onLoaded() {
        for (RunningShift left : copy()) {
            Run<?, ?> run = left.run();
            if (run == null || !run.isBuilding()) {
                takeBackInBackground(left);
            }
        }
    }

    /** What a build that has ended has left: one that was killed, or whose execution could not be resumed. */
    @Extension
    public static final class EndedBuilds extends RunListener<Run<?, ?>> {
        @Override
        public void onCompleted(Run<?, ?> run, @NonNull TaskListener listener) {
            if (!Jenkins.get().isTerminating()) {
                get().copy().stream().filter(shift -> shift.isOf(run)).forEach(get()::takeBackInBackground);
            }
        }
    }

    @Override
    public synchronized void onLocationChanged(Item item, String oldFullName, String newFullName) {
        List<RunningShift> moved =
                shifts().stream().filter(shift -> shift.job.equals(oldFullName)).toList();
        moved.forEach(shift -> shift.job = newFullName);
        if (!moved.isEmpty()) {
            save();
        }
    }

    private synchronized List<RunningShift> copy() {
        return List.copyOf(shifts());
    }

    private void takeBackInBackground(RunningShift left) {
        Computer.threadPoolForRemoting.execute(() -> {
            try {
                if (remove(left)) {
                    takeBack(left);
                }
            } catch (InterruptedException e) {
                Thread.currentThread().interrupt();
            }
        });
    }

    /** What has become of the alias; the build's page and the log of Jenkins say it too. */
    private String takeBack(RunningShift left) throws InterruptedException {
        try (ACLContext everything = ACL.as2(ACL.SYSTEM2)) {
            Job<?, ?> job = left.job();
            String outcome = job == null
                    ? leftAsItIs(left.shift(), "the job that shifted it is gone.")
                    : takeBack(job, left.shift(), left.access);
            save();
            LOGGER.log(
                    outcome.startsWith(WARNING) ? Level.WARNING : Level.INFO,
                    () -> left.job + " #" + left.build + " ended while traffic shifted. " + outcome);
            Run<?, ?> run = left.run();
            if (run != null) {
                record(run, left, outcome);
            }
            return outcome;
        }
    }

    private static void record(Run<?, ?> run, RunningShift left, String outcome) {
        new BuildRecorder(run, TaskListener.NULL)
                .record(FailedDeployment.stopped(
                        left.kind,
                        List.of(left.functionArn),
                        Arn.region(left.functionArn).orElse(""),
                        Phase.SHIFT.label(),
                        outcome));
    }

    private static String takeBack(Job<?, ?> job, ShiftJournal.Shift shift, SavedAccess saved)
            throws InterruptedException {
        if (saved == null) {
            return leftAsItIs(shift, "the credentials of the deployment ended with its build.");
        }
        try {
            AwsAccess access = new AwsAccess(saved, new EnvVars(), AccessSettings.Defaults.get());
            FunctionName function = FunctionName.parse(shift.functionArn());
            ShiftJournal journal = ShiftJournal.inMemory();
            journal.save(shift);
            try (AwsSession session = AwsSession.open(access.settings(function, access.ofForm(job)))) {
                return new TrafficReturn(session, journal, Progress.NONE).run().orElseThrow();
            }
        } catch (DeployException e) {
            return leftAsItIs(shift, e.getMessage());
        } catch (RuntimeException e) {
            LOGGER.log(Level.WARNING, "A shift of traffic was not taken back", e);
            return leftAsItIs(shift, e.toString());
        }
    }

    private static String leftAsItIs(ShiftJournal.Shift shift, String reason) {
        return WARNING + "Alias " + shift.alias() + " of " + shift.functionArn()
                + " may still send a part of its traffic to version " + shift.to() + ": " + reason
                + "\nSet it back by a deployment with force, or: aws lambda update-alias --function-name "
                + shift.functionArn() + " --name " + shift.alias() + " --function-version " + shift.end()
                + " --routing-config AdditionalVersionWeights={}";
    }
}
