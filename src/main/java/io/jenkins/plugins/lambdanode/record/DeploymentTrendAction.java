package io.jenkins.plugins.lambdanode.record;

import edu.hm.hafner.echarts.JacksonFacade;
import edu.hm.hafner.echarts.Palette;
import edu.hm.hafner.echarts.line.LineSeries.FilledMode;
import edu.hm.hafner.echarts.line.LineSeries.StackedMode;
import edu.hm.hafner.echarts.line.LineSeries;
import edu.hm.hafner.echarts.line.LinesChartModel;
import edu.umd.cs.findbugs.annotations.NonNull;
import hudson.Extension;
import hudson.model.Action;
import hudson.model.Job;
import hudson.model.Run;
import io.jenkins.plugins.echarts.AsyncTrendChart;
import io.jenkins.plugins.lambdanode.Messages;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Collection;
import java.util.Deque;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.function.ToLongFunction;
import jenkins.model.TransientActionFactory;
import org.kohsuke.accmod.Restricted;
import org.kohsuke.accmod.restrictions.NoExternalUse;
import org.kohsuke.stapler.bind.JavaScriptMethod;

/** One chart on the job's page: the size of what its builds deployed, or how long that took. */
@Restricted(NoExternalUse.class)
public final class DeploymentTrendAction implements Action, AsyncTrendChart {

    private static final int SHOWN_BUILDS = 50;
    private static final int BYTES_IN_MB = 1 << 20;
    private static final int MILLIS_IN_SECOND = 1000;
    private static final int DECIMALS = 100;

    private final Job<?, ?> job;
    private final Measure measure;

    public DeploymentTrendAction(Job<?, ?> job, Measure measure) {
        this.job = job;
        this.measure = measure;
    }

    /** What a chart shows; sizes and times have an axis each. */
    public enum Measure {
        SIZE("lambda-node-deploy-size", Palette.BLUE, DeployedFunction::getCodeSize, BYTES_IN_MB),
        TIME("lambda-node-deploy-time", Palette.ORANGE, DeployedFunction::getMillis, MILLIS_IN_SECOND);

        private final String urlName;
        private final Palette colour;
        private final ToLongFunction<DeployedFunction> value;
        private final int unit;

        Measure(String urlName, Palette colour, ToLongFunction<DeployedFunction> value, int unit) {
            this.urlName = urlName;
            this.colour = colour;
            this.value = value;
            this.unit = unit;
        }

        private String unitName() {
            return this == SIZE ? Messages.LambdaTrendAction_sizeUnit() : Messages.LambdaTrendAction_timeUnit();
        }

        private String title() {
            return this == SIZE ? Messages.LambdaTrendAction_size() : Messages.LambdaTrendAction_time();
        }

        /** Of all packages that a build deployed, to two decimals; one that several functions got counts once. */
        private double of(Run<?, ?> run) {
            Map<String, Long> packages = new HashMap<>();
            run.getAction(DeploymentAction.class)
                    .getFunctions()
                    .forEach(function -> packages.put(function.getCodeSha256(), value.applyAsLong(function)));
            long sum = packages.values().stream().mapToLong(Long::longValue).sum();
            return Math.round((double) sum * DECIMALS / unit) / (double) DECIMALS;
        }
    }

    public String getTitle() {
        return measure.title();
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
        return measure.urlName;
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
        List<Double> values = new ArrayList<>();
        for (Run<?, ?> run : deployments()) {
            labels.add(run.getDisplayName());
            builds.add(run.getNumber());
            values.add(measure.of(run));
        }
        LinesChartModel model = new LinesChartModel(labels, builds);
        model.setDomainAxisItemName(Messages.LambdaTrendAction_build());
        model.useContinuousRangeAxis();
        model.setRangeMin(0);
        model.setRangeMax(roundedUp(values.stream().mapToDouble(Double::doubleValue).max().orElse(1)));
        model.addSeries(new LineSeries(
                measure.unitName(), measure.colour.getNormal(), StackedMode.SEPARATE_LINES, FilledMode.FILLED, values));
        return new JacksonFacade().toJson(model);
    }

    /** The end of an axis: the next of 1, 2, 3, ... 9, 10, 20, ... or 0.1, 0.2, ... that is not below the value. */
    private static double roundedUp(double value) {
        if (value <= 0) {
            return 1;
        }
        double power = Math.pow(10, Math.floor(Math.log10(value)));
        return Math.ceil(value / power) * power;
    }

    private Deque<Run<?, ?>> deployments() {
        Deque<Run<?, ?>> found = new ArrayDeque<>();
        int seen = 0;
        for (Run<?, ?> run : job.getBuilds()) {
            if (seen++ == SHOWN_BUILDS) {
                break;
            }
            if (run.getAction(DeploymentAction.class) != null) {
                found.addFirst(run);
            }
        }
        return found;
    }

    /** Puts the charts on the page of every job that has deployed. */
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
            Job<?, ?> built = job;
            return built.getLastCompletedBuild() == null
                    ? List.of()
                    : List.of(new DeploymentTrendAction(built, Measure.SIZE), new DeploymentTrendAction(built, Measure.TIME));
        }
    }
}
