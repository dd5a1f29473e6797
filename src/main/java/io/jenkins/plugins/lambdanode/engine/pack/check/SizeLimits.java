package io.jenkins.plugins.lambdanode.engine.pack.check;

import io.jenkins.plugins.lambdanode.engine.base.DeployException;
import io.jenkins.plugins.lambdanode.engine.pack.api.PackRequest;
import io.jenkins.plugins.lambdanode.engine.pack.api.TargetFunction;
import java.util.List;
import java.util.Locale;
import java.util.function.Supplier;

/** Lambda's limits on the size of a function, told with what weighs most. */
public final class SizeLimits {
    private SizeLimits() {}

    /**
     * @param unzipped the sum of the files' sizes in bytes
     * @param functions with layers whose bytes count too, as far as they are known
     * @param weights what has these bytes, for the message
     * @throws DeployException if a function would be larger than {@link PackRequest#MAX_UNZIPPED_BYTES}
     */
    public static void requireUnzipped(long unzipped, List<TargetFunction> functions, Supplier<SizeBreakdown> weights)
            throws DeployException {
        long layers =
                functions.stream().mapToLong(TargetFunction::layerBytes).max().orElse(0);
        if (unzipped + layers > PackRequest.MAX_UNZIPPED_BYTES) {
            throw new DeployException(String.format(
                                    Locale.ROOT,
                                    "The function would be too large: its files have %,d bytes unzipped%s, and Lambda takes %,d.%n"
                                            + "The heaviest, unzipped:%n",
                                    unzipped,
                                    layers > 0
                                            ? String.format(Locale.ROOT, " and its layers at least %,d", layers)
                                            : "",
                                    PackRequest.MAX_UNZIPPED_BYTES)
                            .replace("\r\n", "\n")
                    + SizeBreakdown.table(weights.get().heaviestUnzipped(), false)
                    + "Leave out what the function does not need (excludes, .lambdaignore, npm's --omit=dev), or bundle it with"
                    + " esbuild.");
        }
    }

    /** @throws DeployException if a package is larger than it may be for the way that it is to be sent */
    public static void requireZipped(long zipped, PackRequest request, SizeBreakdown weights) throws DeployException {
        if (zipped > request.maxZippedBytes()) {
            throw new DeployException(String.format(
                                    Locale.ROOT,
                                    "The package is too large to be sent: it has %,d bytes, and the limit is %,d bytes.%n"
                                            + "The heaviest, in the package:%n",
                                    zipped,
                                    request.maxZippedBytes())
                            .replace("\r\n", "\n")
                    + SizeBreakdown.table(weights.heaviestZipped(), true)
                    + request.zippedHint());
        }
    }
}
