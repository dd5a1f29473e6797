package io.jenkins.plugins.lambdanode.engine.steps;

import io.jenkins.plugins.lambdanode.engine.aws.client.AwsSession;
import io.jenkins.plugins.lambdanode.engine.aws.cloudwatch.Alarms;
import io.jenkins.plugins.lambdanode.engine.aws.cloudwatch.Alarms.Alarm;
import io.jenkins.plugins.lambdanode.engine.aws.cloudwatch.VersionErrors;
import io.jenkins.plugins.lambdanode.engine.aws.cloudwatch.VersionErrors.Counts;
import io.jenkins.plugins.lambdanode.engine.aws.lambda.FunctionName;
import io.jenkins.plugins.lambdanode.engine.base.DeployException;
import io.jenkins.plugins.lambdanode.engine.base.Progress;
import io.jenkins.plugins.lambdanode.engine.steps.ShiftJournal.Shift;
import java.time.Instant;
import java.util.List;
import java.util.Locale;
import java.util.Map;

/** Looks for what speaks against a version that gets a share of the traffic: alarms, or else its own errors. */
final class TrafficWatch {

    /** So many looks at the alarms may fail one after the other: at one in 15 seconds, a minute. */
    private static final int BLIND_LOOKS = 4;

    /** With fewer invocations a version's rate of errors says little. */
    private static final int ENOUGH = 10;

    private static final double CLEARLY_MORE = 0.05;

    private final List<String> names;
    private final Alarms alarms;
    private final VersionErrors errors;
    private final Progress progress;
    private int failedLooks;
    private boolean errorsUnknown;

    /** @param names the alarms to look at; empty where the version's errors are */
    TrafficWatch(List<String> names, AwsSession session, Progress progress) {
        this.names = names;
        this.alarms = new Alarms(session);
        this.errors = new VersionErrors(session);
        this.progress = progress;
    }

    /** @throws DeployException if the alarms cannot be read, or one does not exist */
    void check() throws DeployException, InterruptedException {
        alarms();
    }

    private List<Alarm> alarms() throws DeployException, InterruptedException {
        if (names.isEmpty()) {
            return List.of();
        }
        List<Alarm> read = alarms.read(names);
        alarms.requireAll(names, read);
        return read;
    }

    /** The alarms that are in ALARM before anything is shifted: what is wrong already is no reason to keep a fix back. */
    List<String> redBefore() throws DeployException, InterruptedException {
        List<Alarm> red = alarms().stream().filter(Alarm::isRed).toList();
        red.forEach(alarm -> progress.warning("Alarm " + alarm.name() + " is in ALARM before the traffic shifts"
                + " and is not looked at until it is OK: " + alarm.reason()));
        return red.stream().map(Alarm::name).toList();
    }

    /**
     * Looks.
     *
     * @return the shift, which knows of each alarm of before that is green now
     * @throws DeployException if something speaks against the new version, or the alarms can no longer be read
     */
    Shift look(Shift shift, Instant now) throws DeployException, InterruptedException {
        if (names.isEmpty()) {
            compareErrors(shift, now);
            return shift;
        }
        List<Alarm> read = List.of();
        try {
            read = alarms.read(names);
            alarms.requireAll(names, read);
            failedLooks = 0;
        } catch (DeployException e) {
            failedLooks++;
            if (failedLooks == BLIND_LOOKS) {
                throw new DeployException(
                        "The alarms could not be read for a minute while traffic shifted to version " + shift.to()
                                + ". " + e.getMessage(),
                        e);
            }
            progress.log("The alarms could not be read and are looked at again: " + e.getMessage());
        }
        for (Alarm alarm : read) {
            if (alarm.isRed() && !shift.redBefore().contains(alarm.name())) {
                throw new DeployException("Alarm " + alarm.name() + " went into ALARM while traffic shifted to version "
                        + shift.to() + ".\nCloudWatch says: " + alarm.reason());
            }
        }
        return shift.without(
                read.stream().filter(alarm -> !alarm.isRed()).map(Alarm::name).toList());
    }

    private void compareErrors(Shift shift, Instant now) throws DeployException, InterruptedException {
        if (errorsUnknown) {
            return;
        }
        Map<String, Counts> counts;
        String function = FunctionName.parse(shift.functionArn()).name();
        try {
            counts = errors.read(
                    function,
                    shift.alias(),
                    List.of(shift.from(), shift.to()),
                    shift.start().orElse(now),
                    now);
        } catch (DeployException e) {
            errorsUnknown = true;
            progress.warning("The errors of version " + shift.to() + " of function " + function
                    + " are not looked at while traffic shifts. " + e.getMessage());
            return;
        }
        Counts before = counts.get(shift.from());
        Counts after = counts.get(shift.to());
        if (before.invocations() >= ENOUGH
                && after.invocations() >= ENOUGH
                && after.rate() >= 2 * before.rate()
                && after.rate() >= before.rate() + CLEARLY_MORE) {
            throw new DeployException("Version " + shift.to() + " of function " + function
                    + " fails more often than version " + shift.from() + ": " + failures(after) + ", the other "
                    + failures(before) + ".");
        }
    }

    private static String failures(Counts counts) {
        return String.format(
                Locale.ROOT,
                "%d of %d invocations (%.1f %%)",
                counts.errors(),
                counts.invocations(),
                100 * counts.rate());
    }
}
