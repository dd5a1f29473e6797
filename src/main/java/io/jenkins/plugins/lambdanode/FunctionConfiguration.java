package io.jenkins.plugins.lambdanode;

import hudson.EnvVars;
import hudson.Extension;
import hudson.Util;
import hudson.model.AbstractDescribableImpl;
import hudson.model.Descriptor;
import hudson.util.FormValidation;
import hudson.util.ListBoxModel;
import io.jenkins.plugins.lambdanode.engine.base.DeployException;
import io.jenkins.plugins.lambdanode.engine.pack.api.NodeRuntime;
import io.jenkins.plugins.lambdanode.engine.request.DeployRequestBuilder;
import io.jenkins.plugins.lambdanode.engine.request.SettingRules;
import io.jenkins.plugins.lambdanode.form.FieldChecks;
import java.io.Serializable;
import java.time.LocalDate;
import java.util.Map;
import org.kohsuke.stapler.DataBoundConstructor;
import org.kohsuke.stapler.DataBoundSetter;
import org.kohsuke.stapler.QueryParameter;

/** How to create a function that does not exist: the settings of {@code aws lambda create-function}. */
public class FunctionConfiguration extends AbstractDescribableImpl<FunctionConfiguration> implements Serializable {
    private static final long serialVersionUID = 1L;

    private final String role;
    private String runtime;
    private String handler;
    private Integer memorySize;
    private Integer timeout;
    private String environment;
    private String layers;
    private String description;

    /** @param role ARN of the function's execution role */
    @DataBoundConstructor
    public FunctionConfiguration(String role) {
        this.role = Util.fixNull(role).trim();
    }

    public String getRole() {
        return role;
    }

    public String getRuntime() {
        return runtime;
    }

    @DataBoundSetter
    public void setRuntime(String runtime) {
        this.runtime = NodeRuntime.DEFAULT.equals(runtime) ? null : Util.fixEmptyAndTrim(runtime);
    }

    public String getHandler() {
        return handler;
    }

    @DataBoundSetter
    public void setHandler(String handler) {
        this.handler = Util.fixEmptyAndTrim(handler);
    }

    /** In MB; null for AWS's default. */
    public Integer getMemorySize() {
        return memorySize;
    }

    @DataBoundSetter
    public void setMemorySize(Integer memorySize) {
        this.memorySize = memorySize;
    }

    /** The function's own timeout in seconds; null for AWS's default. */
    public Integer getTimeout() {
        return timeout;
    }

    @DataBoundSetter
    public void setTimeout(Integer timeout) {
        this.timeout = timeout;
    }

    /** Lines of {@code KEY=value}. */
    public String getEnvironment() {
        return environment;
    }

    @DataBoundSetter
    public void setEnvironment(String environment) {
        this.environment = Util.fixEmptyAndTrim(environment);
    }

    /** ARNs of layer versions, separated by commas or line ends. */
    public String getLayers() {
        return layers;
    }

    @DataBoundSetter
    public void setLayers(String layers) {
        this.layers = Util.fixEmptyAndTrim(layers);
    }

    public String getDescription() {
        return description;
    }

    @DataBoundSetter
    public void setDescription(String description) {
        this.description = Util.fixEmptyAndTrim(description);
    }

    /** Has the deployment create a function that does not exist. */
    void addTo(DeployRequestBuilder request, EnvVars variables) throws DeployException {
        request.create(true)
                .role(variables.expand(role))
                .runtime(variables.expand(runtime))
                .handler(variables.expand(handler))
                .memorySize(memorySize)
                .timeout(timeout)
                .layers(variables.expand(layers))
                .description(variables.expand(description));
        // Variables are put in after the lines are read: a value may have a line end.
        Map<String, String> lines = SettingRules.environment(Util.fixNull(environment));
        for (Map.Entry<String, String> line : lines.entrySet()) {
            request.environment(Map.of(line.getKey(), variables.expand(line.getValue())));
        }
    }

    @Extension
    @SuppressWarnings({"lgtm[jenkins/csrf]", "lgtm[jenkins/no-permission-check]"
    }) // Lists and checks of text: they read and change nothing.
    public static final class DescriptorImpl extends Descriptor<FunctionConfiguration> {

        @Override
        public String getDisplayName() {
            return Messages.FunctionConfiguration_displayName();
        }

        public String getDefaultRuntime() {
            return NodeRuntime.DEFAULT;
        }

        public ListBoxModel doFillRuntimeItems() {
            ListBoxModel items = new ListBoxModel();
            NodeRuntime.supported(LocalDate.now()).forEach(items::add);
            return items;
        }

        public FormValidation doCheckRole(@QueryParameter String value) {
            return FieldChecks.required(value, text -> SettingRules.role("role", text));
        }

        public FormValidation doCheckMemorySize(@QueryParameter String value) {
            return FieldChecks.optional(value, SettingRules::memorySize);
        }

        public FormValidation doCheckTimeout(@QueryParameter String value) {
            return FieldChecks.optional(value, SettingRules::timeout);
        }

        public FormValidation doCheckEnvironment(@QueryParameter String value) {
            return FieldChecks.optional(value, SettingRules::environment);
        }
    }
}
