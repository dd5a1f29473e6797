package io.jenkins.plugins.lambdanode.build;

import hudson.AbortException;
import hudson.EnvVars;
import hudson.FilePath;
import hudson.Launcher;
import hudson.Util;
import hudson.console.ModelHyperlinkNote;
import hudson.model.Job;
import hudson.model.Result;
import hudson.model.Run;
import hudson.model.TaskListener;
import hudson.remoting.Channel;
import hudson.remoting.ChannelClosedException;
import io.jenkins.plugins.lambdanode.access.AwsAccess;
import io.jenkins.plugins.lambdanode.access.SavedAccess;
import io.jenkins.plugins.lambdanode.agent.AgentWorkspace;
import io.jenkins.plugins.lambdanode.agent.BuildFolder;
import io.jenkins.plugins.lambdanode.engine.Deployment;
import io.jenkins.plugins.lambdanode.engine.DeploymentContext;
import io.jenkins.plugins.lambdanode.engine.aws.client.AwsSession;
import io.jenkins.plugins.lambdanode.engine.aws.lambda.FunctionName;
import io.jenkins.plugins.lambdanode.engine.aws.lambda.FunctionState;
import io.jenkins.plugins.lambdanode.engine.aws.s3.UploadJournal;
import io.jenkins.plugins.lambdanode.engine.base.DeployException;
import io.jenkins.plugins.lambdanode.engine.base.PacedProgress;
import io.jenkins.plugins.lambdanode.engine.base.PublicUrl;
import io.jenkins.plugins.lambdanode.engine.base.SafeText;
import io.jenkins.plugins.lambdanode.engine.project.GitCheckout;
import io.jenkins.plugins.lambdanode.engine.project.InstallMode;
import io.jenkins.plugins.lambdanode.engine.report.DeployResult;
import io.jenkins.plugins.lambdanode.engine.report.DeploymentFailure;
import io.jenkins.plugins.lambdanode.engine.report.Origin;
import io.jenkins.plugins.lambdanode.engine.report.Provenance;
import io.jenkins.plugins.lambdanode.engine.report.Summary;
import io.jenkins.plugins.lambdanode.engine.request.DeployRequest;
import io.jenkins.plugins.lambdanode.engine.request.DeployRequestBuilder;
import io.jenkins.plugins.lambdanode.engine.request.SettingRules;
import io.jenkins.plugins.lambdanode.engine.steps.ShiftJournal;
import io.jenkins.plugins.lambdanode.record.BuildBaseline;
import io.jenkins.plugins.lambdanode.record.BuildRecorder;
import io.jenkins.plugins.lambdanode.record.DeployedFunction;
import io.jenkins.plugins.lambdanode.record.DeploymentHistory;
import io.jenkins.plugins.lambdanode.record.FailedDeployment;
import java.io.EOFException;
import java.io.FileNotFoundException;
import java.io.IOException;
import java.nio.file.NoSuchFileException;
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
    private final Optional<ShiftJournal> shifts;
    private final DeploymentSettings settings;
    private final Run<?, ?> run;
    private final FilePath workspace;
    private final EnvVars env;
    private final Launcher launcher;
    private final TaskListener listener;
    private final EnvVars variables;
    private final SecretMask secrets;
    private final BuildRecorder recorder;
    private List<String> functions = List.of();
    private String region = "";
    private Provenance provenance;
    private SavedAccess saved;
    private String unstable = "";

    /**
     * @param id a name for this deployment, the same when it is run again after a restart of the controller
     * @param uploads remembers an upload for that case
     * @param shifts remembers a shift of traffic for that case; empty where there is none
     * @param sensitive which variables of the environment hold secrets
     */
    public BuildDeployment(
            String id,
            UploadJournal uploads,
            Optional<ShiftJournal> shifts,
            DeploymentSettings settings,
            Run<?, ?> run,
            FilePath workspace,
            EnvVars env,
            Set<String> sensitive,
            Launcher launcher,
            TaskListener listener) {
        this.id = id;
        this.uploads = uploads;
        this.shifts = shifts;
        this.settings = settings;
        this.run = run;
        this.workspace = workspace;
        this.env = env;
        this.launcher = launcher;
        this.listener = listener;
        this.variables = BranchVariable.addedTo(env);
        this.secrets = new SecretMask(env, sensitive);
        this.recorder = new BuildRecorder(run, listener);
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
            recordFailure(failed(e, failure.getMessage()));
            throw failure;
        }
    }

    /** Why {@code unstableOn} has made the build unstable; empty where it has not. */
    public Optional<String> unstable() {
        return Optional.of(unstable).filter(reason -> !reason.isEmpty());
    }

    /** What the build's log says of it; null for a defect, which has its stack trace. */
    private AbortException explained(Exception failure) {
        if (agentIsLost(failure)) {
            return new AgentLost();
        }
        return failure instanceof DeployException ? explained(failure.getMessage(), failure) : null;
    }

    private FailedDeployment failed(Exception failure, String message) {
        return new FailedDeployment(
                failure instanceof DeploymentFailure deployment
                                && deployment.functionName().isPresent()
                        ? List.of(deployment.functionName().get())
                        : functions,
                region,
                failure instanceof DeploymentFailure deployment
                        ? deployment.phase().label()
                        : "",
                secrets.mask(
                        failure instanceof DeployException explained && !agentIsLost(failure)
                                ? explained.messageWithOutput()
                                : message));
    }

    /** A failure that is recorded must not become another where the record fails. */
    private void recordFailure(FailedDeployment failure) {
        try {
            recorder.record(failure);
        } catch (IOException | RuntimeException e) {
            listener.getLogger()
                    .println("The build's page does not show this failure: the build could not be saved ("
                            + e.getMessage() + ").");
        }
    }

    /** An inbound agent's connection can refuse to send before its channel says that it is closed. */
    private boolean agentIsLost(Exception failure) {
        return failure instanceof ChannelClosedException
                || workspace.getChannel() instanceof Channel channel && channel.isClosingOrClosed();
    }

    /** The agent is gone. Its cause is what a Pipeline's {@code retry(conditions: [agent()])} goes by. */
    static final class AgentLost extends AbortException {
        private static final long serialVersionUID = 1L;

        AgentLost() {
            super("The agent was disconnected during the deployment. Run the build again: what was deployed is kept.");
            initCause(new EOFException());
        }
    }

    /** Without its cause: a Pipeline keeps its errors, and prints the whole of one whose cause it can't serialize. */
    private static AbortException explained(String message, Exception cause) {
        LOGGER.log(Level.FINE, () -> "A deployment failed" + where(cause));
        return new AbortException(message);
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
        DeploymentSettings.Defaults defaults = settings.defaults();
        functions = text(settings.getFunctionName()).or(() -> text(settings.getFunctionNames())).stream()
                .toList();
        AwsAccess access = new AwsAccess(settings, env, defaults);
        DeployRequest request = request(defaults, access);
        functions = request.functions().stream().map(FunctionName::name).toList();
        boolean strict =
                SettingRules.unstableOnWarning(text(settings.getUnstableOn()).orElse("never"));
        WarningCount progress = new WarningCount(PacedProgress.toLog(listener.getLogger()::println));
        BuildFolder place = BuildFolder.of(workspace, text(settings.getDir()).orElse("."), env);
        AwsAccess.Identity identity = access.ofBuild(run, workspace);
        if (settings.isDeleteWithBranch() && isOfBranch() && !identity.outlivesBuild()) {
            throw new DeployException(
                    "deleteWithBranch needs credentialsId: when the branch is deleted, no build is there to give"
                            + " credentials.");
        }
        if (settings.isDeleteWithBranch() && !isOfBranch()) {
            progress.log(
                    "deleteWithBranch has nothing to do: this job does not build a branch of a multibranch project.");
        }
        try (AwsSession session =
                        AwsSession.open(access.settings(request.functions().get(0), identity));
                AgentWorkspace agent = new AgentWorkspace(id, place, env, launcher, listener)) {
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
            saved = identity.outlivesBuild() ? new SavedAccess(settings, variables) : null;
            DeploymentContext context = new DeploymentContext(turns, uploads, shifts, baseline, origin, stagedLastTime);
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
                text(settings.getFrom())
                        .map(record -> "a package")
                        .or(() -> text(settings.getZipFile()))
                        .orElse(dir),
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
                recordFailure(FailedDeployment.stopped(
                        functions, region, deployment.phase().label(), String.join("\n", deployment.stopped())));
            }
            rememberCreated(deployment.created());
            boolean reachable = !(e instanceof InterruptedException) && !agentIsLost(e);
            recordDone(deployment, reachable ? Optional.of(agent) : Optional.empty());
            throw e;
        }
        Summary.deployed(result).forEach(listener.getLogger()::println);
        try {
            List<DeployedFunction> recorded = record(result, fingerprint(agent, result));
            if (DeploymentHistory.exists(run.getParent())) {
                listener.getLogger()
                        .println("What is live: "
                                + ModelHyperlinkNote.encodeTo(
                                        "/" + run.getParent().getUrl() + "lambda/",
                                        run.getParent().getFullDisplayName() + " \u00bb Lambda"));
            }
            return recorded;
        } catch (IOException | RuntimeException e) {
            if (agentIsLost(e) || e instanceof DeployException) {
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
        if (isOfBranch()) {
            for (DeployResult.Deployed deployed : result.functions()) {
                if (deployed.outcome() != DeployResult.Outcome.VALIDATED) {
                    rememberForBranch(deployed.state(), deployed.outcome() == DeployResult.Outcome.CREATED);
                }
            }
        }
        return recorded;
    }

    /** A function that failed its smoke test, for instance, is there all the same. */
    private void rememberCreated(List<FunctionState> created) {
        if (!isOfBranch()) {
            return;
        }
        for (FunctionState function : created) {
            try {
                rememberForBranch(function, true);
            } catch (IOException e) {
                listener.getLogger()
                        .println("Function " + function.functionName() + " stays when this branch is deleted: that this"
                                + " job created it could not be saved (" + e.getMessage() + ").");
            }
        }
    }

    private void rememberForBranch(FunctionState function, boolean created) throws IOException {
        BranchFunctions functions = BranchFunctions.get();
        Job<?, ?> job = run.getParent();
        if (!settings.isDeleteWithBranch()) {
            functions.keep(job, function.functionArn());
        } else if (!functions.deployed(
                job, function.functionArn(), function.codeSha256(), created, settings, variables)) {
            listener.getLogger()
                    .println("Function " + function.functionName()
                            + " stays when this branch is deleted: this job did not create it.");
        }
    }

    private boolean isOfBranch() {
        return variables.containsKey(BranchVariable.NAME);
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

    private DeployRequest request(DeploymentSettings.Defaults defaults, AwsAccess access)
            throws IOException, InterruptedException {
        DeployRequestBuilder request = DeployRequest.builder()
                .s3Bucket(defaultBucket(defaults, access))
                .s3Prefix(defaults.getS3Prefix())
                .install(install())
                .build(build());
        settings.addTo(request, variables);
        request.from(json("from", settings.getFrom()));
        for (DeploymentSettings.Test test : settings.getSmokeTest()) {
            request.smokeTest(json("smokeTest", test.getPayload()), json("smokeTest", test.getExpect()));
        }
        return request.build();
    }

    /** JSON as it is, or that of a file in the workspace; empty where it is not set. */
    private String json(String name, String setting) throws IOException, InterruptedException {
        String text = text(setting).orElse("");
        if (text.isEmpty() || SettingRules.isJson(text)) {
            return text;
        }
        FilePath file = workspace.child(text);
        try {
            if (!file.isDirectory() && file.length() > 0 && file.length() <= SettingRules.MAX_PAYLOAD) {
                return file.readToString();
            }
        } catch (NoSuchFileException | FileNotFoundException e) {
            // Removed meanwhile.
        }
        throw new DeployException(name + " names " + SafeText.oneLine(text, 200)
                + ", which is no file in the workspace of 1 to " + SettingRules.MAX_PAYLOAD
                + " bytes.\nGive JSON, or the name of a file with it.");
    }

    /** The bucket for all jobs, in which {@code ${AWS_REGION}} is the region of the deployment. */
    private String defaultBucket(DeploymentSettings.Defaults defaults, AwsAccess access) throws DeployException {
        String bucket = Util.fixNull(defaults.getS3Bucket());
        Optional<String> function = text(settings.getFunctionName()).or(() -> text(settings.getFunctionNames()));
        if (!bucket.contains("$") || function.isEmpty()) {
            return bucket;
        }
        EnvVars variables = new EnvVars(env);
        variables.put(
                "AWS_REGION",
                access.region(SettingRules.functionNames(function.get()).get(0)));
        return variables.expand(bucket);
    }

    /**
     * A shell gets a command as it was written and puts the variables in itself: a value could end the command, and an error
     * that shows the command would show a secret.
     */
    private String install() throws DeployException {
        String expanded = text(settings.getInstall()).orElse("auto");
        return SettingRules.install(expanded).mode() == InstallMode.COMMAND && launcher.isUnix()
                ? settings.getInstall()
                : expanded;
    }

    /** As {@link #install}. */
    private String build() {
        return launcher.isUnix() ? settings.getBuild() : variables.expand(settings.getBuild());
    }

    /** A setting with the build's variables put in; empty where it is not set. */
    private Optional<String> text(String setting) {
        return Optional.ofNullable(Util.fixEmptyAndTrim(variables.expand(setting)));
    }
}
