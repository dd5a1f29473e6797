package io.jenkins.plugins.lambdanode.engine.steps;

import io.jenkins.plugins.lambdanode.engine.aws.client.AwsSession;
import io.jenkins.plugins.lambdanode.engine.aws.lambda.AliasRouting;
import io.jenkins.plugins.lambdanode.engine.aws.lambda.AliasTraffic;
import io.jenkins.plugins.lambdanode.engine.aws.lambda.AliasTraffic.ChangedBySomeoneElse;
import io.jenkins.plugins.lambdanode.engine.aws.lambda.FunctionName;
import io.jenkins.plugins.lambdanode.engine.base.Progress;
import io.jenkins.plugins.lambdanode.engine.steps.ShiftJournal.Shift;
import java.io.IOException;
import java.util.Map;
import java.util.Optional;
import java.util.function.Predicate;

/** Gives all traffic back to the version that had it before a shift that does not go on. */
public final class TrafficReturn {

    private final AliasTraffic traffic;
    private final ShiftJournal journal;

    public TrafficReturn(AwsSession session, ShiftJournal journal, Progress progress) {
        this.traffic = new AliasTraffic(session, progress);
        this.journal = journal;
    }

    /** For a shift that a process before this one has left: what somebody has decided of it holds. */
    public Optional<String> run() throws InterruptedException {
        Optional<Shift> left = journal.pending();
        return left.isEmpty()
                ? Optional.empty()
                : run(
                        is -> is.isBetween(left.get().from(), left.get().to()),
                        left.get().end());
    }

    /**
     * Gives it back.
     *
     * @param ours whether the alias is as the shift left it; otherwise it is somebody else's
     * @return what has become of the alias; empty where no shift is under way
     */
    Optional<String> run(Predicate<AliasRouting> ours) throws InterruptedException {
        return journal.pending().isEmpty()
                ? Optional.empty()
                : run(ours, journal.pending().get().from());
    }

    private Optional<String> run(Predicate<AliasRouting> ours, String target) throws InterruptedException {
        Shift shift = journal.pending().get();
        Optional<String> version = Optional.empty();
        String outcome = "Whether alias " + shift.alias() + " was set to version " + target + " is not known.";
        try {
            FunctionName function = FunctionName.parse(shift.functionArn());
            Optional<AliasRouting> now = traffic.find(function, shift.alias());
            if (now.filter(ours).isPresent()) {
                traffic.change(function, now.get(), target, Map.of(), "all traffic was given to version " + target);
            } else if (now.filter(is -> is.sendsAllTo(target)).isEmpty()) {
                throw new ChangedBySomeoneElse(function, shift.alias(), shift.doing(), now);
            }
            version = Optional.of(target);
            outcome = shift.subject() + ": all traffic goes to version " + target
                    + (target.equals(shift.from())
                            ? " again, as before."
                            : ", as decided by "
                                    + shift.decision().orElseThrow().by() + ".");
        } catch (IOException e) {
            outcome = "WARNING: Alias " + shift.alias() + " was not set to version " + target + ": " + e.getMessage();
        } finally {
            journal.ended(version, outcome);
        }
        return Optional.of(outcome);
    }
}
