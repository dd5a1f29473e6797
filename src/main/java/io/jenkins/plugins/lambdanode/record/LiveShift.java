package io.jenkins.plugins.lambdanode.record;

import hudson.model.Run;
import io.jenkins.plugins.lambdanode.engine.steps.ShiftJournal.Choice;
import io.jenkins.plugins.lambdanode.engine.steps.ShiftJournal.Decision;
import io.jenkins.plugins.lambdanode.engine.steps.ShiftJournal.Shift;
import io.jenkins.plugins.lambdanode.engine.steps.SteeredShift;
import java.time.Instant;
import java.util.Date;
import java.util.List;
import java.util.Locale;
import java.util.Optional;
import org.kohsuke.accmod.Restricted;
import org.kohsuke.accmod.restrictions.NoExternalUse;
import org.kohsuke.stapler.export.Exported;
import org.kohsuke.stapler.export.ExportedBean;

/** A shift of traffic under way, as pages and REST show it: how it was when it was asked for. */
@Restricted(NoExternalUse.class)
@ExportedBean(defaultVisibility = 999)
public final class LiveShift {

    private static final int ALL = 100;

    private final Run<?, ?> run;
    private final SteeredShift steered;
    private final Shift shift;

    LiveShift(Run<?, ?> run, SteeredShift steered, Shift shift) {
        this.run = run;
        this.steered = steered;
        this.shift = shift;
    }

    @Exported
    public String getFunctionName() {
        return shift.functionArn().substring(shift.functionArn().lastIndexOf(':') + 1);
    }

    @Exported
    public String getFunctionArn() {
        return shift.functionArn();
    }

    @Exported
    public String getAlias() {
        return shift.alias();
    }

    /** For the page: the function and the alias. */
    public String getName() {
        return getFunctionName() + " \u00b7 " + getAlias();
    }

    /** The version that the alias points to. */
    @Exported
    public String getFrom() {
        return shift.from();
    }

    /** The version whose share grows. */
    @Exported
    public String getTo() {
        return shift.to();
    }

    /** The share of the version {@link #getTo} that was set last; 0 before the first. */
    @Exported
    public int getPercent() {
        return shift.stage().percent();
    }

    /** For the page: the share of the other one. */
    public int getRest() {
        return ALL - getPercent();
    }

    /** When the first share was set, in milliseconds since 1970; null before that. */
    @Exported
    public Long getStarted() {
        return shift.start().map(Instant::toEpochMilli).orElse(null);
    }

    public Date getStartDate() {
        return shift.start().map(Date::from).orElse(null);
    }

    /** When the next share is due, in milliseconds since 1970; null before the first. */
    @Exported
    public Long getNext() {
        return shift.stage().next().map(Instant::toEpochMilli).orElse(null);
    }

    public Date getNextDate() {
        return shift.stage().next().map(Date::from).orElse(null);
    }

    @Exported
    public String getRollout() {
        return shift.stage().rollout();
    }

    /** The alarms that are looked at; empty where the new version's errors are. */
    @Exported
    public List<String> getAlarms() {
        return shift.stage().alarms();
    }

    public String getAlarmNames() {
        return String.join(", ", getAlarms());
    }

    @Exported
    public int getBuild() {
        return run.getNumber();
    }

    public Run<?, ?> getRun() {
        return run;
    }

    /** {@code finish} or {@code back} where somebody has decided so, and it is not done yet; otherwise null. */
    @Exported
    public String getDecision() {
        return shift.decision()
                .map(decision -> decision.choice().name().toLowerCase(Locale.ROOT))
                .orElse(null);
    }

    /** Who has decided; null where nobody has. */
    @Exported
    public String getDecidedBy() {
        return shift.decision().map(Decision::by).orElse(null);
    }

    /** For the page: whether its reader may decide of it, and nobody has. */
    public boolean mayDecide() {
        return shift.decision().isEmpty() && run.getParent().hasPermission(LambdaPermissions.ROLL_BACK);
    }

    /** Whether this is the one that a request names: of this build, and to this version. */
    public boolean is(String build, String functionArn, String alias, String version) {
        return Integer.toString(getBuild()).equals(build)
                && shift.functionArn().equals(functionArn)
                && shift.alias().equals(alias)
                && shift.to().equals(version);
    }

    /** Whether it is of this alias. */
    public boolean isOf(LiveFunction function) {
        return shift.functionArn().equals(function.getFunctionArn())
                && shift.alias().equals(function.getAlias());
    }

    /**
     * Decides of it, where nobody has before.
     *
     * @return empty where it has ended meanwhile
     */
    public Optional<SteeredShift.Decided> decide(Decision decision) throws InterruptedException {
        return steered.decide(shift.functionArn(), shift.alias(), shift.to(), decision);
    }

    /** The version that gets all traffic by this choice. */
    public String target(Choice choice) {
        return choice == Choice.FINISH ? shift.to() : shift.from();
    }

    /** Whether its build is still at work on what the shift was a part of: it has not recorded it yet. */
    public boolean isAtWork() {
        return LiveShifts.get().isAtWork(run, steered);
    }
}
