package io.jenkins.plugins.lambdanode.live;

import edu.umd.cs.findbugs.annotations.NonNull;
import hudson.AbortException;
import hudson.EnvVars;
import hudson.Extension;
import hudson.init.InitMilestone;
import hudson.init.Initializer;
import hudson.model.Action;
import hudson.model.Api;
import hudson.model.Item;
import hudson.model.Job;
import hudson.model.Run;
import hudson.model.User;
import hudson.security.Permission;
import hudson.security.PermissionGroup;
import hudson.security.PermissionScope;
import hudson.util.HttpResponses;
import hudson.util.StreamTaskListener;
import io.jenkins.plugins.lambdanode.access.SavedAccess;
import io.jenkins.plugins.lambdanode.build.BuildRollback;
import io.jenkins.plugins.lambdanode.record.DeployedFunction;
import io.jenkins.plugins.lambdanode.record.DeploymentHistory;
import io.jenkins.plugins.lambdanode.record.LiveFunction;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.util.Collection;
import java.util.List;
import java.util.Objects;
import java.util.Set;
import java.util.logging.Logger;
import jenkins.model.Jenkins;
import jenkins.model.TransientActionFactory;
import jenkins.model.lazy.LazyBuildMixIn.LazyLoadingJob;
import org.kohsuke.accmod.Restricted;
import org.kohsuke.accmod.restrictions.NoExternalUse;
import org.kohsuke.stapler.HttpResponse;
import org.kohsuke.stapler.QueryParameter;
import org.kohsuke.stapler.export.Exported;
import org.kohsuke.stapler.export.ExportedBean;
import org.kohsuke.stapler.interceptor.RequirePOST;
import org.springframework.security.core.Authentication;

/** A job's page <em>Lambda</em>: what its functions and aliases have, by its records, and what they had before. */
@Restricted(NoExternalUse.class)
@ExportedBean
public final class LiveAction implements Action {

    static final String ICON = "symbol-cloud-upload-outline plugin-ionicons-api";
    static final String URL_NAME = "lambda";

    private static final Logger LOGGER = Logger.getLogger(LiveAction.class.getName());

    public static final PermissionGroup PERMISSIONS =
            new PermissionGroup(LiveAction.class, Messages._LiveAction_displayName());

    /** Who may configure a job can let it deploy whatever he wants, so he may roll back too. */
    public static final Permission ROLL_BACK = new Permission(
            PERMISSIONS, "RollBack", Messages._LiveAction_rollBackPermission(), Item.CONFIGURE, PermissionScope.ITEM);

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

    /** For the page: what was asked for last; null where nothing was. */
    public PageTask getTask() {
        return PageTask.Latest.get().of(job);
    }

    public boolean mayCheck() {
        return job.hasAnyPermission(Item.BUILD, ROLL_BACK);
    }

    public boolean mayRollBack() {
        return job.hasPermission(ROLL_BACK);
    }

    /** Compares the records with AWS, with the credentials that the builds named. */
    @RequirePOST
    public HttpResponse doCheck() throws InterruptedException {
        job.checkAnyPermission(Item.BUILD, ROLL_BACK);
        PageTask.Latest.get().start(job, Messages.LiveAction_checked(name()), () -> new DriftCheck(job).run());
        return HttpResponses.redirectToDot();
    }

    /**
     * Moves an alias back to a version that a build of this job has recorded, with the credentials that the build named, where
     * the job may use them now.
     */
    @RequirePOST
    public HttpResponse doRollBack(
            @QueryParameter String functionArn, @QueryParameter String alias, @QueryParameter String version)
            throws InterruptedException {
        job.checkPermission(ROLL_BACK);
        LiveFunction function = getFunctions().stream()
                .filter(live -> live.getFunctionArn().equals(functionArn) && Objects.equals(alias, live.getAlias()))
                .findFirst()
                .orElseThrow(HttpResponses::notFound);
        function.getWaysBack().stream()
                .filter(deployment -> deployment.getVersion().equals(version))
                .findFirst()
                .orElseThrow(HttpResponses::notFound);
        SavedAccess access = function.getLive().access().orElseThrow(HttpResponses::notFound);
        Authentication user = Jenkins.getAuthentication2();
        PageTask.Latest.get()
                .start(
                        job,
                        Messages.LiveAction_rollingBack(function.getName(), version, name()),
                        () -> rollBack(new PageRollback(functionArn, alias, version, access), user.getName()));
        return HttpResponses.redirectToDot();
    }

    private static String name() {
        User user = User.current();
        return user == null ? Jenkins.getAuthentication2().getName() : user.getFullName();
    }

    private PageTask.Outcome rollBack(PageRollback rollback, String user) throws IOException, InterruptedException {
        Run<?, ?> last = job.getLastBuild();
        if (last == null) {
            throw new AbortException(Messages.LiveAction_noBuild());
        }
        ByteArrayOutputStream log = new ByteArrayOutputStream();
        DeployedFunction done = new BuildRollback(
                        rollback, last, new EnvVars(), Set.of(), new StreamTaskListener(log, StandardCharsets.UTF_8))
                .performFor(user);
        LOGGER.info(() -> user + " rolled alias " + rollback.alias() + " of " + rollback.functionArn()
                + " back from version " + done.getPreviousVersion() + " to version " + done.getVersion()
                + " on the page of " + job.getFullName());
        return new PageTask.Outcome(log.toString(StandardCharsets.UTF_8).lines().toList(), true);
    }

    /** For the page: whether a build is still there. It is not loaded for that. */
    public boolean hasBuild(int number) {
        return number > 0
                && (job instanceof LazyLoadingJob<?, ?> lazy
                        ? lazy.getLazyBuildMixIn().getRunMap().runExists(number)
                        : job.getBuildByNumber(number) != null);
    }

    /** Makes the permission known before anybody is granted it. */
    @Initializer(after = InitMilestone.PLUGINS_STARTED, before = InitMilestone.EXTENSIONS_AUGMENTED)
    public static void registerPermission() {
        ROLL_BACK.getId();
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
