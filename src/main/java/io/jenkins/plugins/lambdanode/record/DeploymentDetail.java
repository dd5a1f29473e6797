package io.jenkins.plugins.lambdanode.record;

import edu.umd.cs.findbugs.annotations.NonNull;
import hudson.Extension;
import hudson.model.Run;
import java.util.List;
import jenkins.model.details.Detail;
import jenkins.model.details.DetailFactory;
import org.kohsuke.accmod.Restricted;
import org.kohsuke.accmod.restrictions.NoExternalUse;

/** Under a build's title: the function that it deployed, or how many. */
@Restricted(NoExternalUse.class)
public final class DeploymentDetail extends Detail {

    private final DeploymentAction action;

    private DeploymentDetail(Run<?, ?> run, DeploymentAction action) {
        super(run);
        this.action = action;
    }

    @Override
    public String getIconClassName() {
        return action.getIconFileName();
    }

    @Override
    public String getDisplayName() {
        List<DeployedFunction> functions = action.getFunctions();
        long different = functions.stream()
                .map(DeployedFunction::getFunctionArn)
                .distinct()
                .count();
        if (different != 1) {
            return Messages.DeploymentDetail_functions(different);
        }
        DeployedFunction function = functions.get(functions.size() - 1);
        return function.getVersion() == null
                ? function.getFunctionName()
                : Messages.DeploymentDetail_version(function.getFunctionName(), function.getVersion());
    }

    @Override
    public String getLink() {
        return action.getUrlName();
    }

    /** Of builds that deployed. */
    @Extension
    @SuppressWarnings("rawtypes")
    public static final class Factory extends DetailFactory<Run> {

        @Override
        public Class<Run> type() {
            return Run.class;
        }

        @NonNull
        @Override
        public List<? extends Detail> createFor(@NonNull Run run) {
            DeploymentAction action = ((Run<?, ?>) run).getAction(DeploymentAction.class);
            return action == null || action.getFunctions().isEmpty()
                    ? List.of()
                    : List.of(new DeploymentDetail(run, action));
        }
    }
}
