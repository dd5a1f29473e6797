package io.jenkins.plugins.lambdanode.build;

import hudson.AbortException;
import hudson.EnvVars;
import hudson.FilePath;
import hudson.model.Job;
import hudson.model.Run;
import hudson.model.TaskListener;
import io.jenkins.plugins.lambdanode.access.AwsAccess;
import io.jenkins.plugins.lambdanode.engine.Rollback;
import io.jenkins.plugins.lambdanode.engine.aws.client.AwsSession;
import io.jenkins.plugins.lambdanode.engine.base.DeployException;
import io.jenkins.plugins.lambdanode.engine.base.PacedProgress;
import io.jenkins.plugins.lambdanode.engine.report.DeployResult.Deployed;
import io.jenkins.plugins.lambdanode.engine.report.Origin;
import io.jenkins.plugins.lambdanode.engine.report.Phase;
import io.jenkins.plugins.lambdanode.engine.request.RollbackRequest;
import io.jenkins.plugins.lambdanode.record.AliasRecords;
import io.jenkins.plugins.lambdanode.record.BuildRecorder;
import io.jenkins.plugins.lambdanode.record.DeployedFunction;
import io.jenkins.plugins.lambdanode.record.FailedDeployment;
import java.io.IOException;
import java.util.Optional;
import java.util.Set;

/**
 * One rollback, by the records of a job's builds, for a step of a build or for a person on a page: rolls back and records. It
 * needs no agent.
 */
public final class BuildRollback {

    private final RollbackSettings settings;
    private final Run<?, ?> run;
    private final TaskListener listener;
    private final EnvVars variables;
    private final SecretMask secrets;
    private final BuildRecorder recorder;

    /**
     * @param run the build that records it, whose job's builds are read
     * @param env the step's environment; empty for a page
     * @param sensitive which variables of the environment hold secrets
     */
    public BuildRollback(
            RollbackSettings settings, Run<?, ?> run, EnvVars env, Set<String> sensitive, TaskListener listener) {
        this.settings = settings;
        this.run = run;
        this.secrets = new SecretMask(env, sensitive);
        this.listener = secrets.masked(listener, run.getCharset());
        this.variables = BranchVariable.addedTo(env);
        this.recorder = new BuildRecorder(run, this.listener);
    }

    /**
     * For a step of the build.
     *
     * @param workspace for {@code agentIdentity}; null where the step is outside {@code node}
     * @return the alias's version now
     * @throws AbortException if it can't go on; the message says what to do
     */
    public DeployedFunction perform(FilePath workspace, Rollback.Journal journal)
            throws IOException, InterruptedException {
        try {
            AwsAccess access = access();
            return rollBack(access, access.ofBuild(run, workspace), journal, Optional.empty());
        } catch (DeployException e) {
            recorder.record(new FailedDeployment(
                    FailedDeployment.Kind.ROLLBACK,
                    Optional.ofNullable(variables.expand(settings.getFunctionName())).stream()
                            .toList(),
                    "",
                    Phase.RELEASE.label(),
                    secrets.mask(e.messageWithOutput())));
            throw new AbortException(secrets.mask(e.getMessage()));
        }
    }

    /**
     * For a person on a page, whose permission the caller has checked. Credentials are those of {@code credentialsId} where the
     * job may use them now; no build lends any. A failure is not recorded: the page shows it.
     *
     * @param user the ID of who asks, which is recorded
     * @throws DeployException if it can't go on; the message says what to do
     */
    public DeployedFunction performFor(String user) throws IOException, InterruptedException {
        AwsAccess access = access();
        return rollBack(access, access.ofForm(run.getParent()), Rollback.Journal.NONE, Optional.of(user));
    }

    private AwsAccess access() {
        return new AwsAccess(settings, variables, settings.defaults());
    }

    private DeployedFunction rollBack(
            AwsAccess access, AwsAccess.Identity identity, Rollback.Journal journal, Optional<String> user)
            throws IOException, InterruptedException {
        RollbackRequest request = RollbackRequest.of(
                variables.expand(settings.getFunctionName()),
                variables.expand(settings.getAlias()),
                variables.expand(settings.getVersion()),
                settings.isForce());
        if (request.version().isPresent() && settings.getBuild() != null) {
            throw new DeployException(
                    "A rollback goes to a version or to a build, and both are named.\nLeave one out.");
        }
        Job<?, ?> job = run.getParent();
        AliasRecords records = new AliasRecords(job, Optional.ofNullable(settings.getBuild()));
        try (AwsSession session = AwsSession.open(access.settings(request.function(), identity))) {
            Deployed done = new Rollback(
                            request,
                            session,
                            records,
                            journal,
                            new BuildLocks(
                                    session.lambdaEndpoint() + " " + session.region(),
                                    user.map(id -> id + " (" + job.getFullDisplayName() + ")")
                                            .orElse(run.getFullDisplayName())),
                            new Origin("", "", "", "", identity.origin()),
                            PacedProgress.toLog(listener.getLogger()::println))
                    .run();
            return recorder.recordRelease(
                    done,
                    session.region(),
                    records.fingerprintOf(done.state().codeSha256()),
                    user,
                    access.saved(identity));
        }
    }
}
