package io.jenkins.plugins.lambdanode.build;

import hudson.AbortException;
import hudson.EnvVars;
import hudson.FilePath;
import hudson.model.Run;
import hudson.model.TaskListener;
import io.jenkins.plugins.lambdanode.access.AwsAccess;
import io.jenkins.plugins.lambdanode.access.SavedAccess;
import io.jenkins.plugins.lambdanode.engine.Release;
import io.jenkins.plugins.lambdanode.engine.aws.client.AwsSession;
import io.jenkins.plugins.lambdanode.engine.base.DeployException;
import io.jenkins.plugins.lambdanode.engine.base.PacedProgress;
import io.jenkins.plugins.lambdanode.engine.report.Origin;
import io.jenkins.plugins.lambdanode.engine.report.Phase;
import io.jenkins.plugins.lambdanode.engine.request.DeployRequest;
import io.jenkins.plugins.lambdanode.engine.request.DeployRequestBuilder;
import io.jenkins.plugins.lambdanode.engine.request.SettingRules;
import io.jenkins.plugins.lambdanode.engine.steps.ShiftJournal;
import io.jenkins.plugins.lambdanode.record.BuildBaseline;
import io.jenkins.plugins.lambdanode.record.BuildRecorder;
import io.jenkins.plugins.lambdanode.record.DeployedFunction;
import io.jenkins.plugins.lambdanode.record.FailedDeployment;
import io.jenkins.plugins.lambdanode.record.LiveShifts;
import java.io.IOException;
import java.time.Duration;
import java.util.List;
import java.util.Optional;
import java.util.Set;

/** One release of a version in a build: reads the settings, releases step by step, records. It needs no agent. */
final class BuildRelease implements AutoCloseable {

    private final ReleaseSettings settings;
    private final Run<?, ?> run;
    private final TaskListener listener;
    private final EnvVars variables;
    private final SecretMask secrets;
    private final BuildRecorder recorder;
    private final ShiftJournal shifts;
    private final Runnable wake;
    private LiveShifts.Running live;
    private Optional<SavedAccess> saved = Optional.empty();
    private AwsSession session;
    private Release release;

    /**
     * @param sensitive which variables of the environment hold secrets
     * @param shifts remembers a shift of traffic for when the release is run again after a restart
     * @param wake has {@link #advance} called now: somebody has decided of the shift
     */
    BuildRelease(
            ReleaseSettings settings,
            Run<?, ?> run,
            EnvVars env,
            Set<String> sensitive,
            ShiftJournal shifts,
            Runnable wake,
            TaskListener listener) {
        this.settings = settings;
        this.run = run;
        this.shifts = shifts;
        this.wake = wake;
        this.secrets = new SecretMask(env, sensitive);
        this.listener = secrets.masked(listener, run.getCharset());
        this.variables = BranchVariable.addedTo(env);
        this.recorder = new BuildRecorder(run, this.listener);
    }

    /**
     * Does what is due.
     *
     * @param workspace for {@code agentIdentity}; null where the step is outside {@code node}
     * @return how long there is nothing to do; empty where the release is done
     * @throws AbortException if it can't go on; the message says what to do
     */
    Optional<Duration> advance(FilePath workspace) throws IOException, InterruptedException {
        try {
            if (release == null) {
                open(workspace);
            }
            return release.advance();
        } catch (DeployException e) {
            recorder.record(new FailedDeployment(
                    FailedDeployment.Kind.RELEASE,
                    functions(),
                    region(),
                    phase(),
                    secrets.mask(e.messageWithOutput())));
            throw new AbortException(secrets.mask(e.getMessage()));
        }
    }

    private void open(FilePath workspace) throws IOException, InterruptedException {
        DeployRequestBuilder builder = DeployRequest.builder()
                .functionName(required("functionName", settings.getFunctionName()))
                .alias(required("alias", settings.getAlias()))
                .rollout(variables.expand(settings.getRollout()))
                .alarms(variables.expand(settings.getAlarms()));
        for (DeploymentSettings.Test test : settings.getSmokeTest()) {
            builder.smokeTest(variables.expand(test.getPayload()), variables.expand(test.getExpect()));
        }
        DeployRequest request = builder.build();
        String version = SettingRules.version(required("version", settings.getVersion()));
        AwsAccess access = new AwsAccess(settings, variables, settings.defaults());
        AwsAccess.Identity identity = access.ofBuild(run, workspace);
        saved = access.saved(identity);
        session = AwsSession.open(access.settings(request.functions().get(0), identity));
        live = LiveShifts.get()
                .add(
                        run,
                        ShiftRecovery.get().journal(run, saved, FailedDeployment.Kind.RELEASE, shifts),
                        listener,
                        wake);
        release = new Release(
                request,
                version,
                session,
                live.journal(),
                BuildBaseline.of(run),
                new Origin("", "", "", "", identity.origin()),
                PacedProgress.toLog(listener.getLogger()::println));
    }

    private String required(String setting, String text) throws DeployException {
        String value = text == null ? "" : variables.expand(text).strip();
        if (value.isEmpty()) {
            throw new DeployException(
                    "lambdaNodeRelease needs " + setting
                            + ".\nGive it from, which lambdaNodeDeploy returned, and alias; or functionName, version and alias.");
        }
        return value;
    }

    /** What was released, recorded. */
    DeployedFunction done() throws IOException, InterruptedException {
        try {
            return recorder.recordRelease(
                    release.result(), session.region(), Optional.empty(), Optional.empty(), saved);
        } catch (DeployException e) {
            throw new AbortException(secrets.mask(e.getMessage()));
        }
    }

    /** Gives the traffic back: the build was stopped. */
    void stop() throws InterruptedException {
        Optional<String> outcome = release == null ? Optional.empty() : release.takeBack();
        outcome.ifPresent(listener.getLogger()::println);
        recorder.record(FailedDeployment.stopped(
                FailedDeployment.Kind.RELEASE,
                functions(),
                region(),
                phase(),
                secrets.mask(outcome.orElse("Stopped."))));
    }

    private List<String> functions() {
        return Optional.ofNullable(variables.expand(settings.getFunctionName())).stream()
                .toList();
    }

    private String region() {
        return session == null ? "" : session.region();
    }

    private String phase() {
        return (release == null ? Phase.PREFLIGHT : release.phase()).label();
    }

    @Override
    public void close() {
        if (live != null) {
            live.close();
        }
        if (session != null) {
            session.close();
        }
    }
}
