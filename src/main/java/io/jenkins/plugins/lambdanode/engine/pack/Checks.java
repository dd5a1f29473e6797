package io.jenkins.plugins.lambdanode.engine.pack;

import io.jenkins.plugins.lambdanode.engine.pack.Finding.Severity;
import java.io.IOException;
import java.io.InputStream;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.time.LocalDate;
import java.util.ArrayList;
import java.util.Collection;
import java.util.HashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.ConcurrentLinkedQueue;
import java.util.regex.Pattern;

/** What can be wrong with a package that AWS does not say until the function is invoked. */
final class Checks implements PackageWriter.Inspection {

    private static final List<String> MODULE_SUFFIXES = List.of(".js", ".mjs", ".cjs");

    /** The most of a source file that is looked at, in bytes. */
    private static final int MAX_SOURCE_BYTES = 256 << 10;

    /** AWS Lambda Developer Guide, "Lambda runtimes", deprecation dates of the Node.js runtimes. */
    private static final Map<String, LocalDate> DEPRECATED_ON = Map.of(
            "nodejs12.x", LocalDate.of(2023, 3, 31),
            "nodejs14.x", LocalDate.of(2023, 12, 4),
            "nodejs16.x", LocalDate.of(2024, 6, 12),
            "nodejs18.x", LocalDate.of(2025, 9, 1),
            "nodejs20.x", LocalDate.of(2026, 4, 30),
            "nodejs22.x", LocalDate.of(2027, 4, 30),
            "nodejs24.x", LocalDate.of(2028, 4, 30));

    /** Folders of packages that carry modules for many systems and choose one when they run. */
    private static final Pattern MANY_PLATFORMS =
            Pattern.compile("(^|/)(prebuilds|prebuilt|bin|vendor|build-tmp[^/]*)/|(darwin|win32|linux(musl)?|freebsd|android)[-_]");

    private static final Pattern ESM = Pattern.compile("(?m)^\\s*(export\\s+(const|let|var|async|function|default|class|\\{)|import\\s+[^(])");
    private static final Pattern COMMON_JS = Pattern.compile("(?m)^\\s*(module\\.exports|exports\\.\\w+)\\s*=");
    private static final Pattern TYPE_MODULE = Pattern.compile("\"type\"\\s*:\\s*\"module\"");
    private static final Pattern COMMENT = Pattern.compile("(?s)/\\*.*?\\*/|//[^\n]*");
    private static final Pattern PRIVATE_KEY_NAME =
            Pattern.compile("(.*\\.(pem|key|p8)|id_(rsa|dsa|ecdsa|ed25519))");

    private final List<FunctionTraits> functions;
    private final LocalDate today;
    private final Collection<Finding> contentFindings = new ConcurrentLinkedQueue<>();

    Checks(List<FunctionTraits> functions, LocalDate today) {
        this.functions = functions;
        this.today = today;
    }

    /** What the names of the entries tell, and the sources of the handlers. */
    List<Finding> ofTree(List<Entry> entries) throws IOException {
        Map<String, Entry> byName = new HashMap<>();
        entries.forEach(entry -> byName.put(entry.name(), entry));
        List<Finding> findings = new ArrayList<>();
        for (FunctionTraits function : functions.stream().distinct().toList()) {
            runtime(function).ifPresent(findings::add);
            if (!function.handler().isEmpty()) {
                handler(function, byName, findings);
            }
        }
        secrets(entries, findings);
        awsSdk(entries).ifPresent(findings::add);
        return findings.stream().distinct().toList();
    }

    /** What the contents told while they were packaged. */
    List<Finding> ofContent() {
        return contentFindings.stream().distinct().toList();
    }

    private Optional<Finding> runtime(FunctionTraits function) {
        LocalDate date = DEPRECATED_ON.get(function.runtime());
        if (date == null || date.isAfter(today)) {
            return Optional.empty();
        }
        return Optional.of(new Finding(
                Severity.WARNING,
                "runtime-deprecated",
                "The runtime " + function.runtime() + " is deprecated since " + date
                        + ": AWS first stops patching it, then blocks updates of its functions. Move the function to a newer"
                        + " runtime.",
                ""));
    }

    /** AWS Lambda Developer Guide, "Define Lambda function handler in Node.js": the file's path, a dot, the export. */
    private static void handler(FunctionTraits function, Map<String, Entry> byName, List<Finding> findings)
            throws IOException {
        String handler = function.handler();
        if (handler.startsWith("/")) {
            return;
        }
        int dot = handler.indexOf('.', handler.lastIndexOf('/') + 1);
        if (dot < 0) {
            findings.add(new Finding(
                    Severity.ERROR,
                    "handler-malformed",
                    "The function's handler is '" + handler + "', which names no export. It is <file>.<export>, for instance"
                            + " index.handler.",
                    ""));
            return;
        }
        String module = handler.substring(0, dot).replaceFirst("^\\./", "");
        Optional<Entry> file = MODULE_SUFFIXES.stream()
                .map(suffix -> byName.get(module + suffix))
                .filter(entry -> entry != null)
                .findFirst();
        if (file.isEmpty()) {
            findings.add(new Finding(
                    Severity.ERROR,
                    "handler-missing",
                    "The function's handler is '" + handler + "', but the package has no " + module + ".js, .mjs or .cjs"
                            + nearMiss(module, byName) + ". Correct the handler of the function, the project's folder (dir), or what"
                            + " is left out (excludes).",
                    module + ".js"));
            return;
        }
        String source = COMMENT.matcher(text(file.get())).replaceAll(" ");
        moduleSystem(file.get(), source, byName, findings);
        callbackStyle(function, file.get(), source, handler.substring(dot + 1), findings);
    }

    private static String nearMiss(String module, Map<String, Entry> byName) {
        String name = module.substring(module.lastIndexOf('/') + 1) + ".";
        return byName.keySet().stream()
                .filter(path -> !path.startsWith("node_modules/"))
                .filter(path -> path.startsWith(name) || path.contains("/" + name))
                .sorted()
                .findFirst()
                .map(path -> " (there is " + path + ")")
                .orElse("");
    }

    private static void moduleSystem(
            Entry file, String source, Map<String, Entry> byName, List<Finding> findings) throws IOException {
        if (!file.name().endsWith(".js")) {
            return;
        }
        Optional<Entry> packageJson = nearestPackageJson(file.name(), byName);
        boolean module = packageJson.isPresent() && TYPE_MODULE.matcher(text(packageJson.get())).find();
        boolean esm = ESM.matcher(source).find();
        boolean commonJs = COMMON_JS.matcher(source).find();
        if (esm && !commonJs && !module) {
            findings.add(new Finding(
                    Severity.WARNING,
                    "module-mismatch",
                    file.name() + " is written as an ES module (export, import), but no package.json says \"type\": \"module\"."
                            + " Add that, or name the file .mjs.",
                    file.name()));
        } else if (commonJs && !esm && module) {
            findings.add(new Finding(
                    Severity.WARNING,
                    "module-mismatch",
                    file.name() + " is written as CommonJS (exports), but package.json says \"type\": \"module\"."
                            + " Name the file .cjs, or export with ES syntax.",
                    file.name()));
        }
    }

    private static Optional<Entry> nearestPackageJson(String file, Map<String, Entry> byName) {
        String folder = file;
        while (true) {
            int slash = folder.lastIndexOf('/');
            folder = slash < 0 ? "" : folder.substring(0, slash);
            Entry found = byName.get(folder.isEmpty() ? "package.json" : folder + "/package.json");
            if (found != null || folder.isEmpty()) {
                return Optional.ofNullable(found);
            }
        }
    }

    private static void callbackStyle(
            FunctionTraits function, Entry file, String source, String export, List<Finding> findings) {
        if (!function.runtime().matches("nodejs(2[4-9]|[3-9]\\d)\\.x") || !export.matches("\\w+")) {
            return;
        }
        String threeParameters = "(async\\s*)?(function\\s*\\w*\\s*)?\\(\\s*\\w+\\s*,\\s*\\w+\\s*,\\s*\\w+\\s*\\)";
        Pattern callback = Pattern.compile(
                "(exports\\." + export + "\\s*=\\s*|export\\s+const\\s+" + export + "\\s*=\\s*|export\\s+)" + threeParameters);
        if (callback.matcher(source).find()) {
            findings.add(new Finding(
                    Severity.WARNING,
                    "callback-handler",
                    file.name() + " has a handler with a callback, which " + function.runtime()
                            + " no longer runs. Make it async and return the answer.",
                    file.name()));
        }
    }

    private static void secrets(List<Entry> entries, List<Finding> findings) {
        for (Entry entry : entries) {
            String name = entry.name().substring(entry.name().lastIndexOf('/') + 1);
            if (entry.isFile() && (name.equals(".env") || name.startsWith(".env.")) && !name.endsWith("example")
                    && !entry.name().contains("node_modules/")) {
                findings.add(new Finding(
                        Severity.WARNING,
                        "secret-env",
                        entry.name() + " is in the package. If it holds secrets, leave it out (.lambdaignore) and use the"
                                + " function's environment or Secrets Manager.",
                        entry.name()));
            }
        }
    }

    /** nodejs18.x and later bring the AWS SDK v3 (AWS Lambda Developer Guide, "Runtime-included SDK versions"). */
    private Optional<Finding> awsSdk(List<Entry> entries) {
        boolean runtimeHasIt = functions.stream()
                .anyMatch(function -> function.runtime().matches("nodejs(1[89]|[2-9]\\d)\\.x"));
        long bytes = entries.stream()
                .filter(entry -> entry.name().startsWith("node_modules/@aws-sdk/"))
                .mapToLong(Entry::size)
                .sum();
        return !runtimeHasIt || bytes < 1 << 20
                ? Optional.empty()
                : Optional.of(new Finding(
                        Severity.INFO,
                        "aws-sdk-included",
                        String.format(
                                Locale.ROOT,
                                "node_modules/@aws-sdk takes %.1f MB; the runtime has the AWS SDK v3 too. Keep yours to pin its"
                                        + " version, or leave it out to make the package smaller.",
                                bytes / 1048576.0),
                        "node_modules/@aws-sdk"));
    }

    @Override
    public void look(Entry entry, byte[] head, int length) {
        String name = entry.name().substring(entry.name().lastIndexOf('/') + 1);
        FileKind.program(head, length).ifPresent(program -> nativeModule(entry, name, program));
        if (PRIVATE_KEY_NAME.matcher(name).matches() && length < 64 << 10
                && new String(head, 0, length, StandardCharsets.ISO_8859_1).matches("(?s).*-----BEGIN [A-Z ]*PRIVATE KEY-----.*")) {
            contentFindings.add(new Finding(
                    Severity.WARNING,
                    "private-key",
                    entry.name() + " is a private key. Leave it out (.lambdaignore) unless the function needs it.",
                    entry.name()));
        }
    }

    private void nativeModule(Entry entry, String name, FileKind.Program program) {
        for (FunctionTraits function : functions) {
            String wanted = function.architecture();
            boolean fits = program.system().equals("Linux") && (wanted.isEmpty() || program.architecture().equals(wanted));
            if (fits) {
                continue;
            }
            boolean certain = name.endsWith(".node") && !MANY_PLATFORMS.matcher(entry.name()).find();
            boolean built = certain && entry.name().contains("/build/Release/");
            if (certain || entry.mode() == Entry.EXECUTABLE && program.system().equals("Linux")
                    && !MANY_PLATFORMS.matcher(entry.name()).find()) {
                contentFindings.add(new Finding(
                        built ? Severity.ERROR : Severity.WARNING,
                        "native-mismatch",
                        entry.name() + " is built for " + program + ", and the function runs on Linux on "
                                + (wanted.isEmpty() ? "Lambda" : wanted)
                                + ". Install the dependencies on such a machine or in such an image, or with"
                                + " npm's --os=linux --cpu=" + (wanted.equals("arm64") ? "arm64" : "x64") + ".",
                        entry.name()));
            }
        }
    }

    private static String text(Entry entry) throws IOException {
        try (InputStream in = Files.newInputStream(entry.source())) {
            return new String(in.readNBytes(MAX_SOURCE_BYTES), StandardCharsets.UTF_8);
        }
    }
}
