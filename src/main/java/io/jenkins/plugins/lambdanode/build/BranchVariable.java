package io.jenkins.plugins.lambdanode.build;

import edu.umd.cs.findbugs.annotations.NonNull;
import hudson.EnvVars;
import hudson.Extension;
import hudson.model.EnvironmentContributor;
import hudson.model.Run;
import hudson.model.TaskListener;
import io.jenkins.plugins.lambdanode.engine.base.Sha256;
import java.nio.charset.StandardCharsets;
import java.util.HexFormat;

/**
 * Gives the builds of a multibranch project {@value #NAME}: the branch's name as a function's or alias's name can hold it.
 */
@Extension
public final class BranchVariable extends EnvironmentContributor {

    static final String NAME = "LAMBDA_BRANCH";

    /** A function's name has 64 characters at most: this leaves 24 for what a project puts before it. */
    static final int LONGEST = 40;

    private static final int DIGEST_CHARACTERS = 6;

    @Override
    public void buildEnvironmentFor(@NonNull Run run, @NonNull EnvVars env, @NonNull TaskListener listener) {
        String branch = env.get("BRANCH_NAME");
        if (branch != null && !branch.isEmpty()) {
            env.put(NAME, valid(branch));
        }
    }

    /**
     * A branch's name of letters, digits, hyphens and underscores, at most {@value #LONGEST} characters and not digits alone,
     * which an alias may not be (AWS Lambda API Reference, CreateAlias). Where that changes the name, a digest of it is added,
     * so that two branches never get the same.
     */
    static String valid(String branch) {
        String plain = branch.replaceAll("[^A-Za-z0-9_-]", "-");
        if (plain.equals(branch) && plain.length() <= LONGEST && !plain.matches("[0-9]+")) {
            return plain;
        }
        int kept = Math.min(plain.length(), LONGEST - DIGEST_CHARACTERS - 1);
        return plain.substring(0, kept) + "-" + digest(branch);
    }

    private static String digest(String text) {
        byte[] bytes = text.getBytes(StandardCharsets.UTF_8);
        return HexFormat.of().formatHex(Sha256.sha256(bytes, 0, bytes.length)).substring(0, DIGEST_CHARACTERS);
    }
}
