package io.jenkins.plugins.lambdanode;

import com.cloudbees.plugins.credentials.CredentialsProvider;
import edu.umd.cs.findbugs.annotations.NonNull;
import hudson.EnvVars;
import hudson.Extension;
import hudson.FilePath;
import hudson.Launcher;
import hudson.Util;
import hudson.model.Item;
import hudson.model.Run;
import hudson.model.TaskListener;
import hudson.util.FormValidation;
import io.jenkins.plugins.lambdanode.build.DeploymentSettings;
import io.jenkins.plugins.lambdanode.build.LambdaNodeDeployExecution;
import io.jenkins.plugins.lambdanode.build.PipelineArguments;
import io.jenkins.plugins.lambdanode.engine.base.DeployException;
import io.jenkins.plugins.lambdanode.engine.request.DeployRequestBuilder;
import io.jenkins.plugins.lambdanode.form.FunctionCheck;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import jenkins.model.Jenkins;
import org.jenkinsci.plugins.structs.describable.CustomDescribableModel;
import org.jenkinsci.plugins.structs.describable.UninstantiatedDescribable;
import org.jenkinsci.plugins.workflow.steps.Step;
import org.jenkinsci.plugins.workflow.steps.StepContext;
import org.jenkinsci.plugins.workflow.steps.StepExecution;
import org.kohsuke.stapler.AncestorInPath;
import org.kohsuke.stapler.DataBoundConstructor;
import org.kohsuke.stapler.DataBoundSetter;
import org.kohsuke.stapler.QueryParameter;
import org.kohsuke.stapler.verb.POST;

/**
 * The Pipeline step {@code lambdaNodeDeploy}, and the settings of a deployment, as text: the freestyle build step
 * ({@link LambdaNodeDeployBuilder}) has them too. What is not set is null; the defaults are the engine's. Settings of several
 * values hold them separated by commas or line breaks.
 */
public class LambdaNodeDeployStep extends AwsStep implements DeploymentSettings {
    private static final long serialVersionUID = 1L;

    static final String FUNCTION_NAME = "lambdaNodeDeploy";

    private String functionName;
    private String functionNames;
    private String dir;
    private String install;
    private String build;
    private String codeDir;
    private String zipFile;
    private String from;
    private String dependencies;
    private String includes;
    private String excludes;
    private String symlinks;
    private Integer compressionLevel;
    private String layerName;
    private Integer keepLayerVersions;
    private String s3Bucket;
    private String s3Prefix;
    private Integer s3Threshold;
    private String s3Sse;
    private String s3KmsKeyId;
    private boolean publish;
    private String alias;
    private List<SmokeTest> smokeTest;
    private String rollout;
    private String alarms;
    private Integer keepVersions;
    private String architectures;
    private boolean dryRun;
    private String revisionId;
    private String sourceKmsKeyArn;
    private FunctionConfiguration create;
    private boolean deleteWithBranch;
    private boolean force;
    private String unstableOn;
    private Integer waitTimeout;

    /** @param functionName the one argument that a Pipeline may give without its name; with a setter, so that it is optional */
    @DataBoundConstructor
    public LambdaNodeDeployStep(String functionName) {
        setFunctionName(functionName);
    }

    @Override
    public String getFunctionName() {
        return functionName;
    }

    @DataBoundSetter
    public final void setFunctionName(String functionName) {
        this.functionName = Util.fixEmptyAndTrim(functionName);
    }

    /** More functions that get the same package. */
    @Override
    public String getFunctionNames() {
        return functionNames;
    }

    @DataBoundSetter
    public void setFunctionNames(String functionNames) {
        this.functionNames = Util.fixEmptyAndTrim(functionNames);
    }

    @Override
    public String getDir() {
        return dir;
    }

    @DataBoundSetter
    public void setDir(String dir) {
        this.dir = unlessDefault(dir, ".");
    }

    @Override
    public String getInstall() {
        return install;
    }

    @DataBoundSetter
    public void setInstall(String install) {
        this.install = unlessDefault(install, "auto");
    }

    /** A command line. */
    @Override
    public String getBuild() {
        return build;
    }

    @DataBoundSetter
    public void setBuild(String build) {
        this.build = Util.fixEmptyAndTrim(build);
    }

    /** A folder in the project's. */
    public String getCodeDir() {
        return codeDir;
    }

    @DataBoundSetter
    public void setCodeDir(String codeDir) {
        this.codeDir = unlessDefault(codeDir, ".");
    }

    /** A package that is there, relative to the project's folder. */
    @Override
    public String getZipFile() {
        return zipFile;
    }

    @DataBoundSetter
    public void setZipFile(String zipFile) {
        this.zipFile = Util.fixEmptyAndTrim(zipFile);
    }

    /** The record of a deployment whose package is deployed again: JSON, or a file in the workspace. */
    @Override
    public String getFrom() {
        return from;
    }

    @DataBoundSetter
    public void setFrom(String from) {
        this.from = Util.fixEmptyAndTrim(from);
    }

    /** {@code package}, {@code layer} or {@code none}: where node_modules goes. */
    public String getDependencies() {
        return dependencies;
    }

    @DataBoundSetter
    public void setDependencies(String dependencies) {
        this.dependencies = unlessDefault(dependencies, "package");
    }

    /** Ant patterns. */
    public String getIncludes() {
        return includes;
    }

    @DataBoundSetter
    public void setIncludes(String includes) {
        this.includes = Util.fixEmptyAndTrim(includes);
    }

    /** Ant patterns. */
    public String getExcludes() {
        return excludes;
    }

    @DataBoundSetter
    public void setExcludes(String excludes) {
        this.excludes = Util.fixEmptyAndTrim(excludes);
    }

    /** {@code follow} or {@code store}. */
    public String getSymlinks() {
        return symlinks;
    }

    @DataBoundSetter
    public void setSymlinks(String symlinks) {
        this.symlinks = unlessDefault(symlinks, "follow");
    }

    /** 1 to 9. */
    public Integer getCompressionLevel() {
        return compressionLevel;
    }

    @DataBoundSetter
    public void setCompressionLevel(Integer compressionLevel) {
        this.compressionLevel = compressionLevel;
    }

    public String getLayerName() {
        return layerName;
    }

    @DataBoundSetter
    public void setLayerName(String layerName) {
        this.layerName = Util.fixEmptyAndTrim(layerName);
    }

    public Integer getKeepLayerVersions() {
        return keepLayerVersions;
    }

    @DataBoundSetter
    public void setKeepLayerVersions(Integer keepLayerVersions) {
        this.keepLayerVersions = keepLayerVersions;
    }

    /** {@code none} for no bucket, not the global one either. */
    public String getS3Bucket() {
        return s3Bucket;
    }

    @DataBoundSetter
    public void setS3Bucket(String s3Bucket) {
        this.s3Bucket = Util.fixEmptyAndTrim(s3Bucket);
    }

    public String getS3Prefix() {
        return s3Prefix;
    }

    @DataBoundSetter
    public void setS3Prefix(String s3Prefix) {
        this.s3Prefix = Util.fixEmptyAndTrim(s3Prefix);
    }

    /** In bytes. */
    public Integer getS3Threshold() {
        return s3Threshold;
    }

    @DataBoundSetter
    public void setS3Threshold(Integer s3Threshold) {
        this.s3Threshold = s3Threshold;
    }

    /** {@code AES256} or {@code aws:kms}. */
    public String getS3Sse() {
        return s3Sse;
    }

    @DataBoundSetter
    public void setS3Sse(String s3Sse) {
        this.s3Sse = Util.fixEmptyAndTrim(s3Sse);
    }

    public String getS3KmsKeyId() {
        return s3KmsKeyId;
    }

    @DataBoundSetter
    public void setS3KmsKeyId(String s3KmsKeyId) {
        this.s3KmsKeyId = Util.fixEmptyAndTrim(s3KmsKeyId);
    }

    public boolean isPublish() {
        return publish;
    }

    @DataBoundSetter
    public void setPublish(boolean publish) {
        this.publish = publish;
    }

    public String getAlias() {
        return alias;
    }

    @DataBoundSetter
    public void setAlias(String alias) {
        this.alias = Util.fixEmptyAndTrim(alias);
    }

    @Override
    public List<SmokeTest> getSmokeTest() {
        return Util.fixNull(smokeTest);
    }

    @DataBoundSetter
    public void setSmokeTest(List<SmokeTest> smokeTest) {
        this.smokeTest = smokeTest == null || smokeTest.isEmpty() ? null : new ArrayList<>(smokeTest);
    }

    /** The name of a predefined rollout, or lines of {@code percent=} and {@code every=}. */
    public String getRollout() {
        return rollout;
    }

    @DataBoundSetter
    public void setRollout(String rollout) {
        this.rollout = Util.fixEmptyAndTrim(rollout);
    }

    /** Names of CloudWatch alarms. */
    public String getAlarms() {
        return alarms;
    }

    @DataBoundSetter
    public void setAlarms(String alarms) {
        this.alarms = Util.fixEmptyAndTrim(alarms);
    }

    public Integer getKeepVersions() {
        return keepVersions;
    }

    @DataBoundSetter
    public void setKeepVersions(Integer keepVersions) {
        this.keepVersions = keepVersions;
    }

    public String getArchitectures() {
        return architectures;
    }

    @DataBoundSetter
    public void setArchitectures(String architectures) {
        this.architectures = Util.fixEmptyAndTrim(architectures);
    }

    public boolean isDryRun() {
        return dryRun;
    }

    @DataBoundSetter
    public void setDryRun(boolean dryRun) {
        this.dryRun = dryRun;
    }

    public String getRevisionId() {
        return revisionId;
    }

    @DataBoundSetter
    public void setRevisionId(String revisionId) {
        this.revisionId = Util.fixEmptyAndTrim(revisionId);
    }

    public String getSourceKmsKeyArn() {
        return sourceKmsKeyArn;
    }

    @DataBoundSetter
    public void setSourceKmsKeyArn(String sourceKmsKeyArn) {
        this.sourceKmsKeyArn = Util.fixEmptyAndTrim(sourceKmsKeyArn);
    }

    /** How to create a function that does not exist; null where that is an error. */
    public FunctionConfiguration getCreate() {
        return create;
    }

    @DataBoundSetter
    public void setCreate(FunctionConfiguration create) {
        this.create = create;
    }

    @Override
    public boolean isDeleteWithBranch() {
        return deleteWithBranch;
    }

    @DataBoundSetter
    public void setDeleteWithBranch(boolean deleteWithBranch) {
        this.deleteWithBranch = deleteWithBranch;
    }

    public boolean isForce() {
        return force;
    }

    @DataBoundSetter
    public void setForce(boolean force) {
        this.force = force;
    }

    /** {@code warning} or {@code never}. */
    @Override
    public String getUnstableOn() {
        return unstableOn;
    }

    @DataBoundSetter
    public void setUnstableOn(String unstableOn) {
        this.unstableOn = unlessDefault(unstableOn, "never");
    }

    /** How long to wait for an update to be in force, in seconds. */
    public Integer getWaitTimeout() {
        return waitTimeout;
    }

    @DataBoundSetter
    public void setWaitTimeout(Integer waitTimeout) {
        this.waitTimeout = waitTimeout;
    }

    /** Null for a default, so that what has not been chosen is not written down. */
    private static String unlessDefault(String value, String defaultValue) {
        String text = Util.fixEmptyAndTrim(value);
        return defaultValue.equals(text) ? null : text;
    }

    @Override
    public void addTo(DeployRequestBuilder request, EnvVars variables) throws DeployException {
        request.functionName(variables.expand(functionName))
                .functionNames(variables.expand(functionNames))
                .dir(variables.expand(dir))
                .codeDir(variables.expand(codeDir))
                .zipFile(variables.expand(zipFile))
                .includes(variables.expand(includes))
                .excludes(variables.expand(excludes))
                .symlinks(variables.expand(symlinks))
                .compressionLevel(compressionLevel)
                .dependencies(variables.expand(dependencies))
                .layerName(variables.expand(layerName))
                .keepLayerVersions(keepLayerVersions)
                .s3Bucket(variables.expand(s3Bucket))
                .s3Prefix(variables.expand(s3Prefix))
                .s3Threshold(s3Threshold)
                .s3Sse(variables.expand(s3Sse))
                .s3KmsKeyId(variables.expand(s3KmsKeyId))
                .architectures(variables.expand(architectures))
                .sourceKmsKeyArn(variables.expand(sourceKmsKeyArn))
                .publish(publish)
                .alias(variables.expand(alias))
                .rollout(variables.expand(rollout))
                .alarms(variables.expand(alarms))
                .keepVersions(keepVersions)
                .dryRun(dryRun)
                .force(force)
                .revisionId(variables.expand(revisionId))
                .waitTimeout(waitTimeout);
        if (create != null) {
            create.addTo(request, variables);
        }
    }

    @Override
    public StepExecution start(StepContext context) {
        return new LambdaNodeDeployExecution(context, this);
    }

    @Extension
    public static final class DescriptorImpl extends AwsStepDescriptor implements CustomDescribableModel {

        public DescriptorImpl() {
            super("functionName", "functionNames", "alias", "region");
        }

        @Override
        public String getFunctionName() {
            return FUNCTION_NAME;
        }

        @NonNull
        @Override
        public String getDisplayName() {
            return Messages.LambdaNodeDeploy_displayName();
        }

        @Override
        public Set<? extends Class<?>> getRequiredContext() {
            return Set.of(Run.class, FilePath.class, Launcher.class, EnvVars.class, TaskListener.class);
        }

        @Override
        public Step newInstance(Map<String, Object> arguments) throws Exception {
            return PipelineArguments.instantiate(LambdaNodeDeployStep.class, FUNCTION_NAME, arguments);
        }

        /** The Snippet Generator writes the function first. */
        @NonNull
        @Override
        public UninstantiatedDescribable customUninstantiate(@NonNull UninstantiatedDescribable step) {
            Map<String, Object> arguments = new LinkedHashMap<>();
            if (step.getArguments().containsKey("functionName")) {
                arguments.put("functionName", step.getArguments().get("functionName"));
            }
            arguments.putAll(step.getArguments());
            return step.withArguments(arguments);
        }

        /** Asks AWS for the function with the chosen credentials and says what it found. */
        @POST
        public FormValidation doCheck(
                @AncestorInPath Item item,
                @QueryParameter String functionName,
                @QueryParameter String region,
                @QueryParameter String credentialsId,
                @QueryParameter String roleArn,
                @QueryParameter String externalId,
                @QueryParameter String roleSessionName,
                @QueryParameter String endpointUrl,
                @QueryParameter boolean create)
                throws InterruptedException {
            if (item == null) {
                Jenkins.get().checkPermission(Jenkins.ADMINISTER);
            } else {
                item.checkPermission(Item.CONFIGURE);
                item.checkPermission(CredentialsProvider.USE_ITEM);
            }
            LambdaNodeDeployStep settings = new LambdaNodeDeployStep(functionName);
            settings.setRegion(region);
            settings.setCredentialsId(credentialsId);
            settings.setRoleArn(roleArn);
            settings.setExternalId(externalId);
            settings.setRoleSessionName(roleSessionName);
            settings.setEndpointUrl(endpointUrl);
            return FunctionCheck.check(item, settings.functionName, settings, settings.defaults(), create);
        }
    }
}
