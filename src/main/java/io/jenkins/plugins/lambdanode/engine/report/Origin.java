package io.jenkins.plugins.lambdanode.engine.report;

import io.jenkins.plugins.lambdanode.engine.base.Arn;
import io.jenkins.plugins.lambdanode.engine.base.SafeText;
import java.util.List;
import java.util.Optional;

/**
 * What a front end knows of where a deployment comes from and with whose credentials it is made. A text is empty where it is not
 * known.
 *
 * @param folder the project's folder, as the user named it
 * @param commit the commit that is deployed, for instance a Git commit's 40 hexadecimal digits
 * @param repository the address of its repository, without credentials
 * @param build what deploys, for a version's description: a build's address or name
 * @param credentials whose they are, for instance {@code credentials aws-deploy} or {@code profile staging}
 */
public record Origin(String folder, String commit, String repository, String build, String credentials) {

    public static final Origin UNKNOWN = new Origin("", "", "", "", "");

    /** As many digits of a commit as Git shows. */
    private static final int COMMIT_DIGITS = 8;

    private static final int MAX_DESCRIPTION = 256;

    /**
     * The first line of a deployment's log: what goes where, and as whom.
     *
     * @param ready a package that is deployed as it is; empty where the project is
     * @param functions their names
     * @param account the functions' account, 12 digits; empty where it is not known
     * @param caller the ARN of who makes the requests; empty where it is not known
     */
    public String line(
            Optional<String> ready,
            List<String> functions,
            String region,
            Optional<String> account,
            Optional<String> caller,
            boolean dryRun) {
        StringBuilder line = new StringBuilder(dryRun ? "Dry run of deploying " : "Deploying ");
        line.append(ready.orElse(folder.isEmpty() || folder.equals(".") ? "the project" : folder));
        if (!commit.isEmpty() && ready.isEmpty()) {
            line.append(" (commit ").append(shortCommit(commit)).append(")");
        }
        line.append(" to ").append(String.join(", ", functions));
        return located(line, region, account, caller);
    }

    /** The first line of a rollback's log: what goes back where, and as whom. */
    public String lineOfRollback(
            String alias, String function, String region, Optional<String> account, Optional<String> caller) {
        return located(new StringBuilder("Rolling back alias " + alias + " of " + function), region, account, caller);
    }

    /** The first line of a release's log: which version gets which alias, and as whom. */
    public String lineOfRelease(
            String version,
            String alias,
            String function,
            String region,
            Optional<String> account,
            Optional<String> caller) {
        return located(
                new StringBuilder("Releasing version " + version + " of " + function + " to alias " + alias),
                region,
                account,
                caller);
    }

    private String located(StringBuilder line, String region, Optional<String> account, Optional<String> caller) {
        line.append(" in ").append(region);
        Optional<String> in = account.or(() -> caller.flatMap(Arn::account));
        in.ifPresent(id -> line.append(", account ").append(id));
        if (!credentials.isEmpty()) {
            line.append(", with ").append(credentials);
        }
        caller.ifPresent(arn -> line.append(credentials.isEmpty() ? ", as " : " as ")
                .append(Arn.account(arn).equals(in) ? Arn.resource(arn).orElse(arn) : arn));
        return SafeText.oneLine(line.toString(), 2000);
    }

    /** What a version's description says: the build and the commit, 256 characters at most (Lambda API reference, PublishVersion). */
    public String description() {
        String commits = commit.isEmpty() ? "" : "commit " + commit;
        String text = build.isEmpty() || commits.isEmpty() ? build + commits : commits + ", " + build;
        return SafeText.oneLine(text, MAX_DESCRIPTION);
    }

    /** A commit's first digits; the whole of it where it has no more. */
    public static String shortCommit(String commit) {
        return commit.substring(0, Math.min(COMMIT_DIGITS, commit.length()));
    }
}
