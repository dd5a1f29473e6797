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
import io.jenkins.plugins.lambdanode.engine.report.Phase;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Collection;
import java.util.Comparator;
import java.util.Deque;
import java.util.HashMap;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Set;
import java.util.stream.IntStream;
import org.kohsuke.accmod.Restricted;
import org.kohsuke.accmod.restrictions.NoExternalUse;
import org.kohsuke.stapler.bind.JavaScriptMethod;

/** One chart on the job's page: the size of what its builds deployed, or how long that took, with a line for each function. */
@Restricted(NoExternalUse.class)
public final class DeploymentTrendAction implements Action, AsyncTrendChart {

    private static final int SHOWN_BUILDS = 50;
    private static final int SHOWN_FUNCTIONS = 8;

    /** Neighbours differ, the pale ones come last; with one for npm and one for the functions that are left over. */
    private static final List<Palette> COLORS = List.of(
            Palette.BLUE,
            Palette.ORANGE,
            Palette.GREEN,
            Palette.PURPLE,
            Palette.RED,
            Palette.BROWN,
            Palette.TEAL,
            Palette.INDIGO,
            Palette.GRAY,
            Palette.LIME);

    private static final Set<String> NPM = Set.of(Phase.INSTALL.label(), Phase.BUILD.label());
    private static final Set<String> WAITING = Set.of(Phase.SHIFT.label());

    private final Job<?, ?> job;
    private final Measure measure;

    DeploymentTrendAction(Job<?, ?> job, Measure measure) {
        this.job = job;
        this.measure = measure;
    }

    /** What a chart shows; sizes and times have an axis each. */
    enum Measure {
        SIZE("lambda-node-deploy-size"),
        TIME("lambda-node-deploy-time"),
        SMOKE_TEST("lambda-node-deploy-smoke-test");

        private final String urlName;

        Measure(String urlName) {
            this.urlName = urlName;
        }

        /** Bytes, or milliseconds: a deployment's without npm's and without a rollout's. Null where it is not known. */
        private Long of(DeployedFunction function) {
            return switch (this) {
                case SIZE -> function.getCodeSize();
                case TIME -> function.getMillis() - function.millisOf(NPM) - function.millisOf(WAITING);
                case SMOKE_TEST -> function.smokeTestMillis().orElse(null);
            };
        }

        private Unit unit(long most) {
            return switch (this) {
                case SIZE -> most < 1 << 20 ? new Unit("KB", 1 << 10) : new Unit("MB", 1 << 20);
                case TIME -> new Unit("s", 1000);
                case SMOKE_TEST -> new Unit("ms", 1);
            };
        }

        private String title() {
            return switch (this) {
                case SIZE -> Messages.DeploymentTrendAction_size();
                case TIME -> Messages.DeploymentTrendAction_time();
                case SMOKE_TEST -> Messages.DeploymentTrendAction_smokeTest();
            };
        }
    }

    /** @param size bytes or milliseconds */
    private record Unit(String name, int size) {
        /** To two decimals. */
        double of(long value) {
            return Math.round(value * 100.0 / size) / 100.0;
        }
    }

    /** @param values bytes or milliseconds, one for each build, oldest first; null where the build did not deploy it */
    private record Line(String name, List<Long> values) {

        boolean hasValue() {
            return values.stream().anyMatch(Objects::nonNull);
        }

        long last() {
            return values.stream()
                    .filter(Objects::nonNull)
                    .reduce((earlier, later) -> later)
                    .orElse(0L);
        }

        static long most(List<Line> lines) {
            return lines.stream()
                    .flatMap(line -> line.values.stream())
                    .filter(Objects::nonNull)
                    .mapToLong(Long::longValue)
                    .max()
                    .orElse(0);
        }

        /** Where no line has a value, there is none either. */
        static List<Long> sums(List<Line> lines, int builds) {
            return IntStream.range(0, builds)
                    .mapToObj(build -> lines.stream()
                            .map(line -> line.values.get(build))
                            .filter(Objects::nonNull)
                            .reduce(Long::sum)
                            .orElse(null))
                    .toList();
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
        Deque<Run<?, ?>> latest = deployments(2);
        return latest.size() > 1
                && (measure != Measure.SMOKE_TEST
                        || functions(latest.getLast()).stream()
                                .anyMatch(function -> function.smokeTestMillis().isPresent()));
    }

    @JavaScriptMethod
    @Override
    public String getBuildTrendModel() {
        List<Run<?, ?>> runs = List.copyOf(deployments(SHOWN_BUILDS));
        List<Line> lines =
                lines(runs.stream().map(DeploymentTrendAction::functions).toList());
        long most = Line.most(lines);
        Unit unit = measure.unit(most);
        LinesChartModel model = new LinesChartModel(
                runs.stream().map(Run::getDisplayName).toList(),
                runs.stream().map(Run::getNumber).toList());
        model.setDomainAxisItemName(Messages.DeploymentTrendAction_build());
        model.useContinuousRangeAxis();
        model.setRangeMin(0);
        model.setRangeMax(roundedUp(unit.of(most)));
        for (Line line : lines) {
            LineSeries series = new LineSeries(
                    Messages.DeploymentTrendAction_line(line.name, unit.name()),
                    COLORS.get(model.getSeries().size()).getNormal(),
                    StackedMode.SEPARATE_LINES,
                    FilledMode.LINES);
            series.addAll(line.values.stream()
                    .map(value -> value == null ? null : unit.of(value))
                    .toList());
            model.addSeries(series);
        }
        return new JacksonFacade().toJson(model);
    }

    private static List<DeployedFunction> functions(Run<?, ?> run) {
        DeploymentAction recorded = run.getAction(DeploymentAction.class);
        return recorded == null
                ? List.of()
                : recorded.getFunctions().stream()
                        .filter(function -> function.isOfPackage())
                        .toList();
    }

    /** The largest functions' lines by name, so that each has its color in all charts, and npm's where it took time. */
    private List<Line> lines(List<List<DeployedFunction>> builds) {
        Map<String, DeployedFunction> byArn = new LinkedHashMap<>();
        builds.forEach(functions -> functions.forEach(function -> byArn.put(function.getFunctionArn(), function)));
        List<Line> functions = new ArrayList<>(byArn.values().stream()
                .map(function -> new Line(
                        name(function, byArn.values()),
                        builds.stream().map(build -> valueOf(function, build)).toList()))
                .filter(Line::hasValue)
                .sorted(Comparator.comparingLong(Line::last).reversed())
                .toList());
        List<Line> lines = new ArrayList<>(functions.subList(0, Math.min(SHOWN_FUNCTIONS, functions.size())));
        lines.sort(Comparator.comparing(Line::name));
        List<Line> others = functions.subList(lines.size(), functions.size());
        if (!others.isEmpty()) {
            lines.add(new Line(Messages.DeploymentTrendAction_others(others.size()), Line.sums(others, builds.size())));
        }
        Line npm = new Line(
                Messages.DeploymentTrendAction_npm(),
                builds.stream().map(DeploymentTrendAction::npmMillis).toList());
        if (measure == Measure.TIME && Line.most(List.of(npm)) > 0) {
            lines.add(npm);
        }
        return lines;
    }

    /** With its region where another one has its name, with its ARN where that is in the region too. */
    private static String name(DeployedFunction function, Collection<DeployedFunction> all) {
        List<DeployedFunction> namesakes = all.stream()
                .filter(other -> other.getFunctionName().equals(function.getFunctionName()))
                .toList();
        if (namesakes.size() == 1) {
            return function.getFunctionName();
        }
        return namesakes.stream()
                                .filter(other -> other.getRegion().equals(function.getRegion()))
                                .count()
                        > 1
                ? function.getFunctionArn()
                : function.getFunctionName() + " · " + function.getRegion();
    }

    private Long valueOf(DeployedFunction function, List<DeployedFunction> build) {
        return build.stream()
                .filter(function::isSameFunctionAs)
                .reduce((earlier, later) -> later)
                .map(measure::of)
                .orElse(null);
    }

    /** What functions that were deployed together have in common counts once. */
    private static long npmMillis(List<DeployedFunction> build) {
        Map<String, Long> packages = new HashMap<>();
        build.forEach(function -> packages.put(function.getCodeSha256(), function.millisOf(NPM)));
        return packages.values().stream().mapToLong(Long::longValue).sum();
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
            if (!functions(run).isEmpty()) {
                found.addFirst(run);
            }
        }
        return found;
    }
}
