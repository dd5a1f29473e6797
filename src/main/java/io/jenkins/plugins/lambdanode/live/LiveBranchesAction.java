package io.jenkins.plugins.lambdanode.live;

import edu.umd.cs.findbugs.annotations.NonNull;
import hudson.Extension;
import hudson.model.AbstractItem;
import hudson.model.Action;
import hudson.model.Api;
import hudson.model.Item;
import hudson.model.ItemGroup;
import hudson.model.Job;
import io.jenkins.plugins.lambdanode.record.DeploymentHistory;
import io.jenkins.plugins.lambdanode.record.LiveFunction;
import io.jenkins.plugins.lambdanode.record.LiveShift;
import java.util.Collection;
import java.util.Comparator;
import java.util.List;
import java.util.stream.Stream;
import jenkins.model.TransientActionFactory;
import jenkins.scm.api.SCMSourceOwner;
import org.kohsuke.accmod.Restricted;
import org.kohsuke.accmod.restrictions.NoExternalUse;
import org.kohsuke.stapler.export.Exported;
import org.kohsuke.stapler.export.ExportedBean;

/** A multibranch project's page <em>Lambda</em>: what the functions of all branches have, of those that its reader may see. */
@Restricted(NoExternalUse.class)
@ExportedBean
public final class LiveBranchesAction implements Action {

    private final ItemGroup<?> project;

    private LiveBranchesAction(ItemGroup<?> project) {
        this.project = project;
    }

    @Override
    public String getIconFileName() {
        return LiveAction.ICON;
    }

    @Override
    public String getDisplayName() {
        return Messages.LiveAction_displayName();
    }

    @Override
    public String getUrlName() {
        return LiveAction.URL_NAME;
    }

    public ItemGroup<?> getProject() {
        return project;
    }

    /** For {@code lambda/api/json}. */
    public Api getApi() {
        return new Api(this);
    }

    @Exported
    public List<Branch> getBranches() {
        return jobs(project)
                .sorted(Comparator.comparing(Job::getDisplayName))
                .map(Branch::new)
                .toList();
    }

    /** Those that have deployed and that may be read by who asks. */
    private static Stream<Job<?, ?>> jobs(ItemGroup<?> project) {
        return project.getItems().stream().<Job<?, ?>>mapMulti((item, jobs) -> {
            if (item instanceof Job<?, ?> job && DeploymentHistory.exists(job) && job.hasPermission(Item.READ)) {
                jobs.accept(job);
            }
        });
    }

    /** A branch's job. */
    @ExportedBean(defaultVisibility = 999)
    public static final class Branch {

        private final LiveAction action;

        private Branch(Job<?, ?> job) {
            action = new LiveAction(job);
        }

        public LiveAction getAction() {
            return action;
        }

        @Exported
        public String getName() {
            return action.getJob().getDisplayName();
        }

        @Exported
        public String getUrl() {
            return action.getJob().getAbsoluteUrl();
        }

        @Exported
        public List<LiveFunction> getFunctions() {
            return action.getFunctions();
        }

        @Exported
        public List<LiveShift> getShifts() {
            return action.getShifts();
        }
    }

    /** On projects of which a branch has deployed. */
    @Extension
    public static final class Factory extends TransientActionFactory<AbstractItem> {

        @Override
        public Class<AbstractItem> type() {
            return AbstractItem.class;
        }

        @Override
        public Class<? extends Action> actionType() {
            return LiveBranchesAction.class;
        }

        @NonNull
        @Override
        public Collection<? extends Action> createFor(@NonNull AbstractItem item) {
            return item instanceof SCMSourceOwner
                            && item instanceof ItemGroup<?> project
                            && jobs(project).findAny().isPresent()
                    ? List.of(new LiveBranchesAction(project))
                    : List.of();
        }
    }
}
