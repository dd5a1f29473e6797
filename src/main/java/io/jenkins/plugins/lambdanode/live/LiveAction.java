package io.jenkins.plugins.lambdanode.live;

import edu.umd.cs.findbugs.annotations.NonNull;
import hudson.Extension;
import hudson.model.Action;
import hudson.model.Api;
import hudson.model.Job;
import io.jenkins.plugins.lambdanode.record.DeploymentHistory;
import io.jenkins.plugins.lambdanode.record.LiveFunction;
import java.util.Collection;
import java.util.List;
import jenkins.model.TransientActionFactory;
import jenkins.model.lazy.LazyBuildMixIn.LazyLoadingJob;
import org.kohsuke.accmod.Restricted;
import org.kohsuke.accmod.restrictions.NoExternalUse;
import org.kohsuke.stapler.export.Exported;
import org.kohsuke.stapler.export.ExportedBean;

/** A job's page <em>Lambda</em>: what its functions and aliases have, by its records, and what they had before. */
@Restricted(NoExternalUse.class)
@ExportedBean
public final class LiveAction implements Action {

    static final String ICON = "symbol-cloud-upload-outline plugin-ionicons-api";
    static final String URL_NAME = "lambda";

    private final Job<?, ?> job;

    LiveAction(Job<?, ?> job) {
        this.job = job;
    }

    @Override
    public String getIconFileName() {
        return ICON;
    }

    @Override
    public String getDisplayName() {
        return Messages.LiveAction_displayName();
    }

    @Override
    public String getUrlName() {
        return URL_NAME;
    }

    public Job<?, ?> getJob() {
        return job;
    }

    /** For {@code lambda/api/json}. */
    public Api getApi() {
        return new Api(this);
    }

    @Exported
    public List<LiveFunction> getFunctions() {
        return DeploymentHistory.functions(job);
    }

    /** For the page: whether a build is still there. It is not loaded for that. */
    public boolean hasBuild(int number) {
        return number > 0
                && (job instanceof LazyLoadingJob<?, ?> lazy
                        ? lazy.getLazyBuildMixIn().getRunMap().runExists(number)
                        : job.getBuildByNumber(number) != null);
    }

    /** On jobs that have deployed. */
    @Extension
    @SuppressWarnings("rawtypes")
    public static final class Factory extends TransientActionFactory<Job> {

        @Override
        public Class<Job> type() {
            return Job.class;
        }

        @Override
        public Class<? extends Action> actionType() {
            return LiveAction.class;
        }

        @NonNull
        @Override
        public Collection<? extends Action> createFor(@NonNull Job job) {
            return DeploymentHistory.exists((Job<?, ?>) job) ? List.of(new LiveAction(job)) : List.of();
        }
    }
}
