package io.jenkins.plugins.lambdanode.engine.pack.select;

import io.jenkins.plugins.lambdanode.engine.base.DeployException;
import io.jenkins.plugins.lambdanode.engine.base.SafeText;
import java.io.IOException;
import java.nio.file.AccessDeniedException;
import java.nio.file.Files;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;

/** Why a symbolic link can't go into a package, and what to do. */
final class LinkErrors {

    private LinkErrors() {}

    /**
     * @param folder what the link may not lead out of
     * @param project the project's folder
     */
    static void requireInside(Path target, Path link, String name, Path folder, Path project) throws DeployException {
        if (!target.startsWith(folder)) {
            throw new DeployException("The symbolic link " + describe(link, name) + " leads out of "
                    + (folder.equals(project) ? "the project's folder" : folder)
                    + ", and a package holds nothing from"
                    + " outside it. Copy what it leads to into the project (npm install"
                    + " --install-links does so for file: dependencies; commit package-lock.json), choose a dir that holds both, or leave it out with an"
                    + " exclude.");
        }
    }

    static DeployException broken(Path link, String name, IOException e) {
        boolean missing = e instanceof NoSuchFileException;
        boolean denied = e instanceof AccessDeniedException;
        return new DeployException(
                "The symbolic link " + describe(link, name)
                        + (missing
                                ? " leads to nothing. "
                                : denied ? " leads to something that may not be read. " : " leads in a circle. ")
                        + (denied ? "Give this user access to it" : "Remove it or fix its target")
                        + ", or leave it out with an exclude.",
                e);
    }

    static DeployException circle(Path link, String name) {
        return new DeployException(
                "The symbolic link " + describe(link, name) + " leads back to a folder that it is in, so it"
                        + " has no end. Remove it, leave it out with an exclude, or store links as links.");
    }

    static DeployException absolute(Path link, String name) {
        return new DeployException(
                "The symbolic link " + describe(link, name) + " has an absolute path, which is another one"
                        + " where the function runs. Make it relative, leave it out, or have links followed.");
    }

    private static String describe(Path link, String name) {
        try {
            return SafeText.name(name) + " -> "
                    + SafeText.name(Files.readSymbolicLink(link).toString());
        } catch (IOException e) {
            return SafeText.name(name);
        }
    }
}
