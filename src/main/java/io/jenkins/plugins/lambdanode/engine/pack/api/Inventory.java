package io.jenkins.plugins.lambdanode.engine.pack.api;

import java.io.Serializable;
import java.util.List;

/**
 * The npm packages in a deployment package and its layer, each name and version once, by name and version.
 *
 * @param project the project itself; its name is empty where it has none
 * @param components {@value #MAX_COMPONENTS} at most
 * @param gap why there may be others
 * @param lockFile the name of the lock file that the install went by; empty where there is none
 * @param lockFileSha256 its SHA-256, 64 hexadecimal digits; empty where there is none
 */
public record Inventory(Component project, List<Component> components, Gap gap, String lockFile, String lockFileSha256)
        implements Serializable {
    private static final long serialVersionUID = 1L;

    /** What fits into a function is far fewer; it bounds what an agent sends. */
    public static final int MAX_COMPONENTS = 20_000;

    /** Nothing is known. */
    public static final Inventory NONE = new Inventory(
            new Component("", "", "", "", "", true, List.of(), List.of()), List.of(), Gap.UNKNOWN, "", "");

    /** Why an inventory may not have all npm packages. */
    public enum Gap {
        NONE,
        /** Nobody looked. */
        UNKNOWN,
        /** The code comes from a build: a bundler can have copied packages into it. */
        BUILT_CODE,
        /** package.json names dependencies that are in none of the archives. */
        NOT_PACKAGED,
        /** The dependencies are in a layer version that was there; they were not installed. */
        IN_KNOWN_LAYER,
        /** There are more than {@link #MAX_COMPONENTS}. */
        TOO_MANY
    }

    /**
     * An npm package.
     *
     * @param version empty where it has none, as a package of the repository need not
     * @param licence as its package.json has it: an SPDX identifier or expression as a rule; empty where it has none
     * @param integrity of what the registry has, as the lock file has it ({@code sha512-} and base64); empty where it has none
     * @param source where it was installed from, without credentials; empty where the lock file does not say
     * @param local whether it is of the repository, and not from a registry
     * @param paths its folders in the package
     * @param layerPaths its folders in the layer
     */
    public record Component(
            String name,
            String version,
            String licence,
            String integrity,
            String source,
            boolean local,
            List<String> paths,
            List<String> layerPaths)
            implements Serializable {
        private static final long serialVersionUID = 1L;

        public Component {
            paths = List.copyOf(paths);
            layerPaths = List.copyOf(layerPaths);
        }
    }

    public Inventory {
        components = List.copyOf(components);
    }

    /** Whether somebody looked. */
    public boolean isKnown() {
        return gap != Gap.UNKNOWN;
    }
}
