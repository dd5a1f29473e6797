package io.jenkins.plugins.lambdanode.record;

import com.fasterxml.jackson.databind.node.JsonNodeFactory;
import com.fasterxml.jackson.databind.node.ObjectNode;
import io.jenkins.plugins.lambdanode.engine.report.AliasMove;
import io.jenkins.plugins.lambdanode.engine.report.DeployResult.Outcome;
import java.io.Serializable;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.Objects;
import java.util.Optional;
import java.util.Set;
import org.jenkinsci.plugins.scriptsecurity.sandbox.whitelists.Whitelisted;
import org.kohsuke.accmod.Restricted;
import org.kohsuke.accmod.restrictions.NoExternalUse;
import org.kohsuke.stapler.export.Exported;
import org.kohsuke.stapler.export.ExportedBean;

/** What a build did to one function: the Pipeline step's return value, and what the build keeps. */
@ExportedBean(defaultVisibility = 999)
public final class DeployedFunction implements Serializable {
    private static final long serialVersionUID = 1L;

    String functionName;
    String functionArn;
    String region;
    String codeSha256;
    String previousCodeSha256;
    String version;
    String previousVersion;
    String alias;
    String rollout;
    String finishedBy;
    String revisionId;
    String commit;
    Outcome outcome;
    String s3Bucket;
    String s3Key;
    String layerVersionArn;
    String artifact;
    String sbom;
    String provenance;
    String previousCommit;
    String fingerprint;
    String requestedBy;
    long timestamp;
    long codeSize;
    long layerSize;
    long previousCodeSize;
    int changedPackages;
    long unzippedBytes;
    long sentBytes;
    int files;
    long millis;
    final List<String> deletedVersions = new ArrayList<>();
    final List<PhaseTime> phases = new ArrayList<>();
    final List<SmokeTestReport> smokeTests = new ArrayList<>();
    final List<PackageSize> heaviest = new ArrayList<>();
    final List<PackageFinding> findings = new ArrayList<>();
    final List<PackageChange> packageChanges = new ArrayList<>();

    @Exported
    @Whitelisted
    public String getFunctionName() {
        return functionName;
    }

    @Exported
    @Whitelisted
    public String getFunctionArn() {
        return functionArn;
    }

    @Exported
    @Whitelisted
    public String getRegion() {
        return region;
    }

    /** The package's, in Base64 as AWS gives it: what the function has, or after a dry run would have. */
    @Exported
    @Whitelisted
    public String getCodeSha256() {
        return codeSha256;
    }

    /** What the function had before the build; null where it did not exist. */
    @Exported
    @Whitelisted
    public String getPreviousCodeSha256() {
        return previousCodeSha256;
    }

    /** The published version; null where none was published. */
    @Exported
    @Whitelisted
    public String getVersion() {
        return version;
    }

    /** The version that the alias pointed to before the build; null where there was no such alias. */
    @Exported
    @Whitelisted
    public String getPreviousVersion() {
        return previousVersion;
    }

    /** The alias that points to the version; null where none was asked for. */
    @Exported
    @Whitelisted
    public String getAlias() {
        return alias;
    }

    /** The name of the rollout that moved the alias; null where it moved at once. */
    @Exported
    @Whitelisted
    public String getRollout() {
        return rollout;
    }

    /** Who has ended that rollout before its time, on a page; null where nobody has. */
    @Exported
    @Whitelisted
    public String getFinishedBy() {
        return finishedBy;
    }

    @Exported
    @Whitelisted
    public String getRevisionId() {
        return revisionId;
    }

    /** The commit that was deployed; null where it is not known. */
    @Exported
    @Whitelisted
    public String getCommit() {
        return commit;
    }

    /** {@code created}, {@code updated}, {@code released}, {@code rolled_back}, {@code unchanged} or {@code validated} (a dry run). */
    @Exported
    @Whitelisted
    public String getOutcome() {
        return outcome.name().toLowerCase(Locale.ROOT);
    }

    /** Whether the build changed what its callers run: it was created, updated, released or rolled back. */
    @Exported
    @Whitelisted
    public boolean isUpdated() {
        return outcome.changed();
    }

    /** Null where the package was not staged. */
    @Exported
    @Whitelisted
    public String getS3Bucket() {
        return s3Bucket;
    }

    /** Null where the package was not staged. */
    @Exported
    @Whitelisted
    public String getS3Key() {
        return s3Key;
    }

    /** The layer version that holds the dependencies; null where they are in the package. */
    @Exported
    @Whitelisted
    public String getLayerVersionArn() {
        return layerVersionArn;
    }

    /** The layer version's size in bytes. */
    @Exported
    @Whitelisted
    public long getLayerSize() {
        return layerSize;
    }

    /** The path of the record among the build's artifacts. */
    @Exported
    @Whitelisted
    public String getArtifact() {
        return artifact;
    }

    /** The ID of the user who asked for it on a page of Jenkins; null where the build did it. */
    @Exported
    @Whitelisted
    public String getRequestedBy() {
        return requestedBy;
    }

    /** When it was recorded, in milliseconds since 1970-01-01 UTC. */
    @Exported
    @Whitelisted
    public long getTimestamp() {
        return timestamp;
    }

    /** The path of the bill of materials among the build's artifacts; null where the package was not built by the build. */
    @Exported
    @Whitelisted
    public String getSbom() {
        return sbom;
    }

    /** The path of the provenance among the build's artifacts; null where the package was not built by the build. */
    @Exported
    @Whitelisted
    public String getProvenance() {
        return provenance;
    }

    /** The commit of the deployment before, by an earlier build of the job; null where none is known. */
    @Exported
    @Whitelisted
    public String getPreviousCommit() {
        return previousCommit;
    }

    /** What package and layer had in bytes in the deployment before, by an earlier build of the job; 0 where none is known. */
    @Exported
    @Whitelisted
    public long getPreviousCodeSize() {
        return previousCodeSize;
    }

    /** How many npm packages changed since the deployment before. */
    @Exported
    @Whitelisted
    public int getChangedPackages() {
        return changedPackages;
    }

    /** Those npm packages by name, 200 at most. */
    @Exported
    @Whitelisted
    public List<PackageChange> getPackageChanges() {
        return packageChanges;
    }

    /** What was found in the package. */
    @Exported
    @Whitelisted
    public List<PackageFinding> getFindings() {
        return findings;
    }

    /** Its old versions that {@code keepVersions} has deleted. */
    @Exported
    @Whitelisted
    public List<String> getDeletedVersions() {
        return deletedVersions;
    }

    /** The package's size in bytes. */
    @Exported
    @Whitelisted
    public long getCodeSize() {
        return codeSize;
    }

    /** The size in bytes of what is in the package. */
    @Exported
    @Whitelisted
    public long getUnzippedBytes() {
        return unzippedBytes;
    }

    /** How many files are in the package. */
    @Exported
    @Whitelisted
    public int getFiles() {
        return files;
    }

    /** The bytes of package that were sent to AWS for it, with those that several functions shared. */
    @Exported
    @Whitelisted
    public long getSentBytes() {
        return sentBytes;
    }

    /** How long its deployment took, in milliseconds, with the phases that several functions shared. */
    @Exported
    @Whitelisted
    public long getMillis() {
        return millis;
    }

    @Exported
    @Whitelisted
    public List<PhaseTime> getPhases() {
        return phases;
    }

    /** The smoke tests that it has passed. */
    @Exported
    @Whitelisted
    public List<SmokeTestReport> getSmokeTests() {
        return smokeTests;
    }

    /** What takes the most room in the package. */
    @Exported
    @Whitelisted
    public List<PackageSize> getHeaviest() {
        return heaviest;
    }

    /** The function's page in the AWS console. */
    @Exported
    @Whitelisted
    public String getConsoleUrl() {
        return AwsConsole.functionUrl(region, functionName);
    }

    /** The package's MD5, by which Jenkins lists the builds that deployed it; null for a dry run and where the agent was lost. */
    @Restricted(NoExternalUse.class)
    public String getFingerprint() {
        return fingerprint;
    }

    @Restricted(NoExternalUse.class)
    public boolean isDryRun() {
        return outcome == Outcome.VALIDATED;
    }

    /** Whether the build moved the alias from one version to another. */
    @Restricted(NoExternalUse.class)
    public boolean isAliasMoved() {
        return alias != null && previousVersion != null && !previousVersion.equals(version);
    }

    /** As the record of the deployment has it, as far as another deployment of the package needs it. */
    public String toJson() {
        ObjectNode json = JsonNodeFactory.instance
                .objectNode()
                .put("FunctionName", functionName)
                .put("FunctionArn", functionArn)
                .put("CodeSha256", codeSha256)
                .put("CodeSize", codeSize)
                .put("Outcome", getOutcome());
        if (version != null) {
            json.put("Version", version);
        }
        json.putObject("Package").put("Files", files).put("UnzippedBytes", unzippedBytes);
        if (s3Key != null) {
            json.putObject("Staged").put("Bucket", s3Bucket).put("Key", s3Key);
        }
        if (layerVersionArn != null) {
            json.putObject("Layer").put("LayerVersionArn", layerVersionArn).put("CodeSize", layerSize);
        }
        return json.toString();
    }

    boolean isSameFunctionAs(DeployedFunction other) {
        return functionArn.equals(other.functionArn) && region.equals(other.region) && isDryRun() == other.isDryRun();
    }

    /** Whether a later deployment of the build tells all that this one does. A rollback or a release is one of its own. */
    boolean isReplacedBy(DeployedFunction later) {
        return isSameFunctionAs(later)
                && isOfPackage()
                && later.isOfPackage()
                && (alias == null || later.alias == null || alias.equals(later.alias));
    }

    /** Whether a package was deployed, and not a version that was there. */
    boolean isOfPackage() {
        return files > 0;
    }

    boolean isRollback() {
        return outcome == Outcome.ROLLED_BACK;
    }

    /** Whether it tells where an alias was left. */
    boolean isAt(String arn, String aliasName) {
        return functionArn.equals(arn) && aliasName.equals(alias) && version != null && !isDryRun();
    }

    /** @param by who recorded it, as a message names it */
    AliasMove move(String by) {
        return new AliasMove(version, Optional.ofNullable(previousVersion), Optional.of(codeSha256), isRollback(), by);
    }

    /** Whether it is the same code, and the same layer with its dependencies. */
    boolean hasSamePackageAs(DeployedFunction other) {
        return codeSha256.equals(other.codeSha256) && Objects.equals(layerVersionArn, other.layerVersionArn);
    }

    /** How many warnings there are of the package, which all functions of a deployment have. */
    public int warnings() {
        return (int) findings.stream()
                .filter(finding -> finding.getSeverity().equals("warning"))
                .count();
    }

    /** How long these phases took, in milliseconds. */
    long millisOf(Set<String> names) {
        return phases.stream()
                .filter(phase -> names.contains(phase.getName()))
                .mapToLong(PhaseTime::getMillis)
                .sum();
    }

    /** How long its smoke tests ran, in milliseconds; empty where there was none, or Lambda did not say. */
    Optional<Long> smokeTestMillis() {
        return Optional.of(Math.round(smokeTests.stream()
                        .mapToDouble(SmokeTestReport::getDurationMillis)
                        .sum()))
                .filter(millis -> millis > 0);
    }

    @Override
    public String toString() {
        return functionArn + " " + getOutcome() + " CodeSha256 " + codeSha256
                + (version == null ? "" : " version " + version);
    }
}
