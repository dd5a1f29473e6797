package io.jenkins.plugins.lambdanode.build;

import hudson.EnvVars;
import io.jenkins.plugins.lambdanode.engine.base.Sha256;
import java.nio.charset.StandardCharsets;
import java.util.HexFormat;

/**
 * {@value #NAME}: the branch of a multibranch project, as a function's or alias's name can hold it. Only a step's settings see it.
 */
final class BranchVariable {

    static final String NAME = "LAMBDA_BRANCH";

    /** A function's name has 64 characters at most: this leaves 24 for what a project puts before it. */
    static final int LONGEST = 40;

    private static final int DIGEST_CHARACTERS = 6;

    private BranchVariable() {}

    /** A build's variables, and this one where the build is of a branch. */
    static EnvVars addedTo(EnvVars env) {
        EnvVars all = new EnvVars(env);
        String branch = env.get("BRANCH_NAME", "");
        if (!branch.isEmpty()) {
            all.put(NAME, valid(branch));
        }
        return all;
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
        return plain.substring(0, kept).replaceFirst("-+$", "") + "-" + digest(branch);
    }

    private static String digest(String text) {
        byte[] bytes = text.getBytes(StandardCharsets.UTF_8);
        return HexFormat.of().formatHex(Sha256.sha256(bytes, 0, bytes.length)).substring(0, DIGEST_CHARACTERS);
    }
}
