package io.jenkins.plugins.lambdanode.engine.aws.lambda;

import io.jenkins.plugins.lambdanode.engine.aws.client.AwsSession;
import io.jenkins.plugins.lambdanode.engine.base.Backoff;
import io.jenkins.plugins.lambdanode.engine.base.DeployException;
import io.jenkins.plugins.lambdanode.engine.base.Progress;
import io.jenkins.plugins.lambdanode.engine.workspace.Workspace;
import java.io.IOException;
import java.time.Duration;
import java.util.List;
import java.util.Optional;
import java.util.function.UnaryOperator;

/** All that a deployment does to functions, for tests that go its way. */
public record Functions(FunctionReader reader, FunctionUpdater updater, FunctionReleases releases) {

    public Functions(AwsSession session, Workspace workspace, Progress progress) {
        this(session, workspace, progress, Duration.ofMinutes(10), Backoff.REAL);
    }

    Functions(AwsSession session, Workspace workspace, Progress progress, Duration timeout, Backoff backoff) {
        this(
                new FunctionReader(session, progress, backoff),
                new FunctionUpdater(session, workspace, progress, timeout, backoff),
                new FunctionReleases(session, progress, timeout, backoff));
    }

    public Optional<FunctionState> find(FunctionName function) throws DeployException, InterruptedException {
        return reader.find(function);
    }

    public FunctionState awaitReady(FunctionName function, Duration within)
            throws DeployException, InterruptedException {
        return reader.awaitReady(function, within);
    }

    public FunctionState update(FunctionName function, CodeSource source, UpdateOptions options, String codeSha256)
            throws IOException, InterruptedException {
        return updater.update(function, source, options, codeSha256);
    }

    FunctionState updateLayers(
            FunctionName function, FunctionState known, UnaryOperator<List<String>> layers, Optional<String> revisionId)
            throws IOException, InterruptedException {
        return updater.updateLayers(function, known, layers, revisionId);
    }

    public FunctionState create(FunctionName function, CodeSource source, CreateOptions options, String codeSha256)
            throws IOException, InterruptedException {
        return updater.create(function, source, options, codeSha256);
    }

    String publish(FunctionName function, String codeSha256, Optional<String> revisionId, String description)
            throws IOException, InterruptedException {
        return releases.publish(function, codeSha256, revisionId, description);
    }

    AliasState moveAlias(FunctionName function, String alias, String version) throws IOException, InterruptedException {
        return releases.moveAlias(function, alias, version, false, before -> {});
    }
}
