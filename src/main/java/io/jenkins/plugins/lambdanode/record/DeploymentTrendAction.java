package io.jenkins.plugins.lambdanode.record;

import edu.hm.hafner.echarts.JacksonFacade;
import edu.hm.hafner.echarts.Palette;
import edu.hm.hafner.echarts.line.LineSeries;
import edu.hm.hafner.echarts.line.LineSeries.FilledMode;
import edu.hm.hafner.echarts.line.LineSeries.StackedMode;
import edu.hm.hafner.echarts.line.LinesChartModel;
import hudson.model.Action;
import hudson.model.Job;
import hudson.model.Run;
import io.jenkins.plugins.echarts.AsyncTrendChart;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Deque;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.function.ToLongFunction;
import org.kohsuke.accmod.Restricted;
import org.kohsuke.accmod.restrictions.NoExternalUse;
import org.kohsuke.stapler.bind.JavaScriptMethod;

/** One chart on the job's page: the size of what its builds deployed, or how long that took. */
@Restricted(NoExternalUse.class)
public final class DeploymentTrendAction implements Action, AsyncTrendChart {

    private static final int SHOWN_BUILDS = 50;
    private static final int MILLIS_IN_SECOND = 1000;
    private static final int DECIMALS = 100;

    private final Job<?, ?> job;
    private final Measure measure;

    DeploymentTrendAction(Job<?, ?> job, Measure measure) {
        this.job = job;
        this.measure = measure;
    }

    /** What a chart shows; sizes and times have an axis each. */
    enum Measure {
        SIZE("lambda-node-deploy-size", Palette.BLUE, DeployedFunction::getCodeSize, function -> 0),
        TIME(
                "lambda-node-deploy-time",
                Palette.ORANGE,
                DeployedFunction::sharedMillis,
                function -> function.getMillis() - function.sharedMillis());

        private final String urlName;
        private final Palette color;
        private final ToLongFunction<DeployedFunction> common;
        private final ToLongFunction<DeployedFunction> own;

        /** @param common what functions with the same package have in common; counts once */
        Measure(
                String urlName,
                Palette color,
                ToLongFunction<DeployedFunction> common,
                ToLongFunction<DeployedFunction> own) {
            this.urlName = urlName;
            this.color = color;
            this.common = common;
            this.own = own;
        }

        private Unit unit(long most) {
            return this == TIME
                    ? new Unit(Messages.DeploymentTrendAction_timeUnit(), MILLIS_IN_SECOND)
                    : most < 1 << 20
                            ? new Unit(Messages.DeploymentTrendAction_sizeUnit("KB"), 1 << 10)
                            : new Unit(Messages.DeploymentTrendAction_sizeUnit("MB"), 1 << 20);
        }

        private String title() {
            return this == SIZE ? Messages.DeploymentTrendAction_size() : Messages.DeploymentTrendAction_time();
        }

        /** Of all packages that a build deployed, in bytes or milliseconds; one that several functions got counts once. */
        private long of(Run<?, ?> run) {
            List<DeployedFunction> functions = run.getAction(DeploymentAction.class).getFunctions();
            Map<String, Long> packages = new HashMap<>();
            functions.forEach(function -> packages.put(function.getCodeSha256(), common.applyAsLong(function)));
            return packages.values().stream().mapToLong(Long::longValue).sum()
                    + functions.stream().mapToLong(own).sum();
        }
    }

    /** @param size bytes or milliseconds */
    private record Unit(String name, int size) {
        /** To two decimals. */
        double of(long value) {
            return Math.round((double) value * DECIMALS / size) / (double) DECIMALS;
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
        return deployments(2).size() > 1;
    }

    @JavaScriptMethod
    @Override
    public String getBuildTrendModel() {
        List<String> labels = new ArrayList<>();
        List<Integer> builds = new ArrayList<>();
        List<Long> measured = new ArrayList<>();
        for (Run<?, ?> run : deployments(SHOWN_BUILDS)) {
            labels.add(run.getDisplayName());
            builds.add(run.getNumber());
            measured.add(measure.of(run));
        }
        Unit unit = measure.unit(measured.stream().mapToLong(Long::longValue).max().orElse(0));
        List<Double> values = measured.stream().map(unit::of).toList();
        LinesChartModel model = new LinesChartModel(labels, builds);
        model.setDomainAxisItemName(Messages.DeploymentTrendAction_build());
        model.useContinuousRangeAxis();
        model.setRangeMin(0);
        model.setRangeMax(roundedUp(values.stream().mapToDouble(Double::doubleValue).max().orElse(1)));
        model.addSeries(new LineSeries(
                unit.name(), measure.color.getNormal(), StackedMode.SEPARATE_LINES, FilledMode.FILLED, values));
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

    /** The latest builds that deployed, oldest first. */
    private Deque<Run<?, ?>> deployments(int most) {
        Deque<Run<?, ?>> found = new ArrayDeque<>();
        int seen = 0;
        for (Run<?, ?> run : job.getBuilds()) {
            if (seen++ == SHOWN_BUILDS || found.size() == most) {
                break;
            }
            DeploymentAction recorded = run.getAction(DeploymentAction.class);
            if (recorded != null && !recorded.getFunctions().isEmpty()) {
                found.addFirst(run);
            }
        }
        return found;
    }
}
