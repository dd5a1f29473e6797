package io.jenkins.plugins.lambdanode.live;

import edu.umd.cs.findbugs.annotations.NonNull;
import hudson.AbortException;
import hudson.EnvVars;
import hudson.Extension;
import hudson.model.Action;
import hudson.model.Api;
import hudson.model.Item;
import hudson.model.Job;
import hudson.model.Run;
import hudson.model.User;
import hudson.util.HttpResponses;
import hudson.util.StreamTaskListener;
import io.jenkins.plugins.lambdanode.access.SavedAccess;
import io.jenkins.plugins.lambdanode.build.BuildRollback;
import io.jenkins.plugins.lambdanode.engine.base.SafeText;
import io.jenkins.plugins.lambdanode.engine.steps.ShiftJournal.Choice;
import io.jenkins.plugins.lambdanode.engine.steps.ShiftJournal.Decision;
import io.jenkins.plugins.lambdanode.engine.steps.SteeredShift;
import io.jenkins.plugins.lambdanode.record.DeployedFunction;
import io.jenkins.plugins.lambdanode.record.DeploymentHistory;
import io.jenkins.plugins.lambdanode.record.LambdaPermissions;
import io.jenkins.plugins.lambdanode.record.LiveFunction;
import io.jenkins.plugins.lambdanode.record.LiveShift;
import io.jenkins.plugins.lambdanode.record.LiveShifts;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.time.Instant;
import java.time.temporal.ChronoUnit;
import java.util.Collection;
import java.util.List;
import java.util.Objects;
import java.util.Optional;
import java.util.Set;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;
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

    /** How long an answer may take that the page's reader does not wait for. */
    private static final Duration PATIENCE = Duration.ofMinutes(2);

    private static final Duration RECORDED_WITHIN = Duration.ofSeconds(2);

    /** Characters of a user's ID in a log. */
    private static final int MAX_NAME = 200;

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

    /** The shifts of traffic that builds have under way. */
    @Exported
    public List<LiveShift> getShifts() {
        return LiveShifts.get().of(job);
    }

    /** For a page: the shift of this alias; null where none is under way. */
    public LiveShift shiftOf(LiveFunction function) {
        return getShifts().stream()
                .filter(shift -> shift.isOf(function))
                .findFirst()
                .orElse(null);
    }

    /** For the page: what was asked for last; null where nothing was, or a later build has made it outdated. */
    public PageTask getTask() {
        PageTask task = PageTask.Latest.get().of(job);
        return task == null || task.isOutdated(getFunctions()) ? null : task;
    }

    public boolean mayCheck() {
        return job.hasAnyPermission(Item.BUILD, LambdaPermissions.ROLL_BACK);
    }

    public boolean mayRollBack() {
        return job.hasPermission(LambdaPermissions.ROLL_BACK);
    }

    /** Compares the records with AWS, with the credentials that the builds named. */
    @RequirePOST
    public HttpResponse doCheck() throws InterruptedException {
        job.checkAnyPermission(Item.BUILD, LambdaPermissions.ROLL_BACK);
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
        job.checkPermission(LambdaPermissions.ROLL_BACK);
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

    /** Gives the version whose share grows all traffic: the build that shifts it does so now, and goes on as after the last step. */
    @RequirePOST
    public HttpResponse doFinishNow(
            @QueryParameter String build,
            @QueryParameter String functionArn,
            @QueryParameter String alias,
            @QueryParameter String version)
            throws InterruptedException {
        return decide(Choice.FINISH, Messages.LiveAction_finishNow(name()), build, functionArn, alias, version);
    }

    /** Gives the version before all traffic: the build that shifts it does so now, and fails. */
    @RequirePOST
    public HttpResponse doGoBack(
            @QueryParameter String build,
            @QueryParameter String functionArn,
            @QueryParameter String alias,
            @QueryParameter String version)
            throws InterruptedException {
        return decide(Choice.BACK, Messages.LiveAction_back(name()), build, functionArn, alias, version);
    }

    private HttpResponse decide(
            Choice choice, String title, String build, String functionArn, String alias, String version)
            throws InterruptedException {
        job.checkPermission(LambdaPermissions.ROLL_BACK);
        Optional<LiveShift> shift = getShifts().stream()
                .filter(each -> each.is(build, functionArn, alias, version))
                .findFirst();
        String user = Jenkins.getAuthentication2().getName();
        Decision decision = new Decision(
                choice,
                Messages.LiveAction_onThePage(SafeText.oneLine(user, MAX_NAME)),
                Instant.now().truncatedTo(ChronoUnit.SECONDS));
        PageTask.Latest.get()
                .startBeside(
                        job,
                        shift.map(of -> title + ": " + of.getName() + ", #" + of.getBuild())
                                .orElse(title),
                        () -> shift.isPresent() ? decide(shift.get(), decision, user) : hasEnded());
        return HttpResponses.redirectToDot();
    }

    private static PageTask.Outcome hasEnded() {
        return new PageTask.Outcome(List.of(Messages.LiveAction_hasEnded()), false);
    }

    private PageTask.Outcome decide(LiveShift shift, Decision decision, String user)
            throws InterruptedException, ExecutionException {
        Optional<SteeredShift.Decided> decided = shift.decide(decision);
        if (decided.isEmpty()) {
            return hasEnded();
        }
        Decision holds = decided.get().shift().decision().orElseThrow();
        if (!holds.equals(decision)) {
            return new PageTask.Outcome(
                    List.of(
                            holds.choice() == Choice.FINISH
                                    ? Messages.LiveAction_finishedAlready(holds.by())
                                    : Messages.LiveAction_backAlready(holds.by())),
                    false);
        }
        String target = shift.target(decision.choice());
        LOGGER.info(() -> user + " has given version " + target + " all traffic of alias " + shift.getAlias() + " of "
                + shift.getFunctionArn() + ", which shifted from version " + shift.getFrom() + " to version "
                + shift.getTo() + " (" + shift.getPercent() + " %), on the page of " + job.getFullName() + ", build #"
                + shift.getBuild());
        try {
            SteeredShift.End end = decided.get().end().get(PATIENCE.toSeconds(), TimeUnit.SECONDS);
            awaitRecord(shift);
            return new PageTask.Outcome(
                    end.outcome().lines().toList(), end.version().equals(Optional.of(target)));
        } catch (TimeoutException e) {
            return new PageTask.Outcome(
                    List.of(Messages.LiveAction_decidedLater(Integer.toString(shift.getBuild()))), false);
        }
    }

    /** The page below the outcome shows what the build has recorded, which mostly takes no time. */
    private static void awaitRecord(LiveShift shift) throws InterruptedException {
        long deadline = System.nanoTime() + RECORDED_WITHIN.toNanos();
        while (shift.isAtWork() && System.nanoTime() < deadline) {
            Thread.sleep(50);
        }
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

    /** On jobs that have deployed, or shift traffic for the first time. */
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
            return DeploymentHistory.exists((Job<?, ?>) job) || LiveShifts.get().hasShifted((Job<?, ?>) job)
                    ? List.of(new LiveAction(job))
                    : List.of();
        }
    }
}
