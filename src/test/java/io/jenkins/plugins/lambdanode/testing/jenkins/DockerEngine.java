package io.jenkins.plugins.lambdanode.testing.jenkins;

import io.jenkins.plugins.lambdanode.testing.NodeTool;
import io.jenkins.plugins.lambdanode.testing.Program;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;

/** The Docker engine that the {@code docker} command on the PATH leads to. tools/docker-engine starts one. */
public final class DockerEngine {

    private DockerEngine() {}

    public static boolean isThere() {
        try {
            return new ProcessBuilder("docker", "info")
                            .redirectOutput(ProcessBuilder.Redirect.DISCARD)
                            .redirectError(ProcessBuilder.Redirect.DISCARD)
                            .start()
                            .waitFor()
                    == 0;
        } catch (IOException | InterruptedException e) {
            return false;
        }
    }

    /**
     * Makes an image with Node.js, npm and a shell of this machine's programs, without {@code ps} and without users.
     *
     * @param temp a folder, which is made where it is not there
     */
    public static void makeImage(Path temp, String name) throws Exception {
        Path root = temp.resolve("image");
        run(
                "sh",
                "src/test/resources/containers/slim-root",
                NodeTool.NODE.home().toString(),
                root.toString());
        Path archive = temp.resolve("image.tar");
        run("tar", "-C", root.toString(), "-cf", archive.toString(), ".");
        run("docker", "import", "-c", "ENV PATH=/usr/bin", archive.toString(), name);
        Files.delete(archive);
    }

    public static boolean hasImage(String name) {
        return Program.run("docker", "image", "inspect", name).status() == 0;
    }

    public static void removeImage(String name) {
        run("docker", "image", "rm", "--force", name);
    }

    private static void run(String... words) {
        Program.run(words).successful();
    }
}
