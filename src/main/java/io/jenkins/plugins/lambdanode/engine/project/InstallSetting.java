package io.jenkins.plugins.lambdanode.engine.project;

import io.jenkins.plugins.lambdanode.engine.base.DeployException;
import java.io.Serializable;
import java.util.Locale;

/**
 * The setting {@code install}: how a project's dependencies are installed before it is packaged.
 *
 * @param command the user's own command line, for {@link InstallMode#COMMAND}; otherwise empty
 */
public record InstallSetting(InstallMode mode, String command) implements Serializable {
    private static final long serialVersionUID = 1L;

    public static final InstallSetting AUTO = new InstallSetting(InstallMode.AUTO, "");
    public static final InstallSetting NONE = new InstallSetting(InstallMode.NONE, "");

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
                return new InstallSetting(InstallMode.CI, "");
            case "install":
                return new InstallSetting(InstallMode.INSTALL, "");
            case "none":
                return NONE;
            default:
                if (text.matches("[a-z]+")) {
                    throw new DeployException("install is '" + text
                            + "'. Use auto, ci, install, none, or a whole command line such as 'npm ci --ignore-scripts'.");
                }
                return new InstallSetting(InstallMode.COMMAND, text);
        }
    }
}
