package io.jenkins.plugins.lambdanode.engine.steps;

import io.jenkins.plugins.lambdanode.engine.aws.client.AwsSession;
import io.jenkins.plugins.lambdanode.engine.aws.lambda.FunctionName;
import io.jenkins.plugins.lambdanode.engine.base.DeployException;
import io.jenkins.plugins.lambdanode.engine.base.Progress;
import io.jenkins.plugins.lambdanode.engine.report.DeployResult.Deployed;
import io.jenkins.plugins.lambdanode.engine.report.Origin;
import io.jenkins.plugins.lambdanode.engine.request.DeployRequest;
import java.util.Collection;
import java.util.List;
import java.util.Locale;
import java.util.Optional;
import java.util.stream.Collectors;

/** Says what a deployment is about to do, and after it was cut off what it has done. */
public final class LogStep {

    private final DeployRequest request;
    private final AwsSession session;
    private final Origin origin;
    private final Progress progress;

    public LogStep(DeployRequest request, AwsSession session, Origin origin, Progress progress) {
        this.request = request;
        this.session = session;
        this.origin = origin;
        this.progress = progress;
    }

    /** Finds the functions. */
    public interface Preflight {
        List<Target> run() throws DeployException, InterruptedException;
    }

    /** Runs preflight, and says first what goes where, whether it succeeds or not. */
    public List<Target> heading(Preflight preflight) throws DeployException, InterruptedException {
        List<Target> targets = List.of();
        try {
            targets = preflight.run();
            return targets;
        } finally {
            progress.log(origin.line(
                    request.functions().stream().map(FunctionName::name).distinct().toList(),
                    session.region(),
                    account(targets),
                    request.dryRun()));
            session.endpointNotice().ifPresent(progress::log);
        }
    }

    private Optional<String> account(List<Target> targets) {
        return targets.stream()
                .flatMap(target -> target.state().stream())
                .map(state -> state.functionArn().split(":"))
                .filter(arn -> arn.length > 4)
                .map(arn -> arn[4])
                .findFirst()
                .or(() -> request.functions().stream().flatMap(name -> name.account().stream()).findFirst());
    }

    /** A failure's message with the functions that were done before it. */
    public DeployException withDone(DeployException failure, List<Deployed> done) {
        return done.isEmpty() || request.dryRun()
                ? failure
                : new DeployException(
                        failure.getMessage() + "\nThis code is deployed already to " + names(done)
                                + "; running the deployment again does the rest.",
                        failure);
    }

    /**
     * Says of each function whether a deployment that was stopped has changed it.
     *
     * @param begun names of the functions that a change was sent for
     */
    public void stopped(List<Deployed> done, Collection<String> begun) {
        for (FunctionName function : request.functions()) {
            progress.log("Stopped. " + function.name() + ": "
                    + done.stream()
                            .filter(deployed -> deployed.state().functionName().equals(function.name()))
                            .map(deployed -> deployed.outcome().name().toLowerCase(Locale.ROOT)
                                    + (deployed.outcome().changed() ? ", with the new code in force." : "."))
                            .findFirst()
                            .orElse(begun.contains(function.name())
                                    ? "the change had begun. It has the former code or the new; the next deployment completes it."
                                    : "not changed."));
        }
    }

    private static String names(List<Deployed> done) {
        return done.stream()
                .map(function -> function.state().functionName()
                        + function.version().map(version -> " (version " + version + ")").orElse(""))
                .collect(Collectors.joining(", "));
    }
}
