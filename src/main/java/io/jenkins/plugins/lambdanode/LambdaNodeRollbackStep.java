package io.jenkins.plugins.lambdanode;

import edu.umd.cs.findbugs.annotations.NonNull;
import hudson.EnvVars;
import hudson.Extension;
import hudson.Util;
import hudson.model.Run;
import hudson.model.TaskListener;
import io.jenkins.plugins.lambdanode.build.LambdaNodeRollbackExecution;
import io.jenkins.plugins.lambdanode.build.PipelineArguments;
import io.jenkins.plugins.lambdanode.build.RollbackSettings;
import java.util.Map;
import java.util.Set;
import org.jenkinsci.plugins.workflow.steps.Step;
import org.jenkinsci.plugins.workflow.steps.StepContext;
import org.jenkinsci.plugins.workflow.steps.StepExecution;
import org.kohsuke.stapler.DataBoundConstructor;
import org.kohsuke.stapler.DataBoundSetter;

/**
 * The Pipeline step {@code lambdaNodeRollback}: an alias goes back to what it had before. It needs no agent. What is not set is
 * null.
 */
public class LambdaNodeRollbackStep extends AwsStep implements RollbackSettings {
    private static final long serialVersionUID = 1L;

    static final String FUNCTION_NAME = "lambdaNodeRollback";

    private final String functionName;
    private final String alias;
    private String version;
    private Integer build;
    private boolean force;

    @DataBoundConstructor
    public LambdaNodeRollbackStep(String functionName, String alias) {
        this.functionName = Util.fixEmptyAndTrim(functionName);
        this.alias = Util.fixEmptyAndTrim(alias);
    }

    @Override
    public String getFunctionName() {
        return functionName;
    }

    @Override
    public String getAlias() {
        return alias;
    }

    @Override
    public String getVersion() {
        return version;
    }

    @DataBoundSetter
    public void setVersion(String version) {
        this.version = Util.fixEmptyAndTrim(version);
    }

    @Override
    public Integer getBuild() {
        return build;
    }

    @DataBoundSetter
    public void setBuild(Integer build) {
        this.build = build;
    }

    @Override
    public boolean isForce() {
        return force;
    }

    @DataBoundSetter
    public void setForce(boolean force) {
        this.force = force;
    }

    @Override
    public StepExecution start(StepContext context) {
        return new LambdaNodeRollbackExecution(context, this);
    }

    @Extension
    public static final class DescriptorImpl extends AwsStepDescriptor {

        public DescriptorImpl() {
            super("functionName", "alias", "region");
        }

        @Override
        public String getFunctionName() {
            return FUNCTION_NAME;
        }

        @NonNull
        @Override
        public String getDisplayName() {
            return Messages.LambdaNodeRollback_displayName();
        }

        @Override
        public Set<? extends Class<?>> getRequiredContext() {
            return Set.of(Run.class, EnvVars.class, TaskListener.class);
        }

        @Override
        public Step newInstance(Map<String, Object> arguments) throws Exception {
            return PipelineArguments.instantiate(LambdaNodeRollbackStep.class, FUNCTION_NAME, arguments);
        }
    }
}
