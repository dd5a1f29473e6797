package io.jenkins.plugins.lambdanode.engine.pack.check;

import io.jenkins.plugins.lambdanode.engine.base.BoundedFile;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Optional;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/** Names that only TypeScript finds, by {@code paths} or {@code baseUrl} in a tsconfig.json of the project, or above it in a monorepo. */
final class PathAliases {
    private static final int MAX_BYTES = 1 << 20;

    private static final List<String> FILES = List.of("tsconfig.json", "tsconfig.base.json", "tsconfig.build.json");

    /** A name, perhaps with a star, and the list of the places that it stands for. */
    private static final Pattern PATH = Pattern.compile("\"([^\"*]+)(\\*?)[^\"]*\"\\s*:\\s*\\[");

    private PathAliases() {}

    /** Whether a name is one, for certain or by all appearance: npm has no package of a name that begins so. */
    static boolean have(String name, CheckedPackage files) throws IOException {
        boolean isByBaseUrl = files.isInProject("tsconfig.json") && files.isInProject(name.replaceFirst("/.*", ""));
        if (name.startsWith("@/") || name.startsWith("~") || isByBaseUrl) {
            return true;
        }
        for (Path folder = files.project(); folder != null; folder = folder.getParent()) {
            for (String file : FILES) {
                Matcher path = PATH.matcher(text(folder.resolve(file)));
                while (path.find()) {
                    if (path.group(2).isEmpty() ? name.equals(path.group(1)) : name.startsWith(path.group(1))) {
                        return true;
                    }
                }
            }
        }
        return false;
    }

    /** Of {@code compilerOptions} from {@code paths} on: other settings are lists too. */
    private static String text(Path file) throws IOException {
        if (!Files.isRegularFile(file) || !Files.isReadable(file)) {
            return "";
        }
        Optional<byte[]> bytes = BoundedFile.read(file.toRealPath(), MAX_BYTES);
        String text =
                bytes.map(read -> new String(read, StandardCharsets.UTF_8)).orElse("");
        int paths = text.indexOf("\"paths\"");
        return paths < 0 ? "" : text.substring(paths);
    }
}
