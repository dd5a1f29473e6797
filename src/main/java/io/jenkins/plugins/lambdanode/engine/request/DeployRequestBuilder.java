package io.jenkins.plugins.lambdanode.engine.request;

import io.jenkins.plugins.lambdanode.engine.aws.lambda.CreateOptions;
import io.jenkins.plugins.lambdanode.engine.aws.lambda.FunctionName;
import io.jenkins.plugins.lambdanode.engine.aws.lambda.UpdateOptions;
import io.jenkins.plugins.lambdanode.engine.aws.s3.StagingSettings;
import io.jenkins.plugins.lambdanode.engine.base.DeployException;
import io.jenkins.plugins.lambdanode.engine.pack.api.NodeRuntime;
import io.jenkins.plugins.lambdanode.engine.pack.api.PackSettings;
import io.jenkins.plugins.lambdanode.engine.project.InstallMode;
import io.jenkins.plugins.lambdanode.engine.project.InstallSetting;
import io.jenkins.plugins.lambdanode.engine.report.DeploymentRecord;
import io.jenkins.plugins.lambdanode.engine.request.SettingRules.Dependencies;
import java.time.Duration;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.OptionalInt;
import java.util.OptionalLong;

/**
 * The settings of a deployment with their defaults, as texts of the user's: what they may be is {@link SettingRules}'. A text
 * that is null or blank leaves a setting as it was, so a front end gives its own defaults first. Methods fail at once where a
 * value is wrong, and {@link #build()} where settings do not go together.
 */
public final class DeployRequestBuilder {

    public static final String DEFAULT_HANDLER = "index.handler";

    /** How long to wait for an update to be in force, in seconds. */
    public static final int DEFAULT_WAIT_TIMEOUT = 600;

    private final List<FunctionName> functions = new ArrayList<>();
    private InstallSetting install = InstallSetting.AUTO;
    private Optional<String> build = Optional.empty();
    private String dir = "";
    private String codeDir = "";
    private Optional<String> zipFile = Optional.empty();
    private Optional<DeploymentRecord> from = Optional.empty();
    private List<String> includes = List.of();
    private List<String> excludes = List.of();
    private PackSettings.Links symlinks = PackSettings.Links.FOLLOW;
    private int compressionLevel = PackSettings.DEFAULT_LEVEL;
    private Dependencies dependencies = Dependencies.PACKAGE;
    private Optional<String> layerName = Optional.empty();
    private OptionalInt keepLayerVersions = OptionalInt.empty();
    private Optional<String> s3Bucket = Optional.empty();
    private String s3Prefix = "";
    private OptionalLong s3Threshold = OptionalLong.empty();
    private Optional<String> s3Sse = Optional.empty();
    private Optional<String> s3KmsKeyId = Optional.empty();
    private boolean create;
    private String role = "";
    private String runtime = NodeRuntime.DEFAULT;
    private String handler = DEFAULT_HANDLER;
    private OptionalInt memorySize = OptionalInt.empty();
    private OptionalInt timeout = OptionalInt.empty();
    private final Map<String, String> environment = new LinkedHashMap<>();
    private List<String> layers = List.of();
    private String description = "";
    private List<String> architectures = List.of();
    private Optional<String> sourceKmsKeyArn = Optional.empty();
    private boolean publish;
    private Optional<String> alias = Optional.empty();
    private final List<SmokeTest> smokeTests = new ArrayList<>();
    private Optional<Rollout> rollout = Optional.empty();
    private List<String> alarms = List.of();
    private OptionalInt keepVersions = OptionalInt.empty();
    private boolean dryRun;
    private boolean force;
    private Optional<String> revisionId = Optional.empty();
    private Duration waitTimeout = Duration.ofSeconds(DEFAULT_WAIT_TIMEOUT);

    DeployRequestBuilder() {}

    /** Reads a value of a setting. */
    private interface Reading<T> {
        T read(String text) throws DeployException;
    }

    private static <T> T read(Object value, T present, Reading<T> reading) throws DeployException {
        return value == null || value.toString().isBlank() ? present : reading.read(value.toString());
    }

    // The functions

    /** Adds one. */
    public DeployRequestBuilder functionName(String text) throws DeployException {
        functions.addAll(read(text, List.of(), name -> List.of(SettingRules.functionName(name))));
        return this;
    }

    /** Adds one or more, separated by commas or white space. */
    public DeployRequestBuilder functionNames(String text) throws DeployException {
        functions.addAll(read(text, List.of(), SettingRules::functionNames));
        return this;
    }

    // The package

    /** {@code auto}, {@code ci}, {@code install}, {@code none}, or a command line. */
    public DeployRequestBuilder install(String text) throws DeployException {
        install = read(text, install, SettingRules::install);
        return this;
    }

    /** A command line. */
    public DeployRequestBuilder build(String text) throws DeployException {
        build = read(text, build, line -> Optional.of(line.strip()));
        return this;
    }

    /** The project's folder, which the workspace knows: only whether one is named is a matter of the request. */
    public DeployRequestBuilder dir(String text) throws DeployException {
        dir = read(text, dir, String::strip);
        return this;
    }

    /** A folder in the project. */
    public DeployRequestBuilder codeDir(String text) throws DeployException {
        codeDir = read(text, codeDir, SettingRules::codeDir);
        return this;
    }

    /** A package that is there, relative to the project's folder. */
    public DeployRequestBuilder zipFile(String text) throws DeployException {
        zipFile = read(text, zipFile, file -> Optional.of(SettingRules.zipFile(file)));
        return this;
    }

    /** The record of a deployment, as JSON. */
    public DeployRequestBuilder from(String json) throws DeployException {
        from = read(json, from, record -> Optional.of(SettingRules.from(record)));
        return this;
    }

    /** Ant patterns, separated by commas or line ends. */
    public DeployRequestBuilder includes(String text) throws DeployException {
        includes = read(text, includes, patterns -> SettingRules.patterns("includes", patterns));
        return this;
    }

    /** Ant patterns, one an item. */
    public DeployRequestBuilder includes(List<String> patterns) throws DeployException {
        includes = each("includes", patterns);
        return this;
    }

    /** Ant patterns, separated by commas or line ends. */
    public DeployRequestBuilder excludes(String text) throws DeployException {
        excludes = read(text, excludes, patterns -> SettingRules.patterns("excludes", patterns));
        return this;
    }

    /** Ant patterns, one an item. */
    public DeployRequestBuilder excludes(List<String> patterns) throws DeployException {
        excludes = each("excludes", patterns);
        return this;
    }

    private static List<String> each(String setting, List<String> patterns) throws DeployException {
        List<String> all = new ArrayList<>();
        for (String pattern : patterns) {
            all.add(SettingRules.pattern(setting, pattern));
        }
        return all;
    }

    /** {@code follow} or {@code store}. */
    public DeployRequestBuilder symlinks(String text) throws DeployException {
        symlinks = read(text, symlinks, SettingRules::symlinks);
        return this;
    }

    /** 1 to 9; null for {@code zip}'s own. */
    public DeployRequestBuilder compressionLevel(Integer level) throws DeployException {
        compressionLevel = read(level, compressionLevel, SettingRules::compressionLevel);
        return this;
    }

    /** {@code package}, {@code layer} or {@code none}: where node_modules goes. */
    public DeployRequestBuilder dependencies(String text) throws DeployException {
        dependencies = read(text, dependencies, SettingRules::dependencies);
        return this;
    }

    public DeployRequestBuilder layerName(String text) throws DeployException {
        layerName = read(text, layerName, name -> Optional.of(SettingRules.layerName(name)));
        return this;
    }

    /** How many versions of the layer are kept; null for all. */
    public DeployRequestBuilder keepLayerVersions(Integer count) throws DeployException {
        keepLayerVersions =
                read(count, keepLayerVersions, text -> OptionalInt.of(SettingRules.keepLayerVersions(text)));
        return this;
    }

    // Staging

    /** A bucket, or {@code none} for no staging though a default is set. */
    public DeployRequestBuilder s3Bucket(String text) throws DeployException {
        s3Bucket = read(text, s3Bucket, SettingRules::bucket);
        return this;
    }

    public DeployRequestBuilder s3Prefix(String text) throws DeployException {
        s3Prefix = read(text, s3Prefix, SettingRules::prefix);
        return this;
    }

    /** Bytes; null for {@link StagingSettings#DEFAULT_THRESHOLD}. */
    public DeployRequestBuilder s3Threshold(Number bytes) throws DeployException {
        s3Threshold = read(bytes, s3Threshold, text -> OptionalLong.of(SettingRules.threshold(text)));
        return this;
    }

    /** {@code AES256} or {@code aws:kms}. */
    public DeployRequestBuilder s3Sse(String text) throws DeployException {
        s3Sse = read(text, s3Sse, sse -> Optional.of(SettingRules.sse(sse)));
        return this;
    }

    /** The key for {@code aws:kms}. */
    public DeployRequestBuilder s3KmsKeyId(String text) throws DeployException {
        s3KmsKeyId = read(text, s3KmsKeyId, key -> Optional.of(SettingRules.stagingKey(key)));
        return this;
    }

    // A function that is created

    /** Whether a function that does not exist is created; it needs a role. */
    public DeployRequestBuilder create(boolean create) {
        this.create = create;
        return this;
    }

    public DeployRequestBuilder role(String arn) throws DeployException {
        role = read(arn, role, text -> SettingRules.role("role", text));
        return this;
    }

    public DeployRequestBuilder runtime(String text) throws DeployException {
        runtime = read(text, runtime, String::strip);
        return this;
    }

    public DeployRequestBuilder handler(String text) throws DeployException {
        handler = read(text, handler, String::strip);
        return this;
    }

    /** MB; null for AWS's default. */
    public DeployRequestBuilder memorySize(Integer megabytes) throws DeployException {
        memorySize = read(megabytes, memorySize, text -> OptionalInt.of(SettingRules.memorySize(text)));
        return this;
    }

    /** Seconds; null for AWS's default. */
    public DeployRequestBuilder timeout(Integer seconds) throws DeployException {
        timeout = read(seconds, timeout, text -> OptionalInt.of(SettingRules.timeout(text)));
        return this;
    }

    /** Adds a line of KEY=value for each variable. */
    public DeployRequestBuilder environment(String lines) throws DeployException {
        environment.putAll(read(lines, Map.of(), SettingRules::environment));
        return this;
    }

    /** Adds variables. */
    public DeployRequestBuilder environment(Map<String, String> variables) throws DeployException {
        for (Map.Entry<String, String> variable : variables.entrySet()) {
            environment.put(SettingRules.variable(variable.getKey()), variable.getValue());
        }
        return this;
    }

    /** ARNs of layer versions, separated by commas or line ends. */
    public DeployRequestBuilder layers(String text) throws DeployException {
        layers = read(text, layers, SettingRules::list);
        return this;
    }

    public DeployRequestBuilder description(String text) throws DeployException {
        description = read(text, description, String::strip);
        return this;
    }

    // Update and release

    /** {@code x86_64} or {@code arm64}. */
    public DeployRequestBuilder architectures(String text) throws DeployException {
        architectures = read(text, architectures, SettingRules::architectures);
        return this;
    }

    public DeployRequestBuilder sourceKmsKeyArn(String text) throws DeployException {
        sourceKmsKeyArn = read(text, sourceKmsKeyArn, key -> Optional.of(SettingRules.sourceKey(key)));
        return this;
    }

    public DeployRequestBuilder publish(boolean publish) {
        this.publish = publish;
        return this;
    }

    public DeployRequestBuilder alias(String text) throws DeployException {
        alias = read(text, alias, name -> Optional.of(SettingRules.alias(name)));
        return this;
    }

    /**
     * Adds one.
     *
     * @param payload JSON; null or blank for an empty object
     * @param expect JSON; null or blank where any response will do
     */
    public DeployRequestBuilder smokeTest(String payload, String expect) throws DeployException {
        smokeTests.add(new SmokeTest(
                read(payload, "{}", text -> SettingRules.json("payload", text)),
                read(expect, Optional.empty(), text -> Optional.of(SettingRules.json("expect", text)))));
        return this;
    }

    /** A predefined rollout, or one by {@code percent=} and {@code every=}: see {@link Rollout#parse}. */
    public DeployRequestBuilder rollout(String text) throws DeployException {
        rollout = read(text, rollout, how -> Optional.of(Rollout.parse(how)));
        return this;
    }

    /** Names of CloudWatch alarms, one in a line. */
    public DeployRequestBuilder alarms(String text) throws DeployException {
        alarms = read(text, alarms, SettingRules::alarms);
        return this;
    }

    /** Null for all. */
    public DeployRequestBuilder keepVersions(Integer count) throws DeployException {
        keepVersions = read(count, keepVersions, text -> OptionalInt.of(SettingRules.keepVersions(text)));
        return this;
    }

    public DeployRequestBuilder dryRun(boolean dryRun) {
        this.dryRun = dryRun;
        return this;
    }

    public DeployRequestBuilder force(boolean force) {
        this.force = force;
        return this;
    }

    public DeployRequestBuilder revisionId(String text) throws DeployException {
        revisionId = read(text, revisionId, id -> Optional.of(id.strip()));
        return this;
    }

    /** Seconds; null for {@value #DEFAULT_WAIT_TIMEOUT}. */
    public DeployRequestBuilder waitTimeout(Integer seconds) throws DeployException {
        waitTimeout = read(seconds, waitTimeout, SettingRules::waitTimeout);
        return this;
    }

    /** How dependencies are installed, for a front end that only packages. */
    public InstallSetting install() {
        boolean goIn = dependencies != Dependencies.NONE;
        return install.withNeeded(
                build.isPresent()
                        ? goIn ? InstallSetting.Needed.ALL : InstallSetting.Needed.BUILD
                        : goIn ? InstallSetting.Needed.PRODUCTION : InstallSetting.Needed.NOTHING);
    }

    /** The command line that builds the project, for a front end that only packages. */
    public Optional<String> buildCommand() {
        return build;
    }

    /** What goes into the package. */
    public PackSettings pack() {
        return new PackSettings(
                codeDir, dependencies != Dependencies.NONE, includes, excludes, symlinks, compressionLevel);
    }

    /** @throws DeployException if settings are missing or do not go together */
    public DeployRequest build() throws DeployException {
        if (functions.isEmpty()) {
            throw new DeployException(
                    "No function is named. Set functionName to the name or ARN of the function to deploy to.");
        }
        if (create && role.isEmpty()) {
            throw new DeployException("create needs a role: the ARN of the new function's execution role.");
        }
        if (s3KmsKeyId.isPresent() && !s3Sse.equals(Optional.of("aws:kms"))) {
            throw new DeployException("s3KmsKeyId is '" + s3KmsKeyId.get()
                    + "', and s3Sse is not 'aws:kms'. Set s3Sse: 'aws:kms', or leave the key out.");
        }
        if (keepVersions.isPresent() && !publish && alias.isEmpty()) {
            throw new DeployException(
                    "keepVersions is set, and no version is published. Set publish or alias, or leave keepVersions out.");
        }
        if (dependencies != Dependencies.LAYER && from.isEmpty() && zipFile.isEmpty()) {
            requireNoLayer("layerName", layerName.isPresent());
            requireNoLayer("keepLayerVersions", keepLayerVersions.isPresent());
        }
        if (rollout.isPresent() && alias.isEmpty()) {
            throw new DeployException(
                    "rollout is set, and no alias. A rollout shifts an alias's traffic: set alias, or leave rollout out.");
        }
        if (!alarms.isEmpty() && rollout.isEmpty()) {
            throw new DeployException(
                    "alarms is set, and no rollout. Alarms are looked at while traffic shifts: set rollout,"
                            + " or leave alarms out.");
        }
        requireAlone();
        return new DeployRequest(
                functions,
                zipFile.isPresent() || from.isPresent() ? InstallSetting.NONE : install(),
                build,
                pack(),
                zipFile,
                from,
                from.isPresent()
                        ? from.get()
                                .layer()
                                .map(layer -> new LayerSettings(Optional.of(layer.name()), OptionalInt.empty()))
                        : dependencies == Dependencies.LAYER
                                ? Optional.of(new LayerSettings(layerName, keepLayerVersions))
                                : Optional.empty(),
                new StagingSettings(s3Bucket, s3Prefix, s3Threshold, s3Sse, s3KmsKeyId),
                new UpdateOptions(architectures, dryRun, revisionId, sourceKmsKeyArn),
                create ? Optional.of(newFunction()) : Optional.empty(),
                publish,
                alias,
                smokeTests,
                rollout,
                alarms,
                keepVersions,
                force,
                waitTimeout);
    }

    private static void requireNoLayer(String setting, boolean isSet) throws DeployException {
        if (isSet) {
            throw new DeployException(
                    setting + " is set, and dependencies is not 'layer', without which no layer is made."
                            + " Set dependencies: 'layer', or leave " + setting + " out.");
        }
    }

    /** What says how a package is made goes with none that is there. */
    private void requireAlone() throws DeployException {
        if (zipFile.isEmpty() && from.isEmpty()) {
            return;
        }
        String given = from.isPresent() ? "from" : "zipFile";
        Map<String, Boolean> set = new LinkedHashMap<>();
        set.put("dir", from.isPresent() && !dir.isEmpty());
        set.put("zipFile", from.isPresent() && zipFile.isPresent());
        set.put("install", install.mode() != InstallMode.AUTO && install.mode() != InstallMode.NONE);
        set.put("build", build.isPresent());
        set.put("codeDir", !codeDir.isEmpty());
        set.put("dependencies", dependencies != Dependencies.PACKAGE);
        set.put("layerName", layerName.isPresent());
        set.put("keepLayerVersions", keepLayerVersions.isPresent());
        set.put("includes", !includes.isEmpty());
        set.put("excludes", !excludes.isEmpty());
        set.put("symlinks", symlinks != PackSettings.Links.FOLLOW);
        set.put("compressionLevel", compressionLevel != PackSettings.DEFAULT_LEVEL);
        set.values().removeIf(isSet -> !isSet);
        if (!set.isEmpty()) {
            throw new DeployException(given + " deploys a package as it is: " + String.join(", ", set.keySet())
                    + (set.size() == 1 ? " does not apply. Leave that" : " do not apply. Leave these") + " out, or "
                    + given + ".");
        }
    }

    private CreateOptions newFunction() {
        return new CreateOptions(
                role,
                runtime,
                handler,
                memorySize,
                timeout,
                environment,
                layers,
                architectures,
                description,
                sourceKmsKeyArn);
    }
}
