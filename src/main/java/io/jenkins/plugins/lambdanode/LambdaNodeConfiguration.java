package io.jenkins.plugins.lambdanode;

import edu.umd.cs.findbugs.annotations.NonNull;
import hudson.Extension;
import hudson.ExtensionList;
import hudson.Util;
import hudson.util.ComboBoxModel;
import hudson.util.FormValidation;
import io.jenkins.plugins.lambdanode.build.DeploymentSettings;
import io.jenkins.plugins.lambdanode.engine.request.SettingRules;
import io.jenkins.plugins.lambdanode.form.FieldChecks;
import io.jenkins.plugins.lambdanode.form.Regions;
import jenkins.model.GlobalConfiguration;
import org.jenkinsci.Symbol;
import org.kohsuke.stapler.DataBoundSetter;
import org.kohsuke.stapler.QueryParameter;

/** What an administrator sets for all deployments. */
@Extension
@Symbol("lambdaNodeDeploy")
@SuppressWarnings({"lgtm[jenkins/csrf]", "lgtm[jenkins/no-permission-check]"
}) // Lists and checks of text: they read and change nothing.
public class LambdaNodeConfiguration extends GlobalConfiguration implements DeploymentSettings.Defaults {

    private String region;
    private String s3Bucket;
    private String s3Prefix;
    private String endpointUrl;
    private boolean controllerIdentityAllowed;

    public LambdaNodeConfiguration() {
        load();
    }

    public static LambdaNodeConfiguration get() {
        return ExtensionList.lookupSingleton(LambdaNodeConfiguration.class);
    }

    @NonNull
    @Override
    public String getDisplayName() {
        return Messages.LambdaNodeConfiguration_displayName();
    }

    @Override
    public String getRegion() {
        return region;
    }

    @DataBoundSetter
    public void setRegion(String region) {
        this.region = Util.fixEmptyAndTrim(region);
        save();
    }

    @Override
    public String getS3Bucket() {
        return s3Bucket;
    }

    @DataBoundSetter
    public void setS3Bucket(String s3Bucket) {
        this.s3Bucket = Util.fixEmptyAndTrim(s3Bucket);
        save();
    }

    @Override
    public String getS3Prefix() {
        return s3Prefix;
    }

    @DataBoundSetter
    public void setS3Prefix(String s3Prefix) {
        this.s3Prefix = Util.fixEmptyAndTrim(s3Prefix);
        save();
    }

    @Override
    public String getEndpointUrl() {
        return endpointUrl;
    }

    @DataBoundSetter
    public void setEndpointUrl(String endpointUrl) {
        this.endpointUrl = Util.fixEmptyAndTrim(endpointUrl);
        save();
    }

    @Override
    public boolean isControllerIdentityAllowed() {
        return controllerIdentityAllowed;
    }

    @DataBoundSetter
    public void setControllerIdentityAllowed(boolean controllerIdentityAllowed) {
        this.controllerIdentityAllowed = controllerIdentityAllowed;
        save();
    }

    public ComboBoxModel doFillRegionItems() {
        return Regions.items();
    }

    public FormValidation doCheckRegion(@QueryParameter String value) {
        return FieldChecks.optional(value, SettingRules::region);
    }

    public FormValidation doCheckS3Bucket(@QueryParameter String value) {
        return FieldChecks.optional(value, SettingRules::bucket);
    }

    public FormValidation doCheckS3Prefix(@QueryParameter String value) {
        return FieldChecks.optional(value, SettingRules::prefix);
    }

    public FormValidation doCheckEndpointUrl(@QueryParameter String value) {
        return FieldChecks.optional(value, SettingRules::endpoint);
    }
}
