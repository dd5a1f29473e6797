package io.jenkins.plugins.lambdanode.record;

import io.jenkins.plugins.lambdanode.engine.base.Arn;
import io.jenkins.plugins.lambdanode.engine.base.ByteSize;
import java.util.HashSet;
import java.util.List;
import java.util.Objects;
import java.util.Set;
import org.kohsuke.accmod.Restricted;
import org.kohsuke.accmod.restrictions.NoExternalUse;
import org.kohsuke.stapler.export.Exported;
import org.kohsuke.stapler.export.ExportedBean;

/** What a function has, or one alias of it, by a job's records; and what it had before. */
@Restricted(NoExternalUse.class)
@ExportedBean(defaultVisibility = 999)
public final class LiveFunction {

    private final List<RecordedDeployment> deployments;

    /** @param deployments the latest first; at least one */
    LiveFunction(List<RecordedDeployment> deployments) {
        this.deployments = List.copyOf(deployments);
    }

    @Exported
    public String getFunctionName() {
        return getLive().functionName;
    }

    @Exported
    public String getFunctionArn() {
        return getLive().functionArn;
    }

    @Exported
    public String getRegion() {
        return getLive().region;
    }

    /** 12 digits; empty where the ARN does not say it. */
    @Exported
    public String getAccount() {
        return Arn.account(getFunctionArn()).orElse("");
    }

    /** Null where the deployments named none. */
    @Exported
    public String getAlias() {
        return getLive().alias;
    }

    @Exported
    public RecordedDeployment getLive() {
        return deployments.get(0);
    }

    /** The deployments before, the latest first. */
    @Exported
    public List<RecordedDeployment> getEarlier() {
        return deployments.subList(1, deployments.size());
    }

    /** For the page: the function and the alias, or that there is none. */
    public String getName() {
        return getFunctionName() + " \u00b7 " + getAliasName();
    }

    /** For the page: the alias, or that there is none. */
    public String getAliasName() {
        return getAlias() == null ? Messages.LiveFunction_withoutAlias() : getAlias();
    }

    public String getConsoleUrl() {
        return AwsConsole.functionUrl(getRegion(), getFunctionName());
    }

    /** For the page: the package's size, and how it compares with that of the deployment before. */
    public String getPackageSize() {
        String size = ByteSize.of(getLive().getCodeSize());
        if (getEarlier().isEmpty()) {
            return size;
        }
        long more = getLive().getCodeSize() - getEarlier().get(0).getCodeSize();
        return more == 0
                ? size
                : more > 0
                        ? Messages.LiveFunction_larger(size, ByteSize.of(more))
                        : Messages.LiveFunction_smaller(size, ByteSize.of(-more));
    }

    /** For the page: the figures of the smoke tests. */
    public List<String> getSmokeTests() {
        return getLive().getSmokeTests().stream()
                .map(DeploymentAction::describe)
                .toList();
    }

    /** The earlier deployments that an alias can go back to: one for each version but the present one and those that are deleted. */
    public List<RecordedDeployment> getWaysBack() {
        Set<String> seen = new HashSet<>();
        seen.add(getLive().getVersion());
        return getAlias() == null
                ? List.of()
                : getEarlier().stream()
                        .filter(deployment -> Objects.nonNull(deployment.getVersion()) && !deployment.isDeleted())
                        .filter(deployment -> seen.add(deployment.getVersion()))
                        .toList();
    }
}
