package io.jenkins.plugins.lambdanode.engine.report;

import java.util.Optional;

/**
 * A recorded change of an alias.
 *
 * @param version the version that the alias pointed to after it
 * @param before the version that it pointed to before; empty where it did not exist
 * @param codeSha256 of that version; empty where it is not known
 * @param rollback whether the alias went back: what it left is not what it had before
 * @param by who recorded it, as a message names it: {@code build #12}
 */
public record AliasMove(
        String version, Optional<String> before, Optional<String> codeSha256, boolean rollback, String by) {}
