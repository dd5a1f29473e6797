package io.jenkins.plugins.lambdanode;

import edu.umd.cs.findbugs.annotations.NonNull;
import hudson.Util;
import io.jenkins.plugins.lambdanode.access.AccessSettings;
import io.jenkins.plugins.lambdanode.form.DeploymentForm;
import java.io.Serializable;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.stream.Collectors;
import org.jenkinsci.plugins.workflow.steps.Step;
import org.kohsuke.stapler.DataBoundSetter;

/** The settings that every step has: where AWS is, and with whose credentials it is called. */
public abstract class AwsStep extends Step implements AccessSettings, Serializable {
    private static final long serialVersionUID = 1L;

    private String region;
    private String credentialsId;
    private String roleArn;
    private String externalId;
    private String roleSessionName;
    private boolean agentIdentity;
    private String endpointUrl;

    @Override
    public String getRegion() {
        return region;
    }

    @DataBoundSetter
    public void setRegion(String region) {
        this.region = Util.fixEmptyAndTrim(region);
    }

    @Override
    public String getCredentialsId() {
        return credentialsId;
    }

    @DataBoundSetter
    public void setCredentialsId(String credentialsId) {
        this.credentialsId = Util.fixEmptyAndTrim(credentialsId);
    }

    @Override
    public String getRoleArn() {
        return roleArn;
    }

    @DataBoundSetter
    public void setRoleArn(String roleArn) {
        this.roleArn = Util.fixEmptyAndTrim(roleArn);
    }

    @Override
    public String getExternalId() {
        return externalId;
    }

    @DataBoundSetter
    public void setExternalId(String externalId) {
        this.externalId = Util.fixEmptyAndTrim(externalId);
    }

    @Override
    public String getRoleSessionName() {
        return roleSessionName;
    }

    @DataBoundSetter
    public void setRoleSessionName(String roleSessionName) {
        this.roleSessionName = Util.fixEmptyAndTrim(roleSessionName);
    }

    @Override
    public String getEndpointUrl() {
        return endpointUrl;
    }

    @DataBoundSetter
    public void setEndpointUrl(String endpointUrl) {
        this.endpointUrl = Util.fixEmptyAndTrim(endpointUrl);
    }

    @Override
    public boolean isAgentIdentity() {
        return agentIdentity;
    }

    @DataBoundSetter
    public void setAgentIdentity(boolean agentIdentity) {
        this.agentIdentity = agentIdentity;
    }

    public LambdaNodeConfiguration defaults() {
        return LambdaNodeConfiguration.get();
    }

    /** What the descriptors of the steps have in common. */
    public abstract static class AwsStepDescriptor extends DeploymentForm {

        private final List<String> shown;

        /** @param shown the arguments whose values a view of the Pipeline's steps shows, in this order */
        AwsStepDescriptor(String... shown) {
            this.shown = List.of(shown);
        }

        @Override
        public String argumentsToString(@NonNull Map<String, Object> namedArgs) {
            return shown.stream()
                    .map(namedArgs::get)
                    .filter(Objects::nonNull)
                    .map(Object::toString)
                    .collect(Collectors.joining(", "));
        }

        /** For the form: what applies where a field is empty. */
        public LambdaNodeConfiguration getGlobal() {
            return LambdaNodeConfiguration.get();
        }
    }
}
