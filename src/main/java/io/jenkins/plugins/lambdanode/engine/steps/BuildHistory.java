package io.jenkins.plugins.lambdanode.engine.steps;

import io.jenkins.plugins.lambdanode.engine.aws.lambda.FunctionReader;
import io.jenkins.plugins.lambdanode.engine.aws.lambda.FunctionState;
import io.jenkins.plugins.lambdanode.engine.base.DeployException;
import io.jenkins.plugins.lambdanode.engine.base.Progress;
import io.jenkins.plugins.lambdanode.engine.report.Baseline;
import io.jenkins.plugins.lambdanode.engine.report.Baseline.Before;
import io.jenkins.plugins.lambdanode.engine.report.DeployResult.Outcome;
import java.util.ArrayList;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Optional;
import java.util.Set;

/** What functions and aliases were before the build, and which of them it has begun to change. */
public final class BuildHistory {

    private final Baseline baseline;
    private final FunctionReader functions;
    private final Set<String> begun = new LinkedHashSet<>();
    private final List<FunctionState> created = new ArrayList<>();

    public BuildHistory(Baseline baseline, FunctionReader functions) {
        this.baseline = baseline;
        this.functions = functions;
    }

    /** Names of the functions that the build has sent a change for, this deployment or one before it. */
    public Set<String> begun() {
        return begun;
    }

    /** The functions that this deployment has created, as Lambda answered. */
    public List<FunctionState> created() {
        return List.copyOf(created);
    }

    void created(FunctionState state) {
        created.add(state);
    }

    /** Takes note of what an earlier attempt of the build has begun. */
    public void resume(List<Target> targets) {
        targets.stream()
                .filter(target -> recalled(target).isPresent())
                .forEach(target -> begun.add(target.name().name()));
    }

    private Optional<Before> recalled(Target target) {
        return baseline.recall(functions.arn(target.name(), target.state()))
                .or(() -> baseline.recall(functions.arn(target.name(), Optional.empty()))
                        .filter(before -> !before.exists()));
    }

    /** Remembers what the function is. Called before the first change of it is sent. */
    void begin(Target target) throws DeployException, InterruptedException {
        begin(target, before(target));
    }

    private void begin(Target target, Before before) throws DeployException, InterruptedException {
        begun.add(target.name().name());
        String arn = functions.arn(target.name(), target.state());
        if (baseline.recall(arn).isEmpty()) {
            baseline.remember(arn, before);
        }
    }

    /** Reads the newest version of a function; empty where that is not known. */
    interface NewestVersion {
        Optional<String> read() throws DeployException, InterruptedException;
    }

    /** The newest version before the build; empty where that is not known. Called before one is published. */
    Optional<String> versionBefore(Target target, NewestVersion newest) throws DeployException, InterruptedException {
        Before before = before(target);
        if (recalled(target).isEmpty()) {
            before = new Before(
                    before.exists(),
                    before.codeSha256(),
                    before.layerArns(),
                    newest.read().orElse(""));
            begin(target, before);
        }
        return Optional.of(before.version()).filter(version -> !version.isEmpty());
    }

    /** What the function was before the build: what preflight saw, unless an earlier attempt has changed it. */
    Before before(Target target) {
        return recalled(target)
                .orElseGet(() -> target.state()
                        .map(state -> new Before(true, state.codeSha256(), state.layerArns(), ""))
                        .orElse(Before.ABSENT));
    }

    /** @param outcome what this deployment did: an earlier attempt of the build may have done more */
    Outcome ofTheBuild(Outcome outcome, Target target, FunctionState now) {
        Before before = before(target);
        if (!before.exists()) {
            return Outcome.CREATED;
        }
        boolean differs = !before.codeSha256().equals(now.codeSha256())
                || !before.layerArns().equals(now.layerArns());
        return outcome == Outcome.UNCHANGED && differs ? Outcome.UPDATED : outcome;
    }

    /**
     * Takes note of where an alias is that is about to be moved, and says where somebody else has moved it.
     *
     * @param arn the alias's
     * @param seen the version that it points to; empty where there is no such alias
     * @param version where it is moved to
     */
    void seesAlias(Target target, String arn, String alias, Optional<String> seen, String version, Progress progress)
            throws DeployException, InterruptedException {
        expectedElsewhere(arn, seen)
                .ifPresent(expected -> progress.warning("Alias " + alias + " "
                        + seen.map(at -> "points to version " + at).orElse("does not exist")
                        + "; the last build left it at version " + expected + ". Someone has changed it since."));
        aliasBefore(arn, seen);
        if (!seen.equals(Optional.of(version))) {
            begin(target);
        }
    }

    /** Remembers where the alias is, and says where it was before the build. Called before it is moved. */
    Optional<String> aliasBefore(String arn, Optional<String> seen) throws DeployException, InterruptedException {
        Optional<Before> remembered = baseline.recall(arn);
        if (remembered.isPresent()) {
            return remembered.filter(Before::exists).map(Before::version);
        }
        baseline.remember(
                arn,
                seen.map(version -> new Before(true, "", List.of(), version)).orElse(Before.ABSENT));
        return seen;
    }

    /** Where the last build left the alias, where it is elsewhere now and this build has not moved it. */
    private Optional<String> expectedElsewhere(String arn, Optional<String> seen) {
        return baseline.recall(arn).isPresent()
                ? Optional.empty()
                : baseline.expectedVersion(arn).filter(version -> !seen.equals(Optional.of(version)));
    }
}
