package io.jenkins.plugins.lambdanode.live;

import hudson.EnvVars;
import hudson.model.Job;
import io.jenkins.plugins.lambdanode.access.AccessSettings;
import io.jenkins.plugins.lambdanode.access.AwsAccess;
import io.jenkins.plugins.lambdanode.access.SavedAccess;
import io.jenkins.plugins.lambdanode.engine.aws.client.AwsSession;
import io.jenkins.plugins.lambdanode.engine.aws.lambda.FunctionName;
import io.jenkins.plugins.lambdanode.engine.aws.lambda.FunctionReader;
import io.jenkins.plugins.lambdanode.engine.aws.lambda.FunctionReleases;
import io.jenkins.plugins.lambdanode.engine.aws.lambda.FunctionState;
import io.jenkins.plugins.lambdanode.engine.base.DeployException;
import io.jenkins.plugins.lambdanode.engine.base.Progress;
import io.jenkins.plugins.lambdanode.record.DeploymentHistory;
import io.jenkins.plugins.lambdanode.record.LiveFunction;
import io.jenkins.plugins.lambdanode.record.RecordedDeployment;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.List;
import java.util.Optional;
import java.util.stream.Stream;

/** Compares what a job recorded with what AWS has: somebody may have deployed by hand. It changes nothing. */
final class DriftCheck {

    private static final Duration NO_WAIT = Duration.ofSeconds(1);

    private final Job<?, ?> job;
    private final List<LiveFunction> functions;

    DriftCheck(Job<?, ?> job) {
        this.job = job;
        this.functions = DeploymentHistory.functions(job);
    }

    PageTask.Outcome run() throws InterruptedException {
        List<String> lines = new ArrayList<>();
        boolean same = true;
        for (LiveFunction function : functions) {
            List<String> differences = differences(function);
            same &= differences.isEmpty();
            lines.add(function.getName() + ": "
                    + (differences.isEmpty() ? Messages.DriftCheck_same() : String.join(" ", differences)));
        }
        return new PageTask.Outcome(lines, same);
    }

    private List<String> differences(LiveFunction function) throws InterruptedException {
        Optional<SavedAccess> saved = function.getLive().access();
        if (saved.isEmpty()) {
            return List.of(Messages.LiveAction_noCredentials());
        }
        try {
            AwsAccess access = new AwsAccess(saved.get(), new EnvVars(), AccessSettings.Defaults.get());
            FunctionName name = FunctionName.parse(function.getFunctionArn());
            try (AwsSession session = AwsSession.open(access.settings(name, access.ofForm(job)))) {
                return differences(function, name, session);
            }
        } catch (DeployException e) {
            return List.of(e.getMessage());
        }
    }

    private List<String> differences(LiveFunction function, FunctionName name, AwsSession session)
            throws DeployException, InterruptedException {
        Optional<FunctionState> state = new FunctionReader(session, Progress.NONE).find(name);
        if (state.isEmpty()) {
            return List.of(Messages.DriftCheck_functionGone());
        }
        List<String> differences = new ArrayList<>();
        if (function.getAlias() != null) {
            alias(function, name, session).ifPresent(differences::add);
        }
        if (!state.get().codeSha256().equals(deployedLast(function))) {
            differences.add(Messages.DriftCheck_otherCode(state.get().codeSha256(), deployedLast(function)));
        }
        return differences;
    }

    private static Optional<String> alias(LiveFunction function, FunctionName name, AwsSession session)
            throws DeployException, InterruptedException {
        String recorded = function.getLive().getVersion();
        return new FunctionReleases(session, Progress.NONE, NO_WAIT)
                .findAlias(name, function.getAlias())
                .map(alias -> alias.isSplit()
                        ? Optional.of(Messages.DriftCheck_split(function.getAlias(), alias.version(), alias.weights()))
                        : alias.version().equals(recorded)
                                ? Optional.<String>empty()
                                : Optional.of(
                                        Messages.DriftCheck_moved(function.getAlias(), alias.version(), recorded)))
                .orElseGet(() -> Optional.of(Messages.DriftCheck_aliasGone(function.getAlias())));
    }

    /** The code that the function itself has by the records: of whichever alias was deployed to last. */
    private String deployedLast(LiveFunction function) {
        return functions.stream()
                .filter(other -> other.getFunctionArn().equals(function.getFunctionArn()))
                .flatMap(other -> Stream.concat(Stream.of(other.getLive()), other.getEarlier().stream()))
                .filter(deployment -> !deployment.isRolledBack())
                .max(Comparator.comparingLong(RecordedDeployment::getTimestamp))
                .map(RecordedDeployment::getCodeSha256)
                .orElse("");
    }
}
