package io.jenkins.plugins.lambdanode.engine.steps;

import io.jenkins.plugins.lambdanode.engine.aws.lambda.FunctionName;
import io.jenkins.plugins.lambdanode.engine.base.DeployException;
import io.jenkins.plugins.lambdanode.engine.base.Progress;
import io.jenkins.plugins.lambdanode.engine.report.DeployResult;
import io.jenkins.plugins.lambdanode.engine.report.DeployResult.Deployed;
import io.jenkins.plugins.lambdanode.engine.report.DeploymentFailure;
import io.jenkins.plugins.lambdanode.engine.report.Timings;
import io.jenkins.plugins.lambdanode.engine.request.DeployRequest;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Optional;
import java.util.stream.Collectors;

/** Keeps what has been done, for the result, and after a failure or an interrupt for what is said and recorded of it. */
public final class RecordStep {

    private final DeployRequest request;
    private final BuildHistory history;
    private final Timings timings;
    private final Progress progress;
    private final List<Deployed> done = new ArrayList<>();
    private final Map<String, List<String>> deleted = new HashMap<>();
    private Optional<DesiredCode> desired = Optional.empty();
    private List<String> linesOfStop = List.of();

    public RecordStep(DeployRequest request, BuildHistory history, Timings timings, Progress progress) {
        this.request = request;
        this.history = history;
        this.timings = timings;
        this.progress = progress;
    }

    /** The functions are about to get this. */
    public void begin(DesiredCode code) {
        desired = Optional.of(code);
    }

    /** This function is next: a failure is its own from now on. */
    public void begin(Target target) {
        timings.begin(target.name().name());
    }

    public void done(Deployed deployed) {
        done.add(deployed);
        timings.end();
    }

    /** These old versions of a function are gone. */
    public void deleted(Deployed function, List<String> versions) {
        deleted.put(function.state().functionArn(), versions);
    }

    /** The functions that are done, each complete in itself; empty where none is. */
    public Optional<DeployResult> deployed() {
        return done.isEmpty() ? Optional.empty() : Optional.of(result());
    }

    public DeployResult result() {
        DesiredCode code = desired.orElseThrow();
        return new DeployResult(done, code.packaged(), code.layer(), timings.list(), deleted);
    }

    /** @param inPreflight the function that preflight has failed for */
    public DeploymentFailure failure(DeployException failure, Optional<String> inPreflight) {
        return new DeploymentFailure(
                withDone(failure), timings.latest(), timings.function().or(() -> inPreflight), deployed());
    }

    private DeployException withDone(DeployException failure) {
        return done.isEmpty() || request.dryRun()
                ? failure
                : new DeployException(
                        failure.getMessage() + "\nThis code is deployed already to " + names()
                                + "; running the deployment again does the rest.",
                        failure);
    }

    /** Says of each function whether the deployment, which was stopped, has changed it. */
    public void stopped() {
        List<String> left = new ArrayList<>();
        for (String function :
                request.functions().stream().map(FunctionName::name).distinct().toList()) {
            Optional<String> ended = done.stream()
                    .filter(deployed -> deployed.state().functionName().equals(function))
                    .map(deployed -> deployed.outcome().name().toLowerCase(Locale.ROOT)
                            + (deployed.outcome().changed() ? ", with the new code in force." : "."))
                    .findFirst();
            String line = "Stopped. " + function + ": "
                    + ended.orElse(
                            history.begun().contains(function)
                                    ? "the change had begun. It has the previous code or the new; the next deployment completes it."
                                    : "not changed.");
            progress.log(line);
            if (ended.isEmpty()) {
                left.add(line);
            }
        }
        linesOfStop = left;
    }

    /** What was said of the functions that are not done; empty where the deployment was not stopped. */
    public List<String> linesOfStop() {
        return linesOfStop;
    }

    private String names() {
        return done.stream()
                .map(function -> function.state().functionName()
                        + function.version()
                                .map(version -> " (version " + version + ")")
                                .orElse(""))
                .collect(Collectors.joining(", "));
    }
}
