package io.jenkins.plugins.lambdanode;

import edu.umd.cs.findbugs.annotations.NonNull;
import hudson.AbortException;
import hudson.EnvVars;
import hudson.Extension;
import hudson.Util;
import hudson.model.Run;
import hudson.model.TaskListener;
import hudson.util.FormValidation;
import io.jenkins.plugins.lambdanode.build.DeployedVersion;
import io.jenkins.plugins.lambdanode.build.LambdaNodeReleaseExecution;
import io.jenkins.plugins.lambdanode.build.PipelineArguments;
import io.jenkins.plugins.lambdanode.build.ReleaseSettings;
import io.jenkins.plugins.lambdanode.engine.request.SettingRules;
import io.jenkins.plugins.lambdanode.form.FieldChecks;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Set;
import java.util.stream.Collectors;
import java.util.stream.Stream;
import org.jenkinsci.plugins.workflow.actions.LabelAction;
import org.jenkinsci.plugins.workflow.graph.FlowNode;
import org.jenkinsci.plugins.workflow.steps.Step;
import org.jenkinsci.plugins.workflow.steps.StepContext;
import org.jenkinsci.plugins.workflow.steps.StepExecution;
import org.kohsuke.stapler.DataBoundConstructor;
import org.kohsuke.stapler.DataBoundSetter;
import org.kohsuke.stapler.QueryParameter;
import org.kohsuke.stapler.verb.POST;

/**
 * The Pipeline step {@code lambdaNodeRelease}: a version that is there is tested and gets an alias's traffic. It needs no agent. What
 * is not set is null.
 */
public class LambdaNodeReleaseStep extends AwsStep implements ReleaseSettings {
    private static final long serialVersionUID = 1L;

    static final String FUNCTION_NAME = "lambdaNodeRelease";

    private String from;
    private String functionName;
    private String version;
    private String alias;
    private List<SmokeTest> smokeTest;
    private String rollout;
    private String alarms;

    @DataBoundConstructor
    public LambdaNodeReleaseStep() {}

    /** The record of the deployment that published the version, as JSON; in place of function and version. */
    public String getFrom() {
        return from;
    }

    @DataBoundSetter
    public void setFrom(String from) {
        this.from = Util.fixEmptyAndTrim(from);
    }

    @Override
    public String getFunctionName() {
        return functionName;
    }

    @DataBoundSetter
    public void setFunctionName(String functionName) {
        this.functionName = Util.fixEmptyAndTrim(functionName);
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

    @Override
    public String getRollout() {
        return rollout;
    }

    @DataBoundSetter
    public void setRollout(String rollout) {
        this.rollout = Util.fixEmptyAndTrim(rollout);
    }

    @Override
    public String getAlarms() {
        return alarms;
    }

    @DataBoundSetter
    public void setAlarms(String alarms) {
        this.alarms = Util.fixEmptyAndTrim(alarms);
    }

    @Override
    public StepExecution start(StepContext context) throws Exception {
        if (from != null) {
            // A view of the Pipeline knows the arguments, and from is none that it keeps.
            context.get(FlowNode.class)
                    .addAction(new LabelAction(
                            Stream.of(functionName.replaceFirst("^.*:", ""), version, alias, getRegion())
                                    .filter(Objects::nonNull)
                                    .collect(Collectors.joining(", ", FUNCTION_NAME + " ", ""))));
        }
        return new LambdaNodeReleaseExecution(context, this);
    }

    private void takeFrom() throws AbortException {
        if (functionName != null || version != null) {
            throw new AbortException(
                    "from says which function and version; functionName or version say so too. Leave one out.");
        }
        DeployedVersion deployed = DeployedVersion.of(from);
        setFunctionName(deployed.functionArn());
        setVersion(deployed.version());
    }

    @Extension
    public static final class DescriptorImpl extends AwsStepDescriptor {

        public DescriptorImpl() {
            super("functionName", "version", "alias", "region");
        }

        @Override
        public String getFunctionName() {
            return FUNCTION_NAME;
        }

        @NonNull
        @Override
        public String getDisplayName() {
            return Messages.LambdaNodeRelease_displayName();
        }

        @Override
        public Set<? extends Class<?>> getRequiredContext() {
            return Set.of(Run.class, EnvVars.class, TaskListener.class);
        }

        @Override
        public Step newInstance(Map<String, Object> arguments) throws Exception {
            LambdaNodeReleaseStep step =
                    PipelineArguments.instantiate(LambdaNodeReleaseStep.class, FUNCTION_NAME, arguments);
            if (step.from != null) {
                step.takeFrom();
            }
            return step;
        }

        @POST
        public FormValidation doCheckVersion(@QueryParameter String value) {
            return FieldChecks.optional(value, SettingRules::version);
        }
    }
}
