package io.jenkins.plugins.lambdanode.record;

import hudson.model.Job;
import hudson.model.Run;
import io.jenkins.plugins.lambdanode.engine.Rollback;
import io.jenkins.plugins.lambdanode.engine.base.DeployException;
import io.jenkins.plugins.lambdanode.engine.report.AliasMove;
import java.util.ArrayList;
import java.util.Collections;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;

/** What the builds of a job recorded of an alias. */
public final class AliasRecords implements Rollback.Records {

    /** How many of a job's latest builds are read. Each is a file. */
    public static final int SEARCHED_BUILDS = 200;

    private final Job<?, ?> job;
    private final Optional<Integer> named;
    private final Map<String, String> fingerprints = new HashMap<>();

    /** @param named the number of the build whose version an alias is to go back to; empty for the version before the present one */
    public AliasRecords(Job<?, ?> job, Optional<Integer> named) {
        this.job = job;
        this.named = named;
    }

    @Override
    public List<AliasMove> of(String functionArn, String alias) {
        List<AliasMove> newestFirst = new ArrayList<>();
        int searched = 0;
        for (Run<?, ?> run : job.getBuilds()) {
            if (searched++ == SEARCHED_BUILDS) {
                break;
            }
            List<AliasMove> moves = new ArrayList<>(recorded(run).stream()
                    .filter(function -> function.isAt(functionArn, alias))
                    .map(function -> function.move(name(run)))
                    .toList());
            Collections.reverse(moves);
            newestFirst.addAll(moves);
        }
        Collections.reverse(newestFirst);
        return newestFirst;
    }

    @Override
    public Optional<AliasMove> named(String functionArn, String alias) throws DeployException {
        if (named.isEmpty()) {
            return Optional.empty();
        }
        Run<?, ?> run = job.getBuildByNumber(named.get());
        if (run == null) {
            throw new DeployException("This job has no build #" + named.get()
                    + ", or not any more.\nName a build that is there, or the version to go back to: version.");
        }
        List<DeployedFunction> versions = recorded(run).stream()
                .filter(function -> function.getFunctionArn().equals(functionArn) && function.getVersion() != null)
                .toList();
        return Optional.of(versions.stream()
                .filter(function -> alias.equals(function.getAlias()))
                .reduce((earlier, later) -> later)
                .or(() -> versions.stream().reduce((earlier, later) -> later))
                .map(function -> function.move(name(run)))
                .orElseThrow(() -> new DeployException("Build #" + named.get() + " recorded no version of "
                        + functionArn + ".\nName a build that published one, or the version to go back to: version.")));
    }

    private List<DeployedFunction> recorded(Run<?, ?> run) {
        DeploymentAction action = run.getAction(DeploymentAction.class);
        if (action == null) {
            return List.of();
        }
        for (DeployedFunction function : action.getFunctions()) {
            if (function.getFingerprint() != null) {
                fingerprints.put(function.getCodeSha256(), function.getFingerprint());
            }
        }
        return action.getFunctions();
    }

    /** The MD5 of the package with this CodeSha256, if a build that has been read recorded one. */
    public Optional<String> fingerprintOf(String codeSha256) {
        return Optional.ofNullable(fingerprints.get(codeSha256));
    }

    private static String name(Run<?, ?> run) {
        return "build #" + run.getNumber();
    }

    @Override
    public String name() {
        return "the last " + SEARCHED_BUILDS + " builds of " + job.getFullDisplayName();
    }
}
