package io.jenkins.plugins.lambdanode;

import edu.umd.cs.findbugs.annotations.NonNull;
import hudson.EnvVars;
import hudson.Extension;
import hudson.FilePath;
import hudson.Launcher;
import hudson.model.AbstractProject;
import hudson.model.Run;
import hudson.model.TaskListener;
import hudson.tasks.BuildStepDescriptor;
import hudson.tasks.Builder;
import io.jenkins.plugins.lambdanode.engine.aws.OpenUpload;
import java.io.IOException;
import java.util.UUID;
import jenkins.model.Jenkins;
import jenkins.tasks.SimpleBuildStep;
import org.jenkinsci.Symbol;
import org.kohsuke.stapler.DataBoundConstructor;

/** The freestyle build step: the settings of the Pipeline step, in a form. */
public class LambdaNodeDeployBuilder extends Builder implements SimpleBuildStep {

    private final LambdaNodeDeployStep settings;

    @DataBoundConstructor
    public LambdaNodeDeployBuilder(LambdaNodeDeployStep settings) {
        this.settings = settings;
    }

    public LambdaNodeDeployStep getSettings() {
        return settings;
    }

    @Override
    public void perform(
            @NonNull Run<?, ?> run,
            @NonNull FilePath workspace,
            @NonNull EnvVars env,
            @NonNull Launcher launcher,
            @NonNull TaskListener listener)
            throws InterruptedException, IOException {
        new DeployRun(
                        UUID.randomUUID().toString(),
                        OpenUpload.Memory.NONE,
                        settings,
                        run,
                        workspace,
                        env,
                        launcher,
                        listener)
                .perform();
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
