package io.jenkins.plugins.lambdanode.form;

import com.cloudbees.jenkins.plugins.awscredentials.AmazonWebServicesCredentials;
import com.cloudbees.plugins.credentials.CredentialsProvider;
import com.cloudbees.plugins.credentials.common.StandardListBoxModel;
import hudson.Util;
import hudson.model.Item;
import hudson.security.ACL;
import hudson.util.ComboBoxModel;
import hudson.util.FormValidation;
import hudson.util.ListBoxModel;
import io.jenkins.plugins.lambdanode.engine.request.Rollout;
import io.jenkins.plugins.lambdanode.engine.request.SettingRules;
import jenkins.model.Jenkins;
import org.jenkinsci.plugins.workflow.steps.StepDescriptor;
import org.kohsuke.stapler.AncestorInPath;
import org.kohsuke.stapler.QueryParameter;
import org.kohsuke.stapler.verb.POST;

/** The lists and field checks of a deployment's form. */
@SuppressWarnings({"lgtm[jenkins/csrf]", "lgtm[jenkins/no-permission-check]"
}) // Lists and checks of text: they read and change nothing.
public abstract class DeploymentForm extends StepDescriptor {

    @POST
    public ListBoxModel doFillCredentialsIdItems(@AncestorInPath Item item, @QueryParameter String credentialsId) {
        StandardListBoxModel items = new StandardListBoxModel();
        if (!mayUseCredentials(item)) {
            return items.includeCurrentValue(credentialsId);
        }
        return items.includeEmptyValue()
                .includeAs(ACL.SYSTEM2, item, AmazonWebServicesCredentials.class)
                .includeCurrentValue(credentialsId);
    }

    public ComboBoxModel doFillRegionItems() {
        return Regions.items();
    }

    public ComboBoxModel doFillInstallItems() {
        return new ComboBoxModel("auto", "ci", "install", "none");
    }

    public ListBoxModel doFillDependenciesItems() {
        return new ListBoxModel(
                new ListBoxModel.Option(Messages.DeploymentForm_dependenciesPackage(), "package"),
                new ListBoxModel.Option(Messages.DeploymentForm_dependenciesLayer(), "layer"),
                new ListBoxModel.Option(Messages.DeploymentForm_dependenciesNone(), "none"));
    }

    public ListBoxModel doFillSymlinksItems() {
        return new ListBoxModel(
                new ListBoxModel.Option(Messages.DeploymentForm_symlinksFollow(), "follow"),
                new ListBoxModel.Option(Messages.DeploymentForm_symlinksStore(), "store"));
    }

    public ListBoxModel doFillUnstableOnItems() {
        return new ListBoxModel(
                new ListBoxModel.Option(Messages.DeploymentForm_unstableNever(), "never"),
                new ListBoxModel.Option(Messages.DeploymentForm_unstableOnWarning(), "warning"));
    }

    public ListBoxModel doFillS3SseItems() {
        return new ListBoxModel(
                new ListBoxModel.Option(Messages.DeploymentForm_sseOfBucket(), ""),
                new ListBoxModel.Option("AES256"),
                new ListBoxModel.Option("aws:kms"));
    }

    public ListBoxModel doFillArchitecturesItems() {
        return new ListBoxModel(
                new ListBoxModel.Option(Messages.DeploymentForm_architectureKept(), ""),
                new ListBoxModel.Option("x86_64"),
                new ListBoxModel.Option("arm64"));
    }

    public FormValidation doCheckFunctionName(@QueryParameter String value, @QueryParameter String functionNames) {
        return Util.fixEmptyAndTrim(functionNames) == null
                ? FieldChecks.required(value, SettingRules::functionName)
                : FieldChecks.optional(value, SettingRules::functionName);
    }

    public FormValidation doCheckFunctionNames(@QueryParameter String value) {
        return FieldChecks.optional(value, SettingRules::functionNames);
    }

    public FormValidation doCheckRegion(@QueryParameter String value) {
        return FieldChecks.optional(value, SettingRules::region);
    }

    public FormValidation doCheckRoleArn(@QueryParameter String value) {
        return FieldChecks.optional(value, text -> SettingRules.role("roleArn", text));
    }

    public FormValidation doCheckRoleSessionName(@QueryParameter String value) {
        return FieldChecks.optional(value, SettingRules::roleSessionName);
    }

    public FormValidation doCheckEndpointUrl(@QueryParameter String value) {
        return FieldChecks.optional(value, SettingRules::endpoint);
    }

    public FormValidation doCheckInstall(@QueryParameter String value) {
        return FieldChecks.optional(value, SettingRules::install);
    }

    public FormValidation doCheckCodeDir(@QueryParameter String value) {
        return FieldChecks.optional(value, SettingRules::codeDir);
    }

    public FormValidation doCheckZipFile(@QueryParameter String value) {
        return FieldChecks.optional(value, SettingRules::zipFile);
    }

    public FormValidation doCheckIncludes(@QueryParameter String value) {
        return FieldChecks.optional(value, text -> SettingRules.patterns("includes", text));
    }

    public FormValidation doCheckExcludes(@QueryParameter String value) {
        return FieldChecks.optional(value, text -> SettingRules.patterns("excludes", text));
    }

    public FormValidation doCheckCompressionLevel(@QueryParameter String value) {
        return FieldChecks.optional(value, SettingRules::compressionLevel);
    }

    public FormValidation doCheckLayerName(@QueryParameter String value) {
        return FieldChecks.optional(value, SettingRules::layerName);
    }

    public ComboBoxModel doFillRolloutItems() {
        return new ComboBoxModel(Rollout.names());
    }

    public FormValidation doCheckRollout(@QueryParameter String value) {
        return FieldChecks.optional(value, Rollout::parse);
    }

    public FormValidation doCheckAlarms(@QueryParameter String value) {
        return FieldChecks.optional(value, SettingRules::alarms);
    }

    public FormValidation doCheckKeepVersions(@QueryParameter String value) {
        return FieldChecks.optional(value, SettingRules::keepVersions);
    }

    public FormValidation doCheckKeepLayerVersions(@QueryParameter String value) {
        return FieldChecks.optional(value, SettingRules::keepLayerVersions);
    }

    public FormValidation doCheckS3Bucket(@QueryParameter String value) {
        return FieldChecks.optional(value, SettingRules::bucket);
    }

    public FormValidation doCheckS3Prefix(@QueryParameter String value) {
        return FieldChecks.optional(value, SettingRules::prefix);
    }

    public FormValidation doCheckS3Threshold(@QueryParameter String value) {
        return FieldChecks.optional(value, SettingRules::threshold);
    }

    public FormValidation doCheckS3KmsKeyId(@QueryParameter String value) {
        return FieldChecks.optional(value, SettingRules::stagingKey);
    }

    public FormValidation doCheckAlias(@QueryParameter String value) {
        return FieldChecks.optional(value, SettingRules::alias);
    }

    public FormValidation doCheckVersion(@QueryParameter String value) {
        return FieldChecks.optional(value, SettingRules::version);
    }

    public FormValidation doCheckSourceKmsKeyArn(@QueryParameter String value) {
        return FieldChecks.optional(value, SettingRules::sourceKey);
    }

    public FormValidation doCheckWaitTimeout(@QueryParameter String value) {
        return FieldChecks.optional(value, SettingRules::waitTimeout);
    }

    private static boolean mayUseCredentials(Item item) {
        return item == null
                ? Jenkins.get().hasPermission(Jenkins.ADMINISTER)
                : item.hasPermission(Item.EXTENDED_READ) || item.hasPermission(CredentialsProvider.USE_ITEM);
    }
}
