package io.jenkins.plugins.lambdanode.record;

import com.fasterxml.jackson.databind.node.ObjectNode;
import hudson.FilePath;
import hudson.Launcher;
import hudson.Util;
import hudson.console.ModelHyperlinkNote;
import hudson.model.Job;
import hudson.model.Run;
import hudson.model.TaskListener;
import hudson.tasks.Fingerprinter.FingerprintAction;
import io.jenkins.plugins.lambdanode.access.SavedAccess;
import io.jenkins.plugins.lambdanode.engine.base.Arn;
import io.jenkins.plugins.lambdanode.engine.base.DeployException;
import io.jenkins.plugins.lambdanode.engine.pack.api.Inventory;
import io.jenkins.plugins.lambdanode.engine.pack.api.PackReport;
import io.jenkins.plugins.lambdanode.engine.report.BillOfMaterials;
import io.jenkins.plugins.lambdanode.engine.report.DeployResult;
import io.jenkins.plugins.lambdanode.engine.report.DeployResult.Deployed;
import io.jenkins.plugins.lambdanode.engine.report.DeployResult.Timing;
import io.jenkins.plugins.lambdanode.engine.report.DeploymentJson;
import io.jenkins.plugins.lambdanode.engine.report.PackageChanges;
import io.jenkins.plugins.lambdanode.engine.report.Provenance;
import io.jenkins.plugins.lambdanode.engine.report.Summary;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Optional;
import java.util.stream.Stream;
import jenkins.model.Jenkins;
import jenkins.util.BuildListenerAdapter;

/**
 * Records deployments in their build: artifact, fingerprint, page and variables. It needs no agent, so that what is done is
 * recorded also where the agent's disk is full or the agent is lost.
 */
public final class BuildRecorder {

    /** As many as are kept with the build: a change of a framework's version can bring a hundred. */
    private static final int MAX_CHANGES = 200;

    private final Run<?, ?> run;
    private final TaskListener listener;

    public BuildRecorder(Run<?, ?> run, TaskListener listener) {
        this.run = run;
        this.listener = listener;
    }

    /**
     * Records what was deployed.
     *
     * @param region where the functions are
     * @param md5 the package's; empty where the agent that has the package is lost
     * @param provenance where the package comes from
     * @param access with what it was deployed; empty where that ends with the build
     * @throws IOException if the controller or the storage of artifacts does not take it
     */
    public List<DeployedFunction> record(
            DeployResult result,
            String region,
            Optional<String> md5,
            Provenance provenance,
            Optional<SavedAccess> access)
            throws IOException, InterruptedException {
        List<DeployedFunction> functions = new ArrayList<>();
        Map<String, String> records = new HashMap<>();
        for (Deployed deployed : result.functions()) {
            DeployedFunction function = summary(result, deployed, region);
            function.artifact = artifact(function, function.isDryRun() ? ".dry-run" : "");
            function.fingerprint = function.isDryRun() ? null : md5.orElse(null);
            records.put(function.artifact, DeploymentJson.text(DeploymentJson.of(deployed, result)));
            addMaterials(function, result, provenance, records);
            functions.add(function);
        }
        archive(records);
        addFingerprints(functions);
        DeploymentAction.addTo(run, functions);
        DeploymentHistory.add(run, functions, access);
        logPage();
        return functions;
    }

    /**
     * Records a rollback, or a release of a version that was there, beside what the build has deployed, and ends the build's log of
     * it. One that found its work done is nothing to record.
     *
     * @param region where the function is
     * @param md5 the package's, where it is known
     * @param user who asked for it on a page; empty where the build did
     * @param access with what; empty where that ends with the build
     * @throws DeployException if the controller or the storage of artifacts does not take it
     */
    public DeployedFunction recordRelease(
            Deployed released, String region, Optional<String> md5, Optional<String> user, Optional<SavedAccess> access)
            throws DeployException, InterruptedException {
        DeployedFunction function = release(released, region);
        if (user.isEmpty()) {
            listener.getLogger().println(Summary.released(released));
        }
        try {
            if (function.isUpdated()) {
                addRelease(function, released, md5, user, access);
            }
            if (user.isEmpty()) {
                logPage();
            }
            return function;
        } catch (IOException | RuntimeException e) {
            throw new DeployException(
                    "The " + (function.isRollback() ? "rollback" : "release") + " is done (alias " + function.alias
                            + " points to version " + function.version + "), and it could not be recorded: "
                            + e.getClass().getSimpleName() + ": " + e.getMessage()
                            + "\nCheck the disk of the controller and the storage of artifacts.",
                    e);
        }
    }

    private void logPage() {
        Job<?, ?> job = run.getParent();
        if (DeploymentHistory.exists(job)) {
            listener.getLogger()
                    .println("What is live: "
                            + ModelHyperlinkNote.encodeTo(
                                    "/" + job.getUrl() + "lambda/", job.getFullDisplayName() + " \u00bb Lambda"));
        }
    }

    private void addRelease(
            DeployedFunction function,
            Deployed released,
            Optional<String> md5,
            Optional<String> user,
            Optional<SavedAccess> access)
            throws IOException, InterruptedException {
        function.requestedBy = user.orElse(null);
        function.fingerprint = md5.orElse(null);
        deployedHere(function.codeSha256).ifPresent(before -> {
            function.commit = before.commit;
            function.fingerprint = before.fingerprint;
        });
        function.artifact = artifact(
                function, (function.isRollback() ? ".rollback-" : ".release-") + (releases(function.isRollback()) + 1));
        ObjectNode json = DeploymentJson.release(released);
        user.ifPresent(id -> json.put("RequestedBy", id));
        archive(Map.of(function.artifact, DeploymentJson.text(json)));
        addFingerprints(List.of(function));
        DeploymentAction.addTo(run, List.of(function));
        DeploymentHistory.add(run, List.of(function), access);
    }

    /** What the build itself has deployed with this code. */
    private Optional<DeployedFunction> deployedHere(String codeSha256) {
        return recorded()
                .filter(function -> function.isOfPackage() && function.codeSha256.equals(codeSha256))
                .findFirst();
    }

    private long releases(boolean back) {
        return recorded()
                .filter(function -> !function.isOfPackage() && function.isRollback() == back)
                .count();
    }

    private Stream<DeployedFunction> recorded() {
        DeploymentAction recorded = run.getAction(DeploymentAction.class);
        return recorded == null ? Stream.empty() : recorded.getFunctions().stream();
    }

    /** What is in the package, where it comes from, and what changed since the deployment before. */
    private void addMaterials(
            DeployedFunction function, DeployResult result, Provenance provenance, Map<String, String> records) {
        PreviousDeployment previous = PreviousDeployment.of(function, run);
        previous.function().ifPresent(before -> {
            function.previousCommit = before.commit;
            function.previousCodeSize = before.codeSize + before.layerSize;
        });
        function.commit = Util.fixEmpty(provenance.commit());
        String path = function.artifact.substring(0, function.artifact.length() - ".json".length());
        Optional<String> bom = BillOfMaterials.of(result.packaged(), result.layerSha256())
                .map(text -> result.packaged().inventory().gap() == Inventory.Gap.IN_KNOWN_LAYER
                        ? PreviousDeployment.inBuild(function, run)
                                .bom()
                                .flatMap(before -> BillOfMaterials.withLayerOf(before, text))
                                .or(() -> previous.bom().flatMap(before -> BillOfMaterials.withLayerOf(before, text)))
                                .orElse(text)
                        : text);
        bom.ifPresent(text -> {
            function.sbom = path + ".cdx.json";
            records.put(function.sbom, text);
            if (previous.function().filter(function::hasSamePackageAs).isEmpty()) {
                previous.bom().ifPresent(before -> addChanges(function, before, text));
            }
        });
        provenance
                .of(function.functionName + ".zip", result.packaged(), result.layerSha256(), bom)
                .ifPresent(text -> {
                    function.provenance = path + ".provenance.json";
                    records.put(function.provenance, text);
                });
    }

    private void addChanges(DeployedFunction function, String before, String now) {
        try {
            PackageChanges changes = PackageChanges.between(before, now);
            function.changedPackages = changes.changes().size();
            changes.changes().stream()
                    .limit(MAX_CHANGES)
                    .map(change -> new PackageChange(change.name(), change.before(), change.after()))
                    .forEach(function.packageChanges::add);
            if (!changes.changes().isEmpty()) {
                listener.getLogger().println(function.functionName + ": " + changes.line());
            }
        } catch (IOException e) {
            listener.getLogger()
                    .println("What changed since the last deployment is not known: its bill of materials is not JSON.");
        }
    }

    /** Records a deployment that failed. That must not become another failure where it can't be recorded. */
    public void record(FailedDeployment failure) {
        try {
            DeploymentAction.addTo(run, failure);
        } catch (IOException | RuntimeException e) {
            listener.getLogger()
                    .println("The build's page does not show this failure: the build could not be saved ("
                            + e.getMessage() + ").");
        }
    }

    /** An ARN's parts as a path, so that no two functions have the same. Those of a dry run are no record of a deployment. */
    private static String artifact(DeployedFunction function, String kind) {
        String account = Arn.account(function.functionArn).orElse("unknown-account");
        return "lambda/" + account + "/" + function.region + "/" + function.functionName + kind + ".json";
    }

    private void archive(Map<String, String> records) throws IOException, InterruptedException {
        FilePath folder =
                new FilePath(Files.createTempDirectory("lambda-node-deploy").toFile());
        try {
            Map<String, String> artifacts = new HashMap<>();
            for (Map.Entry<String, String> record : records.entrySet()) {
                String file = artifacts.size() + ".json";
                Files.writeString(Path.of(folder.getRemote(), file), record.getValue());
                artifacts.put(record.getKey(), file);
            }
            run.pickArtifactManager()
                    .archive(
                            folder,
                            new Launcher.LocalLauncher(listener),
                            new BuildListenerAdapter(listener),
                            artifacts);
        } finally {
            folder.deleteRecursive();
        }
    }

    /** By the package's name, which says nothing of the functions: other builds give the same package to others. */
    private void addFingerprints(List<DeployedFunction> functions) throws IOException {
        Map<String, String> recorded = new HashMap<>();
        for (DeployedFunction function : functions) {
            if (function.fingerprint != null) {
                recorded.put("AWS Lambda package, CodeSha256 " + function.codeSha256, function.fingerprint);
            }
        }
        if (recorded.isEmpty()) {
            return;
        }
        for (Map.Entry<String, String> each : recorded.entrySet()) {
            Jenkins.get()
                    .getFingerprintMap()
                    .getOrCreate(run, each.getKey(), each.getValue())
                    .addFor(run);
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

    /** What AWS says. */
    private static DeployedFunction release(Deployed deployed, String region) {
        DeployedFunction function = new DeployedFunction();
        function.functionName = deployed.state().functionName();
        function.functionArn = deployed.state().functionArn();
        function.region = region;
        function.codeSha256 = deployed.state().codeSha256();
        function.codeSize = deployed.state().codeSize();
        function.previousCodeSha256 = deployed.previousCodeSha256().orElse(null);
        function.version = deployed.version().orElse(null);
        function.previousVersion = deployed.previousVersion().orElse(null);
        function.alias = deployed.alias().map(alias -> alias.name()).orElse(null);
        function.rollout = deployed.alias().flatMap(alias -> alias.rollout()).orElse(null);
        function.finishedBy =
                deployed.alias().flatMap(alias -> alias.finishedBy()).orElse(null);
        function.revisionId = Util.fixEmpty(deployed.state().revisionId());
        function.outcome = deployed.outcome();
        function.timestamp = System.currentTimeMillis();
        deployed.smokeTests()
                .forEach(test -> function.smokeTests.add(new SmokeTestReport(
                        test.durationMillis(), test.billedMillis(), test.maxMemoryUsed(), test.initMillis())));
        return function;
    }

    private static DeployedFunction summary(DeployResult result, Deployed deployed, String region) {
        PackReport packaged = result.packaged();
        DeployedFunction function = release(deployed, region);
        function.codeSha256 = packaged.codeSha256();
        function.codeSize = packaged.zippedBytes();
        function.s3Bucket = deployed.staged().map(staged -> staged.bucket()).orElse(null);
        function.s3Key = deployed.staged().map(staged -> staged.key()).orElse(null);
        function.unzippedBytes = packaged.unzippedBytes();
        function.files = packaged.files();
        result.layer().ifPresent(layer -> {
            function.layerVersionArn = layer.layerVersionArn();
            function.layerSize = layer.codeSize();
        });
        function.deletedVersions.addAll(result.deletedVersionsOf(deployed));
        List<Timing> timings = result.timingsOf(deployed);
        function.sentBytes = DeployResult.sentBytes(timings);
        function.millis = timings.stream().mapToLong(Timing::millis).sum();
        timings.forEach(timing -> function.phases.add(
                new PhaseTime(timing.phase().label(), timing.millis(), timing.bytes(), timing.isShared())));
        packaged.heaviest()
                .forEach(part ->
                        function.heaviest.add(new PackageSize(part.name(), part.unzippedBytes(), part.zippedBytes())));
        packaged.findings()
                .forEach(finding -> function.findings.add(new PackageFinding(
                        finding.severity().name().toLowerCase(Locale.ROOT), finding.code(), Summary.text(finding))));
        return function;
    }
}
