package io.jenkins.plugins.lambdanode.record;

import io.jenkins.plugins.lambdanode.engine.base.ByteSize;
import edu.umd.cs.findbugs.annotations.NonNull;
import hudson.EnvVars;
import hudson.model.EnvironmentContributingAction;
import hudson.model.InvisibleAction;
import hudson.model.Run;
import java.io.IOException;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import org.kohsuke.accmod.Restricted;
import org.kohsuke.accmod.restrictions.NoExternalUse;

/** What a build deployed: a section of its page, and variables for the steps that follow. */
@Restricted(NoExternalUse.class)
public final class DeploymentAction extends InvisibleAction
        implements EnvironmentContributingAction {

    private final List<DeployedFunction> functions = new ArrayList<>();

    /** Adds functions to what the build has deployed; one that it has deployed before is told anew. */
    static void addTo(Run<?, ?> run, List<DeployedFunction> deployed) throws IOException {
        synchronized (run) {
            DeploymentAction earlier = run.getAction(DeploymentAction.class);
            DeploymentAction action = earlier == null ? new DeploymentAction() : earlier;
            action.replace(deployed);
            if (earlier == null) {
                run.addAction(action);
            }
        }
        run.save();
    }

    /** A build whose file names no function. */
    private Object readResolve() {
        return functions == null ? new DeploymentAction() : this;
    }

    private synchronized void replace(List<DeployedFunction> deployed) {
        for (DeployedFunction function : deployed) {
            functions.removeIf(earlier -> earlier.functionArn.equals(function.functionArn));
            functions.add(function);
        }
    }

    public synchronized List<DeployedFunction> getFunctions() {
        return List.copyOf(functions);
    }

    @Override
    public void buildEnvironment(@NonNull Run<?, ?> run, @NonNull EnvVars env) {
        List<DeployedFunction> all = getFunctions();
        if (all.isEmpty()) {
            return;
        }
        DeployedFunction last = all.get(all.size() - 1);
        env.put("LAMBDA_FUNCTION_NAME", last.functionName);
        env.put("LAMBDA_FUNCTION_ARN", last.functionArn);
        env.put("LAMBDA_CODE_SHA256", last.codeSha256);
        if (last.version != null) {
            env.put("LAMBDA_VERSION", last.version);
        }
    }

    /** For the page: a number of bytes for a person. Not called size, which is a word of Jelly's expressions. */
    public String inUnits(long bytes) {
        return ByteSize.of(bytes);
    }

    /** For the page: milliseconds as seconds. */
    public String inSeconds(long millis) {
        return String.format(Locale.ROOT, "%.2f s", millis / 1000.0);
    }
}
