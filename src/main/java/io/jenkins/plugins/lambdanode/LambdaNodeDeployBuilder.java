package io.jenkins.plugins.lambdanode;

import edu.umd.cs.findbugs.annotations.NonNull;
import hudson.AbortException;
import hudson.Extension;
import hudson.FilePath;
import hudson.Launcher;
import hudson.model.AbstractBuild;
import hudson.model.AbstractProject;
import hudson.model.BuildListener;
import hudson.tasks.BuildStepDescriptor;
import hudson.tasks.Builder;
import io.jenkins.plugins.lambdanode.build.BuildDeployment;
import io.jenkins.plugins.lambdanode.engine.aws.s3.UploadJournal;
import io.jenkins.plugins.lambdanode.engine.steps.ShiftJournal;
import java.io.IOException;
import java.util.List;
import java.util.UUID;
import jenkins.model.Jenkins;
import org.jenkinsci.Symbol;
import org.kohsuke.stapler.DataBoundConstructor;
import org.kohsuke.stapler.DataBoundSetter;

/**
 * The freestyle build step: it has the settings of the Pipeline step, which it keeps in one of these, and its form. Not a
 * SimpleBuildStep: Pipelines have the step, and a second name for the same thing would only confuse in the Snippet Generator.
 */
public class LambdaNodeDeployBuilder extends Builder {

    private final LambdaNodeDeployStep settings;

    @DataBoundConstructor
    public LambdaNodeDeployBuilder() {
        this(new LambdaNodeDeployStep(null));
    }

    public LambdaNodeDeployBuilder(LambdaNodeDeployStep settings) {
        this.settings = settings;
    }

    public LambdaNodeDeployStep getSettings() {
        return settings;
    }

    @Override
    public boolean perform(AbstractBuild<?, ?> build, Launcher launcher, BuildListener listener)
            throws InterruptedException, IOException {
        FilePath workspace = build.getWorkspace();
        if (workspace == null) {
            throw new AbortException(
                    "The build has no workspace: its agent is gone. Run it again when the agent is back.");
        }
        new BuildDeployment(
                        UUID.randomUUID().toString(),
                        UploadJournal.NONE,
                        ShiftJournal.inMemory(),
                        settings,
                        build,
                        workspace,
                        build.getEnvironment(listener),
                        build.getSensitiveBuildVariables(),
                        launcher,
                        listener)
                .perform();
        return true;
    }

    @DataBoundSetter
    public void setFunctionName(String functionName) {
        settings.setFunctionName(functionName);
    }

    @DataBoundSetter
    public void setFunctionNames(String functionNames) {
        settings.setFunctionNames(functionNames);
    }

    @DataBoundSetter
    public void setRegion(String region) {
        settings.setRegion(region);
    }

    @DataBoundSetter
    public void setCredentialsId(String credentialsId) {
        settings.setCredentialsId(credentialsId);
    }

    @DataBoundSetter
    public void setRoleArn(String roleArn) {
        settings.setRoleArn(roleArn);
    }

    @DataBoundSetter
    public void setExternalId(String externalId) {
        settings.setExternalId(externalId);
    }

    @DataBoundSetter
    public void setRoleSessionName(String roleSessionName) {
        settings.setRoleSessionName(roleSessionName);
    }

    @DataBoundSetter
    public void setAgentIdentity(boolean agentIdentity) {
        settings.setAgentIdentity(agentIdentity);
    }

    @DataBoundSetter
    public void setDir(String dir) {
        settings.setDir(dir);
    }

    @DataBoundSetter
    public void setInstall(String install) {
        settings.setInstall(install);
    }

    @DataBoundSetter
    public void setBuild(String build) {
        settings.setBuild(build);
    }

    @DataBoundSetter
    public void setCodeDir(String codeDir) {
        settings.setCodeDir(codeDir);
    }

    @DataBoundSetter
    public void setZipFile(String zipFile) {
        settings.setZipFile(zipFile);
    }

    @DataBoundSetter
    public void setFrom(String from) {
        settings.setFrom(from);
    }

    @DataBoundSetter
    public void setDependencies(String dependencies) {
        settings.setDependencies(dependencies);
    }

    @DataBoundSetter
    public void setIncludes(String includes) {
        settings.setIncludes(includes);
    }

    @DataBoundSetter
    public void setExcludes(String excludes) {
        settings.setExcludes(excludes);
    }

    @DataBoundSetter
    public void setSymlinks(String symlinks) {
        settings.setSymlinks(symlinks);
    }

    @DataBoundSetter
    public void setCompressionLevel(Integer compressionLevel) {
        settings.setCompressionLevel(compressionLevel);
    }

    @DataBoundSetter
    public void setLayerName(String layerName) {
        settings.setLayerName(layerName);
    }

    @DataBoundSetter
    public void setKeepLayerVersions(Integer keepLayerVersions) {
        settings.setKeepLayerVersions(keepLayerVersions);
    }

    @DataBoundSetter
    public void setS3Bucket(String s3Bucket) {
        settings.setS3Bucket(s3Bucket);
    }

    @DataBoundSetter
    public void setS3Prefix(String s3Prefix) {
        settings.setS3Prefix(s3Prefix);
    }

    @DataBoundSetter
    public void setS3Threshold(Integer s3Threshold) {
        settings.setS3Threshold(s3Threshold);
    }

    @DataBoundSetter
    public void setS3Sse(String s3Sse) {
        settings.setS3Sse(s3Sse);
    }

    @DataBoundSetter
    public void setS3KmsKeyId(String s3KmsKeyId) {
        settings.setS3KmsKeyId(s3KmsKeyId);
    }

    @DataBoundSetter
    public void setPublish(boolean publish) {
        settings.setPublish(publish);
    }

    @DataBoundSetter
    public void setAlias(String alias) {
        settings.setAlias(alias);
    }

    @DataBoundSetter
    public void setSmokeTest(List<SmokeTest> smokeTest) {
        settings.setSmokeTest(smokeTest);
    }

    @DataBoundSetter
    public void setRollout(String rollout) {
        settings.setRollout(rollout);
    }

    @DataBoundSetter
    public void setAlarms(String alarms) {
        settings.setAlarms(alarms);
    }

    @DataBoundSetter
    public void setKeepVersions(Integer keepVersions) {
        settings.setKeepVersions(keepVersions);
    }

    @DataBoundSetter
    public void setArchitectures(String architectures) {
        settings.setArchitectures(architectures);
    }

    @DataBoundSetter
    public void setDryRun(boolean dryRun) {
        settings.setDryRun(dryRun);
    }

    @DataBoundSetter
    public void setRevisionId(String revisionId) {
        settings.setRevisionId(revisionId);
    }

    @DataBoundSetter
    public void setSourceKmsKeyArn(String sourceKmsKeyArn) {
        settings.setSourceKmsKeyArn(sourceKmsKeyArn);
    }

    @DataBoundSetter
    public void setCreate(FunctionConfiguration create) {
        settings.setCreate(create);
    }

    @DataBoundSetter
    public void setDeleteWithBranch(boolean deleteWithBranch) {
        settings.setDeleteWithBranch(deleteWithBranch);
    }

    @DataBoundSetter
    public void setForce(boolean force) {
        settings.setForce(force);
    }

    @DataBoundSetter
    public void setUnstableOn(String unstableOn) {
        settings.setUnstableOn(unstableOn);
    }

    @DataBoundSetter
    public void setWaitTimeout(Integer waitTimeout) {
        settings.setWaitTimeout(waitTimeout);
    }

    @DataBoundSetter
    public void setEndpointUrl(String endpointUrl) {
        settings.setEndpointUrl(endpointUrl);
    }

    @Extension
    @Symbol(LambdaNodeDeployStep.FUNCTION_NAME)
    public static final class DescriptorImpl extends BuildStepDescriptor<Builder> {

        @NonNull
        @Override
        public String getDisplayName() {
            return Messages.LambdaNodeDeploy_displayName();
        }

        @Override
        public boolean isApplicable(Class<? extends AbstractProject> jobType) {
            return true;
        }

        /** For the form, which is the Pipeline step's. */
        public LambdaNodeDeployStep.DescriptorImpl getSettingsDescriptor() {
            return Jenkins.get().getDescriptorByType(LambdaNodeDeployStep.DescriptorImpl.class);
        }
    }
}
