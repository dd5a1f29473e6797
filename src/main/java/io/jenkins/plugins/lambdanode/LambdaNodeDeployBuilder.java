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
import io.jenkins.plugins.lambdanode.engine.aws.s3.OpenUpload;
import java.io.IOException;
import java.util.UUID;
import jenkins.model.Jenkins;
import org.jenkinsci.Symbol;
import org.kohsuke.stapler.DataBoundConstructor;

/**
 * The freestyle build step: the settings of the Pipeline step, in a form. Not a SimpleBuildStep: Pipelines have the step, and a
 * second name for the same thing would only be a riddle in the Snippet Generator.
 */
public class LambdaNodeDeployBuilder extends Builder {

    private final LambdaNodeDeployStep settings;

    @DataBoundConstructor
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
            throw new AbortException("The build has no workspace: its agent has gone. Run it again when the agent is back.");
        }
        new BuildDeployment(
                        UUID.randomUUID().toString(),
                        OpenUpload.Memory.NONE,
                        settings,
                        build,
                        workspace,
                        build.getEnvironment(listener),
                        launcher,
                        listener)
                .perform();
        return true;
    }

    @Extension
    @Symbol("lambdaNodeDeployment")
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
