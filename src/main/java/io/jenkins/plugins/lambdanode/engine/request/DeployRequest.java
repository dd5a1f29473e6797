package io.jenkins.plugins.lambdanode.engine.request;

import io.jenkins.plugins.lambdanode.engine.aws.lambda.CreateOptions;
import io.jenkins.plugins.lambdanode.engine.aws.lambda.FunctionName;
import io.jenkins.plugins.lambdanode.engine.aws.lambda.UpdateOptions;
import io.jenkins.plugins.lambdanode.engine.aws.s3.StagingSettings;
import io.jenkins.plugins.lambdanode.engine.pack.api.PackRequest;
import io.jenkins.plugins.lambdanode.engine.pack.api.PackSettings;
import io.jenkins.plugins.lambdanode.engine.project.InstallSetting;
import io.jenkins.plugins.lambdanode.engine.report.DeploymentRecord;
import java.time.Duration;
import java.util.List;
import java.util.Optional;
import java.util.OptionalInt;

/**
 * What to deploy and how: the settings of a front end, read and checked by {@link #builder()}.
 *
 * @param functions the functions that get the package, one at least
 * @param install how dependencies are installed
 * @param build the command line that builds the project; empty for none
 * @param pack what goes into the package
 * @param zipFile a package that is there, relative to the project's folder: nothing is installed, built or packaged
 * @param from the deployment whose package is deployed again: nothing is installed, built or packaged
 * @param dependencyLayer the layer that gets node_modules; empty where there is none
 * @param staging where large packages are staged
 * @param update options of UpdateFunctionCode
 * @param create how to create a function that does not exist; empty where that is an error
 * @param publish whether a version is published; an alias implies it
 * @param alias the alias that is moved to the published version
 * @param smokeTests what the published version has to pass before the alias moves, in their order
 * @param rollout how the alias's traffic goes over to the published version; empty for all at once
 * @param alarms the CloudWatch alarms that are looked at meanwhile
 * @param keepVersions how many of the newest versions stay when a new one is published; empty for all
 * @param force whether the function is updated even where it has the same code
 * @param waitTimeout how long to wait for an update to be in force
 */
public record DeployRequest(
        List<FunctionName> functions,
        InstallSetting install,
        Optional<String> build,
        PackSettings pack,
        Optional<String> zipFile,
        Optional<DeploymentRecord> from,
        Optional<LayerSettings> dependencyLayer,
        StagingSettings staging,
        UpdateOptions update,
        Optional<CreateOptions> create,
        boolean publish,
        Optional<String> alias,
        List<SmokeTest> smokeTests,
        Optional<Rollout> rollout,
        List<String> alarms,
        OptionalInt keepVersions,
        boolean force,
        Duration waitTimeout) {

    public DeployRequest {
        functions = List.copyOf(functions);
        smokeTests = List.copyOf(smokeTests);
        alarms = List.copyOf(alarms);
        if (functions.isEmpty()) {
            throw new IllegalArgumentException("A deployment needs a function");
        }
    }

    /** Reads settings as users write them. */
    public static DeployRequestBuilder builder() {
        return new DeployRequestBuilder();
    }

    /** Whether a version is to be published: an alias can only move to a version. */
    public boolean publishes() {
        return publish || alias.isPresent();
    }

    /** Whether nothing is to be changed. */
    public boolean dryRun() {
        return update.dryRun();
    }

    /** Whether a package of this many bytes goes through the bucket: one that is too large for a direct update always does. */
    public boolean stages(long zippedBytes) {
        return staging.bucket().isPresent()
                && zippedBytes
                        >= Math.min(
                                staging.threshold().orElse(StagingSettings.DEFAULT_THRESHOLD),
                                PackRequest.MAX_DIRECT_BYTES + 1);
    }

    /** The name of the layer with the dependencies. */
    public Optional<String> layerName() {
        return dependencyLayer.map(layer -> layer.layerFor(functions));
    }
}
