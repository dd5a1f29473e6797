package io.jenkins.plugins.lambdanode.record;

import hudson.Util;
import hudson.model.Cause;
import hudson.model.Run;
import hudson.model.User;
import io.jenkins.plugins.lambdanode.access.SavedAccess;
import io.jenkins.plugins.lambdanode.engine.report.Origin;
import java.util.ArrayList;
import java.util.Date;
import java.util.List;
import java.util.Objects;
import java.util.Optional;
import java.util.stream.Stream;
import org.kohsuke.accmod.Restricted;
import org.kohsuke.accmod.restrictions.NoExternalUse;
import org.kohsuke.stapler.export.Exported;
import org.kohsuke.stapler.export.ExportedBean;

/** A deployment as a job remembers it: what a function and an alias got, from where, when and by whom. Saved as XML. */
@Restricted(NoExternalUse.class)
@ExportedBean(defaultVisibility = 999)
public final class RecordedDeployment {

    private static final int MAX_TEXT = 200;

    final String functionName;
    final String functionArn;
    final String region;
    final String alias;
    private final String version;
    private final String previousVersion;
    private final String codeSha256;
    private final long codeSize;
    private final String outcome;
    private String commit;
    private final int build;
    private final String by;
    private final long timestamp;
    private final List<SmokeTestReport> smokeTests = new ArrayList<>();
    private final List<PackageChange> packageChanges = new ArrayList<>();
    private final int changedPackages;
    private final List<SourceChange> changes = new ArrayList<>();
    private int furtherChanges;
    private SavedAccess access;
    private boolean deleted;

    RecordedDeployment(DeployedFunction function, Run<?, ?> run, Optional<SavedAccess> access) {
        functionName = function.functionName;
        functionArn = function.functionArn;
        region = function.region;
        alias = function.alias;
        version = function.version;
        previousVersion = function.previousVersion;
        codeSha256 = function.codeSha256;
        codeSize = function.codeSize;
        outcome = function.getOutcome();
        commit = function.commit;
        build = function.requestedBy == null ? run.getNumber() : 0;
        by = function.requestedBy == null ? by(run) : name(function.requestedBy);
        timestamp = function.timestamp;
        smokeTests.addAll(function.smokeTests);
        packageChanges.addAll(function.packageChanges);
        changedPackages = function.changedPackages;
        this.access = access.orElse(null);
    }

    /** Whether all is there that a deployment always has: its file can have been damaged. */
    boolean isComplete() {
        return Stream.of(
                        functionName, functionArn, region, codeSha256, outcome, by, smokeTests, packageChanges, changes)
                .noneMatch(Objects::isNull);
    }

    private static String name(String user) {
        User known = User.getById(user, false);
        return known == null ? user : known.getFullName();
    }

    /** Who started a build, or else what did. */
    private static String by(Run<?, ?> run) {
        Cause.UserIdCause user = run.getCause(Cause.UserIdCause.class);
        String text = user != null
                ? user.getUserName()
                : run.getCauses().stream()
                        .map(Cause::getShortDescription)
                        .filter(Objects::nonNull)
                        .findFirst()
                        .orElse("");
        return text.length() <= MAX_TEXT ? text : text.substring(0, MAX_TEXT);
    }

    /** What it shares with an earlier one, which it goes back to. */
    void takeFrom(RecordedDeployment earlier) {
        commit = earlier.commit;
    }

    void changed(List<SourceChange> commits, int further) {
        changes.addAll(commits);
        furtherChanges = further;
    }

    /** The same place with the same code. */
    boolean hasCodeOf(RecordedDeployment other) {
        return isOf(other.functionArn, other.alias)
                && codeSha256.equals(other.codeSha256)
                && Objects.equals(version, other.version);
    }

    boolean isOf(String arn, String aliasName) {
        return functionArn.equals(arn) && Objects.equals(alias, aliasName);
    }

    boolean isUnchanged() {
        return outcome.equals("unchanged");
    }

    /** Takes note that its version may be one that a later deployment has deleted. */
    void deletedBy(DeployedFunction later) {
        deleted |= functionArn.equals(later.functionArn) && later.deletedVersions.contains(version);
    }

    void renew(RecordedDeployment later) {
        access = later.access;
    }

    /** With what it was made; empty where that ended with its build. */
    public Optional<SavedAccess> access() {
        return Optional.ofNullable(access);
    }

    /** Null where none was published. */
    @Exported
    public String getVersion() {
        return version;
    }

    /** Whether a deployment of the job has deleted the version since ({@code keepVersions}). */
    @Exported
    public boolean isDeleted() {
        return deleted;
    }

    /** The version that the alias had before; null where it had none. */
    @Exported
    public String getPreviousVersion() {
        return previousVersion;
    }

    @Exported
    public String getCodeSha256() {
        return codeSha256;
    }

    /** The package's size in bytes. */
    @Exported
    public long getCodeSize() {
        return codeSize;
    }

    /** As a build has it, or {@code rolled_back}. */
    @Exported
    public String getOutcome() {
        return outcome;
    }

    public boolean isRolledBack() {
        return outcome.equals("rolled_back");
    }

    /** Null where it is not known. */
    @Exported
    public String getCommit() {
        return Util.fixEmpty(commit);
    }

    public String getShortCommit() {
        return commit == null ? null : Origin.shortCommit(commit);
    }

    /** The number of the build; 0 where somebody did it on the job's page. */
    @Exported
    public int getBuild() {
        return build;
    }

    /** The name of who started the build, or what did; empty where that is not known. */
    @Exported
    public String getBy() {
        return by;
    }

    /** In milliseconds since 1970. */
    @Exported
    public long getTimestamp() {
        return timestamp;
    }

    public Date getDate() {
        return new Date(timestamp);
    }

    @Exported
    public List<SmokeTestReport> getSmokeTests() {
        return smokeTests;
    }

    /** The npm packages that changed since the deployment before; not all where they are many. */
    @Exported
    public List<PackageChange> getPackageChanges() {
        return packageChanges;
    }

    /** How many npm packages changed. */
    @Exported
    public int getChangedPackages() {
        return changedPackages;
    }

    /** The commits since the deployment before, the latest first; not all where they are many. */
    @Exported
    public List<SourceChange> getChanges() {
        return changes;
    }

    /** How many more commits there are. */
    @Exported
    public int getFurtherChanges() {
        return furtherChanges;
    }
}
