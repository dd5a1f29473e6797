package io.jenkins.plugins.lambdanode.engine.project;

import io.jenkins.plugins.lambdanode.engine.base.DeployException;
import java.io.Serializable;
import java.util.Locale;

/**
 * How a project's dependencies are installed before it is packaged.
 *
 * @param mode the setting {@code install}
 * @param command the user's own command line, for {@link InstallMode#COMMAND}; otherwise empty
 * @param needed which dependencies the deployment needs
 */
public record InstallSetting(InstallMode mode, String command, Needed needed) implements Serializable {
    private static final long serialVersionUID = 1L;

    public static final InstallSetting AUTO = new InstallSetting(InstallMode.AUTO, "", Needed.PRODUCTION);
    public static final InstallSetting NONE = new InstallSetting(InstallMode.NONE, "", Needed.PRODUCTION);

    /** Which dependencies have to be installed. */
    public enum Needed {
        /** Those of the function: development dependencies stay out. */
        PRODUCTION,
        /** All, since the project is built; those of production go in. */
        ALL,
        /** All, for the build alone: none goes in. */
        BUILD,
        /** None: nothing is built, and node_modules stays out of the package. An install that the user asks for runs all the same. */
        NOTHING;

        /** Whether development dependencies are needed. */
        boolean development() {
            return this == ALL || this == BUILD;
        }
    }

    /**
     * Reads the setting.
     *
     * @param setting {@code auto}, {@code ci}, {@code install}, {@code none}, or a command line such as {@code make deps}
     * @throws DeployException for a single word that is none of these
     */
    public static InstallSetting parse(String setting) throws DeployException {
        String text = setting.strip();
        switch (text.toLowerCase(Locale.ROOT)) {
            case "", "auto":
                return AUTO;
            case "ci":
                return new InstallSetting(InstallMode.CI, "", Needed.PRODUCTION);
            case "install":
                return new InstallSetting(InstallMode.INSTALL, "", Needed.PRODUCTION);
            case "none":
                return NONE;
            default:
                if (text.matches("[a-z]+")) {
                    throw new DeployException(
                            "install is '" + text
                                    + "'. Use auto, ci, install, none, or a whole command line such as 'npm ci --ignore-scripts'.");
                }
                return new InstallSetting(InstallMode.COMMAND, text, Needed.PRODUCTION);
        }
    }

    public InstallSetting withNeeded(Needed other) {
        return new InstallSetting(mode, command, other);
    }

    /** Whether no tool is to be run. */
    boolean installsNothing() {
        return mode == InstallMode.NONE || mode == InstallMode.AUTO && needed == Needed.NOTHING;
    }
}
