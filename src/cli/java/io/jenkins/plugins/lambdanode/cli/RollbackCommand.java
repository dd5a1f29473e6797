package io.jenkins.plugins.lambdanode.cli;

import io.jenkins.plugins.lambdanode.engine.DeploymentLocks;
import io.jenkins.plugins.lambdanode.engine.Rollback;
import io.jenkins.plugins.lambdanode.engine.aws.client.AwsSession;
import io.jenkins.plugins.lambdanode.engine.base.BoundedFile;
import io.jenkins.plugins.lambdanode.engine.base.DeployException;
import io.jenkins.plugins.lambdanode.engine.http.ProxySettings;
import io.jenkins.plugins.lambdanode.engine.report.AliasMove;
import io.jenkins.plugins.lambdanode.engine.report.DeployResult.Deployed;
import io.jenkins.plugins.lambdanode.engine.report.DeploymentJson;
import io.jenkins.plugins.lambdanode.engine.report.DeploymentRecord;
import io.jenkins.plugins.lambdanode.engine.report.Origin;
import io.jenkins.plugins.lambdanode.engine.request.RollbackRequest;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.Callable;
import picocli.CommandLine.ArgGroup;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.Spec;

@Command(
        name = "rollback",
        description = "Moves an alias back to an earlier version. Nothing is installed, packaged or sent.",
        mixinStandardHelpOptions = true,
        sortOptions = false,
        abbreviateSynopsis = true,
        versionProvider = Main.Version.class)
final class RollbackCommand implements Callable<Integer> {

    /** Bytes; a record has some thousand for each function. */
    private static final long MAX_RECORD = 16 << 20;

    @Spec
    private CommandSpec spec;

    @Option(names = "--function-name", required = true, paramLabel = "NAME", description = "The function: name, partial ARN or ARN.")
    private String functionName;

    @Option(names = "--alias", required = true, paramLabel = "A", description = "The alias that goes back.")
    private String alias;

    @ArgGroup(multiplicity = "1")
    private Target target;

    static final class Target {
        @Option(names = "--to-version", paramLabel = "N", required = true, description = "The version to go back to.")
        String version;

        @Option(
                names = "--record",
                paramLabel = "FILE.json",
                required = true,
                description = "The record that --result wrote: the alias goes back to what it had before that deployment.")
        Path record;
    }

    @Option(names = "--force", description = "End a gradual release that is in progress.")
    private boolean force;

    @Mixin
    private ResultOption result;

    @Mixin
    private AwsOptions aws;

    @Override
    public Integer call() throws Exception {
        RollbackRequest request =
                ProjectOptions.read(spec, () -> RollbackRequest.of(functionName, alias, target.version, force));
        Optional<ProxySettings> proxy = ProjectOptions.read(spec, aws::connection);
        result.check(spec);
        Rollback.Records records = target.record == null
                ? Rollback.Records.NONE
                : new RecordFile(target.record, DeploymentRecord.read(text(target.record), target.record.toString()));
        try (TerminalProgress progress = ProjectOptions.progress(spec);
                AwsSession session = aws.open(request.function(), proxy)) {
            Deployed done = new Rollback(
                            request,
                            session,
                            records,
                            Rollback.Journal.NONE,
                            DeploymentLocks.NONE,
                            new Origin("", "", "", "", aws.credentialsName()),
                            progress)
                    .run();
            result.write(spec, DeploymentJson.text(DeploymentJson.release(done)));
        }
        return 0;
    }

    private static String text(Path file) throws DeployException {
        try {
            return new String(
                    BoundedFile.read(file.toRealPath(), MAX_RECORD).orElseThrow(() -> new IOException("too large")),
                    StandardCharsets.UTF_8);
        } catch (IOException e) {
            throw new DeployException(
                    "The record " + file + " can't be read (" + e.getClass().getSimpleName() + ").\nGive the JSON file that"
                            + " --result wrote.",
                    e);
        }
    }

    /** The one deployment that a file tells of. */
    private record RecordFile(Path file, List<DeploymentRecord> records) implements Rollback.Records {

        @Override
        public List<AliasMove> of(String functionArn, String alias) throws DeployException {
            List<AliasMove> moves = records.stream()
                    .filter(record -> record.isOf(functionArn, alias))
                    .map(record -> record.move(name()))
                    .toList();
            if (moves.isEmpty()) {
                throw new DeployException(file + " is not the record of a release of " + functionArn + " to alias " + alias
                        + ".\nGive the record of the deployment that moved this alias last, or name the version: --to-version.");
            }
            return moves;
        }

        @Override
        public String name() {
            return file.toString();
        }
    }
}
