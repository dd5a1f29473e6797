package io.jenkins.plugins.lambdanode.build;

import hudson.AbortException;
import hudson.EnvVars;
import hudson.FilePath;
import hudson.Launcher;
import hudson.Util;
import hudson.model.Run;
import hudson.model.TaskListener;
import hudson.remoting.Channel;
import hudson.remoting.ChannelClosedException;
import io.jenkins.plugins.lambdanode.FunctionConfiguration;
import io.jenkins.plugins.lambdanode.LambdaNodeConfiguration;
import io.jenkins.plugins.lambdanode.LambdaNodeDeployStep;
import io.jenkins.plugins.lambdanode.access.AwsAccess;
import io.jenkins.plugins.lambdanode.agent.AgentWorkspace;
import io.jenkins.plugins.lambdanode.engine.Deployment;
import io.jenkins.plugins.lambdanode.engine.aws.client.AwsSession;
import io.jenkins.plugins.lambdanode.engine.aws.lambda.CreateOptions;
import io.jenkins.plugins.lambdanode.engine.aws.lambda.FunctionName;
import io.jenkins.plugins.lambdanode.engine.aws.lambda.UpdateOptions;
import io.jenkins.plugins.lambdanode.engine.aws.s3.OpenUpload;
import io.jenkins.plugins.lambdanode.engine.base.DeployException;
import io.jenkins.plugins.lambdanode.engine.base.PacedProgress;
import io.jenkins.plugins.lambdanode.engine.base.Progress;
import io.jenkins.plugins.lambdanode.engine.project.InstallMode;
import io.jenkins.plugins.lambdanode.engine.project.InstallSetting;
import io.jenkins.plugins.lambdanode.engine.report.Baseline;
import io.jenkins.plugins.lambdanode.engine.report.DeployResult;
import io.jenkins.plugins.lambdanode.engine.report.Summary;
import io.jenkins.plugins.lambdanode.engine.request.LayerSettings;
import io.jenkins.plugins.lambdanode.engine.request.DeployRequest;
import io.jenkins.plugins.lambdanode.engine.pack.api.PackSettings;
import io.jenkins.plugins.lambdanode.record.BuildRecorder;
import io.jenkins.plugins.lambdanode.record.DeployedFunction;
import java.io.EOFException;
import java.io.IOException;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Optional;
import java.util.OptionalInt;
import java.util.OptionalLong;
import java.util.logging.Level;
import java.util.logging.Logger;
import java.util.stream.Stream;

/** One deployment of a build, whichever kind of step asked for it: reads the settings, deploys, records. */
public final class BuildDeployment {

    private static final Logger LOGGER = Logger.getLogger(BuildDeployment.class.getName());

    private final String id;
    private final OpenUpload.Memory uploads;
    private final LambdaNodeDeployStep settings;
    private final Run<?, ?> run;
    private final FilePath workspace;
    private final EnvVars env;
    private final Launcher launcher;
    private final TaskListener listener;

    /**
     * @param id a name for this deployment, the same when it is run again after a restart of the controller
     * @param uploads remembers an upload for that case
     */
    public BuildDeployment(
            String id,
            OpenUpload.Memory uploads,
            LambdaNodeDeployStep settings,
            Run<?, ?> run,
            FilePath workspace,
            EnvVars env,
            Launcher launcher,
            TaskListener listener) {
        this.id = id;
        this.uploads = uploads;
        this.settings = settings;
        this.run = run;
        this.workspace = workspace;
        this.env = env;
        this.launcher = launcher;
        this.listener = listener;
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
        } catch (DeployException e) {
            throw agentIsLost(e) ? new AgentLost() : explained(e.getMessage(), e);
        } catch (IOException | RuntimeException e) {
            if (agentIsLost(e)) {
                throw new AgentLost();
            }
            throw e;
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
    private static AbortException explained(String message, IOException cause) {
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
        LambdaNodeConfiguration global = LambdaNodeConfiguration.get();
        DeployRequest request = request(global);
        Progress progress = PacedProgress.toLog(listener.getLogger()::println);
        String dir = text(settings.getDir()).orElse(".");
        FilePath project = workspace.child(dir);
        AwsAccess access = new AwsAccess(settings, this::text, global);
        try (AwsSession session = AwsSession.open(
                        access.settings(request.functions().get(0), access.ofBuild(run, env, workspace)));
                AgentWorkspace agent = new AgentWorkspace(id, workspace, dir, env, launcher, listener)) {
            BuildLocks turns =
                    new BuildLocks(session.lambdaEndpoint() + " " + session.region(), run.getFullDisplayName()).in(project);
            DeployResult result = new Deployment(request, agent, session, turns, uploads, Baseline.NONE, progress).run();
            Summary.deployed(result).forEach(listener.getLogger()::println);
            return recorded(new BuildRecorder(result, session.region()), agent);
        }
    }

    private List<DeployedFunction> recorded(BuildRecorder report, AgentWorkspace agent)
            throws IOException, InterruptedException {
        try {
            return report.record(run, agent, launcher, listener);
        } catch (IOException | RuntimeException e) {
            if (agentIsLost(e) || e instanceof DeployException) {
                throw e;
            }
            throw new DeployException(
                    "The deployment is done (" + report.functions() + "), and the build could not record it: "
                            + e.getClass().getSimpleName() + ": " + e.getMessage()
                            + "\nPut that right, often a full disk of the controller or the storage of artifacts, and run the"
                            + " build again: it records what is deployed and does not deploy it twice.",
                    e);
        }
    }

    private DeployRequest request(LambdaNodeConfiguration global) throws DeployException {
        Optional<String> bucket = text(settings.getS3Bucket())
                .or(() -> Optional.ofNullable(global.getS3Bucket()))
                .filter(name -> !name.equals("none"));
        Optional<String> prefix = text(settings.getS3Prefix()).or(() -> Optional.ofNullable(global.getS3Prefix()));
        if (settings.getWaitTimeout() != null && settings.getWaitTimeout() < 1) {
            throw new DeployException("waitTimeout is " + settings.getWaitTimeout() + ". Give a number of seconds above 0.");
        }
        return new DeployRequest(
                functions(),
                install(),
                packaging(),
                LayerSettings.parse(
                        text(settings.getDependencies()).orElse("package"),
                        text(settings.getLayerName()),
                        settings.getKeepLayerVersions() == null
                                ? OptionalInt.empty()
                                : OptionalInt.of(settings.getKeepLayerVersions())),
                new DeployRequest.Staging(
                        bucket,
                        prefix.orElse(""),
                        settings.getS3Threshold() == null
                                ? OptionalLong.empty()
                                : OptionalLong.of(settings.getS3Threshold())),
                new UpdateOptions(
                        list(settings.getArchitectures()),
                        settings.isDryRun(),
                        text(settings.getRevisionId()),
                        text(settings.getSourceKmsKeyArn())),
                settings.getCreate() == null ? Optional.empty() : Optional.of(newFunction(settings.getCreate())),
                settings.isPublish(),
                text(settings.getAlias()),
                settings.isForce(),
                settings.getWaitTimeout() == null
                        ? DeployRequest.DEFAULT_TIMEOUT
                        : Duration.ofSeconds(settings.getWaitTimeout()));
    }

    /**
     * A shell gets a command as it was written and puts the variables in itself: a value could end the command, and an error
     * that shows the command would show a secret.
     */
    private InstallSetting install() throws DeployException {
        InstallSetting install = InstallSetting.parse(text(settings.getInstall()).orElse("auto"));
        return install.mode() == InstallMode.COMMAND && launcher.isUnix()
                ? new InstallSetting(InstallMode.COMMAND, settings.getInstall())
                : install;
    }

    private List<FunctionName> functions() throws DeployException {
        List<String> names = Stream.concat(
                        Stream.ofNullable(settings.getFunctionName()),
                        Stream.ofNullable(settings.getFunctionNames()))
                .flatMap(setting -> text(setting).stream())
                .flatMap(text -> Arrays.stream(text.split("[,\\s]+")))
                .toList();
        if (names.isEmpty()) {
            throw new DeployException("No function is named. Set functionName to the name or ARN of the function to deploy to.");
        }
        List<FunctionName> functions = new ArrayList<>();
        for (String name : names) {
            functions.add(FunctionName.parse(name));
        }
        return functions;
    }

    private PackSettings packaging() throws DeployException {
        String symlinks = text(settings.getSymlinks()).orElse("follow");
        if (!symlinks.equals("follow") && !symlinks.equals("store")) {
            throw new DeployException("symlinks is '" + symlinks + "'. Use follow or store.");
        }
        int level = settings.getCompressionLevel() == null ? PackSettings.DEFAULT_LEVEL : settings.getCompressionLevel();
        if (level < 1 || level > 9) {
            throw new DeployException("compressionLevel is " + level + ". Use a number from 1 to 9.");
        }
        return new PackSettings(
                list(settings.getIncludes()),
                excludes(),
                PackSettings.Links.valueOf(symlinks.toUpperCase(Locale.ROOT)),
                level,
                "");
    }

    private List<String> excludes() {
        List<String> excludes = new ArrayList<>(list(settings.getExcludes()));
        if (text(settings.getDependencies()).orElse("").equals("none")) {
            excludes.add(LayerSettings.NO_DEPENDENCIES);
        }
        return excludes;
    }

    private CreateOptions newFunction(FunctionConfiguration create) throws DeployException {
        if (create.getRole().isEmpty()) {
            throw new DeployException("create needs a role: the ARN of the new function's execution role.");
        }
        Map<String, String> environment = new LinkedHashMap<>();
        for (String line : Util.fixNull(create.getEnvironment()).split("\n")) {
            int equals = line.indexOf('=');
            if (!line.isBlank() && equals < 1) {
                throw new DeployException("A line of the new function's environment is not KEY=value: " + line.strip());
            }
            if (equals > 0) {
                environment.put(line.substring(0, equals).strip(), env.expand(line.substring(equals + 1).strip()));
            }
        }
        return new CreateOptions(
                env.expand(create.getRole()),
                env.expand(create.getRuntime()),
                env.expand(create.getHandler()),
                create.getMemorySize() == null ? OptionalInt.empty() : OptionalInt.of(create.getMemorySize()),
                create.getTimeout() == null ? OptionalInt.empty() : OptionalInt.of(create.getTimeout()),
                environment,
                list(create.getLayers()),
                list(settings.getArchitectures()),
                text(create.getDescription()).orElse(""));
    }

    /** A setting with the build's variables put in; empty where it is not set. */
    private Optional<String> text(String setting) {
        return Optional.ofNullable(Util.fixEmptyAndTrim(env.expand(setting)));
    }

    private List<String> list(String setting) {
        return text(setting).stream()
                .flatMap(text -> Arrays.stream(text.split("[,\n]")))
                .map(String::strip)
                .filter(item -> !item.isEmpty())
                .toList();
    }
}
