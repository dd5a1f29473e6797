package io.jenkins.plugins.lambdanode;

import com.cloudbees.jenkins.plugins.awscredentials.AmazonWebServicesCredentials;
import com.cloudbees.plugins.credentials.CredentialsProvider;
import com.cloudbees.plugins.credentials.common.StandardListBoxModel;
import edu.umd.cs.findbugs.annotations.NonNull;
import hudson.EnvVars;
import hudson.Extension;
import hudson.FilePath;
import hudson.Launcher;
import hudson.Util;
import hudson.model.Item;
import hudson.model.Run;
import hudson.model.TaskListener;
import hudson.security.ACL;
import hudson.util.ComboBoxModel;
import hudson.util.FormValidation;
import hudson.util.ListBoxModel;
import io.jenkins.plugins.lambdanode.build.LambdaNodeDeployExecution;
import io.jenkins.plugins.lambdanode.engine.pack.api.PackRequest;
import io.jenkins.plugins.lambdanode.engine.pack.api.PackSettings;
import io.jenkins.plugins.lambdanode.engine.request.DeployRequest;
import io.jenkins.plugins.lambdanode.form.FieldChecks;
import io.jenkins.plugins.lambdanode.form.FunctionCheck;
import java.io.Serializable;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Comparator;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.stream.Collectors;
import java.util.stream.Stream;
import jenkins.model.Jenkins;
import org.jenkinsci.plugins.workflow.steps.Step;
import org.jenkinsci.plugins.workflow.steps.StepContext;
import org.jenkinsci.plugins.workflow.steps.StepDescriptor;
import org.jenkinsci.plugins.workflow.steps.StepExecution;
import org.kohsuke.accmod.Restricted;
import org.kohsuke.accmod.restrictions.NoExternalUse;
import org.kohsuke.stapler.AncestorInPath;
import org.kohsuke.stapler.DataBoundConstructor;
import org.kohsuke.stapler.DataBoundSetter;
import org.kohsuke.stapler.QueryParameter;
import org.kohsuke.stapler.verb.POST;
import software.amazon.awssdk.regions.Region;
import software.amazon.awssdk.services.lambda.LambdaClient;

/**
 * The Pipeline step {@code lambdaNodeDeploy}, and the settings of a deployment: the freestyle build step
 * ({@link LambdaNodeDeployBuilder}) holds one of these, so that both have the same fields, form and help.
 */
public class LambdaNodeDeployStep extends Step implements Serializable {
    private static final long serialVersionUID = 1L;

    static final String FUNCTION_NAME = "lambdaNodeDeploy";

    private static final String DEFAULT_DIR = ".";
    private static final String DEFAULT_INSTALL = "auto";
    private static final String DEFAULT_LINKS = "follow";
    private static final String DEFAULT_LAYER = "none";
    private static final int DEFAULT_TIMEOUT_MINUTES = (int) DeployRequest.DEFAULT_TIMEOUT.toMinutes();

    private String functionName;
    private List<String> functionNames;
    private String region;
    private String credentialsId;
    private String roleArn;
    private String externalId;
    private String roleSessionName;
    private boolean agentIdentity;
    private String dir;
    private String install;
    private String includes;
    private String excludes;
    private String links;
    private int level = PackSettings.DEFAULT_LEVEL;
    private String layer;
    private String layerName;
    private Integer keepLayerVersions;
    private String s3Bucket;
    private String s3Prefix;
    private Integer s3Threshold;
    private boolean publish;
    private String alias;
    private String architectures;
    private boolean dryRun;
    private String revisionId;
    private String sourceKmsKeyArn;
    private FunctionToCreate create;
    private boolean force;
    private int timeout = DEFAULT_TIMEOUT_MINUTES;
    private String endpointUrl;

    @DataBoundConstructor
    public LambdaNodeDeployStep() {
        // Every setting has its setter: functionName or functionNames is required, which the run checks.
    }

    public String getFunctionName() {
        return functionName;
    }

    @DataBoundSetter
    public void setFunctionName(String functionName) {
        this.functionName = Util.fixEmptyAndTrim(functionName);
    }

    /** More functions that get the same package; null for none. */
    public List<String> getFunctionNames() {
        return functionNames;
    }

    /** @param functionNames each item one or more names, separated by commas or white space, as the form has them */
    @DataBoundSetter
    public void setFunctionNames(List<String> functionNames) {
        List<String> names = Stream.ofNullable(functionNames)
                .flatMap(List::stream)
                .flatMap(item -> Arrays.stream(Util.fixNull(item).split("[,\\s]+")))
                .filter(name -> !name.isEmpty())
                .collect(Collectors.toCollection(ArrayList::new));
        this.functionNames = names.isEmpty() ? null : names;
    }

    /** For the form: one name a line. */
    @Restricted(NoExternalUse.class)
    public String getFunctionNamesText() {
        return functionNames == null ? "" : String.join("\n", functionNames);
    }

    public String getRegion() {
        return region;
    }

    @DataBoundSetter
    public void setRegion(String region) {
        this.region = Util.fixEmptyAndTrim(region);
    }

    public String getCredentialsId() {
        return credentialsId;
    }

    @DataBoundSetter
    public void setCredentialsId(String credentialsId) {
        this.credentialsId = Util.fixEmptyAndTrim(credentialsId);
    }

    public String getRoleArn() {
        return roleArn;
    }

    @DataBoundSetter
    public void setRoleArn(String roleArn) {
        this.roleArn = Util.fixEmptyAndTrim(roleArn);
    }

    public String getExternalId() {
        return externalId;
    }

    @DataBoundSetter
    public void setExternalId(String externalId) {
        this.externalId = Util.fixEmptyAndTrim(externalId);
    }

    public String getRoleSessionName() {
        return roleSessionName;
    }

    @DataBoundSetter
    public void setRoleSessionName(String roleSessionName) {
        this.roleSessionName = Util.fixEmptyAndTrim(roleSessionName);
    }

    public boolean isAgentIdentity() {
        return agentIdentity;
    }

    @DataBoundSetter
    public void setAgentIdentity(boolean agentIdentity) {
        this.agentIdentity = agentIdentity;
    }

    public String getDir() {
        return dir;
    }

    @DataBoundSetter
    public void setDir(String dir) {
        this.dir = unlessDefault(dir, DEFAULT_DIR);
    }

    public String getInstall() {
        return install;
    }

    @DataBoundSetter
    public void setInstall(String install) {
        this.install = unlessDefault(install, DEFAULT_INSTALL);
    }

    /** Ant patterns, separated by commas or line ends. */
    public String getIncludes() {
        return includes;
    }

    @DataBoundSetter
    public void setIncludes(String includes) {
        this.includes = Util.fixEmptyAndTrim(includes);
    }

    /** Ant patterns, separated by commas or line ends. */
    public String getExcludes() {
        return excludes;
    }

    @DataBoundSetter
    public void setExcludes(String excludes) {
        this.excludes = Util.fixEmptyAndTrim(excludes);
    }

    /** {@code follow} or {@code store}. */
    public String getLinks() {
        return links;
    }

    @DataBoundSetter
    public void setLinks(String links) {
        this.links = unlessDefault(links, DEFAULT_LINKS);
    }

    public int getLevel() {
        return level;
    }

    @DataBoundSetter
    public void setLevel(Integer level) {
        this.level = level == null ? PackSettings.DEFAULT_LEVEL : level;
    }

    /** {@code none} or {@code auto}: whether node_modules goes into a layer. */
    public String getLayer() {
        return layer;
    }

    @DataBoundSetter
    public void setLayer(String layer) {
        this.layer = unlessDefault(layer, DEFAULT_LAYER);
    }

    public String getLayerName() {
        return layerName;
    }

    @DataBoundSetter
    public void setLayerName(String layerName) {
        this.layerName = Util.fixEmptyAndTrim(layerName);
    }

    /** How many versions of the layer are kept; null for all. */
    public Integer getKeepLayerVersions() {
        return keepLayerVersions;
    }

    @DataBoundSetter
    public void setKeepLayerVersions(Integer keepLayerVersions) {
        this.keepLayerVersions = keepLayerVersions;
    }

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

    /** In bytes; null for the default. */
    public Integer getS3Threshold() {
        return s3Threshold;
    }

    @DataBoundSetter
    public void setS3Threshold(Integer s3Threshold) {
        this.s3Threshold = s3Threshold;
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

    /** {@code x86_64} or {@code arm64}. */
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

    /** How to create the function where it does not exist; null where that is an error. */
    public FunctionToCreate getCreate() {
        return create;
    }

    @DataBoundSetter
    public void setCreate(FunctionToCreate create) {
        this.create = create;
    }

    public boolean isForce() {
        return force;
    }

    @DataBoundSetter
    public void setForce(boolean force) {
        this.force = force;
    }

    /** How long to wait for the update to be in force, in minutes. */
    public int getTimeout() {
        return timeout;
    }

    @DataBoundSetter
    public void setTimeout(Integer timeout) {
        this.timeout = timeout == null ? DEFAULT_TIMEOUT_MINUTES : timeout;
    }

    public String getEndpointUrl() {
        return endpointUrl;
    }

    @DataBoundSetter
    public void setEndpointUrl(String endpointUrl) {
        this.endpointUrl = Util.fixEmptyAndTrim(endpointUrl);
    }

    /** Settings that were written before a number was one of them. */
    private Object readResolve() {
        level = level == 0 ? PackSettings.DEFAULT_LEVEL : level;
        timeout = timeout == 0 ? DEFAULT_TIMEOUT_MINUTES : timeout;
        return this;
    }

    /** Null for a default, so that what has not been chosen is not written down. */
    private static String unlessDefault(String value, String defaultValue) {
        String text = Util.fixEmptyAndTrim(value);
        return defaultValue.equals(text) ? null : text;
    }

    @Override
    public StepExecution start(StepContext context) {
        return new LambdaNodeDeployExecution(context, this);
    }

    @Extension
    public static final class DescriptorImpl extends StepDescriptor {

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
        public String argumentsToString(@NonNull Map<String, Object> namedArgs) {
            Object name = namedArgs.get("functionName");
            return name instanceof String ? (String) name : null;
        }

        @POST
        public ListBoxModel doFillCredentialsIdItems(
                @AncestorInPath Item item, @QueryParameter String credentialsId) {
            StandardListBoxModel items = new StandardListBoxModel();
            if (!mayUseCredentials(item)) {
                return items.includeCurrentValue(credentialsId);
            }
            return items.includeEmptyValue()
                    .includeAs(ACL.SYSTEM2, item, AmazonWebServicesCredentials.class)
                    .includeCurrentValue(credentialsId);
        }

        @POST
        public ListBoxModel doFillRegionItems(@QueryParameter String region) {
            return RegionItems.withCurrent(region);
        }

        public ComboBoxModel doFillInstallItems() {
            return new ComboBoxModel("auto", "ci", "install", "none");
        }

        public ListBoxModel doFillLinksItems() {
            return new ListBoxModel(
                    new ListBoxModel.Option(Messages.LambdaNodeDeploy_linksFollow(), "follow"),
                    new ListBoxModel.Option(Messages.LambdaNodeDeploy_linksStore(), "store"));
        }

        public ListBoxModel doFillLayerItems() {
            return new ListBoxModel(
                    new ListBoxModel.Option(Messages.LambdaNodeDeploy_layerNone(), "none"),
                    new ListBoxModel.Option(Messages.LambdaNodeDeploy_layerAuto(), "auto"));
        }

        public ListBoxModel doFillArchitecturesItems() {
            return new ListBoxModel(
                    new ListBoxModel.Option(Messages.LambdaNodeDeploy_architectureKept(), ""),
                    new ListBoxModel.Option("x86_64"),
                    new ListBoxModel.Option("arm64"));
        }

        public FormValidation doCheckFunctionName(@QueryParameter String value, @QueryParameter String functionNames) {
            boolean others = Util.fixEmptyAndTrim(functionNames) != null;
            return others && Util.fixEmptyAndTrim(value) == null
                    ? FormValidation.ok()
                    : FieldChecks.functionName(value);
        }

        public FormValidation doCheckFunctionNames(@QueryParameter String value) {
            return FieldChecks.functionNames(value);
        }

        public FormValidation doCheckS3Bucket(@QueryParameter String value) {
            return FieldChecks.bucket(value);
        }

        public FormValidation doCheckRoleArn(@QueryParameter String value) {
            return FieldChecks.roleArn(value);
        }

        public FormValidation doCheckAlias(@QueryParameter String value) {
            return FieldChecks.alias(value);
        }

        public FormValidation doCheckSourceKmsKeyArn(@QueryParameter String value) {
            return FieldChecks.kmsKey(value);
        }

        public FormValidation doCheckEndpointUrl(@QueryParameter String value) {
            return FieldChecks.endpoint(value);
        }

        public FormValidation doCheckIncludes(@QueryParameter String value) {
            return FieldChecks.patterns(value);
        }

        public FormValidation doCheckExcludes(@QueryParameter String value) {
            return FieldChecks.patterns(value);
        }

        public FormValidation doCheckLevel(@QueryParameter String value) {
            return FieldChecks.numberBetween(value, 1, 9, "");
        }

        public FormValidation doCheckLayerName(@QueryParameter String value) {
            return FieldChecks.layerName(value);
        }

        public FormValidation doCheckKeepLayerVersions(@QueryParameter String value) {
            return FieldChecks.numberBetween(value, 1, 1000, "");
        }

        public FormValidation doCheckTimeout(@QueryParameter String value) {
            return FieldChecks.numberBetween(value, 1, 24 * 60, "minutes");
        }

        public FormValidation doCheckS3Threshold(@QueryParameter String value) {
            return FieldChecks.numberBetween(value, 0, PackRequest.MAX_UNZIPPED_BYTES, "bytes");
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
                @QueryParameter String endpointUrl)
                throws InterruptedException {
            if (item == null) {
                Jenkins.get().checkPermission(Jenkins.ADMINISTER);
            } else {
                item.checkPermission(Item.CONFIGURE);
                item.checkPermission(CredentialsProvider.USE_ITEM);
            }
            LambdaNodeDeployStep settings = new LambdaNodeDeployStep();
            settings.setFunctionName(functionName);
            settings.setRegion(region);
            settings.setCredentialsId(credentialsId);
            settings.setRoleArn(roleArn);
            settings.setExternalId(externalId);
            settings.setRoleSessionName(roleSessionName);
            settings.setEndpointUrl(endpointUrl);
            return FunctionCheck.check(item, settings);
        }

        private static boolean mayUseCredentials(Item item) {
            return item == null
                    ? Jenkins.get().hasPermission(Jenkins.ADMINISTER)
                    : item.hasPermission(Item.EXTENDED_READ) || item.hasPermission(CredentialsProvider.USE_ITEM);
        }
    }

    /** The regions of AWS as a drop-down. */
    static final class RegionItems {
        private RegionItems() {}

        /** All regions that have Lambda, and the value that is set now even if it is not one of them (a variable). */
        static ListBoxModel withCurrent(String current) {
            ListBoxModel items =
                    new ListBoxModel(new ListBoxModel.Option(Messages.LambdaNodeDeploy_regionDefault(), ""));
            LambdaClient.serviceMetadata().regions().stream()
                    .filter(region -> !region.isGlobalRegion())
                    .sorted(Comparator.comparing(Region::id))
                    .forEach(region -> items.add(
                            region.id() + (region.metadata() == null ? "" : " (" + region.metadata().description() + ")"),
                            region.id()));
            String value = Util.fixEmptyAndTrim(current);
            if (value != null && items.stream().noneMatch(item -> item.value.equals(value))) {
                items.add(value);
            }
            return items;
        }
    }
}
