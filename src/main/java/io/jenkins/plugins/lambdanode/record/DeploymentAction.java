package io.jenkins.plugins.lambdanode.record;

import edu.umd.cs.findbugs.annotations.NonNull;
import hudson.EnvVars;
import hudson.model.Action;
import hudson.model.Api;
import hudson.model.EnvironmentContributingAction;
import hudson.model.Run;
import io.jenkins.plugins.lambdanode.engine.base.ByteSize;
import io.jenkins.plugins.lambdanode.engine.report.Origin;
import java.io.IOException;
import java.util.ArrayList;
import java.util.Collection;
import java.util.Comparator;
import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.function.Consumer;
import java.util.stream.Collectors;
import java.util.stream.Stream;
import jenkins.model.RunAction2;
import jenkins.model.Tab;
import jenkins.tasks.SimpleBuildStep.LastBuildAction;
import org.kohsuke.accmod.Restricted;
import org.kohsuke.accmod.restrictions.NoExternalUse;
import org.kohsuke.stapler.export.Exported;
import org.kohsuke.stapler.export.ExportedBean;

/** What a build deployed: a page of the build and a summary on its first one, charts on its job's page, and variables for the steps that follow. */
@Restricted(NoExternalUse.class)
@ExportedBean
public final class DeploymentAction extends Tab implements EnvironmentContributingAction, LastBuildAction, RunAction2 {

    private static final int MAX_LINES = 6;

    private transient Run<?, ?> run;
    /** Both are replaced, not changed: the build can be saved at any time. */
    private volatile List<DeployedFunction> functions = new ArrayList<>();

    private volatile List<FailedDeployment> failures = new ArrayList<>();

    /** Adds functions to what the build has deployed. One that it has deployed before is replaced, and is the last now. */
    static void addTo(Run<?, ?> run, List<DeployedFunction> deployed) throws IOException {
        change(run, action -> action.add(deployed));
    }

    /** Gives the build's page this tab. It has something on it while the build shifts traffic, or when something is recorded. */
    static void showOn(Run<?, ?> run) throws IOException {
        change(run, action -> {});
    }

    /** Adds a deployment that failed, until the build deploys its functions after all. */
    static void addTo(Run<?, ?> run, FailedDeployment failure) throws IOException {
        change(run, action -> {
            List<FailedDeployment> all = new ArrayList<>(action.failures);
            all.removeIf(failure::isOfThoseOf);
            all.add(failure);
            action.failures = all;
        });
    }

    public DeploymentAction() {
        super(null);
    }

    @Override
    public String getIconFileName() {
        return functions.isEmpty() && failures.isEmpty() && getShifts().isEmpty()
                ? null
                : "symbol-cloud-upload-outline plugin-ionicons-api";
    }

    @Override
    public String getDisplayName() {
        return Messages.DeploymentAction_displayName();
    }

    @Override
    public String getUrlName() {
        return "lambda";
    }

    private static void change(Run<?, ?> run, Consumer<DeploymentAction> change) throws IOException {
        synchronized (run) {
            DeploymentAction present = run.getAction(DeploymentAction.class);
            DeploymentAction action = present == null ? new DeploymentAction() : present;
            change.accept(action);
            if (present == null) {
                run.addAction(action);
            }
        }
        run.save();
    }

    private void add(List<DeployedFunction> deployed) {
        List<DeployedFunction> all = new ArrayList<>(functions);
        List<FailedDeployment> left = new ArrayList<>(failures);
        for (DeployedFunction function : deployed) {
            all.removeIf(earlier -> earlier.isReplacedBy(function));
            all.add(function);
            left.removeIf(failure -> failure.isMadeUpForBy(function));
        }
        functions = all;
        failures = left;
    }

    @Override
    public void onAttached(Run<?, ?> to) {
        run = to;
        object = to;
    }

    @Override
    public void onLoad(Run<?, ?> of) {
        run = of;
        object = of;
    }

    /** For {@code lambda/api/json}. */
    public Api getApi() {
        return new Api(this);
    }

    /** Without dry runs, the last deployed at the end. */
    @Exported(visibility = 2)
    public List<DeployedFunction> getFunctions() {
        return functions.stream().filter(function -> !function.isDryRun()).toList();
    }

    /** For the page: without dry runs, the changed ones first, by name and region. */
    public List<DeployedFunction> getSortedFunctions() {
        return sorted(getFunctions());
    }

    /** What would be deployed, by name and region. */
    @Exported(visibility = 2)
    public List<DeployedFunction> getDryRuns() {
        return sorted(functions.stream().filter(DeployedFunction::isDryRun).toList());
    }

    private static List<DeployedFunction> sorted(List<DeployedFunction> functions) {
        return functions.stream()
                .sorted(Comparator.comparing(DeployedFunction::isUpdated)
                        .reversed()
                        .thenComparing(DeployedFunction::getFunctionName)
                        .thenComparing(DeployedFunction::getRegion))
                .toList();
    }

    /** The shifts of traffic that the build has under way. */
    @Exported(visibility = 2)
    public List<LiveShift> getShifts() {
        return LiveShifts.get().of(run);
    }

    @Exported(visibility = 2)
    public List<FailedDeployment> getFailures() {
        return List.copyOf(failures);
    }

    /** The version that the build left an alias at; empty where it did not deploy to it. */
    Optional<String> versionOf(String aliasArn) {
        return getFunctions().stream()
                .filter(function -> aliasArn.equals(function.functionArn + ":" + function.alias))
                .map(DeployedFunction::getVersion)
                .reduce((earlier, later) -> later);
    }

    /** The size of the package that the build deployed to a function, in bytes; empty where it did not deploy to it. */
    Optional<Long> codeSizeOf(String functionName) {
        return getFunctions().stream()
                .filter(function -> functionName.equals(function.functionName) && function.isOfPackage())
                .map(DeployedFunction::getCodeSize)
                .findFirst();
    }

    @Override
    public Collection<? extends Action> getProjectActions() {
        return getFunctions().isEmpty()
                ? List.of()
                : Stream.of(DeploymentTrendAction.Measure.values())
                        .map(measure -> new DeploymentTrendAction(run.getParent(), measure))
                        .toList();
    }

    /**
     * The variables of the last function, and of each one with its name at the end. Two whose names give the same variables, such
     * as one in two regions, have none with their name.
     */
    @Override
    public void buildEnvironment(@NonNull Run<?, ?> of, @NonNull EnvVars env) {
        Map<String, String> arns = new HashMap<>();
        Set<String> ambiguous = new HashSet<>();
        for (DeployedFunction function : getFunctions()) {
            String known = arns.putIfAbsent(suffix(function), function.functionArn);
            if (known != null && !known.equals(function.functionArn)) {
                ambiguous.add(suffix(function));
            }
            env.put("LAMBDA_FUNCTION_NAME", function.functionName);
            variables(function, "", env);
        }
        for (DeployedFunction function : getFunctions()) {
            if (!ambiguous.contains(suffix(function))) {
                variables(function, suffix(function), env);
            }
        }
    }

    private static String suffix(DeployedFunction function) {
        return "_" + function.functionName.toUpperCase(Locale.ROOT).replaceAll("[^A-Z0-9]", "_");
    }

    private static void variables(DeployedFunction function, String suffix, EnvVars env) {
        env.put("LAMBDA_FUNCTION_ARN" + suffix, function.functionArn);
        env.put("LAMBDA_CODE_SHA256" + suffix, function.codeSha256);
        env.put("LAMBDA_OUTCOME" + suffix, function.getOutcome());
        if (function.version == null) {
            env.remove("LAMBDA_VERSION" + suffix);
        } else {
            env.put("LAMBDA_VERSION" + suffix, function.version);
        }
    }

    /** For the card on the build's first page: a line each, shifts of traffic and failures first, the most important if there are many. */
    public List<String> getLines() {
        List<String> lines = new ArrayList<>();
        getShifts()
                .forEach(shift -> lines.add(
                        joined(shift.getName(), Messages.DeploymentAction_shift(shift.getPercent(), shift.getTo()))));
        failures.forEach(failure -> lines.add(joined(failure.getFunctionNames(), describe(failure))));
        getSortedFunctions().forEach(function -> lines.add(joined(function.functionName, describe(function))));
        getDryRuns().forEach(function -> lines.add(joined(function.functionName, describe(function))));
        if (lines.size() <= MAX_LINES) {
            return lines;
        }
        List<String> first = new ArrayList<>(lines.subList(0, MAX_LINES - 1));
        first.add(Messages.DeploymentAction_more(lines.size() - first.size()));
        return first;
    }

    /** For the page: outcome, version, alias and region. */
    public String describe(DeployedFunction function) {
        return joined(
                function.getOutcome().replace('_', ' '),
                function.version == null ? "" : Messages.DeploymentAction_version(function.version),
                function.alias == null
                        ? ""
                        : function.isAliasMoved()
                                ? Messages.DeploymentAction_aliasMoved(
                                        function.alias, function.previousVersion, function.version)
                                : Messages.DeploymentAction_alias(function.alias),
                function.region);
    }

    /** For the page: since the deployment before, how many npm packages changed, by how much the package grew, and from which commit. */
    public String describeChanges(DeployedFunction function) {
        long grown = function.codeSize + function.layerSize - function.previousCodeSize;
        boolean sameCommit = function.commit == null
                || function.previousCommit == null
                || function.commit.equals(function.previousCommit);
        return joined(
                function.changedPackages == 1
                        ? Messages.DeploymentAction_changedPackage()
                        : Messages.DeploymentAction_changedPackages(function.changedPackages),
                grown == 0 ? "" : (grown < 0 ? "-" : "+") + ByteSize.of(Math.abs(grown)),
                sameCommit
                        ? ""
                        : Messages.DeploymentAction_commits(
                                Origin.shortCommit(function.previousCommit), Origin.shortCommit(function.commit)));
    }

    /** For the page: that there are others. */
    public String more(int count) {
        return Messages.DeploymentAction_more(count);
    }

    /** For the page: phase and region. */
    public String describe(FailedDeployment failure) {
        return joined(
                failure.getPhase().isEmpty()
                        ? Messages.DeploymentAction_failedAtStart()
                        : failure.isStopped()
                                ? Messages.DeploymentAction_stoppedIn(failure.getPhase())
                                : Messages.DeploymentAction_failedIn(failure.getPhase()),
                failure.getRegion());
    }

    /** For the page: a phase's name, and whether several functions shared it. */
    public String describe(PhaseTime phase) {
        return phase.isShared() ? Messages.DeploymentAction_sharedPhase(phase.getName()) : phase.getName();
    }

    /** For the page: a smoke test's figures. */
    public static String describe(SmokeTestReport test) {
        return joined(
                Messages.DeploymentAction_smokeTest(),
                test.getDurationMillis() == 0 ? "" : inMillis(test.getDurationMillis()),
                test.getMaxMemoryUsed() == 0 ? "" : Messages.DeploymentAction_memory(test.getMaxMemoryUsed()),
                test.getInitMillis() == 0 ? "" : Messages.DeploymentAction_start(inMillis(test.getInitMillis())));
    }

    private static String inMillis(double millis) {
        return String.format(Locale.ROOT, "%.0f ms", millis);
    }

    private static String joined(String... parts) {
        return Stream.of(parts).filter(part -> !part.isEmpty()).collect(Collectors.joining(" · "));
    }

    /** For the page: a number of bytes for a person. Not called size, which is a word of Jelly's expressions. */
    public String inUnits(long bytes) {
        return ByteSize.of(bytes);
    }

    /** For the page: how many files there are. */
    public String inFiles(int files) {
        return files == 1 ? Messages.DeploymentAction_file() : Messages.DeploymentAction_files(files);
    }

    /** For the page: milliseconds as seconds. */
    public String inSeconds(long millis) {
        return String.format(Locale.ROOT, "%.2f s", millis / 1000.0);
    }
}
