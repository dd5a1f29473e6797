package io.jenkins.plugins.lambdanode.engine.steps;

import io.jenkins.plugins.lambdanode.engine.aws.client.AwsSession;
import io.jenkins.plugins.lambdanode.engine.aws.cloudwatch.VersionLog;
import io.jenkins.plugins.lambdanode.engine.aws.lambda.AliasRouting;
import io.jenkins.plugins.lambdanode.engine.aws.lambda.AliasState;
import io.jenkins.plugins.lambdanode.engine.aws.lambda.AliasTraffic;
import io.jenkins.plugins.lambdanode.engine.aws.lambda.AliasTraffic.ChangedBySomeoneElse;
import io.jenkins.plugins.lambdanode.engine.aws.lambda.FunctionName;
import io.jenkins.plugins.lambdanode.engine.base.Backoff;
import io.jenkins.plugins.lambdanode.engine.base.DeployException;
import io.jenkins.plugins.lambdanode.engine.base.Progress;
import io.jenkins.plugins.lambdanode.engine.report.DeployResult.Deployed;
import io.jenkins.plugins.lambdanode.engine.report.DeployResult.Outcome;
import io.jenkins.plugins.lambdanode.engine.report.Phase;
import io.jenkins.plugins.lambdanode.engine.report.Timings;
import io.jenkins.plugins.lambdanode.engine.request.DeployRequest;
import io.jenkins.plugins.lambdanode.engine.request.Rollout;
import io.jenkins.plugins.lambdanode.engine.steps.ShiftJournal.Choice;
import io.jenkins.plugins.lambdanode.engine.steps.ShiftJournal.Decision;
import io.jenkins.plugins.lambdanode.engine.steps.ShiftJournal.Shift;
import io.jenkins.plugins.lambdanode.engine.steps.ShiftJournal.Stage;
import java.io.IOException;
import java.time.Duration;
import java.time.Instant;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;

/**
 * Shifts an alias's traffic to a new version: its share grows by the rollout, and what speaks against it is looked for all the
 * while. The journal has all that is to be known of it, so another process can carry it on.
 */
public final class ShiftStep {

    private static final Duration LOOK = Duration.ofSeconds(15);

    /** How soon what somebody decides is done. */
    private static final Duration GLANCE = Duration.ofSeconds(1);

    private static final double PERCENT = 100.0;

    private final DeployRequest request;
    private final AwsSession session;
    private final AliasTraffic traffic;
    private final TrafficReturn back;
    private final TrafficWatch watch;
    private final BuildHistory history;
    private final ShiftJournal journal;
    private final Backoff time;
    private final Timings timings;
    private final Progress progress;
    private final Set<String> revisions = new HashSet<>();
    private Optional<VersionLog> versionLog = Optional.empty();
    private boolean changing;
    private AliasRouting seen;
    private String from = "";
    private Optional<String> finishedBy = Optional.empty();

    public ShiftStep(
            DeployRequest request,
            AwsSession session,
            BuildHistory history,
            ShiftJournal journal,
            Backoff time,
            Timings timings,
            Progress progress) {
        this.request = request;
        this.session = session;
        this.traffic = new AliasTraffic(session, progress);
        this.back = new TrafficReturn(session, journal, progress);
        this.watch = new TrafficWatch(request.alarms(), session, progress);
        this.history = history;
        this.journal = journal;
        this.time = time;
        this.timings = timings;
        this.progress = progress;
    }

    /**
     * @throws DeployException if alarms were asked for, and one does not exist or they cannot be read; or if somebody has decided
     *     that the shift under way goes back
     */
    public void check() throws DeployException, InterruptedException {
        if (journal.pending().isPresent()) {
            goOnUnlessTakenBack(journal.pending().get());
        }
        if (isWanted() && !request.dryRun()) {
            session.watchEndpointNotice().ifPresent(progress::log);
            watch.check();
        }
    }

    private boolean isWanted() {
        return request.rollout().isPresent() && !request.rollout().get().isAllAtOnce();
    }

    /**
     * Shifts, and waits until all traffic is with the new version.
     *
     * @return the alias, moved; empty where there is no traffic to shift
     * @throws DeployException if something speaks against the new version; {@link #takeBack} is the caller's
     */
    public Optional<AliasState> run(Target target, Deployed deployed) throws IOException, InterruptedException {
        if (!begin(target, deployed)) {
            return Optional.empty();
        }
        return Optional.of(timings.time(Phase.SHIFT, () -> {
            for (Optional<Duration> pause = advance(); pause.isPresent(); pause = advance()) {
                awaitLookOrDecision(pause.get());
            }
            return moved();
        }));
    }

    private void awaitLookOrDecision(Duration pause) throws InterruptedException {
        for (Duration left = pause;
                left.compareTo(Duration.ZERO) > 0
                        && journal.pending().flatMap(Shift::decision).isEmpty();
                left = left.minus(GLANCE)) {
            time.sleeper().sleep(left.compareTo(GLANCE) < 0 ? left : GLANCE);
        }
    }

    /**
     * Takes note of the shift that is to be made, or that another process has begun.
     *
     * @return false where there is no traffic to shift
     */
    public boolean begin(Target target, Deployed deployed) throws DeployException, InterruptedException {
        if (!isWanted() || request.dryRun() || deployed.outcome() == Outcome.VALIDATED) {
            return false;
        }
        String arn = deployed.state().functionArn();
        FunctionName function = FunctionName.parse(arn);
        String alias = request.alias().orElseThrow();
        String to = deployed.version().orElseThrow();
        revisions.clear();
        versionLog = Optional.of(
                new VersionLog(session, function.name(), to, deployed.state().logGroup()));
        Optional<AliasRouting> now = traffic.find(function, alias);
        if (isUnderWay(arn, alias) && journal.pending().get().to().equals(to)) {
            progress.log("Carrying on with the shift of traffic of alias " + alias + " to version " + to);
            return true;
        }
        if (now.isEmpty() || now.get().sendsAllTo(to) || now.get().version().equals("$LATEST")) {
            progress.log("No traffic to shift: alias " + alias
                    + now.map(is -> is.version().equals(to)
                                    ? " points to version " + to + " already"
                                    : " points to $LATEST, which shares its traffic with no version")
                            .orElse(" is new"));
            return false;
        }
        if (now.get().isSplit()) {
            return false;
        }
        history.seesAlias(target, now.get().arn(), alias, now.map(AliasRouting::version), to, progress);
        Stage stage = new Stage(request.rollout().get().name(), request.alarms(), 0, Optional.empty());
        journal.save(new Shift(
                arn, alias, now.get().version(), to, Optional.empty(), watch.redBefore(), stage, Optional.empty()));
        return true;
    }

    /** Whether this alias's traffic is split by this deployment, or by a process before it that has ended. */
    public boolean isUnderWay(String functionArn, String alias) {
        return journal.pending()
                .filter(shift ->
                        shift.functionArn().equals(functionArn) && shift.alias().equals(alias))
                .isPresent();
    }

    /**
     * Does what is due by now.
     *
     * @return how long there is nothing to do; empty where all traffic is with the new version
     * @throws DeployException if something speaks against the new version; {@link #takeBack} is the caller's
     */
    public Optional<Duration> advance() throws IOException, InterruptedException {
        Rollout rollout = request.rollout().orElseThrow();
        Shift shift = journal.pending().orElseThrow();
        FunctionName function = FunctionName.parse(shift.functionArn());
        goOnUnlessTakenBack(shift);
        seen = ours(shift, function);
        if (seen.sendsAllTo(shift.to())) {
            return finished(shift, shift.subject() + " points to version " + shift.to() + " already");
        }
        if (shift.decision().isPresent()) {
            Decision decision = shift.decision().get();
            progress.log(shift.subject() + ": finished now by " + decision.by() + " at " + decision.at() + ", from "
                    + shift.stage().percent() + " % of the traffic");
            return shiftRest(shift, function);
        }
        boolean first = shift.start().isEmpty();
        Shift known = first ? firstShare(shift, function, rollout) : shift;
        Shift looked = first ? known : watch.look(known, time.clock().instant());
        Instant start = looked.start().orElseThrow();
        Duration elapsed = Duration.between(start, time.clock().instant());
        int percent = rollout.percentAt(elapsed);
        if (percent == PERCENT) {
            return shiftRest(looked, function);
        }
        if (!seen.sends(looked.from(), weights(looked, percent))) {
            share(looked, function, percent);
        }
        Duration next = rollout.untilNext(elapsed);
        Shift now = looked.at(looked.stage().at(percent, start.plus(elapsed).plus(next)));
        if (!now.equals(known)) {
            journal.save(now);
        }
        return Optional.of(next.compareTo(LOOK) < 0 ? next : LOOK);
    }

    /** Its time is saved at once: by it another process carries on. */
    private Shift firstShare(Shift shift, FunctionName function, Rollout rollout)
            throws IOException, InterruptedException {
        if (!seen.isSplit()) {
            share(shift, function, rollout.percent());
        }
        Instant start = time.clock().instant();
        Shift started = shift.startedAt(start, shift.stage().at(rollout.percent(), start.plus(rollout.every())));
        journal.save(started);
        return started;
    }

    private Optional<Duration> shiftRest(Shift shift, FunctionName function) throws IOException, InterruptedException {
        change(shift, function, shift.to(), Map.of());
        return finished(shift, shift.subject() + ": all traffic goes to version " + shift.to());
    }

    private Optional<Duration> finished(Shift shift, String outcome) {
        progress.log(outcome);
        finishedBy = shift.decision().map(Decision::by);
        journal.ended(Optional.of(shift.to()), outcome);
        versionLog = Optional.empty();
        return Optional.empty();
    }

    private static void goOnUnlessTakenBack(Shift shift) throws DeployException {
        Optional<Decision> back = shift.decision().filter(decision -> decision.choice() == Choice.BACK);
        if (back.isPresent()) {
            throw new DeployException(shift.subject() + " was taken back to version " + shift.from() + " by "
                    + back.get().by() + " at " + back.get().at() + ", while "
                    + shift.stage().percent() + " % of its traffic went to version " + shift.to() + ".");
        }
    }

    /** The alias after a shift: the last that {@link #advance} has seen or made of it. */
    public AliasState moved() {
        return new AliasState(
                seen.name(),
                seen.version(),
                seen.arn(),
                true,
                Optional.of(from),
                request.rollout().map(Rollout::name),
                finishedBy);
    }

    /** As it is now, or, where a read is older than the own last change, as that has left it. */
    private AliasRouting ours(Shift shift, FunctionName function) throws DeployException, InterruptedException {
        from = shift.from();
        Optional<AliasRouting> now = traffic.find(function, shift.alias());
        boolean known = revisions.isEmpty()
                || now.map(AliasRouting::revisionId).filter(revisions::contains).isPresent();
        boolean begun = shift.start().isPresent();
        if (now.isPresent()
                && (now.get().sendsAllTo(shift.to())
                        || known && now.get().isBetween(shift.from(), shift.to())
                        || known
                                && (!begun || !revisions.isEmpty())
                                && now.get().sendsAllTo(shift.from()))) {
            AliasRouting is = revisions.isEmpty() || now.get().sendsAllTo(shift.to()) ? now.get() : seen;
            revisions.add(now.get().revisionId());
            return is;
        }
        throw new ChangedBySomeoneElse(function, shift.alias(), shift.doing(), now);
    }

    private void share(Shift shift, FunctionName function, int percent) throws IOException, InterruptedException {
        change(shift, function, shift.from(), weights(shift, percent));
        progress.log(shift.subject() + ": " + percent + " % of the traffic goes to version " + shift.to()
                + ", the rest to version " + shift.from());
    }

    private void change(Shift shift, FunctionName function, String version, Map<String, Double> weights)
            throws IOException, InterruptedException {
        changing = true;
        seen = traffic.change(function, seen, version, weights, shift.doing());
        revisions.add(seen.revisionId());
        changing = false;
    }

    private static Map<String, Double> weights(Shift shift, int percent) {
        return Map.of(shift.to(), percent / PERCENT);
    }

    /**
     * Gives all traffic back to the version that had it, where a shift is under way: also one that a process before this has
     * begun.
     *
     * @return the failure with what has become of the alias, and what the new version said last
     */
    public DeployException takeBack(DeployException failure) throws InterruptedException {
        if (failure instanceof ChangedBySomeoneElse) {
            journal.ended(Optional.empty(), failure.getMessage());
        }
        Optional<Returned> returned = giveBack();
        if (returned.isEmpty()) {
            return failure;
        }
        DeployException told = new DeployException(
                failure.getMessage() + "\n" + returned.get().outcome(),
                returned.get().output().map(VersionOutput::text).orElse(""));
        told.initCause(failure);
        return told;
    }

    /** The same without a failure; empty where no shift is under way. */
    public Optional<String> takeBack() throws InterruptedException {
        return giveBack().map(Returned::outcome);
    }

    /**
     * What came of giving the traffic back.
     *
     * @param outcome what has become of the alias, and where the version's log is
     * @param output what the version said last, which the log has by now; empty where it had no traffic
     */
    private record Returned(String outcome, Optional<VersionOutput> output) {}

    private Optional<Returned> giveBack() throws InterruptedException {
        Optional<Shift> shift = journal.pending();
        Optional<String> outcome =
                back.run(is -> (changing || revisions.isEmpty() || revisions.contains(is.revisionId()))
                        && (is.isBetween(shift.get().from(), shift.get().to())
                                || changing && is.sendsAllTo(shift.get().to())));
        Optional<Instant> start = shift.flatMap(Shift::start);
        return outcome.map(words -> versionLog.isPresent() && start.isPresent()
                ? withOutput(words, shift.get(), versionLog.get(), start.get())
                : new Returned(words, Optional.empty()));
    }

    /** Callers have the version of before again by now, so there is time for it, but only a little. */
    private Returned withOutput(String outcome, Shift shift, VersionLog log, Instant start) {
        List<String> lines = List.of();
        String more;
        try {
            VersionLog.Lines read = log.lastLines(start, time.clock().instant());
            lines = read.lines();
            more = lines.isEmpty() && read.whole()
                    ? "Version " + shift.to() + " has written nothing since to " + log.place() + "."
                    : (lines.isEmpty()
                                    ? "Its log is too long to look for its last lines here, and is"
                                    : "More of its log is")
                            + " in CloudWatch Logs, " + log.place() + ".";
        } catch (DeployException e) {
            more = e.getMessage();
        } catch (InterruptedException e) {
            // Who stops a deployment that ends anyway wants to see it end.
            more = "What it wrote is in CloudWatch Logs, " + log.place() + ".";
        }
        VersionOutput output = new VersionOutput(log.who(), lines);
        output.print(progress);
        return new Returned(outcome + "\n" + more, Optional.of(output));
    }
}
