package io.jenkins.plugins.lambdanode.engine.report;

import io.jenkins.plugins.lambdanode.engine.base.SafeText;
import java.util.List;
import java.util.Optional;

/**
 * What a front end knows of where a deployment comes from and who makes it. A text is empty where it is not known.
 *
 * @param folder the project's folder, as the user named it
 * @param commit the commit that is deployed, for instance a Git commit's 40 hexadecimal digits
 * @param credentials whose they are, for instance {@code credentials aws-deploy} or {@code profile staging}
 * @param role the ARN of the role that is assumed
 */
public record Origin(String folder, String commit, String credentials, String role) {

    public static final Origin UNKNOWN = new Origin("", "", "", "");

    /** As many digits of a commit as Git shows. */
    private static final int COMMIT_DIGITS = 8;

    /**
     * The first line of a deployment's log: what goes where, and as whom.
     *
     * @param functions their names
     * @param account 12 digits; empty where it is not known
     */
    public String line(List<String> functions, String region, Optional<String> account, boolean dryRun) {
        StringBuilder line = new StringBuilder(dryRun ? "Dry run of deploying " : "Deploying ");
        line.append(folder.isEmpty() || folder.equals(".") ? "the project" : folder);
        if (!commit.isEmpty()) {
            line.append(" (commit ").append(commit, 0, Math.min(COMMIT_DIGITS, commit.length())).append(")");
        }
        line.append(" to ").append(String.join(", ", functions)).append(" in ").append(region);
        if (!credentials.isEmpty()) {
            line.append(" with ").append(credentials);
        }
        if (!role.isEmpty()) {
            line.append(credentials.isEmpty() ? " with the role " : " and the role ").append(role);
        }
        account.or(this::accountOfRole).ifPresent(id -> line.append(", account ").append(id));
        return SafeText.oneLine(line.toString(), 2000);
    }

    private Optional<String> accountOfRole() {
        return role.matches("arn:[^:]*:iam::\\d{12}:.*") ? Optional.of(role.split(":")[4]) : Optional.empty();
    }
}
