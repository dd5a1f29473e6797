package io.jenkins.plugins.lambdanode;

import edu.hm.hafner.echarts.JacksonFacade;
import edu.hm.hafner.echarts.LineSeries;
import edu.hm.hafner.echarts.LineSeries.FilledMode;
import edu.hm.hafner.echarts.LineSeries.StackedMode;
import edu.hm.hafner.echarts.LinesChartModel;
import edu.hm.hafner.echarts.Palette;
import edu.umd.cs.findbugs.annotations.NonNull;
import hudson.Extension;
import hudson.model.Action;
import hudson.model.Job;
import hudson.model.Run;
import io.jenkins.plugins.echarts.AsyncTrendChart;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Collection;
import java.util.Deque;
import java.util.List;
import jenkins.model.TransientActionFactory;
import org.kohsuke.accmod.Restricted;
import org.kohsuke.accmod.restrictions.NoExternalUse;
import org.kohsuke.stapler.bind.JavaScriptMethod;

/** The job page's trend of package size and deploy time. */
@Restricted(NoExternalUse.class)
public final class LambdaTrendAction implements Action, AsyncTrendChart {

    private static final int SHOWN_BUILDS = 50;

    private final Job<?, ?> job;

    LambdaTrendAction(Job<?, ?> job) {
        this.job = job;
    }

    public Job<?, ?> getJob() {
        return job;
    }

    @Override
    public String getIconFileName() {
        return null;
    }

    @Override
    public String getDisplayName() {
        return null;
    }

    @Override
    public String getUrlName() {
        return "lambda-node-deploy-trend";
    }

    @Override
    public boolean isTrendVisible() {
        return deployments().size() > 1;
    }

    @JavaScriptMethod
    @Override
    public String getBuildTrendModel() {
        List<String> labels = new ArrayList<>();
        List<Integer> builds = new ArrayList<>();
        LineSeries size = new LineSeries(
                Messages.LambdaTrendAction_size(), Palette.BLUE.getNormal(), StackedMode.SEPARATE_LINES, FilledMode.LINES);
        LineSeries time = new LineSeries(
                Messages.LambdaTrendAction_time(), Palette.ORANGE.getNormal(), StackedMode.SEPARATE_LINES, FilledMode.LINES);
        for (Run<?, ?> run : deployments()) {
            DeployedFunction last = last(run);
            labels.add(run.getDisplayName());
            builds.add(run.getNumber());
            size.add((int) (last.getCodeSize() >> 10));
            time.add((int) Math.min(Integer.MAX_VALUE, last.getMillis()));
        }
        LinesChartModel model = new LinesChartModel(labels, builds);
        model.setDomainAxisItemName(Messages.LambdaTrendAction_build());
        model.addSeries(size, time);
        return new JacksonFacade().toJson(model);
    }

    private Deque<Run<?, ?>> deployments() {
        Deque<Run<?, ?>> found = new ArrayDeque<>();
        int seen = 0;
        for (Run<?, ?> run : job.getBuilds()) {
            if (seen++ == SHOWN_BUILDS) {
                break;
            }
            if (run.getAction(LambdaDeployAction.class) != null) {
                found.addFirst(run);
            }
        }
        return found;
    }

    private static DeployedFunction last(Run<?, ?> run) {
        List<DeployedFunction> functions = run.getAction(LambdaDeployAction.class).getFunctions();
        return functions.get(functions.size() - 1);
    }

    /** Puts the trend on the page of every job that has deployed. */
    @Extension
    @SuppressWarnings("rawtypes")
    public static final class Factory extends TransientActionFactory<Job> {

        @Override
        public Class<Job> type() {
            return Job.class;
        }

        @NonNull
        @Override
        public Collection<? extends Action> createFor(@NonNull Job job) {
            Run<?, ?> last = ((Job<?, ?>) job).getLastCompletedBuild();
            return last == null ? List.of() : List.of(new LambdaTrendAction((Job<?, ?>) job));
        }
    }
}
