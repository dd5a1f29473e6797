package io.jenkins.plugins.lambdanode.engine.request;

import io.jenkins.plugins.lambdanode.engine.aws.lambda.CreateOptions;
import io.jenkins.plugins.lambdanode.engine.aws.lambda.FunctionName;
import io.jenkins.plugins.lambdanode.engine.aws.lambda.UpdateOptions;
import io.jenkins.plugins.lambdanode.engine.pack.api.PackSettings;
import io.jenkins.plugins.lambdanode.engine.project.InstallSetting;
import java.time.Duration;
import java.util.List;
import java.util.Optional;
import java.util.OptionalLong;

/**
 * What to deploy and how: the settings of a front end, read and checked.
 *
 * @param functions the functions that get the package, one at least
 * @param install how dependencies are installed
 * @param packaging what goes into the package
 * @param dependenciesApart the layer that gets node_modules; empty where it goes into the package
 * @param staging where large packages are staged
 * @param update options of UpdateFunctionCode
 * @param create how to create a function that does not exist; empty where that is an error
 * @param publish whether a version is published; an alias implies it
 * @param alias the alias that is moved to the published version
 * @param force whether the function is updated even where it has the same code
 * @param timeout how long to wait for an update to be in force
 */
public record DeployRequest(
        List<FunctionName> functions,
        InstallSetting install,
        PackSettings packaging,
        Optional<LayerSettings> dependenciesApart,
        Staging staging,
        UpdateOptions update,
        Optional<CreateOptions> create,
        boolean publish,
        Optional<String> alias,
        boolean force,
        Duration timeout) {

    /** How long to wait for an update where nothing else is said. */
    public static final Duration DEFAULT_TIMEOUT = Duration.ofMinutes(10);

    public DeployRequest {
        functions = List.copyOf(functions);
        if (functions.isEmpty()) {
            throw new IllegalArgumentException("A deployment needs a function");
        }
    }

    /** Whether a version is to be published: an alias can only move to a version. */
    public boolean publishes() {
        return publish || alias.isPresent();
    }

    /**
     * Where large packages are staged.
     *
     * @param bucket the S3 bucket, in the function's region; empty for none
     * @param prefix put before the key, for instance {@code lambda/}; may be empty
     * @param threshold packages of at least this many bytes are staged; empty for {@link #DEFAULT_THRESHOLD}
     */
    public record Staging(Optional<String> bucket, String prefix, OptionalLong threshold) {

        /**
         * 10 MiB: direct uploads above that break on slow links (travis-ci/dpl #409).
         */
        public static final long DEFAULT_THRESHOLD = 10L << 20;

        /** No staging: every package goes straight to Lambda. */
        public static final Staging NONE = new Staging(Optional.empty(), "", OptionalLong.empty());
    }
}
