package io.jenkins.plugins.lambdanode.build;

import hudson.AbortException;
import hudson.EnvVars;
import hudson.FilePath;
import hudson.Launcher;
import hudson.model.Result;
import hudson.model.Run;
import hudson.model.TaskListener;
import io.jenkins.plugins.lambdanode.access.AwsAccess;
import io.jenkins.plugins.lambdanode.access.SavedAccess;
import io.jenkins.plugins.lambdanode.agent.AgentWorkspace;
import io.jenkins.plugins.lambdanode.agent.BuildFolder;
import io.jenkins.plugins.lambdanode.engine.Deployment;
import io.jenkins.plugins.lambdanode.engine.DeploymentContext;
import io.jenkins.plugins.lambdanode.engine.aws.client.AwsSession;
import io.jenkins.plugins.lambdanode.engine.aws.lambda.FunctionName;
import io.jenkins.plugins.lambdanode.engine.aws.s3.UploadJournal;
import io.jenkins.plugins.lambdanode.engine.base.DeployException;
import io.jenkins.plugins.lambdanode.engine.base.PacedProgress;
import io.jenkins.plugins.lambdanode.engine.base.PublicUrl;
import io.jenkins.plugins.lambdanode.engine.project.GitCheckout;
import io.jenkins.plugins.lambdanode.engine.report.DeployResult;
import io.jenkins.plugins.lambdanode.engine.report.DeploymentFailure;
import io.jenkins.plugins.lambdanode.engine.report.Origin;
import io.jenkins.plugins.lambdanode.engine.report.Provenance;
import io.jenkins.plugins.lambdanode.engine.report.Summary;
import io.jenkins.plugins.lambdanode.engine.request.DeployRequest;
import io.jenkins.plugins.lambdanode.engine.steps.ShiftJournal;
import io.jenkins.plugins.lambdanode.record.BuildBaseline;
import io.jenkins.plugins.lambdanode.record.BuildRecorder;
import io.jenkins.plugins.lambdanode.record.DeployedFunction;
import io.jenkins.plugins.lambdanode.record.FailedDeployment;
import io.jenkins.plugins.lambdanode.record.LiveShifts;
import java.io.IOException;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.logging.Level;
import java.util.logging.Logger;
import java.util.stream.Collectors;
import jenkins.model.Jenkins;

/** One deployment of a build, whichever kind of step asked for it: reads the settings, deploys, records. */
public final class BuildDeployment {

    private static final Logger LOGGER = Logger.getLogger(BuildDeployment.class.getName());

    private final String id;
    private final UploadJournal uploads;
    private final ShiftJournal shift;
    private final BuildSettings settings;
    private final BranchCleanup branch;
    private final Run<?, ?> run;
    private final FilePath workspace;
    private final EnvVars env;
    private final Launcher launcher;
    private final TaskListener listener;
    private final SecretMask secrets;
    private final BuildRecorder recorder;
    private List<String> functions = List.of();
    private String region = "";
    private Provenance provenance;
    private Optional<SavedAccess> saved = Optional.empty();
    private String unstable = "";

    /**
     * @param id a name for this deployment, the same when it is run again after a restart of the controller
     * @param uploads remembers an upload for that case
     * @param shift remembers a shift of traffic for that case
     * @param sensitive which variables of the environment hold secrets
     */
    public BuildDeployment(
            String id,
            UploadJournal uploads,
            ShiftJournal shift,
            DeploymentSettings settings,
            Run<?, ?> run,
            FilePath workspace,
            EnvVars env,
            Set<String> sensitive,
            Launcher launcher,
            TaskListener listener) {
        this.id = id;
        this.uploads = uploads;
        this.shift = shift;
        this.run = run;
        this.workspace = workspace;
        this.env = env;
        this.launcher = launcher;
        this.secrets = new SecretMask(env, sensitive);
        this.listener = secrets.masked(listener, run.getCharset());
        EnvVars variables = BranchVariable.addedTo(env);
        this.settings = new BuildSettings(settings, variables, workspace, launcher.isUnix());
        this.branch = new BranchCleanup(settings, run, variables, this.listener);
        this.recorder = new BuildRecorder(run, this.listener);
    }

    /**
     * Deploys and records.
     *
     * @return what was deployed, one for each function
     * @throws AgentLost if the agent is disconnected
     * @throws AbortException if it can't go on; the message says what to do
     */
    public List<DeployedFunction> perform() throws IOException, InterruptedException {
        try {
            return deploy();
        } catch (IOException | RuntimeException e) {
            AbortException failure = explained(e);
            if (failure == null) {
                throw e;
            }
            recorder.record(failed(e, failure.getMessage()));
            throw failure;
        }
    }

    /** Why {@code unstableOn} has made the build unstable; empty where it has not. */
    public Optional<String> unstable() {
        return Optional.of(unstable).filter(reason -> !reason.isEmpty());
    }

    /** What the build's log says of it; null for a defect, which has its stack trace. */
    private AbortException explained(Exception failure) {
        if (AgentLost.isBehind(failure, workspace)) {
            return new AgentLost();
        }
        if (!(failure instanceof DeployException)) {
            return null;
        }
        LOGGER.log(Level.FINE, () -> "A deployment failed" + where(failure));
        // Without its cause: a Pipeline keeps its errors, and prints the whole of one whose cause it can't serialize.
        return new AbortException(secrets.mask(failure.getMessage()));
    }

    private FailedDeployment failed(Exception failure, String message) {
        return new FailedDeployment(
                FailedDeployment.Kind.DEPLOYMENT,
                failure instanceof DeploymentFailure deployment
                                && deployment.functionName().isPresent()
                        ? List.of(deployment.functionName().get())
                        : functions,
                region,
                failure instanceof DeploymentFailure deployment
                        ? deployment.phase().label()
                        : "",
                secrets.mask(
                        failure instanceof DeployException explained && !AgentLost.isBehind(failure, workspace)
                                ? explained.messageWithOutput()
                                : message));
    }

    /** For the log of Jenkins, which masks nothing: where it happened, not what was said, which can quote what a command wrote. */
    private static String where(Throwable failure) {
        StringBuilder text = new StringBuilder();
        for (Throwable cause = failure; cause != null; cause = cause.getCause()) {
            text.append("\n").append(cause.getClass().getName());
            for (StackTraceElement element : cause.getStackTrace()) {
                text.append("\n\tat ").append(element);
            }
        }
        return text.toString();
    }

    private List<DeployedFunction> deploy() throws IOException, InterruptedException {
        functions = settings.functions().stream().toList();
        AwsAccess access = settings.access();
        DeployRequest request = settings.request();
        functions = request.functions().stream().map(FunctionName::name).toList();
        boolean strict = settings.unstableOnWarning();
        WarningCount progress = new WarningCount(PacedProgress.toLog(listener.getLogger()::println));
        BuildFolder place = BuildFolder.of(workspace, settings.dir(), env);
        AwsAccess.Identity identity = access.ofBuild(run, workspace);
        branch.check(identity, progress);
        saved = access.saved(identity);
        ShiftJournal recoverable = ShiftRecovery.get().journal(run, saved, FailedDeployment.Kind.DEPLOYMENT, shift);
        try (AwsSession session =
                        AwsSession.open(access.settings(request.functions().get(0), identity));
                AgentWorkspace agent = new AgentWorkspace(id, place, env, launcher, listener);
                LiveShifts.Running live = LiveShifts.get().add(run, recoverable, listener, () -> {})) {
            region = session.region();
            BuildLocks turns = new BuildLocks(
                            session.lambdaEndpoint() + " " + session.region(), run.getFullDisplayName())
                    .on(workspace.getChannel());
            BuildBaseline baseline = BuildBaseline.of(run);
            boolean stagedLastTime = baseline.lastCodeSize(functions.get(0))
                    .filter(request::stages)
                    .isPresent();
            Origin origin = origin(place.dir(), identity, agent);
            provenance = new Provenance(builder(), origin, request.pack());
            DeploymentContext context = new DeploymentContext(
                    turns, uploads, Optional.of(live.journal()), baseline, origin, stagedLastTime);
            List<DeployedFunction> deployed = deploy(new Deployment(request, agent, session, context, progress), agent);
            if (strict) {
                markUnstable(progress.get() + deployed.get(0).warnings());
            }
            return deployed;
        }
    }

    private void markUnstable(int warnings) {
        if (warnings == 0) {
            return;
        }
        unstable = "The build is unstable: its deployment has " + (warnings == 1 ? "a warning" : warnings + " warnings")
                + " (unstableOn).";
        listener.getLogger().println(unstable);
        run.setResult(Result.UNSTABLE);
    }

    private static Provenance.Builder builder() {
        return new Provenance.Builder(
                Optional.ofNullable(Jenkins.get().getRootUrl()).orElse("urn:jenkins:without-url"),
                Map.of("jenkins", Jenkins.VERSION));
    }

    private Origin origin(String dir, AwsAccess.Identity identity, AgentWorkspace agent) {
        String commit = env.get("GIT_COMMIT", "");
        String repository = PublicUrl.of(env.get("GIT_URL", ""));
        GitCheckout known = agent.checkout();
        return new Origin(
                settings.readyPackage().orElse(dir),
                commit.isEmpty() ? known.commit() : commit,
                repository.isEmpty() ? known.repository() : repository,
                env.get("BUILD_URL", run.getFullDisplayName()),
                identity.origin());
    }

    private List<DeployedFunction> deploy(Deployment deployment, AgentWorkspace agent)
            throws IOException, InterruptedException {
        DeployResult result;
        try {
            result = deployment.run();
        } catch (IOException | InterruptedException | RuntimeException e) {
            if (e instanceof InterruptedException && !deployment.stopped().isEmpty()) {
                recorder.record(FailedDeployment.stopped(
                        FailedDeployment.Kind.DEPLOYMENT,
                        functions,
                        region,
                        deployment.phase().label(),
                        secrets.mask(String.join("\n", deployment.stopped()))));
            }
            branch.created(deployment.created());
            boolean reachable = !(e instanceof InterruptedException) && !AgentLost.isBehind(e, workspace);
            recordDone(deployment, reachable ? Optional.of(agent) : Optional.empty());
            throw e;
        }
        Summary.deployed(result).forEach(listener.getLogger()::println);
        try {
            return record(result, fingerprint(agent, result));
        } catch (IOException | RuntimeException e) {
            if (AgentLost.isBehind(e, workspace) || e instanceof DeployException) {
                throw e;
            }
            throw new DeployException(notRecorded("The deployment is done", result, e), e);
        }
    }

    /** What was done before the deployment failed or was stopped. The failure is what the build ends with, whatever happens here. */
    private void recordDone(Deployment deployment, Optional<AgentWorkspace> agent) throws InterruptedException {
        Optional<DeployResult> done = deployment.deployed();
        if (done.isEmpty()) {
            return;
        }
        try {
            record(done.get(), agent.isPresent() ? fingerprint(agent.get(), done.get()) : Optional.empty());
        } catch (IOException | RuntimeException e) {
            listener.getLogger().println(notRecorded("The deployment is done in part", done.get(), e));
        }
    }

    private List<DeployedFunction> record(DeployResult result, Optional<String> md5)
            throws IOException, InterruptedException {
        List<DeployedFunction> recorded = recorder.record(result, region, md5, provenance, saved);
        branch.deployed(result);
        return recorded;
    }

    /** The package's MD5; empty where Lambda has read the package itself, so that it was never on the agent. */
    private static Optional<String> fingerprint(AgentWorkspace agent, DeployResult result)
            throws IOException, InterruptedException {
        String file = result.packaged().file();
        return file.isEmpty() ? Optional.empty() : Optional.of(agent.fingerprintOf(file));
    }

    private static String notRecorded(String what, DeployResult result, Exception failure) {
        String functions = result.functions().stream()
                .map(deployed -> deployed.state().functionName()
                        + deployed.version()
                                .map(version -> " version " + version)
                                .orElse(""))
                .collect(Collectors.joining(", "));
        return what + " (" + functions + "), and the build could not record it: "
                + failure.getClass().getSimpleName() + ": " + failure.getMessage()
                + "\nCheck the disk of the controller and the storage of artifacts, and run the build again: it records what is"
                + " deployed and does not deploy it twice.";
    }
}
