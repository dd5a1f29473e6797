package io.jenkins.plugins.lambdanode.record;

import hudson.Launcher;
import hudson.Util;
import hudson.model.Fingerprint;
import hudson.model.Run;
import hudson.model.TaskListener;
import hudson.tasks.Fingerprinter.FingerprintAction;
import io.jenkins.plugins.lambdanode.agent.AgentWorkspace;
import io.jenkins.plugins.lambdanode.engine.pack.api.PackReport;
import io.jenkins.plugins.lambdanode.engine.report.DeploymentJson;
import io.jenkins.plugins.lambdanode.engine.report.DeployResult;
import io.jenkins.plugins.lambdanode.engine.report.DeployResult.Deployed;
import io.jenkins.plugins.lambdanode.engine.report.DeployResult.Timing;
import io.jenkins.plugins.lambdanode.engine.report.Summary;
import java.io.IOException;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.concurrent.ConcurrentHashMap;
import java.util.stream.Collectors;
import jenkins.model.Jenkins;
import jenkins.util.BuildListenerAdapter;

/** Records a deployment in its build: artifact, fingerprint, page and variables. */
public final class BuildRecorder {

    private static final String ARTIFACT_FOLDER = "lambda/";

    /** Where the account is in an ARN. */
    private static final int ARN_ACCOUNT = 4;

    /** Names of records by the functions that they are for, while deployments are recorded. */
    private static final Map<String, String> RESERVED = new ConcurrentHashMap<>();

    private final DeployResult result;
    private final String region;

    public BuildRecorder(DeployResult result, String region) {
        this.result = result;
        this.region = region;
    }

    /** What is deployed, for a message. */
    public String functions() {
        return result.functions().stream()
                .map(deployed -> deployed.state().functionName()
                        + deployed.version().map(version -> " version " + version).orElse(""))
                .collect(Collectors.joining(", "));
    }

    public List<DeployedFunction> record(Run<?, ?> run, AgentWorkspace agent, Launcher launcher, TaskListener listener)
            throws IOException, InterruptedException {
        Map<String, String> reserved = new HashMap<>();
        try {
            return record(run, agent, launcher, listener, reserved);
        } finally {
            reserved.forEach(RESERVED::remove);
        }
    }

    private List<DeployedFunction> record(
            Run<?, ?> run, AgentWorkspace agent, Launcher launcher, TaskListener listener, Map<String, String> reserved)
            throws IOException, InterruptedException {
        String fingerprint = agent.fingerprintOf(result.packaged().file());
        List<DeployedFunction> functions = new ArrayList<>();
        Map<String, String> artifacts = new HashMap<>();
        for (Deployed deployed : result.functions()) {
            DeployedFunction function = summary(deployed, fingerprint);
            function.artifact = artifact(run, function, reserved);
            String file = "record-" + artifacts.size() + ".json";
            agent.write(
                    file,
                    DeploymentJson.text(DeploymentJson.of(deployed, result)),
                    "the record of what was deployed",
                    "The deployment itself is complete.");
            artifacts.put(function.artifact, file);
            functions.add(function);
        }
        run.pickArtifactManager()
                .archive(agent.temporary(), launcher, new BuildListenerAdapter(listener), artifacts);
        fingerprint(run, functions, fingerprint);
        DeploymentAction.addTo(run, functions);
        return functions;
    }

    /**
     * A function's record is called as the function. Where the build deploys another one of that name, in another region or
     * account, it has a folder for these.
     */
    private static String artifact(Run<?, ?> run, DeployedFunction function, Map<String, String> reserved) {
        String plain = ARTIFACT_FOLDER + function.functionName + ".json";
        String key = run.getExternalizableId() + " " + plain;
        String mine = function.region + " " + function.functionArn;
        String first = RESERVED.putIfAbsent(key, mine);
        if (first == null) {
            reserved.put(key, mine);
        }
        // Looked at after the reservation: a deployment at the same time gives its own up when it is in here.
        DeploymentAction earlier = run.getAction(DeploymentAction.class);
        boolean taken = first != null && !first.equals(mine)
                || earlier != null
                        && earlier.getFunctions().stream()
                                .anyMatch(other -> plain.equals(other.artifact)
                                        && !mine.equals(other.region + " " + other.functionArn));
        String[] arn = function.functionArn.split(":");
        String account = arn.length > ARN_ACCOUNT ? arn[ARN_ACCOUNT] : "unknown-account";
        return taken ? ARTIFACT_FOLDER + function.region + "/" + account + "/" + function.functionName + ".json" : plain;
    }

    private static void fingerprint(Run<?, ?> run, List<DeployedFunction> functions, String md5) throws IOException {
        Map<String, String> recorded = new HashMap<>();
        for (DeployedFunction function : functions) {
            String name = function.functionName + ".zip (CodeSha256 " + function.codeSha256 + ")";
            Fingerprint fingerprint = Jenkins.get().getFingerprintMap().getOrCreate(run, name, md5);
            fingerprint.addFor(run);
            recorded.put(name, md5);
        }
        synchronized (run) {
            FingerprintAction action = run.getAction(FingerprintAction.class);
            if (action == null) {
                run.addAction(new FingerprintAction(run, recorded));
            } else {
                action.add(recorded);
            }
        }
    }

    private DeployedFunction summary(Deployed deployed, String fingerprint) {
        PackReport packaged = result.packaged();
        DeployedFunction function = new DeployedFunction();
        function.functionName = deployed.state().functionName();
        function.functionArn = deployed.state().functionArn();
        function.region = region;
        function.codeSha256 = packaged.codeSha256();
        function.version = deployed.version().orElse(null);
        function.alias = deployed.alias().map(alias -> alias.name()).orElse(null);
        function.revisionId = Util.fixEmpty(deployed.state().revisionId());
        function.outcome = deployed.outcome().name().toLowerCase(Locale.ROOT);
        function.s3Bucket = deployed.staged().map(staged -> staged.bucket()).orElse(null);
        function.s3Key = deployed.staged().map(staged -> staged.key()).orElse(null);
        function.fingerprint = fingerprint;
        function.codeSize = packaged.zippedBytes();
        function.unzippedBytes = packaged.unzippedBytes();
        function.sentBytes = result.sentBytes();
        function.files = packaged.files();
        result.layer().ifPresent(layer -> {
            function.layerVersionArn = layer.layerVersionArn();
            function.layerSize = layer.codeSize();
        });
        function.millis = result.timings().stream().mapToLong(Timing::millis).sum();
        result.timings().forEach(timing -> function.phases.add(
                new DeployedFunction.Row(timing.phase().label(), timing.millis(), timing.bytes())));
        packaged.heaviest().forEach(weight -> function.heaviest.add(
                new DeployedFunction.Row(weight.name(), weight.unzippedBytes(), weight.zippedBytes())));
        packaged.findings().forEach(finding -> function.findings.add(new DeployedFunction.Note(
                finding.severity().name().toLowerCase(Locale.ROOT), Summary.text(finding))));
        return function;
    }
}
