package io.jenkins.plugins.lambdanode.engine.aws.lambda;

import java.util.List;
import java.util.Optional;

/**
 * What UpdateFunctionCode takes besides the code (Lambda API reference, UpdateFunctionCode).
 *
 * @param architectures {@code x86_64} or {@code arm64}; empty to leave it as it is
 * @param dryRun check the request and the permission, change nothing
 * @param revisionId update only if this is still the function's revision
 * @param sourceKmsKeyArn the customer managed key that encrypts the package
 */
public record UpdateOptions(
        List<String> architectures, boolean dryRun, Optional<String> revisionId, Optional<String> sourceKmsKeyArn) {

    /** Nothing but the code. */
    public static final UpdateOptions NONE = new UpdateOptions(List.of(), false, Optional.empty(), Optional.empty());

    /** The same after an earlier step of this deployment has made this revision of the function. */
    public UpdateOptions after(String revision) {
        return new UpdateOptions(architectures, dryRun, revisionId.map(before -> revision), sourceKmsKeyArn);
    }

    public UpdateOptions {
        architectures = List.copyOf(architectures);
    }
}
