package io.jenkins.plugins.lambdanode.engine.base;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.LinkOption;
import java.nio.file.Path;
import java.nio.file.attribute.PosixFileAttributes;
import java.nio.file.attribute.PosixFilePermissions;

/** Says why a file or folder may not be read. */
public final class Unreadable {
    private Unreadable() {}

    /** @param name its path as the user knows it */
    public static DeployException because(String name, Path path, IOException cause) {
        String mode = "";
        try {
            PosixFileAttributes attributes =
                    Files.readAttributes(path, PosixFileAttributes.class, LinkOption.NOFOLLOW_LINKS);
            mode = ": its mode is " + PosixFilePermissions.toString(attributes.permissions()) + " and its owner "
                    + attributes.owner().getName();
        } catch (IOException | UnsupportedOperationException e) {
            // The message then does without.
        }
        return new DeployException(
                Quoted.of(name) + " may not be read by the user that packages (" + System.getProperty("user.name") + ")" + mode
                        + ". Give that user access to it (chmod, chown), or leave it out with an exclude.",
                cause);
    }
}
