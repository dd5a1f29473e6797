package io.jenkins.plugins.lambdanode.engine.pack.api;

import java.io.Serializable;
import java.util.List;
import java.util.Optional;

/**
 * A deployment package that has been built, and what there is to know of it.
 *
 * @param file its path on the machine that built it
 * @param zippedBytes its size
 * @param sha256 the SHA-256 of its bytes, 64 hexadecimal digits in lower case
 * @param codeSha256 the same in base64, as Lambda's {@code CodeSha256}
 * @param contentDigest SHA-256 over path, mode and SHA-256 of each entry, hexadecimal: equal for equal contents whatever the
 *     deflate implementation
 * @param files files (and stored links) in it
 * @param entries entries in it: files and folders
 * @param unzippedBytes the sum of the files' sizes
 * @param heaviest the npm packages and top folders that weigh most, heaviest first, ten at most
 * @param skipped what was left out, by reason
 * @param findings what its owner should know, errors first
 * @param work how much was read and deflated
 * @param inventory the npm packages in it, and in the package of the dependencies where they are apart
 * @param layers the package of the dependencies where they are apart, with the heaviest, the findings and what was left out told
 *     here too; otherwise none
 */
public record PackReport(
        String file,
        long zippedBytes,
        String sha256,
        String codeSha256,
        String contentDigest,
        int files,
        int entries,
        long unzippedBytes,
        List<PackageSize> heaviest,
        List<Excluded> skipped,
        List<Finding> findings,
        Work work,
        Inventory inventory,
        List<PackReport> layers)
        implements Serializable {
    private static final long serialVersionUID = 1L;

    public PackReport {
        layers = List.copyOf(layers);
        heaviest = List.copyOf(heaviest);
        skipped = List.copyOf(skipped);
        findings = List.copyOf(findings);
    }

    /** The package of the dependencies, where they are apart. */
    public Optional<PackReport> layer() {
        return layers.stream().findFirst();
    }

    /** The sum of the sizes of the files in all packages that were made. */
    public long unzippedBytesInAll() {
        return unzippedBytes
                + layers.stream().mapToLong(PackReport::unzippedBytes).sum();
    }

    /** Bytes of all packages that were made. */
    public long zippedBytesInAll() {
        return zippedBytes + layers.stream().mapToLong(PackReport::zippedBytes).sum();
    }

    /**
     * What an npm package or a folder contributes.
     *
     * @param name for instance {@code node_modules/aws-xray-sdk} or {@code lib}
     * @param files files in it
     * @param unzippedBytes the sum of their sizes
     * @param zippedBytes what they take in the package
     */
    public record PackageSize(String name, int files, long unzippedBytes, long zippedBytes) implements Serializable {
        private static final long serialVersionUID = 1L;
    }

    /**
     * What was left out for one reason. A folder that is left out counts once and is not looked into.
     *
     * @param reason for instance {@code default exclude .git} or {@code .lambdaignore}
     * @param count files and folders left out
     * @param examples the first few paths
     */
    public record Excluded(String reason, int count, List<String> examples) implements Serializable {
        private static final long serialVersionUID = 1L;

        public Excluded {
            examples = List.copyOf(examples);
        }
    }

    /**
     * How much work it took.
     *
     * @param readBytes bytes read from the project's files
     * @param deflatedBytes bytes of content that were deflated
     * @param reusedBytes bytes of content whose compressed form was copied from the last package
     */
    public record Work(long readBytes, long deflatedBytes, long reusedBytes) implements Serializable {
        private static final long serialVersionUID = 1L;
    }
}
