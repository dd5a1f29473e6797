package io.jenkins.plugins.lambdanode.record;

import hudson.model.InvisibleAction;
import hudson.model.Run;
import io.jenkins.plugins.lambdanode.engine.base.DeployException;
import io.jenkins.plugins.lambdanode.engine.report.Baseline;
import java.io.IOException;
import java.io.Serializable;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.TreeMap;
import java.util.function.Function;
import jenkins.model.RunAction2;
import org.kohsuke.accmod.Restricted;
import org.kohsuke.accmod.restrictions.NoExternalUse;

/** What functions and aliases were before this build first changed them. It is kept with the build, so a restart does not lose it. */
@Restricted(NoExternalUse.class)
public final class BuildBaseline extends InvisibleAction implements Baseline, RunAction2 {

    /** How many builds back a last deployment is looked for. Each is a file to read. */
    static final int SEARCHED_BUILDS = 20;

    private transient Run<?, ?> run;
    /** By ARN. It is replaced, not changed: the build can be saved at any time. */
    private volatile Map<String, Entry> entries = new TreeMap<>();

    /** As the build's file has it: a record's fields can't be restored by XStream. */
    private static final class Entry implements Serializable {
        private static final long serialVersionUID = 1L;

        private final boolean exists;
        private final String codeSha256;
        private final List<String> layerArns;
        private final String version;

        Entry(Before before) {
            exists = before.exists();
            codeSha256 = before.codeSha256();
            layerArns = new ArrayList<>(before.layerArns());
            version = before.version();
        }

        Before before() {
            return new Before(exists, codeSha256, layerArns, version);
        }
    }

    /** The build's own. */
    public static BuildBaseline of(Run<?, ?> run) {
        synchronized (run) {
            BuildBaseline present = run.getAction(BuildBaseline.class);
            if (present != null) {
                return present;
            }
            BuildBaseline added = new BuildBaseline();
            run.addAction(added);
            return added;
        }
    }

    @Override
    public void onAttached(Run<?, ?> to) {
        run = to;
    }

    @Override
    public void onLoad(Run<?, ?> of) {
        run = of;
    }

    @Override
    public Optional<Before> recall(String arn) {
        return Optional.ofNullable(entries.get(arn)).map(Entry::before);
    }

    @Override
    public void remember(String arn, Before before) throws DeployException {
        synchronized (this) {
            Map<String, Entry> changed = new TreeMap<>(entries);
            changed.put(arn, new Entry(before));
            entries = changed;
        }
        try {
            run.save();
        } catch (IOException e) {
            throw new DeployException(
                    "The build could not save what the function was before, so nothing was changed: " + e.getMessage()
                            + "\nCheck the disk of the controller, and run the build again.",
                    e);
        }
    }

    @Override
    public Optional<String> expectedVersion(String aliasArn) {
        return newest(deployment -> deployment.versionOf(aliasArn));
    }

    /** The size of the package that the last build deployed to a function, in bytes; empty where none of the last builds did. */
    public Optional<Long> lastCodeSize(String functionName) {
        return newest(deployment -> deployment.codeSizeOf(functionName));
    }

    private <T> Optional<T> newest(Function<DeploymentAction, Optional<T>> question) {
        Run<?, ?> build = run;
        for (int searched = 0; build != null && searched < SEARCHED_BUILDS; searched++) {
            DeploymentAction recorded = build.getAction(DeploymentAction.class);
            Optional<T> found = recorded == null ? Optional.empty() : question.apply(recorded);
            if (found.isPresent()) {
                return found;
            }
            build = build.getPreviousBuild();
        }
        return Optional.empty();
    }
}
