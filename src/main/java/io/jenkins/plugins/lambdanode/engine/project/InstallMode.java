package io.jenkins.plugins.lambdanode.engine.project;

import io.jenkins.plugins.lambdanode.engine.base.DeployException;
import java.io.Serializable;
import java.util.Locale;

/**
 * How a project's dependencies are installed before it is packaged.
 *
 * @param mode which way
 * @param command the user's own command line, for {@link Mode#COMMAND}; otherwise empty
 */
public record InstallMode(Mode mode, String command) implements Serializable {
    private static final long serialVersionUID = 1L;

    /** The ways to install. */
    public enum Mode {
        /** {@code ci} where there is a lock file, {@code install} where there is none, nothing where nothing is needed. */
        AUTO,
        /** {@code npm ci}: exactly what the lock file says. */
        CI,
        /** {@code npm install}. */
        INSTALL,
        /** Nothing is run. */
        NONE,
        /** A command line of the user's own. */
        COMMAND
    }

    public static final InstallMode AUTO = new InstallMode(Mode.AUTO, "");
    public static final InstallMode NONE = new InstallMode(Mode.NONE, "");

    /**
     * Reads the setting {@code install}.
     *
     * @param setting {@code auto}, {@code ci}, {@code install}, {@code none}, or a command line such as {@code yarn install}
     * @throws DeployException for a single word that is neither
     */
    public static InstallMode parse(String setting) throws DeployException {
        String text = setting.strip();
        switch (text.toLowerCase(Locale.ROOT)) {
            case "", "auto":
                return AUTO;
            case "ci":
                return new InstallMode(Mode.CI, "");
            case "install":
                return new InstallMode(Mode.INSTALL, "");
            case "none":
                return NONE;
            default:
                if (text.matches("[a-z]+")) {
                    throw new DeployException("install is '" + text
                            + "'. Use auto, ci, install, none, or a whole command line such as 'yarn install --production'.");
                }
                return new InstallMode(Mode.COMMAND, text);
        }
    }
}
